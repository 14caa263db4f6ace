"""Other annotators on the same files: bcftools csq and SnpEff, where they are installed."""

import re
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from _consequence_genome import Genome
from _consequence_truth import CODES, PlainTranscript, plain_transcripts

_BCSQ = {
    "missense": "missense_variant", "synonymous": "synonymous_variant",
    "frameshift": "frameshift_variant", "stop_retained": "stop_retained_variant",
    "start_retained": "start_retained_variant", "inframe_altering": "protein_altering_variant",
    "coding_sequence": "coding_sequence_variant", "intron": "intron_variant",
    "5_prime_utr": "5_prime_UTR_variant", "3_prime_utr": "3_prime_UTR_variant",
    "non_coding": "non_coding_transcript_exon_variant",
    "splice_region": "splice_region_variant",
    "splice_acceptor": "splice_acceptor_variant", "splice_donor": "splice_donor_variant",
}  # fmt: skip
_SNPEFF = {
    "conservative_inframe_insertion": "inframe_insertion",
    "disruptive_inframe_insertion": "inframe_insertion",
    "conservative_inframe_deletion": "inframe_deletion",
    "disruptive_inframe_deletion": "inframe_deletion",
    "initiator_codon_variant": "start_retained_variant",
    "start_retained": "start_retained_variant",
}  # fmt: skip


def say(text: str) -> None:
    """Tell something on the screen at once."""
    print(text, flush=True)  # noqa: T201  a part of a script


class Work(NamedTuple):
    """What a program took, and the file that it wrote; None where it did not end well."""

    seconds: float
    cpu_seconds: float
    out: Path | None
    told: str


def timed(command: list[str], out: Path) -> Work:
    """Run a program to its end."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with out.open("wb") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=False)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    ended = None if done.returncode else out
    return Work(time.perf_counter() - begin, cpu, ended, done.stderr.decode()[-300:])


def run_bcftools(folder: Path, genome: Genome, vcf: Path) -> Work | None:
    """Annotate by ``bcftools csq``, allele by allele; None where it is not installed."""
    program = shutil.which("bcftools")
    if program is None:
        return None
    genes = folder / "genes.gff3"
    genes.write_text(as_gff3(genome))
    command = [program, "csq", "--local-csq", "-f", str(folder / "genome.fa"), "-g", str(genes)]
    return timed([*command, str(vcf)], folder / "bcftools.vcf")


def run_snpeff(folder: Path, genome: Genome, vcf: Path) -> Work | None:
    """Build a database of the genome, and annotate; None where SnpEff is not installed."""
    program = shutil.which("snpEff")
    if program is None:
        return None
    data = folder / "snpeff" / "made"
    data.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / "genome.fa", data / "sequences.fa")
    (data / "genes.gtf").write_text(genome.gtf)
    config = folder / "snpeff" / "snpEff.config"
    mito = "".join(
        f"made.{name}.codonTable : Vertebrate_Mitochondrial\n"
        for name in genome.bases
        if name in {"chrM", "MT"}
    )
    codes = f"codon.Standard: {_codons(1)}\ncodon.Vertebrate_Mitochondrial: {_codons(2)}\n"
    config.write_text(f"data.dir = {data.parent}\nmade.genome : made\n{mito}{codes}")
    shared = ["-noLog", "-c", str(config)]
    build = [program, "build", "-gtf22", "-noCheckCds", "-noCheckProtein", *shared, "made"]
    done = subprocess.run(build, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        return Work(0.0, 0.0, None, done.stderr.decode()[-300:])
    command = [program, "ann", "-noStats", "-ud", "5000", *shared, "made", str(vcf)]
    return timed(command, folder / "snpeff.vcf")


def _codons(code: int) -> str:
    starts = {1: {"ATG"}, 2: {"ATG", "ATA", "ATT"}}[code]
    return ", ".join(
        f"{codon}/{residue}{'+' if codon in starts else ''}"
        for codon, residue in CODES[code].items()
    )


def as_gff3(genome: Genome) -> str:
    """Write the annotation as a GFF3 in the manner of Ensembl."""
    rows, genes = ["##gff-version 3\n"], {}
    found = plain_transcripts(genome.gtf)
    parents = {
        t: g for g, t in re.findall(r'gene_id "([^"]+)".*?transcript_id "([^"]+)"', genome.gtf)
    }
    for one in found.values():
        low, high = one.exons[0][0], one.exons[-1][1]
        own = genes.setdefault(parents[one.name], [one.contig, low, high, one.strand])
        own[1], own[2] = min(own[1], low), max(own[2], high)
    for gene, (contig, low, high, strand) in genes.items():
        told_of = f"ID=gene:{gene};Name={gene};biotype=protein_coding;gene_id={gene}"
        rows.append(_row(contig, "gene", low, high, strand, told_of))
        for one in (t for t in found.values() if parents[t.name] == gene):
            rows += _transcript_rows(one, gene)
        rows.append("###\n")
    return "".join(rows)


def _transcript_rows(one: PlainTranscript, gene: str) -> Iterator[str]:
    kind = "mRNA" if one.coding else "transcript"
    told = f"ID=transcript:{one.name};Parent=gene:{gene};biotype={one.biotype};"
    told += f"transcript_id={one.name}"
    tags = sorted(one.tags)
    told += f";tag={','.join(tags)}" if tags else ""
    yield _row(one.contig, kind, one.exons[0][0], one.exons[-1][1], one.strand, told)
    parent = f"Parent=transcript:{one.name}"
    for start, end in one.exons:
        yield _row(one.contig, "exon", start, end, one.strand, parent)
    merged: list[list[int]] = []
    for start, end in one.coding:
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([start, end])
    order = merged if one.strand == "+" else merged[::-1]
    done = -one.phase
    for start, end in order:
        told = f"ID=CDS:{one.name};{parent};protein_id={one.name}"
        yield _row(one.contig, "CDS", start, end, one.strand, told, str(-done % 3))
        done += end - start


def _row(contig, kind, start, end, strand, told, phase=".") -> str:  # noqa: PLR0913, PLR0917  the columns
    return f"{contig}\tx\t{kind}\t{start + 1}\t{end}\t.\t{strand}\t{phase}\t{told}\n"


Told = dict[tuple[str, int, str, str], dict[str, set[str]]]
"""Variant -> transcript -> terms."""


def told_by(path: Path, kind: str) -> Told:
    """Read the terms that a file of ours (CSQ), of SnpEff (ANN) or bcftools (BCSQ) tells."""
    found: Told = {}
    with path.open() as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            if line.startswith("#") or len(fields) < 8:  # SnpEff's start script says a word
                continue
            info = [p for p in fields[7].split(";") if p.startswith(f"{kind}=")]
            key = fields[0], int(fields[1]), fields[3], fields[4]
            entries = info[0].partition("=")[2].split(",") if info else []
            found[key] = dict(_READ[kind](entry.split("|")) for entry in entries)
    return found


def _csq(cells: list[str]) -> tuple[str, set[str]]:
    return cells[6], set(cells[1].split("&"))


def _ann(cells: list[str]) -> tuple[str, set[str]]:
    return cells[6], {_SNPEFF.get(term, term) for term in cells[1].split("&")}


def _bcsq(cells: list[str]) -> tuple[str, set[str]]:
    terms = {term.lstrip("*") for term in cells[0].split("&")}
    return cells[2] if len(cells) > 2 else "", {_BCSQ.get(term, term) for term in terms}


_READ = {"CSQ": _csq, "ANN": _ann, "BCSQ": _bcsq}
