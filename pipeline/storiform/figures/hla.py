"""HLA loss: the fragments of both alleles along each gene, and the calls of a cohort."""

from collections.abc import Hashable, Mapping
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from storiform.figures.style import (
    BLUE,
    DOUBLE_MM,
    FONT,
    INK,
    ORANGE,
    PALE,
    SINGLE_MM,
    SMALL,
    THIN,
    VERMILION,
    YELLOW,
    Headline,
    canvas,
    dress,
    footnote,
    headlines,
    patches,
    told_apart,
)
from storiform.model.counting import counted
from storiform.model.errors import NothingToShow
from storiform.model.hla import CLASS_I
from storiform.model.table import Picture
from storiform.model.tables.hla import HlaFragments, HlaGeneLoh

Floats = npt.NDArray[np.float64]

HLA_COVERAGE = Picture(
    "hla_coverage",
    caption="Fragments that tell the two HLA alleles of a gene apart, along the gene: allele 1 "
    "above the line, allele 2 below. Filled: tumour, scaled to the normal's library; black "
    "line: normal. Ticks on the line: bases that differ between the alleles. A fragment is "
    "counted once, at its middle. The probability is that of a lost allele.",
    grain="biopsy",
)
HlaCoverage = Annotated[Figure, HLA_COVERAGE]

HLA_LOSS_STRIP = Picture(
    "hla_loss_strip",
    caption="Loss of HLA alleles: one column for each biopsy, a row for each gene of class I; "
    "biopsies with the most lost genes first. LOH?: a probability of a loss of 0.5 or more, "
    "but it is below 0.8, or a gain, alleles in balance or another purity is not excluded. One "
    "gained: or lost, where no purity is known. Homozygous: a patient with one allele, whose "
    "loss shows by depth alone and is not called. Not judged: `hla_gene_loh` tells why, gene "
    "by gene. No test.",
    version=4,
)
HlaLossStrip = Annotated[Figure, HLA_LOSS_STRIP]

CALLS: Mapping[str, str] = {
    "HOMDEL": INK, "LOH": VERMILION, "LOH?": ORANGE, "IMBALANCE": YELLOW, "RETAINED": BLUE,
    "NA": PALE,
}  # fmt: skip
"""Calls, the gravest first, and their colours."""
_SIDES = ((1.0, BLUE), (-1.0, VERMILION))
_HOMOZYGOUS = "HOMOZYGOUS"
_BOXES: Mapping[str, str] = {
    **{call: colour for call, colour in CALLS.items() if call != "NA"},
    _HOMOZYGOUS: "white", "NA": PALE,
}  # fmt: skip
"""Colours of the boxes of a cohort, the gravest first."""
_HEIGHT = 1.25
_MOST_NAMES = 60


def hla_coverage(hla_fragments: HlaFragments, hla_gene_loh: HlaGeneLoh) -> HlaCoverage:
    """Draw the fragments of both alleles along each heterozygous gene.

    Raises
    ------
    NothingToShow
        If no gene has a fragment that tells its alleles apart.
    """
    counted = hla_fragments[hla_fragments["fragments"] > 0]
    genes = [gene for gene in CLASS_I if counted["gene"].eq(gene).any()]
    if not genes:
        message = "no fragment tells two HLA alleles apart"
        raise NothingToShow(message)
    calls = {str(row["gene"]): row for row in hla_gene_loh.to_dict("records")}
    scale, is_scaled = _scale(hla_fragments)
    figure = canvas(DOUBLE_MM, 26.0 + 38.0 * len(genes))
    panels = list(figure.subplots(len(genes), 1, sharex=True, squeeze=False)[:, 0])
    titles = []
    for axes, gene in zip(panels, genes, strict=True):
        own = hla_fragments[hla_fragments["gene"].eq(gene)]
        alleles = sorted(own["allele"].unique())
        for allele, (sign, colour) in zip(alleles, _SIDES, strict=False):
            _draw_allele(axes, own[own["allele"].eq(allele)], (sign, colour), scale)
        _frame(axes, own, scale, alleles)
        titles.append(Headline(axes, *_words(calls.get(gene, {}), gene)))
    panels[-1].set_xlabel("Place in the allele (kb)")
    panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / 1e3:g}"))
    figure.legend(
        handles=[
            *patches({"tumour, allele 1": BLUE, "tumour, allele 2": VERMILION}),
            Line2D([], [], color=INK, linewidth=THIN * 1.5, label="normal"),
        ],
        loc="outside upper right", frameon=False, ncols=3, handlelength=1.2,
        prop={"size": SMALL, "family": FONT}, columnspacing=1.2,
    )  # fmt: skip
    headlines(figure, titles)
    if not is_scaled:
        footnote(figure, "The sizes of the libraries are not known: counts as they are.")
    return figure


