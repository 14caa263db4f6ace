"""How long ``storiform annotate`` takes, and how often it is right, beside others.

Run as ``python tests/benchmarks/bench_annotate.py [--count 10000] [--seed 1] [--exome]
[--real FOLDER]``.
All programs annotate the same simulated variants, one after another in one run, and each is
compared with the plain translation of `_consequence_truth`: bcftools csq and SnpEff are left
out where they are not installed. The start of a program, with the reading of the annotation,
is measured on a file of one variant; SnpEff has built its database before.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from _consequence_genome import (
    EXOME,
    MIXED,
    Genome,
    Variant,
    invented,
    real_piece,
    variants,
    vcf_lines,
)
from _consequence_peers import Told, Work, run_bcftools, run_snpeff, say, timed, told_by
from _consequence_truth import PlainEffects, expected_terms, plain_transcripts


def run_storiform(folder: Path, vcf: Path) -> Work:
    """Annotate by the command."""
    out = folder / "storiform.vcf"
    command = [
        sys.executable, "-m", "storiform", "annotate", str(vcf), "--gtf",
        str(folder / "genes.gtf"), "--fasta", str(folder / "genome.fa"), "-o", str(out),
        "--workers", "1",
    ]  # fmt: skip
    work = timed(command, folder / "told.txt")
    return work if work.out is None else work._replace(out=out)


Expected = dict[Variant, dict[str, set[str]]]
"""Variant -> coding transcript, without version -> terms of which one must be named."""


def expected_of(genome: Genome, drawn: list[Variant]) -> Expected:
    """Work out what each variant does to the coding sequences that it lies in."""
    transcripts = plain_transcripts(genome.gtf)
    plain = PlainEffects(genome.bases, transcripts)
    coding = [
        one
        for one in transcripts.values()
        if one.coding and not one.selenocysteines and one.biotype == "protein_coding"
    ]  # SnpEff takes all others as not coding, though some have a CDS
    found: Expected = {}
    for variant in drawn:
        contig, position, ref, alt = variant
        own = found[variant] = {}
        for one in coding:
            is_near = one.contig == contig and one.exons[0][0] < position - 1 + len(ref)
            if is_near and one.exons[-1][1] >= position:
                truth = plain.of(one.name, position - 1, ref, alt)
                if truth.place in {"coding", "start_lost"}:
                    own[one.name.partition(".")[0]] = expected_terms(truth)
    return found


def agreement(expected: Expected, told: Told) -> tuple[int, int, Counter]:
    """Count the coding changes that a program names by a right term, and the wrong by class."""
    right = total = 0
    wrong: Counter = Counter()
    for variant, own in expected.items():
        entries = {n.partition(".")[0]: t for n, t in told.get(variant, {}).items()}
        for name, terms in own.items():
            is_right = bool(terms & entries.get(name, set()))
            total, right = total + 1, right + is_right
            wrong.update(() if is_right else ["/".join(sorted(terms))])
    return right, total, wrong


def runs_of(folder: Path, genome: Genome, vcf: Path) -> dict[str, tuple[str, Work | None]]:
    """Run every program; return the field that it writes, and what it took."""
    return {
        "storiform": ("CSQ", run_storiform(folder, vcf)),
        "bcftools csq": ("BCSQ", run_bcftools(folder, genome, vcf)),
        "SnpEff": ("ANN", run_snpeff(folder, genome, vcf)),
    }


def tell(title: str, genome: Genome, drawn: list[Variant], folder: Path) -> None:
    """Run all programs on one genome and print a table."""
    genome.write(folder)
    vcf = folder / "drawn.vcf"
    vcf.write_text("".join(vcf_lines(genome, drawn[:1])))
    starts = runs_of(folder, genome, vcf)
    vcf.write_text("".join(vcf_lines(genome, drawn)))
    runs = runs_of(folder, genome, vcf)
    ours = runs["storiform"][1]
    entries = told_by(ours.out, "CSQ") if ours and ours.out else {}
    per = sum(map(len, entries.values())) / len(drawn)
    expected = expected_of(genome, drawn)
    say(f"{title}: {len(drawn)} variants, {per:.1f} transcripts each")
    say("program       CPU s  of which start  variants/CPU s behind it  right of coding")
    for name, (kind, work) in runs.items():
        start = starts[name][1]
        if work is None or work.out is None or start is None:
            say(f"{name:13} {'not installed' if work is None else work.told.strip()}")
            continue
        right, total, wrong = agreement(expected, told_by(work.out, kind))
        rate = len(drawn) / max(work.cpu_seconds - start.cpu_seconds, 0.01)
        share = f"{right}/{total} = {right / max(1, total):.3%}"
        say(f"{name:13}{work.cpu_seconds:6.2f} {start.cpu_seconds:15.2f} {rate:25.0f}  {share}")
        for terms, number in wrong.most_common(4):
            say(f"{'':20}{number} x not {terms}")


def main() -> None:
    """Draw variants and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--exome", action="store_true", help="nine of ten are substitutions")
    parser.add_argument("--real", type=Path, help="folder of real data")
    given = parser.parse_args()
    genomes = [("invented genome", invented(given.seed))]
    if given.real:
        piece = given.real / "reference" / "hmf_tinygenome_chr17_part_43.txt.gz"
        genes = given.real / "annotation" / "gencode.v38.chr17.gtf.gz"
        genomes.append(("hg38 chr17:43-44 Mb", real_piece(piece, genes, "chr17", 42_999_999)))
    weights = EXOME if given.exome else MIXED
    for title, genome in genomes:
        with tempfile.TemporaryDirectory() as folder:
            drawn = variants(genome, given.count, given.seed, weights)
            tell(title, genome, drawn, Path(folder))


if __name__ == "__main__":
    main()
