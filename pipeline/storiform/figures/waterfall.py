"""The best change of each patient's tumours, a bar for each."""

from typing import Annotated

from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.style import (
    DOUBLE_MM,
    FONT,
    GREY,
    INK,
    RESPONSES,
    SINGLE_MM,
    SMALL,
    THIN,
    canvas,
    dress,
    footnote,
    patches,
)
from storiform.model.errors import NothingToShow
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic

WATERFALL = Picture(
    "waterfall",
    caption="Best change of the sum of target lesions from baseline, one bar for each patient "
    "with a measured change, coloured by best overall response. Dashed: +20 % and -30 %, "
    "the bounds of progression and partial response in RECIST 1.1. No test.",
)
Waterfall = Annotated[Figure, WATERFALL]


class WaterfallParams(Params):
    """How the waterfall is drawn."""

    progression_percent: float = Field(
        20.0, ge=0.0, le=100.0, description="upper line in percent, RECIST 1.1"
    )
    response_percent: float = Field(
        -30.0, ge=-100.0, le=0.0, description="lower line in percent, RECIST 1.1"
    )
    most_names: int = Field(
        60, ge=0, le=200, description="patients up to which bars carry names"
    )


def waterfall(clinic: Clinic, params: WaterfallParams) -> Waterfall:
    """Draw the best change of each patient, from growth to shrinkage.

    Raises
    ------
    NothingToShow
        If no patient has a measured change.
    """
    measured = clinic[clinic["best_change_percent"].notna()]
    if measured.empty:
        message = "no patient has a best change of the sum of target lesions"
        raise NothingToShow(message)
    measured = measured.sort_values(
        ["best_change_percent", "patient"], ascending=[False, True], ignore_index=True
    )
    responses = measured["response"].where(measured["response"].isin(list(RESPONSES)), "NE")
    width = min(DOUBLE_MM, max(SINGLE_MM, 30.0 + 3.6 * len(measured)))
    figure = canvas(width, 80.0)
    axes = figure.subplots()
    axes.bar(
        range(len(measured)), measured["best_change_percent"], width=0.8,
        color=[RESPONSES[response] for response in responses], edgecolor=INK,
        linewidth=THIN / 2,
    )  # fmt: skip
    for level in (params.progression_percent, params.response_percent):
        axes.axhline(level, color=GREY, linewidth=THIN, linestyle=(0, (4, 3)), zorder=0)
    axes.axhline(0.0, color=INK, linewidth=THIN)
    axes.set_xlim(-0.8, len(measured) - 0.2)
    axes.set_ylabel("Best change from baseline (%)")
    dress(axes)
    axes.spines["bottom"].set_visible(False)
    has_names = len(measured) <= params.most_names
    names = measured["patient"].tolist() if has_names else []
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.tick_params(axis="x", length=0.0)
    present = {name: RESPONSES[name] for name in RESPONSES if (responses == name).any()}
    figure.legend(
        handles=patches(present), loc="outside upper right", frameon=False, ncols=len(present),
        prop={"size": SMALL, "family": FONT}, handlelength=1.0, columnspacing=1.0,
    )  # fmt: skip
    missing = len(clinic) - len(measured)
    left_out = f"; {missing} without a measured change left out" if missing else ""
    footnote(figure, f"n = {len(measured)} patients{left_out}")
    return figure
