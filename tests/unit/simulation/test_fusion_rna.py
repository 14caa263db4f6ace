"""Planted fusions and their look-alikes: records as they should be, and what is found."""

import numpy as np
import pysam
import pytest

from storiform.biomarkers.fusions.calls import FusionsParams, fusions
from storiform.biomarkers.fusions.split_reads import FusionReadsParams, fusion_reads
from storiform.io.bam import BamFile
from storiform.io.fusion_files import read_known_fusions
from storiform.io.resources import bundled
from storiform.simulation.fusion_bam import write_bam
from storiform.simulation.fusion_genome import invent_genome, places_of
from storiform.simulation.fusion_rna import RnaSimulator

GENOME = invent_genome(31, genes=120)


class Names:
    """Knows no gene by another name."""

    def symbols(self, ids):
        """Return the symbols as they are."""
        return list(ids)


def library(path, seed, planted):
    rna = RnaSimulator(GENOME, seed).library(1200, planted, noise=0.02)
    write_bam(path, GENOME, rna.fragments)
    return rna


def called(path):
    collector = fusion_reads(GENOME.annotation, FusionReadsParams())
    with BamFile(path, assay="rna") as file:
        collector.begin(file.header)
        for batch in file.batches(file.chunks(1)[0]):
            collector.take(batch)
    known = read_known_fusions(bundled("reference/fusions/known_fusions.tsv"))
    return fusions(known, Names(), FusionsParams(), fusion_reads=collector.tables()[0])


def pairs(table):
    own = table[table["is_confident"]]
    return set(zip(own["gene_5"], own["gene_3"], strict=True))


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    path = tmp_path_factory.mktemp("planted") / "rna.bam"
    return path, library(path, 1, 25)


def test_nearly_all_planted_fusions_are_found_where_they_are_and_no_others(planted) -> None:
    path, rna = planted
    table = called(path)
    truth = set(zip(rna.planted["gene_5"], rna.planted["gene_3"], strict=True))
    found = pairs(table)
    assert len(found & truth) >= 0.9 * len(truth)
    assert not found - truth
    ends = ["gene_5", "gene_3", "contig_5", "position_5", "strand_5", "contig_3", "position_3",
            "strand_3"]  # fmt: skip
    exact = table[table["is_confident"]].merge(rna.planted, on=ends)
    assert len(exact) >= 0.9 * len(truth)
    counts = exact["split_fragments"] + exact["spanning_fragments"]
    assert (counts >= 0.8 * exact["fragments"]).all()


def test_rna_without_fusions_has_none_though_much_looks_like_one(tmp_path) -> None:
    false, left_out = 0, 0
    for seed in range(4):
        path = tmp_path / f"{seed}.bam"
        library(path, 100 + seed, 0)
        table = called(path)
        false += len(pairs(table))
        left_out += len(table)
    assert false == 0
    assert left_out > 40


def test_records_are_sound_and_tell_the_bases_of_the_genome(planted) -> None:
    path, _ = planted
    with pysam.AlignmentFile(str(path)) as file:
        records = list(file)
    assert {one.is_read1 for one in records} == {True, False}
    parts = [one for one in records if one.has_tag("SA")]
    assert len(parts) > 100
    for one in [*records[:300], *parts]:
        bases = GENOME.texts[one.reference_name]
        for query, place in one.get_aligned_pairs(matches_only=True)[::7]:
            assert one.query_sequence[query] == chr(bases[place])
    mains = {(one.query_name, one.is_read1): one for one in parts if not one.is_supplementary}
    for one in parts:
        if one.is_supplementary:
            main = mains[one.query_name, one.is_read1]
            name, place, strand, *_ = one.get_tag("SA").split(",")
            assert (name, int(place) - 1) == (main.reference_name, main.reference_start)
            assert (strand == "-") == main.is_reverse
            assert one.query_alignment_length <= main.query_alignment_length


def test_coding_sequences_of_the_invented_genome_run_from_start_to_stop() -> None:
    pairs_of = dict(zip(b"ACGT", b"TGCA", strict=True))
    coding = [one for one in GENOME.transcripts if one.coding]
    assert {one.is_forward for one in coding} == {True, False}
    for one in coding:
        places = [p for p in places_of(one).tolist() if any(a <= p < b for a, b in one.coding)]
        bases = [GENOME.texts[one.contig][place] for place in places]
        text = bytes(bases if one.is_forward else [pairs_of[base] for base in bases])
        codons = [text[n : n + 3] for n in range(0, len(text), 3)]
        assert codons[0] == b"ATG"
        assert codons[-1] == b"TAA"
        assert not set(codons[:-1]) & {b"TAA", b"TAG", b"TGA"}


def test_the_same_seed_draws_the_same_library() -> None:
    one, other = (RnaSimulator(GENOME, 9).library(50, 2) for _ in range(2))
    assert one.planted.equals(other.planted)
    assert all(
        np.array_equal(a.places, b.places)
        for a, b in zip(one.fragments, other.fragments, strict=True)
    )
