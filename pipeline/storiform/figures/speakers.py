"""Which of the biopsies that are drawn speak for their patients."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.model.counting import counted
from storiform.model.populations import population_of


def is_counted(
    biopsies: pd.Series, features: pd.DataFrame, table: str
) -> npt.NDArray[np.bool_]:
    """Tell which biopsies (n,) are those whose values are compared between patients.

    Gathered features hold one biopsy of each patient, that at baseline; further regions and
    timepoints may be drawn, and are counted nowhere.

    Parameters
    ----------
    biopsies
        Names, one each.
    features
        Gathered features.
    table
        The table from which the biopsies are.
    """
    speaking = features.loc[features["table"] == table, "biopsy"]
    return np.asarray(biopsies.isin(set(speaking)), dtype=np.bool_)


def sizes_text(biopsies: int, patients: int, what: str = "") -> str:
    """Write how many patients and biopsies there are, and that some are not counted.

    Examples
    --------
    >>> sizes_text(8, 8)
    'n = 8 patients, 8 biopsies'
    >>> sizes_text(1, 1)
    'n = 1 patient, 1 biopsy'
    >>> sizes_text(9, 6, "with a class")
    'n = 6 patients, 9 biopsies with a class (3 further ones of a patient are not counted)'
    """
    drawn = counted(biopsies, "biopsy", "biopsies")
    told = f"n = {counted(patients, 'patient')}, {drawn}" + f" {what}" * bool(what)
    further = biopsies - patients
    return told + f" ({further} further ones of a patient are not counted)" * bool(further)


def as_tested(
    clinical: pd.DataFrame, associations: pd.DataFrame | None, members: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the clinic as the tests see it: outside their population response is unknown.

    Parameters
    ----------
    clinical
        One row per biopsy, indexed by the patient.
    associations
        The tests, which name their population; None where none were made.
    members
        Who belongs to which population.
    """
    if associations is None or associations.empty:
        return clinical
    population = population_of(members, str(associations["population"].iloc[0]))
    is_member = np.array([str(patient) in population for patient in clinical.index], dtype=bool)
    told = clinical["responded"].astype("boolean")
    return clinical.assign(responded=told.where(is_member))
