"""What cannot be read in a figure, measured on the texts that a drawing writes."""

import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox


def faults(figure: Figure) -> list[str]:
    """Tell what cannot be read.

    A letter is smaller than 5.5 points, a text leaves the figure, or two texts cover each
    other.
    """
    boxes = drawn_texts(figure)
    told = [f"small: {text.get_text()}" for text, _ in boxes if text.get_fontsize() < 5.5]
    whole = figure.bbox.padded(1.0)
    told += [f"outside: {text.get_text()}" for text, box in boxes if not is_within(box, whole)]
    pairs = itertools.combinations(boxes, 2)
    return told + [
        f"{a.get_text()} over {b.get_text()}"
        for (a, one), (b, two) in pairs
        if covers(one, two)
    ]


def drawn_texts(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Return the texts that a drawing of a figure writes, with their boxes in pixels."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts: list[Text] = []
    draw = Text.draw

    def note(text: Text, *args: object, **options: object) -> object:
        if text.get_visible() and text.get_text().strip():
            texts.append(text)
        return draw(text, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", note)
        figure.draw(renderer)
    # of a name with an arrow, the letters alone
    return [(text, Text.get_window_extent(text, renderer)) for text in texts]


def is_within(box: Bbox, whole: Bbox) -> bool:
    inside = box.x0 >= whole.x0 and box.x1 <= whole.x1
    return bool(inside and box.y0 >= whole.y0 and box.y1 <= whole.y1)


def covers(one: Bbox, two: Bbox) -> bool:
    wide = min(one.x1, two.x1) - max(one.x0, two.x0)
    high = min(one.y1, two.y1) - max(one.y0, two.y0)
    return bool(wide > 2.0 and high > 2.0)
