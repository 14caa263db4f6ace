"""Plant calls in a tumour: true mutations, and others that must not count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from storiform.simulation.coding import (
    Effect,
    effect_of,
    is_plain,
    joint_effect,
    other_base,
)
from storiform.simulation.epitope_sites import is_whole_in_all
from storiform.simulation.genome import BASES, DRIVERS, EpitopeSite, Gene, Genome
from storiform.simulation.invention import PAD, is_leftmost
from storiform.simulation.people import Alteration, Person
from storiform.simulation.tumour_copies import TumourCopies

NONSYNONYMOUS = frozenset(
    {
        "missense_variant", "stop_gained", "stop_lost", "start_lost", "frameshift_variant",
        "inframe_deletion", "inframe_insertion", "splice_donor_variant",
        "splice_acceptor_variant",
    }
)  # fmt: skip
"""Consequences that change a protein."""

NEGATIVES: Mapping[str, float] = {
    "synonymous": 4, "intron": 2, "germline_population": 3, "germline_in_normal": 2,
    "low_vaf": 3, "not_pass": 2,
}  # fmt: skip
"""Mean number of calls of each kind in a biopsy (Poisson)."""
_DRIVER_RATE = 8.0
_INDEL, _SPLICE = 0.12, 0.06
"""Shares of the true mutations."""
_PAIRS = 0.5
"""Mean number of pairs of neighbouring substitutions in a biopsy (Poisson)."""
_EDGE = 12
_APART, _APART_INDEL = 12, 130
_TRIES = 4000


@dataclass(frozen=True)
class Planted:
    """A call as it is planted; `start` is on its contig, `at` on the joined genome.

    `alteration` is None of a germline allele, which is in the person's haplotypes already.
    `epitope` is what the call restores. Two calls of one codon on one haplotype have the same
    `joint`, what both together do to the protein.
    """

    planted_as: str
    gene: Gene
    start: int
    at: int
    ref: str
    alt: str
    effect: Effect
    population_af: float
    alteration: Alteration | None
    epitope: EpitopeSite | None = None
    joint: str = ""

    @property
    def size(self) -> int:
        """Return the inserted (+) or deleted (-) bases; 0 of a substitution."""
        return len(self.alt) - len(self.ref)


class _Places:
    """Draws places in targets, no two near each other nor near the person's differences."""

    def __init__(self, genome: Genome, person: Person, rng: np.random.Generator) -> None:
        self.genome, self.person, self.rng = genome, person, rng
        by_symbol = {gene.symbol: gene for gene in genome.genes}
        rows = [(by_symbol[name], start, end) for _, start, end, name in genome.targets]
        # Y is left out: women have none, and its depth is half in men.
        self.rows = [
            row for row in rows if row[0].contig != "chrY" and row[2] - row[1] > 4 * _EDGE
        ]
        weight = np.array([float(end - start) for _, start, end in self.rows])
        weight *= [_DRIVER_RATE if g.symbol in DRIVERS else 1.0 for g, _, _ in self.rows]
        self.cumulative = np.cumsum(weight / weight.sum())
        self.snps = genome.snp_at[person.snps.any(axis=0)]
        self.indels = genome.indel_at[person.indels.any(axis=0)]
        self.taken: list[int] = []
        self.taken_indels: list[int] = []
        self.closed: set[str] = set()

    def target(self) -> tuple[Gene, int, int]:
        """Return a gene and one of its targets on its contig."""
        return self.rows[int(np.searchsorted(self.cumulative, self.rng.uniform()))]

    def is_free(self, at: int, *, is_indel: bool) -> bool:
        """Return whether a call may lie at a place of the joined genome."""
        near = _APART_INDEL if is_indel else _APART
        if any(abs(at - place) < near for place in self.taken):
            return False
        if np.any(np.abs(self.snps - at) < (6 if is_indel else 1)):
            return False
        if any(abs(at - place) < _APART_INDEL for place in self.taken_indels):
            return False
        return not np.any(np.abs(self.indels - at) < (260 if is_indel else _APART))

    def close(self, call: Planted) -> None:
        """Keep all other calls away from the gene of a call: its protein is that call's."""
        self.closed.add(call.gene.symbol)
        self.take(call.at, is_indel=False)

    def take(self, at: int, *, is_indel: bool) -> None:
        """Mark a place as used."""
        self.taken.append(at)
        if is_indel:
            self.taken_indels.append(at)


