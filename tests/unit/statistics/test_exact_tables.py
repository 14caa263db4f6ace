"""The exact test of tables at the edges of what it can do."""

import numpy as np
import pytest

from storiform.model.errors import InputError
from storiform.statistics.exact_tables import fisher_table, monte_carlo_p

HUGE = np.arange(64).reshape(8, 8) % 7 + 5


def test_table_out_of_reach_has_no_p_and_says_why():
    found = fisher_table(HUGE)
    assert np.isnan(found.p)
    assert found.note == "too many tables for an exact test"


def test_table_out_of_reach_is_drawn_on_request_and_named_so():
    found = fisher_table(HUGE, replicates=199, seed=7)
    assert found == fisher_table(HUGE, replicates=199, seed=7)
    assert 1 / 200 <= found.p <= 1.0
    assert found.method == "Fisher, Monte Carlo, 199 tables, seed 7"


def test_drawn_p_lies_about_the_exact_one():
    table = np.array([[0, 5], [2, 6], [2, 4], [1, 3], [4, 1]])
    exact = fisher_table(table).p
    drawn = monte_carlo_p(table, replicates=9999, seed=3)
    assert abs(drawn - exact) < 4 * np.sqrt(exact * (1 - exact) / 9999)


def test_empty_rows_and_columns_do_not_matter():
    table = np.array([[3, 0, 2, 1], [0, 0, 0, 0], [1, 0, 5, 0], [0, 0, 4, 9]])
    filled = fisher_table([[3, 2, 1], [1, 5, 0], [0, 4, 9]])
    assert fisher_table(table).p == pytest.approx(filled.p)


def test_single_row_leaves_nothing_to_test():
    assert fisher_table([[3, 4, 5], [0, 0, 0]]).p == 1.0
    assert fisher_table([[0, 0], [0, 0]]).p == 1.0


@pytest.mark.parametrize("table", [[[1, -1], [2, 3]], [[0.5, 1], [2, 3]], [1, 2, 3]])
def test_what_is_no_table_of_counts_is_refused(table):
    with pytest.raises(InputError, match="whole counts"):
        fisher_table(table)
