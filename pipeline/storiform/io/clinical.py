"""The clinical table: one row per patient -> typed values in canonical units.

Which column means what is decided by `clinical_columns`, what a cell means by
`clinical_values`. A time without a unit is a fault: days read as months would change
every survival curve without a sign.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from storiform.io.cell_faults import CellFaults
from storiform.io.cells import SEXES
from storiform.io.clinical_columns import (
    OUTCOMES,
    Columns,
    clinical_names,
    find_columns,
    time_name,
)
from storiform.io.clinical_notes import note_of, notes_of_records
from storiform.io.clinical_values import (
    DAYS,
    EVENTS,
    EXPECTED_RESPONSE,
    INFINITE,
    MIXED,
    RESPONSES,
    Response,
    compact,
    is_bracketed,
    read_decimal,
    read_flag,
)
from storiform.io.delimited import Delimited, Row, read_delimited
from storiform.io.event_coding import judge_events
from storiform.io.likeness import faults_of_ids
from storiform.io.measured_columns import measured_column
from storiform.io.names import did_you_mean, listed, unsafe
from storiform.io.patient_tables import PatientTable, People, Record, read_date
from storiform.io.sources import SOURCES
from storiform.model.errors import SheetError, fault
from storiform.model.tables.clinic import CLINIC

MOST_MONTHS = 1200.0


@dataclass
class Clinical:
    """The records of the patients, with what is wrong and what is worth knowing."""

    records: dict[str, Record] = field(default_factory=dict)
    columns: Columns = field(default_factory=dict)
    """Canonical name to the column that was read."""
    path: Path | None = None
    characteristics: tuple[str, ...] = ()
    """The columns that the configuration names as characteristics."""
    starts: dict[str, date] = field(default_factory=dict)
    """The date of a patient's first dose, where the table tells it."""
    facts: dict[str, tuple[Record, ...]] = field(default_factory=dict)
    """The cells of the characteristics."""
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """Those of the notes which tell of times that are likely wrong."""


@dataclass
class _Reader:
    """Reads one row; `file` and `columns` name the place of a fault."""

    file: str
    columns: Columns
    delimiter: str
    faults: CellFaults
    mixed: set[str] = field(default_factory=set)
    """Patients with a mixed response."""
    coded: frozenset[str] = frozenset()
    """Columns of events that a fault tells of as a whole."""
    misread: set[str] = field(default_factory=set)
    """Patients with a time or an event that cannot be read."""
    infinite: dict[str, set[str]] = field(default_factory=dict)
    """Column to the patients whose number is infinite in it."""

    def cell(self, row: Row, name: str) -> str:
        column = self.columns.get(name)
        return _told(row, column) if column is not None else ""

    def fault(self, row: Row, name: str, found: str, expected: str, remedy: str) -> None:
        self.faults.add(row.line, self.columns.get(name, name), found, expected, remedy)
        if name.partition("_")[0] in OUTCOMES:
            self.misread.add(self.cell(row, "patient"))

    def number(self, row: Row, name: str, low: float, high: float) -> float | None:
        text = self.cell(row, name)
        if not text:
            return None
        if text.lower() in INFINITE:
            patients = self.infinite.setdefault(self.columns.get(name, name), set())
            patients.add(self.cell(row, "patient"))
            return None
        value = read_decimal(text, self.delimiter)
        if isinstance(value, float) and low <= value <= high:
            return value
        found = repr(text) + ("" if isinstance(value, float) else f", {value}")
        expected = f"a number from {low:g} to {high:g}"
        outcome, _, unit = name.partition("_")
        is_long = unit in DAYS and unit != "days" and isinstance(value, float) and value > high
        days = f", or call the column {outcome}_days if days are meant" if is_long else ""
        self.fault(row, name, found, expected, f"Correct it or leave it empty{days}.")
        return None

    def record(self, row: Row) -> Record:
        record: Record = dict.fromkeys(CLINIC.columns)
        record.update(self.response(row))
        change = self.number(row, "best_change_percent", -100.0, 10_000.0)
        record["best_change_percent"] = change
        for outcome in ("pfs", "os"):
            months = self.months(row, outcome)
            event = self.event(row, outcome)
            record[f"{outcome}_months"], record[f"{outcome}_event"] = months, event
        for name in ("histology", "arm"):
            record[name] = self.cell(row, name) or None
        record["sex"] = self.sex(row)
        record["age_years"] = self.number(row, "age_years", 0.0, 120.0)
        return record

    def months(self, row: Row, outcome: str) -> float | None:
        name = time_name(self.columns, outcome)
        days = DAYS[name.removeprefix(f"{outcome}_")]
        value = self.number(row, name, 0.0, MOST_MONTHS * DAYS["months"] / days)
        return (
            None
            if value is None
            else (value if days == DAYS["months"] else _months(value, days))
        )

    def event(self, row: Row, outcome: str) -> bool | None:
        for suffix, is_event in (("event", True), ("censored", False)):
            name = f"{outcome}_{suffix}"
            text = self.cell(row, name)
            if text:
                flag = read_flag(text, EVENTS if is_event else {})
                if flag is not None and name not in self.coded:
                    return flag is is_event
                if name in self.coded:
                    self.misread.add(self.cell(row, "patient"))
                    return None
                expected = "1 or 0, true or false, yes or no"
                expected += ", dead or alive, progressed or censored" if is_event else ""
                self.fault(row, name, repr(text), expected, "Recode the column.")
        return None

    def start(self, clinical: Clinical, row: Row, patient: str) -> None:
        text = self.cell(row, "start_date")
        start = read_date(text)
        if start is not None:
            clinical.starts[patient] = start
        elif text and not any("start_date" in note for note in clinical.notes):
            told = f"{text!r} (row {row.line}) is no date as YYYY-MM-DD, not used"
            clinical.notes.append(f"{self.file}: start_date: {told}")

    def sex(self, row: Row) -> str | None:
        text = self.cell(row, "sex").lower()
        if text in {"", "unknown", "u"}:
            return None
        if text not in SEXES:
            self.fault(
                row, "sex", repr(text), "female or male", "Correct it or leave it empty."
            )
        return SEXES.get(text)

    def response(self, row: Row) -> Record:
        text = self.cell(row, "response")
        found: Response = RESPONSES.get(compact(text), Response()) if text else Response()
        if compact(text) in MIXED:
            self.mixed.add(self.cell(row, "patient"))
        if text and compact(text) not in RESPONSES:
            remedy = "Correct it, or name another column under cohort.columns.response."
            self.fault(row, "response", repr(text), EXPECTED_RESPONSE, remedy)
        record: Record = {
            "response": found.code,
            "responded": found.responded,
            "disease_control": found.disease_control,
        }
        for name in ("responded", "disease_control"):
            flag_text = self.cell(row, name)
            word = RESPONSES.get(compact(flag_text))
            flag = read_flag(flag_text, {}) if word is None else word.responded
            if flag_text and flag is None and (word is None or word.code != "NE"):
                self.fault(row, name, repr(flag_text), "yes or no", "Correct it.")
            elif flag is not None and record[name] not in (None, flag):
                told = f"{flag_text!r}, where the response is {text}"
                self.fault(row, name, told, "what the response says", "Correct one of the two.")
            elif record[name] is None and found.code != "NE":
                record[name] = flag
        return record


