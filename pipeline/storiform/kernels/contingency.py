"""Tables of counts with given margins: how likely, without visiting each of them.

A table is cut between its columns. What lies on one side depends on the row sums alone that
it has to fill, and not on their order, so that each half is worked out once for each set of
row sums: a sorted list of how likely its fillings are, equal ones together.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_GRID = 1e10
"""Logarithms in one cell of this grid, per unit, are of fillings that are equally likely."""
_SPREAD = 2654435761
"""An odd number that spreads keys over the slots of a hash table (Knuth)."""


class Fillings(NamedTuple):
    """How likely the fillings of some columns are, for each set of row sums.

    Parameters
    ----------
    first
        int64 (sets + 1,), where the list of each set begins.
    log_p
        float64 (entries,), logarithm of the probability of a filling given its row sums,
        rising within a list.
    below
        float64 (entries,), probability of all fillings up to and with this entry.
    """

    first: Ints
    log_p: Floats
    below: Floats


class Sums(NamedTuple):
    """The row sums that some columns may have to fill.

    Parameters
    ----------
    sets
        int64 (sets, r), row sums in rising order.
    lookup
        int64 (positions,), which set the row sums at a position are when put in order,
        -1 where they cannot be.
    steps
        int64 (r,), position of row sums: their product with this, summed.
    """

    sets: Ints
    lookup: Ints
    steps: Ints


@compiled
def start_column(column: Ints, bounds: Ints, total: int) -> bool:
    """Fill a column (r,) with its first counts: as much as fits, from the first row on."""
    left = total
    for row in range(len(bounds)):
        column[row] = min(bounds[row], left)
        left -= column[row]
    return left == 0


@compiled
def advance_column(column: Ints, bounds: Ints) -> bool:
    """Go to the next column (r,) of the same total under the bounds; False after the last."""
    behind = 0
    room = 0
    rows = len(bounds)
    for row in range(rows - 1, -1, -1):
        if column[row] > 0 and room > behind:
            column[row] -= 1
            left = behind + 1
            for after in range(row + 1, rows):
                column[after] = min(bounds[after], left)
                left -= column[after]
            return True
        behind += column[row]
        room += bounds[row]
    return False


@compiled
def position_without(sums: Ints, column: Ints, steps: Ints) -> int:
    """Return the position of the row sums (r,) that a column leaves."""
    position = 0
    for row in range(len(sums)):
        position += (sums[row] - column[row]) * steps[row]
    return position


@compiled
def log_ways(sums: Ints, column: Ints, log_factorial: Floats) -> float:
    """Return the log number of ways to draw a column (r,) from the row sums (r,)."""
    total = 0.0
    for row in range(len(sums)):
        total += (
            log_factorial[sums[row]]
            - log_factorial[column[row]]
            - log_factorial[sums[row] - column[row]]
        )
    return total


@compiled
def count_orders(column: Ints, bounds: Ints) -> int:
    """Count the columns that differ from one (r,) by exchanging rows of equal bounds.

    One of them stands for all: the count is 0 unless its counts fall where bounds are equal.
    """
    orders, run, same = 1, 1, 1
    for row in range(1, len(bounds)):
        if bounds[row] != bounds[row - 1]:
            run, same = 1, 1
            continue
        if column[row] > column[row - 1]:
            return 0
        run += 1
        same = same + 1 if column[row] == column[row - 1] else 1
        orders = orders * run // same
    return orders


@compiled
def gather_equal(log_p: Floats, p: Floats) -> tuple[Floats, Floats]:
    """Add up entries (entries,) that are equally likely, and sort the sums by likelihood."""
    size = 2
    while size < 2 * len(log_p):
        size *= 2
    slots = np.full(size, -1, dtype=np.int64)
    keys = np.empty(len(log_p), dtype=np.int64)
    different, sums = np.empty(len(log_p)), np.empty(len(log_p))
    known = 0
    for entry in range(len(log_p)):
        key = int(np.floor(log_p[entry] * _GRID))
        slot = ((key ^ key >> 20) * _SPREAD) & (size - 1)
        while slots[slot] >= 0 and keys[slots[slot]] != key:
            slot = (slot + 1) & (size - 1)
        if slots[slot] < 0:
            slots[slot] = known
            keys[known], different[known], sums[known] = key, log_p[entry], 0.0
            known += 1
        sums[slots[slot]] += p[entry]
    order = np.argsort(different[:known])
    return different[order], sums[order]


@compiled
def count_fillings(sums: Sums, total: int, less: Sums, known: Fillings) -> Ints:
    """Count the entries of each set (sets,) when one more column is filled."""
    counts = np.zeros(len(sums.sets), dtype=np.int64)
    column = np.zeros(sums.sets.shape[1], dtype=np.int64)
    for number in range(len(sums.sets)):
        bounds = sums.sets[number]
        going = start_column(column, bounds, total)
        while going:
            child = less.lookup[position_without(bounds, column, less.steps)]
            counts[number] += known.first[child + 1] - known.first[child]
            going = advance_column(column, bounds)
    return counts


@compiled
def add_column(
    sums: Sums, total: int, less: Sums, known: Fillings, counts: Ints, log_factorial: Floats
) -> Fillings:
    """Fill one more column of a total in all ways.

    Parameters
    ----------
    sums, less
        Row sums with and without the column.
    known
        Fillings of the columns without it.
    counts
        Entries of each set (sets,) before equal ones are put together.
    log_factorial
        Logarithms of the factorials of 0 ... n.
    """
    column = np.zeros(sums.sets.shape[1], dtype=np.int64)
    first = np.zeros(len(sums.sets) + 1, dtype=np.int64)
    log_p, below = np.empty(1024), np.empty(1024)
    room_log, room_p = np.empty(counts.max()), np.empty(counts.max())
    every = sums.sets[0].sum()
    all_ways = log_factorial[every] - log_factorial[total] - log_factorial[every - total]
    end = 0
    for number in range(len(sums.sets)):
        bounds = sums.sets[number]
        entries = 0
        going = start_column(column, bounds, total)
        while going:
            shift = log_ways(bounds, column, log_factorial) - all_ways
            child = less.lookup[position_without(bounds, column, less.steps)]
            before = 0.0
            for entry in range(known.first[child], known.first[child + 1]):
                room_log[entries] = shift + known.log_p[entry]
                room_p[entries] = np.exp(shift) * (known.below[entry] - before)
                before = known.below[entry]
                entries += 1
            going = advance_column(column, bounds)
        ordered_log, ordered_p = gather_equal(room_log[:entries], room_p[:entries])
        entries = len(ordered_p)
        if end + entries > len(log_p):
            more = np.empty(max(entries, len(log_p)))
            log_p = np.concatenate((log_p, more))
            below = np.concatenate((below, more))
        running = 0.0
        for entry in range(entries):
            running += ordered_p[entry]
            log_p[end + entry] = ordered_log[entry]
            below[end + entry] = running
        end += entries
        first[number + 1] = end
    return Fillings(first, log_p[:end].copy(), below[:end].copy())
