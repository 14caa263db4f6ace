"""Cells, signatures and checkpoint genes of all biopsies in one panel, by response."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.heatmap import standardised
from storiform.figures.speakers import as_tested, is_counted, sizes_text
from storiform.figures.strips import (
    Strip,
    draw_strip,
    dress_z_bar,
    histology_strip,
    response_strip,
)
from storiform.figures.style import (
    DOUBLE_MM,
    FONT,
    INK,
    MEDIUM,
    PALE,
    SMALL,
    TALLEST_MM,
    THIN,
    WITH,
    WITHOUT,
    canvas,
    diverging,
    dress,
    footnote,
    letters_mm,
    p_text,
    patches,
    told_apart,
)
from storiform.model.errors import NothingToShow
from storiform.model.params import Params
from storiform.model.populations import population_text
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.immune import CHECKPOINT_GENES, Checkpoints
from storiform.model.tables.outcomes import Associations, Features
from storiform.model.tables.rna import POPULATIONS, McpCounter, SsGsea
from storiform.model.tables.trial_tables import PopulationMembers

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SIGNATURE_PANEL = Picture(
    "signature_panel",
    caption="MCP-counter scores, ssGSEA scores of immune signatures and log2(TPM + 1) of genes "
    "of immune checkpoints, one column for each biopsy with RNA, of all timepoints. Each row "
    "is standardised over the biopsies shown (z score); columns are parted into responders, "
    "non-responders and those whose response is unknown, and sorted by best response, then by "
    "mean z score of the cells. Grey: missing. Further biopsies of a patient are marked, and "
    "not counted. Right of a row: p of the Wilcoxon rank-sum test between responders and "
    "non-responders, one biopsy for each patient, and in brackets q, adjusted within the table "
    "of the row unless association.family is all; both as in the table associations.",
    version=3,
)
SignaturePanel = Annotated[Figure, SIGNATURE_PANEL]

_ROW_MM, _MOST_WORDS, _KEY = 3.4, 30, 26
_UNKNOWN = "unknown"
_COUNTED = {"counted": INK, "further biopsy": PALE}
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


class _Source(NamedTuple):
    """What a heat map is made of: its title, its table by name and content, its columns."""

    name: str
    table: str
    scores: pd.DataFrame
    columns: Mapping[str, str]


class _Block(NamedTuple):
    """One heat map: its name, its rows, their z scores (rows, biopsies), and p (q) of each."""

    name: str
    rows: list[str]
    z: Floats
    tests: list[str]


def signature_panel(  # noqa: PLR0913, PLR0917  a step
    mcp_counter: McpCounter,
    ssgsea: SsGsea | None,
    checkpoints: Checkpoints | None,
    clinic: Clinic,
    features: Features,
    associations: Associations | None,
    params: SignaturePanelParams,
    members: PopulationMembers | None = None,
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
    features
        Gathered features: they tell which biopsy speaks for a patient.
    associations
        Tests of the rows against response.
    members
        Who belongs to the tested population; response of others counts as unknown.
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
    tests = _tests(associations)
    blocks = [_block(_Source("MCP-counter", "mcp_counter", known, cells), keys, tests)]
    if ssgsea is not None:
        sets = _chosen(ssgsea, params.signatures)
        blocks.append(_block(_Source("ssGSEA", "ssgsea", ssgsea, sets), keys, tests))
    if checkpoints is not None:
        names = {g: f"{g} ({n})" if g != n else g for g, n in CHECKPOINT_GENES.items()}
        genes = _Source("checkpoints", "checkpoints", checkpoints, names)
        blocks.append(_block(genes, keys, tests))
    clinical = clinic.set_index("patient").reindex(keys["patient"])
    clinical = as_tested(clinical, associations, members)
    counted = is_counted(keys["biopsy"], features, "mcp_counter")
    strips, groups = _strips(clinical, counted)
    order = _order(keys, strips, blocks[0].z)
    shown = [block._replace(z=block.z[:, order]) for block in blocks if block.rows]
    turned = [strip._replace(cells=[strip.cells[at] for at in order]) for strip in strips]
    biopsies = [str(keys["biopsy"].iloc[at]) for at in order]
    labels = biopsies if len(biopsies) <= params.most_names else []
    figure = _drawn(shown, turned, labels, [groups[at] for at in order], params.limit)
    of_counted = [group for group, is_one in zip(groups, counted, strict=True) if is_one]
    footnote(figure, f"{_sizes(len(groups), of_counted)}. {_tested(tests)}")
    return figure


def _sizes(biopsies: int, groups: list[str]) -> str:
    sizes = [f"{groups.count(name)} {name}s" for name in ("responder", "non-responder")]
    unknown = groups.count(_UNKNOWN)
    sizes += [f"{unknown} of unknown response"] if unknown else []
    return f"{sizes_text(biopsies, len(groups))}: {', '.join(sizes)}"


def _tests(associations: pd.DataFrame | None) -> pd.DataFrame:
    """Return `p`, `q`, `n` of the numbers that were compared by response, by feature."""
    columns = ["feature", "population", "p", "q", "n"]
    if associations is None:
        return pd.DataFrame({name: [] for name in columns}).set_index("feature")
    is_one = (associations["outcome"] == "responded") & (associations["kind"] == "number")
    rows = associations.loc[is_one & associations["p"].notna(), columns]
    return rows.set_index("feature")


def _tested(tests: pd.DataFrame) -> str:
    own = tests[tests.index.astype(str).str.match(r"(mcp_counter|ssgsea|checkpoints)\.")]
    if own.empty:
        return "Not tested against response"
    least, most = int(own["n"].min()), int(own["n"].max())
    n = f"{most}" if least == most else f"{least} to {most}"
    return f"p (q): Wilcoxon rank sum by response, n = {n} patients{population_text(own)}"


def _chosen(scores: pd.DataFrame, wanted: Sequence[str]) -> dict[str, str]:
    sets = [name for name in scores.columns if name not in {"patient", "biopsy"}]
    kept = [name for name in wanted if name in sets and scores[name].notna().any()]
    if not kept:
        spread = scores[[n for n in sets if not n.startswith(_REPEATED)]].std().fillna(0.0)
        most = len(SignaturePanelParams.model_fields["signatures"].default)
        kept = sorted(spread.sort_values(ascending=False, kind="stable").index[:most])
    return {name: name.replace("_", " ") for name in kept}


def _block(source: _Source, keys: pd.DataFrame, tests: pd.DataFrame) -> _Block:
    """Return the z scores of one table's columns, of the biopsies of `keys`, in their order."""
    names = source.columns
    own = source.scores.set_index("biopsy")[list(names)].reindex(keys["biopsy"])
    measured = [column for column in names if own[column].notna().any()]
    z = standardised(own[measured].to_numpy(dtype=np.float64)).T
    known = tests.reindex([f"{source.table}.{column}" for column in measured])
    pairs = known[["p", "q"]].to_numpy(dtype=np.float64).tolist()
    told = ["" if np.isnan(p) else f"{_number(p)} ({_number(q)})" for p, q in pairs]
    return _Block(source.name, [names[column] for column in measured], z, told)


