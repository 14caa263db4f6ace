"""Three steps that do nothing, over clinical values: what is left is the engine's own cost."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table
from storiform.model.tables.clinic import Clinic

ONE = {"value": Column("float", "a number")}
First = Annotated[pd.DataFrame, Table("first", grain="patient", columns=ONE)]
Second = Annotated[pd.DataFrame, Table("second", grain="patient", columns=ONE)]
Third = Annotated[pd.DataFrame, Table("third", grain="patient", columns=ONE)]


def first(clinic: Clinic) -> First:
    """Count the rows."""
    return pd.DataFrame({"value": [float(len(clinic))]})


def second(first: First) -> Second:
    """Pass on."""
    return first


def third(second: Second) -> Third:
    """Pass on."""
    return second


STEPS = (first, second, third)
