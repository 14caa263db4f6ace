"""The batch view: components of expression, coloured by what is known of the biopsies."""

from typing import Annotated, Any, NamedTuple

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from storiform.figures.style import (
    DOUBLE_MM,
    FONT,
    GREY,
    INK,
    MEDIUM,
    PALE,
    PALETTE,
    SMALL,
    THIN,
    canvas,
    dress,
    footnote,
    shortened,
)
from storiform.model.errors import NothingToShow
from storiform.model.table import Picture
from storiform.model.tables.expression_pca import (
    CATEGORIES,
    NUMBERS,
    ExpressionComponents,
    ExpressionCovariates,
    ExpressionPca,
)

Floats = npt.NDArray[np.float64]

BATCH_VIEW = Picture(
    "batch_view",
    caption="Principal components of expression, on the genes of the highest variance. Dots: "
    "biopsies by the first two components, coloured by each covariate that differs among them; "
    "pale: not known. Grid: share of the variance of each component that goes with the "
    "covariate (R2), with the number of biopsies in which it is known; small: the R2 that an "
    "unrelated covariate has by chance. Sex is that of the clinical table, else that which the "
    "RNA tells; its title says of how many. No test, and the outcome has no part in it.",
    version=2,
)
BatchView = Annotated[Figure, BATCH_VIEW]

_LABELS = {
    "log10_library_size": "library size (log10)",
    "mitochondrial_share": "mitochondrial share",
    "three_prime_bias": "3' bias",
    "intronic_share": "intronic share",
}
_SEX_SOURCES = {"clinic": "clinical table", "rna": "RNA"}
_MOST_PANELS, _COLUMNS = 6, 3
_MOST_LEVELS = 7
_LETTERS = 28
_OTHER, _UNKNOWN = "other", "not known"
_PANEL_MM, _KEY_MM = 52.0, 3.4
_FEW, _MANY = 30, 100
_DARK = 0.55


class _Dots(NamedTuple):
    """What the panels share: scores of two components and the size of a dot."""

    x: Floats
    y: Floats
    size: float


def batch_view(
    expression_pca: ExpressionPca,
    expression_components: ExpressionComponents,
    expression_covariates: ExpressionCovariates,
) -> BatchView:
    """Draw the biopsies by two components for each covariate, and what goes with which.

    Raises
    ------
    NothingToShow
        If there are fewer than two components.
    """
    if len(expression_components) < 2:  # noqa: PLR2004  two axes
        message = "fewer than two principal components"
        raise NothingToShow(message)
    ranked = _ranked(expression_covariates)
    shown = [name for name in (*CATEGORIES, *NUMBERS) if name in ranked[:_MOST_PANELS]]
    panels: list[str] = shown or [""]
    lines = -(-len(panels) // _COLUMNS)
    depth = max(len(_keys(expression_pca, name)) for name in panels)
    height = _PANEL_MM + _KEY_MM * depth
    grid = 16.0 + 6.0 * len(ranked) if ranked else 0.0
    figure = canvas(DOUBLE_MM, lines * height + grid + 8.0)
    ratios = [lines * height, grid] if ranked else [1.0]
    parts: Any = figure.subfigures(len(ratios), 1, height_ratios=ratios, squeeze=False)
    _draw_panels(parts[0, 0], panels, expression_pca, expression_components)
    if ranked:
        _draw_grid(parts[1, 0], ranked, expression_covariates, expression_components)
    first = expression_components.iloc[0]
    scale = {"vst": "variance-stabilised counts", "log2_tpm": "log2(TPM + 1)"}
    of = scale.get(str(expression_pca["scale"].iloc[0]), "")
    left = len(ranked) - len(shown)
    more = f"; {left} further covariates in the grid alone" if left > 0 else ""
    footnote(figure, f"n = {len(expression_pca)} biopsies, {first['genes']} genes, {of}{more}")
    return figure


def _ranked(covariates: pd.DataFrame) -> list[str]:
    """Return the covariates, first the one that most goes with the first two components."""
    two = covariates[covariates["component"] <= 2]  # noqa: PLR2004  two axes
    beyond = (two["r2"] - two["r2_of_chance"]).groupby(two["covariate"]).max()
    ordered = beyond.reset_index(name="r2").sort_values(
        ["r2", "covariate"], ascending=[False, True], kind="stable"
    )
    return [str(name) for name in ordered["covariate"]]


def _label(name: str) -> str:
    return _LABELS.get(name, name)


def _title(name: str, scores: pd.DataFrame) -> str:
    """Return the title of a panel; that of the sex says where it comes from."""
    if name != "sex":
        return _label(name)
    sources = scores["sex_source"].astype(str).tolist()
    sizes = {words: sources.count(code) for code, words in _SEX_SOURCES.items()}
    told = [f"{words} {size}" for words, size in sizes.items() if size]
    return f"sex ({', '.join(told)})" if told else "sex"


def _draw_panels(
    part: SubFigure, panels: list[str], scores: pd.DataFrame, components: pd.DataFrame
) -> None:
    lines = -(-len(panels) // _COLUMNS)
    cells: Any = part.subplots(lines, _COLUMNS, squeeze=False)
    count = len(scores)
    size = 16.0 if count <= _FEW else 10.0 if count <= _MANY else 6.0
    dots = _Dots(scores["pc1"].to_numpy(np.float64), scores["pc2"].to_numpy(np.float64), size)
    shares = components["variance_share"].to_numpy(np.float64)
    flat: list[Axes] = list(cells.ravel())
    for axes in flat[len(panels) :]:
        axes.set_axis_off()
    for axes, name in zip(flat, panels, strict=False):
        if name in NUMBERS:
            _draw_numbers(part, axes, scores[name].to_numpy(np.float64), dots)
        else:
            _draw_words(axes, _keys(scores, name), _named(scores, name), dots)
        axes.set_title(_title(name, scores), loc="left", fontsize=MEDIUM, fontfamily=FONT,
                       fontweight="bold")  # fmt: skip
        axes.set_xlabel(f"PC1 ({shares[0]:.0%} of variance)")
        axes.set_ylabel(f"PC2 ({shares[1]:.0%})")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=4))
        axes.margins(0.08)
        dress(axes)


