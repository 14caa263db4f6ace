"""Germline indels beside somatic calls: they are in both proteins of a change."""

import pandas as pd
import pytest
from called_gene import (
    GCT_GAT,
    GENE,
    START,
    TEXT,
    TGG_TCG,
    call,
    changes,
    phases,
)
from invented_transcripts import Genome, Models

from storiform.biomarkers.consequences.proteins import (
    ConsequencesProteinsParams,
    protein_changes,
)
from storiform.model.transcripts import Transcript


def born(start: int, ref: str, alt: str, share: float | None = 0.5, **more: object):
    """Return a call that is rejected as germline, with its share of the normal's reads."""
    failed = {"failed_filters": "not_pass;germline", "normal_vaf": share, **more}
    return call(start, ref, alt, is_eligible=False, **failed)


ONE_COPY, TWO_COPIES = phases(("S", 1), ("S", 1)), phases(("S", 1), ("S", 2))
LOST = f"chr1-{START + 2}-{START + 4}-GG-G"


def test_germline_shift_of_the_same_copy_is_in_both_proteins() -> None:
    # ATG CTG AAA CCT GGA: what is tryptophan's G in the reference is read in GGA, glycine.
    found = changes(born(2, "GG", "G"), TGG_TCG, phases=ONE_COPY)
    assert len(found) == 1
    row = found.iloc[0]
    assert row["wild_type"].startswith("MLKPGKN")
    assert row["mutant"] == row["wild_type"].replace("MLKPG", "MLKPR")
    assert (row["protein_position"], row["germline_ids"], row["phase"]) == (5, LOST, "genotype")
    assert row["hgvsp"] == "P1.1:p.Trp5Ser"


@pytest.mark.parametrize(
    ("share", "given", "acts"),
    [
        (0.5, {}, False),
        (0.5, {"phases": TWO_COPIES}, False),
        (0.05, {"phases": ONE_COPY}, False),
        (None, {"phases": ONE_COPY}, True),
        (0.95, {}, True),
        (0.95, {"phases": TWO_COPIES}, True),
        (0.5, {"phases": phases(("", None), ("S", 2))}, True),
        (
            0.5,
            {
                "phased": pd.DataFrame(
                    {
                        "variant_1": [LOST],
                        "variant_2": [f"chr1-{START + 13}-{START + 14}-G-C"],
                        "is_one_copy": [True],
                    }
                )
            },
            True,
        ),
    ],
)
def test_germline_indel_acts_where_it_is_known_to_share_the_copy(share, given, acts) -> None:
    row = changes(born(2, "GG", "G", share), TGG_TCG, **given).iloc[-1]
    assert row["germline_ids"] == (LOST if acts else "")
    assert row["wild_type"].startswith("MLKPG" if acts else "MAETW")


def test_germline_indel_that_ends_the_protein_leaves_no_peptide_behind_it() -> None:
    stop = born(5, "TG", "TTGAG")  # ATG GCT TGA
    found = changes(stop, call(4, "C", "A"), TGG_TCG, phases=phases(*[("S", 1)] * 3))
    assert found["no_peptides"].to_list() == ["", "behind_germline_stop"]
    assert found["mutant"].to_list() == ["MD", ""]
    assert set(found["germline_ids"]) == {f"chr1-{START + 5}-{START + 7}-TG-TTGAG"}


def test_germline_shift_ends_the_protein_where_its_own_stop_comes() -> None:
    # ATG GCT GAA ACC TGT AGA ... with another G becomes ATG GCT GGA AAC CTG TAG.
    genome = Genome({"chr1": TEXT.replace("TGGAAA", "TGTAGA")})
    near = {**call(11, "C", "A"), "start": START + 12, "ref": "T", "end": START + 13}
    calls = [born(5, "T", "TG", 0.95), near, call(22, "G", "A")]
    variants = pd.DataFrame([{"record": i, "allele": 0, **one} for i, one in enumerate(calls)])
    params = ConsequencesProteinsParams()
    found = protein_changes(variants, Models(GENE), genome, params)
    assert found["no_peptides"].to_list() == ["", "behind_germline_stop"]
    assert (found["wild_type"][0], found["mutant"][0]) == ("MAGNL", "MAGNQ")
    assert set(found["germline_ids"]) == {f"chr1-{START + 5}-{START + 6}-T-TG"}


def test_change_behind_a_germline_stop_that_another_takes_out_has_no_residue_of_it() -> None:
    # ATG GCT GGA AAC CTG TAG AAA: TAG becomes CAG, and the frame shifts behind it.
    genome = Genome({"chr1": TEXT.replace("TGGAAA", "TGTAGA")})
    read_on = {**call(12, "T", "C"), "start": START + 14, "end": START + 15}
    calls = [born(5, "T", "TG", 0.95), read_on, call(20, "A", "AC")]
    variants = pd.DataFrame([{"record": i, "allele": 0, **one} for i, one in enumerate(calls)])
    params = ConsequencesProteinsParams()
    found = protein_changes(
        variants, Models(GENE), genome, params, phases=phases(*[("S", 1)] * 3)
    )
    assert found["wild_type"].to_list() == ["MAGNL", "MAGNL"]
    assert found["mutant"].str[:6].to_list() == ["MAGNLQ", "MAGNLQ"]


def test_germline_residue_that_is_lost_is_in_neither_protein() -> None:
    found = changes(born(14, "GAAA", "G", 0.97), GCT_GAT, TGG_TCG)
    assert found["wild_type"].to_list() == ["MAETWKR", "MAETWKR"]
    assert found["mutant"].to_list() == ["MDETWKR", "MAETSKR"]
    assert set(found["germline_ids"]) == {f"chr1-{START + 14}-{START + 18}-GAAA-G"}
    assert set(found["phase"]) == {"homozygous"}


def test_somatic_allele_that_mends_a_germline_shift_brings_the_reference_back() -> None:
    row = changes(born(2, "GG", "G"), call(8, "A", "AC"), phases=ONE_COPY).iloc[0]
    assert row["mutant"] == "MLNTWKKR"
    assert row["wild_type"].startswith("MLKPGKN")
    assert not row["is_in_frame"]


def test_allele_of_both_copies_is_told_with_and_without_a_germline_indel_of_one() -> None:
    found = changes(born(2, "GG", "G"), TGG_TCG, phases=phases(("S", 1), ("", None)))
    assert sorted(found["germline_ids"]) == ["", LOST]
    assert {wild[:5] for wild in found["wild_type"]} == {"MLKPG", "MAETW"}


def test_germline_indel_over_a_splice_site_leaves_no_protein() -> None:
    spliced = Transcript(
        "T2", "TP53", "G1", "chr1", True, ((10, 28), (44, 67)), ((20, 28), (44, 47)),  # noqa: FBT003  the strand
        protein="P2",
    )  # fmt: skip
    lost = born(7, "AA", "A", 0.95)
    row = changes(lost, GCT_GAT, models=Models(spliced)).iloc[0]
    assert row["no_peptides"] == "no_protein_sequence"
    assert row["germline_ids"] == f"chr1-{START + 7}-{START + 9}-AA-A"


def test_germline_indel_alone_is_no_change() -> None:
    assert changes(born(2, "GG", "G", 0.95)).empty
    elsewhere = born(2, "GG", "G", 0.95, failed_filters="germline;duplicate")
    assert changes(elsewhere, TGG_TCG).iloc[0]["germline_ids"] == ""
