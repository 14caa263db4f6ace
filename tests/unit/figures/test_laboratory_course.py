"""Laboratory values over time: lines of patients, medians of visits, what is normal."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from storiform.figures.laboratory_course import LaboratoryCourseParams, laboratory_course
from storiform.figures.style import render
from storiform.model.errors import NothingToShow
from storiform.model.step import Step
from storiform.model.tables.trial import LABORATORY
from storiform.model.tables.trial_tables import LABORATORY_VISITS
from storiform.statistics.laboratory_visits import LaboratoryVisitsParams, laboratory_visits

TESTS = {
    "ALT": ("U/L", 25.0, 0.8, 10.0, 40.0), "Creatinine": (None, 70.0, 0.2, None, None),
    "Haemoglobin": ("g/dL", 12.5, 0.1, 12.0, 16.0),
    "Neutrophils": ("10^9/L", 3.5, 0.4, 1.8, None),
}  # fmt: skip


def laboratory(n, tests=("ALT", "Creatinine", "Haemoglobin", "Neutrophils")):
    draw = np.random.default_rng(n)
    rows = []
    for patient in [f"P{at:03d}" for at in range(n)]:
        for test in tests:
            unit, median, spread, low, high = TESTS[test]
            own = median * np.exp(spread * draw.normal())
            for visit in range(int(draw.integers(1, 9))):
                day = 28.0 * visit + float(draw.integers(-5, 1))
                value = own * np.exp(0.2 * draw.normal())
                rows.append((patient, test, day, value, unit, low, high))
    columns = ["patient", "test", "day", "value", "unit", "lower_limit", "upper_limit"]
    return LABORATORY.conform(pd.DataFrame(rows, columns=columns), ("patient",))


def visits(table):
    return LABORATORY_VISITS.conform(laboratory_visits(table, LaboratoryVisitsParams()))


def drawn(table, **params):
    return laboratory_course(table, visits(table), LaboratoryCourseParams(**params))


def panel(figure, test):
    (axes,) = [axes for axes in figure.axes if axes.get_title(loc="left") == test]
    return axes


def test_step_takes_values_and_their_summary():
    step = Step.of(laboratory_course)
    assert [argument.name for argument in step.arguments][:2] == ["laboratory", "visits"]


@pytest.mark.parametrize("n", [1, 8, 46, 300])
def test_nothing_covers_anything(faults_of, n):
    figure = drawn(laboratory(n))
    assert faults_of(figure) == []
    assert figure.get_supxlabel() == f"n = {n} patient{'s' * (n > 1)}, 4 tests"


@pytest.mark.parametrize(
    ("names", "most", "told"),
    [
        (["ALT"], 12, "1 test"),
        (["ALT", "Creatinine"], 1, "1 test; 1 further test in the table alone"),
        (["ALT", "Creatinine", "Neutrophils"], 1, "1 test; 2 further tests in the table alone"),
    ],
)
def test_one_test_is_no_tests(names, most, told):
    figure = drawn(laboratory(8, names), most_tests=most)
    assert " ".join(figure.get_supxlabel().split()) == f"n = 8 patients, {told}"


def test_each_patient_has_a_line_of_its_own_values():
    table = laboratory(8, ["ALT"])
    axes = drawn(table).axes[0]
    lines = next(one for one in axes.collections if isinstance(one, LineCollection))
    for line, (_, own) in zip(lines.get_segments(), table.groupby("patient"), strict=True):
        ordered = own.sort_values("day")
        np.testing.assert_allclose(line[:, 1], ordered["value"])
        np.testing.assert_allclose(line[:, 0] * 30.4375, ordered["day"])


def test_points_are_the_medians_and_the_numbers_their_patients():
    table = laboratory(46, ["Haemoglobin"])
    axes = panel(drawn(table), "Haemoglobin")
    summary = visits(table)
    offsets = axes.collections[-1].get_offsets()
    np.testing.assert_allclose(offsets[:, 1], summary["median"])
    np.testing.assert_allclose(offsets[:, 0] * 30.4375, summary["day"])
    told = [text.get_text() for text in axes.texts if text.get_text().isdigit()]
    assert told == [str(n) for n in summary["n"]]


def test_normal_is_shaded_and_open_where_there_is_no_limit():
    figure = drawn(laboratory(20))
    shades = {
        test: [patch.get_extents().transformed(panel(figure, test).transData.inverted())
               for patch in panel(figure, test).patches]
        for test in TESTS
    }  # fmt: skip
    assert shades["Creatinine"] == []
    (normal,) = shades["Haemoglobin"]
    np.testing.assert_allclose([normal.y0, normal.y1], [12.0, 16.0])
    (half,) = shades["Neutrophils"]
    np.testing.assert_allclose(
        [half.y0, half.y1], [1.8, panel(figure, "Neutrophils").get_ylim()[1]]
    )


def test_visit_with_most_values_beyond_normal_is_told():
    table = laboratory(46, ["ALT"])
    summary = visits(table)
    told = panel(drawn(table), "ALT").texts
    text = " ".join(next(t.get_text() for t in told if "normal" in t.get_text()).split())
    row = summary.loc[summary["n_above"].idxmax()]
    assert text.startswith(f"most above normal: {row['n_above']} of {row['n_limits']} (")


def test_wide_values_have_a_logarithmic_axis_and_those_with_zero_do_not():
    table = laboratory(30, ["ALT"])
    wide = table.assign(value=table["value"].where(table.index > 0, 3000.0))
    assert panel(drawn(wide), "ALT").get_yscale() == "log"
    wide.loc[1, "value"] = 0.0
    assert panel(drawn(wide), "ALT").get_yscale() == "linear"


def test_tests_are_chosen_by_name_or_by_most_patients():
    table = laboratory(9)
    some = table[(table["test"] != "ALT") | (table["patient"] < "P004")]
    titles = [axes.get_title(loc="left") for axes in drawn(some, most_tests=3).axes]
    assert titles == ["Creatinine", "Haemoglobin", "Neutrophils"]
    assert (
        drawn(some, most_tests=3).get_supxlabel().endswith("1 further test in the table alone")
    )
    chosen = drawn(some, tests=("Neutrophils", "ALT", "no such test"))
    assert [axes.get_title(loc="left") for axes in chosen.axes] == ["Neutrophils", "ALT"]


def test_same_values_make_the_same_bytes():
    assert render(drawn(laboratory(5))) == render(drawn(laboratory(5)))


def test_no_value_leaves_the_figure_out():
    table = laboratory(3)
    for own, params in ((table.assign(value=np.nan), {}), (table, {"tests": ("Iron",)})):
        with pytest.raises(NothingToShow, match="no laboratory value"):
            drawn(own, **params)
