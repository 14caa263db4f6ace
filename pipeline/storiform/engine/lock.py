"""One run at a time in one results folder, without `flock` (Lustre has none to trust)."""

import json
import os
import socket
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from storiform.model.errors import RunError, fault

STALE_AFTER_SECONDS = 300.0
HEARTBEAT_SECONDS = 15.0


class RunLock:
    """A lock file that names its holder and is taken over from a dead one.

    On the holder's own host its process is looked up by pid and start time; from another
    host a heartbeat (the file's time) older than five minutes counts as dead.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / "run.lock"
        self._beat = 0.0

    def __enter__(self) -> Self:
        for _ in range(3):
            if self._take():
                return self
            holder = self._holder()
            if holder is not None and _is_alive(holder, self._path):
                found = f"a run by pid {holder['pid']} on {holder['host']}"
                remedy = "Wait for it, or stop it first. See it with `storiform status`."
                expected = "no other run in this results folder"
                raise RunError(fault(self._path.name, found, expected, remedy))
            self._break()
        expected = "a results folder that nobody else takes"
        remedy = "Start again."
        raise RunError(fault(self._path.name, "several runs starting", expected, remedy))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._path.unlink(missing_ok=True)

    def beat(self) -> None:
        """Show that the holder lives; cheap enough for every turn of the driver's loop."""
        if time.monotonic() - self._beat > HEARTBEAT_SECONDS:
            self._beat = time.monotonic()
            self._path.touch()

    def _take(self) -> bool:
        me = psutil.Process()
        record = {
            "pid": me.pid,
            "started": me.create_time(),
            "host": socket.gethostname(),
            "token": uuid.uuid4().hex,
        }
        # Written whole before it appears: a reader never sees half a lock.
        part = self._path.with_name(f".run.lock.{record['token']}")
        part.write_text(json.dumps(record))
        try:
            os.link(part, self._path)
        except FileExistsError:
            return False
        finally:
            part.unlink(missing_ok=True)
        return True

    def _holder(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return None
        return found

    def _break(self) -> None:
        grave = self._path.with_name(f".run.lock.stale-{uuid.uuid4().hex}")
        try:
            self._path.rename(grave)
        except FileNotFoundError:
            return
        grave.unlink(missing_ok=True)


def _is_alive(holder: dict[str, Any], path: Path) -> bool:
    if holder["host"] == socket.gethostname():
        try:
            process = psutil.Process(int(holder["pid"]))
            started = process.create_time()
        except (psutil.Error, ValueError):
            return False
        is_zombie = process.status() == psutil.STATUS_ZOMBIE
        return abs(started - float(holder["started"])) < 1.0 and not is_zombie
    try:
        return time.time() - path.stat().st_mtime < STALE_AFTER_SECONDS
    except FileNotFoundError:
        return False


def holder_of(root: Path) -> dict[str, Any] | None:
    """Return who runs in a results folder now, None if nobody does."""
    lock = RunLock(root)
    holder = lock._holder()  # noqa: SLF001  the same file's class
    alive = holder is not None and _is_alive(holder, root / "run.lock")
    return holder if alive else None
