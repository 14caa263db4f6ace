"""What plots of compared genes share: which genes, in which colours, and whom they compare."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from storiform.figures.style import FONT, GREY, INK, SMALL, THIN, WITH, WITHOUT
from storiform.model.errors import NothingToShow

Floats = npt.NDArray[np.float64]

NAMES = {
    "responded": ("response", "no response"),
    "disease_control": ("disease control", "no control"),
}
"""What the groups are called, those with the outcome first."""
_SMALL_DOT, _DOT, _FLAGGED = 2.0, 5.0, 10.0


class Kinds(NamedTuple):
    """Which genes are called higher or lower with the outcome, or are degenerate."""

    up: npt.NDArray[np.bool_]
    down: npt.NDArray[np.bool_]
    is_degenerate: npt.NDArray[np.bool_]


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


def subject_of(genes: pd.DataFrame, outcome: str, tested: int) -> str:
    """Say whom a comparison compares, of how many genes, and adjusted for what."""
    first, second = NAMES[outcome]
    row = genes.iloc[0]
    adjusted = str(row["adjusted_for"]).replace(";", ", ") if row["adjusted_for"] else ""
    text = (
        f"{int(row['n_positive'])} biopsies with {first}, {int(row['n_negative'])} with "
        f"{second}, one of each patient; {tested:,} genes tested; Wald test of a negative "
        "binomial model"
    )
    return f"{text}, adjusted for {adjusted}" if adjusted else text
