"""The Slurm that tests/cluster/slurm.sh started, as its commands show it."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

DOSES = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
EXECUTOR = (
    "executor: {{kind: slurm, jobs: 2, memory_gb: 1.2, walltime: '0:10:00', interface: lo, "
    "directives: [--oversubscribe], death_timeout_seconds: 20{}}}\n"
)


def executor(more: str = "", settings: str = "") -> str:
    """Return the sections of a run on the Slurm of this machine, and settings of the toy."""
    return EXECUTOR.format(f", {more}" if more else "") + settings


@dataclass(frozen=True)
class Slurm:
    """What the commands of Slurm say and do."""

    def queue(self, states: str = "PD,R,CF,CG,S") -> list[tuple[str, str, str]]:
        """Return number, state and reason of jobs."""
        words = ["squeue", "-h", "-t", states, "-o", "%i|%T|%r"]
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
        rows = [tuple(line.split("|")) for line in done.stdout.split()]
        return sorted((job, state, reason) for job, state, reason in rows)

    def running(self) -> list[str]:
        """Return the numbers of the jobs that run."""
        return [job for job, _, _ in self.queue("R")]

    def asked(self, job: str) -> tuple[str, str]:
        """Return the memory and the walltime of a job, of one that has ended too."""
        words = ["squeue", "-h", "-t", "all", "-j", job, "-o", "%m|%l"]
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
        memory, _, walltime = done.stdout.strip().partition("|")
        return memory, walltime

    def do(self, *words: str) -> None:
        """Call a command of Slurm."""
        subprocess.run(words, check=True, timeout=60)  # noqa: S603

    def wait(self, what: Callable[[], object], seconds: float, why: str) -> float:
        """Wait until something holds, and return how long it took, in s."""
        begun = time.monotonic()
        while not what():
            if time.monotonic() - begun > seconds:
                pytest.fail(
                    f"after {seconds:.0f} s still not: {why}; queue: {self.queue('all')}"
                )
            time.sleep(0.2)
        return time.monotonic() - begun

    def wait_until_empty(self, seconds: float) -> float:
        """Wait until no job is left, and return how long it took, in s."""
        return self.wait(lambda: not self.queue(), seconds, "an empty queue")
