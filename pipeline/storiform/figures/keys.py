"""Keys of colours and marks under a plot, set as running text in lines of millimetres."""

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from storiform.figures.style import FONT, INK, SMALL, THIN, shortened

LINE_MM = 3.6
"""Height of one line of keys."""
_MARK_MM, _GAP_MM, _EDGE_MM = 3.2, 2.6, 2.0
_LETTERS = 36


class Key(NamedTuple):
    """A mark and what it means; a square is the patch of a colour."""

    text: str
    face: str
    marker: str = "s"
    edge: str = INK
    size: float = 4.6


class KeyLine(NamedTuple):
    """Keys that belong together, behind their title; they take as many lines as they need."""

    title: str
    keys: list[Key]


class _Place(NamedTuple):
    """Where a text begins (mm from the left, number of the line), and its mark, if any."""

    x: float
    line: int
    text: str
    key: Key | None


def keys_height(lines: list[KeyLine], width_mm: float) -> float:
    """Return the height in millimetres that keys take in a width in millimetres."""
    places = _places(lines, width_mm)
    return LINE_MM * (places[-1].line + 1) + 1.0 if places else 0.0


def draw_keys(axes: Axes, lines: list[KeyLine], width_mm: float) -> None:
    """Write keys into axes that are as wide as the figure, and hide the axes."""
    height = keys_height(lines, width_mm)
    axes.set_xlim(0.0, width_mm)
    axes.set_ylim(max(height, LINE_MM), 0.0)
    axes.set_axis_off()
    for place in _places(lines, width_mm):
        middle = (place.line + 0.5) * LINE_MM
        if place.key is not None:
            axes.plot(
                [place.x - _MARK_MM / 2.0 - 0.3], [middle], linestyle="none",
                marker=place.key.marker, markersize=place.key.size,
                markerfacecolor=place.key.face, markeredgecolor=place.key.edge,
                markeredgewidth=THIN, clip_on=False,
            )  # fmt: skip
        axes.text(
            place.x, middle, place.text, ha="left", va="center_baseline", fontsize=SMALL,
            fontfamily=FONT, color=INK, fontweight="normal" if place.key else "bold",
        )  # fmt: skip


def _places(lines: list[KeyLine], width_mm: float) -> list[_Place]:
    """Set the keys as running text: a key that has no room begins the next line."""
    places: list[_Place] = []
    number = 0
    indent = _EDGE_MM + max((_width(f"{line.title}:", "bold") for line in lines), default=0.0)
    for line in lines:
        places.append(_Place(_EDGE_MM, number, f"{line.title}:", None))
        x = indent + _GAP_MM
        for key in line.keys:
            text = shortened(key.text, _LETTERS)
            needed = _MARK_MM + _width(text)
            if x + needed > width_mm - _EDGE_MM and x > indent + _GAP_MM:
                number, x = number + 1, indent + _GAP_MM
            places.append(_Place(x + _MARK_MM, number, text, key))
            x += needed + _GAP_MM
        number += 1
    return places


def _width(text: str, weight: str = "normal") -> float:
    """Return how wide a text of the small size is, in millimetres."""
    font = FontProperties(family=FONT, weight=weight)
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width) * SMALL / font.get_size_in_points() / 72.0 * 25.4
