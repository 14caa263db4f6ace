"""Tables go to Parquet and TSV and back without loss."""

import errno
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storiform.io.store import (
    TableWriter,
    parquet_fingerprint,
    read_arrow,
    read_parquet,
    read_provided,
    sync,
    to_arrow,
    typed,
    write_bytes,
    write_parquet,
    write_tsv,
)
from storiform.model.errors import InputError
from storiform.model.table import Column, Table

TABLE = Table(
    "calls",
    grain="biopsy",
    key=("gene",),
    columns={
        "gene": Column("string", "gene"),
        "reads": Column("nullable_int", "reads"),
        "vaf": Column("float", "share"),
        "is_known": Column("nullable_bool", "known?"),
    },
)
ROW = st.tuples(
    st.one_of(st.none(), st.integers(-(2**62), 2**62)),
    st.floats(),
    st.one_of(st.none(), st.booleans()),
)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), ROW, max_size=9))
@SHARED
def test_parquet_gives_back_every_value(tmp_path: Path, rows: dict[str, tuple]) -> None:  # type: ignore[type-arg]
    frame = TABLE.conform(
        pd.DataFrame(
            {
                "gene": list(rows),
                "reads": pd.array([row[0] for row in rows.values()], dtype="Int64"),
                "vaf": np.array([row[1] for row in rows.values()], dtype=float),
                "is_known": pd.array([row[2] for row in rows.values()], dtype="boolean"),
            }
        )
    )
    path = tmp_path / "calls.parquet"
    write_parquet(path, to_arrow(frame, TABLE), "mark")
    back = TABLE.conform(read_parquet(path, TABLE))
    pd.testing.assert_frame_equal(back, frame)
    assert parquet_fingerprint(path) == "mark"
    first = path.read_bytes()
    write_parquet(path, to_arrow(frame, TABLE), "mark")
    assert path.read_bytes() == first, "the same numbers make the same bytes"


def table(path: Path, vaf: float = 0.1 + 0.2, gene: str = 'a\t"b"\nc') -> Path:
    """Write one row."""
    values = {"gene": [gene], "reads": [None], "vaf": [vaf], "is_known": [True]}
    write_parquet(path, to_arrow(TABLE.conform(pd.DataFrame(values)), TABLE), "f")
    return path


def test_tsv_needs_no_quotes_and_keeps_every_digit(tmp_path: Path) -> None:
    part = table(tmp_path / "part.parquet")
    with TableWriter(tmp_path / "tables", "calls", "mark") as writer:
        writer.write(read_arrow(part, {"patient": "P1", "biopsy": "B1"}))
    text = (tmp_path / "tables" / "calls.tsv").read_text()
    header, line = text.splitlines()
    assert header == "patient\tbiopsy\tgene\treads\tvaf\tis_known"
    assert line == "P1\tB1\ta 'b' c\t\t0.30000000000000004\ttrue"
    assert parquet_fingerprint(tmp_path / "tables" / "calls.parquet") == "mark"
    assert sorted(f.name for f in (tmp_path / "tables").iterdir()) == [
        "calls.parquet", "calls.tsv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "clean"),
    [
        ("a\tb", "a b"), ("a\nb", "a b"), ("a\rb", "a b"), ("a\r\nb", "a b"),
        ('"', "'"), ('say "b"', "say 'b'"), ('\t"\n', " ' "), ("", ""),
    ],
)  # fmt: skip
def test_a_row_of_a_tsv_is_one_line_of_as_many_cells(
    cell: str, clean: str, tmp_path: Path
) -> None:
    part = table(tmp_path / "part.parquet", gene=cell)
    with TableWriter(tmp_path, "calls", "mark") as writer:
        writer.write(read_arrow(part, {"patient": cell}))
        writer.write(read_arrow(part, {"patient": "P2"}))
    lines = (tmp_path / "calls.tsv").read_bytes().decode().split("\n")
    assert len(lines) == 4
    assert [line.split("\t")[:2] for line in lines[1:3]] == [[clean, clean], ["P2", clean]]
    assert {len(line.split("\t")) for line in lines[:3]} == {5}
    write_tsv(tmp_path / "frame.tsv", pd.DataFrame({"cell": [cell], "more": ["x"]}))
    assert (tmp_path / "frame.tsv").read_bytes().decode() == f"cell\tmore\n{clean}\tx\n"


def test_a_large_tsv_is_gzipped_the_same_way_each_time(tmp_path: Path) -> None:
    frame = pd.DataFrame({"gene": ["a", "b"], "p": [0.25, float("nan")]})
    first, second = tmp_path / "one.tsv.gz", tmp_path / "two.tsv.gz"
    write_tsv(first, frame)
    write_tsv(second, frame)
    assert gzip.decompress(first.read_bytes()) == b"gene\tp\na\t0.25\nb\t\n"
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes()[4:8] == bytes(4)  # without the time


