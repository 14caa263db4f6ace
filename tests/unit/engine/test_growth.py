"""How the work of the engine grows with the number of patients: counted, not timed."""

import gc
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from storiform.engine.driver import MAX_BUNDLE, Driver, Rules
from storiform.engine.explain import plan_lines
from storiform.engine.graph import Feed, Graph, Node
from storiform.engine.lanes import Lanes
from storiform.engine.lock import RunLock
from storiform.engine.pages import problems_of_biopsies, warnings_of_biopsies
from storiform.engine.reporting import provenances, step_records
from storiform.engine.results import Results
from storiform.engine.sections import Executor
from storiform.engine.session import open_session
from storiform.engine.work import Outcome
from storiform.model.cohort import Cohort, Patient

SHEET = "patient,sample,status,coverage,snps,maf,counts"
PER_PATIENT = 30
SLOTS = 3


def trial(folder: Path, patients: int) -> Path:
    """Write sheets of a trial with calls, copies and counts; their files are empty."""
    folder.mkdir()
    for name in ("n.cnn", "t.cnn", "snps.csv", "calls.maf", "counts.csv", "kit.bed"):
        (folder / name).write_text("chr1\t10\t20\n")
    rows, clinical = [SHEET], ["patient,response,pfs_months,pfs_event,sex"]
    for number in range(patients):
        name = f"P{number:04d}"
        rows += [
            f"{name},{name}_N,0,n.cnn,,,",
            f"{name},{name}_T,1,t.cnn,snps.csv,calls.maf,",
            f"{name},{name}_R,2,,,,counts.csv",
        ]
        clinical.append(f"{name},PR,3.5,1,female")
    (folder / "samples.csv").write_text("\n".join(rows) + "\n")
    (folder / "clinical.csv").write_text("\n".join(clinical) + "\n")
    config = folder / "trial.yaml"
    config.write_text(
        "workflow: trial\ncohort: {samples: samples.csv, clinical: clinical.csv}\n"
        "resources: {targets: kit.bed}\n"
    )
    return config


def operations(call: Callable[[], object]) -> int:
    """Count the steps of Python's interpreter that a call takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    gc.collect()  # what other tests left has finalisers, which would be counted
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def pages(config: Path) -> None:
    session = open_session(config)
    plan_lines(session.graph)
    warnings_of_biopsies(session.graph.nodes, session.report.cohort)
    problems_of_biopsies(session)
    step_records(session, provenances(session))


def test_work_of_planning_and_of_the_pages_grows_with_the_patients_not_their_square(
    tmp_path: Path,
) -> None:
    sizes = (8, 16, 24)
    configs = [trial(tmp_path / str(size), size) for size in sizes]
    pages(configs[0])  # what is made once in a process is not counted
    first, second, third = (operations(lambda c=config: pages(c)) for config in configs)
    assert len(open_session(configs[2]).graph.nodes) > PER_PATIENT * sizes[2]
    # of a + b n + c n^2 the second difference is 2 c n^2, and 0 where nothing is squared
    for_each_pair = (third - 2 * second + first) / (2 * sizes[0] ** 2)
    assert abs(for_each_pair) < 1


class Cluster:
    """A client that ends what was submitted first, once nothing more is sent."""

    def __init__(self, driver: "Driver | None" = None) -> None:
        self.driver = driver
        self.most = [0, 0]
        self.sent = 0

    def submit(self, _work: object, tasks: list[Any], *, key: str, **_: object) -> "Landed":
        """Take note of what flies, then end the tasks."""
        assert self.driver is not None
        held = self.driver._flying.values()  # noqa: SLF001  nobody else knows
        flying = [*(flight.nodes for flight in held), tasks]
        self.most[0] = max(self.most[0], len(flying))
        self.most[1] = max(self.most[1], sum(map(len, flying)))
        self.sent += len(tasks)
        return Landed(key, [Outcome(t.step, t.unit, t.fingerprint, "done", 0.0) for t in tasks])


class Landed(Future):  # type: ignore[type-arg]
    """A future that has come back by the time that the driver looks."""

    def __init__(self, key: str, outcomes: list[Outcome]) -> None:
        super().__init__()
        self.key, self.status = key, "finished"
        self.set_result(outcomes)


def driven(folder: Path, patients: int) -> tuple[Driver, Cluster]:
    """Return a driver of four steps a patient, each of which reads the one before."""
    names = [f"P{number:04d}" for number in range(patients)]
    graph = Graph()
    for step in range(4):
        for name in names:
            before = graph.producers.get((f"table{step - 1}", name))
            reads = {"before": (Feed(f"table{step - 1}", before),)} if before else {}
            node = Node(f"step{step}", name, "patient", "step", reads)
            node.recipe = {"step": node.step, "unit": name}
            graph.add(node, [f"table{step}"])
    cohort = Cohort((), (), tuple(Patient(name) for name in names))
    cluster = Cluster()
    lanes = Lanes(
        Executor(workers=SLOTS), lambda _own: pytest.fail("asked for"), lambda _larger: None
    )
    lock = RunLock(folder)
    driver = Driver(graph, cohort, Results(folder), Rules("flow"), lock, lambda *_: None, lanes)
    cluster.driver = driver
    return driver, cluster


@pytest.mark.parametrize("patients", [50, 1_000])
def test_tasks_in_flight_do_not_grow_with_the_patients(patients: int, tmp_path: Path) -> None:
    driver, cluster = driven(tmp_path, patients)
    with driver.lock:
        driver.run(cluster)  # type: ignore[arg-type]
    assert cluster.sent == 4 * patients
    assert cluster.most[0] == 2 * SLOTS
    assert cluster.most[1] <= 2 * SLOTS * MAX_BUNDLE


def test_work_of_the_driver_for_a_step_does_not_grow_with_the_steps(tmp_path: Path) -> None:
    """A look at every node whenever one settles would be a square, and an hour of 100,000."""
    counts = []
    for patients in (20, 40, 60, 80):
        driver, cluster = driven(tmp_path, patients)
        with driver.lock:
            counts.append(operations(lambda d=driver, c=cluster: d.run(c)))  # type: ignore[misc]
        assert cluster.sent == 4 * patients
    _, second, third, fourth = counts  # the first makes what is made once in a process
    for_each_pair = (fourth - 2 * third + second) / (2 * 80**2)
    assert abs(for_each_pair) < 1
    assert fourth / (4 * 80) < 4_000, "operations of the interpreter for each step"
