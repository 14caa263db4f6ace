"""Survival curves with their intervals, medians, log-rank p and numbers at risk."""

from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.style import (
    BLUE,
    DOUBLE_MM,
    FONT,
    INK,
    PALETTE,
    SMALL,
    THICK,
    THIN,
    VERMILION,
    Headline,
    canvas,
    dress,
    footnote,
    headlines,
    months_text,
    p_text,
    shortened,
)
from storiform.model.errors import NothingToShow
from storiform.model.features import group_name, method_of, plain_name
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.outcomes import Survival, SurvivalCurves

_READING = (
    "Kaplan-Meier estimates; a tick is a censored patient; medians with 95 % intervals, NR: "
    "not reached; below, the patients at risk. "
)
SURVIVAL_OF_ALL = Picture(
    "survival_of_all",
    caption="Progression-free and overall survival of all patients with time and event. "
    + _READING
    + "Shaded: 95 % interval.",
)
SURVIVAL_BY_FEATURE = Picture(
    "survival_by_feature",
    caption="Survival by the features with the smallest p value. High: at or above the "
    "median of the patients with feature and outcome. "
    + _READING
    + "P: two-sided log-rank test, or the weighted form that the table of survival "
    "names; q: Benjamini-Hochberg within the family that the table names.",
    version=2,
)
SurvivalOfAll = Annotated[Figure, SURVIVAL_OF_ALL]
SurvivalByFeature = Annotated[Figure, SURVIVAL_BY_FEATURE]

TITLES = {"pfs": "Progression-free survival", "os": "Overall survival"}
COLOURS = {"all": INK, "high": VERMILION, "low": BLUE, "true": VERMILION, "false": BLUE}
_ORDER = {"high": 0, "low": 1, "true": 0, "false": 1}
_TICKS = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240)


class KaplanMeierParams(Params):
    """Which survival curves are drawn."""

    features: int = Field(
        3, ge=1, le=12, description="features drawn, those with the smallest p first"
    )
    ranked_by: Literal["pfs", "os"] = Field(
        "pfs", description="outcome whose p chooses the features; os where there is no pfs"
    )


class _Panel(NamedTuple):
    """The axes of one panel: curves above, numbers at risk below."""

    curves: Axes
    risk: Axes


def survival_of_all(survival: Survival, curves: SurvivalCurves) -> SurvivalOfAll:
    """Draw progression-free and overall survival of the whole cohort.

    Raises
    ------
    NothingToShow
        If no patient has time and event of either outcome.
    """
    rows = survival[(survival["feature"] == "all") & (survival["n"] > 0)]
    outcomes = [name for name in TITLES if (rows["outcome"] == name).any()]
    if not outcomes:
        message = "no patient has time and event of progression or of death"
        raise NothingToShow(message)
    figure = canvas(DOUBLE_MM * len(outcomes) / 2.0, 78.0)
    panels = _panels(figure, 1, len(outcomes), risk_lines=1)
    titles: list[Headline] = []
    for panel, outcome in zip(panels, outcomes, strict=True):
        _draw(panel, rows[rows["outcome"] == outcome], curves, has_band=True)
        row = rows[rows["outcome"] == outcome].iloc[0]
        titles.append(Headline(panel.curves, TITLES[outcome], _landmark(row)))
    counts = [f"{name.upper()}: {_counts(rows[rows['outcome'] == name])}" for name in outcomes]
    footnote(figure, "; ".join(counts))
    headlines(figure, titles)
    return figure


