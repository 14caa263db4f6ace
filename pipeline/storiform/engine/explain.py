"""Why a node will run, or will not: the changed key, its old and its new value."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from storiform.engine.fingerprint import recorded
from storiform.engine.graph import LOST, Graph, Node, State, blocking
from storiform.engine.results import Results


@dataclass(frozen=True)
class Check:
    """How strictly earlier results are trusted."""

    verify: bool = False
    rerun_changed_code: bool = False


def judge(graph: Graph, results: Results, codes: Mapping[str, str], check: Check) -> int:
    """Set the state and the reason of each node; return how many ran other code.

    A published result is known by its fingerprint alone. Code that changed under the same
    version does not make it old, unless `rerun_changed_code` asks for that: then the node
    and all that follow from it are computed again.
    """
    other_code = 0
    renewed: set[Node] = set()
    for node in graph.nodes:
        folder = results.at(node.step, node.unit, node.fingerprint)
        record, damage = results.inspect(folder, verify=check.verify)
        if damage is not None:
            node.state, node.why = "todo", _why(node, results, damage)
            continue
        node.state = "cached"
        node.doubts = tuple(record.get("warnings", ()))
        is_other = record.get("code", "") != codes.get(node.step, "")
        other_code += is_other
        if not check.rerun_changed_code:
            continue
        above = [feed.node for feed in node.feeds() if feed.node in renewed]
        if is_other or above:
            renewed.add(node)
            node.state = "todo"
            node.why = "its code changed" if is_other else f"{above[0].step} runs again"
    return other_code


def settle(node: Node, results: Results, *, partial: bool) -> None:
    """Give a node that is still to do the state in which the last run left it, if one did.

    Of what a run made without units that failed the fingerprint is that of what was left; a
    new run looks for it once it knows again who fails.

    Parameters
    ----------
    node
        One of a judged graph; those that it reads were settled before.
    results
        Of the runs before.
    partial
        Whether a cohort may lack units, see `Node.may_miss`.
    """
    if _failed(node, results):
        node.state = "failed"
        return
    lost = [feed.node for feed in node.feeds() if feed.node.state in LOST]
    if not all(node.may_miss(one, partial=partial) for one in lost) or node.forget_lost():
        node.state, node.why = "blocked", blocking(lost)
        return
    folder = results.at(node.step, node.unit, node.fingerprint)
    record, damage = results.inspect(folder)
    if damage is None:
        node.state, node.doubts = "cached", tuple(record.get("warnings", ()))
    elif _failed(node, results):
        node.state = "failed"


def _failed(node: Node, results: Results) -> bool:
    failure = results.failure(node.step, node.unit)
    return failure is not None and failure["fingerprint"] == node.fingerprint


def _why(node: Node, results: Results, damage: str) -> str:
    if not results.of(node.step, node.unit).exists():
        return "new"
    folder = results.at(node.step, node.unit, node.fingerprint)
    if folder.exists():
        return f"the result is damaged: {damage}"
    failure = results.failure(node.step, node.unit)
    if failure is not None and failure["fingerprint"] == node.fingerprint:
        return f"it failed before: {first_line(failure['message'])}"
    history = results.history(node.step, node.unit)
    if not history:
        return "new"
    own = recorded(node.recipe, results.secret)
    changes = list(differences(history[0]["recipe"], own))
    return "; ".join(changes[:3]) or "changed"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[str]:
    """Tell what differs between two recipes, as short sentences with both values."""
    for name in sorted(set(old["versions"]) | set(new["versions"])):
        before, now = old["versions"].get(name), new["versions"].get(name)
        if before != now:
            yield f"version of {name}: {before} -> {now}"
    for part in (
        "params",
        "resources",
        "files",
        "rows",
        "samples",
        "record",
        "build",
        "unit",
        "reads",
    ):
        yield from _changed(part, old.get(part, {}), new.get(part, {}))
    others = [", ".join(recipe.get("shared", ())) or "none" for recipe in (old, new)]
    yield from _changed("files that other units have, too", *others)
    before_inputs, now_inputs = old.get("inputs", {}), new.get("inputs", {})
    for argument in sorted(set(before_inputs) | set(now_inputs)):
        yield from _moved(
            argument, before_inputs.get(argument, []), now_inputs.get(argument, [])
        )


def _changed(part: str, old: object, new: object) -> Iterable[str]:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        if old != new:
            yield f"{part}: {old} -> {new}"
        return
    for key in sorted(set(old) | set(new)):
        before, now = old.get(key), new.get(key)
        if before == now:
            continue
        if part in {"files", "resources", "rows"}:
            yield f"{part} {key}: the content changed"
        elif part == "record":
            yield f"clinical value {key} changed"
        else:
            yield f"{part} {key}: {before} -> {now}"


def _moved(argument: str, old: list[list[str]], new: list[list[str]]) -> Iterable[str]:
    before = {(table, unit): fingerprint for table, unit, fingerprint in old}
    now = {(table, unit): fingerprint for table, unit, fingerprint in new}
    renewed = sum(before[key] != now[key] for key in before.keys() & now.keys())
    if renewed:
        yield f"{argument}: {renewed} of {len(now)} input tables change"
    if now.keys() - before.keys():
        yield f"{argument}: {len(now.keys() - before.keys())} units more"
    if before.keys() - now.keys():
        yield f"{argument}: {len(before.keys() - now.keys())} units fewer"


def first_line(message: str) -> str:
    """Return the first line of a message."""
    return message.split("\n", 1)[0]


@dataclass(frozen=True)
class PlanLine:
    """What will happen with one step: counts of its nodes, and the reasons to run."""

    step: str
    grain: str
    counts: Mapping[State, int]
    reasons: tuple[tuple[str, int], ...]
    left_out: tuple[tuple[str, int], ...]


def plan_lines(graph: Graph) -> list[PlanLine]:
    """Sum up a judged graph by step, in the order of the run."""
    steps: dict[str, str] = {}
    by_step: dict[str, list[Node]] = {}
    for node in graph.nodes:
        steps.setdefault(node.step, node.grain)
        by_step.setdefault(node.step, []).append(node)
    for step in graph.steps:
        steps.setdefault(step.name, step.grain)
    gone_of: dict[str, Counter[str]] = {}
    for gone in graph.left_out:
        gone_of.setdefault(gone.step, Counter())[gone.reason] += 1
    lines = []
    for name, grain in steps.items():
        nodes = by_step.get(name, [])
        counts = Counter(node.state for node in nodes)
        reasons = Counter(node.why for node in nodes if node.state == "todo")
        left = gone_of.get(name, Counter())
        if not nodes and name in graph.unasked:
            left = Counter([graph.unasked[name]])
        lines.append(
            PlanLine(
                name, grain, counts, tuple(reasons.most_common()), tuple(left.most_common())
            )
        )
    return lines


def chain(node: Node, depth: int = 0, seen: set[Node] | None = None) -> Iterable[str]:
    """Tell a node, its recipe and all that it stands on, one line each, indented."""
    seen = set() if seen is None else seen
    indent = "  " * depth
    state = f"{node.state}" + (f" ({node.why})" if node.why else "")
    yield f"{indent}{node.step} of {node.unit}: {state}  [{node.fingerprint[:12]}]"
    if node in seen:
        return
    seen.add(node)
    for part in ("params", "files", "rows", "resources", "samples"):
        values = node.recipe.get(part) or {}
        for key, value in sorted(values.items()):
            yield f"{indent}    {part} {key} = {value}"
    for argument, feeds in node.reads.items():
        yield f"{indent}    reads {argument} from {len(feeds)} result{'s' * (len(feeds) != 1)}"
        for feed in feeds[:MAX_SHOWN]:
            yield from chain(feed.node, depth + 2, seen)
        if len(feeds) > MAX_SHOWN:
            yield f"{indent}      and {len(feeds) - MAX_SHOWN} more"


MAX_SHOWN = 3
