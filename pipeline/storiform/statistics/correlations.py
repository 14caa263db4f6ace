"""Correlation of two numbers over the same patients: Pearson, Spearman, Kendall, as in R."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.kernels.enrichment import average_ranks
from storiform.statistics.rank_correlation_null import kendall_p, spearman_p

Floats = npt.NDArray[np.float64]

EXACT_KENDALL_BELOW = 50
"""R's limit: from this many patients on, Kendall's p is that of the normal approximation."""
_FEWEST_INTERVAL = 4


class Correlation(NamedTuple):
    """A correlation, its two-sided p, the 95 % interval, the patients and how p was found.

    All but `n` and `method` are NaN where a number is constant or patients are too few.
    """

    estimate: float
    p: float
    lower: float
    upper: float
    n: int
    method: str


def pearson(x: Floats, y: Floats, confidence: float = 0.95) -> Correlation:
    """Return Pearson's correlation, the p of its t and the interval by Fisher's z.

    Parameters
    ----------
    x, y
        Values (n,) of the same patients; who lacks one of both is left out.
    confidence
        Coverage of the interval, which needs four patients.

    Examples
    --------
    >>> result = pearson(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0]))
    >>> round(result.estimate, 3), round(result.p, 3)
    (0.8, 0.2)

    References
    ----------
    Fisher, Biometrika 10, 507-521 (1915), doi:10.1093/biomet/10.4.507.
    """
    x, y = _both(x, y)
    n = len(x)
    estimate = _product_moment(x, y)
    method = "Pearson, t"
    if math.isnan(estimate):
        return Correlation(math.nan, math.nan, math.nan, math.nan, n, method)
    lower = upper = math.nan
    if n >= _FEWEST_INTERVAL:
        z = math.atanh(estimate) if abs(estimate) < 1.0 else math.copysign(math.inf, estimate)
        reach = float(special.ndtri((1.0 + confidence) / 2.0)) / math.sqrt(n - 3)
        lower, upper = math.tanh(z - reach), math.tanh(z + reach)
    return Correlation(estimate, t_p(estimate, n), lower, upper, n, method)


def spearman(x: Floats, y: Floats) -> Correlation:
    """Return Spearman's correlation and its p, by R's rule.

    Without ties p is exact up to nine patients and Edgeworth's series (AS 89) up to 1,290;
    with ties, or beyond, that of t. There is no interval.

    References
    ----------
    Best, Roberts, Applied Statistics 24, 377-379 (1975), doi:10.2307/2347111 (AS 89).
    """
    x, y = _both(x, y)
    n = len(x)
    ranks_x, ranks_y = average_ranks(x), average_ranks(y)
    estimate = _product_moment(ranks_x, ranks_y)
    if math.isnan(estimate):
        return Correlation(math.nan, math.nan, math.nan, math.nan, n, "Spearman")
    if _has_ties(x) or _has_ties(y):
        p, how = t_p(estimate, n), "t, ties"
    else:
        p, how = spearman_p(float(np.square(ranks_x - ranks_y).sum()), n)
    return Correlation(estimate, p, math.nan, math.nan, n, f"Spearman, {how}")


def kendall(x: Floats, y: Floats) -> Correlation:
    """Return Kendall's tau-b and its p, by R's rule.

    Without ties p is exact below 50 patients; else it is that of the normal approximation,
    whose variance is corrected for ties. There is no interval.

    References
    ----------
    Kendall, Biometrika 30, 81-93 (1938), doi:10.1093/biomet/30.1-2.81.
    """
    x, y = _both(x, y)
    n = len(x)
    signs = np.sign(x[:, None] - x[None, :]) * np.sign(y[:, None] - y[None, :])
    score = float(signs.sum()) / 2.0
    pairs = n * (n - 1) / 2.0
    ties_x, ties_y = _tied(x), _tied(y)
    free = (pairs - (ties_x * (ties_x - 1)).sum() / 2.0) * (
        pairs - (ties_y * (ties_y - 1)).sum() / 2.0
    )
    if n < 2 or free <= 0.0:  # noqa: PLR2004  one patient makes no pair
        return Correlation(math.nan, math.nan, math.nan, math.nan, n, "Kendall")
    estimate = score / math.sqrt(free)
    if n < EXACT_KENDALL_BELOW and not (_has_ties(x) or _has_ties(y)):
        p, how = kendall_p(round((score + pairs) / 2.0), n), "exact"
    else:
        p, how = _kendall_normal_p(score, ties_x, ties_y, n), "normal"
    return Correlation(estimate, p, math.nan, math.nan, n, f"Kendall, {how}")


def t_p(estimate: float, n: int) -> float:
    """Return the two-sided p of a correlation of n patients, by Student's t; NaN below 3."""
    degrees = n - 2
    if degrees < 1:
        return math.nan
    # The tail of t is a beta integral of 1 - r^2, which keeps its digits near r = 1.
    return float(special.betainc(degrees / 2.0, 0.5, 1.0 - estimate * estimate))


def _both(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(x) & np.isfinite(y)
    return np.asarray(x, float)[known], np.asarray(y, float)[known]


def _has_ties(values: Floats) -> bool:
    return len(np.unique(values)) < len(values)


def _tied(values: Floats) -> Floats:
    return np.unique(values, return_counts=True)[1].astype(np.float64)


def _product_moment(x: Floats, y: Floats) -> float:
    """Return the correlation coefficient, NaN where one of both is constant."""
    if len(x) < 2 or np.ptp(x) == 0.0 or np.ptp(y) == 0.0:  # noqa: PLR2004  no spread
        return math.nan
    from_mean_x, from_mean_y = x - x.mean(), y - y.mean()
    spread = math.sqrt(float(np.square(from_mean_x).sum() * np.square(from_mean_y).sum()))
    return max(-1.0, min(1.0, float((from_mean_x * from_mean_y).sum()) / spread))


def _kendall_normal_p(score: float, ties_x: Floats, ties_y: Floats, n: int) -> float:
    ordered = n * (n - 1.0)
    variance = (
        ordered * (2.0 * n + 5.0)
        - (ties_x * (ties_x - 1.0) * (2.0 * ties_x + 5.0)).sum()
        - (ties_y * (ties_y - 1.0) * (2.0 * ties_y + 5.0)).sum()
    ) / 18.0
    double_x, double_y = (float((t * (t - 1.0)).sum()) for t in (ties_x, ties_y))
    variance += double_x * double_y / (2.0 * ordered)
    triple_x, triple_y = (float((t * (t - 1) * (t - 2)).sum()) for t in (ties_x, ties_y))
    if triple_x and triple_y:
        variance += triple_x * triple_y / (9.0 * ordered * (n - 2.0))
    if variance <= 0.0:
        return math.nan
    z = abs(score) / math.sqrt(variance)
    return 2.0 * float(special.ndtr(-z))
