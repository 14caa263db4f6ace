"""Published results: whole or absent, never changed in place."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from storiform.engine.results import DamagedError, Results
from storiform.io.paths import part_of
from storiform.io.store import write_bytes

RECORD: dict[str, Any] = {"recipe": {}, "finished": 1.0}


def publish(results: Results, fingerprint: str, content: bytes = b"table") -> Path:
    """Publish a result of step `s` on unit `u`."""
    part = results.part()
    (part / "t.parquet").write_bytes(content)
    goal = results.at("s", "u", fingerprint)
    results.publish(part, dict(RECORD), goal)
    return goal


def test_published_result_is_whole(tmp_path: Path) -> None:
    results = Results(tmp_path)
    goal = publish(results, "f1")
    assert results.damage(goal, verify=True) is None
    assert list((tmp_path / "parts").iterdir()) == []
    record = results.provenance(goal)
    assert record is not None
    assert record["outputs"]["t.parquet"]["size"] == 5


def test_first_result_stays_where_it_is_whole(tmp_path: Path) -> None:
    results = Results(tmp_path)
    goal = publish(results, "f1", b"first")
    publish(results, "f1", b"other")
    assert (goal / "t.parquet").read_bytes() == b"first"
    assert list((tmp_path / "parts").iterdir()) == []


def test_damaged_result_is_replaced(tmp_path: Path) -> None:
    results = Results(tmp_path)
    goal = publish(results, "f1", b"first")
    (goal / "t.parquet").write_bytes(b"fiRst")
    assert results.damage(goal) is None, "equal size: contents are not compared"
    assert results.damage(goal, verify=True) == "t.parquet is damaged"
    publish(results, "f1", b"first")
    assert (goal / "t.parquet").read_bytes() == b"first"


def test_result_that_the_disk_changed_is_not_read_and_made_again(tmp_path: Path) -> None:
    results = Results(tmp_path)
    goal = publish(results, "f1", b"first")
    assert results.sound(goal, "t.parquet").read_bytes() == b"first"
    (goal / "t.parquet").write_bytes(b"fiRst")
    with pytest.raises(DamagedError, match=r"s of u: found t.parquet damaged .* Run again"):
        results.sound(goal, "t.parquet")
    assert results.damage(goal) == "no provenance", "so that the next run makes it"
    assert not list((tmp_path / "parts").iterdir())


ODD = [
    '{"outputs": [], "recipe": {}, "finished": 1.0}',
    '{"outputs": {"t.parquet": 5}, "recipe": {}, "finished": 1.0}',
    '{"outputs": {}, "recipe": "none", "finished": 1.0}',
    '{"outputs": {}, "recipe": {}, "finished": "soon"}',
]


def test_provenance_whose_words_were_changed_is_a_damage(tmp_path: Path) -> None:
    results = Results(tmp_path)
    goal = publish(results, "f1")
    file = goal / "provenance.json"
    file.write_text(file.read_text().replace('"size"', '"sIze"'))
    assert results.damage(goal) == "t.parquet is damaged"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"outputs": {}}', '{"recipe": {}}', *ODD])
def test_provenance_that_does_not_tell_all_is_no_provenance(text: str, tmp_path: Path) -> None:
    results = Results(tmp_path)
    goal = publish(results, "f1")
    (goal / "provenance.json").write_text(text)
    assert results.damage(goal) == "no provenance"
    assert results.history("s", "u") == []


def test_history_gives_the_latest_first(tmp_path: Path) -> None:
    results = Results(tmp_path)
    for number, finished in enumerate((2.0, 3.0, 1.0)):
        goal = publish(results, f"f{number}")
        record = json.loads((goal / "provenance.json").read_text()) | {"finished": finished}
        (goal / "provenance.json").write_text(json.dumps(record))
    assert [record["finished"] for record in results.history("s", "u")] == [3.0, 2.0, 1.0]
    assert results.history("s", "nobody") == []


def test_sweep_keeps_what_is_in_use_and_the_latest_older_one(tmp_path: Path) -> None:
    results = Results(tmp_path)
    goals = [publish(results, f"f{number}") for number in range(4)]
    for age, goal in enumerate(goals):
        os.utime(goal, (1000 + age,) * 2)
    assert results.sweep_old([("s", "u", "f0"), ("s", "nobody", "f0")], keep=1) == 2
    assert [goal.exists() for goal in goals] == [True, False, False, True]


def test_failure_is_kept_and_forgotten(tmp_path: Path) -> None:
    results = Results(tmp_path)
    assert results.failure("s", "u") is None
    results.write_failure("s", "u", {"fingerprint": "f", "message": "bad"})
    found = results.failure("s", "u")
    assert found is not None
    assert found["message"] == "bad"
    results.clear_failure("s", "u")
    results.clear_failure("s", "u")
    assert results.failure("s", "u") is None


def test_discard_of_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    Results(tmp_path).discard(tmp_path / "nothing")
    assert not (tmp_path / "parts").exists()


def test_the_secret_of_a_folder_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    results = Results(tmp_path / "out")
    before = os.umask(0o022)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda _: results.secret(), range(32)))
    finally:
        os.umask(before)
    assert len(found) == 1
    assert [len(secret) for secret in found] == [32]
    assert [path.name for path in results.root.iterdir()] == [".secret"]
    assert (results.root / ".secret").stat().st_mode & 0o777 == 0o600


def test_the_secret_of_a_folder_is_made_where_a_file_has_one_name_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    first = Results(tmp_path).secret()
    assert len(first) == 32
    assert Results(tmp_path).secret() == first
    assert (tmp_path / ".secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_spoilt_secret_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".secret").write_bytes(content)
    assert len(Results(tmp_path).secret()) == 32
    assert len((tmp_path / ".secret").read_bytes()) == 32


def test_what_a_killed_run_left_of_its_secret_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".secret.0f").touch()
    (tmp_path / ".secret").write_bytes(bytes(32))
    Results(tmp_path).sweep_parts()
    assert [path.name for path in tmp_path.iterdir()] == [".secret"]


def test_two_processes_write_the_same_file_each_on_its_own(tmp_path: Path) -> None:
    """A worker and the driver, when the scheduler between them stands still."""
    goal = tmp_path / "tables" / "a.tsv"
    goal.parent.mkdir()
    words = "from pathlib import Path; from storiform.io.paths import part_of; import sys; "
    words += "print(part_of(Path(sys.argv[1])))"
    command = [sys.executable, "-c", words, str(goal)]
    theirs = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
    assert Path(theirs).parent == goal.parent
    assert Path(theirs) != part_of(goal)
    Path(theirs).write_text("half")
    write_bytes(goal, b"whole")
    assert goal.read_bytes() == b"whole"
    assert Path(theirs).read_text() == "half"
    Results(tmp_path).sweep_parts()
    assert list(goal.parent.iterdir()) == [goal]
