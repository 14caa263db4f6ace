"""The two halves of tables of counts, joined: how many are as unlikely as one of them."""

from typing import NamedTuple

import numpy as np

from storiform.kernels import compiled
from storiform.kernels.contingency import (
    Fillings,
    Floats,
    Ints,
    Sums,
    advance_column,
    count_orders,
    gather_equal,
    log_ways,
    position_without,
    start_column,
)

_BUCKETS = 8
"""Places of the index for each entry: most values then lie in a place of their own."""


class Halves(NamedTuple):
    """A table that is cut into columns on the left, at most one in the middle, and the right.

    Parameters
    ----------
    margins
        int64 (r,), row sums of the whole table, rising.
    left_sums, left
        Row sums that the left columns may fill, and their fillings.
    rest
        Row sums that the left columns may leave.
    members, first_member
        int64 (members, r), the row sums that are left, those of one set of `rest` together;
        int64 (sets + 1,), where each set begins.
    middle
        Total of the column in the middle; 0 where there is none.
    right_sums, right
        As on the left.
    """

    margins: Ints
    left_sums: Sums
    left: Fillings
    rest: Sums
    members: Ints
    first_member: Ints
    middle: int
    right_sums: Sums
    right: Fillings


class Shelf(NamedTuple):
    """Rising logarithms and what to look them up by.

    Parameters
    ----------
    log_p
        float64 (entries + 1,), rising; infinity behind the last.
    below
        float64 (entries + 1,), probability of the entries before each.
    starts
        int64 (buckets,), how many entries lie in the buckets before each.
    scale
        Buckets in one unit of `log_p`.
    """

    log_p: Floats
    below: Floats
    starts: Ints
    scale: float


@compiled
def fill_left(halves: Halves, number: int, log_p: Floats, p: Floats, logs: Floats) -> int:
    """List the left fillings (entries,) that leave a set of row sums; return how many."""
    every, filled = halves.margins.sum(), halves.left_sums.sets[0].sum()
    all_ways = logs[every] - logs[filled] - logs[every - filled]
    entries = 0
    for member in range(halves.first_member[number], halves.first_member[number + 1]):
        left_over = halves.members[member]
        shift = log_ways(halves.margins, left_over, logs) - all_ways
        place = position_without(halves.margins, left_over, halves.left_sums.steps)
        child = halves.left_sums.lookup[place]
        before = 0.0
        for entry in range(halves.left.first[child], halves.left.first[child + 1]):
            log_p[entries] = shift + halves.left.log_p[entry]
            p[entries] = np.exp(shift) * (halves.left.below[entry] - before)
            before = halves.left.below[entry]
            entries += 1
    return entries


@compiled
def likeliest_ends(halves: Halves, number: int, logs: Floats) -> tuple[float, float]:
    """Return the least and greatest log probability of what may follow a set of row sums."""
    bounds = halves.rest.sets[number]
    every = bounds.sum()
    all_ways = logs[every] - logs[halves.middle] - logs[every - halves.middle]
    least, most = np.inf, -np.inf
    column = np.zeros(len(bounds), dtype=np.int64)
    going = start_column(column, bounds, halves.middle)
    while going:
        weight = log_ways(bounds, column, logs) - all_ways
        place = position_without(bounds, column, halves.right_sums.steps)
        child = halves.right_sums.lookup[place]
        first, last = halves.right.first[child], halves.right.first[child + 1] - 1
        least = min(least, weight + halves.right.log_p[first])
        most = max(most, weight + halves.right.log_p[last])
        going = advance_column(column, bounds)
    return least, most


@compiled
def keep_undecided(log_p: Floats, p: Floats, ends: Floats) -> tuple[int, float]:
    """Keep in place the entries at or below the second end and above the first.

    Returns
    -------
    tuple
        How many are kept, and the probability of those at or below the first end.
    """
    kept, decided = 0, 0.0
    for entry in range(len(log_p)):
        if log_p[entry] <= ends[0]:
            decided += p[entry]
        elif log_p[entry] <= ends[1]:
            log_p[kept], p[kept] = log_p[entry], p[entry]
            kept += 1
    return kept, decided


