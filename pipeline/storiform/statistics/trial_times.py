"""Times and doses of a trial as a whole: response, follow-up, treatment."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.params import Params
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.trial import BestResponse, Exposure
from storiform.model.tables.trial_tables import TRIAL_TIMES, TrialTimes
from storiform.statistics.analysis_sets import SetName, analysis_sets
from storiform.statistics.gathered import outcome_of
from storiform.statistics.kaplan_meier import (
    ConfType,
    kaplan_meier,
    median,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Row = dict[str, object]

OF_DRUGS = {
    "treatment duration": ("treatment_months", "months"),
    "dose intensity": ("dose_intensity_percent", "%"),
    "time to first dose reduction": ("first_reduction_months", "months"),
}


class TrialTimeParams(Params):
    """How the times of a trial are summed up."""

    follow_up_population: SetName = Field(
        "safety", description="whose follow-up is told: also of whom no response is stated"
    )
    conf_type: ConfType = Field(
        "log", description="scale of the 95 % intervals of medians; log is R's default"
    )


def trial_times(
    clinic: Clinic,
    exposure: Exposure | None,
    best_response: BestResponse | None,
    params: TrialTimeParams,
) -> TrialTimes:
    """Sum up times to and of response, follow-up, treatment duration and dose intensity.

    Duration of response is censored, and so is follow-up, whose event is censoring of
    overall survival: both have the median of Kaplan-Meier. What is measured in full has
    median, range, mean and standard deviation; a treatment that goes on counts with its
    months so far.

    Parameters
    ----------
    clinic
        One row per patient.
    exposure
        One row per patient and drug; None: no row of treatment.
    best_response
        One row per patient whose lesions were measured; None: no row of response.

    Returns
    -------
    TrialTimes
        One row per measure, and drug of those of treatment. Times to response and to the
        first reduction are of the patients that have it.

    References
    ----------
    Schemper, Smith, Controlled Clinical Trials 17, 343-346 (1996),
    doi:10.1016/0197-2456(96)00075-X.
    """
    sets = analysis_sets(clinic, exposure, best_response)
    rows: list[Row] = []
    if best_response is not None:
        rows += _of_response(best_response, sets.efficacy, params)
    followed = sets.members(params.follow_up_population)
    months = outcome_of(clinic, "os_months", followed)
    events = outcome_of(clinic, "os_event", followed)
    row = _censored(months, events, params.conf_type, is_reverse=True)
    rows.append({"measure": "follow-up", "population": params.follow_up_population, **row})
    if exposure is not None:
        rows += _of_treatment(exposure, sets.safety)
    rows = [{"drug": "", "unit": "months", **row} for row in rows if row["n"]]
    return pd.DataFrame(rows) if rows else TRIAL_TIMES.empty()


def _of_response(
    best_response: pd.DataFrame, patients: pd.Index, params: TrialTimeParams
) -> list[Row]:
    waited = outcome_of(best_response, "time_to_response_months", patients)
    months = outcome_of(best_response, "duration_of_response_months", patients)
    events = outcome_of(best_response, "duration_event", patients)
    return [
        {"measure": "time to response", "population": "efficacy", **_complete(waited)},
        {
            "measure": "duration of response",
            "population": "efficacy",
            **_censored(months, events, params.conf_type),
        },
    ]


def _of_treatment(exposure: pd.DataFrame, patients: pd.Index) -> list[Row]:
    treated = exposure[exposure["patient"].astype(str).isin(patients)]
    return [
        {
            "measure": measure, "drug": str(drug), "population": "safety", "unit": unit,
            **_complete(rows[column].to_numpy(dtype=np.float64)),
        }
        for drug, rows in treated.groupby("drug", sort=True)
        for measure, (column, unit) in OF_DRUGS.items()
    ]  # fmt: skip


def _complete(values: Floats) -> Row:
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return {"n": 0}
    centre = float(np.median(known))
    apart = known - centre  # so that equal values have no spread by rounding
    return {
        "n": len(known), "median": centre,
        "lower": np.nan, "upper": np.nan,
        "minimum": float(known.min()), "maximum": float(known.max()),
        "mean": centre + float(apart.mean()),
        "sd": float(apart.std(ddof=1)) if len(known) > 1 else np.nan,
    }  # fmt: skip


def _censored(
    months: Floats, events: Floats, conf_type: ConfType, *, is_reverse: bool = False
) -> Row:
    is_known = np.isfinite(months) & ~np.isnan(events)
    months, observed = months[is_known], events[is_known] == 1.0
    if len(months) == 0:
        return {"n": 0}
    # of follow-up, censoring is the event (reverse Kaplan-Meier)
    curve = kaplan_meier(months, ~observed if is_reverse else observed, conf_type)
    middle = median(curve)
    return {
        "n": len(months), "median": middle.time, "lower": middle.lower,
        "upper": middle.upper, "minimum": float(months.min()),
        "maximum": float(months.max()), "mean": np.nan, "sd": np.nan,
    }  # fmt: skip
