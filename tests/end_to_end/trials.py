"""A toy trial in a folder, the command line as a user calls it, and its quick twin."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import psutil
import pytest

from storiform.engine.run import Ending, run
from storiform.engine.session import open_session
from storiform.engine.work import work
from storiform.simulation.trial import simulate

WORKFLOW = Path(__file__).with_name("toy_workflow.py")


@dataclass(frozen=True)
class Toy:
    """A toy trial: its configuration and its results folder."""

    config: Path
    results: Path

    def table(self, name: str) -> bytes:
        """Return a published table as text."""
        return (self.results / "tables" / f"{name}.tsv").read_bytes()

    def tables(self) -> dict[str, bytes]:
        """Return all published tables."""
        folder = self.results / "tables"
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return the cells of a published table."""
        header, *lines = self.table(name).decode().splitlines()
        names = header.split("\t")
        return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]

    def report(self) -> str:
        """Return the report."""
        return (self.results / "report.html").read_text()

    def events(self) -> list[dict[str, Any]]:
        """Return the events of all runs in the folder, the first first."""
        lines = (self.results / "events.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def steps(self) -> list[tuple[str, str, str]]:
        """Return step, unit and state of what settled in the last run, in order."""
        events = self.events()
        starts = [n for n, event in enumerate(events) if event["event"] == "run_started"]
        last = events[starts[-1] :]
        return [(e["step"], e["unit"], e["state"]) for e in last if e["event"] == "step"]

    def summary(self) -> dict[str, Any]:
        """Return what `run.json` says."""
        found: dict[str, Any] = json.loads((self.results / "run.json").read_text())
        return found

    def folders(self, step: str, unit: str) -> list[Path]:
        """Return the published results of a step on a unit."""
        below = self.results / "units" / unit / step
        return sorted(path for path in below.iterdir() if path.is_dir())

    def dose(self, doses: Sequence[float]) -> None:
        """Write the provided doses anew."""
        names = [f"P{number:03d}" for number in range(1, len(doses) + 1)]
        rows = [f"{n}\t{d}" for n, d in zip(names, doses, strict=True)]
        text = "\n".join(["biopsy\tdose", *rows]) + "\n"
        (self.config.parent / "dose.tsv").write_text(text)

    def settings(self, text: str) -> None:
        """Replace what follows the fixed part of the configuration."""
        head = self.config.read_text().split("# settings\n")[0]
        self.config.write_text(f"{head}# settings\n{text}")


def make_toy(
    folder: Path, doses: Sequence[float], settings: str = "", output: object = "results"
) -> Toy:
    """Write a trial whose biopsies have these doses, and a configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"P{number:03d}" for number in range(1, len(doses) + 1)]
    sheet = ["patient,sample,status"] + [f"{name},{name}_T,1" for name in names]
    (folder / "samples.csv").write_text("\n".join(sheet) + "\n")
    clinical = ["patient,response"]
    clinical += [f"{name},{'PR' if i % 3 == 0 else 'PD'}" for i, name in enumerate(names)]
    (folder / "clinical.csv").write_text("\n".join(clinical) + "\n")
    config = folder / "toy.yaml"
    config.write_text(
        f"workflow: {WORKFLOW}\noutput: {output}\n"
        "cohort: {samples: samples.csv, clinical: clinical.csv}\n"
        f"provided: {{dose: dose.tsv}}\n# settings\n{settings}"
    )
    toy = Toy(config, folder / str(output))
    toy.dose(doses)
    return toy


# -- the command line, in processes of its own -----------------------------------------


def storiform(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call the command line and return what it printed and its exit code.

    No limit of its own: pytest ends a test that hangs, and a machine may be slow.
    """
    command = [sys.executable, "-m", "storiform", *map(str, words)]
    settings = {**os.environ, **environment}
    return subprocess.run(  # noqa: S603  our own command
        command, capture_output=True, text=True, env=settings, check=False
    )


class Process(subprocess.Popen[str]):
    """A command that goes on beside the test."""

    def __init__(self, words: Sequence[object], **environment: str) -> None:
        command = [sys.executable, "-m", "storiform", *map(str, words)]
        super().__init__(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **environment}, start_new_session=True,
        )  # fmt: skip

    def workers(self) -> list[psutil.Process]:
        """Return the processes that compute, by the tree of processes."""
        try:
            below = psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return [process for process in below if _is_worker(process)]

    def wait_for_events(self, toy: Toy, number: int, before: int = 0) -> None:
        """Wait until this run has written so many events of steps."""
        deadline = time.monotonic() + 300
        while _settled(toy) - before < number and self.poll() is None:
            if time.monotonic() > deadline:
                pytest.fail(f"no event {number} after five minutes")
            time.sleep(0.005)

    def end(self, seconds: float = 300.0) -> tuple[str, str]:
        """Wait for the end, no longer than that, and return what was printed."""
        return self.communicate(timeout=seconds)


