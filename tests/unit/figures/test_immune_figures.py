"""The strip of immune classes and the panel of signatures: cells, groups, labels, counts."""

import numpy as np
import pandas as pd
import pytest

from storiform.figures.immune_classes import COLOURS, immune_class_strip
from storiform.figures.signature_panel import SignaturePanelParams, signature_panel
from storiform.model.errors import NothingToShow
from storiform.model.tables.immune import CHECKPOINT_GENES, SIC_POPULATIONS
from storiform.model.tables.rna import MCP_COUNTER, POPULATIONS

HISTOLOGIES = (
    "undifferentiated pleomorphic sarcoma", "leiomyosarcoma", "dedifferentiated liposarcoma",
    "desmoplastic small round cell tumour", "synovial sarcoma",
)  # fmt: skip
SETS = SignaturePanelParams().signatures


def scores(n, columns, seed=0):
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(draw.normal(size=(n, len(columns))), columns=list(columns))
    table.insert(0, "biopsy", [f"PATIENT-{i:03d}-T1" for i in range(n)])
    table.insert(0, "patient", [f"PATIENT-{i:03d}" for i in range(n)])
    return table


def clinic(n):
    response = [("PR", "SD", "PD", "CR", "NE")[i % 5] for i in range(n)]
    told = [None if r == "NE" else r in {"CR", "PR"} for r in response]
    return pd.DataFrame({
        "patient": [f"PATIENT-{i:03d}" for i in range(n)],
        "response": response,
        "responded": pd.array(told, dtype="boolean"),
        "histology": [HISTOLOGIES[i % len(HISTOLOGIES)] for i in range(n)],
    })  # fmt: skip


def classes(n):
    table = scores(n, [f"z_{name}" for name in SIC_POPULATIONS], seed=1)
    table["immune_class"] = [("E", "A", "B", "D", "C")[i * 3 % 5] for i in range(n)]
    table["margin"] = np.random.default_rng(2).exponential(0.8, n)
    table["is_ambiguous"] = pd.array(table["margin"] < 0.25, dtype="boolean")
    return table.assign(reference="tcga_sarc")


def panel(n, **params):
    return signature_panel(
        scores(n, MCP_COUNTER.columns), scores(n, SETS, 3), scores(n, CHECKPOINT_GENES, 4),
        clinic(n), SignaturePanelParams(**params),
    )  # fmt: skip


def axes_of(figure, label):
    for axes in figure.axes:
        ticks = [tick.get_text() for tick in axes.get_yticklabels()]
        if label in ticks and axes.images:
            return axes
    raise AssertionError(label)


def texts(figure):
    """Return the boxes of all texts that are drawn, in pixels, with what they say."""
    figure.draw_without_rendering()
    found = []
    for axes in figure.axes:
        low, high = sorted(axes.get_ylim())
        ticks = [t for t in axes.get_yticklabels() if low <= t.get_position()[1] <= high]
        found += [
            *axes.get_xticklabels(),
            *ticks,
            *axes.texts,
            axes.xaxis.label,
            axes.yaxis.label,
        ]
    for part in (figure, *figure.subfigs):
        found += [text for legend in part.legends for text in legend.get_texts()]
    shown = [text for text in found if text.get_text() and text.get_visible()]
    return [(text.get_text(), text.get_window_extent()) for text in shown]


def overlapping(figure):
    boxes = texts(figure)
    return [
        (one, other)
        for number, (one, box) in enumerate(boxes)
        for other, second in boxes[number + 1 :]
        if min(box.x1, second.x1) - max(box.x0, second.x0) > 1
        and min(box.y1, second.y1) - max(box.y0, second.y0) > 1
    ]


@pytest.mark.parametrize("n", [8, 28, 36, 44, 200])
@pytest.mark.parametrize("draw", [panel, lambda n: immune_class_strip(classes(n), clinic(n))])
def test_no_label_lies_on_another_or_outside(draw, n):
    figure = draw(n)
    assert overlapping(figure) == []
    outside = [
        text
        for text, box in texts(figure)
        if box.x0 < -1
        or box.y0 < -1
        or box.x1 > figure.bbox.x1 + 1
        or box.y1 > figure.bbox.y1 + 1
    ]
    assert outside == []
    assert f"n = {n} biopsies" in figure.get_supxlabel()


