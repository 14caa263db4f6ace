"""The page of each biopsy, also of one of which nothing could be made."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from storiform import __version__
from storiform.engine.blocking import blocked
from storiform.engine.collect import GOOD, Drawn, exported_tables, figures
from storiform.engine.graph import Node
from storiform.engine.session import Session
from storiform.engine.work import Portion, joined
from storiform.io.store import write_bytes
from storiform.model.cohort import COHORT, Cohort
from storiform.model.table import Grain, Picture, Table
from storiform.report.course import PATIENT_TABLES
from storiform.report.discordances import COHORT_TABLES
from storiform.report.drawing import LARGEST_SVG_BYTES
from storiform.report.record import (
    BiopsyRecord,
    Problem,
    ReportFigure,
    ReportTable,
)

FOLDER = "biopsies"
_OWN: tuple[Grain, ...] = ("sample", "biopsy", "patient")


def biopsies_with_page(session: Session) -> tuple[str, ...]:
    """Name the biopsies that have a page, sorted: all, where the workflow tells of biopsies.

    A biopsy of which every step failed has a page too, which says so. So has, in any workflow,
    each biopsy of patients who are run alone: they have no other report.
    """
    products = [p for step in session.config.workflow.steps for p in step.products]
    if not session.only and not any(
        p.grain == "biopsy" and isinstance(p, Picture) for p in products
    ):
        return ()
    return tuple(sorted(session.report.cohort.units("biopsy")))


def write_biopsy_pages(
    session: Session, listen: Callable[[str], None] | None = None
) -> list[Path]:
    """Write ``OUT/biopsies/NAME.html`` for each biopsy; drop pages of others.

    A biopsy of which something is not there has a page that says why. `listen` is told before
    each page how far the work is.
    """
    folder = session.results.root / FOLDER
    written = [write_biopsy_page(session, page) for page in biopsy_records(session, listen)]
    if folder.is_dir():
        for stale in set(folder.glob("*.html")) - set(written):
            stale.unlink()
    return written


def write_biopsy_page(session: Session, page: BiopsyRecord) -> Path:
    """Write the page of one biopsy and return its path."""
    from storiform.report.biopsy_page import render_biopsy

    goal = session.results.root / FOLDER / f"{page.biopsy}.html"
    goal.parent.mkdir(exist_ok=True)
    write_bytes(goal, render_biopsy(page).encode())
    return goal


def biopsy_records(
    session: Session, listen: Callable[[str], None] | None = None
) -> Iterator[BiopsyRecord]:
    """Yield what the page of each biopsy of a session prints, by name."""
    names = biopsies_with_page(session)
    if not names:
        return
    drawings = _drawings(session)
    problems = problems_of_biopsies(session)
    doubts = warnings_of_biopsies(session.graph.nodes, session.report.cohort)
    for number, biopsy in enumerate(names, 1):
        if listen is not None:
            listen(f"Writing the pages of biopsies: {number} of {len(names)}")
        drawn = drawings.get(biopsy, [])
        yield BiopsyRecord(
            title=session.config.workflow.title,
            version=__version__,
            patient=session.report.cohort.names("biopsy", biopsy)["patient"],
            biopsy=biopsy,
            tables=tuple(_tables(session, biopsy)),
            figures=tuple(_figure(session, one) for one in drawn if not one.nothing),
            not_drawn=tuple((one.contract.name, one.nothing) for one in drawn if one.nothing),
            beside=tuple(_beside(session, biopsy)),
            problems=(*problems.get(biopsy, ()), *doubts.get(biopsy, ())),
        )


def _drawings(session: Session) -> dict[str, list[Drawn]]:
    """Collect the figures of each biopsy, drawn or not, in the order of the workflow."""
    order = [p.name for step in session.config.workflow.steps for p in step.products]
    found: dict[str, list[Drawn]] = {}
    for drawn in figures(session.graph, session.results):
        file = drawn.folder / f"{drawn.contract.name}.svg"
        if drawn.contract.grain == "biopsy" and (drawn.nothing or file.exists()):
            found.setdefault(drawn.unit, []).append(drawn)
    for drawings in found.values():
        drawings.sort(key=lambda drawn: order.index(drawn.contract.name))
    return found


def _figure(session: Session, drawn: Drawn) -> ReportFigure:
    made = {p.name for step in session.config.workflow.steps for p in step.products
            if isinstance(p, Table) and p.is_published}  # fmt: skip
    sources = tuple(name for name in drawn.sources if name in made)
    return report_figure(drawn, sources, "../figures")


def report_figure(drawn: Drawn, sources: tuple[str, ...], folder: str) -> ReportFigure:
    """Read a figure for a page: its drawing, and its pixels in case that is too large.

    Parameters
    ----------
    drawn
        A figure whose files are there.
    sources
        Tables that the page may name as what it was drawn from.
    folder
        Where the figures stand, seen from the page.
    """
    name = drawn.contract.name
    svg = (drawn.folder / f"{name}.svg").read_text(encoding="utf-8")
    picture = drawn.folder / f"{name}.png"
    png = picture.read_bytes() if len(svg) > LARGEST_SVG_BYTES and picture.exists() else b""
    file = f"{folder}/{quote(drawn.stem)}.svg"
    return ReportFigure(name, drawn.contract.caption, svg, sources, png, file)


def _tables(session: Session, biopsy: str) -> list[ReportTable]:
    """Read this biopsy's rows of each published table of biopsies."""
    graph, results = session.graph, session.results
    found = []
    for name, contract in sorted(exported_tables(graph.steps, graph).items()):
        node = graph.producers.get((name, biopsy))
        if contract.grain != "biopsy" or node is None or node.state not in GOOD:
            continue
        names = session.report.cohort.names("biopsy", biopsy)
        portion = Portion(name, names, str(results.at(node.step, biopsy, node.fingerprint)))
        frame = joined([portion], contract, None).drop(columns=["patient", "biopsy"])
        told = [(str(n), contract.column(str(n))) for n in frame.columns]
        meaning = {n: (column.description, column.unit) for n, column in told}
        found.append(ReportTable(name, contract.description, frame, meaning, len(frame)))
    return found


