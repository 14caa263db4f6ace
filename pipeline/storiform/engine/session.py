"""A configuration with its cohort, its graph and its results folder, judged and ready."""

from dataclasses import dataclass
from pathlib import Path

from storiform.engine.config import CohortSection, Config, load_config
from storiform.engine.explain import Check, judge
from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import Graph
from storiform.engine.passes import refuse_copies
from storiform.engine.results import Results
from storiform.engine.weave import Threads, weave
from storiform.engine.work import step_code
from storiform.io.annotation import check_declared_build
from storiform.io.sheets import CohortReport, Sheets, read_sheets
from storiform.io.trial_files import FILES, TrialFiles, with_trial_files
from storiform.model.errors import SheetError


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
