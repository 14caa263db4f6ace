"""Associations without each patient in turn, and within histologies."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from storiform.model.step import Step
from storiform.model.tables.outcomes import SENSITIVITY
from storiform.statistics.association import AssociationParams, associations
from storiform.statistics.sensitivity import SensitivityParams, sensitivity, van_elteren

RESPONDED = AssociationParams(outcomes=("responded",))


def judged(features, clinic, **params) -> pd.DataFrame:
    found = associations(features, clinic, RESPONDED)
    made = sensitivity(features, clinic, found, SensitivityParams(**params))
    return SENSITIVITY.conform(made).set_index("feature")


def test_range_of_p_is_that_of_tests_without_each_patient(invented):
    values = np.random.default_rng(4).normal(size=28) + (np.arange(28) < 9)
    values[5] = np.nan
    clinic = invented.clinic()
    row = judged(invented.feature("x.y", values), clinic).loc["x.y"]
    expected = {}
    for place in range(28):
        left = values.copy()
        left[place] = np.nan
        x, y = left[:9][~np.isnan(left[:9])], left[9:][~np.isnan(left[9:])]
        expected[f"P{place + 1:02d}"] = stats.mannwhitneyu(x, y, method="exact").pvalue
    assert row["p_smallest"] == pytest.approx(min(expected.values()), rel=1e-9)
    assert row["p_largest"] == pytest.approx(max(expected.values()), rel=1e-9)
    assert expected[row["patient"]] == pytest.approx(row["p_largest"], rel=1e-9)


def test_a_feature_that_is_only_that_of_a_histology_vanishes_within_histologies(invented):
    is_asps = np.arange(28) < 9
    histology = np.where(is_asps, "ASPS", "LMS")
    responded = np.where(is_asps, np.arange(28) % 3 != 0, np.arange(28) % 9 == 0)
    clinic = invented.clinic(histology=histology, responded=pd.array(responded, "boolean"))
    values = is_asps * 5.0 + np.random.default_rng(8).permutation(28) / 28.0
    row = judged(invented.feature("x.y", values), clinic).loc["x.y"]
    assert row["p"] < 0.05
    assert row["p_within_histology"] > 0.2
    assert (row["n_within_histology"], row["histologies"]) == (28, 2)


def test_van_elteren_agrees_with_permutations_within_strata():
    rng = np.random.default_rng(31)
    strata = np.repeat([0, 1, 2], [14, 9, 12])
    positive = (rng.uniform(size=35) < 0.4).astype(float)
    values = np.round(rng.normal(size=35) + 0.4 * positive + strata, 1)
    found = van_elteren(values, positive, strata)

    def statistic(labels):
        total = 0.0
        for stratum in range(3):
            inside = strata == stratum
            ranks = stats.rankdata(values[inside])
            n = inside.sum()
            total += ((ranks - (n + 1) / 2)[labels[inside] == 1]).sum() / (n + 1)
        return abs(total)

    observed, reached, draws = statistic(positive), 0, 4000
    for _ in range(draws):
        labels = positive.copy()
        for stratum in range(3):
            inside = strata == stratum
            labels[inside] = rng.permutation(labels[inside])
        reached += statistic(labels) >= observed - 1e-12
    p = reached / draws
    assert 0.01 < p < 0.5
    assert found.p == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / draws) + 0.01)


def test_one_stratum_without_ties_is_the_rank_sum_test_without_correction():
    rng = np.random.default_rng(2)
    values, positive = rng.normal(size=30), (np.arange(30) < 11).astype(float)
    expected = stats.mannwhitneyu(
        values[:11], values[11:], method="asymptotic", use_continuity=False
    )
    found = van_elteren(values, positive, np.zeros(30, dtype=np.int64))
    assert found.p == pytest.approx(expected.pvalue, rel=1e-12)


def test_a_stratum_weighs_by_one_over_its_size_and_one():
    """The z of each stratum alone, joined by the weights of van Elteren."""
    rng = np.random.default_rng(12)
    sizes, groups = (6, 30), (3, 9)
    strata = np.repeat([0, 1], sizes)
    positive = np.concatenate(
        [np.arange(n) < m for n, m in zip(sizes, groups, strict=True)]
    ).astype(float)
    values = rng.normal(size=36) + np.where(strata == 0, 2.0, -0.5) * positive
    above = below = 0.0
    for stratum, (n, m) in enumerate(zip(sizes, groups, strict=True)):
        x = values[(strata == stratum) & (positive == 1)]
        y = values[(strata == stratum) & (positive == 0)]
        u = float((x[:, None] > y[None, :]).sum())
        above += (u - m * (n - m) / 2) / (n + 1)
        below += m * (n - m) * (n + 1) / 12 / (n + 1) ** 2
    expected = 2 * stats.norm.sf(abs(above) / np.sqrt(below))
    assert van_elteren(values, positive, strata).p == pytest.approx(expected, rel=1e-12)


def test_strata_of_one_group_tell_nothing():
    found = van_elteren(
        np.arange(6.0), np.array([1.0, 1, 1, 0, 0, 0]), np.array([0] * 3 + [1] * 3)
    )
    assert np.isnan(found.p)
    assert (found.patients, found.strata) == (0, 0)


def test_categories_and_unstated_histologies_say_why_there_is_no_value(invented):
    clinic = invented.clinic(histology=[""] * 28)
    table = judged(invented.features(), clinic)
    assert (table["note"].str.contains("no histology is stated")).all()
    table = judged(invented.features(), invented.clinic())
    assert "category" in table.loc["immune_classes.sic", "note"]
    assert table["p_largest"].notna().all()


def test_of_many_patients_none_is_left_out_and_the_note_says_so(invented):
    row = judged(invented.features(), invented.clinic(), most_patients=20).iloc[0]
    assert np.isnan(row["p_smallest"])
    assert "too many patients" in row["note"]


def test_step_belongs_to_the_cohort():
    assert Step.of(sensitivity).grain == "cohort"
