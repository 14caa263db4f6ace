"""Lesions, doses, events and stains that show what was planted, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.params import DAYS_PER_MONTH
from storiform.simulation.enrolment import enrol
from storiform.simulation.follow_up import described, follow_up
from storiform.simulation.follow_up_verdict import follow_up_verdict
from storiform.simulation.lesions import lesions
from storiform.simulation.outcomes import outcomes
from storiform.simulation.recipe import Recipe
from storiform.simulation.reference import read_reference
from storiform.simulation.trial import simulate

SEED = 11


@pytest.fixture(scope="module")
def people():
    recipe = Recipe()
    enrolled = enrol(48, list(read_reference(recipe.genes).markers), SEED, recipe)
    return enrolled, outcomes(enrolled, SEED, recipe)


def sums_of(rows: pd.DataFrame) -> pd.Series:
    return rows[rows["role"] == "target"].groupby("day")["diameter_mm"].sum()


def test_sums_of_target_lesions_give_the_planted_response(people):
    table, truth = lesions(people[1], SEED)
    assert set(truth["response"]) == {"CR", "PR", "SD", "PD"}
    for patient in truth.itertuples():
        sums = sums_of(table[table["patient"] == patient.patient])
        baseline, later = sums.iloc[0], sums.iloc[1:]
        assert sums.index[0] <= 0 < sums.index[1]
        change = 100.0 * (later / baseline - 1.0)
        assert change.min() == pytest.approx(patient.best_change_percent, abs=0.2)
        partial = change[change <= -30.0]
        if patient.response in {"CR", "PR"}:
            assert partial.index[0] / DAYS_PER_MONTH == pytest.approx(
                patient.time_to_response_months
            )
            assert (partial.index - partial.index[0]).max() >= 28
        else:
            assert partial.empty
            assert (change.iloc[0] >= 20.0) == (patient.response == "PD")


def test_progression_is_seen_on_its_day_as_growth_or_a_new_lesion(people):
    clinical = people[1].set_index("patient")
    table, truth = lesions(people[1], SEED)
    for name in truth["patient"]:
        rows = table[table["patient"] == name]
        sums = sums_of(rows)
        has_grown = sums.iloc[-1] >= max(1.2 * sums.min(), sums.min() + 5.0)
        is_new = (rows["role"] == "new").any()
        assert bool(clinical.loc[name, "pfs_event"]) == bool(has_grown or is_new)
        if has_grown or is_new:
            assert sums.index[-1] == int(clinical.loc[name, "pfs_months"] * DAYS_PER_MONTH)


def test_dose_intensity_and_reductions_are_those_of_a_count_day_by_day(people):
    made = follow_up(*people, SEED)
    doses = made.files["doses"]
    own = doses[doses["drug"] == "pazopanib"]
    truth = made.truth["exposure"].set_index("patient")
    assert truth["first_reduction_months"].notna().sum() >= 5
    for patient, rows in own.groupby("patient"):
        if patient not in truth.index:
            assert rows["end_day"].isna().any()
            continue
        days = [
            dose
            for start, end, dose in zip(
                rows["start_day"], rows["end_day"], rows["dose"], strict=True
            )
            for _ in range(int(start), int(end) + 1)
        ]
        assert truth.loc[patient, "dose_intensity_percent"] == pytest.approx(
            100.0 * sum(days) / (800.0 * len(days))
        )
        first = next((d for d, dose in enumerate(days) if 0 < dose < 800), np.nan)
        months = truth.loc[patient, "first_reduction_months"]
        assert months * DAYS_PER_MONTH == pytest.approx(first, nan_ok=True)


def test_the_dead_have_no_events_values_or_doses(people):
    clinical = people[1].set_index("patient")
    dead = clinical[clinical["os_event"] == 1]
    deaths = dead["os_months"] * DAYS_PER_MONTH
    made = follow_up(*people, SEED).files
    for name, column in (
        ("adverse_events", "day"), ("laboratory", "day"), ("lesions", "day"),
        ("doses", "start_day"), ("doses", "end_day"),
    ):  # fmt: skip
        of_dead = made[name][made[name]["patient"].isin(dead.index)]
        assert len(of_dead) >= 10
        assert not (of_dead[column] > of_dead["patient"].map(deaths)).any(), (name, column)


def test_treatment_without_a_known_progression_ends_with_the_death(people):
    enrolled, clinical = people
    first = str(clinical["patient"].iloc[0])
    is_first = clinical["patient"] == first
    clinical = clinical.assign(
        pfs_months=clinical["pfs_months"].mask(is_first),
        os_months=clinical["os_months"].mask(is_first, 2.0),
        os_event=clinical["os_event"].mask(is_first, 1),
    )
    doses = follow_up(enrolled, clinical, SEED).files["doses"]
    assert doses.loc[doses["patient"] == first, "end_day"].max() == 60


def test_stains_follow_their_cells_and_pd1_follows_nothing():
    recipe = Recipe()
    enrolled = enrol(400, list(read_reference(recipe.genes).markers), 5, recipe)
    stains = follow_up(enrolled, outcomes(enrolled, 5, recipe), 5).files["stains"]
    baseline = enrolled.baseline()
    for column, latent, least in (
        ("CD20 [cells/mm2]", "b_lineage", 0.7),
        ("CD31 [%]", "endothelial_cells", 0.7),
        ("CD8 [cells/mm2]", "cd8_t_cells", 0.6),
    ):
        true = [baseline[name].latent[latent] for name in stains["patient"]]
        assert stains[column].corr(pd.Series(true), method="spearman") > least
    true = [baseline[name].latent["b_lineage"] for name in stains["patient"]]
    assert abs(stains["PD-1 [cells/mm2]"].corr(pd.Series(true), method="spearman")) < 0.2


def test_a_trial_with_follow_up_is_the_plain_trial_with_files_beside_it(tmp_path):
    simulate(tmp_path / "plain", 12, 5)
    simulate(tmp_path / "followed", 12, 5, followed=True)
    simulate(tmp_path / "again", 12, 5, followed=True)
    for path in sorted((tmp_path / "plain").rglob("*")):
        name = path.relative_to(tmp_path / "plain")
        if path.is_file() and name.name not in {"trial.yaml", "clinical.csv"}:
            assert path.read_bytes() == (tmp_path / "followed" / name).read_bytes()
    for name in ("lesions", "doses", "adverse_events", "laboratory", "stains", "clinical"):
        one, two = (tmp_path / kind / f"{name}.csv" for kind in ("followed", "again"))
        assert one.read_bytes() == two.read_bytes()
    plain = pd.read_csv(tmp_path / "plain" / "clinical.csv")
    followed = pd.read_csv(tmp_path / "followed" / "clinical.csv")
    pd.testing.assert_frame_equal(plain, followed[plain.columns])
    assert len(described(plain, 5).columns) == len(followed.columns)


def test_verdict_tells_a_response_that_was_not_planted(people, tmp_path):
    truth, found = tmp_path / "truth", tmp_path / "tables"
    truth.mkdir()
    found.mkdir()
    made = follow_up(*people, SEED)
    for name, table in made.truth.items():
        table.to_csv(truth / f"{name}.tsv", sep="\t", index=False)
    made.truth["responses"].to_csv(found / "best_response.tsv", sep="\t", index=False)
    made.truth["exposure"].to_csv(found / "exposure.tsv", sep="\t", index=False)
    rates = made.truth["adverse_events"].assign(scope="related", grade_4=0, grade_5=0)
    rates = rates.rename(columns={"grade_3_up": "grade_3"})
    rates.to_csv(found / "adverse_event_rates.tsv", sep="\t", index=False)
    assert follow_up_verdict(truth, found)["holds"].all()
    wrong = made.truth["responses"].copy()
    wrong.loc[0, "response"] = "NE"
    wrong.to_csv(found / "best_response.tsv", sep="\t", index=False)
    rates.assign(any_grade=rates["any_grade"] + 1).to_csv(
        found / "adverse_event_rates.tsv", sep="\t", index=False
    )
    (found / "exposure.tsv").unlink()
    told = follow_up_verdict(truth, found)
    assert set(told.loc[~told["holds"], "subject"]) == {
        "best_response.response", "adverse_event_rates", "exposure",
    }  # fmt: skip
