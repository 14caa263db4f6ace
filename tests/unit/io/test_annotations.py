"""Consequences of every annotator, and which transcript speaks."""

import pytest

from storiform.io.annotations import annotation_of, frequency
from storiform.io.vcf import read_vcf
from storiform.model.ontology import is_coding, mutation_class, severity, terms_of

CSQ = "Consequence annotations from Ensembl VEP. Format: "


def csq(fields: str, *entries: str):
    return annotation_of({"CSQ": f'"{CSQ}{fields}"'}), ",".join(entries)


def test_mane_select_speaks_before_canonical_and_before_a_graver_transcript() -> None:
    fields = "Allele|Consequence|SYMBOL|Gene|Feature|BIOTYPE|CANONICAL|MANE_SELECT"
    reader, text = csq(
        fields,
        "T|stop_gained|TP53|G1|T1|protein_coding||",
        "T|synonymous_variant|TP53|G1|T2|protein_coding|YES|",
        "T|missense_variant|TP53|G1|T3|protein_coding||NM_1",
    )
    found = reader.read(text, "G", ["T"], 0).consequence
    assert (found.transcript, found.terms, found.gene) == ("T3", "missense_variant", "TP53")
    text = ",".join(text.split(",")[:2])
    assert reader.read(text, "G", ["T"], 0).consequence.transcript == "T2"


def test_the_gene_with_the_gravest_chosen_consequence_speaks() -> None:
    fields = "Allele|Consequence|SYMBOL|Gene|Feature|BIOTYPE|CANONICAL"
    reader, text = csq(
        fields,
        "T|downstream_gene_variant|NEAR|G0|T0|protein_coding|YES",
        "T|missense_variant&splice_region_variant|HIT|G1|T1|protein_coding|YES",
        "T|stop_gained|HIT|G1|T2|protein_coding|",
    )
    assert reader.read(text, "G", ["T"], 0).consequence.transcript == "T1"


def test_without_flags_the_longest_coding_transcript_speaks() -> None:
    fields = "Allele|Consequence|SYMBOL|Gene|Feature|BIOTYPE|CDS_position"
    reader, text = csq(
        fields,
        "T|non_coding_transcript_exon_variant|A|G|T0|retained_intron|",
        "T|missense_variant|A|G|T1|protein_coding|5/300",
        "T|synonymous_variant|A|G|T2|protein_coding|9/900",
    )
    assert reader.read(text, "G", ["T"], 0).consequence.transcript == "T2"


@pytest.mark.parametrize(
    ("ref", "alts", "allele", "expected"),
    [("G", ["A", "T"], 1, "second"), ("GA", ["G", "GAA"], 0, "first"),
     ("GA", ["G", "GAA"], 1, "second")],
)  # fmt: skip
def test_each_allele_reads_its_own_entries(ref, alts, allele, expected) -> None:
    names = {("A", "T"): ("A", "T"), ("G", "GAA"): ("-", "AA")}[tuple(alts)]
    reader, text = csq(
        "Allele|Consequence|SYMBOL|Gene|Feature",
        f"{names[0]}|missense_variant|first|G|T", f"{names[1]}|stop_gained|second|G|T",
    )  # fmt: skip
    assert reader.read(text, ref, alts, allele).consequence.gene == expected


def test_frequencies_of_all_populations_are_looked_at() -> None:
    fields = "Allele|Consequence|Gene|AF|gnomADe_AF_NFE|gnomADg_AF|MAX_AF_POPS|ExAC_MAF"
    reader, text = csq(fields, "T|missense_variant|G|0.001|0.02&0.03||AFR|T:0.004&A:0.5")
    assert reader.read(text, "G", ["T"], 0).population_af == 0.03
    assert frequency("A:0.5", "T") is None
    assert frequency(".", "T") is None
    assert frequency("7", "T") is None


