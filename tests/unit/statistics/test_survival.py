"""Survival of all and by feature: groups, cut-offs, and outcomes that are absent."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.outcomes import SURVIVAL, SURVIVAL_CURVES
from storiform.statistics.kaplan_meier import (
    kaplan_meier,
    log_rank,
    median,
    quantile,
    survival_at,
)
from storiform.statistics.permuted_log_rank import NullChoice, compare_survival
from storiform.statistics.survival import SurvivalParams, survival


def estimated(features, clinic, **params) -> pd.DataFrame:
    tables = survival(features, clinic, SurvivalParams(**params))
    SURVIVAL_CURVES.conform(tables.curves)
    table = SURVIVAL.conform(tables.survival)
    return table.set_index(["outcome", "feature", "group"]).sort_index()


def test_step_makes_two_tables_of_the_cohort():
    step = Step.of(survival)
    assert step.products == (SURVIVAL, SURVIVAL_CURVES)
    assert (step.section, step.grain) == ("survival", "cohort")


def test_high_is_at_or_above_the_median_of_the_evaluable(invented):
    clinic = invented.clinic()
    clinic.loc[27, "pfs_months"] = np.nan
    values = np.arange(28.0)
    table = estimated(invented.feature("x.y", values), clinic)
    rows = table.loc["pfs", "x.y"]
    assert rows["cutoff"].tolist() == [13.0, 13.0]
    assert rows["divided_by"].tolist() == ["median", "median"]
    assert rows.loc["high", "n"] == 14
    assert rows.loc["low", "n"] == 13
    assert (rows["n_missing"] == 1).all()


def test_p_is_that_of_the_log_rank_test_of_the_groups(invented):
    clinic = invented.clinic()
    table = estimated(invented.features(), clinic)
    group = (np.arange(28) % 4 == 0).astype(np.int64)
    months = clinic["os_months"].to_numpy()
    events = clinic["os_event"].to_numpy(dtype=bool)
    expected = compare_survival(months, events, group)
    rows = table.loc["os", "hla_loh.is_lost"]
    assert (rows["p"] == expected.p).all()
    assert (rows["chi2_p"] == log_rank(months, events, group).p).all()
    assert (rows["assignments"] == expected.assignments).all()
    assert (rows["test"] == "log-rank, Monte Carlo").all()
    assert rows.loc["true", "n"] == 7
    weighted = estimated(invented.features(), clinic, rho=1.0).loc["os", "hla_loh.is_lost"]
    assert (weighted["p"] == compare_survival(months, events, group, 1.0).p).all()
    assert weighted.loc["true", "test"] == "Fleming-Harrington rho 1, Monte Carlo"


def test_p_is_of_the_distribution_and_the_permutations_that_are_asked_for(invented):
    clinic = invented.clinic()
    group = (np.arange(28) % 4 == 0).astype(np.int64)
    months, events = clinic["os_months"].to_numpy(), clinic["os_event"].to_numpy(dtype=bool)
    for params in ({"chi_squared_from": 0.0}, {"permutations": 1234, "seed": 9}):
        found = estimated(invented.features(), clinic, **params).loc["os", "hla_loh.is_lost"]
        expected = compare_survival(months, events, group, choice=NullChoice(**params))
        assert (found["p"] == expected.p).all()
        assert (found["test"] == f"log-rank, {expected.method}").all()
        assert (found["assignments"] == expected.assignments).all()
    chi = estimated(invented.features(), clinic, chi_squared_from=0.0).dropna(subset="p")
    assert len(chi)
    assert (chi["p"] == chi["chi2_p"]).all()


def test_p_of_a_feature_does_not_depend_on_what_else_is_tested(invented):
    features, clinic = invented.features(), invented.clinic()
    every = estimated(features, clinic)["p"]
    names = features["feature"].unique()
    for name in names:
        alone = estimated(features[features["feature"] == name], clinic)["p"].dropna()
        pd.testing.assert_series_equal(alone, every.loc[alone.index], check_exact=True)
    backwards = pd.concat([features[features["feature"] == name] for name in names[::-1]])
    pd.testing.assert_series_equal(estimated(backwards, clinic)["p"], every, check_exact=True)


def test_whole_cohort_has_median_landmark_and_follow_up(invented):
    clinic = invented.clinic()
    row = estimated(invented.features(), clinic).loc["pfs", "all", "all"]
    events = clinic["pfs_event"].to_numpy(dtype=bool)
    curve = kaplan_meier(clinic["pfs_months"].to_numpy(), events)
    assert row["median_months"] == median(curve).time
    assert row["landmark_survival"] == survival_at(curve, 12.0)[0]
    reverse = kaplan_meier(clinic["pfs_months"].to_numpy(), ~events)
    assert row["follow_up_months"] == median(reverse).time
    assert np.isnan(row["p"])


def everybody_dies(invented) -> pd.DataFrame:
    """Return the clinic of 28 patients of whom one dies in each month, and none is alive."""
    died = pd.array([True] * 28, dtype="boolean")
    return invented.clinic(os_months=np.arange(1.0, 29.0), os_event=died)


@pytest.mark.parametrize(("months", "alive"), [(7.0, 0.75), (14.0, 0.5), (21.5, 0.25)])
def test_survival_is_stated_at_the_landmark_that_is_asked_for(invented, months, alive):
    table = estimated(None, everybody_dies(invented), landmark_months=months)
    row = table.loc["os", "all", "all"]
    assert row["landmark_months"] == months
    assert row["landmark_survival"] == pytest.approx(alive, rel=1e-12)


def test_interval_is_on_the_scale_that_is_asked_for(invented):
    """Of n patients without censoring the variance of S is S (1 - S) / n."""
    z, alive, n = 1.959963984540054, 0.5, 28
    error = np.sqrt((1 - alive) / (alive * n))  # of log S
    expected = {
        "plain": (alive - z * error * alive, alive + z * error * alive),
        "log": (alive * np.exp(-z * error), alive * np.exp(z * error)),
        "log-log": tuple(alive ** np.exp(s * z * error / np.log(alive)) for s in (-1, 1)),
    }
    for scale, bounds in expected.items():
        params = SurvivalParams(landmark_months=14.0, conf_type=scale)
        tables = survival(None, everybody_dies(invented), params)
        table = tables.survival.set_index("outcome").loc["os"]
        found = (table["landmark_lower"], table["landmark_upper"])
        assert found == pytest.approx(bounds, rel=1e-9), scale
        curves = tables.curves
        drawn = curves[(curves["outcome"] == "os") & (curves["months"] == 14.0)]
        assert tuple(drawn[["lower", "upper"]].iloc[0]) == pytest.approx(bounds, rel=1e-9)


def test_only_the_outcomes_that_are_asked_for_are_estimated(invented):
    table = estimated(invented.features(), invented.clinic(), outcomes=("os",))
    assert table.index.get_level_values("outcome").unique().tolist() == ["os"]


def test_q_is_of_one_table_or_of_all_as_the_family_says(invented):
    features = pd.concat(
        [invented.feature("x.y", np.arange(28.0)), invented.feature("z.y", np.arange(28) % 5)]
    )
    apart = estimated(features, invented.clinic()).loc["os"].drop_duplicates("p").dropna()
    assert apart["q"].tolist() == pytest.approx(apart["p"].tolist(), rel=1e-12)
    joined = estimated(features, invented.clinic(), family="all").loc["os"]
    joined = joined.drop_duplicates("p").dropna(subset="p").sort_values("p")
    low, high = joined["p"]
    assert low < high
    assert joined["q"].tolist() == pytest.approx([min(2 * low, high), high], rel=1e-12)
    assert joined["family"].tolist() == ["all", "all"]


def test_clinic_alone_has_the_survival_of_all(invented):
    clinic = invented.clinic()
    alone = estimated(None, clinic)
    assert set(alone.index.get_level_values("feature")) == {"all"}
    everyone = estimated(invented.features(), clinic).loc[alone.index]
    pd.testing.assert_frame_equal(alone, everyone)


def test_q_counts_each_feature_once(invented):
    table = estimated(invented.features(), invented.clinic())
    rows = table.loc["os"].drop_duplicates("p")
    family = rows[rows["family"] == "mcp_counter"].sort_values("p")
    assert family["q"].iloc[-1] == pytest.approx(family["p"].iloc[-1])
    assert family["q"].iloc[0] <= 2 * family["p"].iloc[0]
    assert len(family) == 2


def test_absent_outcome_makes_no_row(invented):
    clinic = invented.clinic(os_months=np.nan)
    with pytest.warns(DataWarning, match="os"):
        table = estimated(invented.features(), clinic)
    assert table.index.get_level_values("outcome").unique().tolist() == ["pfs"]


def test_no_outcome_at_all_gives_empty_tables(invented):
    clinic = invented.clinic(os_months=np.nan, pfs_months=np.nan)
    with pytest.warns(DataWarning, match="no survival"):
        tables = survival(invented.features(), clinic, SurvivalParams())
    pd.testing.assert_frame_equal(tables.survival, SURVIVAL.empty())
    pd.testing.assert_frame_equal(tables.curves, SURVIVAL_CURVES.empty())


def test_without_events_no_median_and_no_p(invented):
    clinic = invented.clinic(pfs_event=pd.array([False] * 28, dtype="boolean"))
    rows = estimated(invented.features(), clinic).loc["pfs", "hla_loh.is_lost"]
    assert rows["median_months"].isna().all()
    assert rows["p"].isna().all()
    assert (rows["note"] == "no event while two groups were at risk").all()


def test_one_group_is_shown_but_not_compared(invented):
    table = estimated(invented.feature("x.y", np.ones(28)), invented.clinic())
    row = table.loc["pfs", "x.y", "high"]
    assert row["note"] == "only one group"
    assert np.isnan(row["p"])


def test_feature_that_nobody_has_keeps_a_row_with_the_reason(invented):
    table = estimated(invented.feature("x.y", np.full(28, np.nan)), invented.clinic())
    row = table.loc["pfs", "x.y"].iloc[0]
    assert row["note"] == "no patient with both feature and outcome"
    assert (row["n"], row["n_missing"]) == (0, 28)


def test_category_of_too_many_levels_is_named_and_left_out(invented):
    table = estimated(invented.features(), invented.clinic(), most_levels=4)
    assert table.loc["pfs", "immune_classes.sic"].iloc[0]["note"] == "too many levels"
    assert (
        len(estimated(invented.features(), invented.clinic()).loc["pfs", "immune_classes.sic"])
        == 5
    )


def test_groups_of_one_or_two_patients_are_compared_and_told_in_the_note(invented):
    """R's survdiff compares them; one patient of class C may carry the whole p."""
    flags = np.zeros(28)
    flags[:2] = 1.0
    rows = estimated(invented.feature("x.y", flags, kind="flag"), invented.clinic())
    of_two = rows.loc["pfs", "x.y"]
    assert (of_two["note"] == "groups of fewer than 3 patients are compared: true (2)").all()
    assert of_two["p"].notna().all()
    flags[2] = 1.0
    rows = estimated(invented.feature("x.y", flags, kind="flag"), invented.clinic())
    assert (rows.loc["pfs", "x.y"]["note"] == "").all()