def survival_by_feature(
    survival: Survival, curves: SurvivalCurves, params: KaplanMeierParams
) -> SurvivalByFeature:
    """Draw survival by the features with the smallest p, one row of panels for each.

    Raises
    ------
    NothingToShow
        If no feature divides the patients into groups that were compared.
    """
    compared = survival[survival["p"].notna()]
    outcomes = [name for name in TITLES if (compared["outcome"] == name).any()]
    if not outcomes:
        message = "no feature divides the patients into groups whose survival can be compared"
        raise NothingToShow(message)
    ranked = compared[
        compared["outcome"]
        == (params.ranked_by if params.ranked_by in outcomes else outcomes[0])
    ]
    ranked = ranked.sort_values(["p", "feature"]).drop_duplicates("feature")
    chosen = ranked["feature"].head(params.features).tolist()
    drawn = survival[survival["feature"].isin(chosen) & survival["outcome"].isin(outcomes)]
    lines = int(drawn.groupby(["outcome", "feature"]).size().max())
    height = (64.0 + 4.0 * lines) * len(chosen) + 6.0
    figure = canvas(DOUBLE_MM * len(outcomes) / 2.0, height)
    panels = iter(_panels(figure, len(chosen), len(outcomes), risk_lines=lines))
    titles: list[Headline] = []
    for feature in chosen:
        for outcome in outcomes:
            panel = next(panels)
            rows = drawn[(drawn["feature"] == feature) & (drawn["outcome"] == outcome)]
            _draw(panel, rows, curves, has_band=False)
            by = f" ({method_of(feature)})" if method_of(feature) else ""
            title = f"{shortened(plain_name(feature), 40)}{by}, {outcome.upper()}"
            titles.append(Headline(panel.curves, title, _tested(rows)))
    cut = "; high: at or above the median" if (drawn["group"] == "high").any() else ""
    footnote(
        figure, f"{len(chosen)} of {len(ranked)} compared features, smallest p of "
        f"{ranked['outcome'].iloc[0].upper()} first{cut}",
    )  # fmt: skip
    headlines(figure, titles)
    return figure


def _panels(figure: Figure, rows: int, columns: int, risk_lines: int) -> list[_Panel]:
    heights = [1.0, 0.08 + 0.085 * risk_lines]
    grid = figure.add_gridspec(rows, columns)
    made: list[_Panel] = []
    for row in range(rows):
        for column in range(columns):
            inner = grid[row, column].subgridspec(2, 1, height_ratios=heights, hspace=0.02)
            upper = figure.add_subplot(inner[0])
            made.append(_Panel(upper, figure.add_subplot(inner[1], sharex=upper)))
    return made


def _draw(panel: _Panel, rows: pd.DataFrame, curves: pd.DataFrame, *, has_band: bool) -> None:
    """Draw the groups of one feature and one outcome; `rows` are of the survival table."""
    places = rows["group"].map(lambda group: _ORDER.get(group, 0))
    rows = rows.assign(place=places).sort_values(["place", "group"])
    first = rows.iloc[0]
    own = curves[
        (curves["outcome"] == first["outcome"]) & (curves["feature"] == first["feature"])
    ]
    last = float(own["months"].max())
    ticks = _ticks(last)
    labels: list[tuple[str, str]] = []
    for number, row in enumerate(rows.itertuples()):
        group = str(row.group)
        colour = COLOURS.get(group, PALETTE[number % len(PALETTE)])
        curve = own[own["group"] == group].sort_values("months")
        _curve(panel.curves, curve, colour, has_band=has_band)
        median = months_text(
            float(str(row.median_months)), float(str(row.median_lower)),
            float(str(row.median_upper)),
        )  # fmt: skip
        name = group_name(str(row.feature), group)
        panel.curves.plot([], [], color=colour, linewidth=THICK, label=f"{name}: {median}")
        _at_risk(panel.risk, curve, ticks, number, colour)
        labels.append((name, colour))
    panel.curves.set_ylim(0.0, 1.03)
    panel.curves.set_xlim(-0.02 * last, 1.04 * last)
    panel.curves.set_ylabel("Survival")
    panel.curves.tick_params(labelbottom=False)
    dress(panel.curves)
    panel.curves.legend(
        loc="best", facecolor="white", edgecolor="none", framealpha=0.75,
        prop={"size": SMALL, "family": FONT},
        handlelength=1.2, borderaxespad=0.2, labelspacing=0.3,
    )  # fmt: skip
    _dress_risk(panel.risk, ticks, labels)


