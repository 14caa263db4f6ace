"""Weave a graph from a configuration and a cohort: sources, provided tables, steps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from storiform.engine.graph import Feed, Graph, LeftOut, Node, gathered, in_order, product_key
from storiform.engine.inputs import Threads, add_provided, add_source
from storiform.engine.passes import (
    has_reads,
    is_rna_by_name,
    pass_numbers,
    scan_payload,
    scan_recipe,
)
from storiform.io.resources import RESOURCES, bundled, portable
from storiform.model.cohort import COHORT, Cohort, Role, Sample
from storiform.model.errors import ConfigError
from storiform.model.step import Argument, Step
from storiform.model.table import Resource, Table

__all__ = ("Threads", "weave")


def weave(threads: Threads) -> Graph:
    """Build the graph: sources first, then the steps in the order of their tables."""
    steps = in_order(threads.steps)
    graph = Graph(steps=steps)
    made = {p.name: p for s in steps for p in s.products if isinstance(p, Table)}
    asked = {
        a.contract.name: a.contract
        for s in steps
        for a in s.arguments
        if isinstance(a.contract, Table)
    }
    beside = {c.table.name: c.table for s in steps for c in s.companions}
    from_files = {source.table.name: source for source in threads.sources}
    tables = {**made, **beside, **asked, **{n: s.table for n, s in from_files.items()}}
    add_provided(graph, threads, tables)
    needed = {a.contract.name for s in steps for a in s.arguments
              if isinstance(a.contract, Table) and not a.optional}  # fmt: skip
    unread = [n for n in needed if n not in made and n not in from_files]
    if unread := [n for n in unread if n not in threads.provided]:
        names = ", ".join(sorted(unread))
        message = (
            f"workflow: nothing makes the tables {names}. Add the step that makes them, "
            f"or give them under 'provided'."
        )
        raise ConfigError(message)
    wanted = {*asked, *beside, *(table.name for table in gathered(steps, tables.values()))}
    of_steps = {n for n in made if n in from_files and from_files[n].gives_way}
    for name in sorted((set(from_files) & wanted) - of_steps):
        add_source(graph, threads, from_files[name])
    weaver = _Weaver(graph, threads, {t.name: t for t in tables.values()}, of_steps)
    unnamed = {n for n, s in from_files.items() if s.of_cohort and not s.gives_way}
    weaver.unnamed |= unnamed - graph.made
    for step in steps:
        weaver.add(step)
    return graph


@dataclass
class _Weaver:
    """Adds one step after the other; tables of earlier steps are found by unit."""

    graph: Graph
    threads: Threads
    tables: Mapping[str, Table]
    in_place: set[str]
    """Tables that a source would fill, if no step of the workflow made them."""
    unnamed: set[str] = field(default_factory=set)
    """Tables of cohort files that the configuration does not name, and what they make."""
    _resource_ids: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    _passes: dict[tuple[str, Role], int] = field(init=False)
    _unread: set[str] = field(default_factory=set)
    _by_name: dict[str, bool] = field(default_factory=dict)
    _lacking: dict[str, str] = field(default_factory=dict)
    _useless: dict[tuple[str, str], str] = field(default_factory=dict)
    _of_all: set[str] = field(default_factory=set)
    _has_reads: bool = field(init=False)
    _gone: set[LeftOut] = field(default_factory=set)
    _titles: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._passes = pass_numbers(self.graph.steps)
        self._has_reads = any(has_reads(sample) for sample in self.threads.cohort.samples)

    def add(self, step: Step) -> None:
        """Add the nodes of a step, one for each unit that has something to work on."""
        if self._needs_reads(step) or self._needs_unnamed(step):
            return
        resources, missing = self._resources(step)
        if missing:
            made = [p.name for p in step.products if isinstance(p, Table)]
            self._lacking |= dict.fromkeys(made, missing)
        for unit in self._units(step):
            names = [product_key(product) for product in step.products]
            if all((name, unit) in self.graph.producers for name in names):
                continue
            reads, reason = self._reads(step, unit)
            reason = reason or self._lacks_companion(step, unit)
            if missing:
                reason = f"resource {missing} is not configured"
            if reason:
                self._leave_out(step, unit, reason)
                continue
            self.graph.add(self._node(step, unit, reads, resources), names)

    def _leave_out(self, step: Step, unit: str, reason: str) -> None:
        """Tell why a unit has no node; once, where the whole cohort lacks a companion."""
        if self.in_place & {product.name for product in step.products}:
            return  # what needs the table tells
        gone = LeftOut(step.name, COHORT if reason in self._of_all else unit, reason)
        if gone not in self._gone:
            self._gone.add(gone)
            self.graph.left_out.append(gone)

    def _lacks_companion(self, step: Step, unit: str) -> str:
        for companion in step.companions:
            name = companion.table.name
            if self._tables_of(companion.table, step, unit):
                continue
            reason = f"{companion.because}: no {self._title(name)}".removeprefix(": ")
            if companion.because and name not in self.graph.made:
                self._of_all.add(reason)
            return self._spare(step, unit, reason)
        return ""

    def _spare(self, step: Step, unit: str, reason: str) -> str:
        """Keep why a step is of no use in a unit: what needs its tables tells the same."""
        self._useless |= {(product.name, unit): reason for product in step.products}
        return reason

    def _why_absent(self, argument: Argument, step: Step, unit: str) -> str:
        contract = argument.contract
        if not isinstance(contract, Table):
            return "no features"
        units = self.threads.cohort.seen_from(
            step.grain, unit, self.tables[contract.name].grain
        )
        for one in units:
            if reason := self._useless.get((contract.name, one)):
                return self._spare(step, unit, reason)
        return f"no {self._title(contract.name)}"

    def _needs_reads(self, step: Step) -> bool:
        """Leave a step out once, not unit by unit, where no sample of the cohort has reads."""
        if self._has_reads:
            return False
        needed = {
            getattr(a.contract, "name", "") for a in step.arguments if not a.optional
        } & self._unread
        made = {p.name for p in step.products if isinstance(p, Table)}
        if (step.scan is None and not needed) or made & self.graph.made:
            return False
        self._unread |= made
        reason = "no aligned reads (column bam or cram of the sample sheet)"
        self.graph.left_out.append(LeftOut(step.name, COHORT, reason))
        return True

    def _needs_unnamed(self, step: Step) -> bool:
        """Leave out, without a word, what needs a file of the cohort that nobody named."""
        own = {product.name for product in step.products}
        if own & self.graph.made:
            return False
        tables = [a for a in step.arguments if a.kind in {"table", "gather"}]
        optional = [a for a in tables if a.optional]
        missing = [a for a in tables if getattr(a.contract, "name", "") in self.unnamed]
        one_of = [a for a in optional if a.name in step.one_of] or (
            optional if len(optional) == len(tables) else []
        )
        is_needed = any(not a.optional for a in missing)
        if is_needed or (one_of and all(a in missing for a in one_of)):
            self.unnamed |= own - self.in_place
            title = self._title(getattr((missing or one_of)[0].contract, "name", ""))
            self.graph.unasked[step.name] = f"no {title}"
            return True
        return False

    def _units(self, step: Step) -> tuple[str, ...]:
        """Return the units of a step; a collector's are the samples whose reads it wants."""
        cohort = self.threads.cohort
        if step.scan is None:
            return cohort.units(step.grain)
        wanted = [
            sample
            for sample in sorted(cohort.samples, key=lambda sample: sample.name)
            if sample.role in step.scan.roles
            and sample.assay in step.scan.assays
            and has_reads(sample)
        ]
        unordered = [s for s in wanted if step.scan.needs_order and self._is_by_name(s)]
        reason = "its reads are sorted by name (samtools sort would let it be made)"
        self.graph.left_out += [LeftOut(step.name, s.name, reason) for s in unordered]
        names = {sample.name for sample in unordered}
        return tuple(sample.name for sample in wanted if sample.name not in names)

    def _is_by_name(self, sample: Sample) -> bool:
        """Look into a file's header once, however many steps want its reads."""
        if sample.name not in self._by_name:
            self._by_name[sample.name] = is_rna_by_name(sample)
        return self._by_name[sample.name]

    def _node(
        self,
        step: Step,
        unit: str,
        reads: dict[str, tuple[Feed, ...]],
        resources: Mapping[str, tuple[str, str] | None],
    ) -> Node:
        node = Node(step.name, unit, step.grain, "step", reads)
        params = self.threads.params.get(step.section)
        node.recipe = {
            "step": step.name,
            "versions": {p.name: p.version for p in step.products},
            "params": params.model_dump(mode="json") if params is not None else {},
            "resources": {name: r[0] if r else None for name, r in resources.items()},
        }
        node.payload = {"resources": {n: r[1] for n, r in resources.items() if r}}
        node.cores, node.memory_gb = step.cost.cores, step.cost.memory_gb
        optional = {argument.name for argument in step.arguments if argument.optional}
        node.helpers = frozenset(optional - {*step.one_of} if reads.keys() - optional else ())
        if step.grain == "sample":
            node.is_of_rna = self.threads.cohort.sample(unit).assay == "rna"
        elif step.grain == "biopsy":
            node.is_of_rna = bool(reads) and all(feed.node.is_of_rna for feed in node.feeds())
        if step.scan is not None:
            self._scan(node, step)
        return node

    def _scan(self, node: Node, step: Step) -> None:
        """Make a node one of those that learn from a pass over the reads of its sample."""
        sample = self.threads.cohort.sample(node.unit)
        node.origin = "scan"
        node.recipe |= scan_recipe(sample, self.threads.cohort.build, self.threads.ids)
        node.payload |= scan_payload(sample, self.threads.resources.get("fasta"))
        node.group = f"{node.unit} {self._passes[step.name, sample.role]}"

    def _resources(self, step: Step) -> tuple[dict[str, tuple[str, str] | None], str]:
        found: dict[str, tuple[str, str] | None] = {}
        for argument in step.arguments:
            if not isinstance(argument.contract, Resource):
                continue
            name = argument.contract.name
            if name not in self._resource_ids:
                self._resource_ids[name] = self._open(name)
            found[argument.name] = self._resource_ids[name]
            if found[argument.name] is None and not argument.optional:
                reader = RESOURCES.get(name)
                return found, (reader.file_of if reader else "") or name
        return found, ""

    def _open(self, name: str) -> tuple[str, str] | None:
        reader = RESOURCES.get(name)
        path = self.threads.resources.get((reader.file_of if reader else "") or name)
        if path is None:
            if reader is None or reader.default is None:
                return None
            path = bundled(reader.default.format(build=self.threads.cohort.build))
        return self.threads.ids.of(path), portable(path)

    def _reads(self, step: Step, unit: str) -> tuple[dict[str, tuple[Feed, ...]], str]:
        reads: dict[str, tuple[Feed, ...]] = {}
        absent: dict[str, str] = {}
        for argument in step.arguments:
            if argument.kind not in {"table", "gather"}:
                continue
            feeds = self._feeds(argument, step, unit)
            if feeds:
                reads[argument.name] = feeds
                continue
            absent[argument.name] = self._title(getattr(argument.contract, "name", "features"))
            if not argument.optional:
                return {}, self._why_absent(argument, step, unit)
        # What only helps is no reason to run: a patient's sex alone makes no log ratios.
        needed = step.one_of or tuple(absent)
        if absent and not set(step.one_of or reads) & set(reads):
            return {}, f"none of {', '.join(absent[name] for name in needed)}"
        return reads, ""

    def _feeds(self, argument: Argument, step: Step, unit: str) -> tuple[Feed, ...]:
        contract = argument.contract
        if isinstance(contract, Table):
            return self._tables_of(contract, step, unit)
        feeds: list[Feed] = []
        for table in gathered(self.graph.steps, self.tables.values()):
            feeds += self._found(table.name, self._speakers(table))
        return tuple(feeds)

    def _tables_of(self, table: Table, step: Step, unit: str) -> tuple[Feed, ...]:
        grain = self.tables[table.name].grain
        units = self.threads.cohort.seen_from(step.grain, unit, grain)
        return tuple(self._found(table.name, units))

    def _found(self, table: str, units: Iterable[str]) -> Iterable[Feed]:
        for unit in units:
            node = self.graph.producers.get((table, unit))
            if node is not None:
                yield Feed(table, node)

    def _title(self, name: str) -> str:
        if name in self._lacking:
            return f"{name}, which needs resources.{self._lacking[name]}"
        if name not in self._titles:
            self._titles[name] = self._title_of_source(name)
        return self._titles[name]

    def _title_of_source(self, name: str) -> str:
        """Tell of a table what fills it, or its name alone."""
        if any(
            step.scan and name in {p.name for p in step.products} for step in self.graph.steps
        ):
            return f"{name} (from column bam or cram of the sample sheet)"
        for source in self.threads.sources:
            if source.table.name == name and source.of_cohort and not source.gives_way:
                return f"{source.word or name} (cohort.{source.of_cohort})"
            if source.table.name == name and (source.columns or source.notes):
                columns = " or ".join(source.columns or source.notes)
                return f"{source.word or name} (column {columns} of the sample sheet)"
        if name == "clinic":
            has_table = any(patient.clinic for patient in self.threads.cohort.patients)
            return f"clinic ({'no row in the' if has_table else 'no'} clinical table)"
        return name

    def _speakers(self, table: Table) -> list[str]:
        """Choose the biopsy that speaks for each patient: the baseline one with the table."""
        if table.grain != "biopsy":
            return list(self.threads.cohort.units(table.grain))
        return speakers(table.name, self.threads.cohort, self.graph)


def speakers(table: str, cohort: Cohort, graph: Graph) -> list[str]:
    """Return the biopsies that speak for their patients, one each, sorted.

    Parameters
    ----------
    table
        The table that is asked for.
    cohort
        All biopsies. Several of a patient can be baseline ones, as regions of one timepoint.
    graph
        What makes the tables.

    Returns
    -------
    list of str
        Of each patient the first baseline biopsy, by name, that has the table.
    """
    speaker: dict[str, str] = {}
    for biopsy in sorted(cohort.biopsies, key=lambda b: b.name):
        if biopsy.is_baseline and (table, biopsy.name) in graph.producers:
            speaker.setdefault(biopsy.patient, biopsy.name)
    return sorted(speaker.values())
