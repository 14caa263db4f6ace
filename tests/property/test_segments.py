"""Kernels of segmentation against their naive twins."""

from itertools import combinations, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storiform.kernels.segments import (
    best_partition,
    merge_stretches,
    open_windows,
    refine_cuts,
    screen_cuts,
    share_gain,
    split_gain,
    squared_step,
)

SHARES = 3


@st.composite
def tracks(draw, fewest=2, most=8):
    """Draw cumulative sums of a contig: weights, values, likelihoods, places before bins."""
    n = draw(st.integers(fewest, most))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    weights = rng.uniform(0.5, 3.0, n)
    log2 = np.round(rng.normal(0, 1, n) + 3 * (rng.random() < 0.5) * (np.arange(n) > n // 2), 3)
    held = rng.integers(0, 3, n)
    places = np.concatenate([[0], np.cumsum(held)])
    likelihoods = rng.normal(0, 2, (places[-1], SHARES))
    sums = np.concatenate([np.zeros((1, SHARES)), np.cumsum(likelihoods, axis=0)])
    values = np.concatenate([[0.0], np.cumsum(weights * log2)])
    return np.concatenate([[0.0], np.cumsum(weights)]), values, sums, places


def gain(track, first, last):
    """Say what a stretch is worth, from the definition."""
    weights, values, sums, places = track
    mean = (values[last] - values[first]) ** 2 / (weights[last] - weights[first])
    return mean + 2 * (sums[places[last]] - sums[places[first]]).max()


def worth(track, cuts, penalty):
    """Say what a partition is worth."""
    return sum(gain(track, *pair) for pair in pairwise(cuts)) - penalty * (len(cuts) - 2)


@given(tracks(), st.floats(0, 20))
def test_partition_is_the_best_of_all_subsets(track, penalty):
    last = len(track[0]) - 1
    inner = range(1, last)
    every = [[0, *chosen, last] for size in range(last) for chosen in combinations(inner, size)]
    best = max(worth(track, cuts, penalty) for cuts in every)
    found = best_partition(*track, np.arange(last + 1), penalty)
    assert found[0] == 0
    assert found[-1] == last
    assert np.isclose(worth(track, found.tolist(), penalty), best)


@given(tracks(6, 14))
def test_partition_takes_no_cut_that_is_no_candidate(track):
    last = len(track[0]) - 1
    candidates = np.array([0, 2, 5, last])
    found = best_partition(*track, candidates, 0.0)
    assert set(found.tolist()) <= set(candidates.tolist())


@given(tracks(4, 12))
def test_one_cut_moves_to_its_best_place_within_reach(track):
    last, reach = len(track[0]) - 1, 2
    start = last // 2
    near = [cut for cut in range(1, last) if abs(cut - start) <= 2 * reach]
    found = refine_cuts(*track, np.array([0, start, last]), 2 * reach)
    best = max(worth(track, [0, cut, last], 0.0) for cut in near)
    assert worth(track, [0, found[1], last], 0.0) >= best - 1e-9


@given(tracks(3, 14), st.floats(0, 0.5), st.floats(0, 30))
def test_merging_is_that_of_the_naive_loop(track, wave, threshold):
    weights, values, sums, places = track
    kept = list(range(len(weights)))
    while len(kept) > 2:
        costs = []
        for at in range(1, len(kept) - 1):
            i, j, k = kept[at - 1 : at + 2]
            left, right = weights[j] - weights[i], weights[k] - weights[j]
            step = (values[j] - values[i]) / left - (values[k] - values[j]) / right
            halves = (sums[places[j]] - sums[places[i]]).max()
            halves += (sums[places[k]] - sums[places[j]]).max()
            whole = (sums[places[k]] - sums[places[i]]).max()
            costs.append(step**2 / (1 / left + 1 / right + 2 * wave) + halves - whole)
        if min(costs) >= threshold:
            break
        kept.pop(1 + int(np.argmin(costs)))
    cuts = np.arange(len(weights))
    found = merge_stretches(*track, cuts, np.array([wave, threshold]))
    assert found.tolist() == kept


@given(tracks(2, 20), st.floats(0.1, 6))
def test_candidates_are_the_peaks_of_windows_that_differ(track, threshold):
    weights, values, sums, places = track
    n = len(weights) - 1
    expected = {0, n}
    for scale in (2, 3, 5):
        if 2 * scale > n:
            break
        statistics = np.zeros(n + 1)
        for cut in range(scale, n - scale + 1):
            first, last = cut - scale, cut + scale
            statistics[cut] = squared_step(weights, values, (first, cut, last), 0.0)
            if places[last] - places[first] >= 4:
                statistics[cut] += 2 * split_gain(
                    sums, places[first], places[cut], places[last]
                )
        reach = max(1, scale // 2)
        for cut in range(1, n):
            about = statistics[max(0, cut - reach) : cut + reach + 1]
            is_first = statistics[max(0, cut - reach) : cut].max(initial=-1) < statistics[cut]
            if statistics[cut] >= max(threshold, about.max()) and is_first:
                expected.add(cut)
    found = screen_cuts(*track, np.array([2, 3, 5]), threshold)
    assert set(np.flatnonzero(found).tolist()) == expected


@given(tracks())
def test_splitting_never_loses_likelihood(track):
    sums, places = track[2], track[3]
    last = places[-1]
    for middle in range(last + 1):
        apart = share_gain(sums, 0, middle) + share_gain(sums, middle, last)
        together = share_gain(sums, 0, last)
        assert np.isclose(split_gain(sums, 0, middle, last), apart - together)
        assert apart >= together - 1e-9


@given(st.lists(st.integers(0, 3000), max_size=40), st.integers(1, 500))
def test_a_window_holds_the_places_near_that_which_opened_it(places, length):
    starts = sorted(places)
    expected, opened, window = [], None, -1
    for start in starts:
        if opened is None or start - opened >= length:
            opened, window = start, window + 1
        expected.append(window)
    assert open_windows(np.array(starts, dtype=np.int64), length).tolist() == expected
