"""What to cite, and how the state of a run is told."""

from pathlib import Path

from click.testing import CliRunner
from ruamel.yaml import YAML

from storiform import __version__
from storiform.cli.cite import AUTHORS, TITLE, citations
from storiform.cli.status import status
from storiform.engine.journal import Journal, read_run

CITATION = Path(__file__).parents[3] / "CITATION.cff"


def test_citation_of_storiform_agrees_with_the_citation_file() -> None:
    told = YAML(typ="safe").load(CITATION.read_text(encoding="utf-8"))
    assert told["title"] == TITLE
    assert told["version"] == __version__
    assert [author["name"] for author in told["authors"]] == [AUTHORS]


def test_storiform_itself_is_cited_before_the_methods() -> None:
    lines = list(citations())
    assert lines[0] == "The software:"
    assert TITLE in lines[1]
    assert f"Version {__version__}" in lines[1]
    assert lines[2] == "The methods of its steps:"
    papers = lines[3:]
    assert papers
    assert all(line.startswith("- ") for line in papers)
    assert len(set(papers)) == len(papers)


def test_status_counts_cached_and_left_out_results(tmp_path: Path) -> None:
    journal = Journal(tmp_path, {"storiform": "0.1.0", "left_out": 3})
    journal.counts.update({"cached": 7, "done": 1, "todo": 0})
    journal.event("run_started", nodes=8)
    journal.event("step", step="tmb", unit="P1", state="done")
    journal.close("finished", 0)
    told = CliRunner().invoke(status, [str(tmp_path)])
    assert told.exit_code == 0
    lines = told.output.splitlines()
    assert lines[0].startswith("finished; started ")
    assert lines[1:] == ["results: 7 cached, 1 done, 3 left out", "tmb: 1 done"]


def test_status_of_a_killed_run_counts_what_its_events_tell(tmp_path: Path) -> None:
    journal = Journal(tmp_path, {"storiform": "0.1.0", "left_out": 3})
    journal.counts.update({"cached": 2, "todo": 5})
    journal.begin()
    for unit, state in (("P1", "done"), ("P2", "done"), ("P3", "failed")):
        journal.event("step", step="tmb", unit=unit, state=state, message="")
    # killed here: the summary is refreshed every two seconds, so it knows none of the three
    summary = read_run(tmp_path)
    assert summary is not None
    assert summary["counts"] == {"cached": 2, "todo": 5}
    lines = CliRunner().invoke(status, [str(tmp_path)]).output.splitlines()
    assert lines[0].startswith("interrupted")
    assert "results: 2 cached, 2 done, 1 failed, 2 todo, 3 left out" in lines
    assert "tmb: 2 done, 1 failed" in lines
    journal.close("stopped", 1)


def test_status_of_a_run_without_counts_says_none(tmp_path: Path) -> None:
    Journal(tmp_path, {"storiform": "0.1.0"}).close("stopped", 2)
    assert "results: none" in CliRunner().invoke(status, [str(tmp_path)]).output
