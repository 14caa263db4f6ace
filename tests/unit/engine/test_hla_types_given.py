"""Alleles that the sheet gives stand in place of those that a step calls."""

from pathlib import Path

from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import Graph
from storiform.engine.weave import Threads, weave
from storiform.io.sheets import read_cohort
from storiform.model.step import Step
from storiform.model.tables.dna import Calls
from storiform.model.tables.proteins import HLA_TYPES, MHC_ALLELES, HlaTypes, MhcAlleles


def hla_types(calls: Calls) -> HlaTypes:
    """Stand for the step that calls types."""
    return HLA_TYPES.empty() if len(calls) else calls


def alleles(hla_types: HlaTypes) -> MhcAlleles:
    """Ask for the alleles of a biopsy."""
    return MHC_ALLELES.empty() if len(hla_types) else hla_types


def woven(folder: Path, *rows: str) -> Graph:
    header = "patient\tsample\tstatus\ttimepoint\tmaf\thla"
    (folder / "samples.tsv").write_text("\n".join([header, *rows]) + "\n")
    (folder / "a.maf").write_text("a")
    cohort = read_cohort(folder / "samples.tsv", None, "GRCh38").cohort
    steps = (Step.of(hla_types), Step.of(alleles))
    return weave(Threads(steps, cohort, {}, {}, {}, FileIds(None)))


def test_types_of_the_sheet_win_for_all_biopsies_of_their_patient(tmp_path: Path) -> None:
    graph = woven(
        tmp_path,
        "P1\tT1\t1\tpre\ta.maf\tA*02:01;B*07:02",
        "P1\tT2\t1\tweek6\ta.maf\t",
        "P2\tT3\t1\tpre\ta.maf\t",
    )
    called = {node.unit for node in graph.nodes if node.step == "hla_types"}
    given = {
        node.unit for node in graph.nodes if node.origin == "source" and "hla" in str(node)
    }
    asked = {node.unit for node in graph.nodes if node.step == "alleles"}
    assert called == {"P2"}
    assert {"P1.pre", "P1.week6"} <= given
    assert asked == {"P1.pre", "P1.week6", "P2"}