def plant(
    genome: Genome, person: Person, rate: float, rng: np.random.Generator,
    copies: TumourCopies, sites: Sequence[EpitopeSite] = (),
) -> list[Planted]:  # fmt: skip
    """Draw the calls of a biopsy; the number of true ones is Poisson(rate * megabases).

    A mutation lies on a haplotype of which the tumour has copies, and on all of these. The
    first of the true ones restore epitopes, as many as there are true ones; some of the others
    are pairs within a codon.

    Parameters
    ----------
    rate
        Nonsynonymous mutations per megabase of targets.
    sites
        Epitopes that are to be restored.

    Returns
    -------
    list
        In the order of the genome.
    """
    places = _Places(genome, person, rng)
    megabases = sum(end - start for _, start, end, _ in genome.targets) / 1e6
    true = int(rng.poisson(rate * megabases))
    calls: list[Planted | None] = [_restored(site, places) for site in sites[:true]]
    for _ in range(int(rng.poisson(_PAIRS))):
        if len(calls) + 2 <= true:
            calls += _pair(places)
    kinds = ["somatic"] * (true - len(calls))
    for kind, mean in NEGATIVES.items():
        kinds += [kind] * int(rng.poisson(mean))
    calls += [_call(kind, places) for kind in kinds]
    kept = [_kept(call, copies) for call in calls if call is not None]
    drawn = [call for call in kept if call is not None]
    return sorted(drawn, key=lambda call: (call.at, call.ref, call.alt))


def _restored(site: EpitopeSite, places: _Places) -> Planted:
    """Return the substitution that makes an epitope, on either haplotype."""
    side = int(places.rng.integers(0, 2))
    call = _substitution(places, site.gene, site.start, site.alt, side)
    places.close(call)
    return replace(call, epitope=site)


def _substitution(places: _Places, gene: Gene, start: int, alt: str, side: int) -> Planted:
    """Return a true substitution on one haplotype of an autosome."""
    genome = places.genome
    at = genome.first(gene.contig) + start
    ref = BASES[genome.bases[at]]
    effect = effect_of(genome, gene, start, ref, alt)
    change = Alteration(at, 0, (BASES.index(alt),), (side,))
    return Planted("somatic", gene, start, at, ref, alt, effect, np.nan, change)


def _pair(places: _Places) -> list[Planted]:
    """Draw two neighbouring substitutions of one codon and haplotype; none if none is found.

    Each alone, and both together, put another residue in the place of the germline's, and
    these three differ. The gene is one of which everyone has the whole protein: behind a stop
    of the germline nothing would change.
    """
    genome, rng = places.genome, places.rng
    for _ in range(_TRIES):
        gene, start, end = places.target()
        place = int(rng.integers(start + _EDGE, end - _EDGE - 1))
        at = genome.first(gene.contig) + place
        is_free = gene.symbol not in places.closed and places.is_free(at, is_indel=True)
        if gene.contig == "chrX" or not is_free:
            continue
        side = int(rng.integers(0, 2))
        alts = [other_base(base, int(rng.integers(1, 4)))
                for base in genome.text(gene.contig, place, place + 2)]  # fmt: skip
        joint = joint_effect(genome, gene, place, "".join(alts))
        calls = [
            _substitution(places, gene, place + n, alt, side) for n, alt in enumerate(alts)
        ]
        effects = {joint, *(call.effect for call in calls)}
        terms = {effect.consequence for effect in effects}
        differ = len({e.hgvsp for e in effects}) == len(effects)
        if terms == {"missense_variant"} and differ and is_whole_in_all(genome, gene):
            for call in calls:
                places.close(call)
            return [replace(call, joint=joint.hgvsp) for call in calls]
    return []


def _kept(call: Planted, copies: TumourCopies) -> Planted | None:
    """Move a mutation to the haplotype that the tumour still has; None where it has none."""
    change = call.alteration
    if change is None or len(change.haplotypes) > 1:
        return call
    both = copies.at(np.array([call.at], dtype=np.int64))[0]
    if not both.any():
        return None
    side = change.haplotypes[0] if both[change.haplotypes[0]] else int(both.argmax())
    return replace(call, alteration=replace(change, haplotypes=(side,)))


