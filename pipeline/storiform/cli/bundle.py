"""`storiform bundle`: pack everything for a machine without internet."""

from pathlib import Path

import click

from storiform.cli.saying import echo


@click.command("bundle")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="New folder; it must not exist yet, or be empty.",
)
def bundle(out: Path) -> None:
    """Pack storiform and all it needs into a folder for machines without internet.

    The wheels are for the Python and the platform that run this command, and are checked
    against the locked hashes. Copy the folder and run its install.sh there.
    """
    from storiform.io.bundle import write_bundle

    echo("Fetching the locked wheels (about 250 MB, a minute or two)", err=True)
    made = write_bundle(out)
    echo(
        f"{made.folder}: {len(made.wheels)} wheels, {made.size_bytes / 1e6:.0f} MB, "
        f"for Python {made.python} on {made.platform}"
    )
    echo(f"Copy it and run there: ./{made.folder.name}/install.sh")
