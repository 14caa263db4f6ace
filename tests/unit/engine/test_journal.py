"""Events and the summary of a run can be read whatever happened to it."""

from pathlib import Path

import pytest

from storiform.engine.journal import Journal, read_events, read_run


def test_events_of_the_last_run_are_read(tmp_path: Path) -> None:
    for name in ("first", "second"):
        journal = Journal(tmp_path, {"workflow": "toy"})
        journal.event("run_started", nodes=1)
        journal.event("step", step=name)
        journal.close("finished", 0)
    events = read_events(tmp_path)
    assert [event["event"] for event in events] == ["run_started", "step", "run_ended"]
    assert events[1]["step"] == "second"
    summary = read_run(tmp_path)
    assert summary is not None
    assert (summary["state"], summary["exit_code"]) == ("finished", 0)


def test_line_cut_by_a_kill_is_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path, {})
    journal.event("run_started", nodes=1)
    with (tmp_path / "events.jsonl").open("a") as stream:
        stream.write('{"event": "st')
    assert [event["event"] for event in read_events(tmp_path)] == ["run_started"]
    journal.close("stopped", 1)


def test_line_after_a_cut_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text('{"event": "st')
    journal = Journal(tmp_path, {})
    journal.event("run_started", nodes=1)
    journal.close("finished", 0)
    assert [event["event"] for event in read_events(tmp_path)] == ["run_started", "run_ended"]


def test_folder_without_a_run_has_none(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None
    assert read_events(tmp_path) == []


def test_full_disk_is_kept_as_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, {})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storiform.engine.journal.write_bytes", full)
    journal.close("stopped", 1)
    assert "No space left" in journal.trouble
