"""Which genes the aligned bases of a record lie on.

The exons of all genes are flattened: each contig is cut into segments that either all
bases of a gene's exons share or none. A gene on a segment is one integer, its *entry*:
the index of the gene times 16, plus `IS_RIBOSOMAL`, plus a mask that tells under which
strandedness it counts: 1 unstranded, 2 forward, 4 reverse.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.records import (
    DELETION,
    DIFFERENT,
    EQUAL,
    MATCH,
    SKIP,
    Bytes,
    Int,
    cigar_at,
    cigar_length,
    int32_at,
)

Int64s = npt.NDArray[np.int64]

MASK, IS_RIBOSOMAL, GENE_SHIFT = 7, 8, 4
UNSTRANDED, FORWARD, REVERSE = 1, 2, 4
"""Bits of the mask of an entry."""

FEATURECOUNTS, UNION, STRICT, NONEMPTY = range(4)
"""Rules: mates vote; HTSeq's union, intersection-strict and intersection-nonempty."""


ALIGNED = 1 << MATCH | 1 << EQUAL | 1 << DIFFERENT
SPACED = 1 << DELETION | 1 << SKIP
"""Codes of CIGAR operations that lay bases on the reference, and that only pass over it."""


class Layout(NamedTuple):
    """Flattened exons of all contigs of a file, int64.

    `segments` (segments + 1, 4) in the order of the contigs: start, end, first entry, and 1 if
    the bases between it and the segment before lie within a gene, in introns.
    `offsets` (contigs + 1,) into them. `entries` (entries, 3): the entry for a fragment on the
    forward strand, that for one on the reverse strand, and the bases of the gene's exons
    before the segment. `lengths` (genes,): bases of each gene's exons. Few arrays, since numba
    counts references to each at every call.
    """

    segments: Int64s
    offsets: Int64s
    entries: Int64s
    lengths: Int64s


START, END, FIRST_ENTRY, AFTER_INTRON = range(4)
ON_PLUS, ON_MINUS, ALONG = range(3)
"""Columns of `Layout.segments` and of `Layout.entries`."""


@compiled
def gallop(segments: Int64s, low: Int, high: Int, place: Int) -> Int:
    """Return the first segment in [low, high) that ends behind a place, else high."""
    if low >= high or segments[low, END] > place:
        return low
    step = 1
    while low + step < high and segments[low + step, END] <= place:
        low += step
        step *= 2
    top = min(low + step, high)
    while top - low > 1:
        middle = (low + top) >> 1
        if segments[middle, END] <= place:
            low = middle
        else:
            top = middle
    return top


@compiled
def add_entry(found: Int64s, size: Int, entry: Int) -> Int:
    """Add an entry to a list of `size`, once per gene; return its new size, -1 if full."""
    if size < 0:
        return size
    for k in range(size):
        if (found[k] ^ entry) >> GENE_SHIFT == 0:
            found[k] |= entry
            return size
    if size == len(found):
        return np.int64(-1)
    found[size] = entry
    return size + 1


@compiled
def is_in_gene(segments: Int64s, segment: Int, high: Int, place: Int) -> bool:
    """Tell whether a place is of a gene; the segment is the first before `high` behind it."""
    if segment >= high:
        return False
    is_between = segments[segment, AFTER_INTRON] == 1
    return bool(is_between or segments[segment, START] <= place)


@compiled
def find_genes(
    record: tuple[Bytes, Int, Int], segments: Int64s, entries: Int64s, found: Int64s,
    look: tuple[Int, Int, Int],
) -> tuple[Int, Int, Int, Int]:  # fmt: skip
    """Fill a list with the genes on which any aligned base (M, =, X) of a record lies.

    Parameters
    ----------
    record
        The bytes of the records, where this one begins, and its start on the contig.
    segments, entries
        Of the `Layout`.
    found
        The list, int64; its length is the number of genes for which there is room.
    look
        The segments in which to look, and `ON_PLUS` or `ON_MINUS`.

    Returns
    -------
    tuple
        The segment at which the record begins; how many genes were found, -1 if more than
        there is room for; the bounds of the record along the exons of the first gene, -1
        where there is none.
    """
    data, at, place = record
    high, column = look[1], look[2]
    low = gallop(segments, look[0], high, place)
    segment, cigar = low, cigar_at(data, at)
    size: Int = np.int64(0)
    first, last = np.int64(-1), np.int64(-1)
    for k in range(cigar_length(data, at)):
        word = int32_at(data, cigar + 4 * k)
        code, end = word & 15, place + ((word >> 4) & 0xFFFFFFF)
        if ALIGNED >> code & 1:
            segment = gallop(segments, segment, high, place)
            while segment < high and segments[segment, START] < end:
                start, stop = segments[segment, START], segments[segment, END]
                for q in range(
                    segments[segment, FIRST_ENTRY], segments[segment + 1, FIRST_ENTRY]
                ):
                    size = add_entry(found, size, entries[q, column])
                    last = entries[q, ALONG] + min(end, stop) - start
                    if first < 0:
                        first = entries[q, ALONG] + max(place, start) - start
                if stop >= end:
                    break
                segment += 1
            place = end
        elif SPACED >> code & 1:
            place = end
    return low, size, first, last
