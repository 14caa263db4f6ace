"""Scores of all biopsies as a heat map, with the response of their patients above."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.strips import (
    Strip,
    draw_strip,
    dress_z_bar,
    histology_strip,
    response_strip,
)
from storiform.figures.style import (
    DOUBLE_MM,
    FONT,
    RESPONSES,
    SMALL,
    TALLEST_MM,
    canvas,
    diverging,
    dress,
    footnote,
    letters_mm,
    patches,
    told_apart,
)
from storiform.model.errors import NothingToShow
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.rna import POPULATIONS, McpCounter, SsGsea

Floats = npt.NDArray[np.float64]

_READING = (
    "Each row is standardised over the biopsies shown (z score); columns are sorted by best "
    "response, then by mean z score. Grey: missing. No test."
)
MICROENVIRONMENT_HEATMAP = Picture(
    "microenvironment_heatmap",
    version=4,
    caption="MCP-counter scores of ten cell populations, one column for each biopsy with "
    "RNA, of all timepoints. " + _READING,
)
GENE_SET_HEATMAP = Picture(
    "gene_set_heatmap",
    version=4,
    caption="ssGSEA enrichment scores, one column for each biopsy with RNA, of all timepoints. "
    + _READING,
)
MicroenvironmentHeatmap = Annotated[Figure, MICROENVIRONMENT_HEATMAP]
GeneSetHeatmap = Annotated[Figure, GENE_SET_HEATMAP]


_PLACES: tuple[Literal["outside upper left", "outside right upper"], ...] = (
    "outside right upper",
    "outside upper left",
)


class HeatmapParams(Params):
    """How scores are drawn."""

    limit: float = Field(
        2.5, gt=0.0, le=10.0, description="z score at which the colours saturate"
    )
    rows: int = Field(
        50, ge=2, le=200, description="gene sets drawn, those that vary most over the biopsies"
    )
    most_names: int = Field(
        60, ge=0, le=200, description="biopsies up to which columns carry names"
    )


def microenvironment_heatmap(
    scores: McpCounter, clinic: Clinic, params: HeatmapParams
) -> MicroenvironmentHeatmap:
    """Draw the MCP-counter scores of all biopsies.

    Raises
    ------
    NothingToShow
        If fewer than two biopsies have scores.
    """
    names = {column: population for population, column in POPULATIONS.items()}
    return _heatmap(scores, clinic, params, names)


def gene_set_heatmap(scores: SsGsea, clinic: Clinic, params: HeatmapParams) -> GeneSetHeatmap:
    """Draw the ssGSEA scores of all biopsies, of the gene sets that vary most.

    Raises
    ------
    NothingToShow
        If fewer than two biopsies have scores.
    """
    sets = [name for name in scores.columns if name not in {"patient", "biopsy"}]
    spread = scores[sets].std().fillna(0.0)
    chosen = set(spread.sort_values(ascending=False, kind="stable").index[: params.rows])
    names = {name: name.replace("_", " ") for name in sets if name in chosen}
    return _heatmap(scores, clinic, params, names)


def _heatmap(
    scores: pd.DataFrame, clinic: pd.DataFrame, params: HeatmapParams, names: dict[str, str]
) -> Figure:
    known = scores[scores[list(names)].notna().any(axis=1)] if names else scores.iloc[:0]
    if len(known) < 2:  # noqa: PLR2004  nothing to standardise over
        message = f"{len(known)} biopsies have scores, a heat map takes two"
        raise NothingToShow(message)
    z = standardised(known[list(names)].to_numpy(dtype=np.float64)).T
    clinical = clinic.set_index("patient").reindex(known["patient"])
    response = response_strip("response", clinical["response"])
    place = np.array([list(RESPONSES).index(cell) for cell in response.cells])
    order = np.lexsort((known["biopsy"], -_column_means(z), place))
    strips = [response._replace(cells=[response.cells[at] for at in order])]
    histology = histology_strip(clinical["histology"].iloc[order])
    if histology is not None:
        strips.append(histology)
    biopsies = known["biopsy"].iloc[order].tolist()
    labels = biopsies if len(biopsies) <= params.most_names else []
    return _drawn(z[:, order], list(names.values()), labels, strips, params.limit)


def standardised(scores: Floats) -> Floats:
    """Return z scores of columns (biopsies, rows); a constant column becomes missing."""
    count = np.isfinite(scores).sum(axis=0)
    filled = np.where(np.isfinite(scores), scores, 0.0)
    mean = filled.sum(axis=0) / np.maximum(count, 1)
    square = np.where(np.isfinite(scores), (scores - mean) ** 2, 0.0).sum(axis=0)
    spread = np.sqrt(square / np.maximum(count - 1, 1))
    usable = np.where(spread > 0.0, spread, np.nan)
    result: Floats = np.where(np.isfinite(scores), (scores - mean) / usable, np.nan)
    return result


def _column_means(z: Floats) -> Floats:
    count = np.isfinite(z).sum(axis=0)
    total = np.where(np.isfinite(z), z, 0.0).sum(axis=0)
    means: Floats = total / np.maximum(count, 1)
    return means


def _drawn(
    z: Floats, rows: list[str], columns: list[str], strips: list[Strip], limit: float
) -> Figure:
    body_mm = max(4.2 * len(rows), 20.0)
    names = told_apart(columns, 16)
    height = min(body_mm + 4.2 * len(strips) + 30.0 + letters_mm(names), TALLEST_MM)
    figure = canvas(DOUBLE_MM, height)
    heights = [4.2] * len(strips) + [body_mm]
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights, hspace=0.01)
    body = figure.add_subplot(grid[len(strips)])
    image = body.imshow(
        np.ma.masked_invalid(z), aspect="auto", interpolation="nearest", cmap=diverging(),
        vmin=-limit, vmax=limit,
    )  # fmt: skip
    dress(body, has_frame=True)
    body.set_yticks(range(len(rows)), told_apart(rows, 36))
    body.set_xticks(range(len(columns)), names, rotation=90)
    body.tick_params(length=0.0)
    axes = [body]
    for number, strip in enumerate(strips):
        axes.append(figure.add_subplot(grid[number]))
        draw_strip(axes[-1], strip)
    bar = figure.colorbar(
        image, ax=axes, shrink=min(0.8, 35.0 / body_mm), aspect=18, pad=0.01, extend="both"
    )
    dress_z_bar(bar)
    _legends(figure, strips)
    footnote(figure, f"n = {z.shape[1]} biopsies, {z.shape[0]} scores")
    return figure


def _legends(figure: Figure, strips: list[Strip]) -> None:
    """Write the keys of the strips: the first at the right, the second above."""
    for strip, place in zip(strips, _PLACES, strict=False):
        keys = {name: strip.colours[name] for name in strip.colours if name in strip.cells}
        figure.legend(
            handles=patches(dict(zip(told_apart(list(keys), 24), keys.values(), strict=True))),
            loc=place, frameon=False, ncols=_key_columns(place, keys),
            prop={"size": SMALL, "family": FONT}, handlelength=1.0, columnspacing=1.0,
        )  # fmt: skip


def _key_columns(place: str, keys: dict[str, str]) -> int:
    """Return how many keys stand side by side: one at the right, as many as fit above."""
    if place == _PLACES[0]:
        return 1
    longest = letters_mm(told_apart(list(keys), 24))
    return max(1, min(len(keys), int(DOUBLE_MM / (longest + 9.0))))
