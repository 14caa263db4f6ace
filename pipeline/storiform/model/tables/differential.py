"""Genes that differ between groups of biopsies, and the sets that they gather in."""

from typing import Annotated

import pandas as pd

from storiform.model.populations import POPULATION
from storiform.model.table import Column, Table

_CONTRAST = Column("string", "outcome by which biopsies are compared, yes against no")
_GENE = Column("string", "HGNC symbol; the given id without version where it has none")

DIFFERENTIAL_EXPRESSION = Table(
    "differential_expression",
    grain="cohort",
    description="One row per contrast and gene with at least one fragment.",
    key=("contrast", "gene"),
    columns={
        "contrast": _CONTRAST,
        "gene": _GENE,
        "population": POPULATION,
        "n_positive": Column("int", "biopsies with the outcome", "biopsies"),
        "n_negative": Column("int", "biopsies without the outcome", "biopsies"),
        "adjusted_for": Column("string", "covariates of the model, joined by ;"),
        "base_mean": Column("float", "mean of the counts over size factors", "fragments"),
        "log2_fold_change": Column("float", "maximum likelihood, yes over no", "log2"),
        "log2_fold_change_se": Column("float", "its standard error", "log2"),
        "shrunken_log2_fold_change": Column(
            "float", "posterior mode under a Cauchy prior (apeglm)", "log2"
        ),
        "statistic": Column("float", "Wald statistic"),
        "p": Column("float", "two-sided; missing for outliers and constant genes"),
        "q": Column("float", "Benjamini-Hochberg among the genes that pass the filter"),
        "dispersion": Column("float", "of the negative binomial distribution"),
        "alpha": Column("float", "false discovery rate at which genes are called"),
        "is_significant": Column("bool", "q below alpha"),
        "is_degenerate": Column(
            "bool",
            "almost all fragments in few biopsies of one group: read no size off the change",
        ),
        "note": Column("string", "why p or q is missing; else empty"),
    },
    version=3,
)
DifferentialExpression = Annotated[pd.DataFrame, DIFFERENTIAL_EXPRESSION]

MARKER_ENRICHMENT = Table(
    "marker_enrichment",
    grain="cohort",
    description="One row per contrast and MCP-counter population: markers that differ.",
    key=("contrast", "population"),
    columns={
        "contrast": _CONTRAST,
        "population": Column("string", "column of `mcp_counter`"),
        "markers": Column("int", "of the population", "genes"),
        "tested": Column("int", "markers with a p that are not degenerate", "genes"),
        "degenerate": Column(
            "int", "markers with a p that are, and count nowhere else", "genes"
        ),
        "up": Column("int", "significantly higher with the outcome", "genes"),
        "down": Column("int", "significantly lower with the outcome", "genes"),
        "share_up": Column("float", "of the tested markers"),
        "genes_up": Column("string", "joined by ;, strongest first"),
        "genes_down": Column("string", "joined by ;, strongest first"),
        "median_log2_fold_change": Column("float", "over the tested markers", "log2"),
    },
)
MarkerEnrichment = Annotated[pd.DataFrame, MARKER_ENRICHMENT]

GSEA = Table(
    "gsea",
    grain="cohort",
    description="One row per contrast and gene set: enrichment at the ends of the genes, "
    "ranked by their Wald statistic.",
    key=("contrast", "gene_set"),
    columns={
        "contrast": _CONTRAST,
        "gene_set": Column("string", "name of the set"),
        "genes": Column("int", "of the set among the ranked", "genes"),
        "enrichment": Column("float", "ES"),
        "normalised_enrichment": Column("float", "NES"),
        "p": Column("float", "by permutation of the genes"),
        "q": Column("float", "Benjamini-Hochberg among the sets of the contrast"),
        "leading_edge": Column("string", "genes that make the maximum, joined by ;"),
    },
)
Gsea = Annotated[pd.DataFrame, GSEA]

VST = Table(
    "vst",
    grain="cohort",
    description="One row per gene, one column per biopsy: counts whose variance is levelled.",
    key=("gene",),
    columns={"gene": _GENE},
    rest=Column("float", "variance-stabilised count of the biopsy of this name", "log2"),
)
Vst = Annotated[pd.DataFrame, VST]
