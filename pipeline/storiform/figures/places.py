"""Places for names on a page: boxes and leader lines as arrays, in points (1/72 inch)."""

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

GAP = 1.0
"""Between two names."""
CLEAR = 0.5
"""Between a leader line and what it passes."""
MARK = 1.8
"""Between a name and the middle of a mark: the mark's radius and the halo of the letters."""
_NAMED = 1.1
"""Half the width of a named mark, over which no other leader line runs."""
_NEAR = 5.0
"""Up to here a name needs no leader line, unless another mark is nearly as near."""
_AS_NEAR = 1.5
_REACHES = (4.0, 5.5, 7.5, 9.0, 12.0, 16.0, 25.0, 36.0, 50.0, 60.0)
_TURNS = 32
_COVERED = 0.15
"""What a covered point weighs, in shares of the distance."""
_PASSED = 4.0
"""What a mark under a leader line weighs against distance (1/72 inch)."""
_UNCLEAR = 2.0
"""What a line that a near name needs weighs against distance (1/72 inch)."""
_MOST = 500
"""Places of one name that are compared with those of the others."""
_CELL = 1.0
_STEP = 6.0
"""Between the columns of places that are tried everywhere; rows are half a line apart."""


class Page(NamedTuple):
    """Where names seek room.

    `inside` (4,) is the frame, `cloud` counts the points below and left of each corner of a
    grid, `marks` (m, 2) are the points that no name covers, `named` (k, 2) those with names.
    """

    inside: Floats
    cloud: npt.NDArray[np.int64]
    marks: Floats
    named: Floats


COST = 10
"""The column of `candidates` that says what a place costs, against distance (1/72 inch)."""


class Spot(NamedTuple):
    """The place of a name: its box, the line from its point, is that drawn, marks under it."""

    box: tuple[float, ...]
    line: tuple[float, ...]
    has_line: bool
    passed: int
    cost: float

    @classmethod
    def of(cls, row: Floats) -> Self:
        """Return the spot of a row of `candidates`."""
        values = [float(value) for value in row]
        has_line, passed = bool(values[8]), int(values[9])
        return cls(tuple(values[:4]), tuple(values[4:8]), has_line, passed, values[COST])


def counted(points: Floats, inside: Floats) -> npt.NDArray[np.int64]:
    """Count the points (n, 2) left of and below each corner of a grid over a frame."""
    wide, high = (int(np.ceil((inside[i + 2] - inside[i]) / _CELL)) + 1 for i in (0, 1))
    counts = np.zeros((wide + 1, high + 1), dtype=np.int64)
    cells = np.floor((points - inside[:2]) / _CELL).astype(np.int64)
    is_in = ((cells >= 0) & (cells < [wide, high])).all(axis=1)
    np.add.at(counts, (cells[is_in, 0] + 1, cells[is_in, 1] + 1), 1)
    return counts.cumsum(axis=0).cumsum(axis=1)


def candidates(
    page: Page, centre: Floats, size: tuple[float, float], *, is_everywhere: bool
) -> Floats:
    """Return the places where a name would cover no mark, the best first.

    A place is the better, the nearer it is, the fewer points the name and the fewer marks its
    line covers, and if no other mark is as near to the name as its own.

    Returns
    -------
    Floats
        One row per place (n, 11): box (left, bottom, right, top), line (from the point, to
        the name), 1 where the line must be drawn, how many marks it runs over, and cost.
    """
    boxes = _around(centre, size)
    if is_everywhere:
        boxes = np.vstack([boxes, _everywhere(page.inside, size)])
    within = (boxes[:, :2] >= page.inside[:2]) & (boxes[:, 2:] <= page.inside[2:])
    boxes = boxes[within.all(axis=1)]
    boxes = boxes[~_holds_any(boxes, page.marks)]
    ends = np.clip(centre, boxes[:, :2], boxes[:, 2:])
    lines = np.column_stack([np.broadcast_to(centre, ends.shape), ends])
    # Of a point that lies on another, the line cannot but begin on both.
    others = page.named[np.abs(page.named - centre).max(axis=1) > _NAMED + CLEAR]
    squares = np.column_stack([others - _NAMED, others + _NAMED])
    is_clear = ~line_meets(lines[:, None], squares).any(axis=1)
    boxes, lines = boxes[is_clear], lines[is_clear]
    if not len(boxes):
        return np.empty((0, 11))
    away = np.hypot(lines[:, 2] - centre[0], lines[:, 3] - centre[1])
    rivals = page.marks[np.hypot(*(page.marks - centre).T) > CLEAR]
    has_line = away > _NEAR
    near = ~has_line
    has_line[near] = _nearest(boxes[near], rivals) <= away[near] + _AS_NEAR
    passed = _passed(lines, rivals)
    cost = away * (1.0 + _COVERED * _covered(boxes, page))
    cost += _UNCLEAR * (has_line & near) + _PASSED * passed
    order = np.argsort(cost, kind="stable")[:_MOST]
    return np.column_stack([boxes, lines, has_line, passed, cost])[order]


def _around(centre: Floats, size: tuple[float, float]) -> Floats:
    """Return boxes whose nearest edge lies at each reach in each direction from a point."""
    angles = 2.0 * np.pi * np.arange(_TURNS) / _TURNS
    across = np.column_stack([np.cos(angles), np.sin(angles)])
    half = np.array(size) / 2.0
    middles = [centre + across * (reach + half) for reach in _REACHES]
    return _boxes(np.vstack(middles), half)


