"""Best overall response: Table 3 of the guideline, confirmation, durations, irRC."""

import math

import numpy as np
import pandas as pd
import pytest

from storiform.model.tables.clinic import CLINICAL_RECORD
from storiform.model.tables.trial import ASSESSMENTS, BEST_RESPONSE
from storiform.statistics.best_response import (
    Assessed,
    BestResponseParams,
    best_response,
    confirmed,
    up_to_progression,
)

MONTH = 30.4375
PARAMS = BestResponseParams()


def best(course: list[tuple[float, str]], **params: float) -> str:
    told = up_to_progression([Assessed(day, response) for day, response in course])
    return confirmed(told, BestResponseParams(**params)).response


@pytest.mark.parametrize(
    ("first", "second", "late", "early"),
    [  # Table 3; `late`: held for the least duration of SD, `early`: not so
        ("CR", "CR", "CR", "CR"),
        ("CR", "PR", "PR", "PR"),  # where the CR was none; else the PR is a PD, see below
        ("CR", "SD", "SD", "NE"),
        ("CR", "PD", "SD", "PD"),
        ("CR", "NE", "SD", "NE"),
        ("PR", "CR", "PR", "PR"),
        ("PR", "PR", "PR", "PR"),
        ("PR", "SD", "SD", "NE"),
        ("PR", "PD", "SD", "PD"),
        ("PR", "NE", "SD", "NE"),
        ("NE", "NE", "NE", "NE"),
        ("SD", "PD", "SD", "PD"),
        ("PD", "CR", "PD", "PD"),
    ],
)
def test_table_3_of_the_guideline(first: str, second: str, late: str, early: str) -> None:
    assert best([(56, first), (112, second)]) == late
    assert best([(56, first), (112, second)], stable_days=120) == early


def test_confirmation_takes_four_weeks() -> None:
    assert best([(56, "PR"), (83, "PR")]) == "SD"
    assert best([(56, "PR"), (84, "PR")]) == "PR"
    assert best([(56, "PR"), (70, "PR"), (84, "PR")]) == "PR"
    assert best([(56, "PR")], confirmation_days=0) == "PR"


def test_a_response_that_was_lost_between_is_not_confirmed() -> None:
    assert best([(56, "PR"), (84, "SD"), (112, "PR")]) == "SD"
    assert best([(56, "PR"), (84, "NE"), (112, "PR")]) == "PR"
    assert best([(56, "PR"), (84, "SD"), (112, "PR"), (140, "PR")]) == "PR"


def test_a_response_after_progression_does_not_count() -> None:
    assert best([(56, "PD"), (112, "PR"), (168, "PR")]) == "PD"
    assert best([(56, "PR"), (112, "PD"), (168, "PR")]) == "SD"


def test_stable_disease_must_have_held() -> None:
    assert best([(41, "SD")]) == "NE"
    assert best([(42, "SD")]) == "SD"
    assert best([(30, "SD"), (60, "PD")]) == "PD"


def table(course: list[tuple[float, str, float, str | None]], day: float = 0) -> pd.DataFrame:
    """Return assessments: day, response, change of the sum, response by irRC."""
    rows = [{"day": day, "is_baseline": True, "change_percent": 0.0}]
    rows += [
        {"day": d, "is_baseline": False, "response": r, "change_percent": c, "ir_response": i}
        for d, r, c, i in course
    ]
    frame = pd.DataFrame(rows, columns=list(ASSESSMENTS.columns))
    return ASSESSMENTS.conform(frame.assign(has_new_lesion=False))


def row(
    course: list[tuple[float, str, float, str | None]],
    record: dict[str, object] | None = None,
    **params: float,
) -> dict[str, object]:
    clinical = None
    if record is not None:
        told = dict.fromkeys(CLINICAL_RECORD.columns) | record
        clinical = CLINICAL_RECORD.conform(pd.DataFrame([told]))
    found = best_response(table(course), clinical, BestResponseParams(**params))
    return BEST_RESPONSE.conform(found).iloc[0].to_dict()


