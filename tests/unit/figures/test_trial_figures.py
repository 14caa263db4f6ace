"""What holds for all figures of the trial: the same bytes twice, and nothing unreadable."""

import numpy as np
import pytest

from storiform.figures.forest import ForestParams, forest_plot
from storiform.figures.spider import SpiderParams, spider_plot
from storiform.figures.style import canvas, render
from storiform.figures.swimmer import SwimmerParams, swimmer_plot
from storiform.figures.waterfall import WaterfallParams, waterfall
from storiform.model.errors import NothingToShow
from storiform.model.tables.trial_tables import HAZARDS
from storiform.statistics.hazards import HazardParams, hazards

UNKNOWN = {
    "response": None, "histology": None, "sex": None, "age_years": np.nan,
    "os_months": np.nan, "os_event": None, "pfs_event": None,
}  # fmt: skip


def drawings(trial, count, **columns):
    """Return a function for each figure that draws it anew."""
    clinic = trial.clinic(count, **columns)
    assessments = trial.assessments(trial.clinic(count))
    exposure, doses = trial.exposure_and_doses(clinic)
    return {
        "waterfall": lambda: waterfall(clinic, None, WaterfallParams()),
        "spider": lambda: spider_plot(assessments, clinic, SpiderParams()),
        "swimmer": lambda: swimmer_plot(exposure, doses, None, clinic, SwimmerParams()),
    }


@pytest.mark.parametrize("name", ["waterfall", "spider", "swimmer"])
def test_drawn_twice_gives_the_same_bytes(trial, name):
    draw = drawings(trial, 8)[name]
    assert render(draw()) == render(draw())


@pytest.mark.parametrize("name", ["waterfall", "spider", "swimmer"])
def test_patients_of_whom_nothing_else_is_known_are_drawn(trial, faults_of, name):
    figure = drawings(trial, 8, **UNKNOWN)[name]()
    assert faults_of(figure) == []
    assert figure.get_supxlabel().startswith("n = ")


def test_survival_without_events_leaves_no_forest_with_estimates(trial):
    clinic = trial.clinic(8, pfs_event=[False] * 8, os_event=[False] * 8)
    table = HAZARDS.conform(
        hazards(trial.features(clinic["patient"]), clinic, None, HazardParams())
    )
    assert table["hazard_ratio"].isna().all()
    with pytest.raises(NothingToShow, match="estimate"):
        forest_plot(table, ForestParams())


def test_unreadable_texts_are_found(faults_of):
    figure = canvas(60.0, 40.0)
    figure.text(0.5, 0.5, "first", fontsize=7.0)
    figure.text(0.52, 0.5, "second", fontsize=5.0)
    figure.text(0.95, 0.1, "much too long", fontsize=7.0)
    figure.text(0.5, 0.5, "hidden", visible=False)
    found = faults_of(figure)
    assert found == ["small: second", "outside: much too long", "first over second"]
