"""The warnings that the page of a biopsy shows beside its first values."""

import pandas as pd

from storiform.report.biopsy_page import render_biopsy
from storiform.report.doubts import doubts
from storiform.report.record import BiopsyRecord, Problem, ReportTable

FRAME = pd.DataFrame({"tmb": [0.0], "tmb_lower": [0.0], "tmb_upper": [0.111]})
TMB = ReportTable("tmb", "Burden.", FRAME, {}, 1)
GERMLINE = "94 of 99 calls are set aside as germline & more"


def record(*problems):
    return BiopsyRecord("Trial", "0.1.0", "P1", "B1", (TMB,), problems=problems)


def test_a_burden_of_zero_has_the_warnings_of_its_calls_beside_it():
    page = render_biopsy(record(Problem("B1", "variants", "warning", GERMLINE)))
    place = page.index("<strong>variants:</strong> 94 of 99 calls are set aside as germline")
    assert page.index("mutations per Mb (TMB)") < place < page.index('id="figures"')
    assert "germline &amp; more" in page
    assert '<a href="#doubts">' in page
    assert 'id="missing"' not in page, "a warning is nothing missing"


def test_one_message_stands_once_with_its_steps_and_whose_they_are():
    told = [
        Problem("B1", "variants", "warning", "odd"),
        Problem("P1", "clinic", "warning", "odd"),
        Problem("N1", "depth", "warning", "odd"),
        Problem("N2", "depth", "warning", "odd"),
        Problem("cohort", "proteins", "warning", "another build"),
        Problem("B1", "tmb", "failed", "no file"),
    ]
    assert doubts(record(*told)) == (
        ("variants, clinic, depth of N1, depth of N2", "odd"),
        ("proteins of the cohort", "another build"),
    )


def test_a_page_without_warnings_has_no_box_for_them():
    assert "doubts" not in render_biopsy(record(Problem("B1", "tmb", "left_out", "no calls")))
