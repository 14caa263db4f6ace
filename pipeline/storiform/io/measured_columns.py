"""Columns of which nothing is known before: numbers, flags or categories, with their unit."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from storiform.io.clinical_values import LIMIT_SIGNS, read_decimal
from storiform.io.delimited import Row, read_delimited
from storiform.io.names import counted, listed
from storiform.io.patient_tables import (
    Given,
    PatientTable,
    People,
    Record,
    Wanted,
    find_columns,
    patient_of,
    rows_of,
)
from storiform.model.errors import SheetError, fault

_UNIT = re.compile(r"(.+?)\s*[\[(]([^\[\]()]+)[\])]")
_YES_NO = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0, "t": 1.0, "f": 0.0, "y": 1.0,
           "n": 0.0}  # fmt: skip
_MOST_LEVELS = 10
_MOST = 1e15
"""No measurement is higher in a unit that fits it; behind it sums lose whole numbers."""


@dataclass(frozen=True)
class MeasuredColumn:
    """One column: its name without the unit, its kind, its cells by line."""

    name: str
    unit: str
    kind: str
    values: Mapping[int, float] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)

    def record(self, line: int) -> Record:
        """Return the cell of one row as a row of a long table."""
        value, label = self.values.get(line), self.labels.get(line)
        return {"feature": self.name, "kind": self.kind, "value": value, "label": label,
                "unit_of_measure": self.unit}  # fmt: skip


def part_name(header: str) -> tuple[str, str]:
    """Part the name of a column from the unit in brackets behind it.

    Examples
    --------
    >>> part_name("CD20 [cells/mm2]"), part_name("PD-L1 CPS")
    (('CD20', 'cells/mm2'), ('PD-L1 CPS', ''))
    """
    found = _UNIT.fullmatch(header)
    return (found[1], found[2].strip()) if found else (header, "")


def measured_column(reader: PatientTable, header: str, rows: list[Row]) -> MeasuredColumn:
    """Read a column, of which most cells that are told decide what it is.

    Where most are numbers (or yes and no), another word is a fault: it would make a category
    of a number.
    """
    name, unit = part_name(header)
    told = {row.line: text for row in rows if (text := reader.text(row, header))}
    numbers = {
        line: value
        for line, text in told.items()
        if isinstance(value := read_decimal(text, reader.table.delimiter), float)
    }
    flags = {line: _YES_NO[t.lower()] for line, t in told.items() if t.lower() in _YES_NO}
    for kind, found, expected in (
        ("number", numbers, "a number, as in most rows"),
        ("flag", flags, "yes or no, as in most rows"),
    ):
        if not told or len(found) * 2 <= len(told):
            continue
        for row in rows:
            if row.line in told.keys() - found.keys():
                text = told[row.line]
                remedy = _remedy(kind, text, reader.table.delimiter)
                reader.fault(row, header, repr(text), expected, remedy)
        values = _within(reader, header, told, found) if kind == "number" else found
        return MeasuredColumn(name, unit, kind, values=values)
    return MeasuredColumn(name, unit, "category", labels=told)


def _within(
    reader: PatientTable, header: str, told: Mapping[int, str], numbers: Mapping[int, float]
) -> dict[int, float]:
    """Return the numbers that a measurement can be; the others are faults of their cells."""
    for line, value in numbers.items():
        if abs(value) > _MOST:
            expected = f"a number from {-_MOST:g} to {_MOST:g}"
            remedy = "Correct it, leave it empty, or give the column in another unit."
            reader.cells.add(line, header, repr(told[line]), expected, remedy)
    return {line: value for line, value in numbers.items() if abs(value) <= _MOST}


def _remedy(kind: str, text: str, delimiter: str) -> str:
    """Tell what to write; without its value a cell beyond a limit would count as unknown."""
    limit = text.lstrip(LIMIT_SIGNS)
    if kind == "number" and isinstance(read_decimal(limit, delimiter), float):
        return f"Write {limit}, and note that it is a limit; empty, the value would be lost."
    return "Correct it or leave it empty."


def read_measurements(
    path: Path,
    patients: People,
    biopsies: People,
    is_taken: Callable[[str], bool] = lambda _: True,
) -> tuple[str, Given]:
    """Read a table of measurements; tell whether it is one of patients or of biopsies.

    Parameters
    ----------
    path
        CSV or TSV with a column `biopsy`, else `patient`, and one column a feature.
    patients, biopsies
        The names that are known.
    is_taken
        Which columns are features; all are, unless it is told.

    Returns
    -------
    tuple[str, Given]
        ``patient`` or ``biopsy``, and the long rows of each.
    """
    try:
        table = read_delimited(path)
    except SheetError as error:
        return "patient", Given(faults=(str(error),))
    of_biopsies = any(name.lower() == "biopsy" for name in table.columns)
    key = "biopsy" if of_biopsies else "patient"
    patient = patient_of(patients)
    wanted = [Wanted({key: ()}, "it") if of_biopsies else patient]
    columns, faults, _ = find_columns(table, wanted)
    if faults := [*table.faults, *faults]:
        return key, Given(faults=tuple(faults))
    headers = [
        name
        for name in table.columns
        if name != columns[key] and not (of_biopsies and patient.form(name)) and is_taken(name)
    ]
    reader = PatientTable(table, {n: n for n in headers} | columns, patients)
    known = (biopsies if of_biopsies else patients).names
    rows, doubts, faults = rows_of(reader, key, known)
    for unit, own in rows.items():
        if len(own) > 1:
            where = f"{path.name}, rows {listed(row.line for row in own)}"
            found = f"{key} {unit} {len(own)} times"
            faults.append(fault(where, found, f"one row per {key}", "Keep the row that holds."))
    every = [row for own in rows.values() for row in own]
    measured = [measured_column(reader, header, every) for header in headers]
    faults += [*_faults(path, measured), *reader.cells.told()]
    doubts += _doubts(path, measured)
    long = {unit: _long(measured, own[0].line) for unit, own in rows.items()}
    return key, Given(long, tuple(faults), tuple(doubts), tuple(doubts))


def _long(measured: list[MeasuredColumn], line: int) -> tuple[Record, ...]:
    told = [one for one in measured if one.values or one.labels]
    return tuple(one.record(line) for one in told)


def _faults(path: Path, measured: list[MeasuredColumn]) -> list[str]:
    names = [one.name for one in measured]
    where = f"{path.name}, row 1"
    if not names:
        return [fault(where, "no further column", "one column a feature", "Add them.")]
    return [
        fault(where, f"columns {name} in several units", "it once", "Rename or remove one.")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]


def _doubts(path: Path, measured: list[MeasuredColumn]) -> list[str]:
    """Tell of columns that say nothing, and of those that are probably not what they seem."""
    empty = [one.name for one in measured if not (one.values or one.labels)]
    coded = [one.name for one in measured
             if one.kind == "number" and set(one.values.values()) == {0.0, 1.0}]  # fmt: skip
    wordy = [one.name for one in measured if len(set(one.labels.values())) > _MOST_LEVELS]
    lists = (
        ("without a value, left out", empty),
        ("of 0 and 1 alone, taken as numbers (write yes and no for a flag)", coded),
        (f"of more than {_MOST_LEVELS} different words, taken as categories", wordy),
    )
    return [
        f"{path.name}: {counted(len(names), 'column')} {what}: {listed(names)}"
        for what, names in lists
        if names
    ]
