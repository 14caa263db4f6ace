"""The copy number of one tumour over the whole genome, and around CDK4 and MDM2."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from storiform.figures.genome_axis import GenomeAxis, centred
from storiform.figures.style import (
    BLUE,
    DOUBLE_MM,
    FONT,
    GREY,
    INK,
    SINGLE_MM,
    SKY,
    SMALL,
    THIN,
    VERMILION,
    canvas,
    dress,
    footnote,
)
from storiform.model.errors import NothingToShow
from storiform.model.table import Picture
from storiform.model.tables.copies import LogRatios, SnpCounts
from storiform.model.tables.copy_calls import (
    CopyNumberFit,
    CopyNumberGenes,
    CopyNumberSegments,
)

Floats = npt.NDArray[np.float64]

COPY_NUMBER_PROFILE = Picture(
    "copy_number_profile",
    caption="Copy number over the genome. From above: log2 ratio of each bin (grey) and "
    "segment (orange), centred on the mean copies; where alleles were counted, share of the "
    "reads with the major allele at places where the normal has two (grey) and of each segment "
    "(orange), one half is balance; where the purity is known, whole copies of each segment, "
    "in all (black) and of the minor allele (blue), above eight as a number, the highest of "
    "neighbours. No test.",
    grain="biopsy",
)
CopyNumberProfile = Annotated[Figure, COPY_NUMBER_PROFILE]

AMPLICON_12Q = Picture(
    "amplicon_12q",
    caption="The stretch of chromosome 12 with CDK4 and MDM2: log2 ratio of bins on target "
    "(grey) and between targets (light blue), segments (orange), and the genes with their "
    "calls. No test.",
    grain="biopsy",
)
Amplicon = Annotated[Figure, AMPLICON_12Q]

_MOST_DOTS = 20_000
_DOT = 1.2
_SHOWN_GENES = ("CDK4", "TSPAN31", "HMGA2", "MDM2", "FRS2")
_PAIR = ("CDK4", "MDM2")
_LOWEST, _HIGHEST = -2.5, 3.0
_MOST_COPIES = 8.0
_FEWEST_READS = 15
_LABEL_SHARE = 0.035
"""Of the axis, what the number over a segment takes."""


def copy_number_profile(
    copy_number_segments: CopyNumberSegments,
    copy_number_fit: CopyNumberFit,
    log_ratios: LogRatios | None,
    snp_counts: SnpCounts | None,
) -> CopyNumberProfile:
    """Draw log ratios, allele shares and copies over the genome.

    Raises
    ------
    NothingToShow
        If there is no segment.
    """
    segments = copy_number_segments
    if segments.empty:
        message = "no segment of copy number"
        raise NothingToShow(message)
    axis = GenomeAxis.of([segments] if log_ratios is None else [segments, log_ratios])
    has_shares = snp_counts is not None and bool(snp_counts["is_usable"].any())
    has_shares = has_shares or bool(segments["major_share"].notna().any())
    has_copies = bool(segments["total"].notna().any())
    number = 1 + has_shares + has_copies
    figure = canvas(DOUBLE_MM, 27.0 + 26.0 * number)
    panels = list(figure.subplots(number, 1, sharex=True, squeeze=False)[:, 0])
    _draw_ratios(panels[0], axis, segments, log_ratios)
    if has_shares:
        _draw_shares(panels[1], axis, segments, snp_counts)
    if has_copies:
        _draw_copies(panels[-1], axis, segments)
    for axes in panels:
        dress(axes)
        axis.dress(axes, has_names=True)
    figure.align_ylabels(panels)
    figure.legend(
        handles=_keys(
            has_dots=log_ratios is not None or has_shares, has_copies=has_copies,
            has_minor=bool(segments["minor"].notna().any()),
        ),
        loc="outside upper right", frameon=False, ncols=4, handlelength=1.4,
        prop={"size": SMALL, "family": FONT}, columnspacing=1.2,
    )  # fmt: skip
    footnote(figure, _fit_words(copy_number_fit.iloc[0]))
    return figure


def _keys(*, has_dots: bool, has_copies: bool, has_minor: bool) -> list[Line2D]:
    """Return the keys of what is drawn."""
    keys = [Line2D([], [], color=VERMILION, linewidth=1.6, label="segment")]
    if has_dots:
        dot = Line2D([], [], linestyle="none", marker="o", markersize=2.5, color=GREY)
        dot.set_label("bin, SNP")
        keys.insert(0, dot)
    if has_copies:
        keys.append(Line2D([], [], color=INK, linewidth=1.6, label="copies"))
    if has_copies and has_minor:
        keys.append(Line2D([], [], color=BLUE, linewidth=1.6, label="of the minor allele"))
    return keys


def _fit_words(fit: pd.Series) -> str:
    """Say purity and ploidy, and what limits them."""
    if pd.isna(fit["purity"]):
        told = "Purity not known: copies cannot be counted"
    else:
        told = f"Purity {fit['purity']:.2f}, ploidy {fit['ploidy']:.2f}"
        if pd.notna(fit["purity_lower"]):
            told += f" (95 % interval of purity {fit['purity_lower']:.2f} to "
            told += f"{fit['purity_upper']:.2f})"
        others = fit["alternatives"] if isinstance(fit["alternatives"], str) else ""
        if fit["is_ambiguous"]:
            told += "; ambiguous" + (f", also {others}" if others else "")
    limits = fit["limits"] if isinstance(fit["limits"], str) else ""
    return f"{told}. {limits[:1].upper()}{limits[1:]}".strip()


def _thinned(number: int) -> npt.NDArray[np.int64]:
    """Choose evenly spread rows, so many as can be told apart."""
    return np.unique(
        np.linspace(0, max(number - 1, 0), min(number, _MOST_DOTS)).astype(np.int64)
    )


def _draw_ratios(
    axes: Axes, axis: GenomeAxis, segments: pd.DataFrame, log_ratios: pd.DataFrame | None
) -> None:
    lowest, highest = _LOWEST, _HIGHEST
    if log_ratios is not None and len(log_ratios):
        rows = _thinned(len(log_ratios))
        values = np.clip(centred(log_ratios, segments)[rows], _LOWEST, None)
        shown = log_ratios.iloc[rows]
        places = axis.place(shown["contig"], (shown["start"] + shown["end"]) // 2)
        axes.scatter(
            places, values, s=_DOT, color=GREY, linewidths=0, rasterized=True, zorder=1
        )
    log2 = segments["log2"].to_numpy(dtype=np.float64)
    highest = max(1.6, min(6.0, float(np.nanmax(log2, initial=0.0)) + 0.6))
    lowest = max(_LOWEST, min(-1.3, float(np.nanmin(log2, initial=0.0)) - 0.4))
    _draw_segments(axes, axis, segments, np.clip(log2, lowest, highest), VERMILION)
    axes.axhline(0.0, color=INK, linewidth=THIN / 2, zorder=0)
    axes.set_ylim(lowest, highest)
    axes.set_ylabel("log2 ratio")


def _draw_shares(
    axes: Axes, axis: GenomeAxis, segments: pd.DataFrame, snp_counts: pd.DataFrame | None
) -> None:
    if snp_counts is not None and len(snp_counts):
        shown = _heterozygous(snp_counts)
        shown = shown.iloc[_thinned(len(shown))]
        counts = shown[["tumour_1", "tumour_2"]].to_numpy(dtype=np.float64)
        shares = counts.max(axis=1) / np.maximum(counts.sum(axis=1), 1.0)
        places = axis.place(shown["contig"], shown["start"])
        axes.scatter(
            places, shares, s=_DOT, color=GREY, linewidths=0, rasterized=True, zorder=1
        )
    shares = segments["major_share"].to_numpy(dtype=np.float64)
    _draw_segments(axes, axis, segments, shares, VERMILION)
    axes.set_ylim(0.48, 1.02)
    axes.set_ylabel("Share of the\nmajor allele")


def _heterozygous(snp_counts: pd.DataFrame) -> pd.DataFrame:
    """Keep usable places that are deep enough in the tumour for a share to mean something."""
    tumour = snp_counts[["tumour_1", "tumour_2"]].to_numpy(dtype=np.float64).sum(axis=1)
    is_shown = snp_counts["is_usable"].to_numpy(dtype=bool) & (tumour >= _FEWEST_READS)
    return snp_counts.iloc[np.flatnonzero(is_shown)]


def _draw_copies(axes: Axes, axis: GenomeAxis, segments: pd.DataFrame) -> None:
    total = segments["total"].astype("float64").to_numpy().astype(np.float64)
    minor = segments["minor"].astype("float64").to_numpy()
    is_high = total > _MOST_COPIES
    _draw_segments(axes, axis, segments, np.minimum(total, _MOST_COPIES) + 0.06, INK)
    _draw_segments(axes, axis, segments, np.minimum(minor, _MOST_COPIES) - 0.06, BLUE)
    high = segments[is_high]
    places = axis.place(high["contig"], (high["start"] + high["end"]) // 2)
    for place, copies in _apart(places, total[is_high], axis.length * _LABEL_SHARE):
        axes.annotate(
            f"{copies:.0f}", (place, _MOST_COPIES), (0, 2), textcoords="offset points",
            fontsize=SMALL, fontfamily=FONT, ha="center", va="bottom",
        )  # fmt: skip
    axes.set_ylim(-0.4, _MOST_COPIES + 1.2)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_ylabel("Copies")


def _apart(places: Floats, copies: Floats, least: float) -> list[tuple[float, float]]:
    """Choose labels that do not overlap, the highest copies first."""
    chosen: list[tuple[float, float]] = []
    for number in np.lexsort((places, -copies)).tolist():
        if all(abs(places[number] - other) >= least for other, _ in chosen):
            chosen.append((float(places[number]), float(copies[number])))
    return chosen


def _draw_segments(
    axes: Axes, axis: GenomeAxis, segments: pd.DataFrame, values: Floats, colour: str
) -> None:
    """Draw a level line over each segment whose value is known; the shortest can be seen."""
    known = ~np.isnan(values)
    start = axis.place(segments["contig"], segments["start"])[known]
    end = axis.place(segments["contig"], segments["end"])[known]
    least = axis.length / 1500.0
    widen = np.maximum(least - (end - start), 0.0) / 2.0
    axes.hlines(
        values[known], start - widen, end + widen, color=colour, linewidth=1.8, zorder=3,
        capstyle="butt",
    )  # fmt: skip


def amplicon_12q(
    copy_number_genes: CopyNumberGenes,
    copy_number_segments: CopyNumberSegments,
    log_ratios: LogRatios,
) -> Amplicon:
    """Draw the bins and segments around CDK4 and MDM2, with the genes between them.

    Raises
    ------
    NothingToShow
        If CDK4 and MDM2 do not both have a place, or no bin lies there.
    """
    genes = copy_number_genes[copy_number_genes["gene"].isin(_SHOWN_GENES)]
    pair = genes[genes["gene"].isin(_PAIR)]
    if set(pair["gene"]) < set(_PAIR) or len(set(pair["contig"])) > 1:
        message = "CDK4 and MDM2 have no place on one chromosome"
        raise NothingToShow(message)
    contig = pair["contig"].iloc[0]
    genes = genes[genes["contig"] == contig].sort_values("start")
    low, high = int(genes["start"].min()), int(genes["end"].max())
    margin = max((high - low) // 3, 20_000)
    low, high = max(low - margin, 0), high + margin
    inside = (log_ratios["contig"] == contig) & (log_ratios["end"] > low)
    inside &= log_ratios["start"] < high
    if not inside.any():
        message = "no bin around CDK4 and MDM2"
        raise NothingToShow(message)
    values = centred(log_ratios, copy_number_segments)[inside.to_numpy()]
    figure = canvas(SINGLE_MM * 1.35, 66.0)
    axes = figure.subplots()
    _draw_bins(axes, log_ratios[inside], values)
    segments = copy_number_segments[copy_number_segments["contig"] == contig]
    axes.hlines(
        segments["log2"], segments["start"].clip(lower=low), segments["end"].clip(upper=high),
        color=VERMILION, linewidth=1.8, zorder=3, capstyle="butt",
    )  # fmt: skip
    top = max(1.5, float(np.nanquantile(values, 0.99)) + 0.3)
    bottom = min(-1.0, float(np.nanquantile(values, 0.01)) - 0.2)
    axes.set_ylim(bottom, top + 0.42 * (top - bottom))
    axes.set_xlim(low, high)
    _name_genes(axes, genes, (bottom, top))
    axes.axhline(0.0, color=INK, linewidth=THIN / 2, zorder=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / 1e6:g}"))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.set_xlabel(f"Chromosome {str(contig).removeprefix('chr')} (Mb)")
    axes.set_ylabel("log2 ratio")
    dress(axes)
    return figure


def _draw_bins(axes: Axes, bins: pd.DataFrame, values: Floats) -> None:
    middle = ((bins["start"] + bins["end"]) // 2).to_numpy()
    on = bins["is_target"].to_numpy()
    for rows, colour, size in ((~on, SKY, 7.0), (on, GREY, 4.0)):
        axes.scatter(middle[rows], values[rows], s=size, color=colour, linewidths=0, zorder=1)


def _name_genes(axes: Axes, genes: pd.DataFrame, bounds: tuple[float, float]) -> None:
    """Write the genes over the plot, apart from each other, with a line down to their place."""
    bottom, top = bounds
    low, high = axes.get_xlim()
    level = top + 0.1 * (top - bottom)
    middles = ((genes["start"] + genes["end"]) / 2).to_numpy(dtype=np.float64)
    slots = low + (np.arange(len(genes)) + 0.5) * (high - low) / len(genes)
    for middle, slot, gene in zip(middles, slots, genes.to_dict("records"), strict=True):
        is_amplified = "AMP" in str(gene["call"])
        colour = VERMILION if is_amplified else INK
        axes.plot(
            [middle, middle, slot], [bottom, top, level], color=colour, linewidth=THIN,
            zorder=2, alpha=0.8,
        )  # fmt: skip
        total = gene["total"]
        copies = (
            "" if pd.isna(total) else f"\n{int(total)} {'copy' if total == 1 else 'copies'}"
        )
        words = str(gene["call"]).replace("_", " ").lower()
        axes.annotate(
            f"{gene['gene']}\n{words}{copies}", (slot, level), (0, 1),
            textcoords="offset points", fontsize=SMALL - 0.6, fontfamily=FONT, color=colour,
            ha="center", va="bottom", linespacing=1.1,
            fontweight="bold" if is_amplified else "normal",
        )  # fmt: skip
