"""Sarcoma Immune Classes, the cohort a biopsy is read against, and genes of immunity."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

SIC_POPULATIONS = ("t_cells", "cytotoxic_lymphocytes", "b_lineage", "endothelial_cells")
"""Populations of the published centroids, as columns of `mcp_counter`."""
SIC_CLASSES = ("A", "B", "C", "D", "E")
"""Sarcoma Immune Classes, from immune-low to immune-high; C is the vascular one."""

REFERENCE_PERCENTILES = Table(
    "reference_percentiles",
    grain="biopsy",
    description="One row per score of the reference cohort: where the biopsy stands in it.",
    key=("method", "signature"),
    version=2,
    columns={
        "method": Column("string", "mcp_counter or ssgsea"),
        "signature": Column("string", "column of the table of that method"),
        "value": Column("float", "score of the biopsy on the scale of the reference"),
        "z": Column("float", "value in standard deviations from the mean of the reference"),
        "percentile": Column(
            "float",
            "share of the reference at or below it; missing where its values are not kept",
            "%",
        ),
        "genes": Column("nullable_int", "markers of the reference that the biopsy has"),
        "genes_of_reference": Column("nullable_int", "markers of the reference"),
        "mapping": Column(
            "string",
            "how expression was brought to its scale: none, lengths, genes or ranks; missing "
            "where it could not be",
        ),
        "reference": Column("string", "name of the reference cohort"),
        "reference_n": Column("int", "biopsies of the reference", "biopsies"),
        "note": Column("string", "why there is no value, or what it rests on; else empty"),
    },
)
ReferencePercentiles = Annotated[pd.DataFrame, REFERENCE_PERCENTILES]

_DISTANCES = {
    f"distance_{name.lower()}": Column("float", f"Euclidean distance to centroid {name}")
    for name in SIC_CLASSES
}
_Z = {
    f"z_{name}": Column("float", f"score of {name} in SDs from the reference's mean")
    for name in SIC_POPULATIONS
}

IMMUNE_CLASSES = Table(
    "immune_classes",
    grain="biopsy",
    description="One row per biopsy: its Sarcoma Immune Class by the published centroids.",
    version=2,
    columns={
        "immune_class": Column("string", "A to E; missing where none is told", feature=True),
        "is_class_e": Column("nullable_bool", "whether the class is E", feature=True),
        "is_ambiguous": Column("nullable_bool", "margin below `immune_classes.min_margin`"),
        "margin": Column("float", "distance to the second class less that to the first"),
        "second_class": Column("string", "the next class"),
        **_DISTANCES,
        **_Z,
        "method": Column("string", "sic4_nanostring"),
        "reference": Column("string", "the cohort whose mean and SD make the z scores"),
        "reference_n": Column("nullable_int", "biopsies of that cohort", "biopsies"),
        "mapping": Column(
            "string", "how scores were brought to its scale: none, lengths, genes or ranks"
        ),
        "note": Column("string", "why no class is told, or what it rests on; else empty"),
    },
)
ImmuneClasses = Annotated[pd.DataFrame, IMMUNE_CLASSES]

OWN_SCALE_CLASSES = Table(
    "own_scale_classes",
    grain="cohort",
    description="One row per biopsy: the class by z scores over this run's biopsies, which "
    "changes with them. Empty unless `immune_classes.own_scale` is on.",
    key=("patient", "biopsy"),
    columns={
        "patient": Column("string", "patient"),
        "biopsy": Column("string", "biopsy"),
        "immune_class": Column("string", "A to E; missing where none is told"),
        "margin": Column("float", "distance to the second class less that to the first"),
        **_Z,
        "n": Column("int", "biopsies of this run whose mean and SD make the z scores"),
    },
)
OwnScaleClasses = Annotated[pd.DataFrame, OWN_SCALE_CLASSES]

CHECKPOINT_GENES = {
    "PDCD1": "PD-1",
    "CD274": "PD-L1",
    "PDCD1LG2": "PD-L2",
    "CTLA4": "CTLA-4",
    "LAG3": "LAG-3",
    "TIGIT": "TIGIT",
    "HAVCR2": "TIM-3",
    "VSIR": "VISTA",
    "BTLA": "BTLA",
    "CD276": "B7-H3",
    "VTCN1": "B7-H4",
    "IDO1": "IDO1",
    "ICOS": "ICOS",
    "TNFRSF9": "4-1BB",
    "TNFRSF4": "OX40",
}
"""Genes of immune checkpoints and the usual name of their protein."""

CHECKPOINTS = Table(
    "checkpoints",
    grain="biopsy",
    description="One row per biopsy: expression of genes of immune checkpoints.",
    columns={
        gene: Column(
            "float", f"log2(TPM + 1) of {gene} ({name}); missing if not measured", "log2",
            feature=True,
        )
        for gene, name in CHECKPOINT_GENES.items()
    },
)  # fmt: skip
Checkpoints = Annotated[pd.DataFrame, CHECKPOINTS]

ISOTYPES = {
    "igha": ("IGHA1", "IGHA2"),
    "ighd": ("IGHD",),
    "ighe": ("IGHE",),
    "ighg": ("IGHG1", "IGHG2", "IGHG3", "IGHG4"),
    "ighm": ("IGHM",),
}
"""Isotype of a heavy chain -> genes of its constant region."""
KAPPA = ("IGKC",)
LAMBDA = ("IGLC1", "IGLC2", "IGLC3", "IGLC6", "IGLC7")

IMMUNOGLOBULINS = Table(
    "immunoglobulins",
    grain="biopsy",
    description="One row per biopsy: expression of immunoglobulins' constant regions.",
    columns={
        "heavy_log2_tpm": Column(
            "float", "log2(TPM + 1) of the constant regions of all heavy chains", "log2",
            feature=True,
        ),
        "light_log2_tpm": Column(
            "float", "log2(TPM + 1) of the constant regions of all light chains", "log2",
            feature=True,
        ),
        **{
            f"{name}_share": Column(
                "float", f"share of {name.upper()} in the TPM of all heavy chains",
                feature=True,
            )
            for name in ISOTYPES
        },
        "kappa_share": Column(
            "float", "share of IGKC in the TPM of all light chains", feature=True
        ),
        "missing": Column("string", "genes that were not measured, joined by ;"),
    },
)  # fmt: skip
Immunoglobulins = Annotated[pd.DataFrame, IMMUNOGLOBULINS]

GIVEN_CLONOTYPES = Table(
    "given_clonotypes",
    grain="biopsy",
    version=2,
    description="One row per row of a file of T-cell and B-cell receptors.",
    key=("row",),
    is_published=False,
    columns={
        "row": Column("int", "ordinal of the row in the file, from 0"),
        "chain": Column("string", "IGH, IGK, IGL, TRA, TRB, TRD or TRG"),
        "constant": Column("string", "gene of the constant region; missing where unknown"),
        "cdr3": Column("string", "nucleotides of the third hypervariable region"),
        "is_productive": Column(
            "nullable_bool", "read in frame, without a stop, and whole; missing where untold"
        ),
        "seeks_all": Column("bool", "whether the program looks for all chains at once"),
        "count": Column("float", "reads, or molecules where the file counts them"),
    },
)
GivenClonotypes = Annotated[pd.DataFrame, GIVEN_CLONOTYPES]

REPERTOIRES = Table(
    "repertoires",
    grain="biopsy",
    description="One row per biopsy: its clones of T cells (TRB) and B cells (IGH).",
    columns={
        "tcr_clonotypes": Column(
            "nullable_int", "different TRB sequences; missing where TRB was perhaps not sought",
            feature=True,
        ),
        "tcr_reads": Column("float", "reads (or molecules) of TRB"),
        "tcr_clonality": Column(
            "float", "1 less the evenness of TRB: 0 all alike, 1 one clone", feature=True
        ),
        "bcr_clonotypes": Column(
            "nullable_int", "different IGH sequences; missing where IGH was perhaps not sought",
            feature=True,
        ),
        "bcr_reads": Column("float", "reads (or molecules) of IGH"),
        "bcr_clonality": Column(
            "float", "1 less the evenness of IGH: 0 all alike, 1 one clone", feature=True
        ),
        **{
            f"{name}_share": Column(
                "float", f"share of {name.upper()} in the reads of IGH whose isotype is known",
                feature=True,
            )
            for name in ISOTYPES
        },
        "kappa_share": Column("float", "share of IGK in reads of light chains", feature=True),
        "note": Column("string", "what was too little to tell; else empty"),
    },
)  # fmt: skip
Repertoires = Annotated[pd.DataFrame, REPERTOIRES]
