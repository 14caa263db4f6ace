"""Filters and votes: where a fragment goes, given what both of its ends lie on."""

from typing import NamedTuple

import numpy as np

from storiform.kernels import compiled
from storiform.kernels.overlaps import (
    FEATURECOUNTS,
    FORWARD,
    GENE_SHIFT,
    IS_RIBOSOMAL,
    MASK,
    REVERSE,
    UNION,
    UNSTRANDED,
    Int64s,
)
from storiform.kernels.records import Int

PAIRED, UNMAPPED, MATE_UNMAPPED, IS_REVERSE, MATE_REVERSE = 1, 4, 8, 16, 32
SECONDARY, DUPLICATE, SUPPLEMENTARY = 256, 1024, 2048
MAPQ_SHIFT, MITOCHONDRIAL, SAME_CONTIG, JUDGED_SHIFT = 16, 1 << 24, 1 << 25, 26
"""A record's *state*: its flag, mapping quality, two facts, and `Reach.judged`."""

(ASSIGNED, AMBIGUOUS, NO_FEATURE, MULTI_MAPPING, UNALIGNED, SECONDARIES, LOW_MAPQ, DUPLICATES,
 CHIMERIC, SINGLETON, SUPPLEMENTARIES) = range(11)  # fmt: skip
"""Where a fragment goes."""
CLASSES = 11
_PASSED = -1

DROP, PRIMARY, FRACTION, ALL = range(4)
"""What becomes of reads with several alignments."""

LOST, ENDS, READS, FIRST_FIFTH, LAST_FIFTH, GENE_ROWS = range(3, 9)
"""Rows of the sums by gene: after the fragments of the three strandednesses those left out
as multi-mapping, the sum of first and last place of reads along the exons, these reads, and
those of them whose middle lies in the first, and in the last, fifth of the gene's exons."""

(SENSE, ANTISENSE, ALIGNED, ON_MITOCHONDRION, RIBOSOMAL, SEVERAL, EXONIC, INTRONIC, INTERGENIC,
 HAPPENED, TOTALS) = range(3 * CLASSES, 3 * CLASSES + 11)  # fmt: skip
"""Places of the totals, after the classes of the three strandednesses: stranded evidence,
aligned fragments, those of two kinds and those with several alignments, good reads by where
they lie, and how many events there are."""


class Rules(NamedTuple):
    """How fragments are counted, as integers: see `biomarkers.gene_counting`."""

    rule: int
    by_fragment: int
    multi_mappers: int
    counts_overlapping: int
    min_mapq: int
    drops_duplicates: int
    drops_supplementary: int
    drops_chimeric: int
    needs_both_ends: int


class Pair(NamedTuple):
    """State and NH of both ends of a fragment, the later in the file first.

    `size` rows of `united` are theirs; `is_complete` is 0 while an end is waited for.
    """

    later: Int
    later_hits: Int
    earlier: Int
    earlier_hits: Int
    size: Int
    is_complete: Int


@compiled
def mirror(state: Int) -> Int:
    """Return the state of a mate that never came, as featureCounts reads it off its mate."""
    told = state & (PAIRED | 2 | 0xFF << MAPQ_SHIFT | SAME_CONTIG)
    told |= UNMAPPED if state & MATE_UNMAPPED or not state & PAIRED else 0
    told |= MATE_UNMAPPED if state & UNMAPPED else 0
    told |= MATE_REVERSE if state & IS_REVERSE else 0
    told |= IS_REVERSE if state & MATE_REVERSE else 0
    return told


@compiled
def refuse_record(state: Int, hits: Int, rules: Rules) -> Int:
    """Return why one record is left out, `_PASSED` if it is not."""
    if rules.drops_duplicates and state & DUPLICATE:
        return DUPLICATES
    if state & UNMAPPED:
        return _PASSED
    if rules.drops_supplementary and state & SUPPLEMENTARY:
        return SUPPLEMENTARIES
    if hits > 1 and rules.multi_mappers == DROP:
        return MULTI_MAPPING
    if state & SECONDARY and rules.multi_mappers == PRIMARY:
        return SECONDARIES
    return _PASSED


@compiled
def refuse_pair(later: Int, earlier: Int, rules: Rules) -> Int:
    """Return why a fragment is left out for what the flags say of its two ends."""
    if later & UNMAPPED and later & MATE_UNMAPPED:
        return UNALIGNED
    is_half = (later | earlier) & (UNMAPPED | MATE_UNMAPPED)
    if rules.needs_both_ends and is_half:
        return SINGLETON
    is_facing = (later & IS_REVERSE != 0) != (later & MATE_REVERSE != 0)
    is_normal = is_facing and later & SAME_CONTIG
    if rules.drops_chimeric and not is_half and not is_normal:
        return CHIMERIC
    return _PASSED


