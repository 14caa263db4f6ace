"""What a result depends on, as one short digest.

A fingerprint chains: it covers the step's name and version, its parameters, the content of
outside files, and the fingerprints of all that the step reads. It does not cover the source
code: a change that alters numbers raises the version of the table instead.
"""

import contextlib
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from storiform.io.lines import BROKEN
from storiform.io.store import write_bytes

Recipe = Mapping[str, Any]

HASHED_UP_TO = 256 * 2**20
"""Files of at most this size (bytes) are known by content, larger ones by size and time."""


def digest(recipe: object) -> str:
    """Return 32 hexadecimal digits over the canonical JSON of a recipe."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def recorded(recipe: Recipe, secret: Callable[[], bytes]) -> dict[str, Any]:
    """Return a recipe as the provenance keeps it: without the values of patients.

    Parameters
    ----------
    recipe
        What a node is made from; `record` holds what sheets state of its unit.
    secret
        Gives that of the results folder, at most 64 bytes. A value of few choices, such as a
        sex, could be found again from a digest without a key by trying all of them.
    """
    record = recipe.get("record")
    if not isinstance(record, Mapping) or not record:
        return dict(recipe)
    key = secret()
    marks = {
        name: hashlib.blake2b(
            json.dumps([name, value]).encode(), digest_size=8, key=key
        ).hexdigest()
        for name, value in record.items()
    }
    return {**recipe, "record": marks}


def content_id(path: Path) -> str:
    """Return a digest over all bytes of a file, or of all files of a folder."""
    blake = hashlib.blake2b(digest_size=16)
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                blake.update(block)
    return f"content:{blake.hexdigest()}"


def unpacked_id(path: Path) -> dict[str, str]:
    """Return, under ``text``, the `content_id` that a gzip file would have unpacked.

    Nothing of other files, and of one that is cut or damaged.
    """
    with path.open("rb") as stream:
        if stream.read(2) != b"\x1f\x8b":
            return {}
    blake = hashlib.blake2b(digest_size=16)
    try:
        with gzip.open(path, "rb") as text:
            while block := text.read(1 << 20):
                blake.update(block)
    except BROKEN:
        return {}
    return {"text": f"content:{blake.hexdigest()}"}


def _stat_id(mark: list[int]) -> str:
    return f"stat:{mark[0]}:{mark[1]}"


class FileIds:
    """Ids of outside files, remembered by path, size and time between runs.

    A file whose time changed but whose content did not keeps its id, so that a copy or a
    network file system that touches times makes nothing old. A memory that the disk changed
    is not believed: its files are read again.
    """

    def __init__(self, memory: Path | None, *, verify: bool = False) -> None:
        self._memory = memory
        self._verify = verify
        self._known: dict[str, list[Any]] = {}
        self._changed = False
        self._fresh: dict[str, list[Any]] = {}
        if memory is not None:
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                read = json.loads(memory.read_text())
                if read["seal"] == digest(read["files"]):
                    self._known = read["files"]

    def of(self, path: Path) -> str:
        """Return the id of a file or folder."""
        key = str(path.resolve())
        state = path.stat()
        mark = [state.st_size, state.st_mtime_ns]
        known = self._known.get(key, [])
        same = known[:2] == mark
        if same and (self._fresh.get(key) == mark or not (self._verify or path.is_dir())):
            return str(known[2])
        self._fresh[key] = mark
        if path.is_dir() or state.st_size <= HASHED_UP_TO:
            record = [*mark, content_id(path)]
        elif self._verify or known[3:]:
            record = self._large(path, mark, known)
        else:
            record = [*mark, _stat_id(mark)]
        if record != known:
            self._known[key] = record
            self._changed = True
        return str(record[2])

    def parts(
        self, path: Path, how: str, part: Callable[[], Mapping[str, str]]
    ) -> Mapping[str, str]:
        """Return the ids of the parts of a file, parted once for each content."""
        key = f"{path.resolve()} by {how}"
        identity = self.of(path)
        known = self._known.get(key, [])
        if known[:1] != [identity]:
            known = self._known[key] = [identity, how, dict(part())]
            self._changed = True
        found: dict[str, str] = known[2]
        return found

    @staticmethod
    def _large(path: Path, mark: list[int], known: list[Any]) -> list[Any]:
        """Hash a large file; the same content keeps the id under which results know it."""
        content = content_id(path)
        if known[3:]:
            return [*mark, known[2] if known[3] == content else content, content]
        return [*mark, known[2] if known[:2] == mark else _stat_id(mark), content]

    def save(self) -> None:
        """Write the memory if anything was learnt."""
        if self._memory is not None and self._changed:
            sealed = {"files": self._known, "seal": digest(self._known)}
            text = json.dumps(sealed, indent=0, sort_keys=True)
            write_bytes(self._memory, text.encode())
            self._changed = False
