"""What the reads of all samples are worth, a dot for each."""

from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from storiform.figures.style import (
    BLUE,
    DOT,
    DOUBLE_MM,
    FONT,
    GREEN,
    GREY,
    INK,
    PALE,
    SINGLE_MM,
    SMALL,
    THICK,
    THIN,
    VERMILION,
    canvas,
    dress,
    footnote,
)
from storiform.model.errors import NothingToShow
from storiform.model.table import Picture
from storiform.model.tables.reads import Quality

QUALITY_OVERVIEW = Picture(
    "quality_overview",
    caption="Reads of each sample, by patient: mean depth of an exome's targets, share of "
    "aligned reads on target, share of duplicates, share of reads of another person with its "
    "95 % interval, and share of RNA fragments assigned to genes. Ringed: a sample with a "
    "concern, which the table of quality names. No test.",
)
QualityOverview = Annotated[Figure, QUALITY_OVERVIEW]

KINDS = {
    ("normal", "exome"): ("normal exome", BLUE, -0.22),
    ("tumour", "exome"): ("tumour exome", VERMILION, 0.0),
    ("tumour", "rna"): ("tumour RNA", GREEN, 0.22),
    ("normal", "rna"): ("normal RNA", GREY, 0.3),
}
"""What a dot stands for: its name, its colour, and how far it lies beside the patient."""

_MOST_NAMES = 60
_MM_PER_PATIENT = 5.0


class _Panel(NamedTuple):
    column: str
    label: str
    factor: float = 1.0


PANELS = (
    _Panel("mean_depth", "Mean\ndepth"),
    _Panel("on_target_share", "On target\n(%)", 100.0),
    _Panel("duplicate_share", "Duplicates\n(%)", 100.0),
    _Panel("contamination", "Foreign\nreads (%)", 100.0),
    _Panel("assigned_share", "Assigned\n(%)", 100.0),
)
"""The panels, from above; one without a value is left out."""


def quality_overview(quality: Quality) -> QualityOverview:
    """Draw depth, duplicates, reads on target and contamination of all samples.

    Raises
    ------
    NothingToShow
        If no sample has reads.
    """
    shown = [panel for panel in PANELS if quality[panel.column].notna().any()]
    if quality.empty or not shown:
        message = "no sample has reads"
        raise NothingToShow(message)
    patients = sorted(quality["patient"].unique())
    width = min(DOUBLE_MM, max(SINGLE_MM, 30.0 + _MM_PER_PATIENT * len(patients)))
    figure = canvas(width, 24.0 + 27.0 * len(shown))
    stacked = figure.subplots(len(shown), 1, squeeze=False, sharex=True).ravel()
    places = _places(quality, patients)
    for axes, panel in zip(stacked, shown, strict=True):
        _draw(axes, panel, quality, places)
        axes.set_xlim(-0.7, len(patients) - 0.3)
    names = patients if len(patients) <= _MOST_NAMES else []
    stacked[-1].set_xticks(range(len(names)), names, rotation=90)
    for axes in stacked:
        axes.tick_params(axis="x", length=0.0)
    figure.align_ylabels(list(stacked))
    figure.legend(
        handles=_legend(quality), loc="outside upper right", frameon=False, ncols=5,
        prop={"size": SMALL, "family": FONT}, handlelength=1.0, columnspacing=1.0,
    )  # fmt: skip
    whom = "1 patient" if len(patients) == 1 else f"{len(patients)} patients"
    order = "" if names else ", from left to right by name"
    footnote(figure, f"n = {len(quality)} samples of {whom}{order}")
    return figure


def _places(quality: pd.DataFrame, patients: list[str]) -> pd.Series:
    """Return where each sample stands on the axis; several of a kind stand side by side."""
    column = quality["patient"].map({name: place for place, name in enumerate(patients)})
    kinds = list(zip(quality["role"], quality["assay"], strict=True))
    beside = np.array([KINDS[kind][2] for kind in kinds])
    grouped = quality.groupby(["patient", "role", "assay"])["sample"]
    number, size = grouped.cumcount(), grouped.transform("size")
    step = 0.16 / np.maximum(size - 1, 1)
    return column + beside + (number - (size - 1) / 2.0) * step


def _draw(axes: Axes, panel: _Panel, quality: pd.DataFrame, places: pd.Series) -> None:
    values = panel.factor * quality[panel.column]
    for patient in range(1, quality["patient"].nunique(), 2):
        axes.axvspan(
            patient - 0.5, patient + 0.5, color=PALE, alpha=0.35, linewidth=0, zorder=0
        )
    for kind, (_, colour, _) in KINDS.items():
        of_kind = (quality["role"] == kind[0]) & (quality["assay"] == kind[1]) & values.notna()
        if not of_kind.any():
            continue
        if panel.column == "contamination":
            lower, upper = (
                panel.factor * quality.loc[of_kind, f"contamination_{end}"]
                for end in ("lower", "upper")
            )
            axes.vlines(places[of_kind], lower, upper, color=colour, linewidth=THIN, zorder=2)
        has_concern = quality.loc[of_kind, "concerns"].fillna("") != ""
        axes.scatter(
            places[of_kind], values[of_kind], s=DOT, color=colour, zorder=3, clip_on=False,
            edgecolors=[INK if is_ringed else "white" for is_ringed in has_concern],
            linewidths=[THICK * 0.8 if is_ringed else 0.3 for is_ringed in has_concern],
        )  # fmt: skip
    highest = float(quality["contamination_upper"].max() * panel.factor)
    top = highest if panel.column == "contamination" else float(values.max())
    axes.set_ylim(0.0, 1.1 * top if top > 0 else 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    axes.set_ylabel(panel.label)
    dress(axes)


def _legend(quality: pd.DataFrame) -> list[Line2D]:
    """Return a key for each kind of sample, and one for the ring."""
    present = set(zip(quality["role"], quality["assay"], strict=True))

    def key(name: str, colour: str, ring: str, width: float) -> Line2D:
        return Line2D(
            [], [], linestyle="none", marker="o", markersize=4.0, label=name,
            markerfacecolor=colour, markeredgecolor=ring, markeredgewidth=width,
        )  # fmt: skip

    keys = [
        key(name, colour, "white", 0.3)
        for kind, (name, colour, _) in KINDS.items()
        if kind in present
    ]
    if (quality["concerns"].fillna("") != "").any():
        keys.append(key("with a concern", "white", INK, THICK * 0.8))
    return keys
