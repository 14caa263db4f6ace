"""A trial that is disturbed, and what must hold of it afterwards."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from trials import Process, Toy, make_toy, run_here

from storiform.engine.results import Results

LIMIT_SECONDS = 240.0
"""After so long a run counts as one that hangs; an undisturbed one takes seconds."""
ORPHAN_SECONDS = 20.0
"""What a killed driver leaves must have ended by itself after so long."""
SETTINGS = "toy_workflow: {sleep_seconds: 0.1, draws: 20}\nrun: {retries: 2}\n"
DOSES = (1.0, 2.5, 3.0, 4.0, 5.5, 6.0, 7.0, 8.0, 9.5, 10.0, 11.0, 12.5)
BLOCK = 4096
FAULTS = Path(__file__).with_name("faults")
HANG = "hang: it did not end"


TOO_LATE = "had ended"
"""The ending of a run that was over before the fault struck."""


@dataclass
class Attempt:
    """One fault that was tried: what happened, and what was broken that must hold."""

    group: str
    what: str
    ending: str = ""
    breaches: list[str] = field(default_factory=list)
    kept: int = 0
    redone: int = 0
    struck: Mapping[str, int] = field(default_factory=dict)
    """What was finished as the fault struck, where the run ended by itself after it."""


@dataclass
class Ended:
    """How a command ended: its exit code, what it printed, whom it left behind."""

    code: int
    told: str
    left: list[psutil.Process] = field(default_factory=list)
    hung: bool = False

    def breaches(self, codes: tuple[int, ...]) -> list[str]:
        """Return what no command may do."""
        found = [HANG] if self.hung else []
        if "Traceback (most recent call last)" in self.told:
            found.append(f"traceback: {self.told.strip()[-1500:]}")
        if not self.hung and self.code not in codes:
            found.append(f"exit code {self.code}: {self.told.strip()[-300:]}")
        _, alive = psutil.wait_procs(self.left, timeout=ORPHAN_SECONDS)
        alive = [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        found += [f"process left: {' '.join(_words(p))[:120]}" for p in alive]
        for process in alive:
            _end(process)
        return found


@dataclass(frozen=True)
class Moment:
    """When a fault strikes: after seconds, or once so many steps have settled."""

    seconds: float
    steps: int
    told: str


class Run:
    """A command of storiform that a fault may strike while it goes on."""

    def __init__(self, words: tuple[object, ...], **environment: str) -> None:
        self.begun = time.monotonic()
        self.process = Process(words, **environment)

    def sleep_until(self, seconds: float) -> bool:
        """Wait until so long after the start; False if the command has ended before."""
        while (left := seconds - (time.monotonic() - self.begun)) > 0:
            if self.process.poll() is not None:
                return False
            time.sleep(min(0.02, left))
        return self.process.poll() is None

    def wait_for_steps(self, toy: Toy, number: int) -> bool:
        """Wait until so many steps have settled; False if the command has ended before.

        Of a run that hangs the end is waited for elsewhere.
        """
        end = self.begun + LIMIT_SECONDS / 2
        while self.process.poll() is None and settled(toy) < number and time.monotonic() < end:
            time.sleep(0.005)
        return self.process.poll() is None

    def strike_at(self, toy: Toy, moment: "Moment") -> bool:
        """Wait for a moment of a run; False if the command has ended before."""
        if moment.steps:
            return self.wait_for_steps(toy, moment.steps)
        return self.sleep_until(moment.seconds)

    def below(self) -> list[psutil.Process]:
        """Return what the driver started and what that started, also when it has ended.

        Each command begins a session of its own, whose number outlives it.
        """
        return [p for p in psutil.process_iter() if p.pid != self.process.pid and
                _session(p.pid) == self.process.pid]  # fmt: skip

    def wait_for_worker(self) -> list[psutil.Process]:
        """Wait for the first worker; return those that there are, none if the run ends."""
        end = self.begun + LIMIT_SECONDS / 2
        while self.process.poll() is None and time.monotonic() < end:
            if workers := self.process.workers():
                return workers
            time.sleep(0.02)
        return []

    def end(self, limit: float = LIMIT_SECONDS) -> Ended:
        """Wait for the end; what hangs is killed with all that it started."""
        hung = False
        try:
            out, err = self.process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            hung = True
            self.process.kill()
            out, err = self.process.communicate()
        return Ended(self.process.returncode, f"{out}\n{err}", self.below(), hung=hung)

    def kill(self) -> Ended:
        """Kill the driver with -9; first it is stopped, so that all its children are known."""
        self.process.send_signal(signal.SIGSTOP)
        left = self.below()
        self.process.kill()
        out, err = self.process.communicate()
        return Ended(self.process.returncode, f"{out}\n{err}", left)


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _end(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


@dataclass
class Bench:
    """Where the trials lie, the generator of all chance, and the undisturbed tables."""

    folder: Path
    draws: random.Random
    settings: str = SETTINGS
    calm: Mapping[str, bytes] = field(default_factory=dict)
    seconds: float = 0.0
    """How long an undisturbed run takes."""
    steps: int = 0
    needed: int = 0
    """What its results take on a disk, bytes."""
    environment: dict[str, str] = field(default_factory=dict)
    made: int = 0
    make: Callable[[Path], Toy] | None = None

    def trial(self, output: object = "results") -> Toy:
        """Write a fresh trial."""
        self.made += 1
        folder = self.folder / f"trial{self.made:04d}"
        if self.make is not None:
            return self.make(folder)
        return make_toy(folder, DOSES, self.settings, output)

    def start(self, toy: Toy, *words: object, **environment: str) -> Run:
        """Start `storiform run`."""
        workers = self.draws.choice([1, 2])
        command = ("run", toy.config, "--workers", workers, "--quiet", *words)
        return Run(command, **{**self.environment, **environment})

    def moment(self) -> Moment:
        """Draw a moment: one half by the clock, from the start on, one half by the work."""
        share = self.draws.random()
        if self.draws.random() < 0.5:
            return Moment(share * self.seconds, 0, f"at {share:.0%} of the time of a run")
        steps = 1 + int(share * (self.steps - 1))
        return Moment(0.0, steps, f"after {steps} of {self.steps} steps")

    def calibrate(self) -> None:
        """Run a trial undisturbed, once to warm up and once to measure."""
        for _ in range(2):
            toy = self.trial()
            begun = time.monotonic()
            ended = self.start(toy).end()
            self.seconds = time.monotonic() - begun
            if ended.code != 0:
                message = f"the undisturbed run fails: {ended.told}"
                raise SystemExit(message)
            self.calm, self.steps = toy.tables(), settled(toy)
            self.needed = blocks(toy.results)
            shutil.rmtree(toy.config.parent)

    def resume(self, attempt: Attempt, toy: Toy, *words: object, **environment: str) -> None:
        """Run again, to the end, and note what does not hold afterwards.

        The command line and Dask cost most of the time: where nothing else is asked for, two
        of three are resumed by the engine alone, in a forked process.
        """
        before = finished(toy.results)
        if words or environment or self.draws.random() < 1 / 3:
            ended = self.start(toy, *words, **environment).end()
        else:
            ended = resume_here(toy)
        attempt.breaches += ended.breaches((0,))
        self.judge(attempt, toy, before)

    def judge(self, attempt: Attempt, toy: Toy, before: Mapping[str, int]) -> None:
        """Compare with the undisturbed run, and with what was finished before the fault."""
        before, after = {**before, **attempt.struck}, finished(toy.results)
        lost = [name for name, number in before.items() if after.get(name) != number]
        attempt.kept += len(before)
        attempt.redone += len(lost)
        attempt.breaches += [f"finished work made again: {name}" for name in lost]
        attempt.breaches += wrong_tables(toy, self.calm)
        attempt.breaches += remains(toy.results)


def resume_here(toy: Toy) -> Ended:
    """Run again without Dask, in a forked process."""
    told = toy.config.parent / "told.txt"
    child = os.fork()
    if child == 0:
        code = 99
        try:
            file = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(file, 1)
            os.dup2(file, 2)
            code = run_here(toy.config).exit_code
        except BaseException:  # noqa: BLE001  to be told by the parent
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return Ended(os.waitstatus_to_exitcode(status), told.read_text())
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return Ended(-9, told.read_text(), hung=True)


def blocks(folder: Path) -> int:
    """Return the bytes that a folder takes on a disk of blocks."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in files)


