"""`storiform report`."""

from pathlib import Path

import click

from storiform.cli.saying import echo


@click.command()
@click.argument("results", type=click.Path(path_type=Path, file_okay=False))
def report(results: Path) -> None:
    """Write the report of the results folder RESULTS again."""
    import os

    from storiform.engine.lock import RunLock
    from storiform.engine.progress import Pace
    from storiform.engine.reporting import write_report
    from storiform.engine.session import session_of_run

    os.umask(0o077)  # values of patients, as the rest of the results folder
    session = session_of_run(results)
    with RunLock(session.results.root) as lock, lock.beating():  # no run writes the same pages
        written = write_report(session, force=True, listen=Pace())
    echo(f"Report: {written}")
