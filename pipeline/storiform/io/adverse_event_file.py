"""The file of adverse events: one row per event, graded by CTCAE."""

import re
from pathlib import Path

from storiform.io.delimited import Row
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

_WANTED = (
    Wanted({"term": ("event", "adverseevent", "preferredterm", "ae", "aeterm", "aedecod",
                     "ctcaeterm")}, "it"),
    Wanted({"grade": ("ctcaegrade", "aegrade", "aetoxgr", "severity", "toxicitygrade",
                      "maxgrade", "worstgrade")}, "it, 1 to 5"),
    Wanted({"is_related": ("related", "relatedness", "causality", "aerel", "relationship",
                           "treatmentrelated", "attribution")}),
    Wanted({"drug": ("drugname", "agent", "relateddrug", "suspecteddrug")}),
    times("", ("onset", "start", "ae", "event", "aestart")),
    Wanted({"action": ("actiontaken", "aeacn", "doseaction")}),
    FIRST_DOSE,
)  # fmt: skip
_RELATED = {
    **dict.fromkeys(
        ("yes", "y", "true", "t", "1", "related", "possible", "possibly", "possiblyrelated",
         "probable", "probably", "probablyrelated", "definite", "definitely",
         "definitelyrelated", "certain"), True,
    ),
    **dict.fromkeys(
        ("no", "n", "false", "f", "0", "notrelated", "unrelated", "unlikely",
         "unlikelyrelated", "none"), False,
    ),
}  # fmt: skip
_GRADE = re.compile(r"(?:grade|gr|g)?[ .]*([1-5])(?:\.0+)?", re.IGNORECASE)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}


def read_adverse_events(path: Path, people: People) -> Given:
    """Read the file of adverse events: per patient rows of the table `adverse_events`."""
    return read_patient_table(path, _WANTED, people, _record, lambda *_: [])


def _record(reader: PatientTable, row: Row, patient: str) -> Record:
    term = reader.text(row, "term")
    if not term:
        reader.fault(row, "term", "an empty cell", "the event", "Name it, or delete the row.")
    related = reader.word(row, "is_related", _RELATED, "yes or no, or how probable", None)
    return {
        "row": row.line, "term": term, "grade": _grade(reader, row), "is_related": related,
        "drug": reader.text(row, "drug") or None, "day": reader.day(row, "", patient),
        "action": reader.text(row, "action") or None,
    }  # fmt: skip


def _grade(reader: PatientTable, row: Row) -> int:
    text = reader.text(row, "grade")
    found = _GRADE.fullmatch(text)
    grade = int(found[1]) if found else _ROMAN.get(text.lower(), 0)
    if not grade:
        told = repr(text) if text else "an empty cell"
        reader.fault(row, "grade", told, "a grade from 1 to 5", "Correct it.")
    return grade
