"""Open every input of a run and collect all problems, before hours are spent."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from storiform.engine.provided import provided_rows
from storiform.engine.session import Session
from storiform.engine.work import open_resource
from storiform.io.sources import SOURCES, SourceUnit
from storiform.model.errors import DataWarning, UserError
from storiform.model.step import Step
from storiform.model.table import Table


@dataclass(frozen=True)
class Finding:
    """One problem: of which unit, how bad, and the message."""

    unit: str
    severity: str
    message: str


def check_inputs(session: Session) -> list[Finding]:
    """Read every source, provided table and resource as a run would.

    Returns
    -------
    list of Finding
        Errors first, each kind sorted by unit.
    """
    found = list(_resources(session))
    tables = _tables(session.graph.steps)
    for node in session.graph.nodes:
        if node.origin == "step":
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", DataWarning)
            try:
                if node.origin == "source":
                    _read(session, node.payload, node.recipe, node.unit)
                else:
                    table = tables[node.payload["table"]]
                    table.conform(provided_rows(Path(node.payload["path"]), table, node.unit))
            except (UserError, OSError) as error:
                found.append(Finding(node.unit, "error", str(error)))
        notes = sorted({str(w.message) for w in caught if issubclass(w.category, DataWarning)})
        found += [Finding(node.unit, "warning", note) for note in notes]
    found += [Finding("cohort", "note", note) for note in session.report.notes]
    order = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda f: (order[f.severity], f.unit, f.message))


def _tables(steps: Iterable[Step]) -> dict[str, Table]:
    found = {}
    for step in steps:
        for contract in [*(a.contract for a in step.arguments), *step.products]:
            if isinstance(contract, Table):
                found[contract.name] = contract
    return found


def _read(
    session: Session, payload: dict[str, object], recipe: dict[str, object], unit: str
) -> None:
    source = next(s for s in SOURCES if s.table.name == payload["table"])
    files = payload["files"]
    samples = recipe["samples"]
    record = recipe["record"]
    if not (isinstance(files, dict) and isinstance(samples, dict) and isinstance(record, dict)):
        return
    paths = {column: Path(path) for column, path in files.items()}
    build = session.report.cohort.build
    given = SourceUnit(unit, str(payload["patient"]), paths, samples, build, record)
    source.table.conform(source.read(given))


def _resources(session: Session) -> Iterable[Finding]:
    for name, path in sorted(session.config.resources.items()):
        try:
            open_resource(name, str(path))
        except (UserError, OSError, ValueError) as error:
            yield Finding(name, "error", str(error))
