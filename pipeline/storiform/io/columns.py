"""Tables of many rows whose format their column names tell: bins, sites, segments.

Programs of copy number write text with a header, separated by tabs, commas, semicolons or
blanks, plain or compressed. A file is looked at once (`read_layout`), so that a reader can
tell whose it is, and then only the columns that are asked for are parsed.
"""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.io.contigs import check_contigs
from storiform.io.lines import BROKEN, broken, numbered, open_text, refuse_zero
from storiform.io.names import counted
from storiform.io.row_widths import named_width, refuse_short
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.genome import Build, canonical_contig
from storiform.model.table import TEXT

_SHOWN = 12
_BARE = re.compile(r"[^a-z0-9]")
_BLANKS = r"\s+"
_MISSING = [".", "", "NA", "NaN", "nan", "null", "None"]
_REMEDY = "Write the table again: it is damaged."
_HIGHEST = 2.0**53
"""The last number up to which every whole one is a float of its own."""
_KEPT = 1 << 16
"""Letters at the end of a file in which its last row lies."""
_TOUCHING = 20
"""Neighbours of which the manner of counting is told."""


def bare(name: str) -> str:
    """Write a name of a column in lower case, letters and digits alone."""
    return _BARE.sub("", name.lower())


class _Read:
    """A text that is read piece by piece, of which the end is kept."""

    def __init__(self, handle: IO[str], name: str) -> None:
        self._handle, self._name, self.end = handle, name, ""
        self._lines = 0

    def read(self, size: int = -1) -> str:
        """Return the next letters; refuse zero bytes, which the parser takes for an end."""
        text = self._handle.read(size)
        refuse_zero(text, self._name, self._lines)
        self._lines += text.count("\n")
        self.end = (self.end + text)[-_KEPT:]
        return text

    def __iter__(self) -> Iterator[str]:
        """Yield the lines that are left; pandas asks whether one could."""
        return iter(self._handle)


@dataclass(frozen=True)
class Layout:
    """The columns of a file, before its rows are read.

    Parameters
    ----------
    path
        The file.
    names
        Names of the columns as written, without quotes.
    separator
        What separates them.
    above
        Lines up to the header, with it.
    """

    path: Path
    names: tuple[str, ...]
    separator: str
    above: int

    def column(self, *aliases: str) -> str:
        """Return the first column that has one of these names, empty if none has."""
        known = {bare(name): name for name in reversed(self.names)}
        return next((known[bare(alias)] for alias in aliases if bare(alias) in known), "")

    def has(self, *names: str) -> bool:
        """Tell whether the file has all these columns."""
        return all(self.column(name) for name in names)

    def shown(self) -> str:
        """List the columns for a message."""
        more = len(self.names) - _SHOWN
        listed = ", ".join(name or "''" for name in self.names[:_SHOWN])
        return f"columns {listed}{f' and {more} more' if more > 0 else ''}"

    def strange(self, expected: str, remedy: str) -> InputError:
        """Build the error of a file that has other columns than expected."""
        where = f"{self.path.name}, header"
        return InputError(fault(where, self.shown(), expected, remedy))

    def read(self, words: Mapping[str, str], numbers: Mapping[str, str]) -> pd.DataFrame:
        """Read some columns.

        Parameters
        ----------
        words, numbers
            New name to the file's, of columns of text (read as categories) and of numbers
            (read as float, missing where the cell is empty).

        Returns
        -------
        pandas.DataFrame
            One row per line; the index is the number of the line in the file.

        Raises
        ------
        InputError
            If there is no row, a cell is no number, or the file is cut.
        """
        asked = {**words, **numbers}
        wanted = set(asked.values())
        dtypes = dict.fromkeys(words.values(), "category")
        try:
            with open_text(self.path) as handle:
                read = _Read(handle, self.path.name)
                rows = pd.read_csv(
                    cast("IO[str]", read), sep=self.separator, header=None,
                    names=list(self._unique()),
                    usecols=lambda name: name in wanted, dtype=dtypes, skiprows=self.above,
                    keep_default_na=False, na_values=_MISSING, low_memory=False,
                    skipinitialspace=True, skip_blank_lines=False,
                )  # fmt: skip
        except BROKEN as error:
            raise InputError(broken(self.path.name, error)) from error
        except ValueError as error:  # the parser's errors are such
            raise InputError(fault(self.path.name, str(error), "a table", _REMEDY)) from error
        self._refuse_cut(read.end, self.above + len(rows))
        rows.index = pd.RangeIndex(self.above + 1, self.above + 1 + len(rows))
        rows = rows.dropna(how="all")
        if rows.empty:
            remedy = "Give the file of the sample, or leave the cell of the sheet empty."
            raise InputError(fault(self.path.name, "a header alone", "rows", remedy))
        named = pd.DataFrame({new: rows[old] for new, old in asked.items()})
        for name in numbers:
            named[name] = self._numbers(named[name], asked[name])
        return named

    def _refuse_cut(self, end: str, last: int) -> None:
        """Refuse a last row that is short; `end` is how the file ends, `last` its last line."""
        told = end.rstrip("\n")
        above, _, line = told.rpartition("\n")
        if above:  # so that the line is whole
            number = last - max(len(end) - len(told) - 1, 0)
            width = named_width(self.names)
            refuse_short(self.path, [(number, line)], self.separator, width)

    def _unique(self) -> Iterator[str]:
        """Yield the columns; the second of two equal names gets one that nobody asks for."""
        seen: set[str] = set()
        for position, name in enumerate(self.names):
            yield f"{name}\0{position}" if name in seen or not name else name
            seen.add(name)

    def _numbers(self, written: pd.Series, column: str) -> pd.Series:
        numbers = pd.to_numeric(written, errors="coerce").astype(float)
        bad = written[numbers.isna() & written.notna()]
        if len(bad):
            raise self.refused(bad.index[0], column, repr(str(bad.iloc[0])), "a number")
        return numbers

    def refused(self, line: int, column: str, found: str, expected: str) -> InputError:
        """Build the error of one cell."""
        where = f"{self.path.name}, line {line}, column {column}"
        return InputError(fault(where, found, expected, "Correct it, or write the file again."))


