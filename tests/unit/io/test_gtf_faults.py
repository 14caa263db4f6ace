"""What is wrong with a GTF is told in full: the file, the place, what to do."""

import gzip
from pathlib import Path

import pytest

from storiform.io.annotation import read_genes
from storiform.io.transcripts import read_transcript_models
from storiform.model.errors import InputError

GENE = 'gene_id "G1"; gene_name "TP53"; gene_type "protein_coding"; transcript_id "T1";'
LINES = [
    f"chr17\tHAVANA\t{feature}\t{start}\t{end}\t.\t-\t0\t{GENE}"
    for feature, start, end in (
        ("gene", 101, 900), ("exon", 101, 300), ("CDS", 151, 300), ("exon", 700, 900),
    )
]  # fmt: skip
TEXT = "##description: human (GRCh38)\n" + "\n".join(LINES) + "\n"


def gtf(tmp_path: Path, text: str | bytes, name: str = "genes.gtf") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("written", ["17", "chr17", "CHR17"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_names_of_contigs_and_line_ends_change_no_gene(
    tmp_path: Path, written: str, end: str
) -> None:
    text = TEXT.replace("chr17", written).replace("\n", end)
    model = read_genes(gtf(tmp_path, text))
    assert set(model.exons["contig"]) == {"chr17"}
    assert model.exons[["start", "end"]].to_numpy().tolist() == [[100, 300], [699, 900]]
    starts, ends = model.coding.bounds["chr17"]
    assert (starts.tolist(), ends.tolist()) == ([150], [300])
    assert model.genes[["gene_id", "gene"]].to_numpy().tolist() == [["G1", "TP53"]]


FAULTS = {
    "no exons": (
        "\n".join(line for line in LINES if "\tgene\t" in line) + "\n",
        r"genes\.gtf: found contigs none, expected exons or coding sequences on chr1 .* Give",
    ),
    "exons of no gene": (
        TEXT.replace('gene_id "G1"; ', "", 2),
        r"genes\.gtf: found exons without a gene_id, expected gene_id .*\. Give",
    ),
    "a GFF3 of genes alone": (
        "##gff-version 3\nchr17\tx\tgene\t1\t9\t.\t+\t.\tID=g1\n",
        r"genes\.gtf: found .*, expected .*\. \w+",
    ),
    "a BED": ("chr17\t100\t200\tTP53\n", r"genes\.gtf, line 1: found .*, expected .*\. \w+"),
    "nothing": ("", r"genes\.gtf: found contigs none, expected exons .*\. Give"),
    "bytes": (bytes(range(256)) * 4, r"genes\.gtf, line \d+: found .*, expected .*\. \w+"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_gtf_that_tells_of_no_exon_is_refused_with_place_and_remedy(
    tmp_path: Path, fault: str
) -> None:
    text, told = FAULTS[fault]
    with pytest.raises(InputError, match=told):
        read_genes(gtf(tmp_path, text))


def test_transcripts_of_no_gene_are_refused(tmp_path: Path) -> None:
    text, told = FAULTS["exons of no gene"]
    with pytest.raises(InputError, match=told):
        read_transcript_models(gtf(tmp_path, text))


def test_a_gtf_cut_in_its_compression_names_the_last_line_that_was_read(
    tmp_path: Path,
) -> None:
    text = "".join(TEXT.replace("G1", f"G{number}") for number in range(3_000)).encode()
    path = gtf(tmp_path, gzip.compress(text)[:-2_000], "genes.gtf.gz")
    told = r"genes\.gtf\.gz, after line \d+: found broken compression .*too early.* Copy or"
    with pytest.raises(InputError, match=told):
        read_genes(path)