def _everywhere(inside: Floats, size: tuple[float, float]) -> Floats:
    """Return boxes in rows and columns over the whole frame, its borders included."""
    half = np.array(size) / 2.0
    low, high = inside[:2] + half, inside[2:] - half
    if (high < low).any():
        return np.empty((0, 4))
    steps = (_STEP, size[1] / 2.0)
    columns, rows = (
        np.linspace(low[i], high[i], max(int((high[i] - low[i]) / steps[i]) + 1, 2))
        for i in (0, 1)
    )
    x, y = np.meshgrid(columns, rows)
    return _boxes(np.column_stack([x.ravel(), y.ravel()]), half)


def _boxes(middles: Floats, half: Floats) -> Floats:
    return np.column_stack([middles - half, middles + half])


def _holds_any(boxes: Floats, marks: Floats) -> Bools:
    """Tell of each box whether it covers a mark."""
    held = np.ones((len(boxes), len(marks)), dtype=bool)
    for axis in (0, 1):
        at = marks[:, axis]
        held &= at > boxes[:, axis, None] - MARK
        held &= at < boxes[:, axis + 2, None] + MARK
    holds: Bools = np.asarray(held.any(axis=1))
    return holds


def _nearest(boxes: Floats, marks: Floats) -> Floats:
    """Return the distance of each box to the nearest mark; infinite without marks."""
    gaps = [
        np.maximum(
            np.maximum(boxes[:, axis, None] - marks[:, axis], 0.0),
            marks[:, axis] - boxes[:, axis + 2, None],
        )
        for axis in (0, 1)
    ]
    nearest: Floats = np.hypot(*gaps).min(axis=1, initial=np.inf)
    return nearest


def _covered(boxes: Floats, page: Page) -> Floats:
    """Count the points under each box."""
    corner = np.array(page.cloud.shape) - 1
    low = np.floor((boxes[:, :2] - page.inside[:2]) / _CELL).astype(np.int64)
    high = np.ceil((boxes[:, 2:] - page.inside[:2]) / _CELL).astype(np.int64)
    (a, b), (c, d) = np.clip(low, 0, corner).T, np.clip(high, 0, corner).T
    counts = page.cloud[c, d] - page.cloud[a, d] - page.cloud[c, b] + page.cloud[a, b]
    covered: Floats = counts.astype(np.float64)
    return covered


def _passed(lines: Floats, marks: Floats) -> Floats:
    """Count the marks that each line runs over; all lines begin at one point."""
    way, away = lines[:, 2:] - lines[:, :2], marks - lines[0, :2]
    square = (way**2).sum(axis=1, keepdims=True)
    along, aside = way @ away.T, np.column_stack([-way[:, 1], way[:, 0]]) @ away.T
    # At its beginning the line runs over what lies on its point, wherever it goes.
    passed = (along > 0.0) & (along < square) & (aside**2 < MARK**2 * square)
    counts: Floats = passed.sum(axis=1).astype(np.float64)
    return counts


def overlaps(boxes: Floats, others: Floats) -> Bools:
    """Tell whether boxes (..., 4) lie nearer to others (..., 4) than the gap."""
    right = boxes[..., 2:] + GAP <= others[..., :2]
    apart = right | (others[..., 2:] + GAP <= boxes[..., :2])
    near: Bools = ~np.asarray(apart.any(axis=-1))
    return near


def line_meets(lines: Floats, boxes: Floats) -> Bools:
    """Tell whether lines (..., 4) touch boxes (..., 4), with their clearance.

    By Liang and Barsky, ACM Trans. Graph. 3, 1-22 (1984), doi:10.1145/357332.357333.
    """
    enters, leaves, is_beside = np.zeros(1), np.ones(1), np.zeros(1, dtype=bool)
    for axis in (0, 1):
        start, way = lines[..., axis], lines[..., axis + 2] - lines[..., axis]
        low, high = boxes[..., axis] - CLEAR, boxes[..., axis + 2] + CLEAR
        is_level = way == 0.0
        step = np.where(is_level, 1.0, way)
        first, second = (low - start) / step, (high - start) / step
        is_beside = is_beside | (is_level & ((start <= low) | (start >= high)))
        enters = np.where(is_level, enters, np.maximum(enters, np.minimum(first, second)))
        leaves = np.where(is_level, leaves, np.minimum(leaves, np.maximum(first, second)))
    meets: Bools = ~is_beside & (enters < leaves)
    return meets


def crosses_line(lines: Floats, others: Floats) -> Bools:
    """Tell whether lines (..., 4) cross others (..., 4)."""
    return _parts(lines, others) & _parts(others, lines)


def _parts(lines: Floats, others: Floats) -> Bools:
    """Tell whether the ends of the others lie on two sides of lines."""
    x, y = lines[..., 0], lines[..., 1]
    across, up = lines[..., 2] - x, lines[..., 3] - y
    sides = [across * (others[..., at + 1] - y) - up * (others[..., at] - x) for at in (0, 2)]
    parted: Bools = sides[0] * sides[1] < 0.0
    return parted
