"""Trends over ordered groups: Jonckheere and Terpstra's test, Cochran and Armitage's exact."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.kernels.enrichment import average_ranks
from storiform.statistics.chi_squared import trend_of_shares
from storiform.statistics.correlations import kendall
from storiform.statistics.kruskal import kruskal_wallis
from storiform.statistics.rank_null import rank_sum_weights

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EXACT_BELOW = 50
"""Numbers: fewer patients have an exact p, or a seeded permutation p where values are tied."""
EXACT_SHARES_TO = 200
"""Flags: so many patients have an exact p."""
_SLACK = 1e-9
_FEWEST_INTERVAL = 4


class Draws(NamedTuple):
    """How many random orders of the patients there are, and their seed."""

    permutations: int = 9_999
    seed: int = 20261126


DRAWS = Draws()


class Trend(NamedTuple):
    """Kendall's tau-b of a feature and the order of groups, with interval, p and the test.

    All but the test are NaN where the feature or the group is constant.
    """

    tau: float
    lower: float
    upper: float
    p: float
    test: str


def trend_of_numbers(values: Floats, order: Ints, draws: Draws = DRAWS) -> Trend:
    """Test whether a number rises or falls over ordered groups (Jonckheere and Terpstra).

    The statistic counts pairs of different groups in which the number is higher in the later
    one, less those in which it is lower: it is Kendall's score of the number and the group.
    Below 50 patients p is exact where no two values are equal, else that of seeded
    permutations of the groups; beyond it is normal, with the variance for ties.

    Parameters
    ----------
    values
        Number of each patient (n,), without missing ones.
    order
        Place of each patient's group in the order (n,).
    draws
        The permutations.

    References
    ----------
    Jonckheere, Biometrika 41, 133-145 (1954), doi:10.1093/biomet/41.1-2.133.
    Phipson, Smyth, Statistical Applications in Genetics and Molecular Biology 9, 39 (2010),
    doi:10.2202/1544-6115.1585 (a permutation p is never 0).
    """
    name = "Jonckheere-Terpstra"
    found = kendall(values, order.astype(np.float64))
    if math.isnan(found.estimate):
        return Trend(math.nan, math.nan, math.nan, math.nan, name)
    lower, upper = tau_interval(values, order.astype(np.float64))
    if len(values) >= EXACT_BELOW:
        return Trend(found.estimate, lower, upper, found.p, f"{name}, normal")
    _, sizes = np.unique(order, return_counts=True)
    if len(np.unique(values)) == len(values):
        p = _exact_p(values, order)
        return Trend(found.estimate, lower, upper, p, f"{name}, exact")
    p = _permuted_p(np.sort(values), _score(values, order), tuple(sizes.tolist()), draws)
    return Trend(found.estimate, lower, upper, p, f"{name}, {_named(draws)}")


def trend_of_flags(flags: Floats, order: Ints) -> Trend:
    """Test whether a share rises or falls over ordered groups (Cochran and Armitage).

    The groups lie at 0, 1, 2 ... Up to 200 patients p is exact given how many have the flag:
    the probability of all sums of places that lie at least as far from their mean. Beyond it
    is chi-squared.

    Parameters
    ----------
    flags
        1 or 0 of each patient (n,), without missing ones.
    order
        Place of each patient's group in the order (n,).

    References
    ----------
    Armitage, Biometrics 11, 375-386 (1955), doi:10.2307/3001775.
    """
    name = "Cochran-Armitage"
    places, codes, sizes = np.unique(order, return_inverse=True, return_counts=True)
    hits = np.bincount(codes.ravel(), weights=flags).astype(np.int64)
    found = kendall(flags, order.astype(np.float64))
    if math.isnan(found.estimate):
        return Trend(math.nan, math.nan, math.nan, math.nan, name)
    lower, upper = tau_interval(flags, order.astype(np.float64))
    if len(flags) > EXACT_SHARES_TO:
        p = trend_of_shares(hits, sizes, places).p
        return Trend(found.estimate, lower, upper, p, f"{name}, chi-squared")
    p = _exact_share_p(hits, sizes, places.astype(np.int64))
    return Trend(found.estimate, lower, upper, p, f"{name}, exact")


def differ_by_group(values: Floats, groups: Ints, draws: Draws = DRAWS) -> tuple[float, str]:
    """Return the p of Kruskal and Wallis' test and how it was found.

    Below 50 patients it is that of seeded permutations, beyond chi-squared.

    Parameters
    ----------
    values, groups
        Number and group of each patient (n,), without missing ones.
    draws
        The permutations.
    """
    name = "Kruskal-Wallis"
    plain = kruskal_wallis(values, groups)
    if math.isnan(plain.p) or len(values) >= EXACT_BELOW:
        return plain.p, f"{name}, chi-squared"
    _, sizes = np.unique(groups, return_counts=True)
    labels = _labels(tuple(sizes.tolist()), draws)
    ranks = average_ranks(values)
    sums = np.stack([(labels == code) @ ranks for code in range(len(sizes))], axis=1)
    between = (np.square(sums) / sizes).sum(axis=1)
    codes = np.unique(groups, return_inverse=True)[1].ravel()
    own = float((np.square(np.bincount(codes, weights=ranks)) / sizes).sum())
    reached = int((between >= own * (1.0 - _SLACK)).sum())
    return (reached + 1) / (draws.permutations + 1), f"{name}, {_named(draws)}"


def tau_interval(x: Floats, y: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of Kendall's tau-b, NaN where it cannot be told.

    The standard error is that of Brown and Benedetti, which holds where the numbers go
    together; the interval is symmetric in the inverse hyperbolic tangent.

    Parameters
    ----------
    x, y
        Numbers of the same patients (n,), without missing ones.
    confidence
        Coverage of the interval, which needs four patients and a tau-b between -1 and 1.

    References
    ----------
    Brown, Benedetti, J. American Statistical Association 72, 309-315 (1977),
    doi:10.1080/01621459.1977.10480995.
    """
    above = np.sign(x[:, None] - x[None, :])
    later = np.sign(y[:, None] - y[None, :])
    scores = (above * later).sum(axis=1)
    untied_x, untied_y = np.abs(above).sum(axis=1), np.abs(later).sum(axis=1)
    size = math.sqrt(float(untied_x.sum() * untied_y.sum()))
    tau = float(scores.sum()) / size if size else math.nan
    if len(x) < _FEWEST_INTERVAL or not abs(tau) < 1.0:
        return math.nan, math.nan
    pull = 2.0 * scores / size - tau * (untied_x / untied_x.sum() + untied_y / untied_y.sum())
    error = math.sqrt(float(np.square(pull).sum()))
    reach = float(special.ndtri((1.0 + confidence) / 2.0)) * error / (1.0 - tau * tau)
    middle = math.atanh(tau)
    return math.tanh(middle - reach), math.tanh(middle + reach)


