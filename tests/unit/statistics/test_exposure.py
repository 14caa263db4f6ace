"""Treatment duration, dose intensity and first reduction of a patient."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.params import DAYS_PER_MONTH
from storiform.model.step import Step
from storiform.model.tables.clinic import CLINIC
from storiform.model.tables.trial import DOSES, EXPOSURE
from storiform.statistics.exposure import ExposureParams, exposure, period_of

NAN = float("nan")


def doses(*rows, drug="pazopanib", planned=800.0, unit="mg/day") -> pd.DataFrame:
    """Return doses from rows of first day, last day, dose and the reason of its end."""
    table = pd.DataFrame(
        [
            {"drug": drug, "start_day": r[0], "end_day": r[1], "dose": r[2],
             "planned_dose": planned, "unit": unit, "reason": r[3] if len(r) > 3 else None}
            for r in rows
        ]
    )  # fmt: skip
    return DOSES.conform(table)


def clinic(**told) -> pd.DataFrame:
    return CLINIC.conform(pd.DataFrame([dict.fromkeys(CLINIC.columns) | told]))


def summed(table, told=None, **params) -> pd.DataFrame:
    found = EXPOSURE.conform(exposure(table, told, ExposureParams(**params)))
    return found.set_index("drug")


def test_step_makes_a_table_of_a_patient():
    step = Step.of(exposure)
    assert step.products == (EXPOSURE,)
    assert (step.section, step.grain) == ("exposure", "patient")


def test_full_dose_is_a_hundred_per_cent_over_its_days():
    row = summed(doses((0, 59, 800, "progression"))).loc["pazopanib"]
    assert row["treatment_months"] == pytest.approx(60 / DAYS_PER_MONTH)
    assert row["dose_intensity_percent"] == pytest.approx(100.0)
    assert (row["start_months"], row["end_reason"]) == (0.0, "progression")
    assert not row["is_ongoing"]
    assert np.isnan(row["first_reduction_months"])


def test_holds_count_as_no_dose_and_reductions_as_less():
    """30 days of 800, 10 on hold, 60 of 600, of 100 days of 800: 60 000 of 80 000."""
    row = summed(doses((0, 29, 800), (30, 39, 0), (40, 99, 600))).loc["pazopanib"]
    assert row["dose_intensity_percent"] == pytest.approx(75.0)
    assert row["lowest_dose"] == 600.0
    assert row["first_reduction_months"] == pytest.approx(40 / DAYS_PER_MONTH)


def test_days_that_no_row_tells_of_are_a_hold_unless_they_are_not_counted():
    gap = doses((0, 29, 800), (60, 89, 800))
    assert summed(gap).loc["pazopanib", "dose_intensity_percent"] == pytest.approx(200 / 3)
    left_out = summed(gap, gaps="not counted").loc["pazopanib"]
    assert left_out["dose_intensity_percent"] == pytest.approx(100.0)
    assert left_out["treatment_months"] == pytest.approx(90 / DAYS_PER_MONTH)


@pytest.mark.parametrize("unit", ["mg/3 weeks", "mg q3w", "mg every 21 days"])
def test_infusions_cover_their_cycle(unit):
    """The third of four infusions is left out."""
    every = doses((0, 0, 1500), (21, 21, 1500), (63, 63, 1500), planned=1500.0, unit=unit)
    assert summed(every)["dose_intensity_percent"].item() == pytest.approx(75.0)
    assert summed(every)["treatment_months"].item() == pytest.approx(64 / DAYS_PER_MONTH)


def test_infusion_that_was_left_out_may_stand_as_a_dose_of_zero():
    told = ((0, 0, 1500), (21, 21, 1500), (42, 42, 0), (63, 63, 1500))
    for unit in ("mg", "mg/3 weeks"):
        found = summed(doses(*told, planned=1500.0, unit=unit))
        assert found["dose_intensity_percent"].item() == pytest.approx(75.0), unit


def test_infusions_of_a_unit_without_a_time_have_no_gaps():
    every = doses((0, 0, 1500), (21, 21, 1500), planned=1500.0, unit="mg")
    assert summed(every)["dose_intensity_percent"].item() == pytest.approx(100.0)


def test_hold_at_the_end_is_no_treatment_but_tells_why_it_ended():
    row = summed(doses((0, 29, 800), (30, 60, 0, "adverse event"))).loc["pazopanib"]
    assert row["treatment_months"] == pytest.approx(30 / DAYS_PER_MONTH)
    assert row["dose_intensity_percent"] == pytest.approx(100.0)
    assert row["end_reason"] == "adverse event"


def test_hold_before_the_first_dose_is_no_treatment():
    row = summed(doses((-7, -1, 0), (0, 29, 800))).loc["pazopanib"]
    assert row["start_months"] == 0.0
    assert row["dose_intensity_percent"] == pytest.approx(100.0)


def test_drug_that_was_never_given_has_no_row():
    table = pd.concat([doses((0, 29, 0)), doses((0, 29, 1500), drug="durvalumab")])
    assert summed(table).index.tolist() == ["durvalumab"]
    pd.testing.assert_frame_equal(
        EXPOSURE.conform(exposure(doses((0, 29, 0)), None, ExposureParams())), EXPOSURE.empty()
    )


def test_resumed_full_dose_after_a_hold_is_no_reduction():
    row = summed(doses((0, 29, 800), (30, 39, 0), (40, 99, 800))).loc["pazopanib"]
    assert np.isnan(row["first_reduction_months"])


def test_lower_dose_that_the_protocol_plans_is_no_reduction():
    table = doses((0, 0, 600), (1, 28, 300)).assign(planned_dose=[600.0, 300.0])
    row = summed(table).loc["pazopanib"]
    assert np.isnan(row["first_reduction_months"])
    assert row["dose_intensity_percent"] == pytest.approx(100.0)


def test_low_first_dose_is_no_reduction_but_a_later_one_is():
    row = summed(doses((0, 9, 600), (10, 19, 800), (20, 29, 600))).loc["pazopanib"]
    assert row["first_reduction_months"] == pytest.approx(20 / DAYS_PER_MONTH)


def test_first_reduction_is_counted_from_the_first_dose_of_the_drug():
    row = summed(doses((30, 59, 800), (60, 89, 400))).loc["pazopanib"]
    assert row["first_reduction_months"] == pytest.approx(30 / DAYS_PER_MONTH)


def test_open_dose_goes_on_to_the_last_day_known():
    told = clinic(os_months=100 / DAYS_PER_MONTH, os_event=False)
    row = summed(doses((0, 29, 800), (30, NAN, 400)), told).loc["pazopanib"]
    assert row["is_ongoing"]
    assert row["end_months"] == pytest.approx(100 / DAYS_PER_MONTH)
    assert row["dose_intensity_percent"] == pytest.approx(100 * (30 + 71 / 2) / 101)
    assert pd.isna(row["end_reason"])


def test_death_ends_an_open_dose():
    told = clinic(os_months=100 / DAYS_PER_MONTH, os_event=True)
    row = summed(doses((0, NAN, 800)), told).loc["pazopanib"]
    assert not row["is_ongoing"]
    assert row["end_reason"] == "death"


def test_open_dose_of_which_nothing_more_is_known_is_doubted():
    with pytest.warns(DataWarning, match="pazopanib goes on"):
        row = summed(doses((0, NAN, 800)), clinic()).loc["pazopanib"]
    assert row["treatment_months"] == pytest.approx(1 / DAYS_PER_MONTH)


def test_day_in_two_rows_belongs_to_the_later_one():
    row = summed(doses((0, 30, 800), (30, 59, 400))).loc["pazopanib"]
    assert row["dose_intensity_percent"] == pytest.approx(75.0)


def test_treatment_ends_where_a_hold_begins_within_its_days():
    row = summed(doses((0, 40, 800), (30, 60, 0))).loc["pazopanib"]
    assert row["treatment_months"] == pytest.approx(30 / DAYS_PER_MONTH)


def test_reason_of_the_last_dose_serves_where_the_hold_has_none():
    row = summed(doses((0, 29, 800, "toxicity"), (30, 60, 0))).loc["pazopanib"]
    assert row["end_reason"] == "toxicity"


def test_reason_of_an_earlier_change_does_not_tell_why_treatment_ended():
    row = summed(doses((0, 29, 800, "toxicity"), (30, 60, 600))).loc["pazopanib"]
    assert pd.isna(row["end_reason"])


def test_treatment_that_goes_on_did_not_end():
    table = doses((0, 29, 800), (30, NAN, 600, "toxicity"))
    row = summed(table, clinic(os_months=9.0, os_event=False)).loc["pazopanib"]
    assert pd.isna(row["end_reason"])


def test_planned_dose_that_is_told_once_is_that_of_the_drug():
    table = doses((0, 29, 800), (30, 59, 400)).assign(planned_dose=[800.0, NAN])
    assert summed(table)["dose_intensity_percent"].item() == pytest.approx(75.0)


def test_doses_in_two_units_are_not_added_up():
    table = doses((0, 29, 800), (30, 59, 5)).assign(
        unit=["mg/day", "mg/kg/day"], planned_dose=[800.0, 10.0]
    )
    with pytest.warns(DataWarning, match="mg/day and mg/kg/day"):
        row = summed(table).loc["pazopanib"]
    assert row["treatment_months"] == pytest.approx(60 / DAYS_PER_MONTH)
    assert np.isnan(row["dose_intensity_percent"])
    assert np.isnan(row["lowest_dose"])
    assert np.isnan(row["first_reduction_months"])


def test_unknown_planned_dose_leaves_the_intensity_unknown():
    table = doses((0, 29, 800), (30, 59, 400), planned=NAN)
    row = summed(table).loc["pazopanib"]
    assert np.isnan(row["dose_intensity_percent"])
    assert row["first_reduction_months"] == pytest.approx(30 / DAYS_PER_MONTH)


@pytest.mark.parametrize(
    ("unit", "days"),
    [("mg/d", 1), ("mg/week", 7), ("mg / 4 weeks", 28), ("mg/m2 per 21 days", 21),
     ("mg/kg", NAN), ("mg BID", 1), ("mg every 2 weeks", 14), (None, NAN),
     ("mg/month", 30.4375), ("mg/2 wks", 14)],
)  # fmt: skip
def test_unit_tells_how_long_a_dose_lasts(unit, days):
    assert period_of(unit) == pytest.approx(days, nan_ok=True)
