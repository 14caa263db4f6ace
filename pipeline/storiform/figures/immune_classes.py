"""Sarcoma Immune Classes of all biopsies: how many are of each, and who responded."""

import warnings
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from storiform.figures.speakers import as_tested, is_counted, sizes_text
from storiform.figures.strips import Strip, draw_strip, dress_z_bar, response_strip
from storiform.figures.style import (
    DOUBLE_MM,
    FONT,
    GREY,
    INK,
    PALE,
    RESPONSES,
    SMALL,
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
from storiform.model.errors import DataWarning, NothingToShow
from storiform.model.histology import is_no_sarcoma
from storiform.model.populations import population_text
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.immune import SIC_CLASSES, SIC_POPULATIONS, ImmuneClasses
from storiform.model.tables.outcomes import Associations, Features
from storiform.model.tables.rna import POPULATIONS
from storiform.model.tables.trial_tables import PopulationMembers

Floats = npt.NDArray[np.float64]

IMMUNE_CLASS_STRIP = Picture(
    "immune_class_strip",
    caption="Sarcoma Immune Classes by the nearest published centroid, on the scale of a "
    "cohort of reference. Left: patients of each class by response, one biopsy for each, that "
    "at baseline; above each bar, responders of those whose response is known. Right: one "
    "column for each biopsy, by class, then from the largest margin to the smallest; black: "
    "the class is ambiguous, since another centroid is hardly farther; further biopsies of a "
    "patient are drawn and not counted; below, z scores on the scale of the reference. p: "
    "Fisher's exact test of class against response over the patients, as in the table "
    "associations; by Freeman and Halton for more than two classes.",
    version=4,
)
ImmuneClassStrip = Annotated[Figure, IMMUNE_CLASS_STRIP]

_TONES = ("#332288", "#9977ff", "#7a5c3a", "#dd99bb", "#882255")
COLOURS = dict(zip(SIC_CLASSES, _TONES, strict=True))
"""From immune-low to immune-high, C is the vascular class; none is like that of a response."""
_MOST_NAMES = 36
_LIMIT = 2.5
_TABLE = "immune_classes"
_SARCOMAS = "tcga_sarc"
_SHOWN = 4
_CLEARNESS = {"ambiguous": INK, "clear": "#ffffff"}
_REPEATS = {"not counted": GREY, "counted": "#ffffff"}
_GROUPS = {"responders": WITH, "non-responders": WITHOUT, "response unknown": PALE}


def immune_class_strip(
    immune_classes: ImmuneClasses,
    clinic: Clinic,
    features: Features,
    associations: Associations | None,
    members: PopulationMembers | None = None,
) -> ImmuneClassStrip:
    """Draw the classes of all biopsies with the response of their patients.

    Parameters
    ----------
    immune_classes
        Classes of all biopsies, of any timepoint.
    clinic
        Response of the patients.
    features
        Gathered features: they tell which biopsy speaks for a patient.
    associations
        Test of the class against response.
    members
        Who belongs to the tested population; response of others counts as unknown.

    Raises
    ------
    NothingToShow
        If no biopsy has a class.

    Warns
    -----
    DataWarning
        If biopsies are stated as another tumour than a sarcoma.
    """
    classed = immune_classes[immune_classes["immune_class"].notna()]
    if classed.empty:
        message = "no biopsy has an immune class"
        raise NothingToShow(message)
    ordered = classed.sort_values(
        ["immune_class", "margin", "biopsy"], ascending=[True, False, True], kind="stable"
    )
    clinical = clinic.set_index("patient").reindex(ordered["patient"])
    _warn_of_others(ordered, clinical)
    clinical = as_tested(clinical, associations, members)
    counts = is_counted(ordered["biopsy"], features, _TABLE)
    labels = ordered["biopsy"].astype(str).tolist() if len(ordered) <= _MOST_NAMES else []
    labels = told_apart(labels, 16)
    figure = canvas(DOUBLE_MM, 80.0 + letters_mm(labels))
    parts: Any = figure.subfigures(1, 2, width_ratios=(1.0, 2.4))  # an array of two
    left, right = parts
    _draw_sizes(left.subplots(), ordered[counts], clinical[counts])
    classes = ordered["immune_class"].astype(str).tolist()
    response = response_strip("best response", clinical["response"])
    flags = ordered["is_ambiguous"].fillna(value=False).to_numpy(dtype=bool)
    strips = [
        Strip("class", classes, COLOURS),
        Strip("ambiguous", np.where(flags, *_CLEARNESS).tolist(), _CLEARNESS),
        response,
    ]
    if not counts.all():
        repeats = np.where(counts, "counted", "not counted").tolist()
        strips.append(Strip("not counted", repeats, _REPEATS))
    heights = [1] * len(strips) + [len(SIC_POPULATIONS)]
    grid = right.add_gridspec(len(heights), 1, height_ratios=heights, hspace=0.02)
    panels = [right.add_subplot(grid[number]) for number in range(len(heights))]
    for axes, strip in zip(panels, strips, strict=False):
        draw_strip(axes, strip)
    _draw_scores(panels[-1], ordered, labels)
    keys = {name: RESPONSES[name] for name in RESPONSES if name in response.cells}
    shown = {f"class {name}": COLOURS[name] for name in COLOURS if name in classes}
    repeated = {} if counts.all() else {"not counted": _REPEATS["not counted"]}
    lines = (shown, keys, _CLEARNESS | repeated)
    right.legend(
        handles=_in_lines(lines),
        loc="outside upper left", frameon=False, ncols=max(map(len, lines)),
        prop={"size": SMALL, "family": FONT}, handlelength=1.0, columnspacing=1.0,
    )  # fmt: skip
    left.legend(
        handles=patches(_GROUPS), loc="outside upper left", frameon=False, ncols=1,
        prop={"size": SMALL, "family": FONT}, handlelength=1.0, labelspacing=0.3,
    )  # fmt: skip
    told = _counts(ordered, counts, len(immune_classes))
    footnote(figure, f"{told}. {_tests(associations)}")
    return figure


def _in_lines(lines: tuple[dict[str, str], ...]) -> list[Patch]:
    """Return keys so ordered that a legend, which fills columns, sets each group in a line."""
    columns = max(map(len, lines))
    rows = [patches(line) for line in lines if line]
    blank = [Patch(visible=False, label="") for _ in range(columns)]
    filled = [[*row, *blank[len(row) :]] for row in rows]
    return [key for column in zip(*filled, strict=True) for key in column]


def _warn_of_others(classed: pd.DataFrame, clinical: pd.DataFrame) -> None:
    """Say once of a cohort that it is classed by the centroids of another kind of tumour."""
    stated = clinical["histology"].reset_index(drop=True)
    others = stated[[is_no_sarcoma(name) for name in stated]]
    if others.empty:
        return
    own = " and the reference tcga_sarc" if (classed["reference"] == _SARCOMAS).any() else ""
    names = sorted(set(others.astype(str).str.strip()))
    message = (
        f"{len(others)} of {len(stated)} biopsies with an immune class are stated as no "
        f"sarcoma ({', '.join(names[:_SHOWN])}): the five centroids{own} are of soft-tissue "
        "sarcomas. Read the class as likeness to those; it is not validated in other tumours."
    )
    warnings.warn(message, DataWarning, stacklevel=3)


def _tests(associations: pd.DataFrame | None) -> str:
    """Write p of the class, and of class E alone, with the name of the test and its n."""
    if associations is None:
        return "Not tested against response"
    is_told = (associations["outcome"] == "responded") & associations["p"].notna()
    rows = associations[is_told].set_index("feature").to_dict("index")
    whom = population_text(associations, ", ")
    told = []
    for name, column in (("Class", "immune_class"), ("Class E", "is_class_e")):
        row = rows.get(f"{_TABLE}.{column}")
        if row is not None:
            test = f"{row['test']}, n = {row['n']} patients{whom}"
            told.append(f"{name} by response: {p_text(row['p'])} ({test})")
    return "; ".join(told) or "Class by response: not tested, see the table associations"


def _counts(ordered: pd.DataFrame, counts: npt.NDArray[np.bool_], biopsies: int) -> str:
    told = sizes_text(len(ordered), int(counts.sum()), "with a class")
    if biopsies > len(ordered):
        told += f", {biopsies - len(ordered)} without"
    ambiguous = int(ordered["is_ambiguous"].fillna(value=False).sum())
    pairs = ordered[["reference", "reference_n"]].dropna().drop_duplicates().to_numpy()
    references = ", ".join(sorted(f"{name} (n = {n})" for name, n in pairs.tolist()))
    return f"{told}; {ambiguous} ambiguous. Reference: {references}"


def _draw_sizes(axes: Axes, ordered: pd.DataFrame, clinical: pd.DataFrame) -> None:
    """Draw how many patients are of each class, parted by response."""
    told = clinical["responded"].astype("boolean").reset_index(drop=True)
    classes = ordered["immune_class"].astype(str).reset_index(drop=True)
    parts = (told.fillna(value=False), (~told).fillna(value=False), told.isna())
    foot = np.zeros(len(SIC_CLASSES))
    heights = []
    for flag, colour in zip(parts, _GROUPS.values(), strict=True):
        sizes = np.array([int((flag & (classes == name)).sum()) for name in SIC_CLASSES])
        axes.bar(range(len(SIC_CLASSES)), sizes, bottom=foot, color=colour, width=0.75,
                 edgecolor=INK, linewidth=THIN / 2)  # fmt: skip
        foot += sizes
        heights.append(sizes)
    for at, (yes, no) in enumerate(zip(heights[0].tolist(), heights[1].tolist(), strict=True)):
        if foot[at]:
            words = f"{yes}/{yes + no}" if yes + no else f"{int(foot[at])}"
            axes.annotate(
                words, (at, foot[at]), (0, 2), textcoords="offset points", ha="center",
                fontsize=SMALL, fontfamily=FONT, color=INK,
            )  # fmt: skip
    axes.set_xticks(range(len(SIC_CLASSES)), list(SIC_CLASSES))
    axes.set_ylim(0, max(foot.max(), 1.0) * 1.15)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_xlabel("Sarcoma Immune Class")
    axes.set_ylabel("Patients")
    dress(axes)


def _draw_scores(axes: Axes, ordered: pd.DataFrame, labels: list[str]) -> None:
    z: Floats = ordered[[f"z_{name}" for name in SIC_POPULATIONS]].to_numpy(np.float64).T
    image = axes.imshow(
        np.ma.masked_invalid(z), aspect="auto", interpolation="nearest", cmap=diverging(),
        vmin=-_LIMIT, vmax=_LIMIT,
    )  # fmt: skip
    dress(axes, has_frame=True)
    names = {column: population for population, column in POPULATIONS.items()}
    axes.set_yticks(range(len(z)), [names[name] for name in SIC_POPULATIONS])
    axes.set_xticks(range(len(labels)), labels, rotation=90)
    axes.tick_params(length=0.0)
    host = axes.figure
    bar = host.colorbar(image, ax=axes, orientation="vertical", aspect=9, pad=0.02,
                        extend="both")  # fmt: skip
    dress_z_bar(bar)
