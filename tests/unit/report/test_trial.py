"""The tables of a trial paper: each number stands where a reader looks for it."""

from dataclasses import replace

import numpy as np
import pandas as pd

from storiform.model.tables.trial_tables import (
    ADVERSE_EVENT_RATES,
    CHARACTERISTICS,
    CORRELATIONS,
    HAZARDS,
    ODDS,
    POPULATIONS,
    RESPONSE_CONCORDANCE,
    RESPONSE_RATES,
    RESPONSE_TRENDS,
    TRIAL_TIMES,
)
from storiform.report.numbers import MISSING
from storiform.report.page import render
from storiform.report.record import ReportTable
from storiform.report.regression import correlations_grid, hazards_grid, odds_grid, trends_grid
from storiform.report.trial import trial_tables


def rows_of(contract, *rows) -> ReportTable:
    empty = {
        name: {"float": np.nan, "string": "", "int": 0, "bool": False}.get(column.dtype)
        for name, column in contract.columns.items()
    }
    frame = pd.DataFrame([{**empty, **row} for row in rows])
    columns = {name: (c.description, c.unit) for name, c in contract.columns.items()}
    made = contract.conform(frame)
    return ReportTable(contract.name, contract.description, made, columns, len(made))


def rate(measure, count, subgroup="all", level="all", n=46):
    return {
        "criterion": "RECIST 1.1", "subgroup": subgroup, "level": level, "measure": measure,
        "population": "efficacy", "n": n, "count": count, "percent": 100 * count / n,
        "lower_percent": 17.7, "upper_percent": 45.8,
    }  # fmt: skip


def words(grid) -> list[list[str]]:
    return [[cell.text for cell in row] for row in grid.rows]


def of(record, *tables):
    return {grid.name: grid for grid in trial_tables(replace(record, tables=tables))}


def test_response_stands_with_its_interval_and_its_population(nothing):
    table = rows_of(
        RESPONSE_RATES, rate("DCR", 41), rate("ORR", 14), rate("ORR", 2, "histology", "ASPS", 2)
    )
    found = of(nothing, table)
    overall = found["Best overall response"]
    assert overall.description == "Population: efficacy."
    assert words(overall)[0] == [
        "RECIST 1.1", "ORR", "14 of 46", "30.4 %", "17.7 to 45.8 %",
    ]  # fmt: skip
    assert words(overall)[1][1:4] == ["DCR", "41 of 46", "89.1 %"]
    assert words(found["Objective response by subgroup"]) == [
        ["RECIST 1.1", "histology", "ASPS", "2 of 2", "100.0 %", "17.7 to 45.8 %"]
    ]


def test_adverse_events_are_sorted_by_frequency_with_any_event_first(nothing):
    def event(term, any_grade, grade_3=0):
        return {
            "scope": "related", "term": term, "population": "safety", "n": 47,
            "any_grade": any_grade, "any_percent": 100 * any_grade / 47, "grade_3": grade_3,
            "grade_3_percent": 100 * grade_3 / 47,
        }  # fmt: skip

    table = rows_of(
        ADVERSE_EVENT_RATES, event("Anorexia", 17, 2), event("Fatigue", 20, 2), event("any", 40)
    )
    grid = of(nothing, table)["Adverse events put down to treatment"]
    assert [row[0] for row in words(grid)] == ["Any event", "Fatigue", "Anorexia"]
    assert words(grid)[1][2] == "2 (4.3 %)"
    assert words(grid)[1][-1] == "20 (42.6 %)"
    assert "n = 47" in grid.description


def test_a_long_list_of_events_says_how_many_stand_in_the_file_only(nothing):
    events = [
        {"scope": "all", "term": f"event {i:02d}", "population": "safety", "n": 9}
        for i in range(45)
    ]
    grid = of(nothing, rows_of(ADVERSE_EVENT_RATES, *events))["All adverse events"]
    assert len(grid.rows) == 40
    assert grid.note == "5 further events in the file only."
    assert not grid.is_whole


def test_a_variable_is_named_once_above_its_levels(nothing):
    def level(order, variable, name, text):
        return {
            "order": order, "variable": variable, "level": name, "text": text,
            "population": "safety", "n_total": 47,
        }  # fmt: skip

    table = rows_of(
        CHARACTERISTICS,
        level(1, "sex", "female", "25 (53.2 %)"),
        level(2, "sex", "male", "22 (46.8 %)"),
    )
    grid = of(nothing, table)["Patient characteristics"]
    assert [heading.name for heading in grid.headings][-1] == "n = 47"
    assert words(grid) == [["sex", "female", "25 (53.2 %)"], ["", "male", "22 (46.8 %)"]]


