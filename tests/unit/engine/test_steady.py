"""A cluster of this machine that cannot even begin."""

import asyncio
import subprocess
import sys
from types import SimpleNamespace

import pytest
from distributed import Scheduler
from distributed.core import Status

from storiform.engine.cluster import connect
from storiform.engine.sections import Executor
from storiform.engine.steady import SteadyCluster
from storiform.model.errors import RunError


def test_a_cluster_that_cannot_begin_raises_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed, too; what fails then would hide the cause behind a traceback at exit."""

    async def full(_scheduler: Scheduler) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Scheduler, "start_unsafe", full)
    with pytest.raises(RuntimeError, match="Scheduler failed to start"):
        SteadyCluster(n_workers=0, dashboard_address=None, silence_logs=50)
    begun = "none that begins .+ or name another folder by TMPDIR"
    with pytest.raises(RunError, match=begun), connect(Executor(workers=1)):
        pass


def test_workers_that_failed_or_closed_as_they_started_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("storiform.engine.steady._TICK_SECONDS", 0.0)
    states = (Status.running, Status.failed, Status.closed, Status.init)
    workers = {state.name: SimpleNamespace(status=state) for state in states}
    cluster = SimpleNamespace(status=Status.running, workers=workers)

    async def look() -> None:
        looking = asyncio.ensure_future(SteadyCluster._keep_looking(cluster))  # type: ignore[arg-type]  # noqa: SLF001
        for _ in range(5):
            await asyncio.sleep(0)
        cluster.status = Status.closed
        await looking

    asyncio.run(look())
    assert list(workers) == ["running", "init"]


def test_loops_count_their_pauses_by_a_clock_that_nobody_sets() -> None:
    """In a process of its own: the module acts as it is imported, before the first loop."""
    text = """if True:
        import time
        from storiform.engine import steady
        time.time = lambda: 0.0  # set back by half a century
        from distributed import batched
        from tornado.ioloop import IOLoop
        loop = IOLoop(make_current=False)
        assert abs(loop.time() - time.monotonic()) < 60
        assert abs(batched.time() - time.monotonic()) < 60
        woken = []
        loop.call_later(0.05, lambda: (woken.append(1), loop.stop()))
        loop.call_later(30, loop.stop)
        loop.start()
        assert woken
    """
    words = [sys.executable, "-c", text]
    done = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stderr
