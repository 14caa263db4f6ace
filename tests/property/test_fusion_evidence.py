"""Evidence of fusions is what a naive reading of the records says, wherever a file is cut."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest

from storiform.biomarkers.fusions.places import GenePlaces
from storiform.biomarkers.fusions.split_reads import FusionReadsParams, fusion_reads
from storiform.io.bam import BamFile
from storiform.kernels.fusion_evidence import (
    COLUMNS,
    CONTIG_A,
    CONTIG_B,
    GAP,
    KIND,
    MOST_ROWS,
    PAIR,
    PLACE_A,
    PLACE_B,
    SPLIT,
    STRAND_A,
    STRAND_B,
    FusionBatch,
    FusionRules,
    collect_evidence,
)
from storiform.simulation.fusion_bam import write_bam
from storiform.simulation.fusion_genome import invent_genome
from storiform.simulation.fusion_rna import RnaSimulator

GENOME = invent_genome(11, genes=80)
ANCHOR, INSERTED = 8, 8


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    where = tmp_path_factory.mktemp("fusions") / "rna.bam"
    rna = RnaSimulator(GENOME, 4).library(600, 6, noise=0.05)
    write_bam(where, GENOME, rna.fragments)
    return where


def bases_of(segment: pysam.AlignedSegment) -> dict[int, tuple[str, int, str]]:
    """Return contig, place and strand of each base, by its place in the read as sequenced."""
    first, _ = segment.cigartuples[0], segment.cigartuples[-1]
    hard = first[1] if first[0] == pysam.CHARD_CLIP else 0
    size = segment.infer_read_length()
    found = {}
    for query, place in segment.get_aligned_pairs(matches_only=True):
        own = query + hard
        own = size - 1 - own if segment.is_reverse else own
        strand = "-" if segment.is_reverse else "+"
        found[own] = (segment.reference_name, place, strand)
    return found


def other_places(segment: pysam.AlignedSegment) -> list[pysam.AlignedSegment]:
    found = []
    for entry in segment.get_tag("SA").rstrip(";").split(";"):
        name, place, strand, cigar, *_ = entry.split(",")
        other = pysam.AlignedSegment(segment.header)
        other.reference_id = segment.header.get_tid(name)
        other.reference_start = int(place) - 1
        other.flag = 16 if strand == "-" else 0
        other.cigarstring = cigar
        found.append(other)
    return found


def holding(contig: str, *places: int) -> set[tuple[str, bool]]:
    """Return the genes that hold all these places, with their strands."""
    found = set()
    for gene in {one.gene for one in GENOME.transcripts}:
        own = [one for one in GENOME.transcripts if one.gene == gene]
        start, end = min(one.start for one in own), max(one.end for one in own)
        if own[0].contig == contig and all(start <= place < end for place in places):
            found.add((gene, own[0].is_forward))
    return found


def either_way(one, other):
    """Return a junction, as it runs and against it, the lesser of both."""
    turned = {"+": "-", "-": "+"}
    forth = (*one, *other)
    back = (*other[:2], turned[other[2]], *one[:2], turned[one[2]])
    return min(forth, back)


def naive_splits(records) -> Counter:
    found: Counter = Counter()
    for record in records:
        if record.is_unmapped or record.is_supplementary or not record.has_tag("SA"):
            continue
        own = bases_of(record)
        for other in other_places(record):
            far = bases_of(other)
            head, tail = (own, far) if min(own) < min(far) else (far, own)
            tail = {query: told for query, told in tail.items() if query > max(head)}
            if min(len(head), len(tail)) < ANCHOR or min(tail) - max(head) - 1 > INSERTED:
                continue
            a, b = head[max(head)], tail[min(tail)]
            if not holding(*a[:2]) or not holding(*b[:2]):
                continue
            if a[0] == b[0] and holding(a[0], a[1], b[1]):
                continue
            found[either_way(a, b)] += 1
    return found


def naive_gaps(records) -> Counter:
    found: Counter = Counter()
    for record in records:
        if record.is_unmapped or record.is_supplementary or record.is_secondary:
            continue
        pairs = [place for _, place in record.get_aligned_pairs(matches_only=True)]
        contig = record.reference_name
        for a, b in pairwise(pairs):
            before = pairs.index(a) + 1
            if b - a < 2 or min(before, len(pairs) - before) < ANCHOR:
                continue
            for is_forward in (True, False):
                at_a, at_b, at_both = (
                    {gene for gene, strand in genes if strand == is_forward}
                    for genes in (holding(contig, a), holding(contig, b), holding(contig, a, b))
                )
                if at_a and at_b and not at_both:
                    found[either_way((contig, a, "+"), (contig, b, "+"))] += 1
                    break
    return found


def evidence(path: Path, pieces: int = 1, batch_bytes: int = 1 << 22) -> np.ndarray:
    rows = []
    with BamFile(path, assay="rna", batch_bytes=batch_bytes) as file:
        spans = GenePlaces(GENOME.annotation, file.header).spans()
        for chunk in file.chunks(pieces):
            for batch in file.batches(chunk):
                columns = FusionBatch(
                    batch.data, batch.offsets, batch.contigs, batch.starts, batch.ends,
                    batch.flags, batch.mapq, batch.names.view(np.int64), batch.is_owned,
                )  # fmt: skip
                row = 0
                while row < len(batch):
                    out = np.zeros((MOST_ROWS + 7, COLUMNS), dtype=np.int64)
                    rules = FusionRules(ANCHOR, INSERTED, 4, 0, np.zeros(2, dtype=np.int64))
                    filled, row = collect_evidence(columns, spans, rules, row, out)
                    rows.append(out[:filled])
    return np.concatenate(rows)


def told(rows: np.ndarray, kind: int) -> Counter:
    names = list(GENOME.contigs)
    return Counter(
        either_way(
            (names[row[CONTIG_A]], int(row[PLACE_A]), "+-"[row[STRAND_A]]),
            (names[row[CONTIG_B]], int(row[PLACE_B]), "+-"[row[STRAND_B]]),
        )
        for row in rows
        if row[KIND] == kind
    )


def test_splits_and_gaps_are_those_of_a_naive_reading(path) -> None:
    with pysam.AlignmentFile(str(path)) as file:
        records = list(file)
    rows = evidence(path)
    splits, gaps = naive_splits(records), naive_gaps(records)
    assert told(rows, SPLIT) == splits
    assert told(rows, GAP) == gaps
    assert sum(splits.values()) > 100
    assert sum(gaps.values()) > 10


def test_pairs_are_mates_in_two_genes(path) -> None:
    with pysam.AlignmentFile(str(path)) as file:
        records = [one for one in file if not one.is_supplementary and one.is_read1]
    expected = 0
    for one in records:
        a = one.reference_start if one.is_reverse else one.reference_end - 1
        size = one.query_length
        mate = one.next_reference_start
        inner = mate if one.mate_is_reverse else mate + size - 1
        b = mate if one.mate_is_reverse else inner
        contigs = (one.reference_name, one.next_reference_name)
        if not holding(contigs[0], a) or not holding(contigs[1], b):
            continue
        expected += not (contigs[0] == contigs[1] and holding(contigs[0], a, b))
    rows = evidence(path)
    assert (rows[:, KIND] == PAIR).sum() == expected > 20


def test_evidence_does_not_depend_on_where_the_file_is_cut(path) -> None:
    whole = evidence(path)
    order = np.lexsort(whole.T)
    for pieces, size in ((5, 1 << 22), (1, 1 << 14)):
        parts = evidence(path, pieces, size)
        np.testing.assert_array_equal(parts[np.lexsort(parts.T)], whole[order])


def test_collectors_of_parts_merge_into_that_of_the_whole(path) -> None:
    def table(pieces: int) -> pd.DataFrame:
        whole = fusion_reads(GENOME.annotation, FusionReadsParams())
        with BamFile(path, assay="rna") as file:
            whole.begin(file.header)
            for chunk in reversed(file.chunks(pieces)):
                part = whole.fork()
                for batch in file.batches(chunk):
                    part.take(batch)
                whole.merge(part)
        return whole.tables()[0]

    pd.testing.assert_frame_equal(table(1), table(4))
    assert len(table(1)) > 10
