"""The forest plot of odds: what differs from that of hazards."""

import numpy as np
import pandas as pd
import pytest

from storiform.figures.odds_forest import OddsForestParams, odds_forest
from storiform.figures.style import BLUE, VERMILION
from storiform.model.errors import NothingToShow
from storiform.model.tables.trial_tables import ODDS
from storiform.statistics.odds import OddsParams, odds


def model(term, ratio, **columns):
    """Return the row of a model with one term."""
    row = {
        "outcome": "responded", "model": term, "term": term, "reference": "", "n": 46,
        "n_positive": 8, "n_missing": 2, "coefficient": np.log(ratio), "se": 0.2,
        "odds_ratio": ratio, "lower": ratio / 1.5, "upper": ratio * 1.6,
        "unit_of_term": "1 sd", "p": 0.2, "q": 0.4, "family": "table", "model_p": 0.2,
        "population": "efficacy",
        "auc": 0.6, "method": "maximum likelihood", "note": "",
    }  # fmt: skip
    return {**row, **columns}


def drawn(rows, **params):
    table = ODDS.conform(pd.DataFrame(rows))
    return odds_forest(table, OddsForestParams(**params))


def words_of(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_odds_stand_with_the_patients_who_have_the_outcome():
    figure = drawn([model("tmb.tmb", 1.4, p=0.3), model("mcp_counter.b_lineage", 2.5, p=0.01)])
    words = words_of(figure)
    first = words.index("   B lineage (MCP-counter), per 1 sd")
    assert words[first + 1 : first + 3] == ["46 (8)", "2.50 (1.67\N{EN DASH}4.00)"]
    assert "n (with outcome)" in words
    assert "OR (95 % CI)" in words
    assert figure.axes[0].get_xlabel() == "Odds ratio"
    assert "Response (CR or PR), one model each" in words


def test_odds_that_rise_are_the_good_ones():
    figure = drawn([model("a.better", 2.5), model("a.worse", 0.4, lower=0.2, upper=0.8)])
    squares = [line for line in figure.axes[0].lines if line.get_marker() == "s"]
    colours = {float(line.get_xdata()[0]): line.get_color() for line in squares}
    assert colours == {2.5: BLUE, 0.4: VERMILION}


def test_rows_whose_data_ask_for_a_penalty_are_hollow_and_no_hazard_is_told_of():
    chosen = "maximum likelihood, Firth's penalty"
    rows = [
        model("a.firth", 2.0, method=f"{chosen}: groups separate"),
        model("a.plain", 3.0, method=chosen),
    ]
    figure = drawn(rows)
    words = words_of(figure)
    assert "   Firth, per 1 sd\N{DAGGER}" in words
    assert "   Plain, per 1 sd" in words
    told = " ".join(figure.get_supxlabel().split())
    assert "hazard" not in told
    assert "all fits with Firth's penalty" in told
    assert "\N{DAGGER}: groups separate or are very small" in told
    told = drawn([model("a.plain", 3.0)]).get_supxlabel()
    assert "Firth" not in told


def test_searched_model_is_told_with_its_outcome_in_words():
    rows = [
        model("tmb.tmb", 1.6, model="multivariable", q=np.nan, note="chosen by p < 0.1"),
        model("tmb.tmb", 1.8, outcome="clinical_benefit"),
    ]
    figure = drawn(rows)
    told = figure.get_supxlabel().replace("\n", " ")
    assert "multivariable model of responded: chosen by p < 0.1" in told
    assert "Clinical benefit (CR, PR or lasting SD), one model each" in words_of(figure)
    only = drawn(rows, outcomes=("responded",))
    assert not any("benefit" in word for word in words_of(only))


@pytest.mark.parametrize("count", [8, 46])
def test_odds_of_a_cohort_are_readable(trial, faults_of, count):
    clinic = trial.clinic(count)
    params = OddsParams(
        histology_adjusted=True, multivariable=("mcp_counter.b_lineage", "clinic.age_years")
    )
    table = odds(trial.features(clinic["patient"]), clinic, None, params)
    figure = odds_forest(ODDS.conform(table), OddsForestParams())
    assert faults_of(figure) == []
    assert "Response (CR or PR), multivariable model" in words_of(figure)


def test_no_estimate_leaves_the_figure_out():
    with pytest.raises(NothingToShow, match="no logistic regression"):
        drawn([model("a.none", 1.0, odds_ratio=np.nan)])
