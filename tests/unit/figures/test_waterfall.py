"""The waterfall: one bar for each measured patient, strips of features below."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from storiform.figures.style import RESPONSES
from storiform.figures.waterfall import WaterfallParams, waterfall
from storiform.model.errors import NothingToShow

BARE = WaterfallParams(strips=())


def words_of(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_bars_fall_and_carry_the_colour_of_the_response(invented):
    clinic = invented.clinic()
    axes = waterfall(clinic, None, BARE).axes[0]
    ordered = clinic.sort_values("best_change_percent", ascending=False)
    heights = [bar.get_height() for bar in axes.patches]
    np.testing.assert_allclose(heights, ordered["best_change_percent"])
    colours = [to_hex(bar.get_facecolor()).upper() for bar in axes.patches]
    assert colours == [RESPONSES[response].upper() for response in ordered["response"]]
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ordered["patient"].tolist()


def test_lines_stand_at_the_bounds_of_recist(invented):
    axes = waterfall(invented.clinic(), None, WaterfallParams()).axes[0]
    assert {line.get_ydata()[0] for line in axes.lines} == {20.0, -30.0, 0.0}


def test_unmeasured_patient_is_left_out_and_counted(invented):
    clinic = invented.clinic()
    clinic.loc[:2, "best_change_percent"] = np.nan
    figure = waterfall(clinic, None, BARE)
    assert len(figure.axes[0].patches) == 25
    expected = "n = 25 patients; 3 without a measured change left out"
    assert figure.get_supxlabel() == expected


def test_bars_are_of_the_population_that_the_footnote_names(invented):
    clinic = invented.clinic()
    dosed = clinic["patient"][2:]
    members = pd.DataFrame({"population": "safety", "patient": dosed})
    figure = waterfall(clinic, None, BARE, members)
    names = {label.get_text() for label in figure.axes[0].get_xticklabels()}
    assert names == set(dosed)
    assert figure.get_supxlabel() == "n = 26 patients; safety population"


def test_complete_response_without_a_change_is_drawn_hatched_at_the_bottom(invented):
    clinic = invented.clinic()
    clinic.loc[0, ["response", "best_change_percent"]] = ["CR", np.nan]
    clinic.loc[1, "response"] = "CR"
    figure = waterfall(clinic, None, BARE)
    bars = figure.axes[0].patches
    assert [bar.get_height() for bar in bars if bar.get_hatch()] == [-100.0]
    measured = clinic.loc[1, "best_change_percent"]
    assert measured in [bar.get_height() for bar in bars]
    assert "1 with CR and no measured change drawn at -100 %" in figure.get_supxlabel()


def test_growth_beyond_the_axis_is_cut_marked_and_told(invented):
    clinic = invented.clinic()
    clinic.loc[27, "best_change_percent"] = 240.0
    figure = waterfall(clinic, None, BARE)
    axes = figure.axes[0]
    assert axes.patches[0].get_height() == 100.0
    assert "+240" in [text.get_text() for text in axes.texts]
    triangles = axes.collections[1].get_offsets()
    assert triangles.tolist() == [[0.0, 100.0]]
    assert figure.get_supxlabel() == "n = 28 patients; 1 cut at +100 %"


def test_bar_of_no_change_has_a_dot(invented):
    clinic = invented.clinic()
    clinic.loc[12, "best_change_percent"] = 0.0
    axes = waterfall(clinic, None, BARE).axes[0]
    heights = [bar.get_height() for bar in axes.patches]
    assert axes.collections[0].get_offsets()[:, 0].tolist() == [heights.index(0.0)]


def test_response_that_is_missing_is_drawn_as_not_evaluable(invented):
    clinic = invented.clinic(response=np.nan)
    figure = waterfall(clinic, None, WaterfallParams())
    legend = figure.subfigs[0].legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["NE"]


def test_strips_show_the_values_of_the_patients_of_the_bars(invented, trial):
    clinic = invented.clinic()
    cells = np.arange(28.0)
    cells[3] = np.nan
    features = trial.feature(clinic["patient"], "measurements.CPS", cells)
    params = WaterfallParams(strips=("histology", "measurements.CPS"))
    figure = waterfall(clinic, features, params)
    strips = figure.axes[1:3]
    assert [axes.get_yticklabels()[0].get_text() for axes in strips] == ["Histology", "CPS"]
    ordered = clinic.sort_values("best_change_percent", ascending=False).index
    image = strips[1].images[0]
    codes = image.get_array()[0]
    shades = [to_hex(image.cmap(image.norm(code))) for code in codes]
    drawn = {int(at): shade for at, shade in zip(ordered, shades, strict=True)}
    assert drawn[3] == "#e4e4e4"
    lightness = [sum(int(drawn[at][p : p + 2], 16) for p in (1, 3, 5)) for at in (0, 14, 27)]
    assert lightness == sorted(lightness, reverse=True)
    assert {"0", "27", "not stated", "UPS", "LMS"} <= set(words_of(figure))


def test_value_that_is_zero_in_a_flag_is_no(invented, trial):
    clinic = invented.clinic()
    features = trial.feature(clinic["patient"], "hla_loh.is_lost", [0.0, 1.0] * 14, "flag")
    figure = waterfall(clinic, features, WaterfallParams(strips=("hla_loh.is_lost",)))
    assert {"yes", "no"} <= set(words_of(figure))
    assert "not stated" not in words_of(figure)


def test_categories_that_look_like_numbers_have_a_key_each(invented, trial):
    clinic = invented.clinic()
    grades = trial.feature(
        clinic["patient"], "measurements.grade", list("1234" * 7), "category"
    )
    figure = waterfall(clinic, grades, WaterfallParams(strips=("measurements.grade",)))
    assert {"1", "2", "3", "4"} <= set(words_of(figure))


def test_large_numbers_are_written_out(invented, trial):
    clinic = invented.clinic()
    cells = trial.feature(clinic["patient"], "measurements.CD8", np.arange(28.0) * 1000.0)
    figure = waterfall(clinic, cells, WaterfallParams(strips=("measurements.CD8",)))
    assert {"0", "27000"} <= set(words_of(figure))


def test_strip_that_nobody_has_is_left_out_and_named(invented):
    clinic = invented.clinic(histology=None)
    params = WaterfallParams(strips=("histology", "measurements.CPS"))
    figure = waterfall(clinic, None, params)
    told = "n = 28 patients; no value of histology; no value of measurements.CPS"
    assert figure.get_supxlabel() == told
    assert len(figure.axes) == 2  # bars and empty keys


@pytest.mark.parametrize("count", [8, 46, 500])
def test_all_is_readable_from_few_to_many_patients(trial, faults_of, count):
    clinic = trial.clinic(count)
    features = trial.features(clinic["patient"])
    names = ("histology", "measurements.CD20", "hla_loh.is_lost", "immune_classes.sic")
    params = WaterfallParams(strips=names)
    assert faults_of(waterfall(clinic, features, params)) == []


def test_nobody_measured_leaves_the_figure_out(invented):
    clinic = invented.clinic(best_change_percent=np.nan)
    with pytest.raises(NothingToShow, match="best change"):
        waterfall(clinic, None, WaterfallParams())
