"""Pairs of numbers over the patients, each patient a point, with their correlation."""

from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from pydantic import Field

from storiform.figures.style import (
    DOT,
    DOUBLE_MM,
    FONT,
    GREY,
    RESPONSES,
    SINGLE_MM,
    SMALL,
    Headline,
    canvas,
    dress,
    footnote,
    headlines,
    p_text,
    patches,
)
from storiform.model.errors import NothingToShow
from storiform.model.features import full_name, plain_name
from storiform.model.params import Params
from storiform.model.populations import population_of, population_text
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import Features
from storiform.model.tables.trial_tables import Correlations, PopulationMembers

Floats = npt.NDArray[np.float64]

CORRELATION_SCATTER = Picture(
    "correlation_scatter",
    caption="Pairs of numbers, each patient with both a point, coloured by best overall "
    "response. r: Pearson's correlation with 95 % interval (Fisher's z) and its two-sided p; "
    "q: Benjamini-Hochberg within the family that the table correlations names; rho: "
    "Spearman's correlation. No line is fitted.",
    version=2,
)
CorrelationScatter = Annotated[Figure, CORRELATION_SCATTER]

_MANY = 100
_HEIGHTS_MM = {1: 84.0, 2: 72.0, 3: 64.0}
"""Of a line of panels, by how many stand side by side."""


class CorrelationScatterParams(Params):
    """Which pairs are drawn."""

    pairs: tuple[tuple[str, str], ...] = Field(
        (
            ("mcp_counter.b_lineage", "measurements.CD20"),
            ("mcp_counter.b_lineage", "biopsy_measurements.CD20"),
        ),
        max_length=12,
        description="pairs of TABLE.COLUMN, first the one on the axis across; where none of "
        "them was compared, those with the smallest p are drawn",
    )
    panels: int = Field(
        3, ge=1, le=12, description="pairs drawn where none of the named ones was compared"
    )


class _Points(NamedTuple):
    x: Floats
    y: Floats
    responses: list[str]


def correlation_scatter(
    correlations: Correlations,
    features: Features,
    clinic: Clinic,
    params: CorrelationScatterParams,
    members: PopulationMembers | None = None,
) -> CorrelationScatter:
    """Draw the named pairs of numbers with the correlation of each.

    Raises
    ------
    NothingToShow
        If no pair has a correlation.
    """
    compared = correlations[correlations["pearson"].notna()]
    if compared.empty:
        message = "no pair of numbers has a correlation"
        raise NothingToShow(message)
    features = population_of(members, str(compared["population"].iloc[0])).rows(features)
    chosen, is_named = _chosen(compared, params)
    columns = min(len(chosen), 3)
    lines = -(-len(chosen) // columns)
    width = SINGLE_MM if columns == 1 else DOUBLE_MM
    figure = canvas(width, 10.0 + lines * _HEIGHTS_MM[columns])
    panels = list(figure.subplots(lines, columns, squeeze=False).ravel())
    responses = clinic.drop_duplicates("patient").set_index("patient")["response"]
    titles: list[Headline] = []
    present: set[str] = set()
    for panel, row in zip(panels, chosen, strict=False):
        points = _points(features, responses, row)
        present |= set(points.responses)
        _draw(panel, points, row, features)
        title = f"{plain_name(str(row['x']))} v. {plain_name(str(row['y']))}"
        titles.append(Headline(panel, title, _numbers(row)))
    for panel in panels[len(chosen) :]:
        panel.set_visible(False)
    keys = {name: colour for name, colour in RESPONSES.items() if name in present}
    figure.legend(
        handles=patches(keys), loc="outside upper right", frameon=False, ncols=len(keys),
        prop={"size": SMALL, "family": FONT}, handlelength=1.0, columnspacing=1.0,
    )  # fmt: skip
    order = "as the configuration names them" if is_named else "smallest p first"
    told = f"{len(chosen)} of {len(compared)} compared pairs, {order}"
    footnote(figure, told + population_text(compared))
    headlines(figure, titles)
    return figure


def _chosen(
    compared: pd.DataFrame, params: CorrelationScatterParams
) -> tuple[list[dict[str, object]], bool]:
    """Return the rows of the named pairs, or those with the smallest p, and which it is."""
    rows = compared.to_dict("records")
    found: list[dict[str, object]] = []
    for x, y in params.pairs:
        for row in rows:
            if (row["x"], row["y"]) == (x, y):
                found.append({str(k): v for k, v in row.items()})
            elif (row["x"], row["y"]) == (y, x):
                found.append({**{str(k): v for k, v in row.items()}, "x": x, "y": y})
    if found:
        return found, True
    ordered = compared.sort_values(["pearson_p", "x", "y"], na_position="last")
    first = ordered.head(params.panels).to_dict("records")
    return [{str(k): v for k, v in row.items()} for row in first], False


def _points(features: pd.DataFrame, responses: pd.Series, row: dict[str, object]) -> _Points:
    """Return the values of the patients that have both, by patient."""
    sides = [_values(features, str(row[side])) for side in ("x", "y")]
    both = pd.concat(sides, axis=1, join="inner", keys=["x", "y"]).dropna().sort_index()
    told = responses.reindex(both.index)
    shown = told.where(told.isin(list(RESPONSES)), "NE").astype(str).tolist()
    return _Points(both["x"].to_numpy(np.float64), both["y"].to_numpy(np.float64), shown)


def _values(features: pd.DataFrame, name: str) -> pd.Series:
    rows = features[features["feature"] == name].drop_duplicates("patient")
    values = rows.set_index("patient")["value"].astype(float)
    return values.where(np.isfinite(values))


def _draw(axes: Axes, points: _Points, row: dict[str, object], features: pd.DataFrame) -> None:
    axes.scatter(
        points.x, points.y, s=DOT * (1.4 if len(points.x) <= _MANY else 0.7),
        color=[RESPONSES[name] for name in points.responses], edgecolors=GREY, linewidths=0.3,
        clip_on=False, zorder=3,
    )  # fmt: skip
    axes.set_xlabel(_label(str(row["x"]), features))
    axes.set_ylabel(_label(str(row["y"]), features))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5))
    axes.margins(0.06)
    dress(axes)


def _label(name: str, features: pd.DataFrame) -> str:
    units = features.loc[features["feature"] == name, "unit_of_measure"].dropna()
    unit = str(units.iloc[0]) if len(units) else ""
    return f"{full_name(name)}, {unit}" if unit else full_name(name)


def _numbers(row: dict[str, object]) -> str:
    """Write r with its interval, p, q, Spearman's correlation and n."""
    r, lower, upper, p, q, rho = (
        float(str(row[name]))
        for name in ("pearson", "pearson_lower", "pearson_upper", "pearson_p", "q", "spearman")
    )
    ends = "" if np.isnan(lower + upper) else f" ({lower:.2f} to {upper:.2f})"
    told = [f"r = {r:.2f}{ends}", f"n = {row['n']}", p_text(p)]
    if not np.isnan(q):
        told.append(p_text(q, "q"))
    if not np.isnan(rho):
        told.append(f"rho = {rho:.2f}")
    return "; ".join(told)
