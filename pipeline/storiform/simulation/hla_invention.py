"""Invent a family of HLA-like genes: classical ones, pseudogenes that resemble them, alleles.

All bases are drawn. What is like man's: the lengths of exons and introns, how much genes
differ from each other, that alleles are mosaics of few ancestors in exons 2 and 3, where they
differ at 5 to 8 bases in a hundred, and hardly differ elsewhere. Names of alleles are real
ones, so that what a sheet says of a patient can be planted; their sequences are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from storiform.simulation.genome import Codes
from storiform.simulation.hla import ALLELES
from storiform.simulation.hla_genes import EXONS, HlaAllele, HlaFamily
from storiform.simulation.reference import UNIVERSE_SEED

_INTRONS: Final = (130, 241, 578, 100, 440, 142, 169)
_UPSTREAM, _DOWNSTREAM = 290, 380
"""Bases before the first coding one, and behind the last."""
_GC = 0.6
_ORIGINS: Final[Mapping[str, tuple[str, float, float]]] = {
    "A": ("", 0.03, 0.06), "C": ("", 0.03, 0.06), "B": ("C", 0.04, 0.06),
    "E": ("", 0.06, 0.10), "F": ("", 0.06, 0.10), "G": ("A", 0.06, 0.08),
    "H": ("A", 0.04, 0.05), "J": ("A", 0.07, 0.08), "K": ("A", 0.06, 0.07),
    "L": ("B", 0.07, 0.09), "Y": ("A", 0.03, 0.04),
}  # fmt: skip
"""Gene -> what it comes from, and the share of bases that changed, coding ones and others."""
_ANCESTORS = 9
_POLYMORPHIC = 0.035
"""Share of bases of exons 2 and 3 in which an ancestor differs from the gene's root."""
_QUIET, _OWN = 0.006, 0.004
"""The same elsewhere; and the share in which an allele differs from its ancestors."""
_BLOCKS = 3
"""Stretches of exon 2, and of exon 3, that come from one ancestor each."""
_KIN: Final = 2
"""Further alleles, near each of the commonest ones."""
_DECOY_ALLELES = 3
_STOPS: Final = ((3, 0, 0), (3, 0, 2), (3, 2, 0))


@dataclass(frozen=True)
class _Plan:
    """Where in a gene what lies; the same for all its alleles but those with an indel."""

    exons: tuple[tuple[int, int], ...]
    size: int

    @property
    def coding(self) -> npt.NDArray[np.int64]:
        """Return the places of the coding bases."""
        return np.concatenate([np.arange(start, end) for start, end in self.exons])

    @property
    def is_coding(self) -> npt.NDArray[np.bool_]:
        """Return whether each base is coding."""
        return np.isin(np.arange(self.size), self.coding)


@cache
def invent_family(seed: int = 0) -> HlaFamily:
    """Invent the genes A, B, C and their decoys, each with its alleles.

    A, B and C have all alleles of `hla.ALLELES`, and for the commonest of them: a second one
    that differs in an intron (fourth field), one in a silent base (third), and two near
    relatives that differ in few residues (second). Each gene has a null allele with a stop
    codon and an allele that lacks six bases of exon 3; one relative is told by its exons alone.

    Parameters
    ----------
    seed
        The same seed gives the same bases.

    Returns
    -------
    HlaFamily
        In the order of genes and names.
    """
    rng = np.random.default_rng([UNIVERSE_SEED, 40, seed])
    roots = _roots(rng)
    made: list[HlaAllele] = []
    for gene in _ORIGINS:
        plan = _plan(gene)
        if gene in EXONS:
            made += _classical(gene, plan, roots[gene], rng)
        else:
            made += _decoys(gene, roots[gene], rng)
    return HlaFamily({allele.name: allele for allele in sorted(made, key=_order)})


def _order(allele: HlaAllele) -> tuple[str, str]:
    return allele.gene, allele.name


def _plan(gene: str) -> _Plan:
    found: list[tuple[int, int]] = []
    at = _UPSTREAM
    lengths = EXONS.get(gene, EXONS["A"])
    for number, length in enumerate(lengths):
        found.append((at, at + length))
        at += length + (_INTRONS[number] if number + 1 < len(lengths) else _DOWNSTREAM)
    return _Plan(tuple(found), at)


