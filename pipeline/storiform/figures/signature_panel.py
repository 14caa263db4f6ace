"""Cells, signatures and checkpoint genes of all biopsies in one panel, by response."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.heatmap import standardised
from storiform.figures.style import (
    DOUBLE_MM,
    FONT,
    MEDIUM,
    MUTED,
    PALE,
    RESPONSES,
    SMALL,
    TALLEST_MM,
    THIN,
    WITH,
    WITHOUT,
    canvas,
    colours_of,
    diverging,
    dress,
    footnote,
    patches,
    shortened,
)
from storiform.model.errors import NothingToShow
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.immune import CHECKPOINT_GENES, Checkpoints
from storiform.model.tables.rna import POPULATIONS, McpCounter, SsGsea

Floats = npt.NDArray[np.float64]

SIGNATURE_PANEL = Picture(
    "signature_panel",
    caption="MCP-counter scores, ssGSEA scores of immune signatures and log2(TPM + 1) of genes "
    "of immune checkpoints, one column for each biopsy with RNA, of all timepoints. Each row "
    "is standardised over the biopsies shown (z score); columns are parted into responders, "
    "non-responders and those whose response is unknown, and sorted by best response, then by "
    "mean z score of the cells. Grey: missing. No test.",
)
SignaturePanel = Annotated[Figure, SIGNATURE_PANEL]

_ROW_MM, _MOST_WORDS, _KEY = 3.4, 30, 26
_UNKNOWN = "unknown"
_REPEATED = "MCP_"
"""Gene sets of MCP-counter's own markers, whose scores stand above already."""
RESPONDED = {"responder": WITH, "non-responder": WITHOUT, _UNKNOWN: PALE}


class SignaturePanelParams(Params):
    """What is drawn, and how."""

    signatures: tuple[str, ...] = Field(
        (
            "CYT", "TIS18_Ayers", "IFNG6_Ayers", "CD8_T_effector", "TLS_12chemokine",
            "TLS_Cabrita9", "Treg", "Class_I_MHC", "Immune_checkpoint", "Danaher_B_cells",
            "Danaher_Exhausted_CD8", "Pan_F_TBRS", "Angiogenesis_MFP", "CAF_MFP",
        ),
        max_length=40,
        description="gene sets in this order; those that the run has not are left out; empty: "
        "the 14 that vary most",
    )  # fmt: skip
    limit: float = Field(
        2.5, gt=0.0, le=10.0, description="z score at which the colours saturate"
    )
    most_names: int = Field(
        44, ge=0, le=44, description="biopsies up to which columns carry names"
    )


class _Block(NamedTuple):
    """One heat map: its name, the names of its rows and their z scores (rows, biopsies)."""

    name: str
    rows: list[str]
    z: Floats


class _Strip(NamedTuple):
    """One line of annotation: the value of each column, and the colour of each value."""

    name: str
    cells: list[str]
    colours: Mapping[str, str]


def signature_panel(
    mcp_counter: McpCounter,
    ssgsea: SsGsea | None,
    checkpoints: Checkpoints | None,
    clinic: Clinic,
    params: SignaturePanelParams,
) -> SignaturePanel:
    """Draw cells, signatures and checkpoint genes of all biopsies, by response.

    Parameters
    ----------
    mcp_counter
        Scores of cell populations.
    ssgsea
        Scores of gene sets.
    checkpoints
        Expression of genes of immune checkpoints.
    clinic
        Response and histology of the patients.
    params
        Which sets are drawn.

    Raises
    ------
    NothingToShow
        If fewer than two biopsies have scores.
    """
    cells = {column: name for name, column in POPULATIONS.items()}
    known = mcp_counter[mcp_counter[list(cells)].notna().any(axis=1)]
    if len(known) < 2:  # noqa: PLR2004  nothing to standardise over
        message = f"{len(known)} biopsies have scores, a heat map takes two"
        raise NothingToShow(message)
    keys = known[["patient", "biopsy"]].reset_index(drop=True)
    blocks = [_block("MCP-counter", known, keys, cells)]
    if ssgsea is not None:
        blocks.append(_block("ssGSEA", ssgsea, keys, _chosen(ssgsea, params.signatures)))
    if checkpoints is not None:
        names = {g: f"{g} ({n})" if g != n else g for g, n in CHECKPOINT_GENES.items()}
        blocks.append(_block("checkpoints", checkpoints, keys, names))
    clinical = clinic.set_index("patient").reindex(keys["patient"])
    strips, groups = _strips(clinical)
    order = _order(keys, strips, blocks[0].z)
    shown = [block._replace(z=block.z[:, order]) for block in blocks if block.rows]
    turned = [strip._replace(cells=[strip.cells[at] for at in order]) for strip in strips]
    biopsies = [str(keys["biopsy"].iloc[at]) for at in order]
    labels = biopsies if len(biopsies) <= params.most_names else []
    return _drawn(shown, turned, labels, [groups[at] for at in order], params.limit)


def _chosen(scores: pd.DataFrame, wanted: Sequence[str]) -> dict[str, str]:
    sets = [name for name in scores.columns if name not in {"patient", "biopsy"}]
    kept = [name for name in wanted if name in sets and scores[name].notna().any()]
    if not kept:
        spread = scores[[n for n in sets if not n.startswith(_REPEATED)]].std().fillna(0.0)
        most = len(SignaturePanelParams.model_fields["signatures"].default)
        kept = sorted(spread.sort_values(ascending=False, kind="stable").index[:most])
    return {name: name.replace("_", " ") for name in kept}


