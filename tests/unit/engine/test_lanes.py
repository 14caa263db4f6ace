"""Steps that ask for more than a usual worker has."""

from concurrent.futures import Future
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import pytest

from storiform.engine.blame import Loss, landed
from storiform.engine.desk import Desk
from storiform.engine.driver import Driver, Rules
from storiform.engine.graph import Feed, Graph, Node
from storiform.engine.lanes import Lane, Lanes
from storiform.engine.lock import RunLock
from storiform.engine.queues import JobState
from storiform.engine.results import Results
from storiform.engine.sections import Executor, StepNeeds
from storiform.engine.work import Outcome
from storiform.model.cohort import Cohort
from storiform.model.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = {"large": StepNeeds(memory_gb=32, walltime="1-00:00:00")}
WAITING = JobState("waiting", "PENDING", "Resources")


def node(step: str, unit: str = "u", **more: Any) -> Node:
    """Return a node that needs nothing."""
    return Node(step, unit, "cohort", "step", recipe={"step": step, "unit": unit}, **more)


def slurm(**more: Any) -> Executor:
    """Return two jobs of 8 GB."""
    return Executor(kind="slurm", jobs=2, **more)


class Cluster:
    """Stands for the jobs behind a client: its book, and how many it is to keep."""

    def __init__(self, book: Desk | None = None) -> None:
        self.desk = book
        self.kept: list[int] = []

    def keep(self, jobs: int) -> None:
        """Take note."""
        self.kept.append(jobs)

    def verdict(self, _address: str) -> None:
        """Know nothing."""


class Client:
    """Ends what is submitted at once, or never where it is deaf."""

    driver: Driver

    def __init__(self, name: str, order: list[str], book: Desk | None = None) -> None:
        self.name, self.order = name, order
        self.cluster = Cluster(book)
        self.ending: Callable[[Any], str] = lambda _task: "done"
        self.is_deaf = False
        self.seconds = 0.0
        self.threads: list[int] = []
        self.beside: list[int] = []

    def submit(self, _work: Any, tasks: Any, key: str = "", **_: Any) -> Any:
        """Answer."""
        self.order += [f"{task.step} {task.unit} on {self.name}" for task in tasks]
        self.beside.append(len(self.driver._flying))  # noqa: SLF001  what flies already
        self.threads += [task.payload["threads"] for task in tasks]
        future: Any = Future()
        future.key, future.status = key, "finished"
        outcomes = [
            Outcome(t.step, t.unit, t.fingerprint, self.ending(t), 0.1)  # type: ignore[arg-type]
            for t in tasks
        ]
        if not self.is_deaf:
            Timer(self.seconds, future.set_result, [outcomes]).start()
        return future


def run(
    tmp_path: Path, nodes: list[Node], client: Client, lanes: Lanes, **more: Any
) -> list[str]:
    """Drive nodes to their end and return what was said of them."""
    graph = Graph()
    for each in nodes:
        graph.add(each, [])
    told: list[str] = []
    with RunLock(tmp_path) as lock:
        Client.driver = Driver(
            graph, Cohort((), (), ()), Results(tmp_path), Rules("flow.py", **more), lock,
            lambda _node, message: told.append(message), lanes, workers=lambda _client: 1,
        )  # fmt: skip
        Client.driver.run(client)  # type: ignore[arg-type]
    return told


def never(_executor: Executor) -> Any:
    """Fail, since nobody asks for such workers."""
    pytest.fail("nobody asked for them")


def test_steps_that_ask_for_more_go_to_jobs_of_their_own_and_these_end_with_the_work(
    tmp_path: Path,
) -> None:
    order: list[str] = []
    usual, large = Client("usual", order), Client("large", order)
    asked: list[Executor] = []

    def jobs(own: Executor) -> Any:
        asked.append(own)
        return large

    steps = LARGE | {"as_large": LARGE["large"]}
    first, second = node("small"), node("large", "v")
    third = Node("as_large", "u", "cohort", "step", {"x": (Feed("large", second),)})
    lanes = Lanes(slurm(steps=steps, threads=3), jobs, never)
    run(tmp_path, [first, second, third], usual, lanes)
    assert {n.state for n in (first, second, third)} == {"done"}
    assert sorted(order) == ["as_large u on large", "large v on large", "small u on usual"]
    assert [(own.memory_gb, own.walltime, own.jobs) for own in asked] == [(32, "1-00:00:00", 2)]
    assert large.cluster.kept == [1, 0, 1, 0]
    assert large.threads == [3, 3]


def test_cores_that_a_step_asks_for_are_threads_of_its_pass(tmp_path: Path) -> None:
    usual, wide = Client("usual", []), Client("wide", [])
    lanes = Lanes(slurm(steps={"a": StepNeeds(cores=6)}), lambda _own: wide, never)  # type: ignore[arg-type,return-value]
    run(tmp_path, [node("a"), node("b")], usual, lanes)
    assert (usual.threads, wide.threads) == ([1], [6])


