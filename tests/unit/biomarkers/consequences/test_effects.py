"""Effects of single alleles, worked out by hand on one small gene."""

import pytest
from annotated_gene import END, FIRST, G_CT, SECOND, START, STOP, TEXT, effect, transcript
from invented_transcripts import Genome, Models

from storiform.biomarkers.consequences.effects import INTERGENIC, Annotator, Effect, speaker


def test_gene_is_what_the_comment_says() -> None:
    annotator = Annotator(Models(transcript()), Genome({"chr1": TEXT}))
    assert annotator.spliced.of(transcript()).protein == "MAETWKKR*"


@pytest.mark.parametrize(
    ("start", "ref", "alt", "terms", "hgvsc", "hgvsp"),
    [
        # substitutions
        (G_CT + 1, "C", "A", "missense_variant", "c.5C>A", "p.Ala2Asp"),
        (G_CT + 2, "T", "C", "synonymous_variant", "c.6T>C", "p.Ala2="),
        (START + 6, "G", "T", "stop_gained", "c.7G>T", "p.Glu3Ter"),
        (START + 9, "A", "G", "missense_variant&splice_region_variant", "c.10A>G", "p.Thr4Ala"),
        (SECOND, "C", "A", "splice_region_variant&synonymous_variant", "c.12C>A", "p.Thr4="),
        (START, "A", "G", "start_lost", "c.1A>G", "p.Met1?"),
        (STOP - 3, "T", "C", "stop_lost", "c.25T>C", "p.Ter9GlnextTer2"),
        (STOP - 1, "G", "A", "stop_retained_variant", "c.27G>A", "p.Ter9="),
        # several bases: the protein decides
        (SECOND + 1, "TGG", "TAG", "stop_gained&splice_region_variant", "c.14G>A", "p.Trp5Ter"),
        (SECOND + 1, "TGGAA", "CGTAG", "missense_variant&splice_region_variant",
         "c.13_17delinsCGTAG", "p.Trp5_Lys6delinsArgArg"),
        (SECOND + 2, "GGA", "AAT", "stop_gained&splice_region_variant", "c.14_16delinsAAT",
         "p.Trp5Ter"),
        (SECOND + 4, "AAA", "TTT", "missense_variant", "c.16_18inv", "p.Lys6Phe"),
        (SECOND + 3, "GA", "TT", "stop_gained", "c.15_16delinsTT",
         "p.Trp5_Lys6delinsCysTer"),
        # whole codons
        (SECOND + 3, "GAAA", "G", "inframe_deletion", "c.19_21del", "p.Lys7del"),
        (SECOND + 3, "G", "GAAA", "inframe_insertion", "c.19_21dup", "p.Lys7dup"),
        (G_CT + 2, "T", "TCAT", "inframe_insertion", "c.6_7insCAT", "p.Ala2_Glu3insHis"),
        (G_CT + 2, "T", "TTAG", "stop_gained&inframe_insertion", "c.6_7insTAG",
         "p.Ala2_Glu3insTer"),
        (G_CT, "G", "GAAC", "protein_altering_variant", "c.4_5insAAC",
         "p.Ala2delinsGluPro"),
        (STOP - 4, "T", "TGGG", "inframe_insertion", "c.24_25insGGG", "p.Arg8_Ter9insGly"),
        (STOP - 4, "T", "TTGA", "stop_retained_variant", "c.25_26insGAT", "p.Ter9="),
        # shifts of the frame
        (G_CT, "GC", "G", "frameshift_variant", "c.5del", "p.Ala2ValfsTer?"),
        (G_CT + 2, "T", "TG", "frameshift_variant", "c.7dup", "p.Glu3GlyfsTer11"),
        (START + 5, "TGAA", "T", "inframe_deletion&splice_region_variant", "c.7_9del",
         "p.Glu3del"),
        (START + 6, "GAAA", "CT", "frameshift_variant&splice_region_variant",
         "c.7_10delinsCT", "p.Glu3LeufsTer10"),
        (STOP - 3, "TA", "T", "frameshift_variant&stop_lost", "c.26del", "p.Ter9TrpextTer?"),
    ],
)  # fmt: skip
def test_coding_alleles(start, ref, alt, terms, hgvsc, hgvsp) -> None:
    found = effect(start, ref, alt)
    assert (found.consequence, found.hgvsc, found.hgvsp) == (
        terms, f"T1:{hgvsc}", f"P1:{hgvsp}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "ref", "alt", "terms", "hgvsc"),
    [
        (FIRST + 21, "G", "A", "splice_donor_variant", "c.11+1G>A"),
        (FIRST + 22, "T", "A", "splice_donor_variant", "c.11+2T>A"),
        (FIRST + 23, "A", "C", "splice_donor_region_variant&intron_variant", "c.11+3A>C"),
        (FIRST + 25, "G", "C", "splice_donor_5th_base_variant&intron_variant", "c.11+5G>C"),
        (FIRST + 26, "T", "C", "splice_donor_region_variant&intron_variant", "c.11+6T>C"),
        (FIRST + 28, "C", "G", "splice_region_variant&intron_variant", "c.11+8C>G"),
        (FIRST + 29, "A", "G", "intron_variant", "c.11+9A>G"),
        (SECOND - 18, "C", "G", "intron_variant", "c.12-18C>G"),
        (SECOND - 17, "T", "G", "splice_polypyrimidine_tract_variant&intron_variant",
         "c.12-17T>G"),
        (SECOND - 3, "C", "G",
         "splice_region_variant&splice_polypyrimidine_tract_variant&intron_variant",
         "c.12-3C>G"),
        (SECOND - 2, "A", "G", "splice_acceptor_variant", "c.12-2A>G"),
        (SECOND - 1, "G", "A", "splice_acceptor_variant", "c.12-1G>A"),
        # over the edge of an exon nothing is known of the protein
        (FIRST + 19, "ACGT", "A", "splice_donor_variant&coding_sequence_variant",
         "c.11_11+2del"),
        (SECOND - 3, "CAGC", "C", "splice_acceptor_variant&coding_sequence_variant",
         "c.12-2_12del"),
        (FIRST + 20, "CG", "TA", "splice_donor_variant&coding_sequence_variant",
         "c.11_11+1delinsTA"),
        # untranslated regions
        (START - 1, "C", "G", "5_prime_UTR_variant", "c.-1C>G"),
        (START - 1, "C", "CA", "5_prime_UTR_variant", "c.1dup"),
        (STOP, "G", "T", "3_prime_UTR_variant", "c.*1G>T"),
        (STOP - 1, "G", "GA", "3_prime_UTR_variant", "c.27_*1insA"),
    ],
)  # fmt: skip
def test_alleles_that_change_no_codon(start, ref, alt, terms, hgvsc) -> None:
    found = effect(start, ref, alt)
    assert (found.consequence, found.hgvsc, found.hgvsp) == (terms, f"T1:{hgvsc}", "")


