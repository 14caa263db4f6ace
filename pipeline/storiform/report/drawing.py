"""Put an SVG into an HTML page: no colliding ids, no outside address, any width."""

import base64
import html
import re
from typing import NamedTuple
from xml.etree import ElementTree as ET

from storiform.report.record import ReportFigure

_LENGTH = re.compile(r"^\s*([0-9.]+)\s*(pt|px|in|cm|mm)?\s*$")
_PIXELS = {None: 1.0, "px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}
_LOCAL_URL = re.compile(r"url\(\s*['\"]?#([^'\")]+)['\"]?\s*\)")
_OUTSIDE_URL = re.compile(r"url\(\s*['\"]?(?!#|data:)[^)]*\)", re.IGNORECASE)
_SELECTOR = re.compile(r"([^{}]+)\{")
LARGEST = 1.3
"""How much larger than in print a drawing may be shown: six points become 10 pixels."""
_REFERENCES = {"aria-labelledby", "aria-describedby"}
_DRAWN = frozenset({
    "svg", "g", "a", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line",
    "polyline", "polygon", "text", "tspan", "textPath", "title", "desc", "style", "image",
    "clipPath", "mask", "pattern", "marker", "linearGradient", "radialGradient", "stop",
    "filter", "feGaussianBlur", "feOffset", "feBlend", "feColorMatrix", "feFlood",
    "feComposite", "feMerge", "feMergeNode",
})  # fmt: skip
"""Elements that draw; any other could do something, or ask somebody, within the page."""

PHONE_PIXELS = 340
"""Drawings that are wider get a box in which they can be moved sideways."""


LARGEST_SVG_BYTES = 1_000_000
"""Drawings of more bytes, which are thousands of marks, come as pixels if they can."""


class Drawing(NamedTuple):
    """A figure as a page shows it; `file` where it is pixels, and the drawing stands there."""

    name: str
    caption: str
    svg: str
    sources: tuple[str, ...]
    is_wide: bool
    file: str = ""


def drawing_of(figure: ReportFigure, tables: set[str]) -> Drawing:
    """Make a figure ready for a page that shows the `tables` of these names."""
    spoken = figure.caption.split(". ", 1)[0].rstrip(".") or figure.name
    sources = tuple(name for name in figure.source_tables if name in tables)
    width = width_of(figure.svg)
    is_pixels = bool(figure.png) and len(figure.svg) > LARGEST_SVG_BYTES
    if is_pixels:
        shown = pixels(figure.png, spoken, width)
    else:
        shown = inlined(figure.svg, figure.name, spoken)
    is_wide = width > PHONE_PIXELS
    file = figure.file if is_pixels else ""
    return Drawing(figure.name, figure.caption, shown, sources, is_wide, file)


def pixels(png: bytes, label: str, width: float) -> str:
    """Write an image that is part of the page, as wide as the drawing that it stands for.

    Parameters
    ----------
    png
        The file.
    label
        What a screen reader says instead of the picture.
    width
        Width of the drawing in pixels of a page; 0 where it is not known.
    """
    data = base64.b64encode(png).decode()
    spoken = html.escape(label, quote=True)
    size = f' style="{_limits(width)}"' if width else ""
    return f'<img alt="{spoken}"{size} src="data:image/png;base64,{data}">'


def inlined(svg: str, name: str, label: str) -> str:
    """Rewrite an SVG document so that it can stand inside a page among others.

    Parameters
    ----------
    svg
        The text of an SVG file.
    name
        Unique among the figures of the page; every id gets it as a prefix.
    label
        What a screen reader says instead of the picture.

    Returns
    -------
    str
        An ``<svg>`` element without XML declaration, namespaces, metadata, scripts and
        links; it scales to the width of its box, never below the size that it has in print,
        where its letters are as small as can be read.

    Raises
    ------
    ValueError
        If the text is no SVG.
    """
    try:
        root = ET.fromstring(svg)  # noqa: S314  drawn by our own figures
    except ET.ParseError as error:
        message = f"figure {name}: not an SVG: {error}"
        raise ValueError(message) from error
    prefix = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    _clean(root)
    for element in root.iter():
        _rename(element, prefix)
    identity = f"svg-{prefix}"
    for style in root.iter("style"):
        style.text = _scoped(style.text or "", identity)
    _fit(root)
    root.set("id", identity)
    root.set("role", "img")
    root.set("aria-label", label)
    root.tail = None
    return ET.tostring(root, encoding="unicode")


def width_of(svg: str) -> float:
    """Return the width in pixels that an SVG document states, 0 where it states none."""
    found = re.search(r"<svg\b[^>]*?\swidth=[\"']([^\"']*)[\"']", svg)
    return _pixels(found[1]) if found else 0.0


def _clean(element: ET.Element) -> None:
    element.tag = _local(element.tag)
    for child in list(element):
        is_element = isinstance(child.tag, str)
        if not is_element or _local(child.tag) not in _DRAWN:
            element.remove(child)
        else:
            _clean(child)


def _rename(element: ET.Element, prefix: str) -> None:
    attributes = {_local(key): value for key, value in element.attrib.items()}
    element.attrib.clear()
    for key, value in attributes.items():
        if key.lower().startswith("on"):
            continue
        if key == "id":
            element.set(key, f"{prefix}-{value}")
        elif key == "href":
            if value.startswith("#"):
                element.set(key, f"#{prefix}-{value[1:]}")
            elif value.startswith("data:image/"):
                element.set(key, value)
        elif key in _REFERENCES:
            element.set(key, " ".join(f"{prefix}-{part}" for part in value.split()))
        else:
            local = _LOCAL_URL.sub(rf"url(#{prefix}-\1)", value)
            element.set(key, _OUTSIDE_URL.sub("none", local))


def _scoped(css: str, identity: str) -> str:
    """Bind each rule to this figure, since a style in a page holds for the whole page."""
    harmless = _OUTSIDE_URL.sub("none", re.sub(r"@import[^;]*;?", "", css))

    def bind(match: re.Match[str]) -> str:
        selectors = [part.strip() for part in match[1].split(",")]
        return ", ".join(f"#{identity} {part}" for part in selectors if part) + " {"

    return _SELECTOR.sub(bind, harmless)


def _fit(root: ET.Element) -> None:
    width, height = _pixels(root.get("width", "")), _pixels(root.get("height", ""))
    if "viewBox" not in root.attrib and width and height:
        root.set("viewBox", f"0 0 {width:g} {height:g}")
    for key in ("width", "height"):
        root.attrib.pop(key, None)
    if width:
        root.set("style", _limits(width))


def _limits(width: float) -> str:
    return f"min-width: {width:.0f}px; max-width: {LARGEST * width:.0f}px"


def _pixels(length: str) -> float:
    found = _LENGTH.match(length)
    return float(found[1]) * _PIXELS[found[2]] if found else 0.0


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]
