"""Times to and of response, follow-up, treatment and its doses."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.step import Step
from storiform.model.tables.trial import EXPOSURE
from storiform.model.tables.trial_tables import TRIAL_TIMES
from storiform.statistics.kaplan_meier import kaplan_meier, median, reverse_kaplan_meier
from storiform.statistics.trial_times import TrialTimeParams, trial_times

UNTOLD = {
    name: pd.array([None] * 28, dtype="boolean") for name in ("responded", "disease_control")
}


def summed(clinic, exposure=None, best=None, **params) -> pd.DataFrame:
    found = trial_times(clinic, exposure, best, TrialTimeParams(**params))
    return TRIAL_TIMES.conform(found).set_index(["measure", "drug"])


def responses(patients) -> pd.DataFrame:
    """Return the times of nine responders; three responses go on."""
    return pd.DataFrame({
        "patient": patients, "response": "PR", "n_assessments": 4,
        "time_to_response_months": [1.1, 1.4, 1.4, 1.6, 1.7, 1.9, 2.8, 3.0, 5.6],
        "duration_of_response_months": [2.4, 4.0, 5.0, 8.0, 8.6, 9.0, 12.0, 15.0, 22.0],
        "duration_event": pd.array([True] * 6 + [False] * 3, dtype="boolean"),
    })  # fmt: skip


def exposures(patients, **told) -> pd.DataFrame:
    return pd.DataFrame({name: [np.nan] * len(patients) for name in EXPOSURE.columns}).assign(
        patient=patients, drug="pazopanib", **told
    )


def test_step_makes_a_table_of_the_cohort():
    step = Step.of(trial_times)
    assert step.products == (TRIAL_TIMES,)
    assert (step.section, step.grain) == ("trial_times", "cohort")


def test_time_to_response_is_of_the_responders(invented):
    row = summed(invented.clinic(), best=responses(invented.PATIENTS[:9])).loc[
        ("time to response", "")
    ]
    told = [row[name] for name in ("n", "median", "minimum", "maximum")]
    assert told == [9, 1.7, 1.1, 5.6]
    assert np.isnan(row["lower"])
    assert row["unit"] == "months"


def test_duration_of_response_is_censored(invented):
    best = responses(invented.PATIENTS[:9])
    row = summed(invented.clinic(), best=best).loc[("duration of response", "")]
    curve = kaplan_meier(
        best["duration_of_response_months"].to_numpy(),
        best["duration_event"].to_numpy(dtype=bool),
    )
    expected = median(curve)
    assert row["median"] == expected.time == 8.6
    assert row["lower"] == expected.lower
    assert np.isnan(row["upper"])
    assert (row["minimum"], row["maximum"]) == (2.4, 22.0)
    assert np.isnan(row["mean"])


def test_interval_is_on_the_scale_that_is_asked_for(invented):
    best = responses(invented.PATIENTS[:9])
    found = {
        scale: summed(invented.clinic(), best=best, conf_type=scale).loc[
            ("duration of response", ""), "lower"
        ]
        for scale in ("log", "log-log")
    }
    curve = kaplan_meier(
        best["duration_of_response_months"].to_numpy(),
        best["duration_event"].to_numpy(dtype=bool), "log-log",
    )  # fmt: skip
    assert found["log-log"] == median(curve).lower != found["log"]


def test_follow_up_is_that_of_reverse_kaplan_meier(invented):
    clinic = invented.clinic()
    row = summed(clinic).loc[("follow-up", "")]
    events = clinic["os_event"].to_numpy(dtype=bool)
    curve = reverse_kaplan_meier(clinic["os_months"].to_numpy(), events)
    assert row["median"] == median(curve).time
    assert (row["n"], row["population"]) == (28, "safety")


def test_follow_up_is_of_the_population_that_is_asked_for(invented):
    clinic = invented.clinic(**UNTOLD, response=["PR"] * 20 + ["NE"] * 8)
    assert summed(clinic).loc[("follow-up", ""), "n"] == 28
    row = summed(clinic, follow_up_population="efficacy").loc[("follow-up", "")]
    assert (row["n"], row["population"]) == (20, "efficacy")


def test_treatment_of_each_drug_has_mean_and_spread(invented):
    paz = exposures(
        invented.PATIENTS[:4], treatment_months=[2.0, 4.0, 6.0, 20.0],
        dose_intensity_percent=[60.0, 80.0, 100.0, np.nan],
        first_reduction_months=[np.nan, 1.2, 0.7, np.nan],
    )  # fmt: skip
    durva = paz.assign(drug="durvalumab", first_reduction_months=np.nan)
    table = summed(invented.clinic(), pd.concat([paz, durva]))
    row = table.loc[("treatment duration", "pazopanib")]
    assert [row["n"], row["mean"], row["median"], row["maximum"]] == [4, 8.0, 5.0, 20.0]
    assert row["sd"] == pytest.approx(np.std([2, 4, 6, 20], ddof=1))
    intensity = table.loc[("dose intensity", "durvalumab")]
    told = [intensity[name] for name in ("n", "mean", "sd", "unit", "population")]
    assert told == [3, 80.0, pytest.approx(20.0), "%", "safety"]
    reduced = table.loc[("time to first dose reduction", "pazopanib")]
    assert [reduced["n"], reduced["median"]] == [2, pytest.approx(0.95)]
    assert ("time to first dose reduction", "durvalumab") not in table.index


def test_times_are_of_the_treated_and_the_assessed(invented):
    """The first patient was not treated; the last was, but has no response."""
    clinic = invented.clinic(**UNTOLD, response=["PR"] * 27 + ["NE"])
    best = responses(invented.PATIENTS[:9])
    treated = exposures(invented.PATIENTS[1:], treatment_months=2.0)
    table = summed(clinic, treated, best)
    assert table.loc[("time to response", ""), "n"] == 8
    assert table.loc[("treatment duration", "pazopanib"), "n"] == 27


def test_one_value_has_no_spread(invented):
    one = exposures(invented.PATIENTS[:1], treatment_months=[3.0])
    row = summed(invented.clinic(), one).loc[("treatment duration", "pazopanib")]
    assert row["mean"] == 3.0
    assert np.isnan(row["sd"])


def test_equal_values_have_no_spread(invented):
    same = exposures(invented.PATIENTS[:7], treatment_months=[30 / 30.4375] * 7)
    row = summed(invented.clinic(), same).loc[("treatment duration", "pazopanib")]
    assert (row["mean"], row["sd"]) == (30 / 30.4375, 0.0)


def test_nothing_known_is_an_empty_table(invented):
    found = trial_times(invented.clinic(os_months=np.nan), None, None, TrialTimeParams())
    pd.testing.assert_frame_equal(found, TRIAL_TIMES.empty())