def _call(kind: str, places: _Places) -> Planted | None:
    """Draw a call of a kind; None where no place of it was found."""
    if kind.startswith("germline"):
        return _germline(kind, places)
    share = places.rng.uniform()
    shape = "substitution"
    if kind == "somatic":
        shape = "indel" if share < _INDEL else "splice" if share < _INDEL + _SPLICE else shape
    for _ in range(_TRIES):
        drawn = _draw(kind, shape, places)
        if drawn is not None:
            places.take(drawn.at, is_indel=shape == "indel")
            return drawn
    return None


def _draw(kind: str, shape: str, places: _Places) -> Planted | None:
    genome, rng = places.genome, places.rng
    gene, start, end = places.target()
    place = int(rng.integers(start + _EDGE, end - _EDGE))
    if shape == "splice" or kind == "intron":
        # A target begins and ends with PAD bases of intron; the inner two are splice sites.
        low, high = (0, PAD - 2) if kind == "intron" else (PAD - 2, PAD)
        inward = int(rng.integers(low, high))
        place = start + inward if rng.uniform() < 0.5 else end - 1 - inward  # noqa: PLR2004  either end
    first = genome.first(gene.contig)
    is_free = gene.symbol not in places.closed
    if not is_free or not places.is_free(first + place, is_indel=shape == "indel"):
        return None
    ref, alt, size, new = genome.text(gene.contig, place, place + 1), "", 0, (0,)
    if shape == "indel":
        size = int(rng.integers(1, 4)) * (1 if rng.uniform() < 0.4 else -1)  # noqa: PLR2004  share
        bases = rng.integers(0, 4, size=8, dtype=np.uint8)
        if not is_leftmost(genome.bases, first + place, size, bases):
            return None
        new = tuple(bases[: max(size, 0)].tolist())
        alt = ref + "".join(BASES[code] for code in new)
        ref = genome.text(gene.contig, place, place + 1 - min(size, 0))
    else:
        alt = other_base(ref, int(rng.integers(1, 4)))
        new = (BASES.index(alt),)
    effect = effect_of(genome, gene, place, ref, alt)
    is_clear = shape != "indel" or is_plain(genome, gene, place, ref, alt)
    if not _fits(kind, shape, effect) or not is_clear:
        return None
    is_single = places.person.sex == "male" and gene.contig == "chrX"
    sides = (0, 1) if is_single else (int(rng.integers(0, 2)),)
    change = Alteration(first + place, size, new, sides, kind == "low_vaf")
    return Planted(kind, gene, place, first + place, ref, alt, effect, np.nan, change)


def _fits(kind: str, shape: str, effect: Effect) -> bool:
    terms = effect.consequence
    if kind == "synonymous":
        return terms == "synonymous_variant"
    if kind == "intron":
        return terms == "splice_region_variant&intron_variant"
    if shape == "splice":
        return terms in {"splice_donor_variant", "splice_acceptor_variant"}
    return terms in NONSYNONYMOUS and not terms.startswith("splice")


def _germline(kind: str, places: _Places) -> Planted | None:
    """Choose one of the person's own alleles that changes a protein."""
    genome, rng = places.genome, places.rng
    for _ in range(_TRIES):
        gene, start, end = places.target()
        first = genome.first(gene.contig)
        low, high = np.searchsorted(genome.snp_at, (first + start + _EDGE, first + end - _EDGE))
        carried = [n for n in range(low, high) if places.person.heterozygous[n]]
        if not carried:
            continue
        number = carried[int(rng.integers(len(carried)))]
        at = int(genome.snp_at[number])
        if at in places.taken:
            continue
        ref = BASES[genome.bases[at]]
        alt = BASES[genome.snp_alt[number]]
        effect = effect_of(genome, gene, at - first, ref, alt)
        if effect.consequence in NONSYNONYMOUS:
            places.take(at, is_indel=False)
            told = round(float(genome.snp_frequency[number]), 5)
            frequency = told if kind == "germline_population" else np.nan
            return Planted(kind, gene, at - first, at, ref, alt, effect, frequency, None)
    return None


def alterations(calls: Sequence[Planted]) -> list[Alteration]:
    """Return what the tumour's haplotypes differ by."""
    return [call.alteration for call in calls if call.alteration is not None]
