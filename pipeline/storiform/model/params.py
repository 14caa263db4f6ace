"""The base of all parameters, and the bounded numbers that they share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Depth = Annotated[int, Field(ge=0, le=1_000_000)]
"""Reads over a position."""
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
"""A share between 0 and 1."""
Megabases = Annotated[float, Field(gt=0.0, le=3300.0)]
"""A length in 1e6 bases, at most a human genome."""
DAYS_PER_MONTH = 30.4375
"""A twelfth of 365.25 days."""
Months = Annotated[float, Field(ge=0.0, le=1200.0)]
"""A time in months of 30.4375 days."""
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
"""The seed of a random generator."""


class Params(BaseModel):
    """The parameters of one room: one section of the configuration.

    Every field has a default, a bound and a description (its unit and reason); unknown
    names are refused. Instances are frozen, so a parameter set can be fingerprinted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
