"""Differential expression compares the right biopsies and says what it leaves out."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.engine.gather import gather_features
from storiform.model.errors import DataWarning, InputError
from storiform.model.step import Step
from storiform.model.tables.differential import DIFFERENTIAL_EXPRESSION
from storiform.model.tables.measurements import MEASUREMENTS
from storiform.statistics.differential import (
    DifferentialParams,
    differential_expression,
    is_degenerate,
)

PLACE = Path(__file__).with_name("compared_counts.py")
SPECIFICATION = importlib.util.spec_from_file_location("compared_counts", PLACE)
INVENTED = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(INVENTED)
RESPONDED = DifferentialParams(outcomes=("responded",))


def compare(counts, features, clinic, params=RESPONDED):
    table = differential_expression(counts, features, clinic, params)
    return DIFFERENTIAL_EXPRESSION.conform(table)


@pytest.fixture(scope="module")
def cohort():
    return INVENTED.cohort()


@pytest.fixture(scope="module")
def compared(cohort):
    return compare(*cohort)


def test_step_reads_counts_features_and_clinic():
    step = Step.of(differential_expression)
    names = [argument.name for argument in step.arguments]
    assert names == ["counts", "features", "clinic", "params", "members"]
    assert step.section == "differential"
    assert step.products[0].name == "differential_expression"


def test_planted_changes_are_found_and_few_others(compared):
    planted = compared["gene"] < "G0060"
    found = compared["is_significant"]
    assert found[planted & (compared["base_mean"] > 20)].mean() > 0.8
    assert found[~planted].mean() < 0.05
    assert (compared.loc[found & planted, "log2_fold_change"] > 0).all()
    assert set(compared["n_positive"]) == {6}
    assert set(compared["n_negative"]) == {6}
    assert set(compared["alpha"]) == {0.05}


def test_order_of_genes_and_biopsies_changes_nothing(cohort, compared):
    counts, features, clinic = cohort
    shuffled = counts.sample(frac=1.0, random_state=3)
    again = compare(shuffled, features, clinic.iloc[::-1])
    for name in ("p", "log2_fold_change", "shrunken_log2_fold_change", "q"):
        np.testing.assert_allclose(again[name], compared[name], rtol=1e-6, atol=1e-9)


def test_shrinkage_draws_weak_genes_more_than_strong_ones(compared):
    tested = compared[compared["p"].notna()]
    change, shrunken = tested["log2_fold_change"], tested["shrunken_log2_fold_change"]
    assert (shrunken.abs() <= change.abs() + 1e-3).mean() > 0.99
    is_planted = tested["gene"] < "G0060"
    strong = is_planted & (tested["base_mean"] > 100)
    np.testing.assert_allclose(shrunken[strong], change[strong], atol=0.25)
    assert shrunken[~is_planted].abs().median() < 0.8 * change[~is_planted].abs().median()


def test_only_the_biopsy_that_speaks_is_compared(cohort, compared):
    counts, features, clinic = cohort
    later = counts.assign(biopsy=counts["patient"] + "-L", count=7.0)
    again = compare(pd.concat([counts, later]), features, clinic)
    pd.testing.assert_frame_equal(again, compared)


def test_patient_without_baseline_counts_is_told(cohort):
    counts, features, clinic = cohort
    with pytest.warns(DataWarning, match="1 patients have counts of no baseline biopsy: P03"):
        table = compare(counts, features[features["patient"] != "P03"], clinic)
    assert set(table["n_positive"]) == {5}


def test_a_measurement_of_a_patient_makes_no_later_biopsy_a_baseline(cohort, compared):
    """A patient's one biopsy, taken on treatment, is named as the patient is."""
    counts, features, clinic = cohort
    late = counts[counts["patient"] == "P03"].assign(patient="P99", biopsy="P99", count=7.0)
    row = {
        "feature": "CD20",
        "value": 1.0,
        "label": "",
        "kind": "number",
        "unit_of_measure": "",
    }
    stain = pd.DataFrame([row])
    parts = [(MEASUREMENTS, {"patient": name}, stain) for name in ("P99", "P03")]
    known = pd.concat([features, gather_features(parts)])
    theirs = clinic[clinic["patient"] == "P03"].assign(patient="P99")
    with pytest.warns(DataWarning, match="1 patients have counts of no baseline biopsy: P99"):
        again = compare(pd.concat([counts, late]), known, pd.concat([clinic, theirs]))
    pd.testing.assert_frame_equal(again, compared)


