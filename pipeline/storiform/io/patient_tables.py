"""Tables of a whole cohort with a column of patients: which column means what, whose rows.

The files of lesions, doses, adverse events and laboratory values are all of this kind. What
is wrong with a file is collected, so that it can be told at once.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from storiform.io.cell_faults import CellFaults
from storiform.io.clinical_values import DAYS, compact, is_bracketed, read_decimal
from storiform.io.delimited import Delimited, Row, read_delimited
from storiform.io.names import counted, listed, nearest_id
from storiform.model.cohort import Value
from storiform.model.errors import SheetError, fault

Record = dict[str, Value]
PATIENT = (
    "patient", "patientid", "patientcode", "patientnumber", "subject", "subjectid", "usubjid",
    "participant", "participantid", "caseid", "pid",
)  # fmt: skip
"""Names of the column of patients, in lower case, letters and digits alone."""
UNTOLD = frozenset(
    {"ne", "nd", "notdone", "notevaluated", "notassessed", "notevaluable", "unk"}
)
"""Further words of a missing value."""
_LONGEST_UNTOLD = 20
_FARTHEST_DAY = 12_000.0
"""Days from the first dose; dates as spreadsheets count them lie beyond."""
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})([T ].*)?")
_SCALES = {"day": 1.0, "week": DAYS["weeks"], "month": DAYS["months"]}


@dataclass(frozen=True)
class People:
    """Who is known: the names of the cohort, and when patients had their first dose.

    `column` is what the clinical table calls the patient; other files may call it so, too.
    `aside` are patients of faulty rows of the sample sheet. Where the clinical table has no
    row, not all patients are known (`is_whole`), and a stranger may be one of them.
    """

    names: frozenset[str]
    starts: Mapping[str, date] = field(default_factory=dict)
    column: str = ""
    aside: frozenset[str] = frozenset()
    is_whole: bool = True


@dataclass(frozen=True)
class Given:
    """The rows of each unit in a file, with what is wrong and what is worth knowing."""

    rows: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """One meaning that a column can have, in one of several units.

    Parameters
    ----------
    forms
        Canonical names, one a unit, to the words that mean it too (compact).
    remedy
        What a user does where it is missing; empty: it may be.
    unitless
        Words that mean it but do not tell the unit.
    """

    forms: Mapping[str, Sequence[str]]
    remedy: str = ""
    unitless: Sequence[str] = ()

    def form(self, column: str) -> str:
        """Return the canonical name of a column, empty where it means something else."""
        word = compact(column)
        known = (n for n, words in self.forms.items() if word in {compact(n), *words})
        return next(known, "")


def times(prefix: str, words: Sequence[str], remedy: str = "") -> Wanted:
    """Return the meaning of a time: `PREFIXday`, `week`, `month` or `date`.

    Examples
    --------
    >>> times("start_", ("start",)).form("Start (weeks)")
    'start_week'
    """
    bare = prefix.replace("_", "")
    forms = {
        f"{prefix}{unit}": [
            f"{bare}{unit}s",
            *(f"{word}{unit}{plural}" for word in words for plural in ("", "s")),
        ]
        for unit in (*_SCALES, "date")
    }
    return Wanted(forms, remedy, [bare, *words] if bare else [])


def read_date(text: str) -> date | None:
    """Read a date as ISO 8601 writes it, None if it is none.

    Examples
    --------
    >>> read_date("2021-03-04 08:30"), read_date("4/3/2021")
    (datetime.date(2021, 3, 4), None)
    """
    found = _ISO.fullmatch(text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


@dataclass
class PatientTable:
    """A file while it is read: cells by meaning, faults by row."""

    table: Delimited
    columns: Mapping[str, str]
    people: People
    cells: CellFaults = field(init=False)

    def __post_init__(self) -> None:
        self.cells = CellFaults(self.table.path.name)

    def text(self, row: Row, *names: str) -> str:
        """Return the cell of the first of some meanings that has a column."""
        column = next((self.columns[name] for name in names if name in self.columns), None)
        text = row.cell(column) if column is not None else ""
        if is_bracketed(text):
            return ""
        may_be = text[:1] in "nNuU" and len(text) <= _LONGEST_UNTOLD  # spares most a look
        return "" if may_be and compact(text) in UNTOLD else text

    def fault(self, row: Row, name: str, found: str, expected: str, remedy: str) -> None:
        """Note a fault of one cell."""
        self.cells.add(row.line, self.columns.get(name, name), found, expected, remedy)

    def number(self, row: Row, name: str, low: float, high: float) -> float | None:
        """Read a number within bounds; None where there is none, or a faulty one."""
        text = self.text(row, name)
        if not text:
            return None
        value = read_decimal(text, self.table.delimiter)
        if isinstance(value, float) and low <= value <= high:
            return value
        found = repr(text) + ("" if isinstance(value, float) else f", {value}")
        expected = f"a number from {low:g} to {high:g}"
        self.fault(row, name, found, expected, "Correct it or leave it empty.")
        return None

    def word(
        self, row: Row, name: str, words: Mapping[str, Value], expected: str, default: Value
    ) -> Value:
        """Read one of a few words; `default` where the cell is empty."""
        text = self.text(row, name)
        if not text:
            return default
        if compact(text) not in words:
            self.fault(row, name, repr(text), expected, "Correct it.")
            return default
        return words[compact(text)]

    def day(self, row: Row, prefix: str, patient: str) -> float | None:
        """Read a time as days from the patient's first dose, None where there is none."""
        names = [f"{prefix}{unit}" for unit in (*_SCALES, "date")]
        name = next((name for name in names if name in self.columns), names[0])
        text = self.text(row, name)
        if not text:
            return None
        if found := _ISO.fullmatch(text):
            return self._since_start(row, name, patient, found)
        unit = name.removeprefix(prefix)
        value = read_decimal(text, self.table.delimiter)
        if unit == "date" or isinstance(value, str):
            expected = "a date as YYYY-MM-DD" + ("" if unit == "date" else f", or a {unit}")
            self.fault(row, name, repr(text), expected, "Correct it.")
            return None
        if abs(value * _SCALES[unit]) > _FARTHEST_DAY:
            expected = f"a {unit} counted from the first dose"
            remedy = "A date is written YYYY-MM-DD."
            self.fault(row, name, repr(text), expected, remedy)
            return None
        return value * _SCALES[unit]

    def _since_start(
        self, row: Row, name: str, patient: str, found: re.Match[str]
    ) -> float | None:
        when = read_date(found[0])
        if when is None:
            self.fault(row, name, repr(found[0]), "a date of the calendar", "Correct it.")
            return None
        start = self.people.starts.get(patient) or self._own_start(row)
        if start is None:
            expected = "days, or the date of the patient's first dose"
            remedy = "Add a column start_date to the clinical table, or give days."
            self.fault(row, name, "a date", expected, remedy)
            return None
        return float((when - start).days)

    def _own_start(self, row: Row) -> date | None:
        return read_date(self.text(row, "first_dose_date"))


