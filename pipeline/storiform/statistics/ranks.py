"""The Wilcoxon rank-sum test with its effect sizes, many features at once.

The rule is that of R's `wilcox.test`: exact where both groups have fewer than 50 patients
and no two values are equal, else the normal approximation with continuity correction.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.statistics.rank_null import conditional_p, critical_value, exact_p
from storiform.statistics.roots import uniroot

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ties = Literal["normal", "conditional"]

EXACT_BELOW = 50
"""R's limit: a group of this size or more is compared by the normal approximation."""
ALPHA = 0.05
"""All intervals are 95 % intervals."""
_TOLERANCE = 1e-4
_BLOCK = 4_000_000


class RankSums(NamedTuple):
    """The rank-sum test of many features (f,), and their effect sizes with 95 % intervals."""

    statistic: Floats
    p: Floats
    is_exact: Bools
    has_ties: Bools
    shift: Floats
    shift_lower: Floats
    shift_upper: Floats
    auc: Floats
    auc_lower: Floats
    auc_upper: Floats

    @property
    def rank_biserial(self) -> Floats:
        """The rank-biserial correlation, 2 AUC - 1."""
        return 2.0 * self.auc - 1.0


def rank_sums(x: Floats, y: Floats, ties: Ties = "normal") -> RankSums:
    """Compare two groups of patients in every feature.

    Parameters
    ----------
    x, y
        Values (f, n_x) and (f, n_y), finite; both groups have at least one patient.
    ties
        `normal` is R's rule. `conditional` gives the exact permutation p where ties keep
        R from it; the interval of the shift stays R's.

    Returns
    -------
    RankSums
        p and the bounds of the shift are NaN where all values of a feature are equal.

    References
    ----------
    Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 3rd ed. (2014), ch. 4.
    Newcombe, Statistics in Medicine 25, 559-573 (2006), doi:10.1002/sim.2324 (AUC).
    """
    n_x, n_y = x.shape[1], y.shape[1]
    pooled = np.sort(np.concatenate([x, y], axis=1), axis=1)
    has_ties = (np.diff(pooled, axis=1) == 0.0).any(axis=1)
    is_exact = ~has_ties & (max(n_x, n_y) < EXACT_BELOW)
    statistic = np.empty(len(x))
    p = np.full(len(x), np.nan)
    shifts = np.full((len(x), 3), np.nan)
    for rows in _blocks(len(x), n_x * n_y):
        differences = x[rows][:, :, None] - y[rows][:, None, :]
        flat = differences.reshape(len(differences), n_x * n_y)
        statistic[rows] = (flat > 0.0).sum(axis=1) + 0.5 * (flat == 0.0).sum(axis=1)
        exact = is_exact[rows]
        if exact.any():
            shifts[rows.start + np.flatnonzero(exact)] = _order_shifts(flat[exact], n_x, n_y)
    if is_exact.any():
        p[is_exact] = exact_p(statistic[is_exact], n_x, n_y)
    for row in np.flatnonzero(~is_exact):
        p[row] = normal_p(x[row], y[row])
        shifts[row] = _normal_shifts(x[row], y[row])
    conditional = has_ties if ties == "conditional" else np.zeros_like(has_ties)
    for row in np.flatnonzero(conditional):
        p[row] = conditional_p(x[row], y[row])
    auc = statistic / (n_x * n_y)
    lower, upper = auc_interval(auc, n_x, n_y)
    return RankSums(
        statistic, p, is_exact | conditional, has_ties,
        shifts[:, 0], shifts[:, 1], shifts[:, 2], auc, lower, upper,
    )  # fmt: skip


def rank_sum(x: Floats, y: Floats, ties: Ties = "normal") -> RankSums:
    """Compare two groups in one feature: `rank_sums` with arrays of length one.

    Examples
    --------
    >>> result = rank_sum(np.array([1.1, 2.2, 3.3]), np.array([4.4, 5.5, 6.6, 0.5]))
    >>> float(result.statistic[0]), round(float(result.p[0]), 6)
    (3.0, 0.4)
    """
    return rank_sums(x[None, :], y[None, :], ties)


def normal_p(x: Floats, y: Floats, correction: float = 0.5) -> float:
    """Return the two-sided p of the normal approximation, corrected for ties.

    Parameters
    ----------
    x, y
        Values (n_x,) and (n_y,), finite.
    correction
        Continuity correction: R's half a rank, or 0.

    Returns
    -------
    float
        NaN where all values are equal.

    References
    ----------
    Mann, Whitney, Annals of Mathematical Statistics 18, 50-60 (1947),
    doi:10.1214/aoms/1177730491.
    """
    z = _Standardised(x, y)(0.0, correction)
    return 2.0 * min(float(special.ndtr(z)), float(special.ndtr(-z)))


