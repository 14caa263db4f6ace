"""Expression and what is scored from it."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

_ROW = Column("int", "ordinal of the row in the file, from 0")
_ID = Column("string", "gene or transcript id as written")

GIVEN_COUNTS = Table(
    "given_counts",
    grain="biopsy",
    version=2,
    description="One row per row of a count file, under the ids of the file.",
    key=("row",),
    columns={
        "row": _ROW,
        "id": _ID,
        "count": Column("float", "fragments as given", "fragments"),
        "length": Column(
            "float",
            "(effective) length as given; missing where there is none",
            "bp",
        ),
    },
)
GivenCounts = Annotated[pd.DataFrame, GIVEN_COUNTS]

GIVEN_TPM = Table(
    "given_tpm",
    grain="biopsy",
    version=2,
    description="One row per row of a TPM file, under the ids of the file.",
    key=("row",),
    columns={
        "row": _ROW,
        "id": _ID,
        "tpm": Column("float", "transcripts per million as given", "TPM"),
    },
)
GivenTpm = Annotated[pd.DataFrame, GIVEN_TPM]

VCF_EXPRESSION = Table(
    "vcf_expression",
    grain="biopsy",
    version=2,
    description="One row per gene whose expression the VCF of the sample sheet carries in the "
    "field GX of the tumour, as VAtools and pVACseq have it.",
    key=("gene",),
    is_published=False,
    columns={
        "gene": Column("string", "symbol as annotated, or as written"),
        "tpm": Column("float", "as written; taken for transcripts per million", "TPM"),
    },
)
VcfExpression = Annotated[pd.DataFrame, VCF_EXPRESSION]

GIVEN_LOG2_TPM = Table(
    "given_log2_tpm",
    grain="biopsy",
    version=2,
    description="One row per row of a file of log2(TPM + offset), under the ids of the file.",
    key=("row",),
    columns={
        "row": _ROW,
        "id": _ID,
        "log2_tpm": Column("float", "log2(TPM + offset) as given", "log2"),
    },
)
GivenLog2Tpm = Annotated[pd.DataFrame, GIVEN_LOG2_TPM]

_GENE = Column("string", "HGNC symbol; the given id without version where it has none")

COUNTS = Table(
    "counts",
    grain="biopsy",
    description="One row per gene: fragments, under the current HGNC symbol.",
    key=("gene",),
    columns={
        "gene": _GENE,
        "count": Column(
            "float", "fragments (fractional where the quantifier estimates)", "fragments"
        ),
        "length": Column("float", "length of the gene as given; missing where unknown", "bp"),
    },
)
Counts = Annotated[pd.DataFrame, COUNTS]

TPM = Table(
    "tpm",
    grain="biopsy",
    description="One row per gene: transcripts per million.",
    key=("gene",),
    columns={
        "gene": _GENE,
        "tpm": Column("float", "transcripts per million", "TPM"),
        "log2_tpm": Column("float", "log2(TPM + 1)", "log2"),
        "length": Column("float", "length that divided the counts, if any did", "bp"),
        "length_source": Column(
            "string",
            "file, mane_select, ensembl_median; given or given_log2 where TPM was given",
        ),
    },
)
Tpm = Annotated[pd.DataFrame, TPM]

LIBRARY_SIZES = Table(
    "library_sizes",
    grain="cohort",
    description="One row per biopsy: how many fragments, and its TMM factor in this cohort.",
    key=("patient", "biopsy"),
    columns={
        "patient": Column("string", "patient"),
        "biopsy": Column("string", "biopsy"),
        "library_size": Column("float", "sum of the counts", "fragments"),
        "tmm_factor": Column("float", "edgeR's TMM factor; the factors' geometric mean is 1"),
        "effective_size": Column("float", "library size times TMM factor", "fragments"),
        "genes_detected": Column("int", "genes with at least one fragment", "genes"),
    },
)
LibrarySizes = Annotated[pd.DataFrame, LIBRARY_SIZES]

CPM = Table(
    "cpm",
    grain="cohort",
    description="One row per gene, one column per biopsy: counts per million fragments.",
    key=("gene",),
    columns={"gene": _GENE},
    rest=Column("float", "counts per million of the biopsy of this name", "CPM"),
)
Cpm = Annotated[pd.DataFrame, CPM]

LOG_CPM = Table(
    "log_cpm",
    grain="cohort",
    description="One row per gene, one column per biopsy: log2 of moderated CPM, as edgeR.",
    key=("gene",),
    columns={"gene": _GENE},
    rest=Column("float", "log2 moderated CPM of the biopsy of this name", "log2"),
)
LogCpm = Annotated[pd.DataFrame, LOG_CPM]

_POPULATIONS = {
    "T cells": "t_cells", "CD8 T cells": "cd8_t_cells",
    "Cytotoxic lymphocytes": "cytotoxic_lymphocytes", "B lineage": "b_lineage",
    "NK cells": "nk_cells", "Monocytic lineage": "monocytic_lineage",
    "Myeloid dendritic cells": "myeloid_dendritic_cells", "Neutrophils": "neutrophils",
    "Endothelial cells": "endothelial_cells", "Fibroblasts": "fibroblasts",
}  # fmt: skip
POPULATIONS = dict(_POPULATIONS)
"""MCP-counter population as published -> column of `mcp_counter`."""

MCP_COUNTER = Table(
    "mcp_counter",
    grain="biopsy",
    description="One row per biopsy: abundance scores of ten cell populations.",
    columns={
        column: Column("float", f"MCP-counter score of {name}", "log2", feature=True)
        for name, column in _POPULATIONS.items()
    },
)
McpCounter = Annotated[pd.DataFrame, MCP_COUNTER]

SSGSEA = Table(
    "ssgsea",
    grain="biopsy",
    description="One row per biopsy, one column per gene set: raw enrichment scores.",
    columns={},
    rest=Column(
        "float", "ssGSEA enrichment score of the gene set of this name", "ES", feature=True
    ),
)
SsGsea = Annotated[pd.DataFrame, SSGSEA]

SIGNATURE_COVERAGE = Table(
    "signature_coverage",
    grain="biopsy",
    description="One row per signature: which of its genes the biopsy's TPM table holds.",
    key=("method", "signature"),
    columns={
        "method": Column("string", "mcp_counter or ssgsea"),
        "signature": Column("string", "column of the table of that method"),
        "genes": Column("int", "distinct genes of the signature", "genes"),
        "present": Column("int", "of these in the expression table", "genes"),
        "missing": Column("string", "the others, joined by ;"),
        "is_scored": Column("bool", "whether enough genes are present for a score"),
    },
)
SignatureCoverage = Annotated[pd.DataFrame, SIGNATURE_COVERAGE]
