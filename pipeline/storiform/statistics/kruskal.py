"""The Kruskal-Wallis test: one number in several groups."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.kernels.enrichment import average_ranks


class ChiSquared(NamedTuple):
    """A chi-squared statistic, its degrees of freedom and p; NaN where there is no test."""

    statistic: float
    degrees: int
    p: float


def kruskal_wallis(
    values: npt.NDArray[np.float64], groups: npt.NDArray[np.generic]
) -> ChiSquared:
    """Test whether a number lies equally high in all groups, corrected for ties.

    Parameters
    ----------
    values, groups
        Value and group of each patient (n,); who lacks the value is left out.

    Returns
    -------
    ChiSquared
        NaN where there is one group, or all values are equal.

    Examples
    --------
    >>> result = kruskal_wallis(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, 1, 1]))
    >>> round(result.statistic, 6), round(result.p, 6)
    (2.4, 0.121335)

    References
    ----------
    Kruskal, Wallis, J. American Statistical Association 47, 583-621 (1952),
    doi:10.1080/01621459.1952.10483441.
    """
    known = np.isfinite(values)
    ranks = average_ranks(values[known])
    _, numbers, sizes = np.unique(groups[known], return_inverse=True, return_counts=True)
    n, degrees = len(ranks), max(len(sizes) - 1, 0)
    if degrees == 0 or np.ptp(ranks) == 0.0:
        return ChiSquared(math.nan, degrees, math.nan)
    sums = np.bincount(numbers.ravel(), weights=ranks)
    ties = np.unique(ranks, return_counts=True)[1].astype(np.float64)
    between = 12.0 * float((np.square(sums) / sizes).sum()) / (n * (n + 1)) - 3.0 * (n + 1)
    statistic = between / (1.0 - float((ties**3 - ties).sum()) / (float(n) ** 3 - n))
    return ChiSquared(statistic, degrees, float(special.chdtrc(degrees, max(statistic, 0.0))))
