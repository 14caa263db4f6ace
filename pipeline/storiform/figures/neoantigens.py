"""Neoantigens: how many each biopsy has, and how the best of one biopsy bind."""

from collections.abc import Hashable, Mapping
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from storiform.figures.style import (
    DOT,
    DOUBLE_MM,
    FONT,
    GREEN,
    GREY,
    INK,
    PALETTE,
    RESPONSES,
    SINGLE_MM,
    SMALL,
    TALLEST_MM,
    THIN,
    canvas,
    colours_of,
    dress,
    footnote,
    patches,
    shortened,
)
from storiform.model.errors import NothingToShow
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.proteins import NeoantigenBurden, Neoantigens, Peptides
from storiform.model.variant_groups import best_binders

Floats = npt.NDArray[np.float64]
Row = Mapping[Hashable, Any]

NEOANTIGEN_BURDENS = Picture(
    "neoantigen_burdens",
    caption="Neoantigens of each biopsy: variants with at least one peptide that an HLA allele "
    "of class I binds by percentile rank, the biopsy with most first. Hatched: a lower bound, "
    "since an allele or a protein is not known. A question mark: there are calls, but no "
    "burden; why stands in the table. Biopsies without calls are not in it. No test.",
    version=4,
)
NeoantigenBurdens = Annotated[Figure, NEOANTIGEN_BURDENS]

NEOANTIGEN_RANKS = Picture(
    "neoantigen_ranks",
    caption="The best neoantigens of the biopsy on HLA alleles of class I, one row for each "
    "variant in the order of the ranked list: percentile rank of the mutant peptide (filled) "
    "and of its counterpart in the germline protein, where it has one (open), for the HLA "
    "allele in colour; left binds better. Dashed: percentile ranks of 0.5 and 2, up to which a "
    "peptide is a strong binder and a binder by default. At the right, as far as known: "
    "expression of the gene, RNA reads with the variant and over it, its clonality, and that "
    "the allele is lost. A peptide that is the best of several variants has "
    "one row. No test.",
    version=5,
    grain="biopsy",
)
NeoantigenRanks = Annotated[Figure, NEOANTIGEN_RANKS]

STRONG, WEAK = GREEN, GREY
_MOST_NAMES = 60
_LONGEST_NAME = 18
_LEAST_SLOTS = 8
_MOST_ROWS = 25
_LEAST_RANK, _LARGEST_RANK = 0.005, 100.0
_BOUNDS = {0.5: ("strong", "is_strong_binder"), 2.0: ("binder", "is_binder")}
"""Usual bounds of the rank, the word for what lies left of them, and the column with it."""
_SIDE = {
    "gene_tpm": "gene's expression", "rna_depth": "RNA reads with/over it",
    "clonality": "clonality",
}  # fmt: skip
"""What the texts at the right hold, by the column with it."""
_LEAST_END = 4.0
_BOUND: dict[str, Any] = {
    "facecolor": "none", "edgecolor": INK, "hatch": "////", "linewidth": THIN / 2,
}  # fmt: skip
_LONGEST_FRONT = 34
_KEY: dict[str, Any] = {
    "frameon": False, "borderpad": 0.2, "handlelength": 1.0, "columnspacing": 1.0,
    "prop": {"size": SMALL, "family": FONT},
}  # fmt: skip


def neoantigen_burdens(
    neoantigen_burden: NeoantigenBurden, clinic: Clinic | None
) -> NeoantigenBurdens:
    """Draw the burden of each biopsy over its response.

    Raises
    ------
    NothingToShow
        If no biopsy has a burden.
    """
    if neoantigen_burden["neoantigen_burden"].isna().all():
        message = "no biopsy has a neoantigen burden"
        raise NothingToShow(message)
    burdens = neoantigen_burden.sort_values(
        ["neoantigen_burden", "biopsy"], ascending=[False, True], ignore_index=True
    )
    responses = _responses(burdens, clinic)
    figure = canvas(
        min(DOUBLE_MM, max(SINGLE_MM, 30.0 + 3.6 * len(burdens))), 88.0 if responses else 76.0
    )
    ratios = [14.0, 1.0] if responses else [1.0]
    panels = figure.subplots(len(ratios), 1, sharex=True, squeeze=False, height_ratios=ratios)
    axes, lowest = panels[0, 0], panels[-1, 0]
    keys = _bars(axes, burdens)
    figure.legend(handles=keys, loc="outside upper right", ncols=len(keys), **_KEY)
    if responses:
        axes.tick_params(axis="x", length=0.0)
        _strip(lowest, responses)
        used = {name: RESPONSES[name] for name in RESPONSES if name in responses}
        title = Line2D([], [], linestyle="none", label="best response:")
        axes.legend(
            handles=[title, *patches(used)], loc="lower right", bbox_to_anchor=(1.0, 1.0),
            ncols=len(used) + 1, **_KEY,
        )  # fmt: skip
    names = burdens["biopsy"].tolist() if len(burdens) <= _MOST_NAMES else []
    lowest.set_xticks(range(len(names)), [_short_name(name) for name in names], rotation=90)
    lowest.tick_params(axis="x", length=0.0)
    middle, half = (len(burdens) - 1) / 2.0, max(len(burdens), _LEAST_SLOTS) / 2.0 + 0.3
    axes.set_xlim(middle - half, middle + half)
    footnote(figure, _whom(burdens))
    return figure


