"""The file of lesions: one row per lesion and assessment."""

import re
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from storiform.io.clinical_values import compact, read_flag
from storiform.io.delimited import Row
from storiform.io.names import counted
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
from storiform.model.cohort import Value

_MOST_MM = 1000.0
_MM = {"mm": 1.0, "cm": 10.0}
_LONGEST = ("diameter", "longestdiameter", "longdiameter", "ld", "size", "length", "diam")
_ACROSS = (
    "perpendicular", "perpendiculardiameter", "shortestdiameter", "shortdiameter",
    "seconddiameter", "width",
)  # fmt: skip
_ROLES = {
    **dict.fromkeys(("target", "t", "tl", "targetlesion", "index"), "target"),
    **dict.fromkeys(
        ("nontarget", "nt", "ntl", "nontargetlesion", "nonindex", "n"), "non-target"
    ),
    **dict.fromkeys(("new", "nl", "newlesion"), "new"),
}
_CR = ("cr", "absent", "gone", "disappeared", "resolved", "completeresponse")
_STABLE = (
    "noncrnonpd", "noncrnonprogressivedisease", "present", "stable", "sd", "pr", "persists",
    "persistent", "incompleteresponsestabledisease", "irsd", "new", "yes", "unequivocal",
)  # fmt: skip
_PD = ("pd", "progression", "progressed", "progressivedisease", "unequivocalprogression")
_STATUSES = {
    **dict.fromkeys(_CR, "CR"),
    **dict.fromkeys(_STABLE, "non-CR/non-PD"),
    **dict.fromkeys(_PD, "PD"),
    **dict.fromkeys(("equivocal", "unclear"), "NE"),
    **dict.fromkeys(("toosmall", "toosmalltomeasure", "tstm"), "too small"),
}
_TOO_SMALL = frozenset({"toosmall", "toosmalltomeasure", "tstm", "5", "5mm"})
_MINUS = ("-", "\N{MINUS SIGN}", "\N{EN DASH}")
_NODE = re.compile(r"lymph|\bnod(e|es|al)\b|\bln\b", re.IGNORECASE)
_DOUBTFUL_MM = 5.0


def _lengths(name: str, words: tuple[str, ...], remedy: str = "") -> Wanted:
    forms = {f"{name}_{unit}": [f"{word}{unit}" for word in words] for unit in _MM}
    return Wanted(forms, remedy, words)


_WANTED = (
    Wanted({"lesion": ("lesionid", "lesionname", "lesionnumber", "lesionno")}, "it"),
    Wanted({"role": ("lesiontype", "type", "category", "lesionrole", "lesioncategory")},
           "it: target, non-target or new"),
    Wanted({"site": ("organ", "location", "lesionsite", "anatomicalsite", "region")}),
    times("", ("assessment", "visit", "scan", "study", "image", "imaging"),
          "the day of the assessment, counted from the first dose"),
    _lengths("diameter", _LONGEST, "the longest diameter, of a lymph node the short axis"),
    _lengths("perpendicular", _ACROSS),
    Wanted({"is_node": ("node", "nodal", "lymphnode", "islymphnode")}),
    Wanted({"status": ("lesionstatus", "nontargetstatus", "assessment", "evaluation")}),
    FIRST_DOSE,
)  # fmt: skip


def read_lesions(path: Path, people: People) -> Given:
    """Read the file of lesions: per patient rows with the columns of the table `lesions`."""
    return read_patient_table(path, _WANTED, people, _record, _check)


