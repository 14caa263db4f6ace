"""The batch view shows each covariate once, its numbers, and no label on another."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from storiform.figures.expression_pca import batch_view
from storiform.model.errors import NothingToShow
from storiform.model.tables.expression_pca import (
    CATEGORIES,
    EXPRESSION_COMPONENTS,
    EXPRESSION_COVARIATES,
    EXPRESSION_PCA,
    NUMBERS,
)

HISTOLOGIES = (
    "undifferentiated pleomorphic sarcoma", "leiomyosarcoma", "dedifferentiated liposarcoma",
    "desmoplastic small round cell tumour", "synovial sarcoma", "angiosarcoma", "osteosarcoma",
    "chondrosarcoma", "solitary fibrous tumour", "Ewing sarcoma", "myxofibrosarcoma",
)  # fmt: skip


def tables(n, covariates=(*CATEGORIES, *NUMBERS), components=5):
    """Return invented scores, components and covariates of n biopsies."""
    draw = np.random.default_rng(n)
    rows = pd.DataFrame({"patient": [f"P{i:03d}" for i in range(n)]})
    rows["biopsy"], rows["scale"] = rows["patient"], "vst"
    for name in (f"pc{k}" for k in range(1, 6)):
        rows[name] = draw.normal(0, 20, n)
    for name in CATEGORIES:
        rows[name] = [f"{name}_of_a_long_name_{i % 3}" for i in range(n)]
    rows["histology"] = [HISTOLOGIES[i % len(HISTOLOGIES)] for i in range(n)]
    rows["site"] = ["" if i % 4 == 0 else "Bordeaux" if i % 2 else "Lyon" for i in range(n)]
    rows["sex_source"] = np.where(np.arange(n) % 4 == 0, "rna", "clinic")
    for name in NUMBERS:
        rows[name] = draw.uniform(0, 1, n)
    parts = pd.DataFrame({
        "component": range(1, components + 1), "variance_share": 0.1, "genes": 500,
        "biopsies": n, "positive_genes": "", "negative_genes": "",
    })  # fmt: skip
    told = [
        {"covariate": name, "component": k, "kind": "category" if name in CATEGORIES else
         "number", "biopsies": n, "levels": 3 if name in CATEGORIES else None,
         "r2": draw.uniform(), "r2_of_chance": 0.1}
        for name in covariates for k in range(1, components + 1)
    ]  # fmt: skip
    shared = pd.DataFrame(told, columns=list(EXPRESSION_COVARIATES.columns))
    return (
        EXPRESSION_PCA.conform(rows), EXPRESSION_COMPONENTS.conform(parts),
        EXPRESSION_COVARIATES.conform(shared),
    )  # fmt: skip


def laid_out(figure):
    figure.draw_without_rendering()
    return figure


def boxes(figure):
    found = []
    for axes in figure.axes:
        found += axes.texts
        for place, ticks, ends in (
            (0, axes.get_xticklabels(), axes.get_xlim()),
            (1, axes.get_yticklabels(), axes.get_ylim()),
        ):
            found += [t for t in ticks if min(ends) <= t.get_position()[place] <= max(ends)]
        title = axes.get_title(loc="left")
        found += [axes.xaxis.label, axes.yaxis.label]
        found += [text for text in axes.findobj(Text) if text.get_text() == title]
        legend = axes.get_legend()
        found += [] if legend is None else legend.get_texts()
    shown = [text for text in found if text.get_text() and text.get_visible()]
    return [(text.get_text(), text.get_window_extent()) for text in shown]


@pytest.mark.parametrize("n", [8, 28, 200])
def test_no_label_lies_on_another_or_outside(n):
    figure = laid_out(batch_view(*tables(n)))
    told = boxes(figure)
    overlapping = [
        (one, other)
        for number, (one, box) in enumerate(told)
        for other, second in told[number + 1 :]
        if min(box.x1, second.x1) - max(box.x0, second.x0) > 1
        and min(box.y1, second.y1) - max(box.y0, second.y0) > 1
    ]
    assert overlapping == []
    width, height = figure.get_size_inches() * figure.dpi
    outside = [
        text for text, box in told
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]  # fmt: skip
    assert outside == []


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]


def test_the_six_covariates_that_most_go_with_the_components_have_a_panel():
    scores, parts, shared = tables(28)
    weak = shared["covariate"].isin(["arm", "sex", "intronic_share", "site"])
    shared.loc[weak, "r2"] = 0.0
    figure = batch_view(scores, parts, shared)
    assert titles(figure)[:-1] == [
        "batch", "library", "histology", "library size (log10)", "mitochondrial share",
        "3' bias",
    ]  # fmt: skip
    assert "4 further covariates in the grid alone" in figure.get_supxlabel()


def test_each_level_has_its_number_and_rare_ones_are_together():
    figure = batch_view(*tables(28, covariates=("histology", "site")))
    words = [text for axes in figure.axes if axes.get_legend() for text in
             [t.get_text() for t in axes.get_legend().get_texts()]]  # fmt: skip
    assert "other (n = 8)" in words
    assert {"Bordeaux (n = 14)", "Lyon (n = 7)", "not known (n = 7)"} <= set(words)
    assert sum(int(word.rsplit(" ", 1)[1].rstrip(")")) for word in words) == 2 * 28


def test_the_grid_writes_each_r2():
    scores, parts, shared = tables(8, covariates=("batch", "sex"))
    figure = batch_view(scores, parts, shared)
    written = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert sorted(written) == sorted(f"{value:.2f}" for value in shared["r2"])


def test_without_covariates_the_biopsies_are_shown_alone():
    figure = batch_view(*tables(8, covariates=()))
    assert len(figure.axes) == 3
    assert titles(figure) == []


def test_one_component_is_nothing_to_show():
    with pytest.raises(NothingToShow, match="fewer than two"):
        batch_view(*tables(8, components=1))


@pytest.mark.parametrize(
    ("sources", "title"),
    [
        (["clinic"] * 6 + ["rna"] * 2, "sex (clinical table 6, RNA 2)"),
        (["rna"] * 7 + [""], "sex (RNA 7)"),
        (["clinic"] * 8, "sex (clinical table 8)"),
    ],
)
def test_the_panel_of_the_sex_says_where_it_comes_from(sources, title):
    scores, parts, shared = tables(8, covariates=("batch", "sex"))
    figure = batch_view(scores.assign(sex_source=sources), parts, shared)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert title in titles
