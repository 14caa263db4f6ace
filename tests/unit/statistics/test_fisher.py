"""Fisher's test at the edges of its tables."""

import math

import numpy as np
import pytest

from storiform.statistics.fisher import FEW_TABLES, fisher_2x2, fisher_2xc


def test_separated_table_has_an_infinite_ratio_with_a_finite_lower_bound():
    result = fisher_2x2(9, 0, 0, 19)
    assert result.odds_ratio == np.inf
    assert result.upper == np.inf
    assert result.lower > 1.0
    # One of the ways to choose 9 of 28 patients.
    assert result.p == pytest.approx(1 / 6906900)


def test_exchanging_the_columns_inverts_the_ratio():
    one, other = fisher_2x2(7, 3, 7, 22), fisher_2x2(3, 7, 22, 7)
    assert one.odds_ratio == pytest.approx(1 / other.odds_ratio, rel=1e-4)
    assert one.lower == pytest.approx(1 / other.upper, rel=2e-3)


def test_even_table_has_ratio_one():
    assert fisher_2x2(5, 5, 5, 5).odds_ratio == 1.0


def test_many_tables_give_the_p_of_few_margins_at_once():
    counts = np.full(8, 10)
    p = fisher_2xc(counts // 2, counts - counts // 2)
    assert FEW_TABLES < 11.0**7
    assert p == pytest.approx(1.0)


def test_one_sided_p_of_a_table_are_the_tails():
    result = fisher_2x2(7, 3, 7, 22)
    mirrored = fisher_2x2(3, 7, 22, 7)
    assert result.p_greater == pytest.approx(mirrored.p_less)
    observed = math.comb(14, 7) * math.comb(25, 3) / math.comb(39, 10)
    assert result.p_greater + result.p_less == pytest.approx(1.0 + observed)


def test_empty_columns_do_not_matter():
    first, second = np.array([3, 1, 0]), np.array([1, 4, 0])
    assert fisher_2xc(first, second) == pytest.approx(fisher_2x2(3, 1, 1, 4).p)
