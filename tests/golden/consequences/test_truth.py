"""The plain translation itself, on changes that were worked out by hand."""

import pytest
from _consequence_edges import Bounds, differs_at_edge, in_gap, trimmed
from _consequence_entry import misses
from _consequence_fields import differs_around, differs_in_fields, splice_terms
from _consequence_names import disagreement, misnamed
from _consequence_truth import (
    PlainEffects,
    PlainTranscript,
    Truth,
    expected_terms,
    plain_transcripts,
)
from validate_consequences import _differs

GENOME = (
    "TTTT" + "ATGGCTAAATGG" + "GTAAGTCCCCCCCCCCCCCCCCCCCCTTTCAG" + "CTTGAAAGATGA" + "CCTAAGG"
)
GTF = "".join(
    f'chr1\tx\t{kind}\t{start}\t{end}\t.\t+\t{phase}\ttranscript_id "T";\n'
    for kind, start, end, phase in (
        ("exon", 1, 16, "."), ("exon", 49, 67, "."), ("CDS", 5, 16, "0"), ("CDS", 49, 57, "0"),
        ("stop_codon", 58, 60, "0"),
    )
)  # fmt: skip
PLAIN = PlainEffects({"chr1": GENOME}, plain_transcripts(GTF))


@pytest.mark.parametrize(
    ("start", "ref", "alt", "mutant", "right", "wrong", "term"),
    [
        (7, "G", "A", "MTKWLER*", "Ala2Thr", "Ala2Val", "missense_variant"),
        (9, "T", "C", "MAKWLER*", "Ala2=", "Ala2Thr", "synonymous_variant"),
        (15, "G", "A", "MAK*", "Trp4Ter", "Trp4Gly", "stop_gained"),
        (9, "TAAA", "T", "MAWLER*", "Lys3del", "Ala2del", "inframe_deletion"),
        (9, "T", "TAAA", "MAKKWLER*", "Lys3dup", "Ala2_Lys3insLys", "inframe_insertion"),
        (9, "TA", "T", "MANGLKDDLR", "Lys3AsnfsTer?", "Lys3AsnfsTer4", "frameshift_variant"),
        (57, "T", "C", "MAKWLERRPK", "Ter8ArgextTer?", "Ter8ArgextTer4", "stop_lost"),
    ],
)
def test_a_change_is_named_by_what_it_makes(  # noqa: PLR0913, PLR0917  a table's columns
    start, ref, alt, mutant, right, wrong, term
) -> None:
    truth = PLAIN.of("T", start, ref, alt)
    assert (truth.place, truth.reference, truth.mutant) == ("coding", "MAKWLER*", mutant)
    assert disagreement(right, truth) == ""
    assert disagreement(wrong, truth) != ""
    assert term in expected_terms(truth)


def test_a_lost_start_and_places_outside_of_codons_are_known() -> None:
    assert PLAIN.of("T", 4, "A", "G").place == "start_lost"
    assert PLAIN.of("T", 2, "T", "G").place == "5_prime_UTR"
    assert PLAIN.of("T", 61, "C", "G").place == "3_prime_UTR"
    assert PLAIN.of("T", 30, "C", "G").place == "intron"
    assert PLAIN.of("T", 90, "C", "G").place == "outside"


@pytest.mark.parametrize(
    ("start", "ref", "alt", "place"),
    [
        (15, "GG", "G", "intron"),
        (14, "GGG", "G", "across"),
        (16, "GT", "GTAA", "intron"),
        (15, "G", "GAAA", "coding"),
        (2, "TT", "T", "5_prime_UTR"),
        (3, "T", "TA", "before_start"),
        (3, "TATG", "T", "start_lost"),
        (4, "A", "ACGA", "start_kept"),
        (59, "A", "AC", "behind_stop"),
        (58, "GACC", "G", "stop_lost"),
        (58, "GACC", "GA", "3_prime_UTR"),
        (57, "TGACC", "TAAGG", "stop_kept"),
    ],
)
def test_variants_over_ends_are_placed(start, ref, alt, place) -> None:
    assert GENOME[start : start + len(ref)] == ref
    assert PLAIN.of("T", start, ref, alt).place == place


