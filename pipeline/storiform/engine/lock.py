"""One run at a time in one results folder, without `flock` (Lustre has none to trust)."""

import contextlib
import errno
import hashlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from storiform.model.errors import RunError, fault

STALE_AFTER_SECONDS = 300.0
HEARTBEAT_SECONDS = 15.0
_CLAIM_SECONDS = 30.0
"""A claim to remove a dead lock is held for a moment; an older one was left by a killed run."""
_FRESH_SECONDS = 1.0
"""So young a lock that cannot be understood may be one that is being written."""
_WITHOUT_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What file systems say that know no second name of a file, such as exFAT."""
CLAIM = ".run.lock.claim-"
_FIELDS = frozenset({"pid", "started", "host", "token"})
_STARTED_FIELD = 19
"""Place of a process's start among the fields of `/proc/PID/stat` behind its name."""
_UNREADABLE: dict[str, Any] = {"pid": "unknown", "host": "an unknown host", "token": ""}
"""Stands for a lock that is there and cannot be read: whose it is nobody knows."""


class RunLock:
    """A lock file that names its holder and is taken over from a dead one.

    On the holder's own host its process is looked up by pid and start, which no change of the
    clock can touch; from another host, or from a container that sees other processes, a
    heartbeat (the file's time) that was five minutes old by the clock of the file system
    counts as dead. A lock that cannot be read is never taken; one that is read and says
    nothing, as a disk may spoil it, is.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / "run.lock"
        self._token = uuid.uuid4().hex
        self._beat = 0.0

    def __enter__(self) -> Self:
        for _ in range(3):
            if self._take():
                self._sweep()
                return self
            holder = self._holder()
            if holder is not None and _is_alive(holder, self._path):
                found = f"a run by {_title(holder)}"
                remedy = "Wait for it, or stop it first. See it with `storiform status`."
                expected = "no other run in this results folder"
                raise RunError(fault(self._path.name, found, expected, remedy))
            self._break(holder)
        expected = "a results folder that nobody else takes"
        found = f"several runs starting, or what one that was killed so left ({CLAIM}*)"
        remedy = f"Start again, at the latest after {_CLAIM_SECONDS:.0f} seconds."
        raise RunError(fault(self._path.name, found, expected, remedy))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_mine():
            self._path.unlink(missing_ok=True)

    def beat(self) -> None:
        """Show that the holder lives; cheap enough for every turn of the driver's loop.

        Raises
        ------
        RunError
            If another run has taken the folder over, such as after a long standstill.
        """
        if time.monotonic() - self._beat <= HEARTBEAT_SECONDS:
            return
        self._beat = time.monotonic()
        self.refuse_loss()
        with contextlib.suppress(OSError):
            os.utime(self._path)

    def refuse_loss(self) -> None:
        """Go on only while the lock is held, or may be.

        Raises
        ------
        RunError
            If another run has taken the folder over, or somebody removed it or its lock.
        """
        if not self.is_lost():
            return
        folder, holder = self._path.parent, self._holder()
        if holder is not None:
            found = f"a run by {_title(holder)}"
            expected = "the lock of this run, whose heartbeat stood still"
            remedy = "Let the other run finish, then run again."
        else:
            found = "no lock of this run" if folder.is_dir() else "no folder any more"
            expected = "what this run began with: somebody moved or removed it"
            remedy = "Run again; leave the folder alone while a run goes on."
        raise RunError(fault(f"results folder {folder}", found, expected, remedy))

    def is_lost(self) -> bool:
        """Tell whether the folder is no longer this run's."""
        return not self._may_be_mine()

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """Beat from a thread of its own while one long piece of work goes on, such as pages.

        Raises
        ------
        RunError
            At its end, if another run has taken the folder over.
        """
        end = threading.Event()

        def beat() -> None:
            while not end.wait(HEARTBEAT_SECONDS):
                if self._may_be_mine():
                    with contextlib.suppress(OSError):
                        os.utime(self._path)

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()
        self.refuse_loss()

    def _is_mine(self) -> bool:
        holder = self._holder()
        return holder is not None and holder["token"] == self._token

    def _may_be_mine(self) -> bool:
        return self._holder() is _UNREADABLE or self._is_mine()

    def _take(self) -> bool:
        me = psutil.Process()
        record = {
            "pid": me.pid,
            "started": _started(me),
            "host": socket.gethostname(),
            "namespace": _namespace(),
            "token": self._token,
        }
        # Written whole before it appears: a reader never sees half a lock.
        part = self._path.with_name(f".run.lock.{self._token}")
        try:
            part.write_text(json.dumps(record))
            return appear(part, self._path)
        finally:
            part.unlink(missing_ok=True)

    def _holder(self) -> dict[str, Any] | None:
        return _read(self._path)

    def _break(self, stale: dict[str, Any] | None) -> None:
        """Remove a stale lock, but not one that another run has taken meanwhile.

        One run at a time may: who holds the claim looks again before the lock is removed.
        """
        # A file may be stamped ahead, when the clock was set back since: it is no fresh one.
        if stale is None and abs(_age(self._path)) < _FRESH_SECONDS:
            time.sleep(_FRESH_SECONDS)
            return
        claim = self._path.with_name(f"{CLAIM}{_digest(stale)}")
        try:
            os.close(os.open(claim, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            if abs(_age(claim)) > _CLAIM_SECONDS:  # whoever claimed it has died since
                claim.unlink(missing_ok=True)
            time.sleep(0.1)
            return
        try:
            is_held = abs(_age(claim)) <= _CLAIM_SECONDS  # else another may have it by now
            if is_held and _read(self._path) == stale:
                self._path.unlink(missing_ok=True)
        finally:
            claim.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what runs that were killed as they began left; their files are seconds old."""
        for left in self._path.parent.glob(".run.lock.*"):
            with contextlib.suppress(OSError):  # such as a colleague's
                if abs(_age(left)) > STALE_AFTER_SECONDS:
                    left.unlink(missing_ok=True)


def appear(part: Path, goal: Path) -> bool:
    """Give a whole file its name, unless another file has it; False if so.

    Where a file can have no second name, the content is written under the new one: for a
    moment a reader may find half of it there.
    """
    try:
        os.link(part, goal)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS:
            raise
        try:
            descriptor = os.open(goal, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(part.read_bytes())
    return True


def _digest(stale: dict[str, Any] | None) -> str:
    return hashlib.sha256(json.dumps(stale, sort_keys=True).encode()).hexdigest()[:16]


def _age(path: Path) -> float:
    """Return how long ago a file was touched, by the clock that stamps it, seconds."""
    try:
        return _now_of(path.parent) - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read(path: Path) -> dict[str, Any] | None:
    """Return what a lock file says, None where it cannot be understood."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    except OSError:
        return _UNREADABLE
    return found if isinstance(found, dict) and set(found) >= _FIELDS else None


def _title(holder: dict[str, Any] | None) -> str:
    return f"pid {holder['pid']} on {holder['host']}" if holder else "nobody"


def _namespace() -> str:
    """Return whose processes this one sees, empty where the system has no such thing."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _is_alive(holder: dict[str, Any], path: Path) -> bool:
    if holder is _UNREADABLE:
        return True
    sees_it = holder.get("namespace", "") in {"", _namespace()}
    if holder["host"] == socket.gethostname() and sees_it:
        try:
            process = psutil.Process(int(holder["pid"]))
            started = _started(process)
            is_zombie = process.status() == psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, ValueError):
            return False
        except psutil.AccessDenied:
            return True
        return started == holder["started"] and not is_zombie
    return path.exists() and _beats(path)


def _beats(path: Path) -> bool:
    """Tell whether the heart of a run beats that cannot be looked at.

    A lock that is stamped ahead tells nothing by its age: the clock was set back since its
    last beat. Its holder lives if it beats again, which stamps it anew.
    """
    age = _age(path)
    if age >= -_FRESH_SECONDS:
        return age < STALE_AFTER_SECONDS
    before = _stamp(path)
    end = time.monotonic() + 2 * HEARTBEAT_SECONDS
    while time.monotonic() < end:
        time.sleep(min(1.0, HEARTBEAT_SECONDS / 4))
        if _stamp(path) != before:
            return path.exists()
    return False


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _started(process: psutil.Process) -> str:
    """Return what tells a process from another one with its pid, whatever the clock says.

    Linux counts from the start of the machine, whose id belongs to it. Elsewhere it is a time.
    """
    try:
        machine = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        stat = Path(f"/proc/{process.pid}/stat").read_text(errors="replace")
        return f"{machine}:{stat.rpartition(')')[2].split()[_STARTED_FIELD]}"
    except (OSError, IndexError):
        return f"{process.create_time():.0f}"


def _now_of(folder: Path) -> float:
    """Return the time by the clock that stamps the files of a folder, seconds.

    On a shared file system the server's; one's own clock may be wrong by more than a heartbeat
    lasts. Where nothing may be written the own clock must do.
    """
    probe = folder / f".run.lock.now-{uuid.uuid4().hex}"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def holder_of(root: Path) -> dict[str, Any] | None:
    """Return who runs in a results folder now, None if nobody does."""
    holder = _read(root / "run.lock")
    alive = holder is not None and _is_alive(holder, root / "run.lock")
    return holder if alive else None
