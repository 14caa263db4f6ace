"""A run that is no longer alone in its results folder deletes nothing there."""

import errno
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trials import Toy, storiform

from storiform.engine import run as run_module
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


class Rival:
    """Another run, which takes the folder over at a moment of ours."""

    def __init__(self, trial: Toy) -> None:
        self.trial = trial
        self.wrote: dict[Path, bytes] = {}

    def take(self) -> None:
        """Put its lock in place of ours, write its record, begin a result."""
        root = self.trial.results
        other_lock(self.trial)
        (root / "parts" / "theirs").mkdir(parents=True, exist_ok=True)
        (root / "run.json").write_text('{"state": "running", "pid": 1}')
        (root / "events.jsonl").write_text("theirs\n")
        (root / "tables" / "theirs.tsv").write_text("theirs\n")
        names = ("run.lock", "run.json", "events.jsonl", "tables/theirs.tsv")
        self.wrote = {root / name: (root / name).read_bytes() for name in names}

    def after(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of a run after which it has happened."""

        def called(*words: Any, **named: Any) -> Any:
            made = function(*words, **named)
            self.take()
            return made

        return called

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of a run before which it has happened."""

        def called(*words: Any, **named: Any) -> Any:
            self.take()
            return function(*words, **named)

        return called


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("_drive", "after"), ("write_rest", "before"), ("write_rest", "after"),
        ("write_report", "before"), ("write_report", "after"),
    ],
)  # fmt: skip
def test_what_is_there_stays_when_another_run_has_taken_the_folder(
    toy: Make, here: Here, monkeypatch: pytest.MonkeyPatch, name: str, when: str
) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    trial.dose([4, 5, 6])
    trial.settings("run: {keep: 0}\n")
    kept = set(trial.results.glob("units/*/*/*"))
    rival = Rival(trial)
    changed = getattr(rival, when)(getattr(run_module, name))
    monkeypatch.setattr(run_module, name, changed)
    with pytest.raises(RunError, match="found a run by pid 1 on elsewhere"):
        here(trial)
    assert kept <= set(trial.results.glob("units/*/*/*"))
    assert (trial.results / "parts" / "theirs").is_dir()
    assert {path: path.read_bytes() for path in rival.wrote} == rival.wrote


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


def test_a_run_keeps_its_lock_while_it_writes_its_pages(
    toy: Make, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of a large cohort take longer than a lock lasts without a beat."""
    trial = toy([1, 2])
    monkeypatch.setattr("storiform.engine.lock.HEARTBEAT_SECONDS", 0.01)
    lock = trial.results / "run.lock"
    ages = []

    def slowly(*_: Any) -> None:
        os.utime(lock, (1.0, 1.0))
        deadline = time.monotonic() + 20
        while lock.stat().st_mtime < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        ages.append(time.time() - lock.stat().st_mtime)

    monkeypatch.setattr(run_module, "_finish", slowly)
    assert here(trial)[1].exit_code == 0
    assert max(ages) < 60
