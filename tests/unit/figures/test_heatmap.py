"""Heat maps: standardised rows, columns by response, strips that say which."""

import numpy as np
import pandas as pd
import pytest

from storiform.figures.heatmap import (
    HeatmapParams,
    gene_set_heatmap,
    microenvironment_heatmap,
    standardised,
)
from storiform.figures.style import STRIPS
from storiform.model.errors import NothingToShow
from storiform.model.tables.rna import MCP_COUNTER, POPULATIONS


@pytest.fixture
def scores(invented):
    generator = np.random.default_rng(4)
    table = pd.DataFrame(generator.normal(3, 2, (28, 10)), columns=list(MCP_COUNTER.columns))
    table.insert(0, "patient", invented.PATIENTS)
    table.insert(1, "biopsy", [f"{name}-1" for name in invented.PATIENTS])
    return table


def columns_of(figure):
    return [label.get_text() for label in figure.axes[0].get_xticklabels()]


def image_of(axes):
    return axes.images[0].get_array()


def test_cells_are_z_scores_of_the_biopsy_named_below(invented, scores):
    figure = microenvironment_heatmap(scores, invented.clinic(), HeatmapParams())
    z = scores.set_index("biopsy")[list(MCP_COUNTER.columns)]
    z = (z - z.mean()) / z.std()
    expected = z.loc[columns_of(figure)].T.to_numpy()
    np.testing.assert_allclose(image_of(figure.axes[0]), expected)
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows == list(POPULATIONS)


def test_columns_are_sorted_by_response_and_the_strip_says_so(invented, scores):
    shuffled = scores.sample(frac=1, random_state=1)
    figure = microenvironment_heatmap(shuffled, invented.clinic(), HeatmapParams())
    assert {name[:3] for name in columns_of(figure)[:9]} == set(invented.PATIENTS[:9])
    strip = next(a for a in figure.axes if a.get_yticklabels()[0].get_text() == "response")
    assert (np.diff(image_of(strip)[0]) >= 0).all()
    ordered = microenvironment_heatmap(scores, invented.clinic(), HeatmapParams())
    assert columns_of(ordered) == columns_of(figure)


def test_patient_unknown_to_the_clinic_stands_last_as_not_evaluable(invented, scores):
    figure = microenvironment_heatmap(scores, invented.clinic().iloc[1:], HeatmapParams())
    assert columns_of(figure)[-1] == "P01-1"


def test_gene_sets_that_vary_most_are_kept(invented, scores):
    sets = scores.rename(columns={"t_cells": "WIDE_SET", "nk_cells": "NARROW_SET"})
    sets["WIDE_SET"] *= 10
    sets["NARROW_SET"] /= 10
    figure = gene_set_heatmap(sets, invented.clinic(), HeatmapParams(rows=9))
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert "WIDE SET" in names
    assert "NARROW SET" not in names
    assert figure.get_supxlabel() == "n = 28 biopsies, 9 scores"


def test_missing_and_constant_scores_are_masked():
    values = np.array([[1.0, 5.0, np.nan], [2.0, 5.0, 1.0], [3.0, 5.0, 3.0]])
    z = standardised(values)
    np.testing.assert_allclose(z[:, 0], [-1, 0, 1])
    assert np.isnan(z[:, 1]).all()
    np.testing.assert_allclose(z[:, 2], [np.nan, -(0.5**0.5), 0.5**0.5])


def test_one_biopsy_leaves_the_figure_out(invented, scores):
    with pytest.raises(NothingToShow, match="1 biopsies"):
        microenvironment_heatmap(scores.iloc[:1], invented.clinic(), HeatmapParams())
    with pytest.raises(NothingToShow, match="0 biopsies"):
        gene_set_heatmap(scores[["patient", "biopsy"]], invented.clinic(), HeatmapParams())


def test_keys_of_the_strips_do_not_lie_on_each_other(invented, scores):
    names = ["undifferentiated pleomorphic sarcoma", "leiomyosarcoma", "synovial sarcoma"]
    names += ["dedifferentiated liposarcoma", "angiosarcoma", "clear cell sarcoma", "MPNST"]
    clinic = invented.clinic(
        histology=names * 4, response=["CR"] * 9 + ["PR", "SD", "PD", "NE"] * 4 + ["PD"] * 3
    )
    figure = microenvironment_heatmap(scores, clinic, HeatmapParams())
    figure.draw_without_rendering()
    boxes = [legend.get_window_extent() for legend in figure.legends]
    assert len(boxes) == 2
    assert not boxes[0].overlaps(boxes[1])
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_the_most_frequent_histologies_have_colours_and_the_rest_is_one_grey(invented, scores):
    names = [f"sarcoma {letter}" for letter in "abcdefghijkl"]
    clinic = invented.clinic(histology=names[-1:] * 4 + names * 2)
    figure = microenvironment_heatmap(scores, clinic, HeatmapParams())
    keys = [text.get_text() for text in figure.legends[1].get_texts()]
    assert keys[0] == "sarcoma l"
    assert keys[-1] == f"other ({12 - len(STRIPS)})"
    assert len(keys) == len(STRIPS) + 1
    fills = [patch.get_facecolor() for patch in figure.legends[1].get_patches()]
    assert len(set(fills)) == len(keys)


def test_names_that_differ_at_their_end_stay_apart(invented, scores):
    places = ["liver", "lung"] + [f"lymph node {n}" for n in range(26)]
    scores["biopsy"] = [f"SARC-001.pre-treatment.{place}" for place in places]
    shown = columns_of(microenvironment_heatmap(scores, invented.clinic(), HeatmapParams()))
    assert len(set(shown)) == 28


def test_gene_sets_that_differ_at_their_end_stay_apart(invented, scores):
    long = {
        name: f"GOBP_REGULATION_OF_A_VERY_LONG_PROCESS_{name}" for name in MCP_COUNTER.columns
    }
    figure = gene_set_heatmap(scores.rename(columns=long), invented.clinic(), HeatmapParams())
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(set(rows)) == 10
    assert max(map(len, rows)) <= 36


def test_histologies_that_begin_alike_have_a_key_each(invented, scores):
    names = ["undifferentiated pleomorphic sarcoma", "undifferentiated pleomorphic tumour"]
    figure = microenvironment_heatmap(scores, invented.clinic(histology=names * 14),
                                      HeatmapParams())  # fmt: skip
    assert len({text.get_text() for text in figure.legends[1].get_texts()}) == 2
