"""Fragments of genes: mates meet.

A record waits in a hash table until its mate comes. The key of the table is made of the
read's name, the places of both mates and the tag HI, as featureCounts does it, so that each
alignment of a multi-mapping pair meets its own mate. Records that never meet theirs are
settled alone. By featureCounts' rules without filters of mates, one that is not aligned has
no say in where its fragment goes: its mate is settled at once, and only the key is kept, by
which the other is passed over should it be in the file. What is added up are integers, so the
order of records does not matter.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.intersections import find_common_genes
from storiform.kernels.overlaps import (
    FEATURECOUNTS,
    GENE_SHIFT,
    IS_RIBOSOMAL,
    MASK,
    ON_MINUS,
    ON_PLUS,
    STRICT,
    Int64s,
    Layout,
    find_genes,
    is_in_gene,
)
from storiform.kernels.records import Bytes, Int, mate_contig, mate_start
from storiform.kernels.tags import DAMAGED, read_hits
from storiform.kernels.votes import (
    DUPLICATE,
    ENDS,
    EXONIC,
    FIRST_FIFTH,
    FRACTION,
    HAPPENED,
    INTERGENIC,
    INTRONIC,
    IS_REVERSE,
    JUDGED_SHIFT,
    LAST_FIFTH,
    MAPQ_SHIFT,
    MATE_UNMAPPED,
    MITOCHONDRIAL,
    PAIRED,
    READS,
    SAME_CONTIG,
    SECONDARY,
    SUPPLEMENTARY,
    UNMAPPED,
    Pair,
    Rules,
    mirror,
    settle,
)
from storiform.kernels.waiting import (
    FIRST_GENE,
    HITS,
    KEY,
    PLACE,
    SIZE,
    STATE,
    key_of,
    slot_of,
    slot_of_half,
    take_half,
    take_out,
)

READ1, READ2 = 64, 128
Int32s = npt.NDArray[np.int32]

DONE, GENES_FULL, TABLE_FULL, EVENTS_FULL, HALVES_FULL, TAGS_DAMAGED = range(6)
"""Why `count_records` returns: the first means that no record is left."""


class Sums(NamedTuple):
    """What is added up: `by_gene`, `totals` and `events` as `votes.settle` describes them.

    `used` (2,) is how many records wait, and how many keys are in `halves`: of records that
    were settled although their mates, not aligned, may come; 0 where a slot is free, and the
    number of slots is a power of two.
    """

    by_gene: Int64s
    totals: Int64s
    events: Int64s
    used: Int64s
    halves: Int64s


class Records(NamedTuple):
    """The columns of a batch that counting reads; `names` as int64; `mitochondrion` a contig.

    `is_sorted` is 0 where the records come in no order of place.
    """

    data: Bytes
    offsets: Int64s
    contigs: Int32s
    starts: Int32s
    flags: npt.NDArray[np.uint16]
    mapq: npt.NDArray[np.uint8]
    names: Int64s
    is_owned: npt.NDArray[np.bool_]
    mitochondrion: int
    is_sorted: int


@compiled
def lay_out(genes: Int64s, size: Int, united: Int64s) -> Int:
    """Write the entries of a record as rows: entry, its mask, no mask of a mate."""
    for k in range(size):
        united[k, 0], united[k, 1], united[k, 2] = genes[k], genes[k] & MASK, 0
    return size


@compiled
def unite(genes: Int64s, size: Int, waiting: Int64s, slot: Int, united: Int64s) -> Int:
    """Write the entries of a record and of the one in a slot, each gene as one row.

    A row of ``united`` is an entry, its mask of the record and of the other. Return the
    number of rows.
    """
    rows: Int = lay_out(genes, size, united)
    for j in range(waiting[slot, SIZE]):
        entry = waiting[slot, FIRST_GENE + j]
        row: Int = np.int64(0)
        while row < size and (united[row, 0] ^ entry) >> GENE_SHIFT != 0:
            row += 1
        if row < size:
            united[row, 2] = entry & MASK
            united[row, 0] |= entry & IS_RIBOSOMAL
            continue
        united[rows, 0], united[rows, 1], united[rows, 2] = entry, 0, entry & MASK
        rows += 1
    return rows


@compiled
def state_of(records: Records, row: Int, rules: Rules) -> Int:
    """Return the state of a record but for `Reach.judged`."""
    contig, flag = records.contigs[row], np.int64(records.flags[row])
    state = flag & 0xFFFF | np.int64(records.mapq[row]) << MAPQ_SHIFT
    if rules.by_fragment and not flag & PAIRED:
        state |= MATE_UNMAPPED
    if contig == records.mitochondrion and contig >= 0:
        state |= MITOCHONDRIAL
    if contig == mate_contig(records.data, records.offsets[row]):
        state |= SAME_CONTIG
    return state


@compiled
def pair_key(records: Records, row: Int, hit: Int) -> Int:
    """Return the key under which a record and its mate meet."""
    at, flag = records.offsets[row], np.int64(records.flags[row])
    own = (np.int64(records.contigs[row]), np.int64(records.starts[row]))
    mate = (np.int64(mate_contig(records.data, at)), np.int64(mate_start(records.data, at)))
    if flag & UNMAPPED:
        own = (np.int64(-1), np.int64(0))
    if flag & MATE_UNMAPPED:
        mate = (np.int64(-1), np.int64(0))
    if flag & READ1:
        return key_of(records.names[row], own, mate, hit)
    return key_of(records.names[row], mate, own, hit)


@compiled
def ordinal_of(records: Records, row: Int) -> Int:
    """Return a number that orders records by contig and start, those without a place last."""
    if records.contigs[row] < 0:
        return np.int64(1) << 62
    return np.int64(records.contigs[row]) << 32 | np.int64(records.starts[row])


@compiled
def meet(
    waiting: Int64s, key: Int, place: Int, end: tuple[Int, Int, Int], genes: Int64s,
    united: Int64s,
) -> Pair:  # fmt: skip
    """Unite a record with its mate if that waits, else let it wait for it.

    ``end`` is the record's state, NH and number of genes. A mate that is later in the file
    stands first in the pair, and its masks first in ``united``.
    """
    slot = slot_of(waiting, key)
    nothing, both = np.int64(0), np.int64(1)
    if waiting[slot, KEY] == 0:
        waiting[slot, KEY], waiting[slot, PLACE] = key, place
        waiting[slot, STATE], waiting[slot, HITS], waiting[slot, SIZE] = end
        for k in range(end[2]):
            waiting[slot, FIRST_GENE + k] = genes[k]
        return Pair(nothing, nothing, nothing, nothing, nothing, nothing)
    state, hits = waiting[slot, STATE], waiting[slot, HITS]
    rows, is_later = unite(genes, end[2], waiting, slot, united), waiting[slot, PLACE] > place
    take_out(waiting, slot)
    if not is_later:
        return Pair(end[0], end[1], state, hits, rows, both)
    for row in range(rows):
        united[row, 1], united[row, 2] = united[row, 2], united[row, 1]
    return Pair(state, hits, end[0], end[1], rows, both)


@compiled
def alone(end: tuple[Int, Int, Int], genes: Int64s, rules: Rules, united: Int64s) -> Pair:
    """Make a fragment of a record without a mate, or where reads are counted."""
    rows = lay_out(genes, end[2], united)
    mate = mirror(end[0]) if rules.by_fragment else end[0]
    hits = np.int64(1) if rules.by_fragment else end[1]
    return Pair(end[0], end[1], mate, hits, rows, np.int64(1))


@compiled
def is_half(state: Int, rules: Rules) -> bool:
    """Tell whether a record alone decides where its fragment goes: its mate is not aligned.

    A filter that looks at the mate's own quality, duplication or NH could decide otherwise.
    """
    looks_at_mates = (
        rules.min_mapq > 0 or rules.drops_duplicates or rules.multi_mappers == FRACTION
    )
    is_plain = rules.rule == FEATURECOUNTS and not looks_at_mates
    return is_plain and state & (UNMAPPED | MATE_UNMAPPED) == MATE_UNMAPPED


@compiled
def is_good(state: Int, hits: Int) -> bool:
    """Tell whether a record is the primary one of a read with one alignment, no duplicate."""
    return hits == 1 and not state & (UNMAPPED | SECONDARY | DUPLICATE | SUPPLEMENTARY)


@compiled
def column_of(state: Int) -> Int:
    """Return the column of the entries for the strand of a record's fragment."""
    is_reverse = (state & IS_REVERSE != 0) != (state & READ2 != 0)
    return np.int64(ON_MINUS if is_reverse else ON_PLUS)


