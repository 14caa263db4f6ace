"""What a person who waits for a command reads meanwhile."""

import shutil
import sys
import threading
import time
from types import TracebackType
from typing import Self, TextIO

from storiform.model.errors import visible

_TERMINAL_SECONDS, _PLAIN_SECONDS = 0.5, 10.0


class Waiting:
    """Tells from time to time what is being done, on standard error.

    On a terminal one line is written over and is gone at the end; elsewhere a line comes every
    ten seconds, and none if all is done before.

    Parameters
    ----------
    verb
        What the command does with each thing, such as ``Opening``.
    every
        Seconds between two lines where there is no terminal.
    stream
        Where to tell; None: standard error.
    """

    def __init__(
        self, verb: str, every: float = _PLAIN_SECONDS, stream: TextIO | None = None
    ) -> None:
        self._verb, self._stream = verb, stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._every = _TERMINAL_SECONDS if self._is_terminal else every
        self._what, self._started = "", time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __call__(self, what: str) -> None:
        """Take note of what is done now."""
        self._what = what

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        if self._is_terminal:
            self._write("\r\x1b[K")

    def _tell(self) -> None:
        while not self._ended.wait(self._every):
            seconds = time.monotonic() - self._started
            line = f"{self._verb} {visible(self._what, is_line=True)} ({seconds:.0f} s)"
            if self._is_terminal:
                width = shutil.get_terminal_size().columns - 1
                self._write(f"\r{line[:width]}\x1b[K")
            else:
                self._write(f"{line}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
