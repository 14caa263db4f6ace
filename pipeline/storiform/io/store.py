"""Tables to Parquet and TSV and back; files that survive a power cut.

Parquet files carry nothing but their columns and the fingerprint of the result, so the
same numbers make the same bytes. A TSV is tab-separated without quotes: tabs, line ends
and double quotes inside a text become blanks and single quotes; a missing value is empty;
numbers are written in the fewest digits that read back to the same number.
"""

import contextlib
import gzip
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from storiform.io.paths import fresh, part_of
from storiform.model.errors import InputError, fault
from storiform.model.table import TEXT, Table

_ARROW: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int64(),
    "nullable_int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "nullable_bool": pa.bool_(),
}
# pandas-stubs do not know the protocol by which Arrow hands its arrays over.
_TEXT: Any = TEXT
_INT: Any = pd.Int64Dtype()
_FLAG: Any = pd.BooleanDtype()
ROWS_AT_ONCE = 65_536
_BREAKING = re.compile(r"[\t\r\n]+")
_TSV = pcsv.WriteOptions(delimiter="\t", quoting_style="none", quoting_header="none")


def to_arrow(
    frame: pd.DataFrame, contract: Table | None, units: tuple[str, ...] = ()
) -> pa.Table:
    """Turn a conforming frame into an Arrow table with the contract's types."""
    if contract is None:
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    arrays, names = [], []
    for name in frame.columns:
        kind = "string" if name in units else contract.column(name).dtype
        array = pa.array(frame[name], from_pandas=True)
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        arrays.append(array if array.type == _ARROW[kind] else array.cast(_ARROW[kind]))
        names.append(str(name))
    return pa.Table.from_arrays(arrays, names=names)


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Name the file in an error of the disk that does not, as that of a failed write."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def write_parquet(path: Path, table: pa.Table, fingerprint: str) -> None:
    """Write an Arrow table whose only metadata is the fingerprint, and sync it."""
    with named(path):
        with _parquet_writer(path, table.schema) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata({"storiform.fingerprint": fingerprint})
        sync(path)


def _parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    # With checksums: a bit that flips in a file must not become another number.
    return pq.ParquetWriter(
        path, schema, compression="zstd", store_schema=False, write_page_checksum=True
    )


def _read(path: Path) -> pa.Table:
    # A worker has one core, and for a small table threads cost more than the reading.
    with pa.OSFile(str(path)) as stream:
        file = pq.ParquetFile(stream, pre_buffer=False, page_checksum_verification=True)
        return file.read(use_threads=False)


def read_parquet(path: Path, contract: Table, units: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a table that `write_parquet` wrote, with the dtypes of its contract."""
    table = _read(path)
    columns = {}
    for name in table.column_names:
        kind = "string" if name in units else contract.column(name).dtype
        columns[name] = _array(table.column(name), kind)
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False)


def read_arrow(path: Path, names: Mapping[str, str]) -> pa.Table:
    """Read a published table as Arrow, its unit's names before its own columns."""
    table = _read(path).replace_schema_metadata()
    for position, (name, value) in enumerate(names.items()):
        column = pa.array([value], pa.string()).take(
            pa.nulls(table.num_rows, pa.int64()).fill_null(0)
        )
        table = table.add_column(position, name, column)
    return table


def _array(column: pa.ChunkedArray, kind: str) -> Any:  # noqa: ANN401  pandas' or numpy's
    if kind == "string":
        return _TEXT.__from_arrow__(column.cast(pa.large_string()))
    if kind == "nullable_int":
        return _INT.__from_arrow__(column)
    if kind == "nullable_bool":
        return _FLAG.__from_arrow__(column)
    values = column.to_numpy()
    return values if values.flags.writeable else values.copy()


def parquet_fingerprint(path: Path) -> str:
    """Return the fingerprint in a Parquet file's metadata, empty if there is none."""
    return _mark(path, b"storiform.fingerprint")


def is_twin(parquet: Path) -> bool:
    """Tell whether the TSV beside a Parquet file has the size of that written with it."""
    tsv = parquet.with_suffix(".tsv")
    known = _mark(parquet, b"storiform.tsv")
    return tsv.exists() and str(tsv.stat().st_size) == known


def _mark(path: Path, name: bytes) -> str:
    try:
        metadata = pq.read_metadata(path).metadata or {}
        return str(metadata.get(name, b"").decode())
    except (OSError, ValueError, pa.ArrowException, MemoryError):  # as bits that flip will have
        return ""


def is_sound(path: Path) -> bool:
    """Tell whether the whole of a Parquet file reads, its checksums compared."""
    try:
        _read(path)
    except (OSError, ValueError, pa.ArrowException, MemoryError):
        return False
    return True


def parquet_rows(path: Path) -> int:
    """Return the number of rows of a Parquet file without reading them."""
    return int(pq.read_metadata(path).num_rows)


class TableWriter:
    """Write one table piece by piece as TSV and Parquet, both beside their goal, then rename.

    Used as a context manager: nothing is visible before the block ends well. Pieces are
    joined until they have `ROWS_AT_ONCE` rows, since tiny row groups cost more than they hold.
    """

    def __init__(self, folder: Path, name: str, fingerprint: str) -> None:
        # The Parquet file comes last: it says of which TSV it is the twin.
        self._goals = (folder / f"{name}.tsv", folder / f"{name}.parquet")
        self._parts = tuple(part_of(goal) for goal in self._goals)
        self._fingerprint = fingerprint
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._parquet: pq.ParquetWriter | None = None
        self._tsv: pcsv.CSVWriter | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def write(self, table: pa.Table) -> None:
        """Append an Arrow table; all have the columns of the first."""
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting).combine_chunks()
        self._waiting, self._rows = [], 0
        if self._parquet is None or self._tsv is None:
            for part in self._parts:
                fresh(part)
            self._parquet = _parquet_writer(self._parts[1], table.schema)
            self._parquet.add_key_value_metadata({"storiform.fingerprint": self._fingerprint})
            self._tsv = pcsv.CSVWriter(self._parts[0], _plain(table).schema, write_options=_TSV)
        self._parquet.write_table(table)
        self._tsv.write_table(_plain(table))

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        try:
            if kind is None:
                self._flush()
                self._close()
                written = [pair for pair in zip(self._parts, self._goals, strict=True)
                           if pair[0].exists()]  # fmt: skip
                for part, _ in written:
                    sync(part)
                for part, goal in written:
                    part.replace(goal)
        finally:
            with contextlib.suppress(OSError):  # a full disk has been told already
                self._close()
            for part in self._parts:
                part.unlink(missing_ok=True)

    def _close(self) -> None:
        parquet, tsv = self._parquet, self._tsv
        self._parquet = self._tsv = None
        try:
            if tsv is not None:
                tsv.close()
        finally:
            if parquet is not None:
                if self._parts[0].exists():
                    size = self._parts[0].stat().st_size
                    parquet.add_key_value_metadata({"storiform.tsv": str(size)})
                parquet.close()


