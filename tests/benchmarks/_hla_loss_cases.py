"""Simulated tumours with a known fate of their HLA genes, down to counted fragments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.biomarkers.hla.fragments import HlaFragmentsParams, hla_fragments
from storiform.biomarkers.hla.reference import compile_reference
from storiform.io.hla_reference_file import read_hla_reference, write_hla_reference
from storiform.io.imgt import read_imgt
from storiform.model.hla import CLASS_I
from storiform.model.hla_reference import HlaReference
from storiform.simulation.hla_genes import HlaFamily, read_family
from storiform.simulation.hla_people import (
    HlaPerson,
    HlaTumour,
    Scenario,
    draw_person,
    scenario,
)
from storiform.simulation.hla_reads import HlaLibrary, HlaReads, sequence_hla, sequence_table

PURITY_SD, PLOIDY_SD = 0.04, 0.1
"""Errors of the purity and ploidy that the method is told."""
FREELY = (0.2, 0.9)
"""Purities of cells that name none."""
LOST: frozenset[Scenario] = frozenset(
    {"loss", "neutral_loss", "doubled_loss", "one_gene_loss", "subclonal_loss"}
)
PREVALENCE = 0.15
"""Share of losses among the genes of tumours by which probabilities are judged."""
SUBCLONES = (0.25, 0.95)
"""Shares of cells that have a subclonal loss of the mixture, drawn evenly."""
_LOSSES: dict[Scenario, float] = {
    "loss": 0.29, "neutral_loss": 0.1, "doubled_loss": 0.06, "one_gene_loss": 0.25,
    "subclonal_loss": 0.3,
}  # fmt: skip
_OTHERS: dict[Scenario, float] = {
    "retained": 0.695, "gain": 0.17, "high_gain": 0.06, "doubled": 0.07,
    "homozygous_deletion": 0.005,
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """Tumours of one kind: a purity of 0 is drawn for each.

    `clonal_fraction` is the share of cells that have changed; 0: the scenario's usual one.
    """

    scenario: Scenario
    depth: float
    purity: float = 0.0
    clonal_fraction: float = 0.0

    @property
    def name(self) -> str:
        """Return what it is called in print."""
        purity = f"{self.purity:g}" if self.purity else "any"
        return f"{self.scenario.replace('_', ' ')}, {self.depth:g}x, purity {purity}"


@dataclass(frozen=True)
class Case:
    """What was planted in one tumour, what was counted, and what the method is told."""

    cell: Cell
    lost: dict[str, str]
    purity: float
    ploidy: float
    fragments: pd.DataFrame = field(hash=False)
    types: pd.DataFrame = field(hash=False)
    fit: pd.DataFrame = field(hash=False)


@lru_cache(maxsize=1)
def release(folder: Path, cache: Path) -> tuple[HlaFamily, HlaReference]:
    """Return the alleles of a release, compiled once into a file."""
    if not cache.exists():
        write_hla_reference(cache, compile_reference(read_imgt(folder)), date="")
    return read_family(folder), read_hla_reference(cache)


def draw_cell(rng: np.random.Generator) -> Cell:
    """Draw a kind of tumour so that a share `PREVALENCE` of genes has lost an allele."""
    in_one = _LOSSES["one_gene_loss"]
    share = PREVALENCE / (1.0 - in_one + in_one / len(CLASS_I))
    kinds = _LOSSES if rng.random() < share else _OTHERS
    chosen = list(kinds)[int(rng.choice(len(kinds), p=list(kinds.values())))]
    depth, share = float(rng.choice([50.0, 100.0, 200.0])), float(rng.uniform(*SUBCLONES))
    return Cell(chosen, depth, clonal_fraction=share if chosen == "subclonal_loss" else 0.0)


def person_cases(seed: int, cells: Sequence[Cell], folder: Path, cache: Path) -> list[Case]:
    """Draw a person with two alleles of each gene, one normal, and a tumour for each cell.

    All cells have one depth.
    """
    family, reference = release(folder, cache)
    rng = np.random.default_rng(seed)
    person = draw_person(family, rng, is_heterozygous=True)
    library = HlaLibrary(depth=cells[0].depth)
    types = _types(family, person)
    normal = _counted("normal", sequence_hla(family, person, library, rng), types, reference)
    cases = []
    for cell, tumour in _tumours(cells, rng):
        reads = sequence_hla(family, person, library, rng, tumour)
        fragments = pd.concat([_counted("tumour", reads, types, reference), normal])
        cases.append(_case(cell, tumour, fragments, (person, types), rng))
    return cases


def _tumours(
    cells: Sequence[Cell], rng: np.random.Generator
) -> Iterator[tuple[Cell, HlaTumour]]:
    for cell in cells:
        purity = cell.purity or float(rng.uniform(*FREELY))
        gene = CLASS_I[int(rng.integers(len(CLASS_I)))]
        share = cell.clonal_fraction or None
        yield (
            cell,
            scenario(cell.scenario, purity, int(rng.integers(2)), gene, clonal_fraction=share),
        )


def _types(family: HlaFamily, person: HlaPerson) -> pd.DataFrame:
    rows = [
        {"gene": gene, "copy": copy, "allele": f"HLA-{family.alleles[name].two_fields}",
         "written": "", "source": "planted", "reason": "", "posterior": np.nan, "limits": ""}
        for gene, pair in person.genotype.items()
        for copy, name in enumerate(pair, start=1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _counted(
    role: str, reads: HlaReads, types: pd.DataFrame, reference: HlaReference
) -> pd.DataFrame:
    """Count the fragments of one sample: those of a normal are counted once for all tumours."""
    statistics = pd.DataFrame(
        [
            {"role": role, "assay": "exome", "mapped": 2 * reads.library_fragments,
             "duplicates": 0, "on_target": pd.NA}
        ]
    )  # fmt: skip
    sequences = sequence_table(reads).assign(role=role, assay="exome")
    return hla_fragments(sequences, types, reference, statistics, HlaFragmentsParams())


def _case(
    cell: Cell, tumour: HlaTumour, fragments: pd.DataFrame,
    made: tuple[HlaPerson, pd.DataFrame], rng: np.random.Generator,
) -> Case:  # fmt: skip
    person, types = made
    return Case(
        cell, _lost(person, tumour, types), tumour.purity, tumour.ploidy, fragments, types,
        _fit(tumour.purity, tumour.ploidy, rng),
    )  # fmt: skip


def _fit(purity: float, ploidy: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return the purity and ploidy that the method is told, with their errors."""
    told = float(np.clip(purity + rng.normal(0, PURITY_SD), 0.05, 1.0))
    return pd.DataFrame(
        {"purity": [told], "ploidy": [ploidy + rng.normal(0, PLOIDY_SD)],
         "purity_lower": [np.nan], "purity_upper": [np.nan], "is_ambiguous": [False]}
    )  # fmt: skip


def thin_case(case: Case, depth: float, rng: np.random.Generator) -> Case:
    """Return the same tumour and normal less deeply sequenced, with another fit.

    Fragments are counted one by one, so to leave out some of those that were counted is to
    leave out their reads.
    """
    share = depth / case.cell.depth
    whole = case.fragments
    fragments = whole.assign(
        fragments=rng.binomial(whole["fragments"], share),
        mismatches=rng.binomial(whole["mismatches"], share),
        shared=rng.binomial(whole["shared"], share),
        library_fragments=(whole["library_fragments"] * share).round().astype(np.int64),
    )
    fit = _fit(case.purity, case.ploidy, rng)
    return replace(case, cell=replace(case.cell, depth=depth), fragments=fragments, fit=fit)


def _lost(person: HlaPerson, tumour: HlaTumour, types: pd.DataFrame) -> dict[str, str]:
    """Return the lost allele of each gene that has lost one in the cells that changed."""
    lost: dict[str, str] = {}
    for gene in person.genotype:
        one, two = tumour.copies.get(gene, tumour.before)
        if min(one, two) == 0 < max(one, two):
            own = types.loc[types["gene"].eq(gene), "allele"].tolist()
            lost[gene] = own[0] if one == 0 else own[1]
    return lost