@compiled
def make_shelf(log_p: Floats, p: Floats) -> Shelf:
    """Sort entries and index them by value."""
    ordered, ordered_p = gather_equal(log_p, p)
    entries = len(ordered)
    width = ordered[-1] - ordered[0]
    buckets = _BUCKETS * entries
    scale = (buckets - 1) / width if width > 0.0 else 0.0
    starts = np.zeros(buckets + 1, dtype=np.int64)
    shelved, below = np.full(entries + 1, np.inf), np.zeros(entries + 1)
    for entry in range(entries):
        shelved[entry] = ordered[entry]
        below[entry + 1] = below[entry] + ordered_p[entry]
        starts[int((ordered[entry] - ordered[0]) * scale) + 1] += 1
    for bucket in range(buckets):
        starts[bucket + 1] += starts[bucket]
    return Shelf(shelved, below, starts, scale)


@compiled
def join_list(shelf: Shelf, fillings: Fillings, child: int, limit: float) -> float:
    """Return the probability of pairs of an entry and a filling at or below a limit."""
    first, end = fillings.first[child], fillings.first[child + 1]
    last = len(shelf.log_p) - 2
    low, high = limit - shelf.log_p[last], limit - shelf.log_p[0]
    if fillings.log_p[end - 1] <= low:
        return float(shelf.below[last + 1] * fillings.below[end - 1])
    if fillings.log_p[first] > high:
        return 0.0
    filling = first + np.searchsorted(fillings.log_p[first:end], low, "right")
    before = fillings.below[filling - 1] if filling > first else 0.0
    total = float(shelf.below[last + 1] * before)
    while filling < end and fillings.log_p[filling] <= high:
        room = limit - fillings.log_p[filling]
        place = shelf.starts[int((room - shelf.log_p[0]) * shelf.scale)]
        while shelf.log_p[place] <= room:
            place += 1
        total += (fillings.below[filling] - before) * shelf.below[place]
        before = fillings.below[filling]
        filling += 1
    return total


@compiled
def join_right(halves: Halves, number: int, shelf: Shelf, limit: float, logs: Floats) -> float:
    """Return the probability of unlikely tables among those that go on from a set of sums."""
    bounds = halves.rest.sets[number]
    every = bounds.sum()
    all_ways = logs[every] - logs[halves.middle] - logs[every - halves.middle]
    column = np.zeros(len(bounds), dtype=np.int64)
    total = 0.0
    going = start_column(column, bounds, halves.middle)
    while going:
        weight = log_ways(bounds, column, logs) - all_ways
        orders = count_orders(column, bounds)
        if orders > 0:
            place = position_without(bounds, column, halves.right_sums.steps)
            child = halves.right_sums.lookup[place]
            part = join_list(shelf, halves.right, child, limit - weight)
            total += orders * np.exp(weight) * part
        going = advance_column(column, bounds)
    return total


@compiled
def sum_unlikely(halves: Halves, limit: float, log_factorial: Floats) -> float:
    """Return the probability of all tables with a log probability at or below a limit.

    Parameters
    ----------
    halves
        The table, cut.
    limit
        Natural logarithm.
    log_factorial
        Logarithms of the factorials of 0 ... n, (n + 1,).
    """
    sizes = np.zeros(len(halves.rest.sets), dtype=np.int64)
    for number in range(len(sizes)):
        for member in range(halves.first_member[number], halves.first_member[number + 1]):
            place = position_without(
                halves.margins, halves.members[member], halves.left_sums.steps
            )
            child = halves.left_sums.lookup[place]
            sizes[number] += halves.left.first[child + 1] - halves.left.first[child]
    log_p, p, ends = np.empty(sizes.max()), np.empty(sizes.max()), np.empty(2)
    total = 0.0
    for number in range(len(sizes)):
        entries = fill_left(halves, number, log_p, p, log_factorial)
        least, most = likeliest_ends(halves, number, log_factorial)
        ends[0], ends[1] = limit - most, limit - least
        kept, decided = keep_undecided(log_p[:entries], p[:entries], ends)
        total += decided
        if kept > 0:
            shelf = make_shelf(log_p[:kept], p[:kept])
            total += join_right(halves, number, shelf, limit, log_factorial)
    return total
