"""Laboratory values over time, a panel for each test."""

from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from pydantic import Field

from storiform.figures.style import (
    BLUE,
    DOT,
    DOUBLE_MM,
    FONT,
    GREEN,
    GREY,
    INK,
    SMALL,
    THICK,
    THIN,
    Headline,
    canvas,
    dress,
    footnote,
    headlines,
    shortened,
)
from storiform.model.counting import counted
from storiform.model.errors import NothingToShow
from storiform.model.params import DAYS_PER_MONTH, Params
from storiform.model.table import Picture
from storiform.model.tables.trial import Laboratory
from storiform.model.tables.trial_tables import LaboratoryVisits

Floats = npt.NDArray[np.float64]

LABORATORY_COURSE = Picture(
    "laboratory_course",
    caption="Laboratory values from the first dose on, a panel for each test. Thin lines: "
    "patients; points and bars: median and quartiles by visit, the value of a patient nearest "
    "to the visit counts; visit 0 is the last value up to the first dose. Shaded: normal, by "
    "the median of the limits given with the values. A logarithmic axis where the values span "
    "more than a factor of 30. Numbers below: patients. No test.",
    version=2,
)
LaboratoryCourse = Annotated[Figure, LABORATORY_COURSE]

_COLUMNS, _PANEL_MM = 3, 54.0
_WIDE = 30.0
_MOST_NUMBERS = 9


class LaboratoryCourseParams(Params):
    """Which tests are drawn."""

    tests: tuple[str, ...] = Field(
        (), max_length=24, description="tests in this order; empty: those of most patients"
    )
    most_tests: int = Field(12, ge=1, le=24, description="tests drawn at most")


class _Test(NamedTuple):
    """A test in one unit: its values by patient and day, and its summary by visit."""

    name: str
    unit: str
    course: pd.DataFrame
    visits: pd.DataFrame


