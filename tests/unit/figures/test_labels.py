"""Names beside points, measured where they are drawn: what they cover and whom they name."""

import re

import numpy as np
import pandas as pd
import pytest
from figure_faults import drawn_texts
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke

from storiform.figures.ma_plot import MaPlotParams, ma_plot
from storiform.figures.volcano import VolcanoParams, volcano
from storiform.model.tables.differential import DIFFERENTIAL_EXPRESSION

RADIUS = 1.1
"""Of the dot of a called gene (1/72 inch)."""
LETTERS = "ABCDEFGHIKLMNPRSTVXZ"


def compared(genes: int, called: int, seed: int, longest: int = 9) -> pd.DataFrame:
    """Return a comparison whose called genes have large changes and small p, in a crowd."""
    draw = np.random.default_rng(seed)
    change = draw.normal(0.0, 0.5, genes)
    change[:called] = draw.choice([-1.0, 1.0], called) * draw.gamma(4.0, 0.6, called)
    p = draw.uniform(0.001, 1.0, genes)
    p[:called] = 10.0 ** -(3.5 + draw.gamma(1.2, 2.0, called))
    sizes = draw.integers(3, longest + 1, genes)
    names = ["".join(draw.choice(list(LETTERS), size)) for size in sizes]
    return DIFFERENTIAL_EXPRESSION.conform(
        pd.DataFrame(
            {
                "contrast": "responded", "gene": [f"{n}{i}" for i, n in enumerate(names)],
                "population": "efficacy", "n_positive": 9, "n_negative": 19, "adjusted_for": "",
                "base_mean": draw.lognormal(5.0, 1.5, genes), "log2_fold_change": change,
                "log2_fold_change_se": 1.0, "shrunken_log2_fold_change": change * 0.8,
                "statistic": change, "p": p, "q": p, "dispersion": 0.1, "alpha": 0.05,
                "is_significant": np.arange(genes) < called, "is_degenerate": False,
                "note": "",
            }
        )
    )  # fmt: skip


def drawn(kind: str, table: pd.DataFrame, names: int = 15):
    if kind == "ma_plot":
        return ma_plot(table, MaPlotParams(names=names))
    return volcano(table, VolcanoParams(names=names))


def measured(figure):
    """Return the names, their boxes and the called points, all in points (1/72 inch)."""
    scale = 72.0 / figure.dpi
    texts = [(t, box) for t, box in drawn_texts(figure) if t.get_style() == "italic"]
    axes = figure.axes[0]
    points = np.vstack([np.asarray(group.get_offsets()) for group in axes.collections[1:3]])
    boxes = np.array([box.extents for _, box in texts]).reshape(-1, 4) * scale
    return [text for text, _ in texts], boxes, axes.transData.transform(points) * scale


def gaps(box, points):
    """Return the distance of each point to a box."""
    beside = np.maximum(np.maximum(box[:2] - points, points - box[2:]), 0.0)
    return np.hypot(*beside.T)


def ends_of_lines(figure):
    """Return where leader lines end at their points, in points (1/72 inch)."""
    axes = figure.axes[0]
    lines = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
    at = np.array([line.xy for line in lines]).reshape(-1, 2)
    return axes.transData.transform(at) * 72.0 / figure.dpi


KINDS = ["volcano", "ma_plot"]
SIZES = [(30, 3), (500, 40), (3000, 150), (6000, 300)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("genes", "called"), SIZES)
def test_names_cover_no_called_point_and_no_name(kind, genes, called, seed):
    figure = drawn(kind, compared(genes, called, seed))
    names, boxes, points = measured(figure)
    assert len(points) == called
    assert len(names) == min(called, 15)
    for number, box in enumerate(boxes):
        assert gaps(box, points).min() > RADIUS, names[number].get_text()
        apart = (box[2:] <= boxes[:number, :2]) | (boxes[:number, 2:] <= box[:2])
        assert apart.any(axis=1).all(), names[number].get_text()
    frame = figure.axes[0].get_window_extent().extents * 72.0 / figure.dpi
    assert (boxes[:, :2] >= frame[:2]).all()
    assert (boxes[:, 2:] <= frame[2:]).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("genes", "called"), SIZES)
def test_name_that_another_point_could_claim_has_a_line(kind, genes, called):
    figure = drawn(kind, compared(genes, called, 5))
    names, boxes, points = measured(figure)
    ends = ends_of_lines(figure)
    for name, box in zip(names, boxes, strict=True):
        own = figure.axes[0].transData.transform(name.xy) * 72.0 / figure.dpi
        has_line = np.isclose(ends, own).all(axis=1).any()
        others = points[~np.isclose(points, own).all(axis=1)]
        distance = float(gaps(box, own[None])[0])
        rival = gaps(box, others).min(initial=np.inf)
        assert has_line or (distance < 6.0 and rival > distance), name.get_text()


@pytest.mark.parametrize("kind", KINDS)
def test_names_without_room_are_counted_under_the_figure(kind):
    figure = drawn(kind, compared(300, 30, 0, longest=60), names=30)
    names, _, _ = measured(figure)
    words = " ".join(figure.get_supxlabel().split())
    told = re.search(r"; (\d+) of 30 called genes with the smallest p named$", words)
    assert told is not None
    assert 8 <= int(told[1]) == len(names) < 30


@pytest.mark.parametrize("kind", KINDS)
def test_letters_have_a_thin_white_halo(kind):
    names, _, _ = measured(drawn(kind, compared(200, 20, 0)))
    for name in names:
        (halo,) = name.get_path_effects()
        assert isinstance(halo, withStroke)
        assert to_rgb(halo._gc["foreground"]) == (1.0, 1.0, 1.0)  # noqa: SLF001  nowhere else
        assert 0.8 <= halo._gc["linewidth"] <= 2.0  # noqa: SLF001  the same


@pytest.mark.parametrize("kind", KINDS)
def test_axes_are_as_wide_as_the_points_where_names_have_room(kind):
    table = compared(30, 3, 0)
    bare, named = drawn(kind, table, names=0).axes[0], drawn(kind, table).axes[0]
    assert named.get_xlim() == bare.get_xlim()
    assert named.get_ylim() == bare.get_ylim()