def test_no_more_is_sent_to_own_jobs_than_two_for_each(tmp_path: Path) -> None:
    most: list[int] = []
    large = Client("large", [])
    lanes = Lanes(
        slurm(steps={"large": StepNeeds(memory_gb=32, jobs=1)}), lambda _own: large, never
    )  # type: ignore[arg-type,return-value]
    nodes = [node("large", f"u{n}") for n in range(9)]
    plain = Lane.count

    def counted(lane: Lane, more: int) -> None:
        plain(lane, more)
        most.append(lane.flying)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lane, "count", counted)
        run(tmp_path, nodes, Client("usual", []), lanes)
    assert {n.state for n in nodes} == {"done"}
    assert max(most) == 2
    assert set(large.cluster.kept) == {0, 1}


def test_jobs_that_the_queue_refuses_cost_their_steps_alone(tmp_path: Path) -> None:
    def jobs(_own: Executor) -> Any:
        message = "sbatch: memory too large"
        raise RunError(message)

    nodes = [node("large"), node("large", "v"), node("small")]
    told = run(tmp_path, nodes, Client("usual", []), Lanes(slurm(steps=LARGE), jobs, never))
    assert [n.state for n in nodes] == ["failed", "failed", "done"]
    assert told.count("sbatch: memory too large") == 2


def test_jobs_that_never_begin_cost_their_steps_alone(tmp_path: Path) -> None:
    book = Desk(slurm(queue_minutes=0.01), "storiform-ab123")
    book.accepted("storiform-ab123-0", "7")
    book.states = {"7": WAITING}
    large = Client("large", [], book)
    large.is_deaf = True
    lanes = Lanes(slurm(steps=LARGE), lambda _own: large, never)  # type: ignore[arg-type,return-value]
    nodes = [*(node("large", f"u{n}") for n in range(6)), node("small")]
    told = run(tmp_path, nodes, Client("usual", []), lanes, watchdog_seconds=0.3)
    assert [n.state for n in nodes] == ["failed"] * 6 + ["done"]
    cause = "found no job for it in 0.01 minutes: slurm: 1 waiting (Resources)"
    assert told.count(cause) == 6


def test_here_a_step_that_needs_more_than_a_worker_runs_while_nothing_else_does(
    tmp_path: Path,
) -> None:
    order: list[str] = []
    usual, whole = Client("usual", order), Client("whole", order)
    executor = Executor(workers=2, memory_gb=3.0, steps={"large": StepNeeds(memory_gb=3.5)})
    lanes = Lanes(executor, never, lambda _larger: whole)  # type: ignore[arg-type,return-value]
    nodes = [node("large"), node("large", "v"), *(node("a", f"u{n}") for n in range(3))]
    run(tmp_path, nodes, usual, lanes)
    assert {n.state for n in nodes} == {"done"}
    assert order[:3] == [f"a u{n} on usual" for n in range(3)]
    assert order[3:] == ["large u on whole", "large v on whole"]
    assert whole.beside == [0, 0]


def test_a_suspect_is_given_more_memory_at_each_try(tmp_path: Path) -> None:
    sizes: list[float | None] = []

    def job(larger: Executor) -> Any:
        sizes.append(larger.memory_gb)
        client = Client("alone", [])
        client.ending = lambda _task: "memory" if larger.memory_gb == 32 else "done"
        return client

    usual = Client("usual", [])
    usual.ending = lambda _task: "memory"
    suspect = node("a")
    told = run(tmp_path, [suspect], usual, Lanes(slurm(), never, job))
    assert sizes == [32.0, 64.0]
    assert suspect.state == "done"
    assert [text[:16] for text in told] == ["runs again alone"] * 2 + [""]


def test_where_no_job_is_so_large_the_one_before_is_taken_again(tmp_path: Path) -> None:
    alone = Client("alone", [])
    alone.ending = lambda _task: "memory"
    usual = Client("usual", [])
    usual.ending = alone.ending
    lanes = Lanes(slurm(), never, lambda larger: alone if larger.memory_gb == 32 else None)  # type: ignore[arg-type,return-value]
    suspect = node("a")
    run(tmp_path, [suspect], usual, lanes)
    assert alone.order == ["a u on alone"] * 2
    assert suspect.state == "failed"


def test_a_suspect_of_own_jobs_is_given_more_than_these_had(tmp_path: Path) -> None:
    sizes: list[tuple[float | None, str]] = []

    def job(larger: Executor) -> Any:
        sizes.append((larger.memory_gb, larger.walltime))
        return Client("alone", [])

    large = Client("large", [])
    large.ending = lambda _task: "memory"
    lanes = Lanes(slurm(steps=LARGE), lambda _own: large, job)  # type: ignore[arg-type,return-value]
    suspect = node("large")
    run(tmp_path, [suspect], Client("usual", []), lanes)
    assert sizes == [(128.0, "1-00:00:00")]
    assert suspect.state == "done"