@pytest.mark.parametrize(
    ("start", "ref", "alt", "terms", "hgvsp"),
    [
        (START, "ATG", "A", "frameshift_variant&start_lost", "p.Met1?"),
        (START - 1, "CAT", "C", "frameshift_variant&start_lost", "p.Met1?"),
        (START - 2, "CCAT", "C", "start_lost&5_prime_UTR_variant", "p.Met1?"),
        # CGA comes in behind A: ATG stands as before, only further from the cap
        (START, "A", "ACGA", "start_retained_variant", "p.Met1="),
        # TG GCT is cut out and TG of TGAAAC comes up: ATG AAA C, a shift behind it
        (START, "ATGGC", "A", "frameshift_variant", "p.Ala2LysfsTer?"),
        (START + 1, "TGGCTG", "T", "frameshift_variant&start_lost", "p.Met1?"),
    ],
)
def test_alleles_at_the_start_codon(start, ref, alt, terms, hgvsp) -> None:
    found = effect(start, ref, alt)
    assert (found.consequence, found.hgvsp) == (terms, f"P1:{hgvsp}")


def test_bases_that_come_in_at_the_edge_of_an_exon_belong_to_it() -> None:
    found = effect(FIRST + 20, "C", "CTT")
    assert found.consequence == "frameshift_variant&splice_region_variant"
    assert found.codons == "acc/acTTc"


