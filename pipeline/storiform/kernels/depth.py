"""Aligned blocks of records, target bases laid end to end, and the depth over them.

Target bases are numbered through: the first base of a piece has the number `places` of its
row. An interval of the reference thus adds to one run of numbers for each piece that it
touches, whatever lies between the pieces.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.records import (
    DELETION,
    DIFFERENT,
    EQUAL,
    INSERTION,
    MATCH,
    SKIP,
    SOFT_CLIP,
    cigar_at,
    cigar_length,
    int32_at,
)

Bytes = npt.NDArray[np.uint8]
Int = int | np.int64
Ints = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int32]
Block = tuple[Int, Int, Int, Int]

PROPER, READ1, SUPPLEMENTARY = 2, 64, 2048
DEPTH, FAST_DEPTH, MOSDEPTH_DEPTH = 1, 2, 3
EXCLUDED = 1796
"""Flags that mosdepth leaves out: unmapped, secondary, failed, duplicate."""


class Reads(NamedTuple):
    """Columns of a batch of records of one contig, sorted by start; see `RecordBatch`."""

    data: Bytes
    offsets: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]
    flags: npt.NDArray[np.uint16]
    mapq: npt.NDArray[np.uint8]
    mates: npt.NDArray[np.int32]


class Pieces(NamedTuple):
    """Sorted, disjoint pieces of one contig; `places` (n + 1,) numbers their bases."""

    starts: Ints
    ends: Ints
    places: Ints


class DepthRules(NamedTuple):
    """What depth is.

    Parameters
    ----------
    min_mapq
        Mapping quality from which a record counts.
    mode
        `DEPTH` for aligned bases, those of a proper pair once; `FAST_DEPTH` for the whole
        span of each record, deletions and skipped bases as well (``mosdepth -x``).
        `MOSDEPTH_DEPTH` is `DEPTH` with the short cut of mosdepth 0.3.3: where both mates are
        one operation, all from the start of the later mate to the end of the earlier one is
        taken off. Where the later mate ends inside the earlier one that is too much, and
        bases behind it that one read covers count as not covered. That may reach beyond the
        bases that a batch owns: see `kernels.edges`.
    """

    min_mapq: int = 0
    mode: int = DEPTH


def clip_pieces(starts: Ints, ends: Ints, first: int, last: int) -> tuple[int, Pieces]:
    """Cut sorted, disjoint intervals to the bases [first, last).

    Returns
    -------
    tuple
        The row of the first interval that has a base there, and the pieces.

    Examples
    --------
    >>> row, pieces = clip_pieces(np.array([2, 9]), np.array([6, 12]), 4, 10)
    >>> row, pieces.starts.tolist(), pieces.ends.tolist(), pieces.places.tolist()
    (0, [4, 9], [6, 10], [0, 2, 3])
    """
    lower = int(np.searchsorted(ends, first, side="right"))
    upper = max(int(np.searchsorted(starts, last, side="left")), lower)
    cut_starts = np.maximum(starts[lower:upper], first).astype(np.int64)
    cut_ends = np.minimum(ends[lower:upper], last).astype(np.int64)
    places = np.zeros(upper - lower + 1, dtype=np.int64)
    np.cumsum(cut_ends - cut_starts, out=places[1:])
    return lower, Pieces(cut_starts, cut_ends, places)


def bases_before(places: Ints, starts: Ints, ends: Ints) -> Ints:
    """Count for places of any shape the bases before each in sorted, disjoint intervals.

    Examples
    --------
    >>> bases_before(np.array([1, 4, 20]), np.array([2, 9]), np.array([6, 12])).tolist()
    [0, 2, 7]
    """
    before = np.concatenate([[0], np.cumsum(ends - starts)])
    last = np.searchsorted(starts, places, side="right")
    beyond = np.where(last > 0, ends[last - 1] - places, 0)
    return np.asarray(before[last] - np.maximum(beyond, 0), dtype=np.int64)


@compiled
def next_block(data: Bytes, at: Int, operation: Int, place: Int, base: Int) -> Block:
    """Find the next aligned block of a record: a run of bases that stand on reference bases.

    Parameters
    ----------
    data, at
        The record.
    operation, place, base
        Where to go on: index in the CIGAR, place on the reference, index in the read. After
        a block, go on from `place` + length and `base` + length.

    Returns
    -------
    tuple
        Index in the CIGAR after the block, its first place, its first base, its length;
        length 0 where no block is left.
    """
    cigar, operations = cigar_at(data, at), cigar_length(data, at)
    while operation < operations:
        word = int32_at(data, cigar + 4 * operation)
        code, length = word & 15, (word >> 4) & 0xFFFFFFF
        operation += 1
        if code in (MATCH, EQUAL, DIFFERENT):
            if length > 0:
                return operation, place, base, length
        elif code in (INSERTION, SOFT_CLIP):
            base += length
        elif code in (DELETION, SKIP):
            place += length
    return operation, place, base, np.int64(0)


@compiled
def skip_pieces(pieces: Pieces, row: Int, place: Int) -> Int:
    """Return the first piece from `row` on that ends after a place."""
    while row < len(pieces.starts) and pieces.ends[row] <= place:
        row += 1
    return row


@compiled
def add_span(pieces: Pieces, row: Int, start: Int, end: Int, step: Int, depth: Counts) -> None:
    """Add `step` over [start, end) to a difference array of target bases (n + 1,).

    `row` is a piece before which none ends after `start`.
    """
    rows = len(pieces.starts)
    row = skip_pieces(pieces, row, start)
    while row < rows and pieces.starts[row] < end:
        shift = pieces.places[row] - pieces.starts[row]
        depth[max(start, pieces.starts[row]) + shift] += step
        depth[min(end, pieces.ends[row]) + shift] -= step
        row += 1


@compiled
def has_depth(reads: Reads, i: Int, min_mapq: int) -> bool:
    """Tell whether mosdepth counts a record."""
    return bool(reads.mapq[i] >= min_mapq and not np.int64(reads.flags[i]) & EXCLUDED)


@compiled
def count_depth(reads: Reads, pieces: Pieces, rules: DepthRules) -> Counts:
    """Count the depth of target bases as mosdepth does.

    Parameters
    ----------
    reads
        Records of one contig, sorted.
    pieces
        Target bases to count.
    rules
        Which records count, and what of them.

    Returns
    -------
    numpy.ndarray
        int32 (bases,), the depth of each target base.

    References
    ----------
    Pedersen and Quinlan, Bioinformatics 34, 867-868 (2018),
    doi:10.1093/bioinformatics/btx699.
    """
    depth = np.zeros(pieces.places[-1] + 1, dtype=np.int32)
    row: Int = 0
    rows = len(pieces.starts)
    for i in range(len(reads.offsets)):
        start, end = np.int64(reads.starts[i]), np.int64(reads.ends[i])
        row = skip_pieces(pieces, row, start)
        if row == rows:
            break
        if rules.mode == MOSDEPTH_DEPTH and reads.mates[i] >= 0:
            end = max(end, np.int64(reads.ends[np.int64(reads.mates[i])]))
        if end <= pieces.starts[row] or not has_depth(reads, i, rules.min_mapq):
            continue
        if rules.mode == FAST_DEPTH:
            add_span(pieces, row, start, end, 1, depth)
        else:
            add_record(reads, i, pieces, row, depth)
            if follows_mate(reads, i, rules.min_mapq):
                take_off_mate(reads, i, pieces, row, rules, depth)
    total = np.int32(0)
    for k in range(len(depth)):
        total += depth[k]
        depth[k] = total
    return depth[:-1]


@compiled
def add_record(reads: Reads, i: Int, pieces: Pieces, row: Int, depth: Counts) -> None:
    """Add the aligned blocks of a record to a difference array."""
    data, at = reads.data, reads.offsets[i]
    block = next_block(data, at, np.int64(0), np.int64(reads.starts[i]), np.int64(0))
    operation, place, base, length = block
    while length > 0:
        add_span(pieces, row, place, place + length, 1, depth)
        operation, place, base, length = next_block(
            data, at, operation, place + length, base + length
        )


@compiled
def follows_mate(reads: Reads, i: Int, min_mapq: int) -> bool:
    """Tell whether a record comes after its mate, and both count as one of a proper pair."""
    mate = np.int64(reads.mates[i])
    if mate < 0 or mate >= i or not has_depth(reads, mate, min_mapq):
        return False
    flags, mate_flags = np.int64(reads.flags[i]), np.int64(reads.flags[mate])
    return bool(flags & mate_flags & PROPER and not (flags | mate_flags) & SUPPLEMENTARY)


@compiled
def is_one_operation(reads: Reads, i: Int) -> bool:
    """Tell whether the CIGAR of a record is one operation."""
    return bool(cigar_length(reads.data, reads.offsets[i]) == 1)


@compiled
def take_off_mate(
    reads: Reads, i: Int, pieces: Pieces, row: Int, rules: DepthRules, depth: Counts
) -> None:
    """Take off what a record adds to the depth of its mate, which came before it."""
    mate = np.int64(reads.mates[i])
    is_short_cut = rules.mode == MOSDEPTH_DEPTH
    if is_short_cut and is_one_operation(reads, i) and is_one_operation(reads, mate):
        start, end = np.int64(reads.starts[i]), np.int64(reads.ends[mate])
        add_span(pieces, row, start, end, -1, depth)
    else:
        take_off_overlap(reads, i, pieces, row, depth)


@compiled
def take_off_overlap(reads: Reads, i: Int, pieces: Pieces, row: Int, depth: Counts) -> None:
    """Take the bases that a record shares with its mate off a difference array."""
    data, mate = reads.data, reads.mates[i]
    one, two = reads.offsets[i], reads.offsets[mate]
    c1, p1, b1, n1 = next_block(data, one, np.int64(0), np.int64(reads.starts[i]), np.int64(0))
    c2, p2, b2, n2 = next_block(
        data, two, np.int64(0), np.int64(reads.starts[mate]), np.int64(0)
    )
    while n1 > 0 and n2 > 0:
        start, end = max(p1, p2), min(p1 + n1, p2 + n2)
        if start < end:
            add_span(pieces, row, start, end, -1, depth)
        if p1 + n1 <= p2 + n2:
            c1, p1, b1, n1 = next_block(data, one, c1, p1 + n1, b1 + n1)
        else:
            c2, p2, b2, n2 = next_block(data, two, c2, p2 + n2, b2 + n2)
