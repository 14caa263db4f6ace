"""The rank-sum test: the cases that R does not show."""

import numpy as np
import pytest

from storiform.statistics.rank_null import critical_value, rank_sum_weights
from storiform.statistics.ranks import auc_interval, rank_sum, rank_sums


def test_null_distribution_of_two_against_two_is_counted_by_hand():
    assert (rank_sum_weights(2, 2) * 6).tolist() == pytest.approx([1, 1, 2, 1, 1])


def test_critical_value_is_the_first_that_reaches_the_tail():
    weights = np.cumsum(rank_sum_weights(9, 19))
    value = critical_value(9, 19, 0.025)
    assert weights[value - 1] < 0.025 <= weights[value]


def test_many_features_give_what_each_gives_alone():
    generator = np.random.default_rng(3)
    x, y = generator.normal(size=(7, 6)), generator.normal(size=(7, 11))
    x[2, 1], x[3, :2] = y[2, 4], 5.0
    together = rank_sums(x, y)
    for row in range(7):
        alone = rank_sum(x[row], y[row])
        for field, values in together._asdict().items():
            assert values[row] == getattr(alone, field)[0], field


def test_fifty_patients_are_compared_by_the_normal_approximation():
    values = np.arange(100.0)
    assert rank_sum(values[:49], values[49:98]).is_exact[0]
    assert not rank_sum(values[:50], values[50:99]).is_exact[0]


def test_separated_groups_have_auc_one_with_an_interval_that_has_a_width():
    result = rank_sum(np.arange(9.0) + 100, np.arange(19.0))
    assert result.auc[0] == 1.0
    assert result.rank_biserial[0] == 1.0
    assert result.auc_upper[0] == pytest.approx(1.0)
    assert 0.7 < result.auc_lower[0] < 0.95


def test_auc_interval_of_the_mirror_image_is_mirrored():
    lower, upper = auc_interval(np.array([0.8]), 10, 20)
    mirrored = auc_interval(np.array([0.2]), 10, 20)
    assert lower[0] == pytest.approx(1 - mirrored[1][0])
    assert upper[0] == pytest.approx(1 - mirrored[0][0])
    assert lower[0] < 0.8 < upper[0]


def test_two_constant_groups_have_a_shift_without_interval():
    result = rank_sum(np.array([3.0, 3.0]), np.array([1.0, 1.0]))
    assert result.shift[0] == 2.0
    assert np.isnan(result.shift_lower[0])
    assert result.p[0] < 0.3


def test_equal_values_give_no_p():
    result = rank_sum(np.ones(4), np.ones(5), ties="conditional")
    assert np.isnan(result.p[0])
    assert np.isnan(result.shift[0])
    assert result.auc[0] == 0.5