def test_medians_that_are_not_reached_and_bounds_that_are_missing_are_said(nothing):
    table = rows_of(
        TRIAL_TIMES,
        {"measure": "duration of response", "n": 14, "lower": 5.2, "unit": "months"},
        {
            "measure": "dose intensity", "drug": "pazopanib", "n": 47, "median": 85.0,
            "minimum": 40.0, "maximum": 100.0, "mean": 82.04, "sd": 17.0, "unit": "%",
        },
    )  # fmt: skip
    found = {row[0]: row for row in words(of(nothing, table)["Times and doses"])}
    assert found["duration of response"][2] == "not reached (95 % CI 5.20 to NR)"
    assert found["dose intensity, pazopanib"][2:5] == [
        "85.0 %", "40.0 to 100", "82.0 ± 17.0 %",
    ]  # fmt: skip


def test_agreement_of_the_criteria_is_counted_over_patients(nothing):
    table = rows_of(
        RESPONSE_CONCORDANCE,
        {"recist": "PR", "irrc": "PR", "n": 12},
        {"recist": "PR", "irrc": "SD", "n": 2},
    )
    grid = of(nothing, table)["RECIST 1.1 and irRC"]
    assert grid.description == "The same response by both criteria in 12 of 14 patients."
    assert [heading.name for heading in grid.headings] == ["RECIST 1.1", "irRC PR", "irRC SD"]
    assert words(grid) == [["PR", "12", "2"], ["SD", "0", "0"]]


def test_cox_models_put_the_multivariable_one_first_and_name_levels(nothing):
    table = rows_of(
        HAZARDS,
        {
            "outcome": "pfs", "model": "tmb.tmb", "term": "tmb.tmb", "hazard_ratio": 0.5,
            "lower": 0.3, "upper": 0.9, "p": 0.01, "n": 40, "events": 30,
        },
        {
            "outcome": "pfs", "model": "multivariable", "term": "clinic.sex:male",
            "reference": "female", "hazard_ratio": np.nan, "p": np.nan, "note": "constant",
        },
    )  # fmt: skip
    grid = hazards_grid(replace(nothing, tables=(table,)))
    assert grid is not None
    assert [row[1] for row in words(grid)] == ["multivariable", "alone"]
    assert words(grid)[0][0].endswith(": male v. female")
    assert words(grid)[0][3] == MISSING
    assert words(grid)[1][3] == "0.500 (0.300 to 0.900)"


def test_logistic_models_and_trends_have_their_sections(trial, nothing):
    models = rows_of(
        ODDS,
        {
            "outcome": "responded", "model": "tmb.tmb", "term": "tmb.tmb", "odds_ratio": 2.0,
            "lower": 1.25, "upper": 4.0, "p": 0.01, "n": 40, "n_positive": 9, "auc": 0.75,
            "method": "maximum likelihood, Firth's penalty", "note": "groups separate",
        },
    )  # fmt: skip
    grid = odds_grid(replace(nothing, tables=(models,)))
    assert grid is not None
    names = [heading.name for heading in grid.headings]
    row = dict(zip(names, words(grid)[0], strict=True))
    assert row["odds ratio (95 % CI)"] == "2.00 (1.25 to 4.00)"
    assert (row["with the outcome"], row["AUC"], row["model"]) == ("9", "0.750", "alone")
    trends = rows_of(
        RESPONSE_TRENDS,
        {
            "feature": "tmb.tmb", "effect": -0.25, "effect_lower": -0.5, "effect_upper": 0.125,
            "p": 0.25, "median_pd": 3.5, "n": 40, "test": "Jonckheere-Terpstra, exact",
        },
    )  # fmt: skip
    grid = trends_grid(replace(nothing, tables=(trends,)))
    assert grid is not None
    row = dict(zip([h.name for h in grid.headings], words(grid)[0], strict=True))
    assert row["tau-b (95 % CI)"] == "\N{MINUS SIGN}0.250 (\N{MINUS SIGN}0.500 to 0.125)"
    assert (row["PD"], row["CR"]) == ("3.50", MISSING)
    page = render(replace(trial, tables=(*trial.tables, models, trends)))
    for name, heading in (
        ("odds", "Odds of response"), ("response_trends", "Trends over best response"),
    ):  # fmt: skip
        assert f'<h2 id="{name}-title">{heading}</h2>' in page
        assert f'href="#{name}"' in page
    assert odds_grid(nothing) is None
    assert trends_grid(nothing) is None


def test_a_page_shows_the_sections_that_have_rows_and_no_others(trial, nothing):
    pair = {"x": "mcp_counter.b_lineage", "y": "measurements.CD20", "n": 26, "pearson": 0.51}
    page = render(replace(trial, tables=(*trial.tables, rows_of(CORRELATIONS, pair))))
    assert 'id="correlations"' in page
    assert 'href="#correlations"' in page
    assert 'id="hazards"' not in page
    assert 'id="trial"' not in page
    populations = rows_of(POPULATIONS, {"order": 1, "population": "safety", "n": 47})
    assert 'id="trial"' in render(replace(nothing, tables=(populations,)))
    assert correlations_grid(nothing) is None
