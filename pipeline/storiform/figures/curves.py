"""Kaplan-Meier curves of the groups of one feature, with the numbers at risk below."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from storiform.figures.style import (
    BLUE,
    FONT,
    INK,
    PALETTE,
    SMALL,
    THICK,
    THIN,
    VERMILION,
    dress,
    months_text,
    p_text,
    shortened,
)
from storiform.model.counting import counted
from storiform.model.features import group_name

COLOURS: Final[Mapping[str, str]] = {
    "all": INK, "high": VERMILION, "low": BLUE, "true": VERMILION, "false": BLUE,
}  # fmt: skip
"""Colours of the groups that every feature may have."""
_ORDER = {"high": 0, "low": 1, "true": 0, "false": 1}
_TICKS = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240)
_MOST_TICKS = 8
_CONTRAST, _LINEAR = 3.0, 0.04045
_LETTERS = 14


class CurvePanel(NamedTuple):
    """The axes of one panel: curves, numbers at risk, and a key, where it covers no curve."""

    curves: Axes
    risk: Axes
    key: Axes


class GroupStyle(NamedTuple):
    """How the groups of a feature are drawn: their colours, their names, bands or none."""

    colours: Mapping[str, str] = COLOURS
    names: Mapping[str, str] | None = None
    has_band: bool = False


def curve_panel(figure: Figure, cell: SubplotSpec, risk_lines: int) -> CurvePanel:
    """Return a panel in a cell of a grid, with room for lines of numbers at risk and a key.

    Parameters
    ----------
    figure, cell
        Where.
    risk_lines
        Groups at most.
    """
    heights = [1.0, 0.08 + 0.085 * risk_lines, 0.085 * risk_lines]
    inner = cell.subgridspec(len(heights), 1, height_ratios=heights, hspace=0.02)
    upper = figure.add_subplot(inner[0])
    lower = figure.add_subplot(inner[1], sharex=upper)
    return CurvePanel(upper, lower, figure.add_subplot(inner[2]))


def draw_curves(
    panel: CurvePanel, rows: pd.DataFrame, curves: pd.DataFrame, style: GroupStyle
) -> None:
    """Draw the groups of one feature and one outcome.

    Parameters
    ----------
    panel
        Where.
    rows
        The rows of the table `survival` of this feature and outcome, one for each group.
    curves
        The table `survival_curves`.
    style
        Colours and names; a group without a name has that of its feature.
    """
    first = rows.iloc[0]
    of_feature = curves[curves["feature"] == first["feature"]]
    own = of_feature[of_feature["outcome"] == first["outcome"]]
    groups = sorted(set(of_feature["group"].astype(str)), key=_place)
    colours = _colours(groups, style.colours)
    rows = rows.sort_values("group", key=lambda names: names.map(groups.index))
    last = float(own["months"].max())
    ticks = _ticks(last)
    labels: list[tuple[str, str]] = []
    for number, row in enumerate(rows.to_dict("records")):
        group = str(row["group"])
        colour = colours[group]
        curve = own[own["group"] == group].sort_values("months")
        _draw_curve(panel.curves, curve, colour, has_band=style.has_band)
        median = months_text(row["median_months"], row["median_lower"], row["median_upper"])
        name = (style.names or {}).get(group, group_name(str(row["feature"]), group))
        panel.curves.plot([], [], color=colour, linewidth=THICK, label=f"{name}: {median}")
        for tick in ticks:
            panel.risk.text(
                tick, -number, str(at_risk(curve, float(tick))), ha="center", va="center",
                fontsize=SMALL, fontfamily=FONT, color=legible(colour),
            )  # fmt: skip
        labels.append((name, legible(colour)))
    panel.curves.set_ylim(0.0, 1.03)
    panel.curves.set_xlim(-0.02 * last, 1.04 * last)
    panel.curves.set_ylabel("Survival")
    panel.curves.tick_params(labelbottom=False)
    dress(panel.curves)
    _draw_key(panel)
    _dress_risk(panel.risk, ticks, labels)


def _place(group: str) -> tuple[int, str]:
    return _ORDER.get(group, 0), group


def _colours(groups: Sequence[str], fixed: Mapping[str, str]) -> dict[str, str]:
    """Give each group of a feature, over all outcomes, its colour: the fixed or a free one."""
    taken = {fixed[group] for group in groups if group in fixed}
    free = cycle(colour for colour in PALETTE if colour not in taken)
    return {group: fixed[group] if group in fixed else next(free) for group in groups}


def _draw_key(panel: CurvePanel) -> None:
    panel.key.set_axis_off()
    panel.key.legend(
        *panel.curves.get_legend_handles_labels(), loc="upper left", frameon=False,
        prop={"size": SMALL, "family": FONT}, handlelength=1.2, borderaxespad=0.0,
        labelspacing=0.3,
    )  # fmt: skip


def legible(colour: str) -> str:
    """Return a colour that letters on white can be read in: itself, or its darker shade.

    The bound is the contrast of 3 to 1 that WCAG asks of graphics.
    """
    channels = np.array(to_rgb(colour))
    linear = np.where(
        channels <= _LINEAR, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
    )
    luminance = float(linear @ np.array([0.2126, 0.7152, 0.0722]))
    most = 1.05 / _CONTRAST - 0.05
    if luminance <= most:
        return colour
    darker = linear * (0.999 * most / luminance)  # rounding to 8 bits adds a little
    shade = np.where(
        darker <= _LINEAR / 12.92, darker * 12.92, 1.055 * darker ** (1 / 2.4) - 0.055
    )
    red, green, blue = (np.floor(shade * 255.0) / 255.0).tolist()
    return to_hex((red, green, blue))


def _draw_curve(axes: Axes, curve: pd.DataFrame, colour: str, *, has_band: bool) -> None:
    months, survival = curve["months"].to_numpy(), curve["survival"].to_numpy()
    if survival[0] < 1.0:  # deaths at time 0: the curve falls from 1 there
        line_months = np.concatenate([months[:1], months])
        line_survival = np.concatenate([[1.0], survival])
    else:
        line_months, line_survival = months, survival
    axes.plot(
        np.repeat(line_months, 2)[1:],
        np.repeat(line_survival, 2)[:-1],
        color=colour,
        linewidth=THICK,
    )
    censored = curve["censored"].to_numpy() > 0
    axes.plot(
        months[censored], survival[censored], linestyle="none", marker="|", markersize=4.0,
        markeredgewidth=THIN, color=colour,
    )  # fmt: skip
    if has_band:
        # Where survival is 0 there is no interval; the last one holds until then.
        lower, upper = curve["lower"].ffill(), curve["upper"].ffill()
        axes.fill_between(
            months, lower, upper, step="post", color=colour, alpha=0.12, linewidth=0.0
        )


def _ticks(last: float) -> npt.NDArray[np.float64]:
    """Return at most eight ticks in whole months from 0."""
    step = next((step for step in _TICKS if last / step < _MOST_TICKS), _TICKS[-1])
    return np.arange(0.0, last + 1e-9, step)


def at_risk(curve: pd.DataFrame, moment: float) -> int:
    """Return how many of a curve's patients were still followed at a moment."""
    later = curve.loc[curve["months"] >= moment, "at_risk"]
    return int(later.iloc[0]) if len(later) else 0


