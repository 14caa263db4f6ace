"""Fusions of a trial of reads: what is true of them, and their reads beside all others."""

import numpy as np
import pandas as pd
import pysam
import pytest

from storiform.biomarkers.fusions.split_reads import FusionReadsParams, fusion_reads
from storiform.io.bam import BamFile
from storiform.io.transcripts import read_transcript_models
from storiform.kernels.layout import WITH, WITHOUT
from storiform.simulation.annotation import write_annotation
from storiform.simulation.fragments import Chains, Mixture, rna_fragments
from storiform.simulation.fusion_library import CHIMERAS, fused_reads
from storiform.simulation.fusion_trial import (
    HIDDEN_AS,
    USUAL,
    Joint,
    draw_joints,
    fusion_row,
    hide_fusion,
    plant_fusions,
)
from storiform.simulation.invention import invent
from storiform.simulation.people import draw_person, molecules
from storiform.simulation.reads import Library, Questions, write_reads
from storiform.simulation.reference import read_reference

SIZE = 6_000
LEFT_OUT = 4 | 256 | 1024 | 2048


@pytest.fixture(scope="module")
def genome():
    return invent(read_reference(9000))


def clinic(*histologies):
    names = [f"P{number}" for number in range(len(histologies))]
    return pd.DataFrame({"patient": names, "histology": histologies})


def test_every_tumour_of_an_entity_has_its_fusion_and_no_other_tumour_has_one(genome) -> None:
    table = clinic(*USUAL, "leiomyosarcoma", "angiosarcoma", *USUAL)
    joints = draw_joints(genome, table, "", seed=4)
    assert set(joints) == {"P0", "P1", "P4", "P5"}
    stated = table.set_index("patient")["histology"]
    for name, joint in joints.items():
        assert (joint.five.symbol, joint.three.symbol) in USUAL[stated[name]]
        assert not joint.is_hidden


def test_one_tumour_with_a_fusion_is_entered_under_another_diagnosis(genome) -> None:
    table = clinic("synovial sarcoma", "leiomyosarcoma", "angiosarcoma", HIDDEN_AS)
    changed, joints = plant_fusions(genome, table, ["P0", "P1", "P3"], seed=1)
    assert changed.equals(table)
    assert [name for name, joint in joints.items() if joint.is_hidden] == ["P3"]
    assert joints["P3"].three.symbol == "DDIT3"
    changed, joints = plant_fusions(genome, table, ["P0", "P1"], seed=1)
    assert changed["histology"].tolist()[1] == HIDDEN_AS
    assert joints["P1"].is_hidden
    rng = np.random.default_rng(1)
    assert hide_fusion(table, ["P0"], rng)[1] == ""


def naive_protein(sequences, joint):
    """Translate a fusion from the text of the genome, base by base."""
    flip = {"A": "T", "C": "G", "G": "C", "T": "A"}
    texts = []
    for gene in (joint.five, joint.three):
        text = "".join(sequences[gene.contig][start:end] for start, end in gene.exons)
        is_plus = gene.strand == "+"
        texts.append(text if is_plus else "".join(flip[base] for base in reversed(text)))
    fused = texts[0][joint.five.coding[0] : joint.cut_5] + texts[1][joint.cut_3 :]
    return fused, texts[1][joint.three.coding[0] : joint.three.coding[1]]


