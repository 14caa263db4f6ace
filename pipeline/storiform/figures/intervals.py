"""Estimates with intervals, a row for each, between two blocks of text."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from matplotlib.ticker import FuncFormatter

from storiform.figures.style import FONT, GREY, INK, SMALL, THICK, THIN, dress

ROW_MM = 3.9
"""Height of a row."""
_GAP_MM, _LEAST_MM, _EDGE_MM = 3.0, 24.0, 3.5


class IntervalRow(NamedTuple):
    """A row: its texts left and right of the plot, and an estimate with its bounds.

    An estimate that is NaN is not drawn; a bound that is missing is open. A heading has no
    estimate and is written bold.
    """

    left: tuple[str, ...]
    right: tuple[str, ...] = ()
    estimate: float = np.nan
    lower: float = np.nan
    upper: float = np.nan
    colour: str = INK
    is_hollow: bool = False
    is_heading: bool = False


class IntervalPlot(NamedTuple):
    """What stands above the columns of text and below the axis, and where the axis ends.

    `reference` is the value with a line: of no effect, or of all patients.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    label: str
    ends: tuple[float, float]
    reference: float
    is_log: bool = False


class _Frame(NamedTuple):
    """Where the plot begins (mm from the left), how wide it is, and the columns' starts."""

    start: float
    width: float
    left: list[float]
    right: list[float]


def draw_intervals(
    figure: Figure, rows: list[IntervalRow], plot: IntervalPlot, edges_mm: tuple[float, float]
) -> Axes:
    """Draw rows of estimates over the width of a figure; return the axes of the estimates.

    Parameters
    ----------
    figure
        An empty figure, in which all is placed by millimetres.
    rows
        The first one stands on top.
    plot
        Headings of the columns, and the axis.
    edges_mm
        Room above and below the rows.
    """
    figure.set_layout_engine("none")
    wide, high = (float(inches) * 25.4 for inches in figure.get_size_inches())
    frame = _framed(rows, plot, wide)
    top, bottom = edges_mm
    axes = figure.add_axes((
        frame.start / wide, bottom / high, frame.width / wide, (high - top - bottom) / high,
    ))  # fmt: skip
    if plot.is_log:
        axes.set_xscale("log")
    axes.set_xlim(*plot.ends)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(plot.reference, color=GREY, linewidth=THIN, zorder=0)
    _write_row(axes, frame, -1.05, plot.left, plot.right, is_bold=True)
    for at, row in enumerate(rows):
        _write_row(axes, frame, at, row.left, row.right, is_bold=row.is_heading)
        if np.isfinite(row.estimate):
            _draw(axes, at, row, plot.ends)
    axes.set_xlabel(plot.label)
    dress(axes)
    axes.minorticks_off()
    if plot.is_log:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    return axes


def _framed(rows: list[IntervalRow], plot: IntervalPlot, wide: float) -> _Frame:
    """Give each column the width of its longest text, and the plot what is left."""
    bodies = [row for row in rows if not row.is_heading]
    left = _widths(plot.left, [row.left for row in bodies])
    right = _widths(plot.right, [row.right for row in bodies])
    start = _EDGE_MM + sum(left) + _GAP_MM * len(left)
    after = _EDGE_MM + sum(right) + _GAP_MM * len(right)
    width = max(wide - start - after, _LEAST_MM)
    starts = _EDGE_MM, start + width + _GAP_MM
    return _Frame(start, width, _starts(starts[0], left), _starts(starts[1], right))


def _widths(heading: tuple[str, ...], cells: list[tuple[str, ...]]) -> list[float]:
    widths: list[float] = []
    for at, title in enumerate(heading):
        texts = [row[at] for row in cells if at < len(row)]
        widths.append(max(_width_mm(title, "bold"), *map(_width_mm, texts), 0.0))
    return widths


def _starts(first: float, widths: list[float]) -> list[float]:
    return [first + sum(widths[:at]) + _GAP_MM * at for at in range(len(widths))]


def _width_mm(text: str, weight: str = "normal") -> float:
    font = FontProperties(family=FONT, weight=weight)
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width) * SMALL / font.get_size_in_points() / 72.0 * 25.4


def _write_row(
    axes: Axes,
    frame: _Frame,
    at: float,
    left: tuple[str, ...],
    right: tuple[str, ...],
    *,
    is_bold: bool,
) -> None:
    cells = [*zip(frame.left, left, strict=False), *zip(frame.right, right, strict=False)]
    for start, text in cells:
        axes.text(
            (start - frame.start) / frame.width, at, text, transform=axes.get_yaxis_transform(),
            ha="left", va="center_baseline", fontsize=SMALL, fontfamily=FONT, color=INK,
            fontweight="bold" if is_bold else "normal",
        )  # fmt: skip


def _draw(axes: Axes, at: int, row: IntervalRow, ends: tuple[float, float]) -> None:
    """Draw one estimate; an arrow stands where the interval leaves the axis or is open."""
    least, most = ends
    lower = row.lower if np.isfinite(row.lower) and row.lower >= least else least
    upper = row.upper if np.isfinite(row.upper) and row.upper <= most else most
    axes.plot(
        [min(lower, most), max(upper, least)], [at, at], color=row.colour, linewidth=THICK,
        solid_capstyle="butt",
    )  # fmt: skip
    arrows = [
        (least, "<", not row.lower >= least),
        (most, ">", not row.upper <= most),
    ]
    for end, marker, is_cut in arrows:
        if is_cut:
            axes.plot(
                [end], [at], marker=marker, markersize=3.4, color=row.colour,
                markeredgewidth=0.0, clip_on=False,
            )  # fmt: skip
    if least <= row.estimate <= most:
        axes.plot(
            [row.estimate], [at], marker="s", markersize=3.6, color=row.colour,
            markerfacecolor="white" if row.is_hollow else row.colour,
            markeredgewidth=THIN, zorder=3, clip_on=False,
        )  # fmt: skip
