"""The log-rank test by permutation: its p is a share of all assignments, whatever the order."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from storiform.statistics import permuted_log_rank
from storiform.statistics.permuted_log_rank import (
    NullChoice,
    arrangements_of,
    compare_survival,
    expected_events,
)

PATIENTS = st.lists(
    st.tuples(st.integers(1, 6).map(float), st.booleans(), st.integers(0, 2)),
    min_size=4,
    max_size=8,
)


def columns(patients):
    time, event, group = zip(*patients, strict=True)
    present, number = np.unique(group, return_inverse=True)
    assume(len(present) > 1)
    return np.array(time), np.array(event), number.astype(np.int64)


def statistic_by_hand(time, event, group):
    """Return (O - E)' V^- (O - E) summed over events, with numpy's pseudo-inverse."""
    groups = int(group.max()) + 1
    distance, variance = np.zeros(groups), np.zeros((groups, groups))
    for moment in np.unique(time[event]):
        at_risk = np.bincount(group[time >= moment], minlength=groups)
        died = np.bincount(group[event & (time == moment)], minlength=groups)
        n, d = at_risk.sum(), died.sum()
        distance += died - d * at_risk / n
        if n > 1:
            share = at_risk / n
            variance += d * (n - d) / (n - 1) * (np.diag(share) - np.outer(share, share))
    inverse = np.linalg.pinv(variance, rcond=1e-9, hermitian=True)
    return float(distance @ inverse @ distance)


@given(PATIENTS)
@example([(1.0, True, 0), (1.0, True, 0), (2.0, True, 1), (3.0, True, 1)])
def test_exact_p_is_the_share_of_all_assignments_with_as_large_a_statistic(patients):
    time, event, group = columns(patients)
    found = compare_survival(time, event, group)
    assume(not math.isnan(found.p))
    every = sorted(set(itertools.permutations(group.tolist())))
    values = np.array([statistic_by_hand(time, event, np.array(one)) for one in every])
    assert found.method == "exact"
    assert found.assignments == len(every) == arrangements_of(np.bincount(group))
    own = statistic_by_hand(time, event, group)
    assert found.chi2 == pytest.approx(own, rel=1e-9, abs=1e-12)
    assert found.p == pytest.approx((values >= own - 1e-7 * max(own, 1e-5)).mean(), rel=1e-12)


def test_p_of_six_patients_by_hand():
    """Two groups of three die in order 0 0 0 1 1 1: only the mirror image is as extreme."""
    time, event = np.arange(1.0, 7.0), np.ones(6, dtype=bool)
    group = np.array([0, 0, 0, 1, 1, 1])
    assert compare_survival(time, event, group).p == 2 / 20
    # Moving one step towards each other lets in the next pair of assignments.
    assert compare_survival(time, event, np.array([0, 0, 1, 0, 1, 1])).p == 4 / 20


@given(PATIENTS, st.randoms(use_true_random=False))
def test_p_does_not_depend_on_names_or_order(patients, random):
    time, event, group = columns(patients)
    order = np.array(random.sample(range(len(time)), len(time)))
    names = np.array(random.sample(range(int(group.max()) + 1), int(group.max()) + 1))
    for permutations in (2_000, 5):
        choice = NullChoice(permutations=permutations)
        one = compare_survival(time, event, group, 0.0, choice)
        other = compare_survival(time[order], event[order], names[group[order]], 0.0, choice)
        assert other.p == pytest.approx(one.p, nan_ok=True, rel=0, abs=0)
        assert (other.method, other.assignments) == (one.method, one.assignments)


def cohort(seed, patients=46, groups=4):
    rng = np.random.default_rng(seed)
    time = rng.exponential(size=patients)
    group = (np.arange(patients) % groups).astype(np.int64)
    return time, rng.random(patients) < 0.7, rng.permuted(group)


def test_random_assignments_agree_with_all_of_them():
    """12 patients in three groups of four: 34,650 assignments, or as many at random."""
    for seed in range(4):
        patients = cohort(seed, 12, 3)
        exact = compare_survival(*patients)
        assert (exact.method, exact.assignments) == ("exact", 34_650)
        drawn = compare_survival(*patients, 0.0, NullChoice(permutations=34_649, seed=seed))
        assert drawn.method == "Monte Carlo"
        # drawing ends at 400 hits: a relative error of 5 %
        assert drawn.p == pytest.approx(exact.p, rel=4 / np.sqrt(400))


def test_drawing_ends_at_four_hundred_hits_or_at_the_limit():
    time, event, group = cohort(1)
    null = compare_survival(time, event, group)
    assert null.p == 400 / null.assignments
    ordered = np.sort(group)[np.argsort(np.argsort(time))]
    least = compare_survival(time, event, ordered, 0.0, NullChoice(permutations=999))
    assert (least.assignments, least.p) == (999, 1 / 1000)


def test_the_same_seed_gives_the_same_p_and_another_seed_another():
    first = [compare_survival(*cohort(seed)).p for seed in range(5)]
    assert [compare_survival(*cohort(seed)).p for seed in range(5)] == first
    others = [compare_survival(*cohort(s), 0.0, NullChoice(seed=2)).p for s in range(5)]
    assert first != others
    np.testing.assert_allclose(first, others, rtol=0.3)


@pytest.mark.parametrize("cells", [1, 100, 1000])
def test_working_in_parts_changes_nothing(monkeypatch, cells):
    twelve, all_of_them = cohort(2, 9, 3), cohort(2)
    choice = NullChoice(permutations=1700)
    whole = compare_survival(*twelve, 0.0, choice), compare_survival(*all_of_them)
    monkeypatch.setattr(permuted_log_rank, "_CELLS", cells)
    assert (compare_survival(*twelve, 0.0, choice), compare_survival(*all_of_them)) == whole


def test_a_larger_statistic_never_has_a_larger_p():
    time, event, _ = cohort(3, 20, 2)
    rng = np.random.default_rng(3)
    labels = (np.arange(20) < 4).astype(np.int64)
    found = [compare_survival(time, event, rng.permuted(labels)) for _ in range(40)]
    found.sort(key=lambda test: test.chi2)
    p = np.array([test.p for test in found])
    assert (np.diff(p) <= 0).all()
    assert {test.method for test in found} == {"exact"}
    assert p.min() >= 1 / found[0].assignments


def test_large_balanced_groups_have_the_p_of_chi_squared():
    rng = np.random.default_rng(8)
    differences = []
    for _ in range(12):
        time, event = rng.exponential(size=400), rng.random(400) < 0.8
        group = rng.permuted(np.arange(400) % 2)
        test = compare_survival(time, event, group, 0.0, NullChoice(chi_squared_from=1e9))
        assert test.method == "Monte Carlo"
        differences.append(np.log(test.p / test.chi2_p))
        plain = compare_survival(time, event, group)
        assert (plain.method, plain.p, plain.assignments) == ("chi-squared", test.chi2_p, 0)
    assert np.abs(differences).max() < 0.2
    assert abs(np.mean(differences)) < 0.05


def test_the_rule_counts_the_events_of_the_group_that_expects_fewest():
    time, event, group = cohort(5, 300, 3)
    fewest = expected_events(time, event, group).min()
    for factor, method in ((0.999, "chi-squared"), (1.001, "Monte Carlo")):
        choice = NullChoice(chi_squared_from=factor * fewest / 2)
        assert compare_survival(time, event, group, 0.0, choice).method == method


def test_nothing_to_compare_has_no_p():
    test = compare_survival(np.arange(1.0, 7.0), np.zeros(6, dtype=bool), np.arange(6) % 2)
    assert np.isnan([test.chi2, test.chi2_p, test.p]).all()
    assert test.assignments == 0


def test_p_of_six_groups_of_eight_keeps_its_word():
    """The chi-squared p of eight patients a group is below .05 in a tenth of the trials."""
    rng = np.random.default_rng(21)
    group = (np.arange(48) % 6).astype(np.int64)
    found = []
    for trial in range(800):
        time, seen = 8.0 * rng.exponential(size=48), rng.uniform(9.0, 34.0, size=48)
        choice = NullChoice(permutations=999, seed=trial)
        test = compare_survival(np.minimum(time, seen), time <= seen, group, 0.0, choice)
        found.append((test.p, test.chi2_p))
    rates = (np.array(found) <= 0.05).mean(axis=0)
    limit = 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(found))
    assert rates[0] <= limit < rates[1]


def test_where_groups_agree_fully_every_assignment_is_as_extreme():
    """Forty of the 70 assignments have a statistic of 0, which rounding brings to 1e-31."""
    time = np.array([1.0, 3, 3, 1, 3, 3, 1, 3])
    event = np.array([1, 1, 1, 0, 1, 1, 1, 1], dtype=bool)
    group = np.array([0, 0, 1, 1, 0, 1, 1, 0])
    found = compare_survival(time, event, group)
    assert found.chi2 == pytest.approx(0.0, abs=1e-12)
    assert found.p == 1.0