def _curve(axes: Axes, curve: pd.DataFrame, colour: str, *, has_band: bool) -> None:
    months, survival = curve["months"].to_numpy(), curve["survival"].to_numpy()
    if survival[0] < 1.0:  # deaths at time 0: the curve falls from 1 there
        line_months = np.concatenate([months[:1], months])
        line_survival = np.concatenate([[1.0], survival])
    else:
        line_months, line_survival = months, survival
    # The corners are points of the line, so that the legend finds a place beside it.
    axes.plot(
        np.repeat(line_months, 2)[1:],
        np.repeat(line_survival, 2)[:-1],
        color=colour,
        linewidth=THICK,
    )
    censored = curve["censored"].to_numpy() > 0
    axes.plot(
        months[censored], survival[censored], linestyle="none", marker="|", markersize=4.0,
        markeredgewidth=THIN, color=colour,
    )  # fmt: skip
    if has_band:
        # Where survival is 0 there is no interval; the last one holds until then.
        lower, upper = curve["lower"].ffill(), curve["upper"].ffill()
        axes.fill_between(
            months, lower, upper, step="post", color=colour,
            alpha=0.12, linewidth=0.0,
        )  # fmt: skip


def _ticks(last: float) -> npt.NDArray[np.float64]:
    """Return at most eight ticks in whole months from 0."""
    step = next((step for step in _TICKS if last / step < 8), _TICKS[-1])  # noqa: PLR2004
    return np.arange(0.0, last + 1e-9, step)


def at_risk(curve: pd.DataFrame, moment: float) -> int:
    """Return how many of a curve's patients were still followed at a moment."""
    later = curve.loc[curve["months"] >= moment, "at_risk"]
    return int(later.iloc[0]) if len(later) else 0


def _at_risk(
    axes: Axes, curve: pd.DataFrame, ticks: npt.NDArray[np.float64], line: int, colour: str
) -> None:
    for tick in ticks:
        axes.text(
            tick, -line, str(at_risk(curve, float(tick))), ha="center", va="center",
            fontsize=SMALL, fontfamily=FONT, color=colour,
        )  # fmt: skip


def _dress_risk(
    axes: Axes, ticks: npt.NDArray[np.float64], labels: list[tuple[str, str]]
) -> None:
    dress(axes)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_yticks(
        [-line for line in range(len(labels))], [shortened(name, 14) for name, _ in labels]
    )
    for label, (_, colour) in zip(axes.get_yticklabels(), labels, strict=True):
        label.set_color(colour)
    axes.set_ylim(0.6 - len(labels), 0.6)
    axes.tick_params(axis="y", length=0.0, pad=7.0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Months (numbers: patients at risk)")


def _tested(rows: pd.DataFrame) -> str:
    row = rows.iloc[0]
    counts = _counts(rows)
    if np.isnan(row["p"]):
        return f"{counts}; not compared: {row['note']}"
    doubt = f"; {row['note']}" if row["note"] else ""
    return f"{row['test']} {p_text(row['p'])}, {p_text(row['q'], 'q')}; {counts}{doubt}"


def _counts(rows: pd.DataFrame) -> str:
    return f"n = {int(rows['n'].sum())} patients, {int(rows['events'].sum())} events"


def _landmark(row: pd.Series) -> str:
    if np.isnan(row["landmark_survival"]):
        return ""
    ends = f"{100 * row['landmark_lower']:.1f}–{100 * row['landmark_upper']:.1f}"  # noqa: RUF001
    moment = f"{row['landmark_months']:g} months"
    return f"{100 * row['landmark_survival']:.1f} % at {moment} (95 % CI {ends})"