def test_cells_of_the_panel_are_z_scores_of_the_biopsy_named_below():
    figure = panel(28)
    names = [tick.get_text() for tick in figure.axes[5].get_xticklabels()]
    blocks = (
        (MCP_COUNTER.columns, scores(28, MCP_COUNTER.columns), next(iter(POPULATIONS))),
        (SETS, scores(28, SETS, 3), "CYT"),
        (CHECKPOINT_GENES, scores(28, CHECKPOINT_GENES, 4), "PDCD1 (PD-1)"),
    )
    for columns, table, label in blocks:
        own = table.set_index("biopsy")[list(columns)]
        z = ((own - own.mean()) / own.std()).loc[names].T.to_numpy()
        np.testing.assert_allclose(axes_of(figure, label).images[0].get_array(), z)


def test_responders_stand_first_and_those_of_unknown_response_last():
    figure = panel(28)
    codes = axes_of(figure, "response").images[0].get_array()[0]
    assert (np.diff(codes) >= 0).all()
    assert [int((codes == c).sum()) for c in range(3)] == [11, 12, 5]
    assert figure.get_supxlabel() == (
        "n = 28 biopsies: 11 responders, 12 non-responders, 5 of unknown response"
    )
    best = axes_of(figure, "best response").images[0].get_array()[0]
    assert best[:11].tolist() == sorted(best[:11])


def test_the_panel_keeps_to_what_a_run_has():
    figure = signature_panel(
        scores(9, MCP_COUNTER.columns), None, None, clinic(9).drop(columns="histology")
        .assign(histology=None), SignaturePanelParams(),
    )  # fmt: skip
    assert len([axes for axes in figure.axes if axes.images]) == 3  # two strips and the cells
    own = scores(9, ["MY_SET", "MCP_T_cells"], 5)
    figure = signature_panel(
        scores(9, MCP_COUNTER.columns), own, None, clinic(9), SignaturePanelParams()
    )
    rows = [tick.get_text() for tick in axes_of(figure, "MY SET").get_yticklabels()]
    assert rows == ["MY SET"]
    with pytest.raises(NothingToShow, match="1 biopsies have scores"):
        panel(1)


def test_names_give_way_where_they_would_not_fit():
    named = [tick.get_text() for tick in panel(44).axes[5].get_xticklabels()]
    assert len(named) == 44
    assert [tick.get_text() for tick in panel(45).axes[5].get_xticklabels()] == []


def test_the_strip_counts_responders_of_each_class():
    table, clinical = classes(25), clinic(25)
    table.loc[0, "immune_class"] = None
    figure = immune_class_strip(table, clinical)
    bars = next(axes for axes in figure.axes if axes.patches)
    told = clinical.set_index("patient")["responded"]
    expected = []
    for name in COLOURS:
        own = told[table.loc[table["immune_class"] == name, "patient"]].dropna()
        expected.append(f"{int(own.sum())}/{len(own)}")
    found = [text.get_text() for text in bars.texts]
    unknown = [str(int((table["immune_class"] == n).sum())) for n in COLOURS]
    twin = [e if e != "0/0" else u for e, u in zip(expected, unknown, strict=True)]
    assert found == twin
    ambiguous = int(table.loc[table["immune_class"].notna(), "is_ambiguous"].sum())
    assert figure.get_supxlabel() == (
        f"n = 24 biopsies with a class, 1 without; {ambiguous} ambiguous. Reference: tcga_sarc"
    )


def test_the_strip_is_sorted_by_class_and_margin():
    table = classes(30)
    figure = immune_class_strip(table, clinic(30))
    codes = axes_of(figure, "class").images[0].get_array()[0]
    assert (np.diff(codes) >= 0).all()
    cells = axes_of(figure, "T cells")
    names = [tick.get_text() for tick in cells.get_xticklabels()]
    own = table.set_index("biopsy").loc[names]
    assert list(own["immune_class"]) == sorted(own["immune_class"])
    assert (own.groupby("immune_class")["margin"].diff().dropna() <= 0).all()
    expected = own[[f"z_{name}" for name in SIC_POPULATIONS]].T.to_numpy()
    np.testing.assert_allclose(cells.images[0].get_array(), expected)
    with pytest.raises(NothingToShow, match="no biopsy has an immune class"):
        immune_class_strip(table.assign(immune_class=None), clinic(30))
