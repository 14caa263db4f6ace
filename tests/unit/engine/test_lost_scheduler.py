"""A scheduler or a worker that is gone: a message, never a traceback."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from storiform.engine.cluster import _is_news, connect, worker_count
from storiform.engine.config import Executor
from storiform.model.errors import RunError


class Silent:
    """A client whose scheduler has gone: it knows nothing of workers."""

    _scheduler_identity: ClassVar[dict[str, object]] = {}

    def sync(self, function: object, *, n_workers: int, callback_timeout: float) -> None:
        """Ask nobody."""
        assert function is not None
        assert n_workers == -1, "of all workers"
        assert 0 < callback_timeout < 60

    async def _update_scheduler_info(self) -> None:
        """Never called."""


class Frozen(Silent):
    """A client whose scheduler takes messages and answers none."""

    def sync(self, function: object, *, n_workers: int, callback_timeout: float) -> None:
        """Wait in vain."""
        super().sync(function, n_workers=n_workers, callback_timeout=callback_timeout)
        raise TimeoutError


@pytest.mark.parametrize("client", [Silent, Frozen])
def test_no_worker_is_counted_where_the_scheduler_is_gone(client: type[Silent]) -> None:
    assert worker_count(client()) == 0  # type: ignore[arg-type]


class Told(Silent):
    """A client whose scheduler has told of its workers."""

    _scheduler_identity: ClassVar[dict[str, object]] = {
        "workers": {
            "a": {"status": "running", "metrics": {"task_counts": {}}},
            "b": {"status": "paused", "metrics": {"task_counts": {"executing": 1}}},
            "c": {"status": "paused", "metrics": {"task_counts": {"ready": 3}}},
            "d": {"status": "paused"},
        }
    }


def test_a_paused_worker_counts_only_while_it_ends_what_it_does() -> None:
    """On a scheduler elsewhere, which pauses workers, else a run could wait without end."""
    assert worker_count(Told()) == 2  # type: ignore[arg-type]


@pytest.mark.usefixtures("tmp_path")
def test_scheduler_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed  # noqa: PLC0415  slow to import

    def nobody(*_: object, **__: object) -> None:
        raise OSError("Timed out")

    monkeypatch.setattr(distributed, "Client", nobody)
    executor = Executor(scheduler="tcp://127.0.0.1:9")
    with (
        pytest.raises(RunError, match=r"no answer from tcp://127\.0\.0\.1:9"),
        connect(executor),
    ):
        pass


def record(error: Exception | None) -> logging.LogRecord:
    """Return what asyncio logs of a task that nobody waited for."""
    told = (type(error), error, None) if error is not None else None
    return logging.LogRecord(
        "asyncio", logging.ERROR, str(Path(sys.executable)), 1, "never retrieved", (), told
    )  # type: ignore[arg-type]


def test_of_the_loop_only_a_worker_that_died_at_its_start_is_no_news() -> None:
    assert not _is_news(record(RuntimeError("Nanny failed to start worker process")))
    assert _is_news(record(RuntimeError("another")))
    assert _is_news(record(None))


SET_BACK = """
import time
from storiform.engine.cluster import connect
from storiform.engine.config import Executor

def main():
    right = time.time
    with connect(Executor(workers=1)) as client:
        assert client.submit(abs, -1).result(timeout=60) == 1
        time.time = lambda: right() - 3600.0  # of scheduler, nanny and client
        begun = time.monotonic()
        for number in range(2, 8):  # the first message goes out, the next ones would wait
            assert client.submit(abs, -number).result(timeout=40) == number
        print("SECONDS", time.monotonic() - begun, flush=True)

if __name__ == "__main__":
    main()
"""


def test_clock_that_is_set_back_holds_up_no_message(tmp_path: Path) -> None:
    script = tmp_path / "set_back.py"
    script.write_text(SET_BACK)
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split("SECONDS")[1]) < 60
