"""Steps and a cohort become a graph of nodes: one node for each step and unit.

Which node feeds which follows from the tables alone. A table that the user provides, or
that a file of the sample sheet fills, takes the place of the step that would make it, unit
by unit. A unit without anything to work on has no node: it is left out, with the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from storiform.engine.fingerprint import digest
from storiform.model.errors import ConfigError
from storiform.model.step import Argument, Product, Step
from storiform.model.table import Gather, Grain, Table

State = Literal["cached", "todo", "running", "done", "failed", "blocked"]
SETTLED = frozenset({"cached", "done", "failed", "blocked"})
LOST = frozenset({"failed", "blocked"})


@dataclass(frozen=True, slots=True)
class Feed:
    """One table of one node that fills (a part of) an argument."""

    table: str
    node: "Node"


@dataclass(slots=True, eq=False)
class Node:
    """One step on one unit.

    `recipe` is what the fingerprint covers; `origin` is ``step``, ``source``,
    ``provided`` or ``scan``; `payload` is what the worker needs beyond the recipe. Nodes of
    one `group` are made together: they learn from one pass over one file. `doubts` are the
    warnings of its result. `is_of_rna` tells that RNA of one biopsy is all that it is made of;
    `helpers` are the arguments that only help.
    """

    step: str
    unit: str
    grain: Grain
    origin: Literal["step", "source", "provided", "scan"]
    reads: dict[str, tuple[Feed, ...]] = field(default_factory=dict, repr=False)
    recipe: dict[str, Any] = field(default_factory=dict)
    payload: dict[str, Any] = field(default_factory=dict)
    cores: int = 1
    memory_gb: float = 2.0
    fingerprint: str = ""
    state: State = "todo"
    why: str = ""
    needed_by: list["Node"] = field(default_factory=list, repr=False)
    group: str = ""
    tries: int = 0
    seconds: float = 0.0
    doubts: tuple[str, ...] = ()
    is_of_rna: bool = False
    helpers: frozenset[str] = frozenset()

    def feeds(self) -> Iterable[Feed]:
        """Iterate over all tables that the node reads."""
        for feeds in self.reads.values():
            yield from feeds

    def remember(self, alive: "frozenset[Node] | None" = None) -> None:
        """Compute recipe inputs and fingerprint, over the surviving inputs if stated."""
        inputs = {
            argument: [
                [feed.table, feed.node.unit, feed.node.fingerprint]
                for feed in feeds
                if alive is None or feed.node in alive
            ]
            for argument, feeds in self.reads.items()
        }
        self.recipe["inputs"] = inputs
        self.fingerprint = digest(self.recipe)

    def may_miss(self, lost: "Node", *, partial: bool) -> bool:
        """Tell whether the node goes on without one of its inputs.

        Of each argument one must be left, see `forget_lost`. A normal serves several biopsies:
        the faulty calls of one must not cost the others. Nor must faulty RNA cost the exome.
        """
        return (partial and (self.grain == "cohort" or lost.is_of_rna)) or self.origin == "scan"

    def forget_lost(self) -> tuple["Node", ...]:
        """Fix the inputs over what is left; return those of an argument of which none is.

        A step of the cohort also goes on where nothing is left of RNA that only helps, as where
        there is none: so the exomes have their table of quality. What else would help blocks.
        """
        for argument, feeds in self.reads.items():
            left = tuple(feed for feed in feeds if feed.node.state not in LOST)
            is_spare = argument in self.helpers and all(feed.node.is_of_rna for feed in feeds)
            if feeds and not left and not (is_spare and self.grain == "cohort"):
                return tuple(feed.node for feed in feeds)
            self.reads[argument] = left
        self.remember()
        return ()


@dataclass(frozen=True)
class LeftOut:
    """A step that has nothing to work on in a unit, and why."""

    step: str
    unit: str
    reason: str


@dataclass
class Graph:
    """All nodes in an order in which each comes after what it reads."""

    nodes: list[Node] = field(default_factory=list)
    producers: dict[tuple[str, str], Node] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    unasked: dict[str, str] = field(default_factory=dict)
    """Steps that work on a file which the configuration does not name, and that file."""
    steps: tuple[Step, ...] = ()
    made: set[str] = field(default_factory=set)
    """Tables that some unit has; of figures `product_key`."""

    def add(self, node: Node, tables: Iterable[str]) -> None:
        """Add a node that produces `tables`, unless a producer of a table exists."""
        node.remember()
        self.nodes.append(node)
        for table in tables:
            self.producers.setdefault((table, node.unit), node)
            self.made.add(table)
        for feed in node.feeds():
            if not feed.node.needed_by or feed.node.needed_by[-1] is not node:
                feed.node.needed_by.append(node)

    def find(self, step: str, unit: str) -> Node | None:
        """Return the node of a step on a unit, None if it was left out."""
        found = [node for node in self.nodes if node.step == step and node.unit == unit]
        return found[0] if found else None


def blocking(lost: Sequence[Node]) -> str:
    """Name what failed, so that a blocked node tells whom to look at."""
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    return f"{lost[0].step} of {lost[0].unit}{more} {lost[0].state}"


def makers(steps: Sequence[Step]) -> dict[str, Step]:
    """Map the name of each table to the step that makes it."""
    made = [(product, step) for step in steps for product in step.products]
    return {product.name: step for product, step in made if isinstance(product, Table)}


def product_key(product: Product) -> str:
    """Name a product so that a figure and a table of one name are told apart."""
    return product.name if isinstance(product, Table) else f"figure {product.name}"


def gatherers(steps: Sequence[Step]) -> frozenset[str]:
    """Name the steps that read gathered features, directly or through another's table."""
    made_by = makers(steps)
    gathering: set[str] = set()
    while True:
        more = {step.name for step in steps if _gathers(step, made_by, gathering)}
        if more <= gathering:
            return frozenset(gathering)
        gathering |= more