def _told(row: Row, column: str) -> str:
    """Return a cell, empty where it is a reason for none: TCGA's `[Unknown]` and its like."""
    text = row.cell(column)
    return "" if is_bracketed(text) else text


def _months(value: float, days: float) -> float:
    return value * days / DAYS["months"]


def read_clinical(
    path: Path,
    explicit: Mapping[str, str],
    patients: Iterable[str],
    characteristics: Sequence[str] = (),
) -> Clinical:
    """Read the clinical table of the `patients` of a sample sheet.

    Parameters
    ----------
    path
        CSV or TSV with one row per patient.
    explicit
        Canonical name to the file's column, as the configuration names them.
    patients
        The patients of the sample sheet; none where it could not be read.
    characteristics
        Further columns to be read, as numbers or categories.
    """
    clinical = Clinical(path=path, characteristics=tuple(characteristics))
    try:
        table = read_delimited(path)
    except SheetError as error:
        clinical.faults.append(str(error))
        return clinical
    clinical.faults.extend(table.faults)
    if swapped := _sheet_columns(table.columns, explicit):
        found = f"{', '.join(swapped)}: this looks like the sample sheet"
        remedy = "If the two files are swapped, swap cohort.samples and cohort.clinical."
        clinical.faults.append(
            fault(
                f"{path.name}, row 1", found, "the clinical table (response, PFS, OS)", remedy
            )
        )
        return clinical

    def cells(name: str) -> Iterable[str]:
        return (text for row in table.rows if (text := _told(row, name)))

    columns, faults, notes = find_columns(
        path.name, table.columns, explicit, characteristics, cells
    )
    clinical.columns = columns
    clinical.faults.extend(faults)
    clinical.notes.extend(notes)
    if "patient" not in columns:
        return clinical
    coding = judge_events(path.name, columns, cells, table.delimiter)
    clinical.faults.extend(coding.faults)
    reader = _Reader(
        path.name, coding.columns, table.delimiter, CellFaults(path.name), coded=coding.coded
    )
    _read_rows(clinical, reader, table, set(patients))
    _read_facts(clinical, reader, table, characteristics)
    return clinical


