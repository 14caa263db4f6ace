"""The driver in trouble: no workers, answers lost with a worker."""

import os
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from storiform.engine.driver import MAX_BUNDLE, Driver, Rules
from storiform.engine.ending import Stop, exit_code
from storiform.engine.graph import Feed, Graph, Node
from storiform.engine.lanes import Lanes
from storiform.engine.lock import RunLock
from storiform.engine.results import Results
from storiform.engine.sections import Executor
from storiform.engine.work import Ending, Outcome
from storiform.model.cohort import Cohort, Sample
from storiform.model.errors import RunError


class Answer(Future):  # type: ignore[type-arg]
    """A future with the attributes of Dask's."""

    def __init__(self, key: str, status: str = "finished") -> None:
        super().__init__()
        self.key = key
        self.status = status


class Client:
    """Answers with what `make` makes of a key and tasks."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def submit(self, _work: Any, tasks: Any, key: str = "", **_: Any) -> Any:
        """Hand a bundle over."""
        return self.make(key, tasks)


def usual_lanes() -> Lanes:
    """Return lanes of one worker; what runs alone runs on it, too."""

    def jobs(_executor: Executor) -> Any:
        pytest.fail("no node asks for more")

    return Lanes(Executor(workers=1), jobs, lambda _larger: None)


def driver(tmp_path: Path, nodes: list[Node], **more: Any) -> Driver:
    """Return a driver of nodes that need nothing."""
    graph = Graph()
    for node in nodes:
        graph.add(node, [])
    rules = Rules("flow.py", retries=1, watchdog_seconds=0.3)
    lanes = more.pop("lanes", usual_lanes())
    cohort = Cohort((), (), ())
    lock = RunLock(tmp_path)
    listen = more.pop("listen", lambda _node, _message: None)
    (tmp_path / "run.lock").unlink(missing_ok=True)
    lock._take()  # noqa: SLF001  the driver beats a lock that it holds
    return Driver(graph, cohort, Results(tmp_path), rules, lock, listen, lanes, **more)


def done(task: Any) -> Outcome:
    """Return a good outcome."""
    return Outcome(task.step, task.unit, task.fingerprint, "done", 0.1)


def test_run_without_workers_ends_with_a_message(tmp_path: Path) -> None:
    waiting = Client(lambda key, _tasks: Answer(key))
    runner = driver(tmp_path, [Node("a", "u", "cohort", "step")], workers=lambda _client: 0)
    started = time.monotonic()
    with pytest.raises(RunError, match=r"found none for 0.005 minutes, expected 1"):
        runner.run(waiting)  # type: ignore[arg-type]
    assert time.monotonic() - started < 5


def test_answers_lost_with_their_worker_are_asked_for_again(tmp_path: Path) -> None:
    calls: list[str] = []

    def answer(key: str, tasks: Any) -> Answer:
        calls.append(key)
        future = Answer(key)
        if len(calls) == 1:
            future.set_exception(RuntimeError("gone"))
        else:
            future.set_result([done(task) for task in tasks])
        return future

    node = Node("a", "u", "cohort", "step")
    told: list[str] = []
    runner = driver(tmp_path, [node], listen=lambda _node, message: told.append(message))
    runner.run(Client(answer))  # type: ignore[arg-type]
    assert node.state == "done"
    assert told[0].startswith("runs again alone: its worker died before it could tell")


def test_scheduler_that_is_gone_ends_the_run_with_a_message(tmp_path: Path) -> None:
    def answer(_key: str, _tasks: Any) -> Answer:
        message = "cannot send"
        raise RuntimeError(message)

    client = Client(answer)
    runner = driver(tmp_path, [Node("a", "u", "cohort", "step")])
    with pytest.raises(RuntimeError, match="cannot send"):
        runner.run(client)  # type: ignore[arg-type]
    client.status = "closed"  # type: ignore[attr-defined]
    runner = driver(tmp_path, [Node("a", "u", "cohort", "step")])
    with pytest.raises(RunError, match=r"found a scheduler that is gone.*done is kept"):
        runner.run(client)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ending", "told"),
    [("disk_full", "no space left"), ("unwritable", "cannot be written")],
)
def test_full_or_forbidden_disk_stops_the_driver_and_leaves_work_to_do(
    ending: Ending, told: str, tmp_path: Path
) -> None:
    def answer(key: str, tasks: Any) -> Answer:
        future = Answer(key)
        ends = [Outcome(t.step, t.unit, t.fingerprint, ending, 0.1, "28") for t in tasks]
        future.set_result(ends)
        return future

    nodes = [Node("a", f"u{n}", "cohort", "step") for n in range(9)]
    stop = Stop()
    runner = driver(tmp_path, nodes, stop=stop)
    runner.run(Client(answer))  # type: ignore[arg-type]
    assert {node.state for node in nodes} == {"todo"}
    assert told in stop.reason
    assert exit_code(runner.graph, stop) == 1


def test_exit_codes_tell_how_a_run_ended() -> None:
    def ended(*states: str, stop: Stop | None = None, why: str = "") -> int:
        graph = Graph()
        for number, state in enumerate(states):
            node = Node("a", str(number), "cohort", "step", state=state, why=why)  # type: ignore[arg-type]
            graph.add(node, [])
        return exit_code(graph, stop or Stop())

    assert ended("done", "cached") == 0
    assert ended("done", "failed") == 1
    assert ended("done", "blocked") == 1
    assert ended("failed", "blocked") == 2
    assert ended() == 2
    assert ended("done", "failed", why="contract") == 70
    assert ended("done", stop=Stop(signal=15)) == 143
    assert ended("done", stop=Stop(reason="full")) == 1


def test_suspects_of_a_dead_worker_run_one_at_a_time_with_nothing_beside(
    tmp_path: Path,
) -> None:
    """Two in the air die together; then each is sent only when nothing else flies."""
    beside: list[tuple[str, int]] = []
    early: list[Answer] = []

    def answer(key: str, tasks: Any) -> Answer:
        beside.append((tasks[0].unit, len(runner._flying)))  # noqa: SLF001  what flies already
        future = Answer(key)
        if len(beside) <= 2:
            future.status = "lost"
            early.append(future)
            if len(early) == 2:
                for lost in early:
                    lost.set_result([])
        else:
            future.set_result([done(task) for task in tasks])
        return future

    nodes = [Node("a", f"u{n}", "biopsy", "step", recipe={"n": n}) for n in range(4)]
    runner = driver(tmp_path, nodes)
    runner.run(Client(answer))  # type: ignore[arg-type]
    assert {node.state for node in nodes} == {"done"}
    assert beside[:2] == [("u0", 0), ("u1", 1)]
    suspects = [flying for unit, flying in beside[2:] if unit in {"u0", "u1"}]
    assert suspects == [0, 0], "a suspect runs alone"


def test_a_suspect_waits_for_what_flies_and_nothing_flies_beside_it(tmp_path: Path) -> None:
    """Of two in the air one dies; the other lands a while later, and so does the suspect."""
    sent: list[tuple[str, list[str]]] = []
    flying: dict[str, str] = {}

    def answer(key: str, tasks: Any) -> Answer:
        unit = tasks[0].unit
        sent.append((unit, sorted(flying.values())))
        future = Answer(key)
        flying[key] = unit
        is_lost = [name for name, _ in sent] == ["u0", "u1"]

        def land(of: Answer, outcomes: list[Outcome]) -> None:
            flying.pop(of.key)
            of.set_result(outcomes)

        if unit == "u0" and len(sent) == 1:
            first.append(future)
        else:
            arguments = (future, [done(task) for task in tasks])
            threading.Timer(0.1, land, arguments).start()
        if is_lost:
            first[0].status = "lost"
            land(first[0], [])
        return future

    first: list[Answer] = []
    nodes = [Node("a", f"u{n}", "biopsy", "step", recipe={"n": n}) for n in range(4)]
    runner = driver(tmp_path, nodes)
    runner.run(Client(answer))  # type: ignore[arg-type]
    assert {node.state for node in nodes} == {"done"}
    again = [number for number, (unit, _) in enumerate(sent) if unit == "u0"][1]
    assert sent[again] == ("u0", []), "it waits until nothing flies"
    assert sent[again + 1][1] == [], "and nothing is sent until it has landed"


def test_the_lock_beats_while_steps_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another machine takes the folder of a run that lives, after five minutes."""
    monkeypatch.setattr("storiform.engine.lock.HEARTBEAT_SECONDS", 0.0)

    def answer(key: str, tasks: Any) -> Answer:
        future = Answer(key)
        os.utime(tmp_path / "run.lock", (0, 0))
        threading.Timer(0.5, future.set_result, ([done(task) for task in tasks],)).start()
        return future

    runner = driver(tmp_path, [Node("a", "u", "cohort", "step")])
    runner.run(Client(answer))  # type: ignore[arg-type]
    assert (tmp_path / "run.lock").stat().st_mtime > 0


