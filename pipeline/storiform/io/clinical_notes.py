"""What the records of a clinical table make one ask: units, swapped columns, unused cells."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from storiform.io.names import counted, listed
from storiform.io.patient_tables import Record

OUTCOMES = ("pfs", "os")
SUSPICIOUS_MONTHS = 240.0
"""A longer follow-up is possible, but days or weeks called months are likelier."""
_SEVERAL, _MANY = 2, 4
"""Patients whose PFS is longer than the OS for a warning; whose times agree not by chance."""


class Told(NamedTuple):
    """What is worth knowing, and those of it that are likely mistakes."""

    notes: list[str]
    doubts: list[str]


def notes_of_records(
    file: str, records: Mapping[str, Record], mixed: set[str], *, is_timed: bool
) -> Told:
    """Tell what is odd in the records of a clinical table.

    Parameters
    ----------
    file
        Its name.
    records
        By patient.
    mixed
        Patients with a mixed response.
    is_timed
        Whether a column of times is there.
    """
    longer = _who(records, _is_pfs_longer)
    late = _who(records, _is_late)
    what = f"with a time above {SUSPICIOUS_MONTHS:g} months (are the units right?)"
    odd = [note_of(file, "with a PFS longer than the OS", longer)] if longer else []
    doubts = odd if len(longer) >= _SEVERAL else []  # one may be a slip
    late_notes = [note_of(file, what, late)] if late else []
    alike = _alike(file, records)
    notes = [*_fractions(file, records)]
    if mixed:
        told = "with a mixed response, which RECIST does not know: counted as not evaluable"
        notes.append(note_of(file, told, mixed))
    notes += [*odd, *late_notes, *alike]
    unused: list[tuple[str, Callable[[Record], bool]]] = [
        ("with a time but no event column or cell, not used for survival", _is_eventless)
    ]
    if is_timed:
        unused.append(("with an event but no time, not used for survival", _is_timeless))
    for told, is_unused in unused:
        if who := _who(records, is_unused):
            notes.append(note_of(file, told, who))
    return Told(notes, [*doubts, *late_notes, *alike])


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


def _is_late(record: Record) -> bool:
    times = (record[f"{outcome}_months"] for outcome in OUTCOMES)
    return any(isinstance(time, float) and time > SUSPICIOUS_MONTHS for time in times)


def _is_pfs_longer(record: Record) -> bool:
    pfs, os = record["pfs_months"], record["os_months"]
    return isinstance(pfs, float) and isinstance(os, float) and pfs > os + 0.1


def _is_eventless(record: Record) -> bool:
    return any(
        record[f"{o}_months"] is not None and record[f"{o}_event"] is None for o in OUTCOMES
    )


def _is_timeless(record: Record) -> bool:
    return any(record[f"{o}_event"] and record[f"{o}_months"] is None for o in OUTCOMES)
