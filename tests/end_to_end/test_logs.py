"""What a run writes down about itself holds no value of a patient."""

import json
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

import pytest
from hostile_texts import Rows, edit
from marked_trial import DATES, DIGITS, WORD, write_marked_trial
from small_trial import COUNTS, write_trial
from trials import storiform

pytestmark = pytest.mark.slow

MARKED = re.compile(rf"{WORD}[\w/.-]*|[\d-]*\.{DIGITS}\d*|" + "|".join(map(re.escape, DATES)))
WHERE_PATHS_STAND = ("inputs.json", "run.json")
"""A resume reads which files were read, `report` and `export` read which configuration."""


def _with_another_arm(rows: Rows) -> Rows:
    return [{**rows[0], "arm": f"{WORD}other"}, *rows[1:]]


class Told(NamedTuple):
    """A run with failures: its folder, and what it printed."""

    root: Path
    printed: str

    def logs(self) -> dict[str, str]:
        """Return every file of the results folder that is no result, by its path there."""
        ways = [path for path in self.root.rglob("*") if path.is_file()]
        logs = [path for path in ways if path.suffix in {".json", ".jsonl", ".lock", ""}]
        return {str(p.relative_to(self.root)): p.read_text("utf-8", "replace") for p in logs}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("logs") / f"{WORD}surname"
    folder.mkdir()
    config = write_marked_trial(folder, 10, 3)
    before = os.umask(0o022)
    try:
        done = storiform("run", "--workers", "1", config)
        again = storiform("run", "--workers", "1", config)
        edit(folder / "clinical.csv", _with_another_arm)
        plan = storiform("plan", config)
    finally:
        os.umask(before)
    assert done.returncode == 1, done.stderr
    printed = [done.stdout, done.stderr, again.stdout, again.stderr, plan.stdout, plan.stderr]
    return Told(folder / "results", "\n".join(printed))


def test_values_were_read_and_are_in_the_results(told: Told):
    tables = told.root / "tables"
    assert WORD in (tables / "clinic.tsv").read_text()
    assert f".{DIGITS}" in (tables / "clinic.tsv").read_text()
    assert WORD in (told.root / "report.html").read_text()


def test_logs_hold_no_value_of_a_patient(told: Told):
    logs = told.logs()
    kinds = {Path(name).name for name in logs}
    assert {"events.jsonl", "run.json", "provenance.json", "failure.json"} <= kinds
    found = {
        name: hits
        for name, text in logs.items()
        if Path(name).name not in WHERE_PATHS_STAND
        and (hits := sorted(set(MARKED.findall(text))))
    }
    assert found == {}


def test_paths_above_the_inputs_stand_in_two_named_files_alone(told: Told):
    logs = told.logs()
    known = json.loads(logs["inputs.json"])["files"]
    own = [path for path in known if Path(path).is_relative_to(told.root.parent)]
    assert own, "the folder of the trial is marked"
    assert MARKED.findall(re.sub(r'"[^"]+": \[', "", logs["inputs.json"])) == []
    run = json.loads(logs["run.json"])
    assert run.pop("config") == str(told.root.parent / "trial.yaml")
    assert MARKED.findall(json.dumps(run)) == []


def test_what_is_printed_holds_no_value_of_a_patient(told: Told):
    assert "failed: read_call" in told.printed
    assert "clinical value arm changed" in told.printed
    assert told.printed.count("clinical value") == 1, "of one patient, and of one column"
    assert "is not that of the lesions" in told.printed
    said = told.printed.replace(str(told.root.parent), "TRIAL")
    assert MARKED.findall(said) == []


def test_provenance_marks_what_changed_without_its_value(told: Told):
    folders = sorted((told.root / "units").glob("*/read_clinical_record/*/provenance.json"))
    records = [json.loads(path.read_text())["recipe"]["record"] for path in folders]
    assert len(records) > 5
    for record in records:
        assert "histology" in record
        assert all(re.fullmatch(r"[0-9a-f]{16}", mark) for mark in record.values())
    arms = {record["arm"] for record in records}
    assert len(arms) == 1, "equal values have equal marks in one folder"


def test_everything_in_the_results_folder_is_for_its_owner_alone(told: Told):
    ways = [told.root, *told.root.rglob("*")]
    open_to_others = [str(path) for path in ways if path.lstat().st_mode & 0o077]
    assert len(ways) > 300
    assert open_to_others == [], "the umask outside was 022"
    secret = told.root / ".secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_the_page_names_every_file_that_quotes_what_a_step_failed_at(tmp_path: Path) -> None:
    spoilt = f"x{DIGITS}"
    counts = COUNTS.replace("\nMDM2,17,", f"\nMDM2,{spoilt},")
    assert spoilt in counts
    done = storiform("run", "--workers", "1", write_trial(tmp_path, {"counts.csv": counts}))
    assert done.returncode == 1, done.stderr
    assert f"found '{spoilt}'" in done.stderr
    logs = Told(tmp_path / "results", "").logs()
    quoting = {Path(name).name for name, text in logs.items() if spoilt in text}
    page = (Path(__file__).resolve().parents[2] / "docs" / "security.md").read_text("utf-8")
    rows = re.findall(r"^\| (`.*) \| .* \| (.*) \|$", page, re.MULTILINE)
    stated = {
        Path(way).name
        for ways, values in rows
        if values == "quoted by failures"
        for way in re.findall("`([^`]+)`", ways)
    }
    assert stated == quoting == {"events.jsonl", "run.json", "failure.json"}