def test_terms_over_the_end_of_an_exon_are_those_of_the_bases_that_are_touched() -> None:
    truth = PLAIN.of("T", 14, "GGG", "G")
    assert truth.terms == {"coding_sequence_variant", "splice_donor_variant"}
    entry = {"Consequence": "splice_donor_variant&coding_sequence_variant", "HGVSp": ""}
    assert differs_at_edge("across", entry, truth.terms) == ""
    assert differs_at_edge("across", {**entry, "HGVSp": "T:p.Trp4="}, truth.terms) != ""
    lacking = {**entry, "Consequence": "splice_donor_variant"}
    assert differs_at_edge("across", lacking, truth.terms) != ""


def test_an_allele_meets_a_gap_where_it_can_be_moved_to_it() -> None:
    bases, exons = "TTGCAAAAGCTT", [(0, 6), (7, 12)]  # the third A of four is in no exon
    assert in_gap(bases, exons, Bounds(4, 4, "A"))
    assert in_gap(bases, exons, Bounds(7, 8, ""))
    assert in_gap(bases, exons, Bounds(2, 9, ""))
    assert not in_gap(bases, exons, Bounds(2, 3, ""))
    assert not in_gap(bases, exons, Bounds(4, 4, "C"))
    assert not in_gap(bases, exons, Bounds(5, 6, "T"))


@pytest.mark.parametrize(
    ("start", "ref", "alt", "right", "wrong"),
    [
        (7, "G", "A", "c.4G>A", "c.5G>A"),
        (9, "TA", "T", "c.9del", "c.7del"),
        (9, "T", "TA", "c.9dup", "c.9_10insA"),
        (2, "T", "G", "c.-2T>G", "c.-1T>G"),
        (61, "C", "G", "c.*2C>G", "c.*1C>G"),
        (8, "CT", "AG", "c.5_6delinsAG", "c.5_6delinsAC"),
    ],
)
def test_a_change_of_bases_is_applied_and_stands_last(start, ref, alt, right, wrong) -> None:
    truth = PLAIN.of("T", start, ref, alt)
    assert misnamed(right, truth) == ""
    assert misnamed(wrong, truth) != ""


def _at(one: PlainTranscript, start: int, end: int | None = None) -> set[str]:
    return splice_terms(one, Bounds(start, start + 1 if end is None else end, ""))


def test_terms_of_splicing_follow_the_distance_from_the_ends_of_an_intron() -> None:
    forward = PlainTranscript("F", "chr1", "+", exons=[(0, 20), (60, 90)])
    reverse = PlainTranscript("R", "chr1", "-", exons=[(0, 20), (60, 90)])
    donor = {20: "splice_donor_variant", 22: "splice_donor_region_variant",
             24: "splice_donor_5th_base_variant", 26: "splice_region_variant"}  # fmt: skip
    for place, term in donor.items():
        assert _at(forward, place) == {term}
        assert _at(reverse, 79 - place) == {term}
    tract = "splice_polypyrimidine_tract_variant"
    assert _at(forward, 57) == {"splice_region_variant", tract}
    assert _at(forward, 43) == {tract}
    assert _at(forward, 42) == set()
    assert _at(forward, 17) == _at(forward, 62) == {"splice_region_variant"}
    assert _at(forward, 16) == _at(forward, 63) == set()


