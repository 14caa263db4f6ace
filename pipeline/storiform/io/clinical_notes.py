"""What the records of a clinical table make one ask: units, swapped columns, unused cells."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from storiform.io.clinical_columns import OUTCOMES, Columns, time_name
from storiform.io.names import counted, listed
from storiform.io.patient_tables import Record

SUSPICIOUS_MONTHS = 240.0
"""A longer follow-up is possible, but days or weeks called months are likelier."""
_SEVERAL, _MANY = 2, 4
"""Patients whose PFS is longer than the OS for a warning; whose times agree not by chance."""


class Told(NamedTuple):
    """What is worth knowing, and those of it that are likely mistakes."""

    notes: list[str]
    doubts: list[str]


def notes_of_records(
    file: str,
    records: Mapping[str, Record],
    columns: Columns,
    mixed: set[str],
    misread: set[str],
) -> Told:
    """Tell what is odd in the records of a clinical table.

    Parameters
    ----------
    file
        Its name.
    records
        By patient.
    columns
        Canonical name to the column that was read.
    mixed
        Patients with a mixed response.
    misread
        Patients with a time or an event at fault, of which the fault tells.
    """
    longer = _who(records, _is_pfs_longer)
    late = _late(file, records, columns)
    censored = _progressed_without_event(file, records, columns)
    odd = [note_of(file, "with a PFS longer than the OS", longer)] if longer else []
    doubts = odd if len(longer) >= _SEVERAL else []  # one may be a slip
    alike = _alike(file, records)
    notes = [*_fractions(file, records)]
    if mixed:
        told = "with a mixed response, which RECIST does not know: counted as not evaluable"
        notes.append(note_of(file, told, mixed))
    notes += [*odd, *late, *alike, *censored]
    unused: list[tuple[str, Callable[[Record], bool]]] = [
        ("with a time but no event column or cell, not used for survival", _is_eventless)
    ]
    if any(time_name(columns, outcome) in columns for outcome in OUTCOMES):
        unused.append(("with an event but no time, not used for survival", _is_timeless))
    for told, is_unused in unused:
        if who := _who(records, is_unused) - misread:
            notes.append(note_of(file, told, who))
    return Told(notes, [*doubts, *late, *alike, *censored])


def note_of(file: str, what: str, who: set[str]) -> str:
    """Write of how many patients something is true, and of whom."""
    return f"{file}: {counted(len(who), 'patient')} {what}: {listed(sorted(who))}"


def _who(records: Mapping[str, Record], is_odd: Callable[[Record], bool]) -> set[str]:
    return {name for name, record in records.items() if is_odd(record)}


def _fractions(file: str, records: Mapping[str, Record]) -> list[str]:
    changes = [record["best_change_percent"] for record in records.values()]
    known = [abs(change) for change in changes if isinstance(change, float)]
    if known and 0 < max(known) <= 1:
        return [f"{file}: best changes are all within 1 %; are they fractions?"]
    return []


def _alike(file: str, records: Mapping[str, Record]) -> list[str]:
    """Tell of an outcome whose time is one and the same in all of many patients."""
    found = []
    for outcome in OUTCOMES:
        times = [record[f"{outcome}_months"] for record in records.values()]
        known = [time for time in times if isinstance(time, float)]
        if len(known) >= _MANY and len(set(known)) == 1:
            people = counted(len(known), "patient")
            found.append(
                f"{file}: the {outcome.upper()} of all {people} is {known[0]:.3g} months; is "
                "the column the right one?"
            )
    return found


def _late(file: str, records: Mapping[str, Record], columns: Columns) -> list[str]:
    """Tell of times too long for months, and what the column of days is called."""
    late = {outcome: _who(records, partial(_is_late, outcome)) for outcome in OUTCOMES}
    if not any(late.values()):
        return []
    days = [f"{outcome}_days" for outcome, who in late.items() if who]
    others = [name for name in days if name not in columns]
    plural = "s" if len(others) > 1 else ""
    named = f" If days are meant, call the column{plural} {' and '.join(others)}"
    hint = named if others else ""
    what = f"with a time above {SUSPICIOUS_MONTHS:g} months (are the units right?{hint})"
    return [note_of(file, what, set().union(*late.values()))]


def _progressed_without_event(
    file: str, records: Mapping[str, Record], columns: Columns
) -> list[str]:
    """Tell of whom progression was the best response, and who is censored all the same."""
    who = _who(records, lambda r: r["response"] == "PD" and r["pfs_event"] is False)
    if not who:
        return []
    column = columns.get("pfs_event") or columns.get("pfs_censored", "pfs_event")
    what = f"with PD as best response and no progression event ({column})"
    return [note_of(file, f"{what}; is the coding of events right?", who)]


def _is_late(outcome: str, record: Record) -> bool:
    time = record[f"{outcome}_months"]
    return isinstance(time, float) and time > SUSPICIOUS_MONTHS


def _is_pfs_longer(record: Record) -> bool:
    pfs, os = record["pfs_months"], record["os_months"]
    return isinstance(pfs, float) and isinstance(os, float) and pfs > os + 0.1


def _is_eventless(record: Record) -> bool:
    return any(
        record[f"{o}_months"] is not None and record[f"{o}_event"] is None for o in OUTCOMES
    )


def _is_timeless(record: Record) -> bool:
    return any(record[f"{o}_event"] and record[f"{o}_months"] is None for o in OUTCOMES)
