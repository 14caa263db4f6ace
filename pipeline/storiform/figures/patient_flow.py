"""Who of the recruited patients is in which analysis population, as a tree of boxes."""

import re
from typing import Annotated, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from storiform.figures.style import (
    FONT,
    GREY,
    INK,
    PALE,
    SINGLE_MM,
    SMALL,
    THIN,
    canvas,
    wrapped,
)
from storiform.model.errors import NothingToShow
from storiform.model.features import full_name
from storiform.model.table import Picture
from storiform.model.tables.trial_tables import Populations

PATIENT_FLOW = Picture(
    "patient_flow",
    caption="Patients of each analysis population, from all who were recruited. A box is part "
    "of the one above from which its arrow comes; a population may share patients with its "
    "neighbours. Right, grey: patients of that one who are not in it, and why. No test.",
    version=2,
)
PatientFlow = Annotated[Figure, PATIENT_FLOW]

_TITLES = {
    "recruited": "Recruited", "safety": "Safety population", "efficacy": "Efficacy population",
    "biopsied": "Biopsied", "exome": "Exome", "rna": "RNA",
}  # fmt: skip
_FEATURE = re.compile(r"(?<=value of )\w+\..+?(?=: \d+$|$)")
"""A feature as `populations` writes it into a definition or a reason."""
_EDGE_MM, _INDENT_MM, _BOX_MM, _SIDE_MM = 2.0, 5.0, 46.0, 31.0
_LINE_MM, _PAD_MM, _GAP_MM = 2.75, 1.5, 3.6


class _Box(NamedTuple):
    """A population: where its box stands (mm from top left), and what is written into it."""

    name: str
    parent: str
    title: str
    lines: list[str]
    side: list[str]
    left: float
    top: float
    width: float
    height: float
    is_below: bool


def patient_flow(populations: Populations) -> PatientFlow:
    """Draw the analysis populations with their sizes and who was left out of each.

    Raises
    ------
    NothingToShow
        If no population has a patient.
    """
    if populations.empty or not (populations["n"] > 0).any():
        message = "no analysis population has a patient"
        raise NothingToShow(message)
    boxes = _boxes(populations)
    height = boxes[-1].top + boxes[-1].height + _EDGE_MM
    figure = canvas(SINGLE_MM, height)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, SINGLE_MM)
    axes.set_ylim(height, 0.0)
    axes.set_axis_off()
    by_name = {box.name: box for box in boxes}
    for box in boxes:
        _draw_box(axes, box)
        if box.parent in by_name:
            _draw_arrow(axes, by_name[box.parent], box)
    return figure


def _boxes(populations: pd.DataFrame) -> list[_Box]:
    """Place the populations below each other, those that part from one box indented."""
    rows = _in_order(populations)
    children = {name: [r for r in rows if r["parent"] == name] for name in _names(rows)}
    boxes: list[_Box] = []
    widest = _BOX_MM if any(map(_side, rows)) else SINGLE_MM - 2.0 * _EDGE_MM
    lefts: dict[str, float] = {}
    top = _EDGE_MM
    for row in rows:
        name, parent = row["population"], row["parent"]
        is_only = len(children.get(parent, [])) == 1
        left = lefts.get(parent, _EDGE_MM) + (
            _INDENT_MM if parent in lefts and not is_only else 0.0
        )
        lefts[name] = left
        width = _EDGE_MM + widest - left
        room = (width - 2.0 * _PAD_MM) / 25.4 * 72.0
        title = wrapped(f"{_TITLES.get(name, name)}, n = {row['n']}", room, SMALL, "bold")
        lines = wrapped(_named(row["definition"]), room, SMALL).split("\n")
        side = _side(row)
        tallest = max(title.count("\n") + 1 + len(lines), len(side))
        height = tallest * _LINE_MM + 2.0 * _PAD_MM
        boxes.append(_Box(name, parent, title, lines, side, left, top, width, height, is_only))
        top += height + _GAP_MM
    return boxes


def _names(rows: list[dict[str, str]]) -> list[str]:
    return [row["population"] for row in rows]


def _in_order(populations: pd.DataFrame) -> list[dict[str, str]]:
    """Return the populations so that each is followed by its parts, in their order."""
    table = populations.sort_values(["order", "population"]).fillna(
        {"parent": "", "reasons": "", "definition": ""}
    )
    rows = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    known = set(_names(rows))
    ordered: list[dict[str, str]] = []

    def add(row: dict[str, str]) -> None:
        ordered.append(row)
        for part in rows:
            if part["parent"] == row["population"] and part not in ordered:
                add(part)

    for row in rows:
        if row["parent"] not in known:
            add(row)
    return ordered


def _side(row: dict[str, str]) -> list[str]:
    """Return the lines of the box of those who were left out; none where nobody was."""
    if int(row["n_left_out"]) == 0 or not row["parent"]:
        return []
    room = (_SIDE_MM - 2.0 * _PAD_MM) / 25.4 * 72.0
    lines = [f"Not in it, n = {row['n_left_out']}"]
    reasons = row["reasons"] or ""
    for reason in filter(None, (part.strip() for part in reasons.split(";"))):
        lines += wrapped(_named(reason), room, SMALL).split("\n")
    return lines


def _named(text: str) -> str:
    """Write a feature in a text by the name that people give it."""
    return _FEATURE.sub(lambda found: full_name(found[0]), text)


def _draw_box(axes: Axes, box: _Box) -> None:
    axes.add_patch(
        Rectangle((box.left, box.top), box.width, box.height, facecolor="white", edgecolor=INK,
                  linewidth=THIN)
    )  # fmt: skip
    titles = box.title.split("\n")
    for number, text in enumerate([*titles, *box.lines]):
        _write(axes, box.left, box.top, number, text, is_bold=number < len(titles))
    if not box.side:
        return
    left = SINGLE_MM - _EDGE_MM - _SIDE_MM
    middle = box.top + box.height / 2.0
    high = len(box.side) * _LINE_MM + 2.0 * _PAD_MM
    axes.plot([box.left + box.width, left], [middle] * 2, color=GREY, linewidth=THIN)
    axes.add_patch(
        Rectangle((left, middle - high / 2.0), _SIDE_MM, high, facecolor=PALE,
                  edgecolor="none")
    )  # fmt: skip
    for number, text in enumerate(box.side):
        _write(axes, left, middle - high / 2.0, number, text, is_bold=False)


def _write(
    axes: Axes, left: float, top: float, number: int, text: str, *, is_bold: bool
) -> None:
    axes.text(
        left + _PAD_MM, top + _PAD_MM + (number + 0.5) * _LINE_MM, text, ha="left",
        va="center_baseline", fontsize=SMALL, fontfamily=FONT, color=INK,
        fontweight="bold" if is_bold else "normal",
    )  # fmt: skip


def _draw_arrow(axes: Axes, parent: _Box, box: _Box) -> None:
    """Draw an arrow straight down to an only part, else from the side of the trunk."""
    foot = parent.top + parent.height
    start = parent.left + _INDENT_MM / 2.0
    if box.is_below:
        ends = [(start, foot), (start, box.top)]
    else:
        middle = box.top + box.height / 2.0
        axes.plot([start, start], [foot, middle], color=INK, linewidth=THIN)
        ends = [(start, middle), (box.left, middle)]
    axes.annotate(
        "", ends[1], ends[0],
        arrowprops={"arrowstyle": "-|>,head_length=0.3,head_width=0.15", "color": INK,
                    "linewidth": THIN, "shrinkA": 0.0, "shrinkB": 0.0},
    )  # fmt: skip
