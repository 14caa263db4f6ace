"""Protein changes of calls that act together, and of those that do not."""

import pandas as pd
import pytest
from called_gene import GCT_GAT, GCT_GCG, GENE, START, TGG_TCG, call, changes, phases
from invented_transcripts import Genome, Models

from storiform.biomarkers.consequences.alleles import Allele
from storiform.biomarkers.consequences.haplotypes import SomaticAllele, copies
from storiform.biomarkers.consequences.proteins import (
    ConsequencesProteinsParams,
    protein_changes,
)
from storiform.model.errors import DataWarning
from storiform.model.transcripts import Transcript

BOTH = ";".join(f"chr1-{START + a}-{START + a + 1}-{r}-{x}" for a, r, x in
                ((4, "C", "A"), (5, "T", "G")))  # fmt: skip


def test_one_call_is_one_change_with_its_window() -> None:
    found = changes(GCT_GAT)
    row = found.iloc[0]
    assert len(found) == 1
    assert row["variant_ids"] == f"chr1-{START + 4}-{START + 5}-C-A"
    assert (row["transcript"], row["gene"], row["phase"]) == ("T1.1", "TP53", "alone")
    assert (row["consequence"], row["hgvsp"]) == ("missense_variant", "P1.1:p.Ala2Asp")
    assert (row["wild_type"], row["mutant"]) == ("MAETWKKR", "MDETWKKR")
    assert (row["protein_position"], row["changed_start"], row["changed_end"]) == (2, 1, 2)
    assert row["is_in_frame"]
    assert row["speaks_for_gene"]
    assert (row["no_peptides"], row["source"], row["germline_ids"]) == ("", "storiform", "")


@pytest.mark.parametrize(
    ("given", "phase"),
    [
        ({"phases": phases(("S", 1), ("S", 1))}, "genotype"),
        ({"phases": phases(("", None), ("", None))}, "homozygous"),
        ({}, "assumed"),
        (
            {
                "phased": pd.DataFrame(
                    {
                        "variant_1": [BOTH.split(";")[0]],
                        "variant_2": [BOTH.split(";")[1]],
                        "is_one_copy": [True],
                    }
                ),
                "params": ConsequencesProteinsParams(joins_neighbours=False),
            },
            "reads",
        ),
    ],
)
def test_two_calls_of_one_codon_and_copy_are_one_change(given, phase) -> None:
    found = changes(GCT_GAT, GCT_GCG, **given)
    row = found.iloc[0]
    assert len(found) == 1
    assert (row["variant_ids"], row["phase"]) == (BOTH, phase)
    assert (row["hgvsp"], row["mutant"]) == ("P1.1:p.Ala2Glu", "MEETWKKR")
    assert row["hgvsc"] == "T1.1:c.5_6inv"


@pytest.mark.parametrize(
    "given",
    [
        {"phases": phases(("S", 1), ("S", 2))},
        {"params": ConsequencesProteinsParams(joins_neighbours=False)},
    ],
)
def test_two_calls_that_may_lie_on_two_copies_stay_apart(given) -> None:
    found = changes(GCT_GAT, GCT_GCG, **given)
    assert found["mutant"].to_list() == ["MDETWKKR", ""]
    assert found["no_peptides"].to_list() == ["", "same_protein"]
    assert set(found["phase"]) == {"alone"}


def test_neighbours_that_reads_show_apart_are_not_assumed_to_be_one() -> None:
    one, two = BOTH.split(";")
    seen = pd.DataFrame({"variant_1": [one], "variant_2": [two], "is_one_copy": [False]})
    assert len(changes(GCT_GAT, GCT_GCG, phased=seen)) == 2
    unsure = seen.assign(is_one_copy=pd.array([None], dtype="boolean"))
    assert len(changes(GCT_GAT, GCT_GCG, phased=unsure)) == 1


def test_pair_that_mends_the_frame_is_one_change() -> None:
    lost, added = call(2, "GG", "G"), call(8, "A", "AC")
    together = changes(lost, added, phases=phases(("S", 1), ("S", 1)))
    row = together.iloc[0]
    assert len(together) == 1
    # ATG CTG AAC ACC TGG: alanine and glutamate became leucine and asparagine
    assert (row["mutant"], row["is_in_frame"]) == ("MLNTWKKR", True)
    assert row["hgvsp"] == "P1.1:p.Ala2_Glu3delinsLeuAsn"
    assert row["consequence"] == "missense_variant"
    alone = changes(lost, added)
    assert len(alone) == 2
    assert not alone["is_in_frame"].any()


