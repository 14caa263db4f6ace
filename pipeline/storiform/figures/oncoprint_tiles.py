"""The tiles of an oncoprint: a row for each alteration, with its share and its test beside."""

import itertools
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextToPath

from storiform.figures.keys import Key, KeyLine
from storiform.figures.style import (
    BLUE,
    FONT,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILION,
    YELLOW,
    p_text,
    shortened,
)
from storiform.model.tables.oncoprint import (
    COPY_SECTION,
    FUSION_SECTION,
    HLA_SECTION,
    MUTATION_SECTION,
    UNALTERED,
)

KNOWN, UNKNOWN = "#f1f1f1", "#b4b4b4"
"""Colours of a patient without the alteration, and of one in whom it is not known."""
HEADING = 1.15
"""Room above a section, in rows."""
_COLOURS: Final[Mapping[str, Mapping[str, str]]] = {
    HLA_SECTION: {"loss": "#882255"},
    FUSION_SECTION: {"fusion": "#332288"},
    MUTATION_SECTION: {
        "missense": "#5566CC", "truncating": INK, "splice": ORANGE, "in-frame": SKY,
        "start or stop lost": YELLOW, "several kinds": PURPLE, "mutated": "#777777",
    },
    COPY_SECTION: {
        "amplified": VERMILION, "gained": "#F2B48C", "one copy lost": "#8DBBE0",
        "homozygously deleted": BLUE, "LOH": "#999933",
    },
}  # fmt: skip
_LOW = 0.4
_LETTERS = 32


class Body(NamedTuple):
    """The rows, the state of each patient, and whether it is counted.

    `rows` (rows,) are those of the table oncoprint_rows; `states` (rows, patients) is empty
    where the row is not known.
    """

    rows: pd.DataFrame
    patients: list[str]
    states: np.ndarray[tuple[int, int], np.dtype[np.object_]]
    counted: np.ndarray[tuple[int, int], np.dtype[np.bool_]]

    @property
    def labels(self) -> list[str]:
        """Return the names of the rows as they are written."""
        return [shortened(str(name), _LETTERS) for name in self.rows["row"]]

    @property
    def height(self) -> float:
        """Return the height of all rows and headings, in rows."""
        return len(self.rows) + HEADING * self.rows["section"].nunique()

    @property
    def tops(self) -> list[float]:
        """Return where each row begins, in rows from the top."""
        sections = self.rows["section"].astype(str).tolist()
        tops, at = [], 0.0
        for number, section in enumerate(sections):
            if number == 0 or section != sections[number - 1]:
                at += HEADING
            tops.append(at)
            at += 1.0
        return tops


def body_of(rows: pd.DataFrame, cells: pd.DataFrame, patients: list[str]) -> Body:
    """Arrange the cells by row and patient."""
    ordered = rows.sort_values("order", kind="stable", ignore_index=True)
    places = {int(order): row for row, order in enumerate(ordered["order"])}
    columns = {patient: column for column, patient in enumerate(patients)}
    states = np.full((len(ordered), len(patients)), "", dtype=np.object_)
    counted = np.zeros(states.shape, dtype=np.bool_)
    for order, patient, state, flag in zip(
        cells["order"], cells["patient"], cells["state"], cells["is_counted"], strict=True
    ):
        if str(patient) in columns:
            at = places[int(order)], columns[str(patient)]
            states[at], counted[at] = str(state), bool(flag)
    return Body(ordered, patients, states, counted)


def draw_tiles(axes: Axes, body: Body, gap: float) -> None:
    """Draw the tiles into axes that are as wide as the patients and `body.height` rows high.

    Parameters
    ----------
    axes
        Its limits are set here.
    body
        What is drawn.
    gap
        Room between patients, as a share of a column.
    """
    axes.set_xlim(-0.5, body.states.shape[1] - 0.5)
    axes.set_ylim(body.height, 0.0)
    axes.set_axis_off()
    boxes, colours = [], []
    sections = body.rows["section"].astype(str).tolist()
    for row, top in enumerate(body.tops):
        for start, end, is_known in _stretches(body.states[row] != "", joined=gap == 0.0):
            boxes.append(Rectangle(
                (start - 0.5 + gap / 2.0, top + 0.06), end - start - gap, 0.88,
            ))  # fmt: skip
            colours.append(KNOWN if is_known else UNKNOWN)
    for row, top in enumerate(body.tops):
        for column in np.flatnonzero(~np.isin(body.states[row], ("", UNALTERED))).tolist():
            height = 0.88 if body.counted[row, column] else 0.88 * _LOW
            boxes.append(Rectangle(
                (column - 0.5 + gap / 2.0, top + 0.5 - height / 2.0), 1.0 - gap, height,
            ))  # fmt: skip
            colours.append(_COLOURS[sections[row]].get(body.states[row, column], INK))
    tiles = PatchCollection(boxes, facecolors=colours, linewidths=0)
    tiles.set_antialiased(gap > 0.0)  # thin columns would part in pale lines
    axes.add_collection(tiles)