def settled(toy: Toy) -> int:
    """Return how many steps have settled, as the events tell."""
    try:
        text = (toy.results / "events.jsonl").read_text()
    except FileNotFoundError:
        return 0
    return text.count('"event": "step"')


def finished(root: Path) -> dict[str, int]:
    """Return the results that are whole, with the time at which each was written, in ns.

    It changes when a result is made again, whatever its content; inodes are used again.
    """
    results, found = Results(root), {}
    for proof in sorted((root / "units").glob("*/*/*/provenance.json")):
        if results.damage(proof.parent, verify=True) is None:
            found[str(proof.parent.relative_to(root))] = proof.stat().st_mtime_ns
    return found


def wrong_tables(toy: Toy, calm: Mapping[str, bytes]) -> list[str]:
    """Return which published tables differ from the undisturbed ones."""
    try:
        tables = toy.tables()
    except FileNotFoundError:
        return ["wrong result: no tables"]
    names = sorted({*tables, *calm})
    return [f"wrong result: {n}" for n in names if tables.get(n) != calm.get(n)]


def remains(root: Path) -> list[str]:
    """Return what a run must not leave: half-written files, and a lock."""
    parts = [*root.rglob(".*.part"), *root.glob("parts/*"), *root.glob(".run.lock*")]
    parts += [*root.glob("run.lock"), *root.glob(".probe-*"), *root.glob(".secret.*")]
    return [f"left: {path.relative_to(root)}" for path in sorted(parts)]


def is_root() -> bool:
    """Tell whether file systems can be mounted."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and sys.platform == "linux"
