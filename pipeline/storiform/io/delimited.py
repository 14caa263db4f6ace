"""CSV and TSV files as people have them: any line end, encoding, delimiter, quotes.

Spreadsheets write a byte order mark, old ones write CR alone, European ones separate by
semicolons, R writes a column of row names without a header. All of these are read; what
cannot be told apart safely is a fault.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storiform.io.lines import BROKEN, broken, unpacked
from storiform.io.names import counted
from storiform.io.row_widths import named_width
from storiform.model.errors import InputError, SheetError, fault

MISSING = frozenset(
    {"", "na", "n/a", "nan", ".", "none", "null", "-", "[not available]", "not available"}
)
"""What stands for a missing value, in lower case."""

_QUOTES = {
    "unexpected end of data": "a quote that is never closed",
    "field larger": "a cell beyond all measure, probably a quote that is never closed",
    "expected after": "text behind a closing quote",
}
_FEWEST = 2
"""Rows of which the last can be told from the others."""
_BINARY = {b"PK\x03\x04": "an Excel workbook", b"\xd0\xcf\x11\xe0": "an Excel workbook"}


@dataclass(frozen=True)
class Row:
    """One row: the line of the file on which it begins, and its cells by column."""

    line: int
    cells: dict[str, str]

    def cell(self, column: str) -> str:
        """Return a cell, stripped; empty where the value is missing or the column absent."""
        text = self.cells.get(column, "")
        return "" if text.lower() in MISSING else text


@dataclass(frozen=True)
class Delimited:
    """A table of text: its columns, its rows, and what is wrong with its shape."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    faults: tuple[str, ...] = ()
    delimiter: str = ","


def read_delimited(path: Path) -> Delimited:
    """Read a CSV or TSV file; blank lines and leading lines with ``#`` are skipped.

    Faults of single rows are collected in `faults`, so that a caller can tell them
    together with its own.

    Raises
    ------
    SheetError
        If the file cannot be read as a table of text at all.
    """
    text = _text(path)
    delimiter = _delimiter(text)
    lines = _lines(path, text, delimiter)
    faults: list[str] = []
    try:
        first = next(lines, None)
        if first is None:
            message = fault(
                path.name, "an empty file", "a header and rows", "Name the columns in row 1."
            )
            raise SheetError(message)
        header, records = first[1], list(lines)
    except csv.Error as error:
        raise SheetError(str(error)) from error
    columns, named = _columns(path, header, faults)
    rows = tuple(_row(path, line, cells, (header, named), faults) for line, cells in records)
    faults += _cut(path, text, header, records)
    return Delimited(path, columns, rows, tuple(faults), delimiter)


def _cut(
    path: Path, text: str, header: list[str], records: list[tuple[int, list[str]]]
) -> list[str]:
    """Tell of a file that ends inside its last row: it alone is short and has no line end.

    By hand, cells at the end of rows are left out without harm; but where every row is too
    short, the header may have a name too many in its midst.
    """
    width = named_width(header)
    short = [(line, cells) for line, cells in records if len(cells) < width]
    widest = max((len(cells) for _, cells in records), default=width)
    if len(records) >= _FEWEST and widest < width:
        found = f"at most {counted(widest, 'cell')} in every row"
        expected = f"{width}, as the header has: whose cells these are cannot be told"
        remedy = (
            "Remove the name of the column that has no cells; if it is the last one, empty "
            "throughout, its separators may be written instead."
        )
        return [fault(path.name, found, expected, remedy)]
    if text.endswith("\n") or len(records) < _FEWEST or short != records[-1:]:
        return []
    line, cells = records[-1]
    found = f"{counted(len(cells), 'cell')} and no line end"
    expected = f"{counted(width, 'cell')}, as in every other row"
    remedy = "Copy the file again: it was cut. If it is whole, add the line end."
    return [fault(f"{path.name}, row {line}", found, expected, remedy)]


def _text(path: Path) -> str:
    try:
        content = unpacked(path)
    except InputError as error:
        raise SheetError(str(error)) from error
    except BROKEN as error:
        raise SheetError(broken(path.name, error)) from error
    except OSError as error:
        found = str(error.strerror or error).lower()
        message = fault(str(path), found, "a readable CSV or TSV file", "Correct the path.")
        raise SheetError(message) from error
    kind = _BINARY.get(content[:4])
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = content.decode("utf-16", errors="replace")
    elif kind or b"\0" in content:
        remedy = "Export the sheet as CSV."
        raise SheetError(fault(path.name, kind or "a binary file", "CSV or TSV text", remedy))
    else:
        text = _decode(content)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _delimiter(text: str) -> str:
    """Take the separator that the header uses most, quotes left aside."""
    header = next((li for li in text.split("\n") if li.strip() and not li.startswith("#")), "")
    bare = "".join(header.split('"')[::2])
    return max("\t;,", key=bare.count) if any(mark in bare for mark in "\t;,") else ","


def _lines(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    is_strict = not _is_lax(text, delimiter)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=is_strict)
    line, begun = 1, False
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"{path.name}, row {line}"
            expected = "a closing quote before the next separator"
            message = fault(where, _quotes(str(error)), expected, "Correct the quotes.")
            raise csv.Error(message) from error
        stripped = [cell.strip() for cell in cells]
        is_comment = not begun and bool(stripped) and stripped[0].startswith("#")
        if any(stripped) and not is_comment:
            begun = True
            yield line, stripped


def _quotes(problem: str) -> str:
    """Say in a user's words what Python's reader found."""
    for part, found in _QUOTES.items():
        if part in problem:
            return found
    return "a row that cannot be parted into cells"


def _is_lax(text: str, delimiter: str) -> bool:
    """Tell whether quotes are loose (``"a" ,b``) though every one of them is closed."""
    try:
        for _ in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True):
            pass
    except csv.Error:
        return text.count('"') % 2 == 0
    return False


def _columns(
    path: Path, header: list[str], faults: list[str]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    named = tuple(index for index, name in enumerate(header) if name)
    columns = tuple(header[index] for index in named)
    for name in sorted({name for name in columns if columns.count(name) > 1}):
        places = [str(index + 1) for index, other in enumerate(header) if other == name]
        found = f"it {len(places)} times (columns {', '.join(places)})"
        where = f"{path.name}, column {name}"
        faults.append(fault(where, found, "every column once", "Rename or remove one."))
    return columns, named


def _row(
    path: Path,
    line: int,
    cells: list[str],
    shape: tuple[list[str], tuple[int, ...]],
    faults: list[str],
) -> Row:
    header, named = shape
    further = [
        index
        for index, cell in enumerate(cells)
        if cell and (index >= len(header) or (index and not header[index]))
    ]
    if further:
        found = f"{cells[further[0]]!r} in column {further[0] + 1}, which has no name"
        expected = f"cells under the {counted(len(named), 'named column')}"
        remedy = "Name the column, remove the cell, or quote cells that hold a separator."
        faults.append(fault(f"{path.name}, row {line}", found, expected, remedy))
    padded = [*cells, *[""] * (len(header) - len(cells))]
    return Row(line, {header[index]: padded[index] for index in named})
