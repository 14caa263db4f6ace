"""HLA typing of simulated reads of real alleles, and of two real files.

Run as ``python tests/benchmarks/validate_hla_typing.py [--imgt FOLDER] [--samples 200]
[--depths 60 20] [--homozygous 0.1] [--seed N]``. Alleles are drawn from the user's release
of IPD-IMGT/HLA (``hla`` in STORIFORM_REAL_DATA unless named). A set of two-field names is left
out of the compiled reference; one patient in ten has one of these, and one gene in ten is
homozygous. Drawn are all alleles whose genomic sequence the release gives, null alleles too,
and each is counted. Printed are the share of alleles whose two fields are right, with its exact
lower bound, how many homozygous genes are, what the wrong ones were taken
for, whether posteriors hold, and what became of the absent ones; then the calls of real files
beside what the literature says of them.
"""

import argparse
import gzip
import hashlib
import os
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from storiform.biomarkers.hla.allele_names import two_fields
from storiform.biomarkers.hla.reads import HlaReadsParams, hla_sequences
from storiform.biomarkers.hla.reference import compile_reference
from storiform.biomarkers.hla.typing import HlaTypingParams, hla_calls
from storiform.io.imgt import read_imgt
from storiform.io.read_files import open_reads
from storiform.model.hla import CLASS_I
from storiform.model.hla_reference import HlaReference, HlaSequences
from storiform.simulation.hla_genes import HlaFamily, read_family
from storiform.simulation.hla_people import HlaPerson, draw_person
from storiform.simulation.hla_reads import HlaLibrary, sequence_hla, sequence_table

WITHHELD = 40
"""Names of two fields of each gene that the compiled reference lacks."""
ONE_IN = 10
BARS = {60.0: 0.99, 20.0: 0.975}
LITERATURE = ["A*01:01", "A*03:01", "B*07:02", "B*39:01", "C*01:02", "C*08:01"]
"""Of the reads with which arcasHLA is tested."""
SHOWN = 30
SPARE = 60
"""Bases by which the lengths of two coding sequences may differ that are compared."""
BINS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 1.01)


@dataclass(frozen=True, eq=False)
class World:
    """The alleles that are drawn, the whole release, and the names the reference lacks.

    `homozygous` is the share of genes with twice one allele.
    """

    family: HlaFamily
    release: HlaSequences
    withheld: set[str]
    homozygous: float


