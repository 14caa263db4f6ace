"""The page of each biopsy of which a figure was drawn, or was asked for."""

from collections.abc import Mapping
from pathlib import Path

from storiform.engine.collect import GOOD, Drawn, exported_tables, figures
from storiform.engine.session import Session
from storiform.engine.work import Portion, joined
from storiform.io.store import write_bytes
from storiform.model.table import Table
from storiform.report.record import BiopsyRecord, ReportFigure, ReportRecord, ReportTable

FOLDER = "biopsies"


def biopsies_with_page(session: Session) -> tuple[str, ...]:
    """Name the biopsies of which a figure was drawn or found nothing to show, sorted."""
    return tuple(sorted(_drawings(session)))


def write_biopsy_pages(session: Session, record: ReportRecord) -> list[Path]:
    """Write ``OUT/biopsies/NAME.html`` for each of these biopsies; drop pages of others.

    A biopsy whose figures have nothing to show has a page that says so.
    """
    from storiform.report.biopsy_page import render_biopsy

    folder = session.results.root / FOLDER
    drawings = _drawings(session)
    written = []
    if drawings:
        folder.mkdir(exist_ok=True)
    columns = {table.name: table.columns for table in record.tables}
    for biopsy, drawn in sorted(drawings.items()):
        goal = folder / f"{biopsy}.html"
        page = BiopsyRecord(
            title=record.title,
            version=record.version,
            patient=session.report.cohort.names("biopsy", biopsy)["patient"],
            biopsy=biopsy,
            tables=tuple(_tables(session, biopsy, columns)),
            figures=tuple(_figure(session, one) for one in drawn if not one.nothing),
            not_drawn=tuple((one.contract.name, one.nothing) for one in drawn if one.nothing),
        )
        write_bytes(goal, render_biopsy(page).encode())
        written.append(goal)
    if folder.is_dir():
        for stale in set(folder.glob("*.html")) - set(written):
            stale.unlink()
    return written


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
    contract = drawn.contract
    svg = (drawn.folder / f"{contract.name}.svg").read_text(encoding="utf-8")
    made = {p.name for step in session.config.workflow.steps for p in step.products
            if isinstance(p, Table) and p.is_published}  # fmt: skip
    sources = tuple(name for name in drawn.sources if name in made)
    return ReportFigure(contract.name, contract.caption, svg, sources)


def _tables(
    session: Session, biopsy: str, columns: Mapping[str, Mapping[str, tuple[str, str]]]
) -> list[ReportTable]:
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
        meaning = {n: columns.get(name, {}).get(str(n), ("", "")) for n in frame.columns}
        found.append(ReportTable(name, contract.description, frame, meaning, len(frame)))
    return found
