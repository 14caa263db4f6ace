"""What is said beside a finding: one patient's weight, histologies, the hazard ratio."""

from dataclasses import replace

import pandas as pd
import pytest

from storiform.report.findings import findings
from storiform.report.record import ReportTable
from storiform.report.robustness import hazard_ratio, multivariable_sentence

FEATURE = "mcp_counter.b_lineage"


def with_table(record, name, **row):
    frame = pd.DataFrame([row])
    return replace(record, tables=(*record.tables, ReportTable(name, "", frame, {}, 1)))


def looked_at_again(record, **other):
    row = {
        "outcome": "responded", "feature": FEATURE, "n": 47, "p": 0.0001, "p_smallest": 0.0001,
        "p_largest": 0.01, "patient": "P007", "p_within_histology": 0.01,
        "n_within_histology": 30, "histologies": 3, "note": "", **other,
    }  # fmt: skip
    return findings(with_table(record, "sensitivity", **row))[0].sentences[0]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"p_largest": 0.08}, "Without patient P007, p = 0.0800: it rests on one patient."),
        (
            {"p_within_histology": 0.3},
            "(30 patients of 3 histologies with both outcomes): their mix may explain it.",
        ),
        (
            {"p_within_histology": float("nan"), "histologies": 0},
            "it cannot be told apart from histology.",
        ),
    ],
)
def test_a_finding_says_what_it_rests_on(trial, other, said):
    assert looked_at_again(trial, **other).endswith(said)


def test_a_finding_that_holds_has_no_reservation(trial):
    assert looked_at_again(trial).endswith("(Wilcoxon rank-sum, exact).")
    unknown = {"p_within_histology": float("nan"), "note": "no histology is stated"}
    assert looked_at_again(trial, **unknown).endswith("exact).")


def test_survival_has_its_hazard_ratio_and_says_where_it_is_not_proportional(trial):
    row = {
        "outcome": "pfs", "model": FEATURE, "term": FEATURE, "hazard_ratio": 0.5,
        "lower": 0.3, "upper": 0.8, "unit_of_term": "1 sd (1.01 log2)", "p": 0.001, "n": 49,
        "proportionality_p": 0.01,
    }  # fmt: skip
    found = findings(with_table(trial, "hazards", **row))
    sentence = next(one for one in found if one.heading.startswith("Progression")).sentences[0]
    assert "hazard ratio per sd (1.01 log2) 0.500 (95 % CI 0.300 to 0.800)" in sentence
    assert sentence.endswith("(test of proportional hazards, p = 0.0100).")


@pytest.mark.parametrize(
    ("ratio", "lower", "upper", "said"),
    [
        (4.97e-12, 0.0, 0.314, "below 0.001 (95 % CI 0 to 0.314; groups separate)"),
        (8.1e9, 3.2, 1e30, "above 1,000 (95 % CI 3.20 to "),
        (0.0421, 0.001, 0.314, "0.0421 (95 % CI 0.00100 to 0.314; groups separate)"),
    ],
)
def test_hazard_ratio_of_groups_that_separate_says_so_and_prints_no_digits_of_none(
    trial, ratio, lower, upper, said
):
    row = {
        "outcome": "pfs", "model": FEATURE, "term": FEATURE, "hazard_ratio": ratio,
        "lower": lower, "upper": upper, "unit_of_term": "1 sd (113 cells/mm2)", "p": 0.02,
        "n": 9, "proportionality_p": float("nan"),
        "method": "Efron ties, Firth's penalty: groups separate",
    }  # fmt: skip
    told = hazard_ratio(with_table(trial, "hazards", **row), "pfs", FEATURE)
    assert told.startswith(f"hazard ratio per sd (113 cells/mm2) {said}")
    assert told.endswith("; groups separate)")


def test_the_multivariable_model_stands_beside_what_was_found(trial):
    rows = [
        {"model": "multivariable", "outcome": "pfs", "term": "clinic.age_years", "p": 0.4,
         "unit_of_term": "10 years", "hazard_ratio": 1.1, "lower": 0.9, "upper": 1.4},
        {"model": "multivariable", "outcome": "pfs", "term": FEATURE, "p": 0.02,
         "unit_of_term": "1 sd", "hazard_ratio": 0.5, "lower": 0.3, "upper": 0.9},
        {"model": "multivariable", "outcome": "pfs", "term": "clinic.sex:male", "p": 0.9,
         "unit_of_term": "", "hazard_ratio": 1.05, "lower": 0.6, "upper": 1.8},
        {"model": "multivariable", "outcome": "os", "term": FEATURE, "p": 0.001,
         "unit_of_term": "1 sd", "hazard_ratio": 0.1, "lower": 0.05, "upper": 0.2},
    ]  # fmt: skip
    frame = pd.DataFrame(rows).assign(n=47, events=40, reference="female")
    table = ReportTable("hazards", "", frame, {}, len(frame))
    told = multivariable_sentence(replace(trial, tables=(table,)), "pfs")
    assert told.startswith("Multivariable Cox model (n = 47, 40 events): ")
    assert told.index("per sd 0.500 (95 % CI 0.300 to 0.900, p = 0.0200)") < told.index(
        "10 years"
    )
    assert "male v. female, hazard ratio 1.05" in told
    assert "0.100" not in told
    found = findings(replace(trial, tables=(*trial.tables, table)))
    survival = next(one for one in found if one.heading.startswith("Progression"))
    assert survival.sentences[-1] == told
    assert multivariable_sentence(trial, "pfs") == ""


def test_the_multivariable_model_stands_with_its_caveats_and_names_as_the_figures_have_them(
    trial,
):
    few, chosen = "few events: 3.7 per term", "chosen by univariable p < 0.1: 2 of 9 covariates"
    rows = [
        {"term": "clinic.age_years", "p": 0.4, "unit_of_term": "10 years", "note": few},
        {"term": "gene_mutations.TP53", "p": 0.02, "unit_of_term": "yes v. no", "note": few},
        {"term": "clinic.sex:male", "p": 0.9, "unit_of_term": "level v. reference",
         "note": chosen},
    ]  # fmt: skip
    frame = pd.DataFrame(rows).assign(
        model="multivariable", outcome="pfs", n=15, events=11, reference="female",
        hazard_ratio=2.0, lower=1.5, upper=3.0,
    )  # fmt: skip

    def told(table):
        tables = (ReportTable("hazards", "", table, {}, len(table)),)
        return multivariable_sentence(replace(trial, tables=tables), "pfs")

    assert told(frame).startswith(
        f"Multivariable Cox model (n = 15, 11 events; {few}; {chosen}): "
        "TP53 mutated, yes v. no, hazard ratio 2.00 (95 % CI 1.50 to 3.00, p = 0.0200); "
        "Age, hazard ratio per 10 years 2.00 "
    )
    assert "Sex: male v. female, hazard ratio 2.00" in told(frame)
    assert "(n = 15, 11 events):" in told(frame.assign(note=""))
    assert "(n = 15, 11 events):" in told(frame.assign(note=None))
