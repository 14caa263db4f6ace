"""A results folder that may not be written any more: no fault of the step that meets it."""

import errno
from pathlib import Path

import pytest

from storiform.engine.work import Ending, Task, perform


@pytest.mark.parametrize(
    ("number", "file", "ending"),
    [
        (errno.EACCES, "results/parts/x", "unwritable"),
        (errno.EROFS, "results/parts/x", "unwritable"),
        (errno.EIO, "results/parts/x", "unwritable"),
        (errno.EACCES, "reads.bam", "failed"),
        (errno.ENOENT, "results/parts/x", "failed"),
        (errno.ENOSPC, "reads.bam", "disk_full"),
    ],
)
def test_what_the_disk_refuses_stops_the_run_where_it_is_that_of_the_results(
    number: int,
    file: str,
    ending: Ending,
    tmp_path: Path,
) -> None:
    root = tmp_path / "results"

    def make(_task: Task, _part: Path) -> None:
        raise OSError(number, "told by the kernel", str(tmp_path / file))

    task = Task("flow.py", str(root), "s", "u", "step", "f1", {}, {})
    outcome = perform(task, make)
    assert outcome.ending == ending
    assert (root / "units" / "u" / "s" / "failure.json").exists() == (ending == "failed")
    assert list((root / "parts").iterdir()) == []
