"""Python imports this when it starts: a slow disk, a clock that is set, a root that obeys.

Without its variables nothing changes. `CHAOS_SLOW` is the longest delay, in seconds, of each
call that opens, renames, syncs or deletes a file for writing. `CHAOS_CLOCK` names a file with
the seconds by which the clock is wrong; it may change while the process runs. With `CHAOS_OBEY`
root may write no more than others.
"""

import builtins
import ctypes
import os
import random
import time
from pathlib import Path
from typing import Any

_NAMES = ("fsync", "rename", "replace", "link", "unlink", "mkdir", "rmdir")


def _slow_down(longest: float) -> None:
    draws = random.Random(os.getpid())  # noqa: S311  no secret

    def slowed(function: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            time.sleep(longest * draws.random())
            return function(*args, **options)

        return call

    for name in _NAMES:
        setattr(os, name, slowed(getattr(os, name)))
    plain_open = builtins.open

    def open_slowly(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if set(mode) & set("wax+"):
            time.sleep(longest * draws.random())
        return plain_open(file, mode, *args, **options)

    builtins.open = open_slowly


def _set_clock(file: Path) -> None:
    right, right_ns = time.time, time.time_ns

    def error() -> float:
        try:
            return float(file.read_text())
        except (OSError, ValueError):
            return 0.0

    time.time = lambda: right() + error()
    time.time_ns = lambda: right_ns() + int(error() * 1e9)
    _shift_start_of_machine(error)


def _shift_start_of_machine(error: Any) -> None:
    """Let psutil see what the kernel says after the clock was set: another time of boot."""
    try:
        import psutil  # noqa: PLC0415  where it is missing nothing asks it
    except ImportError:
        return
    told = psutil.Process.create_time
    psutil.Process.create_time = lambda process: told(process) + error()


def _obey_rights() -> None:
    """Give up what lets root write into any folder, for this process and those it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice 32 bits
    if libc.capget(head, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    for right in (1, 2, 3):  # to override, to search, to be taken for the owner
        libc.prctl(24, right, 0, 0, 0)
        for place in (0, 1, 2):
            sets[place] &= ~(1 << right)
    if libc.capset(head, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


if os.environ.get("CHAOS_OBEY"):
    _obey_rights()
if os.environ.get("CHAOS_SLOW"):
    _slow_down(float(os.environ["CHAOS_SLOW"]))
if os.environ.get("CHAOS_CLOCK"):
    _set_clock(Path(os.environ["CHAOS_CLOCK"]))
