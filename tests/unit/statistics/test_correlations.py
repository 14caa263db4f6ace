"""Correlations: the cases that R does not show."""

import math

import numpy as np
import pytest
from scipy import stats

from storiform.statistics.correlations import kendall, pearson, spearman

RISING = np.array([1.0, 2.0, 4.0, 7.0, 8.0, 9.0])


@pytest.mark.parametrize("function", [pearson, spearman, kendall])
def test_constant_number_has_no_correlation(function):
    found = function(RISING, np.ones(6))
    assert math.isnan(found.estimate)
    assert math.isnan(found.p)
    assert found.n == 6


@pytest.mark.parametrize("function", [pearson, spearman, kendall])
def test_patient_without_one_of_both_is_left_out(function):
    y = np.array([2.0, 1.0, 5.0, 4.0, 9.0, 8.0])
    with_gaps = function(np.append(RISING, [3.0, np.nan]), np.append(y, [np.nan, 3.0]))
    assert with_gaps.n == 6
    assert with_gaps.p == function(RISING, y).p


def test_perfect_correlation_is_one_with_its_interval_closed():
    found = pearson(RISING, 2 * RISING + 1)
    assert (found.estimate, found.lower, found.upper) == pytest.approx((1.0, 1.0, 1.0))
    assert found.p == pytest.approx(0.0, abs=1e-12)


def test_three_patients_have_no_interval():
    found = pearson(RISING[:3], np.array([3.0, 1.0, 2.0]))
    assert math.isnan(found.lower)
    assert 0.0 < found.p < 1.0


def test_two_patients_have_no_p():
    assert math.isnan(pearson(RISING[:2], RISING[:2]).p)
    assert kendall(RISING[:2], RISING[:2]).p == 1.0
    assert spearman(RISING[:2], RISING[:2]).p == 1.0
    assert math.isnan(kendall(RISING[:1], RISING[:1]).estimate)


def test_far_spearman_has_a_p_where_the_series_falls_below_zero():
    # R 4.2.2 gives p = 0 here.
    x = np.arange(80.0)
    y = x + 12 * np.sin(7 * x)
    found = spearman(x, y)
    assert found.method == "Spearman, t"
    assert found.p == pytest.approx(stats.spearmanr(x, y).pvalue, rel=1e-6)
    assert found.p > 0.0


def test_tied_kendall_is_that_of_scipy():
    x, y = np.array([1, 1, 2, 3, 3, 4, 5.0]), np.array([2, 1, 1, 3, 5, 4, 4.0])
    expected = stats.kendalltau(x, y, method="asymptotic")
    found = kendall(x, y)
    assert (found.estimate, found.p) == pytest.approx((expected.statistic, expected.pvalue))
