"""The list of biopsies on the cohort's page."""

from dataclasses import replace

import pandas as pd

from storiform.report.biopsy_list import biopsy_list
from storiform.report.numbers import MISSING
from storiform.report.page import render
from storiform.report.record import ReportTable


def table(name, **columns):
    frame = pd.DataFrame(columns)
    return ReportTable(name, "", frame, {"tmb": ("rate", "1/Mb")}, len(frame))


TABLES = (
    table(
        "clinic", patient=["P1", "P2"], histology=["liposarcoma", None], response=["PR", "SD"]
    ),
    table("tmb", patient=["P1", "P1"], biopsy=["P1.post", "P1.pre"], tmb=[2.5, 1.25]),
    table("fusion_burden", patient=["P1"], biopsy=["P1.pre"], known_fusions=["A::B;C::D"]),
)


def listed(nothing):
    pages = ("P1.post", "P1.pre", "P2")
    return biopsy_list(replace(nothing, tables=TABLES, biopsy_pages=pages))


def test_each_biopsy_has_a_link_its_patients_facts_and_its_own_values(nothing):
    grid = listed(nothing)
    assert grid is not None
    assert [heading.name for heading in grid.headings] == [
        "biopsy", "histology", "response", "TMB", "known fusions",
    ]  # fmt: skip
    assert grid.headings[3].unit == "1/Mb"
    rows = [[cell.text for cell in row] for row in grid.rows]
    assert rows == [
        ["P1.post", "liposarcoma", "PR", "2.50", MISSING],
        ["P1.pre", "liposarcoma", "PR", "1.25", "A::B, C::D"],
        ["P2", MISSING, "SD", MISSING, MISSING],
    ]
    assert grid.rows[0][0].address == "biopsies/P1.post.html"


def test_without_pages_there_is_no_list(nothing):
    assert biopsy_list(replace(nothing, tables=TABLES)) is None
    assert 'id="biopsies"' not in render(replace(nothing, tables=TABLES))


def test_the_page_links_to_each_biopsy(nothing):
    page = render(replace(nothing, tables=TABLES, biopsy_pages=("P1.post", "P 2")))
    assert '<a href="biopsies/P1.post.html">P1.post</a>' in page
    assert '<a href="biopsies/P%202.html">P 2</a>' in page
