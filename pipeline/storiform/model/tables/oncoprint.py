"""What the oncoprint draws: a row per alteration, and its state in each patient."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

HLA_SECTION = "HLA"
FUSION_SECTION = "Fusions"
MUTATION_SECTION = "Mutations"
COPY_SECTION = "Copy number"

UNALTERED = "none"
"""The state of a patient in whom the row is known and nothing was found."""

ONCOPRINT_ROWS = Table(
    "oncoprint_rows",
    grain="cohort",
    description="One row per alteration of the oncoprint, from top to bottom: how many "
    "patients have it, and its test.",
    key=("order",),
    columns={
        "order": Column("int", "place, from 0"),
        "section": Column("string", "HLA, Fusions, Mutations or Copy number"),
        "row": Column("string", "what is looked at, such as TP53 or CDK4 amplified"),
        "feature": Column("string", "TABLE.COLUMN that was tested; empty of single fusions"),
        "altered": Column("int", "patients with the alteration", "patients"),
        "known": Column("int", "patients in whom it is known", "patients"),
        "percent": Column("float", "share of these with the alteration", "%"),
        "outcome": Column("string", "outcome that the row was compared with"),
        "population": Column("string", "analysis population of the test; empty without"),
        "n_compared": Column("nullable_int", "patients compared; missing without", "patients"),
        "test": Column("string", "the test by name; empty without"),
        "p": Column("float", "two-sided p of the associations; missing without"),
        "q": Column("float", "adjusted p of the associations, in the family that they name"),
        "n_further": Column("int", "rows of the same section for which there is no room"),
    },
    version=2,
)
OncoprintRows = Annotated[pd.DataFrame, ONCOPRINT_ROWS]

ONCOPRINT_CELLS = Table(
    "oncoprint_cells",
    grain="cohort",
    description="One row per row of the oncoprint and patient in whom it is known.",
    key=("order", "patient"),
    columns={
        "order": Column("int", "place of the row in oncoprint_rows"),
        "row": Column("string", "its name there"),
        "patient": Column("string", "patient"),
        "biopsy": Column("string", "biopsy that speaks for the patient"),
        "state": Column(
            "string",
            "none, loss, fusion, missense, truncating, splice, in-frame, start or stop lost, "
            "several kinds, mutated, amplified, gained, one copy lost, homozygously deleted or "
            "LOH",
        ),
        "is_counted": Column("bool", "whether the row counts this state as the alteration"),
    },
)
OncoprintCells = Annotated[pd.DataFrame, ONCOPRINT_CELLS]
