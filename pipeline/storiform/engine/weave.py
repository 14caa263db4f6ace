"""Weave a graph from a configuration and a cohort: sources, provided tables, steps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import Feed, Graph, LeftOut, Node, gathered, in_order, product_key
from storiform.engine.passes import (
    has_reads,
    is_rna_by_name,
    pass_numbers,
    scan_payload,
    scan_recipe,
)
from storiform.engine.provided import key_column, row_ids
from storiform.io.resources import RESOURCES, bundled
from storiform.io.sources import SOURCES, Source
from storiform.model.cohort import COHORT, Cohort, Role, Sample
from storiform.model.errors import ConfigError, InputError, fault
from storiform.model.params import Params
from storiform.model.step import Argument, Step
from storiform.model.table import Gather, Resource, Table


@dataclass(frozen=True)
class Threads:
    """All that a graph is woven from."""

    steps: tuple[Step, ...]
    cohort: Cohort
    params: Mapping[str, Params]
    resources: Mapping[str, Path]
    provided: Mapping[str, Path]
    ids: FileIds
    sources: tuple[Source, ...] = SOURCES


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
    from_files = {source.table.name: source for source in threads.sources}
    tables = {**made, **asked, **{n: s.table for n, s in from_files.items()}}
    _add_provided(graph, threads, tables)
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
    wanted = {*asked, *(table.name for table in gathered(steps, tables.values()))}
    for name in sorted(set(from_files) & wanted):
        _add_source(graph, threads, from_files[name])
    weaver = _Weaver(graph, threads, {t.name: t for t in tables.values()})
    for step in steps:
        weaver.add(step)
    return graph


def _add_provided(graph: Graph, threads: Threads, tables: Mapping[str, Table]) -> None:
    for name, path in sorted(threads.provided.items()):
        if name not in tables:
            known = ", ".join(sorted(tables))
            remedy = f"Use one of {known}."
            raise ConfigError(fault("provided", repr(name), "a table of the workflow", remedy))
        table = tables[name]
        for unit, rows in _rows_in(path, table, threads).items():
            node = Node(f"provided_{name}", unit, table.grain, "provided")
            node.recipe = {
                "step": node.step,
                "versions": {name: table.version},
                "rows": {name: rows},
                "unit": unit,
            }
            identity = threads.ids.of(path)
            node.payload = {"table": name, "path": str(path), "id": identity}
            graph.add(node, [name])


def _rows_in(path: Path, table: Table, threads: Threads) -> Mapping[str, str]:
    """Return the id of the rows of each unit in a user's table: one changed row, one unit."""
    rows = threads.ids.parts(path, table.grain, lambda: row_ids(path, table.grain))
    known = set(threads.cohort.units(table.grain))
    strangers = [unit for unit in rows if unit not in known]
    if strangers:
        column = key_column(table.grain)
        found = f"{column} {', '.join(strangers[:5])}"
        remedy = f"Correct the names, or add the {column} to the sample sheet."
        raise InputError(fault(str(path), found, f"{table.grain} units of the sheet", remedy))
    return rows


def _add_source(graph: Graph, threads: Threads, source: Source) -> None:
    table = source.table
    cohort = threads.cohort
    for unit in cohort.units(table.grain):
        if (table.name, unit) in graph.producers:
            continue
        files, samples, record = _given(cohort, source, unit)
        if (source.columns and not files) or (not source.columns and not record):
            continue
        node = Node(f"read_{table.name}", unit, table.grain, "source")
        names = cohort.names(table.grain, unit)
        node.recipe = {
            "step": node.step,
            "versions": {table.name: table.version},
            "files": {column: threads.ids.of(path) for column, path in files.items()},
            "samples": samples,
            "build": cohort.build,
            "record": record,
        }
        node.payload = {
            "table": table.name,
            "patient": names.get("patient", unit),
            "files": {column: str(path) for column, path in files.items()},
        }
        graph.add(node, [table.name])


def _given(
    cohort: Cohort, source: Source, unit: str
) -> tuple[dict[str, Path], dict[str, str], dict[str, Any]]:
    grain = source.table.grain
    if grain == "patient":
        clinic = cohort.patient(unit).clinic
        return {}, {}, dict(clinic) if clinic else {}
    if grain == "biopsy":
        samples: Sequence[Sample] = cohort.samples_of(unit)
        if source.notes:
            return {}, {}, _of_patient(cohort, source, unit)
        if not source.columns:
            return {}, {}, _notes(samples, source)
    else:
        samples = [s for s in cohort.samples if s.name == unit and s.assay == source.assay]
    own = [s for s in samples if s.assay == source.assay and s.role == "tumour"]
    ranked = [*own, *(s for s in samples if s not in own)]
    files: dict[str, Path] = {}
    for sample in ranked:
        given = {c: sample.files[c] for c in source.columns if c in sample.files}
        if given:
            files = given
            break
    return files, {f"{s.role}_{s.assay}": s.name for s in samples}, {}


