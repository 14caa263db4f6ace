"""Signals: the first ends a run in good order, the second at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from storiform.engine import ending
from storiform.engine.desk import Desk
from storiform.engine.jobs import job_client
from storiform.engine.sections import Executor
from storiform.model.errors import RunError

SCRIPT = """
import time
from storiform.engine.ending import Stop, even_at_once, signals
stop = Stop()
with even_at_once(lambda: 1 / 0), even_at_once(lambda: print("cancelled", flush=True)), \\
     signals(stop):
    print("ready", flush=True)
    while not stop:
        time.sleep(0.01)
    print(stop.signal, flush=True)
    time.sleep({rest})
print("in good order", flush=True)
"""


def begun(rest: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT.format(rest=rest)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_the_run_end_and_the_second_does_not(number: int) -> None:
    process = begun(0.0)
    process.send_signal(number)
    assert process.communicate(timeout=120)[0] == f"{number:d}\nin good order\n"
    assert process.returncode == 0
    process = begun(60.0)
    process.send_signal(number)
    assert process.stdout is not None
    assert process.stdout.readline() == f"{number:d}\n"
    time.sleep(1.2)
    process.send_signal(number)
    assert process.communicate(timeout=120)[0] == "cancelled\n"
    assert process.returncode == 128 + number


def test_signals_that_come_together_are_one() -> None:
    """``timeout`` sends two: one to the process, one to its group."""
    process = begun(2.5)
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    assert process.communicate(timeout=120)[0] == f"{signal.SIGTERM:d}\nin good order\n"
    assert process.returncode == 0


def test_a_terminal_that_goes_while_a_run_ends_is_nobody_who_asks_again() -> None:
    """Ctrl-C, and then the window is closed; the shell passes the news on once more."""
    process = begun(3.5)
    process.send_signal(signal.SIGINT)
    for _ in range(2):
        time.sleep(1.2)
        process.send_signal(signal.SIGHUP)
    assert process.communicate(timeout=120)[0] == f"{signal.SIGINT:d}\nin good order\n"
    assert process.returncode == 0


def test_jobs_are_cancelled_by_a_process_that_outlives_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    lines = ["#!/bin/sh", f"ps -o sid= -p $$ >{told}", f'echo "$*" >>{told}']
    (tmp_path / "scancel").write_text("\n".join(lines) + "\n")
    (tmp_path / "scancel").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    book = Desk(Executor(kind="slurm", jobs=2), "storiform-ab123")
    book.accepted("storiform-ab123-0", "7")
    book.accepted("storiform-ab123-1", "8")
    assert [process.wait(timeout=120) for process in book.cancel_at_once()] == [0]
    session, words = told.read_text().splitlines()
    assert int(session) != os.getsid(0)
    assert "-n storiform-ab123 " in words


def test_a_cluster_of_jobs_is_cancelled_even_by_a_run_that_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From before the first job is handed in until the cluster has closed."""
    (tmp_path / "sbatch").write_text("#!/bin/sh\n")
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    held: list[str] = []

    def begin(desk: Desk, *_: object, **__: object) -> None:
        held.extend(action.__qualname__ for action in ending._even_at_once)  # noqa: SLF001
        assert ending._even_at_once[-1] == desk.cancel_at_once  # noqa: SLF001
        raise RunError(desk.name)

    monkeypatch.setattr("storiform.engine.jobs.QueueCluster", cluster_of(begin))
    executor = Executor(kind="slurm", jobs=2, interface="lo")
    executor = executor.model_copy(update={"logs": tmp_path, "shared": tmp_path})
    with pytest.raises(RunError, match="storiform-"), job_client(executor):
        pass
    assert held == ["Desk.cancel_at_once"]
    assert ending._even_at_once == []  # noqa: SLF001


def cluster_of(begin: Callable[..., None]) -> type:
    """Return a cluster that hands in its first job by a function."""

    class Cluster:
        def __init__(self, desk: Desk, *_: object, **__: object) -> None:
            self.desk = desk

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def first(self) -> None:
            begin(self.desk)

    return Cluster
