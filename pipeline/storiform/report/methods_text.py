"""The methods paragraph of a paper, written from the steps that were run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storiform.model.counting import counted
from storiform.report.citations import Reference, deduplicated, doi_of
from storiform.report.record import StepRecord


@dataclass(frozen=True)
class Parameter:
    """One parameter as it was, and whether a person changed it."""

    name: str
    value: str
    default: str
    description: str
    is_changed: bool


@dataclass(frozen=True)
class Method:
    """One step in the methods: its sentence, parameters, and the numbers of its references."""

    name: str
    room: str
    section: str
    version: int
    sentence: str
    parameters: tuple[Parameter, ...]
    citations: tuple[int, ...]


def references(steps: Sequence[StepRecord]) -> tuple[Reference, ...]:
    """List the references of the steps that made results, each once."""
    return deduplicated(text for step in ran(steps) for text in step.references)


def ran(steps: Sequence[StepRecord]) -> tuple[StepRecord, ...]:
    """Return the steps that made at least one result, now or in an earlier run."""
    return tuple(step for step in steps if step.done + step.cached > 0)


def methods(steps: Sequence[StepRecord]) -> tuple[Method, ...]:
    """Write one entry for each step that made results, in the order of the workflow."""
    listed = references(steps)
    return tuple(_method(step, listed) for step in ran(steps))


def opening(version: str, packages: Mapping[str, str]) -> str:
    """Write the sentence that names the programs and their versions."""
    others = sorted(packages.keys() - {"storiform"}, key=str.lower)
    named = ", ".join(f"{name} {packages[name]}" for name in others)
    standing_on = f", on {named}" if named else ""
    return f"Biopsies were analysed with storiform {version}{standing_on}."


def written(value: object) -> str:
    """Write the value of a parameter as the configuration has it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        parts = [written(part) for part in value]
        ordered = sorted(parts) if isinstance(value, set | frozenset) else parts
        return ", ".join(ordered) or "none"
    return str(value) or "empty"


def _method(step: StepRecord, listed: Sequence[Reference]) -> Method:
    parameters = tuple(
        Parameter(name, written(value), written(default), description, value != default)
        for name, (value, default, description) in step.params.items()
    )
    numbers = {ref.doi or ref.text.lower(): i for i, ref in enumerate(listed, 1)}
    keys = [doi_of(text) or text.strip().lower() for text in step.references]
    cited = tuple(sorted({numbers[key] for key in keys if key in numbers}))
    return Method(
        name=step.name,
        room=step.room,
        section=step.room.rsplit(".", 1)[-1],
        version=step.version,
        sentence=_sentence(step, parameters),
        parameters=parameters,
        citations=cited,
    )


def _sentence(step: StepRecord, parameters: Sequence[Parameter]) -> str:
    summary = step.summary.strip().rstrip(".")
    results = counted(step.done + step.cached, "result")
    changed = [
        f"{p.name} = {p.value} (default {p.default})" for p in parameters if p.is_changed
    ]
    rest = "with the default parameters" if parameters else ""
    if changed:
        rest = f"with {'; '.join(changed)}; all other parameters as the defaults"
        if len(changed) == len(parameters):
            rest = f"with {'; '.join(changed)}"
    ending = f", {rest}" if rest else ""
    return f"{summary}: {results}{ending}."
