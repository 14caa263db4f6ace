"""Fold changes of genes over their mean expression."""

from typing import Annotated, Literal

import numpy as np
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.gene_points import (
    NAMES,
    Naming,
    draw_genes,
    draw_key,
    kinds_of,
    name_genes,
    subject_of,
    tested_genes,
)
from storiform.figures.style import (
    GREY,
    SINGLE_MM,
    THIN,
    Headline,
    canvas,
    dress,
    headlines,
)
from storiform.model.counting import counted
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.differential import DifferentialExpression

MA_PLOT = Picture(
    "ma_plot",
    caption="Log2 fold change of each gene between patients with and without the outcome over "
    "its mean normalised count (MA plot); each point is a gene. Fold changes are shrunken "
    "(apeglm). Coloured: q below alpha, Wald test, Benjamini-Hochberg after independent "
    "filtering. Ringed: almost all fragments in few biopsies of one group. Points beyond the "
    "limits stand at them. Named: the called genes with the smallest p, degenerate ones left "
    "out; a line leads from a point to a name that is not beside it alone.",
    version=3,
)
MaPlot = Annotated[Figure, MA_PLOT]


class MaPlotParams(Params):
    """What is drawn."""

    outcome: Literal["responded", "disease_control"] = Field(
        "responded", description="the outcome by which genes are compared"
    )
    names: int = Field(15, ge=0, le=60, description="genes named, those with the smallest p")
    limit: float = Field(
        6.0, gt=0.0, le=40.0, description="log2 fold change at which the axis ends"
    )
    is_shrunken: bool = Field(
        default=True, description="whether the shrunken fold changes are drawn"
    )


def ma_plot(differential_expression: DifferentialExpression, params: MaPlotParams) -> MaPlot:
    """Draw fold changes over mean expression.

    Raises
    ------
    NothingToShow
        If no gene was compared by the outcome.
    """
    genes = tested_genes(differential_expression, params.outcome)
    column = "shrunken_log2_fold_change" if params.is_shrunken else "log2_fold_change"
    tested = len(genes)
    genes = genes[genes["base_mean"] > 0.0].reset_index(drop=True)
    change = np.clip(genes[column].to_numpy(np.float64), -params.limit, params.limit)
    points = np.column_stack([np.log10(genes["base_mean"].to_numpy(np.float64)), change])
    kinds = kinds_of(genes)
    figure = canvas(SINGLE_MM, 88.0)
    axes = figure.subplots()
    axes.axhline(0.0, color=GREY, linewidth=THIN, zorder=0)
    draw_genes(axes, points, kinds)
    margin = 0.06 * float(np.ptp(points[:, 0])) or 0.5
    axes.set_xlim(points[:, 0].min() - margin, points[:, 0].max() + margin)
    most = min(params.limit, float(np.abs(change).max()) or 1.0)
    axes.set_ylim(-1.12 * most, 1.12 * most)
    axes.set_xlabel("mean normalised count, log10")
    axes.set_ylabel(f"{'shrunken ' if params.is_shrunken else ''}log2 fold change")
    dress(axes)
    draw_key(axes, genes, params.outcome)
    first = NAMES[params.outcome][0]
    headlines(figure, [Headline(axes, f"Gene expression by {first}")])
    note = subject_of(genes, params.outcome, tested)
    if lost := tested - len(genes):
        note += f"; {counted(lost, 'gene')} of mean count 0 not drawn"
    name_genes(figure, Naming(genes, points, params.names, (0.0, 0.0, 0.5, 0.5)), note)
    return figure
