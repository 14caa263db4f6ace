"""Rows with fewer cells than their header names: what a file that was cut ends with.

The parser of pandas takes the cells that such a row lacks for missing ones.
"""

import csv
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from storiform.io.names import counted
from storiform.model.errors import InputError, fault

_BLANKS = re.compile(r"\s+")
_REMEDY = (
    "Copy or write the file again: it was cut, or the line is damaged. If empty cells at the "
    "end were left out, write their separators."
)


def named_width(header: Sequence[str]) -> int:
    """Return how many cells a row needs: columns at the end without a name may be absent.

    Examples
    --------
    >>> named_width(["", "S1", "S2", ""])
    3
    """
    return max((number for number, name in enumerate(header, start=1) if name), default=0)


def refuse_short(
    path: Path,
    numbered: Iterable[tuple[int, str]],
    separator: str,
    width: int,
    *,
    is_quoted: bool = True,
) -> None:
    """Refuse the first row that has fewer cells than it needs.

    Parameters
    ----------
    path
        The file.
    numbered
        Number and text of its lines; blank ones are passed over.
    separator
        What parts the cells; blanks where it is no single character.
    width
        The cells that a row needs.
    is_quoted
        Whether a separator between quotes parts no cells. A cell that runs over several
        lines hides how many there are: such rows are passed over.

    Raises
    ------
    InputError
        With the line, if a row is short.
    """
    mark = separator if len(separator) == 1 else ""
    is_open = False
    for number, line in numbered:
        if is_quoted and '"' in line:
            was_open, is_open = is_open, is_open ^ (line.count('"') % 2 == 1)
            cells = width if was_open or is_open else _quoted(line, mark)
        elif is_open or not line.strip():
            continue
        else:
            cells = line.count(mark) + 1 if mark else len(line.split())
        if cells < width:
            where, found = f"{path.name}, line {number}", counted(cells, "cell")
            expected = f"{counted(width, 'cell')}, as the header has"
            raise InputError(fault(where, found, expected, _REMEDY))


def _quoted(line: str, mark: str) -> int:
    text = line if mark else _BLANKS.sub(" ", line.strip())
    try:
        return len(next(csv.reader([text], delimiter=mark or " ")))
    except csv.Error:  # a cell beyond all measure, of which its reader tells
        return sys.maxsize
