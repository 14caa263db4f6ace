"""The sentences of the headline: what they claim, and what they admit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from storiform.report.findings import findings
from storiform.report.grids import associations_grid, survival_grid
from storiform.report.record import ReportRecord, ReportTable

NONE = "\N{EN DASH}"


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
        "B lineage (MCP-counter): higher with response (CR or PR), median 6.12 v 4.20 log2, "
        "shift 1.75 (95 % CI 0.400 to 3.10), n = 47 (10 with the outcome), p < 0.001, "
        "q = 0.00780 of 10 tested (Wilcoxon rank-sum, exact)."
    )
    assert response.sentences == (expected,)


def test_each_result_states_how_many_tests_its_q_is_one_of(trial):
    few = comparisons(trial).head(2).assign(family="responded/tmb", p=[0.04, 0.02], q=0.04)
    few["feature"] = ["tmb.tmb", "tmb.other"]
    few["median_positive"] = [9.0, 3.0]
    many = comparisons(trial).assign(family="responded/mcp_counter", q=0.5)
    (response,) = findings(record_of("associations", pd.concat([many, few]), trial))
    assert response.verdict == (
        "2 of 12 features tested go with response (CR or PR) at q < 0.1; q is adjusted within "
        "their families of 2 tested, not for all 12."
    )
    assert "p = 0.0200, q = 0.0400 of 2 tested" in response.sentences[0]


def test_tables_of_tests_state_how_many_each_q_is_one_of(trial):
    for shown, expected in (
        (associations_grid(trial), [*["10"] * 10, NONE]),
        (survival_grid(trial), [NONE, *["2"] * 4]),
    ):
        at = [heading.name for heading in shown.headings].index("of tests")
        assert [row[at].text for row in shown.rows] == expected


def test_a_comparison_of_survival_names_its_test(trial):
    table = trial.table("survival")
    assert table is not None
    named = table.frame.assign(test="log-rank, Monte Carlo", note="groups of few")
    record = record_of("survival", named, trial)
    pfs = next(found for found in findings(record) if "Median" in found.verdict)
    assert "n = 48, log-rank, Monte Carlo p < 0.001, q = 0.0200" in pfs.sentences[0]
    shown = survival_grid(record)
    names = [heading.name for heading in shown.headings]
    for row in shown.rows:
        assert row[names.index("test")].text == "log-rank, Monte Carlo"
        assert row[names.index("note")].text == "groups of few"


def test_nothing_found_is_said_with_the_nearest_feature(trial):
    frame = comparisons(trial).assign(q=0.5)
    (response,) = findings(record_of("associations", frame, trial))
    assert response.verdict == (
        "None of the 10 features tested goes with response (CR or PR) at q < 0.1. "
        "With 10 of 47 patients with the outcome, weaker associations can be missed."
    )
    assert len(response.sentences) == 1
    assert response.sentences[0].startswith("Nearest: B lineage (MCP-counter): higher")


@pytest.mark.parametrize(("q", "is_found"), [(0.0999, True), (0.1, False)])
def test_q_of_exactly_a_tenth_is_no_finding(trial, q, is_found):
    frame = comparisons(trial).head(1).assign(q=q)
    (response,) = findings(record_of("associations", frame, trial))
    assert response.sentences[0].startswith("Nearest") is not is_found


@pytest.mark.parametrize(
    ("feature", "kind", "lead"),
    [
        ("gene_mutations.DNAH6", "flag", "DNAH6 mutated in"),
        ("quality.is_low", "flag", "Is low: yes in"),
        (
            "clinic.sex",
            "category",
            "Sex (share and odds of male against female): in",
        ),
    ],
)
def test_flag_is_told_by_how_many_carry_it(trial, feature, kind, lead):
    frame = comparisons(trial).head(1).assign(effect_name="odds_ratio", effect=8.0, q=0.01)
    frame = frame.assign(
        feature=feature, kind=kind, n=49, median_positive=0.4, median_negative=3 / 39,
        note="share and odds of male against female", test="Fisher exact",
    )  # fmt: skip
    (response,) = findings(record_of("associations", frame, trial))
    (sentence,) = response.sentences
    assert sentence == (
        f"{lead} 4 of 10 with response (CR or PR) v 3 of 39 without, odds ratio 8.00 "
        "(95 % CI 0.400 to 3.10), n = 49, p = 0.0500, q = 0.0100 of 1 tested (Fisher exact)."
    )


def test_nothing_found_states_the_range_of_patients_looked_at(trial):
    frame = comparisons(trial).assign(q=0.5)
    frame.loc[0, ["n", "n_positive"]] = [65, 15]
    (response,) = findings(record_of("associations", frame, trial))
    assert response.verdict.endswith(
        "A feature was known in 47 to 65 patients, 10 to 15 of them with the outcome: "
        "weaker associations can be missed."
    )


def burdens(trial: ReportRecord) -> pd.DataFrame:
    frame = pd.concat([comparisons(trial).head(1)] * 3, ignore_index=True)
    names = ["tmb.mutations_coding", "tmb.mutations_nonsynonymous", "tmb.tmb"]
    return frame.assign(feature=names, p=[0.002, 0.001, 0.001], q=[0.02, 0.01, 0.01])


def test_burdens_of_much_the_same_calls_are_one_finding(trial):
    (response,) = findings(record_of("associations", burdens(trial), trial))
    (sentence,) = response.sentences
    assert sentence.startswith("Nonsynonymous calls: lower with response")
    assert sentence.endswith(
        "; of much the same calls: TMB (p = 0.00100, q = 0.0100) and "
        "Coding calls (p = 0.00200, q = 0.0200)."
    )
    assert response.verdict.startswith("3 of 3 features tested go with")


def test_the_headline_leads_the_neoantigen_burdens_whatever_its_p(trial):
    names = [
        f"neoantigen_burden.{name}"
        for name in ("neoantigen_peptides", "neoantigen_burden_strong", "neoantigen_burden")
    ]
    frame = burdens(trial).assign(feature=names, median_positive=12.0, median_negative=4.5)
    frame = frame.assign(p=[0.001, 0.002, 0.03], q=[0.01, 0.02, 0.09])
    (response,) = findings(record_of("associations", frame, trial))
    (sentence,) = response.sentences
    assert sentence.startswith(
        "Neoantigen burden: lower with response (CR or PR), median 12 v 4.50"
    )
    assert sentence.endswith(
        "; of much the same calls: Neoantigen peptides (p = 0.00100, q = 0.0100) and "
        "Neoantigen burden, strong binders (p = 0.00200, q = 0.0200)."
    )


def test_burdens_that_point_apart_are_two_findings(trial):
    frame = burdens(trial).assign(effect=[-0.2, 0.2, -0.2])
    (response,) = findings(record_of("associations", frame, trial))
    assert [sentence.split(":")[0] for sentence in response.sentences] == [
        "Nonsynonymous calls",
        "TMB",
    ]


def test_burdens_are_one_finding_for_survival_too(trial):
    table = trial.table("survival")
    assert table is not None
    rows = table.frame[table.frame["feature"] == "tmb.tmb"].assign(q=0.01)
    both = pd.concat([rows, rows.assign(feature="tmb.mutations_coding", p=0.5)])
    (pfs,) = findings(record_of("survival", both, trial))
    (sentence,) = pfs.sentences
    assert sentence.startswith("TMB, cut at 5.02 1/Mb: high, median 8.00 months")
    assert sentence.endswith("; of much the same calls: Coding calls (p = 0.500, q = 0.0100).")


def test_genes_with_the_same_n_and_p_are_named_beside_the_first(trial):
    frame = pd.concat([comparisons(trial).head(1)] * 4, ignore_index=True)
    frame = frame.assign(effect_name="odds_ratio", effect=[8.0, 8.0, 8.0, 0.1], q=0.01)
    frame["feature"] = [f"gene_mutations.{name}" for name in ("A1", "B1", "C1", "D1")]
    frame[["median_positive", "median_negative"]] = [0.4, 0.1]
    (response,) = findings(record_of("associations", frame, trial))
    assert response.sentences[0].endswith("; with the same n and p: B1 mutated and C1 mutated.")
    assert response.sentences[1].startswith("D1 mutated in")


def test_groups_of_a_gene_are_mutated_and_wild_type(trial):
    table = trial.table("survival")
    assert table is not None
    rows = table.frame[table.frame["feature"] == "tmb.tmb"]
    rows = rows.assign(feature="gene_mutations.CSMD1", group=["false", "true"], cutoff=np.nan)
    (pfs,) = findings(record_of("survival", rows, trial))
    assert pfs.sentences[0].startswith("Nearest: CSMD1: mutated, median 7.00 months")
    assert "; wild type, median 8.00 months" in pfs.sentences[0]


def test_one_group_only_is_the_reason_why_nothing_was_tested(trial):
    frame = comparisons(trial).assign(p=np.nan, q=np.nan, n_positive=0)
    (response,) = findings(record_of("associations", frame, trial))
    assert response.verdict == (
        "No feature could be tested against response (CR or PR): "
        "all patients with features are in the same group."
    )


def test_survival_of_tiny_groups_is_told_with_its_doubt(trial):
    table = trial.table("survival")
    assert table is not None
    told = "groups of fewer than 3 patients are compared: low (1)"
    (pfs,) = findings(record_of("survival", table.frame.assign(note=told), trial))
    assert pfs.sentences[0].endswith(f"q = 0.0200 of 2 tested ({told}).")


def test_more_findings_than_fit_are_counted(trial):
    frame = pd.concat([comparisons(trial).head(1)] * 25, ignore_index=True).assign(q=0.01)
    frame["feature"] = [f"ssgsea.SET_{i}" for i in range(25)]
    frame["p"] = [0.001 * (1 + i) for i in range(25)]
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
    assert response.sentences[0].startswith("IFNG (ssGSEA): lower with")


def test_survival_tells_the_median_of_the_cohort_and_of_each_group(trial):
    pfs = findings(trial)[1]
    assert pfs.verdict == (
        "Median 7.70 months, 95 % CI 4.62 to not reached (49 patients, 40 events); "
        "38 % at 12 months. "
        "1 of 2 features tested goes with progression-free survival at q < 0.1."
    )
    expected = (
        "B lineage (MCP-counter), cut at 5.02 log2: "
        "high, median not reached (18 of 24 with an event); "
        "low, median 4.10 months, 95 % CI 2.46 to not reached (18 of 24 with an event); "
        "n = 48, log-rank p < 0.001, q = 0.0200 of 2 tested."
    )
    assert pfs.sentences == (expected,)


def test_cohort_without_outcomes_has_no_finding(trial):
    assert findings(record_of("other", pd.DataFrame(), trial)) == ()
