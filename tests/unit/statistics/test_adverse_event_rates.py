"""Adverse events: once a patient, at the highest grade, whatever the spelling."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.trial_tables import ADVERSE_EVENT_RATES
from storiform.statistics.adverse_event_rates import (
    AdverseEventRateParams,
    adverse_event_rates,
    fold_term,
)


def events(*rows) -> pd.DataFrame:
    """Return events from rows of patient, term, grade and whether related (yes)."""
    table = pd.DataFrame(
        [(row[0], row[1], row[2], row[3] if len(row) > 3 else True) for row in rows],
        columns=["patient", "term", "grade", "is_related"],
    )
    return table.assign(
        row=range(len(rows)), is_related=table["is_related"].astype("boolean"), drug=None,
        day=1.0, action=None,
    )  # fmt: skip


def counted(invented, *rows, exposure=None, **params) -> pd.DataFrame:
    made = adverse_event_rates(
        events(*rows), invented.clinic(), exposure, AdverseEventRateParams(**params)
    )
    return ADVERSE_EVENT_RATES.conform(made).set_index(["scope", "term"])


def test_step_makes_a_table_of_the_cohort():
    step = Step.of(adverse_event_rates)
    assert step.products == (ADVERSE_EVENT_RATES,)
    assert (step.section, step.grain) == ("adverse_event_rates", "cohort")


def test_patient_counts_once_a_term_at_the_highest_grade(invented):
    rows = [("P01", "Fatigue", 1), ("P01", "Fatigue", 3), ("P01", "Fatigue", 2)]
    row = counted(invented, *rows, ("P02", "Fatigue", 2)).loc[("all", "Fatigue")]
    assert [row["grade_1_2"], row["grade_3"], row["any_grade"], row["n"]] == [1, 1, 2, 28]
    assert row["any_percent"] == pytest.approx(200 / 28)
    assert row["grade_3_percent"] == pytest.approx(100 / 28)


def test_each_grade_has_its_column(invented):
    rows = [(f"P0{grade}", "Sepsis", grade) for grade in range(1, 6)]
    row = counted(invented, *rows).loc[("all", "Sepsis")]
    grades = ["grade_1_2", "grade_3", "grade_4", "grade_5"]
    assert row[grades].tolist() == [2, 1, 1, 1]
    shares = row[[f"{name}_percent" for name in grades]].sum()
    assert shares == pytest.approx(row["any_percent"])


def test_any_event_is_of_patients_not_of_events(invented):
    table = counted(invented, ("P01", "Fatigue", 2), ("P01", "Nausea", 4), ("P02", "Rash", 1))
    row = table.loc[("all", "any")]
    assert [row["any_grade"], row["grade_1_2"], row["grade_4"]] == [2, 1, 1]
    assert row["order"] == 0


def test_related_events_are_counted_at_their_own_grade(invented):
    rows = [("P01", "Fatigue", 1, True), ("P01", "Fatigue", 3, False), ("P02", "Rash", 2, None)]
    table = counted(invented, *rows)
    assert table.loc[("related", "Fatigue"), "grade_1_2"] == 1
    assert table.loc[("all", "Fatigue"), "grade_3"] == 1
    assert ("related", "Rash") not in table.index
    assert table.loc[("related", "any"), "any_grade"] == 1
    taken = counted(invented, *rows, unknown_is_related=True)
    assert taken.loc[("related", "Rash"), "any_grade"] == 1


def test_nothing_is_related_where_nobody_says_so(invented):
    table = counted(invented, ("P01", "Fatigue", 1, None))
    assert set(table.index.get_level_values("scope")) == {"all"}


def test_spellings_of_a_term_are_one_term(invented):
    terms = ["Diarrhea", "Diarrhoea", "diarrhoea ", "Diarrhoea"]
    table = counted(invented, *((f"P0{n}", term, 1) for n, term in enumerate(terms, start=1)))
    assert table.loc[("all", "Diarrhoea"), "any_grade"] == 4
    assert len(table.loc["all"]) == 2


def test_same_patient_in_two_spellings_counts_once(invented):
    table = counted(invented, ("P01", "Anemia", 1), ("P01", "Anaemia", 3))
    assert table.loc[("all", "Anaemia"), ["grade_3", "any_grade"]].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Oedema", "edema"), ("Haemorrhage", "hemorrhage"), ("Leucopenia", "Leukopenia"),
     ("Hand-foot syndrome", "Hand  foot Syndrome"), ("Tumour pain", "tumor_pain"),
     ("Oesophagitis", "Esophagitis"), ("Hypercholesterolaemia", "hypercholesterolemia")],
)  # fmt: skip
def test_british_and_american_terms_fold_to_one(one, other):
    assert fold_term(one) == fold_term(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("AST increased", "ALT increased"), ("Hypothyroidism", "Hyperthyroidism"),
     ("Neutropenia", "Leukopenia")],
)  # fmt: skip
def test_other_terms_stay_apart(one, other):
    assert fold_term(one) != fold_term(other)


def test_terms_that_the_user_calls_the_same_are_one(invented):
    same = {"ast increased": "Aspartate aminotransferase increased"}
    table = counted(
        invented, ("P01", "AST  Increased", 1),
        ("P02", "aspartate aminotransferase increased", 3),
        ("P03", "aspartate aminotransferase increased", 1), terms=same,
    )  # fmt: skip
    assert table.loc[("all", "Aspartate aminotransferase increased"), "any_grade"] == 3


def test_rows_are_sorted_as_a_paper_sorts_them(invented):
    rows = [(f"P{n:02d}", "Nausea", 1) for n in (1, 2, 3)]
    rows += [(f"P{n:02d}", "ALT increased", 1 if n > 1 else 3) for n in (1, 2)]
    rows += [(f"P{n:02d}", "AST increased", 3) for n in (1, 2)]
    rows += [("P01", "Rash", 1), ("P01", "Arthritis", 1)]
    table = counted(invented, *rows).loc["all"]
    expected = ["any", "Nausea", "AST increased", "ALT increased", "Arthritis", "Rash"]
    assert table.index.tolist() == expected


def test_events_of_untreated_patients_are_told_and_not_counted(invented):
    exposure = pd.DataFrame({"patient": invented.PATIENTS[:20], "drug": "x"})
    rows = [("P01", "Fatigue", 1), ("P28", "Fatigue", 1), ("P99", "Rash", 2)]
    with pytest.warns(DataWarning, match="not of the safety population .*P28, P99"):
        table = counted(invented, *rows, exposure=exposure)
    row = table.loc[("all", "Fatigue")]
    assert (row["any_grade"], row["n"], row["any_percent"]) == (1, 20, 5.0)
    assert ("all", "Rash") not in table.index


def test_order_of_the_rows_changes_nothing(invented):
    generator = np.random.default_rng(5)
    rows = [
        (f"P{generator.integers(1, 29):02d}", term, int(generator.integers(1, 6)))
        for term in ["Anemia", "anaemia", "Rash", "Fatigue", "fatigue"] * 8
    ]
    table = counted(invented, *rows)
    pd.testing.assert_frame_equal(table, counted(invented, *rows[::-1]))


def test_no_event_is_an_empty_table(invented):
    made = adverse_event_rates(
        events(("P01", "Rash", 1)).iloc[:0], invented.clinic(), None, AdverseEventRateParams()
    )
    pd.testing.assert_frame_equal(made, ADVERSE_EVENT_RATES.empty())
