"""The book of the jobs, and what the driver makes of it, without a queue."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from distributed.scheduler import KilledWorker

from storiform.engine.blame import Loss, landed
from storiform.engine.desk import Desk, refused
from storiform.engine.driver import Driver, Rules
from storiform.engine.graph import Graph, Node
from storiform.engine.lanes import Lanes
from storiform.engine.lock import RunLock
from storiform.engine.queues import JobState
from storiform.engine.results import Results
from storiform.engine.sections import Executor
from storiform.engine.watch import Watch
from storiform.engine.work import Outcome
from storiform.model.cohort import Cohort
from storiform.model.errors import RunError

TIMEOUT = JobState("ended", "TIMEOUT", "TimeLimit")
RUNNING = JobState("running", "RUNNING")


def desk(tmp_path: Path, **more: Any) -> Desk:
    """Return the book of two jobs on Slurm."""
    executor = Executor(kind="slurm", jobs=2, **more).model_copy(update={"logs": tmp_path})
    book = Desk(executor, "storiform-ab123")
    book.accepted("storiform-ab123-0", "7")
    book.accepted("storiform-ab123-1", "8")
    return book


class Cluster:
    """Stands for the cluster of a client: a desk, and one verdict for all workers."""

    def __init__(self, book: Desk, state: JobState | None) -> None:
        self.desk = book
        self._state = state

    def verdict(self, _address: str) -> JobState | None:
        """Return what the queue says."""
        return self._state


class Answer(Future):  # type: ignore[type-arg]
    """A future with the attributes of Dask's."""

    def __init__(self, key: str, status: str = "finished") -> None:
        super().__init__()
        self.key = key
        self.status = status


class Lost(Answer):
    """A future whose worker died."""

    def __init__(self, key: str) -> None:
        super().__init__(key, "error")
        worker = type("Worker", (), {"address": "tls://10.0.0.2:1"})()
        self.set_exception(KilledWorker(key, worker, 0))


class Client:
    """Hands what is submitted to `make`; its jobs are those of a cluster."""

    def __init__(self, make: Callable[[str, Any], Any], cluster: Cluster | None = None) -> None:
        self.make = make
        self.cluster = cluster
        self.keys: list[str] = []

    def submit(self, _work: Any, tasks: Any, key: str = "", **_: Any) -> Any:
        """Hand a bundle over."""
        self.keys.append(key)
        return self.make(key, tasks)


def done(key: str, tasks: Any) -> Answer:
    """Return an answer with good outcomes."""
    future = Answer(key)
    future.set_result([Outcome(t.step, t.unit, t.fingerprint, "done", 0.1) for t in tasks])
    return future


def unasked(_executor: Executor) -> Any:
    """Fail, since no other workers are expected to be asked for."""
    pytest.fail("other workers are asked for")


def driver(
    tmp_path: Path, nodes: list[Node], alone: Client | None = None, **more: Any
) -> tuple[Driver, list[str]]:
    """Return a driver of nodes on a queue, and what it tells."""
    graph = Graph()
    for node in nodes:
        graph.add(node, [])
    rules = Rules("flow.py", retries=1, watchdog_seconds=5.0)
    queue = Executor(kind="slurm", jobs=2)
    lanes = more.pop("lanes", Lanes(queue, unasked, lambda _larger: alone))  # type: ignore[arg-type,return-value]
    told: list[str] = []
    lock = RunLock(tmp_path)
    (tmp_path / "run.lock").unlink(missing_ok=True)
    lock._take()  # noqa: SLF001  the driver beats a lock that it holds
    made = Driver(
        graph, Cohort((), (), ()), Results(tmp_path), rules, lock,
        lambda _node, message: told.append(message), lanes, **more,
    )  # fmt: skip
    return made, told


