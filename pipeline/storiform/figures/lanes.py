"""What a lane of the swimmer plot shows of each patient: treatment, response, progression."""

from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from storiform.figures.style import RESPONSES
from storiform.model.params import DAYS_PER_MONTH

_RESPONSES = ("CR", "PR")
_TOLERATED = 0.1
"""Months: clinical tables round to it, and a day of a dose is over when the next begins."""

Row = Mapping[Hashable, object]
"""One row of a table by column."""


class Stretch(NamedTuple):
    """A time on one drug and one dose; `share` is the dose of the planned, NaN: not told."""

    drug: str
    start: float
    end: float
    share: float


class Lane(NamedTuple):
    """One patient; all times in months from the first dose, NaN where there is none.

    `followed` is the last day known; `reason` why treatment ended, empty where not told;
    `is_clinical` whether the clinical table alone has the progression.
    """

    patient: str
    response: str
    stretches: list[Stretch]
    end: float
    is_ongoing: bool
    first_response: float
    progression: float
    death: float
    followed: float
    reason: str
    is_clinical: bool = False

    @property
    def is_past_death(self) -> bool:
        """Whether a dose, a response or a progression lies after the day of death."""
        last = (self.end, self.first_response, self.progression)
        ends = (stretch.end for stretch in self.stretches)
        return any(end > self.death + _TOLERATED for end in (*last, *ends))


def lanes_of(
    exposure: pd.DataFrame,
    doses: pd.DataFrame | None,
    assessments: pd.DataFrame | None,
    clinic: pd.DataFrame,
) -> list[Lane]:
    """Return the lanes of all treated patients, the longest treatment first.

    Parameters
    ----------
    exposure
        One row per patient and drug.
    doses
        Times on one dose; without them a drug is one stretch from its first to its last dose.
    assessments
        Where they tell the first response and progression; where they show no progression,
        it is the clinic's, if that is not death.
    clinic
        Best response, progression and death.
    """
    clinical = _records(clinic, "patient")
    dosed = _records(doses, "patient", "drug")
    assessed = _records(assessments, "patient")
    known = exposure[exposure["end_months"].notna()]
    lanes: list[Lane] = []
    for key, drugs in _records(known, "patient").items():
        (row, *_) = clinical.get(key) or [{}]
        response, progression = _assessed(assessed.get(key, []))
        is_clinical = bool(np.isnan(progression))
        if is_clinical:
            progression = _of_clinic(row)
        last = max(_number(drug["end_months"]) for drug in drugs)
        contact = _number(row.get("os_months"))
        told = str(row.get("response"))
        lanes.append(
            Lane(
                patient=key[0],
                response=told if told in RESPONSES else "NE",
                stretches=_stretches(drugs, dosed),
                end=last,
                is_ongoing=any(_flag(drug["is_ongoing"]) for drug in drugs),
                first_response=response,
                progression=progression,
                death=contact if _flag(row.get("os_event")) else np.nan,
                followed=float(np.nanmax([contact, last, progression])),
                reason=_reason(drugs),
                is_clinical=is_clinical and not np.isnan(progression),
            )
        )
    return sorted(lanes, key=lambda lane: (-lane.end, lane.patient))


def _records(table: pd.DataFrame | None, *keys: str) -> dict[tuple[str, ...], list[Row]]:
    """Return the rows of each value of the keys, in the order of the table."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in [] if table is None else table.to_dict("records"):
        found.setdefault(tuple(str(row[key]) for key in keys), []).append(row)
    return found


def _stretches(drugs: list[Row], doses: Mapping[tuple[str, ...], list[Row]]) -> list[Stretch]:
    """Return the stretches of all drugs of a patient, by drug and time."""
    found: list[Stretch] = []
    for row in sorted(drugs, key=lambda row: str(row["drug"])):
        drug, end = str(row["drug"]), _number(row["end_months"])
        start = float(np.nan_to_num(_number(row["start_months"])))
        own = _dosed(doses.get((str(row["patient"]), drug), []), drug, end)
        found += own or [Stretch(drug, start, end, np.nan)]
    return found


def _dosed(doses: list[Row], drug: str, end: float) -> list[Stretch]:
    """Return the stretches of one drug, none of them beyond the end of the drug."""
    found: list[Stretch] = []
    for dose in sorted(doses, key=lambda dose: _number(dose["start_day"])):
        planned, given = _number(dose["planned_dose"]), _number(dose["dose"])
        share = given / planned if planned > 0.0 else 0.0 if given == 0.0 else np.nan
        first = _number(dose["start_day"]) / DAYS_PER_MONTH
        # A day is over when the next begins; an open end goes on to the last day known.
        over = (_number(dose["end_day"]) + 1.0) / DAYS_PER_MONTH
        last = float(np.fmin(over, end + 1.0 / DAYS_PER_MONTH))
        if last > first:
            found.append(Stretch(drug, first, last, share))
    return found


def _of_clinic(clinical: Row) -> float:
    """Return months to progression by the clinical table, NaN where its event is death."""
    months = _number(clinical.get("pfs_months"))
    is_death = _flag(clinical.get("os_event")) and months >= _number(clinical.get("os_months"))
    return months if _flag(clinical.get("pfs_event")) and not is_death else np.nan


def _assessed(rows: list[Row]) -> tuple[float, float]:
    """Return months to the first CR or PR, and to progression, by the lesions."""
    later = [row for row in rows if not _flag(row["is_baseline"])]
    progression = _first(row for row in later if row["response"] == "PD")
    response = _first(
        row
        for row in later
        if row["response"] in _RESPONSES and not _number(row["day"]) >= progression
    )
    return response / DAYS_PER_MONTH, progression / DAYS_PER_MONTH


def _first(rows: Iterable[Row]) -> float:
    """Return the first day of assessments, NaN of none."""
    return min((_number(row["day"]) for row in rows), default=np.nan)


def _reason(drugs: list[Row]) -> str:
    """Write why treatment ended: one reason where all drugs have the same."""
    told = {str(row["drug"]): row["end_reason"] for row in drugs}
    known = {drug: str(why) for drug, why in told.items() if not pd.isna(why) and why != ""}  # type: ignore[call-overload]
    reasons = list(dict.fromkeys(known.values()))
    if len(reasons) == 1:
        return reasons[0]
    return "; ".join(f"{drug}: {why}" for drug, why in known.items())


def _number(value: object) -> float:
    return np.nan if pd.isna(value) else float(str(value))  # type: ignore[call-overload]


def _flag(value: object) -> bool:
    return False if pd.isna(value) else bool(value)  # type: ignore[call-overload]
