"""Junctions that reads show: their ends, their way, and what speaks against them."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.fusions.junctions import JunctionParams, find_junctions
from storiform.biomarkers.fusions.places import GenePlaces
from storiform.biomarkers.fusions.split_reads import (
    FusionReadsParams,
    chimeric_fusions,
    fusion_reads,
)
from storiform.kernels.fusion_evidence import COLUMNS, GAP, PAIR, SPLIT
from storiform.model.errors import ContractError, InputError
from storiform.model.reads import ReadHeader
from storiform.model.step import Step
from storiform.model.tables.fusions import CHIMERIC_ALIGNMENTS
from storiform.model.transcripts import Transcript
from storiform.simulation.fusion_genome import FusionTranscripts

CONTIGS = ("chr1", "chr2", "chrM")
HEADER = ReadHeader(CONTIGS, (500_000,) * 3, CONTIGS, assay="rna")


def gene(symbol, contig, exons, *, is_forward=True, biotype="protein_coding"):
    return Transcript(f"T{symbol}", symbol, f"G{symbol}", contig, is_forward, exons,
                      biotype=biotype)  # fmt: skip


GENES = FusionTranscripts(
    (
        gene("AAA1", "chr1", ((1000, 1100), (2000, 2100), (3000, 3100))),
        gene("BBB1", "chr2", ((1000, 1100), (2000, 2100), (3000, 3100)), is_forward=False),
        gene("CCC1", "chr1", ((10_000, 10_100), (11_000, 11_100))),
        gene("AAA2", "chr2", ((50_000, 50_100), (51_000, 51_100))),
        gene("MT-CO1", "chrM", ((0, 5000),), biotype=""),
        gene("IGHG1", "chr2", ((90_000, 90_100), (91_000, 91_100)), biotype="IG_C_gene"),
        gene("RNA45SN1", "chr2", ((95_000, 99_000),), biotype="rRNA"),
        gene("HLA-A", "chr2", ((200_000, 200_100), (201_000, 201_100))),
        *(
            gene(f"Q{letter}X", "chr2", ((300_000 + 9000 * n, 303_000 + 9000 * n),))
            for n, letter in enumerate("ABCDEFGHIJKLM")
        ),
    )
)
PLACES = GenePlaces(GENES, HEADER)


def row(a, b, name=1, kind=SPLIT, **told):
    """Return a row of evidence: a and b are contig, place and strand (0 or 1)."""
    values = {"slack": 0, "anchor": 40, "outer": (a[1] - 40 - name, b[1] + 40 - name),
              "alignments": 1, "is_poor": 0} | told  # fmt: skip
    contig = {name: n for n, name in enumerate(CONTIGS)}
    return [
        name, kind, contig[a[0]], a[1], a[2], contig[b[0]], b[1], b[2], values["slack"],
        values["anchor"], *values["outer"], values["alignments"], values["is_poor"],
    ]  # fmt: skip


def found(*rows, **bounds):
    params = JunctionParams(bounds.get("read_through_bp", 3000), bounds.get("partners", 10))
    evidence = np.array(rows, dtype=np.int64).reshape(-1, COLUMNS)
    return find_junctions(evidence, PLACES, params)


# AAA1 exon 2 ends at base 2099; BBB1 (reverse) exon 2 begins, as it is transcribed, at 2099.
DONOR, ACCEPTOR = ("chr1", 2099, 0), ("chr2", 2099, 1)
BACK = (("chr2", 2099, 0), ("chr1", 2099, 1))


def test_the_step_is_fed_by_the_pass_over_rna() -> None:
    step = Step.of(fusion_reads)
    assert step.scan is not None
    assert step.scan.assays == ("rna",)
    assert [table.name for table in step.scan.tables] == ["fusion_reads", "fusion_search"]
    assert Step.of(chimeric_fusions).grain == "biopsy"


def test_reads_of_both_directions_are_one_junction_that_runs_as_its_genes() -> None:
    (one,) = found(row(DONOR, ACCEPTOR, 1), row(*BACK, 2), row(*BACK, 3)).to_dict("records")
    assert (one["gene_5"], one["gene_3"]) == ("AAA1", "BBB1")
    assert (one["contig_5"], one["position_5"], one["strand_5"]) == ("chr1", 2099, "+")
    assert (one["contig_3"], one["position_3"], one["strand_3"]) == ("chr2", 2099, "-")
    assert one["split_fragments"] == one["distinct_splits"] == 3
    assert one["is_exon_end_5"]
    assert one["is_exon_end_3"]
    assert one["cause"] == ""


def test_mates_of_a_fragment_and_copies_count_once() -> None:
    same = {"outer": (2050, 2150)}
    told = ((1, same), (1, {}), (2, same))
    rows = [row(DONOR, ACCEPTOR, name, **places) for name, places in told]
    (one,) = found(*rows).to_dict("records")
    assert one["split_fragments"] == 2
    assert one["distinct_splits"] == 2


def test_both_mates_of_a_copied_molecule_are_one_place() -> None:
    mates = ({"outer": (2050, 2150)}, {"outer": (2020, 2120)})
    rows = [row(DONOR, ACCEPTOR, name, **mate) for name in (1, 2, 3) for mate in mates]
    (one,) = found(*rows).to_dict("records")
    assert (one["split_fragments"], one["distinct_splits"]) == (3, 1)


def test_bases_that_fit_both_sides_are_given_to_exon_ends() -> None:
    # The read's parts overlap by 6 bases: the junction may lie up to 6 bases further back.
    a, b = ("chr1", 2103, 0), ("chr2", 2095, 1)
    (one,) = found(row(a, b, 1, slack=6), row(a, b, 2, slack=6)).to_dict("records")
    assert (one["position_5"], one["position_3"]) == (2099, 2099)
    assert one["is_exon_end_5"]
    assert one["is_exon_end_3"]
    # Read against the direction the slack lies on the other side.
    turned = row((b[0], b[1] + 6, 0), (a[0], a[1] - 6, 1), 3, slack=6)
    rows = found(row(a, b, 1, slack=6), turned)
    assert rows["split_fragments"].tolist() == [2]


def test_neighbouring_junctions_are_taken_for_the_one_at_exon_ends() -> None:
    near = row(("chr1", 2095, 0), ("chr2", 2096, 1), 5)
    far = row(("chr1", 2060, 0), ("chr2", 2060, 1), 6)
    rows = found(
        row(DONOR, ACCEPTOR, 1), near, row(("chr1", 2095, 0), ("chr2", 2096, 1), 7), far
    )
    assert rows["split_fragments"].tolist() == [3]
    assert rows["position_5"].tolist() == [2099]


@pytest.mark.parametrize(("off_5", "off_3", "junctions"),
                         [(5, 0, 1), (6, 0, 2), (0, 5, 1), (0, 6, 2), (5, 5, 1)])  # fmt: skip
def test_junctions_five_bases_apart_are_one(off_5, off_3, junctions) -> None:
    near = ("chr1", 2099 - off_5, 0), ("chr2", 2099 - off_3, 1)
    rows = found(*(row(DONOR, ACCEPTOR, n) for n in (1, 2)), *(row(*near, n) for n in (3, 4)))
    assert len(rows) == junctions


@pytest.mark.parametrize("off", [0, 1, 2])
def test_two_bases_off_an_exon_end_are_still_at_it(off) -> None:
    a, b = ("chr1", 2099 - off, 0), ("chr2", 2099 + off, 1)
    one = found(row(a, b, 1), row(a, b, 2)).iloc[0]
    assert one["is_exon_end_5"]
    assert one["is_exon_end_3"]
    a = ("chr1", 2099 - 3, 0)
    assert not found(row(a, b, 1), row(a, b, 2)).iloc[0]["is_exon_end_5"]


def test_a_lone_read_is_there_only_at_exon_ends() -> None:
    assert len(found(row(DONOR, ACCEPTOR))) == 1
    assert found(row(("chr1", 2050, 0), ("chr2", 2050, 1))).empty


def test_mates_on_either_side_are_counted_but_those_over_the_junction() -> None:
    splits = [row(DONOR, ACCEPTOR, n) for n in (1, 2)]
    around = row(("chr1", 2080, 0), ("chr2", 2050, 1), 3, PAIR)
    turned = row(("chr2", 2050, 0), ("chr1", 2080, 1), 4, PAIR)
    same = row(("chr1", 2080, 0), ("chr2", 2050, 1), 1, PAIR)
    behind = row(("chr1", 2180, 0), ("chr2", 2050, 1), 5, PAIR)
    before = row(("chr1", 2080, 0), ("chr2", 2150, 1), 6, PAIR)
    other = row(("chr1", 2080, 1), ("chr2", 2050, 1), 7, PAIR)
    (one,) = found(*splits, around, turned, same, behind, before, other).to_dict("records")
    assert one["spanning_fragments"] == 2


@pytest.mark.parametrize(("past_5", "past_3", "pairs"),
                         [(5, 0, 1), (6, 0, 0), (0, 5, 1), (0, 6, 0)])  # fmt: skip
def test_mates_may_reach_five_bases_past_the_junction(past_5, past_3, pairs) -> None:
    splits = [row(DONOR, ACCEPTOR, n) for n in (1, 2)]
    mates = row(("chr1", 2099 + past_5, 0), ("chr2", 2099 + past_3, 1), 3, PAIR)
    (one,) = found(*splits, mates).to_dict("records")
    assert one["spanning_fragments"] == pairs


def test_within_one_gene_there_is_no_junction() -> None:
    rows = [row(("chr1", 3099, 0), ("chr1", 1000, 0), n) for n in (1, 2)]
    assert found(*rows).empty


@pytest.mark.parametrize(
    ("a", "b", "bound", "cause"),
    [
        (("chr1", 2099, 0), ("chr1", 10_000, 0), 7000, "read_through"),
        (("chr1", 2099, 0), ("chr1", 10_000, 0), 6000, ""),
        (("chr1", 11_099, 0), ("chr1", 1000, 0), 7000, "circular"),
        (("chr1", 2099, 0), ("chr2", 50_000, 0), 7000, "homologous"),
        (("chr1", 2099, 0), ("chrM", 700, 0), 7000, "mitochondrial"),
        (("chr1", 2099, 0), ("chr2", 90_000, 0), 7000, "immunoglobulin"),
        (("chr1", 2099, 0), ("chr2", 97_000, 0), 0, "ribosomal"),
        (("chr1", 2099, 0), ("chr2", 200_000, 0), 7000, "HLA"),
    ],
)
def test_what_else_may_explain_a_junction_is_told(a, b, bound, cause) -> None:
    rows = found(row(a, b, 1), row(a, b, 2), read_through_bp=bound)
    assert rows["cause"].tolist() == [cause]


def test_a_gap_to_a_neighbour_is_a_junction_of_two_genes() -> None:
    rows = [row(("chr1", 2099, 0), ("chr1", 10_000, 0), n, GAP) for n in (1, 2)]
    one = found(*rows).iloc[0]
    assert (one["gene_5"], one["gene_3"], one["split_fragments"]) == ("AAA1", "CCC1", 2)


def test_a_gene_with_many_partners_is_noise_but_at_exon_ends() -> None:
    noise = [
        row(("chr1", 2050, 0), ("chr2", 301_000 + 9000 * n, 0), 2 * n + k)
        for n in range(13)
        for k in range(2)
    ]
    rows = found(*noise, row(DONOR, ACCEPTOR, 99)).set_index("gene_3")
    assert rows.loc["QAX", "cause"] == "many_partners"
    assert rows.loc["BBB1", "cause"] == ""
    assert found(*noise, partners=13)["cause"].eq("").all()


def test_reads_with_other_places_are_repetitive_unless_exon_ends_tell_them() -> None:
    a, b = ("chr1", 2050, 0), ("chr2", 2050, 1)
    other = ("chr2", 301_000, 0)
    rows = [row(a, b, n, alignments=2) for n in (1, 2)]
    assert found(*rows)["is_repetitive"].tolist() == [True]
    exact = [row(DONOR, ACCEPTOR, n, alignments=2) for n in (1, 2)]
    elsewhere = [row(("chr1", 2099, 0), other, n, alignments=2) for n in (1, 2)]
    told = found(*exact, *elsewhere).set_index("gene_3")["is_repetitive"]
    assert not told["BBB1"]
    assert told["QAX"]
    twice = [row(("chr1", 2099, 0), ("chr2", 50_000, 0), n, alignments=2) for n in (1, 2)]
    assert found(*exact, *twice)["is_repetitive"].tolist() == [True, True]


def test_one_base_over_and_over_is_repetitive_even_at_exon_ends() -> None:
    rows = [row(DONOR, ACCEPTOR, n, is_poor=1) for n in (1, 2)]
    assert found(*rows)["is_repetitive"].tolist() == [True]


def test_an_annotation_of_another_genome_is_refused() -> None:
    header = ReadHeader(("chr9",), (1000,), ("9",), assay="rna")
    with pytest.raises(InputError, match=r"resources\.genes"):
        GenePlaces(GENES, header)


def test_a_collector_wants_to_begin_first() -> None:
    collector = fusion_reads(GENES, FusionReadsParams())
    with pytest.raises(ContractError, match="begin"):
        collector.tables()


def test_alignments_of_stars_own_file_make_the_same_junctions() -> None:
    columns = {
        "name": ["x", "y", "z"], "contig_a": "chr1", "place_a": [2099, 2099, 2080],
        "strand_a": "+", "contig_b": "chr2", "place_b": [2099, 2099, 2050], "strand_b": "-",
        "is_split": [True, True, False], "slack": 0, "anchor": [30, 20, 50],
        "outer_a": [2000, 2010, 2000], "outer_b": 2000, "alignments": 1,
    }  # fmt: skip
    table = CHIMERIC_ALIGNMENTS.conform(pd.DataFrame(columns).assign(row=range(3)))
    (one,) = chimeric_fusions(table, GENES, FusionReadsParams()).to_dict("records")
    assert (one["gene_5"], one["gene_3"]) == ("AAA1", "BBB1")
    assert (one["split_fragments"], one["spanning_fragments"]) == (2, 1)
    assert one["shortest_anchor"] == 30
    assert chimeric_fusions(table.iloc[:0], GENES, FusionReadsParams()).empty
