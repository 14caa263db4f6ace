"""What comes through a pipe, as a file."""

import contextlib
import shutil
import sys
from pathlib import Path

STREAM = Path("-")
"""Standard input, or standard output."""


def at_hand(path: Path, folder: Path) -> Path:
    """Return a file that can be read more than once: what comes through a pipe is copied.

    Parameters
    ----------
    path
        A file, a named pipe, or `STREAM`.
    folder
        Where a copy is made.
    """
    if path != STREAM and not path.is_fifo():
        return path
    copy = folder / ("stdin" if path == STREAM else f"{path.name}.copy")
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(copy.open("wb"))
        is_stream = path == STREAM
        source = sys.stdin.buffer if is_stream else stack.enter_context(path.open("rb"))
        shutil.copyfileobj(source, out)
    return copy
