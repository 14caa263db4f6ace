"""GTF and GFF3 -> transcripts."""

import gzip
import warnings
from pathlib import Path

import pytest

from storiform.io.transcripts import read_transcript_models
from storiform.model.errors import DataWarning, InputError
from storiform.model.transcripts import Transcript


def line(feature: str, start: int, end: int, told: str, **other: str) -> str:
    contig, strand = other.get("contig", "1"), other.get("strand", "+")
    source, phase = other.get("source", "x"), other.get("phase", ".")
    return "\t".join(
        [contig, source, feature, str(start), str(end), ".", strand, phase, told]
    ) + "\n"  # fmt: skip


def gtf(feature: str, start: int, end: int, name: str = "T1", **other: str) -> str:
    told = f'gene_id "G1"; transcript_id "{name}"; gene_name "ABC";{other.pop("told", "")}'
    return line(feature, start, end, told, **other)


def read(tmp_path: Path, text: str, name: str = "genes.gtf"):
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read_transcript_models(path)


def only(tmp_path: Path, text: str, name: str = "genes.gtf") -> Transcript:
    models = read(tmp_path, text, name)
    assert len(models) == 1
    return next(iter(models))


def test_a_stop_codon_is_coding_whether_or_not_the_cds_holds_it(tmp_path) -> None:
    exons = gtf("exon", 101, 200) + gtf("exon", 301, 400)
    apart = exons + gtf("CDS", 151, 200) + gtf("CDS", 301, 317) + gtf("stop_codon", 318, 320)
    within = exons + gtf("CDS", 151, 200) + gtf("CDS", 301, 320) + gtf("stop_codon", 318, 320)
    expected = ((150, 200), (300, 320))
    assert only(tmp_path, apart).coding == expected
    assert only(tmp_path, within).coding == expected
    assert only(tmp_path, apart).exons == ((100, 200), (300, 400))


def test_a_stop_codon_that_an_intron_splits_adds_a_coding_exon(tmp_path) -> None:
    text = gtf("exon", 101, 200) + gtf("exon", 301, 400) + gtf("CDS", 150, 198)
    text += gtf("stop_codon", 199, 200) + gtf("stop_codon", 301, 301)
    assert only(tmp_path, text).coding == ((149, 200), (300, 301))


@pytest.mark.parametrize(("strand", "expected"), [("+", 2), ("-", 1)])
def test_phase_is_that_of_the_first_piece_in_the_direction_of_transcription(
    tmp_path, strand, expected
) -> None:
    text = gtf("exon", 1, 50, strand=strand) + gtf("exon", 91, 150, strand=strand)
    text += gtf("CDS", 91, 120, strand=strand, phase="1")
    text += gtf("CDS", 11, 50, strand=strand, phase="2")
    transcript = only(tmp_path, text)
    assert transcript.phase == expected
    assert transcript.lacks_start
    assert transcript.is_forward == (strand == "+")


def test_ensembl_versions_are_joined_to_ids(tmp_path) -> None:
    told = (
        'gene_id "ENSG1"; gene_version "5"; transcript_id "ENST1"; transcript_version "12"; '
        'gene_name "TP53"; gene_biotype "protein_coding"; transcript_biotype "nonsense"; '
        'protein_id "ENSP1"; protein_version "4"; tag "basic"; tag "Ensembl_canonical"; '
        'tag "MANE_Select"; tag "cds_end_NF";'
    )
    text = line("exon", 1, 90, told) + line("CDS", 1, 90, told, phase="0")
    transcript = only(tmp_path, text)
    assert (transcript.name, transcript.gene_id) == ("ENST1.12", "ENSG1.5")
    assert (transcript.protein, transcript.gene) == ("ENSP1.4", "TP53")
    assert transcript.biotype == "nonsense"
    assert (transcript.is_mane, transcript.is_canonical) == (True, True)
    assert (transcript.lacks_start, transcript.lacks_end) == (False, True)


def test_gencode_ids_keep_their_versions_and_copies_on_y_their_suffix(tmp_path) -> None:
    told = (
        'gene_id "ENSG2.3{0}"; transcript_id "ENST2.7{0}"; gene_type "lncRNA"; '
        'gene_name "XYZ"; transcript_type "lncRNA"; tag "PAR";'
    )
    text = line("exon", 5, 9, told.format(""), contig="chrX")
    text += line("exon", 5, 9, told.format("_PAR_Y"), contig="chrY")
    found = list(read(tmp_path, text))
    assert [t.name for t in found] == ["ENST2.7", "ENST2.7_PAR_Y"]
    assert [t.gene_id for t in found] == ["ENSG2.3", "ENSG2.3_PAR_Y"]
    assert [t.contig for t in found] == ["chrX", "chrY"]


