"""A cluster of this machine that cannot even begin."""

import asyncio
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
