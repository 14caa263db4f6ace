"""Names beside points that cover neither each other nor, where they can help it, points."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from storiform.figures.style import FONT, GREY, INK, SMALL, THIN

Floats = npt.NDArray[np.float64]

_GAP = 1.0
_NEAR = 4.0
_REACHES = (4.0, 9.0, 16.0, 25.0, 36.0, 50.0)
_TURNS = 16
_PENALTY = 0.15
"""What a covered point weighs against a point (1/72 inch) of distance, times the reach."""


class Label(NamedTuple):
    """A name and the data coordinates of the point that it names."""

    text: str
    x: float
    y: float


class _Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "_Box") -> bool:
        return not (
            self.right + _GAP <= other.left
            or other.right + _GAP <= self.left
            or self.top + _GAP <= other.bottom
            or other.top + _GAP <= self.bottom
        )


def place_labels(axes: Axes, labels: list[Label], points: Floats) -> int:
    """Write labels beside their points, the first ones first; return how many found room.

    The layout of the figure must be final: places are sought in its inches. A label that has
    room nowhere near is left out rather than written over another.

    Parameters
    ----------
    axes
        Where the points are drawn, with its final limits.
    labels
        Names, the most important first.
    points
        Data coordinates of all points that are drawn (n, 2).
    """
    frame = axes.get_window_extent()
    dpi = axes.figure.dpi
    scale = 72.0 / dpi
    inside = _Box(*(float(end) * scale for end in (frame.x0, frame.y0, frame.x1, frame.y1)))
    cloud = np.asarray(axes.transData.transform(points), dtype=np.float64) * scale
    font = FontProperties(family=FONT, style="italic")
    taken: list[_Box] = []
    named = [_centre(axes, label, scale) for label in labels]
    marks = [_Box(x - 1.5, y - 1.5, x + 1.5, y + 1.5) for x, y in named]
    written = 0
    for number, label in enumerate(labels):
        width, height = _size(label.text, font)
        others = [mark for place, mark in enumerate(marks) if place != number]
        box = _room(named[number], (width, height), inside, [*taken, *others], cloud)
        if box is None:
            continue
        taken.append(box)
        written += 1
        _write(axes, label, named[number], box)
    return written


def _centre(axes: Axes, label: Label, scale: float) -> tuple[float, float]:
    x, y = axes.transData.transform((label.x, label.y))
    return float(x) * scale, float(y) * scale


def _size(text: str, font: FontProperties) -> tuple[float, float]:
    width, height, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    ratio = SMALL / font.get_size_in_points()
    return float(width) * ratio, max(float(height) * ratio, SMALL)


def _room(
    centre: tuple[float, float],
    size: tuple[float, float],
    inside: _Box,
    taken: list[_Box],
    cloud: Floats,
) -> _Box | None:
    """Return the box nearest to a point that meets no other, and covers few points."""
    best: _Box | None = None
    least = np.inf
    for reach in _REACHES:
        if best is not None and reach > least:
            break
        for turn in range(_TURNS):
            box = _beside(centre, size, reach, 2.0 * np.pi * turn / _TURNS)
            if not _is_within(box, inside) or any(box.meets(other) for other in taken):
                continue
            cost = reach * (1.0 + _PENALTY * _covered(box, cloud))
            if cost < least:
                best, least = box, cost
    return best


def _beside(
    centre: tuple[float, float], size: tuple[float, float], reach: float, angle: float
) -> _Box:
    """Return the box of a label whose nearest edge lies in a direction from the point."""
    width, height = size
    across, up = float(np.cos(angle)), float(np.sin(angle))
    x = centre[0] + across * (reach + width / 2.0)
    y = centre[1] + up * (reach + height / 2.0)
    return _Box(x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0)


def _is_within(box: _Box, frame: _Box) -> bool:
    return (
        box.left >= frame.left
        and box.right <= frame.right
        and box.bottom >= frame.bottom
        and box.top <= frame.top
    )


def _covered(box: _Box, cloud: Floats) -> int:
    x, y = cloud[:, 0], cloud[:, 1]
    across = (x >= box.left) & (x <= box.right)
    return int((across & (y >= box.bottom) & (y <= box.top)).sum())


def _write(axes: Axes, label: Label, centre: tuple[float, float], box: _Box) -> None:
    middle = (box.left + box.right) / 2.0, (box.bottom + box.top) / 2.0
    nearest = (
        min(max(centre[0], box.left), box.right),
        min(max(centre[1], box.bottom), box.top),
    )
    is_far = np.hypot(nearest[0] - centre[0], nearest[1] - centre[1]) > _NEAR + _GAP
    if is_far:
        axes.annotate(
            "", (label.x, label.y), (nearest[0] - centre[0], nearest[1] - centre[1]),
            textcoords="offset points",
            arrowprops={"arrowstyle": "-", "linewidth": THIN / 2, "color": GREY},
        )  # fmt: skip
    axes.annotate(
        label.text, (label.x, label.y), (middle[0] - centre[0], middle[1] - centre[1]),
        textcoords="offset points", fontsize=SMALL, fontfamily=FONT, style="italic",
        color=INK, ha="center", va="center",
    )  # fmt: skip