def test_a_wrong_entry_is_told() -> None:
    truth = PLAIN.of("T", 7, "G", "A")
    right = {"Consequence": "missense_variant", "HGVSc": "T:c.4G>A", "HGVSp": "T:p.Ala2Thr"}
    assert _differs(right, truth) == ""
    assert _differs(None, truth) == "no entry"
    for name, value in (("Consequence", "synonymous_variant"), ("HGVSc", "T:c.4G>C"),
                        ("HGVSp", "T:p.Ala2Ser"), ("HGVSp", "")):  # fmt: skip
        assert _differs({**right, name: value}, truth) != ""
    outside = Truth("intron")
    assert _differs({**right, "Consequence": "intron_variant"}, outside) != ""


def test_an_allele_is_cut_at_its_end_first_and_keeps_its_anchor() -> None:
    assert trimmed(4, "CAA", "CA") == (5, 6, "")
    assert trimmed(4, "CA", "CAA") == (5, 5, "A")
    assert trimmed(4, "GCT", "ACT") == (4, 5, "A")
    assert trimmed(4, "A", "CA") == (4, 4, "C")


RIGHT = {
    "Consequence": "missense_variant", "IMPACT": "MODERATE", "HGVSc": "T:c.4G>A",
    "HGVSp": "T:p.Ala2Thr", "CDS_position": "4/24", "Protein_position": "2/7",
    "Amino_acids": "A/T", "Codons": "Gct/Act",
}  # fmt: skip


def _misses(entry, start, ref, alt) -> str:
    truth = PLAIN.of("T", start, ref, alt)
    return misses(entry, truth, PLAIN.transcripts["T"], GENOME, ("chr1", start + 1, ref, alt))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("HGVSc", ""),
        ("Consequence", "missense_variant&synonymous_variant"),
        ("Consequence", "synonymous_variant"),
        ("IMPACT", "LOW"),
        ("Codons", "x/x"),
        ("Codons", "gct/act"),
        ("Amino_acids", "x/x"),
        ("CDS_position", "1"),
        ("CDS_position", "4/21"),
        ("Protein_position", "1/7"),
    ],
)
def test_a_writer_that_is_wrong_in_one_field_is_told(field, value) -> None:
    assert _misses(RIGHT, 7, "G", "A") == ""
    assert _misses({**RIGHT, field: value}, 7, "G", "A") != ""


def test_a_stop_told_beside_the_right_term_is_told() -> None:
    spoiled = {**RIGHT, "Consequence": "missense_variant&stop_gained", "IMPACT": "HIGH"}
    assert "all terms" in _misses(spoiled, 7, "G", "A")


def test_an_insertion_in_frame_is_no_deletion() -> None:
    right = {
        "Consequence": "inframe_insertion", "IMPACT": "MODERATE", "HGVSc": "T:c.7_9dup",
        "HGVSp": "T:p.Lys3dup", "CDS_position": "6-7/24", "Protein_position": "2-3/7",
        "Amino_acids": "-/K", "Codons": "-/AAA",
    }  # fmt: skip
    assert _misses(right, 9, "T", "TAAA") == ""
    for other in ("inframe_deletion", "protein_altering_variant"):
        assert "all terms" in _misses({**right, "Consequence": other}, 9, "T", "TAAA")


def test_a_substitution_in_an_intron_is_counted_from_the_nearer_exon() -> None:
    entry = {"Consequence": "intron_variant", "IMPACT": "MODIFIER", "HGVSp": ""}
    for start, name in ((30, "T:c.12+15C>G"), (32, "T:c.13-16C>G"), (26, "T:c.12+11C>G")):
        assert _misses({**entry, "HGVSc": name}, start, "C", "G") == ""
        for wrong in ("", "T:c.12+3C>G", "T:c.13-22C>G", "T:c.12+15C>T"):
            assert _misses({**entry, "HGVSc": wrong}, start, "C", "G") != ""


def test_a_name_over_the_end_of_an_exon_is_applied_to_the_genome() -> None:
    entry = {"Consequence": "splice_donor_variant&coding_sequence_variant", "IMPACT": "HIGH"}
    assert _misses({**entry, "HGVSc": "T:c.12_12+1del"}, 14, "GGG", "G") == ""
    assert _misses({**entry, "HGVSc": "T:c.12_12+2del"}, 14, "GGG", "G") != ""


