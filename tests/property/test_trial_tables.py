"""Tables of a trial against twins that count day by day and patient by patient."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.model.params import DAYS_PER_MONTH
from storiform.model.tables.clinic import CLINIC
from storiform.model.tables.trial import DOSES, EXPOSURE
from storiform.model.tables.trial_tables import ADVERSE_EVENT_RATES
from storiform.statistics.adverse_event_rates import AdverseEventRateParams, adverse_event_rates
from storiform.statistics.exposure import ExposureParams, exposure

TERMS = st.sampled_from(["Fatigue", "fatigue", "Nausea", "Diarrhoea", "Diarrhea", "Rash"])


@st.composite
def courses(draw):
    """Draw times on doses: some follow at once, some overlap, some leave days out."""
    rows, day = [], draw(st.integers(-3, 20))
    for _ in range(draw(st.integers(1, 6))):
        length = draw(st.integers(1, 12))
        dose = draw(st.sampled_from([0.0, 200.0, 400.0, 600.0, 800.0]))
        rows.append((float(day), float(day + length - 1), dose))
        day += max(1, length + draw(st.integers(-4, 4)))
    return rows


def dose_of(day: float, rows) -> float:
    """Return the dose of one day: that of the last row that had begun, if it had not ended."""
    begun = [row for row in rows if row[0] <= day]
    return begun[-1][2] if begun and begun[-1][1] >= day else 0.0


@given(courses())
def test_dose_intensity_is_that_of_a_count_day_by_day(rows):
    table = pd.DataFrame(rows, columns=["start_day", "end_day", "dose"]).assign(
        drug="x", planned_dose=800.0, unit="mg/day", reason=None
    )
    found = EXPOSURE.conform(exposure(DOSES.conform(table), None, ExposureParams()))
    days = np.arange(rows[0][0], max(row[1] for row in rows) + 1)
    given_doses = np.array([dose_of(day, rows) for day in days])
    dosed = np.flatnonzero(given_doses)
    if len(dosed) == 0:
        assert len(found) == 0
        return
    first, last = dosed[0], dosed[-1]
    row = found.iloc[0]
    expected = 100 * given_doses[first : last + 1].sum() / (800 * (last - first + 1))
    assert row["dose_intensity_percent"] == pytest.approx(expected)
    assert row["treatment_months"] == pytest.approx((last - first + 1) / DAYS_PER_MONTH)
    seen = given_doses[dosed]
    lower = [days[k] for k, before, now in zip(dosed[1:], seen, seen[1:], strict=False)
             if now < before]  # fmt: skip
    expected = (lower[0] - days[first]) / DAYS_PER_MONTH if lower else np.nan
    assert row["first_reduction_months"] == pytest.approx(expected, nan_ok=True)
    assert row["lowest_dose"] == seen.min()


@given(st.lists(st.tuples(st.integers(0, 5), TERMS, st.integers(1, 5), st.booleans())))
def test_adverse_events_are_those_of_a_count_by_patient(rows):
    patients = [f"P{number}" for number in range(6)]
    events = pd.DataFrame(
        [(k, f"P{p}", *more) for k, (p, *more) in enumerate(rows)],
        columns=["row", "patient", "term", "grade", "is_related"],
    ).astype({"row": "int64", "grade": "int64", "is_related": "boolean"})
    clinic = pd.DataFrame(dict.fromkeys(CLINIC.columns), index=range(6))
    made = adverse_event_rates(
        events, clinic.assign(patient=patients), None, AdverseEventRateParams()
    )
    found = ADVERSE_EVENT_RATES.conform(made)
    worst: dict[tuple[str, str, int], int] = {}
    for patient, term, grade, is_related in rows:
        name = term.lower().replace("oe", "e")
        for scope in ["all", "related"][: 1 + is_related]:
            for key in ((scope, name, patient), (scope, "any", patient)):
                worst[key] = max(worst.get(key, 0), grade)
    counted: dict[tuple[str, str], list[int]] = {}
    for (scope, term, _), grade in worst.items():
        counted.setdefault((scope, term), []).append(grade)
    ours = {
        (row["scope"], row["term"].lower().replace("oe", "e")): [
            row["grade_1_2"], row["grade_3"], row["grade_4"], row["grade_5"], row["any_grade"],
        ]
        for _, row in found.iterrows()
    }  # fmt: skip
    assert ours == {
        key: [sum(g < 3 for g in grades), *(grades.count(g) for g in (3, 4, 5)), len(grades)]
        for key, grades in counted.items()
    }
