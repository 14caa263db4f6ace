"""Results of a run in the files of other programs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from storiform.engine.collect import GOOD
from storiform.engine.journal import read_run
from storiform.engine.session import Session, open_session
from storiform.io.copy_files import write_cnr, write_cns, write_gene_metrics, write_seg
from storiform.io.store import read_parquet
from storiform.model.errors import RunError, fault
from storiform.model.table import Table
from storiform.model.tables.copies import LOG_RATIOS
from storiform.model.tables.copy_calls import (
    COPY_NUMBER_FIT,
    COPY_NUMBER_GENES,
    COPY_NUMBER_SEGMENTS,
)

Units = Mapping[str, pd.DataFrame]


def export_results(root: Path, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write results of a finished run in other programs' formats.

    Parameters
    ----------
    root
        The results folder.
    folder
        Where the files go; it is made.
    formats
        Of `FORMATS`.

    Returns
    -------
    list of Path
        The files written, in order.

    Raises
    ------
    RunError
        If the folder holds no run, or none of its biopsies has what a format needs.
    """
    session = _session(root)
    folder.mkdir(parents=True, exist_ok=True)
    return [path for name in formats for path in FORMATS[name](session, folder)]


def _session(root: Path) -> Session:
    summary = read_run(root)
    if summary is None:
        remedy = "Give the folder under 'output' of a configuration that was run."
        raise RunError(fault(str(root), "no run.json", "a results folder", remedy))
    session = open_session(Path(summary["config"]))
    if session.results.root.resolve() != root.resolve():
        found = f"a configuration whose output is {session.results.root}"
        remedy = "Move the results back, or run the workflow again."
        raise RunError(fault(str(root), found, "its own configuration", remedy))
    return session


def _tables(session: Session, table: Table) -> Units:
    """Return the table of each unit that has it, read from the results folder."""
    found = {}
    for (name, unit), node in sorted(session.graph.producers.items(), key=lambda item: item[0]):
        if name == table.name and node.state in GOOD:
            folder = session.results.at(node.step, unit, node.fingerprint)
            found[unit] = read_parquet(folder / f"{name}.parquet", table)
    return {unit: frame for unit, frame in found.items() if len(frame)}


def _needed(session: Session, table: Table) -> Units:
    found = _tables(session, table)
    if not found:
        where, expected = str(session.results.root), f"the table {table.name} of a biopsy"
        remedy = "Run a workflow with copy number on samples with reads, coverage or ratios."
        raise RunError(fault(where, "none", expected, remedy))
    return found


def _cnr(session: Session, folder: Path) -> list[Path]:
    segments = _tables(session, COPY_NUMBER_SEGMENTS)
    genes = _tables(session, COPY_NUMBER_GENES)
    written = []
    for name, ratios in _needed(session, LOG_RATIOS).items():
        written.append(folder / f"{name}.cnr")
        write_cnr(written[-1], ratios, segments.get(name), genes.get(name))
    return written


def _cns(session: Session, folder: Path) -> list[Path]:
    genes = _tables(session, COPY_NUMBER_GENES)
    written = []
    for name, segments in _needed(session, COPY_NUMBER_SEGMENTS).items():
        written.append(folder / f"{name}.cns")
        write_cns(written[-1], segments, genes.get(name))
    return written


def _seg(session: Session, folder: Path) -> list[Path]:
    path = folder / "copy_number.seg"
    write_seg(path, _needed(session, COPY_NUMBER_SEGMENTS))
    return [path]


def _gene_metrics(session: Session, folder: Path) -> list[Path]:
    path = folder / "gene_metrics.tsv"
    genes = _needed(session, COPY_NUMBER_GENES)
    write_gene_metrics(path, genes, _tables(session, COPY_NUMBER_FIT))
    return [path]


FORMATS: Mapping[str, Callable[[Session, Path], list[Path]]] = {
    "cnr": _cnr,
    "cns": _cns,
    "seg": _seg,
    "gene-metrics": _gene_metrics,
}
"""Name of a format -> what writes it."""
