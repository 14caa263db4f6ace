"""How a run ends: by a signal, for a reason, or by itself, and with which exit code."""

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, TextIO

from storiform.engine.graph import Graph

_SAME_SECONDS = 1.0
"""Signals so close together are one: ``timeout`` tells the process, and then its group."""
_even_at_once: list[Callable[[], object]] = []


@dataclass
class Stop:
    """Why the run ends early: the number of a signal, or a sentence; both may be empty."""

    signal: int = 0
    reason: str = ""
    asked: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.signal or self.reason)


@contextmanager
def signals(stop: Stop) -> Iterator[None]:
    """Note SIGINT, SIGTERM and SIGHUP in `stop`, so that the run ends in good order.

    Asked again, it ends at once, after what `even_at_once` holds. SIGHUP comes when a terminal
    is lost; under ``nohup``, which ignores it, the run goes on.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets no other thread handle signals
        return

    terminals = [stream for stream in (sys.stdout, sys.stderr) if _is_terminal(stream)]

    def note(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            _leave(terminals)
        is_same = time.monotonic() - stop.asked < _SAME_SECONDS
        # A terminal that goes while a run ends is nobody who asks again.
        if stop.signal and (is_same or number == signal.SIGHUP):
            return
        if stop.signal:  # asked twice
            _end_at_once(128 + number)
        stop.signal, stop.asked = number, time.monotonic()

    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    old: dict[int, Any] = {number: signal.signal(number, note) for number in wanted}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _end_at_once(code: int) -> None:
    for action in _even_at_once:
        with suppress(Exception):
            action()
    os._exit(code)


@contextmanager
def even_at_once(action: Callable[[], object]) -> Iterator[None]:
    """Do something also where a run that is asked twice ends at once; it must not take long."""
    _even_at_once.append(action)
    try:
        yield
    finally:
        _even_at_once.remove(action)


class StoppedError(Exception):
    """The run shall end, and what is being written can wait for the next one."""


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # none, or closed
        return False


def _leave(terminals: Iterable[TextIO]) -> None:
    """Let nobody write to terminals that are gone: each line would be an error of the disk.

    Which streams are one is known from before: of a terminal that is gone none is.
    """
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in terminals:
            with suppress(OSError, ValueError):
                os.dup2(nowhere, stream.fileno())


def exit_code(graph: Graph, stop: Stop) -> int:
    """Return 0 if all is done, 1 if some failed, 2 if nothing is, 70 for a broken contract."""
    if stop.signal:
        return 128 + stop.signal
    if stop.reason:
        return 1
    counts = Counter(node.state for node in graph.nodes)
    if any(node.state == "failed" and node.why == "contract" for node in graph.nodes):
        return 70
    good = counts["cached"] + counts["done"]
    if good == len(graph.nodes) and graph.nodes:
        return 0
    return 1 if good else 2
