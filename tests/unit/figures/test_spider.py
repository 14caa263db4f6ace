"""The spider: one line for each patient, from baseline to the last measured sum."""

import numpy as np
import pandas as pd
import pytest

from storiform.figures.spider import SpiderParams, spider_plot
from storiform.model.errors import NothingToShow

MONTH = 30.4375


def line_of(figure, patient):
    lines = figure.axes[0].lines
    return next(line for line in lines if line.get_label() == patient)


def crosses(figure):
    lines = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines]


@pytest.fixture
def three(trial):
    """Return one who shrinks, one who grows, one who was never measured again."""
    return trial.assessed(
        [
            trial.assessment("P001", -10.0, 0.0),
            trial.assessment("P001", 56.0, -20.0),
            trial.assessment("P001", 112.0, np.nan),
            trial.assessment("P001", 168.0, -50.0),
            trial.assessment("P002", -3.0, 0.0),
            trial.assessment("P002", 60.0, 50.0),
            trial.assessment("P002", 120.0, 175.0),
            trial.assessment("P003", -1.0, 0.0),
            trial.assessment("P003", 60.0, np.nan),
        ]
    )


def test_lines_are_of_the_population_that_the_footnote_names(trial, three):
    members = pd.DataFrame({"population": "safety", "patient": ["P002", "P003", "P004"]})
    figure = spider_plot(three, trial.clinic(4), SpiderParams(), members)
    told = "n = 1 patient; 2 without a measured change after baseline left out; 1 cut at +100 %"
    assert figure.get_supxlabel() == f"{told}; safety population"


def test_line_joins_the_measured_changes_over_months(trial, three):
    figure = spider_plot(three, trial.clinic(4), SpiderParams())
    line = line_of(figure, "P001")
    np.testing.assert_allclose(line.get_xdata(), np.array([-10.0, 56.0, 168.0]) / MONTH)
    np.testing.assert_allclose(line.get_ydata(), [0.0, -20.0, -50.0])


def test_line_ends_where_it_leaves_the_axis(trial, three):
    figure = spider_plot(three, trial.clinic(4), SpiderParams())
    line = line_of(figure, "P002")
    np.testing.assert_allclose(line.get_xdata(), np.array([-3.0, 60.0, 84.0, 120.0]) / MONTH)
    np.testing.assert_allclose(line.get_ydata(), [0.0, 50.0, 100.0, 100.0])
    assert "^" in [mark.get_marker() for mark in figure.axes[0].lines]


def test_patients_without_a_later_sum_are_left_out_and_counted(trial, three):
    figure = spider_plot(three, trial.clinic(4), SpiderParams())
    told = "n = 2 patients; 2 without a measured change after baseline left out"
    assert figure.get_supxlabel() == f"{told}; 1 cut at +100 %"


def test_first_new_lesion_stands_on_the_line(trial):
    assessments = trial.assessed(
        [
            trial.assessment("P001", 0.0, 0.0),
            trial.assessment("P001", 50.0, np.nan, has_new_lesion=True),
            trial.assessment("P001", 100.0, 40.0, has_new_lesion=True),
            trial.assessment("P002", 0.0, 0.0),
            trial.assessment("P002", 50.0, -10.0),
            trial.assessment("P002", 100.0, np.nan, has_new_lesion=True),
        ]
    )
    figure = spider_plot(assessments, trial.clinic(2), SpiderParams())
    expected = [(50.0 / MONTH, 20.0), (100.0 / MONTH, -10.0)]
    np.testing.assert_allclose(sorted(crosses(figure)), expected)
    dotted = [line for line in figure.axes[0].lines if line.get_linestyle() == ":"]
    assert len(dotted) == 1
    np.testing.assert_allclose(dotted[0].get_xdata(), [50.0 / MONTH, 100.0 / MONTH])


def test_names_stand_at_the_ends_up_to_a_number_of_patients(trial, three):
    clinic = trial.clinic(4)
    named = spider_plot(three, clinic, SpiderParams())
    assert {text.get_text() for text in named.axes[0].texts} == {"P001", "P002"}
    bare = spider_plot(three, clinic, SpiderParams(most_names=1))
    assert [text.get_text() for text in bare.axes[0].texts] == []


def test_patient_whom_the_clinic_does_not_know_is_not_evaluable(trial, three):
    figure = spider_plot(three, trial.clinic(4).iloc[:0], SpiderParams())
    keys = [text.get_text() for text in figure.legends[0].get_texts()]
    assert keys[0] == "NE"
    assert "n = 2 patients; 1 without" in figure.get_supxlabel()


@pytest.mark.parametrize("count", [8, 46, 500])
def test_all_is_readable_from_few_to_many_patients(trial, faults_of, count):
    clinic = trial.clinic(count)
    assessments = trial.assessments(clinic)
    assert faults_of(spider_plot(assessments, clinic, SpiderParams())) == []


def test_nobody_measured_leaves_the_figure_out(trial):
    assessments = trial.assessed(
        [
            trial.assessment("P001", 0.0, 0.0),
            trial.assessment("P001", 50.0, np.nan),
        ]
    )
    with pytest.raises(NothingToShow, match="after baseline"):
        spider_plot(assessments, trial.clinic(2), SpiderParams())
