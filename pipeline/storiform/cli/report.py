"""`storiform report`."""

from pathlib import Path

import click


@click.command()
@click.argument("results", type=click.Path(path_type=Path, file_okay=False))
def report(results: Path) -> None:
    """Write the report of the results folder RESULTS again."""
    import os

    from storiform.engine.journal import read_run
    from storiform.engine.progress import Pace
    from storiform.engine.reporting import write_report
    from storiform.engine.session import open_session
    from storiform.model.errors import RunError, fault

    summary = read_run(results)
    if summary is None:
        remedy = "Give the folder under 'output' of a configuration that was run."
        raise RunError(fault(str(results), "no run.json", "a results folder", remedy))
    os.umask(0o077)  # values of patients, as the rest of the results folder
    session = open_session(Path(summary["config"]), against=str(summary.get("against", "")))
    if session.results.root.resolve() != results.resolve():
        found = f"a configuration whose output is {session.results.root}"
        remedy = "Move the results back, or run the workflow again."
        raise RunError(fault(str(results), found, "its own configuration", remedy))
    click.echo(f"Report: {write_report(session, force=True, listen=Pace())}")
