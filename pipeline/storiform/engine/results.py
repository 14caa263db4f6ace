"""The results folder: published results are the cache, and they never change in place.

::

    OUT/units/UNIT/STEP/FINGERPRINT/   tables as Parquet, figures, provenance.json
    OUT/units/UNIT/STEP/failure.json   why the step failed last time
    OUT/parts/                         what is being written; emptied when a run starts
    OUT/.secret                        keys the marks for values of patients in provenance
"""

import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storiform.engine.fingerprint import content_id
from storiform.engine.lock import appear
from storiform.io.store import named, write_bytes
from storiform.model.errors import InputError, RunError, fault

PROVENANCE = "provenance.json"
FAILURE = "failure.json"
KEY_FILE = ".secret"
_SECRET_BYTES = 32
_SHOWN = 5
_OURS = (
    "units", "parts", "tables", "figures", "biopsies", "patients", "report.html", "report.json",
    "run.json", "events.jsonl", "jobs", "inputs.json", "run.lock", KEY_FILE,
)  # fmt: skip
_PUBLISHED = ("tables", "figures", "biopsies", "patients")
_NEEDED = frozenset({"outputs", "recipe", "finished"})


class DamagedError(InputError):
    """A published result is not what was written: the disk changed it."""


@dataclass(frozen=True)
class Results:
    """Paths and atomic moves in one results folder."""

    root: Path

    def of(self, step: str, unit: str) -> Path:
        """Return the folder of all results of a step on a unit."""
        return Path(f"{self.root}/units/{unit}/{step}")  # joins cost more than the rest

    def at(self, step: str, unit: str, fingerprint: str) -> Path:
        """Return the folder of one result."""
        return Path(f"{self.root}/units/{unit}/{step}/{fingerprint}")

    def refuse_links(self) -> None:
        """Refuse a folder of which a part is a link: what is made and deleted stays inside.

        Raises
        ------
        RunError
            If a name in the folder that is ours to write, or the folder of a unit or of a
            step of a unit, is a symbolic link.
        """
        linked = [name for name in _OURS if (self.root / name).is_symlink()]
        linked = linked or list(_linked_units(self.root / "units"))
        if linked:
            found = f"{', '.join(linked[:_SHOWN])}, which is a link"
            remedy = "Remove the link; the folder itself may be one."
            where = f"results folder {self.root}"
            raise RunError(fault(where, found, "files and folders of its own", remedy))

    def secret(self) -> bytes:
        """Return what keys the marks of this folder; it is made once, for its owner alone."""
        goal = self.root / KEY_FILE
        for _ in range(3):
            if goal.exists():
                found = goal.read_bytes()
                if len(found) == _SECRET_BYTES:
                    return found
                goal.unlink(missing_ok=True)  # the disk spoilt it; with it marks say nothing
            self._make_secret(goal)
        expected, remedy = f"{_SECRET_BYTES} bytes", "Delete it and run again."
        raise RunError(fault(goal.name, "a key that does not last", expected, remedy))

    def _make_secret(self, goal: Path) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        part = goal.with_name(f"{KEY_FILE}.{uuid.uuid4().hex}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with named(part), os.fdopen(descriptor, "wb") as stream:
                stream.write(os.urandom(_SECRET_BYTES))
            appear(part, goal)  # whole before it appears, unless another worker was first
        finally:
            part.unlink(missing_ok=True)

    def provenance(self, folder: Path) -> dict[str, Any] | None:
        """Return the provenance of a published result, None if there is none to trust."""
        found = _json(folder / PROVENANCE)
        if found is None or not set(found) >= _NEEDED:
            return None
        outputs, finished = found["outputs"], found["finished"]
        is_sound = isinstance(outputs, dict) and isinstance(finished, float | int)
        is_sound = is_sound and all(isinstance(value, dict) for value in outputs.values())
        return found if is_sound and isinstance(found["recipe"], dict) else None

    def damage(self, folder: Path, *, verify: bool = False) -> str | None:
        """Say what is wrong with a published result, None where it is whole.

        ``verify`` compares contents, else sizes are compared.
        """
        return self.inspect(folder, verify=verify)[1]

    def inspect(
        self, folder: Path, *, verify: bool = False
    ) -> tuple[dict[str, Any], str | None]:
        """Return the provenance of a published result, and its damage if it has any."""
        found = self.provenance(folder)
        if found is None:
            return {}, "no provenance"
        return found, self._damage(folder, found, verify=verify)

    @staticmethod
    def _damage(folder: Path, found: dict[str, Any], *, verify: bool) -> str | None:
        for name, record in found["outputs"].items():
            file = folder / name
            try:
                size = file.stat().st_size
            except (OSError, ValueError):
                return f"{name} is missing"
            if size != record.get("size"):
                return f"{name} is damaged"
            if verify and content_id(file) != record.get("id"):
                return f"{name} is damaged"
        return None

    def sound(self, folder: Path, name: str) -> Path:
        """Return a file of a published result, as it was written.

        What was changed on the disk is moved away, so that the next run makes it again.

        Raises
        ------
        DamagedError
            If its content is not that which the provenance knows.
        FileNotFoundError
            If there is no such file.
        """
        file = folder / name
        known = self.provenance(folder) or {"outputs": {}}
        if content_id(file) == known["outputs"].get(name, {}).get("id"):
            return file
        self.discard(folder)
        where = f"{folder.parent.name} of {folder.parents[1].name}"
        expected = "the file as it was written"
        remedy = "Run again: it is made again. Look after the disk."
        raise DamagedError(fault(where, f"{name} damaged on the disk", expected, remedy))

    def history(self, step: str, unit: str) -> list[dict[str, Any]]:
        """Return the provenances of a step on a unit, the latest first."""
        folder = self.of(step, unit)
        found = [self.provenance(f) for f in folder.iterdir()] if folder.is_dir() else []
        whole = [record for record in found if record is not None]
        return sorted(whole, key=lambda record: -float(record["finished"]))

    def part(self) -> Path:
        """Make a fresh folder to write a result in, on the same file system."""
        folder = self.root / "parts" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return folder

    def publish(self, part: Path, record: dict[str, Any], goal: Path) -> None:
        """Sync a written folder, add its provenance and rename it into place.

        Whoever comes first wins: a result that is already there is kept, since the same
        fingerprint means the same content.
        """
        outputs = {}
        for file in sorted(part.iterdir()):
            outputs[file.name] = {"size": file.stat().st_size, "id": content_id(file)}
        record["outputs"] = outputs
        # Tables are synced when written. The rest needs no sync: a provenance or a folder
        # that a power cut takes is missed by `damage`, and the result is made again.
        with named(part / PROVENANCE):
            (part / PROVENANCE).write_text(json.dumps(record, sort_keys=True))
        goal.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.rename(goal)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            if self.damage(goal, verify=True) is None:
                shutil.rmtree(part, ignore_errors=True)
                return
            self.discard(goal)
            part.rename(goal)

    def discard(self, folder: Path) -> None:
        """Move a result out of the way in one step, then delete it."""
        if not folder.exists():
            return
        grave = self.root / "parts" / uuid.uuid4().hex
        grave.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.rename(grave)
        except FileNotFoundError:
            return
        shutil.rmtree(grave, ignore_errors=True)

    def write_failure(self, step: str, unit: str, record: dict[str, Any]) -> None:
        """Keep the message and the traceback of a failed step."""
        folder = self.of(step, unit)
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / FAILURE, json.dumps(record, indent=1, sort_keys=True).encode())

    def clear_failure(self, step: str, unit: str) -> None:
        """Forget an earlier failure of a step that has now succeeded."""
        (self.of(step, unit) / FAILURE).unlink(missing_ok=True)

    def failure(self, step: str, unit: str) -> dict[str, Any] | None:
        """Return the last failure of a step on a unit, None if it has none."""
        found = _json(self.of(step, unit) / FAILURE)
        return found if found is not None and {"fingerprint", "message"} <= set(found) else None

    def sweep_parts(self) -> None:
        """Delete what a killed run left half-written."""
        shutil.rmtree(self.root / "parts", ignore_errors=True)
        left = [*self.root.glob(f"{KEY_FILE}.*"), *self.root.glob(".*.part")]
        left += [part for folder in _PUBLISHED for part in (self.root / folder).glob(".*.part")]
        for part in left:
            part.unlink(missing_ok=True)

    def sweep_old(self, current: Iterable[tuple[str, str, str]], keep: int) -> int:
        """Delete superseded results, all but the latest `keep` of each step and unit.

        Parameters
        ----------
        current
            Step, unit and fingerprint of the results in use, which are never deleted.
        keep
            How many older results stay, to switch back to without computing.

        Returns
        -------
        int
            How many results were deleted.
        """
        removed = 0
        for step, unit, fingerprint in current:
            folder = self.of(step, unit)
            old = [entry for entry in _subfolders(folder) if entry.name != fingerprint]
            if len(old) <= keep:
                continue
            old.sort(key=lambda entry: (-entry.stat().st_mtime, entry.name))
            for entry in old[keep:]:
                self.discard(Path(entry.path))
                removed += 1
        return removed


def _json(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _linked_units(units: Path) -> Iterator[str]:
    """Yield which folders of units, and of steps below them, are links."""
    for unit in _entries(units):
        inner = () if unit.is_symlink() or not unit.is_dir() else _entries(unit.path)
        for entry in (unit, *inner):
            if entry.is_symlink():
                yield os.path.relpath(entry.path, units.parent)


def _entries(folder: str | Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _subfolders(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """List folders to choose from what is deleted; nothing behind a link is ours."""
    if folder.is_symlink() or folder.parent.is_symlink():
        return
    yield from [entry for entry in _entries(folder) if entry.is_dir(follow_symlinks=False)]
