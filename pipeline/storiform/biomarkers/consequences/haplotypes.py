"""Which alleles act together: those that lie on one copy of a transcript."""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from storiform.biomarkers.consequences.alleles import Allele

PHASES: tuple[str, ...] = ("genotype", "reads", "homozygous", "assumed")
"""How alleles are known to share a copy, the surest first."""


class SomaticAllele(NamedTuple):
    """A call that acts on proteins, and on which copy it lies as far as that is known.

    Parameters
    ----------
    name
        As `variant_ids` has it.
    allele
        Without what reference and alternative share at their ends.
    row
        Of the table of the calls.
    phase_set
        Alleles of one set can be compared; empty where nothing is known.
    side
        1 or 2 within the set.
    is_homozygous
        It lies on both copies.
    is_germline
        It is of the patient's germline, which is no change of its own but goes with the
        somatic alleles of its copy.
    """

    name: str
    allele: Allele
    row: int
    phase_set: str = ""
    side: int = 0
    is_homozygous: bool = False
    is_germline: bool = False


class Copy(NamedTuple):
    """The alleles of one copy of a transcript, by place, and how that is known."""

    alleles: tuple[SomaticAllele, ...]
    phase: str

    @property
    def germline(self) -> tuple[SomaticAllele, ...]:
        """Those of them that the patient was born with."""
        return tuple(one for one in self.alleles if one.is_germline)


def copies(
    alleles: Sequence[SomaticAllele],
    together: Iterable[tuple[str, str]] = (),
    apart: Collection[tuple[str, str]] = (),
    *,
    joins_neighbours: bool = True,
    needs_somatic: bool = True,
) -> list[Copy]:
    """Sort alleles into the copies on which they lie.

    Where nothing is known two alleles stay apart, each on a copy of its own: to take them
    together would invent proteins.

    Parameters
    ----------
    alleles
        Of one transcript.
    together
        Names of alleles that reads show on one copy.
    apart
        Names of alleles that reads show on two copies, the lower first.
    joins_neighbours
        Take substitutions of neighbouring bases for one event, where genotypes do not say
        otherwise: a caller that writes single bases splits what was one.
    needs_somatic
        Leave out copies of germline alleles alone.

    Returns
    -------
    list of Copy
        Every allele that is asked for at least once. One on both copies joins all that it
        does not overlap, and stands by itself as well, on the other copy, unless genotypes or
        reads put other alleles on both.
    """
    ordered = sorted(alleles, key=lambda one: (one.allele.start, one.allele.end, one.name))
    single = [one for one in ordered if not one.is_homozygous]
    double = [one for one in ordered if one.is_homozygous]
    groups = _Groups(single)
    groups.join_sets()
    groups.join_pairs(together)
    if joins_neighbours:
        groups.join_neighbours(apart)
    found = [_without_overlaps(own, phase) for own, phase in groups.parts()]
    parts = [part for some in found for part in some]
    made = [_with_both(part, double) for part in parts]
    held = {one for copy in made for one in copy.alleles}
    if not _fill_both(single, apart) or not held.issuperset(double):
        made += _without_overlaps(double, "homozygous")
    if not needs_somatic:
        return made
    return [copy for copy in made if len(copy.germline) < len(copy.alleles)]


def _fill_both(single: Sequence[SomaticAllele], apart: Collection[tuple[str, str]]) -> bool:
    """Tell whether both copies are known to have an allele that is not on both."""
    placed = {(one.phase_set, one.side) for one in single if one.phase_set}
    if len({name for name, _ in placed}) < len(placed):
        return True
    names = {one.name for one in single}
    return any(names.issuperset(pair) for pair in apart)


def _with_both(copy: Copy, double: Sequence[SomaticAllele]) -> Copy:
    """Add the alleles of both copies to one copy."""
    fitting = [one for one in double if not any(_overlap(one, own) for own in copy.alleles)]
    if not fitting:
        return copy
    merged = sorted([*copy.alleles, *fitting], key=lambda one: one.allele.start)
    return Copy(tuple(merged), copy.phase or "homozygous")


def _without_overlaps(own: Sequence[SomaticAllele], phase: str) -> list[Copy]:
    """Take out alleles that cannot share a copy since they change the same bases."""
    kept: list[SomaticAllele] = []
    apart: list[Copy] = []
    for one in own:
        if kept and _overlap(kept[-1], one):
            apart.append(Copy((one,), ""))
        else:
            kept.append(one)
    first = [Copy(tuple(kept), phase if len(kept) > 1 else "")] if kept else []
    return first + apart


def _overlap(one: SomaticAllele, other: SomaticAllele) -> bool:
    first, second = one.allele, other.allele
    if first.start == second.start:
        return True
    return first.start < second.end and second.start < first.end


class _Groups:
    """Sets of alleles that grow together."""

    def __init__(self, alleles: Sequence[SomaticAllele]) -> None:
        self.alleles = alleles
        self._group = list(range(len(alleles)))
        self._phase = ["" for _ in alleles]

    def join_sets(self) -> None:
        first: dict[tuple[str, int], int] = {}
        for place, one in enumerate(self.alleles):
            if one.phase_set:
                self._join(
                    first.setdefault((one.phase_set, one.side), place), place, "genotype"
                )

    def join_pairs(self, together: Iterable[tuple[str, str]]) -> None:
        places = {one.name: place for place, one in enumerate(self.alleles)}
        for one, other in together:
            if one in places and other in places:
                self._join(places[one], places[other], "reads")

    def join_neighbours(self, apart: Collection[tuple[str, str]]) -> None:
        somatic = [n for n, one in enumerate(self.alleles) if not one.is_germline]
        for place, behind in pairwise(somatic):
            names = self.alleles[place].name, self.alleles[behind].name
            one, other = self.alleles[place].allele, self.alleles[behind].allele
            substitute = len(one.ref) == len(one.alt) and len(other.ref) == len(other.alt)
            if substitute and one.end == other.start and names not in apart:
                self._join(place, behind, "assumed")

    def _join(self, one: int, other: int, phase: str) -> None:
        a, b = self._group[one], self._group[other]
        if a == b or self._contradict(a, b):
            return
        known = [p for p in (self._phase[a], self._phase[b], phase) if p]
        self._phase[a] = max(known, key=PHASES.index)
        self._group = [a if group == b else group for group in self._group]

    def _contradict(self, a: int, b: int) -> bool:
        """Tell whether genotypes put alleles of two groups on different copies."""
        sides: dict[str, int] = {}
        for group, one in zip(self._group, self.alleles, strict=True):
            is_known = group in {a, b} and one.phase_set != ""
            if is_known and sides.setdefault(one.phase_set, one.side) != one.side:
                return True
        return False

    def parts(self) -> list[tuple[list[SomaticAllele], str]]:
        found: dict[int, list[SomaticAllele]] = {}
        for group, one in zip(self._group, self.alleles, strict=True):
            found.setdefault(group, []).append(one)
        return [(own, self._phase[group]) for group, own in found.items()]
