"""The flow of patients: a box for each analysis population, grey ones for the others."""

import itertools

import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from storiform.figures.patient_flow import patient_flow
from storiform.model.errors import NothingToShow
from storiform.model.tables.trial_tables import POPULATIONS

TRIAL = [
    ("recruited", "", 48, 0, "patients of the clinical table", ""),
    ("safety", "recruited", 47, 1, "at least one dose", "no dose: 1"),
    ("efficacy", "safety", 46, 1, "at least one assessment after baseline",
     "no assessment after baseline: 1"),
    ("biopsied", "safety", 33, 14, "a biopsy that was examined", "no biopsy: 14"),
    ("exome", "biopsied", 28, 5, "a result of exome", "no exome result: 5"),
    ("rna", "biopsied", 28, 5, "a result of RNA", "failed: 3; no RNA: 2"),
    ("IHC", "safety", 39, 8, "a value of measurements.CD20", "no value: 8"),
]  # fmt: skip
NAMES = ("population", "parent", "n", "n_left_out", "definition", "reasons")


def populations(rows=TRIAL):
    table = pd.DataFrame(rows, columns=NAMES)
    return POPULATIONS.conform(table.assign(order=range(len(table))))


def words_of(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def boxes(figure, colour):
    rectangles = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    return [box for box in rectangles if box.get_facecolor() == colour]


WHITE = (1.0, 1.0, 1.0, 1.0)


def test_each_population_has_a_box_with_its_number():
    figure = patient_flow(populations())
    titles = [word for word in words_of(figure) if ", n = " in word and "Not in" not in word]
    assert titles == [
        "Recruited, n = 48", "Safety population, n = 47", "Efficacy population, n = 46",
        "Biopsied, n = 33", "Exome, n = 28", "RNA, n = 28", "IHC, n = 39",
    ]  # fmt: skip
    assert len(boxes(figure, WHITE)) == 7


def test_parts_of_one_population_are_indented_below_it():
    figure = patient_flow(populations())
    lefts = [box.get_x() for box in boxes(figure, WHITE)]
    depth = [round((left - lefts[0]) / 5.0) for left in lefts]
    assert depth == [0, 0, 1, 1, 2, 2, 1]
    tops = [box.get_y() for box in boxes(figure, WHITE)]
    assert tops == sorted(tops)


def test_boxes_do_not_cover_each_other():
    figure = patient_flow(populations())
    for colour in {
        box.get_facecolor() for box in figure.axes[0].patches if isinstance(box, Rectangle)
    }:
        column = boxes(figure, colour)
        for above, below in itertools.pairwise(column):
            assert above.get_y() + above.get_height() < below.get_y()


def test_those_left_out_stand_beside_with_their_reasons():
    words = words_of(patient_flow(populations()))
    assert words[words.index("Not in it, n = 1") + 1] == "no dose: 1"
    at = words.index("failed: 3")
    assert words[at - 1 : at + 2] == ["Not in it, n = 5", "failed: 3", "no RNA: 2"]
    assert sum("Not in it" in word for word in words) == 6


def test_boxes_take_the_whole_width_where_nobody_is_left_out(faults_of):
    rows = [(name, parent, 48, 0, text, "") for name, parent, _, _, text, _ in TRIAL]
    figure = patient_flow(populations(rows))
    ends = {round(box.get_x() + box.get_width()) for box in boxes(figure, WHITE)}
    assert ends == {87}
    assert faults_of(figure) == []


def test_arrows_lead_from_the_population_to_its_parts():
    figure = patient_flow(populations())
    arrows = [text for text in figure.axes[0].texts if not text.get_text()]
    assert len(arrows) == 6


@pytest.mark.parametrize("share", [0.1, 1.0, 10.0])
def test_all_is_readable_at_one_column(faults_of, share):
    table = populations()
    sizes = (table[["n", "n_left_out"]] * share).round().astype(int)
    long = (
        "of the safety population, a value of biopsy_measurements.CD8_at_the_margin_of_tumour"
    )
    table = table.assign(n=sizes["n"], n_left_out=sizes["n_left_out"])
    table.loc[6, "definition"] = long
    figure = patient_flow(table)
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(89.0)
    assert faults_of(figure) == []


def test_user_population_without_parent_begins_a_tree_of_its_own():
    table = populations([TRIAL[0], ("pilot", None, 3, 0, "pilot", None)])
    figure = patient_flow(table)
    assert "pilot, n = 3" in words_of(figure)
    assert len({box.get_x() for box in boxes(figure, WHITE)}) == 1


def test_nobody_leaves_the_figure_out():
    with pytest.raises(NothingToShow, match="population"):
        patient_flow(populations([("recruited", "", 0, 0, "", "")]))


@pytest.mark.parametrize(
    ("feature", "name"),
    [
        ("measurements.CD8", "CD8"),
        ("measurements.PD-L1 CPS: 22C3", "PD-L1 CPS: 22C3"),
        ("mcp_counter.b_lineage", "B lineage (MCP-counter)"),
    ],
)
def test_a_feature_has_the_name_that_people_give_it(feature, name):
    definition = f"of the safety population, a value of {feature}"
    row = ("IHC", "safety", 39, 8, definition, f"no value of {feature}: 8")
    words = " ".join(words_of(patient_flow(populations([*TRIAL[:2], row]))))
    assert f"a value of {name}" in words
    assert f"no value of {name}: 8" in words
    assert feature not in words
