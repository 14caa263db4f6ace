"""From published results to what a person opens: `OUT/tables`, `OUT/figures`.

Each file is made of the results of all units that have them; its Parquet twin carries the
fingerprint of just these, so that a file that is up to date is not written again.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from storiform.engine.fingerprint import digest
from storiform.engine.graph import Graph, Node
from storiform.engine.results import Results
from storiform.engine.work import Portion, joined, portion_file
from storiform.io.store import (
    TableWriter,
    is_twin,
    parquet_fingerprint,
    parquet_rows,
    read_arrow,
    read_parquet,
    to_arrow,
    write_bytes,
)
from storiform.model.cohort import Cohort
from storiform.model.step import Step
from storiform.model.table import UNIT_COLUMNS, Picture, Table

GOOD = frozenset({"cached", "done"})


@dataclass(frozen=True)
class Export:
    """One table file to be written: its contract, the portions it is made of, its mark."""

    contract: Table
    portions: tuple[Portion, ...]
    fingerprint: str
    folder: str

    def is_current(self) -> bool:
        """Tell whether both files stand there already, made of the same results."""
        parquet = Path(self.folder) / f"{self.contract.name}.parquet"
        return parquet_fingerprint(parquet) == self.fingerprint and is_twin(parquet)

    def rows(self) -> int:
        """Return how many rows there are, as the file says, or the units where it says none."""
        with suppress(Exception):  # whatever a flipped bit does there
            return parquet_rows(Path(self.folder) / f"{self.contract.name}.parquet")
        files = (Path(p.folder) / f"{p.table}.parquet" for p in self.portions)
        return sum(map(parquet_rows, files))

    def frame(self) -> pd.DataFrame:
        """Return all rows: from the one file that shows these results, else unit by unit."""
        contract, units = self.contract, UNIT_COLUMNS[self.contract.grain]
        parquet = Path(self.folder) / f"{contract.name}.parquet"
        if parquet_fingerprint(parquet) == self.fingerprint:
            with suppress(Exception):  # whatever a flipped bit does there
                return contract.conform(read_parquet(parquet, contract, units), units)
        return joined(self.portions, contract, None)

    def write(self) -> None:
        """Write the TSV and the Parquet file, unit after unit where the columns allow."""
        contract = self.contract
        units = UNIT_COLUMNS[contract.grain]
        with TableWriter(Path(self.folder), contract.name, self.fingerprint) as writer:
            if contract.rest is not None and self.portions:
                frame = joined(self.portions, contract, None)
                writer.write(to_arrow(frame, contract, units))
                return
            for portion in self.portions:
                path = portion_file(portion, contract)
                writer.write(read_arrow(path, {n: portion.names[n] for n in units}))


def exported_tables(steps: Sequence[Step], graph: Graph) -> dict[str, Table]:
    """Return the contracts of all published tables: what steps make or users give."""
    made = [p for step in steps for p in step.products if isinstance(p, Table)]
    asked = [a.contract for step in steps for a in step.arguments]
    given = {node.payload["table"] for node in graph.nodes if node.origin == "provided"}
    tables = {table.name: table for table in made if table.is_published}
    for contract in asked:
        if isinstance(contract, Table) and contract.name in {*given, "clinic"}:
            tables[contract.name] = contract
    return tables


def exports(
    tables: Mapping[str, Table], graph: Graph, cohort: Cohort, results: Results
) -> list[Export]:
    """List the table files of a finished graph."""
    by_table: dict[str, list[Node]] = {}
    for (table, _), node in graph.producers.items():
        if node.state in GOOD:
            by_table.setdefault(table, []).append(node)
    found = []
    for name in sorted(tables):
        contract = tables[name]
        named = [(cohort.names(n.grain, n.unit), n) for n in by_table.get(name, [])]
        named.sort(key=lambda pair: tuple(pair[0].values()))
        portions = tuple(
            Portion(name, names, str(results.at(node.step, node.unit, node.fingerprint)))
            for names, node in named
        )
        if not portions:
            continue
        recipe = [name, contract.version, [[p.names, Path(p.folder).name] for p in portions]]
        folder = str(results.root / "tables")
        found.append(Export(contract, portions, digest(recipe), folder))
    return found


def drop_stale(current: Sequence[Export], results: Results) -> None:
    """Delete the tables of earlier runs that this run does not have, so that none misleads.

    Only files that carry a fingerprint are ours to delete.
    """
    names = {export.contract.name for export in current}
    for parquet in sorted((results.root / "tables").glob("*.parquet")):
        if parquet.stem not in names and parquet_fingerprint(parquet):
            parquet.with_suffix(".tsv").unlink(missing_ok=True)
            parquet.unlink()


@dataclass(frozen=True)
class Drawn:
    """A figure of a finished graph: its contract, whose, its folder, or why there is none."""

    contract: Picture
    unit: str
    folder: Path
    nothing: str
    sources: tuple[str, ...]

    @property
    def stem(self) -> str:
        """The name of its files in ``OUT/figures``, with the unit unless it is the cohort."""
        own = self.contract.grain == "cohort"
        return self.contract.name if own else f"{self.contract.name}.{self.unit}"


def figures(graph: Graph, results: Results) -> list[Drawn]:
    """List the figures of a finished graph by name."""
    pictures = {
        step.name: [p for p in step.products if isinstance(p, Picture)] for step in graph.steps
    }
    found = []
    for node in graph.nodes:
        if node.state not in GOOD:
            continue
        for contract in pictures.get(node.step, []):
            folder = results.at(node.step, node.unit, node.fingerprint)
            record = results.provenance(folder) or {}
            sources = sorted({feed.table for feed in node.feeds()})
            nothing = str(record.get("nothing_to_show", ""))
            found.append(Drawn(contract, node.unit, folder, nothing, tuple(sources)))
    return sorted(found, key=lambda drawn: (drawn.contract.name, drawn.unit))


def copy_figures(drawn: Sequence[Drawn], results: Results, *, is_whole: bool = True) -> None:
    """Copy figures and their source tables to ``OUT/figures``; drop what is no more.

    Where these are not all figures of the run (`is_whole`), nothing is dropped.
    """
    folder = results.root / "figures"
    folder.mkdir(exist_ok=True)
    current = set()
    for figure in drawn:
        for file in sorted(figure.folder.glob(f"{figure.contract.name}.*")):
            name = figure.stem + file.name.removeprefix(figure.contract.name)
            current.add(name)
            goal = folder / name
            content = file.read_bytes()
            if not goal.exists() or goal.read_bytes() != content:
                write_bytes(goal, content)
    for file in folder.iterdir() if is_whole else ():
        if file.is_file() and file.name not in current:
            file.unlink()
