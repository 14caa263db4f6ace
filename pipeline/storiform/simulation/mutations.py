"""The calls of each biopsy: true mutations, and calls that must not count, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from storiform.simulation.capture import Capture
from storiform.simulation.codons import GENETIC_CODE, THREE, changes
from storiform.simulation.enrolment import BURDEN, Biopsy
from storiform.simulation.recipe import Recipe

CALLERS = ("mutect2", "strelka2", "muse")
"""Callers whose VCFs are written, in turn."""

SOMATIC: Mapping[str, float] = {
    "missense_variant": 0.72, "stop_gained": 0.06, "frameshift_variant": 0.08,
    "inframe_deletion": 0.04, "splice_donor_variant": 0.05, "splice_acceptor_variant": 0.03,
    "start_lost": 0.01, "stop_lost": 0.01,
}  # fmt: skip
"""Consequences of the true nonsynonymous mutations and their shares."""

INDELS = frozenset({"frameshift_variant", "inframe_deletion"})

WHY: Mapping[str, str] = {
    "somatic": "a nonsynonymous somatic mutation inside the targets",
    "synonymous": "spares the protein: counts as coding, not as nonsynonymous",
    "intron": "inside a target, outside the coding sequence",
    "intergenic": "belongs to no gene",
    "off_target": "would count, but lies outside the targets",
    "germline_population": "would count, but is frequent in the population",
    "germline_in_normal": "would count, but the normal carries it",
    "low_vaf": "would count, but too small a share of the tumour's reads has it",
    "few_alt_reads": "would count, but only two reads of the tumour have it",
    "low_depth": "would count, but too few reads of the tumour cover it",
    "low_normal_depth": "would count, but too few reads of the normal cover it",
    "not_pass": "would count, but its caller filtered it",
}
"""What a call is planted as, and why it must or must not count."""

NEGATIVES: Mapping[str, float] = {
    "synonymous": 4, "intron": 3, "intergenic": 2, "off_target": 4, "germline_population": 4,
    "germline_in_normal": 2, "low_vaf": 3, "few_alt_reads": 2, "low_depth": 2,
    "low_normal_depth": 1, "not_pass": 4,
}  # fmt: skip
"""Mean number of calls of each kind in a biopsy (Poisson)."""


_LETTERS = "ACDEFGHIKLMNPQRSTVWY"


@dataclass(frozen=True)
class Call:
    """One allele of one call; `start` is 0-based, `ref` and `alt` are as a VCF has them.

    Calls that were seen on one molecule share their `phase`: place (1-based) and alleles of
    the first; it is empty of all others.
    """

    planted_as: str
    contig: str
    start: int
    ref: str
    alt: str
    consequence: str
    gene: str
    ensembl: str
    hgvsp: str
    codons: str
    tumour_depth: int
    tumour_alt: int
    normal_depth: int
    normal_alt: int
    population_af: float
    phase: str = ""

    @property
    def is_counted(self) -> bool:
        """Return whether the call must count as nonsynonymous."""
        return self.planted_as == "somatic"

    @property
    def is_coding(self) -> bool:
        """Return whether the call must count as coding."""
        return self.planted_as in {"somatic", "synonymous"}


@dataclass(frozen=True)
class Mutations:
    """The calls of one biopsy in the order of the genome, and the rate that was planted.

    `is_annotated` tells whether their file names consequences.
    """

    biopsy: Biopsy
    caller: str
    rate: float
    megabases: float
    calls: tuple[Call, ...]
    is_annotated: bool = True

    @property
    def planted(self) -> int:
        """Return the number of calls that must count as nonsynonymous."""
        return sum(call.is_counted for call in self.calls)


def mutations(
    biopsy: Biopsy, caller: str, panel: Capture, seed: int, recipe: Recipe
) -> Mutations:
    """Draw the calls of one biopsy; the count of true ones is Poisson(rate * megabases)."""
    rng = np.random.default_rng([seed, 4, biopsy.number])
    rate = recipe.rate_median * float(np.exp(recipe.rate_log_sd * biopsy.latent[BURDEN]))
    megabases = panel.bases / 1e6
    kinds = ["somatic"] * int(rng.poisson(rate * megabases))
    for kind, mean in NEGATIVES.items():
        kinds += [kind] * int(rng.poisson(mean))
    places = _Places(panel, rng)
    calls = [_call(kind, caller, places, rng) for kind in kinds]
    if caller == "mutect2":
        calls += _second_alleles(calls, rng)
    rank = {name: row for row, name in enumerate(dict.fromkeys(panel.targets["contig"]))}
    calls.sort(key=lambda call: (rank[call.contig], call.start, call.ref, call.alt))
    return Mutations(biopsy, caller, rate, megabases, tuple(calls))


class _Places:
    """Where calls lie: no two within ten bases, so that none share a codon."""

    def __init__(self, panel: Capture, rng: np.random.Generator) -> None:
        self.panel = panel
        self.rng = rng
        self.taken: set[tuple[str, int]] = set()

    def draw(self, *, is_inside: bool) -> tuple[str, int, str, str]:
        """Return contig, start, gene and Ensembl id of a place of its own."""
        while True:
            number = int(np.searchsorted(self.panel.cumulative, self.rng.uniform()))
            contig, start, end, gene, ensembl = self.panel.rows[number]
            if is_inside:
                place = int(self.rng.integers(start + 5, end - 8))
            else:
                place = start + int(self.rng.integers(50_000, 90_000))
            near = {(contig, (place + shift) // 10) for shift in (-10, 0, 10)}
            if not near & self.taken:
                self.taken.add((contig, place // 10))
                return contig, place, gene, ensembl


def _call(kind: str, caller: str, places: _Places, rng: np.random.Generator) -> Call:
    consequence = _consequence(kind, caller, rng)
    is_inside = kind not in {"off_target", "intergenic"}
    contig, start, gene, ensembl = places.draw(is_inside=is_inside)
    ref, alt, hgvsp, codons = _alleles(consequence, rng)
    if kind == "intergenic":
        gene, ensembl = "", ""
    depth, alternative = _tumour_reads(kind, rng)
    normal_depth = int(
        rng.integers(30, 120) if kind != "low_normal_depth" else rng.integers(3, 7)
    )
    normal_alt = round(normal_depth * float(rng.uniform(0.3, 0.55)))
    in_normal = kind == "germline_in_normal"
    frequent = float(10 ** rng.uniform(-2.3, -0.4))
    return Call(
        kind, contig, start, ref, alt, consequence, gene, ensembl, hgvsp, codons, depth,
        alternative, normal_depth, normal_alt if in_normal else 0,
        round(frequent, 5) if kind == "germline_population" else np.nan,
    )  # fmt: skip


def _consequence(kind: str, caller: str, rng: np.random.Generator) -> str:
    fixed = {
        "synonymous": "synonymous_variant", "intron": "intron_variant",
        "intergenic": "intergenic_variant",
    }  # fmt: skip
    if kind in fixed:
        return fixed[kind]
    names = [n for n in SOMATIC if caller != "muse" or n not in INDELS]
    shares = np.cumsum([SOMATIC[name] for name in names])
    return names[int(np.searchsorted(shares, rng.uniform() * shares[-1]))]


def _alleles(consequence: str, rng: np.random.Generator) -> tuple[str, str, str, str]:
    """Return ref, alt, protein change and codons, on the forward strand."""
    bases = "".join("ACGT"[number] for number in rng.integers(0, 4, size=4))
    place = int(rng.integers(2, 800))
    letter, step = int(rng.integers(0, 20)), int(rng.integers(1, 20))
    amino = [THREE[_LETTERS[number % 20]] for number in (letter, letter + step)]
    if consequence == "frameshift_variant":
        change = f"p.{amino[0]}{place}{amino[1]}fsTer{int(rng.integers(2, 60))}"
        if rng.uniform() < 0.5:  # noqa: PLR2004  half are deletions
            return bases[:2], bases[0], change, ""
        return bases[0], bases[:2], change, ""
    if consequence == "inframe_deletion":
        return bases, bases[0], f"p.{amino[0]}{place}del", ""
    options = changes(consequence)
    if not options:
        other = "ACGT"[("ACGT".index(bases[0]) + int(rng.integers(1, 4))) % 4]
        return bases[0], other, "", ""
    codon, mutated, at = options[int(rng.integers(len(options)))]
    before, after = THREE[GENETIC_CODE[codon]], THREE[GENETIC_CODE[mutated]]
    protein = {
        "synonymous_variant": f"p.{before}{place}=",
        "start_lost": "p.Met1?",
        "stop_lost": f"p.Ter{place}{after}extTer12",
    }.get(consequence, f"p.{before}{place}{after}")
    marked = [c[:at].lower() + c[at] + c[at + 1 :].lower() for c in (codon, mutated)]
    return codon[at], mutated[at], protein, "/".join(marked)


def _tumour_reads(kind: str, rng: np.random.Generator) -> tuple[int, int]:
    """Return depth and alternative reads, well clear of every threshold on either side."""
    match kind:
        case "low_vaf":
            return int(rng.integers(220, 420)), int(rng.integers(3, 5))
        case "few_alt_reads":
            return int(rng.integers(18, 30)), 2
        case "low_depth":
            return int(rng.integers(6, 11)), 4
        case _:
            depth = int(np.clip(rng.gamma(6, 20), 45, 400))
            return depth, max(8, round(depth * float(rng.uniform(0.14, 0.5))))


def _second_alleles(calls: list[Call], rng: np.random.Generator) -> list[Call]:
    """Add to one true call a second allele that is noise, in the same record."""
    single = [c for c in calls if c.is_counted and c.consequence == "missense_variant"]
    if not single:
        return []
    first = single[int(rng.integers(len(single)))]
    alt = next(base for base in "ACGT" if base not in {first.ref, first.alt})
    noise = replace(first, planted_as="low_vaf", alt=alt, tumour_alt=2, normal_alt=0)
    return [replace(noise, hgvsp="", codons="")]
