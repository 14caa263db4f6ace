"""People: which alleles they carry, and the molecules that a sample of theirs is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from storiform.simulation.genome import Codes, Genome

Sex = Literal["female", "male"]

NORMAL, TUMOUR, SUBCLONE, OTHER = 0, 2, 4, 6
"""First of the two rows of `Molecules.haplotypes` of each kind of cell."""


@dataclass(frozen=True)
class Person:
    """A person: `snps` (2, s) and `indels` (2, i) tell which haplotype has which allele."""

    sex: Sex
    snps: npt.NDArray[np.bool_]
    indels: npt.NDArray[np.bool_]

    @property
    def heterozygous(self) -> npt.NDArray[np.bool_]:
        """Return the SNPs of which the person has both alleles, (s,)."""
        return np.asarray(self.snps[0] != self.snps[1], dtype=np.bool_)


@dataclass(frozen=True)
class Alteration:
    """A somatic change: `size` is 0 of a substitution, + inserted, - deleted bases.

    `at` is the changed base, or the one before the indel, on the joined genome; `bases`
    are the new ones. `haplotypes` are those that carry it.
    """

    at: int
    size: int
    bases: tuple[int, ...]
    haplotypes: tuple[int, ...]
    is_subclonal: bool = False


@dataclass(frozen=True)
class Molecules:
    """What reads are copied from: `haplotypes` (8, bases) and their indels.

    Rows are pairs of haplotypes: of normal cells, tumour cells, a subclone of them, and
    another person. `event_first` (9,) tells which indels belong to a row; `event_at`,
    `event_size` and `inserted` describe them.
    """

    haplotypes: Codes
    event_first: npt.NDArray[np.int32]
    event_at: npt.NDArray[np.int64]
    event_size: npt.NDArray[np.int32]
    inserted: Codes


def draw_person(genome: Genome, sex: Sex, rng: np.random.Generator) -> Person:
    """Draw the alleles of a person from their population frequencies.

    A man's two rows hold the same X; Y carries no differences.
    """
    snps = rng.uniform(size=(2, len(genome.snp_at))) < genome.snp_frequency
    indels = rng.uniform(size=(2, len(genome.indel_at))) < genome.indel_frequency
    if sex == "male":
        x = genome.span("chrX")
        for alleles, places in ((snps, genome.snp_at), (indels, genome.indel_at)):
            is_x = (places >= x.start) & (places < x.stop)
            alleles[1, is_x] = alleles[0, is_x]
    return Person(sex, snps, indels)


def molecules(
    genome: Genome, person: Person, alterations: Sequence[Alteration], other: Person
) -> Molecules:
    """Return the haplotypes of a person's cells, of the tumour's, and of another person."""
    size = len(genome.bases)
    haplotypes = np.empty((8, size), dtype=np.uint8)
    events: list[list[tuple[int, int, Codes]]] = []
    for row in range(8):
        side = row % 2
        of = other if row >= OTHER else person
        haplotypes[row] = genome.bases
        carried = of.snps[side]
        haplotypes[row, genome.snp_at[carried]] = genome.snp_alt[carried]
        own = [
            (int(genome.indel_at[i]), int(genome.indel_size[i]), genome.inserted[i])
            for i in np.flatnonzero(of.indels[side])
        ]
        for change in alterations if TUMOUR <= row < OTHER else ():
            if side not in change.haplotypes or (change.is_subclonal and row < SUBCLONE):
                continue
            if change.size == 0:
                haplotypes[row, change.at] = change.bases[0]
            else:
                bases = np.zeros(genome.inserted.shape[1], dtype=np.uint8)
                bases[: len(change.bases)] = change.bases
                own.append((change.at, change.size, bases))
        events.append(sorted(own, key=lambda event: event[0]))
    flat = [event for row in events for event in row]
    width = genome.inserted.shape[1]
    return Molecules(
        haplotypes,
        np.cumsum([0, *map(len, events)]).astype(np.int32),
        np.array([event[0] for event in flat], dtype=np.int64),
        np.array([event[1] for event in flat], dtype=np.int32),
        np.array([event[2] for event in flat], dtype=np.uint8).reshape(-1, width),
    )