def _number(p: float) -> str:
    return p_text(p, "").strip().removeprefix("= ").replace("< ", "<")


def _strips(clinical: pd.DataFrame, counted: Bools) -> tuple[list[Strip], list[str]]:
    told = clinical["responded"].astype("boolean")
    words = {True: "responder", False: "non-responder"}
    groups = [words.get(flag, _UNKNOWN) for flag in told.astype(object)]
    strips = [
        response_strip("best response", clinical["response"]),
        Strip("response", groups, RESPONDED),
    ]
    histology = histology_strip(clinical["histology"])
    if histology is not None:
        strips.insert(0, histology)
    if not counted.all():
        flags = ["counted" if flag else "further biopsy" for flag in counted.tolist()]
        strips.insert(0, Strip("biopsy", flags, _COUNTED))
    return strips, groups


def _order(keys: pd.DataFrame, strips: list[Strip], z: Floats) -> list[int]:
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
    strips: list[Strip],
    labels: list[str],
    groups: list[str],
    limit: float,
) -> Figure:
    rows = [1] * len(strips) + [len(block.rows) for block in blocks]
    names = told_apart(labels, 16)
    height = min(_ROW_MM * sum(rows) + 38.0 + letters_mm(names), TALLEST_MM)
    figure = canvas(DOUBLE_MM, height)
    grid = figure.add_gridspec(len(rows), 1, height_ratios=rows, hspace=0.02)
    panels = [figure.add_subplot(grid[number]) for number in range(len(rows))]
    for axes, strip in zip(panels, strips, strict=False):
        draw_strip(axes, strip)
    for axes, block in zip(panels[len(strips) :], blocks, strict=True):
        axes.imshow(
            np.ma.masked_invalid(block.z), aspect="auto", interpolation="nearest",
            cmap=diverging(), vmin=-limit, vmax=limit,
        )  # fmt: skip
        dress(axes, has_frame=True)
        axes.set_yticks(range(len(block.rows)), told_apart(block.rows, _MOST_WORDS))
        axes.set_xticks([])
        axes.set_ylabel(block.name, fontsize=MEDIUM, fontfamily=FONT)
        _write_right(axes, block.tests)
    if any(text for block in blocks for text in block.tests):
        _write_right(panels[len(strips) - 1], ["p (q)"])
    for axes in panels:
        axes.tick_params(length=0.0)
        for at in range(1, len(groups)):
            if groups[at] != groups[at - 1]:
                axes.axvline(at - 0.5, color="white", linewidth=3.0 * THIN)
    panels[-1].set_xticks(range(len(names)), names, rotation=90)
    figure.align_ylabels(panels)
    # Above the panels, since the right is of p and of the legends.
    bar = figure.colorbar(
        panels[-1].images[0], ax=panels, location="top", shrink=0.35, aspect=16, pad=0.01,
        extend="both", anchor=(0.0, 0.0),
    )  # fmt: skip
    dress_z_bar(bar)
    _legends(figure, strips)
    return figure


def _write_right(axes: Axes, lines: list[str]) -> None:
    """Write a line of small type at the right of each row."""
    for row, line in enumerate(lines):
        axes.annotate(
            line, (1.0, row), (3.0, 0.0), xycoords=("axes fraction", "data"),
            textcoords="offset points", fontsize=SMALL, fontfamily=FONT, color=INK,
            ha="left", va="center_baseline", annotation_clip=False,
        )  # fmt: skip


def _legends(figure: Figure, strips: list[Strip]) -> None:
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