def write_tsv(path: Path, frame: pd.DataFrame) -> None:
    """Write any frame as a TSV in this house's form, gzipped where the path ends in .gz."""
    plain = _plain(to_arrow(frame, None))
    if path.suffix == ".gz":
        text = pa.BufferOutputStream()
        pcsv.write_csv(plain, text, _TSV)
        # Without the time, so that the same table makes the same bytes.
        write_bytes(path, gzip.compress(text.getvalue(), compresslevel=6, mtime=0))
        return
    with named(path):
        pcsv.write_csv(plain, path, _TSV)
        sync(path)


def _plain(table: pa.Table) -> pa.Table:
    """Replace what would need quotes, and NaN by missing."""
    arrays = []
    for column in table.columns:
        values = column
        if pa.types.is_dictionary(values.type) or pa.types.is_large_string(values.type):
            values = values.cast(pa.string())
        if pa.types.is_string(values.type):
            values = pc.replace_substring_regex(values, _BREAKING.pattern, " ")
            values = pc.replace_substring(values, '"', "'")
        elif pa.types.is_floating(values.type):
            values = pc.if_else(pc.is_nan(values), None, values)
        arrays.append(values)
    names = [_BREAKING.sub(" ", name).replace('"', "'") for name in table.column_names]
    return pa.Table.from_arrays(arrays, names=names)


def sync(path: Path) -> None:
    """Make a file or folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with named(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file beside its goal, sync it and rename it into place."""
    part = part_of(path)
    try:
        with named(part), fresh(part).open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)  # half a file must not fill a full disk
        raise


def read_provided(path: Path) -> pd.DataFrame:
    """Read a user's table (TSV, CSV or Parquet); text files give all columns as text."""
    separator = "," if ".csv" in path.suffixes else "\t"
    try:
        if path.suffix == ".parquet":
            frame: pd.DataFrame = pq.read_table(path).to_pandas()
            return frame
        return pd.read_csv(path, sep=separator, dtype=str, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        remedy = "Write it as tab-separated text or Parquet, with a header."
        raise InputError(fault(path.name, str(error), "a table", remedy)) from error


_FLAGS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def typed(frame: pd.DataFrame, contract: Table, where: str) -> pd.DataFrame:
    """Turn the text columns of a user's table into the types of its contract.

    Raises
    ------
    InputError
        If a column is missing, unknown or does not read as its type.
    """
    known = list(contract.columns)
    missing = [name for name in known if name not in frame.columns]
    further = [n for n in frame.columns if n not in known] if contract.rest is None else []
    if missing or further:
        found = f"columns {', '.join(map(str, frame.columns[:12]))}"
        remedy = (
            f"Missing: {', '.join(missing) or 'none'}; unknown: {', '.join(further) or 'none'}."
        )
        raise InputError(fault(where, found, f"columns {', '.join(known)}", remedy))
    columns = {name: _typed(frame[name], contract.column(str(name)).dtype, f"{where}, {name}")
               for name in frame.columns}  # fmt: skip
    return pd.DataFrame(columns, index=frame.index)


def _typed(values: pd.Series, kind: str, where: str) -> pd.Series:
    if values.dtype != object and not pd.api.types.is_string_dtype(values):
        return values
    if kind == "string":
        return values
    if kind in {"bool", "nullable_bool"}:
        read = values.str.strip().str.lower().map(_FLAGS)
    else:
        read = pd.to_numeric(values, errors="coerce")
    wrong = values[values.notna() & read.isna()]
    if len(wrong):
        remedy = "Correct the cell."
        raise InputError(fault(where, repr(wrong.iloc[0]), kind.replace("_", " "), remedy))
    return read
