"""The one theme: sizes in millimetres, colours, fonts, and how numbers are written.

No global state of matplotlib is touched: what a figure needs is set on its own artists.
`render` saves it, so that text and bytes are the same on all machines.
"""

import io
import math
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch
from matplotlib.textpath import TextToPath

SINGLE_MM = 89.0
"""Width of one column of a journal."""
DOUBLE_MM = 183.0
"""Width of both columns."""
TALLEST_MM = 240.0
"""Height of a page without its margins."""

FONT = "DejaVu Sans"
"""Comes with matplotlib, so every machine draws the same letters."""
SMALL, MEDIUM, LARGE = 6.0, 7.0, 8.0
"""Sizes of text in points."""
LETTER_MM = 1.25
"""Width of a letter of the small size, on average and with some to spare."""
THIN, THICK = 0.6, 1.2
"""Widths of lines in points."""
DOT = 9.0
"""Area of a point in square points."""
PAD_POINTS = 5.0
"""Room around each panel."""

INK, GREY, PALE = "#222222", "#8a8a8a", "#e4e4e4"
ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, YELLOW, GREY, INK)
"""Okabe and Ito's colours, told apart by the colour-blind."""
STRIPS = (
    "#332288", "#aaee99", "#773311", "#aa77ff", "#99aabb", "#551155", "#aa9955", "#aa00ff",
    "#6600bb",
)  # fmt: skip
"""For a second scale in a figure, apart from the colours of responses and outcomes."""
RESPONSES: Mapping[str, str] = {
    "CR": GREEN, "PR": SKY, "SD": YELLOW, "PD": VERMILION, "NE": PALE,
}  # fmt: skip
"""Best responses, best first, and their colours; none is that of an outcome."""
WITH, WITHOUT = BLUE, ORANGE
"""Colours of the patients with and without an outcome."""

SMALLEST_P = 1e-4
MOST_LINES = 3
"""Of a title; what is longer is cut."""


def canvas(width_mm: float, height_mm: float) -> Figure:
    """Return an empty figure of a size in millimetres that arranges its panels itself."""
    figure = Figure(figsize=(width_mm / 25.4, height_mm / 25.4), dpi=300, layout="constrained")
    figure.set_facecolor("white")
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(w_pad=PAD_POINTS / 72.0, h_pad=PAD_POINTS / 72.0)  # type: ignore[call-arg]
    return figure


def plain_letters() -> AbstractContextManager[None]:
    """Draw a dollar sign as a letter while texts are made: names of users are no formulas.

    Two of them in one name would be read as TeX, which fails where it is none.
    """
    return mpl.rc_context({"text.parse_math": False})


def render(figure: Figure) -> dict[str, bytes]:
    """Return a figure as PDF, PNG and SVG: the same bytes for the same figure.

    Letters are paths in the SVG, so that it looks the same where the font is missing, and
    no file carries a date.
    """
    surfaces = {"pdf": FigureCanvasPdf, "png": FigureCanvasAgg, "svg": FigureCanvasSVG}
    # Level 3 makes a PNG as small as the default does, in two thirds of the time.
    options: dict[str, dict[str, Any]] = {
        "pdf": {"metadata": {"CreationDate": None}},
        "png": {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 3}},
        "svg": {"metadata": {"Date": None}},
    }
    # The panels are arranged once, and each format is drawn once: savefig would lay out all
    # letters twice more for each.
    resolution = figure.dpi
    arrange(figure)
    figure.set_layout_engine("none")
    rendered: dict[str, bytes] = {}
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "storiform"}):
        for kind, surface in surfaces.items():
            buffer = io.BytesIO()
            getattr(surface(figure), f"print_{kind}")(buffer, **options[kind])
            figure.dpi = resolution  # PDF and SVG leave 72
            rendered[kind] = buffer.getvalue()
    return rendered


