"""The number of tests behind the results."""

from dataclasses import replace

import pandas as pd

from storiform.model.tables.outcomes import NUMBER_OF_TESTS
from storiform.report.page import render
from storiform.report.record import ReportTable
from storiform.report.tested import counted_tests


def counted(table, outcome, family, tested):
    return {
        "table": table, "outcome": outcome, "family": family, "features": tested + 1,
        "population": "efficacy",
        "tested": tested, "untested": 1, "p_below_05": 2, "expected_below_05": tested / 20,
        "q_below_10": 1,
    }  # fmt: skip


def test_families_are_added_up_and_the_last_row_has_all(trial):
    frame = pd.DataFrame([
        counted("survival", "pfs", "pfs/tmb", 40), counted("correlations", "", "all", 60),
        counted("associations", "responded", "a", 100),
        counted("associations", "responded", "b", 20),
    ])  # fmt: skip
    table = ReportTable("number_of_tests", "", NUMBER_OF_TESTS.conform(frame), {}, 4)
    record = replace(trial, tables=(*trial.tables, table))
    rows = [[cell.text for cell in row] for row in counted_tests(record).rows]
    assert rows[0] == [
        "features and response", "Response", "efficacy", "2", "120", "2", "4", "6.00", "2",
    ]  # fmt: skip
    assert [row[0] for row in rows[1:]] == [
        "features and survival curves", "pairs of numbers", "all",
    ]  # fmt: skip
    assert rows[-1][2:5] == ["", "4", "220"]
    page = render(record)
    assert page.index('id="findings"') < page.index('id="tested"') < page.index('id="cohort"')
    assert counted_tests(trial) is None
