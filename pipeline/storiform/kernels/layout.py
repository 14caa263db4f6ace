"""Where reads come to lie: along exons and indels; and what a record shows at a base.

A read lies on a chain of exons, a stretch of genome being a chain of one.
"""

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.records import (
    CODE_OF_NIBBLE,
    DELETION,
    INSERTION,
    MATCH,
    SKIP,
    SOFT_CLIP,
    Bytes,
    Int,
    cigar_at,
    cigar_length,
    int32_at,
    read_length,
)

MAX_OPERATIONS = 12
"""CIGAR operations that a read may have; what would need more is clipped."""
ANCHOR = 6
"""Bases that must lie on either side of an indel, or the aligner clips the shorter one."""
OTHER, WITHOUT, WITH = 4, 5, 6
"""Codes of `read_alleles` next to 0 A, 1 C, 2 G, 3 T: neither allele, or an indel or none."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@compiled
def find_event(positions: Int64, first: Int, last: Int, start: Int) -> Int:
    """Return the first index in [first, last) whose position is at or behind `start`."""
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if positions[middle] < start:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def lay_reads(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917  one walk along exons and indels
    exons: Int64, chain_first: Int32, chain: Int32, offset: Int32, aligned: Int32,
    clips: Int32, source: npt.NDArray[np.uint8], event_first: Int32, event_at: Int64,
    event_size: Int32,
) -> tuple[Int64, Int32, Int32, npt.NDArray[np.uint32], Int32]:  # fmt: skip
    """Align reads to the genome: places, CIGARs and the indel that each of them shows.

    Parameters
    ----------
    exons
        (e, 2) pieces of all chains, 0-based half-open on the joined genome.
    chain_first
        (c + 1,) where the exons of a chain begin.
    chain, offset, aligned
        (n,) chain of a read, its first base on it and the number of its bases to align.
    clips
        (n, 2) bases clipped on the left and on the right.
    source
        (n,) haplotype of a read.
    event_first, event_at, event_size
        Indels by haplotype: the base before it, and the inserted (+) or deleted (-) bases.

    Returns
    -------
    tuple
        (n,) starts and (n,) ends less starts (bp), (n,) number of operations, (n,
        MAX_OPERATIONS) operations, (n,) indel or -1.
    """
    count = len(chain)
    starts = np.zeros(count, dtype=np.int64)
    spans = np.zeros(count, dtype=np.int32)
    sizes = np.zeros(count, dtype=np.int32)
    cigars = np.zeros((count, MAX_OPERATIONS), dtype=np.uint32)
    events = np.full(count, -1, dtype=np.int32)
    for read in range(count):
        exon, last = chain_first[chain[read]], chain_first[chain[read] + 1] - 1
        place = np.int64(offset[read])
        while exon < last and place >= exons[exon, 1] - exons[exon, 0]:
            place -= exons[exon, 1] - exons[exon, 0]
            exon += 1
        place += exons[exon, 0]
        left, right = np.int64(clips[read, 0]), np.int64(clips[read, 1])
        remaining: Int = np.int64(aligned[read])
        first, end = event_first[source[read]], event_first[source[read] + 1]
        size = 1
        done = np.int64(0)
        starts[read] = place
        while remaining > 0:
            run = min(exons[exon, 1] - place, remaining)
            number = find_event(event_at, first, end, place)
            if events[read] < 0 and number < end and event_at[number] < place + run - 1:
                before = event_at[number] - place + 1
                change = np.int64(event_size[number])
                after = remaining - before - max(change, 0)
                fits = event_at[number] + 1 - min(change, 0) < exons[exon, 1]
                if fits and after < ANCHOR:
                    cigars[read, size] = before << 4 | MATCH
                    size += 1
                    done += before
                    place += before
                    right += remaining - before
                    remaining = 0
                    continue
                if fits and done == 0 and before < ANCHOR:
                    left += before + max(change, 0)
                    place = event_at[number] + 1 - min(change, 0)
                    remaining = after
                    starts[read] = place
                    events[read] = -2
                    continue
                if fits:
                    cigars[read, size] = before << 4 | MATCH
                    kind = INSERTION if change > 0 else DELETION
                    cigars[read, size + 1] = abs(change) << 4 | kind
                    size += 2
                    done += before
                    place = event_at[number] + 1 - min(change, 0)
                    remaining = after
                    events[read] = number
                    continue
                events[read] = -2
            cigars[read, size] = run << 4 | MATCH
            size += 1
            done += run
            place += run
            remaining -= run
            if remaining > 0:
                if exon == last or size > MAX_OPERATIONS - 6:
                    right += remaining
                    remaining = 0
                else:
                    cigars[read, size] = (exons[exon + 1, 0] - place) << 4 | SKIP
                    size += 1
                    exon += 1
                    place = exons[exon, 0]
        if right > 0:
            cigars[read, size] = right << 4 | SOFT_CLIP
            size += 1
        if left > 0:
            cigars[read, 0] = left << 4 | SOFT_CLIP
        else:
            for number in range(size - 1):
                cigars[read, number] = cigars[read, number + 1]
            size -= 1
        sizes[read] = size
        spans[read] = place - starts[read]
        events[read] = max(events[read], -1)
    return starts, spans, sizes, cigars, events


@compiled
def read_alleles(  # noqa: PLR0913, PLR0917  records and what they are asked
    data: Bytes, offsets: Int64, starts: Int64, ends: Int64, longest: Int,
    positions: Int64, sizes: Int32, inserted: Bytes,
) -> tuple[Int32, Int32, Bytes, Bytes]:  # fmt: skip
    """Return what each record shows of each call that it covers.

    Parameters
    ----------
    data, offsets
        Raw records, and where they begin.
    starts, ends
        (n,) their places on the joined genome; `starts` sorted.
    longest
        Upper bound of `ends` - `starts`.
    positions
        (p,) sorted: the base that is changed, or the one before an indel.
    sizes
        (p,) 0 of a substitution, + inserted, - deleted bases.
    inserted
        (p, w) the inserted bases, 0 to 3.

    Returns
    -------
    tuple
        Parallel arrays: row of `positions`, record, code (0 A, 1 C, 2 G, 3 T of a
        substitution; `WITHOUT` or `WITH` of an indel; `OTHER`), and the quality of the
        base, the lower of the two beside an indel.
    """
    room = 1024
    sites = np.empty(room, dtype=np.int32)
    records = np.empty(room, dtype=np.int32)
    codes = np.empty(room, dtype=np.uint8)
    qualities = np.empty(room, dtype=np.uint8)
    used = 0
    for site in range(len(positions)):
        position = positions[site]
        record = find_event(starts, 0, len(starts), position - longest)
        while record < len(starts) and starts[record] <= position:
            if ends[record] > position:
                code, quality = show_allele(
                    data, offsets[record], position - starts[record], sizes[site],
                    inserted[site],
                )  # fmt: skip
                if code >= 0:
                    if used == room:
                        room *= 2
                        sites = np.concatenate((sites, sites))
                        records = np.concatenate((records, records))
                        codes = np.concatenate((codes, codes))
                        qualities = np.concatenate((qualities, qualities))
                    sites[used], records[used] = site, record
                    codes[used], qualities[used] = code, quality
                    used += 1
            record += 1
    return sites[:used], records[:used], codes[:used], qualities[:used]


@compiled
def show_allele(
    data: Bytes, at: Int, distance: Int, size: Int, inserted: Bytes
) -> tuple[Int, Int]:
    """Return code and quality of a record `distance` bases behind its start; -1 for none."""
    cigar, operations = cigar_at(data, at), cigar_length(data, at)
    bases = cigar + 4 * operations
    qualities = bases + (read_length(data, at) + 1) // 2
    one = read_base(data, at, distance)
    two = one if size == 0 else read_base(data, at, distance + 1 - min(size, 0))
    if one < 0 or two < 0:
        return np.int64(-1), np.int64(0)
    quality = np.int64(min(data[qualities + one], data[qualities + two]))
    if size == 0:
        return shown_base(data, bases, one), quality
    between = two - one - 1
    if between == -min(size, 0):
        return np.int64(WITHOUT), quality
    if between != max(size, 0):
        return np.int64(OTHER), quality
    for step in range(between):
        if shown_base(data, bases, one + 1 + step) != inserted[step]:
            return np.int64(OTHER), quality
    return np.int64(WITH), quality


@compiled
def shown_base(data: Bytes, bases: Int, number: Int) -> Int:
    """Return a base of a read: 0 A, 1 C, 2 G, 3 T, 4 any other."""
    packed = np.int64(data[bases + number // 2])
    nibble = packed >> 4 if number % 2 == 0 else packed & 15
    return np.int64(CODE_OF_NIBBLE[nibble])


@compiled
def read_base(data: Bytes, at: Int, distance: Int) -> Int:
    """Return which base of a read lies `distance` bases behind its start; -1 for none."""
    cigar = cigar_at(data, at)
    read, place = np.int64(0), np.int64(0)
    for number in range(cigar_length(data, at)):
        word = int32_at(data, cigar + 4 * number)
        kind, size = word & 15, word >> 4
        if kind in (MATCH, INSERTION, SOFT_CLIP):
            if kind == MATCH and place + size > distance:
                return read + distance - place
            read += size
        if kind in (MATCH, DELETION, SKIP):
            place += size
            if place > distance:
                return np.int64(-1)
    return np.int64(-1)
