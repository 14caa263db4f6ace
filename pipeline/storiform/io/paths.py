"""Paths as users write them: relative to the file that names them, or from home."""

import os
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from storiform.io.names import nearest_file

LONGEST_NAME_BYTES = 255
_PROCESS = uuid.uuid4().hex[:8]


@dataclass(frozen=True)
class Fault:
    """What is wrong with one value of a file."""

    found: str
    expected: str
    remedy: str


def absolute(folder: Path, text: str) -> Path:
    """Resolve a path that a file in `folder` names; links are not followed."""
    path = Path(text)
    try:
        path = path.expanduser()
    except RuntimeError:  # no such user, or no home
        path = Path(text)
    return Path(os.path.normpath(folder.absolute() / path))


def part_of(goal: Path) -> Path:
    """Return where this process writes a file before it takes the name of its goal.

    It lies beside the goal. Another process that writes the same has a part of its own: none
    gives the goal's name to what the other has written half.
    """
    return goal.with_name(f".{goal.name}.{_PROCESS}.part")


def fresh(path: Path) -> Path:
    """Make an empty file in place of what lies there; a link would lead the writing away."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    return path


def state_of(path: Path) -> tuple[object, ...]:
    """Return what changes whenever a file or folder may have, empty where there is none.

    What is remembered of a file is known by it. A time that is set back, a link that leads
    elsewhere and a file moved over another of the same size and time all change it.
    """
    try:
        real = path.resolve()
        files = sorted(real.rglob("*")) if real.is_dir() else [real]
        # A link in a folder that leads nowhere is no reason to know nothing of the rest.
        states = [(str(f), f.stat() if f.exists() else f.lstat()) for f in files]
    except OSError:
        return ()
    return tuple(
        (name, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        for name, state in states
    )


def impossible(text: str) -> str:
    """Tell why no file system can hold a path, empty where one may.

    Examples
    --------
    >>> impossible("results/a"), impossible("a" * 256), impossible("a" + chr(0))
    ('', 'a name of 256 bytes', 'the character NUL')
    """
    if "\0" in text:
        return "the character NUL"
    longest = max(len(os.fsencode(part)) for part in text.split("/"))
    return f"a name of {longest} bytes" if longest > LONGEST_NAME_BYTES else ""


def unreadable(path: Path) -> str:
    """Tell why a path is no readable file, empty where it is one."""
    try:
        if not path.exists():
            return "does not exist"
        if not path.is_file():
            return "is a folder" if path.is_dir() else "is no file but a pipe, socket or device"
        return "" if os.access(path, os.R_OK) else "may not be read"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def unwritable(folder: Path) -> str:
    """Tell why a folder, which need not exist yet, cannot be written; empty where it can.

    A small file is written into it, or into the nearest folder above it that exists, and
    is gone afterwards.
    """
    try:
        nearest = next(f for f in (folder, *folder.absolute().parents) if f.exists())
        if not nearest.is_dir():
            return f"{nearest.name}, which is no folder"
        with tempfile.TemporaryFile(dir=nearest) as file:
            file.write(b"storiform")
            file.flush()
    except OSError as error:
        return str(error.strerror or error).lower()
    return ""


def path_fault(text: str, path: Path) -> Fault | None:
    """Tell why `path`, which a user wrote as `text`, is no readable file; None if it is one."""
    why = unreadable(path)
    if not why:
        return None
    hint = _hint(path) if why == "does not exist" else ""
    remedy = f"Correct the path ({path}){f'; {hint}' if hint else '.'}"
    return Fault(f"{text}, which {why}", "a readable file", remedy)


def _hint(path: Path) -> str:
    """Name a file of the same folder that was probably meant, or the folder that lacks."""
    try:
        if not path.parent.is_dir():
            return f"there is no folder {path.parent}."
        meant = nearest_file(path.name, [entry.name for entry in path.parent.iterdir()])
    except OSError:  # a folder that may not be listed
        return ""
    return f"did you mean {meant}?" if meant else ""
