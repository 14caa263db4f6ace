"""What is known of the patient of a biopsy: response, survival, lesions, doses, events."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from storiform.model.tables.clinic import CLINIC
from storiform.model.tables.measurements import MEASUREMENTS
from storiform.model.tables.trial import (
    ADVERSE_EVENTS,
    ASSESSMENTS,
    BEST_RESPONSE,
    EXPOSURE,
    PATIENT_FACTS,
)
from storiform.report.grids import Cell, Grid, Heading
from storiform.report.headlines import Headline
from storiform.report.numbers import MISSING, amount, is_missing, listed, significant
from storiform.report.record import BiopsyRecord

PATIENT_TABLES = (
    CLINIC, BEST_RESPONSE, ASSESSMENTS, EXPOSURE, ADVERSE_EVENTS, MEASUREMENTS, PATIENT_FACTS,
)  # fmt: skip
"""Tables of patients of which a page reads the rows of its patient."""
SEVERE = 3
ROWS_SHOWN = 40
Row = Mapping[Hashable, Any]


class Course(NamedTuple):
    """A patient on a page: facts in short, sentences, and small tables."""

    facts: tuple[Headline, ...]
    sentences: tuple[str, ...]
    grids: tuple[Grid, ...]


def course(record: BiopsyRecord) -> Course | None:
    """Gather what is known of the patient of a biopsy; None where nothing is.

    Parameters
    ----------
    record
        What the page prints; of its tables `beside` those of `PATIENT_TABLES`.
    """
    frames = {t.name: t.frame for t in record.beside if len(t.frame)}
    clinic = _first(frames.get("clinic"))
    best = _first(frames.get("best_response"))
    found = Course(
        tuple(_facts(clinic, best)),
        tuple(_sentences(clinic, frames)),
        tuple(make(_rows(frames[name])) for name, make in _GRIDS.items() if name in frames),
    )
    return found if any(found) else None


def _facts(clinic: Row, best: Row) -> list[Headline]:
    found = []
    response = clinic.get("response")
    if not is_missing(response) and response:
        label = "best overall response"
        by_irrc = best.get("ir_response")
        if not is_missing(by_irrc) and by_irrc:
            label += f" (by irRC {by_irrc})"
        found.append(Headline(str(response), label))
    change = clinic.get("best_change_percent")
    if not is_missing(change):
        found.append(
            Headline(f"{significant(float(str(change)))} %", "best change of target lesions")
        )
    for outcome, name, ended, open_ended in (
        ("pfs", "progression-free", "progressed or died", "no progression seen"),
        ("os", "overall survival", "died", "alive at last contact"),
    ):
        months, event = clinic.get(f"{outcome}_months"), clinic.get(f"{outcome}_event")
        if not is_missing(months):
            state = "event not stated" if is_missing(event) else ended if event else open_ended
            found.append(
                Headline(f"{significant(float(str(months)))} months", f"{name}; {state}")
            )
    return found


def _sentences(clinic: Row, frames: Mapping[str, pd.DataFrame]) -> list[str]:
    parts = [
        str(clinic[name])
        for name in ("histology", "sex", "arm")
        if not is_missing(clinic.get(name)) and clinic.get(name)
    ]
    age = clinic.get("age_years")
    if not is_missing(age):
        parts.append(f"{amount(float(str(age)))} years at enrolment")
    for row in _rows(frames.get("patient_facts")):
        value = row["label"] if is_missing(row["value"]) else amount(float(row["value"]))
        if not is_missing(value):
            parts.append(f"{str(row['variable']).replace('_', ' ')} {value}")
    found = [f"{'; '.join(parts)}."] if parts else []
    events = _rows(frames.get("adverse_events"))
    if events:
        severe = [_event(row) for row in events if _grade(row) >= SEVERE]
        told = f"; of grade {SEVERE} or more: {listed(severe)}" if severe else ""
        none = "" if severe else f", none of grade {SEVERE} or more"
        noun = "adverse event" if len(events) == 1 else "adverse events"
        found.append(f"{len(events)} {noun}{none}{told}.")
    return found


def _event(row: Row) -> str:
    day = "" if is_missing(row["day"]) else f", day {amount(float(row['day']))}"
    blame = "" if is_missing(row["is_related"]) else ", related" if row["is_related"] else ""
    return f"{row['term']} (grade {_grade(row)}{day}{blame})"


def _grade(row: Row) -> int:
    return 0 if is_missing(row["grade"]) else int(row["grade"])


def _assessments(rows: Sequence[Row]) -> Grid:
    headings = (
        Heading("day", "from the first dose"),
        Heading("sum of target lesions", "", "mm"),
        Heading("change from baseline", "", "%"),
        Heading("change from the smallest", "", "%"),
        Heading("new lesion"),
        Heading("RECIST 1.1"),
        Heading("irRC"),
    )
    cells = tuple(
        (
            *(
                _number(row[name])
                for name in ("day", "sum_mm", "change_percent", "nadir_change_percent")
            ),
            _word("yes" if row["has_new_lesion"] is True else "no"),
            _word("baseline" if row["is_baseline"] else row["response"]),
            _word(row["ir_response"]),
        )
        for row in rows
    )
    return _grid("Lesions over time", headings, cells)


def _exposure(rows: Sequence[Row]) -> Grid:
    headings = (
        Heading("drug"),
        Heading("on treatment", "", "months"),
        Heading("dose intensity", "given of planned", "%"),
        Heading("first reduction", "from the first dose", "months"),
        Heading("ended"),
    )
    cells = tuple(
        (
            _word(row["drug"]),
            *(
                _number(row[name])
                for name in (
                    "treatment_months", "dose_intensity_percent", "first_reduction_months",
                )
            ),
            _word("goes on" if row["is_ongoing"] else row["end_reason"]),
        )
        for row in rows
    )  # fmt: skip
    return _grid("Doses", headings, cells)


def _measurements(rows: Sequence[Row]) -> Grid:
    headings = (Heading("measured"), Heading("value"), Heading("unit"))
    cells = tuple(
        (
            _word(row["feature"]),
            _word(row["label"]) if row["kind"] == "category" else _measured(row),
            _word(row["unit_of_measure"]),
        )
        for row in rows
    )
    return _grid("Measurements of the patient", headings, cells)


def _measured(row: Row) -> Cell:
    if row["kind"] == "flag" and not is_missing(row["value"]):
        return _word("yes" if row["value"] else "no")
    return _number(row["value"])


def _grid(
    name: str, headings: tuple[Heading, ...], cells: tuple[tuple[Cell, ...], ...]
) -> Grid:
    further = len(cells) - ROWS_SHOWN
    note = f"{further} further rows in the file only." if further > 0 else ""
    return Grid(name, "", headings, cells[:ROWS_SHOWN], note, further <= 0)


def _number(value: object) -> Cell:
    text = MISSING if is_missing(value) else amount(float(str(value)))
    return Cell(text, text, is_number=True)


def _word(value: object) -> Cell:
    text = MISSING if is_missing(value) or not value else str(value)
    return Cell(text, text, is_number=False)


def _first(frame: pd.DataFrame | None) -> Row:
    rows = _rows(frame)
    return rows[0] if rows else {}


def _rows(frame: pd.DataFrame | None) -> list[Row]:
    return [] if frame is None else list(frame.to_dict("records"))


_GRIDS: dict[str, Callable[[Sequence[Row]], Grid]] = {
    "assessments": _assessments,
    "exposure": _exposure,
    "measurements": _measurements,
}