def test_patients_of_other_populations_are_left_out_in_silence(cohort):
    counts, features, clinic = cohort
    kept = [name for name in clinic["patient"] if name not in {"P02", "P09"}]
    members = pd.DataFrame({"population": "efficacy", "patient": kept})
    table = differential_expression(counts, features, clinic, RESPONDED, members)
    of_kept = [frame[frame["patient"].isin(kept)] for frame in (counts, features, clinic)]
    assert set(table.pop("population")) == {"efficacy"}
    expected = differential_expression(*of_kept, RESPONDED)
    assert set(expected.pop("population")) == {"all"}
    pd.testing.assert_frame_equal(table, expected)


def test_patient_without_outcome_is_left_out(cohort):
    counts, features, clinic = cohort
    clinic = clinic.copy()
    clinic.loc[0, "responded"] = pd.NA
    assert set(compare(counts, features, clinic)["n_positive"]) == {5}


def test_group_of_one_makes_no_row_and_a_warning(cohort):
    counts, features, clinic = cohort
    clinic = clinic.assign(responded=pd.array([True] + [False] * 11, dtype="boolean"))
    with pytest.warns(DataWarning, match="1 biopsies with and 11 without the outcome"):
        table = compare(counts, features, clinic)
    assert table.empty


def test_empty_cohort_makes_no_row(cohort):
    counts, features, clinic = (frame.iloc[:0] for frame in cohort)
    with pytest.warns(DataWarning, match="0 biopsies with and 0 without"):
        table = compare(counts, features, clinic)
    assert table.empty


def test_two_against_two_are_compared():
    table = compare(*INVENTED.cohort(n=4, genes=200))
    assert table["p"].notna().mean() > 0.9
    assert set(table["n_negative"]) == {2}


def test_estimated_counts_are_rounded_and_it_is_said(cohort, compared):
    counts, features, clinic = cohort
    with pytest.warns(DataWarning, match="counts of 12 biopsies are estimates: rounded"):
        table = compare(counts.assign(count=counts["count"] + 0.25), features, clinic)
    pd.testing.assert_frame_equal(table, compared)


def test_negative_count_is_refused(cohort):
    counts, features, clinic = cohort
    with pytest.raises(InputError, match="a count below 0"):
        compare(counts.assign(count=-1.0), features, clinic)


def test_gene_that_a_biopsy_lacks_is_left_out_and_told(cohort):
    counts, features, clinic = cohort
    with pytest.warns(DataWarning, match="1 of 600 genes are not in all biopsies"):
        table = compare(counts.iloc[1:], features, clinic)
    assert "G0000" not in set(table["gene"])


def test_biopsies_without_a_gene_in_common_are_refused(cohort):
    counts, features, clinic = cohort
    own = counts.assign(gene=counts["gene"] + counts["biopsy"])
    with pytest.raises(InputError, match="genes that all biopsies share"):
        compare(own, features, clinic)


def test_biopsy_without_fragments_is_left_out(cohort):
    counts, features, clinic = cohort
    silent = counts.assign(count=counts["count"].where(counts["patient"] != "P00", 0.0))
    with pytest.warns(DataWarning, match="no fragment is counted in 1 biopsies"):
        table = compare(silent, features, clinic)
    assert set(table["n_positive"]) == {5}


def test_weak_gene_keeps_its_row_and_says_why(cohort):
    counts, features, clinic = cohort
    weak = counts["gene"] == "G0100"
    few = counts.assign(count=counts["count"].where(~weak, counts["patient"].isin(["P01"])))
    table = compare(few, features, clinic).set_index("gene")
    assert table.loc["G0100", "note"] == "fewer than 10 fragments"
    assert np.isnan(table.loc["G0100", "p"])
    none = counts.assign(count=counts["count"].where(~weak, 0.0))
    assert "G0100" not in set(compare(none, features, clinic)["gene"])