def test_a_copy_on_y_that_only_its_id_marks_bears_the_suffix(tmp_path) -> None:
    told = "ID=ENST2.7_PAR_Y;Parent=ENSG2.3_PAR_Y;gene_id=ENSG2.3;transcript_id=ENST2.7"
    text = line("transcript", 5, 9, told, contig="chrY")
    text += line("exon", 5, 9, "Parent=ENST2.7_PAR_Y", contig="chrY")
    transcript = only(tmp_path, text, "genes.gff3")
    assert (transcript.name, transcript.gene_id) == ("ENST2.7_PAR_Y", "ENSG2.3_PAR_Y")


def test_one_id_on_two_contigs_is_two_transcripts(tmp_path) -> None:
    text = gtf("exon", 1, 9, contig="X") + gtf("exon", 21, 29, contig="Y")
    text += gtf("exon", 41, 49, contig="X")
    found = {t.contig: t.exons for t in read(tmp_path, text)}
    assert found == {"chrX": ((0, 9), (40, 49)), "chrY": ((20, 29),)}


def test_old_ensembl_releases_tell_the_biotype_in_the_second_column(tmp_path) -> None:
    told = ' transcript_source "havana"; gene_biotype "pseudogene";'
    text = gtf("exon", 1, 9, told=told, source="processed_transcript")
    assert only(tmp_path, text).biotype == "processed_transcript"


def test_codons_of_selenocysteine_are_known_by_their_lowest_base(tmp_path) -> None:
    text = gtf("exon", 1, 100, strand="-") + gtf("CDS", 1, 100, strand="-")
    text += gtf("Selenocysteine", 60, 62, strand="-") + gtf("Selenocysteine", 31, 33)
    text = text.replace("31\t33\t.\t+", "31\t33\t.\t-")
    assert only(tmp_path, text).selenocysteines == (30, 59)
    split = gtf("exon", 1, 10) + gtf("exon", 21, 40) + gtf("Selenocysteine", 10, 10)
    split += gtf("Selenocysteine", 21, 22)
    assert only(tmp_path, split).selenocysteines == (9,)


def test_ensembl_gff3_is_read_through_parents(tmp_path) -> None:
    text = "##gff-version 3\n##sequence-region   1 1 248956422\n"
    text += line("chromosome", 1, 248956422, "ID=chromosome:1;Alias=CM000663.2", strand=".")
    text += line(
        "gene", 1, 400,
        "ID=gene:ENSG1;Name=TP53;biotype=protein_coding;gene_id=ENSG1;version=3", strand="-",
    )  # fmt: skip
    text += line(
        "mRNA", 1, 400,
        "ID=transcript:ENST1;Parent=gene:ENSG1;Name=TP53-201;biotype=protein_coding;"
        "tag=basic,Ensembl_canonical,MANE_Select;transcript_id=ENST1;version=8", strand="-",
    )  # fmt: skip
    text += line("three_prime_UTR", 1, 20, "Parent=transcript:ENST1", strand="-")
    for start, end in ((1, 100), (301, 400)):
        told = f"Parent=transcript:ENST1;Name=E{start};exon_id=E{start}"
        text += line("exon", start, end, told, strand="-")
    cds = "ID=CDS:ENSP1;Parent=transcript:ENST1;protein_id=ENSP1"
    text += line("CDS", 301, 360, cds, strand="-", phase="0")
    text += line("CDS", 21, 100, cds, strand="-", phase="2")
    text += "###\n"
    transcript = only(tmp_path, text, "genes.gff3")
    assert transcript == Transcript(
        name="ENST1.8", gene="TP53", gene_id="ENSG1.3", contig="chr1", is_forward=False,
        exons=((0, 100), (300, 400)), coding=((20, 100), (300, 360)), phase=0,
        biotype="protein_coding", protein="ENSP1", is_mane=True, is_canonical=True,
    )  # fmt: skip


