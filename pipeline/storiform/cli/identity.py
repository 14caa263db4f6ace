"""`storiform identity`."""

from pathlib import Path

import click

from storiform.cli.saying import echo

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("files", type=_PATH, nargs=-1, required=True)
@click.option("--out", type=_PATH, help="Folder in which identity.tsv is written.")
@click.option("--reference", type=_PATH, help="FASTA with which CRAM files were written.")
@click.option(
    "--min-depth",
    type=click.IntRange(2, 1000),
    default=12,
    show_default=True,
    help="Good reads that a place must have.",
)
@click.option("--min-sites", type=click.IntRange(1, 100_000), default=20, show_default=True,
              help="Places with two alleles that each of a pair must show.")  # fmt: skip
def identity(
    files: tuple[Path, ...], out: Path | None, reference: Path | None, min_depth: int,
    min_sites: int,
) -> None:  # fmt: skip
    """Tell which of FILES (BAM or CRAM, each of its own build) are of one person."""
    from storiform.engine.cluster import prepare_environment

    prepare_environment()  # else kernels are compiled each time
    from storiform.biomarkers.identity import IdentityParams
    from storiform.engine.compare import compare_files, write_comparison

    params = IdentityParams.model_validate({"min_depth": min_depth, "min_sites": min_sites})
    compared = compare_files(files, reference, params)
    for message in compared.doubts:
        echo(f"warning: {message}", err=True)
    for message in compared.faults:
        echo(f"error: {message}", err=True)
    pairs = compared.pairs
    rows = [[str(value) for value in row] for row in pairs.itertuples(index=False)]
    for row, ratio in zip(rows, pairs["log_likelihood_ratio"], strict=True):
        row[-1] = f"{ratio:.1f}"
    table = [[str(name) for name in pairs.columns], *rows]
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    for row in table if rows else []:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        echo("  ".join(cells).rstrip())
    if out is not None:
        echo(f"Wrote {write_comparison(compared, out)}")
    if not rows:
        echo("Nothing to compare: give at least two files that can be read.", err=True)
    if compared.faults or not rows:
        raise SystemExit(2)
