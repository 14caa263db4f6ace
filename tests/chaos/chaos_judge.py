"""Reads a spoilt file in a process of its own and judges what came of it.

What is allowed: the fault is told in our words, or what was read is what the file says. A
format with a checksum must tell or give the same; of a text only what stands on the changed
lines may change.
"""

import os
import pickle
import re
import resource
import select
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chaos_explain import differing, unexplained
from chaos_inputs import Case, Row

from storiform.model.errors import DataWarning, StoriformError

LIMIT_SECONDS = 60.0
_MORE_BYTES = 4 << 30
"""What a child may take beside what the parent has: no length of a spoilt file is believed."""
_FAULT, _KEY = r"\S.*: found .+, expected .+\. \S.*", r"\S+:\d+:\d+: \S.*: .+[.?)]"
FORM = re.compile(f"{_FAULT}|{_KEY}", re.DOTALL)
"""File and place, what was found and expected, the remedy; or, of a configuration, the key."""


@dataclass(frozen=True)
class Reading:
    """What came of a spoilt file: `ending` is rows, told, traceback, hang or died."""

    ending: str
    rows: tuple[Row, ...] = ()
    message: str = ""


def in_child(work: Callable[[], Reading], limit: float = LIMIT_SECONDS) -> Reading:
    """Do something in a forked process; what takes too long, or dies, is told."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        _in_child(work, send)
    os.close(send)
    end = time.monotonic() + limit
    parts = []
    try:
        while True:
            ready, _, _ = select.select([receive], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return Reading("hang", message=f"more than {limit:g} s")
            part = os.read(receive, 1 << 20)
            if not part:
                break
            parts.append(part)
    finally:
        os.close(receive)
    _, status = os.waitpid(child, 0)
    if status or not parts:
        return Reading("died", message=f"status {status}")
    found: Reading = pickle.loads(b"".join(parts))  # noqa: S301  our own child
    return found


def _in_child(work: Callable[[], Reading], send: int) -> None:
    status = 1
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + _MORE_BYTES,) * 2)
        content = memoryview(pickle.dumps(work()))
        while content:
            content = content[os.write(send, content) :]
        status = 0
    finally:
        os._exit(status)


def read_case(case: Case, folder: Path) -> Reading:
    """Read the file of a case as a step would; every exception is told apart."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            rows = tuple(case.read(folder / case.file))
        doubts = [str(w.message) for w in caught if issubclass(w.category, DataWarning)]
        return Reading("rows", rows, "\n".join(doubts))
    except StoriformError as error:
        return Reading("told", message=str(error))
    except BaseException:  # noqa: BLE001  whatever it is, it is not in our words
        return Reading("traceback", message=traceback.format_exc(limit=-3))


def judge(case: Case, sound: tuple[Row, ...], spoilt: bytes, read: Reading) -> tuple[str, str]:
    """Return what happened in one word, and what is wrong with it, empty if nothing is.

    The word is one of refused, same, explained, or broken.
    """
    wrong = ""
    if read.ending == "told":
        bare = [line for line in read.message.splitlines() if not FORM.match(line)]
        is_form = FORM.match(read.message) or not bare
        word, wrong = "refused", "" if is_form else f"not our form: {read.message[:300]}"
    elif read.ending != "rows":
        word, wrong = "", f"{read.ending}: {read.message[-600:]}"
    elif odd := differing(sound, read.rows):
        word, wrong = "explained", _unexplained(case, odd, spoilt, sound, read)
    else:
        word = "same"
    return ("broken" if wrong else word), wrong


def _unexplained(
    case: Case, odd: list[Row], spoilt: bytes, sound: tuple[Row, ...], read: Reading
) -> str:
    """Say which difference does not follow from what was changed, empty if all do."""
    rows = read.rows
    if case.has_checksum:
        return f"wrong result: {len(odd)} rows differ, such as {odd[0][1][:120]}"
    if case.naive is not None:
        said = case.naive(spoilt, list(sound))
        is_said = said is not None and sorted(said) == sorted(rows)
        return "" if is_said else f"wrong result: {_first_difference(said, rows)}"
    said = unexplained(case.files[case.file], spoilt, case.mark, sound, rows, read.message)
    return f"wrong result: {said}" if said else ""


def _first_difference(said: list[Row] | None, rows: tuple[Row, ...]) -> str:
    if said is None:
        return f"a file that says nothing clear gives {str(rows[:1])[:200]}"
    for (_, one), (_, other) in zip(sorted(said), sorted(rows), strict=False):
        if one != other:
            pairs = enumerate(zip(one, other, strict=False))
            at = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
            part = slice(max(0, at - 20), at + 20)
            return f"at {at}: it says {one[part]!r}, read {other[part]!r}"
    return f"it says {len(said)} parts, read {len(rows)}"
