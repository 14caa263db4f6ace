"""Recurrently mutated genes of a cohort, and flags of a biopsy."""

import pandas as pd
import pytest

from storiform.biomarkers.mutated_genes import (
    MutatedGenesParams,
    gene_mutations,
    mutated_genes,
    recurrent_genes,
)
from storiform.model.tables.dna import GENE_MUTATIONS, MUTATED_GENES, RECURRENT_GENES, VARIANTS

TWO = MutatedGenesParams(min_patients=2)


@pytest.fixture
def cohort(make_variants) -> dict[str, pd.DataFrame]:
    tp53, nf1 = {"gene": "TP53"}, {"gene": "NF1"}
    return {
        "A1": make_variants(
            tp53, {**tp53, "consequence": "stop_gained", "hgvsp": "p.R9*"}, nf1
        ),
        "A2": make_variants(nf1),
        "B1": make_variants(tp53, {**nf1, "filter": "weak"}),
        "C1": make_variants({**tp53, "consequence": "synonymous_variant"}, {"gene": ""}),
    }


def together(cohort: dict[str, pd.DataFrame]) -> pd.DataFrame:
    frames = [v.assign(patient=name[0], biopsy=name) for name, v in cohort.items()]
    return VARIANTS.conform(pd.concat(frames), ("patient", "biopsy"))


def test_a_patient_counts_once_for_each_gene(cohort) -> None:
    genes = RECURRENT_GENES.conform(recurrent_genes(together(cohort), TWO))
    assert genes["gene"].tolist() == ["TP53"]
    assert genes.iloc[0][["patients_mutated", "patients_with_variants"]].tolist() == [2, 3]
    assert genes["fraction"].iloc[0] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"min_patients": 1}, ["NF1", "TP53"]),
        ({"min_patients": 1, "max_genes": 1}, ["TP53"]),
        ({"min_patients": 1, "ignored_genes": ("TP53",)}, ["NF1"]),
        ({"min_patients": 1, "min_fraction": 0.5}, ["TP53"]),
        ({"min_patients": 3}, []),
        ({"min_patients": 3, "genes": ("ATRX",)}, ["ATRX"]),
    ],
)
def test_parameters_choose_the_genes(cohort, params, expected) -> None:
    genes = recurrent_genes(together(cohort), MutatedGenesParams(**params))
    assert RECURRENT_GENES.conform(genes)["gene"].tolist() == expected


def test_an_oncoprint_has_one_row_for_each_biopsy_and_gene(cohort) -> None:
    variants = together(cohort)
    genes = MUTATED_GENES.conform(mutated_genes(variants, recurrent_genes(variants, TWO)))
    named = genes[["biopsy", "gene"]].agg(" ".join, axis=1).tolist()
    assert named == ["A1 NF1", "A1 TP53", "A2 NF1", "B1 TP53"]
    row = genes.iloc[1]
    assert row["mutation_class"] == "nonsense"
    assert row["mutation_classes"] == "missense;nonsense"
    assert row["mutations"] == 2
    assert row["protein_changes"] == "p.R9*;p.Arg1Pro"
    assert row["highest_vaf"] == 0.4
    assert genes["is_recurrent"].tolist() == [False, True, False, True]


def test_each_biopsy_has_a_flag_for_each_recurrent_gene(cohort) -> None:
    genes = recurrent_genes(together(cohort), MutatedGenesParams(min_patients=1))
    flags = {
        name: GENE_MUTATIONS.conform(gene_mutations(v, genes)).iloc[0].to_dict()
        for name, v in cohort.items()
    }
    assert flags["A1"] == {"NF1": True, "TP53": True}
    assert flags["B1"] == {"NF1": False, "TP53": True}
    assert flags["C1"] == {"NF1": False, "TP53": False}
    assert GENE_MUTATIONS.features(gene_mutations(cohort["A1"], genes)) == ["NF1", "TP53"]


def test_a_cohort_without_mutations_makes_empty_tables(make_variants) -> None:
    variants = together({"A1": make_variants()})
    genes = RECURRENT_GENES.conform(recurrent_genes(variants, TWO))
    assert genes.empty
    assert MUTATED_GENES.conform(mutated_genes(variants, genes)).empty
    assert len(GENE_MUTATIONS.conform(gene_mutations(make_variants(), genes))) == 1