@pytest.mark.parametrize(
    ("state", "loss"),
    [
        (
            TIMEOUT,
            Loss("its job was ended from outside: TIMEOUT (TimeLimit)", is_blameless=True),
        ),
        (
            JobState("ended", "OUT_OF_MEMORY"),
            Loss("its job was ended for memory: OUT_OF_MEMORY"),
        ),
        (JobState("ended", "FAILED"), Loss("its job ended with it: FAILED")),
        (RUNNING, Loss("its worker died (killed, out of memory or crashed)")),
        (None, Loss("its worker died (killed, out of memory or crashed)")),
    ],
)
def test_queue_decides_whether_a_step_may_have_killed_its_worker(
    tmp_path: Path, state: JobState | None, loss: Loss
) -> None:
    client: Any = Client(done, Cluster(desk(tmp_path), state))
    future: Any = Lost("a")
    assert landed(future, client) == ([], loss)


def test_worker_that_left_when_it_was_time_blames_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = desk(tmp_path, walltime="0:10:00")  # leaves after 480 s, 30 s more or less
    now = time.monotonic()
    clock = [now]
    monkeypatch.setattr("storiform.engine.desk.time.monotonic", lambda: clock[0])
    book.arrived("tls://10.0.0.2:1", "storiform-ab123-0")
    assert book.home("tls://10.0.0.2:1") == "7"
    client: Any = Client(done, Cluster(book, RUNNING))
    future: Any = Lost("a")
    clock[0] = now + 430
    assert not landed(future, client)[1].is_blameless
    clock[0] = now + 451
    left = "its worker left before the walltime of its job (0:10:00)"
    assert landed(future, client)[1] == Loss(left, is_blameless=True)
    client = Client(done, Cluster(book, JobState("ended", "OUT_OF_MEMORY")))
    assert not landed(future, client)[1].is_blameless


def test_step_whose_job_was_ended_runs_again_among_the_others_without_a_try(
    tmp_path: Path,
) -> None:
    def answer(key: str, tasks: Any) -> Answer:
        return Lost(key) if len(client.keys) == 1 else done(key, tasks)

    client = Client(answer, Cluster(desk(tmp_path), TIMEOUT))
    node = Node("a", "u", "cohort", "step")
    lanes = Lanes(Executor(kind="slurm", jobs=2), unasked, unasked)
    runner, told = driver(tmp_path, [node], lanes=lanes)
    runner.run(client)  # type: ignore[arg-type]
    assert (node.state, node.tries) == ("done", 1)
    assert told == ["runs again: its job was ended from outside: TIMEOUT (TimeLimit)", ""]


def test_step_whose_jobs_are_always_ended_fails_in_the_end(tmp_path: Path) -> None:
    client = Client(lambda key, _tasks: Lost(key), Cluster(desk(tmp_path), TIMEOUT))
    node = Node("a", "u", "cohort", "step")
    runner, told = driver(tmp_path, [node])
    runner.run(client)  # type: ignore[arg-type]
    assert node.state == "failed"
    assert "ended from outside: TIMEOUT (TimeLimit)" in told[-1]
    assert len(client.keys) == 4  # two free ones, then one, then alone


def test_suspect_runs_in_a_job_of_its_own_while_others_go_on(tmp_path: Path) -> None:
    nodes = [Node("a", f"u{n}", "cohort", "step") for n in range(5)]
    alone: list[str] = []
    held: list[tuple[Answer, Any]] = []

    def answer(key: str, tasks: Any) -> Answer:
        if len(main.keys) == 1:
            return Lost(key)
        if len(main.keys) == 2:  # goes on until the suspect has run beside it
            held.append((Answer(key), done(key, tasks).result()))
            return held[0][0]
        return done(key, tasks)

    def answer_alone(key: str, tasks: Any) -> Answer:
        alone.append(tasks[0].unit)
        slow, outcomes = held[0]
        slow.set_result(outcomes)
        return done(key, tasks)

    main = Client(answer, Cluster(desk(tmp_path), RUNNING))
    large = Client(answer_alone, Cluster(desk(tmp_path), RUNNING))
    runner, told = driver(tmp_path, nodes, large, workers=lambda _client: 0)
    runner.run(main)  # type: ignore[arg-type]
    assert {node.state for node in nodes} == {"done"}
    assert alone == ["u0"]
    assert len(main.keys) == 5
    assert told[0].startswith("runs again alone: its worker died")


