"""What a result depends on, as one short digest.

A fingerprint chains: it covers the step's name and version, its parameters, the content of
outside files, and the fingerprints of all that the step reads. It does not cover the source
code: a change that alters numbers raises the version of the table instead.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storiform.io.store import write_bytes

Recipe = Mapping[str, Any]

HASHED_UP_TO = 256 * 2**20
"""Files of at most this size (bytes) are known by content, larger ones by size and time."""


def digest(recipe: object) -> str:
    """Return 32 hexadecimal digits over the canonical JSON of a recipe."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def content_id(path: Path) -> str:
    """Return a digest over all bytes of a file, or of all files of a folder."""
    blake = hashlib.blake2b(digest_size=16)
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                blake.update(block)
    return f"content:{blake.hexdigest()}"


class FileIds:
    """Ids of outside files, remembered by path, size and time between runs.

    A file whose time changed but whose content did not keeps its id, so that a copy or a
    network file system that touches times makes nothing old.
    """

    def __init__(self, memory: Path | None, *, verify: bool = False) -> None:
        self._memory = memory
        self._verify = verify
        self._known: dict[str, list[Any]] = {}
        self._changed = False
        if memory is not None and memory.exists():
            try:
                self._known = json.loads(memory.read_text())
            except ValueError:
                self._known = {}

    def of(self, path: Path) -> str:
        """Return the id of a file or folder."""
        key = str(path.resolve())
        state = path.stat()
        mark = [state.st_size, state.st_mtime_ns]
        known = self._known.get(key)
        if known is not None and known[:2] == mark and not (self._verify or path.is_dir()):
            return str(known[2])
        if path.is_dir() or self._verify or state.st_size <= HASHED_UP_TO:
            found = content_id(path)
        else:
            found = f"stat:{mark[0]}:{mark[1]}"
        self._known[key] = [*mark, found]
        self._changed = True
        return found

    def save(self) -> None:
        """Write the memory if anything was learnt."""
        if self._memory is not None and self._changed:
            text = json.dumps(self._known, indent=0, sort_keys=True)
            write_bytes(self._memory, text.encode())
            self._changed = False