@compiled
def refuse(later: tuple[Int, Int], earlier: tuple[Int, Int], rules: Rules) -> Int:
    """Return why featureCounts leaves a fragment out; states and NH of both ends.

    The end that comes later in the file is looked at first; the mapping quality, the better
    of both, between the other filters of the first and those of the second.
    """
    why = refuse_pair(later[0], earlier[0], rules)
    if why == _PASSED:
        why = refuse_record(later[0], later[1], rules)
    mapq = max(later[0] >> MAPQ_SHIFT & 0xFF, earlier[0] >> MAPQ_SHIFT & 0xFF)
    if why == _PASSED and mapq < rules.min_mapq:
        why = LOW_MAPQ
    if why == _PASSED:
        why = refuse_record(earlier[0], earlier[1], rules)
    return why


@compiled
def refuse_single(state: Int, hits: Int, rules: Rules) -> Int:
    """Return why featureCounts leaves a read out where reads are counted."""
    if state & UNMAPPED:
        return UNALIGNED
    if (state >> MAPQ_SHIFT & 0xFF) < rules.min_mapq:
        return LOW_MAPQ
    return refuse_record(state, hits, rules)


@compiled
def refuse_htseq(later: tuple[Int, Int], earlier: tuple[Int, Int], rules: Rules) -> Int:
    """Return why HTSeq leaves a fragment out: the worse quality of both ends counts."""
    either = later[0] | earlier[0]
    if either & SECONDARY and rules.multi_mappers <= PRIMARY:
        return SECONDARIES
    if rules.drops_supplementary and either & SUPPLEMENTARY:
        return SUPPLEMENTARIES
    if later[0] & earlier[0] & UNMAPPED:
        return UNALIGNED
    if rules.drops_duplicates and either & DUPLICATE:
        return DUPLICATES
    if max(later[1], earlier[1]) > 1 and rules.multi_mappers == DROP:
        return MULTI_MAPPING
    mapq = min(later[0] >> MAPQ_SHIFT & 0xFF, earlier[0] >> MAPQ_SHIFT & 0xFF)
    return LOW_MAPQ if mapq < rules.min_mapq else _PASSED


@compiled
def votes_of(one: Int, two: Int, bit: Int, judged: tuple[Int, Int], rule: Int) -> Int:
    """Return the votes for a gene under one strandedness, 0 to 2, by its masks of both ends.

    ``judged`` are the strandednesses for which an intersection over each end has a say.
    """
    if rule == FEATURECOUNTS:
        return ((one & bit) != 0) + np.int64((two & bit) != 0)
    if rule == UNION:
        return np.int64((one | two) & bit != 0)
    kept = (one & two) | (one & ~judged[1]) | (two & ~judged[0])
    return np.int64(kept & bit != 0)


@compiled
def elect(
    united: Int64s, size: Int, bit: Int, judged: tuple[Int, Int], rules: Rules
) -> tuple[Int, Int, Int]:
    """Return the row with most votes (-1: none), how many rows have as many, how many any."""
    winner, ties, voted = np.int64(-1), np.int64(0), np.int64(0)
    most: Int = np.int64(0)
    for row in range(size):
        votes = votes_of(united[row, 1], united[row, 2], bit, judged, rules.rule)
        voted += votes > 0
        if votes > most:
            winner, most, ties = np.int64(row), votes, np.int64(1)
        elif votes == most and most > 0:
            ties += 1
    return winner, ties, voted


@compiled
def elected_rows(united: Int64s, pair: Pair, strand: Int, rules: Rules) -> tuple[Int, Int, Int]:
    """Return the first and last row of the genes to count, and the class of the fragment."""
    judged = (pair.later >> JUDGED_SHIFT & MASK, pair.earlier >> JUDGED_SHIFT & MASK)
    winner, ties, voted = elect(united, pair.size, 1 << strand, judged, rules)
    if voted == 0:
        return np.int64(0), np.int64(0), np.int64(NO_FEATURE)
    if rules.counts_overlapping:
        is_one = rules.rule == FEATURECOUNTS or voted == 1
        return np.int64(0), pair.size, np.int64(ASSIGNED if is_one else AMBIGUOUS)
    if ties > 1:
        return np.int64(0), np.int64(0), np.int64(AMBIGUOUS)
    return winner, winner + 1, np.int64(ASSIGNED)


@compiled
def assign(
    pair: Pair, united: Int64s, rules: Rules, by_gene: Int64s, totals: Int64s, events: Int64s
) -> Int:
    """Count a fragment for its gene under each strandedness; return how often it counts."""
    judged = (pair.later >> JUDGED_SHIFT & MASK, pair.earlier >> JUDGED_SHIFT & MASK)
    hits = max(pair.later_hits, pair.earlier_hits)
    is_weighted = rules.multi_mappers == FRACTION and hits > 1
    counted = np.int64(0)
    for strand in range(3):
        begin, end, where = elected_rows(united, pair, strand, rules)
        totals[strand * CLASSES + where] += 1
        for row in range(begin, end):
            one, two = united[row, 1], united[row, 2]
            if not votes_of(one, two, 1 << strand, judged, rules.rule):
                continue
            gene = united[row, 0] >> GENE_SHIFT
            counted += 1
            if is_weighted:
                events[totals[HAPPENED], 0] = strand * by_gene.shape[1] + gene
                events[totals[HAPPENED], 1] = hits
                totals[HAPPENED] += 1
            else:
                by_gene[strand, gene] += 1
    return counted


