"""The analysis population that a table of tests speaks of."""

import warnings
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.table import Column

POPULATION = Column("string", "analysis population; all: nobody is left out")
EVERYONE = "all"
OWN_NAMES = ("recruited", "safety", "efficacy", "biopsied", "exome", "rna")
"""The populations that a trial has without being asked; they may have no patient."""
_BY_OUTCOME = ("recruited", "safety", "efficacy")
"""Where nobody belongs to these, the step itself tells that the outcome is not stated."""


@dataclass(frozen=True)
class Population:
    """A population by name; `patients` is None where nobody is left out."""

    name: str
    patients: frozenset[str] | None

    def __contains__(self, patient: object) -> bool:
        """Tell whether a patient belongs to the population."""
        return self.patients is None or patient in self.patients

    def told(self) -> str:
        """Return the end of a caption that names the population, empty of `all`."""
        return "" if self.name == EVERYONE else f"; {self.name} population"

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table that are of patients of the population."""
        if self.patients is None:
            return frame
        is_member = frame["patient"].astype(str).isin(self.patients)
        return frame if is_member.all() else frame[is_member].reset_index(drop=True)


def population_field(default: str, what: str = "tested") -> Any:  # noqa: ANN401  as pydantic's
    """Return the parameter of a step that names its population."""
    return Field(
        default,
        description=f"analysis population that is {what}: recruited, safety, efficacy, "
        "biopsied, exome, rna, one of populations.declared, or all: whoever has the values",
    )


def population_of(members: pd.DataFrame | None, name: str) -> Population:
    """Find who belongs to a population.

    Parameters
    ----------
    members
        One row per population and patient; None where no populations are known: then
        nobody is left out, and the population is called `all`.
    name
        The population, or `all`.

    Returns
    -------
    Population
        One that nobody belongs to is empty, with a DataWarning if a biopsy or a value decides.
    """
    if members is None or name == EVERYONE:
        return Population(EVERYONE, None)
    names = members["population"].astype(str)
    found = frozenset(members.loc[names == name, "patient"].astype(str))
    if not found and name not in _BY_OUTCOME:
        sizes = [f"{one} ({n})" for one, n in names.value_counts(sort=False).items()]
        message = f"no patient belongs to the population {name}; there are {', '.join(sizes)}"
        warnings.warn(message, DataWarning, stacklevel=3)
    return Population(name, found)


def population_text(table: pd.DataFrame, before: str = "; ") -> str:
    """Name the population that a table of tests speaks of; empty where nobody is left out."""
    found = dict.fromkeys(table["population"].astype(str))
    names = " and ".join(name for name in found if name != EVERYONE)
    return f"{before}{names} population" if names else ""
