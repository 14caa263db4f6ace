"""The best change of each patient's tumours, a bar for each, with strips of features below."""

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.feature_strips import ValueStrip, strip_title, value_strip
from storiform.figures.keys import draw_keys, keys_height
from storiform.figures.strips import draw_strip
from storiform.figures.style import (
    DOUBLE_MM,
    FONT,
    GREY,
    INK,
    RESPONSES,
    SINGLE_MM,
    SMALL,
    THIN,
    canvas,
    dress,
    footnote,
    patches,
    shortened,
    told_apart,
)
from storiform.model.counting import counted
from storiform.model.errors import NothingToShow
from storiform.model.params import Params
from storiform.model.populations import population_field, population_of
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import Features
from storiform.model.tables.trial_tables import PopulationMembers

Floats = npt.NDArray[np.float64]

WATERFALL = Picture(
    "waterfall",
    caption="Best change of the sum of target lesions from baseline, one bar for each patient "
    "with a measured change, coloured by best overall response. Dashed: +20 % and -30 %, "
    "the bounds of progression and partial response in RECIST 1.1. A bar that is cut carries "
    "a triangle; a dot is a change of less than 0.5 %; hatched: a complete response without a "
    "measured change, drawn at -100 %. Below: histology or the features that the "
    "configuration names; of numbers, light is low and dark is high. No test.",
    version=3,
)
Waterfall = Annotated[Figure, WATERFALL]

_BARS_MM, _STRIP_MM, _ROOM_MM = 58.0, 4.0, 12.0
_FLAT = 0.5
_COMPLETE = -100.0


class WaterfallParams(Params):
    """How the waterfall is drawn."""

    population: str = population_field("safety", "drawn")
    progression_percent: float = Field(
        20.0, ge=0.0, le=100.0, description="upper line in percent, RECIST 1.1"
    )
    response_percent: float = Field(
        -30.0, ge=-100.0, le=0.0, description="lower line in percent, RECIST 1.1"
    )
    limit_percent: float = Field(
        100.0, ge=20.0, le=1000.0, description="growth in percent at which bars are cut"
    )
    most_names: int = Field(
        60, ge=0, le=200, description="patients up to which bars carry names"
    )
    strips: tuple[str, ...] = Field(
        ("histology",),
        max_length=6,
        description="what stands below the bars: columns of the clinical table, such as "
        "histology, or features as TABLE.COLUMN; what no patient has is left out",
    )


def waterfall(
    clinic: Clinic,
    features: Features | None,
    params: WaterfallParams,
    members: PopulationMembers | None = None,
) -> Waterfall:
    """Draw the best change of each patient, from growth to shrinkage.

    Raises
    ------
    NothingToShow
        If no patient has a measured change.
    """
    population = population_of(members, params.population)
    clinic = population.rows(clinic)
    measured = _measured(clinic)
    if measured.empty:
        message = "no patient has a best change of the sum of target lesions"
        raise NothingToShow(message)
    strips = _strips(measured["patient"], clinic, features, params)
    lines = [strip.keys for strip in strips]
    count = len(measured)
    has_names = count <= params.most_names
    least = SINGLE_MM if not strips else min(DOUBLE_MM, SINGLE_MM + 20.0)
    width = min(DOUBLE_MM, max(least, 30.0 + 3.6 * count))
    names_mm = 2.0 + 1.25 * max(map(len, _names(measured))) if has_names else 0.0
    body = _BARS_MM + _ROOM_MM + _STRIP_MM * len(strips) + names_mm
    below = keys_height(lines, width)
    figure = canvas(width, body + below + 8.0)
    engine = figure.get_layout_engine()
    if engine is not None:  # strips stand close to each other
        engine.set(h_pad=1.5 / 72.0)  # type: ignore[call-arg]
    parts: Any = figure.subfigures(2, 1, height_ratios=[body, max(below, 0.1)])  # an array
    heights = [_BARS_MM] + [_STRIP_MM] * len(strips)
    grid = parts[0].add_gridspec(len(heights), 1, height_ratios=heights, hspace=0.01)
    axes = parts[0].add_subplot(grid[0])
    _draw_bars(axes, measured, params, has_values=has_names)
    panels = [axes]
    for number, strip in enumerate(strips, start=1):
        panels.append(parts[0].add_subplot(grid[number]))
        draw_strip(panels[-1], strip.strip)
        panels[-1].set_xlim(-0.5, count - 0.5)
    names = _names(measured) if has_names else []
    panels[-1].set_xticks(range(len(names)), names, rotation=90)
    for panel in panels:
        panel.tick_params(axis="x", length=0.0)
    draw_keys(parts[1].add_axes((0.0, 0.0, 1.0, 1.0)), lines, width)
    _response_key(parts[0], measured)
    footnote(figure, _told(measured, clinic, params, strips) + population.told())
    return figure