def test_collectors_of_one_file_go_out_together_when_all_have_their_inputs(
    tmp_path: Path,
) -> None:
    """One waits for a table, one is blocked by a failure: the pass waits for both."""
    sent: list[list[str]] = []

    def answer(key: str, tasks: Any) -> Answer:
        sent.append([f"{task.step} {task.unit}" for task in tasks])
        future = Answer(key)
        ends = ["failed" if task.step == "bad" else "done" for task in tasks]
        future.set_result(
            [
                Outcome(t.step, t.unit, t.fingerprint, end, 0.1)  # type: ignore[arg-type]
                for t, end in zip(tasks, ends, strict=True)
            ]
        )
        return future

    slow = Node("slow", "N", "sample", "step")
    bad = Node("bad", "N", "sample", "step")
    plain = Node("plain", "T", "sample", "scan", group="T 0")
    fed = Node("fed", "T", "sample", "scan", {"x": (Feed("slow", slow),)}, group="T 0")
    lost = Node("lost", "T", "sample", "scan", {"x": (Feed("bad", bad),)}, group="T 0")
    runner = driver(tmp_path, [plain, slow, bad, fed, lost])
    runner.cohort.__dict__["_samples"] = {
        name: Sample(name, "P", None, "normal", "exome") for name in "NT"
    }
    runner.run(Client(answer))  # type: ignore[arg-type]
    assert sent[-1] == ["plain T", "fed T"]
    assert sorted(sent[:-1]) == [["bad N"], ["slow N"]]
    assert [node.state for node in (plain, fed, lost)] == ["done", "done", "blocked"]