def test_curves_begin_at_one_and_count_all_patients(invented):
    tables = survival(invented.features(), invented.clinic(), SurvivalParams())
    curves = SURVIVAL_CURVES.conform(tables.curves)
    start = curves.groupby(["outcome", "feature", "group"]).first()
    assert (start["survival"] == 1.0).all()
    assert (start["months"] == 0.0).all()
    counted = curves.groupby(["outcome", "feature", "group"])[["events", "censored"]].sum()
    assert (counted.sum(axis=1) == start["at_risk"]).all()


def test_median_on_a_plateau_is_its_middle():
    """R: survfit(Surv(c(1, 2, 3, 4), rep(1, 4)) ~ 1) prints the median 2.5."""
    curve = kaplan_meier(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4, dtype=bool))
    assert median(curve).time == 2.5
    assert quantile(curve, 0.5).time == 2.5


def test_plateau_that_is_never_left_has_two_answers_as_in_r():
    """R prints 1 as the median of this curve, and quantile() gives the middle, 2.5."""
    curve = kaplan_meier(np.array([1.0, 4.0]), np.array([True, False]))
    assert median(curve).time == 1.0
    assert quantile(curve, 0.5).time == 2.5


def test_times_that_differ_by_rounding_are_one_time():
    months = np.array([30, 60, 90]) / 30.4375
    noisy = np.concatenate([months, months * (1 + 1e-14)])
    curve = kaplan_meier(noisy, np.ones(6, dtype=bool))
    assert curve.events.tolist() == [2, 2, 2]


