"""Counts of records by their flags, places and lengths."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.depth import PROPER, READ1, SUPPLEMENTARY, Int, Ints, Reads, next_block
from storiform.kernels.records import read_length, template_length

UNMAPPED, SECONDARY = 4, 256
READS, MAPPED, DUPLICATES, PROPERLY_PAIRED, PAIRED, QC_FAILED, LOW_MAPQ = range(7)
SECONDARIES, SUPPLEMENTARIES, ON_TARGET, MITOCHONDRIAL, ALIGNED_BASES = range(7, 12)
"""Places in the sums of `Tallies`."""


class Owners(NamedTuple):
    """Further columns of a batch: contigs as indices, and whether a record is its own."""

    contigs: npt.NDArray[np.int32]
    is_owned: npt.NDArray[np.bool_]


class Landing(NamedTuple):
    """Targets of all contigs of a file: rows `rows[c]` to `rows[c + 1]` are of contig c.

    `low_mapq` is the quality from which a read's place is sure, `mitochondrial` the contig
    chrM or -1.
    """

    starts: Ints
    ends: Ints
    rows: Ints
    low_mapq: int
    mitochondrial: int


class Tallies(NamedTuple):
    """What `tally_records` adds to: sums by `READS` and so on, and two histograms."""

    sums: Ints
    read_lengths: Ints
    template_lengths: Ints


@compiled
def tally_records(reads: Reads, owners: Owners, landing: Landing, tallies: Tallies) -> None:
    """Count the records that a batch owns, by flags, places and lengths.

    The records may be of several contigs and in any order. Lengths beyond the last bin of a
    histogram are in that bin.
    """
    row: Int = 0
    contig, place = np.int64(-1), np.int64(0)
    for i in range(len(reads.offsets)):
        flags = np.int64(reads.flags[i])
        if not owners.is_owned[i] or tally_flags(flags, tallies.sums):
            continue
        data, at = reads.data, reads.offsets[i]
        add_length(tallies.read_lengths, read_length(data, at))
        if flags & UNMAPPED:
            continue
        tallies.sums[LOW_MAPQ] += reads.mapq[i] < landing.low_mapq
        tallies.sums[MITOCHONDRIAL] += owners.contigs[i] == landing.mitochondrial
        if flags & PROPER and flags & READ1:
            size = template_length(data, at)
            add_length(tallies.template_lengths, max(size, -size))
        start = np.int64(reads.starts[i])
        if owners.contigs[i] != contig or start < place:
            contig = np.int64(owners.contigs[i])
            row = first_target(landing, contig, start)
        place = start
        row = next_target(landing, row, contig, start)
        tally_blocks(reads, i, landing, (row, landing.rows[contig + 1]), tallies.sums)


@compiled
def tally_flags(flags: Int, sums: Ints) -> bool:
    """Count a record by its flags, and tell whether it is not a primary one."""
    if flags & SECONDARY:
        sums[SECONDARIES] += 1
    elif flags & SUPPLEMENTARY:
        sums[SUPPLEMENTARIES] += 1
    else:
        sums[READS] += 1
        sums[PAIRED] += (flags & 1) != 0
        sums[QC_FAILED] += (flags & 512) != 0
        if not flags & UNMAPPED:
            sums[MAPPED] += 1
            sums[DUPLICATES] += (flags & 1024) != 0
            sums[PROPERLY_PAIRED] += (flags & PROPER) != 0
    return bool(flags & (SECONDARY | SUPPLEMENTARY))


@compiled
def first_target(landing: Landing, contig: Int, start: Int) -> Int:
    """Return the first target of a contig that ends after a place."""
    low, high = landing.rows[contig], landing.rows[contig + 1]
    found: Int = low + np.searchsorted(landing.ends[low:high], start, side="right")
    return found


@compiled
def next_target(landing: Landing, row: Int, contig: Int, start: Int) -> Int:
    """Return the first target of a contig from `row` on that ends after a place."""
    while row < landing.rows[contig + 1] and landing.ends[row] <= start:
        row += 1
    return row


@compiled
def tally_blocks(
    reads: Reads, i: Int, landing: Landing, span: tuple[Int, Int], sums: Ints
) -> None:
    """Count the aligned bases of a record, and whether one is on a target.

    `span` are the first target that can be met and the one after the contig's last.
    """
    data, at = reads.data, reads.offsets[i]
    row, stop = span
    is_on_target = False
    operation, place, base, length = next_block(
        data, at, np.int64(0), np.int64(reads.starts[i]), np.int64(0)
    )
    while length > 0:
        sums[ALIGNED_BASES] += length
        while row < stop and landing.ends[row] <= place:
            row += 1
        if row < stop and landing.starts[row] < place + length:
            is_on_target = True
        operation, place, base, length = next_block(
            data, at, operation, place + length, base + length
        )
    sums[ON_TARGET] += is_on_target


@compiled
def add_length(histogram: Ints, length: Int) -> None:
    """Add a length to a histogram of lengths; 0 stands for none and is left out."""
    if length > 0:
        histogram[min(length, len(histogram) - 1)] += 1
