"""HTSeq's intersections: the genes that all steps of a record share.

A step is a stretch of aligned bases over which the genes do not change.
"""

import numpy as np

from storiform.kernels import compiled
from storiform.kernels.overlaps import (
    ALIGNED,
    END,
    FIRST_ENTRY,
    GENE_SHIFT,
    MASK,
    SPACED,
    START,
    STRICT,
    Int64s,
    gallop,
)
from storiform.kernels.records import Bytes, Int, cigar_at, cigar_length, int32_at


@compiled
def mask_of(entries: Int64s, span: tuple[Int, Int, Int], gene: Int) -> Int:
    """Return the mask of a gene among the entries of a segment, 0 where it is not there.

    ``span`` are the bounds of the entries and the column in which they stand.
    """
    for q in range(span[0], span[1]):
        if entries[q, span[2]] >> GENE_SHIFT == gene:
            return np.int64(entries[q, span[2]] & MASK)
    return np.int64(0)


@compiled
def told_by(entries: Int64s, span: tuple[Int, Int, Int]) -> Int:
    """Return the mask of the strandednesses under which a segment has a gene."""
    told = np.int64(0)
    for q in range(span[0], span[1]):
        told |= entries[q, span[2]] & MASK
    return told


@compiled
def narrow(
    found: Int64s, size: Int, entries: Int64s, span: tuple[Int, Int, Int], told: Int
) -> Int:
    """Take from the masks of a list what a segment, for the strandednesses told, has not."""
    for k in range(size):
        mask = mask_of(entries, span, found[k] >> GENE_SHIFT)
        found[k] &= ~(told & ~mask)
    return size


@compiled
def begin(
    found: Int64s, size: Int, entries: Int64s, span: tuple[Int, Int, Int], judged: Int
) -> Int:
    """Add to a list what a segment has for strandednesses not yet judged; -1 if it is full."""
    for q in range(span[0], span[1]):
        entry = entries[q, span[2]]
        mask = entry & MASK & ~judged
        place = np.int64(0)
        while mask and place < size and (found[place] ^ entry) >> GENE_SHIFT != 0:
            place += 1
        if mask and place == size:
            if size == len(found):
                return np.int64(-1)
            found[size] = entry & ~MASK
            size += 1
        if mask:
            found[place] |= mask
    return size


@compiled
def find_in_block(
    block: tuple[Int, Int, Int], segments: Int64s, entries: Int64s, found: Int64s,
    look: tuple[Int, Int, Int], so_far: tuple[Int, Int],
) -> tuple[Int, Int]:  # fmt: skip
    """Go through the steps of one aligned block.

    ``block`` are its bounds and the rule; ``so_far`` how many genes are in the list, and the
    mask of the strandednesses that have been judged, both of which are returned.
    """
    place, end, rule = block
    size, judged = so_far
    segment = gallop(segments, look[0], look[1], place)
    while place < end and size >= 0:
        is_last = segment >= look[1]
        start = end if is_last else min(segments[segment, START], end)
        if start > place:
            if rule == STRICT:
                size, judged = narrow(found, size, entries, (0, 0, 0), MASK), np.int64(MASK)
            place = start
            continue
        span = (segments[segment, FIRST_ENTRY], segments[segment + 1, FIRST_ENTRY], look[2])
        told = np.int64(MASK) if rule == STRICT else told_by(entries, span)
        narrow(found, size, entries, span, told & judged)
        size = begin(found, size, entries, span, judged)
        judged |= told
        place = segments[segment, END]
        segment += 1
    return size, judged


@compiled
def find_common_genes(
    record: tuple[Bytes, Int, Int], segments: Int64s, entries: Int64s, found: Int64s,
    look: tuple[Int, Int, Int], rule: Int,
) -> tuple[Int, Int]:  # fmt: skip
    """Fill a list with the genes that all steps of a record share.

    As `overlaps.find_genes`. ``rule`` is `STRICT`, for which a step without a gene empties the
    list, or `NONEMPTY`, for which it says nothing. Return how many genes are in the list, -1
    if more than there is room for, and the mask of the strandednesses that have been judged.
    """
    data, at, place = record
    cigar = cigar_at(data, at)
    so_far: tuple[Int, Int] = (np.int64(0), np.int64(0))
    for k in range(cigar_length(data, at)):
        word = int32_at(data, cigar + 4 * k)
        code, end = word & 15, place + ((word >> 4) & 0xFFFFFFF)
        if ALIGNED >> code & 1:
            so_far = find_in_block((place, end, rule), segments, entries, found, look, so_far)
            if so_far[0] < 0:
                return so_far
            place = end
        elif SPACED >> code & 1:
            place = end
    return so_far