def _stretches(
    known: np.ndarray[tuple[int], np.dtype[np.bool_]], *, joined: bool
) -> list[tuple[int, int, bool]]:
    """Return from where to where a row is known or not; each column alone unless joined."""
    edges = range(1, len(known))
    if joined:
        edges = np.flatnonzero(np.diff(known.astype(np.int8))) + 1  # type: ignore[assignment]
    ends = [0, *(int(edge) for edge in edges), len(known)]
    return [(a, b, bool(known[a])) for a, b in itertools.pairwise(ends) if b > a]


class SideText(NamedTuple):
    """The columns of text right of the tiles: a heading, and a text for each row."""

    heading: str
    texts: list[str]

    @property
    def width_mm(self) -> float:
        """Return the width of the widest text, in millimetres."""
        return max(width_mm(text) for text in (self.heading, *self.texts))


def side_texts(rows: pd.DataFrame) -> list[SideText]:
    """Return the shares of the rows, and p (q) where anything was tested."""
    shares = [
        f"{altered}/{known} ({percent:.0f} %)"
        for altered, known, percent in zip(
            rows["altered"], rows["known"], rows["percent"], strict=True
        )
    ]
    tests = [
        "–" if np.isnan(p) else f"{_number(p)} ({_number(q)})"  # noqa: RUF001  a dash: no test
        for p, q in zip(rows["p"], rows["q"], strict=True)
    ]
    columns = [SideText("n/N", shares)]
    if rows["p"].notna().any():
        columns.append(SideText("p (q)", tests))
    return columns


def _number(p: float) -> str:
    told = p_text(p, "").strip().removeprefix("= ").replace("< ", "<")
    return "–" if np.isnan(p) else told  # noqa: RUF001  a dash


def write_rows(axes: Axes, body: Body, columns: list[SideText], step_mm: float) -> None:
    """Write headings and names left of the tiles, and columns of text right of them.

    Parameters
    ----------
    axes
        The axes of the tiles, already drawn.
    body
        The rows.
    columns
        From left to right.
    step_mm
        Room between two columns.
    """
    sections = body.rows["section"].astype(str).tolist()
    for row, top in enumerate(body.tops):
        is_gene = sections[row] == MUTATION_SECTION
        _write(axes, (0.0, top + 0.5), -1.5, body.labels[row], "right", is_italic=is_gene)
        if row == 0 or sections[row] != sections[row - 1]:
            _write(axes, (0.0, top - 0.48), 0.0, sections[row], "left", is_bold=True)
    start = step_mm
    for column in columns:
        first = body.tops[0] - 0.48
        _write(axes, (1.0, first), start, column.heading, "left", is_bold=True)
        for top, text in zip(body.tops, column.texts, strict=True):
            _write(axes, (1.0, top + 0.5), start, text, "left")
        start += column.width_mm + step_mm


def _write(  # noqa: PLR0913  what a text needs
    axes: Axes,
    at: tuple[float, float],
    shift_mm: float,
    text: str,
    side: str,
    *,
    is_bold: bool = False,
    is_italic: bool = False,
) -> None:
    axes.annotate(
        text, at, (shift_mm / 25.4 * 72.0, 0.0), xycoords=axes.get_yaxis_transform(),
        textcoords="offset points", fontsize=SMALL, fontfamily=FONT, color=INK, ha=side,
        va="center_baseline", fontweight="bold" if is_bold else "normal",
        fontstyle="italic" if is_italic else "normal", annotation_clip=False,
    )  # fmt: skip


def write_below(axes: Axes, at: tuple[float, float], text: str) -> None:
    """Write the name of a column below the tiles."""
    axes.annotate(
        text, at, (0.0, -2.5), textcoords="offset points", fontsize=SMALL, fontfamily=FONT,
        color=INK, ha="center", va="top", rotation=90, annotation_clip=False,
    )  # fmt: skip


def tile_keys(body: Body) -> list[KeyLine]:
    """Return the keys of the states that occur, a line for each section."""
    sections = body.rows["section"].astype(str).to_numpy()
    lines = []
    for section, colours in _COLOURS.items():
        own = body.states[sections == section]
        keys = [Key(name, colour) for name, colour in colours.items() if (own == name).any()]
        if keys:
            lines.append(KeyLine(section, keys))
    plain = [Key("without it", KNOWN)]
    if (body.states == "").any():
        plain.append(Key("not known", UNKNOWN))
    lines.append(KeyLine("All rows", plain))
    return lines


def width_mm(text: str) -> float:
    """Return how wide a text of the small size is, in millimetres."""
    font = FontProperties(family=FONT)
    wide, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(wide) * SMALL / font.get_size_in_points() / 72.0 * 25.4
