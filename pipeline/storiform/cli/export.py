"""`storiform export`."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from storiform.cli.saying import echo

_FORMATS = (
    "cnr", "cns", "seg", "gene-metrics", "peptides", "neoantigens", "spectrum", "maf",
    "multiqc", "cbioportal", "anndata", "sqlite", "duckdb",
)  # fmt: skip
_SHOWN = 6


@click.command()
@click.argument("results", type=click.Path(path_type=Path, file_okay=False))
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Folder to write into.")  # fmt: skip
@click.option("--format", "formats", default="", metavar="FORMATS",
              help=f"Of {', '.join(_FORMATS)}, separated by commas. Without it: all for which "
                   "the run has what they need, but cbioportal, anndata, sqlite and duckdb, "
                   "which copy much of it.")  # fmt: skip
@click.option("--study", default="", metavar="NAME",
              help="Name of the cBioPortal study [default: storiform_WORKFLOW].")  # fmt: skip
@click.option("--cancer-type", default="Tumour", show_default=True, metavar="TYPE",
              help="Type of cancer of the cBioPortal study, such as Sarcoma.")  # fmt: skip
def export(results: Path, folder: Path, formats: str, study: str, cancer_type: str) -> None:
    """Write tables of the results folder RESULTS in the files of other programs.

    cnr and cns: log ratios and segments of each biopsy, as CNVkit reads them; seg: segments
    of all biopsies, for IGV and GISTIC; gene-metrics: one row per biopsy and gene;
    peptides: FASTA of mutant windows and of epitopes of each biopsy that has some;
    neoantigens: one row per variant, with the columns of pVACseq's aggregated report (of a
    burden of 0 the header alone); spectrum: counts of the 96 types of substitutions, for
    programs that look for mutational signatures; maf: the calls that count, of all
    biopsies, in GDC's columns; multiqc: quality and results for a MultiQC report;
    cbioportal: a study folder; anndata: counts and TPM with all that is known of each
    biopsy (.h5ad); sqlite, duckdb: all tables in one database, with the meaning of each
    column. The tables themselves stand in RESULTS/tables as TSV and Parquet.

    Of the formats that are asked for, those are written of which the run has the tables; of
    each other one it is said what it lacks, and the command ends with 1, or with 2 if nothing
    could be written.
    """
    from storiform.engine.export_study import StudyName
    from storiform.engine.exporting import export_results
    from storiform.io.names import did_you_mean, listed

    wanted = list(dict.fromkeys(name.strip() for name in formats.split(",") if name.strip()))
    unknown = [name for name in wanted if name not in _FORMATS]
    if unknown or (formats and not wanted):
        found = f"unknown format {unknown[0]}; " if unknown else "no format; "
        raise click.UsageError(found + did_you_mean(unknown[0] if unknown else "", _FORMATS))
    exported = export_results(results, folder, wanted or None, StudyName(study, cancer_type))
    for path in exported.written:
        echo(str(path))
    if exported.bare:
        names = listed((path.name for path in exported.bare), _SHOWN)
        echo(f"Nothing to write, so without a row: {names}.", err=True)
    _tell_unwritten(exported.unwritten)
    if wanted:
        for name, why in exported.absent.items():
            echo(f"{name}: {why}", err=True)
        if exported.absent:
            raise SystemExit(1)
    elif exported.absent:
        left_out = ", ".join(exported.absent)
        told = "the run has no tables for them; name one with --format to be told why"
        echo(f"Left out: {left_out} ({told}).", err=True)


def _tell_unwritten(files: Iterable[Path]) -> None:
    """Say for how many biopsies a FASTA of each kind has nothing to hold."""
    counts = Counter(".".join(path.name.split(".")[-2:]) for path in files)
    told = [f"{kind} of {n} {'biopsy' if n == 1 else 'biopsies'}" for kind, n in counts.items()]
    if told:
        echo(f"Without a peptide, so not written: {', '.join(told)}.", err=True)
