"""Consequences as the command writes them, against a plain translation and against peers.

The plain translation (`_consequence_truth`) shares no code with the package and takes its
genetic code from Biopython where that is installed, else from NCBI's table.
"""

import gzip
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from _consequence_genome import (
    Genome,
    invented,
    of_transcripts,
    peptides,
    real_piece,
    variants,
    vcf_lines,
)
from _consequence_peers import as_gff3, run_bcftools, run_snpeff, told_by
from _consequence_truth import PlainEffects, Truth, expected_terms, plain_transcripts
from click.testing import CliRunner
from cyvcf2 import VCF
from validate_consequences import compared

from storiform.biomarkers.consequences.annotation import (
    ConsequencesAnnotationParams,
    consequences,
)
from storiform.biomarkers.consequences.spliced import Spliced
from storiform.cli.main import group
from storiform.io.csq_writer import FIELDS
from storiform.io.fasta import read_fasta
from storiform.io.transcripts import read_transcript_models
from storiform.io.vcf import read_vcf

AGREEING = 0.999
"""The share that must agree; what differs is told by `validate_consequences`."""


def written(genome: Genome, folder: Path, count: int, seed: int) -> Path:
    """Write the files of a genome and variants drawn from it."""
    genome.write(folder)
    vcf = folder / "drawn.vcf"
    vcf.write_text("".join(vcf_lines(genome, variants(genome, count, seed))))
    return vcf


def annotate(folder: Path, vcf: Path, out: str, *options: str) -> Path:
    paths = ["--gtf", folder / "genes.gtf", "--fasta", folder / "genome.fa", "-o", folder / out]
    done = CliRunner().invoke(group, ["annotate", *map(str, [vcf, *paths, *options])])
    assert done.exit_code == 0, done.output
    return folder / out


def test_protein_changes_of_invented_variants_are_those_of_a_plain_translation(
    tmp_path, record_property
) -> None:
    genome = invented(11, genes=40)
    found = compared(genome, variants(genome, 1500, 11), tmp_path)
    record_property("share", found.share)
    assert found.proteins > 1500
    assert found.share >= AGREEING, found.differing


@pytest.mark.slow
def test_protein_changes_of_many_invented_variants_agree(tmp_path, record_property) -> None:
    genome = invented(12, genes=120)
    found = compared(genome, variants(genome, 20_000, 12), tmp_path)
    record_property("share", found.share)
    assert found.share >= AGREEING, found.differing


def test_protein_changes_of_a_real_piece_agree(tmp_path, real_data, record_property) -> None:
    piece = real_data / "reference" / "hmf_tinygenome_chr17_part_43.txt.gz"
    genes = real_data / "annotation" / "gencode.v38.chr17.gtf.gz"
    genome = real_piece(piece, genes, "chr17", 42_999_999)
    found = compared(genome, variants(genome, 300, 5), tmp_path)
    record_property("share", found.share)
    assert found.proteins > 500
    assert found.share >= AGREEING, found.differing


@pytest.fixture(scope="module")
def osteosarcoma(real_data) -> Genome:
    folder = real_data / "osteosarcoma_cc0"
    return of_transcripts(folder / "ref_reference.gtf.gz", folder / "ref_reference.cdna.fa.gz")


def test_protein_changes_around_the_loci_of_an_osteosarcoma_agree(
    tmp_path, osteosarcoma, record_property
) -> None:
    found = compared(osteosarcoma, variants(osteosarcoma, 300, 5), tmp_path)
    record_property("share", found.share)
    assert found.proteins > 300
    assert found.share >= AGREEING, found.differing


def test_reference_proteins_are_those_that_ensembl_publishes(
    tmp_path, osteosarcoma, real_data
) -> None:
    """Also of incomplete transcripts, and of the mitochondrion, which end in part of a stop."""
    known = peptides(real_data / "osteosarcoma_cc0" / "ref_reference.pep.fa.gz")
    fasta, gtf = osteosarcoma.write(tmp_path)
    reference = read_fasta(fasta)
    coding = [one for one in read_transcript_models(gtf) if one.coding]
    made = {one.name: Spliced(one, reference).protein.rstrip("*") for one in coding}
    expected = {name: known[name.partition(".")[0]].rstrip("*") for name in made}
    differing = {n: (made[n], p) for n, p in expected.items() if made[n] != p}
    assert len(made) == 141
    assert differing == {}


@pytest.mark.parametrize(
    "name",
    [
        "annotation/gencode.v38.chr17.gtf.gz", "annotation/gencode.grch37.chr6_chr9.gtf.gz",
        "osteosarcoma_cc0/ref_reference.gtf.gz",
    ],
)  # fmt: skip
def test_every_transcript_of_real_annotations_is_read_as_by_a_plain_walk(
    real_data, name
) -> None:
    with gzip.open(real_data / name, "rt") as lines:
        plain = plain_transcripts(lines.read())
    models = {one.name.split(".")[0]: one for one in read_transcript_models(real_data / name)}
    assert len(models) == len(plain)
    for key, one in plain.items():
        read = models[key.split(".")[0]]
        assert list(read.exons) == one.exons
        assert sum(b - a for a, b in one.coding) == read.coding_length
        assert all(any(a <= c and d <= b for a, b in read.coding) for c, d in one.coding)
        assert (read.phase, read.biotype) == (one.phase, one.biotype)
        assert read.is_mane == ("MANE_Select" in one.tags)
        assert read.lacks_end == ("cds_end_NF" in one.tags)
        assert read.lacks_start == ("cds_start_NF" in one.tags or one.phase > 0)
        assert list(read.selenocysteines) == sorted(one.selenocysteines)


