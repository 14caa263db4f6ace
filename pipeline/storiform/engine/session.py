"""A configuration with its cohort, its graph and its results folder, judged and ready."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storiform.engine.config import CohortSection, Config, load_config
from storiform.engine.explain import Check, judge, settle
from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import Graph
from storiform.engine.journal import read_run, read_whole_run
from storiform.engine.passes import refuse_copies
from storiform.engine.results import Results
from storiform.engine.weave import Threads, weave
from storiform.engine.work import step_code
from storiform.io.annotation import check_declared_build
from storiform.io.sheets import CohortReport, Sheets, read_sheets
from storiform.io.trial_files import FILES, TrialFiles, with_trial_files
from storiform.model.errors import RunError, SheetError, fault


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
    against: str = ""
    """The file of the cohort of reference that a command line named, empty if none."""
    only: tuple[str, ...] = ()
    """The patients of whom alone the graph is; empty: it is of the whole cohort."""


def open_session(path: Path, check: Check | None = None, *, against: str = "") -> Session:
    """Read configuration and sheets, weave the graph and judge what must run.

    Parameters
    ----------
    path
        The configuration.
    check
        How strictly earlier results are trusted.
    against
        File of the cohort of reference; empty: that of the configuration.
    """
    overrides = {"resources.cohort_reference": against} if against else None
    session = session_of(load_config(path, overrides), check or Check())
    session.against = against
    return session


def summary_of_run(root: Path) -> dict[str, Any]:
    """Return what `run.json` says of the last run of the whole cohort in a results folder.

    Raises
    ------
    RunError
        If there was none.
    """
    summary = read_whole_run(root)
    if summary is None:
        of_some = read_run(root) is not None
        found = "a run of some patients alone" if of_some else "no run.json"
        expected = "the run of a whole cohort" if of_some else "a results folder"
        remedy = "Give the folder under 'output' of a configuration that was run."
        raise RunError(fault(str(root), found, expected, remedy))
    return summary


def session_of_run(root: Path) -> Session:
    """Open the configuration of the last run of the whole cohort in a results folder.

    Raises
    ------
    RunError
        If there was none, or its configuration writes elsewhere.
    """
    summary = summary_of_run(root)
    session = open_session(Path(summary["config"]), against=str(summary.get("against", "")))
    if session.results.root.resolve() != root.resolve():
        found = f"a configuration whose output is {session.results.root}"
        remedy = "Move the results back, or run the workflow again."
        raise RunError(fault(str(root), found, "its own configuration", remedy))
    for node in session.graph.nodes:
        if node.state == "todo":
            settle(node, session.results, partial=session.config.run.allow_partial_cohort)
    return session


def read_all_sheets(cohort: CohortSection) -> Sheets:
    """Read sample sheet, clinical table and the further files of the whole cohort."""
    sheets = read_sheets(
        cohort.samples,
        cohort.clinical,
        cohort.genome,
        cohort.columns,
        cohort.baseline,
        cohort.characteristics,
    )
    files = {name: path for name in FILES if (path := getattr(cohort, name)) is not None}
    return with_trial_files(sheets, TrialFiles(files, cohort.measurements).readable())


def session_of(config: Config, check: Check) -> Session:
    """Weave and judge the graph of a configuration that has been read."""
    with _without_collection():
        return _session_of(config, check)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep Python from seeking what to free: all nodes stay, and it takes a quarter more."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _session_of(config: Config, check: Check) -> Session:
    cohort = config.cohort
    sheets = read_all_sheets(cohort)
    if sheets.faults:
        raise SheetError("\n".join(sheets.faults))
    report = sheets.report
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
