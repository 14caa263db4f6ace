"""The change of each patient's target lesions over time, a line for each."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pydantic import Field

from storiform.figures.labels import Label, place_labels
from storiform.figures.style import (
    DOUBLE_MM,
    FONT,
    GREY,
    INK,
    RESPONSES,
    SMALL,
    THIN,
    arrange,
    canvas,
    dress,
    footnote,
)
from storiform.model.counting import counted
from storiform.model.errors import NothingToShow
from storiform.model.params import DAYS_PER_MONTH, Params
from storiform.model.populations import population_field, population_of
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.trial import Assessments
from storiform.model.tables.trial_tables import PopulationMembers

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]

SPIDER = Picture(
    "spider",
    caption="Change of the sum of target lesions from baseline over time, one line for each "
    "patient with a measured change after baseline, coloured by best overall response; a dot "
    "is the last measured sum. Cross: the first assessment with a new lesion; where it comes "
    "after the last measured sum, a dotted line leads to it. Dashed: +20 % "
    "and -30 %, the bounds of progression and partial response in RECIST 1.1. Triangle: the "
    "line leaves the axis. No test.",
    version=2,
)
Spider = Annotated[Figure, SPIDER]

_COLOURS = {**RESPONSES, "SD": "#b8a100", "NE": GREY}
"""Those of all figures, but darker where a thin line would be too pale."""
_FEW, _MANY = 30, 100


class SpiderParams(Params):
    """How the lines are drawn."""

    population: str = population_field("safety", "drawn")
    progression_percent: float = Field(
        20.0, ge=0.0, le=100.0, description="upper line in percent, RECIST 1.1"
    )
    response_percent: float = Field(
        -30.0, ge=-100.0, le=0.0, description="lower line in percent, RECIST 1.1"
    )
    limit_percent: float = Field(
        100.0, ge=20.0, le=1000.0, description="growth in percent at which the axis ends"
    )
    most_names: int = Field(
        60, ge=0, le=200, description="patients up to which line ends carry names"
    )


class _Line(NamedTuple):
    """The measured changes of one patient, and where a new lesion was seen first."""

    patient: str
    response: str
    months: Floats
    change: Floats
    new_lesion: Place | None


def spider_plot(
    assessments: Assessments,
    clinic: Clinic,
    params: SpiderParams,
    members: PopulationMembers | None = None,
) -> Spider:
    """Draw the change of the target lesions of each patient over the months.

    Raises
    ------
    NothingToShow
        If no patient has a measured change after baseline.
    """
    population = population_of(members, params.population)
    assessments, clinic = population.rows(assessments), population.rows(clinic)
    responses = clinic.drop_duplicates("patient").set_index("patient")["response"]
    lines = sorted(_lines(assessments, responses), key=lambda line: float(line.change[-1]))
    if not lines:
        message = "no patient has a change of the sum of target lesions after baseline"
        raise NothingToShow(message)
    figure = canvas(DOUBLE_MM, 96.0)
    axes = figure.subplots()
    lowest = min(-100.0, *(float(line.change.min()) for line in lines))
    highest = max(float(line.change.max()) for line in lines)
    top = min(max(highest, params.progression_percent), params.limit_percent)
    axes.set_ylim(lowest - 5.0, top + 6.0)
    for line in lines:
        _draw(axes, line, params.limit_percent, len(lines))
    for level in (params.progression_percent, params.response_percent):
        axes.axhline(level, color=GREY, linewidth=THIN, linestyle=(0, (4, 3)), zorder=0)
    axes.axhline(0.0, color=INK, linewidth=THIN, zorder=0)
    axes.set_xlabel("Months from the first dose")
    axes.set_ylabel("Change from baseline (%)")
    dress(axes)
    _legend(figure, lines, top < highest)
    patients = len(set(clinic["patient"]) | set(assessments["patient"]))
    named = _name(figure, axes, lines, params)
    footnote(figure, _told(lines, patients, named, params) + population.told())
    return figure


def _lines(assessments: pd.DataFrame, responses: pd.Series) -> Iterator[_Line]:
    """Yield the lines of all patients with a measured change after their baseline."""
    for patient, rows in assessments.groupby("patient", sort=True):
        ordered = rows.sort_values("day")
        change = ordered["change_percent"].where(~ordered["is_baseline"], 0.0)
        change = change.where(np.isfinite(change))
        known = ordered[change.notna()]
        if known["is_baseline"].all():
            continue
        response = str(responses.get(patient, "NE"))
        months = known["day"].to_numpy(np.float64) / DAYS_PER_MONTH
        heights = change.dropna().to_numpy(np.float64)
        place = _new_lesion(ordered, months, heights)
        shown = response if response in RESPONSES else "NE"
        yield _Line(str(patient), shown, months, heights, place)


def _new_lesion(ordered: pd.DataFrame, months: Floats, change: Floats) -> Place | None:
    """Return months and change of the first assessment with a new lesion, on the line.

    What comes after the last measured sum stands at its height.
    """
    having = ordered.loc[ordered["has_new_lesion"].astype(bool), "day"]
    if having.empty:
        return None
    when = float(having.iloc[0]) / DAYS_PER_MONTH
    return when, float(np.interp(when, months, change))


def _draw(axes: Axes, line: _Line, limit: float, count: int) -> None:
    colour = _COLOURS[line.response]
    width = 1.0 if count <= _FEW else 0.8 if count <= _MANY else 0.5
    size = 3.2 if count <= _MANY else 2.0
    months, change = _cut(line, limit)
    axes.plot(
        months, change, color=colour, linewidth=width, alpha=1.0 if count <= _MANY else 0.7,
        solid_joinstyle="round", label=line.patient,
    )  # fmt: skip
    is_cut = bool(line.change[-1] > limit)
    axes.plot(
        months[-1:], change[-1:], marker="^" if is_cut else "o", markersize=size,
        color=colour, markeredgecolor=INK, markeredgewidth=THIN / 2, zorder=3,
    )  # fmt: skip
    if line.new_lesion is None:
        return
    when, height = line.new_lesion
    if when > line.months[-1]:
        axes.plot(
            [line.months[-1], when], [min(height, limit)] * 2, color=colour, linewidth=width,
            linestyle=":",
        )  # fmt: skip
    axes.plot(
        [when], [min(height, limit)], marker="x", markersize=size + 0.8, color=INK,
        markeredgewidth=0.8 if count <= _MANY else 0.4, zorder=4,
    )  # fmt: skip


def _cut(line: _Line, limit: float) -> tuple[Floats, Floats]:
    """Return a line as it is drawn: where it crosses the limit it has a corner."""
    months, change = [line.months[0]], [min(line.change[0], limit)]
    for at in range(1, len(line.months)):
        before, after = float(line.change[at - 1]), float(line.change[at])
        if (before > limit) != (after > limit):
            share = (limit - before) / (after - before)
            step = float(line.months[at] - line.months[at - 1])
            months.append(line.months[at - 1] + share * step)
            change.append(limit)
        months.append(line.months[at])
        change.append(min(after, limit))
    return np.array(months), np.array(change)


def _legend(figure: Figure, lines: list[_Line], is_cut: bool) -> None:  # noqa: FBT001  a mark
    present = {line.response for line in lines}
    handles = [
        Line2D([], [], color=colour, linewidth=1.2, label=name)
        for name, colour in _COLOURS.items()
        if name in present
    ]
    marks = [("o", "last measured", GREY)]
    if any(line.new_lesion is not None for line in lines):
        marks.append(("x", "new lesion", INK))
    if is_cut:
        marks.append(("^", "beyond the axis", GREY))
    handles += [
        Line2D([], [], linestyle="none", marker=marker, markersize=3.6, color=colour,
               markeredgecolor=INK, markeredgewidth=0.6, label=text)
        for marker, text, colour in marks
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="outside upper right", frameon=False, ncols=len(handles),
        prop={"size": SMALL, "family": FONT}, handlelength=1.4, columnspacing=1.2,
    )  # fmt: skip


def _name(figure: Figure, axes: Axes, lines: list[_Line], params: SpiderParams) -> int:
    """Write names beside the ends of lines, the largest changes first; return how many."""
    if len(lines) > params.most_names:
        return 0
    axes.margins(x=0.06)
    axes.autoscale(axis="x")
    arrange(figure)
    ordered = sorted(lines, key=lambda line: (-abs(float(line.change[-1])), line.patient))
    ends = [_cut(line, params.limit_percent) for line in ordered]
    labels = [
        Label(line.patient, float(months[-1]), float(change[-1]))
        for line, (months, change) in zip(ordered, ends, strict=True)
    ]
    points = np.vstack([np.column_stack(end) for end in ends])
    return place_labels(axes, labels, points)


def _told(lines: list[_Line], patients: int, named: int, params: SpiderParams) -> str:
    told = [f"n = {counted(len(lines), 'patient')}"]
    if missing := patients - len(lines):
        told.append(f"{missing} without a measured change after baseline left out")
    if cut := sum(bool((line.change > params.limit_percent).any()) for line in lines):
        told.append(f"{cut} cut at +{params.limit_percent:g} %")
    if 0 < named < len(lines):
        told.append(f"names without room: {len(lines) - named}")
    return "; ".join(told)