def _roots(rng: np.random.Generator) -> dict[str, Codes]:
    """Draw the first gene of all and let the others come from it."""
    longest = max(_plan(gene).size for gene in _ORIGINS) + 50
    shares = [(1 - _GC) / 2, _GC / 2, _GC / 2, (1 - _GC) / 2]
    first = rng.choice(4, size=longest, p=shares).astype(np.uint8)
    roots: dict[str, Codes] = {}
    for gene, (origin, coding, other) in _ORIGINS.items():
        plan = _plan(gene)
        before = roots[origin] if origin else first
        bases = np.resize(before, plan.size).copy()
        rates = np.where(plan.is_coding, coding, other)
        bases = _changed(bases, rng.random(plan.size) < rates, rng)
        for (_, end), (start, _) in zip(plan.exons[:-1], plan.exons[1:], strict=True):
            bases[end : end + 2], bases[start - 2 : start] = (2, 3), (0, 2)
        if gene in EXONS:
            _make_readable(plan, bases, rng)
        roots[gene] = bases
    return roots


def _changed(bases: Codes, where: npt.NDArray[np.bool_], rng: np.random.Generator) -> Codes:
    """Return bases with others in some places."""
    steps = rng.integers(1, 4, size=len(bases)).astype(np.uint8)
    return np.where(where, (bases + steps) % 4, bases).astype(np.uint8)


def _make_readable(plan: _Plan, bases: Codes, rng: np.random.Generator) -> None:
    """Begin the coding bases with ATG, end them with TGA, and let no codon between stop."""
    coding = bases[plan.coding]
    coding[:3], coding[-3:] = (0, 3, 2), (3, 2, 0)
    inner = coding[3:-3].reshape(-1, 3)
    while (stops := _is_stop(inner)).any():
        inner[stops] = rng.integers(0, 4, size=(int(stops.sum()), 3))
    bases[plan.coding] = coding


def _is_stop(codons: Codes) -> npt.NDArray[np.bool_]:
    spelt = codons.astype(np.int64) @ np.array([16, 4, 1])
    return np.isin(spelt, [16 * a + 4 * b + c for a, b, c in _STOPS])


def _keep_readable(plan: _Plan, bases: Codes, root: Codes) -> Codes:
    """Give codons that became stops, and the first and the last, back to the root."""
    kept = bases.copy()
    coding, before = kept[plan.coding].reshape(-1, 3), root[plan.coding].reshape(-1, 3)
    lost = _is_stop(coding)
    lost[[0, -1]] = True
    coding[lost] = before[lost]
    kept[plan.coding] = coding.reshape(-1)
    for (_, end), (start, _) in zip(plan.exons[:-1], plan.exons[1:], strict=True):
        kept[end : end + 2], kept[start - 2 : start] = (2, 3), (0, 2)
    return kept


def _classical(
    gene: str, plan: _Plan, root: Codes, rng: np.random.Generator
) -> list[HlaAllele]:
    """Make the alleles of a gene as mosaics of its ancestors, and their relatives."""
    groove = np.zeros(plan.size, dtype=bool)
    for start, end in plan.exons[1:3]:
        groove[start:end] = True
    rates = np.where(groove, _POLYMORPHIC, _QUIET)
    ancestors = np.stack(
        [_changed(root, rng.random(plan.size) < rates, rng) for _ in range(_ANCESTORS)]
    )
    made: dict[str, Codes] = {}
    for name in ALLELES[gene]:
        mosaic = ancestors[_mosaic(plan, rng), np.arange(plan.size)]
        own = rng.random(plan.size) < np.where(groove, 2 * _OWN, _OWN / 4)
        made[f"{name}:01:01"] = _keep_readable(plan, _changed(mosaic, own, rng), root)
    alleles = [HlaAllele(f"{gene}*{name}", gene, bases, plan.exons)
               for name, bases in made.items()]  # fmt: skip
    return alleles + _relatives(gene, plan, made, rng)


