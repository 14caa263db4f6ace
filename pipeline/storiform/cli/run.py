"""`storiform run`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from storiform.cli.against import against_option
from storiform.cli.patient import patient_option
from storiform.cli.saying import echo

if TYPE_CHECKING:
    from storiform.engine.run import Ending
    from storiform.engine.session import Session


_SHOWN = 12
"""Warnings that are printed; the report has all."""


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@against_option
@patient_option
@click.option("--workers", type=click.IntRange(1, 4096), help="Processes of this machine.")
@click.option("--verify", is_flag=True, help="Compare contents of inputs and results by hash.")
@click.option("--rerun-changed-code", is_flag=True, help="Compute results of other code again.")
@click.option("--quiet", is_flag=True, help="Print nothing but the ending.")
def run(  # noqa: PLR0913, PLR0917  click passes each option so
    config: Path,
    against: str | None,
    patients: tuple[str, ...],
    workers: int | None,
    verify: bool,  # noqa: FBT001  click passes flags so
    rerun_changed_code: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
) -> None:
    """Run the workflow of CONFIG; what is done already is not done again."""
    from storiform.engine.cluster import prepare_environment

    prepare_environment()  # before reads are looked into, which compiled kernels do
    from storiform.engine.against import session_against
    from storiform.engine.check import foresee
    from storiform.engine.explain import Check
    from storiform.engine.patients import session_of_patients
    from storiform.engine.run import run as run_session

    check = Check(verify=verify, rerun_changed_code=rerun_changed_code)
    session = session_against(config, against, check)
    if patients:
        session = session_of_patients(session, patients)
    for finding in foresee(session):
        if not quiet:
            echo(str(finding), err=True)
    ending = run_session(session, workers=workers, quiet=quiet)
    tell(session, ending, quiet=quiet)
    raise SystemExit(ending.exit_code)


def tell(session: "Session", ending: "Ending", *, quiet: bool = False) -> None:
    """Print how a run ended: warnings, or failures that nobody saw, counts, the report."""
    from storiform.engine.patients import former_units
    from storiform.io.names import listed

    for step, unit, message in ending.failures if quiet else ():
        echo(f"failed: {step} of {unit}: {message}", err=True)
    warnings = () if quiet else ending.warnings
    for warning in warnings[:_SHOWN]:
        echo(f"warning: {warning}", err=True)
    if len(warnings) > _SHOWN:
        further = len(warnings) - _SHOWN
        echo(f"warning: {further} more, see the report", err=True)
    counts = ", ".join(f"{n} {state}" for state, n in sorted(ending.counts.items()) if n)
    left = f", {ending.left_out} left out (see `storiform plan`)" if ending.left_out else ""
    echo(f"{counts or 'nothing to do'}{left}.")
    if ending.stopped:
        echo(f"Stopped: {ending.stopped}. Run again to go on; what is done is kept.", err=True)
        return
    for page in session.only:
        echo(f"Patient {page}: {session.results.root / 'patients' / f'{page}.html'}")
    if (gone := former_units(session)) and not quiet:
        told = f"{session.results.root / 'units'} keeps results of {listed(gone)}"
        page = "'A patient leaves' in docs/how-to/new-biopsies.md tells how to delete them"
        echo(f"{told}, in no sheet any more; {page}.", err=True)
    if not session.only:
        echo(f"Report: {session.results.root / 'report.html'}")
