"""What a run that was killed as it began left, and files stamped by a clock that was ahead."""

import errno
import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from storiform.engine import lock as locks
from storiform.engine.lock import RunLock
from storiform.model.errors import RunError

DAY = 86_400.0


def stamped(path: Path, seconds: float) -> Path:
    """Make an empty file that seems so old; below 0, from the future."""
    path.touch()
    os.utime(path, (time.time() - seconds,) * 2)
    return path


@pytest.mark.parametrize("age", [DAY, -DAY])
def test_a_lock_without_words_is_taken_over_whatever_its_time(
    tmp_path: Path, age: float
) -> None:
    stamped(tmp_path / "run.lock", age)
    begun = time.monotonic()
    with RunLock(tmp_path):
        assert time.monotonic() - begun < 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("age", [45.0, -DAY])
def test_a_claim_that_a_killed_run_left_does_not_count(tmp_path: Path, age: float) -> None:
    lock = stamped(tmp_path / "run.lock", DAY)
    stamped(tmp_path / f"{locks.CLAIM}{locks._digest(None)}", age)  # noqa: SLF001
    with RunLock(tmp_path):
        assert lock.stat().st_size
    assert list(tmp_path.iterdir()) == []


def test_a_claim_of_a_moment_ago_is_waited_for_and_named(tmp_path: Path) -> None:
    stamped(tmp_path / "run.lock", DAY)
    claim = stamped(tmp_path / f"{locks.CLAIM}{locks._digest(None)}", 0.0)  # noqa: SLF001
    told = r"or what one that was killed so left \(\.run\.lock\.claim-\*\).*after 30 seconds"
    with pytest.raises(RunError, match=told), RunLock(tmp_path):
        pass
    assert claim.exists()


def test_what_killed_runs_left_goes_and_what_others_write_now_stays(tmp_path: Path) -> None:
    old = [stamped(tmp_path / f".run.lock.{name}", 2 * locks.STALE_AFTER_SECONDS)
           for name in ("0123", "now-4567", "claim-89ab")]  # fmt: skip
    young = stamped(tmp_path / ".run.lock.cdef", 1.0)
    with RunLock(tmp_path):
        assert not any(path.exists() for path in old)
    assert list(tmp_path.iterdir()) == [young]


@pytest.mark.parametrize(
    ("taken", "told"),
    [("folder", "found no folder any more"), ("lock", "found no lock of this run")],
)
def test_who_removes_a_folder_or_its_lock_meanwhile_is_told_so(
    tmp_path: Path, taken: str, told: str
) -> None:
    root = tmp_path / "results"
    root.mkdir()
    with RunLock(root) as lock:
        lock.refuse_loss()
        if taken == "folder":
            shutil.rmtree(root)
        else:
            (root / "run.lock").unlink()
        with pytest.raises(RunError, match=f"{told}.*moved or removed it"):
            lock.refuse_loss()


def foreign(root: Path) -> Path:
    """Write the lock of a run elsewhere, stamped a day ahead."""
    lock = root / "run.lock"
    record = {"pid": 1, "started": "then", "host": "elsewhere", "token": "other"}
    lock.write_text(json.dumps(record))
    return stamped(lock, -DAY)


def test_a_dead_lock_from_elsewhere_that_is_stamped_ahead_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", 0.2)
    foreign(tmp_path)
    with RunLock(tmp_path) as lock:
        assert not lock.is_lost()


def test_a_lock_from_elsewhere_that_is_stamped_ahead_and_beats_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", 1.0)
    lock = foreign(tmp_path)
    heart = threading.Timer(0.4, lambda: os.utime(lock))
    heart.start()
    with pytest.raises(RunError, match="a run by pid 1 on elsewhere"), RunLock(tmp_path):
        pass
    heart.join()
    assert "other" in lock.read_text()


def test_what_may_not_be_removed_hinders_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a colleague's, in a folder where each removes only what is his."""
    left = stamped(tmp_path / ".run.lock.0123", 2 * locks.STALE_AFTER_SECONDS)
    unlink = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path == left:
            raise PermissionError(errno.EPERM, "Operation not permitted", str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with RunLock(tmp_path) as lock:
        assert not lock.is_lost()
    assert list(tmp_path.iterdir()) == [left]
