"""A workflow that draws a figure of each biopsy."""

import warnings
from typing import Annotated

import pandas as pd
from matplotlib.figure import Figure

from storiform.model.errors import DataWarning, InputError, NothingToShow
from storiform.model.table import Column, Picture, Table

DOUBTFUL, UNLUCKY = 7.0, 13.0
Dose = Annotated[
    pd.DataFrame,
    Table("dose", grain="biopsy", columns={"dose": Column("float", "dose", "mg")}),
]
Draws = Annotated[
    pd.DataFrame,
    Table(
        "draws",
        grain="biopsy",
        key=("draw",),
        description="One row per draw.",
        columns={"draw": Column("int", "ordinal"), "value": Column("float", "its value")},
    ),
]
Spills = Annotated[
    pd.DataFrame,
    Table(
        "spills",
        grain="biopsy",
        key=("spill",),
        description="One row per spill.",
        columns={"spill": Column("int", "ordinal")},
    ),
]
Bar = Annotated[Figure, Picture("bar", "The dose of one biopsy. No test.", grain="biopsy")]


def draws(dose: Dose) -> Draws:
    """Draw three values of a dose; warn of a doubtful one.

    Warnings
    --------
    What is drawn from a `dose` says
    nothing of another.
    """
    value = float(dose["dose"].iloc[0])
    if value == DOUBTFUL:
        warnings.warn("the dose is doubtful", DataWarning, stacklevel=2)
    return pd.DataFrame({"draw": [0, 1, 2], "value": [value, 2 * value, 3 * value]})


def spills(dose: Dose) -> Spills:
    """Find no spill; an unlucky dose fails."""
    if float(dose["dose"].iloc[0]) == UNLUCKY:
        message = "the tray is full"
        raise InputError(message)
    return pd.DataFrame({"spill": pd.Series([], dtype="int64")})


def bar(dose: Dose, draws: Draws) -> Bar:
    """Draw the dose of a biopsy as a bar."""
    if float(dose["dose"].iloc[0]) < 0:
        message = "no dose"
        raise NothingToShow(message)
    figure = Figure(figsize=(2, 2))
    figure.add_subplot().bar(draws["draw"], draws["value"])
    return figure


STEPS = (draws, spills, bar)
