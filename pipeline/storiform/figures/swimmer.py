"""Time on treatment, a lane for each patient, with response, progression and death."""

from typing import Annotated, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from pydantic import Field

from storiform.figures.keys import Key, KeyLine, draw_keys, keys_height
from storiform.figures.lanes import Lane, Stretch, lanes_of
from storiform.figures.style import (
    DOUBLE_MM,
    FONT,
    GREY,
    INK,
    RESPONSES,
    SMALL,
    TALLEST_MM,
    THIN,
    canvas,
    dress,
    footnote,
    shortened,
    told_apart,
)
from storiform.model.errors import NothingToShow
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.trial import Assessments, Doses, Exposure

Floats = npt.NDArray[np.float64]

SWIMMER = Picture(
    "swimmer",
    caption="Time on treatment, one lane for each treated patient, the longest first; within "
    "a lane one band for each drug, paler on a reduced dose, white while it was held. Grey: "
    "follow-up after treatment. First response: first assessment with CR or PR before PD, not "
    "confirmed; progression, filled: first assessment of lesions with PD; hollow: where they "
    "show none, as the clinical table has it; death by the clinical table. Left: best overall "
    "response; right: the reason for the end of treatment, which is not the cause of death. No "
    "test.",
    version=3,
)
Swimmer = Annotated[Figure, SWIMMER]

_DRUGS = ("#44AA99", "#882255", "#332288", "#999933", "#CC6677", "#117733")


class _Mark(NamedTuple):
    """A mark of the lanes: what it means, its shape, the colours of face and edge."""

    meaning: str
    shape: str
    face: str
    edge: str = "white"


_RESPONSE = _Mark("first response", "^", "#ffffff", INK)
_PROGRESSION = _Mark("progression, lesions", "D", RESPONSES["PD"])
_CLINICAL = _Mark("progression, clinical table", "D", "#ffffff", RESPONSES["PD"])
_DEATH = _Mark("death", "X", INK)
_ONGOING = _Mark("treatment goes on", ">", INK)
_LANE_MM, _EDGES_MM, _PLOT_MM = 3.6, 16.0, 142.0
_BAND = 0.8
_LETTERS, _LETTER_MM = 44, 1.3
_HEADING = "Reason for the end of treatment"


class SwimmerParams(Params):
    """How the lanes are drawn."""

    most_names: int = Field(
        60,
        ge=0,
        le=60,
        description="patients up to which lanes carry names and why treatment ended",
    )
    has_reasons: bool = Field(
        default=True, description="whether a column tells why treatment ended"
    )
    has_follow_up: bool = Field(
        default=True,
        description="whether a grey line leads from treatment to the last day known",
    )


def swimmer_plot(
    exposure: Exposure,
    doses: Doses | None,
    assessments: Assessments | None,
    clinic: Clinic,
    params: SwimmerParams,
) -> Swimmer:
    """Draw how long each patient was treated, and what happened meanwhile.

    Raises
    ------
    NothingToShow
        If no patient has a duration of treatment.
    """
    lanes = lanes_of(exposure, doses, assessments, clinic)
    if not lanes:
        message = "no patient has a duration of treatment"
        raise NothingToShow(message)
    if not params.has_follow_up:
        lanes = [lane._replace(followed=lane.end) for lane in lanes]
    has_names = len(lanes) <= params.most_names
    colours = _colours(lanes)
    lines = _keys(lanes, colours)
    below = keys_height(lines, DOUBLE_MM)
    most = TALLEST_MM - below - _EDGES_MM
    reasons = _reasons(lanes) if has_names and params.has_reasons else []
    top = -1.6 if any(reasons) else -0.6
    body = min(_LANE_MM * (max(len(lanes), 3) + any(reasons)), most)
    figure = canvas(DOUBLE_MM, body + _EDGES_MM + below)
    engine = figure.get_layout_engine()
    if engine is not None:  # the strip stands close to the lanes
        engine.set(w_pad=2.0 / 72.0)  # type: ignore[call-arg]
    parts: Any = figure.subfigures(2, 1, height_ratios=[body + _EDGES_MM - 6.0, below + 6.0])
    upper, lower = parts
    strip, axes = upper.subplots(1, 2, sharey=True, width_ratios=[2.6, _PLOT_MM])
    _draw_responses(strip, lanes, has_names=has_names)
    _draw_treatment(axes, lanes, colours)
    _draw_marks(axes, lanes, size=min(3.8, max(1.2, 2.0 * body / len(lanes))))
    last = max(lane.followed for lane in lanes)
    end = float(np.nanmax([last, *(lane.death for lane in lanes)])) * 1.03
    start = min(0.0, *(s.start for lane in lanes for s in lane.stretches))
    axes.set_xlim(start, _draw_reasons(axes, reasons, end) if any(reasons) else end)
    axes.set_xticks([tick for tick in axes.get_xticks() if start <= tick <= end])
    axes.spines["bottom"].set_bounds(start, end)
    axes.set_ylim(len(lanes) - 0.4, top)
    axes.set_xlabel("Months from the first dose")
    dress(axes)
    axes.tick_params(axis="y", length=0.0, labelleft=False)
    axes.spines["left"].set_visible(False)
    draw_keys(lower.add_axes((0.0, 0.0, 1.0, 1.0)), lines, DOUBLE_MM)
    footnote(figure, _told(lanes, clinic, params, has_names=has_names))
    return figure