@compiled
def count_records(  # noqa: C901, PLR0912, PLR0915  a call that hands on arrays costs 50 ns of counting references
    records: Records, layout: Layout, rules: Rules, waiting: Int64s, sums: Sums, begin: Int
) -> tuple[Int, Int]:
    """Count the records of a batch from the one at ``begin``.

    Returns
    -------
    tuple
        The record at which to go on and why counting stopped there: `GENES_FULL` (more genes
        than `waiting` has columns for), `TABLE_FULL`, `EVENTS_FULL`, `TAGS_DAMAGED`; nothing
        of that record has been counted. `DONE` when no record is left.
    """
    by_gene, totals, events, used = sums.by_gene, sums.totals, sums.events, sums.used
    data, offsets, room = records.data, records.offsets, waiting.shape[1] - FIRST_GENE
    found, united = np.empty(room, np.int64), np.empty((2 * room, 3), np.int64)
    segments, entries, contigs = layout.segments, layout.entries, len(layout.offsets) - 1
    lengths = layout.lengths
    most_events, most_used = len(events) - 6 * room, len(waiting) * 2 // 3
    halves, most_halves = sums.halves, len(sums.halves) * 2 // 3
    look: Int = np.int64(0)
    before: Int = np.int64(0)
    for row in range(begin, len(offsets)):
        if not records.is_owned[row]:
            continue
        if totals[HAPPENED] > most_events:
            return row, EVENTS_FULL
        if used[0] >= most_used:
            return row, TABLE_FULL
        if used[1] >= most_halves:
            return row, HALVES_FULL
        hits, hit = read_hits(data, offsets[row])
        if hits == DAMAGED:
            return row, TAGS_DAMAGED
        state, place = state_of(records, row, rules), ordinal_of(records, row)
        size: Int = np.int64(0)
        judged: Int = np.int64(0)
        contig = np.int64(records.contigs[row])
        if not state & UNMAPPED and 0 <= contig < contigs:
            first = look if place >= before else np.int64(0)
            before, first = place, max(first, layout.offsets[contig])
            where = (first, layout.offsets[contig + 1], column_of(state))
            record = (data, offsets[row], np.int64(records.starts[row]))
            if rules.rule < STRICT:
                look, size, first, last = find_genes(record, segments, entries, found, where)
            else:
                size, judged = find_common_genes(
                    record, segments, entries, found, where, rules.rule
                )
            if size < 0:
                return row, GENES_FULL
            if rules.rule < STRICT and is_good(state, hits):
                is_inside = size == 0 and is_in_gene(segments, look, where[1], record[2])
                totals[EXONIC if size else INTRONIC if is_inside else INTERGENIC] += 1
                if size == 1:
                    gene = found[0] >> GENE_SHIFT
                    fifth = 5 * (first + last) // (2 * lengths[gene])
                    by_gene[ENDS, gene] += first + last
                    by_gene[READS, gene] += 1
                    by_gene[FIRST_FIFTH, gene] += fifth == 0
                    by_gene[LAST_FIFTH, gene] += fifth == 4  # noqa: PLR2004  of five
        end = (state | judged << JUDGED_SHIFT, hits, size)
        pair = alone(end, found, rules, united)
        if rules.by_fragment and state & PAIRED:
            key = pair_key(records, row, hit)
            if state & (UNMAPPED | MATE_UNMAPPED) and take_half(halves, key):
                used[1] -= 1
                continue
            if is_half(state, rules) and waiting[slot_of(waiting, key), KEY] == 0:
                halves[slot_of_half(halves, key)] = key
                used[1] += 1
            else:
                ordinal = place if records.is_sorted else np.int64(0)
                pair = meet(waiting, key, ordinal, end, found, united)
                used[0] += 1 - 2 * pair.is_complete
        if pair.is_complete:
            settle(pair, united, rules, by_gene, totals, events)
    return len(offsets), DONE


