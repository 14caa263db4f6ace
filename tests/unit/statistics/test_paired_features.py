"""Two features at once: who is high in both, and what that goes with."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.outcomes import PAIRED_FEATURES
from storiform.statistics.association import AssociationParams, associations
from storiform.statistics.hazards import HazardParams, hazards
from storiform.statistics.paired_features import (
    PairedFeaturesParams,
    paired_features,
    with_pairs,
)
from storiform.statistics.survival import SurvivalParams, survival

PAIR = PairedFeaturesParams(pairs=(("ihc.CD20", "ihc.CD31"),))


def stains(invented, cd20, cd31) -> pd.DataFrame:
    return pd.concat(
        [invented.feature("ihc.CD20", cd20), invented.feature("ihc.CD31", cd31)],
        ignore_index=True,
    )


def test_high_is_at_or_above_the_median_of_each_feature(invented):
    cd20, cd31 = np.arange(28.0), np.tile([1.0, 2.0], 14)
    made = PAIRED_FEATURES.conform(paired_features(stains(invented, cd20, cd31), PAIR))
    flag = made[made["feature"] == "pairs.CD20_and_CD31_high"].set_index("patient")["value"]
    expected = (cd20 >= 13.5) & (cd31 >= 1.5)
    assert flag.to_numpy().tolist() == expected.astype(float).tolist()
    four = made[made["feature"] == "pairs.CD20_and_CD31"].set_index("patient")["label"]
    assert four["P01"] == "low/low"
    assert four["P28"] == "high/high"
    assert four["P27"] == "high/low"
    assert four["P02"] == "low/high"
    assert "ihc.CD20 at or above 13.5" in made["description"].iloc[0]


def test_who_lacks_one_of_the_two_is_in_no_group(invented):
    cd31 = np.arange(28.0)
    cd31[[3, 20]] = np.nan
    made = paired_features(stains(invented, np.arange(28.0), cd31), PAIR)
    assert made["patient"].nunique() == 26
    assert not made["patient"].isin(["P04", "P21"]).any()


def test_a_feature_that_nobody_has_is_named_and_the_other_pairs_are_made(invented):
    params = PairedFeaturesParams(pairs=(("ihc.CD20", "ihc.CD99"), ("ihc.CD20", "ihc.CD31")))
    features = stains(invented, np.arange(28.0), np.arange(28.0))
    with pytest.warns(DataWarning, match=r"no patient has a number for ihc\.CD99; did you"):
        made = paired_features(features, params)
    assert set(made["feature"]) == {"pairs.CD20_and_CD31_high", "pairs.CD20_and_CD31"}


def test_without_pairs_nothing_is_made_and_nothing_is_added(invented):
    features = invented.features()
    made = paired_features(features, PairedFeaturesParams())
    assert list(made.columns) == list(PAIRED_FEATURES.columns)
    assert made.empty
    assert with_pairs(features, made) is features
    assert with_pairs(features, None) is features


def test_published_counts_of_both_high_against_the_rest_give_fishers_p(invented):
    """7 of 14 against 3 of 25 responders; counts reconstructed from 50 % v. 12 % of 39."""
    responded = np.array([True] * 7 + [False] * 7 + [True] * 3 + [False] * 22)
    patients = [f"Q{number:02d}" for number in range(39)]
    # 20 of 39 are at or above each median; 14 of them in both
    cd20 = np.concatenate([np.full(14, 9.0), np.full(6, 8.0), np.full(19, 1.0)])
    cd31 = np.concatenate(
        [np.full(14, 9.0), np.full(6, 1.0), np.full(6, 8.0), np.full(13, 1.0)]
    )
    features = pd.concat([
        invented.feature("ihc.CD20", cd20, patients=patients),
        invented.feature("ihc.CD31", cd31, patients=patients),
    ])  # fmt: skip
    clinic = pd.DataFrame({"patient": patients, "responded": responded})
    pairs = PAIRED_FEATURES.conform(paired_features(features, PAIR))
    params = AssociationParams(outcomes=("responded",))
    table = associations(features, clinic, params, pairs).set_index("feature")
    row = table.loc["pairs.CD20_and_CD31_high"]
    assert (row["n"], row["n_positive"]) == (39, 10)
    assert row["p"] == pytest.approx(0.0190552870319, rel=1e-9)
    assert row["family"] == "responded/pairs"


def test_survival_compares_the_groups_of_a_pair(invented):
    features = stains(invented, np.arange(28.0), np.arange(28.0)[::-1])
    pairs = paired_features(features, PAIR)
    found = survival(features, invented.clinic(), SurvivalParams(), pairs).survival
    groups = found[(found["feature"] == "pairs.CD20_and_CD31") & (found["outcome"] == "pfs")]
    assert set(groups["group"]) == {"high/low", "low/high"}
    assert groups["p"].notna().all()


def test_step_takes_all_features_and_makes_rows_of_the_cohort():
    step = Step.of(paired_features)
    assert (step.section, step.grain) == ("paired_features", "cohort")


def test_hazards_have_a_model_of_a_pair(invented):
    features = stains(invented, np.arange(28.0), np.tile([1.0, 2.0], 14))
    pairs = paired_features(features, PAIR)
    found = hazards(features, invented.clinic(), None, HazardParams(), pairs)
    of_pfs = found[found["outcome"] == "pfs"].set_index("model")
    row = of_pfs.loc["pairs.CD20_and_CD31_high"]
    assert (row["n"], row["family"]) == (28, "pairs")
    assert np.isfinite(row["hazard_ratio"])


def test_the_value_at_the_median_is_high(invented):
    patients = [f"P{number:02d}" for number in range(1, 6)]
    features = pd.concat(
        [
            invented.feature("ihc.CD20", [1.0, 2.0, 3.0, 4.0, 5.0], patients=patients),
            invented.feature("ihc.CD31", [5.0, 5.0, 5.0, 5.0, 5.0], patients=patients),
        ]
    )
    made = paired_features(features, PAIR)
    flag = made[made["kind"] == "flag"].set_index("patient")["value"]
    assert flag.tolist() == [0.0, 0.0, 1.0, 1.0, 1.0]
