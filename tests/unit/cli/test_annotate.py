"""`storiform annotate`, of a VCF by a small genome."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import pysam
import pytest
from click.testing import CliRunner, Result
from cyvcf2 import VCF

from storiform.cli.main import group
from storiform.io.csq_writer import FIELDS, allele_names
from storiform.io.vcf import read_vcf

LEFT, RIGHT = "ACGTTGCAAC" * 10, "GGATCCTTAA" * 10
CODING = "ATGGCTAAATGGCTTGAAAGATGA"  # MAKWLER*
CHR1 = LEFT + CODING[:12] + "GTAAGT" + "C" * 60 + "TTTCAG" + CODING[12:] + RIGHT
CHRM = "ACCA" * 10 + "ATATGAATGTTCAGATAA" + "TTGG" * 10  # M W M F stop under code 2
INTRON = (112, 184)
HEAD = (
    "##fileformat=VCFv4.2\n"
    f"##contig=<ID=1,length={len(CHR1)}>\n##contig=<ID=MT,length={len(CHRM)}>\n"
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="depth">\n'
    '##INFO=<ID=SVTYPE,Number=1,Type=String,Description="x">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="x">\n'
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="x">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tTUMOR\tNORMAL\n"
)


def feature(kind: str, start: int, end: int, told: str, contig: str = "chr1") -> str:
    phase = "0" if kind == "CDS" else "."
    return f"{contig}\tx\t{kind}\t{start + 1}\t{end}\t.\t+\t{phase}\t{told}\n"


def genes() -> str:
    told = (
        'gene_id "ENSG1.2"; transcript_id "{}"; gene_name "ABC;1"; gene_type "protein_coding"; '
        'transcript_type "protein_coding"; protein_id "ENSP1.1"; {}'
    )
    rows = ""
    for name, tag in (("ENST2.1", ""), ("ENST1.3", 'tag "MANE_Select"; tag "basic";')):
        one = told.format(name, tag)
        rows += feature("exon", 90, INTRON[0], one) + feature("exon", INTRON[1], 240, one)
        rows += feature("CDS", 100, INTRON[0], one) + feature("CDS", INTRON[1], 193, one)
        rows += feature("stop_codon", 193, 196, one)
    mito = told.format("MT1.1", "").replace("ENSG1.2", "ENSG2.1")
    rows += feature("exon", 40, 58, mito, "chrM") + feature("CDS", 40, 55, mito, "chrM")
    return rows + feature("stop_codon", 55, 58, mito, "chrM")


@pytest.fixture
def files(tmp_path) -> Path:
    fasta = tmp_path / "genome.fa"
    fasta.write_text(f">1\n{CHR1}\n>MT\n{CHRM}\n")
    pysam.faidx(str(fasta))
    (tmp_path / "genes.gtf").write_text(genes())
    return tmp_path


def record(place: int, ref: str, alt: str, info: str = "DP=9", contig: str = "1") -> str:
    samples = "0/1:7,5\t0/0:9,0" if "," not in alt else "0/1:7,5,1\t0/0:9,0,0"
    return f"{contig}\t{place}\trs1\t{ref}\t{alt}\t50\tPASS\t{info}\tGT:AD\t{samples}\n"


def vcf(folder: Path, *records: str, head: str = HEAD, name: str = "calls.vcf") -> Path:
    path = folder / name
    path.write_text(head + "".join(records))
    return path


def run(folder: Path, source: Path, *options: str, out: str = "out.vcf") -> Result:
    paths = ["--gtf", folder / "genes.gtf", "--fasta", folder / "genome.fa"]
    command = ["annotate", source, *paths, "-o", folder / out, *options]
    return CliRunner().invoke(group, list(map(str, command)))


def entries(line: str) -> list[dict[str, str]]:
    found = re.search(r"CSQ=([^;\t]+)", line)
    told = found[1].split(",") if found else []
    return [dict(zip(FIELDS, one.split("|"), strict=True)) for one in told]


def body(path: Path) -> list[str]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_every_transcript_of_an_allele_has_an_entry_with_veps_fields(files) -> None:
    done = run(files, vcf(files, record(104, "G", "A")))
    assert done.exit_code == 0
    assert "1 record, 1 of 1 allele annotated" in done.output
    (line,) = body(files / "out.vcf")
    first, second = entries(line)
    assert first["Feature"] == "ENST2.1"
    assert second == {
        "Allele": "A", "Consequence": "missense_variant", "IMPACT": "MODERATE",
        "SYMBOL": "ABC%3B1", "Gene": "ENSG1.2", "Feature_type": "Transcript",
        "Feature": "ENST1.3", "BIOTYPE": "protein_coding", "EXON": "1/2", "INTRON": "",
        "HGVSc": "ENST1.3:c.4G>A", "HGVSp": "ENSP1.1:p.Ala2Thr", "cDNA_position": "14/78",
        "CDS_position": "4/24", "Protein_position": "2/7", "Amino_acids": "A/T",
        "Codons": "Gct/Act", "Existing_variation": "", "DISTANCE": "", "STRAND": "1",
        "FLAGS": "", "PICK": "1", "CANONICAL": "", "MANE": "MANE_Select", "ALLELE_NUM": "1",
    }  # fmt: skip
    assert first["PICK"] == ""


@pytest.mark.parametrize("out", ["out.vcf", "out.vcf.gz"])
def test_a_link_under_the_name_of_what_is_being_written_leads_nowhere(files, out) -> None:
    mine = files / "mine"
    mine.write_text("mine")
    (files / f".{out}.{os.getpid()}.part").symlink_to(mine)
    assert run(files, vcf(files, record(104, "G", "A")), out=out).exit_code == 0
    assert mine.read_text() == "mine"
    assert not (files / out).is_symlink()
    assert len(body(files / out)) == 1


def test_all_else_of_a_record_and_of_the_header_stays(files) -> None:
    source = vcf(files, record(104, "G", "A"), record(30, "A", "C", "."))
    run(files, source)
    before, after = (
        source.read_text().splitlines(),
        (files / "out.vcf").read_text().splitlines(),
    )
    added = [line for line in after if line.startswith("##INFO=<ID=CSQ")]
    assert len(added) == 1
    assert f'Format: {"|".join(FIELDS)}">' in added[0]
    kept = [re.sub(r";?CSQ=[^\t]+", "", line) for line in after if line not in added]
    assert kept[:-1] == before[:-1]
    assert kept[-1].replace("\t\t", "\t.\t") == before[-1]
    assert body(files / "out.vcf")[0].split("\t")[7].startswith("DP=9;CSQ=")


def test_alleles_are_named_as_vep_names_them(files) -> None:
    assert allele_names("CAA", ["C", "CAAT", "CA"]) == ["-", "AAT", "A"]
    assert allele_names("CA", ["C", "GA"]) == ["C", "GA"]
    assert allele_names("CA", ["TG"]) == ["TG"]
    run(files, vcf(files, record(103, "GG", "G,GGCT")))
    (line,) = body(files / "out.vcf")
    names = [(one["Allele"], one["ALLELE_NUM"]) for one in entries(line)]
    assert names == [("-", "1"), ("-", "1"), ("GCT", "2"), ("GCT", "2")]


def test_pick_keeps_the_transcript_that_speaks(files) -> None:
    run(files, vcf(files, record(104, "G", "A,C")), "--pick")
    (line,) = body(files / "out.vcf")
    assert [one["Feature"] for one in entries(line)] == ["ENST1.3", "ENST1.3"]
    changes = [one["HGVSp"].partition(":")[2] for one in entries(line)]
    assert changes == ["p.Ala2Thr", "p.Ala2Pro"]
    assert [one["Allele"] for one in entries(line)] == ["A", "C"]


def test_the_mitochondrial_code_is_used_under_either_name(files) -> None:
    run(files, vcf(files, record(44, "T", "C", contig="MT")))
    (line,) = body(files / "out.vcf")
    (one,) = (one for one in entries(line) if one["Feature"] == "MT1.1")
    assert (one["HGVSp"], one["Codons"]) == ("ENSP1.1:p.Trp2Arg", "Tga/Cga")


def test_what_cannot_be_annotated_stays_and_is_told(files) -> None:
    records = [
        record(104, "C", "A"), record(104, "G", "<DEL>", "SVTYPE=DEL"), record(104, "G", "*,A"),
        record(104, "G", "G[1:9["), record(104, "G", "."), record(104, "G", "R"),
        record(9999, "G", "A"), record(5, "G", "A", contig="GL1"), "1\tx\tdamaged\n",
        "1\t105\n", record(106, "T", "G"),
    ]  # fmt: skip
    source = vcf(files, *records)
    done = run(files, source)
    assert done.exit_code == 0
    assert "11 records, 2 of 10 alleles annotated" in done.output
    told = re.findall(r"not annotated: (\d+) .*? \((.*?)\)$", done.output, re.MULTILINE)
    assert ("2", "line 17; line 18") in told
    for where in ("1:104 C>A", "1:104 G><DEL>", "1:104 G>*", "1:9999 G>A", "GL1:5 G>A"):
        assert ("1", where) in told
    lines = body(files / "out.vcf")
    assert len(lines) == len(records)
    assert [bool(entries(line)) for line in lines] == [k in {2, 10} for k in range(11)]
    assert lines[8] == "1\tx\tdamaged"
    assert {one["ALLELE_NUM"] for one in entries(lines[2])} == {"2"}


def test_nothing_annotated_ends_with_an_error(files) -> None:
    done = run(files, vcf(files, record(104, "C", "A")))
    assert done.exit_code == 2
    assert "Nothing was annotated" in done.output
    damaged = run(files, vcf(files, "1\tx\n", name="damaged.vcf"))
    assert damaged.exit_code == 2
    assert "Nothing was annotated" in damaged.output


def test_consequences_are_replaced_only_on_request(files) -> None:
    run(files, vcf(files, record(104, "G", "A")))
    again = run(files, files / "out.vcf", out="again.vcf")
    assert again.exit_code != 0
    assert "--overwrite" in str(again.exception)
    assert not (files / "again.vcf").exists()
    done = run(files, files / "out.vcf", "--overwrite", out="again.vcf")
    assert done.exit_code == 0
    assert (files / "again.vcf").read_text() == (files / "out.vcf").read_text()


def test_an_undeclared_csq_of_a_record_is_refused_too(files) -> None:
    source = vcf(files, record(104, "G", "A", "CSQ=x"))
    done = run(files, source)
    assert "line 9: found CSQ in INFO" in str(done.exception)
    assert not (files / "out.vcf").exists()
    assert list(files.glob(".*part")) == []


def test_a_sorted_file_is_compressed_and_indexed(files) -> None:
    source = vcf(files, record(30, "A", "C"), record(104, "G", "A"))
    assert run(files, source, out="out.vcf.gz").exit_code == 0
    assert (files / "out.vcf.gz.tbi").exists()
    found = list(VCF(str(files / "out.vcf.gz"))("1:100-110"))
    assert [one.POS for one in found] == [104]
    assert "p.Ala2Thr" in found[0].INFO["CSQ"]
    assert found[0].format("AD").tolist() == [[7, 5], [9, 0]]


def test_an_unsorted_file_is_written_without_an_index(files) -> None:
    source = vcf(files, record(104, "G", "A"), record(30, "A", "C"))
    (files / "out.vcf.gz.tbi").write_text("of an older file")
    done = run(files, source, out="out.vcf.gz")
    assert done.exit_code == 0
    assert "No index of the records was written: they are unsorted." in done.output
    assert not (files / "out.vcf.gz.tbi").exists()
    assert len(body(files / "out.vcf.gz")) == 2


def test_a_bcf_is_read_and_a_bgzipped_vcf_too(files) -> None:
    source = vcf(files, record(104, "G", "A"), record(106, "T", "G"))
    run(files, source)
    expected = [entries(line) for line in body(files / "out.vcf")]
    with pysam.VariantFile(str(source)) as one:
        for mode, name in (("wb", "calls.bcf"), ("wz", "calls.vcf.gz")):
            one.reset()
            with pysam.VariantFile(str(files / name), mode, header=one.header) as other:
                for row in one:
                    other.write(row)
    for name in ("calls.bcf", "calls.vcf.gz"):
        assert run(files, files / name, out="other.vcf").exit_code == 0
        assert [entries(line) for line in body(files / "other.vcf")] == expected


def test_a_file_without_samples_or_info_is_annotated(files) -> None:
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    source = vcf(files, "chr1\t104\t.\tG\tA\t.\t.\t.\n", head=head)
    assert run(files, source).exit_code == 0
    (line,) = body(files / "out.vcf")
    assert line.split("\t")[7].startswith("CSQ=A|missense_variant")


def test_our_own_reader_takes_the_transcript_that_speaks(files) -> None:
    source = vcf(files, record(104, "G", "A"), record(113, "G", "T"), record(118, "T", "C"))
    run(files, source)
    calls = read_vcf(files / "out.vcf", {}, "GRCh38")
    assert calls["annotation"].tolist() == ["CSQ"] * 3
    assert calls["transcript"].tolist() == ["ENST1.3"] * 3
    assert calls["hgvsp"].tolist() == ["ENSP1.1:p.Ala2Thr", "", ""]
    assert calls["consequence"].tolist()[:2] == ["missense_variant", "splice_donor_variant"]


@pytest.mark.parametrize(
    ("gtf", "message"),
    [
        ("#!genome-build GRCh37.p13\n" + genes(), "an annotation of GRCh37"),
        (
            genes().replace("chr1\t", "chr7\t").replace("chrM\t", "chr8\t"),
            "transcripts on chr7",
        ),
        ("<html>\n", "nine columns"),
    ],
)
def test_a_wrong_annotation_is_refused(files, gtf, message) -> None:
    (files / "genes.gtf").write_text(gtf)
    done = run(files, vcf(files, record(104, "G", "A")), "--build", "GRCh38")
    assert message in str(done.exception)
    assert not (files / "out.vcf").exists()


def test_a_transcript_behind_the_end_of_a_contig_is_left_out_and_told(files) -> None:
    told = 'gene_id "G9"; transcript_id "T9";'
    far = feature("exon", 250, 280, told) + feature("exon", 290, 9000, told)
    far += feature("CDS", 255, 280, told) + feature("CDS", 290, 8000, told)
    with (files / "genes.gtf").open("a") as out:
        out.write(far)
    near = record(261, CHR1[260], "T" if CHR1[260] != "T" else "G")
    mito = record(44, "T", "C", contig="MT")
    done = run(files, vcf(files, near, mito))
    assert done.exit_code == 0
    assert "transcripts of chr1 reach up to 9000, the FASTA to 296" in done.output
    first, second = map(entries, body(files / "out.vcf"))
    assert [one["Feature"] for one in first] == ["ENST2.1", "ENST1.3"]
    assert [one["Feature"] for one in second] == ["MT1.1"]


@pytest.mark.parametrize("suffix", ["", ".fai"])
def test_a_missing_genome_or_index_is_told(files, suffix) -> None:
    (files / f"genome.fa{suffix}").unlink()
    done = run(files, vcf(files, record(104, "G", "A")))
    assert type(done.exception).__name__ == "InputError"
    assert "genome.fa: found no" in str(done.exception)


def test_files_of_two_genomes_are_refused(files) -> None:
    head = HEAD.replace(f"length={len(CHR1)}", "length=248956422")
    source = vcf(files, record(104, "G", "A"), head=head)
    assert "found 1 of 248956422 bases" in str(run(files, source).exception)
    source = vcf(files, record(104, "G", "A"), head=head.replace("248956422", "249250621"))
    done = run(files, source, "--build", "GRCh38")
    assert "contig lengths of GRCh37" in str(done.exception)


def test_odd_names_of_the_output_are_refused(files) -> None:
    source = vcf(files, record(104, "G", "A"))
    assert "ends in .vcf" in str(run(files, source, out="out.bcf").exception)
    assert "another file" in str(run(files, source, out="calls.vcf").exception)
    assert "folder to write" in str(run(files, source, out="none/out.vcf").exception)


def test_a_cut_file_leaves_nothing_behind(files) -> None:
    whole = gzip.compress((HEAD + record(104, "G", "A") * 2000).encode())
    (files / "calls.vcf.gz").write_bytes(whole[:-100])
    done = run(files, files / "calls.vcf.gz")
    assert "ends too early" in str(done.exception)
    assert not (files / "out.vcf").exists()


def test_the_command_says_what_is_wrong_and_exits_with_2(files) -> None:
    command = [sys.executable, "-m", "storiform", "annotate", str(files / "none.vcf"), "--gtf",
               str(files / "genes.gtf"), "--fasta", str(files / "genome.fa"), "-o",
               str(files / "out.vcf")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 2
    assert "none.vcf: found no such file" in done.stderr


def test_several_processes_write_the_same_file_in_the_same_order(files) -> None:
    """More records than one process gets at a time; forked outside of this process."""
    alleles = [(k % 290, CHR1[k % 290], "ACGT"[k % 4]) for k in range(2100)]
    records = [record(place + 1, ref, alt) for place, ref, alt in alleles]
    changed = sum(ref != alt for _, ref, alt in alleles)
    source = vcf(files, *records)
    for workers in ("1", "2"):
        command = [sys.executable, "-m", "storiform", "annotate", str(source), "--gtf",
                   str(files / "genes.gtf"), "--fasta", str(files / "genome.fa"), "-o",
                   str(files / f"{workers}.vcf"), "--workers", workers]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr
        assert f"2100 records, {changed} of 2100 alleles annotated" in done.stdout
    assert (files / "1.vcf").read_bytes() == (files / "2.vcf").read_bytes()
    assert len(body(files / "2.vcf")) == 2100
