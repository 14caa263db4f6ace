"""Table files of one writing belong together, also after a kill."""

from pathlib import Path

import pandas as pd
import pytest

from storiform.io.store import TableWriter, is_twin, parquet_fingerprint, to_arrow


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


def test_tsv_that_was_changed_is_no_twin(tmp_path: Path) -> None:
    parquet = write(tmp_path, "mark", "one")
    assert is_twin(parquet)
    parquet.with_suffix(".tsv").write_text("value\ntwo\n")
    assert is_twin(parquet), "the size is the same"
    assert not is_twin(parquet, verify=True)
    parquet.with_suffix(".tsv").write_text("value\n")
    assert not is_twin(parquet)


def test_a_column_named_by_a_user_breaks_no_header(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["x"], 'a "set"\tof\r\ngenes': ['1\t"2"\r3']})
    with TableWriter(tmp_path, "scores", "mark") as writer:
        writer.write(to_arrow(frame, None))
    assert (tmp_path / "scores.tsv").read_bytes() == b"a\ta 'set' of genes\nx\t1 '2' 3\n"