def test_fields_of_vep() -> None:
    found = effect(SECOND + 3, "GAAA", "G")
    assert found.exon == "2/2"
    assert (found.intron, found.distance, found.flags) == ("", None, "")
    assert found.cdna_position == "26-28"
    assert found.cds_position == "16-18"
    assert (found.protein_position, found.amino_acids) == ("6", "K/-")
    assert found.codons == "AAA/-"
    assert found.impact == "MODERATE"
    across = effect(FIRST + 19, "ACGT", "A")
    assert (across.exon, across.intron) == ("1/2", "1/1")
    assert (across.cds_position, across.protein_position) == ("11-?", "4-?")
    assert across.impact == "HIGH"
    between = effect(G_CT + 2, "T", "TCAT")
    assert (between.cds_position, between.protein_position) == ("6-7", "2-3")
    assert (between.amino_acids, between.codons) == ("-/H", "-/CAT")


def test_distance_to_a_gene_is_counted_on_its_strand() -> None:
    before, behind = effect(FIRST - 10, TEXT[FIRST - 10], "C"), effect(END, "G", "C")
    assert (before.consequence, before.distance) == ("upstream_gene_variant", 10)
    assert (behind.consequence, behind.distance) == ("downstream_gene_variant", 1)


def test_allele_far_from_every_gene_is_intergenic() -> None:
    far = Annotator(Models(transcript()), Genome({"chr1": TEXT, "chr2": TEXT}))
    assert far.effects("chr2", 5, TEXT[5], "C") == [INTERGENIC]


def test_lost_transcript_is_ablated() -> None:
    found = effect(FIRST - 1, TEXT[FIRST - 1 : END], TEXT[FIRST - 1])
    assert (found.consequence, found.hgvsc) == ("transcript_ablation", "")


def test_transcript_that_codes_for_nothing_is_counted_from_its_first_base() -> None:
    given = {"coding": (), "biotype": "lncRNA"}
    inside, between = (
        effect(FIRST + 2, "A", "G", **given),
        effect(FIRST + 21, "G", "A", **given),
    )
    assert inside.consequence == "non_coding_transcript_exon_variant"
    assert inside.hgvsc == "T1:n.3A>G"
    assert between.consequence == "splice_donor_variant&non_coding_transcript_variant"


def test_transcript_that_decays_is_marked() -> None:
    found = effect(G_CT + 1, "C", "A", biotype="nonsense_mediated_decay")
    assert found.consequence == "missense_variant&NMD_transcript_variant"


def test_selenocysteine_is_read_on() -> None:
    text = TEXT[: SECOND + 4] + "TGA" + TEXT[SECOND + 7 :]
    sec = transcript(selenocysteines=(SECOND + 4,))
    annotator = Annotator(Models(sec), Genome({"chr1": text}))
    assert annotator.spliced.of(sec).protein == "MAETWUKR*"
    lost = annotator.effects("chr1", SECOND + 5, "G", "A")[0]
    assert (lost.consequence, lost.hgvsp) == ("stop_gained", "P1:p.Sec6Ter")
    other = annotator.effects("chr1", SECOND + 6, "A", "C")[0]
    assert (other.consequence, other.hgvsp) == ("missense_variant", "P1:p.Sec6Cys")
    behind = annotator.effects("chr1", SECOND + 11, "G", "A")[0]
    assert behind.hgvsp == "P1:p.Arg8His"


def test_mitochondria_have_their_own_code() -> None:
    given = {"contig": "chrM"}
    annotator = Annotator(Models(transcript(**given)), Genome({"chrM": TEXT}))
    ends = annotator.effects("chrM", SECOND + 10, "CG", "AG")[0]
    assert ends.consequence == "missense_variant"
    start = annotator.effects("chrM", START + 2, "G", "A")[0]
    assert (start.consequence, start.hgvsp) == ("synonymous_variant", "P1:p.Met1=")
    tryptophan = annotator.effects("chrM", SECOND + 3, "G", "A")[0]
    assert tryptophan.consequence == "synonymous_variant"