def _is_bound(burdens: pd.DataFrame) -> pd.Series:
    """Tell which burdens are lower bounds."""
    is_partial = burdens["reason"].fillna("").str.contains("a lower bound", regex=False)
    is_partial |= burdens["alleles_without"].fillna("").ne("")
    return is_partial & burdens["neoantigen_burden"].notna()


def _whom(burdens: pd.DataFrame) -> str:
    """Say how many biopsies have a burden and how many none, and where more may be there."""
    known = int(burdens["neoantigen_burden"].notna().sum())
    parts = [f"n = {_counted(known, 'biopsy', 'biopsies')}"]
    missing = len(burdens) - known
    if missing:
        parts.append(f"{missing} more without a burden (?)")
    least = int(_is_bound(burdens).sum())
    if least:
        bounds = "is a lower bound" if least == 1 else "are lower bounds"
        parts.append(f"{least} {bounds} (an allele or a protein is not known)")
    return "; ".join(parts)


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _short_name(name: str) -> str:
    """Cut a long name in its middle: names of one trial begin alike."""
    if len(name) <= _LONGEST_NAME:
        return name
    front = _LONGEST_NAME // 3
    return f"{name[:front]}…{name[len(name) - (_LONGEST_NAME - front - 1) :]}"


def _responses(burdens: pd.DataFrame, clinic: pd.DataFrame | None) -> list[str]:
    """Return the best response of each biopsy's patient; empty without any."""
    if clinic is None or clinic.empty:
        return []
    known = clinic.drop_duplicates("patient").set_index("patient")["response"]
    found = burdens["patient"].map(known)
    return found.where(found.isin(list(RESPONSES)), "NE").tolist()


def _bars(axes: Axes, burdens: pd.DataFrame) -> list[Artist]:
    """Draw the bars, and lines where expression is known; return their keys."""
    places = np.arange(len(burdens))
    has_burden = burdens["neoantigen_burden"].notna().to_numpy(dtype=bool)
    total = burdens["neoantigen_burden"].fillna(0.0).to_numpy(dtype=np.float64)
    strong = burdens["neoantigen_burden_strong"].fillna(0).to_numpy(dtype=np.float64)
    for heights, bottom, colour in (
        (strong, 0.0 * strong, STRONG),
        (total - strong, strong, WEAK),
    ):
        axes.bar(
            places[has_burden], heights[has_burden], bottom=bottom[has_burden], color=colour,
            edgecolor=INK, linewidth=THIN / 2, width=0.8,
        )  # fmt: skip
    expressed = (
        burdens["neoantigen_burden_expressed"]
        .astype("Float64")
        .to_numpy(dtype=np.float64, na_value=np.nan)
    )
    has_level = ~np.isnan(expressed)
    axes.hlines(
        expressed[has_level], places[has_level] - 0.4, places[has_level] + 0.4, color=INK,
        linewidth=1.6, zorder=3,
    )  # fmt: skip
    axes.set_ylim(0.0, max(float(total.max()) * 1.05, 1.0))
    axes.set_ylabel("Neoantigens (variants)")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10], integer=True))
    dress(axes)
    keys: list[Artist] = [*patches({"strong binder": STRONG, "weaker binder": WEAK})]
    if has_level.any():
        keys.append(Line2D([], [], color=INK, linewidth=1.6, label="of an expressed gene"))
    is_bound = _is_bound(burdens).to_numpy(dtype=bool)
    if is_bound.any():
        axes.bar(places[is_bound], total[is_bound], width=0.8, **_BOUND)
        keys.append(Patch(label="lower bound", **_BOUND))
    for place in places[~has_burden]:
        axes.annotate(
            "?", (float(place), 0.0), (0, 1.5), textcoords="offset points", fontsize=SMALL,
            fontfamily=FONT, color=INK, ha="center", va="bottom",
        )  # fmt: skip
    return keys


