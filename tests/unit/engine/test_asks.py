"""What steps ask for, and which workers these asks lead to."""

from pathlib import Path
from typing import Any

import pytest

from storiform.engine.cluster import slots
from storiform.engine.graph import Node
from storiform.engine.job_script import job_options, rescue
from storiform.engine.lanes import Ask, Lanes, ask_of, jobs_told, own_jobs
from storiform.engine.sections import Executor, StepNeeds

LARGE = {"large": StepNeeds(memory_gb=32, walltime="1-00:00:00")}


def node(step: str, unit: str = "u", **more: Any) -> Node:
    """Return a node that needs nothing."""
    return Node(step, unit, "cohort", "step", recipe={"step": step, "unit": unit}, **more)


def slurm(**more: Any) -> Executor:
    """Return two jobs of 8 GB."""
    return Executor(kind="slurm", jobs=2, **more)


def never(_executor: Executor) -> Any:
    """Fail, since nobody asks for such workers."""
    pytest.fail("nobody asked for them")


def test_what_is_configured_comes_before_what_the_step_says() -> None:
    heavy = node("heavy", memory_gb=4.0, cores=2)
    assert ask_of([heavy], {}) == Ask(1, 4.0), "with fewer cores it takes longer, no more"
    told = {"heavy": StepNeeds(memory_gb=1, cores=3, walltime="30:00", queue="long", jobs=5)}
    assert ask_of([heavy], told) == Ask(3, 1.0, "30:00", "long", 5)


def test_a_step_that_says_nothing_asks_for_nothing() -> None:
    """Else every step would leave workers of 1 GB for jobs of its own."""
    assert ask_of([node("plain")], {}) == Ask(1, 0.0)
    assert own_jobs(ask_of([node("plain")], {}), slurm(memory_gb=1.0)) is None
    lanes = Lanes(Executor(workers=1, memory_gb=0.5), never, never)
    assert lanes.of([node("plain")]) is lanes.usual


def test_nodes_that_run_together_need_the_most_of_each() -> None:
    pair = [node("a", memory_gb=3.0), node("b")]
    long = StepNeeds(cores=4, walltime="1-00:00", jobs=3)
    needs = {"a": StepNeeds(walltime="10:00:00"), "b": long}
    assert ask_of(pair, needs) == Ask(4, 3.0, "1-00:00", "", 3)


@pytest.mark.parametrize(
    ("ask", "changed"),
    [
        (Ask(1, 8.0), None),
        (Ask(1, 8.0, "11:00:00"), None),
        (Ask(1, 8.0, "12:00"), None),
        (Ask(1, 8.0, "12:00:00"), None),
        (Ask(1, 9.0), {"memory_gb": 9.0}),
        (Ask(2, 1.0), {"cores": 2}),
        (Ask(1, 1.0, "13:00:00"), {"walltime": "13:00:00"}),
        (Ask(1, 9.0, "02:00:00"), {"memory_gb": 9.0, "walltime": "02:00:00"}),
        (Ask(1, 1.0, "", "high"), {"queue": "high"}),
        (Ask(1, 9.0, "", "", 1), {"memory_gb": 9.0, "jobs": 1}),
        (Ask(1, 1.0, "", "", 1), {"jobs": 1}),
    ],
)
def test_only_what_no_usual_worker_has_asks_for_jobs_of_its_own(
    ask: Ask, changed: dict[str, object] | None
) -> None:
    own = own_jobs(ask, slurm())
    if changed is None:
        assert own is None
        return
    assert own is not None
    usual = {"memory_gb": 8.0, "cores": 1, "walltime": "12:00:00", "queue": None, "jobs": 2}
    assert {name: getattr(own, name) for name in usual} == usual | changed


def test_share_of_a_worker_counts_where_several_have_one_job() -> None:
    shared = slurm(memory_gb=32, cores=8, processes=4)
    assert own_jobs(Ask(2, 8.0), shared) is None
    own = own_jobs(Ask(1, 12.0), shared)
    assert own is not None
    assert (own.processes, own.memory_gb, own.cores) == (1, 12.0, 2)


def test_the_queue_is_asked_for_what_the_step_needs(tmp_path: Path) -> None:
    own = own_jobs(Ask(4, 32.0, "1-00:00:00", "high"), slurm())
    assert own is not None
    placed = own.model_copy(update={"logs": tmp_path, "shared": tmp_path})
    told = job_options(placed, "storiform-ab123", "10.0.0.1")
    assert (told["job_cpu"], told["queue"]) == (4, "high")
    assert (told["job_mem"], told["walltime"]) == ("30518M", "24:00:00")


def test_here_a_step_that_needs_no_more_than_a_worker_has_runs_among_the_others() -> None:
    executor = Executor(workers=2, memory_gb=3.0, steps={"a": StepNeeds(memory_gb=3.0)})
    lanes = Lanes(executor, never, never)
    assert lanes.of([node("a")]) is lanes.usual


def test_workers_of_an_existing_scheduler_are_taken_as_they_are() -> None:
    lanes = Lanes(Executor(scheduler="tls://head:8786", steps=LARGE), never, never)
    assert lanes.of([node("large")]) is lanes.usual


def test_the_rescue_never_has_less_than_the_step_had_and_never_more_than_is_allowed() -> None:
    assert [rescue(slurm(), tries).memory_gb for tries in (1, 2, 3)] == [32, 64, 128]
    capped = slurm(rescue_memory_gb=20)
    assert [rescue(capped, tries).memory_gb for tries in (1, 2)] == [20, 20]
    own = own_jobs(Ask(1, 48.0), capped)
    assert own is not None
    assert rescue(own).memory_gb == 48


def test_the_plan_tells_in_which_jobs_steps_would_run() -> None:
    pair = [node("b", group="P pass"), node("a", group="P pass")]
    nodes = [node("large"), *pair, node("c"), node("large", "v", state="done")]
    steps = LARGE | {"a": StepNeeds(cores=4, queue="wide", jobs=9)}
    assert jobs_told(nodes, slurm(steps=steps)) == [
        "In jobs of slurm: 2 of 1 core, 8 GB, 12:00:00",
        "    large: 2 of 1 core, 32 GB, 1-00:00:00",
        "    a, b: 9 of 4 cores, 8 GB, 12:00:00, wide",
    ]
    assert jobs_told(nodes[-1:], slurm(steps=steps)) == []
    assert jobs_told(nodes, Executor(steps=steps)) == []
    elsewhere = Executor(scheduler="tls://head:8786", steps=steps)
    assert jobs_told(nodes, elsewhere) == [
        "On the workers of tls://head:8786; executor.steps has no say over them"
    ]
    assert jobs_told(nodes[-1:], elsewhere) == []


def test_no_more_workers_begin_here_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storiform.engine.cluster.default_workers", lambda: 16)
    monkeypatch.setattr("storiform.engine.cluster.machine_memory_gb", lambda: 10.0)
    assert slots(Executor()) == 4  # of 9 GB, 2 each
    assert slots(Executor(memory_gb=1.0)) == 9
    assert slots(Executor(workers=12)) == 12
    monkeypatch.setattr("storiform.engine.cluster.machine_memory_gb", lambda: 1.0)
    assert slots(Executor()) == 1
