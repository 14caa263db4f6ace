"""`storiform plan`."""

from pathlib import Path

import click


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Compare contents of inputs and results by hash.")
@click.option("--rerun-changed-code", is_flag=True, help="Count results of other code as old.")
def plan(config: Path, verify: bool, rerun_changed_code: bool) -> None:  # noqa: FBT001
    """Show for each step what is cached, what will run and why, what is left out and why."""
    from storiform.engine.explain import Check, plan_lines
    from storiform.engine.session import open_session

    session = open_session(config, Check(verify=verify, rerun_changed_code=rerun_changed_code))
    lines = plan_lines(session.graph)
    for line in sorted(lines, key=lambda line: not line.counts):  # left out entirely: last
        words = {"todo": "to run"}
        counts = [f"{n} {words.get(s, s)}" for s, n in sorted(line.counts.items())]
        click.echo(f"{line.step} ({line.grain}): {', '.join(counts) or 'left out'}")
        for reason, number in line.reasons[:5]:
            if reason != "new":
                click.echo(f"    runs {number}: {reason}")
        for reason, number in line.left_out[:5]:
            click.echo(f"    left out {number}: {reason}")
    todo = sum(node.state == "todo" for node in session.graph.nodes)
    click.echo(f"{todo} of {len(session.graph.nodes)} to run.")
    if session.other_code:
        click.echo(
            f"{session.other_code} cached results were made by other code of the same version; "
            f"--rerun-changed-code computes them again."
        )
