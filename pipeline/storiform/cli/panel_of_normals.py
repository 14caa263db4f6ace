"""`storiform panel-of-normals`."""

from pathlib import Path

import click

from storiform.cli.saying import echo


@click.command("panel-of-normals")
@click.argument("sheet", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Panel to write, such as panel.tsv.gz.")  # fmt: skip
@click.option("--targets", type=click.Path(path_type=Path, dir_okay=False),
              help="BED of the exome kit; needed to count reads.")  # fmt: skip
@click.option("--fasta", type=click.Path(path_type=Path, dir_okay=False),
              help="Reference genome, for the GC content of bins and for CRAM.")  # fmt: skip
@click.option("--genome", type=click.Choice(["GRCh37", "GRCh38"]), default="GRCh38",
              show_default=True, help="Genome build of all files.")  # fmt: skip
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False),
              help="Take genome, resources, bins and executor of this one.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 4096), help="Processes of this machine.")
@click.option("--quiet", is_flag=True, help="Print nothing but the ending.")
def panel_of_normals(  # noqa: PLR0913, PLR0917  click passes every option
    sheet: Path,
    out: Path,
    targets: Path | None,
    fasta: Path | None,
    genome: str,
    config: Path | None,
    workers: int | None,
    quiet: bool,  # noqa: FBT001  click passes flags so
) -> None:
    """Make a panel of normals for copy number of the normal exomes of SHEET.

    Coverage files (columns coverage, off_target_coverage) are used where every normal has
    one; else reads are counted in bins of --targets. Name the panel in a configuration
    under resources.panel_of_normals.
    """
    import shutil
    import warnings

    from storiform.biomarkers.copy_number.panel import PanelParams
    from storiform.biomarkers.copy_number.panel import panel_of_normals as make_panel
    from storiform.engine.normals import Settings, coverages_of_normals
    from storiform.io.names import counted
    from storiform.io.panel import write_panel
    from storiform.model.errors import DataWarning
    from storiform.model.genome import BUILD_ALIASES

    given = {"targets": targets, "fasta": fasta}
    resources = {name: path for name, path in given.items() if path is not None}
    folder = out.absolute().with_name(f".{out.name}.parts")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        coverages = coverages_of_normals(
            sheet,
            Settings(BUILD_ALIASES[genome.lower()], resources, config),
            folder,
            workers=workers,
            quiet=quiet,
        )
        panel = make_panel(coverages, PanelParams.model_validate({}))
    for message in dict.fromkeys(str(w.message) for w in caught):
        echo(f"warning: {message}", err=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_panel(out, panel)
    shutil.rmtree(folder, ignore_errors=True)
    targets_of = int(panel["is_target"].sum())
    echo(
        f"{out}: {counted(len(coverages), 'normal')}, {len(panel)} bins, {targets_of} of them "
        "on target. Name it under resources: panel_of_normals."
    )
