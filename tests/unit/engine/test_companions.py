"""A step is left out where a table is lacking with which alone its results serve."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from storiform.engine.check import check_inputs
from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import Graph, in_order
from storiform.engine.reporting import left_out_of
from storiform.engine.weave import Threads, weave
from storiform.io.sheets import read_cohort
from storiform.model.step import Step, only_with
from storiform.model.table import Column, Table
from storiform.model.tables.dna import CALLS, Calls
from storiform.model.tables.proteins import HLA_TYPES, HlaTypes

PIECES = Table("pieces", "biopsy", {"x": Column("float", "x")})
BOUND = Table("bound", "biopsy", {"y": Column("float", "y")})
SELF = Table("own", "cohort", {"z": Column("float", "z")})
SUMMARY = Table("summary", "cohort", {"s": Column("float", "s")})
Pieces = Annotated[pd.DataFrame, PIECES]
Bound = Annotated[pd.DataFrame, BOUND]
Own = Annotated[pd.DataFrame, SELF]
Summary = Annotated[pd.DataFrame, SUMMARY]

BECAUSE = "pieces need alleles"
LACK = f"{BECAUSE}: no alleles (column hla of the sample sheet)"


@only_with(CALLS)
@only_with(HLA_TYPES, BECAUSE)
def own() -> Own:
    """Make what only pieces use."""
    return SELF.empty()


@only_with(HLA_TYPES, BECAUSE)
def pieces(calls: Calls, own: Own | None = None) -> Pieces:
    """Cut pieces; whose alleles bind them does not matter here."""
    return PIECES.empty() if own is None else calls


def bound(pieces: Pieces, hla_types: HlaTypes) -> Bound:
    """Ask for both."""
    return pieces if len(hla_types) else BOUND.empty()


def summary(bound: Bound) -> Summary:
    """Sum up the cohort."""
    return bound


def typed(calls: Calls) -> HlaTypes:
    """Type alleles, as a step of the workflow."""
    return HLA_TYPES.empty() if len(calls) else calls


WORKFLOW = f'''
from storiform.model.step import only_with
from storiform.model.tables.dna import Calls
from storiform.model.tables.proteins import HLA_TYPES, PEPTIDES, Peptides

@only_with(HLA_TYPES, "{BECAUSE}")
def peptides(calls: Calls) -> Peptides:
    """Make none."""
    return PEPTIDES.empty()

STEPS = (peptides,)
'''
FUNCTIONS = (summary, bound, pieces, own)


def woven(
    folder: Path, *rows: str, functions: tuple[Callable[..., Any], ...] = FUNCTIONS
) -> Graph:
    sheet = folder / "samples.tsv"
    sheet.write_text("\n".join(["patient\tsample\tstatus\tmaf\thla", *rows]) + "\n")
    (folder / "a.maf").write_text("a")
    cohort = read_cohort(sheet, None, "GRCh38").cohort
    steps = tuple(Step.of(function) for function in functions)
    return weave(Threads(steps, cohort, {}, {}, {}, FileIds(None)))


def made(graph: Graph) -> set[tuple[str, str]]:
    return {(node.step, node.unit) for node in graph.nodes if node.origin == "step"}


def told(graph: Graph) -> set[tuple[str, str, str]]:
    return {(gone.step, gone.unit, gone.reason) for gone in graph.left_out}


def test_without_the_table_nothing_is_planned_and_one_line_tells_why(tmp_path: Path) -> None:
    graph = woven(tmp_path, "P1\tT1\t1\ta.maf\t", "P2\tT2\t1\ta.maf\t")
    assert made(graph) == set()
    steps = ("own", "pieces", "bound", "summary")
    assert told(graph) == {(step, "cohort", LACK) for step in steps}
    (line,) = left_out_of(graph.left_out)
    assert (line.unit, line.message) == ("cohort", LACK)


def test_units_without_the_table_are_left_out_and_the_others_made(tmp_path: Path) -> None:
    graph = woven(
        tmp_path, "P1\tT1\t1\ta.maf\t", "P2\tT2\t1\ta.maf\tA*02:01", "P3\tT3\t1\t\tA*02:01"
    )
    expected = {("pieces", "P2"), ("bound", "P2"), ("own", "cohort"), ("summary", "cohort")}
    assert made(graph) == expected
    no_calls = "no calls (column vcf or maf of the sample sheet)"
    assert told(graph) == {
        ("pieces", "P1", LACK), ("bound", "P1", LACK), ("pieces", "P3", no_calls),
        ("bound", "P3", "no pieces"),
    }  # fmt: skip


def test_the_table_itself_is_no_input(tmp_path: Path) -> None:
    def fingerprint(cell: str) -> str:
        graph = woven(tmp_path, f"P1\tT1\t1\ta.maf\t{cell}")
        (node,) = (node for node in graph.nodes if node.step == "pieces")
        assert [feed.table for feed in node.feeds()] == ["calls", "own"]
        return node.fingerprint

    assert fingerprint("A*02:01") == fingerprint("A*03:01")


def test_a_step_that_makes_the_table_comes_first(tmp_path: Path) -> None:
    functions = (*FUNCTIONS, typed)
    names = [step.name for step in in_order([Step.of(f) for f in functions])]
    assert names.index("typed") < min(names.index("own"), names.index("pieces"))
    graph = woven(tmp_path, "P1\tT1\t1\ta.maf\t", functions=functions)
    assert {step for step, _ in made(graph)} == set(names)


def test_a_cohort_without_calls_needs_no_alleles(tmp_path: Path) -> None:
    graph = woven(tmp_path, "P1\tT1\t1\t\t", functions=(pieces, own))
    no_calls = "no calls (column vcf or maf of the sample sheet)"
    assert told(graph) == {("own", "cohort", no_calls), ("pieces", "P1", no_calls)}


def test_check_tells_it_as_a_note(tmp_path: Path) -> None:
    woven(tmp_path, "P1\tT1\t1\ta.maf\tA*02:01", "P2\tT2\t1\ta.maf\t", "P3\tT3\t1\t\t")
    (tmp_path / "w.py").write_text(WORKFLOW)
    (tmp_path / "c.yaml").write_text(
        "workflow: w.py\noutput: out\ncohort: {samples: samples.tsv, genome: GRCh38}\n"
    )
    found = [f for f in check_inputs(tmp_path / "c.yaml").findings if "alleles" in f.message]
    assert [(f.severity, f.units, f.message) for f in found] == [("note", ("P2",), LACK)]
    woven(tmp_path, "P2\tT2\t1\ta.maf\t")
    found = [f for f in check_inputs(tmp_path / "c.yaml").findings if "alleles" in f.message]
    assert [(f.severity, f.units, f.message) for f in found] == [("note", (), LACK)]
