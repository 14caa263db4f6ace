"""Survival curves and their tests give the numbers of R's survival 3.5-3 (survival_golden.R).

R's answers are stored with twelve significant digits: 1e-9 relative. Medians and quantiles
are times of the data, or the middle of two: equal.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.statistics.kaplan_meier import (
    Curve,
    kaplan_meier,
    log_rank,
    median,
    quantile,
    reverse_kaplan_meier,
    survival_at,
)

HERE = Path(__file__).parent
DATASETS = ("kidney", "leukemia", "lung", "ovarian", "veteran")
TYPES = ("log", "log-log", "plain")
CURVES = pd.read_csv(HERE / "km_curves.tsv.gz", sep="\t", dtype={"group": str})
QUANTILES = pd.read_csv(HERE / "km_quantiles.tsv", sep="\t", dtype={"group": str})
QUANTILES = QUANTILES[QUANTILES["conf.type"].isin(TYPES)]
CASES = list(QUANTILES[["dataset", "group", "conf.type"]].itertuples(index=False, name=None))
RELATIVE = 1e-9


def patients(dataset: str) -> pd.DataFrame:
    return pd.read_csv(HERE / "inputs" / f"surv_{dataset}.tsv", sep="\t", dtype={"group": str})


def curve(dataset: str, group: str, conf_type: str) -> Curve:
    chosen = patients(dataset)
    chosen = chosen if group == "all" else chosen[chosen["group"] == group]
    time, event = chosen["time"].to_numpy(float), chosen["event"].to_numpy() == 1
    return kaplan_meier(time, event, conf_type)


@pytest.mark.parametrize(("dataset", "group", "conf_type"), CASES)
def test_curve_and_interval_are_those_of_r(dataset, group, conf_type):
    ours = curve(dataset, group, conf_type)
    theirs = CURVES[
        (CURVES["dataset"] == dataset)
        & (CURVES["group"] == group)
        & (CURVES["conf.type"] == conf_type)
    ]
    pairs = {
        "time": ours.time, "n.risk": ours.at_risk, "n.event": ours.events,
        "n.censor": ours.censored, "surv": ours.survival, "std.err": ours.std_error,
        "lower": ours.lower, "upper": ours.upper,
    }  # fmt: skip
    for column, values in pairs.items():
        np.testing.assert_allclose(
            values, theirs[column], rtol=RELATIVE, atol=1e-12, err_msg=column
        )


@pytest.mark.parametrize(("dataset", "group", "conf_type"), CASES)
def test_median_and_quartiles_are_those_of_r(dataset, group, conf_type):
    ours = curve(dataset, group, conf_type)
    row = QUANTILES.set_index(["dataset", "group", "conf.type"]).loc[dataset, group, conf_type]
    found = [*median(ours), *quantile(ours, 0.25), *quantile(ours, 0.75)]
    columns = ["median", "lcl", "ucl", "q25", "q25l", "q25u", "q75", "q75l", "q75u"]
    np.testing.assert_array_equal(found, row[columns].astype(float))


@pytest.mark.parametrize(("dataset", "group", "conf_type"), CASES)
def test_records_and_events_are_those_of_r(dataset, group, conf_type):
    ours = curve(dataset, group, conf_type)
    row = QUANTILES.set_index(["dataset", "group", "conf.type"]).loc[dataset, group, conf_type]
    assert ours.at_risk[0] == row["records"]
    assert ours.events.sum() == row["events"]
    assert (ours.events + ours.censored).sum() == row["records"]


def test_patients_at_risk_at_a_landmark_are_those_of_r():
    landmarks = pd.read_csv(HERE / "landmark_log.tsv", sep="\t")
    for dataset, rows in landmarks.groupby("dataset"):
        ours = curve(dataset, "all", "log")
        place = np.searchsorted(ours.time, rows["time"])
        assert ours.at_risk[place].tolist() == rows["n.risk"].tolist()


def test_landmark_survival_is_that_of_r():
    landmarks = pd.read_csv(HERE / "landmark_log.tsv", sep="\t")
    found = [
        survival_at(curve(dataset, "all", "log"), moment)
        for dataset, moment in zip(landmarks["dataset"], landmarks["time"], strict=True)
    ]
    expected = landmarks[["surv", "lower", "upper"]]
    np.testing.assert_allclose(found, expected, rtol=RELATIVE, atol=0)


@pytest.mark.parametrize("dataset", DATASETS)
def test_median_follow_up_is_that_of_r(dataset):
    chosen = patients(dataset)
    reverse = reverse_kaplan_meier(
        chosen["time"].to_numpy(float), chosen["event"].to_numpy() == 1
    )
    theirs = pd.read_csv(HERE / "reverse_km_followup.tsv", sep="\t", index_col="dataset")
    np.testing.assert_array_equal(median(reverse), theirs.loc[dataset].astype(float))


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("rho", [0, 1])
def test_log_rank_is_that_of_r(dataset, rho):
    chosen = patients(dataset)
    group = pd.factorize(chosen["group"], sort=True)[0]
    ours = log_rank(chosen["time"].to_numpy(float), chosen["event"].to_numpy() == 1, group, rho)
    theirs = pd.read_csv(HERE / "logrank.tsv", sep="\t").set_index(["dataset", "rho"])
    row = theirs.loc[dataset, rho]
    assert ours.chi2 == pytest.approx(row["chisq"], rel=RELATIVE)
    assert ours.df == row["df"]
    assert ours.p == pytest.approx(row["p"], rel=RELATIVE)
    # Sums are stored with ten digits.
    np.testing.assert_allclose(ours.observed, np.fromstring(row["obs"], sep=";"), rtol=1e-9)
    np.testing.assert_allclose(ours.expected, np.fromstring(row["exp"], sep=";"), rtol=1e-9)
