"""Exact trends count all orders of the patients; permutations come close to them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from storiform.statistics.correlations import kendall
from storiform.statistics.ordered_groups import (
    differ_by_group,
    tau_interval,
    trend_of_flags,
    trend_of_numbers,
)

ORDERS = st.lists(st.integers(0, 3), min_size=3, max_size=7).filter(lambda o: len(set(o)) > 1)


def score(values, order) -> int:
    pairs = itertools.combinations(range(len(values)), 2)
    return sum(
        int(np.sign(values[a] - values[b]) * np.sign(order[a] - order[b])) for a, b in pairs
    )


@settings(max_examples=30)
@given(ORDERS, st.integers(0, 1000))
def test_exact_trend_of_a_number_counts_all_orders(order, seed):
    values = np.random.default_rng(seed).permutation(len(order)).astype(float)
    every = np.array([score(other, order) for other in itertools.permutations(values)])
    found = trend_of_numbers(values, np.array(order))
    assert found.test == "Jonckheere-Terpstra, exact"
    expected = (np.abs(every) >= abs(score(values, order))).mean()
    assert found.p == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30)
@given(ORDERS, st.integers(0, 127))
def test_exact_trend_of_a_flag_counts_all_orders(order, bits):
    flags = np.array([bits >> place & 1 for place in range(len(order))], dtype=float)
    found = trend_of_flags(flags, np.array(order))
    if np.ptp(flags) == 0:
        assert np.isnan(found.p)
        return
    every = np.array([np.dot(other, order) for other in itertools.permutations(flags)])
    distance = np.abs(every - every.mean())
    expected = (distance >= abs(flags @ order - every.mean()) - 1e-9).mean()
    assert found.p == pytest.approx(expected, abs=1e-12)
    assert found.tau == pytest.approx(kendall(flags, np.array(order, dtype=float)).estimate)


def test_permutations_come_close_to_all_orders_where_values_are_tied():
    generator = np.random.default_rng(8)
    for _ in range(4):
        order = np.array([0, 0, 1, 1, 1, 2, 2, 3])
        values = generator.integers(0, 4, size=8).astype(float)
        every = np.array([score(other, order) for other in itertools.permutations(values)])
        expected = (np.abs(every) >= abs(score(values, order))).mean()
        found = trend_of_numbers(values, order)
        assert found.test == "Jonckheere-Terpstra, 9,999 permutations"
        assert found.p == pytest.approx(expected, abs=0.02)
        assert found.p == trend_of_numbers(values, order).p


def test_permutations_of_levels_come_close_to_all_orders():
    values, groups = np.array([0.0, 0, 1, 1, 2, 2, 3, 3]), np.array([0, 0, 0, 1, 1, 2, 2, 2])
    every = [stats.kruskal(*(np.array(other)[groups == g] for g in range(3))).statistic
             for other in set(itertools.permutations(values))]  # fmt: skip
    mine = stats.kruskal(*(values[groups == g] for g in range(3))).statistic
    found, test = differ_by_group(values, groups)
    assert found == pytest.approx((np.array(every) >= mine - 1e-9).mean(), abs=0.01)
    assert test == "Kruskal-Wallis, 9,999 permutations"


def test_many_patients_have_the_approximations():
    generator = np.random.default_rng(2)
    order = np.repeat([0, 1, 2, 3], 60)
    values = generator.normal(size=240) + 0.2 * order
    found = trend_of_numbers(values, order)
    assert found.test == "Jonckheere-Terpstra, normal"
    assert found.p == kendall(values, order.astype(float)).p
    flags = (generator.random(240) < 0.3 + 0.05 * order).astype(float)
    table = np.array([flags[order == place].sum() for place in range(4)])
    share, centred = flags.mean(), order - order.mean()
    z = (table @ np.arange(4) - 240 * share * order.mean()) / np.sqrt(
        share * (1 - share) * np.square(centred).sum()
    )
    assert trend_of_flags(flags, order).p == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)
    assert differ_by_group(values, order) == (
        pytest.approx(stats.kruskal(*(values[order == g] for g in range(4))).pvalue),
        "Kruskal-Wallis, chi-squared",
    )


def test_interval_is_that_of_the_jackknife_and_needs_some_disorder():
    generator = np.random.default_rng(3)
    order = np.repeat([0.0, 1.0, 2.0, 3.0], [60, 120, 80, 40])
    values = generator.normal(size=300) + 0.5 * order
    lower, upper = tau_interval(values, order)
    left = [np.delete(np.arange(300), place) for place in range(300)]
    without = np.array([kendall(values[kept], order[kept]).estimate for kept in left])
    error = np.sqrt(299 / 300 * np.square(without - without.mean()).sum())
    middle = kendall(values, order).estimate
    assert np.arctanh([lower, upper]).mean() == pytest.approx(np.arctanh(middle), rel=1e-9)
    half = (np.arctanh(upper) - np.arctanh(lower)) / 2
    assert half == pytest.approx(1.959964 * error / (1 - middle**2), rel=0.02)
    assert np.isnan(tau_interval(np.arange(6.0), np.arange(6.0))).all()


@pytest.mark.parametrize("sizes", [(6, 13, 7, 2), (12, 22, 10, 2)])
def test_interval_holds_what_it_promises_in_a_small_trial(sizes):
    generator = np.random.default_rng(11)
    order = np.repeat(np.arange(4.0), sizes)
    many = np.repeat(np.arange(4.0), np.array(sizes) * 60)
    true = kendall(generator.normal(size=len(many)) + 0.6 * many, many).estimate
    inside = 0
    for _ in range(300):
        lower, upper = tau_interval(generator.normal(size=len(order)) + 0.6 * order, order)
        inside += lower <= true <= upper
    assert inside / 300 > 0.91