def test_snpeff_is_read() -> None:
    reader = annotation_of({"ANN": "x"})
    text = (
        "T|upstream_gene_variant|MODIFIER|B|G2|transcript|T2|protein_coding||c.-1G>T|||||,"
        "T|missense_variant|MODERATE|A|G1|transcript|T1|protein_coding|1/2|c.5G>T|p.Arg2Leu|"
        "5/9|5/900|2/300||,"
        "A|stop_gained|HIGH|A|G1|transcript|T1|protein_coding|1/2|c.5G>A|p.Arg2*|5/9|5/900|2/300||"
    )
    found = reader.read(text, "G", ["T", "A"], 0).consequence
    assert (found.gene, found.terms, found.hgvsp) == ("A", "missense_variant", "p.Arg2Leu")
    assert reader.read(text, "G", ["T", "A"], 1).consequence.terms == "stop_gained"


def test_funcotator_is_read_with_its_escapes() -> None:
    names = (
        "Gencode_34_hugoSymbol|Gencode_34_ncbiBuild|Gencode_34_variantClassification|"
        "Gencode_34_annotationTranscript|Gencode_34_cDnaChange|Gencode_34_proteinChange|"
        "gnomAD_exome_AF"
    )
    reader = annotation_of({"FUNCOTATION": f'"Funcotation fields are: {names}"'})
    text = (
        "[TP53|hg38|MISSENSE|T1|c.1A_%3E_G|p.M1V|0.25],"
        "[KRAS|hg38|FRAME_SHIFT_DEL|T2|c.2|p.K2fs|]"
    )
    first = reader.read(text, "A", ["G", "C"], 0)
    assert first.consequence.terms == "missense_variant"
    assert first.consequence.hgvsc == "c.1A>G"
    assert first.population_af == 0.25
    second = reader.read(text, "A", ["G", "C"], 1)
    assert (second.consequence.gene, second.consequence.terms) == ("KRAS", "frameshift_variant")


def test_compound_consequences_of_bcftools_follow_their_pointer(tmp_path) -> None:
    path = tmp_path / "a.vcf"
    path.write_text(
        '##fileformat=VCFv4.2\n##INFO=<ID=BCSQ,Number=.,Type=String,Description="x">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tTUMOR\n"
        "chr1\t100\t.\tA\tC\t.\tPASS\t"
        "BCSQ=missense|TP53|T1|protein_coding|-|7R>7L|100A>C+101G>T\tAD\t5,5\n"
        "chr1\t101\t.\tG\tT\t.\tPASS\tBCSQ=@100\tAD\t5,5\n"
    )
    calls = read_vcf(path, {}, "GRCh38")
    assert calls["consequence"].tolist() == ["missense_variant"] * 2
    assert calls["gene"].tolist() == ["TP53"] * 2
    assert calls["annotation"].tolist() == ["BCSQ"] * 2


@pytest.mark.parametrize(
    ("written", "terms", "kind", "coding"),
    [
        ("Splice_Site", "splice_site_variant", "splice", True),
        ("Silent", "synonymous_variant", "", True),
        ("In_Frame_Ins", "inframe_insertion", "inframe", True),
        ("5'UTR", "5_prime_UTR_variant", "", False),
        ("start_lost&splice_region", "start_lost&splice_region_variant", "start_lost", True),
        ("splice_donor_variant&non_coding_transcript_variant",
         "splice_donor_variant&non_coding_transcript_variant", "", False),
        ("splice_region&intron", "splice_region_variant&intron_variant", "", False),
        ("missense_variant&NMD_transcript_variant", "missense_variant&NMD_transcript_variant",
         "missense", True),
        ("made_up", "made_up", "", False),
    ],
)  # fmt: skip
def test_words_become_terms_and_terms_become_classes(written, terms, kind, coding) -> None:
    assert terms_of(written) == terms
    assert mutation_class(terms) == kind
    assert is_coding(terms) is coding


def test_a_nonsense_change_is_graver_than_a_missense() -> None:
    assert severity("intron_variant&stop_gained") < severity("missense_variant")
    assert severity("missense_variant") < severity("made_up")