@compiled
def assign_plain(by_gene: Int64s, totals: Int64s, gene: Int, mask: Int) -> Int:
    """Count a whole fragment of at most one gene; return how often it counts.

    ``mask`` tells under which strandednesses the gene is its; 0 if there is none.
    """
    counted = np.int64(0)
    for strand in range(3):
        is_its = mask >> strand & 1
        totals[strand * CLASSES + (ASSIGNED if is_its else NO_FEATURE)] += 1
        by_gene[strand, gene] += is_its
        counted += is_its
    return counted


@compiled
def winner_of(united: Int64s, pair: Pair, rules: Rules) -> Int:
    """Return the row of the only gene with most unstranded votes, -1 where there is none."""
    judged = (pair.later >> JUDGED_SHIFT & MASK, pair.earlier >> JUDGED_SHIFT & MASK)
    winner, ties, _ = elect(united, pair.size, np.int64(UNSTRANDED), judged, rules)
    return winner if ties == 1 else np.int64(-1)


@compiled
def count_evidence(totals: Int64s, mask: Int) -> Int:
    """Count a fragment as sense or antisense by the mask of its gene; return the mask."""
    totals[SENSE] += mask == UNSTRANDED | FORWARD
    totals[ANTISENSE] += mask == UNSTRANDED | REVERSE
    return mask


@compiled
def count_aligned(totals: Int64s, states: tuple[Int, Int], entries: Int, hits: Int) -> Int:
    """Count the fragment of primary records; return 1 if it is aligned, else 0.

    ``entries`` are all of its entries, joined by or; ``hits`` is NH.
    """
    either = states[0] | states[1]
    if either & (SECONDARY | SUPPLEMENTARY) or states[0] & states[1] & UNMAPPED:
        return np.int64(0)
    totals[ALIGNED] += 1
    totals[ON_MITOCHONDRION] += either & MITOCHONDRIAL != 0
    totals[RIBOSOMAL] += entries & IS_RIBOSOMAL != 0
    totals[SEVERAL] += hits > 1
    return np.int64(1)


@compiled
def refuse_any(pair: Pair, rules: Rules) -> Int:
    """Return why a fragment is left out, -1 if it is not, by the rules that were chosen."""
    if rules.by_fragment == 0:
        return np.int64(refuse_single(pair.later, pair.later_hits, rules))
    later, earlier = (pair.later, pair.later_hits), (pair.earlier, pair.earlier_hits)
    if rules.rule == FEATURECOUNTS:
        return np.int64(refuse(later, earlier, rules))
    return np.int64(refuse_htseq(later, earlier, rules))


@compiled
def settle(
    pair: Pair, united: Int64s, rules: Rules, by_gene: Int64s, totals: Int64s, events: Int64s
) -> Int:
    """Filter a fragment and count it; return why it was left out, -1 if it was not.

    Parameters
    ----------
    pair, united
        The ends of the fragment and the genes that they lie on.
    rules
        How to count.
    by_gene
        int64 (`GENE_ROWS`, genes), what is added up by gene.
    totals
        int64 (`TOTALS`,), what is added up over all fragments.
    events
        int64 (room, 2): strandedness and gene, and NH, of fragments to be weighted by 1 / NH.
    """
    why = refuse_any(pair, rules)
    entries = np.int64(0)
    for row in range(pair.size):
        entries |= united[row, 0]
    hits = max(pair.later_hits, pair.earlier_hits)
    is_primary = count_aligned(totals, (pair.later, pair.earlier), entries, hits)
    is_weighted = rules.multi_mappers == FRACTION and hits > 1
    if why == _PASSED and pair.size <= 1 and rules.rule <= UNION and not is_weighted:
        mask = (united[0, 1] | united[0, 2]) if pair.size else np.int64(0)
        assign_plain(by_gene, totals, entries >> GENE_SHIFT, mask)
        count_evidence(totals, mask)
        return why
    winner = winner_of(united, pair, rules)
    if why == _PASSED:
        assign(pair, united, rules, by_gene, totals, events)
        if winner >= 0:
            count_evidence(totals, (united[winner, 1] | united[winner, 2]) & MASK)
        return why
    for strand in range(3):
        totals[strand * CLASSES + why] += 1
    if why == MULTI_MAPPING and is_primary and winner >= 0:
        by_gene[LOST, united[winner, 0] >> GENE_SHIFT] += 1
    return why