def dress(axes: Axes, *, has_frame: bool = False) -> None:
    """Give axes the theme: thin lines, small labels, no frame above and to the right."""
    for side, spine in axes.spines.items():
        spine.set_linewidth(THIN)
        spine.set_color(INK)
        spine.set_visible(has_frame or side in {"left", "bottom"})
    axes.tick_params(width=THIN, length=2.0, labelsize=SMALL, labelfontfamily=FONT, pad=2.0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_fontsize(MEDIUM)
        axis.label.set_fontfamily(FONT)


def arrange(figure: Figure) -> None:
    """Arrange the panels of a figure as a drawing would, in less time."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


class Headline(NamedTuple):
    """A title over axes, flush left, and lines in small type under it."""

    axes: Axes
    text: str
    below: str = ""


def headlines(figure: Figure, titles: Sequence[Headline]) -> None:
    """Write the titles of a figure into the width that its layout gives each axes.

    They are wrapped, and all of them are set in the largest size in which none is cut.
    """
    arrange(figure)
    rooms = [title.axes.get_window_extent().width / figure.dpi * 72.0 for title in titles]
    size, texts = LARGE, [""] * len(titles)
    for size in (LARGE, MEDIUM, SMALL):
        texts = [
            wrapped(title.text, room, size, "bold")
            for title, room in zip(titles, rooms, strict=True)
        ]
        if not any("…" in text for text in texts):
            break
    for title, room, text in zip(titles, rooms, texts, strict=True):
        _headline(title.axes, text, wrapped(title.below, room, SMALL), size)


def _headline(axes: Axes, text: str, below: str, size: float) -> None:
    lines = below.count("\n") + 1 if below else 0
    axes.set_title(
        text, loc="left", fontsize=size, fontfamily=FONT, fontweight="bold", linespacing=1.05,
        pad=4.0 + lines * (SMALL + 2.0),
    )  # fmt: skip
    axes.annotate(
        below, (0.0, 1.0), (0.0, 3.0), xycoords="axes fraction",
        textcoords="offset points", fontsize=SMALL, fontfamily=FONT, color=INK,
        ha="left", va="bottom", annotation_clip=False,
    )  # fmt: skip


def wrapped(text: str, room: float, size: float, weight: str = "normal") -> str:
    """Break a text into lines that are no wider than a room, at most three; all in points.

    Between words where it can be; a word that is wider is cut with an ellipsis, as is a text
    that takes more lines.
    """
    font = FontProperties(family=FONT, weight=weight)
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer, size, font) <= room:
            lines[-1] = longer
        else:
            lines.append(_cut(word, room, size, font))
    if len(lines) > MOST_LINES:
        rest = " ".join(lines[MOST_LINES - 1 :])
        lines = [*lines[: MOST_LINES - 1], _cut(rest, room, size, font)]
    return "\n".join(lines)


def _cut(text: str, room: float, size: float, font: FontProperties) -> str:
    most = len(text)
    while most > 1 and _width(shortened(text, most), size, font) > room:
        most -= 1
    return shortened(text, most)


def _width(text: str, size: float, font: FontProperties) -> float:
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width) * size / font.get_size_in_points()


def footnote(figure: Figure, text: str) -> None:
    """Write under the whole figure whom it shows, and how many; lines fit its width."""
    letters = int(figure.get_figwidth() * 25.4 / LETTER_MM)
    figure.supxlabel(
        textwrap.fill(text, letters, break_on_hyphens=False),
        fontsize=SMALL,
        fontfamily=FONT,
        color=INK,
        x=0.01,
        ha="left",
    )


def patches(colours: Mapping[str, str]) -> list[Patch]:
    """Return the keys of a legend, one coloured box for each name."""
    return [
        Patch(facecolor=colour, edgecolor=INK, linewidth=THIN / 2, label=name)
        for name, colour in colours.items()
    ]


def colours_of(names: Iterable[str], palette: Sequence[str] = PALETTE) -> dict[str, str]:
    """Give each name a colour of a palette, in order, grey after the last."""
    ordered = list(dict.fromkeys(names))
    return {
        name: palette[number] if number < len(palette) else GREY
        for number, name in enumerate(ordered)
    }


def diverging() -> Colormap:
    """Return blue through white to red, which the colour-blind tell apart; grey: missing."""
    return mpl.colormaps["RdBu_r"].with_extremes(bad=PALE)


def p_text(p: float, letter: str = "p") -> str:
    """Write a p value as it is printed.

    Examples
    --------
    >>> [p_text(p) for p in (0.01442, 0.52, 3e-6, float("nan"))]
    ['p = 0.014', 'p = 0.52', 'p < 0.0001', 'p not given']
    """
    if math.isnan(p):
        return f"{letter} not given"
    if p < SMALLEST_P:
        return f"{letter} < 0.0001"
    digits = 1 - math.floor(math.log10(p))
    return f"{letter} = {p:.{max(digits, 2)}f}"


def months_text(value: float, lower: float, upper: float) -> str:
    """Write a median with its interval.

    Examples
    --------
    >>> months_text(7.7, 5.7, float("nan"))
    'median 7.7 months (5.7–NR)'
    >>> months_text(7.7, float("nan"), float("nan"))
    'median 7.7 months (NR)'
    """  # noqa: RUF002  a range has an en dash
    if math.isnan(value):
        return "median not reached"
    if math.isnan(lower) and math.isnan(upper):
        return f"median {value:.1f} months (NR)"
    low, high = ("NR" if math.isnan(end) else f"{end:.1f}" for end in (lower, upper))
    return f"median {value:.1f} months ({low}–{high})"  # noqa: RUF001  the same


def shortened(text: str, most: int) -> str:
    """Cut a text to a number of letters, with an ellipsis where it was longer."""
    return text if len(text) <= most else text[: most - 1] + "…"


def told_apart(names: Sequence[str], most: int) -> list[str]:
    """Cut names in their middle to a number of letters, or so many more as keep them apart.

    Examples
    --------
    >>> told_apart(["S-001.pre-treatment.liver", "S-001.pre-treatment.lung"], 16)
    ['S-001.pr…t.liver', 'S-001.pr…nt.lung']
    """
    for length in range(most, max(map(len, names), default=most)):
        heads = sorted(range(1, length - 1), key=lambda head: abs(2 * head - length))
        for head in heads:
            tail = length - 1 - head
            cut = [n if len(n) <= length else f"{n[:head]}…{n[-tail:]}" for n in names]
            if len(set(cut)) == len(set(names)):
                return cut
    return list(names)


def letters_mm(names: Sequence[str]) -> float:
    """Return the room in millimetres that the longest of some names takes when it is turned."""
    return LETTER_MM * max(map(len, names), default=0)


OTHER = "#555555"
"""Colour of the names that have no colour of their own."""


def most_frequent(
    names: Sequence[str], palette: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Give the most frequent names a colour each; all others together are one name, grey.

    Returns
    -------
    tuple
        The names (n,), the others as `other (k)`, k being how many different ones they are;
        and the colour of each name, the most frequent first.
    """
    sizes = Counter(names)
    ordered = sorted(sizes, key=lambda name: (-sizes[name], name))
    kept, rest = ordered[: len(palette)], ordered[len(palette) :]
    colours = dict(zip(kept, palette, strict=False))
    others = f"other ({len(rest)})"
    if rest:
        colours[others] = OTHER
    return [name if name in kept else others for name in names], colours
