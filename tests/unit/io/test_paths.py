"""Files that are made where others may write too."""

from pathlib import Path

import pytest

from storiform.io.paths import fresh


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Return a file that nobody asked to be written."""
    path = tmp_path / "victim"
    path.write_text("kept")
    return path


def test_a_link_in_the_place_of_a_new_file_is_taken_away_not_followed(
    tmp_path: Path, victim: Path
) -> None:
    (tmp_path / "new").symlink_to(victim)
    made = fresh(tmp_path / "new")
    made.write_text("mine")
    assert not made.is_symlink()
    assert victim.read_text() == "kept"


@pytest.mark.parametrize("kind", ["link", "dangling", "file"])
def test_what_appears_between_looking_and_making_is_refused(
    tmp_path: Path, victim: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Someone else who can write to the folder puts it there when the old one has gone."""
    place = tmp_path / "new"

    def unlink(path: Path, *, missing_ok: bool = False) -> None:
        assert missing_ok
        if kind == "file":
            path.write_text("theirs")
        else:
            path.symlink_to(victim if kind == "link" else tmp_path / "nowhere")

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(FileExistsError):
        fresh(place)
    assert victim.read_text() == "kept"
    assert not (tmp_path / "nowhere").exists()
