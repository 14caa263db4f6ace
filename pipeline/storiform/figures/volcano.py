"""The p values of genes over their fold changes."""

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
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.differential import DifferentialExpression

VOLCANO = Picture(
    "volcano",
    caption="The p value of each gene over its log2 fold change between patients with and "
    "without the outcome (volcano plot); each point is a gene. Coloured: q below alpha, Wald "
    "test, Benjamini-Hochberg after independent filtering. Dashed: the largest p that is "
    "called. Ringed: almost all fragments in few biopsies of one group, whose change is no "
    "size. Points beyond the limits stand at them. Named: the called genes with the smallest "
    "p, degenerate ones left out; a line leads from a point to a name that is not beside it "
    "alone.",
    version=3,
)
VolcanoPlot = Annotated[Figure, VOLCANO]

_LEAST_P = 1e-300


class VolcanoParams(Params):
    """What is drawn."""

    outcome: Literal["responded", "disease_control"] = Field(
        "responded", description="the outcome by which genes are compared"
    )
    names: int = Field(15, ge=0, le=60, description="genes named, those with the smallest p")
    limit: float = Field(
        8.0, gt=0.0, le=40.0, description="log2 fold change at which the axis ends"
    )


def volcano(
    differential_expression: DifferentialExpression, params: VolcanoParams
) -> VolcanoPlot:
    """Draw p values over fold changes.

    Raises
    ------
    NothingToShow
        If no gene was compared by the outcome.
    """
    genes = tested_genes(differential_expression, params.outcome)
    change = genes["log2_fold_change"].to_numpy(np.float64)
    change = np.clip(change, -params.limit, params.limit)
    height = -np.log10(np.maximum(genes["p"].to_numpy(np.float64), _LEAST_P))
    points = np.column_stack([change, height])
    kinds = kinds_of(genes)
    called = kinds.up | kinds.down
    figure = canvas(SINGLE_MM, 88.0)
    axes = figure.subplots()
    if called.any():
        axes.axhline(height[called].min(), color=GREY, linewidth=THIN, linestyle="--", zorder=0)
    draw_genes(axes, points, kinds)
    most = max(min(params.limit, float(np.abs(change).max())), 1.0)
    axes.set_xlim(-1.12 * most, 1.12 * most)
    axes.set_ylim(-0.02 * height.max(), 1.08 * max(float(height.max()), 1.0))
    first, second = NAMES[params.outcome]
    axes.set_xlabel(f"log2 fold change, {first} over {second}")
    axes.set_ylabel("p, −log10")  # noqa: RUF001  a minus sign
    dress(axes)
    draw_key(axes, genes, params.outcome)
    headlines(figure, [Headline(axes, f"Gene expression by {first}")])
    note = subject_of(genes, params.outcome, len(genes))
    name_genes(figure, Naming(genes, points, params.names, (0.5, 0.5, 0.0, 1.0)), note)
    return figure
