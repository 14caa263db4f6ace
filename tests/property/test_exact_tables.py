"""The exact test of tables counts what visiting each of them counts."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storiform.statistics.exact_tables import fisher_table, monte_carlo_p
from storiform.statistics.fisher import fisher_2x2, fisher_2xc

TABLES = st.tuples(st.integers(2, 4), st.integers(2, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 2), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0], max_size=shape[0],
    )
)  # fmt: skip


def share_of_orders(table: np.ndarray) -> float:
    """Return the share of all ways to hand out the column labels that are no likelier."""
    rows, columns = table.sum(axis=1).tolist(), table.sum(axis=0).tolist()
    ways = Counter({(tuple(columns), 1): 1})  # what is left of the columns; 1 / cells!
    for size in rows:
        after = Counter()
        for (left, product), count in ways.items():
            for row in itertools.product(*[range(most + 1) for most in left]):
                if sum(row) == size:
                    rest = tuple(a - b for a, b in zip(left, row, strict=True))
                    after[rest, product * math.prod(map(math.factorial, row))] += count
        ways = after
    mine = math.prod(math.factorial(int(cell)) for cell in table.ravel())
    # A table is the likelier, the smaller the product of the factorials of its cells.
    total = sum(count / product for (_, product), count in ways.items())
    return sum(n / product for (_, product), n in ways.items() if product >= mine) / total


@settings(max_examples=60)
@given(TABLES)
def test_p_is_that_of_all_tables_visited_one_by_one(cells):
    table = np.array(cells)
    if table.sum() > 14 or table.sum() == 0:
        table = np.minimum(table, 1)
    found = fisher_table(table).p
    assert found == pytest.approx(share_of_orders(table), rel=1e-10)


@settings(max_examples=25)
@given(TABLES, st.randoms(use_true_random=False))
def test_order_and_side_of_a_table_do_not_matter(cells, random):
    table = np.array(cells) * 2
    rows = random.sample(range(len(table)), len(table))
    p = fisher_table(table).p
    assert fisher_table(table[rows].T).p == pytest.approx(p, rel=1e-10)
    assert 0.0 < p <= 1.0


@given(st.lists(st.integers(0, 30), min_size=4, max_size=4))
def test_two_by_two_is_the_special_case(cells):
    expected = fisher_2x2(*cells).p
    assert fisher_table(np.reshape(cells, (2, 2))).p == pytest.approx(expected, rel=1e-9)


def test_many_columns_are_cut_in_halves_as_they_are_enumerated():
    first, second = np.array([3, 0, 2, 5, 1, 4]), np.array([1, 6, 2, 0, 3, 2])
    enumerated = fisher_2xc(first, second)
    assert fisher_table([first, second]).p == pytest.approx(enumerated, rel=1e-10)


def test_five_by_five_of_a_hundred_patients_is_exact():
    # All margins 20, more than 1e15 tables. The likeliest is the even one, the least likely
    # are the 120 that put each row into one column.
    even, apart = np.full((5, 5), 4), np.diag([20] * 5)
    assert fisher_table(even).p == pytest.approx(1.0, rel=1e-9)
    one = 5 * math.lgamma(21.0) - math.lgamma(101.0)
    assert fisher_table(apart).p == pytest.approx(120 * math.exp(one), rel=1e-9)
    between = even + np.diag([3, -2, 0, -1, 0]) - np.roll(np.diag([3, -2, 0, -1, 0]), 1, axis=1)
    found = fisher_table(between)
    estimate = monte_carlo_p(between, replicates=9999)
    error = math.sqrt(found.p * (1 - found.p) / 9999)
    assert abs(found.p - estimate) < 4 * error
    assert found.method == "Fisher exact (Freeman-Halton)"


def test_uneven_margins_of_a_hundred_patients_are_exact_too():
    """R 4.2.2: ``fisher.test(table, workspace = 1e9)$p.value``."""
    table = [
        [3, 5, 3, 1, 3],
        [1, 12, 8, 1, 8],
        [10, 11, 6, 3, 7],
        [0, 1, 3, 0, 0],
        [3, 6, 3, 1, 1],
    ]
    assert fisher_table(table).p == pytest.approx(0.4231465, abs=5e-8)
