"""Fusions of a cohort: a strip of tiles, one column for each biopsy."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from storiform.figures.style import (
    BLUE,
    DOUBLE_MM,
    FONT,
    INK,
    LETTER_MM,
    PALE,
    SINGLE_MM,
    SMALL,
    TALLEST_MM,
    VERMILION,
    canvas,
    dress,
    footnote,
    patches,
    shortened,
    told_apart,
)
from storiform.model.counting import counted
from storiform.model.errors import NothingToShow
from storiform.model.table import Picture
from storiform.model.tables.fusions import FusionBurden, Fusions

FUSION_STRIP = Picture(
    "fusion_strip",
    caption="Fusions of genes that count: one column for each biopsy whose RNA was looked at, "
    "a row for each pair that is known in sarcomas, however many they are, and for the most "
    "frequent other pairs of several biopsies, up to 24 rows; the last row counts all other "
    "pairs. No test.",
    version=2,
)
FusionStrip = Annotated[Figure, FUSION_STRIP]

_MOST_PAIRS, _MOST_NAMES = 24, 60
_ROW_MM, _EDGES_MM = 4.2, 34.0
_OTHERS = "other pairs"
_KEYS: Mapping[str, str] = {"known in sarcomas": VERMILION, "other": BLUE, "none": PALE}


class FusionTiles(NamedTuple):
    """What the strip draws, for a figure that has one of its own.

    `pairs` are the rows, best known first; `known` those of them that are known; `biopsies`
    the columns; `counts` (pairs + 1, biopsies) the pairs in each tile, in the last row those
    without a row of their own.
    """

    pairs: tuple[str, ...]
    known: frozenset[str]
    biopsies: tuple[str, ...]
    counts: np.ndarray[tuple[int, int], np.dtype[np.int64]]


def fusion_tiles(fusions: pd.DataFrame, fusion_burden: pd.DataFrame) -> FusionTiles:
    """Arrange the pairs of genes that count by biopsy.

    Parameters
    ----------
    fusions, fusion_burden
        The tables of all biopsies; a biopsy without fusions has a row in the second alone. One
        in which they could not be seen, whose count is missing, is a column only if one was.
    """
    counted = fusions[fusions["is_confident"]].drop_duplicates(["biopsy", "fusion"])
    is_known = counted["known_fusion"].fillna("").ne("")
    known = frozenset(counted.loc[is_known, "fusion"])
    sizes = Counter(map(str, counted["fusion"]))
    shown = [pair for pair, size in sizes.items() if pair in known or size > 1]
    shown = sorted(shown, key=lambda pair: (pair not in known, -sizes[pair], pair))
    # What is known is never folded: it names the tumour.
    pairs = tuple(shown[: max(_MOST_PAIRS, len(known))])
    rows = {pair: row for row, pair in enumerate(pairs)}
    seen = fusion_burden.loc[fusion_burden["fusions"].notna(), "biopsy"]
    names = sorted(set(seen) | set(counted["biopsy"]))
    table = np.zeros((len(pairs) + 1, len(names)), dtype=np.int64)
    columns = {name: column for column, name in enumerate(names)}
    for biopsy, pair in zip(counted["biopsy"], counted["fusion"], strict=True):
        table[rows.get(pair, len(pairs)), columns[biopsy]] += 1
    order = np.lexsort(np.vstack([np.arange(len(names)), -table[::-1]]))
    biopsies = tuple(names[column] for column in order.tolist())
    return FusionTiles(pairs, known, biopsies, table[:, order])


def fusion_strip(fusions: Fusions, fusion_burden: FusionBurden) -> FusionStrip:
    """Draw the pairs of genes that count, by biopsy.

    Raises
    ------
    NothingToShow
        If no biopsy has a fusion that counts.
    """
    tiles = fusion_tiles(fusions, fusion_burden)
    if not tiles.counts.any():
        message = "no biopsy has a fusion that counts"
        raise NothingToShow(message)
    columns, rows = len(tiles.biopsies), len(tiles.pairs) + 1
    labels = [*(shortened(pair, 28) for pair in tiles.pairs), _OTHERS]
    margin = max(len(label) for label in labels) * LETTER_MM
    width = min(DOUBLE_MM, max(SINGLE_MM, margin + 12.0 + 4.0 * columns))
    figure = canvas(width, min(_EDGES_MM + _ROW_MM * rows, TALLEST_MM))
    axes = figure.subplots()
    is_narrow = (width - margin) / columns < 2.5 * LETTER_MM
    _draw_tiles(axes, tiles, has_numbers=not is_narrow)
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.set_yticks(np.arange(rows) + 0.5, labels)
    shown = tiles.biopsies if columns <= _MOST_NAMES else ()
    names = told_apart(shown, 16)
    axes.set_xticks(np.arange(len(shown)) + 0.5, names, rotation=90)
    dress(axes)
    axes.tick_params(length=0.0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    figure.legend(
        handles=patches(_KEYS), loc="outside upper right", frameon=False, ncols=len(_KEYS),
        prop={"size": SMALL, "family": FONT}, handlelength=1.0, columnspacing=1.0,
    )  # fmt: skip
    having = int(tiles.counts.any(axis=0).sum())
    is_known = fusions["is_confident"] & fusions["known_fusion"].fillna("").ne("")
    known = fusions.loc[is_known, "biopsy"].nunique()
    whom = counted(columns, "biopsy", "biopsies")
    told = f"n = {whom}; {having} with a fusion, {known} with a known one"
    blind = len(set(fusion_burden["biopsy"]) - set(tiles.biopsies))
    footnote(figure, f"{told}; {blind} in which none can be seen" if blind else told)
    return figure


def _draw_tiles(axes: Axes, tiles: FusionTiles, *, has_numbers: bool) -> None:
    boxes, colours = [], []
    for row, pair in enumerate([*tiles.pairs, _OTHERS]):
        colour = VERMILION if pair in tiles.known else BLUE
        for column, count in enumerate(tiles.counts[row].tolist()):
            boxes.append(Rectangle((column + 0.08, row + 0.08), 0.84, 0.84))
            colours.append(colour if count else PALE)
            if count > 1 and has_numbers:
                axes.text(
                    column + 0.5, row + 0.52, f"{count}", ha="center", va="center",
                    fontsize=SMALL, fontfamily=FONT, color="white" if colour == BLUE else INK,
                )  # fmt: skip
    axes.add_collection(PatchCollection(boxes, facecolors=colours, linewidths=0))
