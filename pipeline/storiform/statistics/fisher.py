"""Fisher's exact test of a 2 x 2 table, with the conditional odds ratio, and of 2 x C."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.statistics.exact_tables import fisher_table
from storiform.statistics.roots import uniroot

Floats = npt.NDArray[np.float64]

_RELATIVE = 1.0 + 1e-7
"""R's slack: tables that are as likely as the observed one up to rounding count."""
_SMALLEST = float(np.finfo(np.float64).eps)
ALPHA = 0.05


class Fisher(NamedTuple):
    """Two-sided p, conditional maximum-likelihood odds ratio and its exact 95 % interval.

    `p_greater` and `p_less` are one-sided: of an odds ratio above and below 1.
    """

    p: float
    odds_ratio: float
    lower: float
    upper: float
    p_greater: float
    p_less: float


class _Conditional:
    """The noncentral hypergeometric distribution of the first cell, given the margins."""

    def __init__(self, a: int, b: int, c: int, d: int) -> None:
        self.observed = a
        column, other, row = a + c, b + d, a + b
        self.low, self.high = max(0, row - other), min(row, column)
        self.support = np.arange(self.low, self.high + 1, dtype=np.float64)
        self.log_ways = (
            _log_choose(column, self.support)
            + _log_choose(other, row - self.support)
            - _log_choose(column + other, np.array([float(row)]))
        )

    def density(self, ratio: float) -> Floats:
        log_density = self.log_ways + np.log(ratio) * self.support
        density = np.exp(log_density - log_density.max())
        result: Floats = density / density.sum()
        return result

    def mean(self, ratio: float) -> float:
        if ratio == 0.0:
            return float(self.low)
        return float((self.support * self.density(ratio)).sum())

    def below(self, ratio: float) -> float:
        """Return P(first cell <= observed)."""
        if ratio == 0.0:
            return float(self.observed >= self.low)
        return float(self.density(ratio)[self.support <= self.observed].sum())

    def above(self, ratio: float) -> float:
        """Return P(first cell >= observed)."""
        if ratio == 0.0:
            return float(self.observed <= self.low)
        return float(self.density(ratio)[self.support >= self.observed].sum())


@lru_cache(maxsize=65536)
def fisher_2x2(a: int, b: int, c: int, d: int) -> Fisher:
    """Test a 2 x 2 table of counts, rows (a, b) and (c, d), as R's `fisher.test` does.

    Examples
    --------
    >>> result = fisher_2x2(7, 3, 7, 22)
    >>> round(result.p, 3), round(result.odds_ratio, 2)
    (0.019, 6.89)

    References
    ----------
    Fisher, J. Royal Statistical Society 98, 39-82 (1935), doi:10.2307/2342435.
    """
    null = _Conditional(a, b, c, d)
    density = null.density(1.0)
    p = float(density[density <= density[a - null.low] * _RELATIVE].sum())
    ratio = 0.0 if a == null.low else np.inf
    if null.low < a < null.high:
        ratio = _solve(null.mean, float(a))
    lower = 0.0 if a == null.low else _solve(null.above, ALPHA / 2.0)
    upper = np.inf if a == null.high else _solve(null.below, ALPHA / 2.0)
    greater, less = min(null.above(1.0), 1.0), min(null.below(1.0), 1.0)
    return Fisher(min(p, 1.0), float(ratio), lower, float(upper), greater, less)


def _solve(function: Callable[[float], float], goal: float) -> float:
    """Find the odds ratio at which a monotone function meets its goal, on R's two scales."""
    at_one = function(1.0)
    if at_one == goal:
        return 1.0
    is_rising = function(0.0) < function(1.0 / _SMALLEST)
    if (at_one > goal) == is_rising:
        return uniroot(lambda t: function(t) - goal, (0.0, 1.0))
    return 1.0 / uniroot(lambda t: function(1.0 / t) - goal, (_SMALLEST, 1.0))


def fisher_2xc(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> float:
    """Return the exact two-sided p of a 2 x C table; few tables are enumerated.

    Parameters
    ----------
    first, second
        Counts (c,) of the two rows.

    Returns
    -------
    float
        The probability of all tables with the same margins that are no likelier than the
        observed one (Freeman-Halton); NaN where it is out of reach, which `fisher_table`
        tells with the reason.

    References
    ----------
    Freeman, Halton, Biometrika 38, 141-149 (1951), doi:10.1093/biomet/38.1-2.141.
    """
    columns = first + second
    observed, total = int(first.sum()), int(columns.sum())
    if float(np.prod(columns[:-1] + 1.0)) > FEW_TABLES:
        return fisher_table(np.stack([first, second])).p
    drawn, weight = np.zeros(1, dtype=np.int64), np.zeros(1)
    rest = total
    for size in columns.tolist():
        rest -= size
        cells = np.arange(size + 1)
        sums = drawn[:, None] + cells[None, :]
        weights = weight[:, None] + _log_choose(size, cells.astype(np.float64))[None, :]
        is_possible = (sums <= observed) & (sums + rest >= observed)
        drawn, weight = sums[is_possible], weights[is_possible]
    log_all = float(_log_choose(total, np.array([float(observed)]))[0])
    probability = np.exp(weight - log_all)
    parts = [
        float(_log_choose(size, np.array([float(cell)]))[0])
        for size, cell in zip(columns.tolist(), first.tolist(), strict=True)
    ]
    limit = np.exp(sum(parts) - log_all) * _RELATIVE
    return min(float(probability[probability <= limit].sum()), 1.0)


FEW_TABLES = 200_000
"""Up to this many tables with the same margins are enumerated: no kernel need be compiled."""


def _log_choose(n: int, k: Floats) -> Floats:
    result: Floats = (
        special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0)
    )
    return result
