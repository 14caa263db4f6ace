"""Figures of biopsies, and what stands on the cohort: a mean, who is above it, a test."""

from typing import Annotated

import pandas as pd
from paged_workflow import Dose, bar, draws

from storiform.model.errors import InputError
from storiform.model.table import Column, Table
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import Features

Checked = Annotated[
    pd.DataFrame,
    Table("checked", grain="biopsy", columns={"amount": Column("float", "dose", "mg")}),
]
Mean = Annotated[
    pd.DataFrame,
    Table("mean", grain="cohort", columns={"mean": Column("float", "mean dose", "mg")}),
]
Standing = Annotated[
    pd.DataFrame,
    Table(
        "standing",
        grain="biopsy",
        columns={
            "is_above": Column("bool", "whether the dose is above the mean", feature=True)
        },
    ),
]
Test = Annotated[
    pd.DataFrame,
    Table("test", grain="cohort", columns={"patients": Column("int", "patients compared")}),
]
Verdict = Annotated[
    pd.DataFrame,
    Table("verdict", grain="biopsy", columns={"patients": Column("int", "patients compared")}),
]


def checked(dose: Dose) -> Checked:
    """Refuse a negative dose."""
    if float(dose["dose"].iloc[0]) < 0:
        message = "a negative dose"
        raise InputError(message)
    return dose.rename(columns={"dose": "amount"})


def mean(checked: Checked) -> Mean:
    """Take the mean of all doses."""
    return pd.DataFrame({"mean": [checked["amount"].mean()]})


def standing(dose: Dose, mean: Mean) -> Standing:
    """Tell whether a dose is above the mean."""
    return pd.DataFrame({"is_above": dose["dose"] > mean["mean"].iloc[0]})


def test(features: Features, clinic: Clinic) -> Test:
    """Compare the patients."""
    known = set(features["patient"]) & set(clinic["patient"])
    return pd.DataFrame({"patients": [len(known)]})


def verdict(test: Test) -> Verdict:
    """Tell a biopsy what the test of all found."""
    return test


STEPS = (draws, bar, checked, mean, standing, test, verdict)
