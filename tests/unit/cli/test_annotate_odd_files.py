"""`storiform annotate` of odd files, of pipes and of standard input and output."""

import gzip
import os
import threading
from pathlib import Path

import pysam
import pytest
from click.testing import CliRunner, Result

from storiform.cli.main import group

CODING = "ATGGCTAAATGGCTTGAAAGATGA"  # MAKWLER*
CHR1 = "ACGTTGCAAC" * 10 + CODING + "GGATCCTTAA" * 10
HEAD = (
    "##fileformat=VCFv4.2\n"
    f"##contig=<ID=1,length={len(CHR1)}>\n"
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="depth">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
)


def genes() -> str:
    told = 'gene_id "ENSG1"; transcript_id "ENST1"; gene_name "ABC"; protein_id "ENSP1";'
    rows = (("exon", 91, 200, "."), ("CDS", 101, 121, "0"), ("stop_codon", 122, 124, "0"))
    return "".join(
        f"chr1\tx\t{kind}\t{start}\t{end}\t.\t+\t{phase}\t{told}\n"
        for kind, start, end, phase in rows
    )


@pytest.fixture
def files(tmp_path) -> Path:
    fasta = tmp_path / "genome.fa"
    fasta.write_text(f">1\n{CHR1}\n")
    pysam.faidx(str(fasta))
    (tmp_path / "genes.gtf").write_text(genes())
    return tmp_path


def record(place: int, ref: str, alt: str) -> str:
    return f"1\t{place}\trs1\t{ref}\t{alt}\t50\tPASS\tDP=9\n"


def vcf(folder: Path, *records: str, name: str = "calls.vcf") -> Path:
    path = folder / name
    path.write_text(HEAD + "".join(records))
    return path


def run(folder: Path, source: Path, *options: str, out: str = "out.vcf") -> Result:
    paths = ["--gtf", folder / "genes.gtf", "--fasta", folder / "genome.fa"]
    command = ["annotate", source, *paths, "-o", folder / out, *options]
    return CliRunner().invoke(group, list(map(str, command)))


def body(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if not line.startswith("#")]


def test_alleles_that_a_gvcf_leaves_open_and_empty_ones_have_reasons_of_their_own(
    files,
) -> None:
    source = vcf(files, record(104, "G", "A,<NON_REF>"), record(104, "G", "<*>"),
                 record(104, "G", ""), record(104, "", "A"), record(0, "G", "A"))  # fmt: skip
    done = run(files, source)
    assert "not annotated: 2 any other allele, as gVCF has it (1:104 G><NON_REF>" in done.output
    assert "not annotated: 2 no REF or no ALT (1:104 G>; 1:104 >A)" in done.output
    assert "not annotated: 1 the place lies outside the contig (1:0 G>A)" in done.output
    assert ["CSQ=" in line for line in body(files / "out.vcf")] == [True] + [False] * 4


def test_records_that_may_meet_in_a_codon_are_told(files) -> None:
    near = [record(104, "G", "A"), record(104, "G", "C"), record(106, "T", "G")]
    told = "1 record within 2 bp of the one before: judged each alone"
    assert told in run(files, vcf(files, *near)).output
    far = [record(104, "G", "A"), record(107, "A", "G"), record(108, "C", "G")]
    assert CHR1[107] != "C"  # the last is not annotated
    assert "of the one before" not in run(files, vcf(files, *far)).output


def test_what_is_no_utf8_stays_as_it_is(files) -> None:
    source = vcf(files, record(104, "G", "A"))
    source.write_bytes(source.read_bytes().replace(b"rs1", b"rs\xe9"))
    assert run(files, source, "--workers", "1").exit_code == 0
    assert b"1\t104\trs\xe9\tG" in (files / "out.vcf").read_bytes()


def test_a_header_of_blanks_in_place_of_tabs_is_told(files) -> None:
    source = vcf(files, record(104, "G", "A"))
    source.write_text(source.read_text().replace("\t", " "))
    told = str(run(files, source).exception)
    assert "calls.vcf, line 4: found 1 column, expected CHROM to INFO" in told


def test_only_a_file_of_its_own_or_an_empty_one_is_replaced(files) -> None:
    source, other = vcf(files, record(104, "G", "A")), vcf(files, name="out.vcf")
    kept = other.read_text()
    done = run(files, source)
    assert type(done.exception).__name__ == "InputError"
    assert "a file that storiform annotate did not write" in str(done.exception)
    assert other.read_text() == kept
    other.write_text("")
    assert run(files, source).exit_code == 0
    assert len(body(other)) == 1
    more = vcf(files, record(104, "G", "A"), record(107, "A", "G"))
    assert run(files, more).exit_code == 0
    assert len(body(other)) == 2


