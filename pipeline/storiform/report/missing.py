"""Why something is not there: from what a step lacked back to what was not supplied."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from storiform.report.record import Problem

_LACKED = re.compile(r"no (\w+)(?: \(.*\)|, which needs .*)?")
_FARTHEST = 20


class Absence(NamedTuple):
    """Steps that made nothing, all for one reason."""

    steps: str
    kind: str
    reason: str


def why_absent(step: str, problems: Iterable[Problem]) -> str:
    """Tell why a step made nothing, empty where nothing is known against it.

    A step that lacked the table of another is followed to what that one lacked: ``no
    peptides`` says less than that there were no calls.

    Examples
    --------
    >>> chain = [
    ...     Problem("P1", "tmb", "left_out", "no variants"),
    ...     Problem("P1", "consequences, variants", "left_out", "no calls (column vcf)"),
    ... ]
    >>> why_absent("tmb", chain)
    'no calls (column vcf)'
    """
    reasons = _reasons(problems)
    reason = reasons.get(step, "")
    for _ in range(_FARTHEST):
        lacked = _LACKED.fullmatch(reason)
        further = reasons.get(lacked[1], "") if lacked else ""
        if not further or further == reason:
            break
        reason = further
    return reason


def absences(problems: Sequence[Problem]) -> list[Absence]:
    """List what was not made in one unit, each reason once, failures first."""
    words = {"failed": "failed", "blocked": "not made", "left_out": "not made"}
    found: dict[tuple[str, str], list[str]] = {}
    for kind, word in words.items():
        for problem in (one for one in problems if one.kind == kind):
            for step in problem.step.split(", "):
                is_root = kind == "failed"
                reason = problem.message if is_root else why_absent(step, problems)
                found.setdefault((word, reason or problem.message), []).append(step)
    return [
        Absence(", ".join(dict.fromkeys(steps)), kind, reason)
        for (kind, reason), steps in found.items()
    ]


def _reasons(problems: Iterable[Problem]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for problem in problems:
        if problem.kind == "warning":
            continue
        for step in problem.step.split(", "):
            reasons.setdefault(step, problem.message)
    return reasons
