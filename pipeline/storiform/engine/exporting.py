"""Results of a run in the files of other programs."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from storiform.engine.export_biopsies import (
    duckdb_file,
    h5ad_file,
    multiqc_files,
    sqlite_file,
)
from storiform.engine.export_study import StudyName, maf_file, study_folder
from storiform.engine.export_tables import AbsentError, needed_tables, unit_tables
from storiform.engine.session import Session, session_of_run
from storiform.io.copy_files import write_cnr, write_cns, write_gene_metrics, write_seg
from storiform.io.neoantigen_files import (
    write_aggregated,
    write_epitopes,
    write_spectrum,
    write_windows,
)
from storiform.model.errors import InputError, RunError, fault
from storiform.model.protein_changes import acting_changes
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

Writer = Callable[[Session, Path], list[Path]]

_COPIES = "Run a workflow with copy number on samples with reads, coverage or ratios."
_PROTEINS = (
    "Run a workflow with neoantigens on samples with somatic calls, alleles in the column hla, "
    "and resources.genes with resources.fasta, or calls that VEP annotated with proteins."
)
_CONTEXT = "Run a workflow with mutation_spectrum and resources.fasta on somatic calls."
_SBS96 = 96


class Exported(NamedTuple):
    """What was written, and why what was not.

    `written` are the files, in order, `bare` those of them without a row, as of a biopsy with
    a burden of 0; `unwritten` are FASTA files that would hold no sequence; `absent` says of
    each format that the run has no tables for which they are and how it would come to have
    them.
    """

    written: list[Path]
    absent: dict[str, str]
    bare: list[Path]
    unwritten: list[Path]


def export_results(
    root: Path,
    folder: Path,
    formats: Sequence[str] | None = None,
    study: StudyName | None = None,
) -> Exported:
    """Write results of a finished run in other programs' formats.

    A format of which the run has no tables does not keep the others from being written.

    Parameters
    ----------
    root
        The results folder.
    folder
        Where the files go; it is made.
    formats
        Of `FORMATS`; None: all but those of `ON_REQUEST`.
    study
        What a study folder of cBioPortal is called; None: after the workflow.

    Raises
    ------
    RunError
        If the folder holds no run or has no place for the files, or if nothing can be
        written.
    """
    session = session_of_run(root)
    small = [name for name in FORMATS if name not in ON_REQUEST]
    wanted = small if formats is None else list(formats)
    writers: dict[str, Writer] = {
        **FORMATS,
        "cbioportal": partial(study_folder, name=study or StudyName()),
    }
    exported = Exported([], {}, [], [])
    before = os.umask(0o077)  # values of patients, as those of the results folder
    try:
        _write(session, folder, {name: writers[name] for name in wanted}, exported)
    except OSError as error:
        found = str(error.strerror or error).lower()
        expected, remedy = "a folder to write into", "Choose another, or make room there."
        raise RunError(fault(f"--to {folder}", found, expected, remedy)) from error
    finally:
        os.umask(before)
    if not exported.written and not exported.unwritten:
        reasons: dict[str, list[str]] = {}
        for name, reason in exported.absent.items():
            reasons.setdefault(reason, []).append(name)
        raise RunError("\n".join(f"{', '.join(own)}: {why}" for why, own in reasons.items()))
    exported.bare.extend(path for path in exported.written if _is_bare(path))
    return exported


def _write(
    session: Session, folder: Path, writers: Mapping[str, Writer], exported: Exported
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in writers.items():
        try:
            made = write(session, folder)
        except (AbsentError, InputError) as error:
            exported.absent[name] = str(error)
            continue
        for path in made:
            if path.suffix == ".fasta" and path.stat().st_size == 0:
                path.unlink()  # programs refuse an empty one; that of an earlier run is wrong
                exported.unwritten.append(path)
            else:
                exported.written.append(path)


def _is_bare(path: Path) -> bool:
    """Tell whether a table has no row below its heading."""
    if path.suffix != ".tsv":
        return False
    with path.open("rb") as lines:
        return sum(1 for _ in zip(range(2), lines, strict=False)) <= 1


def _cnr(session: Session, folder: Path) -> list[Path]:
    segments = unit_tables(session, COPY_NUMBER_SEGMENTS)
    genes = unit_tables(session, COPY_NUMBER_GENES)
    written = []
    for name, ratios in needed_tables(session, LOG_RATIOS, _COPIES).items():
        written.append(folder / f"{name}.cnr")
        write_cnr(written[-1], ratios, segments.get(name), genes.get(name))
    return written


def _cns(session: Session, folder: Path) -> list[Path]:
    genes = unit_tables(session, COPY_NUMBER_GENES)
    written = []
    for name, segments in needed_tables(session, COPY_NUMBER_SEGMENTS, _COPIES).items():
        written.append(folder / f"{name}.cns")
        write_cns(written[-1], segments, genes.get(name))
    return written


def _seg(session: Session, folder: Path) -> list[Path]:
    path = folder / "copy_number.seg"
    write_seg(path, needed_tables(session, COPY_NUMBER_SEGMENTS, _COPIES))
    return [path]


def _gene_metrics(session: Session, folder: Path) -> list[Path]:
    path = folder / "gene_metrics.tsv"
    genes = needed_tables(session, COPY_NUMBER_GENES, _COPIES)
    write_gene_metrics(path, genes, unit_tables(session, COPY_NUMBER_FIT))
    return [path]


def _peptides(session: Session, folder: Path) -> list[Path]:
    written = []
    epitopes = unit_tables(session, NEOANTIGENS, keeps_empty=True)
    calls = unit_tables(session, VARIANTS)
    changed = needed_tables(session, PROTEIN_CHANGES, _PROTEINS, keeps_empty=True)
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
    known, peptides = unit_tables(session, MHC_ALLELES), unit_tables(session, PEPTIDES)
    written = []
    for name, rows in needed_tables(session, NEOANTIGENS, _PROTEINS, keeps_empty=True).items():
        written.append(folder / f"{name}.aggregated.tsv")
        alleles = known.get(name, rows)
        if "reason" in alleles:
            alleles = alleles[alleles["reason"].fillna("") == ""]
        write_aggregated(written[-1], rows, sorted(set(alleles["allele"])), peptides.get(name))
    return written


def _spectrum(session: Session, folder: Path) -> list[Path]:
    spectra = needed_tables(session, MUTATION_SPECTRUM, _CONTEXT)
    full = {name: table for name, table in spectra.items() if len(table) == _SBS96}
    if not full:
        where = str(session.results.root)
        found = "substitutions without the bases beside them"
        raise AbsentError(fault(where, found, "the 96 types", _CONTEXT))
    path = folder / "mutation_spectrum.SBS96.all"
    write_spectrum(path, full)
    return [path]


FORMATS: Mapping[str, Writer] = {
    "cnr": _cnr,
    "cns": _cns,
    "seg": _seg,
    "gene-metrics": _gene_metrics,
    "peptides": _peptides,
    "neoantigens": _neoantigens,
    "spectrum": _spectrum,
    "maf": maf_file,
    "multiqc": multiqc_files,
    "cbioportal": partial(study_folder, name=StudyName()),
    "anndata": h5ad_file,
    "sqlite": sqlite_file,
    "duckdb": duckdb_file,
}
"""Name of a format -> what writes it."""

ON_REQUEST = frozenset({"cbioportal", "anndata", "sqlite", "duckdb"})
"""Formats that copy much of the run, or need a package: written where they are named."""
