"""Genes that are mutated in many patients: the oncoprint's table, and flags to test."""

import pandas as pd
from pydantic import Field

from storiform.model.ontology import severity
from storiform.model.params import Fraction, Params
from storiform.model.tables.dna import (
    GeneMutations,
    MutatedGenes,
    RecurrentGenes,
    SomaticVariants,
)


class MutatedGenesParams(Params):
    """Which genes are looked at one by one."""

    min_patients: int = Field(
        3, ge=1, le=10_000, description="mutated patients; fewer cannot be tested"
    )
    min_fraction: Fraction = Field(
        0.05, description="share of the patients with calls in which a gene is mutated"
    )
    max_genes: int = Field(
        50, ge=0, le=20_000, description="most genes taken, the most frequent first"
    )
    genes: tuple[str, ...] = Field(
        (), description="genes that are taken in any case, by their symbols"
    )
    ignored_genes: tuple[str, ...] = Field(
        (), description="genes that are never taken, such as very long ones (TTN)"
    )


def recurrent_genes(variants: SomaticVariants, params: MutatedGenesParams) -> RecurrentGenes:
    """Find the genes with an eligible protein change in enough patients.

    A patient counts once for each gene. Patients without any call are unknown here, so
    `fraction` refers to the patients with calls.
    """
    mutated = _mutated(variants)
    total = int(variants["patient"].nunique())
    patients = mutated.groupby("gene")["patient"].nunique()
    enough = (patients >= params.min_patients) & (patients >= params.min_fraction * total)
    enough &= ~patients.index.isin(params.ignored_genes)
    ranked = sorted(patients[enough].items(), key=lambda item: (-item[1], str(item[0])))
    found = {str(gene) for gene, _ in ranked[: params.max_genes]} | set(params.genes)
    genes = sorted(found)
    counts = [int(patients.get(gene, 0)) for gene in genes]
    return pd.DataFrame(
        {
            "gene": genes,
            "patients_mutated": counts,
            "patients_with_variants": [total] * len(genes),
            "fraction": [count / total if total else 0.0 for count in counts],
        }
    )


def mutated_genes(variants: SomaticVariants, recurrent_genes: RecurrentGenes) -> MutatedGenes:
    """List each biopsy's genes with an eligible protein change, for an oncoprint."""
    mutated = _mutated(variants).assign(
        rank=lambda calls: [severity(terms) for terms in calls["consequence"]]
    )
    mutated = mutated.sort_values(["patient", "biopsy", "gene", "rank", "start", "record"])
    grouped = mutated.groupby(["patient", "biopsy", "gene"], sort=True)
    genes = pd.DataFrame(
        {
            "mutation_class": grouped["mutation_class"].first(),
            "mutation_classes": grouped["mutation_class"].agg(_joined_sorted),
            "mutations": grouped.size(),
            "protein_changes": grouped["hgvsp"].agg(_joined),
            "highest_vaf": grouped["tumour_vaf"].max(),
        }
    ).reset_index()
    return genes.assign(is_recurrent=genes["gene"].isin(recurrent_genes["gene"]))


def gene_mutations(variants: SomaticVariants, recurrent_genes: RecurrentGenes) -> GeneMutations:
    """Flag for each recurrent gene whether a biopsy carries an eligible change in it."""
    mutated = set(variants.loc[_is_mutation(variants), "gene"])
    genes = sorted(str(gene) for gene in recurrent_genes["gene"])
    return pd.DataFrame({gene: [gene in mutated] for gene in genes}, index=[0])


def _mutated(variants: pd.DataFrame) -> pd.DataFrame:
    return variants[_is_mutation(variants)]


def _is_mutation(variants: pd.DataFrame) -> pd.Series:
    has_gene = variants["gene"].fillna("") != ""
    return variants["is_eligible"] & variants["is_nonsynonymous"] & has_gene


def _joined(values: pd.Series) -> str:
    return ";".join(dict.fromkeys(str(value) for value in values.dropna() if value))


def _joined_sorted(values: pd.Series) -> str:
    return ";".join(sorted(set(values)))
