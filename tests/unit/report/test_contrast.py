"""Colours of the style sheet against WCAG 2.1, level AA."""

import re

import pytest

from storiform.report.templates import resource

STYLE = resource("style.css")
NAMED = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", STYLE))
GROUNDS = [NAMED["paper"], NAMED["wash"], NAMED["warn-wash"], "#fafbfc"]


def contrast(first: str, second: str) -> float:
    shades = sorted(_luminance(colour) for colour in (first, second))
    return (shades[1] + 0.05) / (shades[0] + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_black_on_white_is_21_to_1():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("ground", GROUNDS)
def test_text_has_a_contrast_of_4_5(ground):
    written = re.findall(r"(?<![\w-])color: (#[0-9a-f]{6}|var\(--[\w-]+\))", STYLE)
    colours = {NAMED.get(c[6:-1], c) if c.startswith("var") else c for c in written}
    assert len(colours) >= 3
    assert {c: contrast(c, ground) for c in colours if contrast(c, ground) < 4.5} == {}


@pytest.mark.parametrize("ground", GROUNDS)
def test_borders_of_controls_and_the_focus_have_a_contrast_of_3(ground):
    found = re.findall(r"outline: 3px solid (#[0-9a-f]{6})", STYLE)
    found += re.findall(r"input \{[^}]*border: 1px solid (#[0-9a-f]{6})", STYLE)
    assert len(found) == 2
    assert min(contrast(colour, ground) for colour in found) >= 3.0
