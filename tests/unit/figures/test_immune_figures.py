"""The strip of immune classes and the panel of signatures: cells, groups, labels, counts."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from storiform.figures.immune_classes import COLOURS, immune_class_strip
from storiform.figures.signature_panel import SignaturePanelParams, signature_panel
from storiform.model.errors import DataWarning, NothingToShow
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


def features(scores, table, silent=()):
    """Return what the engine gathers: the rows of the biopsies that speak."""
    speaking = scores.loc[~scores["biopsy"].isin(silent), ["patient", "biopsy"]]
    return speaking.assign(table=table, feature=f"{table}.x", value=1.0)


def compared(*rows):
    columns = ["outcome", "feature", "kind", "test", "n", "p", "q"]
    return pd.DataFrame(list(rows), columns=columns).assign(population="efficacy")


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
    return table.assign(reference="tcga_sarc", reference_n=213)


RANKS, FREEMAN = "Wilcoxon rank sum, exact", "Fisher exact (Freeman-Halton)"
TESTED = compared(
    ("responded", "mcp_counter.b_lineage", "number", RANKS, 22, 0.0312, 0.2),
    ("responded", "ssgsea.CYT", "number", RANKS, 23, 3e-7, 4e-4),
    ("disease_control", "ssgsea.Treg", "number", RANKS, 23, 0.01, 0.02),
    ("responded", "checkpoints.PDCD1", "number", RANKS, 23, np.nan, np.nan),
    ("responded", "immune_classes.immune_class", "category", FREEMAN, 23, 0.31, 0.5),
    ("responded", "immune_classes.is_class_e", "flag", "Fisher exact", 23, 0.024, 0.1),
)


def panel(n, clinical=None, tested=TESTED, silent=(), members=None, **params):
    cells = scores(n, MCP_COUNTER.columns)
    return signature_panel(
        cells, scores(n, SETS, 3), scores(n, CHECKPOINT_GENES, 4),
        clinic(n) if clinical is None else clinical,
        features(cells, "mcp_counter", silent), tested, SignaturePanelParams(**params), members,
    )  # fmt: skip


def strip(table, clinical, tested=TESTED, silent=(), members=None):
    gathered = features(table, "immune_classes", silent)
    return immune_class_strip(table, clinical, gathered, tested, members)


def note(figure):
    return " ".join(figure.get_supxlabel().split())


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
        labels = [axes.xaxis.label, axes.yaxis.label]
        found += [*axes.get_xticklabels(), *ticks, *axes.texts, *labels]
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
@pytest.mark.parametrize("draw", [panel, lambda n: strip(classes(n), clinic(n))])
def test_no_label_lies_on_another_or_outside(draw, n):
    figure = draw(n)
    assert overlapping(figure) == []
    page = figure.bbox.padded(1)
    outside = [
        text
        for text, box in texts(figure)
        if box.x0 < page.x0 or box.y0 < page.y0 or box.x1 > page.x1 or box.y1 > page.y1
    ]
    assert outside == []
    assert f"n = {n} patients, {n} biopsies" in note(figure)


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
    assert note(figure) == (
        "n = 28 patients, 28 biopsies: 11 responders, 12 non-responders, 5 of unknown "
        "response. p (q): Wilcoxon rank sum by response, n = 22 to 23 patients; "
        "efficacy population"
    )
    best = axes_of(figure, "best response").images[0].get_array()[0]
    assert best[:11].tolist() == sorted(best[:11])


def test_the_panel_keeps_to_what_a_run_has():
    cells = scores(9, MCP_COUNTER.columns)
    told = features(cells, "mcp_counter")
    figure = signature_panel(
        cells, None, None, clinic(9).assign(histology=None), told, None, SignaturePanelParams()
    )
    assert note(figure).endswith("Not tested against response")
    assert len([axes for axes in figure.axes if axes.images]) == 3  # two strips and the cells
    own = scores(9, ["MY_SET", "MCP_T_cells"], 5)
    figure = signature_panel(cells, own, None, clinic(9), told, None, SignaturePanelParams())
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
    figure = strip(table, clinical)
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
    assert note(figure) == (
        f"n = 24 patients, 24 biopsies with a class, 1 without; {ambiguous} ambiguous. "
        "Reference: tcga_sarc (n = 213). "
        "Class by response: p = 0.31 (Fisher exact (Freeman-Halton), n = 23 patients, "
        "efficacy population); "
        "Class E by response: p = 0.024 (Fisher exact, n = 23 patients, "
        "efficacy population)"
    )
    assert note(strip(table, clinical, None)).endswith("Not tested against response")


def test_classes_and_responses_have_a_line_each_in_the_legend():
    figure = strip(classes(25), clinic(25).assign(response=["PR", "SD", "PD", "PD", "PD"] * 5))
    figure.draw_without_rendering()
    legend = figure.subfigs[1].legends[0]
    lines = {}
    for text in legend.get_texts():
        if text.get_text():
            box = text.get_window_extent()
            lines.setdefault(round(box.y0 / 8.0), []).append((box.x0, text.get_text()))
    found = [[name for _, name in sorted(line)] for _, line in sorted(lines.items())]
    classed = [f"class {name}" for name in "ABCDE"]
    assert found == [["ambiguous", "clear"], ["PR", "SD", "PD"], classed]


def test_classes_of_another_tumour_are_warned_of_once():
    clinical = clinic(20)
    clinical["histology"] = ["Cutaneous melanoma", "leiomyosarcoma", None, "NSCLC"] * 5
    with pytest.warns(DataWarning) as caught:
        strip(classes(20), clinical)
    (told,) = [str(w.message) for w in caught]
    assert told.startswith(
        "10 of 20 biopsies with an immune class are stated as no sarcoma (Cutaneous melanoma, "
        "NSCLC): the five centroids and the reference tcga_sarc are of soft-tissue sarcomas."
    )
    with pytest.warns(DataWarning, match="the five centroids are of soft-tissue sarcomas"):
        strip(classes(20).assign(reference="my_melanomas"), clinical)


@pytest.mark.parametrize("n", [8, 28])
@pytest.mark.parametrize("draw", ["panel", "strip"])
def test_long_names_of_biopsies_leave_the_rows_their_height(draw, n):
    names = [f"ALLIANCE-A091401-{i:04d}.pre-treatment.retroperitoneum" for i in range(n)]
    if draw == "strip":
        figure = strip(classes(n).assign(biopsy=names), clinic(n))
    else:
        cells = scores(n, MCP_COUNTER.columns).assign(biopsy=names)
        told = features(cells, "mcp_counter")
        figure = signature_panel(
            cells, None, None, clinic(n), told, None, SignaturePanelParams()
        )
    figure.draw_without_rendering()
    ticks = axes_of(figure, "T cells").get_yticklabels()
    boxes = [tick.get_window_extent() for tick in ticks]
    assert all(one.y0 >= two.y1 for one, two in itertools.pairwise(boxes))


def key_colours(legend):
    """Return the colour of each key; the patches follow the texts."""
    names = [text.get_text() for text in legend.get_texts()]
    colours = [to_hex(patch.get_facecolor()) for patch in legend.get_patches()]
    return {name: colour for name, colour in zip(names, colours, strict=True) if name}


@pytest.mark.parametrize("silent", [(), ("PATIENT-003-T1",)])
def test_the_legend_says_how_each_cell_of_the_strips_is_coloured(silent):
    table = classes(25)
    figure = strip(table, clinic(25), silent=silent)
    keys = key_colours(figure.subfigs[1].legends[0])
    ordered = table.sort_values(["immune_class", "margin"], ascending=[True, False])
    for label, told in (
        ("ambiguous", ordered["is_ambiguous"].map({True: "ambiguous", False: "clear"})),
        ("class", "class " + ordered["immune_class"]),
    ):
        (image,) = axes_of(figure, label).images
        shown = [to_hex(colour) for colour in image.cmap(image.norm(image.get_array()[0]))]
        assert shown == [keys[name] for name in told]
    assert ("not counted" in keys) == bool(silent)


def test_best_response_and_response_share_no_colour():
    figure = panel(28, clinic(28).assign(histology=None))
    keys = key_colours(figure.legends[0])
    told = ["CR", "PR", "SD", "PD", "responder", "non-responder", "unknown"]
    assert len({keys[name] for name in told}) == len(told)


def test_the_strip_is_sorted_by_class_and_margin():
    table = classes(30)
    figure = strip(table, clinic(30))
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
        strip(table.assign(immune_class=None), clinic(30))


def test_further_biopsies_of_a_patient_are_drawn_and_marked_and_counted_nowhere():
    table = classes(12).assign(immune_class="B")
    table.loc[9:, "patient"] = "PATIENT-000"  # a responder with three more regions
    silent = set(table.loc[9:, "biopsy"])
    figure = strip(table, clinic(9), silent=silent)
    bars = next(axes for axes in figure.axes if axes.patches)
    assert [text.get_text() for text in bars.texts] == ["4/8"]
    assert bars.get_ylabel() == "Patients"
    assert note(figure).startswith(
        "n = 9 patients, 12 biopsies with a class (3 further ones of a patient are not counted)"
    )
    marks = axes_of(figure, "not counted").images[0].get_array()[0]
    names = [tick.get_text() for tick in axes_of(figure, "T cells").get_xticklabels()]
    assert {name for name, mark in zip(names, marks, strict=True) if mark == 0} == silent


def test_the_panel_counts_patients_and_not_their_further_biopsies():
    cells = scores(12, MCP_COUNTER.columns)
    cells.loc[9:, "patient"] = "PATIENT-000"
    silent = list(cells.loc[9:, "biopsy"])
    told = features(cells, "mcp_counter", silent)
    figure = signature_panel(cells, None, None, clinic(9), told, None, SignaturePanelParams())
    assert note(figure).startswith(
        "n = 9 patients, 12 biopsies (3 further ones of a patient are not counted): "
        "4 responders, 4 non-responders, 1 of unknown response"
    )
    marks = axes_of(figure, "biopsy").images[0].get_array()[0]
    names = [tick.get_text() for tick in axes_of(figure, "T cells").get_xticklabels()]
    cells_drawn = [tick.get_text() for tick in figure.axes[4].get_xticklabels()]
    assert names == cells_drawn
    assert [name for name, mark in zip(names, marks, strict=True) if mark == 1] == sorted(
        silent, key=names.index
    )
    assert figure.legends[0].get_texts()[1].get_text() == "counted"


def test_response_outside_the_tested_population_is_unknown():
    clinical, table = clinic(28), classes(28)
    told = clinical.set_index("patient")["responded"].dropna()
    dosed = [name for name in clinical["patient"] if name not in set(told.index[:3])]
    members = pd.DataFrame({"population": "efficacy", "patient": dosed})
    bars = next(a for a in strip(table, clinical, members=members).axes if a.patches)
    counts = [text.get_text().split("/") for text in bars.texts if "/" in text.get_text()]
    known = told[told.index.isin(dosed)]
    assert sum(int(n) for _, n in counts) == len(known) == len(told) - 3
    assert sum(int(yes) for yes, _ in counts) == known.sum()
    told = f"{known.sum()} responders, {(~known).sum()} non-responders"
    assert told in note(panel(28, clinical, members=members))


def test_p_and_q_of_associations_stand_right_of_their_rows():
    figure = panel(28)
    told = {}
    for label in ("B lineage", "CYT", "PDCD1 (PD-1)"):
        axes = axes_of(figure, label)
        rows = [tick.get_text() for tick in axes.get_yticklabels()]
        lines = [(text.get_text(), text.xy[1]) for text in axes.texts]
        told |= {rows[int(row)]: line for line, row in lines if line}
    assert told == {"B lineage": "0.031 (0.20)", "CYT": "<0.0001 (0.00040)"}
    assert [text.get_text() for text in axes_of(figure, "response").texts] == ["p (q)"]


def test_the_most_frequent_histologies_have_colours_and_the_rest_is_one_grey():
    names = ["zeta sarcoma"] * 20 + [f"rare {i:02d}" for i in range(20)]
    figure = panel(40, clinic(40).assign(histology=[*names[:-1], None]))
    legend = figure.legends[0]
    faces = [patch.get_facecolor() for patch in legend.get_patches()]
    keys = dict(zip([text.get_text() for text in legend.get_texts()], faces, strict=True))
    own = [name for name in keys if "sarcoma" in name or "rare" in name]
    assert own == ["zeta sarcoma", *(f"rare {i:02d}" for i in range(8))]
    assert "other (11)" in keys
    shown = [keys[name] for name in (*own, "other (11)", "not stated")]
    assert len(set(shown)) == 11
    codes = axes_of(figure, "histology").images[0].get_array()[0]
    assert sorted(np.bincount(codes).tolist()) == [*[1] * 9, 11, 20]


@pytest.mark.parametrize("draw", ["panel", "strip"])
def test_names_that_differ_at_their_end_stay_apart(draw):
    names = [
        f"SARC-{i:03d}.pre-treatment.{where}" for i in (1, 2) for where in ("liver", "lung")
    ]
    if draw == "strip":
        table = classes(4).assign(biopsy=names, immune_class="A")
        figure = strip(table, clinic(4))
    else:
        cells = scores(4, MCP_COUNTER.columns).assign(biopsy=names)
        told = features(cells, "mcp_counter")
        figure = signature_panel(
            cells, None, None, clinic(4), told, None, SignaturePanelParams()
        )
    ticks = [tick.get_text() for tick in axes_of(figure, "T cells").get_xticklabels()]
    assert len(set(ticks)) == 4
    assert max(map(len, ticks)) <= 18
