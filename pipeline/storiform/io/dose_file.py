"""The file of doses: one row per drug and time on one dose."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from storiform.io.delimited import Row
from storiform.io.names import counted, listed
from storiform.io.patient_tables import (
    Given,
    PatientTable,
    People,
    Record,
    Wanted,
    read_patient_table,
    times,
)

_MOST = 1e9
_EPOCH = date(1900, 1, 1)
_WANTED = (
    Wanted({"drug": ("drugname", "agent", "medication", "treatment", "compound")}, "it"),
    times("start_", ("start", "from", "begin", "dosestart"), "the first day on the dose"),
    times("end_", ("end", "to", "stop", "doseend")),
    Wanted({"dose": ("dosegiven", "actualdose", "administereddose", "dosemg")}, "it"),
    Wanted({"planned_dose": ("planneddose", "protocoldose", "prescribeddose", "planneddosemg",
                             "planned", "fulldose")}),
    Wanted({"unit": ("doseunit", "units", "doseunits")}),
    Wanted({"reason": ("reasonforchange", "changereason", "reasonofchange", "why")}),
)  # fmt: skip


def read_doses(path: Path, people: People) -> Given:
    """Read the file of doses: per patient rows with the columns of the table `doses`.

    A dose without an end, behind which another of the drug begins, ended the day before.
    """
    return read_patient_table(path, _WANTED, people, _record, _check)


def first_doses(path: Path, people: People) -> dict[str, date]:
    """Return the date of each patient's first dose, where the file gives dates."""
    dated = replace(people, starts=dict.fromkeys(people.names, _EPOCH))
    by_date = (_WANTED[0], Wanted({"start_date": _WANTED[1].forms["start_date"]}, "it"))
    given = read_patient_table(path, by_date, dated, _start, lambda *_: [])
    starts: dict[str, date] = {}
    for patient, rows in given.rows.items():
        days = [row["start_day"] for row in rows if isinstance(row["start_day"], float)]
        if days:
            starts[patient] = _EPOCH + timedelta(days=min(days))
    return starts


def _start(reader: PatientTable, row: Row, patient: str) -> Record:
    return {"start_day": reader.day(row, "start_", patient)}


def _record(reader: PatientTable, row: Row, patient: str) -> Record:
    drug = reader.text(row, "drug")
    if not drug:
        reader.fault(row, "drug", "an empty cell", "the name of the drug", "Name it.")
    start, end = reader.day(row, "start_", patient), reader.day(row, "end_", patient)
    names = ("start_day", "start_week", "start_month", "start_date")
    if start is None and not reader.text(row, *names):
        remedy = "Fill it in, or delete the row."
        reader.fault(row, "start_day", "an empty cell", "the first day on the dose", remedy)
    if start is not None and end is not None and end < start:
        found = f"an end on day {end:g}, a start on day {start:g}"
        reader.fault(row, "end_day", found, "an end behind the start", "Correct one of them.")
    dose = reader.number(row, "dose", 0.0, _MOST)
    if dose is None and not reader.text(row, "dose"):
        remedy = "Fill it in; 0 while it is held."
        reader.fault(row, "dose", "an empty cell", "the dose", remedy)
    return {
        "drug": drug, "start_day": start, "end_day": end, "dose": dose,
        "planned_dose": reader.number(row, "planned_dose", 0.0, _MOST),
        "unit": reader.text(row, "unit"), "reason": reader.text(row, "reason") or None,
    }  # fmt: skip


def _check(reader: PatientTable, found: Mapping[str, list[tuple[Row, Record]]]) -> list[str]:
    completed: list[str] = []
    for patient, rows in found.items():
        by_drug: dict[object, list[tuple[Row, Record, float]]] = {}
        for row, record in rows:
            if isinstance(start := record["start_day"], float):
                by_drug.setdefault(record["drug"], []).append((row, record, start))
        for drug, of_it in by_drug.items():
            of_it.sort(key=lambda one: one[2])
            is_open = [_follow(reader, of_it[k], of_it[k + 1]) for k in range(len(of_it) - 1)]
            completed += [f"{patient} {drug}"] * any(is_open)
    if not completed:
        return []
    count = counted(len(completed), "drug of a patient", "drugs of patients")
    told = f"doses without an end ended where the next began, {count}: {listed(completed)}"
    return [f"{reader.table.path.name}: {told}"]


def _follow(
    reader: PatientTable, one: tuple[Row, Record, float], after: tuple[Row, Record, float]
) -> bool:
    """Hold a dose against the one after it; tell whether its end was filled in."""
    (_, record, start), (row, _, begin) = one, after
    if begin == start:
        found = f"{record['drug']} from day {begin:g} again (row {one[0].line})"
        reader.fault(row, "", found, "one dose at a time", "Remove one of the rows.")
        return False
    end = record["end_day"]
    if not isinstance(end, float):
        record["end_day"] = begin - 1
        return True
    if end > begin:
        found = f"{record['drug']} from day {begin:g}, in the time of row {one[0].line}"
        expected = f"a start behind day {end:g}"
        reader.fault(row, "start_day", found, expected, "Correct one of the two rows.")
    return False
