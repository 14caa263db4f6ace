"""The file of laboratory values: one row per test and day."""

from collections.abc import Mapping
from pathlib import Path

from storiform.io.clinical_values import LIMIT_SIGNS, read_decimal
from storiform.io.delimited import Row
from storiform.io.names import counted, listed
from storiform.io.patient_tables import (
    FIRST_DOSE,
    Given,
    PatientTable,
    People,
    Record,
    Wanted,
    read_patient_table,
    times,
)

_MOST = 1e12
_WANTED = (
    Wanted({"test": ("testname", "analyte", "parameter", "labtest", "lbtest", "lbtestcd",
                     "laboratorytest")}, "it"),
    times("", ("sample", "visit", "sampling", "lab", "collection", "blood"),
          "the day of the sample, counted from the first dose"),
    Wanted({"value": ("result", "labvalue", "lbstresn", "testvalue")}, "it"),
    Wanted({"unit": ("units", "lbstresu", "resultunit")}),
    Wanted({"lower_limit": ("lln", "lowerlimitofnormal", "lowerlimitnormal", "reflow",
                            "referencelow", "lower", "low")}),
    Wanted({"upper_limit": ("uln", "upperlimitofnormal", "upperlimitnormal", "refhigh",
                            "referencehigh", "upper", "high")}),
    FIRST_DOSE,
)  # fmt: skip


def read_laboratory(path: Path, people: People) -> Given:
    """Read the file of laboratory values: per patient rows of the table `laboratory`.

    ``<0.2`` is taken as 0.2; of several values of a test on a day the first counts.
    """
    return read_patient_table(path, _WANTED, people, _record, _check)


def _record(reader: PatientTable, row: Row, patient: str) -> Record:
    test, day = reader.text(row, "test"), reader.day(row, "", patient)
    if not test:
        reader.fault(row, "test", "an empty cell", "the name of the test", "Name it.")
    if day is None and not reader.text(row, "day", "week", "month", "date"):
        remedy = "Fill it in, or delete the row."
        reader.fault(row, "day", "an empty cell", "the day of the sample", remedy)
    low = reader.number(row, "lower_limit", -_MOST, _MOST)
    high = reader.number(row, "upper_limit", -_MOST, _MOST)
    if low is not None and high is not None and low > high:
        found = f"limits {low:g} and {high:g}"
        reader.fault(row, "upper_limit", found, "the upper above the lower", "Swap them.")
    return {
        "test": test, "day": day, "value": _value(reader, row),
        "unit": reader.text(row, "unit"), "lower_limit": low, "upper_limit": high,
    }  # fmt: skip


def _value(reader: PatientTable, row: Row) -> float | None:
    text = reader.text(row, "value")
    if not text.startswith(("<", ">", "≤", "≥")):
        return reader.number(row, "value", -_MOST, _MOST)
    bound = read_decimal(text.lstrip(LIMIT_SIGNS), reader.table.delimiter)
    if isinstance(bound, float) and abs(bound) <= _MOST:
        return bound
    reader.fault(row, "value", repr(text), "a number, or < or > and a number", "Correct it.")
    return None


def _check(reader: PatientTable, found: Mapping[str, list[tuple[Row, Record]]]) -> list[str]:
    again: list[str] = []
    bounds = 0
    units: dict[str, set[str]] = {}
    for patient, rows in found.items():
        seen: set[tuple[object, object]] = set()
        kept: list[tuple[Row, Record]] = []
        for row, record in rows:
            key = (record["test"], record["day"])
            units.setdefault(str(record["test"]), set()).add(str(record["unit"]))
            bounds += reader.text(row, "value").startswith(("<", ">", "≤", "≥"))
            if key in seen:
                again.append(f"{patient} {key[0]} (row {row.line})")
                continue
            seen.add(key)
            kept.append((row, record))
        rows[:] = kept
    return _doubts(reader.table.path.name, again, bounds, units)


def _doubts(
    file: str, again: list[str], bounds: int, units: Mapping[str, set[str]]
) -> list[str]:
    told = []
    if again:
        count = counted(len(again), "value")
        told.append(
            f"{count} of a test and day that has one already, left out: {listed(again)}"
        )
    if bounds:
        told.append(f"{counted(bounds, 'value')} with < or > taken as the number behind it")
    mixed = [f"{test} ({', '.join(sorted(of_it))})" for test, of_it in sorted(units.items())
             if len(of_it - {""}) > 1]  # fmt: skip
    if mixed:
        told.append(f"a test in several units, not made one: {listed(mixed)}")
    return [f"{file}: {line}" for line in told]
