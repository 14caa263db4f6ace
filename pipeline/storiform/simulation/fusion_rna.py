"""RNA with planted fusions, and RNA without any but with all that looks like one.

What looks like a fusion is drawn as it comes in libraries: chimeras of two molecules at any
base, most of them seen once, some copied; transcripts that run over into a neighbour; circles;
reads of one paralogue that align to another in part; junctions with mitochondrial, ribosomal
and immunoglobulin RNA; lone chimeras that lie at exon ends by chance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from storiform.model.transcripts import Transcript
from storiform.simulation.fusion_bam import READ_LENGTH, Fragment, Int64s
from storiform.simulation.fusion_genome import FusionGenome, places_of

_SIZES = (140, 320)
_LEAST_PART = 12
_FAMILIES = (("KRT5", "KRT14"), ("COL1A1", "COL3A1"), ("HLA-A", "HLA-B"), ("IGHG1", "IGKC"))
Kind = Literal["usual", "low", "reciprocal", "inverted", "deletion", "neighbour", "antisense"]
"""What is planted: any two genes far apart; two of which little is expressed; both ways round;
genes on opposite strands, or one behind the other, within 400 kb of a contig; or within 90 kb,
as transcripts that run on; a gene joined to what lies across from another one."""
_APART = {"inverted": (0, 400_000), "deletion": (100_000, 400_000), "neighbour": (0, 90_000)}
_SUPPORT = (5, 40)
_STICKY = ("MT-CO1", "MT-ND1", "RNA45SN1", "IGHG1", "IGKC")


class Molecule(NamedTuple):
    """A messenger: contig (number), place and strand of each base, 5' to 3'."""

    contigs: Int64s
    places: Int64s
    strands: Int64s

    def cut(self, start: int, end: int, hits: int = 1) -> Fragment:
        """Return a fragment of it."""
        one = self.part(start, end)
        return Fragment(one.contigs, one.places, one.strands, hits)

    def joined(self, other: "Molecule") -> "Molecule":
        """Return this molecule followed by another."""
        pairs = zip(self, other, strict=True)
        return Molecule(*(np.concatenate(pair) for pair in pairs))

    def part(self, start: int, end: int) -> "Molecule":
        """Return the bases [start, end)."""
        return Molecule(*(column[start:end] for column in self))


@dataclass(frozen=True)
class FusionRna:
    """The fragments of a library, and the fusions that were planted in it.

    `planted` has the columns `gene_5, gene_3, contig_5, position_5, strand_5, contig_3,
    position_3, strand_3`, `fragments`: those of which a mate crosses the junction with 12
    bases on both sides, or whose mates lie on either side, and `exon_ends`: how many of the two
    ends were drawn from those of exons.
    """

    fragments: list[Fragment]
    planted: pd.DataFrame


class RnaSimulator:
    """Draws libraries from one genome.

    Parameters
    ----------
    genome
        The genome; only the first transcript of a gene is expressed.
    seed
        Of this library.
    """

    def __init__(self, genome: FusionGenome, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 43])
        self._contigs = list(genome.contigs)
        self.genes = {one.gene: one for one in genome.transcripts if one.name[-2:] != ".2"}
        self._order = list(self.genes)
        weights = self._rng.lognormal(0.0, 1.3, len(self._order))
        self._weights = weights / weights.sum()

    def library(
        self, fragments: int, fusions: int = 0, noise: float = 0.01, *,
        support: tuple[int, int] = _SUPPORT, kind: Kind = "usual",
    ) -> FusionRna:  # fmt: skip
        """Draw a library.

        Parameters
        ----------
        fragments
            Ordinary fragments.
        fusions
            Planted fusions.
        noise
            Share of fragments that are chimeras of two molecules.
        support
            Least and most fragments that support a planted fusion.
        kind
            Which genes are fused.
        """
        drawn = list(self._ordinary(fragments))
        rows: list[dict[str, object]] = []
        while len(rows) < fusions:
            five, three = self._partners(kind)
            both = [(five, three), (three, five)]
            for pair in both if kind == "reciprocal" else both[:1]:
                row, own = self._fusion(pair, support, is_antisense=kind == "antisense")
                rows.append(row)
                drawn += own
        drawn += self._chimeras(int(fragments * noise))
        drawn += self._look_alikes()
        return FusionRna(drawn, pd.DataFrame(rows))

    def molecule(self, gene: str) -> Molecule:
        """Return the messenger of a gene."""
        one = self.genes[gene]
        places = places_of(one).astype(np.int64)
        contig = np.full(len(places), self._contigs.index(one.contig))
        return Molecule(contig, places, np.full(len(places), int(not one.is_forward)))

    def _pick(self) -> str:
        return str(self._rng.choice(self._order, p=self._weights))

    def _plain(self) -> str:
        """Return a gene that no rule of a caller knows."""
        while True:
            gene = self._pick()
            if gene.startswith("GENE"):
                return gene

    def _ordinary(self, fragments: int) -> Iterator[Fragment]:
        for gene in self._rng.choice(self._order, fragments, p=self._weights).tolist():
            molecule = self.molecule(gene)
            size = min(int(self._rng.integers(*_SIZES)), len(molecule.places))
            start = int(self._rng.integers(0, len(molecule.places) - size + 1))
            yield molecule.cut(start, start + size)

    def _partners(self, kind: Kind) -> tuple[str, str]:
        """Draw two genes that no rule of a caller knows."""
        if kind in _APART:
            return self._neighbours(*_APART[kind], is_inverted=kind == "inverted")
        draw = self._quiet if kind == "low" else self._plain
        five, three = draw(), draw()
        while self._are_near(five, three):
            three = draw()
        return five, three

    def _quiet(self) -> str:
        """Return one of the fifth of genes of which least is expressed."""
        bound = np.quantile(self._weights, 0.2)
        quiet = [
            gene
            for gene, weight in zip(self._order, self._weights.tolist(), strict=True)
            if weight <= bound and gene.startswith("GENE")
        ]
        return str(self._rng.choice(quiet))

    def _fusion(
        self, pair: tuple[str, str], support: tuple[int, int], *, is_antisense: bool = False
    ) -> tuple[dict[str, object], list[Fragment]]:
        """Draw a junction of two genes and its fragments.

        Of ten junctions eight join exon ends, one has one end, and one none at an exon end.
        """
        five, three = pair
        kind = self._rng.random()
        cut_5 = self._junction(self.genes[five], is_exon=kind < 0.9)  # noqa: PLR2004  see above
        head, tail = self.molecule(five), self.molecule(three)
        cut_3 = self._junction(self.genes[three], is_exon=kind < 0.8)  # noqa: PLR2004
        if is_antisense:
            tail = Molecule(tail.contigs, tail.places[::-1], 1 - tail.strands)
        fused = head.part(0, cut_5).joined(tail.part(cut_3, len(tail.places)))
        wanted = int(self._rng.integers(support[0], support[1] + 1))
        drawn: list[Fragment] = []
        while len(drawn) < wanted:
            start, size = self._over(fused, cut_5)
            if _supports(cut_5 - start, size):
                hits = 2 if self._rng.random() < 0.05 else 1  # noqa: PLR2004  few of them
                drawn.append(fused.cut(start, start + size, hits))
        ends = int(kind < 0.9) + int(kind < 0.8)  # noqa: PLR2004  see above
        row = {"gene_5": five, "gene_3": three, "fragments": wanted, "exon_ends": ends}
        for side, molecule, at in (("5", head, cut_5 - 1), ("3", tail, cut_3)):
            row[f"contig_{side}"] = self._contigs[int(molecule.contigs[at])]
            row[f"position_{side}"] = int(molecule.places[at])
            row[f"strand_{side}"] = "+-"[int(molecule.strands[at])]
        return row, drawn

    def _over(self, molecule: Molecule, cut: int) -> tuple[int, int]:
        """Return start and size of a fragment that holds a place."""
        size = min(int(self._rng.integers(*_SIZES)), len(molecule.places))
        low, high = max(cut - size + 1, 0), min(cut - 1, len(molecule.places) - size)
        return int(self._rng.integers(low, max(high, low) + 1)), size

    def _are_near(self, one: str, other: str) -> bool:
        a, b = self.genes[one], self.genes[other]
        is_there = a.contig == b.contig
        return one == other or (is_there and abs(a.start - b.start) < 150_000)  # noqa: PLR2004

    def _junction(self, one: Transcript, *, is_exon: bool) -> int:
        """Return how many bases lie before a place of a transcript: an exon end, or any."""
        sizes = [end - start for start, end in one.exons]
        sizes = sizes if one.is_forward else sizes[::-1]
        if is_exon:
            return int(self._rng.choice(np.cumsum(sizes)[:-1]))
        return int(self._rng.integers(50, sum(sizes) - 50))

    def _chimeras(self, number: int) -> Iterator[Fragment]:
        """Yield chimeras of two molecules at any base; one in ten is copied, not marked."""
        for _ in range(number):
            one, other = self.molecule(self._pick()), self.molecule(self._pick())
            cut = int(self._rng.integers(30, len(one.places) - 30))
            onwards = int(self._rng.integers(30, len(other.places) - 30))
            fused = one.part(0, cut).joined(other.part(onwards, len(other.places)))
            start, size = self._over(fused, cut)
            copies = 1 + (self._rng.random() < 0.1) * int(self._rng.integers(1, 5))  # noqa: PLR2004
            for _ in range(copies):
                yield fused.cut(start, start + size)

    def _look_alikes(self) -> Iterator[Fragment]:
        for number in self._rng.integers(2, 30, 4).tolist():
            yield from self._joint(*self._neighbours(), (number, 1), is_exon=True)
        for number in self._rng.integers(2, 20, 6).tolist():
            gene = self._plain()
            yield from self._circle(gene, number)
        for family in _FAMILIES:
            for hits in (1, 2):
                number = int(self._rng.integers(2, 12))
                yield from self._joint(*family, (number, hits), is_exon=True)
        for gene in _STICKY:
            number = int(self._rng.integers(2, 8))
            yield from self._joint(gene, self._plain(), (number, 1), is_exon=False)
        for _ in range(3):  # by chance at exon ends: seen once, copied or not
            copies = int(self._rng.integers(1, 4))
            (one,) = self._joint(self._plain(), self._plain(), (1, 1), is_exon=True)
            yield from [one] * copies

    def _neighbours(
        self, least: int = 0, most: int = 90_000, *, is_inverted: bool = False
    ) -> tuple[str, str]:
        """Return two genes, the second behind the first by so many bases (bp).

        They are of one strand, or, where `is_inverted`, of both.
        """
        while True:
            five = self.genes[self._plain()]
            behind = [
                one
                for one in self.genes.values()
                if one.contig == five.contig and one.gene.startswith("GENE")
                and (one.is_forward == five.is_forward) != is_inverted
                and least < (one.start - five.end if five.is_forward else five.start - one.end)
                < most
            ]  # fmt: skip
            if behind:
                return five.gene, min(behind, key=lambda one: abs(one.start - five.start)).gene

    def _joint(
        self, one: str, other: str, told: tuple[int, int], *, is_exon: bool
    ) -> Iterator[Fragment]:
        """Yield fragments over a junction of two genes; `told` is how many, and their hits."""
        five, three = self.genes[one], self.genes[other]
        long = is_exon and len(five.exons) > 1 and len(three.exons) > 1
        cut, onwards = self._junction(five, is_exon=long), self._junction(three, is_exon=long)
        tail = self.molecule(other)
        fused = self.molecule(one).part(0, cut).joined(tail.part(onwards, len(tail.places)))
        for _ in range(told[0]):
            start, size = self._over(fused, cut)
            yield fused.cut(start, start + size, told[1])

    def _circle(self, gene: str, number: int) -> Iterator[Fragment]:
        """Yield fragments of a circle: the end of a later exon joined to an earlier one."""
        molecule = self.molecule(gene)
        cuts = sorted(self._junction(self.genes[gene], is_exon=True) for _ in range(2))
        first, last = (cuts[0], cuts[1]) if cuts[0] < cuts[1] else (0, cuts[1])
        ring = molecule.part(first, last)
        whole = ring.joined(ring)
        for _ in range(number):
            start, size = self._over(whole, last - first)
            yield whole.cut(start, start + size)


def _supports(before: int, size: int) -> bool:
    """Tell whether a fragment with so many bases before the junction supports it."""
    behind = size - before
    is_apart = before >= READ_LENGTH and behind >= READ_LENGTH
    return is_apart or min(before, behind) >= _LEAST_PART