FIRST_DOSE = Wanted(
    {
        "first_dose_date": (
            "dateoffirstdose", "startdate", "treatmentstart", "treatmentstartdate",
            "dateoftreatmentstart", "rfstdtc", "c1d1", "c1d1date",
        )
    }
)  # fmt: skip
"""The date from which days are counted, where a file brings it itself."""


def read_patient_table(
    path: Path,
    wanted: Sequence[Wanted],
    people: People,
    read: Callable[[PatientTable, Row, str], Record],
    check: Callable[[PatientTable, Mapping[str, list[tuple[Row, Record]]]], list[str]],
) -> Given:
    """Read a file row by row, patient by patient.

    Parameters
    ----------
    path
        CSV or TSV.
    wanted
        What its columns can mean, but for the patient.
    people
        Rows of others are left out, with a doubt.
    read
        Makes the record of one row.
    check
        Compares the records of the file, patient by patient; it may change them, and returns
        what is doubtful.
    """
    try:
        table = read_delimited(path)
    except SheetError as error:
        return Given(faults=(str(error),))
    columns, faults, notes = find_columns(table, [patient_of(people), *wanted])
    faults = [*table.faults, *faults]
    if faults:
        return Given(faults=tuple(faults), notes=tuple(notes))
    reader = PatientTable(table, columns, people)
    rows, doubts, faults = rows_of(reader, "patient", people.names)
    found = {
        name: [(row, read(reader, row, name)) for row in own] for name, own in rows.items()
    }
    doubts += check(reader, found)
    records = {name: tuple(record for _, record in own) for name, own in found.items()}
    told = (*faults, *reader.cells.told())
    return Given(records, told, (*notes, *doubts), tuple(doubts))


