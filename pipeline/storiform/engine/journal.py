"""What a run writes down while it goes: `events.jsonl` and `run.json`."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from storiform.io.store import write_bytes

EVENTS = "events.jsonl"
RUN = "run.json"
_REFRESH_SECONDS = 2.0


class Journal:
    """Append events, refresh the summary. Names of units only, never paths of patients.

    A full disk must not stop the driver from ending well, so errors of writing are kept
    in `trouble` instead of being raised.
    """

    def __init__(self, root: Path, summary: Mapping[str, Any]) -> None:
        self._root = root
        self.summary: dict[str, Any] = {**summary, "state": "running", "started": time.time()}
        self.counts: Counter[str] = Counter()
        self.trouble = ""
        self._written = 0.0
        self._stream: TextIO = (root / EVENTS).open("a", buffering=1, encoding="utf-8")
        if _is_cut(root / EVENTS):
            self._stream.write("\n")

    def begin(self) -> None:
        """Write the first event, with the states that the run found, and the summary."""
        self.event("run_started", nodes=self.counts.total(), counts=dict(self.counts))
        self.refresh()

    def event(self, name: str, **fields: object) -> None:
        """Append one event as a line of JSON."""
        line = json.dumps({"time": round(time.time(), 3), "event": name, **fields})
        try:
            self._stream.write(line + "\n")
        except OSError as error:
            self.trouble = str(error)
        if time.monotonic() - self._written > _REFRESH_SECONDS:
            self.refresh()

    def refresh(self) -> None:
        """Write `run.json` as it stands."""
        self._written = time.monotonic()
        self.summary["counts"] = dict(sorted(self.counts.items()))
        self.summary["updated"] = time.time()
        try:
            text = json.dumps(self.summary, indent=1, sort_keys=True)
            write_bytes(self._root / RUN, text.encode())
        except OSError as error:
            self.trouble = str(error)

    def close(self, state: str, exit_code: int) -> None:
        """Write the last event and the last summary."""
        self.summary |= {"state": state, "exit_code": exit_code, "finished": time.time()}
        self.event("run_ended", state=state, exit_code=exit_code)
        self.refresh()
        self.leave()

    def leave(self) -> None:
        """Write nothing more: the files are another run's."""
        try:
            self._stream.close()
        except OSError as error:
            self.trouble = str(error)


def _is_cut(file: Path) -> bool:
    """Tell whether a killed run left half a line at the end."""
    with file.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 1))
        return stream.read() not in {b"", b"\n"}


def read_run(root: Path) -> dict[str, Any] | None:
    """Return the summary of the last run in a results folder, None if there is none."""
    try:
        found: dict[str, Any] = json.loads((root / RUN).read_text())
    except (OSError, ValueError):
        return None
    return found


def read_whole_run(root: Path) -> dict[str, Any] | None:
    """Return the summary of the last run of the whole cohort, None if there is none."""
    last = read_run(root)
    return last.get("whole") if last is not None and last.get("only") else last


def read_events(root: Path) -> list[dict[str, Any]]:
    """Return the events of the last run in a results folder."""
    try:
        lines = (root / EVENTS).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    events: list[dict[str, Any]] = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue  # the last line of a killed run may be cut
        if event.get("event") == "run_started":
            events = []
        events.append(event)
    return events


def counts_of(events: Iterable[Mapping[str, Any]]) -> Counter[str] | None:
    """Count the results of a run by state from its events, which a kill leaves up to date.

    None where its beginning does not tell which states it found.
    """
    counts: Counter[str] | None = None
    for event in events:
        if event["event"] == "run_started" and "counts" in event:
            counts = Counter(event["counts"])
        elif event["event"] == "step" and counts is not None:
            counts.update({event["state"]: 1, "todo": -1})
    return counts