def test_gencode_gff3_says_the_same_as_its_gtf(tmp_path) -> None:
    names = {"gene_id": "ENSG1.1", "transcript_id": "ENST1.2", "gene_type": "protein_coding",
             "gene_name": "ABC", "transcript_type": "protein_coding",
             "protein_id": "ENSP1.2"}  # fmt: skip
    told = "".join(f'{key} "{value}"; ' for key, value in names.items())
    told += 'tag "cds_start_NF"; tag "MANE_Select";'
    both = ";".join(f"{key}={value}" for key, value in names.items())
    both += ";tag=cds_start_NF,MANE_Select"
    ids = {"transcript": "ID=ENST1.2;Parent=ENSG1.1;"}
    parts = [("transcript", 1, 90, "."), ("exon", 1, 90, "."), ("CDS", 1, 90, "1")]
    first = "".join(line(f, a, b, told, phase=p, contig="chr1") for f, a, b, p in parts)
    first = first.replace("CDS\t1\t90", "CDS\t1\t87") + line(
        "stop_codon", 88, 90, told, contig="chr1"
    )
    second = line("gene", 1, 90, "ID=ENSG1.1;gene_id=ENSG1.1;gene_name=ABC", contig="chr1")
    for f, a, b, p in parts:
        own = ids.get(f, f"ID={f}:ENST1.2:1;Parent=ENST1.2;") + both
        second += line(f, a, b, own, phase=p, contig="chr1")
    sec = "ID=seleno:ENST1.2:1;Parent=ENST1.2;" + both
    second += line("stop_codon_redefined_as_selenocysteine", 31, 33, sec, contig="chr1")
    first += line("Selenocysteine", 31, 33, told, contig="chr1")
    assert only(tmp_path, first) == only(tmp_path, second, "genes.gff3")
    assert only(tmp_path, first).selenocysteines == (30,)


def test_refseq_gff3_names_genes_by_number_and_chromosomes_by_accession(tmp_path) -> None:
    where = {"contig": "NC_000017.11", "source": "BestRefSeq"}
    text = line("gene", 1, 99, "ID=gene-TP53;Dbxref=GeneID:7157,HGNC:1;Name=TP53", **where)
    text += line(
        "mRNA", 1, 99, "ID=rna-NM_000546.6;Parent=gene-TP53;Dbxref=GeneID:7157;gene=TP53;"
        "tag=MANE Select;transcript_id=NM_000546.6;partial=true;end_range=99,.", **where,
    )  # fmt: skip
    text += line("exon", 1, 99, "ID=exon-1;Parent=rna-NM_000546.6", **where)
    cds = (
        "ID=cds-NP_1.1;Parent=rna-NM_000546.6;protein_id=NP_1.1;"
        "transl_except=(pos:31..33%2Caa:Sec)"
    )
    text += line("CDS", 1, 99, cds, phase="0", **where)
    mito = {"contig": "NC_012920.1"}
    text += line("gene", 5, 99, "ID=gene-ND1;Dbxref=GeneID:4535;Name=ND1", **mito)
    text += line("CDS", 5, 99, "ID=cds-YP;Parent=gene-ND1;gene=ND1;protein_id=YP_1.1", **mito)
    first, second = read(tmp_path, text, "genes.gff3")
    assert (first.name, first.gene, first.gene_id) == ("NM_000546.6", "TP53", "7157")
    assert (first.contig, first.protein, first.biotype) == ("chr17", "NP_1.1", "protein_coding")
    assert (first.is_mane, first.lacks_start, first.lacks_end) == (True, False, True)
    assert first.selenocysteines == (30,)
    assert (second.name, second.contig, second.gene_id) == ("ND1", "chrM", "4535")
    assert second.exons == second.coding == ((4, 99),)


def test_refseq_gtf_is_read_alike(tmp_path) -> None:
    told = (
        'gene_id "TP53"; transcript_id "NM_000546.6"; db_xref "GeneID:7157"; gene "TP53"; '
        'gbkey "mRNA"; tag "{}"; transcript_biotype "mRNA"; protein_id "NP_000537.3";'
    )
    for tag, flags in (("MANE Select", (True, False)), ("RefSeq Select", (False, True))):
        text = line("exon", 1, 99, told.format(tag), contig="NC_000017.11")
        transcript = only(tmp_path, text + text.replace("exon", "CDS"))
        assert (transcript.is_mane, transcript.is_canonical) == flags
        assert (transcript.contig, transcript.biotype) == ("chr17", "protein_coding")
        assert (transcript.gene, transcript.protein) == ("TP53", "NP_000537.3")


def test_a_piece_of_a_gff3_may_belong_to_several_transcripts(tmp_path) -> None:
    text = "".join(
        line("mRNA", 1, 90, f"ID={name};Parent=g") for name in ("a", "b")
    ) + line("exon", 1, 90, "Parent=a,b") + line("exon", 101, 120, "Parent=b")  # fmt: skip
    found = {t.name: t.exons for t in read(tmp_path, text, "genes.gff3")}
    assert found == {"a": ((0, 90),), "b": ((0, 90), (100, 120))}