def test_landmark_after_the_last_patient_is_unknown():
    curve = kaplan_meier(np.array([2.0, 5.0]), np.array([True, False]))
    assert survival_at(curve, 1.0) == (1.0, 1.0, 1.0)
    assert survival_at(curve, 5.0)[0] == 0.5
    assert np.isnan(survival_at(curve, 6.0)[0])


def test_tertiles_divide_into_three_groups_at_the_values_of_r(invented):
    """quantile(0:27, c(1, 2) / 3) of R is 9 and 18."""
    table = estimated(
        invented.feature("x.y", np.arange(28.0)), invented.clinic(), split="tertiles"
    )
    rows = table.loc["pfs", "x.y"]
    assert rows["n"].to_dict() == {"high": 10, "low": 9, "middle": 9}
    assert (rows["cutoff"] == 18.0).all()
    assert (rows["divided_by"] == "tertiles").all()
    clinic = invented.clinic()
    group = np.digitize(np.arange(28), [9, 18]).astype(np.int64)
    months, events = clinic["pfs_months"].to_numpy(), clinic["pfs_event"].to_numpy(dtype=bool)
    assert rows["p"].iloc[0] == compare_survival(months, events, group).p
    assert rows["chi2_p"].iloc[0] == log_rank(months, events, group).p


def test_a_cutoff_fixed_beforehand_wins_and_an_unknown_one_is_told(invented):
    values = np.arange(28.0)
    with pytest.warns(DataWarning, match=r"no number x\.z"):
        table = estimated(
            invented.feature("x.y", values), invented.clinic(), cutoffs={"x.y": 20, "x.z": 1}
        )
    rows = table.loc["os", "x.y"]
    assert rows["n"].to_dict() == {"high": 8, "low": 20}
    assert (rows["cutoff"] == 20.0).all()
    assert (rows["divided_by"] == "given").all()
