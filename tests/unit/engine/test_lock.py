"""One run in one folder: who holds the lock, and when it is taken over."""

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from storiform.engine import lock as locks
from storiform.engine.lock import RunLock, holder_of
from storiform.model.errors import RunError


def started(pid: int) -> str:
    """Return what a lock says of the start of a process."""
    return locks._started(psutil.Process(pid))  # noqa: SLF001


def write(root: Path, **fields: object) -> Path:
    """Write a lock of this host and this process, but for `fields`."""
    record = {
        "pid": os.getpid(), "started": started(os.getpid()),
        "host": socket.gethostname(), "token": "other", **fields,
    }  # fmt: skip
    file = root / "run.lock"
    file.write_text(json.dumps(record))
    return file


def test_lock_is_held_inside_and_gone_after(tmp_path: Path) -> None:
    with RunLock(tmp_path):
        holder = holder_of(tmp_path)
        assert holder is not None
        assert holder["pid"] == os.getpid()
        with pytest.raises(RunError, match="expected no other run"), RunLock(tmp_path):
            pass
    assert holder_of(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    write(tmp_path, pid=dead.pid)
    assert holder_of(tmp_path) is None
    with RunLock(tmp_path):
        assert holder_of(tmp_path) is not None


def test_lock_of_a_reused_pid_is_taken_over(tmp_path: Path) -> None:
    write(tmp_path, started=f"{started(os.getpid())}9")
    assert holder_of(tmp_path) is None
    with RunLock(tmp_path):
        holder = holder_of(tmp_path)
        assert holder is not None
        assert holder["started"] == started(os.getpid())


def test_lock_of_the_same_pid_and_start_counts(tmp_path: Path) -> None:
    write(tmp_path)
    assert holder_of(tmp_path) is not None
    with pytest.raises(RunError, match="expected no other run"), RunLock(tmp_path):
        pass


def test_lock_of_a_process_that_nobody_has_buried_is_taken_over(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    begun = started(dead.pid)
    while psutil.Process(dead.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    write(tmp_path, pid=dead.pid, started=begun)
    assert holder_of(tmp_path) is None
    dead.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a start is a time")
@pytest.mark.parametrize("leap_seconds", [-86_400.0, 5.0, 86_400.0])
def test_lock_outlives_a_change_of_the_clock(
    leap_seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it the kernel tells another time of the machine's start, and of all processes'."""
    told = psutil.Process.create_time
    with RunLock(tmp_path):
        monkeypatch.setattr(
            psutil.Process, "create_time", lambda process: told(process) + leap_seconds
        )
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + leap_seconds)
        assert holder_of(tmp_path) is not None
        with pytest.raises(RunError, match="expected no other run"), RunLock(tmp_path):
            pass


@pytest.mark.parametrize(("age_seconds", "holders"), [(60.0, 1), (250.0, 1), (900.0, 0)])
def test_heartbeat_of_another_host_is_judged_by_the_clock_of_the_files(
    age_seconds: float, holders: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, host="another")
    now = time.time()
    os.utime(file, (now - age_seconds, now - age_seconds))
    monkeypatch.setattr(time, "time", lambda: now + 3600.0)  # our own clock is wrong
    assert (holder_of(tmp_path) is not None) == holders
    assert [found.name for found in tmp_path.iterdir()] == ["run.lock"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_lock_that_cannot_be_read_is_taken_over(content: str, tmp_path: Path) -> None:
    (tmp_path / "run.lock").write_text(content)
    with RunLock(tmp_path):
        assert holder_of(tmp_path) is not None


def test_lock_that_may_not_be_read_is_held_by_somebody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of another user, or while a file system does not answer."""
    file = write(tmp_path)

    def refuse(_path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", refuse)
        with pytest.raises(RunError, match="an unknown host"), RunLock(tmp_path):
            pass
    assert "other" in file.read_text()


def test_run_whose_lock_cannot_be_read_for_a_while_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", -1.0)
    with RunLock(tmp_path) as lock, monkeypatch.context() as patch:
        patch.setattr(locks, "_read", lambda _path: locks._UNREADABLE)  # noqa: SLF001
        lock.beat()


def test_holder_that_sees_other_processes_is_judged_by_its_heartbeat(tmp_path: Path) -> None:
    """As in a container with the name of this host: its pids mean nothing here."""
    file = write(tmp_path, pid=2**22 - 7, started="1", namespace="pid:[1]")
    with pytest.raises(RunError, match="expected no other run"), RunLock(tmp_path):
        pass
    old = time.time() - locks.STALE_AFTER_SECONDS - 60
    os.utime(file, (old, old))
    with RunLock(tmp_path):
        holder = holder_of(tmp_path)
        assert holder is not None
        assert holder["namespace"] == str(Path("/proc/self/ns/pid").readlink())


def test_lock_taken_meanwhile_is_not_broken(tmp_path: Path) -> None:
    fresh = write(tmp_path, host="fresh")
    stale = json.loads(fresh.read_text()) | {"host": "stale"}
    RunLock(tmp_path)._break(stale)  # noqa: SLF001  the race itself
    assert json.loads(fresh.read_text())["host"] == "fresh"
    assert [file.name for file in tmp_path.iterdir()] == ["run.lock"]


def test_of_two_who_see_a_dead_lock_one_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both judge the old lock before either breaks it; the slower must not break anew."""
    both_saw, both_ended = threading.Barrier(2, timeout=20), threading.Barrier(2, timeout=20)
    is_alive = locks._is_alive  # noqa: SLF001  the race itself

    def judged(holder: dict[str, object], path: Path) -> bool:
        alive = is_alive(holder, path)
        if holder["started"] == "dead":
            both_saw.wait()
        return alive

    def contend() -> None:
        try:
            with RunLock(tmp_path) as lock:
                both_ended.wait()
                won.append(lock._is_mine())  # noqa: SLF001
        except RunError as error:
            lost.append(str(error))
            both_ended.wait()

    monkeypatch.setattr(locks, "_is_alive", judged)
    for _ in range(20):
        won: list[bool] = []
        lost: list[str] = []
        write(tmp_path, started="dead")
        contenders = [threading.Thread(target=contend) for _ in range(2)]
        for contender in contenders:
            contender.start()
        for contender in contenders:
            contender.join()
        assert (won, len(lost)) == ([True], 1)
        assert list(tmp_path.iterdir()) == []


def test_slower_breaker_leaves_the_faster_ones_lock(tmp_path: Path) -> None:
    write(tmp_path, started="dead")
    slower = RunLock(tmp_path)
    seen = slower._holder()  # noqa: SLF001  the race itself
    with RunLock(tmp_path) as faster:
        slower._break(seen)  # noqa: SLF001
        assert faster._is_mine()  # noqa: SLF001
        assert not slower._take()  # noqa: SLF001
    assert list(tmp_path.iterdir()) == []


def test_heartbeat_refreshes_the_file(tmp_path: Path) -> None:
    with RunLock(tmp_path) as lock:
        file = tmp_path / "run.lock"
        os.utime(file, (0, 0))
        lock.beat()
        assert time.time() - file.stat().st_mtime < 60


def test_heart_beats_while_pages_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report of a thousand biopsies takes longer than a silent lock is believed."""
    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", 0.02)
    with RunLock(tmp_path) as lock:
        file = tmp_path / "run.lock"
        with lock.beating():
            os.utime(file, (0, 0))
            deadline = time.monotonic() + 20
            while file.stat().st_mtime == 0 and time.monotonic() < deadline:
                time.sleep(0.01)
            assert time.time() - file.stat().st_mtime < 60
        os.utime(file, (0, 0))
        time.sleep(0.1)
        assert file.stat().st_mtime == 0, "it ends with the work"


def test_run_that_lost_its_lock_stops_and_leaves_the_other_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", 0.0)
    with RunLock(tmp_path) as lock:
        (tmp_path / "run.lock").unlink()
        other = write(tmp_path)
        os.utime(other, (0, 0))
        before = other.read_text()
        with pytest.raises(RunError, match="found a run by pid"):
            lock.beat()
        assert other.stat().st_mtime == 0, "its heartbeat is its own"
    assert other.read_text() == before


def test_a_process_that_may_not_be_looked_at_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: psutil.Process) -> str:
        raise psutil.AccessDenied

    write(tmp_path)
    monkeypatch.setattr(psutil.Process, "status", refuse)
    assert holder_of(tmp_path) is not None


def test_a_beat_that_the_disk_refuses_ends_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", -1.0)
    with RunLock(tmp_path) as lock, monkeypatch.context() as patch:
        patch.setattr(os, "utime", refuse)
        lock.beat()


def test_heart_of_a_run_that_lost_its_lock_is_still_and_its_end_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows the pages, such as deleting old results, is the other's affair now."""
    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", 0.02)

    def lose(lock: RunLock) -> None:
        with lock.beating():
            (tmp_path / "run.lock").unlink()
            write(tmp_path)
            os.utime(tmp_path / "run.lock", (0, 0))
            time.sleep(0.2)

    with RunLock(tmp_path) as lock, pytest.raises(RunError, match="found a run by pid"):
        lose(lock)
    assert (tmp_path / "run.lock").stat().st_mtime == 0
    assert "other" in (tmp_path / "run.lock").read_text()


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP])
def test_lock_works_where_a_file_has_one_name_alone(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on exFAT and some shares."""

    def refuse(*_: object) -> None:
        raise OSError(code, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with RunLock(tmp_path):
        holder = holder_of(tmp_path)
        assert holder is not None
        assert holder["pid"] == os.getpid()
        with pytest.raises(RunError, match="expected no other run"), RunLock(tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_where_nothing_may_be_linked_or_written_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(OSError, match="No space left"), RunLock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_lock_that_is_being_written_is_not_broken(tmp_path: Path) -> None:
    file = tmp_path / "run.lock"
    file.touch()
    writer = threading.Timer(0.3, lambda: write(tmp_path))
    writer.start()
    with pytest.raises(RunError, match="expected no other run"), RunLock(tmp_path):
        pass
    writer.join()
    assert "other" in file.read_text()


@pytest.mark.parametrize(("age_seconds", "is_broken"), [(0.0, False), (900.0, True)])
def test_one_run_alone_removes_a_dead_lock(
    age_seconds: float, is_broken: object, tmp_path: Path
) -> None:
    file = write(tmp_path, started="dead")
    lock = RunLock(tmp_path)
    seen = lock._holder()  # noqa: SLF001  the race itself
    claim = tmp_path / f".run.lock.claim-{locks._digest(seen)}"  # noqa: SLF001
    claim.touch()
    os.utime(claim, (time.time() - age_seconds,) * 2)
    lock._break(seen)  # noqa: SLF001
    assert file.exists(), "another is about to remove it, or was"
    lock._break(seen)  # noqa: SLF001
    assert file.exists() is not is_broken
    assert claim.exists() is not is_broken