def read_layout(path: Path, signs: Sequence[str] = ()) -> Layout:
    """Look at the header of a table.

    Parameters
    ----------
    path
        The file, plain or compressed; lines with ``#`` before the header are skipped.
    signs
        Names of columns; a line with ``#`` that has one of them is the header.

    Raises
    ------
    InputError
        If the file cannot be read, is empty or is no text, or its first row is of another
        width than its header.
    """
    head = list(islice(_told_lines(path, {bare(sign) for sign in signs}), 2))
    if not head:
        remedy = "Write the file again, or leave the cell of the sheet empty."
        raise InputError(fault(path.name, "an empty file", "a header and rows", remedy))
    above, header = head[0]
    separator = _separator(header)
    names = _cells(header.removeprefix("#"), separator)
    row = _cells(head[1][1], separator) if len(head) > 1 else names
    if len(row) == len(names) + 1:  # R's row names, or a separator at the end of rows
        names = [*names, ""] if not row[-1] else ["", *names]
    if len(row) != len(names):
        found, expected = counted(len(row), "cell"), f"{counted(len(names), 'cell')}, as named"
        raise InputError(fault(f"{path.name}, first row", found, expected, _REMEDY))
    return Layout(path, tuple(names), separator, above)


def is_header_alone(path: Path) -> bool:
    """Tell whether a table has a header and no rows."""
    return len(list(islice(_told_lines(path, set()), 2))) == 1