def test_a_pass_over_a_normal_goes_on_without_the_calls_of_one_biopsy(tmp_path: Path) -> None:
    def answer(key: str, tasks: Any) -> Answer:
        future = Answer(key)
        future.set_result(
            [
                Outcome(t.step, t.unit, t.fingerprint, end, 0.1)  # type: ignore[arg-type]
                for t in tasks
                for end in ["failed" if t.unit == "B2" else "done"]
            ]
        )
        return future

    calls = [
        Node("calls", name, "sample", "source", recipe={"n": name}) for name in ("B1", "B2")
    ]
    feeds = tuple(Feed("calls", node) for node in calls)
    counted = Node("recounts", "N", "sample", "scan", {"calls": feeds}, group="N 0")
    later = Node("variants", "B2", "biopsy", "step", {"calls": feeds[1:]})
    runner = driver(tmp_path, [*calls, counted, later])
    names = {name: Sample(name, "P", None, "normal", "exome") for name in ("B1", "B2", "N")}
    runner.cohort.__dict__["_samples"] = names
    runner.run(Client(answer))  # type: ignore[arg-type]
    assert (counted.state, later.state) == ("done", "blocked")
    assert counted.recipe["inputs"]["calls"] == [["calls", "B1", calls[0].fingerprint]]


def test_quick_steps_travel_together_once_their_pace_is_known(tmp_path: Path) -> None:
    """One message for each of 12,000 steps would cost more than the steps."""
    sizes: dict[str, list[int]] = {"quick": [], "slow": []}

    def answer(key: str, tasks: Any) -> Answer:
        sizes[tasks[0].step].append(len(tasks))
        seconds = {"quick": 0.01, "slow": 9.0}
        future = Answer(key)
        future.set_result(
            [Outcome(t.step, t.unit, t.fingerprint, "done", seconds[t.step]) for t in tasks]
        )
        return future

    nodes = [Node(step, f"u{n}", "biopsy", "step") for step in sizes for n in range(400)]
    driver(tmp_path, nodes).run(Client(answer))  # type: ignore[arg-type]
    assert {node.state for node in nodes} == {"done"}
    assert {step: sum(many) for step, many in sizes.items()} == {"quick": 400, "slow": 400}
    assert len(sizes["quick"]) <= 100
    assert 1 < max(sizes["quick"]) <= MAX_BUNDLE
    assert set(sizes["slow"]) == {1}


def test_a_run_in_which_nothing_ends_for_long_says_what_its_workers_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storiform.engine.watch.QUIET_SECONDS", 0.2)
    told: list[str] = []
    waits: list[tuple[Answer, Any]] = []

    def announce(text: str) -> None:
        told.append(text)
        if len(told) == 2:  # said again, but ever less often; then it ends
            future, tasks = waits.pop()
            future.set_result([done(task) for task in tasks])

    def answer(key: str, tasks: Any) -> Answer:
        waits.append((Answer(key), tasks))
        return waits[-1][0]

    node = Node("slow", "P1", "biopsy", "step")
    runner = driver(tmp_path, [node], workers=lambda _client: 1, announce=announce)
    begun = time.monotonic()
    runner.run(Client(answer))  # type: ignore[arg-type]
    assert node.state == "done"
    assert told == ["nothing has ended for 0 minutes; workers have slow of P1"] * 2
    assert time.monotonic() - begun > 0.4
