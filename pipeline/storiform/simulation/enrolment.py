"""Who takes part, which biopsies exist, and the latent features that decide the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from storiform.simulation.recipe import Recipe

BURDEN = "burden"
"""Name of the latent mutation rate among the latent features."""

Dna = Literal["vcf", "maf"]
Rna = Literal["matrix", "salmon"]


@dataclass(frozen=True)
class Biopsy:
    """One biopsy that is to be simulated; `latent` holds a value per population and burden."""

    patient: str
    name: str
    timepoint: str
    dna: Dna | None
    rna: Rna | None
    latent: Mapping[str, float]
    number: int

    @property
    def stem(self) -> str:
        """Return what the names of the biopsy's samples begin with."""
        return f"{self.patient}_{self.timepoint}"

    @property
    def dna_sample(self) -> str:
        """Return the name of the tumour exome."""
        return f"{self.stem}_T"

    @property
    def rna_sample(self) -> str:
        """Return the name of the tumour RNA library."""
        return f"{self.stem}_R"

    @property
    def normal_sample(self) -> str:
        """Return the name of the patient's normal exome."""
        return f"{self.patient}_N"


@dataclass(frozen=True)
class Enrolment:
    """All patients by name, their biopsies, and whose response was not evaluable."""

    patients: tuple[str, ...]
    biopsies: tuple[Biopsy, ...]
    not_evaluable: frozenset[str]

    def baseline(self) -> dict[str, Biopsy]:
        """Return the biopsy before treatment of each patient."""
        return {b.patient: b for b in self.biopsies if b.timepoint == "pre"}


def enrol(patients: int, populations: Sequence[str], seed: int, recipe: Recipe) -> Enrolment:
    """Draw latent features and choose who has which material."""
    rng = np.random.default_rng([seed, 1])
    width = max(2, len(str(patients)))
    names = tuple(f"P{number:0{width}d}" for number in range(1, patients + 1))
    kinds = _kinds(names, rng, recipe)
    biopsies: list[Biopsy] = []
    for name in names:
        latent = _latent(populations, rng, recipe)
        on_latent = {k: 0.8 * v + 0.6 * rng.normal() for k, v in latent.items()}
        on_latent[BURDEN] = latent[BURDEN]
        dna: Dna | None = "maf" if name in kinds["maf"] else "vcf"
        dna = None if name in kinds["rna_only"] else dna
        rna: Rna | None = "salmon" if name in kinds["salmon"] else "matrix"
        rna = None if name in kinds["dna_only"] else rna
        if name in kinds["on"]:
            pre = Biopsy(name, f"{name}.pre", "pre", dna, rna, latent, len(biopsies))
            on = Biopsy(name, f"{name}.on", "on", dna, rna, on_latent, len(biopsies) + 1)
            biopsies += [pre, on]
        else:
            biopsies.append(Biopsy(name, name, "pre", dna, rna, latent, len(biopsies)))
    return Enrolment(names, tuple(biopsies), kinds["not_evaluable"])


def _latent(
    populations: Sequence[str], rng: np.random.Generator, recipe: Recipe
) -> dict[str, float]:
    """Draw standard normal features; B lineage and burden share a part, no others do."""
    common, own = recipe.shared**0.5, (1 - recipe.shared) ** 0.5
    both = rng.normal()
    latent = {population: float(rng.normal()) for population in sorted(populations)}
    latent["b_lineage"] = float(common * both + own * latent["b_lineage"])
    latent[BURDEN] = float(common * both + own * rng.normal())
    return latent


def _kinds(
    names: Sequence[str], rng: np.random.Generator, recipe: Recipe
) -> dict[str, frozenset[str]]:
    """Choose who lacks material; lists of different assays are drawn independently."""
    order = [names[i] for i in rng.permutation(len(names))]

    def share(fraction: float) -> int:
        least = 1 if len(names) >= 20 else 0  # noqa: PLR2004  one of each kind from here on
        return max(least, round(fraction * len(names)))

    sizes = {
        "dna_only": share(recipe.share_dna_only),
        "rna_only": share(recipe.share_rna_only),
        "not_evaluable": share(recipe.share_not_evaluable),
    }
    kinds: dict[str, frozenset[str]] = {}
    for kind, size in sizes.items():
        kinds[kind], order = frozenset(order[:size]), order[size:]
    for kind, fraction in (
        ("maf", recipe.share_maf),
        ("salmon", recipe.share_salmon),
        ("on", recipe.share_on_treatment),
    ):
        chosen = rng.permutation(len(names))[: share(fraction)]
        kinds[kind] = frozenset(names[i] for i in chosen)
    return kinds
