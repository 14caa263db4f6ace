"""Lines of annotation above a heat map: a colour for the value of each column."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from storiform.figures.style import (
    FONT,
    MEDIUM,
    PALE,
    RESPONSES,
    SMALL,
    STRIPS,
    THIN,
    dress,
    most_frequent,
)

_NOT_STATED = "not stated"


class Strip(NamedTuple):
    """One line of annotation: the value of each column, and the colour of each value."""

    name: str
    cells: list[str]
    colours: Mapping[str, str]


def response_strip(name: str, response: pd.Series) -> Strip:
    """Return the best response of each column, NE where it is none of RECIST's."""
    known = response.where(response.isin(list(RESPONSES)), "NE")
    return Strip(name, known.astype(str).tolist(), RESPONSES)


def histology_strip(histology: pd.Series) -> Strip | None:
    """Return the histology of each column, or nothing where none is stated.

    The most frequent ones have a colour each, all others one grey.
    """
    stated = histology.fillna("").astype(str).tolist()
    named, colours = most_frequent([name for name in stated if name], STRIPS)
    if not named:
        return None
    left = iter(named)
    cells = [next(left) if name else _NOT_STATED for name in stated]
    return Strip("histology", cells, {**colours, _NOT_STATED: PALE})


def draw_strip(axes: Axes, strip: Strip) -> None:
    """Draw a strip over the width of its axes."""
    names = list(strip.colours)
    codes = np.array([[names.index(value) for value in strip.cells]])
    axes.imshow(
        codes, aspect="auto", interpolation="nearest", vmin=-0.5, vmax=len(names) - 0.5,
        cmap=ListedColormap([strip.colours[name] for name in names]),
    )  # fmt: skip
    dress(axes, has_frame=True)
    axes.set_yticks([0], [strip.name])
    axes.set_xticks([])
    axes.tick_params(length=0.0)


def dress_z_bar(bar: Any) -> None:  # noqa: ANN401  its class has no types
    """Write at a colour bar that it is of z scores, in the type of all figures."""
    bar.set_label("z score", fontsize=MEDIUM, fontfamily=FONT)
    bar.ax.tick_params(labelsize=SMALL, labelfontfamily=FONT, width=THIN, length=2.0)
    bar.outline.set_linewidth(THIN)
