"""`storiform export`."""

from pathlib import Path

import click

_FORMATS = ("cnr", "cns", "seg", "gene-metrics")


@click.command()
@click.argument("results", type=click.Path(path_type=Path, file_okay=False))
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Folder to write into.")  # fmt: skip
@click.option("--format", "formats", default=",".join(_FORMATS), show_default=True,
              help="Formats, separated by commas.")  # fmt: skip
def export(results: Path, folder: Path, formats: str) -> None:
    """Write copy number of the results folder RESULTS in the files of other programs.

    cnr and cns: log ratios and segments of each biopsy, as CNVkit reads them; seg: segments
    of all biopsies, for IGV and GISTIC; gene-metrics: one row per biopsy and gene.
    """
    from storiform.engine.exporting import export_results
    from storiform.io.names import did_you_mean

    wanted = list(dict.fromkeys(name.strip() for name in formats.split(",") if name.strip()))
    unknown = [name for name in wanted if name not in _FORMATS]
    if unknown or not wanted:
        found = f"unknown format {unknown[0]}; " if unknown else "no format; "
        raise click.UsageError(found + did_you_mean(unknown[0] if unknown else "", _FORMATS))
    for path in export_results(results, folder, wanted):
        click.echo(str(path))
