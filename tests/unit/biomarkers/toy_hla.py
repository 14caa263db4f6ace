"""Invented HLA genes: a gene with exons and introns, and alleles that differ from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storiform.model.hla_reference import HlaSequences

LETTERS = "ACGT"
EXONS = (40, 90, 95, 60, 30, 5)
INTRONS = (33, 60, 80, 45, 50)
Bases = NDArray[np.uint8]


def codes(text: str) -> Bases:
    return np.array(["ACGTN".index(letter) for letter in text], np.uint8)


def text_of(bases: Bases) -> str:
    return "".join("ACGTN-"[code] for code in bases)


@dataclass(frozen=True)
class ToyAllele:
    """Pieces of a gene: ends and introns at even places, exons at odd ones."""

    pieces: tuple[str, ...]

    @property
    def exons(self) -> list[str]:
        """Return the exons."""
        return list(self.pieces[1::2])

    @property
    def genomic(self) -> str:
        """Return the whole gene."""
        return "".join(self.pieces)

    @property
    def coding(self) -> str:
        """Return the exons joined."""
        return "".join(self.exons)

    @property
    def places(self) -> list[tuple[int, int]]:
        """Return where the exons lie in the gene."""
        ends = np.cumsum([0, *map(len, self.pieces)]).tolist()
        return list(pairwise(ends))[1::2]

    def with_exon(self, exon: int, new: str) -> "ToyAllele":
        """Return the allele with another exon, counted from 1."""
        pieces = list(self.pieces)
        pieces[2 * exon - 1] = new
        return ToyAllele(tuple(pieces))

    def changed(self, exon: int, *places: int) -> "ToyAllele":
        """Return the allele with other bases at places of an exon."""
        bases = list(self.exons[exon - 1])
        for place in places:
            bases[place] = LETTERS[(LETTERS.index(bases[place]) + 1) % 4]
        return self.with_exon(exon, "".join(bases))


def toy_gene(seed: int, exons: Sequence[int] = EXONS) -> ToyAllele:
    """Invent a gene whose introns begin with GT and end with AG."""
    rng = np.random.default_rng(seed)

    def drawn(length: int) -> str:
        return "".join(LETTERS[code] for code in rng.integers(0, 4, length))

    pieces = [drawn(50)]
    for number, length in enumerate(exons):
        pieces += [drawn(length - 2) + "CA", f"GT{drawn(INTRONS[number % 5] - 4)}AG"]
    return ToyAllele((*pieces[:-1], "A" + drawn(60)))


def release(
    both: Mapping[str, ToyAllele], coding: Mapping[str, str] | None = None
) -> HlaSequences:
    """Return a release of alleles with both sequences, and of some with a coding one alone."""
    own = {name: codes(allele.coding) for name, allele in both.items()}
    own |= {name: codes(text) for name, text in (coding or {}).items()}
    genomic = {name: codes(allele.genomic) for name, allele in both.items()}
    return HlaSequences(genomic, own, {}, "9.99.0", "0" * 32)


def write_fasta(path: Path, alleles: Mapping[str, str], end: str = "\n") -> Path:
    """Write alleles in the manner of IPD-IMGT/HLA."""
    lines: list[str] = []
    for number, (name, text) in enumerate(alleles.items(), start=1):
        lines.append(f">HLA:HLA{number:05} {name} {len(text)} bp")
        lines += [text[at : at + 60] for at in range(0, len(text), 60)]
    path.write_bytes("".join(line + end for line in lines).encode())
    return path