def test_a_suspect_without_a_larger_job_runs_again_in_jobs_of_its_own(tmp_path: Path) -> None:
    order: list[str] = []
    large = Client("large", order)
    large.ending = lambda _task: "memory" if len(order) < 2 else "done"
    lanes = Lanes(slurm(steps=LARGE), lambda _own: large, lambda _larger: None)  # type: ignore[arg-type,return-value]
    suspect = node("large")
    run(tmp_path, [suspect], Client("usual", order), lanes)
    assert order == ["large u on large"] * 2
    assert suspect.state == "done"


def test_own_jobs_that_work_are_given_time() -> None:
    """One works while another waits in the queue for longer than all may."""
    book = Desk(slurm(queue_minutes=0.001), "storiform-ab123")
    book.accepted("storiform-ab123-0", "7")
    book.states = {"7": WAITING}
    book.connected = 1
    lane = Lane(2, client=Client("large", [], book), flying=1)  # type: ignore[arg-type]
    assert not lane.despairs()
    assert lane.waits_since > 0
    book.connected = 0
    lane.waits_since -= 1
    assert lane.despairs()


def test_a_suspect_whose_job_the_queue_ends_runs_alone_again(tmp_path: Path) -> None:
    order: list[str] = []
    usual, alone = Client("usual", order), Client("alone", order)
    usual.ending = lambda _task: "memory"
    with pytest.MonkeyPatch.context() as patch:
        ended = Loss("its job was ended from outside: TIMEOUT", is_blameless=True)

        def landed_later(future: Any, client: Any) -> Any:
            is_first = order == ["a u on usual", "a u on alone"]
            return ([], ended) if is_first else landed(future, client)

        patch.setattr("storiform.engine.driver.landed", landed_later)
        suspect = node("a")
        run(tmp_path, [suspect], usual, Lanes(slurm(), never, lambda _larger: alone))  # type: ignore[arg-type,return-value]
    assert order == ["a u on usual", "a u on alone", "a u on alone"]
    assert (suspect.state, suspect.tries) == ("done", 2)


def test_one_heavy_step_takes_the_whole_pass_along(tmp_path: Path) -> None:
    order: list[str] = []
    large = Client("large", order)
    lanes = Lanes(slurm(steps=LARGE), lambda _own: large, never)  # type: ignore[arg-type,return-value]
    run(
        tmp_path,
        [node("light", group="a pass"), node("large", group="a pass")],
        Client("usual", order),
        lanes,
    )
    assert order == ["light u on large", "large u on large"]


def test_jobs_have_a_queues_whole_patience_from_when_something_first_waits_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1e6]
    monkeypatch.setattr("storiform.engine.lanes.time.monotonic", lambda: now[0])
    book = Desk(slurm(queue_minutes=10), "storiform-ab123")
    book.accepted("storiform-ab123-0", "7")
    book.states = {"7": WAITING}
    lane = Lane(2, client=Client("large", [], book))  # type: ignore[arg-type]
    lane.count(1)
    now[0] += 599
    lane.count(1)
    assert not lane.despairs()
    now[0] += 2
    assert lane.despairs()


def test_what_runs_alone_waits_from_when_it_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storiform.engine.driver.time.monotonic", lambda: 1e6)
    run(tmp_path, [], usual := Client("usual", []), Lanes(slurm(), never, never))
    usual.driver._fly_alone(usual, [node("a")])  # type: ignore[arg-type]  # noqa: SLF001
    assert usual.driver._lonely_since == 1e6  # noqa: SLF001


def test_suspects_run_one_after_the_other_in_the_job_of_the_rescue(tmp_path: Path) -> None:
    """Together they would blame each other again."""
    usual, alone = Client("usual", []), Client("alone", [])
    usual.ending = lambda _task: "memory"
    alone.seconds = 0.5
    there: list[int] = []

    def count(_task: Any) -> str:
        there.append(sum(f.client is alone for f in alone.driver._flying.values()))  # noqa: SLF001
        return "done"

    alone.ending = count
    nodes = [node("a"), node("b")]
    run(tmp_path, nodes, usual, Lanes(slurm(), never, lambda _larger: alone))  # type: ignore[arg-type,return-value]
    assert [n.state for n in nodes] == ["done", "done"]
    assert there == [0, 0]


def test_steps_of_different_queues_share_no_jobs() -> None:
    here, there = StepNeeds(memory_gb=32, queue="high"), StepNeeds(memory_gb=32, queue="long")
    steps = {"a": here, "b": here, "c": there}
    lanes = Lanes(slurm(steps=steps), never, never)
    assert lanes.of([node("a")]) is lanes.of([node("b")])
    assert lanes.of([node("a")]) is not lanes.of([node("c")])