def _scale(fragments: pd.DataFrame) -> tuple[dict[str, float], bool]:
    """Return by what each role's counts are multiplied, and whether libraries are known."""
    sizes = fragments.groupby("role")["library_fragments"].max()
    normal, tumour = float(sizes.get("normal", 0)), float(sizes.get("tumour", 0))
    if normal <= 0 or tumour <= 0:
        return {"normal": 1.0, "tumour": 1.0}, set(sizes.index) != {"normal", "tumour"}
    return {"normal": 1.0, "tumour": normal / tumour}, True


def _draw_allele(
    axes: Axes, own: pd.DataFrame, side: tuple[float, str], scale: Mapping[str, float]
) -> None:
    sign, colour = side
    for role in ("tumour", "normal"):
        rows = own[own["role"].eq(role)].sort_values("start")
        if rows.empty:
            continue
        edges = np.append(rows["start"].to_numpy(), rows["end"].iloc[-1])
        heights = sign * scale[role] * rows["fragments"].to_numpy(dtype=np.float64)
        if role == "tumour":
            axes.stairs(heights, edges, fill=True, color=colour, alpha=0.55, linewidth=0)
        else:
            axes.stairs(heights, edges, color=INK, linewidth=THIN * 1.5)
    stretches = own.drop_duplicates("start")[["start", "end", "sites"]].to_numpy(np.int64)
    places = [
        start + (np.arange(number) + 0.5) * (end - start) / number
        for start, end, number in stretches.tolist()
        if number
    ]
    if places:
        # one artist for all of them: one for each stretch would double the time of drawing
        ticks = np.concatenate(places)
        axes.plot(
            ticks, np.zeros(len(ticks)), linestyle="none", marker=2 if sign > 0 else 3,
            markersize=2.0, color=INK, markeredgewidth=THIN / 2,
        )  # fmt: skip


def _frame(
    axes: Axes, own: pd.DataFrame, scale: Mapping[str, float], alleles: list[str]
) -> None:
    """Set bounds and labels of a gene's axes, and name its alleles."""
    heights = own["fragments"] * own["role"].map(scale)
    most = max(float(heights.max()), 1.0) * _HEIGHT
    axes.axhline(0.0, color=INK, linewidth=THIN)
    axes.set_ylim(-most, most)
    axes.set_xlim(0, float(own["end"].max()))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, symmetric=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{abs(y):g}"))
    axes.set_ylabel("Fragments")
    for allele, (sign, colour) in zip(alleles, _SIDES, strict=False):
        axes.annotate(
            allele, (1.0, 0.5 + sign * 0.48), (-3, 0), xycoords="axes fraction",
            textcoords="offset points", fontsize=SMALL, fontfamily=FONT, color=colour,
            ha="right", va="top" if sign > 0 else "bottom", fontweight="bold",
        )  # fmt: skip
    dress(axes)


