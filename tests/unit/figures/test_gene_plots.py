"""Plots of compared genes show each gene in its place, and names that do not overlap."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.legend import Legend

from storiform.figures.labels import Label, place_labels
from storiform.figures.ma_plot import MaPlotParams, ma_plot
from storiform.figures.marker_view import MarkerViewParams, marker_view
from storiform.figures.style import canvas, render
from storiform.figures.volcano import VolcanoParams, volcano
from storiform.model.errors import NothingToShow
from storiform.model.step import Step
from storiform.model.tables.differential import DIFFERENTIAL_EXPRESSION, MARKER_ENRICHMENT
from storiform.model.tables.rna import POPULATIONS


def compared(genes: int = 400, called: int = 40, seed: int = 1, **columns) -> pd.DataFrame:
    """Return a table of compared genes; the first ones are called."""
    generator = np.random.default_rng(seed)
    change = generator.normal(0.0, 0.6, genes)
    change[:called] = generator.normal(0.0, 3.0, called)
    p = generator.uniform(0.01, 1.0, genes)
    p[:called] = 10.0 ** generator.uniform(-30.0, -4.0, called)
    table = pd.DataFrame(
        {
            "contrast": "responded",
            "gene": [f"LOC1009{number:05d}" for number in range(genes)],
            "population": "efficacy",
            "n_positive": 9,
            "n_negative": 19,
            "adjusted_for": "sex",
            "base_mean": generator.lognormal(5.0, 2.0, genes),
            "log2_fold_change": change,
            "log2_fold_change_se": 1.0,
            "shrunken_log2_fold_change": change / 2.0,
            "statistic": change,
            "p": p,
            "q": p,
            "dispersion": 0.1,
            "alpha": 0.05,
            "is_significant": np.arange(genes) < called,
            "is_degenerate": np.arange(genes) == genes - 1,
            "note": "",
            **columns,
        }
    )
    return DIFFERENTIAL_EXPRESSION.conform(table)


def enriched() -> pd.DataFrame:
    """Return markers of the ten populations; of T cells half are up, of B cells one is down."""
    populations = list(POPULATIONS.values())
    table = pd.DataFrame(
        {
            "contrast": "responded", "population": populations, "markers": 12, "tested": 10,
            "degenerate": 0,            "up": [5, *[0] * 9], "down": [0, 0, 0, 1, *[0] * 6],
            "share_up": [0.5, *[0.0] * 9], "genes_up": "", "genes_down": "",
            "median_log2_fold_change": 0.0,
        }
    )  # fmt: skip
    return MARKER_ENRICHMENT.conform(table)


def names_of(axes):
    """Return the texts beside points."""
    return [text for text in axes.texts if text.get_style() == "italic" and text.get_text()]


def boxes_of(figure, texts):
    figure.draw_without_rendering()
    return [text.get_window_extent() for text in texts]


def draw(kind, table, **params):
    if kind == "ma_plot":
        return ma_plot(table, MaPlotParams(**params))
    return volcano(table, VolcanoParams(**params))


KINDS = ["ma_plot", "volcano"]


def test_steps_read_the_comparison():
    for step, section in (
        (ma_plot, "ma_plot"),
        (volcano, "volcano"),
        (marker_view, "marker_view"),
    ):
        found = Step.of(step)
        assert found.section == section
        assert found.products[0].name == section


@pytest.mark.parametrize("kind", KINDS)
def test_each_tested_gene_is_a_point_in_its_place(kind):
    table = compared()
    table.loc[5, "p"] = np.nan
    axes = draw(kind, table).axes[0]
    *kinds, ring = axes.collections
    points = np.vstack([np.asarray(group.get_offsets()) for group in kinds])
    assert len(points) == 399
    assert len(ring.get_offsets()) == 1
    shown = table[table["p"].notna()]
    if kind == "ma_plot":
        expected = np.log10(shown["base_mean"]), shown["shrunken_log2_fold_change"].clip(-6, 6)
    else:
        expected = shown["log2_fold_change"].clip(-8, 8), -np.log10(shown["p"])
    for column, values in enumerate(expected):
        np.testing.assert_allclose(np.sort(points[:, column]), np.sort(values), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("genes", "called"), [(60, 5), (400, 40), (4000, 900)])
def test_names_cover_neither_each_other_nor_leave_the_axes(kind, genes, called):
    figure = draw(kind, compared(genes, called), names=20)
    axes = figure.axes[0]
    names = names_of(axes)
    assert len(names) >= min(called, 10) - 1
    boxes = boxes_of(figure, names)
    assert not any(a.overlaps(b) for number, a in enumerate(boxes) for b in boxes[:number])
    frame = axes.get_window_extent()
    inside = [frame.x0 <= box.x0 and box.x1 <= frame.x1 and box.y0 >= frame.y0 for box in boxes]
    assert all(inside)


def lines_of(figure):
    """Return the ends of the leader lines in pixels: at the name, at the point."""
    figure.draw_without_rendering()
    axes = figure.axes[0]
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
    paths = [text.arrow_patch.get_transform().transform_path(text.arrow_patch.get_path())
             for text in arrows]  # fmt: skip
    return [(path.vertices[0], path.vertices[-1]) for path in paths]


def passes(line, box):
    """Tell whether a line runs through a box, by many points of the line."""
    steps = np.linspace(0.0, 1.0, 400)[:, None]
    at = line[0] * (1.0 - steps) + line[1] * steps
    across = (at[:, 0] > box[0]) & (at[:, 0] < box[2])
    return bool((across & (at[:, 1] > box[1]) & (at[:, 1] < box[3])).any())


def crowded(seed: int, genes: int = 400, called: int = 40) -> pd.DataFrame:
    """Return called genes close to each other, so that names go far from their points."""
    table = compared(genes, called, seed)
    generator = np.random.default_rng(seed)
    table.loc[: called - 1, "log2_fold_change"] = generator.normal(2.0, 0.5, called)
    table["shrunken_log2_fold_change"] = table["log2_fold_change"]
    table.loc[: called - 1, "p"] = 10.0 ** generator.normal(-12.0, 2.0, called)
    table.loc[: called - 1, "base_mean"] = generator.lognormal(5.0, 0.5, called)
    return table


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_leader_lines_run_over_no_other_name_and_no_named_point(kind, seed):
    figure = draw(kind, crowded(seed), names=20)
    lines = lines_of(figure)
    names = names_of(figure.axes[0])
    boxes = [box.extents for box in boxes_of(figure, names)]
    points = [figure.axes[0].transData.transform(name.xy) for name in names]
    assert len(lines) >= 3
    for at_name, at_point in lines:
        line = np.asarray(at_name), np.asarray(at_point)
        own = int(np.argmin([np.abs(line[1] - point).sum() for point in points]))
        for number, (box, point) in enumerate(zip(boxes, points, strict=True)):
            if number != own:
                assert not passes(line, box)
                # of dots that overlap, 2.2 points wide, the line cannot but begin on both
                overlap = np.hypot(*(line[1] - point)) < 2.2 * figure.dpi / 72.0
                assert overlap or not passes(line, [*(point - 1.0), *(point + 1.0)])


@pytest.mark.parametrize("kind", KINDS)
def test_names_stand_in_the_same_places_each_time(kind):
    def places():
        names = names_of(draw(kind, crowded(1), names=20).axes[0])
        return [(name.get_text(), *name.xyann) for name in names]

    assert places() == places()


@pytest.mark.parametrize("kind", KINDS)
def test_named_genes_are_called_ones_with_the_smallest_p(kind):
    table = compared(400, 40)
    figure = draw(kind, table, names=5)
    smallest = set(table.sort_values("p")["gene"].head(5))
    names = {text.get_text() for text in names_of(figure.axes[0])}
    assert names <= smallest
    assert len(names) >= 4


@pytest.mark.parametrize("kind", KINDS)
def test_figure_states_n_alpha_and_covariates(kind):
    figure = draw(kind, compared())
    words = " ".join(figure.get_supxlabel().split())
    assert words.startswith(
        "9 biopsies with response, 19 with no response, one of each patient"
    )
    assert "400 genes tested" in words
    assert "adjusted for sex; " in words
    assert words.endswith("; 15 of 15 called genes with the smallest p named")
    legend = next(child for child in figure.axes[0].get_children() if isinstance(child, Legend))
    texts = [text.get_text() for text in legend.get_texts()]
    assert any(text.startswith("higher with response, q < 0.05: ") for text in texts)
    assert "degenerate: 1" in texts
    counts = [int(text.rsplit(" ", 1)[1]) for text in texts[:3]]
    assert sum(counts) == 400


@pytest.mark.parametrize("kind", KINDS)
def test_key_and_footnote_do_not_overlap(kind):
    figure = draw(kind, compared())
    figure.draw_without_rendering()
    legend = next(child for child in figure.axes[0].get_children() if isinstance(child, Legend))
    below = figure._supxlabel.get_window_extent()  # noqa: SLF001  matplotlib shows it nowhere
    assert not legend.get_window_extent().overlaps(below)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_called_draws_no_name_and_is_drawn(kind):
    table = compared(100, 0)
    figure = draw(kind, table)
    assert names_of(figure.axes[0]) == []
    assert set(render(figure)) == {"pdf", "png", "svg"}


@pytest.mark.parametrize("kind", KINDS)
def test_other_outcome_has_nothing_to_show(kind):
    with pytest.raises(NothingToShow, match="no gene was compared by disease_control"):
        draw(kind, compared(), outcome="disease_control")


@pytest.mark.parametrize("kind", KINDS)
def test_one_gene_and_vanishing_p_are_drawn(kind):
    figure = draw(kind, compared(1, 1, p=0.0))
    assert np.isfinite(np.asarray(figure.axes[0].get_ylim())).all()
    assert render(figure)["png"]


def test_names_that_find_no_room_are_left_out():
    figure = canvas(40.0, 40.0)
    axes = figure.subplots()
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    figure.draw_without_rendering()
    labels = [Label(f"LONGNAME{number}", 0.5, 0.5) for number in range(60)]
    written = place_labels(axes, labels, np.full((60, 2), 0.5))
    assert 1 <= written < 60
    assert len(names_of(axes)) == written


def test_dashed_line_stands_at_the_largest_p_that_is_called():
    table = compared(400, 40)
    axes = volcano(table, VolcanoParams()).axes[0]
    (dashed,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    largest = table.loc[table["is_significant"], "p"].max()
    np.testing.assert_allclose(dashed.get_ydata(), -np.log10(largest), rtol=1e-12)
    below = [y for _, y in axes.collections[0].get_offsets()]  # the grey ones
    assert max(below) < -np.log10(largest)
    nothing = volcano(compared(100, 0), VolcanoParams()).axes[0]
    assert [line for line in nothing.lines if line.get_linestyle() == "--"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_degenerate_gene_is_ringed_and_never_named(kind):
    table = compared(400, 40)
    first = int(table["p"].to_numpy().argmin())
    table["is_degenerate"] = np.arange(400) == first
    assert table.loc[first, "is_significant"]
    axes = draw(kind, table).axes[0]
    names = {text.get_text() for text in names_of(axes)}
    assert names == set(table.sort_values("p")["gene"].iloc[1:16])
    *kinds, ring = axes.collections
    gene = table.loc[first]
    if kind == "ma_plot":
        place = np.log10(gene["base_mean"]), gene["shrunken_log2_fold_change"]
    else:
        place = gene["log2_fold_change"], -np.log10(gene["p"])
    np.testing.assert_allclose(ring.get_offsets(), [place], rtol=1e-12)
    assert ring.get_edgecolor().size  # the point below it keeps the colour of a called one
    assert any(np.isclose(np.asarray(group.get_offsets()), place).all(axis=1).any()
               for group in kinds[1:])  # fmt: skip


def test_bars_are_the_shares_of_the_tested_markers():
    figure = marker_view(enriched(), compared(), MarkerViewParams())
    axes = figure.axes[0]
    widths = {round(bar.get_width(), 6) for bar in axes.patches}
    assert widths == {0.0, 50.0, -10.0}
    shares = {text.get_text() for text in axes.texts if "/" in text.get_text()}
    assert shares == {"5/10", "1/10", "0/10"}
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels[-1] == "T cells (10)"
    assert labels[-2] == "B lineage (10)"
    assert len(labels) == 10


def test_marker_view_states_n_and_alpha():
    figure = marker_view(enriched(), compared(), MarkerViewParams())
    words = " ".join(figure.get_supxlabel().split())
    assert words.startswith("9 biopsies with response, 19 with no response")
    assert words.endswith("called at q < 0.05")


def test_marker_view_of_untested_markers_has_nothing_to_show():
    table = enriched().assign(tested=0)
    with pytest.raises(NothingToShow, match="no marker was compared by responded"):
        marker_view(table, compared(), MarkerViewParams())


@pytest.mark.parametrize("silent", [0, 1, 35])
def test_both_plots_tell_the_same_number_of_genes_tested(silent):
    table = compared(base_mean=[0.0] * silent + [50.0] * (400 - silent), called=0)
    notes = [
        " ".join(text.get_text() for text in draw(table, params()).texts)
        for draw, params in ((volcano, VolcanoParams), (ma_plot, MaPlotParams))
    ]
    assert ["400 genes tested" in " ".join(note.split()) for note in notes] == [True, True]
    lost = {0: "", 1: "1 gene of mean count 0 not drawn", 35: "35 genes of mean count 0 not"}
    assert lost[silent] in " ".join(notes[1].split())
    assert ("not drawn" in " ".join(notes[1].split())) == bool(silent)
