"""Large tables of numbers as people have them: genes by samples, or one file a sample.

Unlike `delimited`, which keeps every cell as text for its messages, this reads hundreds of
columns as numbers, once per process: each unit of a cohort asks for its own column.
"""

import csv
import io
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import pandas as pd

from storiform.io.lines import BROKEN, broken, refuse_zero, unpacked
from storiform.io.names import counted, listed
from storiform.io.paths import state_of
from storiform.io.row_widths import named_width, refuse_short
from storiform.model.errors import InputError, fault, shortened

ID_NAMES = (
    "ensembl_gene_id", "gene_id", "geneid", "ensembl_id", "ensembl", "entrez_gene_id",
    "entrezid", "entrez_id", "entrez", "hugo_symbol", "hgnc_symbol", "gene_symbol", "symbol",
    "gene_name", "genename", "gene", "genes", "target_id", "name", "id",
)  # fmt: skip
"""Headers of a column of gene ids, in lower case."""

_END = "\n"
_WHITESPACE = r"\s+"
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?$")
_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class Matrix:
    """A table of numbers.

    Parameters
    ----------
    path
        The file.
    header
        Names of the columns as written; empty where the file has no header.
    cells
        All of them; columns are numbered from 0, a column of text stays text.
    """

    path: Path
    header: tuple[str, ...]
    cells: pd.DataFrame

    def column(self, name: str) -> int:
        """Return the number of the first column of this name in any case, -1 if none."""
        lowered = [other.lower() for other in self.header]
        return lowered.index(name.lower()) if name.lower() in lowered else -1

    def id_column(self) -> int:
        """Return the number of the column of gene ids: a known name, else the first."""
        if self.header and self.header[0].lower() not in {"", *ID_NAMES}:
            return 0
        first = self.cells[0]
        is_numbered = self.header[:1] == ("",) and first.tolist() == [
            str(number) for number in range(1, len(first) + 1)
        ]
        if not is_numbered:
            return 0
        found = [self.column(name) for name in ID_NAMES if self.column(name) > 0]
        return found[0] if found else 0

    def numbers(self, column: int, name: str) -> pd.Series:
        """Return a column as numbers; missing cells are NaN.

        Raises
        ------
        InputError
            If a cell is no number.
        """
        written = self.cells[column]
        numbers = pd.to_numeric(written, errors="coerce").astype(float)
        bad = written[numbers.isna() & written.notna()]
        if len(bad):
            gene = self.cells.loc[bad.index[0], self.id_column()]
            where = f"{self.path.name}, gene {shortened(gene)}, column {name}"
            remedy = "Correct the cell, or leave it empty."
            raise InputError(fault(where, repr(str(bad.iloc[0])), "a number", remedy))
        return numbers

    def repeats(self, ids: int) -> str:
        """Tell which ids stand in several rows with values, empty where none does.

        Parameters
        ----------
        ids
            The number of the column of ids.
        """
        names = self.cells[ids]
        rows = self.cells[names.duplicated(keep=False) & (names != "")]
        if rows.empty:
            return ""
        rows = rows[rows.select_dtypes("number").fillna(0).ne(0).any(axis=1)]
        repeated = rows[rows[ids].duplicated(keep=False)]
        if repeated.empty:
            return ""
        found = repeated[ids].unique()
        stand = "gene id stands" if len(found) == 1 else "gene ids stand"
        told = (
            f"{self.path.name}: {len(found)} {stand} in several rows ({listed(found, 3)}); "
            "the rows of a gene are summed"
        )
        copies = int(repeated.duplicated().sum())
        if not copies:
            return f"{told}."
        are = "1 row is a copy" if copies == 1 else f"{copies} rows are copies"
        return f"{told}. {are} of another, value by value: remove what was written twice."


def read_matrix(path: Path) -> Matrix:
    """Read a table of numbers; a second call for an unchanged file costs nothing.

    Comma, semicolon, tab or blanks separate; gzip, a byte order mark, CR line ends, quotes,
    comment lines with ``#``, decimal commas between semicolons, and a header without a
    name for the column of ids are read.

    Raises
    ------
    InputError
        If the file is absent, empty, an Excel workbook or ragged.
    """
    state = state_of(path)
    if not state:
        expected, remedy = "a readable file", "Correct the path in the sample sheet."
        raise InputError(fault(str(path), "no such file", expected, remedy))
    found = _matrix(path, state)
    if isinstance(found, str):
        raise InputError(found)
    return found


@lru_cache(maxsize=3)
def _matrix(path: Path, state: tuple[object, ...]) -> Matrix | str:  # noqa: ARG001  cache key
    """Read a file once; return what is wrong with it, which each unit of a cohort asks.

    What the disk refused is raised, and so tried again: the file itself may be sound.
    """
    try:
        return _read(path)
    except InputError as error:
        if isinstance(error.__cause__, OSError):
            raise
        return str(error)


