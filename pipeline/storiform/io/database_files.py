"""All tables of a run in one database file, to be asked in SQL: SQLite or DuckDB.

Both hold a table for each published table, with the columns of its contract, and two that
explain them: ``storiform_tables`` and ``storiform_columns``.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from storiform.io.optional_packages import optional_package
from storiform.io.paths import fresh, part_of
from storiform.model.table import UNIT_COLUMNS, Table

_MOST_COLUMNS = 1900
"""SQLite holds 2,000 columns in a table; wider ones are written long."""
_BATCH = 20_000
_SQLITE = {"string": "TEXT", "int": "INTEGER", "nullable_int": "INTEGER", "float": "REAL",
           "bool": "INTEGER", "nullable_bool": "INTEGER"}  # fmt: skip
_INDEXED = ("patient", "biopsy", "sample", "gene")
_TABLES = (
    ("table_name", "TEXT"), ("grain", "TEXT"), ("key_columns", "TEXT"), ("version", "INTEGER"),
    ("description", "TEXT"), ("layout", "TEXT"),
)  # fmt: skip
_COLUMNS = (
    ("table_name", "TEXT"), ("column_name", "TEXT"), ("type", "TEXT"), ("unit", "TEXT"),
    ("is_feature", "INTEGER"), ("description", "TEXT"),
)  # fmt: skip


@dataclass(frozen=True)
class Published:
    """A published table: its contract and its Parquet file."""

    contract: Table
    parquet: Path

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.contract.name

    def columns(self) -> list[str]:
        """Return the names of the columns of the file, in order."""
        return [str(name) for name in pq.read_schema(self.parquet).names]

    def kind(self, column: str) -> str:
        """Return the dtype of a column of the file."""
        own = column in self.contract.columns
        is_unit = column in UNIT_COLUMNS[self.contract.grain]
        return "string" if is_unit and not own else self.contract.column(column).dtype

    def told(self, column: str) -> tuple[str, str, int, str]:
        """Return type, unit, whether it is a feature, and meaning of a column."""
        if column not in self.contract.columns and column in UNIT_COLUMNS[self.contract.grain]:
            return "string", "", 0, f"name of the {column}"
        meant = self.contract.column(column)
        return meant.dtype, meant.unit, int(meant.feature), meant.description

    def row_names(self) -> list[str]:
        """Return the columns that together name a row of the whole cohort."""
        return [*UNIT_COLUMNS[self.contract.grain], *self.contract.key]


def write_sqlite(path: Path, tables: Sequence[Published]) -> None:
    """Write tables into a new SQLite file.

    Flags are 0 and 1, missing values NULL. A table of more than 1,900 columns is written
    long: its key columns, ``column_name`` and ``value``.

    Parameters
    ----------
    path
        The file; one that is there is replaced once all is written.
    tables
        The published tables.
    """
    part = fresh(part_of(path))
    with contextlib.closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")  # the part is synced by closing it
        for table in tables:
            _add_table(connection, table)
        _add_rows(connection, "storiform_tables", _TABLES, _table_rows(tables, _MOST_COLUMNS))
        _add_rows(connection, "storiform_columns", _COLUMNS, _column_rows(tables))
        connection.commit()
    part.replace(path)


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _spellings(names: Sequence[str]) -> dict[str, str]:
    """Give each column a name that differs from the others in more than case, as SQL asks."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        spelt, number = name, 2
        while spelt.casefold() in taken:
            spelt, number = f"{name}_{number}", number + 1
        taken.add(spelt.casefold())
        found[name] = spelt
    return found


def _add_table(connection: sqlite3.Connection, table: Published) -> None:
    names = table.columns()
    if len(names) > _MOST_COLUMNS:
        columns, rows = _long(table, names)
    else:
        spelt = _spellings(names)
        columns = [(spelt[name], _SQLITE[table.kind(name)]) for name in names]
        rows = _rows(table.parquet, names)
    _add_rows(connection, table.name, columns, rows)
    for name in _INDEXED:
        if name in table.row_names() and name in names:
            index = _quoted(f"{table.name}_by_{name}")
            told = f"CREATE INDEX {index} ON {_quoted(table.name)} ({_quoted(name)})"
            connection.execute(told)


