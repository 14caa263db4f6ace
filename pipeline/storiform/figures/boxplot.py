"""Features of the patients with and without an outcome, each patient a point."""

from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.style import (
    DOT,
    DOUBLE_MM,
    INK,
    THICK,
    THIN,
    WITH,
    WITHOUT,
    Headline,
    canvas,
    dress,
    footnote,
    headlines,
    p_text,
)
from storiform.model.errors import NothingToShow
from storiform.model.features import method_of, plain_name
from storiform.model.params import Params
from storiform.model.populations import population_of, population_text
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import Associations, Features
from storiform.model.tables.trial_tables import PopulationMembers

Floats = npt.NDArray[np.float64]

RESPONSE_BOXPLOTS = Picture(
    "response_boxplots",
    caption="The features that differ most between the patients with and without the "
    "outcome, by p value. A point is a patient with both feature and outcome; n stands under "
    "each box. Boxes: median and quartiles; whiskers: furthest point within 1.5 times the "
    "interquartile range. p: two-sided Wilcoxon rank-sum test; q: Benjamini-Hochberg "
    "within the family that the table of associations names.",
    version=3,
)
ResponseBoxplots = Annotated[Figure, RESPONSE_BOXPLOTS]

NAMES = {
    "responded": ("response", "no response"),
    "disease_control": ("control", "no control"),
}
"""What the two boxes are called, those with the outcome first."""


class BoxplotParams(Params):
    """Which features are drawn."""

    outcome: Literal["responded", "disease_control"] = Field(
        "responded", description="the outcome that divides the patients"
    )
    panels: int = Field(
        8, ge=1, le=32, description="features drawn, those with the smallest p first"
    )
    columns: int = Field(4, ge=1, le=4, description="panels side by side")


class _Group(NamedTuple):
    name: str
    points: Floats
    colour: str


def response_boxplots(
    features: Features,
    clinic: Clinic,
    associations: Associations,
    params: BoxplotParams,
    members: PopulationMembers | None = None,
) -> ResponseBoxplots:
    """Draw the features with the smallest p by outcome, as boxes with points.

    Raises
    ------
    NothingToShow
        If no number was compared by the outcome.
    """
    chosen = associations[
        (associations["outcome"] == params.outcome)
        & (associations["kind"] == "number")
        & associations["p"].notna()
    ].sort_values(["p", "feature"])
    if chosen.empty:
        message = f"no number was compared by {params.outcome}"
        raise NothingToShow(message)
    tested = len(chosen)
    chosen = chosen.head(params.panels)
    columns = min(params.columns, len(chosen))
    rows = -(-len(chosen) // columns)
    figure = canvas(DOUBLE_MM * min(1.0, (columns + 0.3) / 4.0), 6.0 + 58.0 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    population = population_of(members, str(chosen["population"].iloc[0]))
    outcomes = clinic.set_index("patient")[params.outcome]
    by_feature = population.rows(features).groupby("feature", sort=False)
    titles: list[Headline] = []
    for panel, row in zip(axes, chosen.itertuples(), strict=False):
        values = by_feature.get_group(str(row.feature))
        has = values["patient"].map(outcomes).astype("boolean")
        _panel(panel, values, has, params.outcome)
        numbers = f"{p_text(float(str(row.p)))}, {p_text(float(str(row.q)), 'q')}"
        titles.append(Headline(panel, plain_name(str(row.feature)), numbers))
    for panel in axes[len(chosen) :]:
        panel.set_visible(False)
    least, most = int(chosen["n"].min()), int(chosen["n"].max())
    n = f"{most}" if least == most else f"{least} to {most}"
    footnote(
        figure, f"{len(chosen)} of {tested} tested features, smallest p first; n = {n} "
        f"patients with feature and outcome{population_text(chosen)}; Wilcoxon rank-sum test",
    )  # fmt: skip
    headlines(figure, titles)
    return figure


def _panel(axes: Axes, values: pd.DataFrame, has: pd.Series, outcome: str) -> None:
    first, second = NAMES[outcome]
    groups = [
        _Group(first, _finite(values.loc[has.fillna(value=False), "value"]), WITH),
        _Group(second, _finite(values.loc[(~has).fillna(value=False), "value"]), WITHOUT),
    ]
    drawn = axes.boxplot(
        [group.points for group in groups], positions=[0, 1], widths=0.56, showfliers=False,
        patch_artist=True, manage_ticks=False,
        medianprops={"color": INK, "linewidth": THICK},
        whiskerprops={"color": INK, "linewidth": THIN},
        capprops={"color": INK, "linewidth": THIN},
        boxprops={"edgecolor": INK, "linewidth": THIN},
    )  # fmt: skip
    for position, (box, group) in enumerate(zip(drawn["boxes"], groups, strict=True)):
        box.set_facecolor((*_rgb(group.colour), 0.25))
        axes.scatter(
            position + beside(group.points), group.points, s=DOT, color=group.colour,
            edgecolors="white", linewidths=0.3, zorder=3,
        )  # fmt: skip
    axes.set_xticks([0, 1], [f"{group.name}\nn = {len(group.points)}" for group in groups])
    axes.set_xlim(-0.55, 1.55)
    unit = values["unit_of_measure"].fillna("").iloc[0]
    parts = [method_of(str(values["feature"].iloc[0])), str(unit)]
    axes.set_ylabel(", ".join(part for part in parts if part))
    dress(axes)


def beside(values: Floats) -> Floats:
    """Return offsets (n,) that move points of nearly equal height apart, without chance.

    Points are dealt out by height: those that fall into one of twenty strips of the range
    stand side by side around the middle.
    """
    offsets = np.zeros(len(values))
    if len(values) == 0:
        return offsets
    span = float(np.ptp(values)) or 1.0
    strips = np.floor((values - values.min()) / span * 20.0)
    for strip in np.unique(strips):
        members = np.flatnonzero(strips == strip)
        members = members[np.argsort(values[members], kind="stable")]
        places = np.arange(len(members)) - (len(members) - 1) / 2.0
        step = min(0.11, 0.5 / max(len(members) - 1, 1))
        offsets[members] = places * step
    return offsets


def _finite(values: pd.Series) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    return numbers[np.isfinite(numbers)]


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[place : place + 2], 16) / 255.0 for place in (1, 3, 5))
    return red, green, blue
