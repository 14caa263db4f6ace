"""`storiform check`."""

from pathlib import Path

import click

from storiform.cli.saying import echo


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
def check(config: Path) -> None:
    """Open every input of CONFIG and tell all problems at once."""
    from storiform.engine.cluster import prepare_environment

    prepare_environment()  # else kernels that look into reads are compiled each time
    from storiform.cli.waiting import Waiting
    from storiform.engine.check import check_inputs
    from storiform.io.names import counted

    with Waiting("Opening") as waiting:
        checked = check_inputs(config, waiting)
    for finding in checked.findings:
        echo(str(finding))
    patients = counted(checked.patients, "patient")
    biopsies = counted(checked.biopsies, "biopsy", "biopsies")
    steps = f"{counted(checked.steps, 'step')} {'has' if checked.steps == 1 else 'have'}"
    errors, warnings = checked.count("error"), checked.count("warning")
    found = f"{counted(errors, 'error')} found, {counted(warnings, 'warning')}"
    known = f"{patients}, {biopsies}; {steps} something to work on; " if checked.steps else ""
    echo(f"{known}{found}.")
    if errors:
        echo(f"Correct the {'error' if errors == 1 else 'errors'} and check again.")
        raise SystemExit(2)
    told = "Nothing stops the run; read the warnings." if warnings else "Nothing is wrong."
    echo(f"{told} Next: storiform run {config}")