def patient_of(people: People) -> Wanted:
    """Return the meaning of the column of patients: the usual words, or the clinic's own."""
    own = (compact(people.column),) if compact(people.column) else ()
    remedy = "it. A name of cohort.columns.patient is understood here, too"
    return Wanted({"patient": (*PATIENT, *own)}, remedy)


def find_columns(
    table: Delimited, wanted: Sequence[Wanted]
) -> tuple[dict[str, str], list[str], list[str]]:
    """Map canonical names to the columns of a file; with faults and notes."""
    where, columns = f"{table.path.name}, row 1", {}
    faults: list[str] = []
    for one in wanted:
        alike = [name for name in table.columns if one.form(name)]
        exact = [n for n in alike if n.lower().replace(" ", "_") in one.forms]
        forms = [one.form(n) for n in exact or alike]
        name = min(forms, key=list(one.forms).index, default=next(iter(one.forms)))
        chosen = [n for n in exact or alike if one.form(n) == name]
        if len(chosen) > 1:
            found = f"columns {' and '.join(chosen)}"
            faults.append(fault(where, found, f"one column for {name}", "Remove the others."))
        elif chosen:
            columns[name] = chosen[0]
        elif unclear := [n for n in table.columns if compact(n) in one.unitless]:
            remedy = f"Call it {' or '.join(one.forms)}."
            faults.append(fault(where, f"column {unclear[0]}", "it with its unit", remedy))
        elif one.remedy:
            found = f"columns {', '.join(table.columns)}"
            remedy = f"Add {one.remedy}."
            faults.append(fault(where, found, f"a column {' or '.join(one.forms)}", remedy))
    unused = [name for name in table.columns if name not in columns.values()]
    file = table.path.name
    notes = [f"{file}: columns not used: {', '.join(unused)}"] if unused and not faults else []
    return columns, faults, notes


def rows_of(
    reader: PatientTable, column: str, known: frozenset[str]
) -> tuple[dict[str, list[Row]], list[str], list[str]]:
    """Part the rows by patient (or biopsy); tell of strangers, and if all are strangers."""
    folded = {name.casefold(): name for name in known}
    rows: dict[str, list[Row]] = {}
    strangers: dict[str, None] = {}
    for row in reader.table.rows:
        name = reader.text(row, column)
        twin = folded.get(name.casefold())
        if not name:
            remedy = f"Name the {column}, or delete the row."
            reader.fault(row, column, "an empty cell", f"a {column}", remedy)
        elif twin is None:
            strangers[name] = None
        elif twin != name:
            remedy = "Write both alike."
            reader.fault(row, column, repr(name), f"{twin!r} as written elsewhere", remedy)
        else:
            rows.setdefault(name, []).append(row)
    file = reader.table.path.name
    if strangers and not rows and known:
        found = f"no {column} of the cohort, but names like {listed(strangers, 3)}"
        expected = f"names like {listed(sorted(known), 3)}"
        where = f"{file}, column {reader.columns[column]}"
        return rows, [], [fault(where, found, expected, "Write the names alike.")]
    if not reader.table.rows:
        return rows, [], [fault(file, "a header alone", "rows", "Add them, or leave it out.")]
    return rows, _strangers(reader, column, strangers, known), []


def _strangers(
    reader: PatientTable, column: str, strangers: Iterable[str], known: frozenset[str]
) -> list[str]:
    file, people = reader.table.path.name, reader.people
    told = []
    for name in strangers:
        is_missing = not people.is_whole or name in people.aside
        is_misspelt = column == "biopsy" or not is_missing
        meant = nearest_id(name, known) if is_misspelt else ""
        told.append(f"{name} (did you mean {meant}?)" if meant else name)
    plural = "biopsies" if column == "biopsy" else ""
    count = counted(len(told), column, plural)
    return [f"{file}: {count} not of the cohort, left out: {listed(told)}"] if told else []
