"""Survival curves with their intervals, medians, log-rank p and numbers at risk."""

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.curves import (
    CurvePanel,
    GroupStyle,
    comparison_text,
    counts_text,
    curve_panel,
    draw_curves,
)
from storiform.figures.style import (
    DOUBLE_MM,
    Headline,
    canvas,
    footnote,
    headlines,
    shortened,
)
from storiform.model.errors import NothingToShow
from storiform.model.features import method_of, plain_name
from storiform.model.params import Params
from storiform.model.populations import population_text
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
    version=3,
)
SURVIVAL_BY_FEATURE = Picture(
    "survival_by_feature",
    caption="Survival by the features with the smallest p value. High: at or above the "
    "median or the upper tertile of the patients with feature and outcome, or a cut-off given "
    "beforehand, as written below; low: below it, or below the lower tertile. "
    + _READING
    + "p: two-sided log-rank test, exact, by random permutations (Monte Carlo) or "
    "chi-squared as written; q: Benjamini-Hochberg within the family that the table names.",
    version=5,
)
SurvivalOfAll = Annotated[Figure, SURVIVAL_OF_ALL]
SurvivalByFeature = Annotated[Figure, SURVIVAL_BY_FEATURE]

_DIVIDED = {
    "median": "at or above the median",
    "tertiles": "at or above the upper tertile",
    "given": "at or above the given cut-off",
}
_LETTERS = 600
TITLES = {"pfs": "Progression-free survival", "os": "Overall survival"}


class KaplanMeierParams(Params):
    """Which survival curves are drawn."""

    features: int = Field(
        3, ge=1, le=12, description="features drawn, those with the smallest p first"
    )
    ranked_by: Literal["pfs", "os"] = Field(
        "pfs", description="outcome whose p chooses the features; os where there is no pfs"
    )


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
    figure = canvas(DOUBLE_MM * len(outcomes) / 2.0, 82.0)
    panels = _panels(figure, [1], len(outcomes))
    titles: list[Headline] = []
    for panel, outcome in zip(panels, outcomes, strict=True):
        own = rows[rows["outcome"] == outcome]
        draw_curves(panel, own, curves, GroupStyle(has_band=True))
        row = rows[rows["outcome"] == outcome].iloc[0]
        titles.append(Headline(panel.curves, TITLES[outcome], _landmark(row)))
    counts = [
        f"{name.upper()}: {counts_text(rows[rows['outcome'] == name])}" for name in outcomes
    ]
    footnote(figure, "; ".join(counts) + population_text(rows))
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
    sizes = drawn.groupby(["feature", "outcome"]).size().groupby("feature").max()
    lines = [int(sizes[feature]) for feature in chosen]
    figure = canvas(DOUBLE_MM * len(outcomes) / 2.0, sum(map(_row_mm, lines)) + 6.0)
    panels = iter(_panels(figure, lines, len(outcomes)))
    titles: list[Headline] = []
    for feature in chosen:
        for outcome in outcomes:
            panel = next(panels)
            rows = drawn[(drawn["feature"] == feature) & (drawn["outcome"] == outcome)]
            if rows["n"].sum():
                draw_curves(panel, rows, curves, GroupStyle())
            else:
                for axes in panel:
                    axes.set_axis_off()
            title = f"{_named(feature)}, {outcome.upper()}"
            titles.append(Headline(panel.curves, title, comparison_text(rows)))
    told = f"{len(chosen)} of {len(ranked)} compared features, smallest p of "
    told += f"{ranked['outcome'].iloc[0].upper()} first{_high(drawn, chosen)}"
    footnote(figure, shortened(told, _LETTERS) + population_text(compared))
    headlines(figure, titles)
    return figure


def _row_mm(lines: int) -> float:
    """Return the height of a row of panels with so many lines of numbers at risk."""
    return 64.0 + 7.5 * lines


def _panels(figure: Figure, lines: list[int], columns: int) -> list[CurvePanel]:
    """Return panels row by row; `lines` are those of numbers at risk in each row."""
    grid = figure.add_gridspec(len(lines), columns, height_ratios=list(map(_row_mm, lines)))
    return [
        curve_panel(figure, grid[row, column], count)
        for row, count in enumerate(lines)
        for column in range(columns)
    ]


def _named(feature: str) -> str:
    by = f" ({method_of(feature)})" if method_of(feature) else ""
    return f"{shortened(plain_name(feature), 40)}{by}"


def _high(rows: pd.DataFrame, chosen: list[str]) -> str:
    """Write what divides each of the features that are numbers; a given cut-off by value."""
    first = rows.drop_duplicates("feature").set_index("feature")
    divided = first["divided_by"].fillna("").reindex(chosen)
    is_mixed = len(set(divided) - {""}) > 1
    told = []
    for how, words in _DIVIDED.items():
        names = divided.index[divided == how]
        shown = [
            _named(name) + (f" {first.loc[name, 'cutoff']:g}" if how == "given" else "")
            for name in names
        ]
        if shown and (is_mixed or how == "given"):
            told.append(f"{words} ({', '.join(shown)})")
        elif shown:
            told.append(words)
    return f"; high: {'; '.join(told)}" if told else ""


def _landmark(row: pd.Series) -> str:
    if np.isnan(row["landmark_survival"]):
        return ""
    ends = f"{100 * row['landmark_lower']:.1f}–{100 * row['landmark_upper']:.1f}"  # noqa: RUF001
    moment = f"{row['landmark_months']:g} months"
    return f"{100 * row['landmark_survival']:.1f} % at {moment} (95 % CI {ends})"
