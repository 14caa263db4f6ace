"""Tables go to Parquet and TSV and back without loss."""

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
    to_arrow,
    typed,
    write_bytes,
    write_parquet,
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