def _record(reader: PatientTable, row: Row, patient: str) -> Record:
    lesion = reader.text(row, "lesion")
    if not lesion:
        reader.fault(row, "lesion", "an empty cell", "the lesion's name", "Name it.")
    role = reader.word(row, "role", _ROLES, "target, non-target or new", None)
    if role is None and not reader.text(row, "role"):
        expected = "target, non-target or new"
        reader.fault(row, "role", "an empty cell", expected, "Fill it in.")
    day = reader.day(row, "", patient)
    if day is None and not reader.text(row, "day", "week", "month", "date"):
        remedy = "Fill it in, or delete the row."
        reader.fault(row, "day", "an empty cell", "the day of the assessment", remedy)
    site = reader.text(row, "site") or None
    status = _status(reader, row, role)
    return {
        "lesion": lesion, "role": role, "site": site, "day": day,
        "diameter_mm": _millimetres(reader, row, "diameter"),
        "perpendicular_mm": _millimetres(reader, row, "perpendicular"),
        "is_node": _is_node(reader, row, site), "status": status,
    }  # fmt: skip


def _millimetres(reader: PatientTable, row: Row, name: str) -> float | None:
    unit = next((unit for unit in _MM if f"{name}_{unit}" in reader.columns), "mm")
    column = f"{name}_{unit}"
    if _is_too_small(reader.text(row, column)):
        return None
    value = reader.number(row, column, 0.0, _MOST_MM / _MM[unit])
    return None if value is None else value * _MM[unit]


def _is_too_small(text: str) -> bool:
    """Tell "<5" and "5 mm" from the number 5, and from -5, whose sign `compact` drops."""
    bare = text.strip()
    is_number = bare.isdigit() or bare.startswith(_MINUS)
    return compact(text) in _TOO_SMALL and not is_number


def _status(reader: PatientTable, row: Row, role: Value) -> Value:
    small = any(_is_too_small(reader.text(row, f"diameter_{unit}")) for unit in _MM)
    expected = "CR, non-CR/non-PD, PD, NE or too small"
    status = reader.word(row, "status", _STATUSES, expected, None)
    if small or status == "too small":
        return "too small"
    if role == "target":
        return None
    is_told = "status" in reader.columns and bool(row.cell(reader.columns["status"]))
    return "NE" if status is None and is_told else status


def _is_node(reader: PatientTable, row: Row, site: str | None) -> bool | None:
    """Read whether a lesion is a lymph node, or tell it by its site."""
    text = reader.text(row, "is_node")
    if text:
        flag = read_flag(text, {"node": True, "nodal": True, "extranodal": False})
        if flag is None:
            reader.fault(row, "is_node", repr(text), "yes or no", "Correct it.")
        return flag
    return bool(_NODE.search(site)) if site else None


def _check(reader: PatientTable, found: Mapping[str, list[tuple[Row, Record]]]) -> list[str]:
    for patient, rows in found.items():
        seen: dict[tuple[Value, Value], int] = {}
        roles: dict[Value, set[str]] = {}
        for row, record in rows:
            lesion, day = record["lesion"], record["day"]
            first = seen.setdefault((lesion, day), row.line)
            if first != row.line and lesion and day is not None:
                told = f"lesion {lesion} of {patient} on day {day:g} again (row {first})"
                reader.fault(row, "", told, "each lesion once a day", "Remove one of the rows.")
            if record["role"]:
                roles.setdefault(lesion, set()).add(str(record["role"]))
        for row, record in rows:
            of_it = sorted(roles.get(record["lesion"], set()))
            if len(of_it) > 1 and record["role"] != of_it[0]:
                told = f"lesion {record['lesion']} of {patient} as {' and '.join(of_it)}"
                reader.fault(row, "role", told, "one role a lesion", "Correct or rename it.")
    return _odd_units(reader, found)


def _odd_units(
    reader: PatientTable, found: Mapping[str, list[tuple[Row, Record]]]
) -> list[str]:
    """Tell if the diameters look like centimetres."""
    targets = [
        record["diameter_mm"]
        for rows in found.values()
        for _, record in rows
        if record["role"] == "target"
    ]
    sizes = [value for value in targets if isinstance(value, float) and value > 0]
    if sizes and median(sizes) < _DOUBTFUL_MM:
        told = f"the median of {counted(len(sizes), 'target diameter')} is {median(sizes):g} mm"
        return [f"{reader.table.path.name}: {told}; are they in cm?"]
    return []