def _read_facts(
    clinical: Clinical, reader: _Reader, table: Delimited, characteristics: Sequence[str]
) -> None:
    """Read the columns that the configuration names; a flag is a category of two words."""
    known = [name for name in characteristics if name in table.columns]
    for name in characteristics:
        if name not in known:
            remedy = f"Correct it; {did_you_mean(name, table.columns)}"
            expected = f"a column of {reader.file}"
            clinical.faults.append(
                fault("cohort.characteristics", repr(name), expected, remedy)
            )
    rows = [row for row in table.rows if reader.cell(row, "patient")]
    of_file = PatientTable(table, {name: name for name in known}, People(frozenset()))
    columns = [measured_column(of_file, name, rows) for name in known]
    clinical.faults.extend(of_file.cells.told())
    for row in rows:
        clinical.facts[reader.cell(row, "patient")] = tuple(
            {
                "variable": header,
                "kind": "number" if column.kind == "number" else "category",
                "value": column.values.get(row.line) if column.kind == "number" else None,
                "label": None if column.kind == "number" else of_file.text(row, header) or None,
            }
            for header, column in zip(known, columns, strict=True)
        )


def _sheet_columns(header: Iterable[str], explicit: Mapping[str, str]) -> list[str]:
    """Name the columns of a sample sheet, none where the table has a sign of a clinical one."""
    names = {name.lower().replace(" ", "_") for name in header}
    files = {column for source in SOURCES for column in source.columns} | {"bam", "cram"}
    if explicit or "sample" not in names or clinical_names(header):
        return []
    found = sorted(names & (files | {"status"}))
    return ["sample", *found] if found else []


def _read_rows(clinical: Clinical, reader: _Reader, table: Delimited, known: set[str]) -> None:
    if not table.rows:
        found = "a header alone"
        clinical.faults.append(fault(reader.file, found, "rows", "Add one row per patient."))
    lines: dict[str, list[int]] = {}
    folded = {name.casefold(): name for name in known}
    for row in table.rows:
        name = reader.cell(row, "patient")
        if not name:
            reader.fault(row, "patient", "an empty cell", "a patient", "Name the patient.")
            continue
        if why := unsafe(name):
            expected = "letters, digits, '.', '_' and '-', as in the sample sheet"
            reader.fault(row, "patient", f"{why} in {name!r}", expected, "Rename it.")
        twin = folded.setdefault(name.casefold(), name)
        if twin != name:
            remedy = "Write both alike."
            reader.fault(row, "patient", repr(name), f"{twin!r} as written elsewhere", remedy)
        lines.setdefault(name, []).append(row.line)
        clinical.records[name] = reader.record(row)
        reader.start(clinical, row, name)
    clinical.faults.extend(reader.faults.told())
    for name, places in sorted(lines.items()):
        if len(places) > 1:
            where = f"{reader.file}, rows {listed(places)}"
            found = f"patient {name} {len(places)} times"
            clinical.faults.append(
                fault(where, found, "one row per patient", "Keep the row that holds.")
            )
    _compare(clinical, reader, known)
    told = notes_of_records(
        reader.file, clinical.records, reader.columns, reader.mixed, reader.misread
    )
    endless = [
        note_of(reader.file, f"with an infinite {column}, read as missing", who)
        for column, who in reader.infinite.items()
    ]
    clinical.notes.extend([*told.notes, *endless])
    clinical.doubts.extend([*told.doubts, *endless])


def _compare(clinical: Clinical, reader: _Reader, known: set[str]) -> None:
    """Compare the patients with those of the sample sheet; some may lack on either side."""
    names = {name.casefold() for name in known}
    if clinical.records and names and names.isdisjoint(map(str.casefold, clinical.records)):
        clinical.faults.append(_strangers(reader, clinical.records, known))
        return
    where = f"{reader.file}, column {reader.columns['patient']}"
    clinical.faults.extend(faults_of_ids(where, clinical.records, known))
    clinical.notes.extend(_missing(reader, clinical.records, known))


def _strangers(reader: _Reader, records: Mapping[str, Record], known: set[str]) -> str:
    """Tell that the two tables share no patient: with none, nothing could be tested."""
    column = reader.columns["patient"]
    found = f"no patient of the sample sheet, but ids like {listed(sorted(records), 3)}"
    expected = f"ids like {listed(sorted(known), 3)}, as in the sample sheet"
    remedy = "Write the ids alike, or name the column that has them: cohort.columns.patient."
    return fault(f"{reader.file}, column {column}", found, expected, remedy)


def _missing(reader: _Reader, records: Mapping[str, Record], known: set[str]) -> list[str]:
    doubts = (
        ("without a sample", set(records) - known if known else set()),
        ("of the sample sheet without a clinical row", known - set(records)),
    )
    return [note_of(reader.file, what, who) for what, who in doubts if who]
