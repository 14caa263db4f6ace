"""What a format of `storiform export` is made of: tables of a finished run."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from storiform.engine.collect import GOOD, exported_tables, exports
from storiform.engine.graph import Node
from storiform.engine.session import Session
from storiform.io.database_files import Published
from storiform.io.store import is_sound, read_parquet
from storiform.model.cohort import COHORT
from storiform.model.errors import InputError, RunError, fault
from storiform.model.table import Table

Units = Mapping[str, pd.DataFrame]


class AbsentError(RunError):
    """The run, or this installation, has not what a format needs."""


def unit_tables(session: Session, table: Table, *, keeps_empty: bool = False) -> Units:
    """Return the table of each unit that has it, read from the results folder.

    One without rows tells nothing of a unit, unless a count of nothing is meant.
    """
    found = {}
    for (name, unit), node in sorted(session.graph.producers.items(), key=lambda item: item[0]):
        if name == table.name and node.state in GOOD:
            found[unit] = _read(session, node, table)
    return {unit: frame for unit, frame in found.items() if keeps_empty or len(frame)}


def needed_tables(
    session: Session, table: Table, remedy: str, *, keeps_empty: bool = False
) -> Units:
    """Return the table of each unit that has it.

    Raises
    ------
    AbsentError
        If no unit has it.
    """
    found = unit_tables(session, table, keeps_empty=keeps_empty)
    if not found:
        where, expected = str(session.results.root), f"the table {table.name} of a biopsy"
        raise AbsentError(fault(where, "none", expected, remedy))
    return found


def cohort_table(session: Session, table: Table) -> pd.DataFrame:
    """Return a table of the cohort, without rows where the run has none."""
    return unit_tables(session, table).get(COHORT, table.empty())


def published_tables(session: Session) -> list[Published]:
    """Return the published tables that stand in the results folder as this run made them.

    Raises
    ------
    AbsentError
        If there is none.
    InputError
        If one was changed on the disk.
    """
    tables = exported_tables(session.graph.steps, session.graph)
    found = [
        Published(export.contract, Path(export.folder) / f"{export.contract.name}.parquet")
        for export in exports(tables, session.graph, session.report.cohort, session.results)
        if export.is_current()
    ]
    if not found:
        where, expected = str(session.results.root / "tables"), "the tables of a finished run"
        remedy = "Run the workflow to its end; a table that is out of date is left out."
        raise AbsentError(fault(where, "none that is up to date", expected, remedy))
    for table in found:
        if not is_sound(table.parquet):
            where, remedy = f"tables/{table.parquet.name}", "Write it anew: run --verify."
            raise InputError(fault(where, "a damaged file", "what was written", remedy))
    return found


def _read(session: Session, node: Node, table: Table) -> pd.DataFrame:
    folder = session.results.at(node.step, node.unit, node.fingerprint)
    return read_parquet(session.results.sound(folder, f"{table.name}.parquet"), table)
