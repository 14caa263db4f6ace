"""The clinical table has the word; the lesions speak where it is silent."""

import warnings

import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.tables.clinic import CLINIC, CLINICAL_RECORD
from storiform.model.tables.trial import BEST_RESPONSE
from storiform.statistics.clinic import clinic


def record(**values: object) -> pd.DataFrame:
    told = dict.fromkeys(CLINICAL_RECORD.columns) | {"sex": "male"} | values
    return CLINICAL_RECORD.conform(pd.DataFrame([told]))


def lesions(response: str, change: float | None = None) -> pd.DataFrame:
    told = dict.fromkeys(BEST_RESPONSE.columns) | {"response": response, "n_assessments": 2}
    return BEST_RESPONSE.conform(pd.DataFrame([told | {"best_change_percent": change}]))


def row(told: pd.DataFrame | None, seen: pd.DataFrame | None) -> dict[str, object]:
    return CLINIC.conform(clinic(told, seen)).iloc[0].to_dict()


def test_without_lesions_the_clinical_table_stands_as_it_is() -> None:
    told = record(response="PR", responded=True, disease_control=True, pfs_months=3.5)
    pd.testing.assert_frame_equal(CLINIC.conform(clinic(told, None)), told)


@pytest.mark.parametrize(
    ("response", "responded", "control"),
    [("CR", True, True), ("PR", True, True), ("SD", False, True), ("PD", False, False)],
)
def test_lesions_tell_what_the_clinical_table_leaves_out(
    response: str,
    responded: bool,  # noqa: FBT001  a table of cases
    control: bool,  # noqa: FBT001  a table of cases
) -> None:
    for told in (record(), None):
        found = row(told, lesions(response, -12.5))
        assert found["response"] == response
        assert (found["responded"], found["disease_control"]) == (responded, control)
        assert found["best_change_percent"] == -12.5
    assert row(record(), lesions(response))["sex"] == "male"


def test_lesions_that_could_not_be_evaluated_leave_the_outcome_missing() -> None:
    found = row(record(), lesions("NE"))
    assert found["response"] == "NE"
    assert pd.isna(found["responded"])


def test_the_clinical_table_is_kept_and_the_difference_told() -> None:
    told = record(response="PR", responded=True, disease_control=True, best_change_percent=-40)
    with pytest.warns(DataWarning) as caught:
        found = row(told, lesions("SD", -28.0))
    messages = sorted(str(warning.message) for warning in caught)
    assert [m.partition(" is not that of the lesions")[0] for m in messages] == [
        "best change of the clinical table",
        "response of the clinical table",
    ]
    assert not [m for m in messages if "SD" in m or "40" in m or "28" in m]
    assert (found["response"], found["best_change_percent"]) == ("PR", -40)


def test_what_agrees_is_not_told() -> None:
    told = record(response="PR", responded=True, disease_control=True, best_change_percent=-40)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row(told, lesions("PR", -39.6))


def test_responder_without_a_response_is_completed_or_contradicted() -> None:
    told = record(responded=True, disease_control=True)
    assert row(told, lesions("CR"))["response"] == "CR"
    with pytest.warns(DataWarning, match="responded of the clinical table is not"):
        found = row(told, lesions("SD"))
    assert pd.isna(found["response"])
    assert found["responded"] is True
    non_responder = row(record(responded=False), lesions("PD"))
    assert (non_responder["response"], non_responder["disease_control"]) == ("PD", False)
    assert pd.isna(row(record(responded=False), lesions("NE"))["response"])