def test_outlying_count_is_named_where_too_few_are_alike(cohort):
    counts, features, clinic = cohort
    odd = (counts["gene"] == "G0300") & (counts["patient"] == "P02")
    spiked = counts.assign(count=counts["count"].where(~odd, 5e5))
    row = compare(spiked, features, clinic).set_index("gene").loc["G0300"]
    assert row["note"] == "a count is an outlier by Cook's distance"
    assert np.isnan(row["p"])


def test_outlying_count_is_replaced_from_seven_alike_on():
    counts, features, clinic = INVENTED.cohort(n=14, genes=300)
    odd = (counts["gene"] == "G0200") & (counts["patient"] == "P02")
    usual = compare(counts, features, clinic).set_index("gene").loc["G0200"]
    spiked = counts.assign(count=counts["count"].where(~odd, 5e5))
    row = compare(spiked, features, clinic).set_index("gene").loc["G0200"]
    assert abs(row["log2_fold_change"] - usual["log2_fold_change"]) < 0.7
    assert row["p"] > 1e-3


@pytest.mark.parametrize(
    ("changes", "covariate", "message"),
    [
        ({}, "arm", "not adjusted for arm, which is the same in all"),
        ({"sex": None}, "sex", "not adjusted for sex, which no patient states"),
        ({"sex": ["f"] * 6 + ["m"] * 6}, "sex", "cannot be told from the outcome"),
        (
            {"histology": [f"H{n}" for n in range(12)]},
            "histology",
            "has too many values for 12",
        ),
        ({"age_years": 50.0}, "age_years", "not adjusted for age_years, which is the same"),
    ],
)
def test_covariate_that_tells_nothing_is_dropped_with_a_warning(changes, covariate, message):
    counts, features, clinic = INVENTED.cohort(genes=100, **changes)
    params = DifferentialParams(outcomes=("responded",), covariates=(covariate,))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        table = compare(counts, features, clinic, params)
    assert any(message in str(warning.message) for warning in caught)
    assert set(table["adjusted_for"]) == {""}


def test_covariates_are_adjusted_for_and_named(cohort, compared):
    counts, features, clinic = cohort
    params = DifferentialParams(outcomes=("responded",), covariates=("sex", "age_years"))
    table = compare(counts, features, clinic, params)
    assert set(table["adjusted_for"]) == {"sex;age_years"}
    assert not np.allclose(table["log2_fold_change"], compared["log2_fold_change"])


def test_planted_confounder_is_taken_out():
    counts, features, clinic = INVENTED.cohort(n=16, genes=300)
    arm = np.where(np.isin(np.arange(16), [7, 9, 10, 11, 12, 13, 14, 15]), "B", "A")
    clinic = clinic.assign(arm=arm)
    is_b = counts["patient"].map(dict(zip(clinic["patient"], arm == "B", strict=True)))
    moved = counts.assign(
        count=np.where(
            is_b & (counts["gene"] >= "G0250"), 8.0 * counts["count"], counts["count"]
        )
    )
    params = DifferentialParams(outcomes=("responded",), covariates=("arm",))
    confounded = compare(moved, features, clinic).set_index("gene").loc["G0250":]
    adjusted = compare(moved, features, clinic, params).set_index("gene").loc["G0250":]
    assert confounded["is_significant"].mean() > 0.3
    assert adjusted["is_significant"].mean() < 0.1


def test_patient_without_a_covariate_is_left_out_and_told():
    counts, features, clinic = INVENTED.cohort(genes=100)
    clinic.loc[2, "sex"] = None
    params = DifferentialParams(outcomes=("responded",), covariates=("sex",))
    with pytest.warns(DataWarning, match="responded: 1 patients without sex are left out"):
        table = compare(counts, features, clinic, params)
    assert set(table["n_positive"]) == {5}


