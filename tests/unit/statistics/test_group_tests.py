"""Tests of groups, shares and boxes where there is little or nothing to compare."""

import math

import numpy as np
import pytest

from storiform.statistics.boxplot_statistics import box, quartiles
from storiform.statistics.chi_squared import chi_squared, trend_of_shares
from storiform.statistics.kruskal import kruskal_wallis
from storiform.statistics.proportions import binomial_p, wilson
from storiform.statistics.signed_rank import signed_rank
from storiform.statistics.t_test import welch_t

FEW = np.array([1.0, 2.0, 4.0])


def test_one_group_is_not_compared():
    assert math.isnan(kruskal_wallis(FEW, np.zeros(3)).p)
    assert kruskal_wallis(FEW, np.zeros(3)).degrees == 0


def test_group_without_a_value_does_not_count():
    values, groups = np.array([1.0, 3.0, 2.0, 5.0, np.nan]), np.array([0, 0, 1, 1, 2])
    assert kruskal_wallis(values, groups) == kruskal_wallis(values[:4], groups[:4])


def test_means_without_a_spread_are_not_tested():
    assert welch_t(FEW[:1], FEW).difference == pytest.approx(1 - 7 / 3)
    assert math.isnan(welch_t(FEW[:1], FEW).p)
    assert math.isnan(welch_t(np.ones(3), np.full(4, 2.0)).p)
    assert math.isnan(welch_t(np.zeros(3), np.zeros(4)).p)
    assert math.isnan(welch_t(np.array([np.nan]), FEW).difference)


def test_table_with_an_empty_column_has_no_chi_squared():
    assert math.isnan(chi_squared([[5, 0], [4, 0]]).p)
    assert math.isnan(chi_squared([[5, 4]]).p)


def test_correction_is_never_more_than_the_deviation():
    # Deviations of 0.2: R subtracts 0.2, not 0.5.
    assert chi_squared([[5, 5], [5, 6]]).statistic < 1e-12


def test_trend_needs_successes_failures_and_two_scores():
    assert math.isnan(trend_of_shares([0, 0, 0], [5, 5, 5]).p)
    assert math.isnan(trend_of_shares([5, 5], [5, 5]).p)
    assert math.isnan(trend_of_shares([2, 1], [5, 5], [1, 1]).p)
    assert math.isnan(trend_of_shares([0, 0], [0, 0]).p)


def test_box_of_nothing_is_nothing():
    found = box(np.array([np.nan]))
    assert np.isnan(found[:5]).all()
    assert (found.n, len(found.outliers)) == (0, 0)
    assert np.isnan(quartiles(np.array([]))).all()


def test_no_trials_have_no_interval():
    assert np.isnan(wilson(0, 0)).all()


def test_rates_at_the_ends_are_certain():
    assert binomial_p(0, 5, 0.0) == 1.0
    assert binomial_p(5, 5, 1.0) == 1.0
    assert binomial_p(1, 5, 0.0) == 0.0


def test_changes_that_are_all_the_same_have_a_shift_without_interval():
    found = signed_rank(np.zeros(4), np.full(4, 2.0))
    assert found.shift == 2.0
    assert math.isnan(found.lower)
    assert found.p == pytest.approx(0.0719, abs=1e-4)
