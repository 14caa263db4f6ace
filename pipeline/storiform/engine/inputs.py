"""What a graph begins with: nodes of the files of the sample sheet and of provided tables."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from storiform.engine.fingerprint import FileIds, digest, unpacked_id
from storiform.engine.graph import Graph, Node
from storiform.engine.provided import key_column, provided_rows, row_ids
from storiform.io.lines import holds_rows
from storiform.io.sources import SOURCES, Source, read_clinic
from storiform.io.strangers import names_in, owners, refuse_anothers
from storiform.io.units import unit_of
from storiform.model.cohort import Cohort, Sample
from storiform.model.errors import ConfigError, InputError, fault
from storiform.model.params import Params
from storiform.model.step import Step
from storiform.model.table import Table
from storiform.model.tables.clinic import CLINIC, CLINICAL_RECORD

_TELLING_ROWS = 5
"""So many rows that are the same, byte for byte, are a copy and no chance."""


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

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """The patient of each name in the sheet, see `storiform.io.strangers.owners`."""
        return owners(self.cohort)


def add_provided(graph: Graph, threads: Threads, tables: Mapping[str, Table]) -> None:
    """Add a node for each unit of the tables that the user gives."""
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


def add_source(graph: Graph, threads: Threads, source: Source) -> None:
    """Add a node for each unit whose rows of the sample sheet fill a table."""
    table = source.table
    cohort = threads.cohort
    given = {unit: _given(cohort, source, unit) for unit in cohort.units(table.grain)}
    of_units = [tuple(files.values()) for files, _, _ in given.values()]
    originals = _originals({path for paths in of_units for path in paths}, threads.ids)
    owners = Counter(path for paths in of_units for path in {originals[p] for p in paths})
    for unit, (files, samples, own) in given.items():
        if (table.name, unit) in graph.producers:
            continue
        record = _stated(graph, source, unit, own) if source.clinical else own
        rows = cohort.given.get(table.name, {}).get(unit, ())
        if (source.columns and not files) or not (source.columns or record or rows):
            continue
        node = Node(f"read_{table.name}", unit, table.grain, "source")
        node.is_of_rna = source.assay == "rna"
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
        if shared := tuple(c for c, path in files.items() if owners[originals[path]] > 1):
            node.payload["shared"] = shared  # then it is read by names alone
            node.recipe["shared"] = sorted(shared)
        if told := _refusal(node, threads):  # what a worker will say of the unit
            node.payload["refused"] = told
            node.recipe["refused"] = True
        if rows:  # one changed row of a file of the whole cohort makes its unit old
            node.recipe["rows"] = {source.of_cohort: digest([dict(row) for row in rows])}
            node.payload["rows"] = tuple(dict(row) for row in rows)
        graph.add(node, [table.name])


def _refusal(node: Node, threads: Threads) -> str:
    """Say that a VCF is another patient's by the names in it, empty where it is not.

    They are read once for each content; a damaged file is told of by who reads it.
    """
    path = Path(node.payload["files"].get("vcf", ""))
    if not path.name or "vcf" in node.payload.get("shared", ()):
        return ""
    build = threads.cohort.build
    told = threads.ids.parts(
        path, f"samples, {build}", lambda: dict.fromkeys(names_in(path, build), "")
    )
    of = threads.owners
    if {of.get(name.casefold(), "") for name in told} <= {"", node.payload["patient"]}:
        return ""
    try:
        refuse_anothers(unit_of(node.unit, node.payload, node.recipe), of)
    except InputError as error:
        return str(error)
    return ""


def _originals(paths: Iterable[Path], ids: FileIds) -> dict[Path, Path]:
    """Map paths to what tells files apart: a copy under another name, or packed, is the same.

    Files of a few rows may be alike, as those of two patients without any call, or with the
    same hotspot alone. A large file is known by its path.
    """
    real = {path: path.resolve() for path in paths}
    alike: dict[str, set[Path]] = {}
    for path, target in real.items():
        identity = ids.of(path)
        if identity.startswith("content:"):
            text = {} if path.is_dir() else ids.parts(path, "text", partial(unpacked_id, path))
            alike.setdefault(text.get("text", identity), set()).add(target)
    copies = {
        path: min(same)
        for same in alike.values()
        if len(same) > 1 and holds_rows(min(same), _TELLING_ROWS)
        for path in same
    }
    return {path: copies.get(target, target) for path, target in real.items()}


def _given(
    cohort: Cohort, source: Source, unit: str
) -> tuple[dict[str, Path], dict[str, str], dict[str, Any]]:
    grain = source.table.grain
    if source.of_cohort and source.read is not read_clinic and not source.clinical:
        return {}, {}, {}
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
        samples = [s for s in (cohort.sample(unit),) if s.assay == source.assay]
    own = [s for s in samples if s.assay == source.assay and s.role == "tumour"]
    ranked = [*own, *(s for s in samples if s not in own)]
    files: dict[str, Path] = {}
    for sample in ranked:
        given = {c: sample.files[c] for c in source.columns if c in sample.files}
        if given:
            files = given
            break
    return files, {f"{s.role}_{s.assay}": s.name for s in samples}, {}


def _stated(
    graph: Graph, source: Source, unit: str, record: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the clinical values of a source that are told, of the table that goes first."""
    for table in (CLINIC, CLINICAL_RECORD):
        node = graph.producers.get((table.name, unit))
        if node is not None and node.origin == "provided":
            try:
                given = provided_rows(Path(node.payload["path"]), table, unit)
            except InputError:
                return {}  # the node of the table itself fails, and tells why
            record = {str(name): given[name].iloc[0] for name in given.columns}
            break
    return {n: record[n] for n in source.clinical if not pd.isna(record.get(n))}


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
