"""Logistic regression where R's `glm` gives up or warns."""

import numpy as np
import pytest

from storiform.statistics.logistic import FIRTH, WALD, logistic

DOSE = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
MIXED = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])


def test_separated_outcomes_are_penalised_and_the_note_says_so():
    found = logistic(DOSE, np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]))
    assert found.method == FIRTH
    assert "separate" in found.note
    assert np.isfinite([*found.coefficients, *found.lower, *found.upper]).all()
    assert (found.lower < found.coefficients).all()
    assert (found.upper > found.coefficients).all()


def test_two_by_two_with_an_empty_cell_has_half_a_patient_added_to_each():
    # With one flag Firth's estimate is the log odds ratio of the counts plus a half.
    flag = np.repeat([[1.0], [0.0]], [9, 19], axis=0)
    responded = np.array([1.0] * 9 + [1.0] * 4 + [0.0] * 15)
    found = logistic(flag, responded)
    expected = np.log(9.5 * 15.5 / (0.5 * 4.5))
    assert found.coefficients[1] == pytest.approx(expected, rel=1e-9)
    assert (found.n, found.events) == (28, 13)


@pytest.mark.parametrize(
    ("covariates", "responded", "note"),
    [(DOSE, np.ones(6), "all have the outcome"), (DOSE, np.zeros(6), "no patient with the out"),
     (np.ones((6, 1)), MIXED, "constant"), (np.hstack([DOSE, 2 * DOSE]), MIXED, "follows"),
     (DOSE, np.full(6, np.nan), "no patient with all")],
)  # fmt: skip
def test_what_cannot_be_fitted_says_why(covariates, responded, note):
    found = logistic(covariates, responded)
    assert note in found.note
    assert np.isnan(found.coefficients).all()
    assert len(found.p) == covariates.shape[1] + 1


def test_patient_with_a_gap_is_left_out():
    gaps = np.vstack([DOSE, [[np.nan], [3.0]]])
    found = logistic(gaps, np.append(MIXED, [1.0, np.nan]))
    assert found.n == 6
    assert found.method == WALD
    assert found.coefficients.tolist() == logistic(DOSE, MIXED).coefficients.tolist()


def test_unit_of_a_covariate_does_not_matter():
    one, other = logistic(DOSE, MIXED, firth=True), logistic(1000 * DOSE, MIXED, firth=True)
    assert other.coefficients[1] * 1000 == pytest.approx(one.coefficients[1], rel=1e-8)
    assert other.p == pytest.approx(one.p, rel=1e-7)