def _score(values: Floats, order: Ints) -> float:
    signs = np.sign(values[:, None] - values[None, :])
    return float((signs * np.sign(order[:, None] - order[None, :])).sum()) / 2.0


def _exact_p(values: Floats, order: Ints) -> float:
    """Return the exact p: each group's rank sum among those before it is independent."""
    _, sizes = np.unique(order, return_counts=True)
    weights, before = np.ones(1), int(sizes[0])
    for size in sizes[1:].tolist():
        weights = np.convolve(weights, rank_sum_weights(size, before))
        before += size
    higher = round((_score(values, order) + len(weights) - 1) / 2.0)
    lower = min(higher, len(weights) - 1 - higher)
    return min(2.0 * float(weights[: lower + 1].sum()), 1.0)


def _named(draws: Draws) -> str:
    return f"{draws.permutations:,} permutations"


@lru_cache(maxsize=64)
def _labels(sizes: tuple[int, ...], draws: Draws) -> Ints:
    """Return groups of patients in random orders (permutations, n), always the same."""
    generator = np.random.default_rng(draws.seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return generator.permuted(np.tile(labels, (draws.permutations, 1)), axis=1)


@lru_cache(maxsize=64)
def _counts_before(sizes: tuple[int, ...], draws: Draws) -> Floats:
    """Return how many of each group stand before a place (permutations, n + 1, groups)."""
    labels = _labels(sizes, draws)
    is_of = labels[:, :, None] == np.arange(len(sizes))
    counts = np.zeros((len(labels), labels.shape[1] + 1, len(sizes)))
    np.cumsum(is_of, axis=1, out=counts[:, 1:])
    return counts


def _permuted_p(ordered: Floats, score: float, sizes: tuple[int, ...], draws: Draws) -> float:
    """Return the share of permutations whose score lies as far from 0 as the observed one."""
    begin = np.flatnonzero(np.diff(ordered, prepend=-np.inf))
    counts = _counts_before(sizes, draws)
    before = counts[:, begin]
    inside = counts[:, np.append(begin[1:], len(ordered))] - before
    places = np.arange(len(sizes))
    signs = np.sign(places[None, :] - places[:, None]).astype(np.float64)
    scores = np.einsum("pbg,pbg->p", before @ signs, inside)
    reached = int((np.abs(scores) >= abs(score) - _SLACK).sum())
    return (reached + 1) / (len(scores) + 1)


def _exact_share_p(hits: Ints, sizes: Ints, places: Ints) -> float:
    """Return the probability of sums of places as far from their mean, given the hits."""
    total, n = int(hits.sum()), int(sizes.sum())
    shifted = places - places.min()
    width = total * int(shifted.max()) + 1
    ways = np.zeros((total + 1, width))
    ways[0, 0] = 1.0
    for size, place in zip(sizes.tolist(), shifted.tolist(), strict=True):
        longer = np.zeros_like(ways)
        for taken in range(min(size, total) + 1):
            moved = ways[: total + 1 - taken, : width - taken * place]
            longer[taken:, taken * place :] += math.comb(size, taken) * moved
        ways = longer
    weights = ways[total] / math.comb(n, total)
    # Distances from the mean times the number of patients are whole: no rounding.
    centre = total * int((sizes * shifted).sum())
    distance = np.abs(n * np.arange(width) - centre)
    observed = abs(n * int((hits * shifted).sum()) - centre)
    return min(float(weights[distance >= observed].sum()), 1.0)
