"""Log-rank statistics of many assignments, one by one as R's formulas give them."""

import itertools

import numpy as np
import pytest

from storiform.kernels.log_rank import compare_groups, list_arrangements, shuffle_labels
from storiform.statistics.kaplan_meier import log_rank
from storiform.statistics.permuted_log_rank import event_times


def listed(labels, rows):
    found = []
    while True:
        table = np.empty((rows, len(labels)), dtype=np.int16)
        filled = list_arrangements(labels, table)
        found += [tuple(row) for row in table[:filled].tolist()]
        if filled < rows:
            return found


@pytest.mark.parametrize("rows", [1000, 7])
def test_every_distinct_arrangement_comes_once_and_in_order(rows):
    labels = np.array([0, 0, 1, 1, 2], dtype=np.int16)
    assert listed(labels, rows) == sorted(set(itertools.permutations([0, 0, 1, 1, 2])))


def test_shuffling_takes_each_order_equally_often():
    labels = np.array([0, 0, 1], dtype=np.int16)
    draws = np.random.default_rng(4).random((60_000, 3))
    shuffled = shuffle_labels(labels, draws)
    assert (np.sort(shuffled, axis=1) == labels).all()
    place = np.bincount(np.argmax(shuffled, axis=1), minlength=3) / len(shuffled)
    np.testing.assert_allclose(place, 1 / 3, atol=4 * np.sqrt(2 / 9 / len(shuffled)))


@pytest.mark.parametrize("rho", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("groups", [2, 3, 5])
def test_statistics_are_those_of_the_log_rank_test(groups, rho):
    rng = np.random.default_rng(groups)
    time, event = rng.integers(1, 15, 40).astype(float), rng.random(40) < 0.6
    times, order = event_times(time, event, rho)
    labels = rng.permuted(np.tile(np.arange(40) % groups, (30, 1)), axis=1)
    expected = [log_rank(time, event, group, rho).chi2 for group in labels]
    found = compare_groups(labels[:, order].astype(np.int16), times, groups)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_group_that_nobody_of_was_at_risk_at_an_event_counts_nothing():
    """Patients of group 0 or 1 left before the first event: the other two remain."""
    time = np.array([1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    event = np.array([False, False, True, True, False, True, True, True])
    times, order = event_times(time, event)
    rest = np.array([0, 1, 0, 1, 1, 0])
    for absent in (0, 1, 2):
        names = np.array([name for name in (0, 1, 2) if name != absent])
        group = np.concatenate([[absent, absent], names[rest]]).astype(np.int16)
        (found,) = compare_groups(group[order][None], times, 3)
        assert found == pytest.approx(log_rank(time[2:], event[2:], rest).chi2, rel=1e-12)


def test_groups_that_cannot_be_told_apart_are_at_no_distance():
    """All die at once: observed and expected are equal, and nothing varies."""
    times, order = event_times(np.ones(6), np.ones(6, dtype=bool))
    group = np.array([0, 0, 1, 1, 2, 2], dtype=np.int16)
    assert compare_groups(group[order][None], times, 3).tolist() == [0.0]
