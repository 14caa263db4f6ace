"""From a finished session to the record that the report prints."""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import pandas as pd

from storiform import __version__
from storiform.engine.blocking import blocked
from storiform.engine.collect import Export, exported_tables, exports, figures
from storiform.engine.fingerprint import digest
from storiform.engine.graph import LeftOut, Node
from storiform.engine.pages import biopsies_with_page, report_figure, write_biopsy_pages
from storiform.engine.session import Session
from storiform.engine.work import Portion, joined, packages
from storiform.io.names import listed
from storiform.io.store import parquet_rows, write_bytes
from storiform.model.step import Step
from storiform.model.table import UNIT_COLUMNS, Table
from storiform.report.citations import limits_of, references_of
from storiform.report.record import (
    Problem,
    ReportFigure,
    ReportRecord,
    ReportTable,
    StepRecord,
)

Provenances = dict[Node, dict[str, Any]]
_TOLD = ("started", "finished", "seconds", "warnings", "nothing_to_show")
MEMORY = "report.json"
"""Tells which results the report shows."""
WHOLE_ROWS = 2000
"""Tables with more rows are handed to the report only in part: it shows a few hundred."""
BEGINNING_ROWS = 500
_NUMBER = re.compile(r"\d[\d.,]*")
_UNIT_MEANING = {
    "patient": "patient of the sample sheet",
    "biopsy": "biopsy of the patient",
    "sample": "sample of the sheet",
    "role": "tumour or normal",
    "assay": "exome or rna",
}


def write_report(
    session: Session, *, force: bool = False, listen: Callable[[str], None] | None = None
) -> Path:
    """Write ``OUT/report.html`` unless it shows these results already.

    Parameters
    ----------
    session
        The results to write up.
    force
        Write it again though it shows them.
    listen
        Is told what is being written, for a person who waits.

    Raises
    ------
    RunError
        If a part of the results folder is a symbolic link.
    """
    from storiform.report.page import render

    session.results.refuse_links()
    goal = session.results.root / "report.html"
    mark = _mark(session)
    memory = session.results.root / MEMORY
    if not force and goal.exists() and _read_mark(memory) == mark:
        return goal
    if listen is not None:
        listen("Writing the report")
    record = build_record(session)
    write_bytes(goal, render(record).encode())
    write_biopsy_pages(session, listen)
    write_bytes(memory, json.dumps({"results": mark}).encode())
    return goal


def _read_mark(memory: Path) -> str:
    try:
        return str(json.loads(memory.read_text())["results"])
    except (OSError, ValueError, KeyError):
        return ""


def _mark(session: Session) -> str:
    nodes = sorted([n.step, n.unit, n.fingerprint, n.state in {"cached", "done"}]
                   for n in session.graph.nodes)  # fmt: skip
    left = sorted([gone.step, gone.unit, gone.reason] for gone in session.graph.left_out)
    return digest([__version__, session.config.workflow.title, nodes, left])


def build_record(session: Session) -> ReportRecord:
    """Gather what the report prints from the results folder."""
    cohort = session.report.cohort
    records = provenances(session)
    started, finished = times_of(records)
    return ReportRecord(
        title=session.config.workflow.title,
        version=__version__,
        started=started,
        finished=finished,
        patients=len(cohort.patients),
        biopsies=len(cohort.biopsies),
        samples=len(cohort.samples),
        tables=tuple(_tables(session)),
        figures=tuple(_figures(session)),
        steps=step_records(session, records),
        problems=tuple(_problems(session, records)),
        inputs=inputs_of(session),
        packages=packages() | {"pandas": version_of("pandas")},
        biopsy_pages=biopsies_with_page(session),
    )


def provenances(session: Session) -> Provenances:
    """Return the provenance of each node's result by the node, empty where it has none."""
    return {node: _provenance(session, node) for node in session.graph.nodes}


def times_of(records: Provenances) -> tuple[str, str]:
    """Return when the first result was begun and the last finished; now, if there is none."""
    times = [r["finished"] for r in records.values() if r] or [datetime.now(UTC).timestamp()]
    starts = [r["started"] for r in records.values() if r] or times
    return _time(min(starts)), _time(max(times))


