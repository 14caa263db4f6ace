"""The table of patient characteristics."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.trial_tables import CHARACTERISTICS
from storiform.statistics.characteristics import (
    CharacteristicParams,
    characteristics,
    range_text,
    share_text,
)

UNTOLD = {
    name: pd.array([None] * 28, dtype="boolean") for name in ("responded", "disease_control")
}


def described(clinic, *, facts=None, exposure=None, best=None, **params) -> pd.DataFrame:
    made = characteristics(clinic, facts, exposure, best, CharacteristicParams(**params))
    return CHARACTERISTICS.conform(made).set_index(["variable", "level"])


def fact(invented, variable, values, kind="category") -> pd.DataFrame:
    is_number = kind == "number"
    return pd.DataFrame({
        "patient": invented.PATIENTS[: len(values)], "variable": variable, "kind": kind,
        "value": values if is_number else np.nan, "label": None if is_number else values,
    })  # fmt: skip


def test_step_makes_a_table_of_the_cohort():
    step = Step.of(characteristics)
    assert step.products == (CHARACTERISTICS,)
    assert (step.section, step.grain) == ("characteristics", "cohort")


def test_categories_stand_by_frequency_with_their_share(invented):
    histology = ["LMS"] * 14 + ["UPS"] * 7 + ["SS"] * 7
    rows = described(invented.clinic(histology=histology)).loc["histology"]
    assert rows.index.tolist() == ["LMS", "SS", "UPS"]
    assert rows["text"].tolist() == ["14 (50.0%)", "7 (25.0%)", "7 (25.0%)"]
    assert rows["percent"].tolist() == [50.0, 25.0, 25.0]


def test_number_has_median_and_range(invented):
    ages = [22.0, *([51.0] * 26), 72.0]
    row = described(invented.clinic(age_years=ages)).loc[("age", "median (range)")]
    assert (row["text"], row["n"], row["n_total"]) == ("51 (22-72)", 28, 28)
    assert np.isnan(row["percent"])


def test_missing_values_have_a_row_of_their_own(invented):
    clinic = invented.clinic(
        sex=[*(["male"] * 21), *([" "] * 6), np.nan], age_years=[50.0] * 27 + [np.inf]
    )
    table = described(clinic)
    assert table.loc[("sex", "missing"), "text"] == "7 (25.0%)"
    assert table.loc[("sex", "male"), "percent"] == 75.0
    assert table.loc[("age", "median (range)"), "n"] == 27
    assert table.loc[("age", "missing"), "n"] == 1
    assert ("histology", "missing") not in table.index


def test_variable_that_nobody_has_is_left_out(invented):
    variables = described(invented.clinic(arm="")).index.get_level_values("variable")
    assert set(variables) == {"age", "sex", "histology"}


def test_further_columns_follow_and_patients_without_them_are_missing(invented):
    facts = pd.concat(
        [
            fact(invented, "ECOG PS", ["0"] * 20 + ["1"] * 7),
            fact(invented, "LDH", [0.5, 1.25], "number"),
        ]
    )
    table = described(invented.clinic(), facts=facts)
    assert table.loc[("ECOG PS", "0"), "n"] == 20
    assert table.loc[("ECOG PS", "missing"), "n"] == 1
    assert table.loc[("LDH", "median (range)"), "text"] == "0.88 (0.50-1.25)"
    assert table.loc[("LDH", "missing"), "n"] == 26


def test_few_whole_numbers_are_counted_by_value_in_their_order(invented):
    facts = fact(invented, "ECOG PS", [0.0] * 8 + [1.0] * 13 + [2.0] * 7, "number")
    rows = described(invented.clinic(), facts=facts).loc["ECOG PS"]
    assert rows["text"].to_dict() == {"0": "8 (28.6%)", "1": "13 (46.4%)", "2": "7 (25.0%)"}
    assert rows.index.tolist() == ["0", "1", "2"]
    ranged = described(invented.clinic(), facts=facts, most_values=2)
    assert ranged.loc[("ECOG PS", "median (range)"), "text"] == "1 (0-2)"


@pytest.mark.parametrize("values", [[0.5, 1.0] * 14, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0] * 4])
def test_other_numbers_have_a_range(invented, values):
    facts = fact(invented, "x", values, "number")
    assert ("x", "median (range)") in described(invented.clinic(), facts=facts).index


def test_most_values_is_the_most(invented):
    facts = fact(invented, "lines", [1.0, 2.0, 3.0, 4.0] * 7, "number")
    found = described(invented.clinic(), facts=facts, most_values=4)
    assert ("lines", "4") in found.index


def test_further_column_of_a_known_name_is_not_told_twice(invented):
    facts = fact(invented, "sex", ["M"] * 28)
    rows = described(invented.clinic(), facts=facts).loc["sex"]
    assert rows.index.tolist() == ["female", "male"]


def test_variable_that_is_ordered_twice_stands_once(invented):
    table = described(invented.clinic(), order=("sex", "sex"))
    assert table.index.is_unique


def test_order_is_that_which_is_asked_for(invented):
    facts = fact(invented, "ECOG PS", ["0"] * 28)
    table = described(invented.clinic(), facts=facts, order=("ECOG PS", "sex"))
    variables = table.index.get_level_values("variable").unique()
    assert variables.tolist() == ["ECOG PS", "sex", "age", "histology"]


def test_variable_of_the_order_that_nobody_has_is_told(invented):
    with pytest.warns(DataWarning, match="no patient has stage"):
        described(invented.clinic(), order=("stage",))


def test_table_is_of_the_treated_unless_others_are_asked_for(invented):
    exposure = pd.DataFrame({"patient": invented.PATIENTS[:20], "drug": "x"})
    clinic = invented.clinic(**UNTOLD, response=["PR"] * 15 + ["NE"] * 13)
    assert set(described(clinic, exposure=exposure)["n_total"]) == {20}
    for population, n in {"recruited": 28, "efficacy": 15}.items():
        table = described(clinic, exposure=exposure, population=population)
        assert set(table["n_total"]) == {n}
        assert set(table["population"]) == {population}


def test_no_patients_are_an_empty_table(invented):
    none = pd.DataFrame({"patient": pd.Series(dtype=str), "drug": pd.Series(dtype=str)})
    made = characteristics(invented.clinic(), None, none, None, CharacteristicParams())
    pd.testing.assert_frame_equal(made, CHARACTERISTICS.empty())


@pytest.mark.parametrize(
    ("values", "text"),
    [([1.0, 2.0], "1.5 (1-2)"), ([50.25, 61.75], "56.0 (50.2-61.8)"),
     ([-1.0, 3.0], "1 (-1 to 3)"), ([7.0], "7 (7-7)")],
)  # fmt: skip
def test_range_is_written_with_as_many_digits_as_it_bears(values, text):
    assert range_text(np.array(values)) == text


@pytest.mark.parametrize(
    ("count", "n", "text"),
    [(1, 8, "1 (12.5%)"), (1, 16, "1 (6.3%)"), (3, 16, "3 (18.8%)"), (0, 5, "0 (0.0%)"),
     (5, 5, "5 (100.0%)"), (2, 3, "2 (66.7%)")],
)  # fmt: skip
def test_half_of_a_tenth_goes_up(count, n, text):
    assert share_text(count, n) == text
