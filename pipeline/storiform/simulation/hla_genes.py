"""Families of HLA genes of class I: alleles with their exons, and the files that hold them.

`hla_invention` invents a family. A user's release of IPD-IMGT/HLA is read at run time alone:
nothing of it is part of this package.
"""

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from storiform.model.errors import InputError, fault
from storiform.model.hla import CLASS_I
from storiform.simulation.files import write_text
from storiform.simulation.genome import Codes, letters

EXONS: Mapping[str, tuple[int, ...]] = {
    "A": (73, 270, 276, 276, 117, 33, 48, 5),
    "B": (73, 270, 276, 276, 117, 33, 44),
    "C": (73, 270, 276, 276, 120, 33, 48, 5),
}
"""Coding bases of each exon of the usual alleles."""
_FILE = re.compile(r"(?:^|_)(hla|[A-Z])_(gen|nuc)\.fasta(?:\.gz)?$")
_LINE = 60
_CODES = np.full(256, 4, dtype=np.uint8)
_CODES[np.frombuffer(b"ACGT", dtype=np.uint8)] = np.arange(4)


@dataclass(frozen=True, eq=False)
class HlaAllele:
    """One allele: its full name without HLA-, and its bases.

    `genomic` (n,) are the bases of the whole gene, 5' to 3'; `exons` are the coding pieces,
    0-based half-open; empty where they are not known, as of pseudogenes. `is_told_whole` is
    false for an allele whose genomic sequence is kept out of the files.
    """

    name: str
    gene: str
    genomic: Codes
    exons: tuple[tuple[int, int], ...]
    is_told_whole: bool = True

    @property
    def two_fields(self) -> str:
        """Return the name of its protein, as A*02:01.

        One that is not on the surface of cells keeps its suffix: null (N), secreted (S) or in
        the cytoplasm (C).
        """
        suffix = self.name[-1] if self.name[-1] in "NSC" else ""
        return ":".join(self.name.rstrip("NLSCAQ").split(":")[:2]) + suffix

    @cached_property
    def coding(self) -> Codes:
        """Return the bases of all exons, one after another."""
        pieces = [self.genomic[start:end] for start, end in self.exons]
        return np.concatenate(pieces) if pieces else self.genomic[:0]


@dataclass(frozen=True, eq=False)
class HlaFamily:
    """Alleles of classical genes and of those that look like them, by full name."""

    alleles: Mapping[str, HlaAllele]

    @cached_property
    def genes(self) -> Mapping[str, tuple[HlaAllele, ...]]:
        """Return the alleles of each gene, in the order of the family."""
        found: dict[str, list[HlaAllele]] = {}
        for allele in self.alleles.values():
            found.setdefault(allele.gene, []).append(allele)
        return {gene: tuple(alleles) for gene, alleles in found.items()}

    @property
    def decoys(self) -> tuple[str, ...]:
        """Return the genes that are not classical."""
        return tuple(gene for gene in self.genes if gene not in CLASS_I)

    def of_gene(self, gene: str) -> tuple[HlaAllele, ...]:
        """Return the alleles of a gene."""
        return self.genes.get(gene, ())

    def find(self, name: str) -> HlaAllele:
        """Return an allele by its full name, or the first one of two fields.

        Raises
        ------
        KeyError
            If no allele of the family has that name.
        """
        bare = name.removeprefix("HLA-")
        if bare in self.alleles:
            return self.alleles[bare]
        fitting = [a for a in self.of_gene(bare.partition("*")[0]) if a.two_fields == bare]
        if not fitting:
            raise KeyError(name)
        return min(fitting, key=lambda allele: _fields(allele.name))


def _fields(name: str) -> tuple[tuple[int, ...], str]:
    """Return what alleles are ordered by: their fields as numbers."""
    return tuple(int(digits) for digits in re.findall(r"\d+", name)), name


