"""The page as a browser, a phone and a stranger to the network get it."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from storiform.report.page import render
from storiform.report.record import Problem, ReportFigure, ReportRecord, ReportTable

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Collect the elements of a page and complain about those left open."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Note an element that must be closed."""
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Note an element that closes itself."""
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag):
        """Close the innermost element."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Note text."""
        self.text.append(data)

    def every(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of all elements of this name."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        """Return all text, with single spaces."""
        return " ".join(" ".join(self.text).split())


def test_every_element_of_a_page_is_closed_and_every_id_is_unique(trial, nothing):
    for record in (trial, nothing):
        page = Page(render(record))
        assert page.open == []
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))


def test_every_link_inside_the_page_has_its_goal(trial):
    page = Page(render(trial))
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    goals = {a["href"][1:] for a in page.every("a") if a["href"].startswith("#")}
    assert goals <= ids
    assert {"table-survival", "table-mcp_counter", "reference-1"} <= goals


def test_only_links_to_papers_name_an_outside_address(trial):
    html = render(trial)
    page = Page(html)
    for tag, attributes in page.elements:
        for key, value in attributes.items():
            if re.search(r"https?:|//", value):
                assert (tag, key) == ("a", "href")
                assert value.startswith("https://doi.org/10.")
    assert "@import" not in html
    assert not {"link", "img", "iframe", "object", "base"} & {tag for tag, _ in page.elements}
    assert not any("src" in attributes for _, attributes in page.elements)


def test_text_of_the_user_is_never_markup(trial):
    evil = "<script>alert('x')</script>"
    frame = pd.DataFrame({"patient": [evil], "biopsy": ['"><img src=x onerror=y>'], "n": [1]})
    table = ReportTable("evil", evil, frame, {"n": (evil, evil)}, 1)
    record = replace(
        trial,
        title=evil,
        tables=(*trial.tables, table),
        problems=(Problem(evil, evil, "failed", evil),),
        inputs={evil: evil},
    )
    page = Page(render(record))
    assert len(page.every("script")) == 1
    assert page.every("img") == []
    assert evil in page.words


def test_script_runs_only_under_the_hash_that_the_policy_names(trial):
    page = Page(render(trial))
    policies = [m["content"] for m in page.every("meta") if "http-equiv" in m]
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", policies[0])


def test_table_of_a_million_rows_is_described_and_not_embedded(trial):
    html = render(trial)
    assert "HIDDEN" not in html
    assert "1,000,000 rows: too many for this page, see tables/tpm.tsv." in html
    assert len(html) < 400_000


def test_long_table_shows_its_first_rows_and_names_the_file(trial):
    frame = pd.DataFrame({"patient": [f"row{i:04d}" for i in range(900)], "n": range(900)})
    table = ReportTable("long", "One row per patient.", frame, {"n": ("a number", "")}, 900)
    html = render(replace(trial, tables=(table,)))
    assert "row0199" in html
    assert "row0200" not in html
    assert "The first 200 of 900 rows. All: tables/long.tsv." in html


def test_missing_value_is_an_en_dash(trial):
    frame = pd.DataFrame({"patient": ["P1"], "x": [float("nan")]})
    table = ReportTable("gap", "", frame, {"x": ("a value", "log2")}, 1)
    html = render(replace(trial, tables=(table,)))
    assert re.search(r'<td[^>]*data-order="">\N{EN DASH}</td>', html)


def test_same_problem_of_many_units_is_one_row(trial):
    words = Page(render(trial)).words
    assert words.count("3 calls without depth") == 1
    assert "P012 and 8 more" in words
    assert words.index("Failed") < words.index("Blocked") < words.index("Warnings")


def test_empty_cohort_says_what_to_supply(nothing):
    words = Page(render(nothing)).words
    assert "The cohort is empty." in words
    assert "storiform check" in words
    assert "No step ran." in words


def test_cohort_without_clinical_data_says_which_columns_to_supply(trial):
    kept = tuple(t for t in trial.tables if t.name in {"tmb", "mcp_counter"})
    words = Page(render(replace(trial, tables=kept, figures=()))).words
    assert "Nothing was compared with an outcome." in words
    for column in ("patient", "response", "pfs_months", "pfs_event", "os_months", "os_event"):
        assert column in words


def test_clinical_counts_stand_in_the_cohort(trial):
    words = Page(render(trial)).words
    assert "responded (CR or PR); 2 not evaluable or not stated 10 of 47" in words
    assert "progressed or died 40 of 49" in words
    assert "Histology: synovial sarcoma (20), leiomyosarcoma (12)." in words


def test_clinical_counts_are_those_of_the_populations(trial):
    patients = trial.table("clinic").frame["patient"]
    frame = pd.DataFrame({
        "population": ["safety"] * 48 + ["efficacy"] * 44,
        "patient": [*patients[1:], *patients[3:47]],
    })  # fmt: skip
    members = ReportTable("population_members", "", frame, {}, len(frame))
    words = Page(render(replace(trial, tables=(*trial.tables, members)))).words
    assert "responded (CR or PR) (efficacy population) 7 of 44" in words
    assert "progressed or died (safety population) 39 of 48" in words


def test_page_can_be_read_on_a_phone_and_by_a_screen_reader(trial):
    page = Page(render(trial))
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.every(
        "meta"
    )
    assert page.every("html") == [{"lang": "en-GB"}]
    assert len(page.every("h1")) == 1
    drawings = page.every("svg")
    assert [d["aria-label"] for d in drawings] == [
        "Progression-free survival",
        "B lineage by response",
    ]
    assert all("width" not in drawing for drawing in drawings)
    boxes = [d for d in page.every("div") if d.get("class", "").startswith("scroll")]
    assert len(boxes) == len(page.every("table"))
    around = [d for d in page.every("div") if d.get("class") == "drawing"]
    assert len(around) == len(drawings)
    assert page.words.count("On a narrow screen, move the figure sideways.") == 2
    boxes += around
    assert all(box["aria-label"] and box["tabindex"] == "0" for box in boxes)


def test_p_value_and_its_name_stay_on_one_line(trial):
    html = render(trial)
    assert "q\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}0.00780" in html
    assert "(95\N{NO-BREAK SPACE}% CI" in html


def test_feature_is_named_for_people_and_for_machines(trial):
    html = render(trial)
    assert "B lineage (MCP-counter)<small>mcp_counter.b_lineage</small>" in html
    assert "Whole cohort<small>all</small>" in html


def test_same_record_gives_the_same_page(trial):
    assert render(trial) == render(trial)


def test_broken_drawing_names_its_figure(trial):
    record: ReportRecord = replace(trial, figures=(ReportFigure("box", "", "<svg"),))
    with pytest.raises(ValueError, match="figure box: not an SVG"):
        render(record)


def test_biopsies_that_lack_results_are_listed_with_the_reason(trial: ReportRecord) -> None:
    problems = (
        Problem("P007", "variants", "failed", "P007.vcf.gz: found no header."),
        Problem("P007", "tmb", "blocked", "not made, because variants of P007 failed"),
        Problem("P008", "tmb", "blocked", "not made, because pileup of P008_T failed"),
        Problem("P009", "tmb", "left_out", "no variants"),
    )
    pages = ("P007", "P008", "P009")
    page = render(replace(trial, problems=problems, biopsy_pages=pages))
    listed = page.partition('id="biopsies"')[2].partition("</section>")[0]
    assert "2 biopsies lack results" in listed
    assert (
        '<a href="biopsies/P007.html">P007</a>: variants failed: P007.vcf.gz: found no header.'
        "</li>" in listed
    )
    assert "P008</a>: not made, because pileup of P008_T failed</li>" in listed
    assert "P009</a>:" not in listed


def test_figures_of_the_cohort_that_are_not_drawn_are_named(trial: ReportRecord) -> None:
    lacks = "resource hla_reference is not configured"
    problems = (
        Problem("cohort", "hla_loss_strip", "left_out", "no hla_gene_loh"),
        Problem("P1, P2 and 9 more", "hla_gene_loh", "left_out", lacks),
    )
    strip = replace(trial.steps[0], name="hla_loss_strip", room="figures.hla")
    page = render(replace(trial, problems=problems, steps=(*trial.steps, strip)))
    assert "1 figure not drawn, and why" in page
    assert f"<li>hla_loss_strip: {lacks}</li>" in page
    assert "not drawn, and why" not in render(trial)
