"""The theme: sizes, text of numbers, and files that do not change between runs."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb

from storiform.figures.immune_classes import COLOURS
from storiform.figures.style import (
    GREY,
    INK,
    OTHER,
    PALE,
    PALETTE,
    RESPONSES,
    STRIPS,
    WITH,
    WITHOUT,
    canvas,
    colours_of,
    dress,
    months_text,
    most_frequent,
    p_text,
    plain_letters,
    render,
    shortened,
    told_apart,
)


def test_size_is_in_millimetres():
    assert canvas(183.0, 80.0).get_size_inches() * 25.4 == pytest.approx([183.0, 80.0])


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.01442, "p = 0.014"), (0.00032, "p = 0.00032"), (0.5, "p = 0.50"),
        (1.0, "p = 1.00"),
        (0.1, "p = 0.10"), (9.9e-5, "p < 0.0001"), (float("nan"), "p not given"),
    ],
)  # fmt: skip
def test_p_has_two_significant_digits(p, text):
    assert p_text(p) == text


def test_median_that_is_not_reached_is_named():
    missing = float("nan")
    assert months_text(missing, 4.0, missing) == "median not reached"
    assert months_text(7.7, missing, missing) == "median 7.7 months (NR)"
    assert months_text(7.7, 5.7, 10.4) == "median 7.7 months (5.7\N{EN DASH}10.4)"


def test_more_names_than_colours_end_in_grey():
    colours = colours_of(f"name {number}" for number in range(12))
    assert list(colours.values()) == [*PALETTE, GREY, GREY, GREY]


def test_long_text_is_cut_with_an_ellipsis():
    assert shortened("abcdef", 4) == "abc\N{HORIZONTAL ELLIPSIS}"
    assert shortened("abcd", 4) == "abcd"


def figure():
    made = canvas(60.0, 40.0)
    axes = made.subplots()
    axes.plot([0, 1], [0, 1])
    axes.set_ylabel("Survival")
    dress(axes)
    return made


def test_same_figure_gives_the_same_bytes_without_a_date():
    settings = dict(mpl.rcParams)
    first, second = render(figure()), render(figure())
    assert first == second
    assert set(first) == {"pdf", "png", "svg"}
    assert b"<text" not in first["svg"]
    assert b"CreationDate" not in first["pdf"]
    assert dict(mpl.rcParams) == settings


@pytest.mark.parametrize("name", ["costs $5 or $6", r"$\nothing$", "$x^$"])
def test_dollar_signs_in_a_name_are_letters(name):
    with plain_letters():
        made = figure()
        made.axes[0].set_yticks([0.5], [name])
        made.axes[0].set_title(name)
        svg = render(made)["svg"].decode()
    assert svg.count(f"<!-- {name} -->") == 2
    assert mpl.rcParams["text.parse_math"], "formulas of others stay formulas"


def test_each_format_is_drawn_once_and_the_resolution_stays():
    drawn = []

    class Counter(Artist):
        def draw(self, renderer):
            drawn.append(type(renderer).__name__)

    made = figure()
    made.add_artist(Counter())
    render(made)
    assert len(drawn) == 3
    assert made.dpi == 300


def test_names_are_cut_in_the_middle_and_no_shorter_than_keeps_them_apart():
    names = ["PATIENT-01.first.excision.of.liver", "PATIENT-01.other.excision.of.liver"]
    cut = told_apart(names, 16)
    assert len(set(cut)) == 2
    assert max(map(len, cut)) < 34
    assert told_apart(["short", names[0]], 16) == ["short", "PATIENT-…f.liver"]
    assert told_apart([], 16) == []
    same = ["A" * 30, "A" * 30]
    assert len(set(told_apart(same, 16))) == 1


def test_the_most_frequent_names_have_a_colour_and_the_rest_one():
    names = ["a", "b", "z", "z", "y", "y", "y", "c"]
    cells, colours = most_frequent(names, ("#111111", "#222222"))
    assert cells == ["other (3)"] * 2 + ["z", "z", "y", "y", "y", "other (3)"]
    assert list(colours) == ["y", "z", "other (3)"]
    assert most_frequent(["a"], ("#111111",)) == (["a"], {"a": "#111111"})


VIEWS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""Linear RGB as the colour-blind see it: Machado et al. 2009, doi:10.1109/TVCG.2009.113."""
XYZ = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]])


def lab(colour, view):
    """Return a colour in CIELAB (white D65), as it is seen in a view."""
    part = np.array(to_rgb(colour))
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(np.array(view) @ linear, 0.0, 1.0) / XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16.0 / 116.0)
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "second", [COLOURS, dict(enumerate([*STRIPS, OTHER]))], ids=["classes", "histology"]
)
def test_colours_that_stand_in_one_figure_are_told_apart_by_all(view, second):
    known = {name: colour for name, colour in RESPONSES.items() if name != "NE"}
    known |= {"responder": WITH, "non-responder": WITHOUT, "unknown": PALE, "ambiguous": INK}
    known |= second
    seen = {name: lab(colour, VIEWS[view]) for name, colour in known.items()}
    for (name, one), (other, two) in itertools.combinations(seen.items(), 2):
        # of 2.3 one difference in two is seen; the closest of Okabe and Ito's are 16 apart
        assert np.hypot.reduce(one - two) > 15.0, (name, other)
