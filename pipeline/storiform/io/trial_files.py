"""Files of the whole cohort, besides sheet and clinical table: read, judged, parted by unit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from storiform.io.adverse_event_file import read_adverse_events
from storiform.io.after_death import deaths_contradicted
from storiform.io.clinical import Clinical
from storiform.io.dose_file import first_doses, read_doses
from storiform.io.laboratory_file import read_laboratory
from storiform.io.lesion_file import read_lesions
from storiform.io.measured_columns import read_measurements
from storiform.io.names import counted, listed
from storiform.io.paths import unreadable
from storiform.io.patient_tables import Given, People, Record
from storiform.io.sheets import Sheets
from storiform.model.errors import fault
from storiform.model.tables.measurements import BIOPSY_MEASUREMENTS, MEASUREMENTS
from storiform.model.tables.trial import (
    ADVERSE_EVENTS,
    DOSES,
    LABORATORY,
    LESIONS,
    PATIENT_FACTS,
)

_READERS: Mapping[str, Callable[[Path, People], Given]] = {
    LESIONS.name: read_lesions,
    DOSES.name: read_doses,
    ADVERSE_EVENTS.name: read_adverse_events,
    LABORATORY.name: read_laboratory,
}
FILES = tuple(_READERS)
"""Entries of the section `cohort` that name such a file; each fills the table of its name."""
MEASURED = {"patient": MEASUREMENTS.name, "biopsy": BIOPSY_MEASUREMENTS.name}
_NO_EVENT_IS_NO_ROW = ADVERSE_EVENTS.name


@dataclass(frozen=True)
class TrialFiles:
    """What the configuration names besides the sample sheet and the clinical table.

    `files` maps the names of `FILES` to paths; `measurements` are tables of the user.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    measurements: Sequence[Path] = ()

    def readable(self) -> "TrialFiles":
        """Return those that can be opened; of the others the configuration tells."""
        files = {name: path for name, path in self.files.items() if not unreadable(path)}
        return TrialFiles(files, [path for path in self.measurements if not unreadable(path)])


@dataclass
class _Collected:
    """What all files say together: table -> unit -> rows, and what is wrong or doubtful."""

    rows: dict[str, dict[str, tuple[Record, ...]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    owners: dict[tuple[str, str], Path] = field(default_factory=dict)
    """The file that brought a measured feature, by grain and name."""

    def take(self, table: str, given: Given) -> None:
        self.faults += given.faults
        self.notes += given.notes
        self.doubts += given.doubts
        own = self.rows.setdefault(table, {})
        for unit, rows in given.rows.items():
            own[unit] = (*own.get(unit, ()), *rows)


def with_trial_files(sheets: Sheets, trial: TrialFiles) -> Sheets:
    """Read the files of the whole cohort and add their rows to it, with all that is wrong.

    Days are counted from the date of the first dose: that of the clinical table, else that
    of the file of doses, else that of the file itself.
    """
    report, clinical = sheets.report, sheets.clinical
    patients = frozenset(report.cohort.units("patient"))
    column = clinical.columns.get("patient", "")
    aside = frozenset(sample.patient for sample in sheets.strays)
    is_whole = clinical.path is None or bool(clinical.records)
    people = People(patients, clinical.starts, column, aside, is_whole=is_whole)
    if DOSES.name in trial.files:
        dated = first_doses(trial.files[DOSES.name], people)
        people = replace(people, starts={**dated, **clinical.starts})
    found = _Collected()
    for name, read in _READERS.items():
        if name in trial.files:
            given = read(trial.files[name], people)
            found.take(name, given)
            _note_absent(found, name, given, trial.files[name], patients)
            doubts = deaths_contradicted(name, trial.files[name].name, given.rows, clinical)
            found.notes += doubts
            found.doubts += doubts
    for path in trial.measurements:
        biopsies = People(frozenset(report.cohort.units("biopsy")))
        grain, given = read_measurements(path, people, biopsies, _features_of(path, clinical))
        found.take(MEASURED[grain], given)
        _tell_twice(found, path, grain, given)
    if clinical.facts and any(clinical.facts.values()):
        facts = {name: rows for name, rows in clinical.facts.items() if name in patients}
        found.take(PATIENT_FACTS.name, Given(facts))
    given_rows = {table: rows for table, rows in found.rows.items() if rows}
    told = replace(
        report,
        cohort=replace(report.cohort, given=given_rows),
        notes=(*report.notes, *found.notes),
        doubts=(*report.doubts, *found.doubts),
    )
    return replace(sheets, report=told, faults=(*sheets.faults, *found.faults))


def _note_absent(
    found: _Collected, name: str, given: Given, path: Path, patients: frozenset[str]
) -> None:
    """Tell of whom a file has no row; that of adverse events need not have one of each."""
    absent = sorted(patients - set(given.rows))
    if given.rows and absent and name != _NO_EVENT_IS_NO_ROW:
        count = counted(len(absent), "patient")
        found.notes.append(f"{path.name}: {count} without a row: {listed(absent)}")


def _features_of(path: Path, clinical: Clinical) -> Callable[[str], bool]:
    """Tell which columns of a table of measurements are features.

    Of the clinical table itself those that are named as characteristics, else those that
    have no meaning of their own: time against survival by time would be a finding.
    """
    if clinical.path is None or path.resolve() != clinical.path.resolve():
        return lambda _: True
    if clinical.characteristics:
        return lambda name: name in clinical.characteristics
    return lambda name: name not in clinical.columns.values()


def _tell_twice(found: _Collected, path: Path, grain: str, given: Given) -> None:
    for name in sorted({str(row["feature"]) for rows in given.rows.values() for row in rows}):
        first = found.owners.setdefault((grain, name), path)
        if first != path:
            told = f"column {name}, which {first.name} has too"
            found.faults.append(
                fault(path.name, told, "each feature once", "Rename one of the two.")
            )
