"""Bins and places with two alleles along a contig -> change points of copy number.

A stretch of bins [i, j) is worth what its own mean and its own share of the major allele
explain::

    gain(i, j) = X(i, j)^2 / W(i, j) + 2 max_k C(i, j, k)

with W the sum of the bins' weights (1 / variance), X that of weight times log ratio, and C the
log likelihood of its places at the k-th share. All sums come from cumulative ones, so a gain
costs one look at each share. Cumulative sums begin with 0 and have one element more than
there are bins (places). `places[i]` is the number of places before bin i.

References
----------
Killick et al., Journal of the American Statistical Association 107, 1590-1598 (2012),
doi:10.1080/01621459.2012.737745 (penalised exact partition).
Niu & Zhang, Annals of Applied Statistics 6, 1306-1326 (2012), doi:10.1214/12-AOAS539
(screening by windows at several scales).
"""

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Int = int | np.int64

_FEWEST_PLACES = 4
_ROUNDS = 2
_LOWEST = -1e300


@compiled
def share_gain(sums: Floats, first: Int, last: Int) -> float:
    """Return the log likelihood of places [first, last) at their best share; 0 of none."""
    best = _LOWEST
    for share in range(sums.shape[1]):
        value = sums[last, share] - sums[first, share]
        best = max(best, value)
    return best


@compiled
def split_gain(sums: Floats, first: Int, middle: Int, last: Int) -> float:
    """Return what two best shares explain more than one; ln likelihood, never below 0."""
    left, right, both = _LOWEST, _LOWEST, _LOWEST
    for share in range(sums.shape[1]):
        before = sums[middle, share] - sums[first, share]
        after = sums[last, share] - sums[middle, share]
        left = max(left, before)
        right = max(right, after)
        both = max(both, before + after)
    return left + right - both


@compiled
def mean_gain(weights: Floats, values: Floats, first: Int, last: Int) -> float:
    """Return X^2 / W of bins [first, last); 0 where they have no weight."""
    weight = weights[last] - weights[first]
    if weight <= 0.0:
        return 0.0
    value = values[last] - values[first]
    gain: float = value * value / weight
    return gain


@compiled
def squared_step(
    weights: Floats, values: Floats, cut: tuple[Int, Int, Int], extra: float
) -> float:
    """Return the squared step of the mean at the middle of three cuts, by its variance.

    `extra` is added to the variance of either mean: noise that no bin averages out.
    """
    first, middle, last = cut
    left, right = weights[middle] - weights[first], weights[last] - weights[middle]
    if left <= 0.0 or right <= 0.0:
        return 0.0
    step = (values[middle] - values[first]) / left - (values[last] - values[middle]) / right
    squared: float = step * step / (1.0 / left + 1.0 / right + 2.0 * extra)
    return squared


