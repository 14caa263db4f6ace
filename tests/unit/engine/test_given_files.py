"""Whose files of copy number a table is made of: each sample's own, or its biopsy's."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from storiform.engine.check import check_inputs
from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import Graph
from storiform.engine.weave import Threads, weave
from storiform.io.sheets import read_cohort
from storiform.model.errors import SheetError
from storiform.model.step import Step, needs_one_of
from storiform.model.tables.copies import (
    LOG_RATIOS,
    GivenCoverage,
    GivenFit,
    GivenRatios,
    GivenSegments,
    GivenSnps,
    LogRatios,
)


def ratios(
    coverage: GivenCoverage | None,
    snps: GivenSnps | None,
    ratios: GivenRatios | None,
    segments: GivenSegments | None,
    fit: GivenFit | None,
) -> LogRatios:
    """Ask for every table of copy number that files give."""
    known = [table for table in (coverage, snps, ratios, segments, fit) if table is not None]
    return LOG_RATIOS.empty() if known else pd.DataFrame()


@needs_one_of("ratios", "segments")
def choosy(
    ratios: GivenRatios | None, segments: GivenSegments | None, fit: GivenFit | None
) -> LogRatios:
    """Ask for ratios or segments; a fit only helps."""
    known = [table for table in (ratios, segments, fit) if table is not None]
    return LOG_RATIOS.empty() if known else pd.DataFrame()


def woven(folder: Path, *rows: str, function: Callable[..., pd.DataFrame] = ratios) -> Graph:
    for name in ("t.cnn", "t.off.cnn", "n.cnn", "r.cnn", "s.csv", "r.cnr", "s.seg", "f.txt"):
        (folder / name).write_text(name)
    header = (
        "patient,sample,status,coverage,off_target_coverage,snps,ratios,segments,purity_fit"
    )
    sheet = folder / "samples.csv"
    sheet.write_text("\n".join([header, *rows]) + "\n")
    cohort = read_cohort(sheet, None, "GRCh38").cohort
    return weave(Threads((Step.of(function),), cohort, {}, {}, {}, FileIds(None)))


def files(graph: Graph, table: str) -> dict[str, list[str]]:
    nodes = [node for node in graph.nodes if node.origin == "source"]
    return {
        node.unit: sorted(Path(path).name for path in node.payload["files"].values())
        for node in nodes
        if node.payload["table"] == table
    }


def test_each_exome_has_its_own_coverage_and_a_biopsy_its_own_files(tmp_path) -> None:
    graph = woven(
        tmp_path, "P1,T1,1,t.cnn,t.off.cnn,s.csv,r.cnr,s.seg,f.txt", "P1,N1,0,n.cnn,,,,,",
        "P1,R1,2,r.cnn,,,,,",
    )  # fmt: skip
    assert files(graph, "given_coverage") == {"T1": ["t.cnn", "t.off.cnn"], "N1": ["n.cnn"]}
    assert files(graph, "given_snps") == {"P1": ["s.csv"]}
    assert files(graph, "given_ratios") == {"P1": ["r.cnr"]}
    assert files(graph, "given_segments") == {"P1": ["s.seg"]}
    assert files(graph, "given_fit") == {"P1": ["f.txt"]}
    step = next(node for node in graph.nodes if node.step == "ratios")
    assert sorted(feed.node.unit for feed in step.reads["coverage"]) == ["N1", "T1"]


def test_a_normal_s_row_does_not_lend_its_coverage_to_the_tumour(tmp_path) -> None:
    graph = woven(tmp_path, "P1,T1,1,,,s.csv,,,", "P1,N1,0,n.cnn,,,,,")
    assert files(graph, "given_coverage") == {"N1": ["n.cnn"]}
    assert files(graph, "given_snps") == {"P1": ["s.csv"]}


def test_what_only_helps_is_no_reason_to_run(tmp_path) -> None:
    rows = {"P1": ",,,,,f.txt", "P2": ",,,r.cnr,,f.txt", "P3": ",,,,s.seg,", "P4": ",,,,,"}
    sheet = [f"{patient},{patient}T,1,{cells}" for patient, cells in rows.items()]
    graph = woven(tmp_path, *sheet, function=choosy)
    assert [n.unit for n in graph.nodes if n.step == "choosy"] == ["P2", "P3"]
    reason = (
        "none of given_ratios (column ratios of the sample sheet), given_segments (column "
        "segments of the sample sheet)"
    )
    left_out = [(left.unit, left.reason) for left in graph.left_out]
    assert left_out == [("P1", reason), ("P4", reason)]


def test_resources_of_another_build_are_found_before_a_run(tmp_path) -> None:
    (tmp_path / "samples.csv").write_text("patient,sample,status\nP1,T1,1\n")
    header = "contig\tstart\tend\tis_target\tgc\tlog2\tspread"
    panel = f"{header}\nchr1\t249000000\t249000200\tTrue\t\t0\t1\n"
    (tmp_path / "panel.tsv").write_text(panel)
    text = (
        "workflow: panel\noutput: out\ncohort:\n  samples: samples.csv\n  genome: {}\n"
        "resources:\n  panel_of_normals: panel.tsv\n"
    )
    told = {}
    for build in ("GRCh37", "GRCh38"):
        (tmp_path / "c.yaml").write_text(text.format(build))
        found = check_inputs(tmp_path / "c.yaml").findings
        told[build] = [f.message for f in found if "panel.tsv" in f.message]
    assert told["GRCh37"] == []
    assert len(told["GRCh38"]) == 1
    assert "expected positions up to 248956422 on GRCh38" in told["GRCh38"][0]


def test_one_coverage_for_tumour_and_normal_is_a_fault_of_the_sheet(tmp_path) -> None:
    for row in ("P1,N1,0,t.cnn,,,,,", "P1,N1,0,n.cnn,t.off.cnn,,,,"):
        with pytest.raises(SheetError, match="the file of the tumour exome T1"):
            woven(tmp_path, "P1,T1,1,t.cnn,t.off.cnn,,,,", row)
