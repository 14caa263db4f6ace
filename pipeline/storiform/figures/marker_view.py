"""Which share of the markers of each cell population differs with the outcome."""

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.gene_points import NAMES
from storiform.figures.style import (
    FONT,
    INK,
    SINGLE_MM,
    SMALL,
    THIN,
    WITH,
    WITHOUT,
    Headline,
    canvas,
    dress,
    footnote,
    headlines,
    patches,
)
from storiform.model.errors import NothingToShow
from storiform.model.params import Params
from storiform.model.populations import population_text
from storiform.model.table import Picture
from storiform.model.tables.differential import DifferentialExpression, MarkerEnrichment
from storiform.model.tables.rna import POPULATIONS

MARKER_VIEW = Picture(
    "marker_view",
    caption="Share of the markers of each MCP-counter population that are significantly "
    "higher (right) or lower (left) in patients with the outcome; beside each bar the markers "
    "over those tested (with a p, not degenerate). Genes are called by q below alpha of the "
    "differential expression; no test of the shares.",
    version=2,
)
MarkerView = Annotated[Figure, MARKER_VIEW]


class MarkerViewParams(Params):
    """What is drawn."""

    outcome: Literal["responded", "disease_control"] = Field(
        "responded", description="the outcome by which genes are compared"
    )


def marker_view(
    marker_enrichment: MarkerEnrichment,
    differential_expression: DifferentialExpression,
    params: MarkerViewParams,
) -> MarkerView:
    """Draw the share of markers up and down with the outcome, one bar per population.

    Raises
    ------
    NothingToShow
        If no marker was compared by the outcome.
    """
    chosen = marker_enrichment["contrast"] == params.outcome
    shares = marker_enrichment[chosen & (marker_enrichment["tested"] > 0)]
    if shares.empty:
        message = f"no marker was compared by {params.outcome}"
        raise NothingToShow(message)
    shares = shares.assign(share_down=shares["down"] / shares["tested"])
    shares = shares.sort_values(["share_up", "share_down", "population"], ignore_index=True)
    first, second = NAMES[params.outcome]
    figure = canvas(SINGLE_MM, 34.0 + 5.5 * len(shares))
    axes = figure.subplots()
    _draw_bars(axes, shares)
    axes.set_xlabel("share of the tested markers, %")
    dress(axes)
    handles = patches({f"lower with {first}": WITHOUT, f"higher with {first}": WITH})
    axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.14 - 0.9 / len(shares)),
        ncols=2, frameon=False, prop={"family": FONT, "size": SMALL}, borderaxespad=0.0,
    )  # fmt: skip
    genes = differential_expression[differential_expression["contrast"] == params.outcome]
    row, whom = genes.iloc[0], population_text(genes, ", ")
    footnote(
        figure,
        f"{int(row['n_positive'])} biopsies with {first}, {int(row['n_negative'])} with "
        f"{second}, one of each patient{whom}; markers with a p are tested, called at "
        f"q < {float(row['alpha']):g}",
    )
    headlines(figure, [Headline(axes, f"Cell markers by {first}")])
    return figure


def _draw_bars(axes: Axes, shares: pd.DataFrame) -> None:
    places = np.arange(len(shares))
    for column, count, colour, sign in (
        ("share_up", "up", WITH, 1.0), ("share_down", "down", WITHOUT, -1.0),
    ):  # fmt: skip
        lengths = 100.0 * sign * shares[column].to_numpy(np.float64)
        axes.barh(places, lengths, height=0.66, color=colour, edgecolor=INK, linewidth=THIN / 2)
        for place, length in zip(places, lengths, strict=True):
            number, tested = int(shares[count][place]), int(shares["tested"][place])
            if number or (sign > 0 and not shares["down"][place]):
                axes.annotate(
                    f"{number}/{tested}", (length, place), (3.0 * sign, 0.0),
                    textcoords="offset points", ha="left" if sign > 0 else "right", va="center",
                    fontsize=SMALL, fontfamily=FONT, color=INK,
                )  # fmt: skip
    axes.axvline(0.0, color=INK, linewidth=THIN)
    titles = {column: population for population, column in POPULATIONS.items()}
    names = [
        f"{titles.get(population, population)} ({tested})"
        for population, tested in zip(shares["population"], shares["tested"], strict=True)
    ]
    axes.set_yticks(places, names)
    axes.set_ylim(-0.6, len(shares) - 0.4)
    left = 125.0 if (shares["down"] > 0).any() else 5.0
    axes.set_xlim(-left, 125.0)
    ticks = np.arange(-100 if left > 100.0 else 0, 101, 50)  # noqa: PLR2004  percent
    axes.set_xticks(ticks, [str(abs(tick)) for tick in ticks])