def step_records(session: Session, records: Provenances) -> tuple[StepRecord, ...]:
    """Sum up each step of the workflow over the nodes of a session."""
    nodes: dict[str, list[Node]] = {}
    for node in session.graph.nodes:
        nodes.setdefault(node.step, []).append(node)
    left_out = Counter(gone.step for gone in session.graph.left_out)
    return tuple(
        _step(
            session,
            step,
            {n: records[n] for n in nodes.get(step.name, [])},
            left_out[step.name],
        )
        for step in session.config.workflow.steps
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _provenance(session: Session, node: Node) -> dict[str, Any]:
    folder = session.results.at(node.step, node.unit, node.fingerprint)
    found = session.results.provenance(folder) or {}
    return {name: found[name] for name in _TOLD if name in found}  # the rest is large


def _tables(session: Session) -> list[ReportTable]:
    tables = exported_tables(session.graph.steps, session.graph)
    found = []
    cohort = session.report.cohort
    for export in exports(tables, session.graph, cohort, session.results):
        contract = export.contract
        path = session.results.root / "tables" / f"{contract.name}.parquet"
        if not path.exists():
            continue
        rows = export.rows()
        frame = export.frame() if rows <= WHOLE_ROWS else _beginning(export)
        columns = _columns(contract, [str(name) for name in frame.columns])
        key = (*UNIT_COLUMNS[contract.grain], *contract.key)
        told = contract.name, contract.description
        found.append(ReportTable(*told, frame, columns, rows, key))
    return found


def _beginning(export: Export) -> pd.DataFrame:
    """Return the first rows of a large table, from as few units as give them."""
    taken: list[Portion] = []
    rows = 0
    for portion in export.portions:
        taken.append(portion)
        rows += parquet_rows(Path(portion.folder) / f"{portion.table}.parquet")
        if rows >= BEGINNING_ROWS:
            break
    return joined(taken, export.contract, None).head(BEGINNING_ROWS)


def _columns(contract: Table, names: list[str]) -> dict[str, tuple[str, str]]:
    meanings = {}
    for name in names:
        if name in UNIT_COLUMNS[contract.grain]:
            meanings[name] = (_UNIT_MEANING[name], "")
        else:
            column = contract.column(name)
            meanings[name] = (column.description, column.unit)
    return meanings


def _figures(session: Session) -> list[ReportFigure]:
    found = []
    order = [p.name for step in session.config.workflow.steps for p in step.products]
    drawings = figures(session.graph, session.results)
    for drawn in sorted(drawings, key=lambda d: order.index(d.contract.name)):
        file = drawn.folder / f"{drawn.contract.name}.svg"
        if file.exists() and drawn.contract.grain == "cohort":
            found.append(report_figure(drawn, drawn.sources, "figures"))
    return found


def _step(session: Session, step: Step, records: Provenances, left_out: int) -> StepRecord:
    empty = {node for node, record in records.items() if record.get("nothing_to_show")}
    counts = Counter(node.state for node in records if node not in empty)
    seconds = sum(float(record.get("seconds", 0.0)) for record in records.values())
    return StepRecord(
        name=step.name,
        summary=step.summary,
        room=step.function.__module__.removeprefix("storiform."),
        version=max(product.version for product in step.products),
        params=_params(session, step),
        references=references_of(step.function.__doc__),
        limits=limits_of(step.function.__doc__),
        done=counts["done"],
        cached=counts["cached"],
        failed=counts["failed"],
        blocked=counts["blocked"],
        left_out=left_out + len(empty),
        seconds=round(seconds, 2),
    )


def _params(session: Session, step: Step) -> dict[str, tuple[object, object, str]]:
    params = session.config.params.get(step.section)
    if params is None:
        return {}
    found: dict[str, tuple[object, object, str]] = {}
    for name, info in type(params).model_fields.items():
        default = info.get_default(call_default_factory=True)
        found[name] = (getattr(params, name), default, info.description or "")
    return found


def _problems(session: Session, records: Provenances) -> list[Problem]:
    found = []
    told: list[tuple[str, str, str]] = []
    failed: dict[tuple[str, str], list[str]] = {}
    for node in session.graph.nodes:
        if node.state == "failed":
            failure = session.results.failure(node.step, node.unit) or {}
            message = str(failure.get("message", "failed"))
            failed.setdefault((node.unit, message), []).append(node.step)
        warned = records[node].get("warnings", [])
        told += [(node.step, node.unit, message) for message in warned]
        nothing = records[node].get("nothing_to_show", "")
        if nothing:
            found.append(Problem(node.unit, node.step, "left_out", nothing))
    found += [Problem(u, ", ".join(steps), "failed", m) for (u, m), steps in failed.items()]
    found += warnings_of(told)
    found += blocked(session.graph.nodes)
    left_out = session.graph.left_out
    found += left_out_of(left_out)
    found += [Problem("cohort", "sheets", "warning", note) for note in session.report.notes]
    return found


def warnings_of(told: Sequence[tuple[str, str, str]]) -> list[Problem]:
    """Group warnings (step, unit, message) of one step that differ in their numbers alone."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for step, unit, message in told:
        groups.setdefault((step, _NUMBER.sub("#", message)), []).append((unit, message))
    found = []
    for (step, _), members in groups.items():
        units = list(dict.fromkeys(unit for unit, _ in members))
        messages = list(dict.fromkeys(message for _, message in members))
        further = f" (and {len(messages) - 1} more with other numbers)" * (len(messages) > 1)
        found.append(Problem(listed(units), step, "warning", messages[0] + further))
    return found


def left_out_of(left_out: Sequence[LeftOut]) -> list[Problem]:
    """Group what was left out for one reason in the same units."""
    units: dict[tuple[str, str], list[str]] = {}
    for gone in left_out:
        units.setdefault((gone.step, gone.reason), []).append(gone.unit)
    steps: dict[tuple[str, str], list[str]] = {}
    for (step, reason), names in units.items():
        steps.setdefault((listed(names), reason), []).append(step)
    return [
        Problem(names, ", ".join(made), "left_out", reason)
        for (names, reason), made in steps.items()
    ]


def inputs_of(session: Session) -> dict[str, str]:
    """Return the content ids of the files that the nodes of a session read, by name."""
    found: dict[str, str] = {}
    for node in session.graph.nodes:
        if node.origin == "provided":
            found[Path(node.payload["path"]).name] = str(node.payload["id"])
        names = node.payload.get("files") or {}
        for column, identity in (node.recipe.get("files") or {}).items():
            label = Path(names[column]).name if column in names else column
            found[label] = str(identity)
    return dict(sorted(found.items()))
