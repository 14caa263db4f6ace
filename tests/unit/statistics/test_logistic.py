"""Logistic regression: separation, scale, and strata that tell nothing."""

import numpy as np
import pytest

from storiform.statistics.conditional_logistic import fit_conditional, is_informative
from storiform.statistics.logistic import fit_logistic, is_separated

DOSE = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
MIXED = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])


def test_penalised_fit_of_separated_outcomes_is_finite_and_in_its_interval():
    found = fit_logistic(DOSE, np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]), is_penalised=True)
    around = found.around
    assert np.isfinite([*found.coefficient, *around.lower, *around.upper]).all()
    assert around.lower < found.coefficient < around.upper


def test_two_by_two_with_an_empty_cell_has_half_a_patient_added_to_each():
    # With one flag Firth's estimate is the log odds ratio of the counts plus a half.
    flag = np.repeat([[1.0], [0.0]], [9, 19], axis=0)
    responded = np.array([1.0] * 9 + [1.0] * 4 + [0.0] * 15)
    found = fit_logistic(flag, responded, is_penalised=True)
    expected = np.log(9.5 * 15.5 / (0.5 * 4.5))
    assert found.coefficient[0] == pytest.approx(expected, rel=1e-9)


def test_two_by_two_without_an_empty_cell_has_the_odds_ratio_of_its_counts():
    flag = np.repeat([[1.0], [0.0]], [9, 19], axis=0)
    responded = np.array([1.0] * 7 + [0.0] * 2 + [1.0] * 4 + [0.0] * 15)
    found = fit_logistic(flag, responded)
    assert found.coefficient[0] == pytest.approx(np.log(7 * 15 / (2 * 4)), rel=1e-7)
    variance = 1 / 7 + 1 / 2 + 1 / 4 + 1 / 15
    assert found.se[0] == pytest.approx(np.sqrt(variance), rel=1e-5)


@pytest.mark.parametrize("is_penalised", [False, True])
def test_unit_and_origin_of_a_covariate_do_not_matter(is_penalised):
    one = fit_logistic(DOSE, MIXED, is_penalised=is_penalised)
    other = fit_logistic(1e4 + 1000 * DOSE, MIXED, is_penalised=is_penalised)
    assert other.coefficient[0] * 1000 == pytest.approx(one.coefficient[0], rel=1e-7)
    assert other.around.upper[0] * 1000 == pytest.approx(one.around.upper[0], rel=1e-7)
    assert other.around.p == pytest.approx(one.around.p, rel=1e-7)


def test_separation_within_strata_is_found_where_all_patients_show_none():
    strata = np.array([0, 0, 0, 1, 1, 1])
    values = np.array([1.0, 2.0, 3.0, -9.0, -8.0, -7.0])
    outcome = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    levels = (strata[:, None] == [0, 1]).astype(float)
    assert is_separated(np.column_stack([levels, values]), outcome)
    assert not is_separated(np.column_stack([np.ones(6), values]), outcome)


def test_stratum_of_one_outcome_tells_nothing():
    strata = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    outcome = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0])
    told = is_informative(outcome, strata)
    assert told.tolist() == [True] * 4 + [False] * 4
    values = np.array([[0.3], [0.1], [0.2], [1.4], [5.0], [7.0], [-9.0], [2.0]])
    found = fit_conditional(values, outcome, strata)
    alone = fit_conditional(values[told], outcome[told], strata[told])
    assert found.coefficient == pytest.approx(alone.coefficient, rel=1e-12)
    assert found.around.p == pytest.approx(alone.around.p, rel=1e-12)


def test_one_pair_a_stratum_is_a_regression_of_differences():
    # Of matched pairs the likelihood is that of differences without an intercept.
    flags = np.array([1, 0] * 10 + [0, 1] * 4 + [1, 1] * 3 + [0, 0] * 2, dtype=float)
    strata = np.repeat(np.arange(19), 2)
    outcome = np.tile([1.0, 0.0], 19)
    found = fit_conditional(flags[:, None], outcome, strata)
    assert found.coefficient[0] == pytest.approx(np.log(10 / 4), rel=1e-9)
    assert found.se[0] == pytest.approx(np.sqrt(1 / 10 + 1 / 4), rel=1e-7)
