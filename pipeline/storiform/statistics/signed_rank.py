"""Wilcoxon's signed-rank test: did a number change within the same patients."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.kernels.enrichment import average_ranks
from storiform.statistics.roots import uniroot

Floats = npt.NDArray[np.float64]

EXACT_BELOW = 50
"""R's limit: from this many changes on, p is that of the normal approximation."""
ALPHA = 0.05
_TOLERANCE = 1e-4


class SignedRank(NamedTuple):
    """The signed-rank test of changes within patients.

    Parameters
    ----------
    statistic
        Sum of the ranks of the rises (V).
    p
        Two-sided p; NaN without a change.
    is_exact
        Whether p is exact.
    shift, lower, upper
        Pseudomedian of the changes, with its 95 % interval.
    n
        Patients with a change.
    """

    statistic: float
    p: float
    is_exact: bool
    shift: float
    lower: float
    upper: float
    n: int


def signed_rank(before: Floats, after: Floats) -> SignedRank:
    """Test whether a number changes within patients, by the rule of R's `wilcox.test`.

    Patients without change are left out. p is exact with fewer than 50 changes, no two of the
    same size and none of zero; else that of the normal approximation with continuity
    correction and the variance corrected for ties.

    Parameters
    ----------
    before, after
        Values (n,) of the same patients; who lacks one of both is left out.

    Examples
    --------
    >>> result = signed_rank(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.5, 2.7, 2.9, 6.0]))
    >>> result.statistic, result.p
    (9.0, 0.25)

    References
    ----------
    Wilcoxon, Biometrics Bulletin 1, 80-83 (1945), doi:10.2307/3001968.
    Bauer, J. American Statistical Association 67, 687-690 (1972),
    doi:10.1080/01621459.1972.10481279 (interval).
    """
    changes = after - before
    changes = changes[np.isfinite(changes)]
    given, changes = len(changes), changes[changes != 0.0]
    n = len(changes)
    is_exact = False
    if n == 0:
        return SignedRank(0.0, math.nan, is_exact, math.nan, math.nan, math.nan, 0)
    ranks = average_ranks(np.abs(changes))
    statistic = float(ranks[changes > 0.0].sum())
    is_exact = n < EXACT_BELOW and given == n and len(np.unique(ranks)) == n
    if is_exact:
        shifts = _order_shifts(changes)
        return SignedRank(statistic, exact_p(statistic, n), is_exact, *shifts, n)
    z = _standardised(changes, 0.0, 0.5)
    p = 2.0 * float(special.ndtr(-abs(z)))
    return SignedRank(statistic, p, is_exact, *_normal_shifts(changes), n)


def exact_p(statistic: float, n: int) -> float:
    """Return the two-sided exact p of a sum of ranks of n changes without ties."""
    below = np.cumsum(_weights(n))
    # The distribution is symmetric: the upper tail is the lower tail of the mirror image.
    lower = min(statistic, n * (n + 1) / 2.0 - statistic)
    return min(2.0 * float(below[int(lower)]), 1.0)


@lru_cache(maxsize=64)
def _weights(n: int) -> Floats:
    """Return the probability of each sum 0 ... n (n + 1) / 2 of ranks."""
    weights = np.ones(1)
    for rank in range(1, n + 1):
        wider = np.zeros(len(weights) + rank)
        wider[: len(weights)] += weights / 2.0
        wider[rank:] += weights / 2.0
        weights = wider
    return weights


def _order_shifts(changes: Floats) -> tuple[float, float, float]:
    """Return the pseudomedian and the ends of its interval from the means of all pairs."""
    n = len(changes)
    first, second = np.triu_indices(n)
    means = np.sort((changes[first] + changes[second]) / 2.0)
    spacing = float(np.finfo(np.float64).eps)
    below = np.cumsum(_weights(n))
    rank = max(int(np.searchsorted(below, ALPHA / 2.0 - 10.0 * spacing)), 1)
    return float(np.median(means)), float(means[rank - 1]), float(means[len(means) - rank])


def _standardised(changes: Floats, shift: float, correction: float) -> float:
    """Return R's standardised statistic of changes less a shift; NaN if none is left."""
    moved = changes - shift
    moved = moved[moved != 0.0]
    n = len(moved)
    ranks = average_ranks(np.abs(moved))
    ties = np.unique(ranks, return_counts=True)[1].astype(np.float64)
    variance = n * (n + 1) * (2 * n + 1) / 24.0 - float((ties**3 - ties).sum()) / 48.0
    if variance <= 0.0:
        return math.nan
    distance = float(ranks[moved > 0.0].sum()) - n * (n + 1) / 4.0
    correction = math.copysign(correction, distance) if distance else 0.0
    return (distance - correction) / math.sqrt(variance)


def _normal_shifts(changes: Floats) -> tuple[float, float, float]:
    """Return R's pseudomedian and the ends of its interval; a missing end is out of reach."""
    least, most = float(changes.min()), float(changes.max())

    def root(z: float, correction: float) -> float:
        low = _standardised(changes, least, correction) - z
        high = _standardised(changes, most, correction) - z
        if not (low > 0.0 > high):
            return math.nan
        return uniroot(
            lambda d: _standardised(changes, d, correction) - z, (least, most), (low, high),
            _TOLERANCE,
        )  # fmt: skip

    if least == most:
        return least, math.nan, math.nan
    z = float(special.ndtri(1.0 - ALPHA / 2.0))
    return root(0.0, 0.0), root(z, 0.5), root(-z, 0.5)
