"""How well each purity and ploidy explains a tumour's copies."""

from typing import Annotated

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from storiform.figures.style import (
    FONT,
    INK,
    SINGLE_MM,
    SMALL,
    THIN,
    VERMILION,
    canvas,
    dress,
    footnote,
)
from storiform.model.copies import read_alternatives
from storiform.model.errors import NothingToShow
from storiform.model.table import Picture
from storiform.model.tables.copy_calls import CopyNumberFit, CopyNumberSurface

FIT_SURFACE = Picture(
    "fit_surface",
    caption="The surface of the fit: ln of the likelihood of each purity and ploidy, less that "
    "of the best (dark: best). Star: the solution; circles: alternatives; the line bounds what "
    "lies within 5 of the best. No test.",
    grain="biopsy",
)
FitSurface = Annotated[Figure, FIT_SURFACE]

_SHOWN = 40.0
_NEAR = -5.0


def fit_surface(
    copy_number_surface: CopyNumberSurface, copy_number_fit: CopyNumberFit
) -> FitSurface:
    """Draw the likelihood over purity and ploidy, with the solution and its alternatives.

    Raises
    ------
    NothingToShow
        If no grid was searched: another program's fit, or log ratios alone.
    """
    if copy_number_surface.empty:
        message = "no grid of purity and ploidy was searched"
        raise NothingToShow(message)
    grid = copy_number_surface.pivot_table(
        index="purity", columns="ploidy", values="log_likelihood", aggfunc="max"
    )
    fit = copy_number_fit.iloc[0]
    figure = canvas(SINGLE_MM, 72.0)
    axes = figure.subplots()
    values = np.maximum(grid.to_numpy(dtype=np.float64), -_SHOWN)
    mesh = axes.pcolormesh(
        grid.columns.to_numpy(dtype=np.float64), grid.index.to_numpy(dtype=np.float64), values,
        cmap="YlGnBu", vmin=-_SHOWN, vmax=0.0, shading="nearest", rasterized=True,
    )  # fmt: skip
    if (values < _NEAR).any() and min(values.shape) > 1:
        axes.contour(
            grid.columns.to_numpy(dtype=np.float64), grid.index.to_numpy(dtype=np.float64),
            values, levels=[_NEAR], colors=[INK], linewidths=[THIN], linestyles="solid",
        )  # fmt: skip
    others = read_alternatives(fit)
    if others:
        axes.scatter(
            [ploidy for _, ploidy, _ in others], [p for p, _, _ in others], s=26.0,
            facecolors="none", edgecolors=VERMILION, linewidths=1.0, zorder=3,
        )  # fmt: skip
    told = "Purity cannot be told"
    if pd.notna(fit["purity"]):
        axes.scatter(
            [fit["ploidy"]], [fit["purity"]], s=60.0, marker="*", color=VERMILION, zorder=4,
            edgecolors="white", linewidths=0.4,
        )  # fmt: skip
        told = f"Purity {fit['purity']:.2f}, ploidy {fit['ploidy']:.2f}"
    bar = figure.colorbar(mesh, ax=axes, fraction=0.05, pad=0.02)
    bar.ax.tick_params(labelsize=SMALL, labelfontfamily=FONT, width=THIN, length=2.0)
    bar.outline.set_linewidth(THIN)
    bar.set_label("ln likelihood less the best", fontsize=SMALL, fontfamily=FONT)
    axes.set_xlabel("Ploidy (mean copies of tumour cells)")
    axes.set_ylabel("Purity (share of tumour cells)")
    dress(axes)
    footnote(figure, f"{told}{'; ambiguous' if fit['is_ambiguous'] else ''}.")
    return figure