def _beside(session: Session, biopsy: str) -> list[ReportTable]:
    """Read what is told of this biopsy elsewhere: of its patient, and in tables of all.

    Also what was only read, as adverse events, and has no file among the tables.
    """
    cohort = session.report.cohort
    patient = cohort.names("biopsy", biopsy)["patient"]
    wanted = [*((contract, patient) for contract in PATIENT_TABLES),
              *((contract, COHORT) for contract in COHORT_TABLES)]  # fmt: skip
    found = []
    for contract, unit in wanted:
        node = session.graph.producers.get((contract.name, unit))
        if node is None or node.state not in GOOD:
            continue
        folder = str(session.results.at(node.step, unit, node.fingerprint))
        portion = Portion(contract.name, cohort.names(contract.grain, unit), folder)
        frame = joined([portion], contract, None)
        if unit == COHORT:
            frame = frame[frame["biopsy"] == biopsy]
        found.append(ReportTable(contract.name, contract.description, frame, {}, len(frame)))
    return found


def problems_of_biopsies(session: Session) -> dict[str, list[Problem]]:
    """Tell for each biopsy what failed, was blocked or left out in it, its samples or patient.

    What is left out of the whole cohort is told of each biopsy that would have a part in it.
    """
    cohort = session.report.cohort
    grains = {step.name: step.grain for step in session.config.workflow.steps}
    grains |= {node.step: node.grain for node in session.graph.nodes}
    owners: dict[tuple[str, str], list[str]] = {}
    for biopsy in cohort.units("biopsy"):
        for grain in (*_OWN, "cohort"):
            for unit in cohort.seen_from("biopsy", biopsy, grain):
                owners.setdefault((grain, unit), []).append(biopsy)
    found: dict[str, list[Problem]] = {}
    for problem in _all_problems(session):
        grain = grains.get(problem.step, "cohort")
        if grain == "cohort":
            continue
        at = ("cohort", COHORT) if problem.unit == COHORT else (grain, problem.unit)
        for biopsy in owners.get(at, []):
            found.setdefault(biopsy, []).append(problem)
    return found


def warnings_of_biopsies(nodes: Iterable[Node], cohort: Cohort) -> dict[str, list[Problem]]:
    """Collect for each biopsy the warnings about what its values were made from.

    They are those of its own steps, of its samples' and its patient's, and of the steps of the
    whole cohort that these read from, as the reference proteins; nothing is told of others.

    Parameters
    ----------
    nodes
        The graph, each node after what it reads.
    cohort
        Who belongs to whom.
    """
    owned: dict[tuple[str, str], list[Node]] = {}
    places: dict[Node, int] = {}
    for place, node in enumerate(nodes):
        places[node] = place
        owned.setdefault((node.grain, node.unit), []).append(node)
    known: dict[Node, frozenset[Node]] = {}
    found: dict[str, list[Problem]] = {}
    for biopsy in cohort.units("biopsy"):
        own = [
            node
            for grain in _OWN
            for unit in cohort.seen_from("biopsy", biopsy, grain)
            for node in owned.get((grain, unit), [])
        ]
        seen = sorted(
            {*own, *_read_of_cohort(own, known)} & places.keys(), key=places.__getitem__
        )
        told = [
            Problem(node.unit, node.step, "warning", message)
            for node in seen
            for message in node.doubts
        ]
        if told:
            found[biopsy] = told
    return found


def _read_of_cohort(own: list[Node], known: dict[Node, frozenset[Node]]) -> set[Node]:
    """Return the nodes of the whole cohort from which these read, at any remove.

    The way does not lead on through a node of one unit: it may be another biopsy's. `known`
    keeps what was found: the feeds of a node of the cohort are as many as the biopsies.
    """
    found: set[Node] = set()
    for node in own:
        for feed in node.feeds():
            if feed.node.grain == "cohort":
                found |= _with_what_it_reads(feed.node, known)
    return found


def _with_what_it_reads(node: Node, known: dict[Node, frozenset[Node]]) -> frozenset[Node]:
    if node not in known:
        above = [feed.node for feed in node.feeds() if feed.node.grain == "cohort"]
        known[node] = frozenset([node]).union(*(_with_what_it_reads(n, known) for n in above))
    return known[node]


def _all_problems(session: Session) -> list[Problem]:
    """List failures, what they blocked and what was left out, each step and unit for itself."""
    found = []
    for node in session.graph.nodes:
        if node.state == "failed":
            failure = session.results.failure(node.step, node.unit) or {}
            message = str(failure.get("message", "failed"))
            found.append(Problem(node.unit, node.step, "failed", message))
    for problem in blocked(session.graph.nodes):
        found += [replace(problem, step=step) for step in problem.step.split(", ")]
    found += [Problem(g.unit, g.step, "left_out", g.reason) for g in session.graph.left_out]
    return found
