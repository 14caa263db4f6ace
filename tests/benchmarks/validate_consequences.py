"""Consequences of simulated variants against a plain, independent translation.

Run as ``python tests/benchmarks/validate_consequences.py [--count 20000] [--seed N] [--real
FOLDER] [--only NAME] [--keep FOLDER]``. Variants of every class are drawn over an invented
genome and, with ``--real``, over pieces of the real one and the transcripts of an osteosarcoma;
they are annotated by ``storiform annotate``, and what the written file says of each transcript
is compared with `_consequence_truth`. Every kind of difference is told with examples.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _consequence_edges import EXPECTED, SPLICED, differs_at_edge, trimmed
from _consequence_entry import misses
from _consequence_fields import differs_around, differs_in_fields
from _consequence_genome import (
    Genome,
    Variant,
    invented,
    of_transcripts,
    real_piece,
    variants,
    vcf_lines,
)
from _consequence_names import disagreement, misnamed
from _consequence_peers import say
from _consequence_truth import (
    LIBRARY,
    PlainEffects,
    PlainTranscript,
    Truth,
    expected_terms,
    plain_transcripts,
)
from click.testing import CliRunner

from storiform.cli.main import group
from storiform.io.csq_writer import FIELDS

_PLAIN = {
    "intron": {"intron_variant"},
    "5_prime_UTR": {"5_prime_UTR_variant"},
    "3_prime_UTR": {"3_prime_UTR_variant"},
    "non_coding": {"non_coding_transcript_exon_variant"},
}
_SHOWN = 5
_BESIDE = 20_000
"""Bases; what `differs_around` judges lies within a quarter of it."""


class Comparison(NamedTuple):
    """How many transcript changes were compared, those that differ, and those left out."""

    compared: Counter
    differing: dict[str, list[str]]
    left_out: Counter

    @property
    def proteins(self) -> int:
        """How many protein changes were compared."""
        return sum(self.compared[one] for one in ("coding", "start_lost", "stop_lost"))

    @property
    def share(self) -> float:
        """The share of coding changes on transcripts of which all agrees."""
        wrong = sum(len(one) for one in self.differing.values())
        return 1 - wrong / max(1, sum(self.compared.values()))

    def tell(self, title: str) -> None:
        """Print counts and examples."""
        total = sum(self.compared.values())
        told = ", ".join(f"{n} {place}" for place, n in self.compared.most_common())
        say(f"{title}: {total} changes of transcripts ({told}); {self.share:.4%} agree")
        out = sum(self.left_out.values())
        causes = ", ".join(f"{n} {cause}" for cause, n in self.left_out.most_common())
        say(f"  {out / max(1, out + total):.2%} left out: {causes or 'none'}")
        for cause, examples in sorted(self.differing.items(), key=lambda one: -len(one[1])):
            say(f"  {len(examples)} x {cause}")
            for example in examples[:_SHOWN]:
                say(f"      {example}")


def annotated(genome: Genome, drawn: list[Variant], folder: Path) -> Iterator[dict[str, dict]]:
    """Annotate variants by the command; yield the fields of CSQ of each, by transcript."""
    fasta, gtf = genome.write(folder)
    vcf, out = folder / "drawn.vcf", folder / "out.vcf"
    vcf.write_text("".join(vcf_lines(genome, drawn)))
    paths = [vcf, "--gtf", gtf, "--fasta", fasta, "-o", out]
    command = ["annotate", *map(str, paths), "--workers", "1"]
    done = CliRunner().invoke(group, command, catch_exceptions=False)
    if done.exit_code:
        raise SystemExit(done.output)
    with out.open() as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            info = line.rstrip("\n").split("\t")[7]
            told = [part[4:] for part in info.split(";") if part.startswith("CSQ=")]
            entries = [
                dict(zip(FIELDS, one.split("|"), strict=True))
                for one in (told[0].split(",") if told else ())
            ]
            yield {one["Feature"]: one for one in entries}


def compared(  # noqa: C901  each kind of finding is counted apart
    genome: Genome, drawn: list[Variant], folder: Path
) -> Comparison:
    """Annotate variants and compare each transcript's change with the plain translation."""
    transcripts = plain_transcripts(genome.gtf)
    plain = PlainEffects(genome.bases, transcripts)
    by_contig = defaultdict(list)
    for one in transcripts.values():
        if one.exons:
            by_contig[one.contig].append(one)
    bounds = {contig: _bounds(found) for contig, found in by_contig.items()}
    counts: Counter = Counter()
    left_out: Counter = Counter()
    differing: dict[str, list[str]] = defaultdict(list)
    for variant, entries in zip(drawn, annotated(genome, drawn, folder), strict=True):
        contig, position, ref, alt = variant
        allele = trimmed(position - 1, ref, alt)
        bare = {name.partition(".")[0]: one for name, one in entries.items()}
        counts["list"] += 1
        beside = _beside(by_contig[contig], bounds.get(contig), position)
        around = differs_around(bare, beside, allele)
        if around:
            told = f"{contig}:{position} {ref}>{alt} | {around}"
            differing[f"transcripts, {around.partition(':')[0]}"].append(told)
        for one in (t for t in beside if _is_near(t, position, ref)):
            truth = plain.of(one.name, position - 1, ref, alt)
            if one.selenocysteines:
                truth = truth._replace(place="left out: selenocysteine")
            if truth.place.startswith("left out"):
                left_out[truth.place.partition(": ")[2]] += 1
                continue
            counts[truth.place] += 1
            entry = bare.get(one.name.partition(".")[0])
            cause = (
                _differs(entry, truth)
                or misses(entry, truth, one, genome.bases[contig], variant)
                or differs_in_fields(entry, one, allele, truth)
            )
            if cause:
                differing[cause.split(":")[0]].append(_told(variant, one, entry, cause))
    return Comparison(counts, dict(differing), left_out)


