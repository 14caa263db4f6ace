"""A figure of one biopsy has a page of that biopsy, and its own files."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from trials import Toy

from storiform.engine.progress import Pace
from storiform.engine.reporting import write_report
from storiform.engine.run import Ending, run
from storiform.engine.session import Session, open_session

Here = Callable[..., tuple[Session, Ending]]
WORKFLOW = Path(__file__).with_name("paged_workflow.py")


@pytest.fixture
def paged(toy: Callable[..., Toy]) -> Callable[..., Toy]:
    def make(doses: list[float]) -> Toy:
        trial = toy(doses)
        text = trial.config.read_text().splitlines()
        text[0] = f"workflow: {WORKFLOW}"
        trial.config.write_text("\n".join(text) + "\n")
        return trial

    return make


def test_each_biopsy_has_a_page_with_its_figure_or_why_there_is_none(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.5, -1.0, 4.25])
    here(trial)
    pages = sorted(path.name for path in (trial.results / "biopsies").iterdir())
    assert pages == ["P001.html", "P002.html", "P003.html"]
    without = (trial.results / "biopsies" / "P002.html").read_text()
    assert "Not drawn: bar, since " in without
    assert "<svg" not in without
    page = (trial.results / "biopsies" / "P003.html").read_text()
    assert "Biopsy P003" in page
    assert "4.25 mg" in page, "a value of the table with one row"
    assert page.count("<td") == 5, "two of the values, one a draw"
    assert "12.8" in page, "its last draw, 12.75, as the report writes numbers"
    assert "The dose of one biopsy." in page
    assert "<svg" in page
    assert "Not drawn" not in page
    assert "<script" not in page
    assert "1.5 mg" not in page, "a value of another biopsy"


def test_who_waits_for_the_pages_is_told_how_far_they_are(paged: Callable[..., Toy]) -> None:
    trial = paged([1.5, -1.0, 4.25])
    told: list[str] = []
    session = open_session(trial.config)
    run(session, workers=1, quiet=True)
    write_report(session, force=True, listen=told.append)
    pages = [f"Writing the pages of biopsies: {number} of 3" for number in (1, 2, 3)]
    assert told == ["Writing the report", *pages]


def test_a_run_tells_that_it_writes_the_report(paged: Callable[..., Toy]) -> None:
    stream = io.StringIO()
    run(open_session(paged([1.5]).config), workers=1, stream=stream)
    lines = stream.getvalue().splitlines()
    assert lines[-2:] == ["Writing the report", "Writing the pages of biopsies: 1 of 1"]


def test_lines_of_one_subject_keep_their_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, clock = io.StringIO(), [100.0]
    monkeypatch.setattr("storiform.engine.progress.time.monotonic", lambda: clock[0])
    pace = Pace(stream)
    for number in range(1, 25):
        pace(f"pages: {number} of 24")
        clock[0] += 1.0
    pace("the end")
    told = ["pages: 1 of 24", "pages: 12 of 24", "pages: 23 of 24", "the end"]
    assert stream.getvalue().splitlines() == told
    Pace(stream, quiet=True)("silent")
    assert "silent" not in stream.getvalue()


def test_report_links_to_the_pages(paged: Callable[..., Toy], here: Here) -> None:
    trial = paged([1.0, 2.0])
    here(trial)
    report = trial.report()
    limit = "<strong>draws</strong>: What is drawn from a dose says nothing of another."
    assert limit in report, "as the docstring of the step tells"
    assert 'href="biopsies/P001.html"' in report
    assert "The dose of one biopsy." not in report, "the page shows it, the report does not"
    named = {path.name for path in (trial.results / "figures").iterdir()}
    assert {"bar.P001.svg", "bar.P002.pdf", "bar.P002.draws.tsv"} <= named
    assert "bar.svg" not in named


def test_page_of_a_biopsy_without_any_figure_says_why_and_that_of_no_biopsy_is_dropped(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.0, 2.0])
    here(trial)
    trial.dose([1.0, -2.0])
    here(trial)
    assert not list((trial.results / "figures").glob("bar.P002.*"))
    assert "<svg" not in (trial.results / "biopsies" / "P002.html").read_text()
    trial.dose([1.0])
    (trial.results / "biopsies" / "P009.html").write_text("of a biopsy that has left")
    here(trial)
    pages = {path.stem: path.read_text() for path in (trial.results / "biopsies").iterdir()}
    assert sorted(pages) == ["P001", "P002"]
    assert "No figure of this biopsy was drawn." in pages["P002"]
    assert "<td>draws, spills, bar</td>" in pages["P002"]
    assert "no dose" in pages["P002"].partition('id="missing"')[2]
    assert 'id="missing"' not in pages["P001"]
    assert not list((trial.results / "figures").glob("bar.P002.*"))


def test_the_page_of_a_doubtful_biopsy_has_its_warning_also_when_nothing_is_made_again(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.5, 7.0])
    for _ in range(2):
        here(trial)
        sure, doubtful = (
            (trial.results / "biopsies" / f"{name}.html").read_text()
            for name in ("P001", "P002")
        )
        assert "<strong>draws:</strong> the dose is doubtful" in doubtful
        assert "doubt" not in sure
        (trial.results / "report.html").unlink()


def test_empty_tables_are_named_and_those_of_failed_steps_are_not(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.5, 13.0])
    here(trial)
    lucky, unlucky = (
        (trial.results / "biopsies" / f"{name}.html").read_text() for name in ("P001", "P002")
    )
    assert "Without a row of this biopsy: spills." in lucky
    assert "Without a row" not in unlucky, "its step failed"
    assert "<strong>Failed: spills.</strong> the tray is full" in unlucky
    report = trial.report()
    assert '<a href="biopsies/P002.html">P002</a>: spills failed: the tray is full' in report
    assert report.count("the tray is full") == 2, "in the list of biopsies, and of failures"
    assert "39" in unlucky, "what did not fail is shown"
