"""What the trial's files tell of patients, held against the death of the clinical table."""

from collections.abc import Mapping, Sequence

from storiform.io.clinical import Clinical
from storiform.io.clinical_columns import time_name
from storiform.io.clinical_values import DAYS
from storiform.io.names import counted, listed
from storiform.io.patient_tables import Record
from storiform.model.tables.trial import ADVERSE_EVENTS, DOSES, LABORATORY, LESIONS

_DAYS_OF: Mapping[str, tuple[str, ...]] = {
    LESIONS.name: ("day",),
    DOSES.name: ("start_day", "end_day"),
    ADVERSE_EVENTS.name: ("day",),
    LABORATORY.name: ("day",),
}
_FATAL = 5
"""The grade of CTCAE that is death."""
_MOST_NAMED = 3
_STEPS = (1.0, 0.1, 0.01)
"""Steps, in their own unit, in which survival times may be written."""


def deaths_contradicted(
    table: str, file: str, rows: Mapping[str, Sequence[Record]], clinical: Clinical
) -> list[str]:
    """Tell of records behind a death, and of fatal events of the living.

    Parameters
    ----------
    table
        One of the tables of lesions, doses, adverse events and laboratory values.
    file
        The name of the file.
    rows
        Its rows, by patient.
    clinical
        Death is an event of OS; its day is counted from the first dose, as those of the file
        are. A time written in whole months tells it to the month alone, and a record within
        that step is not behind it.
    """
    told = _behind_death(table, file, rows, clinical)
    if table == ADVERSE_EVENTS.name:
        told += _fatal_of_living(file, rows, clinical)
    return told


def _behind_death(
    table: str, file: str, rows: Mapping[str, Sequence[Record]], clinical: Clinical
) -> list[str]:
    deaths = _deaths(clinical)
    step = _step_days(clinical)
    late: list[str] = []
    count = 0
    for patient in sorted(rows.keys() & deaths.keys()):
        days = [max(known) for row in rows[patient] if (known := _days(row, _DAYS_OF[table]))]
        behind = [day for day in days if day > deaths[patient] + step]
        count += len(behind)
        if behind:
            late.append(f"{patient} (day {max(behind):g}, death on day {deaths[patient]:.0f})")
    if not late:
        return []
    records, people = counted(count, "record"), counted(len(late), "patient")
    source = clinical.path.name if clinical.path else "the clinical table"
    of_whom = f"{records} of {people} after the death in {source}"
    return [f"{file}: {of_whom} (are days and outcomes right?): {listed(late, _MOST_NAMED)}"]


def _fatal_of_living(
    file: str, rows: Mapping[str, Sequence[Record]], clinical: Clinical
) -> list[str]:
    living = []
    for patient in sorted(rows):
        fatal = [row for row in rows[patient] if row["grade"] == _FATAL]
        if fatal and clinical.records.get(patient, {}).get("os_event") is False:
            days = [day for row in fatal for day in _days(row, ("day",))]
            living.append(f"{patient} (day {min(days):g})" if days else patient)
    if not living:
        return []
    people = counted(len(living), "patient")
    source = clinical.path.name if clinical.path else "the clinical table"
    what = f"{people} with an adverse event of grade {_FATAL}, which is death, but alive in"
    return [f"{file}: {what} {source}: {listed(living, _MOST_NAMED)}"]


def _days(row: Record, names: Sequence[str]) -> list[float]:
    return [day for name in names if isinstance(day := row[name], float)]


def _deaths(clinical: Clinical) -> dict[str, float]:
    """Return the day of death of those who died."""
    return {
        patient: months * DAYS["months"]
        for patient, record in clinical.records.items()
        if record["os_event"] is True and isinstance(months := record["os_months"], float)
    }


def _step_days(clinical: Clinical) -> float:
    """Return the days of the step in which the times of OS are written, at least one."""
    unit = DAYS[time_name(clinical.columns, "os").removeprefix("os_")]
    months = (record["os_months"] for record in clinical.records.values())
    times = [time * DAYS["months"] / unit for time in months if isinstance(time, float)]
    steps = (s for s in _STEPS if all(abs(t / s - round(t / s)) < 1e-6 for t in times))  # noqa: PLR2004
    return max(1.0, unit * next(steps, 0.0))
