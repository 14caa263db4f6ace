"""Fusions: planted ones, RNA without any, and two real files beside Arriba's calls.

Run as ``python tests/benchmarks/validate_fusions.py [--fusions 200] [--free 30] [--seed N]
[--gtf FILE] [--panel 40] [--support 5 40]``. Planted are fusions with 5 to 40 supporting
fragments, ten in a library with all that looks like a fusion, told by fragments and exon ends
with exact lower bounds of 95 % (two-sided intervals); panels of 40 differ by fragments and by
kind, and callers with fewer rules show what their false calls would be. The real files of
``fusion`` and ``rna`` in STORIFORM_REAL_DATA are called with an annotation of exons:
``annotation/hg38_exons.bed.gz`` there (MANE Select, a transcript a gene; no genes without
protein) unless a GTF is named.
"""

import argparse
import gzip
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pandas as pd
from scipy import stats

from storiform.biomarkers.fusions.calls import FusionsParams, fusions
from storiform.biomarkers.fusions.split_reads import (
    FusionReadsParams,
    chimeric_fusions,
    fusion_reads,
)
from storiform.io.chimeric_junctions import read_chimeric_alignments
from storiform.io.fusion_files import read_given_fusions, read_known_fusions
from storiform.io.genes import read_gene_names
from storiform.io.read_files import open_reads
from storiform.io.resources import bundled
from storiform.io.transcripts import read_transcript_models
from storiform.io.units import SourceUnit
from storiform.model.transcripts import Transcript, TranscriptModels
from storiform.simulation.fusion_bam import write_bam
from storiform.simulation.fusion_genome import FusionGenome, FusionTranscripts, invent_genome
from storiform.simulation.fusion_rna import RnaSimulator

IN_ONE, IN_PANEL = 10, 20
BANDS = ((5, 6), (7, 9), (10, 19), (20, 40))
"""Supporting fragments of which recall is told apart."""
KINDS = ("usual", "low", "reciprocal", "inverted", "deletion", "neighbour", "antisense")
FRAGMENTS = 3000
LEAST_FOUND, MOST_FALSE = 0.9, 0.1
FILES = (("cmgg_star.bam", "cmgg_arriba.fusions.tsv"),
         ("megsap_arriba_in.bam", "megsap_arriba_expected.tsv"))  # fmt: skip
KNOWN = read_known_fusions(bundled("reference/fusions/known_fusions.tsv"))
NAMES = read_gene_names(bundled("reference/genome/gene_identifiers.tsv.gz"))


