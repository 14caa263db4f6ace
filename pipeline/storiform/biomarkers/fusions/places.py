"""Genes and the ends of their exons along the contigs of a file of reads."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels.fusion_evidence import GeneSpans
from storiform.model.errors import InputError, fault
from storiform.model.reads import ReadHeader
from storiform.model.transcripts import TranscriptModels

Int64s = npt.NDArray[np.int64]

TOLERANCE = 2
"""Bases that a junction may lie off the end of an exon."""


class Gene(NamedTuple):
    """One gene: symbol, id, biotype, contig (number in the header), strand (0 or 1), span."""

    symbol: str
    gene_id: str
    biotype: str
    contig: int
    strand: int
    start: int
    end: int


class Spot(NamedTuple):
    """What lies at one end of a junction, the genes of the strand that is read.

    `gene` is a row of `GenePlaces.genes`, -1 for none; `off` the bases (0 to `TOLERANCE`) from
    the end of one of its exons, -1 where there is none.
    """

    gene: int
    off: int


@dataclass
class _Stretch:
    """Genes of one contig and strand, sorted by start, and their exon ends, sorted."""

    genes: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    reach: list[int] = field(default_factory=list)
    lefts: list[tuple[int, int]] = field(default_factory=list)
    rights: list[tuple[int, int]] = field(default_factory=list)


class GenePlaces:
    """The genes of an annotation on the contigs of a file of reads.

    Parameters
    ----------
    transcripts
        The transcripts of the annotation.
    header
        The contigs of the file.

    Raises
    ------
    InputError
        If no transcript lies on a contig of the file.
    """

    def __init__(self, transcripts: TranscriptModels, header: ReadHeader) -> None:
        self.contigs = header.contigs
        self._letters = _names(header.written)
        numbers = {name: i for i, name in enumerate(header.contigs)}
        found: dict[tuple[str, int, int], list[object]] = {}
        edges: dict[tuple[str, int, int], tuple[set[int], set[int]]] = {}
        for one in transcripts:
            contig = numbers.get(one.contig, -1)
            if contig < 0:
                continue
            key = (one.gene_id, contig, int(not one.is_forward))
            told = found.setdefault(key, [one.gene, one.biotype, one.start, one.end])
            told[2], told[3] = min(told[2], one.start), max(told[3], one.end)  # type: ignore[call-overload]
            if one.biotype == "protein_coding":
                told[1] = one.biotype
            lefts, rights = edges.setdefault(key, (set(), set()))
            lefts.update(start for start, _ in one.exons)
            rights.update(end - 1 for _, end in one.exons)
        if not found:
            where, expected = "resources.genes", "genes on the contigs of the RNA reads"
            remedy = "Give the GTF of the genome to which the reads were aligned."
            raise InputError(fault(where, "none of these", expected, remedy))
        self.genes = [
            Gene(str(told[0]), key[0], str(told[1]), key[1], key[2], told[2], told[3])  # type: ignore[arg-type]
            for key, told in found.items()
        ]
        self._stretches = self._laid_out([edges[key] for key in found])
        self._seen: dict[tuple[int, int, int, bool], Spot] = {}

    def _laid_out(
        self, edges: list[tuple[set[int], set[int]]]
    ) -> dict[tuple[int, int], _Stretch]:
        stretches: dict[tuple[int, int], _Stretch] = {}
        for number in sorted(range(len(self.genes)), key=lambda n: self.genes[n].start):
            gene = self.genes[number]
            own = stretches.setdefault((gene.contig, gene.strand), _Stretch())
            own.genes.append(number)
            own.starts.append(gene.start)
            own.reach.append(max(gene.end, own.reach[-1] if own.reach else 0))
            lefts, rights = edges[number]
            own.lefts += [(place, number) for place in lefts]
            own.rights += [(place, number) for place in rights]
        for own in stretches.values():
            own.lefts.sort()
            own.rights.sort()
        return stretches

    def spans(self) -> GeneSpans:
        """Return the genes as the kernels want them."""
        nothing = _Stretch()
        groups = [
            self._stretches.get((contig, strand), nothing)
            for contig in range(len(self.contigs))
            for strand in (0, 1)
        ]
        sizes = [len(group.starts) for group in groups]
        return GeneSpans(
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.array([start for group in groups for start in group.starts], dtype=np.int64),
            np.array([reach for group in groups for reach in group.reach], dtype=np.int64),
            *self._letters,
        )

    def spot(self, contig: int, place: int, strand: int, *, is_donor: bool) -> Spot:
        """Return the gene at one end of a junction, that of the nearest exon end if possible.

        Parameters
        ----------
        contig, place
            Where; `place` is the last base of the 5' part, or the first of the 3' part.
        strand
            That is transcribed, 0 or 1.
        is_donor
            Whether it is the 5' part.
        """
        key = (contig, place, strand, is_donor)
        if key not in self._seen:
            self._seen[key] = self._looked_up(key)
        return self._seen[key]

    def _looked_up(self, key: tuple[int, int, int, bool]) -> Spot:
        contig, place, strand, is_donor = key
        own = self._stretches.get((contig, strand))
        if own is None:
            return Spot(-1, -1)
        edges = own.rights if is_donor == (strand == 0) else own.lefts
        first = bisect_left(edges, (place - TOLERANCE, -1))
        near = []
        for edge, gene in edges[first : first + 64]:
            if edge > place + TOLERANCE:
                break
            near.append((abs(edge - place), self._rank(gene), gene))
        if near:
            off, _, gene = min(near)
            return Spot(gene, off)
        holding = self.within(contig, strand, place)
        return Spot(min(holding, key=self._rank), -1) if holding else Spot(-1, -1)

    def within(self, contig: int, strand: int, place: int) -> list[int]:
        """Return the genes of a strand that hold a place."""
        own = self._stretches.get((contig, strand))
        if own is None:
            return []
        last = bisect_right(own.starts, place)
        found = []
        for row in range(last - 1, -1, -1):
            if own.reach[row] <= place:
                break
            if self.genes[own.genes[row]].end > place:
                found.append(own.genes[row])
        return found

    def _rank(self, number: int) -> tuple[bool, int, str]:
        """Return what genes are sorted by: coding ones first, shorter ones before longer."""
        gene = self.genes[number]
        return gene.biotype != "protein_coding", gene.end - gene.start, gene.gene_id


def _names(written: tuple[str, ...]) -> tuple[npt.NDArray[np.uint8], Int64s]:
    encoded = [name.encode() for name in written]
    firsts = np.cumsum([0, *(len(name) for name in encoded)]).astype(np.int64)
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), firsts
