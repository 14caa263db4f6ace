"""A workflow of toy steps: doses of biopsies, doubled, summed up and compared."""

import os
import signal
import time
import warnings
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning, InputError, NothingToShow
from storiform.model.params import Params
from storiform.model.table import Column, Picture, Table
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import Features

DOSE = {"dose": Column("float", "dose of the biopsy", "mg", feature=True)}
Dose = Annotated[pd.DataFrame, Table("dose", grain="biopsy", columns=DOSE)]
Doubled = Annotated[
    pd.DataFrame,
    Table(
        "doubled",
        grain="biopsy",
        columns={"twice": Column("float", "twice the dose", "mg", feature=True)},
    ),
]
Noise = Annotated[
    pd.DataFrame,
    Table(
        "noise",
        grain="biopsy",
        key=("draw",),
        columns={
            "draw": Column("int", "ordinal of the draw"),
            "value": Column("float", "a normal number whose seed is the dose"),
        },
    ),
]
Total = Annotated[
    pd.DataFrame,
    Table(
        "total",
        grain="cohort",
        columns={
            "sum": Column("float", "sum of doubled doses", "mg"),
            "biopsies": Column("int", "biopsies summed"),
        },
    ),
]
Share = Annotated[
    pd.DataFrame,
    Table(
        "share",
        grain="biopsy",
        columns={"share": Column("float", "share of the total", feature=True)},
    ),
]
Summary = Annotated[
    pd.DataFrame,
    Table(
        "summary",
        grain="cohort",
        key=("feature",),
        columns={
            "feature": Column("string", "TABLE.COLUMN"),
            "n": Column("int", "patients with the feature"),
            "mean": Column("float", "mean of the feature"),
            "responders": Column("int", "responders among them"),
        },
    ),
]


Bonus = Annotated[
    pd.DataFrame,
    Table("bonus", grain="biopsy", columns={"points": Column("float", "points given")}),
]
Ranks = Annotated[
    pd.DataFrame,
    Table(
        "ranks",
        grain="cohort",
        key=("name",),
        columns={
            "name": Column("string", "biopsy"),
            "rank": Column("int", "its rank by share and bonus"),
            "given": Column("int", "biopsies with a bonus"),
        },
    ),
]
Bars = Annotated[Any, Picture("bars", "Doubled doses by biopsy.")]  # a Figure


class ToyParams(Params):
    """How the toy behaves."""

    factor: float = Field(2.0, gt=0.0, le=100.0, description="what a dose is multiplied by")
    draws: int = Field(50, ge=1, le=100_000, description="draws of each biopsy")
    sleep_seconds: float = Field(0.0, ge=0.0, le=60.0, description="how long a step takes")
    poison_dose: float = Field(-99.0, description="the dose that kills its worker")
    kill_always: bool = Field(default=True, description="whether the poison kills every time")
    marks: str = Field("", description="folder in which the poison leaves its mark")
    broken_dose: float = Field(-99.0, description="the dose whose table breaks its contract")
    blank: bool = Field(default=False, description="whether the figure has nothing to show")


def doubled(dose: Dose, params: ToyParams) -> Doubled:
    """Multiply the dose; a negative dose is refused, a dose of zero warned of."""
    value = float(dose["dose"].iloc[0])
    time.sleep(params.sleep_seconds)
    if value == params.poison_dose:
        mark = Path(params.marks) / "mark" if params.marks else None
        if params.kill_always or (mark is not None and not mark.exists()):
            if mark is not None:
                mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    if value == params.broken_dose:
        return pd.DataFrame({"thrice": [value]})
    if value < 0:
        message = f"dose: found {value}, expected 0 or more. Correct the dose."
        raise InputError(message)
    if value == 0:
        warnings.warn("the dose is zero", DataWarning, stacklevel=2)
    return pd.DataFrame({"twice": [value * params.factor]})


def noise(dose: Dose, params: ToyParams) -> Noise:
    """Draw numbers whose seed is the dose."""
    generator = np.random.default_rng(int(abs(dose["dose"].iloc[0]) * 1000))
    values = generator.normal(size=params.draws)
    return pd.DataFrame({"draw": range(params.draws), "value": values})


def total(doubled: Doubled) -> Total:
    """Sum the doubled doses of the cohort."""
    return pd.DataFrame({"sum": [doubled["twice"].sum()], "biopsies": [len(doubled)]})


def share(doubled: Doubled, total: Total) -> Share:
    """Divide a biopsy's dose by the total."""
    return pd.DataFrame({"share": doubled["twice"] / total["sum"].iloc[0]})


def ranks(share: Share, bonus: Bonus | None) -> Ranks:
    """Rank the biopsies; a bonus that somebody gives is added to the share."""
    given = {} if bonus is None else dict(zip(bonus["biopsy"], bonus["points"], strict=True))
    points = share["share"] + share["biopsy"].map(given).fillna(0.0)
    order = points.rank(ascending=False, method="first").astype(int)
    return pd.DataFrame({"name": share["biopsy"], "rank": order, "given": len(given)})


def bars(doubled: Doubled, params: ToyParams) -> Bars:
    """Draw the doubled doses."""
    from matplotlib.figure import Figure  # noqa: PLC0415  other toy steps start sooner without

    if params.blank:
        message = "the doses are not to be shown"
        raise NothingToShow(message)
    figure = Figure()
    figure.subplots().bar(doubled["biopsy"], doubled["twice"])
    return figure


def summary(features: Features, clinic: Clinic) -> Summary:
    """Sum up each feature over the patients."""
    joined = features.merge(clinic[["patient", "responded"]], on="patient", how="left")
    grouped = joined.groupby("feature", sort=True)
    return pd.DataFrame(
        {
            "feature": list(grouped.groups),
            "n": grouped["value"].count().to_numpy(),
            "mean": grouped["value"].mean().to_numpy(),
            "responders": grouped["responded"].sum().astype(int).to_numpy(),
        }
    )


STEPS = (doubled, noise, total, share, ranks, bars, summary)
