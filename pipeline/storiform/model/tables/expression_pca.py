"""Principal components of expression, and what is known that goes with them."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

COMPONENTS = tuple(f"pc{number}" for number in range(1, 6))
"""Columns of the scores; a cohort of fewer biopsies has fewer."""

BATCHES = ("batch", "site", "library")
"""Covariates that are no biology."""

CATEGORIES = {
    "batch": "batch of the RNA, by the sample sheet",
    "site": "site of the RNA, by the sample sheet",
    "library": "library of the RNA, by the sample sheet",
    "histology": "histology, by the clinical table",
    "arm": "arm, by the clinical table",
    "sex": "sex, by the clinical table, else by the RNA",
}
"""Covariates that are words, and where they come from."""
NUMBERS = {
    "log10_library_size": ("logarithm of the counted fragments", "log10"),
    "mitochondrial_share": ("mitochondrial fragments, of the reads, else the counts", ""),
    "three_prime_bias": ("mean place of reads along transcripts", ""),
    "intronic_share": ("good reads in introns", ""),
}
"""Covariates that are numbers, and what they are."""

EXPRESSION_PCA = Table(
    "expression_pca",
    grain="cohort",
    description="One row per biopsy: its scores on the principal components of expression, and "
    "the covariates with which they are compared.",
    key=("patient", "biopsy"),
    columns={
        "patient": Column("string", "patient"),
        "biopsy": Column("string", "biopsy"),
        "scale": Column("string", "vst, or log2_tpm where not all biopsies have counts"),
        **{name: Column("float", f"score on component {name[2:]}") for name in COMPONENTS},
        **{name: Column("string", f"{words}; empty if unknown")
           for name, words in CATEGORIES.items()},
        "sex_source": Column("string", "clinic or rna: where sex comes from; empty if unknown"),
        **{name: Column("float", words, unit) for name, (words, unit) in NUMBERS.items()},
    },
    version=2,
)  # fmt: skip
ExpressionPca = Annotated[pd.DataFrame, EXPRESSION_PCA]

EXPRESSION_COMPONENTS = Table(
    "expression_components",
    grain="cohort",
    description="One row per principal component of expression: how much it holds.",
    key=("component",),
    columns={
        "component": Column("int", "number of the component, from 1"),
        "variance_share": Column("float", "of the variance of the genes used"),
        "genes": Column("int", "genes used: the most variable ones", "genes"),
        "biopsies": Column("int", "biopsies", "biopsies"),
        "positive_genes": Column("string", "genes with the highest loadings, joined by ;"),
        "negative_genes": Column("string", "genes with the lowest loadings, joined by ;"),
    },
)
ExpressionComponents = Annotated[pd.DataFrame, EXPRESSION_COMPONENTS]

EXPRESSION_COVARIATES = Table(
    "expression_covariates",
    grain="cohort",
    description="One row per covariate and principal component: how much of the component's "
    "variance goes with the covariate. No test.",
    key=("covariate", "component"),
    columns={
        "covariate": Column("string", "column of expression_pca"),
        "component": Column("int", "number of the component, from 1"),
        "kind": Column("string", "category or number"),
        "biopsies": Column("int", "biopsies whose covariate is known", "biopsies"),
        "levels": Column("nullable_int", "different words of a category"),
        "r2": Column("float", "share of the variance between levels, or squared correlation"),
        "r2_of_chance": Column(
            "float", "what is expected of a covariate that has nothing to do with it"
        ),
    },
)
ExpressionCovariates = Annotated[pd.DataFrame, EXPRESSION_COVARIATES]

BATCH_OUTCOMES = Table(
    "batch_outcomes",
    grain="cohort",
    description="One row per batch, site or library: responders among its patients, and "
    "whether the outcome can be told from it.",
    key=("covariate", "level"),
    columns={
        "covariate": Column("string", "batch, site or library"),
        "level": Column("string", "its name"),
        "patients": Column("int", "patients of known response", "patients"),
        "responders": Column("int", "of these, responders", "patients"),
        "p": Column("float", "Fisher's exact test of all levels of the covariate"),
        "is_confounded": Column("bool", "whether outcome and covariate go together"),
    },
)
BatchOutcomes = Annotated[pd.DataFrame, BATCH_OUTCOMES]
