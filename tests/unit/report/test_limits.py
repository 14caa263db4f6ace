"""What the report says that it cannot tell."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from storiform.report.citations import limits_of
from storiform.report.limits import limits, smallest_auc, smallest_ratio
from storiform.report.page import render
from storiform.report.record import ReportTable, StepRecord


def with_rows(record, name, **columns):
    frame = pd.DataFrame(columns)
    others = tuple(table for table in record.tables if table.name != name)
    table = ReportTable(name, "", frame, {}, len(frame))
    return replace(record, tables=(*others, table))


def texts(record):
    return [limit.text for limit in limits(record)]


@pytest.mark.parametrize(("positive", "negative"), [(14, 32), (60, 60), (25, 250)])
def test_a_feature_of_the_smallest_auc_is_found_four_times_in_five(positive, negative):
    from scipy.stats import mannwhitneyu, norm  # noqa: PLC0415  slow to import

    shift = norm.ppf(smallest_auc(positive, negative)) * np.sqrt(2)
    rng = np.random.default_rng(90)
    found = mannwhitneyu(
        rng.normal(shift, 1, (2000, positive)), rng.normal(0, 1, (2000, negative)), axis=1
    )
    assert np.mean(found.pvalue < 0.05) == pytest.approx(0.8, abs=0.06)


def test_the_smallest_hazard_ratio_is_that_of_published_tables():
    """Schoenfeld's formula: 66 events show a ratio of 2, 191 one of 1.5."""
    assert smallest_ratio(66) == pytest.approx(2.0, abs=0.01)
    assert smallest_ratio(191) == pytest.approx(1.5, abs=0.005)


def test_limits_of_a_cohort_come_from_its_numbers(nothing):
    record = with_rows(
        nothing, "associations",
        outcome=["responded", "responded"], n=[20, 46], n_positive=[5, 14],
    )  # fmt: skip
    record = with_rows(
        record, "survival", outcome=["pfs", "pfs"], feature=["all", "x"], events=[40, 3]
    )
    record = with_rows(record, "immune_classes", is_ambiguous=[True, False, None, False])
    response, survival, classes = texts(record)
    assert response.startswith("Response (CR or PR): 14 patients with and 32 without it")
    assert "AUC is 0.759 or more (or 0.241 or less)" in response
    assert "40 events" in survival
    assert "hazard ratio is 2.43 or more (or 0.412 or less)" in survival
    assert classes.startswith("In 1 of 3 biopsies two Sarcoma Immune Classes")


def test_a_cohort_too_small_for_any_feature_says_so(nothing):
    record = with_rows(nothing, "associations", outcome=["responded"], n=[4], n_positive=[1])
    assert texts(record)[0].endswith("too few for any feature to be found reliably.")
    record = with_rows(nothing, "survival", outcome=["os"], feature=["all"], events=[0])
    assert texts(record) == [
        "Overall survival: 0 events: nothing can be said of what goes with it."
    ]


def test_doubtful_hazards_are_counted_beside_what_chance_gives(nothing):
    chances = [0.01, 0.04, 0.2, None, *[0.5] * 37]
    record = with_rows(nothing, "hazards", proportionality_p=chances)
    (told,) = texts(record)
    assert told.startswith("Of 40 terms in Cox models 2 have hazards")
    assert "by chance about 2 would" in told


def test_a_step_that_ran_tells_its_limits(nothing):
    known = StepRecord("scores", "Score.", "x.y", 1, {}, limits="Of `a` alone.", done=1)
    idle = replace(known, name="idle", done=0)
    record = replace(nothing, steps=(known, idle))
    assert [(one.step, one.text) for one in limits(record)] == [("scores", "Of a alone.")]
    page = render(record)
    assert 'href="#limits"' in page
    assert "<strong>scores</strong>: Of a alone." in page
    assert 'href="#limits"' not in render(nothing)


def test_limits_stand_in_the_docstrings_of_steps():
    doc = (
        "Do.\n\n    Warnings\n    --------\n    One.\n\n    References\n    ----------\n    A."
    )
    assert limits_of(doc) == "One."
    assert limits_of("Do it.\n\nReferences\n----------\nA.") == ""
    assert limits_of(None) == ""