def _keys(scores: pd.DataFrame, name: str) -> dict[str, str]:
    """Return the levels of a covariate with their colours, the most frequent first."""
    if name not in CATEGORIES:
        return {}
    words = scores.loc[scores[name] != "", name].astype(str)
    sizes = words.value_counts().rename_axis("level").reset_index(name="size")
    ordered = sizes.sort_values(["size", "level"], ascending=[False, True], kind="stable")
    names = [str(level) for level in ordered["level"]]
    shown = names if len(names) <= _MOST_LEVELS + 1 else names[:_MOST_LEVELS]
    colours = dict(zip(shown, PALETTE, strict=False))
    if len(shown) < len(names):
        colours[_OTHER] = INK
    if len(words) < len(scores):
        colours[_UNKNOWN] = PALE
    return colours


def _named(scores: pd.DataFrame, name: str) -> list[str]:
    if name not in CATEGORIES:
        return [""] * len(scores)
    keys = _keys(scores, name)
    words = scores[name].astype(str)
    return [_UNKNOWN if not word else word if word in keys else _OTHER for word in words]


def _draw_words(axes: Axes, keys: dict[str, str], levels: list[str], dots: _Dots) -> None:
    colours = [keys.get(level, GREY) for level in levels]
    axes.scatter(dots.x, dots.y, s=dots.size, c=colours, edgecolors=INK, linewidths=0.25)
    if not keys:
        return
    handles = [
        Line2D([], [], linestyle="none", marker="o", markersize=3.4, markerfacecolor=colour,
               markeredgecolor=INK, markeredgewidth=0.25,
               label=f"{shortened(level, _LETTERS)} (n = {levels.count(level)})")
        for level, colour in keys.items()
    ]  # fmt: skip
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.0, -0.28), frameon=False, ncols=1,
        prop={"size": SMALL, "family": FONT}, handlelength=0.8, handletextpad=0.4,
        labelspacing=0.25, borderpad=0.0, borderaxespad=0.0,
    )  # fmt: skip


def _draw_numbers(part: SubFigure, axes: Axes, values: Floats, dots: _Dots) -> None:
    is_known = np.isfinite(values)
    axes.scatter(dots.x[~is_known], dots.y[~is_known], s=dots.size, color=PALE,
                 edgecolors=INK, linewidths=0.25)  # fmt: skip
    points = axes.scatter(
        dots.x[is_known], dots.y[is_known], s=dots.size, c=values[is_known], cmap="viridis",
        edgecolors=INK, linewidths=0.25,
    )  # fmt: skip
    bar = part.colorbar(points, ax=axes, location="bottom", pad=0.04, aspect=24)
    bar.ax.xaxis.set_major_locator(MaxNLocator(nbins=4))
    bar.ax.tick_params(labelsize=SMALL, labelfontfamily=FONT, width=THIN, length=2.0)
    bar.outline.set_linewidth(THIN)


def _draw_grid(
    part: SubFigure, ranked: list[str], covariates: pd.DataFrame, components: pd.DataFrame
) -> None:
    """Draw R2 of each covariate and component as a grid with its numbers."""
    axes: Any = part.subplots()
    wide = covariates.pivot_table(index="covariate", columns="component", values="r2")
    shares = components.set_index("component")["variance_share"]
    cells = wide.reindex(index=ranked, columns=list(shares.index))
    by_chance = covariates.groupby("covariate")["r2_of_chance"].first().reindex(ranked)
    known = covariates.groupby("covariate")["biopsies"].first().reindex(ranked)
    r2 = cells.to_numpy(np.float64)
    axes.imshow(
        np.ma.masked_invalid(r2), aspect="auto", interpolation="nearest", vmin=0.0, vmax=1.0,
        cmap=mpl.colormaps["Blues"].with_extremes(bad=PALE),
    )  # fmt: skip
    for (row, column), value in np.ndenumerate(r2):
        if np.isfinite(value):
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=SMALL,
                      fontfamily=FONT, color="white" if value > _DARK else INK)  # fmt: skip
    names = [
        f"{_label(name)}  (n = {known[name]}, by chance {by_chance[name]:.2f})"
        for name in ranked
    ]
    axes.set_yticks(range(len(ranked)), names)
    axes.set_xticks(range(len(shares)), [f"PC{n}\n{share:.0%}" for n, share in shares.items()])
    axes.set_title("R² of each component with each covariate", loc="left", fontsize=MEDIUM,
                   fontfamily=FONT, fontweight="bold")  # fmt: skip
    dress(axes, has_frame=True)
    axes.tick_params(length=0.0)