def laboratory_course(
    laboratory: Laboratory, visits: LaboratoryVisits, params: LaboratoryCourseParams
) -> LaboratoryCourse:
    """Draw the values of each test over time, with medians and quartiles by visit.

    Raises
    ------
    NothingToShow
        If there is no value, or none of the tests that are asked for.
    """
    tests, further = _tests(laboratory, visits, params)
    if not tests:
        message = "there is no laboratory value, or none of the tests that are asked for"
        raise NothingToShow(message)
    columns = min(_COLUMNS, len(tests))
    lines = -(-len(tests) // columns)
    figure = canvas(DOUBLE_MM * columns / _COLUMNS, _PANEL_MM * lines + 8.0)
    panels = figure.subplots(lines, columns, squeeze=False).ravel().tolist()
    titles = []
    for axes, test in zip(panels, tests, strict=False):
        _draw(axes, test)
        titles.append(Headline(axes, test.name, _beyond(test.visits)))
    for axes in panels[len(tests) :]:
        axes.set_axis_off()
    patients = pd.concat([test.course["patient"] for test in tests]).nunique()
    more = f"; {_tests_text(further, 'further ')} in the table alone" if further else ""
    footnote(
        figure, f"n = {counted(int(patients), 'patient')}, {_tests_text(len(tests))}{more}"
    )
    headlines(figure, titles)
    return figure


def _tests_text(count: int, which: str = "") -> str:
    return f"{count} {which}test{'s' * (count != 1)}"


def _tests(
    laboratory: pd.DataFrame, visits: pd.DataFrame, params: LaboratoryCourseParams
) -> tuple[list[_Test], int]:
    """Return the tests that are drawn, and how many there are further."""
    known = laboratory[np.isfinite(laboratory["value"]) & np.isfinite(laboratory["day"])]
    known = known.assign(unit=known["unit"].fillna(""))
    sizes = known.groupby(["test", "unit"], sort=True)["patient"].nunique()
    order = [(str(test), str(unit)) for test, unit in sizes.index]
    order.sort(key=lambda pair: (-int(sizes[pair]), pair))
    if params.tests:
        wanted = list(params.tests)
        order = [pair for name in wanted for pair in order if pair[0] == name]
    found = [
        _Test(
            test, unit,
            known[(known["test"] == test) & (known["unit"] == unit)],
            visits[(visits["test"] == test) & (visits["unit"].fillna("") == unit)],
        )
        for test, unit in order[: params.most_tests]
    ]  # fmt: skip
    return found, max(len(order) - params.most_tests, 0)


def _draw(axes: Axes, test: _Test) -> None:
    values = test.course["value"].to_numpy(np.float64)
    is_log = bool(values.min() > 0.0 and values.max() / values.min() > _WIDE)
    if is_log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    _set_height(axes, values, is_log=is_log)
    _shade_normal(axes, test.course)
    ordered = test.course.sort_values(["patient", "day"])
    days = ordered["day"].to_numpy(np.float64) / DAYS_PER_MONTH
    heights = ordered["value"].to_numpy(np.float64)
    starts = np.flatnonzero(~ordered["patient"].duplicated().to_numpy())[1:]
    courses = np.split(np.column_stack([days, heights]), starts)
    axes.add_collection(LineCollection(
        courses, colors=GREY, linewidths=THIN / 2, alpha=np.clip(20.0 / len(courses), 0.2, 0.8),
    ))  # fmt: skip
    singles = np.array([course[0] for course in courses if len(course) == 1]).reshape(-1, 2)
    axes.plot(singles[:, 0], singles[:, 1], linestyle="none", marker=".", markersize=1.6,
              color=GREY, alpha=0.7)  # fmt: skip
    _draw_visits(axes, test.visits)
    last = max(float(days.max()), 0.5)
    first = min(float(days.min()), 0.0)
    axes.set_xlim(first - 0.03 * (last - first), last + 0.05 * (last - first))
    axes.set_ylabel(shortened(test.unit, 24) or "unit not told")
    axes.set_xlabel("Months from the first dose")
    dress(axes)
    axes.minorticks_off()


def _set_height(axes: Axes, values: Floats, *, is_log: bool) -> None:
    """Leave room below the values for the numbers of patients."""
    low, high = float(values.min()), float(values.max())
    if is_log:
        span = high / low
        axes.set_ylim(low / span**0.22, high * span**0.06)
        return
    span = (high - low) or abs(high) or 1.0
    axes.set_ylim(low - 0.22 * span, high + 0.06 * span)


def _shade_normal(axes: Axes, values: pd.DataFrame) -> None:
    """Shade what is normal; a limit that is not given leaves that side open."""
    lower, upper = (
        float(known.median()) if len(known := values[name].dropna()) else np.nan
        for name in ("lower_limit", "upper_limit")
    )
    if np.isnan(lower) and np.isnan(upper):
        return
    bottom, top = axes.get_ylim()
    low = bottom if np.isnan(lower) else max(lower, bottom)
    high = top if np.isnan(upper) else min(upper, top)
    if low < high:
        axes.axhspan(low, high, color=GREEN, alpha=0.13, linewidth=0.0, zorder=0)


def _draw_visits(axes: Axes, visits: pd.DataFrame) -> None:
    """Draw median and quartiles of each visit, and how many patients it has."""
    ordered = visits.sort_values("visit")
    months = ordered["day"].to_numpy(np.float64) / DAYS_PER_MONTH
    median, low, high = (
        ordered[name].to_numpy(np.float64)
        for name in ("median", "lower_quartile", "upper_quartile")
    )
    axes.vlines(months, low, high, color=BLUE, linewidth=THICK, zorder=3)
    axes.plot(months, median, color=BLUE, linewidth=THIN, zorder=3)
    axes.scatter(
        months, median, s=DOT, color=BLUE, edgecolors=INK, linewidths=THIN / 2, zorder=4
    )
    step = -(-len(ordered) // _MOST_NUMBERS)
    pairs = zip(months.tolist(), ordered["n"].tolist(), strict=True)
    for number, (month, n) in enumerate(pairs):
        if number % step == 0:
            axes.annotate(
                f"{n}", (month, 0.0), (0.0, 2.5), xycoords=axes.get_xaxis_transform(),
                textcoords="offset points", ha="center", va="bottom", fontsize=SMALL,
                fontfamily=FONT, color=INK,
            )  # fmt: skip


def _beyond(visits: pd.DataFrame) -> str:
    """Write at which visit most patients are above normal, and at which most are below."""
    told = visits[visits["n_limits"] > 0]
    if told.empty:
        return "limits of normal not told"
    parts = []
    for column, word in (("n_above", "above normal"), ("n_below", "below normal")):
        row = told.sort_values([column, "visit"], ascending=[False, True]).iloc[0]
        if row[column]:
            at = f"{row['day'] / DAYS_PER_MONTH:.1f} months" if row["visit"] else "baseline"
            parts.append(f"{word}: {row[column]} of {row['n_limits']} ({at})")
    return f"most {', '.join(parts)}" if parts else "none beyond normal"
