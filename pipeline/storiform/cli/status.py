"""`storiform status`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from storiform.cli.saying import echo


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
def status(results: Path) -> None:
    """Show the run that goes on in the folder RESULTS, or the last one."""
    from storiform.engine.journal import counts_of, read_events, read_run
    from storiform.engine.lock import holder_of
    from storiform.model.errors import RunError, fault

    summary = read_run(results)
    if summary is None:
        remedy = "Give the folder under 'output' of a configuration that was run."
        raise RunError(fault(str(results), "no run.json", "a results folder", remedy))
    holder = holder_of(results)
    state = summary["state"]
    if state == "running" and holder is None:
        state = "interrupted (its process is gone; run again to go on)"
    started = (
        datetime.fromtimestamp(summary["started"]).astimezone().isoformat(timespec="seconds")
    )
    echo(f"{state}; started {started}; storiform {summary['storiform']}")
    told = read_events(results)
    if holder is not None:
        echo(_held(holder, summary, told))
    # of a run that was killed, or goes on, the summary is up to some seconds old
    echo(_totals(summary, counts_of(told) or summary.get("counts", {})))
    events = [event for event in told if event["event"] == "step"]
    by_step: dict[str, Counter[str]] = {}
    for event in events:
        by_step.setdefault(event["step"], Counter())[event["state"]] += 1
    for step, counts in sorted(by_step.items()):
        echo(f"{step}: " + ", ".join(f"{n} {s}" for s, n in sorted(counts.items())))
    for event in events:
        if event["state"] == "failed":
            echo(f"failed: {event['step']} of {event['unit']}: {event['message']}")


def _held(
    holder: Mapping[str, Any], summary: Mapping[str, Any], told: Sequence[Mapping[str, Any]]
) -> str:
    """Say whose run it is, how its jobs stand, and what it waits for."""
    text = f"held by pid {holder['pid']} on {holder['host']}"
    if summary.get("jobs"):
        text += f"; {summary['jobs']}"
    if told and told[-1]["event"] == "quiet":
        text += f"\n{told[-1]['message']}"
    return text


def _totals(summary: dict[str, Any], counts: Mapping[str, int]) -> str:
    """Say how many results are in which state, those of earlier runs and left out ones too."""
    counts = {**dict(sorted(counts.items())), "left out": summary.get("left_out", 0)}
    whose = f"results of {', '.join(summary['only'])}: " if summary.get("only") else "results: "
    return whose + (", ".join(f"{n} {s}" for s, n in counts.items() if n) or "none")
