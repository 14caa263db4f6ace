"""How long a patient was treated with a drug, and with how much of the planned dose."""

import re
import warnings
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import DAYS_PER_MONTH, Params
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.trial import EXPOSURE, Doses, Exposure

Floats = npt.NDArray[np.float64]

_PERIODS = {"day": 1.0, "d": 1.0, "week": 7.0, "wk": 7.0, "w": 7.0, "month": DAYS_PER_MONTH}
_RATE = re.compile(r"(?:/|\bper\b|\bevery\b)\s*(\d+(?:\.\d+)?)?\s*-?\s*([a-z]+?)s?$")
_SHORT = re.compile(r"\bq\s*(\d+)\s*([dw])\b")


class ExposureParams(Params):
    """How doses are added up."""

    gaps: Literal["held", "not counted"] = Field(
        "held",
        description="days of a dose a day or a cycle that no row of the doses covers: the "
        "dose was held (0), or they are left out of the dose intensity",
    )


def exposure(doses: Doses, clinic: Clinic | None, params: ExposureParams) -> Exposure:
    """Sum up duration, dose intensity and first reduction of each drug of a patient.

    The dose intensity is the dose given over the dose planned, both from the first to the
    last day with a dose; days on hold count as 0. A dose in a unit such as mg/3 weeks
    covers its three weeks. A reduction is a dose below the last one, and below the planned.

    Parameters
    ----------
    doses
        One row per time on one dose; an open end means that it goes on.
    clinic
        The patient's clinical row; its follow-up tells how long an open dose went on.

    Returns
    -------
    Exposure
        One row per drug that was given at least once; times in months of 30.4375 days.

    References
    ----------
    Longo et al., Cancer Investigation 9, 663-670 (1991), doi:10.3109/07357909109039876.
    """
    last_known = _last_known(doses, clinic)
    died = clinic is not None and clinic["os_event"].eq(other=True).any()
    rows = [
        _row(str(drug), rows.sort_values("start_day", ignore_index=True), last_known, params)
        for drug, rows in doses.groupby("drug", sort=True)
        if (rows["dose"] > 0.0).any()
    ]
    if died:
        # an open end of a patient who died is the day of death
        rows = [
            {**row, "is_ongoing": False, "end_reason": "death"} if row["is_ongoing"] else row
            for row in rows
        ]
    return pd.DataFrame(rows) if rows else EXPOSURE.empty()


def _last_known(doses: pd.DataFrame, clinic: pd.DataFrame | None) -> float:
    """Return the last day on which anything is known of the patient."""
    days = [*doses["start_day"], *doses["end_day"]]
    if clinic is not None:
        for column in ("os_months", "pfs_months"):
            days += [float(months) * DAYS_PER_MONTH for months in clinic[column]]
    return float(np.nanmax([np.nan, *days])) if len(days) else np.nan


def _row(
    drug: str, doses: pd.DataFrame, last_known: float, params: ExposureParams
) -> dict[str, object]:
    """Return the row of one drug; its doses are sorted by their first day."""
    given = np.flatnonzero(doses["dose"].to_numpy() > 0.0)
    doses = doses.iloc[given[0] :].reset_index(drop=True)
    last = int(given[-1] - given[0])
    is_open = bool(np.isnan(doses["end_day"].iloc[-1]))
    start = float(doses["start_day"].iloc[0])
    days = _days(doses, last_known)
    end = float(days[last, 1]) - 1.0
    if is_open and last_known <= doses["start_day"].iloc[-1]:
        message = f"{drug} goes on, but nothing tells until when: its last day known is taken"
        warnings.warn(message, DataWarning, stacklevel=4)
    units = [unit for unit in dict.fromkeys(doses["unit"].dropna()) if unit]
    lowest, reduction = _reductions(doses)
    intensity = _intensity(doses, days, last, params)
    if len(units) > 1:
        message = f"{drug}: doses in {' and '.join(units)} are not added up or compared"
        warnings.warn(message, DataWarning, stacklevel=4)
        lowest = reduction = intensity = np.nan
    reasons = [reason for reason in doses["reason"].iloc[last:].dropna() if reason]
    return {
        "drug": drug,
        "start_months": start / DAYS_PER_MONTH,
        "end_months": end / DAYS_PER_MONTH,
        "treatment_months": (end + 1.0 - start) / DAYS_PER_MONTH,
        "is_ongoing": is_open,
        "dose_intensity_percent": intensity,
        "lowest_dose": lowest,
        "unit": "; ".join(units),
        "first_reduction_months": (reduction - start) / DAYS_PER_MONTH,
        "end_reason": reasons[-1] if reasons and not is_open else None,
    }


def _days(doses: pd.DataFrame, last_known: float) -> Floats:
    """Return when each dose began and when it was over, the day after its last day."""
    start = doses["start_day"].to_numpy(dtype=np.float64)
    following = np.append(start[1:], np.inf)
    stop = doses["end_day"].to_numpy(dtype=np.float64) + 1.0
    stop = np.where(np.isnan(stop), np.maximum(last_known, start) + 1.0, stop)
    return np.column_stack([start, np.minimum(stop, following)])


def _intensity(
    doses: pd.DataFrame,
    days: Floats,
    last: int,
    params: ExposureParams,
) -> float:
    """Return the dose given as per cent of the dose planned, up to the last dose."""
    start, stop = days[: last + 1].T
    dose = doses["dose"].to_numpy(dtype=np.float64)[: last + 1]
    planned = doses["planned_dose"].ffill().bfill().to_numpy(dtype=np.float64)[: last + 1]
    periods = np.array([period_of(unit) for unit in doses["unit"][: last + 1]])
    following = np.append(start[1:], np.inf)
    covered = np.minimum(np.fmax(stop, start + periods), following) - start
    is_counted = ~np.isnan(periods) & (params.gaps == "held") & np.isfinite(following)
    due = np.where(is_counted, following - start, covered)
    total = float((planned * due).sum())
    return 100.0 * float((dose * covered).sum()) / total if total > 0.0 else np.nan


def _reductions(doses: pd.DataFrame) -> tuple[float, float]:
    """Return the lowest dose, and the first day of the first one that was reduced."""
    given = doses[doses["dose"] > 0.0]
    dose = given["dose"].to_numpy(dtype=np.float64)
    planned = given["planned_dose"].ffill().bfill().to_numpy(dtype=np.float64)
    is_lower = np.append([False], dose[1:] < dose[:-1]) & ~(dose >= planned)
    first = given["start_day"].to_numpy(dtype=np.float64)[is_lower]
    return float(dose.min()), float(first[0]) if len(first) else np.nan


def period_of(unit: object) -> float:
    """Return the days that one dose of a unit covers; NaN of a unit that is no rate.

    Examples
    --------
    >>> [period_of(unit) for unit in ("mg/day", "mg/3 weeks", "mg q4w", "mg daily", "mg")]
    [1.0, 21.0, 28.0, 1.0, nan]
    """
    text = str(unit).strip().lower() if isinstance(unit, str) else ""
    if "daily" in text or re.search(r"\b(?:qd|od|bid)\b", text):
        return 1.0
    if found := _SHORT.search(text):
        return float(found[1]) * _PERIODS[found[2]]
    if (found := _RATE.search(text)) and found[2] in _PERIODS:
        return float(found[1] or 1.0) * _PERIODS[found[2]]
    return float("nan")