def writes(folder: Path) -> dict[str, Callable[[], None]]:
    """Return every way in which the store writes files into a folder, by what appears."""
    frame = pd.DataFrame({"gene": ["a"] * 3})
    arrow = pa.table({"gene": ["a"] * 3})

    def whole_table() -> None:
        with TableWriter(folder, "calls", "mark") as writer:
            writer.write(arrow)

    return {
        "part.parquet": lambda: write_parquet(folder / "part.parquet", arrow, "mark"),
        "frame.tsv": lambda: write_tsv(folder / "frame.tsv", frame),
        "frame.tsv.gz": lambda: write_tsv(folder / "frame.tsv.gz", frame),
        "run.json": lambda: write_bytes(folder / "run.json", b"{}"),
        "calls.parquet calls.tsv": whole_table,
    }


@pytest.mark.parametrize("names", list(writes(Path())))
def test_every_file_is_synced_when_it_is_whole(
    names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[tuple[int, int]] = set()
    real = os.fsync

    def noted(descriptor: int) -> None:
        state = os.fstat(descriptor)
        synced.add((state.st_ino, state.st_size))
        real(descriptor)

    monkeypatch.setattr("storiform.io.store.os.fsync", noted)
    writes(tmp_path)[names]()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == names.split()
    assert {(f.stat().st_ino, f.stat().st_size) for f in files} <= synced


@pytest.mark.parametrize("names", ["run.json", "calls.parquet calls.tsv"])
def test_a_goal_is_never_seen_half_written(
    names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goals = [tmp_path / name for name in names.split()]
    for goal in goals:
        goal.write_bytes(b"old")
    events: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        assert {goal.read_bytes() for goal in goals} == {b"old"}
        events.append("sync")
        real_sync(descriptor)

    def renamed(part: Path, goal: Path) -> Path:
        assert goal.read_bytes() == b"old"
        assert part.parent == goal.parent, "a rename within one folder is atomic"
        content = part.read_bytes()
        moved = real_replace(part, goal)
        events.append(goal.name)
        assert goal.read_bytes() == content
        return moved

    monkeypatch.setattr("storiform.io.store.os.fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    writes(tmp_path)[names]()
    # The Parquet, by whose fingerprint a table counts as current, comes last.
    assert events == ["sync"] * len(goals) + names.split()[::-1]
    assert sorted(tmp_path.iterdir()) == goals, "no part is left"


def half_written(folder: Path, part: pa.Table) -> None:
    """Fail while a table is written."""
    with TableWriter(folder, "calls", "new") as writer:
        writer.write(part)
        raise RuntimeError


def test_table_that_fails_halfway_leaves_the_old_one(tmp_path: Path) -> None:
    part = read_arrow(table(tmp_path / "part.parquet"), {})
    with TableWriter(tmp_path / "t", "calls", "old") as writer:
        writer.write(part)
    before = (tmp_path / "t" / "calls.tsv").read_bytes()
    with pytest.raises(RuntimeError):
        half_written(tmp_path / "t", part)
    assert (tmp_path / "t" / "calls.tsv").read_bytes() == before
    assert len(list((tmp_path / "t").iterdir())) == 2


def test_bytes_that_cannot_be_written_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storiform.io.store.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_bytes(tmp_path / "run.json", b"{}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["table.tsv", "table.parquet", "table.csv.gz"])
def test_rubbish_that_a_user_gives_is_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe\x00rubbish")
    with pytest.raises(InputError, match=rf"{name}.*Write it as tab-separated text"):
        read_provided(path)


@pytest.mark.parametrize("cell", ["yes", "TRUE", "1", " true "])
def test_flags_of_a_users_table_are_read(cell: str) -> None:
    frame = pd.DataFrame({"gene": ["a"], "reads": ["3"], "vaf": ["1e-3"], "is_known": [cell]})
    row = TABLE.conform(typed(frame, TABLE, "t.tsv")).iloc[0]
    assert (row["reads"], row["vaf"], row["is_known"]) == (3, 0.001, True)


def test_cell_that_does_not_read_as_its_type_is_told() -> None:
    frame = pd.DataFrame({"gene": ["a"], "reads": ["3"], "vaf": ["1,5"], "is_known": ["1"]})
    with pytest.raises(InputError, match=r"t.tsv, vaf: found '1,5', expected float"):
        typed(frame, TABLE, "t.tsv")


WRITERS: dict[str, Callable[[Path], None]] = {
    "Parquet": lambda path: write_parquet(path, pa.table({"a": [1]}), "f"),
    "TSV": lambda path: write_tsv(path, pd.DataFrame({"a": [1]})),
    "bytes": lambda path: write_bytes(path, b"x"),
    "sync": sync,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_an_error_of_the_disk_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A run tells by it whose disk is full; a failed write names none by itself."""
    path = tmp_path / "file.tsv"
    path.write_text("")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("storiform.io.store.pcsv.write_csv", full)
    monkeypatch.setattr("storiform.io.store.pq.ParquetWriter.write_table", full)
    monkeypatch.setattr("storiform.io.store.os.fsync", full)
    with pytest.raises(OSError, match="No space left") as told:
        WRITERS[kind](path)
    assert Path(told.value.filename).parent == tmp_path
