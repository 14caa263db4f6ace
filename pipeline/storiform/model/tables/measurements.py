"""What users measured themselves, such as densities by immunohistochemistry."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

_COLUMNS = {
    "feature": Column("string", "name of the column, without its unit"),
    "kind": Column("string", "number, flag or category"),
    "value": Column(
        "float", "the number; 1 or 0 of a flag; missing for a category", feature=True
    ),
    "label": Column("string", "the category; missing for a number or flag", feature=True),
    "unit_of_measure": Column("string", "unit in brackets of the column's name, else empty"),
}

MEASUREMENTS = Table(
    "measurements",
    grain="patient",
    key=("feature",),
    columns=_COLUMNS,
    is_long=True,
    description="One row per column of those tables under cohort.measurements that name "
    "patients.",
)
Measurements = Annotated[pd.DataFrame, MEASUREMENTS]

BIOPSY_MEASUREMENTS = Table(
    "biopsy_measurements",
    grain="biopsy",
    key=("feature",),
    columns=_COLUMNS,
    is_long=True,
    description="One row per column of those tables under cohort.measurements that name "
    "biopsies.",
)
BiopsyMeasurements = Annotated[pd.DataFrame, BIOPSY_MEASUREMENTS]
