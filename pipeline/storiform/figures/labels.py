"""Names beside points: neither they nor their leader lines run over another name or mark."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke
from matplotlib.textpath import TextToPath

from storiform.figures.places import (
    COST,
    GAP,
    Page,
    Spot,
    candidates,
    counted,
    crosses_line,
    line_meets,
    overlaps,
)
from storiform.figures.style import FONT, INK, SMALL, THIN

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_TRIES = 12
"""Times that a name seeks a spot, on average, before some are left out."""
_PRICE = 40.0
"""What it costs at first to drive a name out, against distance (1/72 inch)."""
_ROUNDS = 3
_TRIALS = 6
"""Spots of a name for which others may have to go, in one round."""
_MISSING = 1e4
"""What a name without a spot costs."""
_LEAST = 6.0
"""What a name that is driven out will cost more, at least as a guess."""
_CROWD = 12
"""Marks under a leader line up to which it can be followed."""
_HALO = 1.4
"""Width of the white line around letters (1/72 inch)."""
_TALLEST = "lp"
"""Matplotlib gives each line of text at least the height of these letters."""


class Label(NamedTuple):
    """A name and the data coordinates of the point that it names."""

    text: str
    x: float
    y: float


class Places(NamedTuple):
    """Where names stand: their points (n, 2) and spots; no spot where there is no room."""

    labels: list[Label]
    centres: Floats
    spots: list[Spot | None]

    @property
    def found(self) -> int:
        """How many names have a place."""
        return _placed(self.spots)

    @property
    def lost(self) -> int:
        """How many lines run over so many marks that the eye loses them."""
        return sum(spot is not None and spot.passed > _CROWD for spot in self.spots)


def place_labels(axes: Axes, labels: list[Label], points: Floats) -> int:
    """Write labels near their points, the first ones first; return how many found room.

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
    marks = np.array([(label.x, label.y) for label in labels]).reshape(-1, 2)
    places = find_places(axes, labels, points, marks)
    write_labels(axes, places)
    return places.found


def find_places(
    axes: Axes,
    labels: list[Label],
    points: Floats,
    marks: Floats,
    *,
    is_everywhere: bool = False,
) -> Places:
    """Seek places for labels, in the final layout of a figure; write nothing.

    Parameters
    ----------
    axes
        Where the points are drawn, with its final limits.
    labels
        Names, the most important first.
    points
        Data coordinates of all points that are drawn (n, 2); few of them are covered.
    marks
        Data coordinates of the points that no name covers (m, 2), the named ones among them.
    is_everywhere
        Whether a name may stand anywhere in the axes, or only near its point.
    """
    scale = 72.0 / axes.figure.dpi
    frame = axes.get_window_extent()
    font = FontProperties(family=FONT, style="italic")
    # A renderer may set letters a little wider than the ruler.
    inside = np.array([frame.x0, frame.y0, frame.x1, frame.y1]) * scale
    inside += [GAP, GAP, -GAP, -GAP]
    centres = _on_page(axes, np.array([(label.x, label.y) for label in labels]), scale)
    page = Page(
        inside,
        counted(_on_page(axes, points, scale), inside),
        _on_page(axes, marks, scale),
        centres,
    )
    choices = [
        candidates(page, centre, _size(label.text, font), is_everywhere=is_everywhere)
        for label, centre in zip(labels, centres, strict=True)
    ]
    return Places(labels, centres, _arranged(choices))


def _on_page(axes: Axes, points: Floats, scale: float) -> Floats:
    placed: Floats = np.asarray(axes.transData.transform(points.reshape(-1, 2))) * scale
    return placed


def _size(text: str, font: FontProperties) -> tuple[float, float]:
    ruler = TextToPath()
    width, height, _ = ruler.get_text_width_height_descent(text, font, ismath=False)
    _, least, _ = ruler.get_text_width_height_descent(_TALLEST, font, ismath=False)
    ratio = SMALL / font.get_size_in_points()
    return float(width) * ratio, float(max(height, least)) * ratio


