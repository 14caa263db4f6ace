"""When a job of a queue is given up, and how a cluster of jobs closes."""

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dask_jobqueue.slurm import SLURMJob
from distributed import SpecCluster
from distributed.core import Status

from storiform.engine.desk import GRACE_SECONDS, Desk
from storiform.engine.jobs import QueueCluster, _BookedJob
from storiform.engine.queues import JobState
from storiform.engine.sections import Executor

JOB = "storiform-ab123-0"
RUNNING = JobState("running", "RUNNING")


@pytest.fixture
def book(tmp_path: Path) -> Desk:
    """Return the book of one job that was handed in a minute ago."""
    executor = Executor(kind="slurm", jobs=2).model_copy(update={"logs": tmp_path})
    made = Desk(executor, "storiform-ab123")
    made.accepted(JOB, "7")
    made.entries[JOB].submitted -= 60.0
    return made


def is_over(book: Desk, job: str = JOB) -> bool:
    return QueueCluster._is_over(SimpleNamespace(desk=book), job)  # type: ignore[arg-type]  # noqa: SLF001


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, False),
        (JobState("waiting", "PENDING", "Priority"), False),
        (RUNNING, False),
        (JobState("ended", "FAILED"), True),
    ],
)
def test_a_job_is_over_when_the_queue_says_so(
    book: Desk, state: JobState | None, *, expected: bool
) -> None:
    if state is not None:
        book.states["7"] = state
    assert is_over(book) is expected


def test_a_job_whose_worker_is_gone_has_some_time_to_bring_another(book: Desk) -> None:
    """Its nanny starts one within seconds; without it the job would hold its place for ever."""
    book.states["7"] = RUNNING
    book.met(JOB)
    book.missed(JOB)
    assert not is_over(book)
    lost = time.monotonic()
    book.entries[JOB].lost = lost - GRACE_SECONDS + 5.0
    assert not is_over(book)
    book.entries[JOB].lost = lost - GRACE_SECONDS - 1.0
    assert is_over(book)
    book.met(JOB)
    assert not is_over(book)


def test_no_job_is_over_while_the_queue_is_silent_or_has_hardly_taken_it(book: Desk) -> None:
    book.states["7"] = JobState("ended", "FAILED")
    book.silence = "connection refused"
    assert not is_over(book)
    book.silence = ""
    book.entries[JOB].submitted = time.monotonic()
    assert not is_over(book)


def test_a_refused_job_is_handed_in_again_when_its_time_has_come(book: Desk) -> None:
    book.refused(JOB, "sbatch: error: No.")
    assert not is_over(book)
    book.refused_at -= book.backoff() + 1.0
    assert is_over(book)


def test_no_job_is_handed_in_while_the_run_ends(
    book: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[str] = []

    async def hand_in(job: Any) -> None:
        handed.append(job.name)

    monkeypatch.setattr(SLURMJob, "start", hand_in)
    kind: Any = type("Booked", (_BookedJob, SLURMJob), {"desk": book})
    job = kind.__new__(kind)
    job.name, job.job_id = JOB, "8"
    asyncio.run(kind.start(job))
    assert (handed, book.entries[JOB].job) == ([JOB], "8")
    book.is_closing = True
    asyncio.run(kind.start(job))
    assert handed == [JOB]
    assert job.status == Status.running


def test_a_cluster_that_closes_asks_for_no_more_jobs_before_it_cancels(
    book: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else `adapt` hands in another for each that is cancelled."""
    done: list[str] = []

    async def cancel() -> None:
        done.append(f"cancelled, closing {book.is_closing}")

    async def close(_self: object) -> None:
        done.append("closed")

    monkeypatch.setattr(SpecCluster, "_close", close)
    cluster: Any = QueueCluster.__new__(QueueCluster)

    async def end() -> None:
        cluster.desk = book
        cluster.status = Status.running
        cluster._looking = asyncio.ensure_future(asyncio.sleep(60))  # noqa: SLF001
        cluster._adaptive = SimpleNamespace(stop=lambda: done.append("adapts no more"))  # noqa: SLF001
        cluster._lock = asyncio.Lock()  # noqa: SLF001
        cluster._cancel_all = cancel  # noqa: SLF001
        cluster._created = [job := SimpleNamespace(status=Status.running)]  # noqa: SLF001
        await cluster._close()  # noqa: SLF001
        assert job.status == Status.closed
        await asyncio.sleep(0)
        assert cluster._looking.cancelled()  # noqa: SLF001
        cluster.status = Status.closed  # the destructor has nothing to close

    asyncio.run(end())
    assert done == ["adapts no more", "cancelled, closing True", "closed"]
