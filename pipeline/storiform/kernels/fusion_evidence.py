"""Records of RNA reads -> rows of evidence that two genes are joined.

A row tells of one fragment that it runs from a place a to a place b: because a read aligns in
two parts (tag SA), because a gap (N) parts two genes, or because the mates lie apart. The
direction is that of the record as it is written; which way the transcript runs is told later,
by the genes. Gaps and mates within one gene make no row, so that rows are few.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.fusion_cigars import (
    find_other_places,
    is_monotonous,
    measure_record,
    read_other_place,
)
from storiform.kernels.records import (
    SKIP,
    Bytes,
    Int,
    cigar_at,
    cigar_length,
    mate_contig,
    mate_start,
    read_length,
    uint32_at,
)
from storiform.kernels.tags import read_hits

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

(
    NAME, KIND, CONTIG_A, PLACE_A, STRAND_A, CONTIG_B, PLACE_B, STRAND_B, SLACK, ANCHOR,
    OUTER_A, OUTER_B, ALIGNMENTS, IS_POOR,
) = range(14)  # fmt: skip
"""Columns of a row: strands are 0 (forward) and 1; `SLACK` is by how many bases the junction
may lie further back, against the direction; `ANCHOR` the aligned bases of the shorter side."""
COLUMNS = 14
SPLIT, GAP, PAIR = range(3)
"""Kinds of rows."""
MOST_ROWS = 32
"""Rows that one record can make, at most."""

_PAIRED, _UNMAPPED, _MATE_UNMAPPED, _REVERSE, _MATE_REVERSE, _READ1 = 1, 4, 8, 16, 32, 64
_SECONDARY, _DUPLICATE, _SUPPLEMENTARY = 256, 1024, 2048
_OPERATIONS = 0b110010011


class FusionBatch(NamedTuple):
    """The columns of a batch that are read; `names` as int64."""

    data: Bytes
    offsets: Int64s
    contigs: Int32s
    starts: Int32s
    ends: Int32s
    flags: npt.NDArray[np.uint16]
    mapq: npt.NDArray[np.uint8]
    names: Int64s
    is_owned: npt.NDArray[np.bool_]


class GeneSpans(NamedTuple):
    """Where genes lie: those of strand s of contig c are rows `firsts[2 c + s]` and on.

    `starts` rise within a group, `reach` is the highest end of the genes so far. `letters` and
    `name_firsts` hold the names of the contigs as the file writes them.
    """

    firsts: Int64s
    starts: Int64s
    reach: Int64s
    letters: Bytes
    name_firsts: Int64s


class FusionRules(NamedTuple):
    """What makes a row: see `biomarkers.fusions.split_reads`.

    `seen` (2,) counts the records that were looked at, and those with the tag SA.
    """

    min_anchor: int
    max_inserted: int
    min_mapq: int
    keeps_duplicates: int
    seen: Int64s


@compiled
def find_gene(spans: GeneSpans, group: Int, place: Int) -> Int:
    """Return the last gene of a group that begins at or before a place, -1 for none."""
    low, high = spans.firsts[group], spans.firsts[group + 1]
    first = low
    while low < high:
        middle = (low + high) // 2
        if spans.starts[middle] <= place:
            low = middle + 1
        else:
            high = middle
    return low - 1 if low > first else np.int64(-1)


@compiled
def joins_genes(spans: GeneSpans, contig: Int, first: Int, last: Int) -> bool:
    """Tell whether two places lie in genes of one strand, and in no gene of it together."""
    for group in range(2 * contig, 2 * contig + 2):
        one, other = find_gene(spans, group, first), find_gene(spans, group, last)
        if one < 0 or spans.reach[one] <= first or spans.reach[one] > last:
            continue
        if spans.reach[other] > last:
            return True
    return False


@compiled
def is_within_gene(spans: GeneSpans, a: tuple[Int, Int], b: tuple[Int, Int]) -> bool:
    """Tell whether both places lie in one gene of either strand, or one of them in none.

    A place is a contig and a base.
    """
    holds_a, holds_b = False, False
    last = max(a[1], b[1])
    for strand in range(2):
        one = find_gene(spans, 2 * a[0] + strand, a[1])
        other = find_gene(spans, 2 * b[0] + strand, b[1])
        holds_a |= bool(one >= 0 and spans.reach[one] > a[1])
        holds_b |= bool(other >= 0 and spans.reach[other] > b[1])
        lower = one if a[1] < b[1] else other
        if a[0] == b[0] and lower >= 0 and spans.reach[lower] > last:
            return True
    return not (holds_a and holds_b)


@compiled
def count_alignments(data: Bytes, at: Int, mapq: Int, min_mapq: Int) -> Int:
    """Return the tag NH, at least 2 where the mapping quality says that there are more."""
    hits, _ = read_hits(data, at)
    return max(hits, np.int64(2 if mapq < min_mapq else 1))


@compiled
def write_split(
    batch: FusionBatch,
    row: Int,
    parts: tuple[Int64s, Int64s],
    other: tuple[Int, Int, Int],
    out: Int64s,
) -> Int:
    """Write the junction between a record and another place of its read.

    Both are laid along the record as it is written: ``parts`` are the four numbers of each,
    ``other`` is contig, start and whether it lies on the other strand than the record.

    Returns
    -------
    int
        Bases that no part holds; the row says nothing where they are negative beyond what a
        part has.
    """
    own, far = parts
    contig, start, is_turned = other
    lead = far[2] if is_turned else far[0]
    begin, end = np.int64(batch.starts[row]), np.int64(batch.starts[row]) + own[3]
    far_first, far_last = start, start + far[3] - 1
    if is_turned:
        far_first, far_last = far_last, far_first
    own_is_first = own[0] <= lead
    gap = lead - own[0] - own[1] if own_is_first else own[0] - lead - far[1]
    slack = max(-gap, np.int64(0))
    step = np.int64(-1 if is_turned else 1)
    if own_is_first:
        out[CONTIG_A], out[PLACE_A], out[STRAND_A] = batch.contigs[row], end - 1, 0
        out[CONTIG_B], out[PLACE_B] = contig, far_first + step * slack
        out[STRAND_B], out[OUTER_A], out[OUTER_B] = is_turned, begin, far_last
    else:
        out[CONTIG_A], out[PLACE_A], out[STRAND_A] = contig, far_last, is_turned
        out[CONTIG_B], out[PLACE_B], out[STRAND_B] = batch.contigs[row], begin + slack, 0
        out[OUTER_A], out[OUTER_B] = far_first, end - 1
    out[SLACK] = slack
    out[ANCHOR] = min(own[1], far[1]) - slack
    out[KIND] = SPLIT
    return np.int64(gap)


@compiled
def is_poor(data: Bytes, at: Int, parts: tuple[Int64s, Int64s], is_turned: Int) -> bool:
    """Tell whether one of the two sides of a read is one base over and over."""
    own, far = parts
    lead = far[2] if is_turned else far[0]
    if is_monotonous(data, at, own[0], own[0] + own[1]):
        return True
    return is_monotonous(data, at, lead, lead + far[1])


@compiled
def write_splits(
    batch: FusionBatch, row: Int, spans: GeneSpans, rules: FusionRules, out: Int64s, filled: Int
) -> Int:
    """Write the junctions that the tag SA of a record tells; return the rows filled."""
    at = batch.offsets[row]
    place, end = find_other_places(batch.data, at)
    if place == end:
        return filled
    rules.seen[1] += 1
    own, far = np.zeros(4, dtype=np.int64), np.zeros(4, dtype=np.int64)
    measure_record(batch.data, at, own)
    names = (spans.letters, spans.name_firsts)
    is_reverse = np.int64(batch.flags[row] & _REVERSE > 0)
    limit = filled + MOST_ROWS // 2
    while place < end and filled < limit:
        contig, start, strand, _, place = read_other_place(batch.data, (place, end), names, far)
        if contig < 0 or far[1] == 0:
            continue
        line, is_turned = out[filled], np.int64(strand != is_reverse)
        gap = write_split(batch, row, (own, far), (contig, start, is_turned), line)
        if gap > rules.max_inserted or line[ANCHOR] < rules.min_anchor:
            continue
        a, b = (line[CONTIG_A], line[PLACE_A]), (line[CONTIG_B], line[PLACE_B])
        if is_within_gene(spans, a, b):
            continue
        line[NAME] = batch.names[row]
        line[IS_POOR] = is_poor(batch.data, at, (own, far), is_turned)
        filled += 1
    return filled


@compiled
def write_gaps(batch: FusionBatch, row: Int, spans: GeneSpans, out: Int64s, filled: Int) -> Int:
    """Write the gaps of a record that part two genes; return the rows filled."""
    data, at = batch.data, batch.offsets[row]
    contig, place = np.int64(batch.contigs[row]), np.int64(batch.starts[row])
    word_at, limit = cigar_at(data, at), filled + MOST_ROWS // 2
    before: Int = np.int64(0)
    for _ in range(cigar_length(data, at)):
        word = np.int64(uint32_at(data, word_at))
        code, length = word & 15, word >> 4
        word_at += 4
        is_gap = code == SKIP and filled < limit
        if is_gap and joins_genes(spans, contig, place - 1, place + length):
            line = out[filled]
            line[:] = 0
            line[CONTIG_A], line[PLACE_A] = contig, place - 1
            line[CONTIG_B], line[PLACE_B] = contig, place + length
            line[NAME], line[KIND], line[ANCHOR] = batch.names[row], GAP, before
            line[OUTER_A], line[OUTER_B] = batch.starts[row], batch.ends[row] - 1
            filled += 1
        before += length * (_OPERATIONS >> code & 1) if code < 4 or code > 6 else 0  # noqa: PLR2004  no clips
        place += length * (0b110001101 >> code & 1)
    return filled


@compiled
def end_gaps(
    batch: FusionBatch, row: Int, rules: FusionRules, out: Int64s, span: tuple[Int, Int]
) -> Int:
    """Complete the rows [first, last) of the gaps of a record; return the rows that stay."""
    first, last = span
    if first == last:
        return first
    at = batch.offsets[row]
    own = np.zeros(4, dtype=np.int64)
    measure_record(batch.data, at, own)
    kept = first
    for k in range(first, last):
        before = out[k, ANCHOR]
        out[kept] = out[k]
        line = out[kept]
        line[ANCHOR] = min(before, own[1] - before)
        middle = own[0] + before
        line[IS_POOR] = is_monotonous(batch.data, at, own[0], middle) or is_monotonous(
            batch.data, at, middle, own[0] + own[1]
        )
        kept += line[ANCHOR] >= rules.min_anchor
    return kept


@compiled
def write_pair(batch: FusionBatch, row: Int, spans: GeneSpans, out: Int64s, filled: Int) -> Int:
    """Write that the mates of a pair lie in two genes; return the rows filled.

    Only the first read of a pair does. Of its mate the start alone is known: where the mate
    points back, its inner end is taken to be a read's length behind it.
    """
    data, at, flag = batch.data, batch.offsets[row], np.int64(batch.flags[row])
    is_pair = flag & (_PAIRED | _READ1) == _PAIRED | _READ1
    contig, start = mate_contig(data, at), mate_start(data, at)
    if not is_pair or flag & _MATE_UNMAPPED or contig < 0:
        return filled
    own_reverse, mate_reverse = (
        np.int64(flag & _REVERSE > 0),
        np.int64(flag & _MATE_REVERSE > 0),
    )
    line = out[filled]
    line[:] = 0
    own_place = np.int64(batch.starts[row] if own_reverse else batch.ends[row] - 1)
    mate_place = start if mate_reverse else start + max(read_length(data, at), 1) - 1
    line[CONTIG_A], line[PLACE_A] = batch.contigs[row], own_place
    line[CONTIG_B], line[PLACE_B] = contig, mate_place
    line[STRAND_A], line[STRAND_B] = own_reverse, 1 - mate_reverse
    a, b = (line[CONTIG_A], own_place), (contig, mate_place if mate_reverse else start)
    if is_within_gene(spans, a, b):
        return filled
    line[NAME], line[KIND] = batch.names[row], PAIR
    return filled + 1


@compiled
def collect_evidence(
    batch: FusionBatch, spans: GeneSpans, rules: FusionRules, first: int, out: Int64s
) -> tuple[int, int]:
    """Write the rows of a batch's own records, from record `first` on.

    Secondary records are asked for their other part alone: of a read that aligns in two parts
    at several places, the primary record tells but one.

    Parameters
    ----------
    batch, spans, rules
        The records, the genes, what counts.
    first
        Record with which to begin.
    out
        Room for rows, int64 (n, `COLUMNS`), n at least `MOST_ROWS`.

    Returns
    -------
    tuple
        Rows that were filled, and the record with which to go on.
    """
    left_out = _UNMAPPED | _SUPPLEMENTARY
    if not rules.keeps_duplicates:
        left_out |= _DUPLICATE
    filled: Int = np.int64(0)
    row = first
    while row < batch.offsets.shape[0] and filled + MOST_ROWS < out.shape[0]:
        if batch.is_owned[row] and batch.flags[row] & left_out == 0:
            first_own = filled
            rules.seen[0] += 1
            filled = write_splits(batch, row, spans, rules, out, filled)
            if batch.flags[row] & _SECONDARY == 0:
                begun = filled
                filled = write_gaps(batch, row, spans, out, filled)
                filled = end_gaps(batch, row, rules, out, (begun, filled))
                filled = write_pair(batch, row, spans, out, filled)
            if filled > first_own:
                at, quality = batch.offsets[row], batch.mapq[row]
                alignments = count_alignments(batch.data, at, quality, rules.min_mapq)
                out[first_own:filled, ALIGNMENTS] = alignments
        row += 1
    return int(filled), row
