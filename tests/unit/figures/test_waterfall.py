"""The waterfall: one bar for each measured patient, from growth to shrinkage."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from storiform.figures.style import RESPONSES
from storiform.figures.waterfall import WaterfallParams, waterfall
from storiform.model.errors import NothingToShow


def test_bars_fall_and_carry_the_colour_of_the_response(invented):
    clinic = invented.clinic()
    axes = waterfall(clinic, WaterfallParams()).axes[0]
    ordered = clinic.sort_values("best_change_percent", ascending=False)
    heights = [bar.get_height() for bar in axes.patches]
    np.testing.assert_allclose(heights, ordered["best_change_percent"])
    colours = [to_hex(bar.get_facecolor()).upper() for bar in axes.patches]
    assert colours == [RESPONSES[response].upper() for response in ordered["response"]]
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ordered["patient"].tolist()


def test_lines_stand_at_the_bounds_of_recist(invented):
    axes = waterfall(invented.clinic(), WaterfallParams()).axes[0]
    assert {line.get_ydata()[0] for line in axes.lines} == {20.0, -30.0, 0.0}


def test_unmeasured_patient_is_left_out_and_counted(invented):
    clinic = invented.clinic()
    clinic.loc[:2, "best_change_percent"] = np.nan
    figure = waterfall(clinic, WaterfallParams())
    assert len(figure.axes[0].patches) == 25
    expected = "n = 25 patients; 3 without a measured change left out"
    assert figure.get_supxlabel() == expected


def test_response_that_is_missing_is_drawn_as_not_evaluable(invented):
    clinic = invented.clinic(response=np.nan)
    legend = waterfall(clinic, WaterfallParams()).legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["NE"]


def test_nobody_measured_leaves_the_figure_out(invented):
    clinic = invented.clinic(best_change_percent=np.nan)
    with pytest.raises(NothingToShow, match="best change"):
        waterfall(clinic, WaterfallParams())
