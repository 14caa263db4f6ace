"""The strip of fusions."""

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from storiform.figures.fusions import fusion_strip, fusion_tiles
from storiform.figures.style import BLUE, PALE, VERMILION, render
from storiform.model.errors import NothingToShow


def tables(*rows, biopsies="abcd"):
    columns = ["biopsy", "fusion", "known_fusion", "is_confident"]
    burden = pd.DataFrame({"biopsy": list(biopsies)}).assign(fusions=pd.array([0], "Int64")[0])
    return pd.DataFrame(list(rows), columns=columns), burden


ROWS = (
    ("a", "EWSR1::FLI1", "EWSR1::FLI1", True),
    ("a", "EWSR1::FLI1", "EWSR1::FLI1", True),
    ("b", "X::Y", "", True),
    ("c", "X::Y", "", True),
    ("b", "ONE::A", "", True),
    ("b", "ONE::B", "", True),
    ("c", "SS18::SSX1", "SS18::SSX1", False),
)


def test_known_pairs_come_first_and_lone_ones_are_counted_together() -> None:
    tiles = fusion_tiles(*tables(*ROWS))
    assert tiles.pairs == ("EWSR1::FLI1", "X::Y")
    assert tiles.biopsies == ("a", "b", "c", "d")
    assert tiles.counts.tolist() == [[1, 0, 0, 0], [0, 1, 1, 0], [0, 2, 0, 0]]
    assert tiles.known == {"EWSR1::FLI1"}


def test_tiles_have_the_colours_of_the_legend_and_counts() -> None:
    figure = fusion_strip(*tables(*ROWS))
    (axes,) = figure.axes
    colours = [to_hex(colour).upper() for colour in axes.collections[0].get_facecolors()]
    none = PALE.upper()
    assert colours == [
        VERMILION, none, none, none, none, BLUE, BLUE, none, none, BLUE, none, none,
    ]  # fmt: skip
    assert [text.get_text() for text in axes.texts] == ["2"]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["EWSR1::FLI1", "X::Y", "other pairs"]
    told = figure._supxlabel.get_text()  # noqa: SLF001  matplotlib has no other way
    assert told == "n = 4 biopsies; 3 with a fusion, 1 with a known one"
    assert render(figure)["png"]


def test_biopsies_in_which_no_fusion_can_be_seen_are_told_and_not_drawn_as_without() -> None:
    fusions, burden = tables(*ROWS, biopsies="abcdef")
    burden["fusions"] = pd.array([pd.NA, 3, 1, 0, pd.NA, pd.NA], "Int64")
    tiles = fusion_tiles(fusions, burden)
    assert tiles.biopsies == ("a", "b", "c", "d")  # a fusion was seen in a all the same
    told = fusion_strip(fusions, burden)._supxlabel.get_text()  # noqa: SLF001  as above
    assert " ".join(told.split()).endswith("2 in which none can be seen")


def test_many_biopsies_have_no_names_and_fit_the_page() -> None:
    names = [f"b{n:03d}" for n in range(200)]
    rows = [(name, f"G{n % 40}::H", "", True) for n, name in enumerate(names)]
    figure = fusion_strip(*tables(*rows, biopsies=names))
    assert figure.get_figwidth() * 25.4 <= 183.1
    assert not figure.axes[0].get_xticklabels()
    assert len(figure.axes[0].get_yticklabels()) == 25


def test_known_pairs_are_never_folded_into_the_others() -> None:
    names = [f"S-{n:03d}.pre-treatment.{w}" for n in range(15) for w in ("liver", "lung")]
    rows = [(name, f"K{n:02d}::X", f"K{n:02d}::X", True) for n, name in enumerate(names)]
    rows += [(name, "OFTEN::SEEN", "", True) for name in names]
    figure = fusion_strip(*tables(*rows, biopsies=names))
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [*(f"K{n:02d}::X" for n in range(30)), "other pairs"]
    assert figure.get_figheight() * 25.4 <= 240.1
    shown = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert len(set(shown)) == 30
    few = fusion_tiles(*tables(*rows[20:], biopsies=names))
    assert few.pairs[-1] == "OFTEN::SEEN"


def test_without_fusions_there_is_nothing_to_show() -> None:
    with pytest.raises(NothingToShow):
        fusion_strip(*tables(("a", "A::B", "", False)))
