"""Eleven steps that do nothing, over clinical values: what is left is the engine's own cost.

With the clinical row that a source reads they are twelve nodes a patient. `sleep_seconds` makes
each of them wait, as a step does that computes elsewhere.
"""

import time
from collections.abc import Callable
from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from storiform.model.params import Params
from storiform.model.table import Column, Table
from storiform.model.tables.clinic import Clinic

STEPS_OF_A_PATIENT = 11
ONE = {"value": Column("float", "a number")}


class NoopParams(Params):
    """How long nothing takes."""

    sleep_seconds: float = Field(0.0, ge=0.0, le=60.0, description="how long a step waits")


def contract(number: int) -> Any:
    """Return the contract of the table that a step of this number makes."""
    return Annotated[pd.DataFrame, Table(f"pass{number:02d}", grain="patient", columns=ONE)]


def pass01(clinic: Clinic, params: NoopParams) -> contract(1):  # type: ignore[valid-type]
    """Count the rows."""
    if params.sleep_seconds:
        time.sleep(params.sleep_seconds)
    return pd.DataFrame({"value": [float(len(clinic))]})


def passing(number: int) -> Callable[..., pd.DataFrame]:
    """Return a step that hands on what the one before it made."""

    def step(before: pd.DataFrame, params: NoopParams) -> pd.DataFrame:
        if params.sleep_seconds:
            time.sleep(params.sleep_seconds)
        return before

    step.__name__ = f"pass{number:02d}"
    step.__doc__ = "Hand on."
    step.__annotations__ |= {"before": contract(number - 1), "return": contract(number)}
    return step


STEPS = (pass01, *(passing(number) for number in range(2, STEPS_OF_A_PATIENT + 1)))
