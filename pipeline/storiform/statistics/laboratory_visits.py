"""Laboratory values by visit: medians, quartiles, and how many are beyond normal."""

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.params import Params
from storiform.model.tables.trial import Laboratory
from storiform.model.tables.trial_tables import LABORATORY_VISITS, LaboratoryVisits


class LaboratoryVisitsParams(Params):
    """How days become visits."""

    visit_days: float = Field(
        28.0,
        ge=1.0,
        le=365.0,
        description="days between two visits; a value belongs to the nearest visit",
    )


def laboratory_visits(
    laboratory: Laboratory, params: LaboratoryVisitsParams
) -> LaboratoryVisits:
    """Summarise each test by visit.

    Visit 0 is the last value up to the first dose, day 0; visit k is day k times the days
    between visits. Of several values of a patient at a visit the one nearest to its day
    counts, the later of two as near; so a patient counts once. Each unit of a test is
    summarised alone. Quartiles are by linear interpolation (type 7 of R).

    Returns
    -------
    LaboratoryVisits
        One row per test, unit and visit with a value; limits of normal are those of the value.
    """
    chosen = values_by_visit(laboratory, params.visit_days)
    value = chosen["value"]
    has_limits = chosen["lower_limit"].notna() | chosen["upper_limit"].notna()
    chosen = chosen.assign(
        has_limits=has_limits,
        is_below=value < chosen["lower_limit"],
        is_above=value > chosen["upper_limit"],
    )
    grouped = chosen.groupby(["test", "unit", "visit"], sort=True)
    table = pd.DataFrame({
        "n": grouped.size(),
        "lower_quartile": grouped["value"].quantile(0.25),
        "median": grouped["value"].median(),
        "upper_quartile": grouped["value"].quantile(0.75),
        "n_limits": grouped["has_limits"].sum(),
        "n_below": grouped["is_below"].sum(),
        "n_above": grouped["is_above"].sum(),
    }).reset_index()  # fmt: skip
    table["day"] = table["visit"] * params.visit_days
    return table[list(LABORATORY_VISITS.columns)]


def values_by_visit(laboratory: pd.DataFrame, visit_days: float) -> pd.DataFrame:
    """Return one value per patient, test, unit and visit, with the column `visit`."""
    known = laboratory[np.isfinite(laboratory["value"]) & np.isfinite(laboratory["day"])]
    day = known["day"].to_numpy(np.float64)
    # A day after the first dose is never before it: half a visit and less is not baseline.
    visit = np.where(day <= 0.0, 0.0, np.maximum(np.floor(day / visit_days + 0.5), 1.0))
    known = known.assign(
        unit=known["unit"].fillna(""),
        visit=visit.astype(np.int64),
        away=np.abs(day - visit * visit_days),
    )
    keys = ["patient", "test", "unit", "visit"]
    ordered: pd.DataFrame = known.sort_values(
        [*keys, "away", "day"], ascending=[True] * 5 + [False]
    )
    nearest: pd.DataFrame = ordered.drop_duplicates(keys, ignore_index=True)
    return nearest
