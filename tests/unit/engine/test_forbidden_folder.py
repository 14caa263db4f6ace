"""A results folder that may not be written any more: no fault of the step that meets it."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from storiform.engine.work import Ending, Task, perform
from storiform.io.store import write_bytes, write_parquet, write_tsv


@pytest.mark.parametrize(
    ("number", "file", "ending"),
    [
        (errno.EACCES, "results/parts/x", "unwritable"),
        (errno.EROFS, "results/parts/x", "unwritable"),
        (errno.EIO, "results/parts/x", "unwritable"),
        (errno.EACCES, "reads.bam", "failed"),
        (errno.ENOENT, "results/parts/x", "failed"),
        (errno.ENOSPC, "results/parts/x", "disk_full"),
        (errno.EDQUOT, "results/parts/x", "disk_full"),
        (errno.ENOSPC, "reads.bam", "failed"),
        (errno.EACCES, "results2/reads.bam", "failed"),
        (errno.EIO, "results-of-others/reads.bam", "failed"),
        (errno.EIO, None, "failed"),
        (errno.ENOSPC, None, "failed"),
    ],
)
def test_what_the_disk_refuses_stops_the_run_where_it_is_that_of_the_results(
    number: int,
    file: str | None,
    ending: Ending,
    tmp_path: Path,
) -> None:
    root = tmp_path / "results"

    def make(_task: Task, _part: Path) -> None:
        raise OSError(number, "told by the kernel", *([str(tmp_path / file)] if file else []))

    task = Task("flow.py", str(root), "s", "u", "step", "f1", {}, {})
    outcome = perform(task, make)
    assert outcome.ending == ending
    assert (root / "units" / "u" / "s" / "failure.json").exists() == (ending == "failed")
    assert list((root / "parts").iterdir()) == []


def fail(number: int) -> Any:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "told by the kernel")  # as a write and fsync do, without a name

    return refuse


@pytest.mark.parametrize("write", ["parquet", "tsv", "bytes"])
@pytest.mark.parametrize(
    ("number", "ending"), [(errno.EIO, "unwritable"), (errno.ENOSPC, "disk_full")]
)
def test_what_the_disk_refuses_of_our_own_writing_stops_the_run(
    write: str,
    number: int,
    ending: Ending,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def make(_task: Task, part: Path) -> None:
        if write == "parquet":
            write_parquet(part / "t.parquet", pa.table({"a": [1]}), "f1")
        elif write == "tsv":
            write_tsv(part / "t.tsv", pd.DataFrame({"a": [1]}))
        else:
            write_bytes(part / "t.pdf", b"x")

    monkeypatch.setattr(os, "fsync", fail(number))
    task = Task("flow.py", str(tmp_path / "results"), "s", "u", "step", "f1", {}, {})
    assert perform(task, make).ending == ending


@pytest.mark.parametrize("file", ["provenance", "secret"])
@pytest.mark.parametrize(
    ("number", "ending"), [(errno.EIO, "unwritable"), (errno.ENOSPC, "disk_full")]
)
def test_a_disk_that_is_full_at_what_is_told_of_a_result_stops_the_run(
    file: str, number: int, ending: Ending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if file == "provenance":
        monkeypatch.setattr(Path, "write_text", fail(number))
    else:
        monkeypatch.setattr(os, "fdopen", fail(number))
    recipe = {"record": {"sex": "female"}}
    task = Task("flow.py", str(tmp_path / "results"), "s", "u", "step", "f1", recipe, {})
    monkeypatch.setattr("storiform.engine.work.code_of", lambda _task: "")
    outcome = perform(task, lambda _task, part: write_bytes(part / "t.pdf", b"x"))
    assert outcome.ending == ending


def test_full_temporary_files_name_their_folder(tmp_path: Path) -> None:
    task = Task("flow.py", str(tmp_path / "results"), "s", "u", "step", "f1", {}, {})
    outcome = perform(task, fail(errno.ENOSPC))
    assert outcome.ending == "failed"
    assert f"temporary files lie in {tempfile.gettempdir()}" in outcome.message