def test_terms_of_splicing_of_indels_are_those_of_the_bases_that_are_touched() -> None:
    one = PlainTranscript("F", "chr1", "+", exons=[(0, 20), (60, 90)])
    assert _at(one, 18, 21) == {"splice_donor_variant"}
    assert _at(one, 22, 24) == {"splice_donor_region_variant"}
    assert _at(one, 22, 25) == {"splice_donor_5th_base_variant"}
    assert _at(one, 20, 20) == _at(one, 60, 60) == {"splice_region_variant"}
    assert _at(one, 21, 21) == {"splice_donor_variant"}
    assert _at(one, 59, 59) == {"splice_acceptor_variant"}
    assert _at(one, 17, 17) == _at(one, 63, 63) == set()


ENTRY = {
    "Consequence": "missense_variant", "IMPACT": "MODERATE", "EXON": "1/2", "INTRON": "",
    "cDNA_position": "8/35", "PICK": "1", "CANONICAL": "", "MANE": "", "BIOTYPE": "",
    "Gene": "", "STRAND": "1", "FLAGS": "", "DISTANCE": "", "HGVSc": "T:c.4G>A",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("EXON", "9/9"), ("INTRON", "1/1"), ("cDNA_position", "1/1"), ("cDNA_position", ""),
        ("Consequence", "missense_variant&splice_region_variant"),
        ("Consequence", "missense_variant&NMD_transcript_variant"),
    ],
)  # fmt: skip
def test_a_writer_that_is_wrong_in_a_place_or_a_term_of_splicing_is_told(field, value) -> None:
    one, allele, truth = PLAIN.transcripts["T"], Bounds(7, 8, "A"), PLAIN.of("T", 7, "G", "A")
    assert differs_in_fields(ENTRY, one, allele, truth) == ""
    assert differs_in_fields({**ENTRY, field: value}, one, allele, truth) != ""


@pytest.mark.parametrize(
    ("field", "value"),
    [("PICK", ""), ("CANONICAL", "YES"), ("MANE", "MANE_Select"), ("STRAND", "-1"),
     ("FLAGS", "cds_start_NF"), ("DISTANCE", "3"), ("Gene", "G")],
)  # fmt: skip
def test_what_is_said_of_a_transcript_is_compared(field, value) -> None:
    transcripts, allele = list(PLAIN.transcripts.values()), Bounds(7, 8, "A")
    assert differs_around({"T": ENTRY}, transcripts, allele) == ""
    assert differs_around({"T": {**ENTRY, field: value}}, transcripts, allele) != ""
    assert differs_around({}, transcripts, allele) != ""


def test_a_transcript_to_one_side_has_a_side_and_a_distance() -> None:
    transcripts, allele = list(PLAIN.transcripts.values()), Bounds(70, 71, "A")
    empty = {"EXON": "", "cDNA_position": "", "HGVSc": "", "IMPACT": "MODIFIER"}
    right = {**ENTRY, **empty, "Consequence": "downstream_gene_variant", "DISTANCE": "4"}
    assert differs_around({"T": right}, transcripts, allele) == ""
    for name, value in (("Consequence", "upstream_gene_variant"), ("DISTANCE", "3"),
                        ("Consequence", "intergenic_variant")):  # fmt: skip
        assert differs_around({"T": {**right, name: value}}, transcripts, allele) != ""


def test_a_change_of_the_first_or_last_base_of_a_transcript_has_a_name() -> None:
    for start, ref, alt in ((0, "T", "A"), (66, "G", "A")):
        side = "5_prime_UTR_variant" if start == 0 else "3_prime_UTR_variant"
        entry = {"Consequence": side, "IMPACT": "MODIFIER", "HGVSc": "", "HGVSp": ""}
        assert "HGVSc: none" in _misses(entry, start, ref, alt)
