"""Ids of recipes and of outside files."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.engine import fingerprint
from storiform.engine.fingerprint import FileIds, content_id, digest, recorded

VALUES = st.one_of(st.integers(), st.floats(allow_nan=False), st.text(), st.booleans())


@given(st.dictionaries(st.text(), VALUES))
def test_digest_does_not_depend_on_the_order_of_keys(recipe: dict[str, object]) -> None:
    backwards = dict(reversed(list(recipe.items())))
    assert digest(recipe) == digest(backwards)
    assert len(digest(recipe)) == 32


@given(st.dictionaries(st.text(), VALUES), st.text())
def test_digest_changes_with_any_value(recipe: dict[str, object], key: str) -> None:
    assert digest(recipe | {key: "a value"}) != digest(recipe | {key: "another"})


def memory(tmp_path: Path) -> tuple[Path, Path]:
    """Return a file and where its id is remembered."""
    file = tmp_path / "input.txt"
    file.write_text("one")
    return file, tmp_path / "inputs.json"


def learnt(file: Path, place: Path, *, verify: bool = False) -> str:
    """Return the id of a file and remember it."""
    ids = FileIds(place, verify=verify)
    found = ids.of(file)
    ids.save()
    return found


def test_same_content_keeps_its_id_whatever_its_time(tmp_path: Path) -> None:
    file, place = memory(tmp_path)
    first = learnt(file, place)
    os.utime(file, (1, 1))
    assert learnt(file, place) == first
    file.write_text("two")
    assert learnt(file, place) != first


def test_changed_content_of_equal_time_and_size_is_seen_by_verify(tmp_path: Path) -> None:
    file, place = memory(tmp_path)
    os.utime(file, (1, 1))
    first = learnt(file, place)
    file.write_text("two")
    os.utime(file, (1, 1))
    assert learnt(file, place) == first
    assert learnt(file, place, verify=True) != first


def test_large_file_keeps_its_id_when_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "HASHED_UP_TO", 1)
    file, place = memory(tmp_path)
    first = learnt(file, place)
    assert first.startswith("stat:")
    assert learnt(file, place, verify=True) == first, "verifying alone makes nothing old"
    os.utime(file, (1, 1))
    assert learnt(file, place) == first, "once verified, a touched file is known by content"
    file.write_text("two")
    os.utime(file, (1, 1))
    assert learnt(file, place, verify=True) != first


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 3}'])
def test_memory_that_cannot_be_read_is_forgotten(text: str, tmp_path: Path) -> None:
    file, place = memory(tmp_path)
    place.write_text(text)
    assert learnt(file, place) == content_id(file)


def test_memory_that_the_disk_changed_is_not_believed(tmp_path: Path) -> None:
    file, place = memory(tmp_path)
    first = learnt(file, place)
    text = place.read_text()
    digit = first[-1]
    place.write_text(text.replace(first, f"{first[:-1]}{'0' if digit != '0' else '1'}"))
    assert place.read_text() != text
    assert learnt(file, place) == first


def test_folder_is_known_by_all_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_text("1")
    first = content_id(folder)
    (folder / "b").write_text("2")
    assert content_id(folder) != first


def test_parts_of_a_file_are_learnt_once_for_each_content(tmp_path: Path) -> None:
    file, place = memory(tmp_path)
    calls = []

    def part() -> dict[str, str]:
        calls.append(1)
        return {"P1": file.read_text()}

    ids = FileIds(place)
    assert ids.parts(file, "biopsy", part) == {"P1": "one"}
    ids.save()
    assert FileIds(place).parts(file, "biopsy", part) == {"P1": "one"}
    assert len(calls) == 1
    file.write_text("three")
    assert FileIds(place).parts(file, "biopsy", part) == {"P1": "three"}


def test_provenance_keeps_marks_of_a_record_and_all_else_of_a_recipe() -> None:
    recipe = {"step": "read", "record": {"sex": "male", "arm": "male", "os_months": 7.3}}
    kept = recorded(recipe, lambda: b"one")
    assert kept["step"] == "read"
    assert set(kept["record"]) == set(recipe["record"])
    assert "male" not in str(kept)
    assert "7.3" not in str(kept)
    assert kept["record"]["sex"] != kept["record"]["arm"], "an equal value of another column"
    assert kept == recorded(recipe, lambda: b"one")
    other = recorded(recipe, lambda: b"two")["record"]
    assert not set(other.values()) & set(kept["record"].values()), "nobody can try all values"
    assert recorded({"record": {}}, lambda: b"") == {"record": {}}


def test_a_file_is_read_once_to_verify_and_again_once_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each table of a VCF asks for its id: five times the content would be read."""
    read: list[Path] = []

    def counted(path: Path) -> str:
        read.append(path)
        return f"content:{path.read_text()}"

    monkeypatch.setattr("storiform.engine.fingerprint.content_id", counted)
    path = tmp_path / "a.vcf"
    path.write_text("one")
    ids = FileIds(None, verify=True)
    assert {ids.of(path) for _ in range(3)} == {"content:one"}
    assert len(read) == 1
    path.write_text("three")
    assert ids.of(path) == "content:three"