def _mosaic(plan: _Plan, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw which ancestor each base is of: one before exon 2, one behind, several between."""
    edges = [0]
    for start, end in plan.exons[1:3]:
        edges += np.linspace(start, end, _BLOCKS, endpoint=False).astype(np.int64).tolist()
    edges.append(plan.exons[2][1])
    sizes = np.diff([*edges, plan.size])
    return np.repeat(rng.integers(0, _ANCESTORS, size=len(sizes)), sizes)


def _relatives(
    gene: str, plan: _Plan, made: Mapping[str, Codes], rng: np.random.Generator
) -> list[HlaAllele]:
    """Make alleles that differ little from the commonest, a null one and one with an indel."""
    common = list(made)[:4]
    found: list[HlaAllele] = []
    for rank, name in enumerate(common):
        first, second = name.split(":")[:2]
        base = made[name]
        intron = _moved(base, _between(plan, 1), 2, rng)
        found.append(_allele(gene, f"{first}:{second}:01:02", intron, plan))
        found.append(_allele(gene, f"{first}:{second}:02", _silent(plan, base, rng), plan))
        for number in range(_KIN):
            exon = plan.exons[1 + number]
            near = _keep_readable(plan, _moved(base, exon, 2 + number, rng), base)
            is_whole = (rank, number) != (0, 1)
            found.append(
                _allele(gene, f"{first}:{301 + 10 * rank + number}", near, plan, is_whole)
            )
    first = common[0].split(":")[0]
    null = made[common[0]].copy()
    null[plan.coding[3 * 110 : 3 * 111]] = _STOPS[0]
    found.append(_allele(gene, f"{first}:391N", null, plan))
    found.append(_without(gene, f"{common[1].split(':')[0]}:392", made[common[1]], plan))
    return found


def _allele(
    gene: str, name: str, bases: Codes, plan: _Plan, is_whole: bool = True  # noqa: FBT001, FBT002  one odd allele
) -> HlaAllele:  # fmt: skip
    return HlaAllele(f"{gene}*{name}", gene, bases, plan.exons, is_whole)


def _between(plan: _Plan, number: int) -> tuple[int, int]:
    """Return the inner part of an intron, by the number of the exon before it from 0."""
    return plan.exons[number][1] + 10, plan.exons[number + 1][0] - 10


def _moved(base: Codes, span: tuple[int, int], size: int, rng: np.random.Generator) -> Codes:
    """Return bases of which some in a stretch are others."""
    where = np.zeros(len(base), dtype=bool)
    where[rng.choice(np.arange(*span), size=size, replace=False)] = True
    return _changed(base, where, rng)


def _silent(plan: _Plan, base: Codes, rng: np.random.Generator) -> Codes:
    """Return bases with another third base in one codon of exon 2 that four bases spell."""
    places = plan.coding.reshape(-1, 3)
    codons = base[places]
    start, end = plan.exons[1]
    # CTN, GTN, CCN, ACN, GCN, CGN, GGN and TCN: any third base spells the same residue.
    pairs = codons[:, 0] * 4 + codons[:, 1]
    is_free = np.isin(pairs, [7, 11, 5, 1, 9, 6, 10, 13])
    is_free &= (places[:, 0] >= start) & (places[:, 2] < end)
    chosen = int(rng.choice(np.flatnonzero(is_free)))
    changed = base.copy()
    changed[places[chosen, 2]] = (base[places[chosen, 2]] + 1) % 4
    return changed


def _without(gene: str, name: str, base: Codes, plan: _Plan) -> HlaAllele:
    """Return an allele that lacks two codons of exon 3."""
    start = plan.exons[2][0] + 120
    bases = np.delete(base, np.arange(start, start + 6))
    exons = [
        (a - 6 * (a > start), b - 6 * (b > start))
        for a, b in plan.exons
    ]  # fmt: skip
    return HlaAllele(f"{gene}*{name}", gene, bases, tuple(exons))


def _decoys(gene: str, root: Codes, rng: np.random.Generator) -> list[HlaAllele]:
    """Make a few alleles of a gene that is not classical."""
    found: list[HlaAllele] = []
    exons = _plan(gene).exons
    for number in range(_DECOY_ALLELES):
        bases = _changed(root, rng.random(len(root)) < _QUIET / 2, rng)
        found.append(HlaAllele(f"{gene}*01:0{number + 1}:01:01", gene, bases, exons))
    return found