@compiled
def screen_cuts(
    weights: Floats, values: Floats, sums: Floats, places: Ints, scales: Ints, threshold: float
) -> Flags:
    """Mark where two neighbouring windows of one scale differ most; (n + 1,), ends marked.

    A cut is marked if twice the log likelihood ratio of its windows reaches the threshold
    and no cut within half a window has more.
    """
    bins = len(weights) - 1
    marked = np.zeros(bins + 1, dtype=np.bool_)
    statistics = np.zeros(bins + 1, dtype=np.float64)
    for scale in scales:
        if 2 * scale > bins:
            break
        statistics[:] = 0.0
        for cut in range(scale, bins - scale + 1):
            window = (cut - scale, cut, cut + scale)
            value = squared_step(weights, values, window, 0.0)
            first, last = places[cut - scale], places[cut + scale]
            if last - first >= _FEWEST_PLACES:
                value += 2.0 * split_gain(sums, first, places[cut], last)
            statistics[cut] = value
        mark_peaks(statistics, marked, max(1, scale // 2), threshold)
    marked[0] = True
    marked[bins] = True
    return marked


@compiled
def mark_peaks(statistics: Floats, marked: Flags, reach: Int, threshold: float) -> Int:
    """Mark each value that reaches the threshold and is the first highest within `reach`."""
    last, count = len(statistics) - 1, 0
    for cut in range(1, last):
        value = statistics[cut]
        if value < threshold:
            continue
        is_peak = True
        for other in range(max(0, cut - reach), min(last, cut + reach) + 1):
            rival = statistics[other]
            if rival > value or (rival == value and other < cut):
                is_peak = False
                break
        if is_peak:
            marked[cut] = True
            count += 1
    return count


@compiled
def best_partition(
    weights: Floats, values: Floats, sums: Floats, places: Ints, cuts: Ints, penalty: float
) -> Ints:
    """Choose those of the sorted cuts (first 0, last n) with the most gain less penalty.

    Exact: of all subsets that hold both ends, the one with the highest sum of gains, each
    inner cut costing `penalty`.
    """
    number = len(cuts)
    scores = np.zeros(number, dtype=np.float64)
    before = np.zeros(number, dtype=np.int64)
    for last in range(1, number):
        best, chosen = _LOWEST, 0
        for first in range(last):
            score = scores[first] - (penalty if first else 0.0)
            score += mean_gain(weights, values, cuts[first], cuts[last])
            score += 2.0 * share_gain(sums, places[cuts[first]], places[cuts[last]])
            if score > best:
                best, chosen = score, first
        scores[last], before[last] = best, chosen
    kept = np.zeros(number, dtype=np.int64)
    count, at = 0, number - 1
    while at > 0:
        kept[count] = cuts[at]
        count += 1
        at = before[at]
    kept[count] = cuts[0]
    return kept[: count + 1][::-1].copy()


@compiled
def refine_cuts(
    weights: Floats, values: Floats, sums: Floats, places: Ints, cuts: Ints, reach: Int
) -> Ints:
    """Move each inner cut to the bin, within `reach`, where its two stretches gain most."""
    moved = cuts.copy()
    for _ in range(_ROUNDS):
        for at in range(1, len(moved) - 1):
            first, last = moved[at - 1], moved[at + 1]
            best, chosen = _LOWEST, moved[at]
            lowest, highest = (
                max(first + 1, moved[at] - reach),
                min(last - 1, moved[at] + reach),
            )
            for cut in range(lowest, highest + 1):
                gain = mean_gain(weights, values, first, cut)
                gain += mean_gain(weights, values, cut, last)
                gain += 2.0 * share_gain(sums, places[first], places[cut])
                gain += 2.0 * share_gain(sums, places[cut], places[last])
                if gain > best:
                    best, chosen = gain, cut
            moved[at] = chosen
    return moved


@compiled
def merge_stretches(
    weights: Floats, values: Floats, sums: Floats, places: Ints, cuts: Ints, limits: Floats
) -> Ints:
    """Drop the weakest inner cut again and again while it is worth less than a threshold.

    Parameters
    ----------
    limits
        (2,): the variance of long-range noise of a stretch's mean, and the threshold. A cut
        is worth its squared step by its variance, that noise included, and what two shares
        explain more than one.
    """
    kept = cuts.copy()
    count = len(kept)
    while count > 2:  # noqa: PLR2004  both ends stay
        weakest, lowest = 0, np.inf
        for at in range(1, count - 1):
            first, middle, last = kept[at - 1], kept[at], kept[at + 1]
            worth = squared_step(weights, values, (first, middle, last), limits[0])
            worth += split_gain(sums, places[first], places[middle], places[last])
            if worth < lowest:
                weakest, lowest = at, worth
        if lowest >= limits[1]:
            break
        for at in range(weakest, count - 1):
            kept[at] = kept[at + 1]
        count -= 1
    return kept[:count].copy()


@compiled
def open_windows(starts: Ints, length: Int) -> Ints:
    """Return the window, from 0, of each sorted place; one opens at the first place beyond.

    A window holds the places less than `length` bp after that at which it opened.
    """
    windows = np.zeros(len(starts), dtype=np.int64)
    window, opened = 0, starts[0] if len(starts) else 0
    for at in range(len(starts)):
        if starts[at] - opened >= length:
            window += 1
            opened = starts[at]
        windows[at] = window
    return windows