COURSE = [(56.0, "PR", -40.0, None), (112.0, "CR", -100.0, None), (168.0, "CR", -100.0, None)]


def test_times_of_a_response() -> None:
    found = row([*COURSE, (224.0, "PD", -80.0, None)])
    assert (found["response"], found["response_unconfirmed"]) == ("CR", "CR")
    assert found["time_to_response_months"] == 56 / MONTH  # the PR that led to the CR
    assert found["duration_of_response_months"] == (224 - 56) / MONTH
    assert found["duration_event"] is True
    assert found["progression_months"] == 224 / MONTH
    assert found["n_assessments"] == 4
    assert found["best_change_percent"] == -100
    assert found["note"] == ""


def test_response_that_goes_on_is_censored_when_it_was_last_seen() -> None:
    found = row([*COURSE, (224.0, "NE", np.nan, None)])
    assert found["duration_of_response_months"] == (168 - 56) / MONTH
    assert found["duration_event"] is False
    assert math.isnan(found["progression_months"])


def test_death_ends_a_response() -> None:
    dead = {"os_months": 9.0, "os_event": True}
    found = row(COURSE, dead)
    assert found["duration_of_response_months"] == pytest.approx(9.0 - 56 / MONTH, rel=1e-12)
    assert found["duration_event"] is True
    alive = row(COURSE, {"os_months": 9.0, "os_event": False})
    assert alive["duration_event"] is False
    first = row([*COURSE, (224.0, "PD", -80.0, None)], dead)
    assert first["duration_of_response_months"] == (224 - 56) / MONTH


def test_no_response_has_no_times() -> None:
    found = row([(56.0, "SD", -10.0, None), (112.0, "PD", 30.0, None)])
    assert found["response"] == "SD"
    assert math.isnan(found["time_to_response_months"])
    assert pd.isna(found["duration_event"])
    assert found["best_change_percent"] == -10


def test_change_after_progression_does_not_count() -> None:
    found = row([(56.0, "PD", 40.0, None), (112.0, "PR", -40.0, None)])
    assert (found["response"], found["best_change_percent"]) == ("PD", 40)


def test_notes_say_what_limits_the_response() -> None:
    assert row([])["note"] == "no assessment after baseline"
    assert row([])["response"] == "NE"
    unconfirmed = row([(56.0, "PR", -40.0, None)])
    assert unconfirmed["response"] == "SD"
    assert unconfirmed["note"] == "PR was not confirmed after 28 days"
    assert row([(30.0, "SD", 0.0, None)])["note"] == "stable, but not until day 42"
    assert "non-CR/non-PD" in row([(56.0, "non-CR/non-PD", np.nan, None)])["note"]
    late = best_response(table([], day=5), None, PARAMS).iloc[0]
    assert "the baseline is of day 5" in late["note"]


def irrc(*course: tuple[float, str]) -> object:
    return row([(day, "NE", np.nan, response) for day, response in course])["ir_response"]


def test_irpd_counts_when_it_is_confirmed() -> None:
    assert irrc((56, "irPD"), (84, "irPD"), (112, "irPR"), (140, "irPR")) == "irPD"
    assert irrc((56, "irPD"), (83, "irPR"), (112, "irPR")) == "irPR"
    assert irrc((56, "irPD"), (70, "irPD"), (84, "irSD")) == "irSD"
    assert irrc((56, "irPR"), (84, "irPR"), (112, "irPD"), (140, "irPD")) == "irPR"


def test_irpd_without_a_later_look_is_the_best_response_by_irrc() -> None:
    assert irrc((56, "irPD")) == "irPD"
    assert irrc((56, "irSD"), (112, "irPD")) == "irSD"


def test_no_irrc_without_its_assessments() -> None:
    assert pd.isna(row([(56.0, "PR", -40.0, None)])["ir_response"])
    assert irrc((56, "NE"), (84, "irSD")) == "irSD"
