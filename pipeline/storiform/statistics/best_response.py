"""Best overall response of a patient: assessments in their order, with confirmation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
from pydantic import Field

from storiform.model.params import DAYS_PER_MONTH, Params
from storiform.model.tables.clinic import ClinicalRecord
from storiform.model.tables.trial import Assessments, BestResponse
from storiform.statistics.recist import NON_CR_NON_PD


class BestResponseParams(Params):
    """When a response is confirmed, and how long stable disease must have held."""

    confirmation_days: float = Field(
        28.0,
        ge=0.0,
        le=365.0,
        description="days to a later assessment that confirms a CR or PR (of irRC an irPD "
        "too); 0: none is needed",
    )
    stable_days: float = Field(
        42.0,
        ge=0.0,
        le=365.0,
        description="days from the first dose before which stable disease is not evaluable",
    )


@dataclass(frozen=True)
class Assessed:
    """One assessment after baseline: its day, and CR, PR, SD, PD, NE or non-CR/non-PD."""

    day: float
    response: str


class Confirmed(NamedTuple):
    """The best response of a sequence, and the day on which the response was first seen."""

    response: str
    since: float


def best_response(
    assessments: Assessments, record: ClinicalRecord | None, params: BestResponseParams
) -> BestResponse:
    """Choose the best response of a patient's assessments up to the first progression.

    CR and PR count when a later assessment confirms them, with nothing worse between but
    what was not evaluable; else they count as stable disease, where that held long enough.

    Parameters
    ----------
    assessments
        One row per assessment, the baseline among them.
    record
        The patient's clinical values: death ends a response.

    Returns
    -------
    BestResponse
        One row; times in months of 30.4375 days from day 0.

    References
    ----------
    Eisenhauer et al., European Journal of Cancer 45, 228-247 (2009), Table 3,
    doi:10.1016/j.ejca.2008.10.026.
    Wolchok et al., Clinical Cancer Research 15, 7412-7420 (2009),
    doi:10.1158/1078-0432.CCR-09-1624.
    """
    later = assessments[~assessments["is_baseline"]]
    course = up_to_progression(_sequence(later, "response"))
    best = confirmed(course, params)
    plain = params.model_copy(update={"confirmation_days": 0.0})
    progression = next((a.day for a in course if a.response == "PD"), math.nan)
    changes = later.loc[later["day"].isin([a.day for a in course]), "change_percent"]
    duration, has_ended = _duration(best, course, _death(record))
    row = {
        "response": best.response,
        "response_unconfirmed": confirmed(course, plain).response,
        "ir_response": _ir_best(later, params),
        "best_change_percent": changes.min(),
        "time_to_response_months": best.since / DAYS_PER_MONTH,
        "duration_of_response_months": duration,
        "duration_event": has_ended,
        "progression_months": progression / DAYS_PER_MONTH,
        "n_assessments": len(later),
        "note": _note(assessments, course, best, params),
    }
    return pd.DataFrame([row])


def _sequence(later: pd.DataFrame, column: str) -> list[Assessed]:
    ordered = later.sort_values("day", kind="stable")
    words = ordered[column].fillna("NE").astype(str)
    return [Assessed(float(d), w) for d, w in zip(ordered["day"], words, strict=True)]


def up_to_progression(course: Sequence[Assessed]) -> list[Assessed]:
    """Return the assessments up to the first PD, which is the last that counts."""
    days = [index for index, one in enumerate(course) if one.response == "PD"]
    return list(course[: days[0] + 1] if days else course)


def confirmed(course: Sequence[Assessed], params: BestResponseParams) -> Confirmed:
    """Return the best response of a course that ends with the first PD.

    Returns
    -------
    Confirmed
        `since` is NaN but of a CR or PR; of a CR it is the day of the PR before it, if that
        leads to it.

    Examples
    --------
    >>> course = [Assessed(56, "PR"), Assessed(112, "PR"), Assessed(168, "PD")]
    >>> confirmed(course, BestResponseParams())
    Confirmed(response='PR', since=56)
    >>> confirmed([course[0], course[2]], BestResponseParams())
    Confirmed(response='SD', since=nan)
    """
    days = params.confirmation_days
    since = _held(course, {"CR", "PR"}, days)
    if not math.isnan(since):
        is_complete = not math.isnan(_held(course, {"CR"}, days))
        return Confirmed("CR" if is_complete else "PR", since)
    stable = {"CR", "PR", "SD"}
    if any(one.response in stable and one.day >= params.stable_days for one in course):
        return Confirmed("SD", math.nan)
    has_progressed = any(one.response == "PD" for one in course)
    return Confirmed("PD" if has_progressed else "NE", math.nan)


def _held(course: Sequence[Assessed], wanted: set[str], days: float) -> float:
    """Return the first day of a response that a later assessment confirms, NaN without one."""
    begin = math.nan
    for one in course:
        if one.response in wanted:
            begin = one.day if math.isnan(begin) else begin
            if one.day - begin >= days:
                return begin
        elif one.response != "NE":
            begin = math.nan
    return math.nan


def _death(record: pd.DataFrame | None) -> float:
    """Return the day of death, NaN where none is known."""
    if record is None or not len(record):
        return math.nan
    died, months = record["os_event"].iloc[0], record["os_months"].iloc[0]
    return math.nan if pd.isna(died) or not died else float(months) * DAYS_PER_MONTH


def _duration(
    best: Confirmed, course: Sequence[Assessed], death: float
) -> tuple[float, bool | None]:
    """Return the months of a response and whether they have ended."""
    if math.isnan(best.since):
        return math.nan, None
    last = course[-1]
    if last.response == "PD":
        return (last.day - best.since) / DAYS_PER_MONTH, True
    if not math.isnan(death):
        return max(death - best.since, 0.0) / DAYS_PER_MONTH, True
    seen = max(one.day for one in course if one.response != "NE")
    return (seen - best.since) / DAYS_PER_MONTH, False


def _ir_best(later: pd.DataFrame, params: BestResponseParams) -> str | None:
    """Return the best response by irRC; a progression counts once it is confirmed."""
    if later["ir_response"].isna().all():
        return None
    course = [
        Assessed(one.day, one.response.removeprefix("ir"))
        for one in _sequence(later, "ir_response")
    ]
    held = _progression(course, params.confirmation_days)
    best = confirmed(course if held is None else course[: held + 1], params).response
    return best if best == "NE" else f"ir{best}"


def _progression(course: Sequence[Assessed], days: float) -> int | None:
    """Return where a confirmed irPD begins, None without one."""
    begin: int | None = None
    for index, one in enumerate(course):
        if one.response == "PD":
            begin = index if begin is None else begin
            if one.day - course[begin].day >= days:
                return begin
        elif one.response != "NE":
            begin = None
    return None


def _note(
    assessments: pd.DataFrame,
    course: Sequence[Assessed],
    best: Confirmed,
    params: BestResponseParams,
) -> str:
    """Say what limits the best response, empty where nothing does."""
    notes = []
    baseline = assessments.loc[assessments["is_baseline"], "day"]
    if len(baseline) and baseline.iloc[0] > 0:
        notes.append(f"the baseline is of day {baseline.iloc[0]:g}, after the first dose")
    words = [one.response for one in course]
    if not course:
        notes.append("no assessment after baseline")
    elif NON_CR_NON_PD in words and "PD" not in words:
        notes.append("non-CR/non-PD: no target lesion was measured")
    plain = params.model_copy(update={"confirmation_days": 0.0})
    first = confirmed(course, plain).response
    if first in {"CR", "PR"} and first != best.response:
        notes.append(f"{first} was not confirmed after {params.confirmation_days:g} days")
    if best.response == "NE" and set(words) & {"SD"}:
        notes.append(f"stable, but not until day {params.stable_days:g}")
    return "; ".join(notes)
