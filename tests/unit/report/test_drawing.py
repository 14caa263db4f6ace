"""An SVG inside a page: no colliding ids, nothing fetched, nothing run."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from storiform.report.drawing import LARGEST_SVG_BYTES, drawing_of, inlined
from storiform.report.record import ReportFigure

SVG = """<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     width="72pt" height="36pt">
 <metadata>made by a program at http://example.org</metadata>
 <defs><style type="text/css">*{stroke-linejoin: round} .a, .b{fill: url(http://x.org/y)}</style>
  <path id="m1" d="M 0 0"/><clipPath id="c1"><rect width="1" height="1"/></clipPath></defs>
 <g clip-path="url(#c1)" onclick="steal()" mask="url('http://x.org/m')">
 <use xlink:href="#m1" style="fill: url('#c1')"/>
  <image xlink:href="http://example.org/a.png"/><a xlink:href="http://example.org">t</a></g>
 <script>steal()</script>
</svg>"""


def test_ids_and_what_refers_to_them_carry_the_name_of_the_figure():
    written = inlined(SVG, "km", "curves")
    assert set(re.findall(r'id="([^"]+)"', written)) == {"svg-km", "km-m1", "km-c1"}
    assert 'href="#km-m1"' in written
    assert 'clip-path="url(#km-c1)"' in written
    assert "fill: url(#km-c1)" in written


def test_two_figures_of_the_same_drawing_share_no_id():
    first, second = (set(re.findall(r'id="([^"]+)"', inlined(SVG, n, ""))) for n in "ab")
    assert not first & second


def test_nothing_is_fetched_and_nothing_runs():
    written = inlined(SVG, "km", "")
    assert "http" not in written
    assert "steal" not in written
    assert "<!DOCTYPE" not in written


@pytest.mark.parametrize(
    "element",
    [
        '<meta http-equiv="refresh" content="0;url=https://far.example"/>',
        '<embed src="https://far.example"/>', "<Script>steal()</Script>", "<iframe/>",
        "<foreignObject><b>x</b></foreignObject>", '<object data="x"/>', "<animate/>",
        '<set attributeName="href" to="https://far.example"/>', "<form/>", "<base/>",
        "<b>x</b>",
    ],
)  # fmt: skip
def test_only_what_draws_is_kept(element: str):
    content = f'<g>{element}<path d="M0 0"/></g>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9">{content}</svg>'
    shown = inlined(svg, "a", "b")
    root = ET.fromstring(shown)  # noqa: S314  our own
    assert [child.tag for child in root.iter()] == ["svg", "g", "path"]


def test_style_of_a_figure_holds_for_that_figure_alone():
    written = inlined(SVG, "km", "")
    assert "#svg-km * {stroke-linejoin: round}" in written
    assert "#svg-km .a, #svg-km .b {fill: none}" in written


def test_drawing_scales_to_its_box_but_never_below_the_size_of_print():
    root = ET.fromstring(inlined(SVG, "km", "curves of < 3"))  # noqa: S314  our own
    assert root.get("viewBox") == "0 0 96 48"
    assert root.get("width") is None
    assert root.get("style") == "min-width: 96px; max-width: 125px"
    assert root.get("aria-label") == "curves of < 3"


def test_a_drawing_of_too_many_bytes_is_shown_as_pixels_with_a_way_to_it():
    large = SVG.replace("<metadata>", f"<metadata>{'x' * LARGEST_SVG_BYTES}")
    figure = ReportFigure("km", 'Curves of "all". More.', large, (), b"PNG", "figures/km.svg")
    drawn = drawing_of(figure, set())
    assert drawn.svg.startswith('<img alt="Curves of &quot;all&quot;"')
    assert "data:image/png;base64,UE5H" in drawn.svg
    assert "max-width: 125px" in drawn.svg
    assert drawn.file == "figures/km.svg"
    small = drawing_of(replace(figure, svg=SVG), set())
    assert small.svg.startswith("<svg")
    assert small.file == ""
    assert drawing_of(replace(figure, png=b""), set()).svg.startswith("<svg")