def test_change_behind_another_of_its_copy_is_told_with_it() -> None:
    near, far = call(4, "C", "A"), call(13, "G", "C")
    found = changes(near, far, phases=phases(("S", 1), ("S", 1)))
    assert found["mutant"].to_list() == ["MDETSKKR", "MDETSKKR"]
    assert found["wild_type"].to_list() == ["MAETWKKR", "MAETWKKR"]
    assert found["changed_start"].to_list() == [1, 4]
    assert found["phase"].to_list() == ["genotype", "genotype"]


def test_change_behind_a_stop_of_its_copy_gives_no_peptide() -> None:
    stop, far = call(6, "G", "T"), call(13, "G", "C")
    found = changes(stop, far, phases=phases(("S", 1), ("S", 1)))
    assert found["no_peptides"].to_list() == ["stop_gained", "same_protein"]


def test_call_behind_the_stop_of_a_shifted_frame_is_no_part_of_its_change() -> None:
    # ATG GCT TGA: what comes in ends the protein; the base that is lost behind it does nothing.
    shift, far = call(5, "TG", "TTGAG"), call(19, "AA", "A")
    found = changes(shift, far, phases=phases(("S", 1), ("S", 1)))
    assert found["variant_ids"].str.count("chr1").to_list() == [1, 1]
    assert found["no_peptides"].to_list() == ["stop_gained", "same_protein"]


@pytest.mark.parametrize(
    ("one", "reason", "is_in_frame"),
    [
        (call(0, "A", "G"), "start_lost", None),
        (call(6, "G", "T"), "stop_gained", True),
        (call(5, "T", "C"), "same_protein", True),
    ],
)
def test_change_without_a_new_residue_says_why(one, reason, is_in_frame) -> None:
    row = changes(one).iloc[0]
    assert (row["no_peptides"], row["mutant"]) == (reason, "")
    assert (None if pd.isna(row["is_in_frame"]) else row["is_in_frame"]) == is_in_frame


def test_lost_stop_is_read_on_to_the_next() -> None:
    row = changes(call(24, "T", "C")).iloc[0]
    assert (row["mutant"], row["wild_type"]) == ("MAETWKKRQV", "MAETWKKR")
    assert (row["changed_start"], row["changed_end"]) == (8, 10)
    assert not row["is_in_frame"]


def test_call_that_does_not_fit_the_genome_says_so() -> None:
    found = changes(call(4, "T", "A", mismatch=True), GCT_GCG)
    assert found["no_peptides"].to_list() == ["reference_mismatch", "same_protein"]


def test_calls_that_mostly_do_not_fit_the_genome_are_told_once() -> None:
    unfit, fit = call(4, "T", "A", mismatch=True, transcript="T1.1"), {"transcript": "T1.1"}
    told = r"most eligible calls of genes \(3 of 5\) do not fit .*REF and ALT exchanged"
    with pytest.warns(DataWarning, match=told) as caught:
        changes(*[unfit] * 3, {**GCT_GCG, **fit}, {**TGG_TCG, **fit})
    assert len(caught) == 1


def test_few_calls_that_do_not_fit_or_were_told_before_are_no_other_build() -> None:
    unfit, fit = call(4, "T", "A", mismatch=True), {"transcript": "T1.1"}
    changes(*[{**unfit, **fit}] * 2)  # a warning is an error
    changes(*[unfit] * 9)
    changes(*[{**unfit, **fit}] * 3, *[{**one, **fit} for one in (GCT_GAT, GCT_GCG, TGG_TCG)])


def test_calls_that_do_not_count_or_lie_elsewhere_make_no_row() -> None:
    away = {**call(4, "C", "A"), "contig": "chr2"}
    symbolic = {**call(4, "C", "<DEL>"), "set_aside": "symbolic"}
    assert changes(call(4, "C", "A", is_eligible=False), away, symbolic).empty