def test_the_residues_of_the_truth_are_those_of_a_naive_cell(genome, tmp_path, twin) -> None:
    write_annotation(tmp_path, genome)
    sequences, _ = twin.read_genome(tmp_path)
    table = clinic(*[name for name in USUAL for _ in range(12)])
    kept = 0
    for joint in draw_joints(genome, table, "", seed=2).values():
        row = fusion_row(genome, Biopsy(), joint, (1, 1))
        fused, own = naive_protein(sequences, joint)
        protein, native = (
            twin.proteins(({"c": text}, {"g": ("c", "+", [(0, len(text) // 3 * 3)])}))["g"]
            for text in (fused, own)
        )
        protein = protein.partition("*")[0]
        assert row["junction_residues"] in protein
        at = (joint.cut_5 - joint.five.coding[0]) // 3
        assert row["junction_residues"] == protein[max(at - 8, 0) : at + 8]
        tail = native.rstrip("*")[-5:]
        assert protein.endswith(tail) == row["is_in_frame"]
        kept += bool(row["is_in_frame"])
    assert kept > 0


class Biopsy:
    """A biopsy that has names alone."""

    patient, name, rna_sample = "P1", "P1", "P1_R"


@pytest.fixture(scope="module")
def library(genome, tmp_path_factory):
    """Write the RNA of a tumour with a fusion; return folder, fusion, truth and alleles."""
    folder = tmp_path_factory.mktemp("fused")
    write_annotation(folder, genome)
    rng = np.random.default_rng(3)
    joint = draw_joints(genome, clinic("synovial sarcoma"), "", seed=3)["P0"]
    person = draw_person(genome, "male", rng)
    cells = molecules(genome, person, (), person)
    weights = np.full(len(genome.genes), 1 / len(genome.genes))
    drawn = rna_fragments(genome, Chains.of(genome), weights, Mixture(0.5), SIZE, rng)
    fused = fused_reads(genome, cells, joint, weights, ("P1_R", SIZE), rng)
    begin = genome.first(joint.five.contig)
    asked = np.sort(begin + joint.five.transcript[joint.cut_5 - 30 : joint.cut_5])
    questions = Questions(
        asked, np.zeros(len(asked), np.int32), np.zeros((len(asked), 1), np.uint8)
    )
    shown = write_reads(
        folder / "rna.bam",
        Library("P1_R", 5, is_rna=True, fused=fused.reads),
        genome, Chains.of(genome), cells, drawn, questions,
    )  # fmt: skip
    return (
        folder,
        joint,
        fusion_row(genome, Biopsy(), joint, (fused.split, fused.spanning)),
        (
            asked - begin,
            shown,
        ),
    )


def test_fused_reads_lie_among_the_others_by_their_places(library) -> None:
    folder, joint, row, _ = library
    with pysam.AlignmentFile(str(folder / "rna.bam")) as bam:
        records = list(bam.fetch(until_eof=True))
        places = [(one.reference_id, one.reference_start) for one in records]
        placed = [place for place in places if place[0] >= 0]
        assert placed == sorted(placed)
        near = list(bam.fetch(joint.five.contig, row["position_5"], row["position_5"] + 1))
    fused = [one for one in records if one.query_name.startswith("SIM:J:")]
    parts = [one for one in fused if one.has_tag("SA")]
    assert len(parts) > row["split_fragments"]
    assert any(one.query_name.startswith("SIM:J:") for one in near)
    chimeras = {one.query_name for one in fused}
    assert len(chimeras) >= row["split_fragments"] + CHIMERAS * SIZE
    for one in fused:
        assert one.get_tag("RG") == "P1_R"
        assert one.mapping_quality == 255


def test_reads_run_against_the_messenger_as_with_dutp(library) -> None:
    folder, joint, row, _ = library
    with pysam.AlignmentFile(str(folder / "rna.bam")) as bam:
        near = bam.fetch(joint.five.contig, row["position_5"], row["position_5"] + 1)
        own = [one for one in near if one.query_name.startswith("SIM:J:")]
    assert len(own) > 5
    along = joint.five.strand == "+"
    for one in own:
        assert one.is_read2 == (one.is_forward == along)


def test_bases_over_the_junction_are_those_of_the_partners(library, genome) -> None:
    folder, _, _, _ = library
    wrong = total = 0
    with pysam.AlignmentFile(str(folder / "rna.bam")) as bam:
        for one in bam.fetch(until_eof=True):
            if not one.query_name.startswith("SIM:J:"):
                continue
            for query, place in one.get_aligned_pairs(matches_only=True):
                text = genome.text(one.reference_name, place, place + 1)
                wrong += one.query_sequence[query] != text
                total += 1
    assert total > 2000
    assert wrong < 0.03 * total  # what people differ in


def test_alleles_in_fused_reads_are_counted(library) -> None:
    folder, joint, _, (asked, shown) = library
    with pysam.AlignmentFile(str(folder / "rna.bam")) as bam:
        for number, place in enumerate(asked.tolist()):
            names = set()
            for one in bam.fetch(joint.five.contig, place, place + 1):
                if one.flag & LEFT_OUT or one.mapping_quality < 20:
                    continue
                for query, at in one.get_aligned_pairs(matches_only=True):
                    if at == place and one.query_qualities[query] >= 20:
                        names.add(one.query_name)
            assert len(names) == (shown["site"] == number).sum()
    assert not shown["code"].isin([WITH, WITHOUT]).any()


def test_the_fusion_is_seen_where_it_was_planted(library) -> None:
    folder, _, row, _ = library
    transcripts = read_transcript_models(folder / "genes.gtf")
    collector = fusion_reads(transcripts, FusionReadsParams())
    with BamFile(folder / "rna.bam", assay="rna") as file:
        collector.begin(file.header)
        for batch in file.batches(file.chunks(1)[0]):
            collector.take(batch)
    table = collector.tables()[0]
    ends = ["gene_5", "gene_3", "contig_5", "position_5", "strand_5", "contig_3", "position_3",
            "strand_3"]  # fmt: skip
    own = table.merge(pd.DataFrame([row])[ends], on=ends)
    assert len(own) == 1
    told, planted = (
        int(one["split_fragments"]) + int(one["spanning_fragments"])
        for one in (own.iloc[0], row)
    )
    assert 0.8 * planted <= told <= 1.2 * planted


def test_a_library_without_fusion_has_chimeras_alone(genome) -> None:
    rng = np.random.default_rng(6)
    person = draw_person(genome, "female", rng)
    cells = molecules(genome, person, (), person)
    weights = np.full(len(genome.genes), 1 / len(genome.genes))
    fused = fused_reads(genome, cells, None, weights, ("S", 20_000), rng)
    assert fused.fragments >= 20
    assert (fused.split, fused.spanning) == (0, 0)
    nothing = fused_reads(genome, cells, None, weights, ("S", 1), rng)
    assert nothing.reads.data == ()


def test_both_partners_give_residues_enough(genome) -> None:
    table = clinic(*["synovial sarcoma"] * 20)
    for joint in draw_joints(genome, table, "", seed=8).values():
        assert isinstance(joint, Joint)
        assert joint.five.coding[0] < joint.cut_5 < joint.five.coding[1]
        assert joint.three.coding[0] < joint.cut_3 < joint.three.coding[1]
