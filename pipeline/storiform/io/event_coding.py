"""Columns of events coded as R does, or exchanged with those of times: told of once."""

from typing import NamedTuple

from storiform.io.clinical_columns import OUTCOMES, Cells, Columns, time_name
from storiform.io.clinical_values import EVENTS, read_decimal, read_flag
from storiform.io.names import counted
from storiform.model.errors import fault

_ONE, _TWO = frozenset({"1", "1.0"}), frozenset({"2", "2.0"})


class EventCoding(NamedTuple):
    """What can be read cell by cell, and what is wrong with whole columns of events."""

    columns: Columns
    """Those given, without the ones that are exchanged."""
    coded: frozenset[str]
    """Canonical names of events of 1 and 2, of whose cells nothing more is to be told."""
    faults: list[str]


def judge_events(file: str, columns: Columns, cells: Cells, delimiter: str) -> EventCoding:
    """Find the columns of events whose cells are all wrong for one reason.

    Parameters
    ----------
    file
        The name of the file.
    columns
        Canonical name to column.
    cells
        The cells of a column that are told.
    delimiter
        That of the file, by which a comma is one of decimals.
    """
    kept, coded, faults = dict(columns), set(), []
    for outcome in OUTCOMES:
        time = time_name(columns, outcome)
        for event in (f"{outcome}_event", f"{outcome}_censored"):
            if event not in columns:
                continue
            told = list(cells(columns[event]))
            if event.endswith("_event") and _is_one_or_two(told):
                coded.add(event)
                faults.append(_recode(file, columns[event], told))
            elif time in columns and _is_exchanged(list(cells(columns[time])), told, delimiter):
                faults.append(_exchange(file, columns, time, event))
                del kept[time], kept[event]
    return EventCoding(kept, frozenset(coded), faults)


def _is_one_or_two(events: list[str]) -> bool:
    words = set(events)
    return words <= _ONE | _TWO and bool(words & _TWO)


def _is_exchanged(times: list[str], events: list[str], delimiter: str) -> bool:
    """Tell whether all times are events, and the events times or words of events."""
    numbers = [text for text in events if read_flag(text, EVENTS) is None]
    return (
        bool(times and numbers)
        and all(read_flag(text, EVENTS) is not None for text in times)
        and all(isinstance(read_decimal(text, delimiter), float) for text in numbers)
    )


def _recode(file: str, column: str, told: list[str]) -> str:
    found = f"{' and '.join(sorted(set(told)))} in {counted(len(told), 'cell')}"
    remedy = "Write 0 and 1: R's Surv reads 1 as censored (0) and 2 as the event (1)."
    return fault(f"{file}, column {column}", found, "1 for an event and 0 for none", remedy)


def _exchange(file: str, columns: Columns, time: str, event: str) -> str:
    names = f"{columns[time]} and {columns[event]}"
    found = f"columns {names} that look exchanged"
    expected = f"times in {columns[time]} and events in {columns[event]}"
    remedy = "Exchange their names, or the columns that cohort.columns names for them."
    return fault(f"{file}, row 1", found, expected, remedy)
