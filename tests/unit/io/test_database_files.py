"""Databases of all tables: odd names, wide tables, missing values, no half files."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from storiform.io.database_files import Published, write_sqlite
from storiform.io.store import to_arrow, write_parquet
from storiform.model.table import Column, Table

WIDE = Table(
    "cpm", grain="cohort", columns={"gene": Column("string", "symbol")}, key=("gene",),
    rest=Column("float", "of the biopsy of this name", "CPM"), description="One row per gene.",
)  # fmt: skip
SMALL = Table(
    "it's small", grain="biopsy", key=("a b",), description="It's one row.",
    columns={"a b": Column("string", 'a "name"'), "A B": Column("nullable_bool", "flag"),
             "n": Column("nullable_int", "number", "reads", feature=True)},
)  # fmt: skip


def published(folder: Path, contract: Table, frame: pd.DataFrame, units=()) -> Published:
    path = folder / f"{contract.name}.parquet"
    write_parquet(path, to_arrow(contract.conform(frame, units), contract, units), "x")
    return Published(contract, path)


def small(folder: Path) -> Published:
    frame = pd.DataFrame({"patient": "P1", "biopsy": "B1", "a b": ["x", None],
                          "A B": [True, None], "n": [3, None]})  # fmt: skip
    return published(folder, SMALL, frame, ("patient", "biopsy"))


def test_names_that_differ_in_case_alone_and_quotes_are_kept_apart(tmp_path) -> None:
    path = tmp_path / "a.sqlite"
    write_sqlite(path, [small(tmp_path)])
    connection = sqlite3.connect(path)
    rows = connection.execute("""SELECT "a b", "A B_2", n, biopsy FROM "it's small" """)
    assert sorted(rows.fetchall(), key=str) == [("x", 1, 3, "B1"), (None, None, None, "B1")]
    told = connection.execute("SELECT * FROM storiform_tables").fetchall()
    assert told == [
        ("it's small", "biopsy", "patient, biopsy, a b", 1, "It's one row.", "as published")
    ]
    names = connection.execute("SELECT column_name, type, unit FROM storiform_columns")
    assert names.fetchall() == [
        ("patient", "string", ""), ("biopsy", "string", ""), ("a b", "string", ""),
        ("A B", "nullable_bool", ""), ("n", "nullable_int", "reads"),
    ]  # fmt: skip
    connection.close()


def test_a_table_that_is_too_wide_is_written_long(tmp_path) -> None:
    biopsies = {f"B{number}": [float(number), None] for number in range(2000)}
    wide = published(tmp_path, WIDE, pd.DataFrame({"gene": ["A", "C"], **biopsies}))
    path = tmp_path / "a.sqlite"
    write_sqlite(path, [wide])
    connection = sqlite3.connect(path)
    asked = "SELECT value FROM cpm WHERE gene = ? AND column_name = ?"
    assert connection.execute(asked, ("A", "B7")).fetchall() == [(7.0,)]
    assert connection.execute(asked, ("C", "B7")).fetchall() == [(None,)]
    assert connection.execute("SELECT count(*) FROM cpm").fetchone() == (4000,)
    assert connection.execute("SELECT layout FROM storiform_tables").fetchone() == ("long",)
    connection.close()


def test_a_table_without_rows_has_its_columns(tmp_path) -> None:
    empty = published(tmp_path, WIDE, WIDE.empty())
    write_sqlite(tmp_path / "a.sqlite", [empty])
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    assert connection.execute("SELECT gene FROM cpm").fetchall() == []
    connection.close()


def test_what_fails_leaves_the_file_of_before(tmp_path) -> None:
    path = tmp_path / "a.sqlite"
    write_sqlite(path, [small(tmp_path)])
    before = path.read_bytes()
    with pytest.raises(FileNotFoundError):
        write_sqlite(path, [Published(SMALL, tmp_path / "absent.parquet")])
    assert path.read_bytes() == before


def test_a_file_is_replaced_whole(tmp_path) -> None:
    path = tmp_path / "a.sqlite"
    write_sqlite(path, [small(tmp_path)])
    write_sqlite(path, [small(tmp_path)])
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM storiform_tables").fetchone() == (1,)
    connection.close()
