"""Alleles where a coding sequence is open, has a gap, or where its RNA ends."""

import pytest
from annotated_gene import END, FIRST, G_CT, SECOND, START, STOP, effect


def test_incomplete_start_keeps_the_frame_and_hides_the_first_codon() -> None:
    given = {
        "coding": ((START + 2, FIRST + 21), (SECOND, STOP)),
        "phase": 1,
        "lacks_start": True,
    }
    hidden = effect(START + 2, "G", "T", **given)
    assert (hidden.consequence, hidden.hgvsp) == ("coding_sequence_variant", "")
    seen = effect(G_CT + 1, "C", "A", **given)
    assert (seen.consequence, seen.hgvsp) == ("missense_variant", "P1:p.Ala2Asp")
    assert (seen.cds_position, seen.hgvsc) == ("5", "T1:c.5C>A")
    assert seen.flags == "cds_start_NF"


def test_transcript_marked_as_without_start_has_none_to_lose() -> None:
    found = effect(START, "A", "G", lacks_start=True)
    assert (found.consequence, found.hgvsp) == ("missense_variant", "P1:p.Met1Val")
    front = effect(START - 2, "CCAT", "C", lacks_start=True)
    assert front.consequence == "coding_sequence_variant&5_prime_UTR_variant"


@pytest.mark.parametrize(
    ("start", "ref", "alt", "terms", "hgvsp"),
    [
        # alanine, as annotated: its residue must stay, whatever the codon
        (G_CT, "G", "T", "start_lost", "p.Ala1?"),
        (G_CT + 2, "T", "C", "synonymous_variant", "p.Ala1="),
        (G_CT, "GCTGA", "GATGA", "start_lost", "p.Ala1?"),
        (G_CT + 3, "G", "C", "missense_variant", "p.Glu2Gln"),
    ],
)
def test_annotated_start_that_is_no_start_codon_is_kept_with_its_residue(
    start, ref, alt, terms, hgvsp
) -> None:
    given = {"coding": ((G_CT, FIRST + 21), (SECOND, STOP))}
    found = effect(start, ref, alt, **given)
    assert (found.consequence, found.hgvsp) == (terms, f"P1:{hgvsp}")


def test_coding_sequence_that_begins_with_the_rna_and_no_start_codon_is_open() -> None:
    given = {
        "exons": ((G_CT, FIRST + 21), (SECOND, END)),
        "coding": ((G_CT, FIRST + 21), (SECOND, STOP)),
    }
    found = effect(G_CT, "G", "T", **given)
    assert (found.consequence, found.hgvsp) == ("missense_variant", "P1:p.Ala1Ser")
    known = {key: ((START, value[0][1]), value[1]) for key, value in given.items()}
    assert effect(START, "A", "G", **known).hgvsp == "P1:p.Met1?"


def test_incomplete_end_has_no_stop_to_lose() -> None:
    given = {"coding": ((START, FIRST + 21), (SECOND, STOP - 4)), "lacks_end": True}
    part = effect(STOP - 5, "G", "C", **given)
    assert part.consequence == "incomplete_terminal_codon_variant&coding_sequence_variant"
    shifted = effect(G_CT, "GC", "G", **given)
    assert shifted.hgvsp == "P1:p.Ala2ValfsTer?"


def test_shift_of_the_frame_in_the_last_codon_of_an_open_end_is_no_silent_one() -> None:
    # ... AAA AAA CGT: with another T the residues that are known stay.
    given = {"coding": ((START, FIRST + 21), (SECOND, STOP - 3)), "lacks_end": True}
    found = effect(STOP - 5, "G", "GT", **given)
    assert (found.consequence, found.hgvsp) == ("frameshift_variant", "")


def test_gap_that_mends_a_frame_is_no_intron() -> None:
    exons = ((FIRST, FIRST + 21), (SECOND, SECOND + 7), (SECOND + 10, END))
    coding = ((START, FIRST + 21), (SECOND, SECOND + 7), (SECOND + 10, STOP))
    found = effect(SECOND + 8, "A", "C", exons=exons, coding=coding)
    assert found.consequence == "coding_sequence_variant"
    behind = ((FIRST, FIRST + 21), (SECOND, STOP + 3), (STOP + 6, END))
    found = effect(STOP + 4, "G", "C", exons=behind)
    assert found.consequence == "3_prime_UTR_variant"
    before = ((FIRST, FIRST + 3), (FIRST + 6, FIRST + 21), (SECOND, END))
    found = effect(FIRST + 4, "T", "C", exons=before)
    assert found.consequence == "5_prime_UTR_variant"


GAP = SECOND + 6
"""A base that is in no exon: ... TGG A(A)A AAA CGT TAG, of which the RNA has 26 codons."""


@pytest.mark.parametrize(
    ("start", "ref", "alt", "terms"),
    [
        # what comes in or is lost may be the base of the gap, or not
        (SECOND + 3, "G", "GAAA", "coding_sequence_variant"),
        (SECOND + 3, "G", "GA", "coding_sequence_variant"),
        (SECOND + 3, "GA", "G", "coding_sequence_variant"),
        (SECOND + 9, "ACGT", "A", "inframe_deletion"),
        (SECOND + 3, "GAAAA", "G", "coding_sequence_variant"),
        # GGA again, over the gap: as well TGG AAA before it or GGA behind
        (SECOND + 1, "T", "TGGAAAA", "splice_region_variant&coding_sequence_variant"),
        (SECOND + 3, "G", "GCCC", "inframe_insertion"),
    ],
)
def test_indel_that_can_be_put_over_a_gap_that_mends_a_frame_has_no_known_protein(
    start, ref, alt, terms
) -> None:
    given = {
        "exons": ((FIRST, FIRST + 21), (SECOND, GAP), (GAP + 1, END)),
        "coding": ((START, FIRST + 21), (SECOND, GAP), (GAP + 1, STOP)),
    }
    found = effect(start, ref, alt, **given)
    assert found.consequence == terms
    is_hidden = "coding_sequence_variant" in terms
    assert (found.hgvsp == "") == is_hidden


@pytest.mark.parametrize(
    ("behind", "start", "ref", "alt", "terms", "hgvsp"),
    [
        # the RNA ends with one base, or two, of a codon: no residue comes of them
        (2, STOP - 7, "ACGTTAG", "A", "stop_lost&inframe_deletion", "p.Arg8_Ter9delextTer?"),
        (2, STOP - 4, "TTAG", "T", "stop_lost&inframe_deletion", "p.Ter9extTer?"),
        (1, STOP - 3, "T", "C", "stop_lost", "p.Ter9GlnextTer?"),
        # untranslated bases go with it: C|CT GAC CTA AGG
        (
            20,
            STOP - 6,
            "CGTTAGGT",
            "C",
            "stop_lost&3_prime_UTR_variant",
            "p.Arg8_Ter9delinsProAspextTer?",
        ),
        (4, STOP - 6, "CGTTAG", "GGTCAG", "stop_lost", "p.Arg8_Ter9delinsGlyGlnextTer?"),
    ],
)
def test_lost_stop_names_no_residue_that_the_rna_has_not(
    behind, start, ref, alt, terms, hgvsp
) -> None:
    given = {"exons": ((FIRST, FIRST + 21), (SECOND, STOP + behind))}
    found = effect(start, ref, alt, **given)
    assert (found.consequence, found.hgvsp) == (terms, f"P1:{hgvsp}")
