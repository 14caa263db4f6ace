"""What the report says of markers of cells and of gene sets."""

from dataclasses import replace

import pandas as pd

from storiform.report.expression_findings import expression_findings
from storiform.report.page import render
from storiform.report.record import ReportTable


def tables(markers, sets=()):
    columns = ["contrast", "population", "tested", "up", "down", "genes_up", "genes_down"]
    names = ["contrast", "gene_set", "normalised_enrichment", "p", "q"]
    frames = {
        "marker_enrichment": pd.DataFrame(list(markers), columns=columns),
        "gsea": pd.DataFrame(list(sets), columns=names),
    }
    return tuple(ReportTable(name, "", f, {}, len(f)) for name, f in frames.items())


MARKERS = [
    ("responded", "b_lineage", 9, 8, 0, "MS4A1;CD79A;BLK;CD19;CD22;CR2;FCRL2;PAX5", ""),
    ("responded", "t_cells", 10, 0, 0, "", ""),
    ("responded", "fibroblasts", 8, 1, 3, "DCN", "TAGLN;COL1A1;COL3A1"),
    ("responded", "neutrophils", 0, 0, 0, "", ""),
    ("disease_control", "b_lineage", 9, 0, 0, "", ""),
]
SETS = [
    ("responded", "Danaher_B_cells", 2.1, 0.0004, 0.004),
    ("responded", "Angiogenesis_MFP", -1.9, 0.002, 0.04),
    ("responded", "CYT", 1.1, 0.3, 0.6),
]


def test_populations_are_told_by_the_share_of_their_markers(trial):
    found = expression_findings(replace(trial, tables=tables(MARKERS, SETS)))
    assert [one.heading for one in found] == [
        "Gene expression and response", "Gene expression and disease control",
    ]  # fmt: skip
    assert found[0].verdict == (
        "Single markers differ with response (CR or PR) in 2 of 3 cell populations; "
        "2 of 3 gene sets tested gather at an end of all genes at q < 0.1."
    )
    cells, stroma, sets = found[0].sentences
    names = "MS4A1, CD79A, BLK, CD19, CD22, CR2"
    assert cells == f"B lineage (MCP-counter): of 9 markers tested 8 higher ({names})."
    names = "TAGLN, COL1A1, COL3A1"
    told = f"1 higher (DCN) and 3 lower ({names})"
    assert stroma == f"Fibroblasts (MCP-counter): of 8 markers tested {told}."
    assert sets == (
        "Gene sets: Danaher B cells (higher, NES 2.10, q = 0.00400) and "
        "Angiogenesis MFP (lower, NES \N{MINUS SIGN}1.90, q = 0.0400)."
    )


def test_nothing_found_is_said_and_nothing_tested_is_silent(trial):
    found = expression_findings(replace(trial, tables=tables(MARKERS, SETS)))[1]
    assert found.verdict.startswith(
        "Single markers differ with disease control (CR, PR or SD) in"
    )
    assert "0 of 1 cell population; 0 of 0 gene sets tested" in found.verdict
    assert found.sentences == ()
    assert expression_findings(replace(trial, tables=())) == ()


def test_the_report_has_them_among_what_was_found(trial):
    page = render(replace(trial, tables=(*trial.tables, *tables(MARKERS, SETS))))
    start, end = page.index('id="findings"'), page.index('id="cohort"')
    assert start < page.index("Gene expression and response") < end