def _of_patient(cohort: Cohort, source: Source, biopsy: str) -> dict[str, Any]:
    """Return what the sheet states of a patient on any row, the first by the sample's name."""
    patient = cohort.names("biopsy", biopsy)["patient"]
    names = cohort.seen_from("patient", patient, "sample")
    stated = [cohort.sample(name).notes for name in reversed(names)]
    return {n: notes[n] for notes in stated for n in source.notes if notes.get(n)}


def _notes(samples: Sequence[Sample], source: Source) -> dict[str, Any]:
    """Return what the sheet states of a biopsy's tumour, of the columns of a table."""
    stated = [s.notes for s in samples if s.role == "tumour" and s.assay == source.assay]
    return {n: notes[n] for notes in stated for n in source.table.columns if n in notes}


@dataclass
class _Weaver:
    """Adds one step after the other; tables of earlier steps are found by unit."""

    graph: Graph
    threads: Threads
    tables: Mapping[str, Table]
    _resource_ids: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    _passes: dict[tuple[str, Role], int] = field(init=False)
    _unread: set[str] = field(default_factory=set)
    _by_name: dict[str, bool] = field(default_factory=dict)
    _lacking: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._passes = pass_numbers(self.graph.steps)

    def add(self, step: Step) -> None:
        """Add the nodes of a step, one for each unit that has something to work on."""
        if self._needs_reads(step):
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
            if missing:
                reason = f"resource {missing} is not configured"
            if reason:
                self.graph.left_out.append(LeftOut(step.name, unit, reason))
                continue
            self.graph.add(self._node(step, unit, reads, resources), names)

    def _needs_reads(self, step: Step) -> bool:
        """Leave a step out once, not unit by unit, where no sample of the cohort has reads."""
        if any(has_reads(sample) for sample in self.threads.cohort.samples):
            return False
        needed = {
            getattr(a.contract, "name", "") for a in step.arguments if not a.optional
        } & self._unread
        made = {p.name for p in step.products if isinstance(p, Table)}
        given = {name for name in made for known, _ in self.graph.producers if known == name}
        if (step.scan is None and not needed) or given:
            return False
        self._unread |= made
        reason = "no aligned reads (column bam or cram of the sample sheet)"
        self.graph.left_out.append(LeftOut(step.name, COHORT, reason))
        return True

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
        return tuple(sample.name for sample in wanted if sample not in unordered)

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
        return self.threads.ids.of(path), str(path)

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
            absent[argument.name] = self._title(argument)
            if not argument.optional:
                return {}, f"no {self._title(argument)}"
        # What only helps is no reason to run: a patient's sex alone makes no log ratios.
        needed = step.one_of or tuple(absent)
        if absent and not set(step.one_of or reads) & set(reads):
            return {}, f"none of {', '.join(absent[name] for name in needed)}"
        return reads, ""

    def _feeds(self, argument: Argument, step: Step, unit: str) -> tuple[Feed, ...]:
        contract = argument.contract
        if isinstance(contract, Table):
            grain = self.tables[contract.name].grain
            units = self.threads.cohort.seen_from(step.grain, unit, grain)
            return tuple(self._found(contract.name, units))
        feeds: list[Feed] = []
        for table in gathered(self.graph.steps, self.tables.values()):
            feeds += self._found(table.name, self._speakers(table))
        return tuple(feeds)

    def _found(self, table: str, units: Iterable[str]) -> Iterable[Feed]:
        for unit in units:
            node = self.graph.producers.get((table, unit))
            if node is not None:
                yield Feed(table, node)

    def _title(self, argument: Argument) -> str:
        if isinstance(argument.contract, Gather):
            return "features"
        name = getattr(argument.contract, "name", argument.name)
        if name in self._lacking:
            return f"{name}, which needs resources.{self._lacking[name]}"
        if any(
            step.scan and name in {p.name for p in step.products} for step in self.graph.steps
        ):
            return f"{name} (from column bam or cram of the sample sheet)"
        for source in self.threads.sources:
            if source.table.name == name and (source.columns or source.notes):
                columns = " or ".join(source.columns or source.notes)
                return f"{name} (column {columns} of the sample sheet)"
        if name == "clinic":
            has_table = any(patient.clinic for patient in self.threads.cohort.patients)
            return f"clinic ({'no row in the' if has_table else 'no'} clinical table)"
        return str(name)

    def _speakers(self, table: Table) -> list[str]:
        """Choose the biopsy that speaks for each patient: the baseline one with the table."""
        if table.grain != "biopsy":
            return list(self.threads.cohort.units(table.grain))
        speaker: dict[str, str] = {}
        for biopsy in sorted(self.threads.cohort.biopsies, key=lambda b: b.name):
            has_table = (table.name, biopsy.name) in self.graph.producers
            if biopsy.is_baseline and has_table:
                speaker.setdefault(biopsy.patient, biopsy.name)
        return sorted(speaker.values())