def _told_lines(path: Path, signs: set[str]) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines that are neither blank nor comments."""
    try:
        with open_text(path) as handle:
            for number, line in numbered(handle, path.name):
                cells = _cells(line.lstrip("#"), _separator(line))
                is_comment = line.startswith("#") and not {bare(c) for c in cells} & signs
                if line.strip() and not is_comment:
                    yield number, line.rstrip("\n")
    except BROKEN as error:
        raise InputError(broken(path.name, error)) from error


def _separator(line: str) -> str:
    best = max("\t,;", key=line.count)
    return best if best in line else _BLANKS


def _cells(line: str, separator: str) -> list[str]:
    cells = line.split() if separator == _BLANKS else line.split(separator)
    return [cell.strip().strip('"').strip() for cell in cells]


def whole_numbers(layout: Layout, values: pd.Series, column: str, lowest: int = 0) -> pd.Series:
    """Return values as integers; refuse missing ones, fractions, and those below `lowest`."""
    good = (values >= lowest) & (values <= _HIGHEST) & (values == np.floor(values))
    if not good.all():
        line = values.index[~good.to_numpy()][0]
        found = "an empty cell" if pd.isna(values[line]) else f"{values[line]:g}"
        raise layout.refused(line, column, found, f"a whole number from {lowest}")
    return values.astype(np.int64)


def canonical(names: pd.Series) -> pd.Series:
    """Return the names of contigs with the prefix chr; each different one is looked at once."""
    known = {name: canonical_contig(str(name).strip()) for name in names.dropna().unique()}
    return names.astype(object).map(known).astype(TEXT)


def checked_places(
    layout: Layout, rows: pd.DataFrame, build: Build, *, one_based: bool
) -> pd.DataFrame:
    """Bring `contig`, `start` and `end` of a file to this house's form and check them.

    Parameters
    ----------
    layout
        The file.
    rows
        Its rows with numbers in `start` and `end`; the index is the line of the file.
    build
        The genome build of the cohort.
    one_based
        Whether the file counts from 1, ends inclusive.

    Returns
    -------
    pandas.DataFrame
        The rows, 0-based and half-open, sorted, each place once.

    Raises
    ------
    InputError
        If a place is no interval, or lies on no chromosome or behind its end.
    """
    lowest = 1 if one_based else 0
    start = whole_numbers(layout, rows["start"], "start", lowest) - lowest
    end = whole_numbers(layout, rows["end"], "end", lowest)
    if (end <= start).any():
        line = start.index[(end <= start).to_numpy()][0]
        given = f"{rows.loc[line, 'start']:.0f} to {rows.loc[line, 'end']:.0f}"
        counting = "from 1, end >= start" if one_based else "from 0, end > start"
        raise layout.refused(line, "end", given, f"an interval that counts {counting}")
    contig = canonical(rows["contig"])
    is_empty = (contig.isna() | (contig == "")).to_numpy(dtype=bool)
    if is_empty.any():
        line = rows.index[is_empty][0]
        raise layout.refused(line, "chromosome", "an empty cell", "a contig")
    placed = rows.assign(contig=contig, start=start, end=end)
    check_contigs(layout.path.name, placed, build)
    codes, _ = pd.factorize(contig, sort=True)
    keys = np.stack([codes, start.to_numpy(), end.to_numpy()])
    order = np.lexsort(keys[::-1])
    same = (np.diff(keys[:, order], axis=1) == 0).all(axis=0)
    return _once(layout, placed.iloc[order], np.concatenate([[False], same]))


def _once(
    layout: Layout, placed: pd.DataFrame, repeated: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """Keep the first row of each place; `repeated` marks those behind it."""
    if repeated.any():
        first = placed[repeated].iloc[0]
        is_base = first["end"] == first["start"] + 1
        place = f"{first['contig']}:{first['start'] + 1}"
        place += "" if is_base else f"-{first['end']}"
        message = (
            f"{layout.path.name}: {counted(int(repeated.sum()), 'row')} of a place that stands "
            f"there already (such as {place}, line {placed.index[repeated][0]}): the first is "
            "taken"
        )
        warnings.warn(message, DataWarning, stacklevel=4)
    return placed[~repeated]


def warn_of_counting(layout: Layout, placed: pd.DataFrame) -> None:
    """Warn of bins that look as if the file counted from 1 where it should count from 0.

    Bins cut from one target touch: the next begins where the last one ends. Where it begins
    a base later, every time, ends were inclusive and starts counted from 1.
    """
    same = placed["contig"].to_numpy()[1:] == placed["contig"].to_numpy()[:-1]
    gaps = (placed["start"].to_numpy()[1:] - placed["end"].to_numpy()[:-1])[same]
    apart, touching = int((gaps == 1).sum()), int((gaps == 0).sum())
    if apart >= _TOUCHING and touching * 10 < apart:
        message = (
            f"{layout.path.name}: {apart} bins begin one base behind the end of the bin "
            "before, as in files that count from 1; this format counts from 0. All places may "
            "be one base off."
        )
        warnings.warn(message, DataWarning, stacklevel=4)
