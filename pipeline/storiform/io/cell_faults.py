"""The faults of a table's cells: one that many rows share is told once."""

from dataclasses import dataclass, field

from storiform.io.names import listed
from storiform.model.errors import fault


@dataclass
class CellFaults:
    """Collects what is wrong with the cells of one file, in the order in which it is found."""

    file: str
    lines: dict[tuple[str, str, str, str], list[int]] = field(default_factory=dict)

    def add(self, line: int, column: str, found: str, expected: str, remedy: str) -> None:
        """Add the fault of one cell, or of a row where `column` is empty."""
        lines = self.lines.setdefault((column, found, expected, remedy), [])
        if line not in lines:
            lines.append(line)

    def told(self) -> list[str]:
        """Return one message for each different fault, with the rows that have it."""
        messages = []
        for (column, found, expected, remedy), lines in self.lines.items():
            rows = f"row{'s' if len(lines) > 1 else ''} {listed(lines)}"
            where = f"{self.file}, {rows}" + (f", column {column}" if column else "")
            messages.append(fault(where, found, expected, remedy))
        return messages
