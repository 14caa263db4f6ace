"""The patient on the page of a biopsy, and what does not agree there."""

import pandas as pd

from storiform.report.biopsy_page import render_biopsy
from storiform.report.course import course
from storiform.report.discordances import discordances
from storiform.report.record import BiopsyRecord, ReportTable

CLINIC = {
    "response": "SD", "best_change_percent": -12.5, "pfs_months": 8.1, "pfs_event": True,
    "os_months": 20.0, "os_event": False, "histology": "myxofibrosarcoma", "sex": "male",
    "age_years": 61.0, "arm": None,
}  # fmt: skip
EVENT = {"term": "Fatigue", "grade": 3, "is_related": True, "day": 40.0}
SEEN = {
    "day": 56.0, "sum_mm": 88.0, "change_percent": -12.0, "nadir_change_percent": -12.0,
    "has_new_lesion": False, "response": "SD", "is_baseline": False, "ir_response": None,
}  # fmt: skip


def record(**rows):
    tables = tuple(
        ReportTable(name, "", pd.DataFrame([row]), {}, 1) for name, row in rows.items()
    )
    return BiopsyRecord("Trial", "0.1.0", "P1", "B1", beside=tables)


def test_response_survival_and_lesions_of_the_patient_stand_on_the_page():
    made = record(clinic=CLINIC, adverse_events=EVENT, assessments=SEEN)
    found = course(made)
    assert [(one.value, one.label) for one in found.facts] == [
        ("SD", "best overall response"),
        ("\N{MINUS SIGN}12.5 %", "best change of target lesions"),
        ("8.10 months", "progression-free; progressed or died"),
        ("20.0 months", "overall survival; alive at last contact"),
    ]
    assert found.sentences == (
        "myxofibrosarcoma; male; 61 years at enrolment.",
        "1 adverse event; of grade 3 or more: Fatigue (grade 3, day 40, related).",
    )
    assert [cell.text for cell in found.grids[0].rows[0]][:2] == ["56", "88"]
    assert 'id="patient"' in render_biopsy(made)
    assert course(record()) is None


def test_sources_that_disagree_are_named():
    best = {"response": "PR", "ir_response": "irSD"}
    fusion = {"stated": "leiomyosarcoma", "fusion": "F1::F2", "suggested": "A;B"}
    made = record(clinic=CLINIC, best_response=best, fusion_discordances=fusion)
    assert discordances(made) == (
        "The stated diagnosis is leiomyosarcoma, but F1::F2 was found, which points to A or B.",
        "Best response: SD is stated, but the lesions tell PR.",
        "The lesions tell PR by RECIST 1.1, but SD by irRC.",
    )
    assert 'id="discordances"' in render_biopsy(made)
    assert discordances(record(clinic=CLINIC, best_response=CLINIC | {"ir_response": ""})) == ()