def _bounds(transcripts: list[PlainTranscript]) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last base of each transcript."""
    ends = [(one.exons[0][0], one.exons[-1][1]) for one in transcripts]
    return tuple(np.array(ends).T)


def _beside(transcripts, bounds, position: int) -> list[PlainTranscript]:
    """Return the transcripts of which a change could be told: far more than lie near it."""
    if bounds is None:
        return []
    firsts, lasts = bounds
    is_beside = (firsts < position + _BESIDE) & (lasts > position - _BESIDE)
    return [transcripts[k] for k in np.flatnonzero(is_beside)]


def _is_near(one: PlainTranscript, position: int, ref: str) -> bool:
    return one.exons[0][0] < position + len(ref) and one.exons[-1][1] >= position


def _told(variant: Variant, one: PlainTranscript, entry: dict | None, cause: str) -> str:
    contig, position, ref, alt = variant
    found = " ".join((entry or {}).get(n, "-") for n in ("Consequence", "HGVSc", "HGVSp"))
    return f"{contig}:{position} {ref}>{alt} {one.name}{one.strand} {found} | {cause}"


def _differs(entry: dict[str, str] | None, truth: Truth) -> str:
    """Say how one entry of CSQ differs from what is known, empty if it does not."""
    if entry is None:
        return "no entry"
    name = entry["HGVSc"].partition(":")[2].replace("%3D", "=")
    wrong = misnamed(name, truth) if name and truth.bases[0] else ""
    if wrong:
        return f"bases: {wrong}"
    if truth.place == "across" or truth.place in EXPECTED:
        return differs_at_edge(truth.place, entry, EXPECTED.get(truth.place) or truth.terms)
    terms = set(entry["Consequence"].split("&"))
    if truth.place in _PLAIN:
        return _differs_outside(entry, terms, truth)
    change = entry["HGVSp"].partition(":")[2].removeprefix("p.").replace("%3D", "=")
    wrong = disagreement(change, truth) if change else "none" * (not truth.may_be_unnamed)
    if wrong:
        return f"protein: {wrong}, {_short(truth)}"
    expected = expected_terms(truth)
    return "" if expected & terms else f"terms: expected {'/'.join(sorted(expected))}"


def _differs_outside(entry: dict[str, str], terms: set[str], truth: Truth) -> str:
    """Say how an entry differs outside of the coding sequence."""
    if entry["HGVSp"]:
        return "a protein change outside of the coding sequence"
    expected = _PLAIN[truth.place]
    is_right = expected <= terms or (truth.place == "intron" and bool(terms & SPLICED))
    return "" if is_right else f"terms: expected {expected}"


def _short(truth: Truth) -> str:
    one, two = truth.reference, truth.mutant
    at = 0
    while at < min(len(one), len(two)) and one[at] == two[at]:
        at += 1
    low = max(0, at - 3)
    return f"{low + 1}: {one[low : at + 8]} -> {two[low : at + 8]}"


def _piece(data: Path) -> tuple[str, Genome]:
    """Return a piece of the real genome whose genes are known."""
    piece = real_piece(
        data / "reference" / "hmf_tinygenome_chr17_part_43.txt.gz",
        data / "annotation" / "gencode.v38.chr17.gtf.gz", "chr17", 42_999_999,
    )  # fmt: skip
    return "hg38 chr17:43-44 Mb, GENCODE 38", piece


def _loci(data: Path) -> tuple[str, Genome]:
    """Return the real transcripts of some loci, on contigs made of them."""
    folder = data / "osteosarcoma_cc0"
    known = of_transcripts(folder / "ref_reference.gtf.gz", folder / "ref_reference.cdna.fa.gz")
    return "transcripts around 46 loci of an osteosarcoma, Ensembl", known


REAL = {"piece": _piece, "osteosarcoma": _loci}
"""Name of a genome of real data -> what reads it."""


def genomes(seed: int, data: Path | None, only: str | None) -> Iterator[tuple[str, Genome]]:
    """Yield the genomes that are asked for, each with its title."""
    if only in {None, "invented"}:
        yield "invented genome", invented(seed)
    for name, read in REAL.items() if data else ():
        if only in {None, name}:
            yield read(data)


def main() -> int:
    """Draw, annotate, compare and tell; fail where less than 99.5 % agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=None, help="a fresh one unless given")
    parser.add_argument("--real", type=Path, help="folder of real data")
    parser.add_argument("--only", choices=("invented", *REAL), help="one genome alone")
    parser.add_argument("--keep", type=Path, help="folder in which the files are kept")
    given = parser.parse_args()
    if given.only in REAL and not given.real:
        parser.error(f"--only {given.only} needs --real FOLDER")
    seed = random.SystemRandom().randrange(1 << 30) if given.seed is None else given.seed
    say(f"seed {seed}, translation by {LIBRARY}")
    worst = 1.0
    with tempfile.TemporaryDirectory() as temporary:
        for number, (title, genome) in enumerate(genomes(seed, given.real, given.only)):
            folder = (given.keep or Path(temporary)) / str(number)
            begin = time.perf_counter()
            found = compared(genome, variants(genome, given.count, seed), folder)
            found.tell(f"{title}, {given.count} variants, {time.perf_counter() - begin:.0f} s")
            worst = min(worst, found.share)
    return int(worst < 0.995)


if __name__ == "__main__":
    sys.exit(main())
