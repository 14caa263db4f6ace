"""A run that is no longer alone in its results folder deletes nothing there."""

import errno
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from trials import Toy, storiform

from storiform.engine.run import Ending
from storiform.engine.session import Session
from storiform.model.errors import RunError

Make = Callable[..., Toy]
Here = Callable[..., tuple[Session, Ending]]


def other_lock(trial: Toy) -> None:
    """Put the lock of a run on another machine in the place of ours."""
    lock = trial.results / "run.lock"
    record = {"pid": 1, "started": time.time(), "host": "elsewhere", "token": "other"}
    lock.write_text(json.dumps(record))


@pytest.mark.parametrize("at", ["table", "page", "end"])
def test_old_results_stay_when_another_run_has_taken_the_folder(
    toy: Make, here: Here, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    kept = sorted(trial.results.glob("units/*/*/*"))
    trial.dose([4, 5, 6])
    trial.settings("run: {keep: 0}\n")

    def page(*_: object, listen: Callable[[str], None], **__: object) -> None:
        other_lock(trial)
        if at == "page":
            listen("page 1 of 3")

    def table(*words: object) -> None:
        other_lock(trial)
        words[-1]()  # type: ignore[operator]  heeds before each table
        pytest.fail("a table is written")

    if at == "table":
        monkeypatch.setattr("storiform.engine.run.write_rest", table)
    else:
        monkeypatch.setattr("storiform.engine.run.write_report", page)
    with pytest.raises(RunError, match="found a run by pid 1 on elsewhere"):
        here(trial)
    assert set(kept) <= set(trial.results.glob("units/*/*/*"))
    assert "elsewhere" in (trial.results / "run.lock").read_text()


def test_a_report_is_refused_beside_a_run(toy: Make, here: Here) -> None:
    trial = toy([1, 2])
    here(trial)
    before = (trial.results / "report.html").stat().st_mtime_ns
    other_lock(trial)
    done = storiform("report", trial.results)
    assert done.returncode == 2
    assert "found a run by pid 1 on elsewhere" in done.stderr
    assert (trial.results / "report.html").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("number", "place", "told"),
    [
        (errno.ENOSPC, "results/report.html", "no space left in the results folder"),
        (errno.ENOSPC, "", "no space left in the results folder"),
        (errno.EACCES, "results/report.html", "no right to write into the results folder"),
        (errno.ENOSPC, "tmp", "no space left in the folder of temporary files"),
        (errno.ENOSPC, "/elsewhere/x/y", "no space left in /elsewhere/x "),
    ],
)
def test_the_disk_that_refuses_is_named(
    toy: Make, here: Here, monkeypatch: pytest.MonkeyPatch, number: int, place: str, told: str
) -> None:
    trial = toy([1])
    monkeypatch.setattr(tempfile, "tempdir", "/scratch/of/the/node")
    names = {"": [], "tmp": ["/scratch/of/the/node/tmpx"]}
    name = names.get(place, [str(trial.config.parent / Path(place))])

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), *name)

    monkeypatch.setattr("storiform.engine.run.write_report", refuse)
    _, ending = here(trial)
    assert ending.stopped.startswith(told)
    assert ("TMPDIR" in ending.stopped) == (place == "tmp")
