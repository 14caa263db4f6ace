"""The forest plot: one row for each term, with its interval on a logarithmic axis."""

import numpy as np
import pandas as pd
import pytest

from storiform.figures.forest import ForestParams, forest_plot
from storiform.figures.style import BLUE, INK, VERMILION
from storiform.model.errors import NothingToShow
from storiform.model.tables.trial_tables import HAZARDS
from storiform.statistics.hazards import HazardParams, hazards

PFS = ForestParams(outcomes=("pfs",))


def hazard(term, ratio, spread=0.2, **columns):
    """Return the row of a model with one term."""
    log = np.log(ratio)
    row = {
        "outcome": "pfs", "model": term.partition(":")[0], "term": term, "reference": "",
        "n": 46, "events": 30, "n_missing": 2, "coefficient": log, "se": spread,
        "hazard_ratio": ratio, "lower": np.exp(log - 1.96 * spread),
        "upper": np.exp(log + 1.96 * spread), "unit_of_term": "1 sd", "p": 0.2, "q": 0.4,
        "family": "table", "population": "safety", "model_p": 0.2,
        "concordance": 0.6, "concordance_se": 0.05,
        "proportionality_p": 0.5, "method": "Cox, Efron ties", "note": "",
    }  # fmt: skip
    return {**row, **columns}


def conformed(rows):
    return HAZARDS.conform(pd.DataFrame(rows))


