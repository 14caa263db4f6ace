"""The null distribution of the rank sum, without ties and conditional on ties."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@lru_cache(maxsize=256)
def rank_sum_weights(n_x: int, n_y: int) -> Floats:
    """Return the probability of each value 0 ... n_x n_y of the Mann-Whitney statistic."""
    return _weights(np.arange(n_x + n_y, dtype=np.int64), n_x)[0]


def exact_p(statistic: Floats, n_x: int, n_y: int) -> Floats:
    """Return the two-sided exact p of statistics without ties, as `wilcox.test` does.

    Parameters
    ----------
    statistic
        Mann-Whitney statistics (f,): pairs in which x exceeds y.
    n_x, n_y
        Sizes of the groups.
    """
    below = np.cumsum(rank_sum_weights(n_x, n_y))
    # The distribution is symmetric: the upper tail is the lower tail of the mirror image.
    lower = np.minimum(statistic, n_x * n_y - statistic).astype(np.int64)
    p: Floats = np.minimum(2.0 * below[lower], 1.0)
    return p


def critical_value(n_x: int, n_y: int, alpha: float) -> int:
    """Return the smallest statistic with P(W <= w) >= alpha, at least 1 (R's `qwilcox`)."""
    below = np.cumsum(rank_sum_weights(n_x, n_y))
    spacing = float(np.finfo(np.float64).eps)
    return max(int(np.searchsorted(below, alpha - 10.0 * spacing)), 1)


def conditional_p(x: Floats, y: Floats) -> float:
    """Return the two-sided p of the permutation distribution given the ties.

    The distribution is that of the sum of mid-ranks over all ways to draw the first group;
    both tails that are as far from the mean as the data count, as in R's package coin.

    References
    ----------
    Streitberg, Roehmel, Statistical Software Newsletter 12, 10-17 (1986).
    """
    pooled = np.concatenate([x, y])
    order = np.sort(pooled)
    doubled = np.searchsorted(order, pooled, "left") + np.searchsorted(order, pooled, "right")
    if doubled.min() == doubled.max():
        return float("nan")
    weights, least = _weights(doubled.astype(np.int64), len(x))
    sums = least + np.arange(len(weights))
    # Distances from the mean times the number of patients are integers: no rounding.
    distance = np.abs(len(pooled) * sums - len(x) * int(doubled.sum()))
    observed = abs(len(pooled) * int(doubled[: len(x)].sum()) - len(x) * int(doubled.sum()))
    return min(float(weights[distance >= observed].sum()), 1.0)


def _weights(scores: npt.NDArray[np.int64], draws: int) -> tuple[Floats, int]:
    """Return P(sum of `draws` scores = least + i) for all i, and the least sum."""
    ordered = np.sort(scores)
    least, most = int(ordered[:draws].sum()), int(ordered[len(scores) - draws :].sum())
    base = int(ordered[0])
    shifted = ordered - base
    width = most - base * draws + 1
    ways = np.zeros((draws + 1, width))
    ways[0, 0] = 1.0
    for taken, score in enumerate(shifted):
        top = min(taken + 1, draws)
        ways[1 : top + 1, score:] += ways[:top, : width - score]
    last = ways[draws, least - base * draws :]
    return last / last.sum(), least