@compiled
def read_row(waiting: Int64s, slot: Int, genes: Int64s) -> tuple[Int, Int, Int]:
    """Copy the entries of a waiting record to a list; return state, NH and number of genes."""
    for k in range(waiting[slot, SIZE]):
        genes[k] = waiting[slot, FIRST_GENE + k]
    return waiting[slot, STATE], waiting[slot, HITS], waiting[slot, SIZE]


@compiled
def join_waiting(
    other: Int64s, rules: Rules, waiting: Int64s, sums: Sums, begin: Int
) -> tuple[Int, Int]:
    """Let the records that wait in another table meet those of this one.

    ``waiting`` has room for all of them and as many columns. Return the slot at which to go
    on, and `DONE` or `EVENTS_FULL`.
    """
    by_gene, totals, events, used = sums.by_gene, sums.totals, sums.events, sums.used
    room = waiting.shape[1] - FIRST_GENE
    found, united = np.empty(room, np.int64), np.empty((2 * room, 3), np.int64)
    for slot in range(begin, len(other)):
        if other[slot, KEY] == 0:
            continue
        if totals[HAPPENED] > len(events) - 6 * room:
            return slot, EVENTS_FULL
        if take_half(sums.halves, other[slot, KEY]):
            used[1] -= 1
            continue
        end = read_row(other, slot, found)
        pair = meet(waiting, other[slot, KEY], other[slot, PLACE], end, found, united)
        used[0] += 1 - 2 * pair.is_complete
        if pair.is_complete:
            settle(pair, united, rules, by_gene, totals, events)
    return len(other), DONE