def test_step_that_outlasts_every_job_fails_and_names_the_walltime(tmp_path: Path) -> None:
    book = desk(tmp_path, walltime="0:30:00")

    def answer(key: str, _tasks: Any) -> Answer:
        book.moved[key] = 3
        return Answer(key)

    node = Node("a", "u", "cohort", "step")
    runner, told = driver(tmp_path, [node], workers=lambda _client: 2)
    runner.run(Client(answer, Cluster(book, RUNNING)))  # type: ignore[arg-type]
    assert node.state == "failed"
    cut = "was cut off 3 times by the end of its job"
    assert told == [f"{cut}; executor.walltime 0:30:00 is too short for it"]


def look_until(watch: Watch, client: Client, seconds: float) -> None:
    """Look after the workers for some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        watch.look(client)  # type: ignore[arg-type]
        time.sleep(0.02)


def test_jobs_that_wait_are_waited_for_longer_than_workers_that_are_gone(
    tmp_path: Path,
) -> None:
    book = desk(tmp_path, queue_minutes=0.02)
    book.states = dict.fromkeys(("7", "8"), JobState("waiting", "PENDING", "Priority"))
    client = Client(done, Cluster(book, None))
    watch = Watch(lambda _client: 0, 2, limit_seconds=0.1)
    look_until(watch, client, 0.6)
    with pytest.raises(RunError, match=r"none for 0.02 minutes.*slurm: 2 waiting \(Priority\)"):
        look_until(watch, client, 3)


def test_jobs_that_begin_to_run_get_the_time_of_the_watchdog_to_connect(tmp_path: Path) -> None:
    book = desk(tmp_path, queue_minutes=10)
    book.states = dict.fromkeys(("7", "8"), JobState("waiting", "PENDING", "Priority"))
    client = Client(done, Cluster(book, None))
    watch = Watch(lambda _client: 0, 2, limit_seconds=0.5)
    look_until(watch, client, 1.0)
    book.states = dict.fromkeys(("7", "8"), RUNNING)
    look_until(watch, client, 0.3)
    with pytest.raises(RunError, match=r"slurm: 2 running \(RUNNING\)"):
        look_until(watch, client, 3)


def test_jobs_that_end_before_their_worker_connects_are_trouble_and_name_the_log(
    tmp_path: Path,
) -> None:
    (tmp_path / "storiform-ab123-7.err").write_text("ModuleNotFoundError: storiform\n\n")
    book = desk(tmp_path)
    for _ in range(3):
        assert book.trouble() == ""
        book.ended("storiform-ab123-0", "7")
        book.accepted("storiform-ab123-0", "7")
    assert "found 3 jobs that ended before their worker met the driver: " in book.trouble()
    assert "ModuleNotFoundError: storiform (log storiform-ab123-7.err)" in book.trouble()
    client = Client(done, Cluster(book, None))
    with pytest.raises(RunError, match="3 jobs that ended before their worker"):
        look_until(Watch(lambda _client: 0, 2, limit_seconds=60.0), client, 3)
    book.met("storiform-ab123-1")
    assert book.trouble() == ""
    book.ended("storiform-ab123-1", "8")
    assert book.early_ends == 0
    book.accepted("storiform-ab123-1", "9")
    book.ended("storiform-ab123-1", "8")  # told late, when another job has its place
    assert book.entries["storiform-ab123-1"].job == "9"


def test_queue_that_does_not_answer_makes_no_job_a_lost_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = desk(tmp_path)
    (tmp_path / "squeue").write_text("#!/bin/sh\necho 'connection refused' >&2\nexit 1\n")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    asyncio.run(book.ask())
    assert book.states == {}
    assert "the queue does not answer: connection refused" in book.says()
    assert book.patience() is None
    (tmp_path / "squeue").write_text("#!/bin/sh\necho '7|RUNNING|None'\n")
    asyncio.run(book.ask())
    assert book.states == {"7": RUNNING, "8": JobState("ended", "gone from the queue")}


def test_refused_job_is_told_without_the_chatter_around_it(tmp_path: Path) -> None:
    book = desk(tmp_path)
    book.refused("storiform-ab123-2", "sbatch: error: Batch job submission failed: No.\n\n")
    assert "sbatch refused the last one: sbatch: error: Batch job" in book.says()
    assert book.backoff() == 15.0
    for _ in range(9):
        book.refused("storiform-ab123-2", "No.")
    assert book.backoff() == 300.0
    executor = desk(tmp_path, memory_gb=900).executor
    error = str(refused(executor, book.refusal))
    assert error.startswith("executor (slurm): found sbatch: No., expected a job that")
    assert "1 cores, memory 900 GB, walltime" in error


def test_refusal_of_jobs_of_no_stated_size_names_the_usual_one() -> None:
    told = str(refused(Executor(kind="slurm"), "No."))
    assert "1 cores, memory 8 GB, walltime 12:00:00" in told


def test_waiting_is_announced_when_it_changes_and_not_while_workers_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = desk(tmp_path)
    told: list[str] = []
    book.announce = told.append
    now = time.monotonic()
    clock = [now]
    monkeypatch.setattr("storiform.engine.desk.time.monotonic", lambda: clock[0])
    book.tell(connected=0)
    assert told == []  # jobs need some seconds to begin
    for seconds in (30, 35, 60):
        clock[0] = now + seconds
        book.tell(connected=0)
    assert told == ["waiting for workers: slurm: 2 waiting (handed in)"]
    book.states = dict.fromkeys(("7", "8"), JobState("waiting", "PENDING", "Priority"))
    clock[0] = now + 90
    book.tell(connected=1)
    book.tell(connected=0)
    assert told[1:] == ["waiting for workers: slurm: 2 waiting (Priority)"]
    book.size = "1 core, 32 GB, 12:00:00"
    clock[0] = now + 900
    book.tell(connected=0)
    assert told[2:] == [
        "waiting for workers in jobs of 1 core, 32 GB, 12:00:00: slurm: 2 waiting (Priority)"
    ]


def test_suspects_for_whom_no_larger_job_begins_have_one_like_those_before(
    tmp_path: Path,
) -> None:
    """The innocent finish, the guilty one fails; the job that never began is asked for once."""
    alone = desk(tmp_path, queue_minutes=0.01)
    alone.states = dict.fromkeys(("7", "8"), JobState("waiting", "PENDING", "Resources"))
    large = Client(lambda key, _tasks: Answer(key), Cluster(alone, None))

    def answer(key: str, tasks: Any) -> Any:
        is_innocent = tasks[0].unit == "innocent" and len(main.keys) > 2
        return done(key, tasks) if is_innocent else Lost(key)

    main = Client(answer, Cluster(desk(tmp_path), RUNNING))
    nodes = [Node("a", unit, "cohort", "step") for unit in ("guilty", "innocent")]
    runner, told = driver(tmp_path, nodes, large, workers=lambda _client: 1)
    runner.run(main)  # type: ignore[arg-type]
    assert [node.state for node in nodes] == ["failed", "done"]
    cause = "found no job for it in 0.01 minutes: slurm: 2 waiting (Resources)"
    assert told.count(f"runs again alone, in a job like those before: {cause}") == 1
    assert len(large.keys) == 1
    assert "its worker died" in told[-2] + told[-1]
