"""Table files of one writing belong together, also after a kill."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.io.store import (
    TableWriter,
    is_twin,
    parquet_fingerprint,
    read_parquet,
    to_arrow,
)
from storiform.model.table import Column, Table


def write(folder: Path, mark: str, value: str) -> Path:
    with TableWriter(folder, "calls", mark) as writer:
        writer.write(to_arrow(pd.DataFrame({"value": [value]}), None))
    return folder / "calls.parquet"


def test_kill_between_the_two_renames_leaves_a_pair_that_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = write(tmp_path, "old", "one")
    renames = []
    whole = Path.replace

    def once(part: Path, goal: Path) -> Path:
        renames.append(goal)
        if len(renames) == 2:
            raise KeyboardInterrupt
        return whole(part, goal)

    monkeypatch.setattr(Path, "replace", once)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, "new", "three")
    assert parquet.with_suffix(".tsv").read_text() == "value\nthree\n"
    assert parquet_fingerprint(parquet) == "old", "so the table is not taken as current"
    assert not is_twin(parquet)


def test_tsv_of_another_size_is_no_twin(tmp_path: Path) -> None:
    parquet = write(tmp_path, "mark", "one")
    assert is_twin(parquet)
    parquet.with_suffix(".tsv").write_text("value\ntwo\n")
    assert is_twin(parquet), "the size is the same: `--verify` writes it anew"
    parquet.with_suffix(".tsv").write_text("value\n")
    assert not is_twin(parquet)


def test_no_bit_that_flips_makes_another_number(tmp_path: Path) -> None:
    """What the disk changes is an error or nothing; its mark can be asked for all the same."""
    columns = {"gene": Column("string", "its symbol"), "share": Column("float", "of reads")}
    contract = Table("calls", "biopsy", columns, key=("gene",))
    frame = pd.DataFrame({"gene": [f"G{n}" for n in range(99)], "share": np.arange(99) / 7})
    with TableWriter(tmp_path, "calls", "mark") as writer:
        writer.write(to_arrow(frame, contract))
    parquet = tmp_path / "calls.parquet"
    whole = parquet.read_bytes()
    refused = 0
    for at in range(len(whole)):
        bit = 1 << at % 8
        parquet.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
        parquet_fingerprint(parquet)
        try:
            back = read_parquet(parquet, contract)
        except Exception:  # noqa: BLE001  of whatever kind
            refused += 1
        else:
            pd.testing.assert_frame_equal(contract.conform(back), contract.conform(frame))
    assert refused > len(whole) / 2


def test_a_column_named_by_a_user_breaks_no_header(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["x"], 'a "set"\tof\r\ngenes': ['1\t"2"\r3']})
    with TableWriter(tmp_path, "scores", "mark") as writer:
        writer.write(to_arrow(frame, None))
    assert (tmp_path / "scores.tsv").read_bytes() == b"a\ta 'set' of genes\nx\t1 '2' 3\n"