def _read(path: Path) -> Matrix:
    text = _text(path)
    begin, first, second = _first_lines(path, text)
    separator = _separator(first)
    where = f"{path.name}, line {text.count(_END, 0, begin) + 1}"
    names, row = (_cells(line, separator, where) for line in (first, second))
    is_headed = not _is_data(names)
    if is_headed and len(names) == len(row) - 1:
        all_end = _all_end_with(separator, text[begin:].split(_END)[1:])
        if not all_end and names[0].lower() in ID_NAMES and _NUMBER.match(row[1]):
            # The names of rows have their name, so the one that is missing is a sample's.
            told = f"in line 2, saw {len(row)}"
            raise InputError(_ragged(path, told, len(names), text.count(_END, 0, begin)))
        names = [*names, ""] if all_end else ["", *names]
    if len(row) > len(names):  # the parser would take as many cells as there are names
        told = f"in line 2, saw {len(row)}"
        raise InputError(_ragged(path, told, len(names), text.count(_END, 0, begin)))
    rows = enumerate(text[begin:].split(_END), start=text.count(_END, 0, begin) + 1)
    refuse_short(path, islice(rows, is_headed, None), separator, named_width(names))
    body = io.StringIO(text)
    body.seek(begin + len(first) + 1 if is_headed else begin)
    is_comma = separator == ";" and any(re.fullmatch(r"-?\d+,\d+", cell) for cell in row)
    ids = {i for i, name in enumerate(names) if name.lower() in ID_NAMES}
    texts = dict.fromkeys(sorted({0, *ids}), str)
    try:
        values = pd.read_csv(
            body, sep=separator, header=None, names=list(range(len(names))), index_col=False,
            dtype=texts, comment=None, decimal="," if is_comma else ".", low_memory=False,
            skipinitialspace=True, on_bad_lines="error",
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
        above = text.count("\n", 0, begin) + is_headed
        raise InputError(_ragged(path, str(error), len(names), above)) from error
    for column in texts:
        values[column] = values[column].astype(object).fillna("").str.strip()
        is_long = values[column].str.len() > csv.field_size_limit()
        if is_long.any():
            raise InputError(_overlong(f"{path.name}, gene {int(is_long.argmax()) + 1}"))
    return Matrix(path, tuple(names) if is_headed else (), values)


def _all_end_with(separator: str, rows: list[str]) -> bool:
    """Tell whether every row ends with a separator, as some programs write them."""
    return all(row.rstrip(" ").endswith(separator) for row in rows if row.strip())


def _ragged(path: Path, problem: str, width: int, above: int) -> str:
    """Phrase what the reader found, with the line of the file; `above` lines precede it."""
    place = re.search(r"in line (\d+), saw (\d+)", problem)
    where = f"{path.name}, line {int(place[1]) + above}" if place else path.name
    found = counted(int(place[2]), "cell") if place else "rows of different widths"
    expected = f"{counted(width, 'cell')} in every row"
    return fault(where, found, expected, "Write the table again with one separator throughout.")


def _text(path: Path) -> str:
    try:
        content = unpacked(path)
    except BROKEN as error:
        raise InputError(broken(path.name, error)) from error
    except OSError as error:
        found = str(error.strerror or error).lower()
        remedy = "Copy the file again, or correct the path."
        raise InputError(fault(str(path), found, "a readable file", remedy)) from error
    if content.startswith(_EXCEL):
        remedy = "Export the sheet as CSV."
        raise InputError(fault(path.name, "an Excel workbook", "CSV or TSV text", remedy))
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = content.decode("utf-16", errors="replace")
    else:
        text = content.decode("utf-8-sig", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    refuse_zero(text, path.name)
    return text


def _first_lines(path: Path, text: str) -> tuple[int, str, str]:
    """Return where the table begins, and its first two lines."""
    begin, start = 0, 0
    found: list[str] = []
    while start < len(text) and len(found) < 2:  # noqa: PLR2004  two lines
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        if line.strip() and not (line.startswith("#") and not found):
            begin = begin if found else start
            found.append(line)
        start = end + 1
    if len(found) < 2:  # noqa: PLR2004  a header and a row
        expected, remedy = "a header and rows", "Write the table again."
        raise InputError(fault(path.name, counted(len(found), "line"), expected, remedy))
    return begin, found[0], found[1]


def _separator(line: str) -> str:
    bare = "".join(line.split('"')[::2])
    best = max("\t;,", key=bare.count)
    return best if best in bare else _WHITESPACE


def _cells(line: str, separator: str, where: str) -> list[str]:
    """Split a line; names that were quoted twice lose both pairs."""
    is_blank = separator == _WHITESPACE
    text = re.sub(_WHITESPACE, " ", line.strip()) if is_blank else line
    try:
        cells = next(csv.reader([text], delimiter=" " if is_blank else separator))
    except csv.Error as error:
        raise InputError(_overlong(where)) from error
    return [cell.strip().strip('"').strip() for cell in cells]


def _overlong(where: str) -> str:
    found = f"a cell of more than {csv.field_size_limit()} characters"
    remedy = "Give a table of genes by samples, as text; correct quotes that are never closed."
    return fault(where, found, "names and numbers", remedy)


def _is_data(cells: list[str]) -> bool:
    """Whether a first line is no header: an id and numbers (HTSeq, STAR)."""
    if len(cells) < 2 or cells[0].lower() in {"", *ID_NAMES}:  # noqa: PLR2004  id and value
        return False
    return all(_NUMBER.match(cell) for cell in cells[1:])
