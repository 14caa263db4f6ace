"""Commands of a queue: in a session of their own, and none is waited for without end."""

import asyncio
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from storiform.engine.desk import Desk, command_output
from storiform.engine.jobs import QueueCluster
from storiform.engine.sections import Executor


def test_commands_of_the_queue_do_not_hear_an_interrupt_of_the_terminal() -> None:
    words = [sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"]
    assert asyncio.run(command_output(words))[1] == "True\n"


def test_a_command_of_the_queue_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storiform.engine.desk.COMMAND_SECONDS", 2.0)
    told = tmp_path / "pid"
    text = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(TimeoutError, match="gave no answer for 2 s"):
        asyncio.run(command_output([sys.executable, "-c", text]))
    assert not psutil.pid_exists(int(told.read_text()))


def test_a_queue_that_hung_a_moment_ago_is_not_waited_for_at_each_lost_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a run whose hundred workers die at once would not show for an hour that it lives."""
    asked: list[object] = []

    async def hang(words: object, _given: object = None) -> tuple[int, str, str]:
        asked.append(words)
        raise TimeoutError("squeue gave no answer for 60 s")

    monkeypatch.setattr("storiform.engine.desk.command_output", hang)
    executor = Executor(kind="slurm", jobs=2).model_copy(update={"logs": tmp_path})
    book = Desk(executor, "storiform-ab123")
    book.homes["tcp://a"] = ("17", 0.0)
    cluster = SimpleNamespace(desk=book)
    for _ in range(5):
        found = asyncio.run(QueueCluster._verdict(cluster, "tcp://a"))  # type: ignore[arg-type]  # noqa: SLF001
        assert found is None
    assert len(asked) == 1
    assert "no answer" in book.silence
    assert book.hung_at is not None
    book.hung_at -= 61.0
    asyncio.run(QueueCluster._verdict(cluster, "tcp://a"))  # type: ignore[arg-type]  # noqa: SLF001
    assert len(asked) == 2


def test_what_a_hanging_command_has_started_is_ended_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a script that a site puts in the place of `squeue`; its child has our pipes."""
    monkeypatch.setattr("storiform.engine.desk.COMMAND_SECONDS", 1.0)
    told = tmp_path / "pid"
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(command_output(["sh", "-c", f"sleep 60 & echo $! > {told}; wait"]))
    assert time.monotonic() - begun < 30
    child = int(told.read_text())
    end = time.monotonic() + 20
    while psutil.pid_exists(child) and psutil.Process(child).status() != "zombie":
        assert time.monotonic() < end
        time.sleep(0.01)