def write_family(folder: Path, family: HlaFamily) -> None:
    """Write a family as a release of IPD-IMGT/HLA is laid out: A_gen.fasta, A_nuc.fasta.

    An allele that is not told whole is in the second file alone. The same family gives the
    same bytes.
    """
    numbers = {name: f"HLA:HLA{n:05}" for n, name in enumerate(family.alleles, start=1)}
    for gene, alleles in family.genes.items():
        whole = [(a.name, a.genomic) for a in alleles if a.is_told_whole]
        coding = [(a.name, a.coding) for a in alleles if len(a.coding)]
        for kind, entries in (("gen", whole), ("nuc", coding)):
            texts = [_entry(numbers[name], name, codes) for name, codes in entries]
            write_text(folder / f"{gene}_{kind}.fasta", "".join(texts))


def _entry(number: str, name: str, codes: Codes) -> str:
    text = letters(codes)
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return "\n".join([f">{number} {name} {len(text)} bp", *lines]) + "\n"


def read_family(folder: Path) -> HlaFamily:
    """Read the alleles of a release whose genomic sequence is known to the last base.

    Exons are found by walking the coding sequence along the genomic one; a classical allele
    on which that fails is left out. Decoy genes have no exons.

    Parameters
    ----------
    folder
        Holds ``A_gen.fasta``, ``A_nuc.fasta`` and so on, or ``hla_gen.fasta`` and
        ``hla_nuc.fasta``; also packed, and with anything before the gene's name.

    Raises
    ------
    InputError
        If a classical gene has no allele.
    """
    texts: dict[str, dict[str, str]] = {"gen": {}, "nuc": {}}
    for path in sorted(folder.iterdir()):
        found = _FILE.search(path.name)
        if found is not None:
            texts[found.group(2)].update(_entries(path))
    made: dict[str, HlaAllele] = {}
    for name, text in texts["gen"].items():
        gene = name.partition("*")[0]
        codes = _CODES[np.frombuffer(text.encode(), dtype=np.uint8)]
        if codes.max(initial=0) > 3:  # noqa: PLR2004  N and other letters for doubt
            continue
        exons = _walk(text, texts["nuc"].get(name, ""), EXONS.get(gene, ()))
        if exons or gene not in CLASS_I:
            made[name] = HlaAllele(name, gene, codes, exons)
    family = HlaFamily(made)
    for gene in CLASS_I:
        if not family.of_gene(gene):
            expected = f"{gene}_gen.fasta and {gene}_nuc.fasta, or hla_gen.fasta"
            remedy = "Name a folder that holds a release of IPD-IMGT/HLA."
            raise InputError(fault(str(folder), f"no allele of {gene}", expected, remedy))
    return family


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    """Iterate over names and sequences of a FASTA of a release."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    for entry in text.split(">")[1:]:
        head, _, body = entry.partition("\n")
        words = head.split()
        if len(words) > 1 and "*" in words[1]:
            yield words[1], "".join(body.split()).upper()


def _walk(gene: str, coding: str, lengths: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Return the exons of an allele, one of which may be longer or shorter than usual."""
    excess = len(coding) - sum(lengths)
    if not coding or not lengths:
        return ()
    for odd in range(len(lengths)):
        tried = list(lengths)
        tried[odd] += excess
        found = _places(gene, coding, tried)
        if found:
            return found
        if not excess:
            break
    return ()


def _places(gene: str, coding: str, lengths: list[int]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    done = behind = 0
    for number, length in enumerate(lengths):
        # The last exon is so short that it is found by the intron's end before it.
        piece = coding[done : done + length]
        is_last = number == len(lengths) - 1
        at = gene.find(f"AG{piece}", behind) + 2 if is_last else gene.find(piece, behind)
        if length <= 0 or at < behind or (is_last and at < behind + 2):
            return ()
        found.append((at, at + length))
        done, behind = done + length, at + length
    return tuple(found)
