"""`storiform check`."""

from pathlib import Path

import click


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
def check(config: Path) -> None:
    """Open every input of CONFIG and tell all problems at once."""
    from storiform.engine.check import check_inputs
    from storiform.engine.session import open_session

    session = open_session(config)
    findings = check_inputs(session)
    for finding in findings:
        click.echo(f"{finding.severity}: {finding.unit}: {finding.message}")
    cohort = session.report.cohort
    errors = sum(finding.severity == "error" for finding in findings)
    units = f"{len(cohort.patients)} patients, {len(cohort.biopsies)} biopsies"
    steps = len({node.step for node in session.graph.nodes if node.origin == "step"})
    click.echo(f"{units}; {steps} steps have something to work on; {errors} errors found.")
    if errors:
        raise SystemExit(2)
