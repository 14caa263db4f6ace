"""What makes the values of a biopsy doubtful: the warnings of the steps they came from."""

from typing import NamedTuple

from storiform.report.record import BiopsyRecord


class Doubt(NamedTuple):
    """A warning, and the steps that gave it, each with its unit where that is not plain."""

    steps: str
    message: str


def doubts(record: BiopsyRecord) -> tuple[Doubt, ...]:
    """List the warnings about what the values of a biopsy were made from, each once.

    Parameters
    ----------
    record
        What the page prints; of its problems the warnings are told.

    Examples
    --------
    >>> from storiform.report.record import Problem
    >>> warned = (Problem("cohort", "genes", "warning", "another build?"),)
    >>> doubts(BiopsyRecord("Trial", "0.1.0", "P1", "B1", problems=warned))
    (Doubt(steps='genes of the cohort', message='another build?'),)
    """
    plain = {record.biopsy, record.patient}
    found: dict[str, list[str]] = {}
    for problem in record.problems:
        if problem.kind == "warning":
            of_whom = "the cohort" if problem.unit == "cohort" else problem.unit
            told = problem.step if problem.unit in plain else f"{problem.step} of {of_whom}"
            found.setdefault(problem.message, []).append(told)
    return tuple(
        Doubt(", ".join(dict.fromkeys(steps)), message) for message, steps in found.items()
    )
