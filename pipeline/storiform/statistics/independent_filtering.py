"""Adjusted p values with weak genes left out, by a threshold that looks at no p value."""

import numpy as np
import numpy.typing as npt

from storiform.statistics.multiplicity import benjamini_hochberg

Floats = npt.NDArray[np.float64]

_CUTS = 50
_MOST_QUANTILE = 0.95
_FEW = 10
_SPAN, _ROBUST_ROUNDS = 0.2, 3


def filtered_q(p: Floats, means: Floats, alpha: float) -> tuple[Floats, float]:
    """Adjust p values among the genes whose mean is high enough to be worth a test.

    Fifty thresholds on the mean are tried; that is taken from which on the number of
    rejections at `alpha` comes near to the highest of their smoothed curve, as DESeq2 does.

    Parameters
    ----------
    p
        p values (genes,); NaN is not adjusted.
    means
        Mean counts of the genes (genes,).
    alpha
        The q below which genes will be reported.

    Returns
    -------
    ndarray
        q (genes,); NaN below the threshold.
    float
        The threshold.

    References
    ----------
    Bourgon et al., PNAS 107, 9546-9551 (2010), doi:10.1073/pnas.0914005107.
    Benjamini, Hochberg, J. Royal Statistical Society B 57, 289-300 (1995),
    doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    lowest = float((means == 0.0).mean())
    highest = _MOST_QUANTILE if lowest < _MOST_QUANTILE else 1.0
    quantiles = np.linspace(lowest, highest, _CUTS)
    cuts = np.quantile(means, quantiles)
    adjusted = [benjamini_hochberg(np.where(means >= cut, p, np.nan)) for cut in cuts]
    with np.errstate(invalid="ignore"):
        rejections = np.array([float((q < alpha).sum()) for q in adjusted])
    chosen = _threshold(quantiles, rejections)
    return adjusted[chosen], float(cuts[chosen])


def _threshold(quantiles: Floats, rejections: Floats) -> int:
    if rejections.max() <= _FEW:
        return 0
    smooth = lowess(quantiles, rejections, _SPAN)
    some = rejections > 0
    noise = np.sqrt(((rejections[some] - smooth[some]) ** 2).mean())
    above = np.flatnonzero(rejections > smooth.max() - noise)
    return int(above[0]) if len(above) else 0


def lowess(x: Floats, y: Floats, span: float) -> Floats:
    """Smooth y over sorted x by robust local lines, as R's `lowess` with its three rounds.

    Parameters
    ----------
    x
        Places (n,), sorted.
    y
        Heights (n,).
    span
        Share of the points that each line sees.

    Returns
    -------
    ndarray
        Smoothed heights (n,).

    References
    ----------
    Cleveland, J. American Statistical Association 74, 829-836 (1979),
    doi:10.1080/01621459.1979.10481038.
    """
    trust = np.ones(len(x))
    seen = max(2, min(len(x), int(span * len(x) + 1e-7)))
    smooth = y.astype(np.float64)
    for _ in range(_ROBUST_ROUNDS + 1):
        smooth = np.array([_local_line(x, y, trust, place, seen) for place in x])
        distance = np.abs(y - smooth)
        limit = 6.0 * float(np.median(distance))
        if limit < 1e-7 * float(distance.mean()):  # R's own limit
            break
        trust = np.where(distance <= 0.999 * limit, (1.0 - (distance / limit) ** 2) ** 2, 0.0)
        trust[distance <= 0.001 * limit] = 1.0
    return smooth


def _local_line(x: Floats, y: Floats, trust: Floats, place: float, seen: int) -> float:
    """Return the height of the line at a place, by its nearest points."""
    distance = np.abs(x - place)
    width = float(np.sort(distance)[seen - 1])
    weights = np.where(
        distance <= 0.999 * width, (1.0 - (distance / max(width, 1e-300)) ** 3) ** 3, 0.0
    )
    weights[distance <= 0.001 * width] = 1.0
    weights = weights * trust
    total = float(weights.sum())
    if total <= 0.0:
        return float(y[np.argmin(distance)])
    weights /= total
    centre = float((weights * x).sum())
    spread = float((weights * (x - centre) ** 2).sum())
    if np.sqrt(spread) > 0.001 * float(x[-1] - x[0]):
        weights = weights * ((place - centre) / spread * (x - centre) + 1.0)
    return float((weights * y).sum())
