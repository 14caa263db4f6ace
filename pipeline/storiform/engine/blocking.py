"""Which failed step is the root of what was not made."""

from collections.abc import Sequence

from storiform.engine.graph import Node
from storiform.io.names import listed
from storiform.report.record import Problem

ROOTS_SHOWN = 3


def blocked(nodes: Sequence[Node]) -> list[Problem]:
    """Tell for each unit which steps were not made, and which failed step is the root of it.

    `nodes` are in an order in which each comes after what it reads. Links forward are
    followed, for a blocked node may have been cut off from what it reads.
    """
    roots: dict[Node, dict[Node, None]] = {n: {n: None} for n in nodes if n.state == "failed"}
    steps: dict[tuple[str, str], list[str]] = {}
    for node in nodes:
        if node.state == "blocked":
            reason = _because(list(roots.get(node, ()))) or node.why or "a step before failed"
            steps.setdefault((node.unit, reason), []).append(node.step)
        for child in node.needed_by:
            if child.state == "blocked":
                roots.setdefault(child, {}).update(roots.get(node, {}))
    return [
        Problem(unit, ", ".join(names), "blocked", f"not made, because {reason}")
        for (unit, reason), names in steps.items()
    ]


def _because(failed: Sequence[Node]) -> str:
    units: dict[str, list[str]] = {}
    for node in failed:
        units.setdefault(node.step, []).append(node.unit)
    told = [f"{step} of {listed(names, ROOTS_SHOWN)}" for step, names in units.items()]
    return f"{'; '.join(told)} failed" if told else ""
