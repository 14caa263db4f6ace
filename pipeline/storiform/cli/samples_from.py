"""`storiform samples-from`."""

from pathlib import Path

import click

from storiform.cli.saying import echo


@click.command("samples-from")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...",
                type=click.Path(path_type=Path))  # fmt: skip
@click.option("--to", "sheet", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Sample sheet to write; one that is there is not overwritten.")  # fmt: skip
@click.option("--names", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Table with sample and any of patient, status, biopsy, timepoint, region, "
                   "sex: what the folders do not tell, or tell otherwise.")  # fmt: skip
@click.option("--genome", type=click.Choice(["GRCh37", "GRCh38"]), default="GRCh38",
              show_default=True, help="Build of the alignments.")  # fmt: skip
def samples_from(
    folders: tuple[Path, ...], sheet: Path, names: Path | None, genome: str
) -> None:
    """Write a sample sheet from the output folders of finished nf-core pipelines.

    FOLDER is what nf-core/sarek, rnaseq or oncoanalyser was given as --outdir; which of them
    it was is told by what lies in it. Give those of DNA and of RNA of a cohort together.

    What was chosen, and what is not there, is told on standard error. Nothing that the folders
    leave open is guessed: then no sheet is written, and it is said what to tell with --names.
    """
    from storiform.io.nf_core import read_folders, write_sheet
    from storiform.io.sheets import read_cohort
    from storiform.model.errors import SheetError, fault
    from storiform.model.genome import BUILD_ALIASES

    if sheet.exists():
        remedy = "Choose another name, or move it away."
        raise SheetError(fault(str(sheet), "a file that is there", "a new one", remedy))
    findings = read_folders(folders, names)
    for note in findings.told():
        echo(note, err=True)
    sheet.parent.mkdir(parents=True, exist_ok=True)
    write_sheet(sheet, findings.samples)
    try:
        report = read_cohort(sheet, None, BUILD_ALIASES[genome.lower()])
    except SheetError:
        echo(f"Wrote {sheet}; before it can be used:", err=True)
        raise
    for note in report.notes:
        echo(note, err=True)
    told = f"{len(report.cohort.samples)} samples of {len(report.cohort.patients)} patients"
    echo(f"Wrote {sheet}: {told}. Look through it, then name it under cohort.samples.")