def test_allele_over_a_splice_site_has_no_protein() -> None:
    spliced = Transcript(
        "T2", "TP53", "G1", "chr1", True, ((10, 28), (44, 67)), ((20, 28), (44, 47)),  # noqa: FBT003  the strand
        protein="P2",
    )  # fmt: skip
    found = changes(call(8, "A", "C"), models=Models(spliced)).iloc[0]
    assert "splice_donor_variant" in found["consequence"].split("&")
    assert found["no_peptides"] == "no_protein_sequence"


def sites(*rows: tuple[int, str, str, str, str]) -> pd.DataFrame:
    """Return germline sites from (place in the coding bases, reference, zygosity, alleles)."""
    names = ["start", "reference", "zygosity", "allele_1", "allele_2"]
    found = pd.DataFrame(rows, columns=names).assign(contig="chr1")
    return found.assign(start=found["start"] + START)


def seen_together(*pairs: tuple[str, str]) -> pd.DataFrame:
    one, two = zip(*pairs, strict=True)
    return pd.DataFrame({"variant_1": one, "variant_2": two, "is_one_copy": True})


def name(start: int, ref: str, alt: str) -> str:
    return f"chr1-{START + start}-{START + start + 1}-{ref}-{alt}"


def test_homozygous_germline_allele_is_in_both_proteins() -> None:
    # GCT becomes GTT in the germline: the somatic GTG is a valine and changes nothing.
    germline = sites(
        (4, "C", "homozygous", "T", "T"), (10, "C", "heterozygous", "A", "C"),
        (16, "C", "homozygous", "T", "T"),
    )  # fmt: skip
    found = changes(GCT_GCG, call(13, "G", "C"), germline=germline)
    assert found["no_peptides"].to_list() == ["same_protein", ""]
    row = found.iloc[1]
    assert (row["wild_type"], row["mutant"]) == ("MVETWKKR", "MVETSKKR")
    assert (row["germline_ids"], row["phase"]) == (name(4, "C", "T"), "homozygous")


def test_germline_allele_that_brings_a_stop_is_told() -> None:
    # TGG becomes TGA in the germline: the protein ends with MAET.
    germline = sites((14, "G", "homozygous", "A", "A"))
    found = changes(GCT_GAT, call(18, "A", "C"), germline=germline)
    assert (found["wild_type"].to_list(), found["mutant"].to_list()) == (
        ["MAET", ""], ["MDET", ""]
    )  # fmt: skip
    assert found["no_peptides"].to_list() == ["", "behind_germline_stop"]
    assert set(found["germline_ids"]) == {name(14, "G", "A")}
    assert set(found["phase"]) == {"homozygous"}


def test_germline_stop_is_not_told_where_it_is_the_stop_of_the_reference() -> None:
    # TAG becomes TAA, a stop as it was.
    germline = sites((26, "G", "homozygous", "A", "A"))
    found = changes(GCT_GAT, call(8, "A", "G"), germline=germline)
    assert set(found["germline_ids"]) == {""}
    assert found["no_peptides"].to_list() == ["", "same_protein"]


def test_heterozygous_germline_allele_acts_only_beside_its_somatic_allele() -> None:
    germline = sites((4, "C", "heterozygous", "C", "T"), (10, "C", "heterozygous", "A", "C"))
    far = call(13, "G", "C")
    alone = changes(GCT_GCG, far, germline=germline)
    assert alone["wild_type"].to_list() == ["", "MAETWKKR"]
    assert set(alone["germline_ids"]) == {""}
    phased = seen_together((name(4, "C", "T"), name(13, "G", "C")))
    found = changes(GCT_GCG, far, germline=germline, phased=phased)
    assert found["mutant"].to_list() == ["", "MVETSKKR"]
    assert found["wild_type"].to_list() == ["", "MVETWKKR"]
    assert found["germline_ids"].to_list() == ["", name(4, "C", "T")]
    assert found["phase"].to_list() == ["alone", "reads"]


def test_somatic_alleles_that_share_a_germline_allele_share_a_copy() -> None:
    germline = sites((10, "C", "heterozygous", "A", "C"))
    near, far = call(4, "C", "A"), call(13, "G", "C")
    beside = name(10, "C", "A")
    phased = seen_together((name(4, "C", "A"), beside), (beside, name(13, "G", "C")))
    found = changes(near, far, germline=germline, phased=phased)
    assert found["mutant"].to_list() == ["MDENSKKR", "MDENSKKR"]
    assert found["wild_type"].to_list() == ["MAENWKKR", "MAENWKKR"]
    assert found["phase"].to_list() == ["reads", "reads"]