def words_of(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def points(figure):
    """Return the hazard ratios that have a square, from top to bottom."""
    squares = [line for line in figure.axes[0].lines if line.get_marker() == "s"]
    placed = [(float(line.get_ydata()[0]), float(line.get_xdata()[0])) for line in squares]
    return [ratio for _, ratio in sorted(placed)]


def row_of(figure, start):
    """Return the height of the row whose name begins so."""
    texts = figure.axes[0].texts
    return next(t.get_position()[1] for t in texts if t.get_text().strip().startswith(start))


def lines_at(figure, height):
    return [line for line in figure.axes[0].lines if line.get_ydata()[0] == height]


def test_terms_stand_by_p_with_their_numbers():
    table = conformed(
        [
            hazard("tmb.tmb", 1.4, p=0.3, q=0.45),
            hazard("mcp_counter.b_lineage", 0.5, p=0.001, q=0.002),
        ]
    )
    figure = forest_plot(table, PFS)
    assert points(figure) == [0.5, 1.4]
    words = words_of(figure)
    expected = [
        "   B lineage (MCP-counter), per 1 sd", "46 (30)", "0.50 (0.34\N{EN DASH}0.74)",
        "0.0010", "0.0020",
    ]  # fmt: skip
    first = words.index(expected[0])
    assert words[first : first + 5] == expected


def test_interval_that_excludes_one_has_a_colour():
    table = conformed([
        hazard("a.worse", 2.0), hazard("a.better", 0.5), hazard("a.neither", 1.1),
    ])  # fmt: skip
    figure = forest_plot(table, PFS)
    colours = {
        name: lines_at(figure, row_of(figure, name))[0].get_color()
        for name in ("Worse", "Better", "Neither")
    }
    assert colours == {"Worse": VERMILION, "Better": BLUE, "Neither": INK}


def test_interval_beyond_the_axis_ends_in_an_arrow():
    table = conformed([hazard("a.wide", 3.0, 1.0), hazard("a.far", 30.0, 0.4)])
    figure = forest_plot(table, PFS)
    assert figure.axes[0].get_xlim() == pytest.approx((0.1, 10.0))
    wide = lines_at(figure, row_of(figure, "Wide"))
    assert [line.get_marker() for line in wide] == ["None", ">", "s"]
    far = lines_at(figure, row_of(figure, "Far"))
    assert [line.get_marker() for line in far] == ["None", ">"]
    assert points(figure) == [3.0]


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_missing_bound_is_open(missing):
    table = conformed([hazard("a.open", 2.0, lower=np.nan, upper=missing)])
    figure = forest_plot(table, PFS)
    markers = [line.get_marker() for line in lines_at(figure, row_of(figure, "Open"))]
    assert markers == ["None", "<", ">", "s"]
    end = "\N{INFINITY}" if np.isinf(missing) else "?"
    assert f"2.00 (?\N{EN DASH}{end})" in words_of(figure)


def test_penalised_and_doubtful_rows_are_marked():
    table = conformed(
        [
            hazard("a.firth", 2.0, method="Efron ties, Firth's penalty: groups separate"),
            hazard("a.changing", 2.0, proportionality_p=0.01),
        ]
    )
    figure = forest_plot(table, PFS)
    words = words_of(figure)
    assert "   Firth, per 1 sd\N{DAGGER}" in words
    assert "   Changing, per 1 sd\N{DOUBLE DAGGER}" in words
    square = lines_at(figure, row_of(figure, "Firth"))[-1]
    assert square.get_markerfacecolor() == "white"
    told = figure.get_supxlabel()
    assert "\N{DAGGER}: groups separate or are very small, Firth's penalty" in told
    assert "\N{DOUBLE DAGGER}: hazards may not be" in told


def test_levels_name_their_reference_and_stay_together():
    table = conformed(
        [
            hazard("clinic.sex:male", 1.2, p=0.04, reference="female", unit_of_term=""),
            hazard(
                "clinic.arm:B", 1.2, p=0.5, reference="A", unit_of_term="level v. reference"
            ),
            hazard(
                "clinic.arm:C", 1.3, p=0.01, reference="A", unit_of_term="level v. reference"
            ),
        ]
    )
    figure = forest_plot(table, PFS)
    names = [word.strip() for word in words_of(figure) if " v. " in word]
    assert names == ["Arm: C v. A", "Arm: B v. A", "Sex: male v. female"]


def test_models_of_several_terms_stand_in_blocks_of_their_own():
    rows = [
        hazard("tmb.tmb", 1.4),
        hazard("tmb.tmb", 1.5, model="tmb.tmb + histology"),
        hazard("tmb.tmb", 1.6, model="multivariable", q=np.nan, note="chosen by p < 0.1"),
        hazard("clinic.age_years", 1.7, model="multivariable", unit_of_term="10 years"),
        hazard("tmb.tmb", 1.8, outcome="os"),
    ]
    figure = forest_plot(conformed(rows), ForestParams())
    headings = [word for word in words_of(figure) if "survival" in word]
    pfs, os = "Progression-free survival", "Overall survival"
    assert headings == [
        f"{pfs}, one model each", f"{pfs}, stratified by histology",
        f"{pfs}, multivariable model", f"{os}, one model each",
    ]  # fmt: skip
    assert points(figure) == [1.4, 1.5, 1.7, 1.6, 1.8]
    assert "multivariable model of PFS: chosen by p < 0.1" in figure.get_supxlabel()
    assert "   Age, per 10 years" in words_of(figure)


def test_rows_that_are_left_out_are_told():
    rows = [hazard(f"ssgsea.S{n}", 1.2, p=n / 100) for n in range(1, 31)]
    rows += [hazard("a.none", np.nan, p=np.nan, note="no events")]
    figure = forest_plot(conformed(rows), ForestParams(outcomes=("pfs",), rows=5))
    assert len(points(figure)) == 5
    told = figure.get_supxlabel().replace("\n", " ")
    assert "5 of 30 terms, smallest p first" in told
    assert "1 of 31 terms has no estimate: see the table" in told


def test_what_has_no_room_on_a_page_is_told():
    rows = [
        hazard(f"ssgsea.S{n}", 1.2, p=n / 100, outcome=outcome)
        for n in range(1, 41) for outcome in ("pfs", "os")
    ]  # fmt: skip
    figure = forest_plot(conformed(rows), ForestParams(rows=40))
    assert figure.get_size_inches()[1] * 25.4 <= 240.0
    cut = 80 - len(points(figure))
    assert cut > 0
    assert f"rows without room: {cut}" in figure.get_supxlabel().replace("\n", " ")


@pytest.mark.parametrize("count", [8, 46, 500])
def test_hazards_of_a_cohort_are_readable(trial, faults_of, count):
    clinic = trial.clinic(count)
    params = HazardParams(
        histology_adjusted=True, multivariable=("mcp_counter.b_lineage", "clinic.age_years")
    )
    table = hazards(trial.features(clinic["patient"]), clinic, None, params)
    figure = forest_plot(HAZARDS.conform(table), ForestParams())
    assert faults_of(figure) == []
    assert "Progression-free survival, multivariable model" in words_of(figure)


def test_no_estimate_leaves_the_figure_out():
    with pytest.raises(NothingToShow, match="estimate"):
        forest_plot(conformed([hazard("a.none", np.nan)]), ForestParams())


LONG = "clinic.histology:Dedifferentiated liposarcoma"


def test_long_names_of_a_comparison_take_two_lines_and_are_not_cut(faults_of):
    rows = [
        hazard(LONG, 2.0, reference="Leiomyosarcoma of the uterus", p=0.01),
        hazard("clinic.arm:Dedifferentiated liposarcoma", 3.0, reference="Leiomyosarcoma"),
        hazard("tmb.tmb", 0.5, p=0.9),
    ]
    figure = forest_plot(conformed(rows), PFS)
    words = words_of(figure)
    assert "   Histology: Dedifferentiated liposarcoma" in words
    assert "      v. Leiomyosarcoma of the uterus" in words
    assert "   Arm: Dedifferentiated liposarcoma v. Leiomyosarcoma" in words
    assert row_of(figure, "v. Leiomyosarcoma of") == row_of(figure, "Histology") + 1
    assert row_of(figure, "Arm") == row_of(figure, "Histology") + 2
    assert points(figure) == [2.0, 3.0, 0.5]
    assert faults_of(figure) == []


def test_long_names_are_cut_rather_than_leave_rows_out():
    levels = [f"{LONG} of kind {n}" for n in range(1, 36)]
    rows = [
        hazard(level, 2.0, reference="Leiomyosarcoma of the uterus", p=n / 100)
        for n, level in enumerate(levels, 1)
    ]
    figure = forest_plot(conformed(rows), ForestParams(outcomes=("pfs",), rows=40))
    assert len(points(figure)) == 35
    assert "rows without room" not in figure.get_supxlabel()
