"""What is found while the inputs of a run are opened: each problem once, with its units."""

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
            except (StoriformError, OSError, ValueError) as error:
                self.add("error", [str(error)], unit)
                is_sound = False
        notes = {str(w.message) for w in caught if issubclass(w.category, DataWarning)}
        self.add("warning", sorted(notes), unit)
        return is_sound

    def findings(self) -> tuple[Finding, ...]:
        """Return errors, warnings, notes; of each those of the whole before those of units."""
        findings = [Finding(s, m, tuple(sorted(u))) for (s, m), u in self.found.items()]
        return tuple(sorted(findings, key=lambda f: (_ORDER[f.severity], f.units)))
