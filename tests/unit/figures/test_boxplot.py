"""Box plots show the raw points of the right patients under the right numbers."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from storiform.figures.boxplot import BoxplotParams, beside, response_boxplots
from storiform.model.errors import NothingToShow
from storiform.model.step import Step


def drawn(invented, compared, **params):
    return response_boxplots(
        invented.features(), invented.clinic(), compared, BoxplotParams(**params)
    )


def shown(figure):
    return [axes for axes in figure.axes if axes.get_visible()]


def texts_of(axes):
    """Return the title, what stands under it, the labels of the boxes and of the scale."""
    title = axes.get_title(loc="left")
    titles = [text for text in axes.findobj(Text) if text.get_text() == title]
    return [*titles, *axes.texts, *axes.get_xticklabels(), axes.yaxis.label]


def points(axes):
    return [np.asarray(group.get_offsets())[:, 1] for group in axes.collections]


def test_step_reads_features_clinic_and_associations():
    step = Step.of(response_boxplots)
    assert [argument.name for argument in step.arguments] == [
        "features", "clinic", "associations", "params", "members",
    ]  # fmt: skip
    assert step.section == "boxplot"
    assert step.products[0].name == "response_boxplots"


def test_panels_are_the_numbers_in_the_order_of_p(invented, compared):
    titles = [axes.get_title(loc="left") for axes in shown(drawn(invented, compared))]
    assert titles == ["B lineage", "TMB", "T cells"]


def test_points_are_the_values_of_those_with_and_without_response(invented, compared):
    panel = shown(drawn(invented, compared))[0]
    features = invented.features()
    values = features.loc[features["feature"] == "mcp_counter.b_lineage", "value"].to_numpy()
    response, none = points(panel)
    np.testing.assert_array_equal(response, values[:9])
    np.testing.assert_array_equal(none, values[9:][np.isfinite(values[9:])])


def test_each_box_states_its_n_and_each_panel_its_p_and_q(invented, compared):
    panel = shown(drawn(invented, compared))[0]
    labels = [label.get_text() for label in panel.get_xticklabels()]
    assert labels == ["response\nn = 9", "no response\nn = 18"]
    assert "p = 0.0015, q = 0.0031" in [text.get_text() for text in panel.texts]


def test_patient_without_response_is_no_point(invented, compared):
    clinic = invented.clinic()
    clinic.loc[[0, 12], "responded"] = None
    figure = response_boxplots(invented.features(), clinic, compared, BoxplotParams())
    assert [len(group) for group in points(shown(figure)[1])] == [8, 18]


def test_points_are_the_patients_of_the_tested_population(invented, compared):
    features, clinic = invented.features(), invented.clinic()
    dosed = [name for name in clinic["patient"] if name not in {"P02", "P15", "P28"}]
    members = pd.DataFrame({"population": "safety", "patient": dosed})
    figure = response_boxplots(
        features, clinic, compared.assign(population="safety"), BoxplotParams(), members
    )
    assert [len(group) for group in points(shown(figure)[1])] == [8, 17]
    told = " ".join(figure.get_supxlabel().split())
    assert "patients with feature and outcome; safety population; Wilcoxon" in told


def test_panels_are_limited_and_the_figure_says_so(invented, compared):
    figure = drawn(invented, compared, panels=1)
    assert len(shown(figure)) == 1
    assert figure.get_supxlabel().startswith("1 of 3 tested features")


LONG_NAMES = {
    "mcp_counter.b_lineage": "mcp_counter.myeloid_dendritic_cells",
    "mcp_counter.t_cells": "ssgsea.Danaher_Neutrophils",
    "tmb.tmb": "ssgsea.HALLMARK_EPITHELIAL_MESENCHYMAL_TRANSITION",
}


@pytest.mark.parametrize("panels", [1, 2, 3, 4, 5, 8])
def test_titles_lie_inside_the_figure_and_not_on_each_other(invented, compared, panels):
    features = invented.features()
    is_drawn = (compared["kind"] == "number") & (compared["outcome"] == "responded")
    numbers = compared[is_drawn]
    copies = [f"{LONG_NAMES[name]}_{copy}" for copy in "abc" for name in numbers["feature"]]
    rows = pd.concat([numbers] * 3, ignore_index=True).assign(feature=copies)
    own = [
        features[features["feature"] == name].assign(feature=f"{LONG_NAMES[name]}_{copy}")
        for copy in "abc"
        for name in numbers["feature"]
    ]
    figure = response_boxplots(
        pd.concat(own, ignore_index=True), invented.clinic(), rows, BoxplotParams(panels=panels)
    )
    figure.draw_without_rendering()
    written = [text for axes in shown(figure) for text in texts_of(axes)]
    boxes = [text.get_window_extent() for text in written]
    edge = figure.bbox
    assert all(edge.x0 <= b.x0 and b.x1 <= edge.x1 and b.y1 <= edge.y1 for b in boxes)
    assert not any(a.overlaps(b) for number, a in enumerate(boxes) for b in boxes[:number])
    assert "…" not in "".join(text.get_text() for text in written)


def test_footnote_states_the_range_of_n(invented, compared):
    rows = compared.assign(n=np.where(compared["feature"] == "tmb.tmb", 49, 65))
    figure = response_boxplots(invented.features(), invented.clinic(), rows, BoxplotParams())
    assert "n = 49 to 65 patients with feature and outcome" in " ".join(
        figure.get_supxlabel().split()
    )


def test_nothing_compared_leaves_the_figure_out(invented, compared):
    with pytest.raises(NothingToShow, match="responded"):
        response_boxplots(
            invented.features(), invented.clinic(), compared.iloc[:0], BoxplotParams()
        )


def test_equal_points_stand_beside_each_other():
    offsets = beside(np.array([1.0, 1.0, 1.0, 9.0]))
    assert offsets[3] == 0.0
    assert len(set(offsets[:3])) == 3
    assert offsets[:3].sum() == pytest.approx(0.0)
    assert np.abs(beside(np.ones(50))).max() <= 0.25 + 1e-12