def _add_rows(
    connection: sqlite3.Connection,
    name: str,
    columns: Sequence[tuple[str, str]],
    rows: Iterator[tuple[Any, ...]],
) -> None:
    declared = ", ".join(f"{_quoted(column)} {kind}" for column, kind in columns)
    connection.execute(f"CREATE TABLE {_quoted(name)} ({declared})")
    marks = ", ".join("?" * len(columns))
    told = f"INSERT INTO {_quoted(name)} VALUES ({marks})"  # noqa: S608  quoted above
    connection.executemany(told, rows)


def _rows(parquet: Path, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    with pq.ParquetFile(parquet) as file:
        for batch in file.iter_batches(batch_size=_BATCH):
            yield from zip(*(batch.column(name).to_pylist() for name in names), strict=True)


def _long(
    table: Published, names: Sequence[str]
) -> tuple[list[tuple[str, str]], Iterator[tuple[Any, ...]]]:
    keys = [name for name in names if name in table.row_names()]
    others = [name for name in names if name not in keys]

    def rows() -> Iterator[tuple[Any, ...]]:
        for row in _rows(table.parquet, names):
            known = dict(zip(names, row, strict=True))
            front = [known[key] for key in keys]
            for name in others:
                yield (*front, name, known[name])

    kinds = [(key, _SQLITE[table.kind(key)]) for key in keys]
    value = _SQLITE[table.kind(others[0])] if others else "REAL"
    return [*kinds, ("column_name", "TEXT"), ("value", value)], rows()


def _table_rows(tables: Sequence[Published], most: int | None) -> Iterator[tuple[Any, ...]]:
    for table in tables:
        meant = table.contract
        is_long = most is not None and len(table.columns()) > most
        layout = "long" if is_long else "as published"
        keys = ", ".join(table.row_names())
        yield table.name, meant.grain, keys, meant.version, meant.description, layout


def _column_rows(tables: Sequence[Published]) -> Iterator[tuple[Any, ...]]:
    for table in tables:
        for column in table.columns():
            yield (table.name, column, *table.told(column))


def write_duckdb(path: Path, tables: Sequence[Published]) -> None:
    """Write tables into a new DuckDB file, each with its meaning as a comment.

    Parameters
    ----------
    path
        The file; one that is there is replaced once all is written.
    tables
        The published tables.

    Raises
    ------
    InputError
        If the package duckdb is not installed.
    """
    duckdb = optional_package("duckdb", "duckdb")
    part = fresh(part_of(path))
    with contextlib.closing(duckdb.connect(str(part))) as connection:
        connection.execute("SET threads TO 1")
        for table in tables:
            _copy_parquet(connection, table)
        for name, columns, rows in (
            ("storiform_tables", _TABLES, _table_rows(tables, None)),
            ("storiform_columns", _COLUMNS, _column_rows(tables)),
        ):
            declared = ", ".join(f"{column} {kind}" for column, kind in columns)
            connection.execute(f"CREATE TABLE {name} ({declared})")
            marks = ", ".join("?" * len(columns))
            told = f"INSERT INTO {name} VALUES ({marks})"  # noqa: S608  names of our own
            if filled := [list(row) for row in rows]:
                connection.executemany(told, filled)
    part.replace(path)


def _copy_parquet(connection: Any, table: Published) -> None:  # noqa: ANN401  duckdb's own
    names = table.columns()
    spelt: Mapping[str, str] = _spellings(names)
    chosen = ", ".join(f"{_quoted(name)} AS {_quoted(spelt[name])}" for name in names)
    source = _literal(str(table.parquet))
    goal = _quoted(table.name)
    told = f"CREATE TABLE {goal} AS SELECT {chosen} FROM read_parquet({source})"  # noqa: S608
    connection.execute(told)
    connection.execute(f"COMMENT ON TABLE {goal} IS {_literal(table.contract.description)}")
    for name in names:
        _, unit, _, meaning = table.told(name)
        comment = f"{meaning} [{unit}]" if unit else meaning
        place = f"{goal}.{_quoted(spelt[name])}"
        connection.execute(f"COMMENT ON COLUMN {place} IS {_literal(comment)}")


def _literal(written: str) -> str:
    doubled = written.replace("'", "''")
    return f"'{doubled}'"
