"""Results of a run in the files of other programs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from storiform.engine.collect import GOOD
from storiform.engine.journal import read_run
from storiform.engine.session import Session, open_session
from storiform.io.copy_files import write_cnr, write_cns, write_gene_metrics, write_seg
from storiform.io.neoantigen_files import (
    write_aggregated,
    write_epitopes,
    write_spectrum,
    write_windows,
)
from storiform.io.store import read_parquet
from storiform.model.errors import RunError, fault
from storiform.model.protein_changes import acting_changes
from storiform.model.table import Table
from storiform.model.tables.copies import LOG_RATIOS
from storiform.model.tables.copy_calls import (
    COPY_NUMBER_FIT,
    COPY_NUMBER_GENES,
    COPY_NUMBER_SEGMENTS,
)
from storiform.model.tables.dna import VARIANTS
from storiform.model.tables.proteins import (
    MHC_ALLELES,
    NEOANTIGENS,
    PEPTIDES,
    PROTEIN_CHANGES,
)
from storiform.model.tables.spectra import MUTATION_SPECTRUM

Units = Mapping[str, pd.DataFrame]


_COPIES = "Run a workflow with copy number on samples with reads, coverage or ratios."
_PROTEINS = (
    "Run a workflow with neoantigens on samples with somatic calls, alleles in the column hla, "
    "and resources.genes with resources.fasta, or calls that VEP annotated with proteins."
)
_CONTEXT = "Run a workflow with mutation_spectrum and resources.fasta on somatic calls."
_SBS96 = 96


class _AbsentError(RunError):
    """No biopsy of the run has what a format needs."""


class Exported(NamedTuple):
    """What was written, and why what was not.

    `written` are the files, in order, `bare` those of them without a row or a sequence, as of
    a biopsy with a burden of 0; `absent` says of each format that the run has no tables for
    which they are and how it would come to have them.
    """

    written: list[Path]
    absent: dict[str, str]
    bare: list[Path]


def export_results(root: Path, folder: Path, formats: Sequence[str] | None = None) -> Exported:
    """Write results of a finished run in other programs' formats.

    A format of which the run has no tables does not keep the others from being written.

    Parameters
    ----------
    root
        The results folder.
    folder
        Where the files go; it is made.
    formats
        Of `FORMATS`; None: all.

    Raises
    ------
    RunError
        If the folder holds no run or has no place for the files, or if nothing can be
        written.
    """
    session = _session(root)
    wanted = list(FORMATS) if formats is None else list(formats)
    exported = Exported([], {}, [])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in wanted:
            try:
                exported.written.extend(FORMATS[name](session, folder))
            except _AbsentError as error:
                exported.absent[name] = str(error)
    except OSError as error:
        found = str(error.strerror or error).lower()
        expected, remedy = "a folder to write into", "Choose another, or make room there."
        raise RunError(fault(f"--to {folder}", found, expected, remedy)) from error
    if not exported.written:
        reasons: dict[str, list[str]] = {}
        for name, reason in exported.absent.items():
            reasons.setdefault(reason, []).append(name)
        raise RunError("\n".join(f"{', '.join(own)}: {why}" for why, own in reasons.items()))
    exported.bare.extend(path for path in exported.written if _is_bare(path))
    return exported


def _is_bare(path: Path) -> bool:
    """Tell whether a FASTA has no sequence, or a table of neoantigens no row."""
    heading = {".fasta": 0, ".tsv": 1}.get(path.suffix)
    if heading is None:
        return False
    with path.open("rb") as lines:
        return sum(1 for _ in zip(range(heading + 1), lines, strict=False)) <= heading


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


def _tables(session: Session, table: Table, *, keeps_empty: bool = False) -> Units:
    """Return the table of each unit that has it, read from the results folder.

    One without rows tells nothing of a unit, unless a count of nothing is meant.
    """
    found = {}
    for (name, unit), node in sorted(session.graph.producers.items(), key=lambda item: item[0]):
        if name == table.name and node.state in GOOD:
            folder = session.results.at(node.step, unit, node.fingerprint)
            found[unit] = read_parquet(folder / f"{name}.parquet", table)
    return {unit: frame for unit, frame in found.items() if keeps_empty or len(frame)}


def _needed(
    session: Session, table: Table, remedy: str = _COPIES, *, keeps_empty: bool = False
) -> Units:
    found = _tables(session, table, keeps_empty=keeps_empty)
    if not found:
        where, expected = str(session.results.root), f"the table {table.name} of a biopsy"
        raise _AbsentError(fault(where, "none", expected, remedy))
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


def _peptides(session: Session, folder: Path) -> list[Path]:
    written = []
    epitopes = _tables(session, NEOANTIGENS, keeps_empty=True)
    calls = _tables(session, VARIANTS)
    changed = _needed(session, PROTEIN_CHANGES, _PROTEINS, keeps_empty=True)
    for name, changes in changed.items():
        if name in calls:  # what VEP tells is told of every call of a file
            changes = acting_changes(changes, calls[name])  # noqa: PLW2901  the same, fewer
        written.append(folder / f"{name}.mutant.fasta")
        write_windows(written[-1], changes)
        if name in epitopes:
            written.append(folder / f"{name}.epitopes.fasta")
            write_epitopes(written[-1], epitopes[name])
    return written


def _neoantigens(session: Session, folder: Path) -> list[Path]:
    known, peptides = _tables(session, MHC_ALLELES), _tables(session, PEPTIDES)
    written = []
    for name, rows in _needed(session, NEOANTIGENS, _PROTEINS, keeps_empty=True).items():
        written.append(folder / f"{name}.aggregated.tsv")
        alleles = known.get(name, rows)
        if "reason" in alleles:
            alleles = alleles[alleles["reason"].fillna("") == ""]
        write_aggregated(written[-1], rows, sorted(set(alleles["allele"])), peptides.get(name))
    return written


def _spectrum(session: Session, folder: Path) -> list[Path]:
    spectra = _needed(session, MUTATION_SPECTRUM, _CONTEXT)
    full = {name: table for name, table in spectra.items() if len(table) == _SBS96}
    if not full:
        where = str(session.results.root)
        found = "substitutions without the bases beside them"
        raise _AbsentError(fault(where, found, "the 96 types", _CONTEXT))
    path = folder / "mutation_spectrum.SBS96.all"
    write_spectrum(path, full)
    return [path]


FORMATS: Mapping[str, Callable[[Session, Path], list[Path]]] = {
    "cnr": _cnr,
    "cns": _cns,
    "seg": _seg,
    "gene-metrics": _gene_metrics,
    "peptides": _peptides,
    "neoantigens": _neoantigens,
    "spectrum": _spectrum,
}
"""Name of a format -> what writes it."""
