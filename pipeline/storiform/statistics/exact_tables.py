"""Fisher's exact test of tables with any number of rows and columns (Freeman and Halton)."""

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.kernels.contingency import (
    Fillings,
    Ints,
    Sums,
    add_column,
    count_fillings,
)
from storiform.kernels.contingency_halves import Halves, sum_unlikely
from storiform.model.errors import InputError, fault

EXACT = "Fisher exact (Freeman-Halton)"
MONTE_CARLO = "Fisher, Monte Carlo"
SLACK = float(np.log1p(1e-7))
"""R's slack: tables that are as likely as the observed one up to rounding count."""
REPLICATES = 99_999
MOST_STEPS = 2e10
"""Above this many steps, some minutes, no exact p is given."""
_MOST_PLACES = 4_000_000
_MOST_ENTRIES = 60_000_000
"""Fillings of a half table that are held at once: some 20 bytes each, 36 million the most that
random 5 x 5 tables of 100 patients had."""
_CHUNK = 4096


class TableTest(NamedTuple):
    """The p of a table, how it was found, and why there is none; else `note` is empty."""

    p: float
    method: str
    note: str


def fisher_table(table: npt.ArrayLike, replicates: int = 0, seed: int = 20261122) -> TableTest:
    """Test whether rows and columns of a table of counts are independent.

    The p is the probability of all tables with the same margins that are no likelier than the
    observed one. It is exact and needs no enumeration: the table is cut between its columns
    and both halves are worked out once for each set of row sums (see
    `storiform.kernels.contingency`), so that 5 x 5 tables of 100 patients take seconds.

    Parameters
    ----------
    table
        Counts (rows, columns).
    replicates
        Random tables with the same margins to draw where the exact p is out of reach; 0
        gives NaN and the reason instead.
    seed
        Seed of the random tables.

    Raises
    ------
    InputError
        If a count is negative or not whole.

    Examples
    --------
    >>> round(fisher_table([[3, 2, 1], [1, 5, 0], [0, 4, 9]]).p, 6)
    0.002264

    References
    ----------
    Freeman, Halton, Biometrika 38, 141-149 (1951), doi:10.1093/biomet/38.1-2.141.
    Mehta, Patel, J. American Statistical Association 78, 427-434 (1983),
    doi:10.1080/01621459.1983.10477989 (the halves are found as in their network).
    """
    counts = _trimmed(table)
    if min(counts.shape) < 2:  # noqa: PLR2004  one row or column: only one table
        return TableTest(1.0, EXACT, "")
    p = exact_table_p(counts)
    if not np.isnan(p):
        return TableTest(p, EXACT, "")
    if replicates:
        method = f"{MONTE_CARLO}, {replicates} tables, seed {seed}"
        return TableTest(monte_carlo_p(counts, replicates, seed), method, "")
    return TableTest(float("nan"), EXACT, "too many tables for an exact test")


def _trimmed(table: npt.ArrayLike) -> Ints:
    """Return whole counts without the empty rows and columns."""
    given = np.asarray(table, dtype=np.float64)
    counts = np.rint(given)
    is_table = given.ndim == 2 and np.isfinite(given).all()  # noqa: PLR2004  rows, columns
    if not is_table or (given < 0).any() or (np.abs(counts - given) > SLACK).any():
        raise InputError(
            fault(
                "a table for Fisher's exact test",
                str(given.tolist())[:100],
                "rows and columns of whole counts from 0 on",
                "Count patients, not shares.",
            )
        )
    whole = counts.astype(np.int64)
    filled: Ints = whole[whole.sum(axis=1) > 0][:, whole.sum(axis=0) > 0]
    return filled


def log_probability(cells: Ints, margins: Ints, total: int) -> float:
    """Return the log probability of a table given its margins, row and column sums joined."""
    ways = special.gammaln(margins + 1.0).sum() - special.gammaln(total + 1.0)
    return float(ways - special.gammaln(cells + 1.0).sum())


