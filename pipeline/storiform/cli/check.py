"""`storiform check`."""

from pathlib import Path

import click

_MOST = 6
"""Units that are named of those with one problem."""


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
def check(config: Path) -> None:
    """Open every input of CONFIG and tell all problems at once."""
    from storiform.engine.check import check_inputs
    from storiform.engine.session import open_session

    session = open_session(config)
    findings = check_inputs(session)
    told: dict[tuple[str, str], list[str]] = {}
    for finding in findings:  # one file may serve many units
        told.setdefault((finding.severity, finding.message), []).append(finding.unit)
    for (severity, message), units in told.items():
        more = f" and {len(units) - _MOST} more" if len(units) > _MOST else ""
        click.echo(f"{severity}: {', '.join(units[:_MOST])}{more}: {message}")
    cohort = session.report.cohort
    errors = sum(severity == "error" for severity, _ in told)
    who = f"{len(cohort.patients)} patients, {len(cohort.biopsies)} biopsies"
    steps = len({node.step for node in session.graph.nodes if node.origin == "step"})
    ending = "1 error found" if errors == 1 else f"{errors} errors found"
    click.echo(f"{who}; {steps} steps have something to work on; {ending}.")
    if errors:
        raise SystemExit(2)
