"""Expression and what is scored from it."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

COUNTS = Table(
    "counts",
    grain="biopsy",
    description="One row per gene: fragments, under the current HGNC symbol.",
    key=("gene",),
    columns={
        "gene": Column("string", "HGNC symbol; the given id where it has none"),
        "count": Column(
            "float", "fragments (fractional where the quantifier estimates)", "fragments"
        ),
        "length": Column("float", "length of the gene's exons; missing where unknown", "bp"),
    },
)
Counts = Annotated[pd.DataFrame, COUNTS]

TPM = Table(
    "tpm",
    grain="biopsy",
    description="One row per gene: transcripts per million.",
    key=("gene",),
    columns={
        "gene": Column("string", "HGNC symbol; the given id where it has none"),
        "tpm": Column("float", "transcripts per million", "TPM"),
        "log2_tpm": Column("float", "log2(TPM + 1)", "log2"),
    },
)
Tpm = Annotated[pd.DataFrame, TPM]

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
