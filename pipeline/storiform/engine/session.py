"""A configuration with its cohort, its graph and its results folder, judged and ready."""

from dataclasses import dataclass
from pathlib import Path

from storiform.engine.config import Config, load_config
from storiform.engine.explain import Check, judge
from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import Graph
from storiform.engine.passes import refuse_copies
from storiform.engine.results import Results
from storiform.engine.weave import Threads, weave
from storiform.engine.work import step_code
from storiform.io.annotation import check_declared_build
from storiform.io.sheets import CohortReport, read_cohort


@dataclass
class Session:
    """A configuration with its cohort, its graph and its results folder."""

    config: Config
    report: CohortReport
    graph: Graph
    results: Results
    check: Check
    ids: FileIds
    other_code: int = 0


def open_session(path: Path, check: Check | None = None) -> Session:
    """Read configuration and sheets, weave the graph and judge what must run."""
    config = load_config(path)
    return session_of(config, check or Check())


def session_of(config: Config, check: Check) -> Session:
    """Weave and judge the graph of a configuration that has been read."""
    cohort = config.cohort
    report = read_cohort(
        cohort.samples, cohort.clinical, cohort.genome, cohort.columns, cohort.baseline
    )
    results = Results(config.output)
    memory = config.output / "inputs.json"
    ids = FileIds(memory, verify=check.verify)
    refuse_copies(report.cohort, ids)
    if "genes" in config.resources:
        check_declared_build(config.resources["genes"], cohort.genome)
    graph = weave(
        Threads(
            steps=config.workflow.steps,
            cohort=report.cohort,
            params=config.params,
            resources=config.resources,
            provided=config.provided,
            ids=ids,
        )
    )
    session = Session(config, report, graph, results, check, ids)
    codes = {s.name: step_code(s.function.__code__.co_filename) for s in graph.steps}
    session.other_code = judge(graph, results, codes, check)
    return session