def _measured(clinic: pd.DataFrame) -> pd.DataFrame:
    """Return the patients that get a bar, growth first, with its height in `height`.

    A complete response without a measured change is one of -100 %, by definition.
    """
    change = clinic["best_change_percent"].astype(float)
    change = change.where(np.isfinite(change))
    is_complete = (clinic["response"] == "CR").fillna(value=False) & change.isna()
    known = clinic.assign(
        height=change.where(~is_complete, _COMPLETE),
        is_assumed=is_complete,
        shown=clinic["response"].where(clinic["response"].isin(list(RESPONSES)), "NE"),
    )
    if not change.notna().any():
        return known.iloc[:0]
    known = known[known["height"].notna()]
    return known.sort_values(["height", "patient"], ascending=[False, True], ignore_index=True)


def _strips(
    patients: pd.Series,
    clinic: pd.DataFrame,
    features: pd.DataFrame | None,
    params: WaterfallParams,
) -> list[ValueStrip]:
    found = (value_strip(name, patients, clinic, features) for name in params.strips)
    return [strip for strip in found if strip is not None]


def _names(measured: pd.DataFrame) -> list[str]:
    return told_apart(measured["patient"].astype(str).tolist(), 16)


def _draw_bars(
    axes: Axes, measured: pd.DataFrame, params: WaterfallParams, *, has_values: bool
) -> None:
    count = len(measured)
    heights: Floats = measured["height"].to_numpy(np.float64)
    drawn = np.minimum(heights, params.limit_percent)
    colours = [RESPONSES[response] for response in measured["shown"]]
    edge = THIN / 2 if has_values else 0.0
    bars = axes.bar(
        range(count), drawn, width=0.8 if has_values else 1.0, color=colours, edgecolor=INK,
        linewidth=edge,
    )  # fmt: skip
    for bar, is_assumed in zip(bars, measured["is_assumed"], strict=True):
        if is_assumed:
            bar.set_hatch("////")
    flat = np.flatnonzero(np.abs(heights) < _FLAT)
    axes.scatter(
        flat, np.zeros(len(flat)), s=7.0, color=[colours[at] for at in flat], edgecolors=INK,
        linewidths=THIN / 2, zorder=3,
    )  # fmt: skip
    cut = np.flatnonzero(heights > params.limit_percent)
    axes.scatter(
        cut, np.full(len(cut), params.limit_percent), s=10.0, marker="^", color=INK,
        linewidths=0.0, zorder=3, clip_on=False,
    )  # fmt: skip
    for at in cut if has_values else ():
        axes.annotate(
            f"+{heights[at]:.0f}", (float(at), params.limit_percent), (0.0, 3.5),
            textcoords="offset points", ha="center", va="bottom", rotation=90,
            fontsize=SMALL, fontfamily=FONT, color=INK, annotation_clip=False,
        )  # fmt: skip
    for level in (params.progression_percent, params.response_percent):
        axes.axhline(level, color=GREY, linewidth=THIN, linestyle=(0, (4, 3)), zorder=0)
    axes.axhline(0.0, color=INK, linewidth=THIN)
    axes.set_xlim(-0.5, count - 0.5)
    if len(cut):
        axes.set_ylim(top=params.limit_percent * (1.2 if has_values else 1.05))
        lowest = axes.get_ylim()[0]
        ticks = [t for t in axes.get_yticks() if lowest <= t <= params.limit_percent]
        axes.set_yticks(ticks)
    axes.set_ylabel("Best change from baseline (%)")
    dress(axes)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _response_key(part: Any, measured: pd.DataFrame) -> None:  # noqa: ANN401  a subfigure
    present = {name: RESPONSES[name] for name in RESPONSES if name in set(measured["shown"])}
    part.legend(
        handles=patches(present), loc="outside upper right", frameon=False, ncols=len(present),
        prop={"size": SMALL, "family": FONT}, handlelength=1.0, columnspacing=1.0,
    )  # fmt: skip


def _told(
    measured: pd.DataFrame,
    clinic: pd.DataFrame,
    params: WaterfallParams,
    strips: list[ValueStrip],
) -> str:
    """Write n, who is left out, and what was cut or taken as given."""
    told = [f"n = {counted(len(measured), 'patient')}"]
    if missing := len(clinic) - len(measured):
        told.append(f"{missing} without a measured change left out")
    if assumed := int(measured["is_assumed"].sum()):
        told.append(f"{assumed} with CR and no measured change drawn at -100 %")
    if cut := int((measured["height"] > params.limit_percent).sum()):
        told.append(f"{cut} cut at +{params.limit_percent:g} %")
    drawn = {strip.strip.name for strip in strips}
    absent = [name for name in params.strips if strip_title(name) not in drawn]
    told.extend(f"no value of {name}" for name in absent)
    return shortened("; ".join(told), 400)