def test_calls_come_from_standard_input_and_go_to_standard_output(files) -> None:
    source = vcf(files, record(104, "G", "A"))
    run(files, source)
    paths = ["--gtf", str(files / "genes.gtf"), "--fasta", str(files / "genome.fa")]
    for given in (source.read_bytes(), gzip.compress(source.read_bytes())):
        command = ["annotate", "-", *paths, "-o", "-", "--workers", "1"]
        done = CliRunner().invoke(group, command, input=given)
        assert done.exit_code == 0, done.output
        assert done.stdout_bytes == (files / "out.vcf").read_bytes()
        assert done.stderr == "standard output: 1 record, 1 of 1 allele annotated\n"
    cut = CliRunner().invoke(group, ["annotate", "-", *paths, "-o", "-"], input="x\n")
    assert "stdin, line 1: found a record without header" in str(cut.exception)


def test_what_comes_through_a_pipe_is_read_whole(files) -> None:
    vcf(files, record(104, "G", "A"))
    run(files, files / "calls.vcf")
    expected = (files / "out.vcf").read_text()
    for name in ("calls.vcf", "genes.gtf"):
        (files / name).rename(files / f"{name}.kept")
        os.mkfifo(files / name)
    feeding = [
        threading.Thread(
            target=lambda path=files / name: path.write_bytes(
                path.with_name(f"{path.name}.kept").read_bytes()
            )
        )
        for name in ("calls.vcf", "genes.gtf")
    ]
    for one in feeding:
        one.start()
    done = run(files, files / "calls.vcf", "--workers", "1", out="piped.vcf")
    for one in feeding:
        one.join()
    assert done.exit_code == 0, done.output
    assert body(files / "piped.vcf") == [
        line for line in expected.splitlines() if not line.startswith("#")
    ]


def test_an_annotation_without_coding_sequences_is_told(files) -> None:
    rows = genes().splitlines(keepends=True)
    (files / "genes.gtf").write_text("".join(row for row in rows if "\texon\t" in row))
    done = run(files, vcf(files, record(104, "G", "A")))
    assert done.exit_code == 0
    told = "genes.gtf: no transcript has CDS lines: no change of a protein is told"
    assert f"warning: {told}" in done.stderr


def test_a_file_of_no_records_is_written_and_told(files) -> None:
    empty = run(files, vcf(files), out="out.vcf.gz")
    assert empty.exit_code == 0
    assert empty.stdout == f"{files / 'out.vcf.gz'}: 0 records, 0 of 0 alleles annotated\n"
    assert (files / "out.vcf.gz.tbi").exists()


def many_genes(bases: int) -> tuple[str, str]:
    """Return a GTF of 24 genes and their contig, with some bases before it."""
    rows = "".join(
        f"chr1\tx\t{kind}\t{224 * n + start}\t{224 * n + end}\t.\t+\t{phase}\t"
        f'gene_id "G{n}"; transcript_id "T{n}"; gene_name "N{n}";\n'
        for n in range(24)
        for kind, start, end, phase in (("exon", 91, 200, "."), ("CDS", 101, 121, "0"))
    )
    return rows, "A" * bases + (CHR1[:224] * 24)


@pytest.mark.parametrize(("bases", "is_told"), [(0, False), (1, True)])
def test_a_genome_in_which_few_proteins_begin_with_methionine_is_told(
    files, bases, is_told
) -> None:
    rows, genome = many_genes(bases)
    (files / "genes.gtf").write_text(rows)
    (files / "genome.fa").write_text(f">1\n{genome}\n")
    pysam.faidx(str(files / "genome.fa"))
    source = vcf(files, record(150, genome[149], "T" if genome[149] != "T" else "A"))
    head = source.read_text().replace(f"length={len(CHR1)}", f"length={len(genome)}")
    source.write_text(head)
    done = run(files, source)
    assert done.exit_code == 0, done.output
    told = (
        "warning: only 0 of 24 proteins of genes.gtf begin with methionine: "
        "genome.fa is mostly N, or another build\n"
    )
    assert (told in done.stderr) is is_told


def test_fewer_than_half_of_the_alleles_annotated_is_a_warning(files) -> None:
    right, wrong = record(104, "G", "A"), record(105, "G", "A")
    half = run(files, vcf(files, right, wrong))
    assert "fewer than half" not in half.stderr
    few = run(files, vcf(files, right, wrong, wrong))
    assert few.exit_code == 0
    told = "warning: fewer than half of the alleles were annotated"
    assert f"{told}: are VCF and FASTA of one build?\n" in few.stderr
    symbolic = run(files, vcf(files, right, *[record(105, "C", "<DEL>")] * 2))
    assert f"{told}\n" in symbolic.stderr