def test_unknown_base_in_a_codon_hides_its_change() -> None:
    text = TEXT[: SECOND + 5] + "N" + TEXT[SECOND + 6 :]
    annotator = Annotator(Models(transcript()), Genome({"chr1": text}))
    found = annotator.effects("chr1", SECOND + 4, "A", "C")[0]
    assert (found.consequence, found.hgvsp) == ("coding_sequence_variant", "")


@pytest.mark.parametrize(
    ("contig", "start", "ref", "alt", "reason"),
    [
        ("chr1", 5, TEXT[5], "A" if TEXT[5] != "A" else "C", ""),
        ("chr1", 5, "A" if TEXT[5] != "A" else "C", "G", "reference_mismatch"),
        ("chr9", 5, "A", "C", "unknown_contig"),
        ("chr1", len(TEXT) - 1, TEXT[-1] + "A", "C", "out_of_contig"),
        ("chr1", 5, "A", "<DEL>", "symbolic"),
        ("chr1", 5, "A", "*", "star"),
        ("chr1", 5, "A", "A]chr2:7]", "breakend"),
        ("chr1", 5, "A", ".", "no_alternative"),
        ("chr1", 5, "A", "A", "no_alternative"),
        ("chr1", 5, "A", "R", "not_bases"),
        ("chr1", 5, "A?", "C", "not_bases"),
    ],
)
def test_allele_that_cannot_be_annotated_has_a_reason(contig, start, ref, alt, reason) -> None:
    annotator = Annotator(Models(transcript()), Genome({"chr1": TEXT}))
    assert annotator.refusal(contig, start, ref, alt) == reason


def test_mane_then_canonical_then_the_longest_speaks_for_its_gene() -> None:
    short = {"coding": ((START, FIRST + 21),), "lacks_end": True}
    plain = Effect(transcript(name="A"), "missense_variant")
    canonical = Effect(transcript(name="B", is_canonical=True, **short), "intron_variant")
    mane = Effect(transcript(name="C", is_mane=True, **short), "synonymous_variant")
    brief = Effect(transcript(name="D", **short), "stop_gained")
    assert speaker([plain, canonical, mane, brief]) is mane
    assert speaker([brief, plain, canonical]) is canonical
    assert speaker([brief, plain]) is plain
    other = Effect(transcript(name="E", gene_id="G2"), "start_lost")
    assert speaker([plain, mane, other]) is other
    assert speaker([]) is INTERGENIC


def test_transcript_that_reaches_out_of_its_contig_is_left_out() -> None:
    beyond = transcript(exons=((FIRST, FIRST + 21), (SECOND, len(TEXT) + 5)))
    annotator = Annotator(Models(beyond, transcript(name="T2")), Genome({"chr1": TEXT}))
    found = annotator.effects("chr1", G_CT + 1, "C", "A")
    assert [one.transcript.name for one in found if one.transcript] == ["T2"]


def test_a_stop_that_comes_no_later_adds_nothing_to_the_protein() -> None:
    # ... AAA AAA CGT TAG GTC TGA without ACGTTA: ... AAA AAG GTC TGA
    ref = TEXT[SECOND + 8 : SECOND + 15]
    assert ref[1:] == "ACGTTA"
    found = effect(SECOND + 8, ref, ref[0])
    assert found.hgvsp.endswith(":p.Arg8Val")
    assert found.consequence == "stop_lost&inframe_deletion"


@pytest.mark.parametrize(
    ("start", "ref", "alt", "hgvsc"),
    [
        # The transcript ends with CGGG, and the genome goes on with GC.
        (END - 4, "CG", "C", "c.*20del"),
        (END - 4, "CGG", "C", "c.*19_*20del"),
        (END - 4, "C", "CG", "c.*20dup"),
        (END - 4, "C", "CGGGG", "c.*19_*20insGGGG"),
        (END - 2, "G", "GGC", "c.*19_*20insGC"),
    ],
)
def test_a_repeat_over_the_end_of_a_transcript_is_named_at_its_last_place_within(
    start, ref, alt, hgvsc
) -> None:
    assert effect(start, ref, alt).hgvsc == f"T1:{hgvsc}"
