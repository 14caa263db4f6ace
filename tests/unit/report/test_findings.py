"""The sentences of the headline: what they claim, and what they admit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from storiform.report.findings import findings
from storiform.report.record import ReportRecord, ReportTable


def record_of(name: str, frame: pd.DataFrame, trial: ReportRecord) -> ReportRecord:
    others = tuple(t for t in trial.tables if t.name not in {"associations", "survival"})
    return replace(trial, tables=(*others, ReportTable(name, "", frame, {}, len(frame))))


def comparisons(trial: ReportRecord) -> pd.DataFrame:
    table = trial.table("associations")
    assert table is not None
    return table.frame


def test_finding_carries_n_effect_p_and_q(trial):
    response = findings(trial)[0]
    assert (
        response.verdict == "1 of 10 features tested goes with response (CR or PR) at q < 0.1."
    )
    expected = (
        "MCP-counter score of B lineage (mcp_counter.b_lineage) was higher in patients with "
        "response (CR or PR): median 6.12 v. 4.20 log2, shift 1.75 (95 % CI 0.400 to 3.10), "
        "n = 47 (10 with the outcome), p < 0.001, q = 0.00780 (Wilcoxon rank-sum, exact)."
    )
    assert response.sentences == (expected,)


def test_nothing_found_is_said_with_the_nearest_feature(trial):
    frame = comparisons(trial).assign(q=0.5)
    (response,) = findings(record_of("associations", frame, trial))
    assert response.verdict == (
        "None of the 10 features tested goes with response (CR or PR) at q < 0.1. "
        "With 10 of 47 patients with the outcome, weaker associations can be missed."
    )
    assert len(response.sentences) == 1
    assert response.sentences[0].startswith("Nearest: MCP-counter score of B lineage")


@pytest.mark.parametrize(("q", "is_found"), [(0.0999, True), (0.1, False)])
def test_q_of_exactly_a_tenth_is_no_finding(trial, q, is_found):
    frame = comparisons(trial).head(1).assign(q=q)
    (response,) = findings(record_of("associations", frame, trial))
    assert response.sentences[0].startswith("Nearest") is not is_found


def test_direction_of_an_odds_ratio_turns_at_one(trial):
    frame = comparisons(trial).head(1).assign(effect_name="odds_ratio", effect=0.4, q=0.01)
    frame = frame.assign(median_positive=0.2, median_negative=0.35)
    (response,) = findings(record_of("associations", frame, trial))
    assert "was less frequent in patients with response" in response.sentences[0]
    assert "20 % v. 35 %, odds ratio 0.400" in response.sentences[0]
    assert "median" not in response.sentences[0]


def test_one_group_only_is_the_reason_why_nothing_was_tested(trial):
    frame = comparisons(trial).assign(p=np.nan, q=np.nan, n_positive=0)
    (response,) = findings(record_of("associations", frame, trial))
    assert response.verdict == (
        "No feature could be tested against response (CR or PR): "
        "all patients with features are in the same group."
    )


def test_more_findings_than_fit_are_counted(trial):
    frame = pd.concat([comparisons(trial).head(1)] * 25, ignore_index=True).assign(q=0.01)
    frame["feature"] = [f"ssgsea.SET_{i}" for i in range(25)]
    (response,) = findings(record_of("associations", frame, trial))
    assert response.verdict.startswith("25 of 25 features tested go with")
    assert len(response.sentences) == 7
    assert response.sentences[-1] == "And 19 more: see the table of all tests."


def test_gene_set_is_named_in_the_sentence(trial):
    scores = ReportTable(
        "ssgsea", "", pd.DataFrame(), {"IFNG": ("score of the gene set of this name", "ES")}, 0
    )
    frame = comparisons(trial).head(1).assign(feature="ssgsea.IFNG", q=0.01)
    record = record_of("associations", frame, trial)
    (response,) = findings(replace(record, tables=(*record.tables, scores)))
    assert response.sentences[0].startswith("Score of the gene set IFNG (ssgsea.IFNG) was")


def test_survival_tells_the_median_of_the_cohort_and_of_each_group(trial):
    pfs = findings(trial)[1]
    assert pfs.verdict == (
        "Median 7.70 months, 95 % CI 4.62 to not reached (49 patients, 40 events); "
        "38 % at 12 months. "
        "1 of 2 features tested goes with progression-free survival at q < 0.1."
    )
    expected = (
        "MCP-counter score of B lineage (mcp_counter.b_lineage), cut at 5.02 log2: "
        "high, median not reached (18 of 24 with an event); "
        "low, median 4.10 months, 95 % CI 2.46 to not reached (18 of 24 with an event); "
        "n = 48, log-rank p < 0.001, q = 0.0200."
    )
    assert pfs.sentences == (expected,)


def test_cohort_without_outcomes_has_no_finding(trial):
    assert findings(record_of("other", pd.DataFrame(), trial)) == ()