def test_a_gff3_gives_the_transcripts_of_the_gtf(tmp_path) -> None:
    genome = invented(13, genes=30)
    _, gtf = genome.write(tmp_path)
    (tmp_path / "genes.gff3").write_text(as_gff3(genome))
    one, other = read_transcript_models(gtf), read_transcript_models(tmp_path / "genes.gff3")
    assert {_bare(t) for t in one} == {_bare(t) for t in other}
    assert len(one) == len(other) > 100


def _bare(transcript) -> tuple[object, ...]:
    """Return what both files say of a transcript: they name genes and proteins each its way."""
    names = ("name", "contig", "is_forward", "exons", "coding", "phase", "lacks_start",
             "lacks_end", "biotype")  # fmt: skip
    return tuple(getattr(transcript, name) for name in names)


def test_reading_the_written_file_gives_what_the_step_gives(tmp_path) -> None:
    genome = invented(14, genes=40)
    vcf = written(genome, tmp_path, 1500, 14)
    plain = read_vcf_quietly(vcf)
    made = consequences(
        plain,
        read_transcript_models(tmp_path / "genes.gtf"),
        read_fasta(tmp_path / "genome.fa"),
        ConsequencesAnnotationParams(),
    )
    names = ["gene", "gene_id", "transcript", "consequence", "hgvsc", "hgvsp"]
    for options in ((), ("--pick",)):
        out = annotate(tmp_path, vcf, "out.vcf.gz", "--overwrite", *options)
        read = read_vcf_quietly(out)
        assert len(read) == len(made) == 1500
        pd.testing.assert_frame_equal(
            read[names].astype(object).fillna(""),
            made[names].astype(object).fillna(""),
            check_index_type=False,
        )


def read_vcf_quietly(path: Path) -> pd.DataFrame:
    with pytest.warns(UserWarning, match="no sample columns"):
        return read_vcf(path, {}, "GRCh38")


def test_others_read_the_written_file(tmp_path) -> None:
    genome = invented(15, genes=20)
    vcf = written(genome, tmp_path, 300, 15)
    out = annotate(tmp_path, vcf, "out.vcf.gz")
    records = list(VCF(str(out)))
    assert len(records) == 300
    assert all(record.INFO["CSQ"].count("|") % (len(FIELDS) - 1) == 0 for record in records)
    assert list(VCF(str(out))("chr2")) != []


def test_bcftools_reads_the_written_file_and_its_entries(tmp_path) -> None:
    genome = invented(15, genes=20)
    vcf = written(genome, tmp_path, 300, 15)
    out = annotate(tmp_path, vcf, "out.vcf.gz")
    if run_bcftools(tmp_path, genome, vcf) is None:
        pytest.skip("bcftools is not installed: it was not asked to read our file")
    told = _told("bcftools", "view", "-H", str(out))
    assert len(told.splitlines()) == 300
    header = _told("bcftools", "view", "-h", str(out))
    assert re.search(r"ID=CSQ,Number=\.,Type=String,Description=.*Format: Allele\|", header)


def _told(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(("run", "kind"), [(run_bcftools, "BCSQ"), (run_snpeff, "ANN")])
def test_peers_agree_on_the_terms_of_most_coding_changes(
    tmp_path, run: Callable, kind: str, record_property
) -> None:
    """Where they differ, the plain translation is on our side; both are told in the report.

    bcftools csq calls a multi-base change with a stop in it missense, and SnpEff a change of
    several bases that leaves the protein as it is missense, among others. Two things are left
    out, of which each program has a convention of its own: what comes in or is lost at the end
    of an exon or of the coding sequence, or can be moved there (both take it for a part of what
    follows), and what reaches over the start codon, which SnpEff takes for untranslated.
    """
    genome = invented(16, genes=40)
    drawn = variants(genome, 1000, 16)
    vcf = written(genome, tmp_path, 1000, 16)
    work = run(tmp_path, genome, vcf)
    if work is None:
        pytest.skip(f"{run.__name__}: the program is not installed, so nothing was compared")
    assert work.out is not None, work.told
    theirs = told_by(work.out, kind)
    ours = told_by(annotate(tmp_path, vcf, "out.vcf"), "CSQ")
    transcripts = plain_transcripts(genome.gtf)
    plain = PlainEffects(genome.bases, transcripts)
    ours_right = theirs_right = total = 0
    for variant in drawn:
        _, position, ref, alt = variant
        for name, terms in ours[variant].items():
            if not name or not transcripts[name].coding:
                continue
            truth = plain.of(name, position - 1, ref, alt)
            if truth.place not in {"coding", "start_lost"} or _is_by_convention(truth):
                continue
            total += 1
            expected = expected_terms(truth)
            ours_right += bool(expected & terms)
            theirs_right += bool(expected & theirs.get(variant, {}).get(name, set()))
    record_property("ours", ours_right / total)
    record_property("theirs", theirs_right / total)
    assert total > 1000
    assert theirs_right / total >= 0.985
    assert ours_right >= theirs_right


def _is_by_convention(truth: Truth) -> bool:
    """Tell whether a change reaches over the start, or can be moved to an end.

    Bases that come in or are lost are moved towards the 3' end, as SnpEff does before it asks
    where they lie: an end is that of the exon, or of the coding sequence.
    """
    low, high = truth.span
    if low < truth.begin < high:
        return True
    rna, put = truth.bases[0], truth.put
    if low < high and put:
        return False
    ends = {truth.exon[1], truth.numbers[1]}
    if low == high and low in {*truth.exon, *ends}:
        return True
    word, at = put or rna[low:high], high
    while at not in ends and at < len(rna) and rna[at] == word[0]:
        word, at = word[1:] + word[0], at + 1
    return at in ends