def _words(call: Mapping[Hashable, Any], gene: str) -> tuple[str, str]:
    """Return the title of a gene, and what stands under it."""
    told = str(call.get("call", ""))
    title = f"HLA-{gene}: {told}" if told else f"HLA-{gene}"
    if told in {"LOH", "LOH?"}:
        title += f" of {call['lost_allele']}"
    if told == "NA":
        return title, str(call.get("reason", ""))
    below = []
    if pd.notna(call.get("probability", np.nan)):
        below.append(f"probability of a loss {_chance(call['probability'])}")
    for copy in ("1", "2"):
        value = call.get(f"copies_{copy}", np.nan)
        if pd.notna(value):
            low, high = call[f"copies_{copy}_low"], call[f"copies_{copy}_high"]
            below.append(f"copies of allele {copy}: {value:.1f} ({low:.1f} to {high:.1f})")
    return title, ", ".join(below)


def _chance(value: float) -> str:
    most, least = 0.99, 0.01
    if value > most:
        return "> 0.99"
    return "< 0.01" if value < least else f"{value:.2f}"


def hla_loss_strip(hla_gene_loh: HlaGeneLoh) -> HlaLossStrip:
    """Draw the calls of all biopsies, gene by gene.

    Raises
    ------
    NothingToShow
        If no gene of any biopsy could be judged.
    """
    if hla_gene_loh.empty or hla_gene_loh["call"].eq("NA").all():
        message = "no HLA gene of any biopsy could be judged"
        raise NothingToShow(message)
    ranks = {call: rank for rank, call in enumerate(_BOXES)}
    has_one = hla_gene_loh["reason"].fillna("").str.startswith("homozygous")
    calls = hla_gene_loh["call"].mask(hla_gene_loh["call"].eq("NA") & has_one, _HOMOZYGOUS)
    wide = hla_gene_loh.assign(rank=calls.map(ranks)).pivot_table(
        index="biopsy", columns="gene", values="rank", aggfunc="first"
    )
    wide = wide.reindex(columns=list(CLASS_I)).fillna(ranks["NA"]).astype(int)
    lost = (wide <= ranks["LOH"]).sum(axis=1)
    order = sorted(wide.index, key=lambda name: (-lost[name], *wide.loc[name], name))
    names = list(_BOXES)
    width = min(DOUBLE_MM, max(SINGLE_MM, 30.0 + 4.0 * len(order)))
    figure = canvas(width, 44.0)
    axes = figure.subplots()
    for column, biopsy in enumerate(order):
        for row, rank in enumerate(wide.loc[biopsy].tolist()):
            axes.add_patch(
                Rectangle(
                    (column + 0.08, row + 0.06), 0.84, 0.88, facecolor=_BOXES[names[rank]],
                    edgecolor=INK, linewidth=THIN / 2,
                )
            )  # fmt: skip
    axes.set_xlim(0, len(order))
    axes.set_ylim(len(CLASS_I), 0)
    axes.set_yticks(np.arange(len(CLASS_I)) + 0.5, [f"HLA-{gene}" for gene in CLASS_I])
    shown = order if len(order) <= _MOST_NAMES else []
    axes.set_xticks(np.arange(len(shown)) + 0.5, told_apart(shown, 16), rotation=90)
    dress(axes)
    axes.tick_params(length=0.0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    present = {names[rank] for rank in wide.to_numpy().ravel().tolist()}
    keys = {_KEYS.get(call, call): _BOXES[call] for call in names if call in present}
    figure.legend(
        handles=patches(keys), loc="outside upper right", frameon=False, ncols=len(keys),
        prop={"size": SMALL, "family": FONT}, handlelength=1.0, columnspacing=1.0,
    )  # fmt: skip
    judged = int((wide < ranks[_HOMOZYGOUS]).any(axis=1).sum())
    having = int((lost > 0).sum())
    whom = counted(len(order), "biopsy", "biopsies")
    footnote(figure, f"n = {whom}, {judged} of them judged; {having} with a loss")
    return figure


_KEYS = {
    "HOMDEL": "both lost", "LOH": "one lost (LOH)", "LOH?": "perhaps lost (LOH?)",
    "IMBALANCE": "one gained", "RETAINED": "retained", _HOMOZYGOUS: "homozygous",
    "NA": "not judged",
}  # fmt: skip