def test_transcript_that_the_calls_report_speaks_for_its_gene() -> None:
    other = Transcript(
        "T9.2", "TP53", "G1", "chr1", True, GENE.exons, GENE.coding, is_mane=True,  # noqa: FBT003  the strand
    )  # fmt: skip
    models = Models(GENE, other)
    plain = changes(GCT_GAT, models=models).set_index("transcript")["speaks_for_gene"]
    assert plain.to_dict() == {"T1.1": False, "T9.2": True}
    told = changes({**GCT_GAT, "transcript": "T1.1"}, models=models)
    speaks = told.set_index("transcript")["speaks_for_gene"]
    assert speaks.to_dict() == {"T1.1": True, "T9.2": False}


def test_without_annotation_the_given_changes_are_passed_on() -> None:
    given = changes(GCT_GAT)
    variants = pd.DataFrame([{"record": 0, "allele": 0, **GCT_GAT}])
    params = ConsequencesProteinsParams()
    assert protein_changes(variants, None, None, params, given=given) is given
    assert protein_changes(variants, None, Genome({}), params).empty


def allele(start: int, ref: str, alt: str, *phase: object, **more: bool) -> SomaticAllele:
    one = Allele("chr1", start, start + len(ref), ref, alt)
    return SomaticAllele(f"{start}{ref}{alt}", one, start, *phase, **more)


def test_alleles_that_change_the_same_base_cannot_share_a_copy() -> None:
    one, two = allele(5, "A", "C", "S", 1), allele(5, "A", "G", "S", 1)
    assert [len(copy.alleles) for copy in copies([one, two])] == [1, 1]


def test_reads_do_not_join_what_genotypes_keep_apart() -> None:
    one, two = allele(5, "A", "C", "S", 1), allele(9, "A", "G", "S", 2)
    found = copies([one, two], [(one.name, two.name)])
    assert [len(copy.alleles) for copy in found] == [1, 1]


def test_allele_of_both_copies_is_told_on_each() -> None:
    both = allele(7, "A", "T", is_homozygous=True)
    one, two = allele(5, "A", "C", "S", 1), allele(9, "A", "G", "S", 2)
    found = copies([one, both, two])
    assert [[a.row for a in copy.alleles] for copy in found] == [[5, 7], [7, 9]]


def test_allele_of_both_copies_is_alone_on_the_copy_that_has_no_other() -> None:
    both = allele(7, "A", "T", is_homozygous=True)
    one, two = allele(5, "A", "C"), allele(9, "A", "G")
    for others in ([one], [one, two], [allele(5, "A", "C", "S", 1), two]):
        found = [[a.row for a in copy.alleles] for copy in copies([both, *others])]
        assert found == [*([other.row, 7] if other.row < 7 else [7, other.row]
                           for other in others), [7]]  # fmt: skip
    apart = {(one.name, two.name)}
    found = copies([one, both, two], (), apart)
    assert [[a.row for a in copy.alleles] for copy in found] == [[5, 7], [7, 9]]


@pytest.mark.parametrize("side", [("S", 1), ("", 0)])
def test_call_of_both_copies_acts_without_the_shift_that_one_copy_has(side) -> None:
    found = changes(call(2, "GG", "G"), call(13, "G", "C"), phases=phases(side, ("", None)))
    assert sorted(found["mutant"]) == ["MAETSKKR", "MLKPRKNVRSDLRAR"]
    alone = found[found["mutant"] == "MAETSKKR"].iloc[0]
    assert (alone["hgvsp"], alone["beside_ids"]) == ("P1.1:p.Trp5Ser", "")


def test_codon_of_both_copies_is_changed_once_with_and_once_without_its_neighbour() -> None:
    found = changes(GCT_GAT, GCT_GCG, phases=phases(("S", 1), ("", None)))
    told = found[["variant_ids", "mutant", "no_peptides", "phase"]].itertuples(
        index=False, name=None
    )
    assert set(told) == {
        (BOTH, "MEETWKKR", "", "homozygous"),
        (BOTH.split(";")[1], "", "same_protein", "alone"),
    }