def auc_interval(auc: Floats, n_x: int, n_y: int) -> tuple[Floats, Floats]:
    """Return Newcombe's score interval (his method 5) of AUCs (f,).

    It stays within 0 ... 1 and does not shrink to nothing at the ends.

    References
    ----------
    Newcombe, Statistics in Medicine 25, 559-573 (2006), doi:10.1002/sim.2324.
    """
    z = float(special.ndtri(1.0 - ALPHA / 2.0))
    mean_size = (n_x + n_y) / 2.0 - 1.0

    def excess(theta: Floats) -> Floats:
        spread = 1.0 + mean_size * ((1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta))
        variance = theta * (1.0 - theta) / (n_x * n_y) * spread
        result: Floats = np.square(auc - theta) - z * z * variance
        return result

    return _bisect(excess, np.zeros_like(auc), auc), _bisect(excess, np.ones_like(auc), auc)


def _bisect(excess: Callable[[Floats], Floats], outside: Floats, inside: Floats) -> Floats:
    """Narrow brackets of which `outside` has a positive excess and `inside` has not."""
    outer, inner = outside.copy(), inside.copy()
    for _ in range(60):
        middle = (outer + inner) / 2.0
        is_outer = excess(middle) > 0.0
        outer = np.where(is_outer, middle, outer)
        inner = np.where(is_outer, inner, middle)
    return (outer + inner) / 2.0


def _blocks(rows: int, pairs: int) -> list[slice]:
    size = max(_BLOCK // pairs, 1)
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def _order_shifts(differences: Floats, n_x: int, n_y: int) -> Floats:
    """Return median and interval ends (f, 3) from the order of the differences (f, pairs)."""
    pairs = n_x * n_y
    rank = critical_value(n_x, n_y, ALPHA / 2.0)
    low, high = rank - 1, pairs - rank
    middle = [(pairs - 1) // 2, pairs // 2]
    ordered = np.partition(differences, sorted({low, high, *middle}), axis=1)
    return np.stack(
        [ordered[:, middle].mean(axis=1), ordered[:, low], ordered[:, high]], axis=1
    )


class _Standardised:
    """R's standardised statistic of x shifted down by d, as a function of d."""

    def __init__(self, x: Floats, y: Floats) -> None:
        self.x, self.y = np.sort(x), np.sort(y)
        self.n_x, self.n_y = len(x), len(y)
        self.equal_x = int((np.diff(self.x) == 0.0).sum())
        self.ties_apart = _ties(self.x) + _ties(self.y)

    def __call__(self, d: float, correction: float) -> float:
        shifted = self.x - d
        left = self.y.searchsorted(shifted, "left")
        right = self.y.searchsorted(shifted, "right")
        ties = self.ties_apart
        # Few shifts make a value of x meet one of y, or merge two of x by rounding.
        is_merged = int((shifted[1:] == shifted[:-1]).sum()) != self.equal_x
        if is_merged or bool((left != right).any()):
            ties = _ties(np.sort(np.concatenate([shifted, self.y])))
        pairs, n = self.n_x * self.n_y, self.n_x + self.n_y
        distance = 0.5 * float(left.sum() + right.sum()) - pairs / 2.0
        variance = (pairs / 12.0) * ((n + 1) - ties / (n * (n - 1)))
        if variance == 0.0:
            return math.nan
        correction = math.copysign(correction, distance) if distance else 0.0
        return (distance - correction) / math.sqrt(variance)


def _ties(ordered: Floats) -> float:
    """Return the sum of t cubed - t over the runs of t equal values."""
    edges = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    runs = np.diff(np.concatenate([[0], edges, [len(ordered)]])).astype(np.float64)
    return float((runs**3 - runs).sum())


def _normal_shifts(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Return R's asymptotic Hodges-Lehmann shift and the ends of its interval."""
    least, most = float(x.min() - y.max()), float(x.max() - y.min())
    if least == most:
        is_all_tied = least == 0.0
        return (math.nan if is_all_tied else least), math.nan, math.nan
    standardised = _Standardised(x, y)

    def root(z: float, correction: float) -> float:
        low = standardised(least, correction) - z
        high = standardised(most, correction) - z
        if not low > 0.0:
            return least
        if not high < 0.0:
            return most
        return uniroot(
            lambda d: standardised(d, correction) - z, (least, most), (low, high), _TOLERANCE
        )

    z = float(special.ndtri(1.0 - ALPHA / 2.0))
    return root(0.0, 0.0), root(z, 0.5), root(-z, 0.5)