def say(text: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def called(path: Path, annotation: TranscriptModels) -> pd.DataFrame:
    """Return the table `fusions` of a BAM."""
    collector = fusion_reads(annotation, FusionReadsParams())
    file = open_reads(path, role="tumour", assay="rna")
    collector.begin(file.header)
    for chunk in file.chunks(1):
        for batch in file.batches(chunk):
            collector.take(batch)
    file.close()
    return fusions(KNOWN, NAMES, FusionsParams(), fusion_reads=collector.tables()[0])


def pairs(table: pd.DataFrame) -> set[tuple[str, str]]:
    """Return the pairs of genes that count."""
    counted = table[table["is_confident"]] if "is_confident" in table else table
    return set(zip(counted["gene_5"], counted["gene_3"], strict=True))


def simulated(
    genome: FusionGenome, seed: int, planted: int, fragments: int = FRAGMENTS, **what: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the planted fusions and all junctions that were seen of one library."""
    rna = RnaSimulator(genome, seed).library(fragments, planted, **what)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rna.bam"
        write_bam(path, genome, rna.fragments)
        table = called(path, genome.annotation)
    return rna.planted, table


def planted(fusions_wanted: int, free: int, seed: int, support: tuple[int, int]) -> bool:
    """Print what was found of planted fusions and in RNA without any; tell if the bars hold."""
    wrong, parts = 0, []
    for number in range(-(-fusions_wanted // IN_ONE)):
        genome = invent_genome(seed + number)
        rows, table = simulated(genome, seed + number, IN_ONE, support=support)
        parts.append(rows.assign(is_found=[pair in pairs(table) for pair in listed(rows)]))
        wrong += len(pairs(table) - pairs(rows))
        for row in parts[-1][~parts[-1]["is_found"]].to_dict("records"):
            say(f"  missed {missed(row, table)}")
    sought = pd.concat(parts, ignore_index=True)
    say(f"planted: {share(sought)} found; {wrong} false beside them")
    for least, most in BANDS:
        band = sought[sought["fragments"].between(least, most)]
        ends = (f"{n} exon ends {share(band[band['exon_ends'] == n])}" for n in (2, 1, 0))
        say(f"  {least} to {most} fragments: {share(band)} found; {', '.join(ends)}")
    false, notes = 0, Counter()
    genome = invent_genome(seed + 1000)
    for number in range(free):
        _, table = simulated(genome, seed + 2000 + number, 0)
        false += len(pairs(table))
        notes.update(note for text in table["note"] for note in text.split(";") if note)
        for pair in sorted(pairs(table)):
            say(f"  false {'::'.join(pair)}")
    say(f"free of fusions: {false} false calls in {free} libraries; left out: "
          f"{dict(notes.most_common())}")  # fmt: skip
    is_enough = sought["is_found"].mean() >= LEAST_FOUND
    return bool(is_enough) and false <= MOST_FALSE * free


def listed(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the pair of genes of each row."""
    return list(zip(rows["gene_5"], rows["gene_3"], strict=True))


def missed(row: dict, table: pd.DataFrame) -> str:
    """Name a planted fusion, what was planted of it, and what its junctions lack."""
    own = table[(table["gene_5"] == row["gene_5"]) & (table["gene_3"] == row["gene_3"])]
    columns = ["split_fragments", "spanning_fragments", "note"]
    seen = ["/".join(map(str, told)) for told in own[columns].itertuples(index=False)]
    return (
        f"{row['gene_5']}::{row['gene_3']}, {row['fragments']} fragments, {row['exon_ends']} "
        f"exon ends: {', '.join(seen) or 'no junction'} (over it/pairs/note)"
    )


def share(rows: pd.DataFrame) -> str:
    """Say how many rows were found, with the exact lower bound of the share's 95 % interval."""
    if rows.empty:
        return "0 of 0"
    found = int(rows["is_found"].sum())
    low = stats.binomtest(found, len(rows)).proportion_ci(0.95).low
    return f"{found} of {len(rows)} ({found / len(rows):.1%}, at least {low:.1%})"


def panels(wanted: int, seed: int) -> None:
    """Print what is found of fusions by their fragments and by their kind."""
    cases = [{"support": support} for support in ((3, 4), (5, 9), (10, 40))]
    cases += [{"kind": kind} for kind in KINDS]
    for number, case in enumerate(cases):
        sought = found = wrong = 0
        notes: Counter[str] = Counter()
        for part in range(-(-wanted // IN_PANEL)):
            own = seed + 5000 + 100 * number + part
            rows, table = simulated(invent_genome(own), own, IN_PANEL, FRAGMENTS // 3, **case)
            truth, got = pairs(rows), pairs(table)
            sought, found = sought + len(truth), found + len(truth & got)
            wrong += len(got - truth)
            missed = set(truth) - got
            seen = table.drop_duplicates(["gene_5", "gene_3"])
            told = {
                (row["gene_5"], row["gene_3"]): row["note"] for row in seen.to_dict("records")
            }
            notes.update(told.get(pair, "no junction") for pair in missed)
        say(f"{case}: {found} of {sought}; {wrong} false beside them; missed: {dict(notes)}")


def straw(free: int, seed: int) -> None:
    """Print how many false calls callers with fewer rules would make."""
    genome = invent_genome(seed + 1000)
    counts: Counter[str] = Counter()
    for number in range(free):
        rna = RnaSimulator(genome, seed + 8000 + number).library(FRAGMENTS)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rna.bam"
            write_bam(path, genome, rna.fragments)
            table = called(path, genome.annotation)
        is_twice = table["split_fragments"] >= 2
        is_exon = ~table["note"].str.contains("not_at_exon_ends")
        counts["everything"] += len(table)
        counts["two fragments"] += int(is_twice.sum())
        counts["two fragments at exon ends"] += int((is_twice & is_exon).sum())
        counts["storiform"] += int(table["is_confident"].sum())
    say(f"false calls in {free} libraries without fusions: {dict(counts)}")


def mane(path: Path) -> FusionTranscripts:
    """Return transcripts of a BED: contig, start, end, exon, gene, number, transcript."""
    exons: dict[tuple[str, str, str], list[tuple[int, int, int]]] = {}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            contig, start, end, _, gene, number, name = line.rstrip("\n").split("\t")
            if not line.startswith("#"):
                own = exons.setdefault((contig, gene, name), [])
                own.append((int(number), int(start), int(end)))
    made = []
    for (contig, gene, name), own in exons.items():
        own.sort()
        made.append(
            Transcript(name, gene, gene, contig, own[0][1] <= own[-1][1],
                       tuple(sorted(one[1:] for one in own)), biotype="protein_coding")
        )  # fmt: skip
    return FusionTranscripts(tuple(made))


def real(data: Path, annotation: TranscriptModels) -> bool:
    """Print what is found in the real files, beside Arriba's calls; tell if the bars hold."""
    genes = {one.gene for one in annotation}
    for bam, theirs in FILES:
        table = called(data / "fusion" / bam, annotation)
        got, junctions = pairs(table), table.drop_duplicates(["gene_5", "gene_3"])
        seen = {(row["gene_5"], row["gene_3"]): row for row in junctions.to_dict("records")}
        unit = SourceUnit("b", "p", {"fusions": data / "fusion" / theirs}, {}, "GRCh38", {})
        given = read_given_fusions(unit)
        expected = list(dict.fromkeys(zip(given["gene_5"], given["gene_3"], strict=True)))
        found = [pair for pair in expected if pair in got]
        say(f"{bam}: {len(found)} of {len(expected)} pairs of Arriba found")
        for pair in expected:
            absent = [gene for gene in pair if gene not in genes]
            cause = (
                "found" if pair in got
                else seen[pair]["note"] if pair in seen
                else f"{absent[0]} is not in the annotation" if absent
                else "one gene" if pair[0] == pair[1]
                else "no junction"
            )  # fmt: skip
            say(f"  {'::'.join(pair)}: {cause}")
        say(f"  beside these: {sorted('::'.join(pair) for pair in got - set(expected))}")
    none = called(data / "rna" / "arcas_chr6.bam", annotation)
    say(f"arcas_chr6.bam: {len(pairs(none))} fusions, {len(none)} junctions left out")
    path = data / "fusion" / "starfusion_hg38.Chimeric.out.junction.gz"
    unit = SourceUnit("b", "p", {"chimeric_junctions": path}, {}, "GRCh38", {})
    rows = chimeric_fusions(read_chimeric_alignments(unit), annotation, FusionReadsParams())
    table = fusions(KNOWN, NAMES, FusionsParams(), chimeric_fusions=rows)
    say(f"starfusion_hg38: {sorted('::'.join(pair) for pair in pairs(table))}")
    return not pairs(none)


def main() -> int:
    """Validate; exit 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fusions", type=int, default=200)
    parser.add_argument("--free", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gtf", type=Path)
    parser.add_argument("--panel", type=int, default=40, help="fusions of each kind")
    parser.add_argument(
        "--support", type=int, nargs=2, default=(5, 40), help="fragments of a planted fusion"
    )
    options = parser.parse_args()
    if options.panel:
        panels(options.panel, options.seed)
        straw(min(options.free, 5), options.seed)
    is_good = planted(options.fusions, options.free, options.seed, tuple(options.support))
    if folder := os.environ.get("STORIFORM_REAL_DATA"):
        data = Path(folder)
        exons = data / "annotation" / "hg38_exons.bed.gz"
        annotation = read_transcript_models(options.gtf) if options.gtf else mane(exons)
        is_good &= real(data, annotation)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
