"""Names beside points: neither they nor their leader lines run over another name or mark."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from storiform.figures.style import FONT, INK, SMALL, THIN

Floats = npt.NDArray[np.float64]

_GAP = 1.0
_NEAR = 4.0
_REACHES = (4.0, 9.0, 16.0, 25.0, 36.0, 50.0, 60.0)
_TURNS = 32
_CLEAR = 0.5
"""Between a leader line and what it passes (1/72 inch)."""
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

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.bottom <= y <= self.top


class _Line(NamedTuple):
    """A leader line, from a point to the nearest edge of its name."""

    x: float
    y: float
    end_x: float
    end_y: float

    def meets(self, box: _Box) -> bool:
        """Tell whether the line touches a box, with its clearance (Liang and Barsky)."""
        enters, leaves = 0.0, 1.0
        for start, end, low, high in (
            (self.x, self.end_x, box.left - _CLEAR, box.right + _CLEAR),
            (self.y, self.end_y, box.bottom - _CLEAR, box.top + _CLEAR),
        ):
            if start == end:
                if not low < start < high:
                    return False
                continue
            ends = sorted(((low - start) / (end - start), (high - start) / (end - start)))
            enters, leaves = max(enters, ends[0]), min(leaves, ends[1])
        return enters < leaves

    def crosses(self, other: "_Line") -> bool:
        """Tell whether two lines cross."""
        return self.parts(other) and other.parts(self)

    def parts(self, other: "_Line") -> bool:
        """Tell whether the ends of another line lie on two sides of this one."""
        sides = [
            (self.end_x - self.x) * (y - self.y) - (self.end_y - self.y) * (x - self.x)
            for x, y in ((other.x, other.y), (other.end_x, other.end_y))
        ]
        return sides[0] * sides[1] < 0.0


class _Taken(NamedTuple):
    """What is on the page where a name seeks room: names and marks, leader lines, points."""

    boxes: list[_Box]
    lines: list[_Line]
    cloud: Floats

    def admits(self, box: _Box, line: _Line | None) -> bool:
        """Tell whether a name and its leader line run over nothing that is there."""
        if any(box.meets(other) for other in self.boxes):
            return False
        if any(other.meets(box) for other in self.lines):
            return False
        if line is None:
            return True
        is_clear = not any(line.meets(other) for other in self.boxes)
        return is_clear and not any(line.crosses(other) for other in self.lines)


def place_labels(axes: Axes, labels: list[Label], points: Floats) -> int:
    """Write labels beside their points, the first ones first; return how many found room.

    The layout of the figure must be final: places are sought in its inches. A label that has
    room nowhere near, or whose leader line would run over another name, the mark of a named
    point or another line, is left out.

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
    named = [_centre(axes, label, scale) for label in labels]
    marks = [_Box(x - 1.5, y - 1.5, x + 1.5, y + 1.5) for x, y in named]
    names: list[_Box] = []
    lines: list[_Line] = []
    for number, label in enumerate(labels):
        # Of a point that lies on another, the line cannot but begin on both.
        others = [mark for mark in marks if not mark.holds(*named[number])]
        taken = _Taken([*names, *others], lines, cloud)
        box = _room(named[number], _size(label.text, font), inside, taken)
        if box is None:
            continue
        line = _leader(named[number], box)
        names.append(box)
        lines.extend([line] if line else [])
        _write(axes, label, named[number], box)
    return len(names)


def _centre(axes: Axes, label: Label, scale: float) -> tuple[float, float]:
    x, y = axes.transData.transform((label.x, label.y))
    return float(x) * scale, float(y) * scale


def _size(text: str, font: FontProperties) -> tuple[float, float]:
    width, height, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    ratio = SMALL / font.get_size_in_points()
    return float(width) * ratio, max(float(height) * ratio, SMALL)


def _room(
    centre: tuple[float, float], size: tuple[float, float], inside: _Box, taken: _Taken
) -> _Box | None:
    """Return the box nearest to a point that runs over nothing, and covers few points."""
    best: _Box | None = None
    least = np.inf
    for reach in _REACHES:
        if best is not None and reach > least:
            break
        for turn in range(_TURNS):
            box = _beside(centre, size, reach, 2.0 * np.pi * turn / _TURNS)
            if not _is_within(box, inside) or not taken.admits(box, _leader(centre, box)):
                continue
            cost = reach * (1.0 + _PENALTY * _covered(box, taken.cloud))
            if cost < least:
                best, least = box, cost
    return best


def _leader(centre: tuple[float, float], box: _Box) -> _Line | None:
    """Return the line from a point to the nearest edge of its name, None where it is near."""
    x = min(max(centre[0], box.left), box.right)
    y = min(max(centre[1], box.bottom), box.top)
    if np.hypot(x - centre[0], y - centre[1]) <= _NEAR + _GAP:
        return None
    return _Line(*centre, x, y)


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
    line = _leader(centre, box)
    if line:
        axes.annotate(
            "", (label.x, label.y), (line.end_x - line.x, line.end_y - line.y),
            textcoords="offset points",
            arrowprops={"arrowstyle": "-", "linewidth": THIN / 2, "color": INK,
                        "shrinkA": 0.0, "shrinkB": 0.0},
        )  # fmt: skip
    axes.annotate(
        label.text, (label.x, label.y), (middle[0] - centre[0], middle[1] - centre[1]),
        textcoords="offset points", fontsize=SMALL, fontfamily=FONT, style="italic",
        color=INK, ha="center", va="center",
    )  # fmt: skip
