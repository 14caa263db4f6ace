"""Good bases of reads over target bases, and what follows from them base by base."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.depth import (
    READ1,
    Bytes,
    Counts,
    Int,
    Ints,
    Pieces,
    Reads,
    next_block,
    skip_pieces,
)
from storiform.kernels.records import CODE_OF_NIBBLE, cigar_at, cigar_length, read_length

BASES = 4
FAILED = 0xF04
"""Flags of reads that are not good: unmapped, secondary, failed, duplicate, supplementary."""
DUPLICATE = 0x400
COVERED, CALLABLE, CALLED, GC = range(4)
"""Columns of the sums of a piece: depth, callable bases, called bases, called G or C."""
HISTOGRAM = 5001
"""Bins of a histogram of depth; the last holds all that is deeper."""
LETTERS = np.array(list("NACGT"))
"""Letters of the numbers of a majority."""
ASCII = np.frombuffer(b"NACGT", dtype=np.uint8)
"""The same as bytes."""


class Rules(NamedTuple):
    """Which bases of which reads count.

    `min_mapq` and `min_base_quality` are the lowest that count, `excluded` the flags of
    reads that do not. With `mates_once` a base that both mates of a pair have counts once:
    of the mate with the higher quality, of read 1 if both have the same. Only that mate's
    quality is then asked for.
    """

    min_mapq: int
    min_base_quality: int
    excluded: int
    mates_once: bool


class Thresholds(NamedTuple):
    """From which depth a base is callable, and what makes it a site of two alleles."""

    min_depth: int
    min_site_depth: int
    min_site_reads: int
    min_site_share: float


@compiled
def bases_at(data: Bytes, at: Int) -> Int:
    """Return where the packed bases of a record begin."""
    return cigar_at(data, at) + 4 * cigar_length(data, at)


@compiled
def qualities_at(data: Bytes, at: Int) -> Int:
    """Return where the base qualities of a record begin."""
    return bases_at(data, at) + (read_length(data, at) + 1) // 2


@compiled
def base_code(data: Bytes, bases: Int, base: Int) -> Int:
    """Return a base of a read: 0 A, 1 C, 2 G, 3 T, 4 any other."""
    # numba looks for negative places only if they have a sign
    packed = np.int64(data[np.uint64(bases + (base >> 1))])
    return np.int64(CODE_OF_NIBBLE[np.uint64((packed >> (4 - 4 * (base & 1))) & 15)])


@compiled
def is_good(reads: Reads, i: Int, rules: Rules) -> bool:
    """Tell whether the bases of a record count."""
    return bool(
        reads.mapq[i] >= rules.min_mapq and not np.int64(reads.flags[i]) & rules.excluded
    )


@compiled
def count_bases(reads: Reads, pieces: Pieces, rules: Rules) -> Counts:
    """Count A, C, G and T of good reads on each target base.

    Parameters
    ----------
    reads
        Records of one contig, sorted.
    pieces
        Target bases.
    rules
        Which bases count.

    Returns
    -------
    numpy.ndarray
        int32 (bases, 4).
    """
    counts = np.zeros((pieces.places[-1], BASES), dtype=np.int32)
    row: Int = 0
    rows = len(pieces.starts)
    for i in range(len(reads.offsets)):
        start = np.int64(reads.starts[i])
        row = skip_pieces(pieces, row, start)
        if row == rows:
            break
        if np.int64(reads.ends[i]) <= pieces.starts[row] or not is_good(reads, i, rules):
            continue
        count_record(reads, i, pieces, row, rules.min_base_quality, counts)
        mate = np.int64(reads.mates[i])
        if rules.mates_once and 0 <= mate < i and is_good(reads, mate, rules):
            take_off_losers(reads, i, pieces, row, rules.min_base_quality, counts)
    return counts


@compiled
def count_record(
    reads: Reads, i: Int, pieces: Pieces, row: Int, min_quality: int, counts: Counts
) -> None:
    """Add the good bases of a record to the counts (bases, 4)."""
    data, at, rows = reads.data, reads.offsets[i], len(pieces.starts)
    bases, qualities, length = bases_at(data, at), qualities_at(data, at), read_length(data, at)
    operation, place, base, span = next_block(
        data, at, np.int64(0), np.int64(reads.starts[i]), np.int64(0)
    )
    while span > 0:
        end = place + min(span, max(length - base, 0))  # a record may come without its bases
        row = skip_pieces(pieces, row, place)
        k = row
        while k < rows and pieces.starts[k] < end:
            shift = pieces.places[k] - pieces.starts[k]
            low, high = max(place, pieces.starts[k]), min(end, pieces.ends[k])
            first, row_of_first = base + low - place, low + shift
            for x in range(high - low):
                code = base_code(data, bases, first + x)
                # added without a branch: a processor guesses qualities badly
                is_good_base = data[np.uint64(qualities + first + x)] >= min_quality
                row_of_base = np.uint64(row_of_first + x)
                counts[row_of_base, np.uint64(code & 3)] += is_good_base & (code < BASES)
            k += 1
        operation, place, base, span = next_block(
            data, at, operation, place + span, base + span
        )


@compiled
def take_off_losers(
    reads: Reads, i: Int, pieces: Pieces, row: Int, min_quality: int, counts: Counts
) -> None:
    """Take off the counts what the losing mate added to each base that both mates have."""
    data, mate, rows = reads.data, reads.mates[i], len(pieces.starts)
    one, two = reads.offsets[i], reads.offsets[mate]
    n1, n2 = read_length(data, one), read_length(data, two)
    bases1, bases2 = bases_at(data, one), bases_at(data, two)
    qualities1, qualities2 = qualities_at(data, one), qualities_at(data, two)
    is_first = (np.int64(reads.flags[i]) & READ1) != 0
    c1, p1, b1, s1 = next_block(data, one, np.int64(0), np.int64(reads.starts[i]), np.int64(0))
    c2, p2, b2, s2 = next_block(
        data, two, np.int64(0), np.int64(reads.starts[mate]), np.int64(0)
    )
    while s1 > 0 and s2 > 0:
        start = max(p1, p2)
        end = min(p1 + min(s1, n1 - b1), p2 + min(s2, n2 - b2))
        row = skip_pieces(pieces, row, start)
        k = row
        while k < rows and pieces.starts[k] < end:
            low, high = max(start, pieces.starts[k]), min(end, pieces.ends[k])
            shift = pieces.places[k] - pieces.starts[k]
            for x in range(low, high):
                q1 = data[np.uint64(qualities1 + b1 + x - p1)]
                q2 = data[np.uint64(qualities2 + b2 + x - p2)]
                wins = q1 > q2 or (q1 == q2 and is_first)
                if min(q1, q2) >= min_quality:
                    at, b = (bases2, b2 + x - p2) if wins else (bases1, b1 + x - p1)
                    code = base_code(data, at, b)
                    if code < BASES:
                        counts[np.uint64(x + shift), np.uint64(code)] -= 1
            k += 1
        if p1 + s1 <= p2 + s2:
            c1, p1, b1, s1 = next_block(data, one, c1, p1 + s1, b1 + s1)
        else:
            c2, p2, b2, s2 = next_block(data, two, c2, p2 + s2, b2 + s2)


@compiled
def sum_bases(
    pieces: Pieces, depth: Counts, counts: Counts, limits: Thresholds, histogram: Ints
) -> tuple[Ints, npt.NDArray[np.uint8], Ints, Ints]:
    """Sum depth and good bases over pieces, and list callable runs and sites.

    Parameters
    ----------
    pieces
        Target bases.
    depth
        int32 (bases,), their depth.
    counts
        int32 (bases, 4), their good bases.
    limits
        What is callable, and what is a site.
    histogram
        int64 (`HISTOGRAM`,), bases by depth: added to.

    Returns
    -------
    tuple
        Sums of each piece (n, 4) in the order `COVERED, CALLABLE, CALLED, GC`; the base of
        the most reads at each place, 1 A to 4 T, 0 for none, the first at a tie; runs of
        callable bases (n, 3): number of the first base, of the base after, sum of the good
        depth; numbers of the places that are sites.
    """
    total = pieces.places[-1]
    sums = np.zeros((len(pieces.starts), 4), dtype=np.int64)
    majority = np.zeros(total, dtype=np.uint8)
    runs = np.empty((total // 2 + len(pieces.starts) + 1, 3), dtype=np.int64)
    sites = np.empty(total, dtype=np.int64)
    found, listed = 0, 0
    for k in range(len(pieces.starts)):
        is_open = False
        for x in range(pieces.places[k], pieces.places[k + 1]):
            sums[k, COVERED] += depth[x]
            histogram[min(max(depth[x], 0), HISTOGRAM - 1)] += 1
            best, _, second = rank_bases(counts, x)
            good = counts[x, 0] + counts[x, 1] + counts[x, 2] + counts[x, 3]
            if good > 0:
                majority[x] = best + 1
                sums[k, CALLED] += 1
                sums[k, GC] += best in (1, 2)
            if good >= limits.min_depth:
                if not is_open:
                    runs[found, 0], runs[found, 2] = x, 0
                    is_open = True
                    found += 1
                runs[found - 1, 1] = x + 1
                runs[found - 1, 2] += good
                sums[k, CALLABLE] += 1
            else:
                is_open = False
            if is_site(good, second, limits):
                sites[listed] = x
                listed += 1
    return sums, majority, runs[:found].copy(), sites[:listed].copy()


@compiled
def is_site(good: Int, second: Int, limits: Thresholds) -> bool:
    """Tell whether a base of that depth and so many reads of its second allele is a site."""
    is_deep = good >= limits.min_site_depth
    return bool(
        is_deep and second >= max(limits.min_site_reads, limits.min_site_share * good, 1)
    )


@compiled
def rank_bases(counts: Counts, place: Int) -> tuple[Int, Int, Int]:
    """Return the base of the most reads, its reads, and those of the second."""
    best, top, second = 0, np.int64(counts[place, 0]), np.int64(0)
    for code in range(1, BASES):
        reads = np.int64(counts[place, code])
        if reads > top:
            best, top, second = code, reads, top
        elif reads > second:
            second = reads
    return best, top, second


@compiled
def list_alternatives(
    counts: Counts, majority: Bytes, reference: Bytes, min_depth: int
) -> Ints:
    """List the places where most good reads show another base than the reference.

    Parameters
    ----------
    counts
        int32 (bases, 4), good bases of each place.
    majority
        uint8 (bases,), as of `sum_bases`.
    reference
        uint8 (bases,), A, C, G, T or another letter as ASCII.
    min_depth
        Good reads from which a place is listed.

    Returns
    -------
    numpy.ndarray
        int64 (n,), numbers of the places.
    """
    listed = np.empty(len(majority), dtype=np.int64)
    found = 0
    for x in range(len(majority)):
        if majority[x] == 0 or ASCII[majority[x]] == reference[x]:
            continue
        if reference[x] not in (ASCII[1], ASCII[2], ASCII[3], ASCII[4]):
            continue
        if counts[x, 0] + counts[x, 1] + counts[x, 2] + counts[x, 3] >= min_depth:
            listed[found] = x
            found += 1
    return listed[:found].copy()


def join_runs(runs: Ints, borders: Ints) -> Ints:
    """Join runs (n, 3) of `sum_bases` that were cut between batches.

    A run goes on where another ended, unless that is one of the sorted borders.

    Examples
    --------
    >>> join_runs(np.array([[7, 9, 3], [2, 7, 8], [9, 10, 1]]), np.array([0, 9, 20])).tolist()
    [[2, 9, 11], [9, 10, 1]]
    """
    runs = runs[np.argsort(runs[:, 0], kind="stable")]
    goes_on = np.zeros(len(runs), dtype=bool)
    goes_on[1:] = (runs[1:, 0] == runs[:-1, 1]) & ~np.isin(runs[1:, 0], borders)
    first = np.flatnonzero(~goes_on)
    last = np.append(first[1:], len(runs))[: len(first)] - 1
    sums = np.concatenate([[0], np.cumsum(runs[:, 2])])
    joined = [runs[first, 0], runs[last, 1], sums[last + 1] - sums[first]]
    return np.column_stack(joined).astype(np.int64)


def flanks(sites: Ints, borders: Ints, majority: Bytes, length: int) -> list[str]:
    """Write the bases beside each site, empty where one of them is not known.

    Parameters
    ----------
    sites
        Numbers of target bases.
    borders
        Numbers of the first bases of all targets, and the number of all bases.
    majority
        uint8 (bases,), as of `sum_bases`.
    length
        Bases on either side.

    Examples
    --------
    >>> bases = np.array([1, 2, 3, 4, 0], dtype=np.uint8)
    >>> flanks(np.array([1, 3]), np.array([0, 5]), bases, 1)
    ['AG', '']
    """
    rows = np.searchsorted(borders, sites, side="right") - 1
    is_inside = (sites - length >= borders[rows]) & (sites + length < borders[rows + 1])
    written = np.full(len(sites), "", dtype=object)
    around = np.concatenate([np.arange(-length, 0), np.arange(1, length + 1)])
    codes = majority[sites[is_inside, None] + around]
    written[is_inside] = ["".join(LETTERS[row]) if row.all() else "" for row in codes]
    return [str(word) for word in written]