def test_transcripts_are_found_by_place_in_the_order_of_the_file(tmp_path) -> None:
    text = gtf("exon", 501, 600, "late") + gtf("exon", 1, 1000, "long")
    text += gtf("exon", 1, 10, "early") + gtf("exon", 401, 450, "early")
    models = read(tmp_path, text)
    assert models.contigs == ("chr1",)

    def names(start: int, end: int) -> list[str]:
        return [t.name for t in models.overlapping("chr1", start, end)]

    assert names(0, 1) == ["long", "early"]
    assert names(20, 30) == ["long", "early"]  # an intron counts
    assert names(449, 450) == ["long", "early"]
    assert names(450, 500) == ["long"]
    assert names(599, 600) == ["late", "long"]
    assert names(1000, 2000) == []
    assert models.overlapping("chr2", 0, 10) == ()


def test_lookup_finds_the_same_as_a_walk_through_all(real_data) -> None:
    models = read_transcript_models(real_data / "annotation" / "gencode.v38.chr17.gtf.gz")
    everything = list(models)
    for start in range(43_000_000, 43_300_000, 7_919):
        end = start + 1 + start % 5_000
        expected = [t.name for t in everything if t.start < end and start < t.end]
        assert [t.name for t in models.overlapping("chr17", start, end)] == expected


def test_transcripts_of_a_real_annotation_are_whole(real_data) -> None:
    """Counts were taken from the file with zcat, cut, grep and sort."""
    path = real_data / "annotation" / "gencode.v38.chr17.gtf.gz"
    transcripts = list(read_transcript_models(path))
    with gzip.open(path, "rt") as lines:
        told = [row.split("\t") for row in lines if not row.startswith("#")]
    written = [row for row in told if row[2] == "transcript"]
    assert len(transcripts) == len(written)
    places = [(int(row[3]) - 1, int(row[4])) for row in written]
    assert [(t.start, t.end) for t in transcripts] == places
    coding = sum(int(row[4]) - int(row[3]) + 1 for row in told if row[2] == "CDS")
    stops = sum(int(row[4]) - int(row[3]) + 1 for row in told if row[2] == "stop_codon")
    assert sum(t.coding_length for t in transcripts) == coding + stops
    mane = sum('tag "MANE_Select"' in row[8] for row in written)
    assert sum(t.is_mane for t in transcripts) == mane > 1000


def test_a_file_without_exons_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="found no exon of a transcript"):
        read(tmp_path, gtf("CDS", 1, 90))
    with pytest.raises(InputError, match="found no transcript"):
        read(tmp_path, line("gene", 1, 90, 'gene_id "G";'))


@pytest.mark.parametrize(
    "text",
    [
        "chr1\t100\t200\n",
        "<html>\n",
        gtf("exon", 90, 1),
        gtf("exon", 1, 2).replace("\t1\t2", "\tx\t2"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, text) -> None:
    with pytest.raises(InputError, match=r"genes\.gtf, line 2: found .* nine columns"):
        read(tmp_path, gtf("exon", 1, 9) + text)


def test_a_cut_file_is_refused(tmp_path) -> None:
    path = tmp_path / "genes.gtf.gz"
    whole = gzip.compress("".join(gtf("exon", n, n + 5) for n in range(1, 3000)).encode())
    path.write_bytes(whole[:-200])
    with pytest.raises(InputError, match="ends too early"):
        read_transcript_models(path)


def test_a_transcript_on_both_strands_is_left_out_and_told(tmp_path) -> None:
    text = gtf("exon", 1, 9) + gtf("exon", 21, 29, strand="-") + gtf("exon", 1, 9, "T2")
    text += gtf("exon", 1, 9, "T3", strand=".")
    with pytest.warns(DataWarning, match="2 transcripts left out"):
        models = read(tmp_path, text)
    assert [t.name for t in models] == ["T2"]


def test_line_ends_marks_blank_lines_and_sequences_do_no_harm(tmp_path) -> None:
    text = "\ufeff#!genome-build GRCh38\r\n\r\n" + gtf("exon", 1, 9).replace("\n", "\r\n")
    assert only(tmp_path, text + "   \r\n").exons == ((0, 9),)
    text = "##gff-version 3\n" + line("exon", 1, 9, "Parent=a") + "##FASTA\n>1\nACGT\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert only(tmp_path, text, "genes.gff3").exons == ((0, 9),)


def test_an_interleaved_file_gives_the_same_transcripts(tmp_path) -> None:
    parts = (("exon", 1, 60), ("exon", 101, 160), ("CDS", 31, 60), ("CDS", 101, 130))
    rows = [gtf(f, a, b, n, phase="0") for n in ("T1", "T2", "T3") for f, a, b in parts]
    grouped, mixed = read(tmp_path, "".join(rows)), sorted(rows, key=lambda row: row.split()[3])
    found = {t.name: t for t in read(tmp_path, "".join(mixed))}
    assert found == {t.name: t for t in grouped}