def exact_table_p(counts: Ints) -> float:
    """Return the exact p of counts (rows, columns), NaN where it would take too long.

    No row and no column is empty; there are at least two of each.
    """
    rows, columns = _sides(counts)
    total = int(counts.sum())
    logs = special.gammaln(np.arange(total + 1) + 1.0)
    if np.prod(rows[:-1] + 1.0) > _MOST_PLACES:
        return float("nan")
    size = len(columns) // 2
    left, middle, right = columns[:size], columns[size : len(columns) - size], columns[-size:]
    left_half, right_half = _fillings(rows, left, logs), _fillings(rows, right, logs)
    if left_half is None or right_half is None:
        return float("nan")
    rest, members = _sums(rows, total - int(left.sum()))
    between = int(middle.sum())
    reach = special.binom(between + len(rows) - 1, len(rows) - 1)
    mean = len(right_half[1].log_p) / len(right_half[0].sets)
    if len(rest.sets) * reach * mean > MOST_STEPS:
        return float("nan")
    numbers = rest.lookup[members @ rest.steps]
    order = np.argsort(numbers, kind="stable")
    first = np.searchsorted(numbers[order], np.arange(len(rest.sets) + 1))
    halves = Halves(rows, *left_half, rest, members[order], first, between, *right_half)
    limit = log_probability(counts, np.concatenate([rows, columns]), total) + SLACK
    return min(float(sum_unlikely(halves, limit, logs)), 1.0)


def _sides(counts: Ints) -> tuple[Ints, Ints]:
    """Return row sums, rising, and column sums: left half, middle, right half.

    The shorter side gives the rows, of two as long the more even one: that makes fewer sets
    of sums. The middle is visited for each set: the smallest column. The right is scanned:
    the next ones.
    """
    rows, columns = np.sort(counts.sum(axis=1)), np.sort(counts.sum(axis=0))
    short, long = sorted(
        (rows, columns), key=lambda side: (len(side), int(np.square(side).sum()))
    )
    size = len(long) // 2
    left = long[len(long) - size :][::-1]
    return short, np.concatenate([left, long[: len(long) - size]])


def _sums(margins: Ints, total: int) -> tuple[Sums, Ints]:
    """List the row sums of a total under the margins: sets in order, and all as they stand."""
    sizes = margins[:-1] + 1
    steps = np.concatenate([[1], np.cumprod(sizes)])
    steps[-1] = 0
    places = np.arange(int(sizes.prod()))
    grid = places[:, None] // steps[:-1] % sizes
    last = total - grid.sum(axis=1)
    is_possible = (last >= 0) & (last <= margins[-1])
    vectors = np.column_stack([grid, last])[is_possible]
    ordered = np.sort(vectors, axis=1)
    _keys, firsts, numbers = np.unique(ordered @ steps, return_index=True, return_inverse=True)
    lookup = np.full(len(places), -1, dtype=np.int64)
    lookup[is_possible] = numbers
    return Sums(ordered[firsts], lookup, steps), vectors


def _fillings(
    margins: Ints, columns: Ints, logs: npt.NDArray[np.float64]
) -> tuple[Sums, Fillings] | None:
    """Work out the fillings of columns for all row sums; None where there are too many."""
    total = int(columns[0])
    sums, _ = _sums(margins, total)
    sets = len(sums.sets)
    known = Fillings(np.arange(sets + 1), np.zeros(sets), np.ones(sets))
    for column in columns[1:].tolist():
        total += column
        more, _ = _sums(margins, total)
        counts = count_fillings(more, column, sums, known)
        if counts.sum() > _MOST_ENTRIES:
            return None
        known = add_column(more, column, sums, known, counts, logs)
        sums = more
    return sums, known


def monte_carlo_p(counts: Ints, replicates: int = REPLICATES, seed: int = 20261122) -> float:
    """Estimate the p of counts (rows, columns) from random tables with the same margins.

    The observed table counts as one of them, so that the test keeps its level.

    References
    ----------
    Hope, J. Royal Statistical Society B 30, 582-598 (1968),
    doi:10.1111/j.2517-6161.1968.tb00759.x.
    """
    generator = np.random.default_rng(seed)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    labels = np.repeat(np.arange(len(columns), dtype=np.int16), columns)
    starts = np.concatenate([[0], np.cumsum(rows)])
    log_factorial = special.gammaln(np.arange(len(labels) + 1) + 1.0)
    observed = log_factorial[counts].sum() * (1.0 - np.finfo(np.float64).eps * 64.0)
    unlikely = 1
    for begin in range(0, replicates, _CHUNK):
        size = min(_CHUNK, replicates - begin)
        drawn = generator.permuted(np.tile(labels, (size, 1)), axis=1)
        logs = np.zeros(size)
        for first, end in itertools.pairwise(starts):
            for label in range(len(columns)):
                logs += log_factorial[(drawn[:, first:end] == label).sum(axis=1)]
        unlikely += int((logs >= observed).sum())
    return unlikely / (replicates + 1.0)
