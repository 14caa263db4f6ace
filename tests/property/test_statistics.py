"""Statistics keep their laws on any data."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.statistics.fisher import fisher_2x2, fisher_2xc
from storiform.statistics.kaplan_meier import kaplan_meier, log_rank, median
from storiform.statistics.multiplicity import benjamini_hochberg
from storiform.statistics.proportions import clopper_pearson
from storiform.statistics.rank_null import conditional_p
from storiform.statistics.ranks import rank_sum

SMALL = st.lists(st.integers(0, 4), min_size=1, max_size=5)
NUMBERS = st.lists(
    st.floats(-1e3, 1e3, allow_subnormal=False).map(lambda x: round(x, 3)),
    min_size=1, max_size=9,
)  # fmt: skip
COUNT = st.integers(0, 12)
PATIENTS = st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=25)


def floats(values) -> np.ndarray:
    return np.asarray(values, dtype=float)


@given(SMALL, SMALL)
def test_conditional_p_is_the_share_of_all_divisions(x, y):
    pooled = floats(x + y)
    if np.ptp(pooled) == 0:
        return
    ranks = np.array([(pooled < v).sum() + ((pooled == v).sum() + 1) / 2 for v in pooled])
    centre = ranks.mean() * len(x)
    sums = np.array([ranks[list(c)].sum() for c in combinations(range(len(pooled)), len(x))])
    far = np.abs(sums - centre) >= abs(ranks[: len(x)].sum() - centre) - 1e-9
    assert conditional_p(floats(x), floats(y)) == pytest.approx(far.mean())


@given(st.permutations(range(9)), st.integers(1, 8))
def test_exact_p_without_ties_is_the_share_of_all_divisions(order, size):
    values = floats(order)
    result = rank_sum(values[:size], values[size:])
    assert result.is_exact[0]
    assert result.p[0] == pytest.approx(conditional_p(values[:size], values[size:]))


@given(NUMBERS, NUMBERS)
def test_exchanging_the_groups_turns_the_effects_round(x, y):
    one, other = rank_sum(floats(x), floats(y)), rank_sum(floats(y), floats(x))
    np.testing.assert_allclose(one.p, other.p, rtol=1e-12)
    np.testing.assert_allclose(one.auc, 1 - other.auc, atol=1e-12)
    np.testing.assert_allclose(one.auc_lower, 1 - other.auc_upper, atol=1e-9)
    if one.is_exact[0]:
        np.testing.assert_allclose(one.shift, -other.shift, atol=1e-9)
        np.testing.assert_allclose(one.shift_lower, -other.shift_upper, atol=1e-9)


@given(NUMBERS, NUMBERS, st.integers(-50, 50))
def test_shift_moves_with_one_group(x, y, move):
    # On a grid of eighths, sums are exact and ties stay ties.
    grid_x, grid_y = (np.round(floats(values) * 8) / 8 for values in (x, y))
    still, moved = rank_sum(grid_x, grid_y), rank_sum(grid_x + move, grid_y + move)
    np.testing.assert_array_equal(still.p, moved.p)
    np.testing.assert_allclose(still.shift, moved.shift, atol=1e-9)
    assert still.auc_lower[0] - 1e-12 <= still.auc[0] <= still.auc_upper[0] + 1e-12


@given(COUNT, COUNT, COUNT, COUNT)
def test_fisher_is_the_same_from_every_side(a, b, c, d):
    result = fisher_2x2(a, b, c, d)
    turned = fisher_2x2(a, c, b, d)
    assert 0.0 <= result.p <= 1.0
    assert result.p == pytest.approx(turned.p)
    assert result.lower <= result.odds_ratio <= result.upper
    as_table = fisher_2xc(np.array([a, b]), np.array([c, d]))
    assert as_table == pytest.approx(result.p)


@given(st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=30))
def test_adjusted_p_keeps_order_and_place_of_the_missing(p):
    given_p, q = floats(p), benjamini_hochberg(p)
    np.testing.assert_array_equal(np.isnan(given_p), np.isnan(q))
    known = ~np.isnan(given_p)
    assert (q[known] >= given_p[known]).all()
    order = np.argsort(given_p[known], kind="stable")
    assert (np.diff(q[known][order]) >= 0).all()


@given(st.integers(0, 40), st.integers(1, 40))
def test_interval_of_a_rate_holds_it_and_mirrors(successes, trials):
    successes = min(successes, trials)
    lower, upper = clopper_pearson(successes, trials)
    assert 0.0 <= lower <= successes / trials <= upper <= 1.0
    mirrored = clopper_pearson(trials - successes, trials)
    assert (lower, upper) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]))


@given(PATIENTS)
def test_without_censoring_survival_is_the_share_that_lives(patients):
    time = floats([months for months, _ in patients])
    curve = kaplan_meier(time, np.ones(len(time), dtype=bool))
    alive = [(time > moment).mean() for moment in curve.time]
    np.testing.assert_allclose(curve.survival, alive, atol=1e-12)
    assert median(curve).time == pytest.approx(np.median(time))


@given(PATIENTS)
def test_curve_falls_and_stays_in_its_interval(patients):
    time, event = floats([m for m, _ in patients]), np.array([e for _, e in patients])
    curve = kaplan_meier(time, event)
    assert (np.diff(np.concatenate([[1.0], curve.survival])) <= 0).all()
    known = ~np.isnan(curve.lower)
    assert (curve.lower[known] <= curve.survival[known] + 1e-12).all()
    assert (curve.upper[known] >= curve.survival[known] - 1e-12).all()
    assert curve.events.sum() + curve.censored.sum() == len(time)


@given(PATIENTS, st.randoms(use_true_random=False))
def test_log_rank_does_not_depend_on_names_or_order(patients, random):
    time, event = floats([m for m, _ in patients]), np.array([e for _, e in patients])
    group = np.array([number % 3 for number in range(len(time))])
    result = log_rank(time, event, group)
    order = np.array(random.sample(range(len(time)), len(time)))
    renamed = (group + 1) % 3
    other = log_rank(time[order], event[order], renamed[order])
    assert result.p == pytest.approx(other.p, nan_ok=True, rel=1e-6)
    assert result.observed.sum() == pytest.approx(result.expected.sum())