def _dress_risk(
    axes: Axes, ticks: npt.NDArray[np.float64], labels: list[tuple[str, str]]
) -> None:
    dress(axes)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_yticks(
        [-line for line in range(len(labels))],
        [shortened(name, _LETTERS) for name, _ in labels],
    )
    for label, (_, colour) in zip(axes.get_yticklabels(), labels, strict=True):
        label.set_color(colour)
    axes.set_ylim(0.6 - len(labels), 0.6)
    axes.tick_params(axis="y", length=0.0, pad=7.0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Months (numbers: patients at risk)")


def comparison_text(rows: pd.DataFrame, names: Mapping[str, str] | None = None) -> str:
    """Write the test between the groups of one feature and outcome, and how many there are.

    Parameters
    ----------
    rows
        The rows of the table `survival`.
    names
        Names of groups, for what the table notes of them.
    """
    row = rows.iloc[0]
    counts, note = counts_text(rows), str(row["note"] or "")
    for group, name in (names or {}).items():
        note = note.replace(f"{group} (", f"{name} (")
    if np.isnan(row["p"]):
        return f"{counts}; not compared: {note}"
    doubt = f"; {note}" if note else ""
    return f"{row['test']} {p_text(row['p'])}, {p_text(row['q'], 'q')}; {counts}{doubt}"


def counts_text(rows: pd.DataFrame) -> str:
    """Write how many patients and events the groups of one feature and outcome have."""
    patients = counted(int(rows["n"].sum()), "patient")
    return f"n = {patients}, {counted(int(rows['events'].sum()), 'event')}"
