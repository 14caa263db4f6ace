"""What plots of compared genes share: which genes, in which colours, and whom they compare."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from storiform.figures.labels import Label, Places, find_places, write_labels
from storiform.figures.style import (
    FONT,
    GREY,
    INK,
    SMALL,
    THIN,
    WITH,
    WITHOUT,
    arrange,
    footnote,
)
from storiform.model.errors import NothingToShow
from storiform.model.populations import population_text

Floats = npt.NDArray[np.float64]

NAMES = {
    "responded": ("response", "no response"),
    "disease_control": ("disease control", "no control"),
}
"""What the groups are called, those with the outcome first."""
_SMALL_DOT, _DOT, _FLAGGED = 2.0, 5.0, 10.0
_WIDENINGS = (0.0, 0.08, 0.16, 0.28, 0.4)
"""Shares of the axes that are added at their borders where names find no room."""


class Kinds(NamedTuple):
    """Which genes are called higher or lower with the outcome, or are degenerate."""

    up: npt.NDArray[np.bool_]
    down: npt.NDArray[np.bool_]
    is_degenerate: npt.NDArray[np.bool_]


class Naming(NamedTuple):
    """Which genes are named: points (n, 2) of all genes, names at most, borders that may grow.

    `borders` says of the left, right, lower and upper border what part of an added share of
    the axes it takes.
    """

    genes: pd.DataFrame
    points: Floats
    most: int
    borders: tuple[float, float, float, float]


def tested_genes(table: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Return the genes with a p of one comparison, those with the smallest p first.

    Raises
    ------
    NothingToShow
        If no gene was compared.
    """
    genes = table[(table["contrast"] == outcome) & table["p"].notna()]
    if genes.empty:
        message = f"no gene was compared by {outcome}"
        raise NothingToShow(message)
    return genes.sort_values(["p", "gene"], ignore_index=True)


def kinds_of(genes: pd.DataFrame) -> Kinds:
    """Tell the genes apart; a degenerate one stays what it is called."""
    called = genes["is_significant"].to_numpy(dtype=bool)
    change = genes["log2_fold_change"].to_numpy(dtype=np.float64)
    is_degenerate = genes["is_degenerate"].to_numpy(dtype=bool)
    return Kinds(called & (change > 0), called & (change < 0), is_degenerate)


def draw_genes(axes: Axes, points: Floats, kinds: Kinds) -> None:
    """Draw genes (n, 2): grey where not called, a ring around degenerate ones."""
    rest = ~(kinds.up | kinds.down)
    for chosen, colour, size, order in (
        (rest, GREY, _SMALL_DOT, 1), (kinds.down, WITHOUT, _DOT, 2), (kinds.up, WITH, _DOT, 2),
    ):  # fmt: skip
        axes.scatter(
            points[chosen, 0], points[chosen, 1], s=size, color=colour, linewidths=0.0,
            alpha=0.5 if colour == GREY else 0.9, zorder=order, rasterized=True,
        )  # fmt: skip
    ring = points[kinds.is_degenerate]
    axes.scatter(
        ring[:, 0], ring[:, 1], s=_FLAGGED, facecolors="none", edgecolors=INK,
        linewidths=THIN / 2, zorder=3,
    )  # fmt: skip


def draw_key(axes: Axes, genes: pd.DataFrame, outcome: str) -> None:
    """Write under the axes what the colours mean, and how many genes have them."""
    first, kinds = NAMES[outcome][0], kinds_of(genes)
    called = f"with {first}, q < {float(genes['alpha'].iloc[0]):g}"
    entries = [
        (WITH, "none", f"higher {called}: {int(kinds.up.sum()):,}"),
        (WITHOUT, "none", f"lower {called}: {int(kinds.down.sum()):,}"),
        (GREY, "none", f"not called: {int((~(kinds.up | kinds.down)).sum()):,}"),
        ("none", INK, f"degenerate: {int(kinds.is_degenerate.sum()):,}"),
    ]
    handles = [
        Line2D([], [], marker="o", linestyle="", markersize=3.0, markerfacecolor=fill,
               markeredgecolor=edge, markeredgewidth=THIN / 2, label=text)
        for fill, edge, text in entries
    ]  # fmt: skip
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(-0.1, -0.16), ncols=2,
        frameon=False, prop={"family": FONT, "size": SMALL}, handletextpad=0.2,
        columnspacing=1.2, borderaxespad=0.0,
    )  # fmt: skip


def name_genes(figure: Figure, naming: Naming, note: str) -> None:
    """Write the names of the called genes with the smallest p, and under the figure how many.

    No name covers a called or ringed point. Where names find no room the axes are widened; a
    name that still finds none is left out.
    """
    axes = figure.axes[0]
    kinds = kinds_of(naming.genes)
    called = kinds.up | kinds.down
    chosen = np.flatnonzero(called & ~kinds.is_degenerate)[: naming.most]
    names = naming.genes["gene"].astype(str).to_numpy()
    labels = [Label(str(names[at]), *map(float, naming.points[at])) for at in chosen]
    marks = naming.points[called | kinds.is_degenerate]
    footnote(figure, note + _named(len(labels), len(labels)))
    limits = np.array([*axes.get_xlim(), *axes.get_ylim()])
    faults: dict[tuple[int, int, float], Places] = {}
    for share in _WIDENINGS:
        _widen(axes, limits, np.array(naming.borders) * share)
        arrange(figure)
        places = find_places(axes, labels, naming.points, marks, is_everywhere=True)
        missing = len(labels) - places.found
        faults[missing, places.lost, share] = places
        if not missing and not places.lost:
            break
    best = min(faults)
    _widen(axes, limits, np.array(naming.borders) * best[-1])
    arrange(figure)
    footnote(figure, note + _named(faults[best].found, len(labels)))
    write_labels(axes, faults[best])


def _named(found: int, sought: int) -> str:
    if not sought:
        return ""
    # As wide whatever the number is: another line would move the axes and all points.
    number = str(found).rjust(len(str(sought)), "\N{FIGURE SPACE}")
    return f"; {number} of {sought} called genes with the smallest p named"


def _widen(axes: Axes, limits: Floats, shares: Floats) -> None:
    left, right, low, high = limits.tolist()
    wide, tall = right - left, high - low
    axes.set_xlim(left - shares[0] * wide, right + shares[1] * wide)
    axes.set_ylim(low - shares[2] * tall, high + shares[3] * tall)


def subject_of(genes: pd.DataFrame, outcome: str, tested: int) -> str:
    """Say whom a comparison compares, of how many genes, and adjusted for what."""
    first, second = NAMES[outcome]
    row = genes.iloc[0]
    adjusted = str(row["adjusted_for"]).replace(";", ", ") if row["adjusted_for"] else ""
    whom = population_text(genes, ", ")
    text = (
        f"{int(row['n_positive'])} biopsies with {first}, {int(row['n_negative'])} with "
        f"{second}, one of each patient{whom}; {tested:,} genes tested; Wald test of a "
        "negative binomial model"
    )
    return f"{text}, adjusted for {adjusted}" if adjusted else text