def test_both_outcomes_have_their_rows(cohort):
    table = compare(*cohort, DifferentialParams())
    assert set(table["contrast"]) == {"responded", "disease_control"}


def test_degenerate_gene_is_one_held_by_few_biopsies_of_one_group():
    counts = np.full((4, 16), 20.0)
    positive = np.arange(16) < 8
    counts[1] = 0.0
    counts[1, :2] = 300.0  # two of eight hold all
    counts[2] = 0.0
    counts[2, :8] = 75.0  # all eight hold it: a change without a flag
    counts[3] = 0.0
    counts[3, [0, 15]] = 300.0  # one in each group
    flags = is_degenerate(counts, positive, DifferentialParams())
    assert flags.tolist() == [False, True, False, False]


def test_gene_whose_only_count_of_a_group_the_model_replaces_is_degenerate():
    counts, features, clinic = INVENTED.cohort(n=40, genes=300)
    held = {"P00": 36.0, "P20": 55_635.0, "P21": 3_753.0, "P22": 570.0}
    odd = counts["gene"] == "G0200"
    told = counts["patient"].map(held).fillna(0.0)
    table = compare(counts.assign(count=counts["count"].where(~odd, told)), features, clinic)
    row = table.set_index("gene").loc["G0200"]
    # as given, the positive group has far more than none
    assert row["log2_fold_change"] < -20
    assert row["is_degenerate"]
    assert table["is_degenerate"].sum() == 1
    one = np.array([[*([36.0] + [0.0] * 19), 55_635.0, 3_753.0, 570.0, *[0.0] * 17]])
    raw = np.vstack([np.full((20, 40), 50.0), one])
    positive = np.arange(40) < 20
    assert not is_degenerate(raw, positive, DifferentialParams()).any()
    replaced = raw.copy()
    replaced[-1, 0] = 0.0
    flags = is_degenerate(raw, positive, DifferentialParams(), replaced)
    assert flags.tolist() == [False] * 20 + [True]


def held_by(few: int, group: int, other: float = 0.0) -> bool:
    """Tell whether a gene is degenerate that so many of a group hold, and others little of."""
    counts = np.full((51, 2 * group), 20.0)  # fifty even genes: all sizes are 1
    counts[0, :group], counts[0, group:] = 0.0, other
    counts[0, :few] = 300.0
    positive = np.arange(2 * group) < group
    return bool(is_degenerate(counts, positive, DifferentialParams())[0])


@pytest.mark.parametrize(("group", "most"), [(3, 1), (5, 1), (6, 2), (8, 2), (9, 3), (30, 3)])
def test_few_are_three_biopsies_or_a_third_of_the_group(group, most):
    # each of them holds as much, so one more than few holds less than 80 % in `few` of them
    assert held_by(most, group)
    assert not held_by(most + 1, group)


@pytest.mark.parametrize(
    ("other", "flag"), [(0.0, True), (0.09, True), (0.11, False), (0.5, False)]
)
def test_a_gene_that_the_other_group_has_a_little_of_is_not_degenerate(other, flag):
    assert held_by(2, 8, other) is flag


def test_flag_does_not_look_at_the_sides():
    generator = np.random.default_rng(5)
    counts = generator.negative_binomial(0.05, 0.002, (300, 20)).astype(float)
    counts[0] = 50.0
    positive = np.arange(20) < 7
    flags = is_degenerate(counts, positive, DifferentialParams())
    np.testing.assert_array_equal(is_degenerate(counts, ~positive, DifferentialParams()), flags)
    assert 0 < flags.sum() < 300


def test_flag_looks_at_fragments_of_a_library_of_the_usual_size():
    counts = np.full((60, 16), 20.0)
    positive = np.arange(16) < 8
    counts[:, :2] *= 100.0  # libraries a hundred times as deep
    counts[0] = 0.0
    counts[0, :8] = [300.0, 300.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]  # 3 in each, and so no change
    counts[1] = 0.0
    counts[1, :2] = 30_000.0
    flags = is_degenerate(counts, positive, DifferentialParams())
    assert flags[:3].tolist() == [False, True, False]