def _block(
    name: str, scores: pd.DataFrame, keys: pd.DataFrame, columns: Mapping[str, str]
) -> _Block:
    """Return the z scores of one table's columns, of the biopsies of `keys`, in their order."""
    own = scores.set_index("biopsy")[list(columns)].reindex(keys["biopsy"])
    measured = [column for column in columns if own[column].notna().any()]
    z = standardised(own[measured].to_numpy(dtype=np.float64)).T
    return _Block(name, [columns[column] for column in measured], z)


def _strips(clinical: pd.DataFrame) -> tuple[list[_Strip], list[str]]:
    responses = clinical["response"].where(clinical["response"].isin(list(RESPONSES)), "NE")
    told = clinical["responded"].astype("boolean")
    words = {True: "responder", False: "non-responder"}
    groups = [words.get(flag, _UNKNOWN) for flag in told.astype(object)]
    strips = [
        _Strip("best response", responses.astype(str).tolist(), dict(RESPONSES)),
        _Strip("response", groups, RESPONDED),
    ]
    histology = clinical["histology"].fillna("")
    if (histology != "").any():
        named = [str(value) or "not stated" for value in histology]
        strips.insert(0, _Strip("histology", named, colours_of(sorted(named), MUTED)))
    return strips, groups


def _order(keys: pd.DataFrame, strips: list[_Strip], z: Floats) -> list[int]:
    ranks = [[list(strip.colours).index(cell) for cell in strip.cells] for strip in strips[-2:]]
    count = np.isfinite(z).sum(axis=0)
    means = np.where(np.isfinite(z), z, 0.0).sum(axis=0) / np.maximum(count, 1)
    names = np.unique(keys["biopsy"].astype(str), return_inverse=True)[1]
    places: list[int] = np.lexsort(
        [names, -means, np.array(ranks[0]), np.array(ranks[1])]
    ).tolist()
    return places


def _drawn(
    blocks: list[_Block],
    strips: list[_Strip],
    labels: list[str],
    groups: list[str],
    limit: float,
) -> Figure:
    rows = [1] * len(strips) + [len(block.rows) for block in blocks]
    height = min(_ROW_MM * sum(rows) + 36.0, TALLEST_MM)
    figure = canvas(DOUBLE_MM, height)
    grid = figure.add_gridspec(len(rows), 1, height_ratios=rows, hspace=0.02)
    panels = [figure.add_subplot(grid[number]) for number in range(len(rows))]
    for axes, strip in zip(panels, strips, strict=False):
        _draw_strip(axes, strip)
    for axes, block in zip(panels[len(strips) :], blocks, strict=True):
        axes.imshow(
            np.ma.masked_invalid(block.z), aspect="auto", interpolation="nearest",
            cmap=diverging(), vmin=-limit, vmax=limit,
        )  # fmt: skip
        dress(axes, has_frame=True)
        axes.set_yticks(
            range(len(block.rows)), [shortened(name, _MOST_WORDS) for name in block.rows]
        )
        axes.set_xticks([])
        axes.set_ylabel(block.name, fontsize=MEDIUM, fontfamily=FONT)
    for axes in panels:
        axes.tick_params(length=0.0)
        for at in range(1, len(groups)):
            if groups[at] != groups[at - 1]:
                axes.axvline(at - 0.5, color="white", linewidth=3.0 * THIN)
    names = [shortened(name, 16) for name in labels]
    panels[-1].set_xticks(range(len(names)), names, rotation=90)
    figure.align_ylabels(panels)
    bar = figure.colorbar(
        panels[-1].images[0], ax=panels, shrink=min(0.5, 35.0 / height), aspect=14, pad=0.01,
        extend="both", anchor=(0.0, 0.0),
    )  # fmt: skip
    bar.set_label("z score", fontsize=MEDIUM, fontfamily=FONT)
    bar.ax.tick_params(labelsize=SMALL, labelfontfamily=FONT, width=THIN, length=2.0)
    bar.outline.set_linewidth(THIN)
    _legends(figure, strips)
    sizes = [f"{groups.count(name)} {name}s" for name in ("responder", "non-responder")]
    unknown = groups.count(_UNKNOWN)
    sizes += [f"{unknown} of unknown response"] if unknown else []
    footnote(figure, f"n = {len(groups)} biopsies: {', '.join(sizes)}")
    return figure


def _draw_strip(axes: Axes, strip: _Strip) -> None:
    names = list(strip.colours)
    codes = np.array([[names.index(value) for value in strip.cells]])
    axes.imshow(
        codes, aspect="auto", interpolation="nearest", vmin=-0.5, vmax=len(names) - 0.5,
        cmap=ListedColormap([strip.colours[name] for name in names]),
    )  # fmt: skip
    dress(axes, has_frame=True)
    axes.set_yticks([0], [strip.name])
    axes.set_xticks([])


def _legends(figure: Figure, strips: list[_Strip]) -> None:
    """Write the keys of all strips at the right, under one another, each with its title."""
    handles = []
    for strip in strips:
        keys = {name: strip.colours[name] for name in strip.colours if name in strip.cells}
        handles += patches({strip.name: "none"})
        handles[-1].set_edgecolor("none")
        handles += patches({textwrap.fill(name, _KEY): keys[name] for name in keys})
    figure.legend(
        handles=handles, loc="outside right upper", frameon=False,
        prop={"size": SMALL, "family": FONT}, handlelength=1.0, labelspacing=0.35,
    )  # fmt: skip
