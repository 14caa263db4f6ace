"""The swimmer: one lane for each treated patient, and what happened in it."""

import numpy as np
import pytest
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_hex

from storiform.figures.lanes import lanes_of
from storiform.figures.swimmer import SwimmerParams, swimmer_plot
from storiform.model.errors import NothingToShow

MONTH = 30.4375


def marks(figure, marker):
    axes = figure.axes[1]
    line = next(line for line in axes.lines if line.get_marker() == marker)
    return np.asarray(line.get_xdata(), dtype=float)


def bands(figure):
    axes = figure.axes[1]
    (collection,) = (c for c in axes.collections if isinstance(c, PatchCollection))
    spans = [path.get_extents() for path in collection.get_paths()]
    faces = [to_hex(face) for face in collection.get_facecolors()]
    return [(box.x0, box.x1, face) for box, face in zip(spans, faces, strict=True)]


def words_of(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.fixture
def clinic(trial):
    """Return three patients: the first died, the third is not treated."""
    return trial.clinic(
        3, response=["PR", "SD", "PD"], os_months=[14.0, 20.0, 2.0],
        os_event=[True, False, True], pfs_months=[9.0, 20.0, 2.0],
        pfs_event=[True, False, True],
    )  # fmt: skip


@pytest.fixture
def exposure(trial):
    return trial.exposed(
        [
            trial.treated("P001", 10.0, end_reason="progression"),
            trial.treated("P002", 20.0, is_ongoing=True),
        ]
    )


def test_longest_treatment_stands_on_top(exposure, clinic):
    figure = swimmer_plot(exposure, None, None, clinic, SwimmerParams())
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["P002", "P001"]
    assert figure.axes[0].get_ylim()[0] > figure.axes[0].get_ylim()[1]
    told = "n = 2 treated patients (safety population); treatment goes on in 1; "
    told += "1 without a dose left out"
    assert figure.get_supxlabel() == told


def test_treatment_that_goes_on_has_an_arrow_and_death_a_cross(exposure, clinic):
    figure = swimmer_plot(exposure, None, None, clinic, SwimmerParams())
    np.testing.assert_array_equal(marks(figure, ">"), [20.0, np.nan])
    np.testing.assert_array_equal(marks(figure, "X"), [np.nan, 14.0])
    words = words_of(figure)
    assert "progression" in words
    assert "treatment goes on" in words


def test_progression_is_of_the_assessments_where_there_are_some(trial, exposure, clinic):
    assessments = trial.assessed(
        [
            trial.assessment("P001", -5.0, 0.0, response="PD"),
            trial.assessment("P001", 60.0, -40.0),
            trial.assessment("P001", 120.0, 30.0),
            trial.assessment("P001", 180.0, -40.0),
            trial.assessment("P002", -5.0, 0.0),
            trial.assessment("P002", 60.0, 30.0),
            trial.assessment("P002", 120.0, -40.0),
        ]
    )
    figure = swimmer_plot(exposure, None, assessments, clinic, SwimmerParams())
    np.testing.assert_allclose(marks(figure, "^"), [np.nan, 60.0 / MONTH])
    np.testing.assert_allclose(marks(figure, "D"), [60.0 / MONTH, 120.0 / MONTH])


def test_progression_of_the_clinic_is_not_death(exposure, clinic):
    by_clinic = lanes_of(exposure, None, None, clinic)
    assert [lane.progression for lane in by_clinic] == pytest.approx([np.nan, 9.0], nan_ok=True)
    died = clinic.assign(pfs_months=[14.0, 20.0, 2.0])
    lanes = lanes_of(exposure, None, None, died)
    assert np.isnan([lane.progression for lane in lanes]).all()


def test_band_is_paler_on_a_reduced_dose_and_white_on_hold(trial, exposure, clinic):
    doses = trial.doses(
        [
            trial.dose("P001", 0.0, 99.0),
            trial.dose("P001", 100.0, 199.0, dose=400.0),
            trial.dose("P001", 200.0, 249.0, dose=0.0),
            trial.dose("P001", 250.0, 10.0 * MONTH - 1.0, dose=200.0),
            trial.dose("P002", 0.0, np.nan),
        ]
    )
    drawn = bands(swimmer_plot(exposure, doses, None, clinic, SwimmerParams()))
    ends = np.array([(start, end) for start, end, _ in drawn])
    expected = np.array([
        (0.0, 20.0 * MONTH + 1.0), (0.0, 100.0), (100.0, 200.0), (200.0, 250.0),
        (250.0, 10.0 * MONTH),
    ])  # fmt: skip
    np.testing.assert_allclose(ends, expected / MONTH)
    full, again, half, held, quarter = (face for _, _, face in drawn)
    assert full == again
    assert held == "#ffffff"
    light = [
        sum(int(face[at : at + 2], 16) for at in (1, 3, 5)) for face in (full, half, quarter)
    ]
    assert light[0] < light[1] < light[2] < 3 * 255


def test_drugs_of_a_patient_lie_beside_each_other_in_the_lane(trial, clinic):
    exposure = trial.exposed(
        [
            trial.treated("P001", 10.0, end_reason="toxicity"),
            trial.treated("P001", 4.0, drug="durvalumab", end_reason="progression"),
        ]
    )
    figure = swimmer_plot(exposure, None, None, clinic, SwimmerParams())
    assert [(start, end) for start, end, _ in bands(figure)] == [(0.0, 4.0), (0.0, 10.0)]
    assert "durvalumab: progression; pazopanib: toxicity" in words_of(figure)


def test_drug_without_rows_of_doses_is_one_band(trial, exposure, clinic):
    doses = trial.doses(
        [
            trial.dose("P001", 0.0, 0.0),
            trial.dose("P002", 900.0, 950.0),
        ]
    )
    short = exposure.assign(end_months=[0.0, 20.0])
    drawn = bands(swimmer_plot(short, doses, None, clinic, SwimmerParams()))
    ends = np.array([(start, end) for start, end, _ in drawn])
    np.testing.assert_allclose(ends, [(0.0, 20.0), (0.0, 1.0 / MONTH)])


def test_follow_up_reaches_to_the_last_day_known(exposure, clinic):
    lanes = lanes_of(exposure, None, None, clinic)
    assert [lane.followed for lane in lanes] == [20.0, 14.0]
    bare = swimmer_plot(exposure, None, None, clinic, SwimmerParams(has_follow_up=False))
    assert "follow-up" not in words_of(bare)


def test_patient_without_outcomes_keeps_a_lane(trial, clinic):
    unknown = clinic.assign(response=None, os_months=np.nan, os_event=None, pfs_event=None)
    exposure = trial.exposed([trial.treated("P001", 3.0), trial.treated("P009", 5.0)])
    lanes = lanes_of(exposure, None, None, unknown)
    assert [(lane.patient, lane.response) for lane in lanes] == [("P009", "NE"), ("P001", "NE")]
    assert [lane.followed for lane in lanes] == [5.0, 3.0]
    assert np.isnan([lane.death for lane in lanes]).all()


@pytest.mark.parametrize("count", [8, 46, 500])
def test_all_is_readable_from_few_to_many_patients(trial, faults_of, count):
    clinic = trial.clinic(count)
    exposure, doses = trial.exposure_and_doses(clinic)
    assessments = trial.assessments(clinic)

    figure = swimmer_plot(exposure, doses, assessments, clinic, SwimmerParams())
    height = figure.get_size_inches()[1] * 25.4
    assert faults_of(figure) == []
    assert height <= 240.001


def test_many_lanes_carry_no_names_and_say_so(trial):
    clinic = trial.clinic(61)
    exposure, _ = trial.exposure_and_doses(clinic)
    figure = swimmer_plot(exposure, None, None, clinic, SwimmerParams())
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == []
    left_out = "names and reasons of the end are left out above 60 patients"
    assert figure.get_supxlabel().endswith(left_out)


def test_nobody_treated_leaves_the_figure_out(trial, clinic):
    exposure = trial.exposed([trial.treated("P001", np.nan)])
    with pytest.raises(NothingToShow, match="duration of treatment"):
        swimmer_plot(exposure, None, None, clinic, SwimmerParams())


def drawn(figure, meaning):
    """Return the months of a mark by what its key says of it."""
    words = [text.get_text() for text in figure.axes[2].texts]
    keys = [word for word in words if not word.endswith(":")]
    if meaning not in keys:
        return None
    key = figure.axes[2].lines[keys.index(meaning)]
    looks = (key.get_marker(), key.get_markerfacecolor())
    (line,) = (
        line
        for line in figure.axes[1].lines
        if (line.get_marker(), line.get_markerfacecolor()) == looks
    )
    return np.asarray(line.get_xdata(), dtype=float)


def test_progression_of_the_clinic_stands_where_lesions_show_none(trial, exposure, clinic):
    assessments = trial.assessed(
        [
            trial.assessment("P001", -5.0, 0.0),
            trial.assessment("P001", 60.0, -40.0),
            trial.assessment("P002", -5.0, 0.0),
            trial.assessment("P002", 120.0, 30.0),
        ]
    )
    figure = swimmer_plot(exposure, None, assessments, clinic, SwimmerParams())
    by_lesions, by_clinic = "progression, lesions", "progression, clinical table"
    np.testing.assert_allclose(drawn(figure, by_lesions), [120.0 / MONTH, np.nan])
    np.testing.assert_allclose(drawn(figure, by_clinic), [np.nan, 9.0])
    np.testing.assert_allclose(drawn(figure, "first response"), [np.nan, 60.0 / MONTH])
    died = clinic.assign(pfs_months=[14.0, 20.0, 2.0])
    again = swimmer_plot(exposure, None, assessments, died, SwimmerParams())
    assert drawn(again, by_clinic) is None


def test_reason_of_the_end_has_a_column_with_a_heading_behind_every_mark(exposure, clinic):
    figure = swimmer_plot(exposure, None, None, clinic, SwimmerParams())
    by_text = {text.get_text(): text for text in figure.axes[1].texts}
    reason, heading = by_text["progression"], by_text["Reason for the end of treatment"]
    assert (reason.xy[1], heading.xy[1]) == (1, -1)
    assert reason.xy[0] == heading.xy[0] > 20.0
    bare = swimmer_plot(exposure, None, None, clinic, SwimmerParams(has_reasons=False))
    assert "Reason for the end of treatment" not in words_of(bare)


def test_death_beyond_treatment_stays_inside_axes_without_follow_up(trial, clinic):
    exposure = trial.exposed([trial.treated("P001", 10.0)])
    figure = swimmer_plot(exposure, None, None, clinic, SwimmerParams(has_follow_up=False))
    assert figure.axes[1].get_xlim()[1] > 14.0


@pytest.mark.parametrize(
    ("death", "told"), [(9.0, True), (9.95, False), (10.0, False), (14.0, False)]
)
def test_doses_after_death_are_told(exposure, clinic, death, told):
    died = clinic.assign(os_months=[death, 20.0, 2.0], pfs_months=[8.0, 20.0, 2.0])
    figure = swimmer_plot(exposure, None, None, died, SwimmerParams())
    said = "doses or marks after death in the clinical table: 1" in figure.get_supxlabel()
    assert said == told
