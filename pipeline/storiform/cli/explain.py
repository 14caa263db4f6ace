"""`storiform explain`."""

from pathlib import Path

import click

from storiform.cli.against import against_option
from storiform.cli.saying import echo


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.argument("step")
@click.argument("unit", default="cohort")
@against_option
def explain(config: Path, step: str, unit: str, against: str | None) -> None:
    """Tell what the result of STEP on UNIT (a biopsy, a patient, `cohort`) stands on."""
    from storiform.engine.against import session_against
    from storiform.engine.explain import chain
    from storiform.model.errors import ConfigError, fault

    session = session_against(config, against)
    node = session.graph.find(step, unit)
    if node is not None:
        for line in chain(node):
            echo(line)
        return
    for gone in session.graph.left_out:
        if (gone.step, gone.unit) == (step, unit):
            echo(f"{step} of {unit}: left out: {gone.reason}")
            return
    steps = sorted(
        {n.step for n in session.graph.nodes} | {s.name for s in session.graph.steps}
    )
    units = sorted({n.unit for n in session.graph.nodes if n.step == step})
    expected = f"a unit of {step}" if step in steps else "a step of the workflow"
    known = units[:12] if step in steps else steps
    remedy = f"Use one of {', '.join(known) or 'none: the step is left out everywhere'}."
    raise ConfigError(fault("explain", f"{step} of {unit}", expected, remedy))