def _strip(axes: Axes, responses: list[str]) -> None:
    """Draw a box in the colour of the response under each bar."""
    axes.bar(
        range(len(responses)), 1.0, width=0.8, color=[RESPONSES[name] for name in responses],
        edgecolor=INK, linewidth=THIN / 2, clip_on=False,
    )  # fmt: skip
    axes.set_ylim(0.0, 1.0)
    axes.set_yticks([0.5], ["response"])
    dress(axes)
    axes.tick_params(axis="y", length=0.0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def neoantigen_ranks(
    neoantigens: Neoantigens,
    peptides: Peptides,
    neoantigen_burden: NeoantigenBurden | None = None,
) -> NeoantigenRanks:
    """Draw the ranks of the best peptide of each variant beside those of its counterpart.

    Raises
    ------
    NothingToShow
        If no peptide binds an allele of class I by rank, with the reason of the burden.
    """
    own = neoantigens[neoantigens["mhc_class"] == "I"]
    binders = own[own["is_binder"] & own["rank"].notna()]
    if binders.empty:
        raise NothingToShow(_why_none(neoantigen_burden))
    best = best_binders(own, peptides)
    shown = best.head(_MOST_ROWS).reset_index(drop=True)
    figure = canvas(DOUBLE_MM, min(26.0 + 5.0 * len(shown), TALLEST_MM))
    axes = figure.subplots()
    colours = colours_of(sorted(shown["allele"]), PALETTE)
    _draw_ranks(axes, shown, colours)
    _label_bounds(axes, own)
    axes.set_yticks(range(len(shown)), [_name(row) for row in shown.to_dict("records")])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    beside = [_beside(row) for row in shown.to_dict("records")]
    for place, text in enumerate([_heading(shown), *beside] if any(beside) else [], -1):
        axes.annotate(
            text, (1.0, max(place, -0.85)), (4, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", fontsize=SMALL, fontfamily=FONT, ha="left",
            color=INK, va="center", annotation_clip=False,
            fontweight="bold" if place < 0 else "normal",
        )  # fmt: skip
    dress(axes)
    axes.tick_params(axis="y", length=0.0)
    figure.legend(
        handles=_keys(colours), loc="outside upper right", ncols=4, **_KEY
    )  # fmt: skip
    footnote(figure, _how_many(binders, int(best["variants"].sum()), shown))
    return figure


def _why_none(burden: pd.DataFrame | None) -> str:
    """Say why no binder is known: where nothing could be predicted, what that lacked."""
    plain = "no mutant peptide is known to bind an HLA allele of class I by rank"
    if burden is None or burden.empty:
        return plain
    told = burden.iloc[0]
    reason = str(told["reason"]) if _is_known(told["reason"]) else ""
    if _is_known(told["neoantigen_burden"]):
        return f"{plain}; {reason}" if reason else plain
    is_by_affinity = _is_known(told["neoantigen_burden_affinity"])
    return "no percentile ranks are known" if is_by_affinity or not reason else reason


def _heading(shown: pd.DataFrame) -> str:
    """Name what is known of at least one row."""
    return ", ".join(
        words for column, words in _SIDE.items() if any(map(_is_known, shown[column]))
    )


def _how_many(binders: pd.DataFrame, variants: int, shown: pd.DataFrame) -> str:
    """Say how many variants and peptides bind, which are shown, and where points were moved."""
    spoken = int(shown["variants"].sum())
    first = f"the first {spoken} of " if variants > spoken else ""
    peptides = _counted(int(binders["peptide"].nunique()), "peptide", "different peptides")
    told = f"{first}{_counted(variants, 'variant', 'variants')} with a binder; {peptides}"
    ranks = shown[["rank", "wild_type_rank"]]
    if bool((ranks < _LEAST_RANK).any(axis=None)):
        told += f"; ranks below {_LEAST_RANK:g} % are drawn there"
    return told


def _label_bounds(axes: Axes, neoantigens: pd.DataFrame) -> None:
    """Name a bound above the axes; in words only where the run's own bound may be the same."""
    ranked = neoantigens[neoantigens["rank"].notna()]
    for bound, (word, column) in _BOUNDS.items():
        is_usual = bool((ranked[column].astype(bool) == (ranked["rank"] <= bound)).all())
        axes.annotate(
            f"{word}\n\N{LESS-THAN OR EQUAL TO} {bound:g} %" if is_usual else f"{bound:g} %",
            (bound, 1.0), (0, 2), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=SMALL, fontfamily=FONT, color=INK,
            ha="center", va="bottom", linespacing=1.0,
        )  # fmt: skip


def _draw_ranks(axes: Axes, shown: pd.DataFrame, colours: dict[str, str]) -> None:
    places = np.arange(len(shown))
    mutant, wild = (
        np.clip(shown[name].to_numpy(dtype=np.float64), _LEAST_RANK, _LARGEST_RANK)
        for name in ("rank", "wild_type_rank")
    )
    dyed = [colours[str(allele)] for allele in shown["allele"]]
    for bound in _BOUNDS:
        axes.axvline(bound, color=GREY, linewidth=THIN, linestyle=(0, (4, 3)), zorder=0)
    axes.hlines(places, mutant, wild, color=dyed, linewidth=THIN, zorder=1)
    axes.scatter(
        wild, places, s=2.0 * DOT, facecolors="white", edgecolors=dyed, linewidths=0.8, zorder=2
    )
    axes.scatter(mutant, places, s=2.0 * DOT, c=dyed, edgecolors=dyed, linewidths=0.8, zorder=3)
    axes.set_xscale("log")
    least, most = (float(of([mutant, wild])) for of in (np.nanmin, np.nanmax))
    end = min(max(most * 1.4, _LEAST_END), _LARGEST_RANK * 1.1)
    axes.set_xlim(min(least * 0.7, 0.1), end)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda rank, _: f"{rank:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("Percentile rank (%)")


def _name(row: Row) -> str:
    """Write gene, change and peptide of one row."""
    change = str(row["hgvsp"]).rpartition(":")[2] if _is_known(row["hgvsp"]) else ""
    front = f"{_gene(row)} {change}".strip()
    return f"{shortened(front, _LONGEST_FRONT)}  {row['peptide']}"


def _gene(row: Row) -> str:
    """Name the gene; where it has no symbol the transcript, else the place of the call.

    A place is that of the first call, 1-based as in the VCF.
    """
    for name in ("gene", "transcript"):
        if _is_known(row[name]):
            return str(row[name])
    contig, start, *_ = str(row["variant_ids"]).partition(";")[0].rsplit("-", 4)
    return f"{contig}:{int(start) + 1}"


def _beside(row: Row) -> str:
    """Write what is known of expression, RNA reads and clonality."""
    parts = []
    if row["variants"] > 1:
        parts.append(f"best of {row['variants']} variants")
    if _is_known(row["gene_tpm"]):
        parts.append(_tpm_text(float(row["gene_tpm"])))
    if _is_known(row["rna_alt_reads"]) and _is_known(row["rna_depth"]):
        alt, depth = row["rna_alt_reads"], row["rna_depth"]
        parts.append(f"RNA {alt}/{depth}" if depth else "no RNA reads")
    if _is_known(row["clonality"]):
        is_open = row["clonality"] == "indeterminate"
        parts.append("clonality open" if is_open else str(row["clonality"]))
    if _is_known(row["allele_lost"]) and row["allele_lost"]:
        parts.append("allele lost")
    return ", ".join(parts)


def _tpm_text(tpm: float) -> str:
    """Write an expression: whole where it is large."""
    return f"{tpm:,.0f} TPM" if tpm >= 100.0 else f"{tpm:.1f} TPM"  # noqa: PLR2004  3 digits


def _is_known(value: Any) -> bool:  # noqa: ANN401  a cell
    return not pd.isna(value) and value != ""


def _keys(colours: dict[str, str]) -> list[Line2D]:
    named = [("mutant", INK, INK), ("germline counterpart", INK, "white")]
    named += [(name, colour, colour) for name, colour in colours.items()]
    return [
        Line2D([], [], linestyle="none", marker="o", markersize=4.0, color=colour,
               markerfacecolor=face, label=name)
        for name, colour, face in named
    ]  # fmt: skip
