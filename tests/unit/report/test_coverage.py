"""For how many biopsies or patients a table of the report has rows."""

from dataclasses import replace

import pandas as pd
import pytest

from storiform.report.grids import coverage
from storiform.report.record import ReportTable


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (("patient", "biopsy"), "4 of 51 biopsies"),
        (("feature", "patient"), "3 of 49 patients"),
        ((), "4 of 51 biopsies"),
    ],
)
def test_a_table_that_names_a_biopsy_is_counted_by_its_key(trial, key, said):
    frame = pd.DataFrame(
        {"patient": ["P1", "P1", "P2", "P3"], "biopsy": ["B1", "B2", "B3", "B4"],
         "feature": "pairs.CD20_and_CD31"}
    )  # fmt: skip
    table = ReportTable("paired_features", "", frame, {}, len(frame), key)
    found = coverage(replace(trial, tables=(table,)))
    assert [[cell.text for cell in row] for row in found.rows] == [["paired_features", said]]
