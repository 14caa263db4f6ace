"""Simulated exomes of the copy number bench: which, and how they are called."""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from storiform.biomarkers.copy_number.alleles import snp_counts
from storiform.biomarkers.copy_number.clonality import clonality
from storiform.biomarkers.copy_number.features import gene_copy_states
from storiform.biomarkers.copy_number.fit import copy_number_fit
from storiform.biomarkers.copy_number.genes import copy_number_genes
from storiform.biomarkers.copy_number.ratios import log_ratios
from storiform.biomarkers.copy_number.segmentation import raw_segments
from storiform.model.genome import LENGTHS
from storiform.model.step import Step
from storiform.simulation.copies import (
    FIXED,
    FRESH,
    SimulatedExome,
    cohort_coverage,
    draw_exome,
    vary,
)
from storiform.simulation.exome import CENTROMERES, GENES, Exome, exome
from storiform.simulation.karyotypes import Plan, draw_karyotype

STEPS = (
    snp_counts,
    log_ratios,
    raw_segments,
    copy_number_fit,
    copy_number_genes,
    gene_copy_states,
    clonality,
)
MUTATIONS = {"quiet": 25.0, "liposarcoma": 40.0, "complex": 55.0}
"""Somatic mutations on the targets of a whole exome, expected: 0.7 to 1.5 per megabase."""


@dataclass(frozen=True)
class Case:
    """One tumour: what it holds, how pure it is, how it was kept, and its seed."""

    name: str
    plan: Plan
    purity: float
    is_fixed: bool
    seed: tuple[int, ...]
    scale: float = 1.0


@dataclass(frozen=True)
class Called:
    """What the steps made of a tumour, by the names of tables, and the CPU time they took."""

    tables: Mapping[str, pd.DataFrame]
    seconds: float

    @property
    def fit(self) -> pd.Series:
        """Return the one row of `copy_number_fit`."""
        return self.tables["copy_number_fit"].iloc[0]


def exome_cases(count: int, seed: int) -> list[Case]:
    """Return whole exomes: a quarter quiet, a quarter doubled, a quarter fixed in formalin."""
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("quiet", {"kind": "quiet"}),
        ("doubled", {"kind": "complex", "is_doubled": True}),
        ("complex", {"kind": "complex"}),
        ("liposarcoma", {"kind": "liposarcoma", "amplicon": "both"}),
    ]
    cases = []
    for number in range(count):
        rng = np.random.default_rng([seed, 1, number])
        label, made = kinds[number % 4]
        turn = number // 4
        is_fixed = turn % 4 == number % 4
        if label != "quiet":
            choices = ("none", "homozygous", "loss", "none", "homozygous", "neighbour")
            made = {**made, "deletion": choices[turn % 6]}
        if label == "complex":
            made = {**made, "amplicon": ("none", "broad", "mdm2")[turn % 3]}
        sex = "male" if rng.random() < 0.5 else "female"
        purity = round(float(rng.uniform(0.15, 0.95)), 3)
        plan = Plan(sex=sex, **made)
        name = f"{label}_{'fixed' if is_fixed else 'fresh'}_{number}"
        cases.append(Case(name, plan, purity, is_fixed, (seed, 2, number)))
    return cases


def gene_cases(count: int, seed: int, scale: float = 0.25) -> list[Case]:
    """Return smaller exomes, half with each amplicon and deletion that is looked for.

    A quarter of the genes of an exome, the genes of interest with all their targets; as many
    mutations as a whole exome, for these tell the purity.
    """
    cases = []
    for number in range(count):
        rng = np.random.default_rng([seed, 3, number])
        others = ("none", "mdm2", "broad")
        spared = ("none", "loss", "loh", "loss", "neighbour")
        kind = ("complex", "liposarcoma", "complex", "liposarcoma", "quiet")[number % 5]
        plan = Plan(
            kind,  # type: ignore[arg-type]
            is_doubled=kind == "complex" and bool(rng.random() < 0.4),
            amplicon="both" if rng.random() < 0.5 else others[rng.integers(3)],  # type: ignore[arg-type]
            deletion="homozygous" if rng.random() < 0.5 else spared[rng.integers(5)],  # type: ignore[arg-type]
            sex="male" if rng.random() < 0.5 else "female",
        )
        purity = round(float(rng.uniform(0.15, 0.95)), 3)
        is_fixed = bool(rng.random() < 0.25)
        cases.append(Case(f"genes_{number}", plan, purity, is_fixed, (seed, 4, number), scale))
    return cases


def kit_of(case: Case) -> Exome:
    """Return the bins of a case."""
    return exome(case.plan.contigs, case.scale)


def draw(case: Case) -> SimulatedExome:
    """Simulate a case; the same case is the same exome."""
    rng = np.random.default_rng(case.seed)
    karyotype = draw_karyotype(case.plan, rng)
    noise = vary(FIXED if case.is_fixed else FRESH, rng)
    kit = kit_of(case)
    whole = 190_000 / kit.bins["is_target"].sum()
    mutations = MUTATIONS[case.plan.kind] * (whole if case.scale < 1 else 1.0)
    return draw_exome(kit, karyotype, case.purity, rng, noise, mutations)


@cache
def resources() -> dict[str, Any]:
    """Return places of genes and arms, as simulated."""
    places = pd.DataFrame(
        [(gene, *place[:3], "") for gene, place in GENES.items()],
        columns=["gene", "contig", "start", "end", "cytoband"],
    )
    arms = [
        (contig, arm, start, end)
        for contig, length in LENGTHS["GRCh38"].items()
        for arm, start, end in (
            ("p", 0, CENTROMERES[contig]),
            ("q", CENTROMERES[contig], length),
        )
    ]
    columns = ["contig", "arm", "start", "end"]
    return {"gene_places": places, "chromosome_arms": pd.DataFrame(arms, columns=columns)}


def call(made: SimulatedExome, steps: tuple[Callable[..., Any], ...] = STEPS) -> Called:
    """Take an exome through the steps of copy number as the engine would."""
    begun_with = (cohort_coverage(made), made.snps, made.variants)
    begun = time.process_time()
    tables = call_tables(*begun_with, steps)
    return Called(tables, time.process_time() - begun)


def call_tables(
    coverage: pd.DataFrame,
    snps: pd.DataFrame,
    variants: pd.DataFrame,
    steps: tuple[Callable[..., Any], ...] = STEPS,
) -> dict[str, pd.DataFrame]:
    """Take tables through the steps; return all tables by name."""
    tables = {"given_coverage": coverage, "given_snps": snps, "variants": variants}
    for function in steps:
        step = Step.of(function)
        filled = {argument.name: _filled(argument, tables) for argument in step.arguments}
        products = step.unpack(function(**filled))
        for contract, frame in zip(step.products, products, strict=True):
            tables[contract.name] = contract.conform(frame)
    return tables


def _filled(argument: Any, tables: Mapping[str, pd.DataFrame]) -> object:
    if argument.kind == "params":
        return argument.contract()
    found = {**resources(), **tables}.get(argument.contract.name)
    if found is None and not argument.optional:
        message = f"{argument.name} is asked for and not there"
        raise ValueError(message)
    return found


def described(function: Callable[..., Any]) -> str:
    """Return the first line of what a function says of itself."""
    return (inspect.getdoc(function) or "").splitlines()[0]