@dataclass
class Tally:
    """What was counted at one depth."""

    right: int = 0
    alleles: int = 0
    wrong_flagged: int = 0
    flagged: int = 0
    absent: int = 0
    absent_told: int = 0
    homozygous: int = 0
    homozygous_right: int = 0
    seconds: list[float] = field(default_factory=list)
    posteriors: list[tuple[float, bool]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


def withheld_names(family: HlaFamily, rng: np.random.Generator) -> set[str]:
    """Draw the two-field names that the reference shall lack."""
    chosen: set[str] = set()
    for gene in CLASS_I:
        names = sorted({two_fields(own.name) for own in family.of_gene(gene)})
        chosen |= set(rng.choice(names, size=min(WITHHELD, len(names) // 4), replace=False))
    return chosen


def without(sequences: HlaSequences, names: set[str]) -> HlaSequences:
    """Leave alleles out of a release."""
    genomic = {n: own for n, own in sequences.genomic.items() if two_fields(n) not in names}
    coding = {n: own for n, own in sequences.coding.items() if two_fields(n) not in names}
    return HlaSequences(genomic, coding, sequences.groups, sequences.release, sequences.md5)


def draw(world: World, rng: np.random.Generator, *, has_absent: bool) -> HlaPerson:
    """Draw a person, with one absent allele or none, and some genes homozygous."""
    family, withheld = world.family, world.withheld
    known = {n: own for n, own in family.alleles.items() if two_fields(n) not in withheld}
    person = draw_person(HlaFamily(known), rng)
    genotype = dict(person.genotype)
    if world.homozygous:
        for gene in CLASS_I:
            if rng.random() < world.homozygous:
                genotype[gene] = (genotype[gene][0],) * 2
    if has_absent:
        gene = CLASS_I[rng.integers(3)]
        absent = [own.name for own in family.of_gene(gene) if two_fields(own.name) in withheld]
        genotype[gene] = (absent[rng.integers(len(absent))], person.genotype[gene][1])
    if genotype == dict(person.genotype):
        return person
    return draw_person(family, rng, genotype=genotype)


def distance(own: np.ndarray, other: np.ndarray) -> int:
    """Return the fewest differing bases with one gap, at its best place, or with none."""
    if len(other) > len(own):
        own, other = other, own
    spare = len(own) - len(other)
    before = np.cumsum(np.concatenate([[0], own[: len(other)] != other]))
    behind = np.cumsum(np.concatenate([[0], (own[spare:] != other)[::-1]]))[::-1]
    return int((before + behind).min()) + spare


def is_nearest(release: HlaSequences, name: str, called: str, withheld: set[str]) -> bool:
    """Tell whether no allele of the reference is nearer to one that it lacks.

    Compared are alleles as long as it is, or, where there is none, all that are given whole.
    """
    own = release.coding[name]
    known = [
        other
        for known, other in release.coding.items()
        if known[0] == name[0] and two_fields(known) not in withheld
    ]
    alike = [other for other in known if len(other) == len(own)]
    whole = alike or [other for other in known if abs(len(other) - len(own)) < SPARE]
    least = min((distance(own, other) for other in whole), default=0)
    return distance(own, release.coding[called]) <= least


def kind_of(name: str, called: list[str], also: set[str]) -> str:
    """Return what an allele that was missed was taken for."""
    if f"HLA-{two_fields(name)}" in also:
        return "named among those that fit as well"
    if name[-1].isalpha():
        return "one with a suffix"
    if any(other[-1:].isalpha() for other in called):
        return "taken for one with a suffix"
    first = two_fields(name).partition(":")[0]
    is_near = any(other.partition(":")[0] == first for other in called)
    return "other second field" if is_near else "other first field"


def count(
    tally: Tally, person: HlaPerson, calls: pd.DataFrame, release: HlaSequences,
    withheld: set[str],
) -> None:  # fmt: skip
    """Compare the calls of one person with the truth."""
    for gene, pair in person.genotype.items():
        rows = calls[calls["gene"] == gene]
        left = [str(name).removeprefix("HLA-") for name in rows["allele"].fillna("")]
        weak = bool((rows["limits"] != "").any() or not (rows["posterior"] >= 0.9).all())
        is_right = True
        missed = []
        for name in sorted(pair, key=lambda n: two_fields(n) in withheld):
            own = two_fields(name)
            if own in withheld:
                near = [
                    is_nearest(release, name, full, withheld)
                    for full, called in zip(rows["full_name"], rows["allele"], strict=True)
                    if str(called).removeprefix("HLA-") in left
                ]
                tally.absent += 1
                tally.absent_told += any(near) or weak
                if not (any(near) or weak):
                    tally.errors.append(f"absent {name}: {' '.join(rows['full_name'])}")
                continue
            tally.alleles += 1
            if own in left:
                left.remove(own)
                tally.right += 1
            else:
                is_right = False
                missed.append(name)
        if any(two_fields(name) in withheld for name in pair):
            continue
        tally.homozygous += pair[0] == pair[1]
        tally.homozygous_right += is_right and pair[0] == pair[1]
        tally.flagged += weak and is_right
        tally.posteriors.append((float(rows["posterior"].iloc[0]), is_right))
        also = set(";".join(rows["also_fits"]).split(";"))
        tally.kinds.update(kind_of(name, left, also) for name in missed)
        if missed:
            tally.wrong_flagged += weak
            found = " ".join(rows["full_name"])
            tally.errors.append(
                f"{'/'.join(pair)}: {found}, posterior {rows['posterior'].iloc[0]:.3f}"
            )


def measure(
    world: World, reference: HlaReference, depth: float, samples: int,
    rng: np.random.Generator,
) -> Tally:  # fmt: skip
    """Simulate and type so many samples."""
    tally, params = Tally(), HlaTypingParams()
    library = HlaLibrary(depth=depth, read_length=100)
    for number in range(samples):
        has_absent = number % ONE_IN == ONE_IN - 1
        person = draw(world, rng, has_absent=has_absent)
        reads = sequence_table(sequence_hla(world.family, person, library, rng))
        begun = time.process_time()
        calls = hla_calls(reads, reference, params)
        tally.seconds.append(time.process_time() - begun)
        count(tally, person, calls, world.release, world.withheld)
    return tally


def at_least(right: int, alleles: int) -> tuple[float, float]:
    """Return the lower bounds of Clopper and Pearson, 95 % one-sided and two-sided."""
    low, lower = stats.beta.ppf([0.05, 0.025], right, alleles - right + 1)
    return float(low), float(lower)


def say_tally(depth: float, samples: int, tally: Tally) -> bool:
    """Print what was found at one depth; tell whether the bar was met."""
    low, lower = at_least(tally.right, tally.alleles)
    right, alleles = tally.right + tally.absent_told, tally.alleles + tally.absent
    low_of_all, lower_of_all = at_least(right, alleles)
    bar = BARS.get(depth, 0.0)
    is_met = min(low, low_of_all) >= bar
    seconds = tally.seconds[1:] or tally.seconds
    say(f"{depth:g}x, {samples} samples: {tally.right} of {tally.alleles} alleles right, "
        f"{100 * tally.right / tally.alleles:.2f} %, at least {100 * low:.2f} % (95 %, exact, "
        f"one-sided; {100 * lower:.2f} % two-sided), "
        f"asked for {100 * bar:g} %: {'met' if is_met else 'NOT MET'}")  # fmt: skip
    say(f"  with those that the reference lacks: {right} of {alleles}, at least "
        f"{100 * low_of_all:.2f} % ({100 * lower_of_all:.2f} % two-sided)")  # fmt: skip
    for kind, number in tally.kinds.most_common():
        say(f"  wrong, {kind}: {number}")
    say(f"  genes with limits: {tally.flagged} right ones, {tally.wrong_flagged} wrong ones")
    say(f"  alleles that the reference lacks: {tally.absent}, nearest told or flagged "
        f"{tally.absent_told}")  # fmt: skip
    say(f"  homozygous genes: {tally.homozygous}, both copies right of "
        f"{tally.homozygous_right}")  # fmt: skip
    say(f"  CPU seconds a sample: mean {np.mean(seconds):.2f}, most {np.max(seconds):.2f}; "
        f"the first, which may compile, {tally.seconds[0]:.1f}")  # fmt: skip
    for first, last in pairwise(BINS):
        own = [(chance, right) for chance, right in tally.posteriors if first <= chance < last]
        if own:
            chances, right = zip(*own, strict=True)
            stated, found = 100 * np.mean(chances), 100 * np.mean(right)
            say(f"  posterior {first:g} to {min(last, 1):g}: {len(own)} genes, stated "
                f"{stated:.1f} %, right {found:.1f} %")  # fmt: skip
    for error in tally.errors[:SHOWN]:
        say(f"  wrong: {error}")
    return is_met


def fastq(path: Path, mate: int) -> pd.DataFrame:
    """Read a FASTQ as a table of reads."""
    lines = gzip.open(path, "rt").read().split("\n")  # noqa: SIM115  read at once
    names = [line[1:].split()[0].removesuffix(f"/{mate}") for line in lines[:-1:4]]
    hashes = [
        int.from_bytes(
            hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True
        )
        for name in names
    ]
    return pd.DataFrame(
        {"fragment": hashes, "mate": mate, "bases": lines[1::4], "qualities": lines[3::4]}
    )


def gathered(path: Path, reference: HlaReference) -> pd.DataFrame:
    """Gather the reads of a BAM by the collector."""
    file = open_reads(path, assay="rna")
    collector = hla_sequences(reference, HlaReadsParams())
    collector.begin(file.header)
    for chunk in file.chunks(1):
        for batch in file.batches(chunk):
            collector.take(batch)
    file.close()
    return collector.tables()[0]


def say_real(folder: Path, reference: HlaReference) -> None:
    """Type the real files."""
    both = [folder / "hla" / f"T1K_example_{mate}.fq.gz" for mate in (1, 2)]
    if all(path.is_file() for path in both):
        reads = pd.concat([fastq(path, mate) for mate, path in enumerate(both, start=1)])
        genes = Counter(
            line.split("contig=")[1][:3]
            for line in gzip.open(both[0], "rt").read().split("\n")  # noqa: SIM115
            if "contig=" in line
        )
        calls = hla_calls(reads, reference, HlaTypingParams())
        say(f"example of T1K: {len(reads)} reads, by their names of {dict(genes)} genes: "
            f"{'; '.join(sorted(set(calls['reason'])))}")  # fmt: skip
    path = folder / "rna" / "arcas_chr6.bam"
    if path.is_file():
        begun = time.process_time()
        calls = hla_calls(gathered(path, reference), reference, HlaTypingParams())
        say(f"example of arcasHLA, {time.process_time() - begun:.1f} s:")
        for row, known in zip(calls.itertuples(), LITERATURE, strict=True):
            say(f"  literature {known}, found {row.allele} ({row.full_name}), posterior "
                f"{row.posterior:.3f}, own fragments {row.own_fragments} of {row.fragments}, "
                f"next {row.second_best} {row.second_posterior:.3f} {row.limits}")  # fmt: skip


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Measure and print."""
    real = Path(os.environ.get("STORIFORM_REAL_DATA", ""))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--imgt", type=Path, default=real / "hla")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--depths", type=float, nargs="+", default=[60.0, 20.0])
    parser.add_argument("--homozygous", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=6_001)
    asked = parser.parse_args()
    if not any(asked.imgt.glob("*A_nuc.fasta*")):
        say(f"SKIPPED: no A_nuc.fasta of IPD-IMGT/HLA in {asked.imgt}. Name one by --imgt.")
        return 0
    rng = np.random.default_rng(asked.seed)
    family, sequences = read_family(asked.imgt), read_imgt(asked.imgt)
    withheld = withheld_names(family, rng)
    begun = time.process_time()
    reference = compile_reference(without(sequences, withheld))
    say(f"seed {asked.seed}; release {sequences.release}; compiled without {len(withheld)} "
        f"names in {time.process_time() - begun:.0f} s")  # fmt: skip
    world = World(family, sequences, withheld, asked.homozygous)
    is_met = [
        say_tally(depth, asked.samples, measure(world, reference, depth, asked.samples, rng))
        for depth in asked.depths
    ]
    say_real(real, compile_reference(sequences))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    say(f"most memory, simulation and reference included: {peak:.2f} GB")
    return 0 if all(is_met) else 1


if __name__ == "__main__":
    sys.exit(main())
