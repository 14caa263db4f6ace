"""No text of an input leaves its place in a page, a drawing or a table."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import NamedTuple

import pytest
from hostile_texts import AS_FILE, ATTACK, IN_VCF, write_hostile_trial
from trials import Toy, run_here

from storiform.report.templates import resource

pytestmark = pytest.mark.slow

SHOWN = {
    **dict.fromkeys((
        "m_histology", "m_arm", "m_site", "m_fact", "m_label", "m_unused", "m_drug",
        "m_doseunit", "m_reason", "m_term", "m_test", "m_labunit", "m_pattern", "m_level",
        "m_stain", "m_stainunit", "m_batch0", "m_batch1", "m_centre", "m_library", "m_set",
        "m_method", "m_hugo",
    ), ATTACK),
    "m_symbol": IN_VCF, "m_change": IN_VCF, "m_file": AS_FILE,
}  # fmt: skip
"""Marks that must be read on a page with the whole attack behind them: nothing was lost."""
TEXTS = "a body code dd details div dl dt figcaption figure footer h1 h2 h3 h4 head header html"
FURTHER = "li main meta nav ol p script section small span strong style summary title ul wbr"
TABLES = "table tbody td th thead tr img"
DRAWN = (
    "svg circle clippath defs ellipse g image line path polygon polyline rect text tspan use"
)
TAGS = frozenset(f"{TEXTS} {FURTHER} {TABLES} {DRAWN}".split())
NAME = re.compile(r"[a-z][a-z0-9:_-]*", re.IGNORECASE)
ADDRESS = re.compile(
    r"#[\w.-]+|(?:\.\./)?(?:report|biopsies/[\w.%-]+)\.html|(?:\.\./)?figures/[\w.%-]+\.svg"
    r"|https://doi\.org/10\.\d{4,9}/[\w./;()<>:%-]+|data:image/png;base64,[\w+/=\s]+"
)
ADDRESSES = frozenset({"href", "src", "xlink:href", "action", "formaction", "poster", "data"})
NO_NETWORK = "default-src 'none'"


class Element(NamedTuple):
    """A start tag: its name and its attributes."""

    tag: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """What a browser sees: elements, texts, and the contents of script and style apart."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.texts: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.comments: list[str] = []
        self._within = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))
        if tag in self.raw:
            self._within = tag

    def handle_endtag(self, tag: str) -> None:
        """Leave a script or a style."""
        if tag == self._within:
            self._within = ""

    def handle_data(self, data: str) -> None:
        """Note a text."""
        (self.raw[self._within] if self._within else self.texts).append(data)

    def handle_comment(self, data: str) -> None:
        """Note a comment."""
        self.comments.append(data)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    config = write_hostile_trial(tmp_path_factory.mktemp("hostile"), 10, 3)
    ending = run_here(config)
    assert {unit for _, unit, _ in ending.failures} == {"X1"}, "the file that is no VCF"
    return Toy(config, config.parent / "results")


@pytest.fixture(scope="module")
def pages(trial: Toy) -> dict[str, Page]:
    files = sorted(trial.results.rglob("*.html"))
    assert len(files) > 10
    return {file.name: Page(file.read_text("utf-8")) for file in files}


def test_pages_hold_every_hostile_text_as_a_text(pages: dict[str, Page]):
    text = "\n".join("".join(page.texts) for page in pages.values())
    lost = [mark for mark, attack in SHOWN.items() if f"{mark}{attack}" not in text]
    assert lost == []


def test_no_element_or_attribute_stems_from_an_input(pages: dict[str, Page]):
    for name, page in pages.items():
        strange = {element.tag for element in page.elements} - TAGS
        assert strange == set(), name
        for tag, attributes in page.elements:
            strange_names = [one for one in attributes if not NAME.fullmatch(one)]
            assert strange_names == [], (name, tag)
            assert not [one for one in attributes if one.startswith("on")], (name, tag)
            for key in ADDRESSES & set(attributes):
                assert ADDRESS.fullmatch(attributes[key]), (name, tag, attributes[key][:200])
            assert "srcdoc" not in attributes
            assert not re.search(r"url\((?!#)|expression|@import", attributes.get("style", ""))


def test_the_only_script_is_ours_and_knows_no_input(pages: dict[str, Page]):
    scripts = {name: "".join(page.raw["script"]) for name, page in pages.items()}
    assert scripts.pop("report.html") == resource("sort.js")
    assert set(scripts.values()) == {""}
    styles = {text for page in pages.values() for text in page.raw["style"]}
    assert not [text for text in styles if "m_" in text or "@import" in text or "url(h" in text]


def test_every_page_forbids_the_network_before_anything_else(pages: dict[str, Page]):
    for name, page in pages.items():
        tags = [
            element for element in page.elements if element.tag in {"meta", "style", "title"}
        ]
        policy = next(e for e in tags if e.attributes.get("http-equiv"))
        assert policy.attributes["content"].startswith(NO_NETWORK), name
        assert "script-src 'unsafe" not in policy.attributes["content"], name
        assert tags.index(policy) < 3, "after the encoding and the width, before all content"


def test_drawings_carry_no_script_no_handler_and_no_address(trial: Toy):
    drawings = sorted((trial.results / "figures").glob("*.svg"))
    assert len(drawings) > 20
    for path in drawings:
        assert "mathdefault" not in path.read_text(), "numbers of axes are plain letters too"
        for element in ET.parse(path).iter():  # noqa: S314  ours
            tag = str(element.tag).rsplit("}", 1)[-1]
            assert tag not in {"script", "foreignObject", "a", "iframe", "set", "animate"}, path
            for key, value in element.attrib.items():
                own = key.rsplit("}", 1)[-1]
                assert not own.startswith("on"), path
                if own == "href":
                    assert value.startswith(("#", "data:image/png;base64,")), path


def test_tables_keep_their_shape(trial: Toy):
    """No cell holds a tab, a line end or a quote."""
    tables = sorted((trial.results / "tables").glob("*.tsv"))
    assert len(tables) > 40
    for path in tables:
        lines = path.read_bytes().decode().split("\n")
        header, *rows = lines[:-1]
        width = header.count("\t")
        assert {row.count("\t") for row in rows} <= {width}, path.name
        assert '"' not in header + "".join(rows), path.name
