"""The page of one biopsy, as the renderer writes it."""

import pandas as pd

from storiform.report.biopsy_page import render_biopsy
from storiform.report.record import BiopsyRecord, ReportTable


def test_every_column_of_a_table_with_one_row_is_shown() -> None:
    names = [f"gene{number:02d}_amplified" for number in range(70)]
    frame = pd.DataFrame([dict.fromkeys(names, True)])
    table = ReportTable("states", "One row.", frame, {names[-1]: ("the last", "")}, 1)
    page = render_biopsy(BiopsyRecord("Trial", "0.1.0", "P1", "B1", (table,)))
    assert [name for name in names if name not in page] == []
    assert "the last" in page


def test_a_list_without_a_blank_may_break_after_each_of_its_items() -> None:
    genes = [f"IGHA{number}" for number in range(1, 30)]
    frame = pd.DataFrame({"genes": [";".join(genes)] * 2, "place": ["a&b;<c>", "one; two"]})
    table = ReportTable("clones", "One row per clone.", frame, {}, 2)
    page = render_biopsy(BiopsyRecord("Trial", "0.1.0", "P1", "B1", (table,)))
    assert page.count(";<wbr>".join(genes)) == 2
    assert "a&amp;b;<wbr>&lt;c&gt;" in page
    assert "one; two" in page
    assert "td.text { min-width: 26rem; max-width: 34rem; overflow-wrap: anywhere; }" in page


def test_a_table_without_rows_is_named() -> None:
    table = ReportTable("spills", "One row per spill.", pd.DataFrame({"spill": []}), {}, 0)
    page = render_biopsy(BiopsyRecord("Trial", "0.1.0", "P1", "B1", (table,)))
    assert "spills" in page
    assert "One row per spill." not in page