def _colours(lanes: list[Lane]) -> dict[str, str]:
    """Give each drug a colour; those after the last colour are grey."""
    drugs = sorted({stretch.drug for lane in lanes for stretch in lane.stretches})
    return {drug: (*_DRUGS, *[GREY] * len(drugs))[at] for at, drug in enumerate(drugs)}


def _shade(colour: str, share: float) -> str:
    """Return the colour of a dose: pale where it is reduced, white where it is held."""
    if np.isnan(share) or share >= 1.0:
        return colour
    weight = 0.0 if share == 0.0 else 0.2 + 0.45 * share
    red, green, blue = (1.0 - weight * (1.0 - part) for part in to_rgb(colour))
    return to_hex((red, green, blue))


def _draw_responses(axes: Axes, lanes: list[Lane], *, has_names: bool) -> None:
    cells = [Rectangle((0.0, at - 0.5), 1.0, 1.0) for at in range(len(lanes))]
    axes.add_collection(
        PatchCollection(
            cells, facecolors=[RESPONSES[lane.response] for lane in lanes], edgecolors="white",
            linewidths=THIN if has_names else 0.0,
        )
    )  # fmt: skip
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks([])
    names = told_apart([lane.patient for lane in lanes], 18) if has_names else []
    axes.set_yticks(range(len(names)), names)
    dress(axes)
    axes.tick_params(length=0.0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_treatment(axes: Axes, lanes: list[Lane], colours: dict[str, str]) -> None:
    """Draw the follow-up as a line and each drug as a band of its lane."""
    followed = [[(lane.end, at), (lane.followed, at)] for at, lane in enumerate(lanes)]
    width = 1.2 if len(lanes) <= 60 else 0.4  # noqa: PLR2004  lanes that are higher than 3 mm
    axes.add_collection(LineCollection(followed, colors="#b5b5b5", linewidths=width))
    drugs = list(colours)
    boxes: list[Rectangle] = []
    faces: list[str] = []
    edges: list[str] = []
    for at, lane in enumerate(lanes):
        own = [drug for drug in drugs if drug in {s.drug for s in lane.stretches}]
        height = _BAND / len(own)
        for stretch in lane.stretches:
            foot = at - _BAND / 2.0 + height * own.index(stretch.drug)
            boxes.append(_box(stretch, foot, height))
            faces.append(_shade(colours[stretch.drug], stretch.share))
            edges.append(colours[stretch.drug] if stretch.share == 0.0 else "none")
    axes.add_collection(
        PatchCollection(boxes, facecolors=faces, edgecolors=edges, linewidths=THIN / 3.0)
    )


def _box(stretch: Stretch, foot: float, height: float) -> Rectangle:
    return Rectangle((stretch.start, foot), stretch.end - stretch.start, height)


def _months(lane: Lane) -> dict[_Mark, float]:
    """Return when each mark of a lane stands, NaN where it has none."""
    by_lesions = np.nan if lane.is_clinical else lane.progression
    return {
        _RESPONSE: lane.first_response,
        _PROGRESSION: by_lesions,
        _CLINICAL: lane.progression if lane.is_clinical else np.nan,
        _DEATH: lane.death,
        _ONGOING: lane.end if lane.is_ongoing else np.nan,
    }


def _draw_marks(axes: Axes, lanes: list[Lane], size: float) -> None:
    places = [_months(lane) for lane in lanes]
    for mark in places[0]:
        axes.plot(
            [months[mark] for months in places], range(len(lanes)), linestyle="none",
            marker=mark.shape, clip_on=False, markersize=size + 0.8 * (mark is _ONGOING),
            markerfacecolor=mark.face, markeredgecolor=mark.edge, zorder=3,
            markeredgewidth=min(0.8 if mark is _CLINICAL else 0.4, size / 8.0),
        )  # fmt: skip


def _reasons(lanes: list[Lane]) -> list[str]:
    return ["" if lane.is_ongoing else shortened(lane.reason, _LETTERS) for lane in lanes]


def _draw_reasons(axes: Axes, reasons: list[str], end: float) -> float:
    """Write why treatment ended in a column of its own; return where the axis must end.

    Behind the last mark of a lane, often a death, the reason would read as its cause.
    """
    for at, text in enumerate([_HEADING, *reasons], -1):
        is_heading = at < 0
        axes.annotate(
            text, (end, at), (3.0, 0.0), textcoords="offset points", ha="left",
            va="center_baseline", fontsize=SMALL, fontfamily=FONT,
            color=INK if is_heading else "#555555",
            fontweight="bold" if is_heading else "normal",
        )  # fmt: skip
    room = _PLOT_MM - _LETTER_MM * max(map(len, (_HEADING, *reasons))) - 3.0
    return end * _PLOT_MM / room


def _keys(lanes: list[Lane], colours: dict[str, str]) -> list[KeyLine]:
    present = {lane.response for lane in lanes}
    responses = [Key(name, face) for name, face in RESPONSES.items() if name in present]
    shares = {stretch.share for lane in lanes for stretch in lane.stretches}
    drugs = [Key(shortened(drug, 30), colour) for drug, colour in colours.items()]
    first = next(iter(colours.values()))
    if any(0.0 < share < 1.0 for share in shares):
        drugs.append(Key("paler: reduced dose", _shade(first, 0.5)))
    if 0.0 in shares:
        drugs.append(Key("held", "#ffffff", edge=first))
    seen = {m for lane in lanes for m, at in _months(lane).items() if not np.isnan(at)}
    marks = [
        Key(mark.meaning, mark.face, mark.shape, mark.edge)
        for mark in (_RESPONSE, _PROGRESSION, _CLINICAL, _DEATH, _ONGOING)
        if mark in seen
    ]
    if any(lane.followed > lane.end for lane in lanes):
        marks.append(Key("follow-up", "#b5b5b5", "_", "#b5b5b5", 7.0))
    lines = [KeyLine("Best response", responses), KeyLine("Drug", drugs)]
    return [*lines, KeyLine("Marks", marks)] if marks else lines


def _told(lanes: list[Lane], clinic: Clinic, params: SwimmerParams, *, has_names: bool) -> str:
    told = [f"n = {len(lanes)} treated patients (safety population)"]
    if ongoing := sum(lane.is_ongoing for lane in lanes):
        told.append(f"treatment goes on in {ongoing}")
    if past := sum(lane.is_past_death for lane in lanes):
        told.append(f"doses or marks after death in the clinical table: {past}")
    if missing := len(set(clinic["patient"]) - {lane.patient for lane in lanes}):
        told.append(f"{missing} without a dose left out")
    if not has_names:
        left_out = "names and reasons of the end are" if params.has_reasons else "names are"
        told.append(f"{left_out} left out above {params.most_names} patients")
    return "; ".join(told)