@compiled
def join_halves(other: Int64s, waiting: Int64s, sums: Sums) -> Int:
    """Add the keys of records that another counter has settled; let waiting mates meet them.

    There is room for all of them. Return how many met.
    """
    halves, used, met = sums.halves, sums.used, np.int64(0)
    for place in range(len(other)):
        key = other[place]
        if key == 0:
            continue
        slot = slot_of(waiting, key)
        if waiting[slot, KEY] != 0:
            take_out(waiting, slot)
            used[0] -= 1
            met += 1
        elif take_half(halves, key):
            used[1] -= 1
            met += 1
        else:
            halves[slot_of_half(halves, key)] = key
            used[1] += 1
    return met


@compiled
def settle_waiting(waiting: Int64s, rules: Rules, sums: Sums, begin: Int) -> tuple[Int, Int]:
    """Settle the records whose mates never came; return as `join_waiting` does."""
    by_gene, totals, events = sums.by_gene, sums.totals, sums.events
    room = waiting.shape[1] - FIRST_GENE
    found, united = np.empty(room, np.int64), np.empty((2 * room, 3), np.int64)
    for slot in range(begin, len(waiting)):
        if waiting[slot, KEY] == 0:
            continue
        if totals[HAPPENED] > len(events) - 6 * room:
            return slot, EVENTS_FULL
        pair = alone(read_row(waiting, slot, found), found, rules, united)
        settle(pair, united, rules, by_gene, totals, events)
    return len(waiting), DONE
