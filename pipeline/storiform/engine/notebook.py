"""What is found while the inputs of a run are opened: each problem once, with its units."""

import csv
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from storiform.io.names import listed
from storiform.model.errors import DataWarning, StoriformError

Severity = Literal["error", "warning", "note"]
_ORDER: Mapping[str, int] = {"error": 0, "warning": 1, "note": 2}
_MOST_UNITS = 6
"""Units that are named of those with one problem."""
_COLUMN = re.compile(r"(?P<file>[^,:]+)(?P<gene>, gene [^,:]+)?, column (?P<column>.+?): ")
"""How a problem of one column of a matrix begins."""
_TOLD = (StoriformError, OSError, ValueError, ArithmeticError, csv.Error)
"""What a file can do to a reader; one file's fault must not hide those of the others."""
_EXPECTED = ", expected "


@dataclass(frozen=True)
class Finding:
    """One problem: how bad, the message, and the units whose files have it."""

    severity: Severity
    message: str
    units: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return one line: how bad, the first units, the message."""
        units = f"{listed(self.units, _MOST_UNITS)}: " if self.units else ""
        return f"{self.severity}: {units}{self.message}"


def _unheard(_: str) -> None:
    """Take what is done now, and say nothing."""


@dataclass
class Notebook:
    """Collects findings; one message is one finding, whichever units it concerns.

    Parameters
    ----------
    listen
        Is told what is being opened, in words for a person who waits.
    """

    listen: Callable[[str], None] = _unheard
    found: dict[tuple[Severity, str], list[str]] = field(default_factory=dict)

    def add(self, severity: Severity, messages: Iterable[str], unit: str = "") -> None:
        """Take note of problems of a unit, or of the whole."""
        for message in messages:
            units = self.found.setdefault((severity, message), [])
            if unit and unit not in units:
                units.append(unit)

    def open(self, unit: str, read: Callable[..., object], *arguments: object) -> bool:
        """Read one input; note what is doubtful and what is wrong; tell whether nothing is."""
        is_sound = True
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", DataWarning)
            try:
                read(*arguments)
            except _TOLD as error:
                self.add("error", [str(error)], unit)
                is_sound = False
        notes = {str(w.message) for w in caught if issubclass(w.category, DataWarning)}
        self.add("warning", sorted(notes), unit)
        return is_sound

    def findings(self) -> tuple[Finding, ...]:
        """Return errors, warnings, notes; of each those of the whole before those of units.

        A matrix is read a column for each unit: what is wrong with many of its columns in one
        way is one finding, in the words of the first.
        """
        findings = [
            Finding(severity, message, tuple(sorted(units)))
            for severity, group in self._by_file()
            for message, units in [_together(group)]
        ]
        return tuple(sorted(findings, key=lambda f: (_ORDER[f.severity], f.units)))

    def _by_file(self) -> list[tuple[Severity, dict[str, list[str]]]]:
        """Group messages of units that differ in the column and in what it holds alone."""
        groups: dict[tuple[Severity, str, str], dict[str, list[str]]] = {}
        for (severity, message), units in self.found.items():
            place = _COLUMN.match(message)
            wanted = message.partition(_EXPECTED)[2]
            key = (place["file"], wanted) if place and units and wanted else (message, "")
            groups.setdefault((severity, *key), {})[message] = units
        return [(severity, group) for (severity, *_), group in groups.items()]


def _together(group: Mapping[str, list[str]]) -> tuple[str, set[str]]:
    """Return the first of messages that say the same of several columns, and all units."""
    first = next(iter(group))
    columns = {place["column"] for m in group if (place := _COLUMN.match(m))}
    further = len(columns) - 1
    if further > 0:
        end = _COLUMN.match(first)
        at = end.end("column") if end else 0
        first = f"{first[:at]} and {further} more{first[at:]}"
    return first, {unit for units in group.values() for unit in units}
