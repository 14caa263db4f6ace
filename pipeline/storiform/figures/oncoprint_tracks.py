"""What stands above an oncoprint: the best change of each patient, and a bar of a number."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from storiform.figures.style import FONT, GREY, INK, RESPONSES, SMALL, THIN, dress

Floats = npt.NDArray[np.float64]

PROGRESSION, RESPONSE = 20.0, -30.0
"""Bounds of progression and partial response in RECIST 1.1, in percent."""
LIMIT = 100.0
"""Growth at which bars are cut, in percent."""
_COMPLETE, _FLAT = -100.0, 0.5
_WIDE, _LINEAR = 20.0, 10.0


class Changes(NamedTuple):
    """Best change (%) of each patient, NaN where it is not known, and its response.

    `assumed` (patients,) marks a complete response without a measured change.
    """

    heights: Floats
    responses: list[str]
    assumed: npt.NDArray[np.bool_]


def changes_of(clinic: pd.DataFrame) -> Changes:
    """Return the changes of the patients of a clinic; a CR that was not measured is -100 %."""
    change = clinic["best_change_percent"].astype(float)
    change = change.where(np.isfinite(change))
    is_complete = (clinic["response"] == "CR").fillna(value=False) & change.isna()
    known = clinic["response"].where(clinic["response"].isin(list(RESPONSES)), "NE")
    heights = np.asarray(change.where(~is_complete, _COMPLETE), dtype=np.float64)
    return Changes(heights, known.astype(str).tolist(), is_complete.to_numpy(np.bool_))


def draw_changes(axes: Axes, changes: Changes, gap: float) -> None:
    """Draw the waterfall; growth is cut at +100 %, and marked by a triangle."""
    heights = changes.heights
    drawn = np.minimum(heights, LIMIT)
    colours = [RESPONSES[response] for response in changes.responses]
    bars = _bars(axes, drawn, colours, gap)
    for at in np.flatnonzero(changes.assumed):
        bars[at].set_hatch("//////")
    for level in (PROGRESSION, RESPONSE):
        axes.axhline(level, color=GREY, linewidth=THIN, linestyle=(0, (4, 3)), zorder=0)
    axes.axhline(0.0, color=INK, linewidth=THIN)
    flat = np.flatnonzero(np.abs(heights) < _FLAT)
    axes.scatter(
        flat, np.zeros(len(flat)), s=5.0 if gap else 1.0, color=[colours[at] for at in flat],
        edgecolors=INK, linewidths=THIN / 2 if gap else 0.0, zorder=3,
    )  # fmt: skip
    cut = np.flatnonzero(heights > LIMIT)
    axes.plot(
        cut, np.full(len(cut), LIMIT), linestyle="none", marker="^", markersize=2.6,
        color=INK, markeredgewidth=0.0, clip_on=False,
    )  # fmt: skip
    lowest = -100.0 if np.nanmin(drawn) < -50.0 else -50.0  # noqa: PLR2004  whole ticks
    highest = 100.0 if np.nanmax(drawn) > 50.0 else 50.0  # noqa: PLR2004  the same
    axes.set_ylim(lowest * 1.06, highest * 1.06)
    axes.set_yticks(np.arange(lowest, highest + 1.0, 50.0))
    _dress(axes, len(heights))
    _mark_unknown(axes, heights, gap)


def draw_numbers(axes: Axes, values: Floats, gap: float) -> bool:
    """Draw a number of each patient (n,) as a bar; return whether the axis is logarithmic.

    It is where one value is far above the others; below ten it stays linear, for none is none.
    """
    known = values[np.isfinite(values)]
    most = float(known.max())
    is_log = most > _WIDE * max(float(np.median(known)), 1.0)
    if is_log:
        axes.set_yscale("symlog", linthresh=_LINEAR, linscale=1.0)
    _bars(axes, values, [GREY] * len(values), gap)
    axes.set_ylim(0.0, most * (1.3 if is_log else 1.06) or 1.0)
    if is_log:
        powers = 10.0 ** np.arange(1, int(np.log10(most)) + 1)
        axes.set_yticks([0.0, *powers], ["0", *(f"{power:g}" for power in powers)])
        axes.minorticks_off()
    else:
        axes.locator_params(axis="y", nbins=3)
    _dress(axes, len(values))
    _mark_unknown(axes, values, gap)
    return is_log


def _bars(axes: Axes, heights: Floats, colours: list[str], gap: float) -> list[Rectangle]:
    bars = axes.bar(
        range(len(heights)), np.nan_to_num(heights), width=1.0 - gap, color=colours,
        edgecolor=INK, linewidth=THIN / 2 if gap else 0.0,
    )  # fmt: skip
    return list(bars)


def _dress(axes: Axes, count: int) -> None:
    axes.set_xlim(-0.5, count - 0.5)
    dress(axes)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _mark_unknown(axes: Axes, values: Floats, gap: float) -> None:
    """Mark the patients without a value by a cross; thin columns have no room for it."""
    at = np.flatnonzero(~np.isfinite(values))
    if gap == 0.0:
        return
    axes.plot(
        at, np.zeros(len(at)), linestyle="none", marker="x", markersize=2.4,
        markeredgewidth=THIN, color=GREY, clip_on=False, zorder=4,
    )  # fmt: skip


def part_columns(axes: Axes, count: int, gap: float) -> None:
    """Give a strip the columns of the tiles, with white between them."""
    axes.set_xlim(-0.5, count - 0.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if gap == 0.0:
        return
    axes.bar(
        np.arange(count + 1) - 0.5, 1.0, width=gap, bottom=-0.5, color="white", linewidth=0.0
    )


def mark_cells(axes: Axes, is_marked: npt.NDArray[np.bool_]) -> None:
    """Mark cells of a strip by a white dot with a dark edge."""
    at = np.flatnonzero(is_marked)
    axes.plot(
        at, np.zeros(len(at)), linestyle="none", marker="o", markersize=2.2, color="white",
        markeredgecolor=INK, markeredgewidth=THIN / 2,
    )  # fmt: skip


def name_track(axes: Axes, text: str, shift_mm: float) -> None:
    """Write the name of a track left of its axis."""
    axes.annotate(
        text, (0.0, 0.5), (-shift_mm / 25.4 * 72.0, 0.0), xycoords="axes fraction",
        textcoords="offset points", fontsize=SMALL, fontfamily=FONT, color=INK, ha="right",
        va="center", annotation_clip=False, multialignment="right",
    )  # fmt: skip
