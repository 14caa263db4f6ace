"""GTF or GFF3 -> genes, exons, coding bases."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.io import annotation
from storiform.io.annotation import _of_transcripts, check_declared_build, read_genes
from storiform.io.transcripts import read_transcript_models
from storiform.model.errors import InputError

GENCODE = (
    'gene_id "{gene}"; transcript_id "{transcript}"; gene_type "{kind}"; gene_name "{name}";'
)


def line(feature: str, start: int, end: int, told: str, contig="chr1", strand="+") -> str:
    return f"{contig}\tx\t{feature}\t{start}\t{end}\t.\t{strand}\t.\t{told}\n"


def gtf(feature: str, start: int, end: int, transcript: str, gene: str = "G") -> str:
    return line(feature, start, end, f'gene_id "{gene}"; transcript_id "{transcript}";')


def read(tmp_path: Path, text: str):
    path = tmp_path / "genes.gtf"
    path.write_bytes(text.encode())
    return read_genes(path)


def test_coding_bases_reach_two_bases_into_introns_and_not_beyond_the_ends(tmp_path) -> None:
    model = read(
        tmp_path,
        "#x\n" + gtf("exon", 1, 1000, "T1") + gtf("CDS", 101, 110, "T1")
        + gtf("CDS", 201, 210, "T1") + gtf("stop_codon", 211, 213, "T1")
        + gtf("CDS", 501, 510, "T2"),
    )  # fmt: skip
    starts, ends = model.coding.bounds["chr1"]
    expected = [(100, 112), (198, 213), (500, 510)]
    assert list(zip(starts, ends, strict=True)) == expected
    pieces = model.coding_exons
    assert list(zip(pieces["start"], pieces["end"], strict=True)) == expected


def test_genes_carry_id_symbol_biotype_and_strand_in_the_order_of_the_file(tmp_path) -> None:
    first = GENCODE.format(gene="ENSG2.4", transcript="T1", kind="rRNA", name="RNA5S1")
    ensembl = 'gene_id "ENSG1"; gene_version "3"; transcript_id "T2"; gene_biotype "IG_C_gene";'
    refseq = 'gene_id "G3"; transcript_id "NM_1"; db_xref "GeneID:1"; gene "TP53";'
    text = (
        line("exon", 5, 9, first, "chrM", "-")
        + line("exon", 7, 20, ensembl, "1", ".")
        + line("gene", 1, 99, 'gene_id "G3"; gene "TP53"; gene_biotype "protein_coding";', "17")
        + line("exon", 5, 9, refseq, "17")
    )
    genes = read(tmp_path, text).genes
    assert genes["gene_id"].tolist() == ["ENSG2.4", "ENSG1", "G3"]
    assert genes["gene"].tolist() == ["RNA5S1", "ENSG1", "TP53"]
    assert genes["biotype"].tolist() == ["rRNA", "IG_C_gene", "protein_coding"]
    assert genes["contig"].tolist() == ["chrM", "chr1", "chr17"]
    assert genes["strand"].tolist() == ["-", ".", "+"]


def test_an_attribute_is_not_mistaken_for_one_that_ends_like_it(tmp_path) -> None:
    told = 'ref_gene_id "R"; gene_id "G"; ref_gene_name "N"; transcript_id "T";'
    genes = read(tmp_path, line("exon", 1, 9, told)).genes
    assert genes["gene_id"].tolist() == ["G"]
    assert genes["gene"].tolist() == ["G"]


def test_exons_of_a_gene_are_merged_and_kept_on_every_contig(tmp_path) -> None:
    text = (
        gtf("exon", 1, 100, "T1") + gtf("exon", 51, 150, "T2") + gtf("exon", 151, 160, "T1")
        + gtf("exon", 161, 170, "T3", "H") + line("exon", 3, 4, 'gene_id "U"', "GL000220.1")
    )  # fmt: skip
    exons = read(tmp_path, text).exons
    found = exons[["gene_id", "contig", "start", "end"]].to_numpy().tolist()
    assert found == [["G", "chr1", 0, 160], ["H", "chr1", 160, 170], ["U", "GL000220.1", 2, 4]]


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 8), st.sampled_from("GH"))))
def test_the_union_of_exons_holds_the_bases_of_all_of_them(tmp_path_factory, pieces) -> None:
    text = gtf("exon", 100, 101, "T", "Z")
    text += "".join(gtf("exon", s, s + n, "T", gene) for s, n, gene in pieces)
    exons = read(tmp_path_factory.mktemp("gtf"), text).exons
    for gene in "GH":
        expected = {b for s, n, name in pieces if name == gene for b in range(s - 1, s + n)}
        own = exons[exons["gene_id"] == gene]
        bases = [b for s, e in zip(own["start"], own["end"], strict=True) for b in range(s, e)]
        assert sorted(expected) == bases


@pytest.mark.parametrize("chunk", [7, 120])
def test_line_ends_compression_and_the_size_of_chunks_change_nothing(
    tmp_path, monkeypatch, chunk
) -> None:
    text = "".join(
        gtf(kind, 100 * i + 1, 100 * i + 50, f"T{i % 3}", f"G{i % 5}")
        for i in range(40)
        for kind in ("gene", "exon", "CDS")
    )
    expected = read(tmp_path, text)
    monkeypatch.setattr(annotation, "_PIECE_BYTES", chunk)
    packed = tmp_path / "genes.gtf.gz"
    packed.write_bytes(gzip.compress(("#!x\n" + text.replace("\n", "\r\n")).encode()))
    for found in (read(tmp_path, "#x\r" + text.replace("\n", "\r")), read_genes(packed)):
        assert found.genes.equals(expected.genes)
        assert found.exons.equals(expected.exons)
        assert found.coding_exons.equals(expected.coding_exons)
        assert found.coding.size_bp == expected.coding.size_bp > 0


def test_comments_between_the_lines_are_passed_over(tmp_path) -> None:
    exons = read(tmp_path, gtf("exon", 1, 9, "T") + "# cut here\n\n" + gtf("exon", 21, 29, "T"))
    assert exons.exons["end"].tolist() == [9, 29]


def test_a_gtf_without_coding_sequence_can_still_be_counted(tmp_path) -> None:
    model = read(tmp_path, gtf("exon", 1, 1000, "T1"))
    assert model.coding.size_bp == 0
    assert len(model.coding_exons) == 0
    assert len(model.exons) == 1


@pytest.mark.parametrize("text", ["", "#only\n", gtf("transcript", 1, 9, "T")])
def test_a_gtf_with_neither_exons_nor_coding_sequence_is_refused(tmp_path, text) -> None:
    with pytest.raises(InputError, match="found contigs none, expected exons or coding"):
        read(tmp_path, text)


def test_a_gtf_of_another_species_contigs_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match=r"genes\.gtf: found contigs NC_1"):
        read(tmp_path, line("exon", 1, 9, 'gene_id "G";', "NC_1"))


@pytest.mark.parametrize(
    "damaged",
    [
        "chr1 100 200\n",
        "chr1\tx\texon\t1\t9\t.\t+\n",
        'chr1\tx\texon\tone\t9\t.\t+\t.\tgene_id "G";\n',
        'chr1\tx\texon\t10\t9\t.\t+\t.\tgene_id "G";\n',
        'chr1\tx\texon\t0\t9\t.\t+\t.\tgene_id "G";\n',
    ],
)  # fmt: skip
def test_a_damaged_line_is_told_by_its_number(tmp_path, damaged) -> None:
    with pytest.raises(InputError, match=r"genes\.gtf, line 3"):
        read(tmp_path, "#x\n" + gtf("exon", 1, 9, "T") + damaged + gtf("exon", 1, 9, "T"))


GFF3 = """\
##gff-version 3
chr1	x	gene	11	90	.	-	.	ID=gene:ENSG1;Name=TP53;biotype=protein_coding
chr1	x	lnc_RNA	11	30	.	-	.	ID=transcript:ENST0;Parent=gene:ENSG1;biotype=lncRNA
chr1	x	exon	11	30	.	-	.	Parent=transcript:ENST0
chr1	x	mRNA	11	90	.	-	.	ID=t1;Parent=gene:ENSG1;biotype=protein_coding
chr1	x	exon	11	40	.	-	.	Parent=t1
chr1	x	exon	61	90	.	-	.	Parent=t1
chr1	x	CDS	21	40	.	-	2	ID=CDS:P1;Parent=t1
chr1	x	CDS	61	70	.	-	0	ID=CDS:P1;Parent=t1
"""


def test_a_gff3_gives_genes_exons_and_coding_bases(tmp_path) -> None:
    model = read(tmp_path, GFF3)
    assert model.genes.to_numpy().tolist() == [["ENSG1", "TP53", "protein_coding", "chr1", "-"]]
    assert model.exons[["start", "end"]].to_numpy().tolist() == [[10, 40], [60, 90]]
    assert model.coding_exons[["start", "end"]].to_numpy().tolist() == [[20, 42], [58, 70]]
    assert [bound.tolist() for bound in model.coding.bounds["chr1"]] == [[20, 58], [42, 70]]


def test_transcripts_put_together_are_the_genes_of_a_real_annotation(real_data) -> None:
    path = real_data / "annotation/gencode.v38.chr17.gtf.gz"
    one, other = read_genes(path), _of_transcripts(read_transcript_models(path))
    for name in ("exons", "coding_exons"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    told = ["gene_id", "gene", "contig", "strand"]
    pd.testing.assert_frame_equal(one.genes[told], other.genes[told])
    for first, second in zip(
        one.coding.bounds["chr17"], other.coding.bounds["chr17"], strict=True
    ):
        np.testing.assert_array_equal(first, second)
    codes = one.genes["biotype"].eq("protein_coding")
    assert other.genes.loc[codes, "biotype"].eq("protein_coding").all()


def test_lines_of_a_gff3_in_a_gtf_are_told(tmp_path) -> None:
    text = gtf("exon", 1, 9, "T") + "chr1\tx\tgene\t1\t9\t.\t+\t.\tID=gene:ENSG1;Name=TP53\n"
    with pytest.raises(InputError, match=r"line 2: found a line of a GFF3 in a GTF"):
        read(tmp_path, text)


def test_a_cut_file_is_refused(tmp_path) -> None:
    path = tmp_path / "genes.gtf.gz"
    text = "".join(gtf("exon", i, i + 9, f"T{i}") for i in range(1, 3000))
    path.write_bytes(gzip.compress(text.encode())[:-3000])
    with pytest.raises(InputError, match="ends too early"):
        read_genes(path)


def test_a_real_annotation_is_read_whole(real_data) -> None:
    model = read_genes(real_data / "annotation/gencode.v38.chr17.gtf.gz")
    assert len(model.genes) == 3057
    assert model.coding.size_bp == 2_102_544
    tp53 = model.genes.set_index("gene").loc["TP53"]
    assert (tp53["gene_id"], tp53["strand"], tp53["biotype"]) == (
        "ENSG00000141510.18", "-", "protein_coding",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("comments", "is_taken"),
    [
        ("#!genome-build GRCh37.p13\n#!genome-version GRCh37\n", False),
        ("##description: evidence-based annotation of the human genome (GRCh37)\n", False),
        ("##description: annotation of the human genome (GRCh38), version 38\n", True),
        ("##provider: GENCODE\n##date: 2021-03-12\n", True),
        ("#lifted from hg19 to hg38\n", True),
    ],
)
def test_an_annotation_that_names_another_build_is_refused(
    tmp_path: Path, comments: str, is_taken
) -> None:
    path = tmp_path / "genes.gtf"
    path.write_text(comments + gtf("exon", 1, 9, "T1"))
    if is_taken:
        check_declared_build(path, "GRCh38")
        return
    with pytest.raises(InputError, match=r"found an annotation of GRCh37, expected GRCh38"):
        check_declared_build(path, "GRCh38")