@contextmanager
def starter() -> Iterator[Callable[..., Process]]:
    """Give a starter of commands; what still runs at the end is killed with its workers."""
    started: list[Process] = []

    def begin(*words: object, **environment: str) -> Process:
        started.append(Process(words, **environment))
        return started[-1]

    try:
        yield begin
    finally:
        for process in started:
            left = process.workers()
            if process.poll() is None:
                process.kill()
            process.communicate()
            for worker in left:
                kill_worker(worker)


def _is_worker(process: psutil.Process) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    return any("spawn_main" in word for word in words)


def _settled(toy: Toy) -> int:
    try:
        text = (toy.results / "events.jsonl").read_text()
    except FileNotFoundError:
        return 0
    return text.count('"event": "step"')


def kill_worker(worker: psutil.Process) -> None:
    """Kill a worker that outlived its test."""
    try:
        worker.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


# -- the same engine in this process, without Dask: quick enough for many scenarios ----


class HereClient:
    """Runs what is submitted at once; `kill` names units whose worker dies."""

    def __init__(self, kill: Mapping[str, int] | None = None) -> None:
        self.kill = dict(kill or {})
        self.calls: list[list[str]] = []

    def submit(self, function: Callable[..., Any], *args: Any, key: str = "", **_: Any) -> Any:
        """Call the function now."""
        future = HereFuture(key)
        if function is not work:
            future.set_result(function(*args))
            return future
        units = [task.unit for task in args[0]]
        self.calls.append(units)
        guilty = [unit for unit in units if self.kill.get(unit, 0) > 0]
        for unit in guilty:
            self.kill[unit] -= 1
        if guilty:
            future.status = "lost"
            future.set_result([])
        else:
            future.set_result(work(args[0]))
        return future


def run_here(config: Path) -> Ending:
    """Run a configuration in this process, one node after the other."""
    client = HereClient()
    mask = os.umask(0o077)

    @contextmanager
    def connected(_executor: object) -> Iterator[HereClient]:
        yield client

    try:
        with (
            mock.patch("storiform.engine.cluster.connect", connected),
            mock.patch("storiform.engine.cluster.connect_alone", connected),
        ):
            return run(open_session(config), workers=1, quiet=True)
    finally:
        os.umask(mask)


def simulate_here(trial: Path, patients: int, seed: int, workflow: Path) -> int:
    """Simulate a trial and run it with another workflow; return the exit code.

    Its tables are all that is wanted: nothing is synchronised with a disk, no page is written.
    """
    simulate(trial, patients, seed)
    config = trial / "trial.yaml"
    config.write_text(re.sub(r"workflow: \w+", f"workflow: {workflow}", config.read_text()))
    with (
        mock.patch("storiform.io.store.sync"),
        mock.patch("storiform.engine.run.write_report"),
    ):
        return run_here(config).exit_code


HOARDED = "patient\tgb\n" + "".join(f"P{number}\t0.7\n" for number in range(8))


def hoarding_trial(folder: Path, executor: str) -> Path:
    """Write a trial of eight patients whose steps fill workers of 0.8 GB for good."""
    workflow = Path(__file__).with_name("hoarding_workflow.py")
    sheets = {
        "samples": ["patient,sample,status", *(f"P{n},P{n}_T,1" for n in range(8))],
        "clinical": ["patient,response", *(f"P{n},PR" for n in range(8))],
    }
    for name, lines in sheets.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    config = folder / "hoarding.yaml"
    config.write_text(
        f"workflow: {workflow}\ncohort: {{samples: samples.csv, clinical: clinical.csv}}\n"
        f"executor: {{{executor}}}\n"
    )
    return config


class HereFuture(Future):  # type: ignore[type-arg]
    """A finished future with the attributes of Dask's."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self.status = "finished"
