"""Paths as users write them: relative to the file that names them, or from home."""

import os
from pathlib import Path

from storiform.io.names import did_you_mean


def absolute(folder: Path, text: str) -> Path:
    """Resolve a path that a file in `folder` names; links are not followed."""
    path = Path(text)
    try:
        path = path.expanduser()
    except RuntimeError:  # no such user, or no home
        path = Path(text)
    return Path(os.path.normpath(folder.absolute() / path))


def unreadable(path: Path) -> str:
    """Tell why a path is no readable file, empty where it is one."""
    try:
        if not path.exists():
            return f"does not exist{_nearest(path)}"
        if not path.is_file():
            return "is a folder"
        return "" if os.access(path, os.R_OK) else "may not be read"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _nearest(path: Path) -> str:
    """Name a file of the same folder that was probably meant, or the folder that lacks."""
    if not path.parent.is_dir():
        return f"; there is no folder {path.parent}"
    hint = did_you_mean(path.name, [entry.name for entry in path.parent.iterdir()])
    return f"; {hint}" if hint.startswith("did") else ""
