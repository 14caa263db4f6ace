"""What the book of jobs keeps and forgets: refusals, ends, workers that come back."""

import asyncio
import time
from pathlib import Path

import pytest

from storiform.engine.desk import MOST_EARLY_ENDS, Desk
from storiform.engine.queues import JobState
from storiform.engine.sections import Executor

NAME = "storiform-ab123"


@pytest.fixture
def book(tmp_path: Path) -> Desk:
    """Return the book of two jobs on Slurm."""
    executor = Executor(kind="slurm", jobs=2).model_copy(update={"logs": tmp_path})
    found = Desk(executor, NAME)
    found.accepted(f"{NAME}-0", "7")
    found.accepted(f"{NAME}-1", "8")
    return found


def answers(monkeypatch: pytest.MonkeyPatch, status: int, out: str, err: str = "") -> None:
    async def answer(_words: object, _given: object = None) -> tuple[int, str, str]:
        return status, out, err

    monkeypatch.setattr("storiform.engine.desk.command_output", answer)


def test_a_job_that_is_taken_ends_the_time_in_which_none_is_handed_in(book: Desk) -> None:
    for _ in range(4):
        book.refused(f"{NAME}-2", "QOSMaxSubmitJobPerUserLimit")
    assert book.backoff() == 120.0
    assert "refused the last one: QOSMax" in book.says()
    book.accepted(f"{NAME}-2", "9")
    book.refused(f"{NAME}-3", "again")
    assert book.backoff() == 15.0, "counted from the last one that was taken"


@pytest.mark.parametrize("err", ["slurm_load_jobs error: Unknown job id", "Job 7 not found"])
def test_a_queue_that_knows_none_of_the_jobs_has_answered(
    err: str, book: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, 1, "", err)
    asyncio.run(book.ask())
    assert book.silence == ""
    assert book.states == dict.fromkeys(("7", "8"), JobState("ended", "gone from the queue"))


def test_how_a_job_ended_is_not_forgotten_when_the_queue_forgets_it(
    book: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = JobState("ended", "OUT_OF_MEMORY")
    book.states["7"] = ended
    answers(monkeypatch, 0, "8|RUNNING|None\n")
    asyncio.run(book.ask())
    assert book.states == {"7": ended, "8": JobState("running", "RUNNING")}


def test_a_worker_that_comes_back_is_not_missed(book: Desk) -> None:
    book.met(f"{NAME}-0")
    book.missed(f"{NAME}-0")
    assert book.entries[f"{NAME}-0"].lost is not None
    first = book.entries[f"{NAME}-0"].lost
    book.missed(f"{NAME}-0")
    assert book.entries[f"{NAME}-0"].lost == first, "since it went, not since it was seen gone"
    book.met(f"{NAME}-0")
    assert book.entries[f"{NAME}-0"].lost is None


@pytest.mark.parametrize("is_closing", [False, True])
def test_jobs_that_end_because_the_run_does_are_no_trouble(
    is_closing: object, book: Desk
) -> None:
    book.is_closing = bool(is_closing)
    for number in range(MOST_EARLY_ENDS):
        book.accepted(f"{NAME}-{number}", str(number))
        book.ended(f"{NAME}-{number}", str(number))
    assert bool(book.trouble()) is not is_closing


@pytest.mark.parametrize(("times", "is_told"), [(3, False), (4, True)])
def test_a_task_may_be_moved_as_often_as_it_may_be_tried(
    times: int, is_told: object, book: Desk
) -> None:
    book.moved["key"] = times
    assert bool(book.overdue(3)) is is_told


def test_a_worker_counts_as_having_left_only_near_the_end_of_its_job(book: Desk) -> None:
    book.homes["tcp://a"] = ("7", time.monotonic())
    assert not book.has_left("tcp://a")
    book.homes["tcp://a"] = ("7", time.monotonic() - 10 * 24 * 3600.0)
    assert book.has_left("tcp://a")
    assert not book.has_left("tcp://unknown")