def _gathers(step: Step, made_by: Mapping[str, Step], gathering: set[str]) -> bool:
    for argument in step.arguments:
        if argument.kind == "gather":
            return True
        if isinstance(argument.contract, Table):
            maker = made_by.get(argument.contract.name)
            if maker is not None and maker.name in gathering:
                return True
    return False


def gathered(steps: Sequence[Step], tables: Iterable[Table]) -> tuple[Table, ...]:
    """Return those of a workflow's tables that a Gather collects, sorted by name.

    A table that itself follows from a Gather cannot be among them.
    """
    late = gatherers(steps)
    too_late = {p.name for step in steps if step.name in late for p in step.products}
    found = {t.name: t for t in tables if t.name not in too_late and _has_features(t)}
    return tuple(found[name] for name in sorted(found))


def _has_features(table: Table) -> bool:
    if table.grain not in {"biopsy", "patient"}:
        return False
    columns = [*table.columns.values(), *([table.rest] if table.rest else [])]
    return any(column.feature for column in columns)


def in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Sort steps so that each comes after the makers of its tables; stable by name.

    Raises
    ------
    ConfigError
        If tables depend on each other in a circle.
    """
    by_name = {step.name: step for step in steps}
    made_by = makers(steps)
    late = gatherers(steps)
    needs: dict[str, set[str]] = {step.name: set() for step in steps}
    for step in steps:
        for argument in step.arguments:
            needs[step.name] |= _before(argument, made_by, late, by_name)
        beside = [made_by.get(companion.table.name) for companion in step.companions]
        needs[step.name] |= {maker.name for maker in beside if maker is not None}
    try:
        order = list(
            TopologicalSorter({n: sorted(needs[n]) for n in sorted(needs)}).static_order()
        )
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        message = f"workflow: tables depend on each other in a circle: {circle}."
        raise ConfigError(message) from error
    return tuple(by_name[name] for name in order)


def _before(
    argument: Argument,
    made_by: Mapping[str, Step],
    late: frozenset[str],
    by_name: Mapping[str, Step],
) -> set[str]:
    if isinstance(argument.contract, Table):
        maker = made_by.get(argument.contract.name)
        return {maker.name} if maker is not None else set()
    if isinstance(argument.contract, Gather):
        return {name for name in by_name if name not in late}
    return set()
