"""Mates of one pair that overlap, found by their names."""

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.decoding import Columns
from storiform.kernels.records import (
    FIXED,
    Bytes,
    Int,
    int32_at,
    mate_contig,
    mate_start,
    name_length,
    uint16_at,
)

_PAIRED = 1
_RANK = 64 | 128
_PAIRABLE = 1 | 4 | 8 | 256 | 2048
_FARTHEST = 1000
_HALF = np.uint64(32)


@compiled
def has_same_name(data: Bytes, one: Int, other: Int) -> bool:
    """Tell whether two records have the same name."""
    length = name_length(data, one)
    if length != name_length(data, other):
        return False
    same = 0
    while same < length and data[one + FIXED + same] == data[other + FIXED + same]:
        same += 1
    return bool(same == length)


@compiled
def is_pairable(data: Bytes, at: Int) -> bool:
    """Tell whether a record is primary, of a pair, and its mate mapped to the same contig."""
    flag = uint16_at(data, at + 18)
    if flag & _PAIRABLE != _PAIRED or flag & _RANK == 0 or flag & _RANK == _RANK:
        return False
    return bool(mate_contig(data, at) == int32_at(data, at + 4))


@compiled
def rank_mates(data: Bytes, one: Int, other: Int) -> int:
    """Compare two pairable records.

    Returns
    -------
    int
        2 if they are read 1 and read 2 of one name and each begins where the other says it
        does, 1 if only their names say so, else 0.
    """
    flags = uint16_at(data, one + 18) ^ uint16_at(data, other + 18)
    if flags & _RANK != _RANK or not has_same_name(data, one, other):
        return 0
    if mate_start(data, one) != int32_at(data, other + 8):
        return 1
    return 2 if mate_start(data, other) == int32_at(data, one + 8) else 1


@compiled
def let_wait(table: npt.NDArray[np.int32], slot: Int, row: Int) -> None:
    """Put a record into the table of those that wait for their mate."""
    while table[slot] > 0:
        slot = (slot + 1) & (table.shape[0] - 1)
    table[slot] = row + 1


@compiled
def pair_mates(data: Bytes, columns: Columns) -> npt.NDArray[np.int32]:
    """Pair the mates that overlap, among the records of one contig in order of their starts.

    A record waits for its mate only if it says that the mate begins inside it. Some
    aligners write a place of the mate that is not its own; then the name decides. Where
    several records have one name, those are preferred that agree on their places.

    Returns
    -------
    numpy.ndarray
        int32 (n,), the row of the mate, -1 for none.
    """
    offsets, starts, ends, names = columns.offsets, columns.starts, columns.ends, columns.names
    count, size = offsets.shape[0], 16
    while size < 2 * count:
        size *= 2
    mates = np.full(count, -1, np.int32)
    table = np.zeros(size, np.int32)
    for row in range(count):
        at, start, name = offsets[row], starts[row], names[row]
        if not is_pairable(data, at):
            continue
        there = mate_start(data, at)
        home = np.int64(name >> _HALF) & (size - 1)
        slot: Int = home
        mate: Int = -1
        best = 0
        while there <= start and table[slot] > 0:
            other = np.int64(table[slot]) - 1
            if names[other] == name and mates[other] < 0 and start < ends[other]:
                rank = rank_mates(data, at, offsets[other])
                mate, best = (other, rank) if rank > best else (mate, best)
            slot = (slot + 1) & (size - 1)
        if mate >= 0:
            mates[row], mates[mate] = mate, row
        elif start <= there < ends[row]:
            let_wait(table, home, row)
    return mates


@compiled
def pair_neighbours(data: Bytes, columns: Columns) -> npt.NDArray[np.int32]:
    """Pair the mates that overlap, among neighbours of one name in any order of places.

    A mate is looked for among the 1,000 records before.

    Returns
    -------
    numpy.ndarray
        int32 (n,), the row of the mate, -1 for none.
    """
    offsets, contigs, starts, ends = (
        columns.offsets,
        columns.contigs,
        columns.starts,
        columns.ends,
    )
    names, count = columns.names, columns.offsets.shape[0]
    mates = np.full(count, -1, np.int32)
    for row in range(count):
        other, mate, best = row - 1, -1, 0
        is_open = is_pairable(data, offsets[row])
        while is_open and other >= max(0, row - _FARTHEST) and names[other] == names[row]:
            is_near = starts[row] < ends[other] and starts[other] < ends[row]
            is_near = is_near and contigs[row] == contigs[other] and mates[other] < 0
            if is_near and is_pairable(data, offsets[other]):
                rank = rank_mates(data, offsets[row], offsets[other])
                mate, best = (other, rank) if rank >= best and rank > 0 else (mate, best)
            other -= 1
        if mate >= 0:
            mates[row], mates[mate] = mate, row
    return mates