def _arranged(choices: list[Floats]) -> list[Spot | None]:
    """Choose a spot of each name so that as many as can be have one, and near.

    Each name takes the spot that costs least, and pays for the names that it drives out,
    which seek again; one that was driven out often costs more (Minton et al., Artif. Intell.
    58, 161-205 (1992), doi:10.1016/0004-3702(92)90007-K).
    """
    spots: list[Spot | None] = [None] * len(choices)
    best, prices = list(spots), np.full(len(choices), _PRICE)
    waiting = [number for number, chosen in enumerate(choices) if len(chosen)]
    for _ in range(_TRIES * len(choices)):
        if not waiting:
            break
        number = waiting.pop(0)
        met = _met(choices[number], spots)
        at = int((choices[number][:, COST] + met @ prices).argmin())
        for other in np.flatnonzero(met[at]).tolist():
            spots[other] = None
            prices[other] *= 1.5
            waiting.append(other)
        spots[number] = Spot.of(choices[number][at])
        if _placed(spots) > _placed(best):
            best = list(spots)
    return _nearer(choices, best)


def _nearer(choices: list[Floats], spots: list[Spot | None]) -> list[Spot | None]:
    """Move names to better spots while the sum of costs falls, the dearest first.

    A name may take the spot of others, if these find another one.
    """
    for _ in range(_ROUNDS):
        before = _costs(spots).sum()
        for number in np.argsort(-_costs(spots), kind="stable").tolist():
            spots = _moved(choices, spots, number)
        if _costs(spots).sum() == before:
            break
    return spots


def _moved(choices: list[Floats], spots: list[Spot | None], number: int) -> list[Spot | None]:
    rest = [None if at == number else spot for at, spot in enumerate(spots)]
    chosen, costs = choices[number], _costs(spots)
    met = _met(chosen, rest)
    promised = chosen[:, COST] + _LEAST * met.sum(axis=1)
    for at in np.argsort(promised, kind="stable")[:_TRIALS].tolist():
        if promised[at] >= costs[number]:
            break
        trial = [None if met[at, other] else spot for other, spot in enumerate(rest)]
        trial[number] = Spot.of(chosen[at])
        for other in np.flatnonzero(met[at]).tolist():
            free = np.flatnonzero(~_met(choices[other], trial).any(axis=1))
            trial[other] = Spot.of(choices[other][free[0]]) if len(free) else None
        if _costs(trial).sum() < costs.sum():
            return trial
    return spots


def _costs(spots: list[Spot | None]) -> Floats:
    return np.array([_MISSING if spot is None else spot.cost for spot in spots])


def _placed(spots: list[Spot | None]) -> int:
    return sum(spot is not None for spot in spots)


def _met(chosen: Floats, spots: list[Spot | None]) -> Bools:
    """Tell which names (n,) each candidate (m,) meets, with its name or its line: (m, n)."""
    met = np.zeros((len(chosen), len(spots)), dtype=bool)
    there = [number for number, spot in enumerate(spots) if spot is not None]
    placed = np.array([[*spot.box, *spot.line] for spot in spots if spot is not None])
    if there:
        boxes, lines = chosen[:, None, :4], chosen[:, None, 4:8]
        met[:, there] = (
            overlaps(boxes, placed[:, :4]) | line_meets(lines, placed[:, :4])
            | line_meets(placed[:, 4:], boxes) | crosses_line(lines, placed[:, 4:])
        )  # fmt: skip
    return met


def write_labels(axes: Axes, places: Places) -> None:
    """Write names with their leader lines; a thin white line around letters parts them."""
    for label, centre, spot in zip(places.labels, places.centres, places.spots, strict=True):
        if spot is None:
            continue
        left, bottom, right, top = spot.box
        if spot.has_line:
            x, y, end_x, end_y = spot.line
            axes.annotate(
                "", (label.x, label.y), (end_x - x, end_y - y), textcoords="offset points",
                zorder=4, arrowprops={"arrowstyle": "-", "linewidth": THIN / 2, "color": INK,
                                      "shrinkA": 0.0, "shrinkB": 0.0},
            )  # fmt: skip
        middle = (left + right) / 2.0 - centre[0], (bottom + top) / 2.0 - centre[1]
        axes.annotate(
            label.text, (label.x, label.y), middle, textcoords="offset points",
            fontsize=SMALL, fontfamily=FONT, style="italic", color=INK, ha="center",
            va="center", zorder=5,
            path_effects=[withStroke(linewidth=_HALO, foreground="white")],
        )  # fmt: skip
