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


def test_a_long_value_breaks_in_its_cell_and_covers_no_meaning() -> None:
    genes = [f"IGHA{number}" for number in range(1, 17)]
    frame = pd.DataFrame([{"missing": ";".join(genes), "sum": "1;2", "word": "x" * 40}])
    table = ReportTable("immunoglobulins", "One row.", frame, {}, 1)
    page = render_biopsy(BiopsyRecord("Trial", "0.1.0", "P1", "B1", (table,)))
    assert f'<td class="long">{";<wbr>".join(genes)}</td>' in page
    assert '<td class="short">1;<wbr>2</td>' in page
    assert f'<td class="long">{"x" * 40}</td>' in page
    assert "td.long { min-width: 14rem; overflow-wrap: anywhere; }" in page


def test_names_in_descriptions_have_no_backticks_and_values_keep_theirs() -> None:
    meaning = {"margin": ("below `immune_classes.min_margin`", ""), "word": ("as is", "")}
    frame = pd.DataFrame([{"margin": 1.5, "word": "`a`"}])
    one = ReportTable("one", "Of `tmb`.", frame, meaning, 1)
    two = ReportTable("two", "Of `tmb`.", pd.concat([frame] * 2), meaning, 2)
    page = render_biopsy(BiopsyRecord("Trial", "0.1.0", "P1", "B1", (one, two)))
    assert page.count("below immune_classes.min_margin") == 3
    assert page.count("Of tmb.") == 2
    assert page.count("`a`") == page.count("`") / 2 > 0


def test_a_table_without_rows_is_named() -> None:
    table = ReportTable("spills", "One row per spill.", pd.DataFrame({"spill": []}), {}, 0)
    page = render_biopsy(BiopsyRecord("Trial", "0.1.0", "P1", "B1", (table,)))
    assert "spills" in page
    assert "One row per spill." not in page
