"""`storiform plan`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from storiform.cli.against import against_option
from storiform.cli.patient import patient_option
from storiform.cli.saying import echo

if TYPE_CHECKING:
    from storiform.engine.explain import PlanLine
    from storiform.engine.session import Session


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@against_option
@patient_option
@click.option("--verify", is_flag=True, help="Compare contents of inputs and results by hash.")
@click.option("--rerun-changed-code", is_flag=True, help="Count results of other code as old.")
def plan(
    config: Path,
    against: str | None,
    patients: tuple[str, ...],
    verify: bool,  # noqa: FBT001  click passes flags so
    rerun_changed_code: bool,  # noqa: FBT001
) -> None:
    """Show for each step what is cached, what will run and why, what is left out and why."""
    from storiform.engine.against import last_against, session_against
    from storiform.engine.explain import Check
    from storiform.engine.patients import session_of_patients

    check = Check(verify=verify, rerun_changed_code=rerun_changed_code)
    session = session_against(config, against, check)
    if patients:
        session = session_of_patients(session, patients)
    lines = _shown(session)
    for line in sorted(lines, key=lambda line: not line.counts):  # left out entirely: last
        words = {"todo": "to run"}
        counts = [f"{n} {words.get(s, s)}" for s, n in sorted(line.counts.items())]
        echo(f"{line.step} ({line.grain}): {', '.join(counts) or 'left out'}")
        for reason, number in line.reasons[:5]:
            if reason != "new":
                echo(f"    runs {number}: {reason}")
        for reason, number in line.left_out[:5]:
            echo(f"    left out {number}: {reason}")
    if (last := last_against(session)) and against is None:
        echo(
            f"The last run read its biopsies --against {last}: this is the plan of a run "
            "without it. Give plan the same option to see that run's."
        )
    todo = sum(node.state == "todo" for node in session.graph.nodes)
    echo(f"{todo} of {len(session.graph.nodes)} to run.")
    echo("".join(f"{told}\n" for told in _jobs(session)), nl=False)
    if session.other_code:
        echo(
            f"{session.other_code} cached results were made by other code of the same version; "
            f"--rerun-changed-code computes them again."
        )


def _jobs(session: "Session") -> list[str]:
    from storiform.engine.lanes import jobs_told

    return jobs_told(session.graph.nodes, session.config.executor)


def _shown(session: "Session") -> list["PlanLine"]:
    """Leave out, of a plan of some patients, the steps that are not of patients."""
    from storiform.engine.explain import plan_lines

    lines = plan_lines(session.graph)
    return [line for line in lines if line.counts or line.left_out or not session.only]
