"""How often each stretch of the genome is altered in the cohort."""

from typing import Annotated

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from storiform.figures.genome_axis import GenomeAxis
from storiform.figures.style import (
    BLUE,
    DOUBLE_MM,
    FONT,
    GREEN,
    INK,
    ORANGE,
    SKY,
    SMALL,
    THIN,
    VERMILION,
    canvas,
    dress,
    footnote,
    patches,
)
from storiform.model.errors import NothingToShow
from storiform.model.table import Picture
from storiform.model.tables.copy_calls import CopyNumberFrequency

COPY_NUMBER_COHORT = Picture(
    "copy_number_cohort",
    caption="Share of patients with more (above) and fewer (below) copies than the rounded "
    "ploidy of their tumour, along the genome; darker: amplified, and without any copy. Below: "
    "share without the minor allele, of those whose minor copies are known. Several biopsies "
    "of a patient are averaged. No test.",
)
CopyNumberCohort = Annotated[Figure, COPY_NUMBER_COHORT]

COLOURS = {
    "gain": ORANGE, "amplified": VERMILION, "loss": SKY, "homozygous deletion": BLUE,
    "LOH": GREEN,
}  # fmt: skip


def copy_number_cohort(copy_number_frequency: CopyNumberFrequency) -> CopyNumberCohort:
    """Draw the frequencies of gain, loss and LOH along the genome.

    Raises
    ------
    NothingToShow
        If no biopsy has copies.
    """
    rows = copy_number_frequency
    if rows.empty:
        message = "no biopsy has whole copies (a purity is needed)"
        raise NothingToShow(message)
    axis = GenomeAxis.of([rows])
    figure = canvas(DOUBLE_MM, 78.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 1.0])
    for column, sign, colour in (
        ("gain", 1.0, COLOURS["gain"]), ("amplified", 1.0, COLOURS["amplified"]),
        ("loss", -1.0, COLOURS["loss"]),
        ("homozygous_deletion", -1.0, COLOURS["homozygous deletion"]),
    ):  # fmt: skip
        _fill(upper, axis, rows, (column, 100.0 * sign, colour))
    _fill(lower, axis, rows, ("loh", 100.0, COLOURS["LOH"]))
    most = max(100.0 * float(rows[["gain", "loss"]].max().max()), 10.0)
    upper.set_ylim(-1.08 * most, 1.08 * most)
    lower.set_ylim(0.0, max(108.0 * float(rows["loh"].fillna(0.0).max()), 10.0))
    upper.axhline(0.0, color=INK, linewidth=THIN, zorder=3)
    _in_percent(upper, "Patients (%)")
    _in_percent(lower, "LOH (%)")
    for axes in (upper, lower):
        dress(axes)
        axis.dress(axes, has_names=True)
    figure.align_ylabels([upper, lower])
    figure.legend(
        handles=patches(COLOURS), loc="outside upper right", frameon=False, ncols=5,
        prop={"size": SMALL, "family": FONT}, handlelength=1.0, columnspacing=1.0,
    )  # fmt: skip
    number = int(rows["patients"].max())
    footnote(figure, f"n = {number} {'patient' if number == 1 else 'patients'} with copies")
    return figure


def _fill(
    axes: Axes, axis: GenomeAxis, rows: pd.DataFrame, what: tuple[str, float, str]
) -> None:
    """Fill the steps of a column, chromosome by chromosome."""
    column, factor, colour = what
    for _, own in rows.groupby("contig", sort=False):
        ordered = own.sort_values("start")
        edges = axis.place(ordered["contig"], ordered["start"])
        last = axis.place(ordered["contig"].iloc[-1:], ordered["end"].iloc[-1:])
        axes.stairs(
            factor * ordered[column].fillna(0.0).to_numpy(dtype=np.float64),
            np.concatenate([edges, last]), baseline=0.0, fill=True, color=colour, linewidth=0,
            zorder=2,
        )  # fmt: skip


def _in_percent(axes: Axes, label: str) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):g}"))
    axes.set_ylabel(label)
