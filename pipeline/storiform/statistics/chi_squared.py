"""Pearson's chi-squared test of a table, and the trend of shares (Cochran and Armitage)."""

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.statistics.kruskal import ChiSquared

Floats = npt.NDArray[np.float64]

_YATES = 0.5
_TWO_BY_TWO = (2, 2)


def chi_squared(table: npt.ArrayLike, *, yates: bool = True) -> ChiSquared:
    """Test whether rows and columns of a table of counts are independent.

    The chi-squared law is an approximation for large counts; `fisher_table` is exact.

    Parameters
    ----------
    table
        Counts (rows, columns).
    yates
        Correct a 2 x 2 table for continuity, by at most the smallest deviation, as R does.

    Returns
    -------
    ChiSquared
        NaN where a row or a column is empty.

    References
    ----------
    Pearson, Philosophical Magazine 50, 157-175 (1900), doi:10.1080/14786440009463897.
    Yates, Supplement to J. Royal Statistical Society 1, 217-235 (1934), doi:10.2307/2983604.
    """
    counts = np.asarray(table, dtype=np.float64)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    degrees = (len(rows) - 1) * (len(columns) - 1)
    if degrees == 0 or not rows.all() or not columns.all():
        return ChiSquared(math.nan, degrees, math.nan)
    expected = np.outer(rows, columns) / counts.sum()
    distance = np.abs(counts - expected)
    if yates and counts.shape == _TWO_BY_TWO:
        distance = distance - min(_YATES, float(distance.min()))
    statistic = float((np.square(distance) / expected).sum())
    return ChiSquared(statistic, degrees, float(special.chdtrc(degrees, statistic)))


def trend_of_shares(
    successes: npt.ArrayLike, trials: npt.ArrayLike, scores: npt.ArrayLike | None = None
) -> ChiSquared:
    """Test whether a share rises or falls over ordered groups.

    Parameters
    ----------
    successes, trials
        Counts (groups,), in the order of the groups.
    scores
        Where the groups lie (groups,); 1, 2, 3 ... where not given.

    Returns
    -------
    ChiSquared
        One degree of freedom; NaN where all or none succeed, or all lie at one score.

    Examples
    --------
    >>> result = trend_of_shares([1, 2, 4], [10, 9, 9])
    >>> round(result.statistic, 6), round(result.p, 6)
    (2.970496, 0.084796)

    References
    ----------
    Cochran, Biometrics 10, 417-451 (1954), doi:10.2307/3001616.
    Armitage, Biometrics 11, 375-386 (1955), doi:10.2307/3001775.
    """
    hits, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    places = np.arange(len(n)) + 1.0 if scores is None else np.asarray(scores, np.float64)
    total = float(n.sum())
    share = float(hits.sum()) / total if total else math.nan
    centred = places - float((n * places).sum()) / total if total else places
    variance = share * (1.0 - share) * float((n * np.square(centred)).sum())
    if not variance > 0.0:
        return ChiSquared(math.nan, 1, math.nan)
    statistic = float(((hits - n * share) * centred).sum()) ** 2 / variance
    return ChiSquared(statistic, 1, float(special.chdtrc(1, statistic)))
