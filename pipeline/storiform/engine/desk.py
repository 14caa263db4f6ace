"""What is known of the jobs of a run: who was refused, who waits, who was lost and why."""

import asyncio
import os
import re
import shlex
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from storiform.engine.job_script import job_memory_gb, lifetime_seconds
from storiform.engine.queues import QUEUES, JobState, Phase, Queue
from storiform.engine.sections import Executor, walltime_seconds
from storiform.model.errors import RunError, fault

COMMAND_SECONDS = 60.0
_END_SECONDS = 5.0
GRACE_SECONDS = 30.0
"""For so long a worker may be gone from a job that runs: its nanny may start another."""
MOST_EARLY_ENDS = 3
_START_SECONDS = 10.0
"""A worker counts its life from a little before it arrives."""
_CHATTER = re.compile(r"End worker|^\s+[\^~]+\s*$|Closing Nanny")
_GONE = re.compile(r"(?i)unknown job|do not exist|does not exist|not found|has finished")


async def command_output(
    words: Sequence[str], given: Path | None = None
) -> tuple[int, str, str]:
    """Run a command of the queue and return its exit status and what it printed.

    Parameters
    ----------
    words
        The command; no shell reads it.
    given
        File that it reads as its input, none by default.

    Raises
    ------
    TimeoutError
        If it takes longer than a minute.
    OSError
        If it cannot be started.
    """
    pipe = asyncio.subprocess.PIPE
    # In a session of its own: Ctrl-C on the terminal is for the driver, and a job whose
    # number was never read would be left behind.
    process = await asyncio.create_subprocess_exec(
        *words, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    text = await asyncio.to_thread(given.read_bytes) if given is not None else b""
    try:
        out, err = await asyncio.wait_for(process.communicate(text), COMMAND_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a script of the site's has children
        with suppress(TimeoutError):  # what left that session may hold our pipes
            await asyncio.wait_for(process.wait(), _END_SECONDS)
        message = f"{words[0]} gave no answer for {COMMAND_SECONDS:.0f} s"
        raise TimeoutError(message) from None
    return process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace")


@dataclass
class Entry:
    """One job: when it was handed in, and since when its worker is missed."""

    job: str
    submitted: float
    seen: bool = False
    lost: float | None = None


@dataclass
class Desk:
    """The book of one cluster of jobs; the cluster's loop writes, the driver reads.

    `announce` is told what a person should know while nothing else happens; `size` tells the
    jobs apart from the usual ones of the run.
    """

    executor: Executor
    name: str
    announce: Callable[[str], None] = lambda _text: None
    size: str = ""
    is_closing: bool = False
    connected: int = 0
    states: dict[str, JobState] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    refusals: int = 0
    refusal: str = ""
    refused_at: float = 0.0
    early_ends: int = 0
    last_words: str = ""
    silence: str = ""
    hung_at: float | None = None
    moved: Counter[str] = field(default_factory=Counter)
    homes: dict[str, tuple[str, float]] = field(default_factory=dict)

    _told: str = ""
    _told_at: float = field(default_factory=time.monotonic)

    @property
    def queue(self) -> Queue:
        """The commands of the queue."""
        return QUEUES[self.executor.kind]

    # -- written by the cluster ------------------------------------------------------

    def accepted(self, worker: str, job: str) -> None:
        """Take note of a job that the queue took."""
        self.entries[worker] = Entry(job, time.monotonic())
        self.refusals = 0

    def refused(self, worker: str, text: str) -> None:
        """Take note of a job that the queue did not take."""
        self.refusals += 1
        self.refused_at = time.monotonic()
        self.refusal = _words(text)
        self.entries.pop(worker, None)

    def arrived(self, address: str, worker: str) -> None:
        """Take note of the job in which a worker is."""
        for name, entry in self.entries.items():
            if worker == name or worker.startswith(f"{name}-"):
                self.homes[address] = (entry.job, time.monotonic())

    def home(self, address: str) -> str | None:
        """Return the job in which a worker was, None if it never arrived."""
        return self.homes[address][0] if address in self.homes else None

    def has_left(self, address: str) -> bool:
        """Tell whether it was time for a worker to leave its job.

        Dask counts what such a worker held as killed, if no other was there to take it over.
        """
        lifetime, stagger = lifetime_seconds(walltime_seconds(self.executor.walltime))
        arrived = self.homes.get(address, ("", time.monotonic()))[1]
        return time.monotonic() - arrived > lifetime - stagger - _START_SECONDS

    def met(self, worker: str) -> None:
        """Take note of a worker that has connected."""
        self.early_ends = 0
        if worker in self.entries:
            self.entries[worker].seen = True
            self.entries[worker].lost = None

    def missed(self, worker: str) -> None:
        """Take note of a worker that has gone."""
        if worker in self.entries and self.entries[worker].lost is None:
            self.entries[worker].lost = time.monotonic()

    def ended(self, worker: str, job: str) -> None:
        """Take note of a job that is over; before its worker connected it is a bad sign."""
        entry = self.entries.get(worker)
        if entry is None or entry.job != job:
            return  # another has its place already
        del self.entries[worker]
        if not entry.seen and not self.is_closing:
            self.early_ends += 1
            state = self.states.get(job)
            self.last_words = self._log_of(job) or f"the queue says {state}"

    def is_hung(self) -> bool:
        """Tell whether the queue hung a moment ago: who cannot wait does not ask again."""
        return self.hung_at is not None and time.monotonic() - self.hung_at < COMMAND_SECONDS

    def backoff(self) -> float:
        """Return for how many seconds nothing is handed in after a refusal."""
        return float(min(300.0, 15.0 * 2 ** min(self.refusals - 1, 5)))

    async def ask(self) -> None:
        """Ask the queue how the jobs stand."""
        jobs = [entry.job for entry in self.entries.values()]
        try:
            status, out, err = await command_output(self.queue.ask(jobs, self.name))
        except (OSError, TimeoutError) as error:
            self.silence = str(error)
            self.hung_at = time.monotonic() if isinstance(error, TimeoutError) else None
            return
        self.hung_at = None
        found = self.queue.read(out)
        # qstat and bjobs complain of jobs that are gone, and tell of the others all the same.
        is_answer = status == 0 or bool(found) or bool(_GONE.search(err))
        self.silence = "" if is_answer else _words(err)
        if self.silence:
            return
        for job in {*jobs, *self.states} - set(found):
            if job not in self.states or self.states[job].phase != "ended":
                self.states[job] = JobState("ended", "gone from the queue")
        self.states |= found

    def cancel_at_once(self) -> list["subprocess.Popen[bytes]"]:
        """Have all jobs cancelled by processes that go on when this one has ended."""
        jobs = [entry.job for entry in list(self.entries.values())]
        nothing = subprocess.DEVNULL
        return [
            subprocess.Popen(  # noqa: S603
                words, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
            )
            for words in self.queue.cancel(jobs, self.name)
        ]

    def _log_of(self, job: str) -> str:
        folder = Path(str(self.executor.logs))
        files = sorted(folder.glob(f"*{job}*"), key=lambda file: file.suffix != ".err")
        for file in files:
            try:
                lines = file.read_text("utf-8", "replace").splitlines()
            except OSError:
                continue
            kept = [line.strip() for line in lines if _tells(line)]
            if kept:
                return f"{kept[-1][:300]} (log {file.name})"
        return ""

    # -- read by the driver ----------------------------------------------------------

    def trouble(self) -> str:
        """Say why no worker can be had, in words that name the remedy; empty if one may."""
        if self.early_ends < MOST_EARLY_ENDS:
            return ""
        found = f"{self.early_ends} jobs that ended before their worker met the driver: "
        remedy = (
            "Mend what the log says: interface and worker_interface must be networks on which "
            "machine and nodes reach each other, and prologue, command and python must start "
            "the Python that storiform is installed in."
        )
        expected = "workers that connect"
        return fault(
            f"executor ({self.executor.kind})", found + self.last_words, expected, remedy
        )

    def patience(self) -> float | None:
        """Return for how many seconds jobs may wait in the queue, None if none does."""
        waits = any(self._state(e).phase == "waiting" for e in self.entries.values())
        return 60 * self.executor.queue_minutes if waits and not self.silence else None

    def _state(self, entry: Entry) -> JobState:
        return self.states.get(entry.job, JobState("waiting", "handed in"))

    def says(self) -> str:
        """Say how the jobs stand, as the queue tells it."""
        entries = list(self.entries.values())
        by_phase: dict[Phase, Counter[str]] = {}
        for entry in entries:
            state = self._state(entry)
            by_phase.setdefault(state.phase, Counter())[state.reason or state.told] += 1
        parts = [
            f"{sum(why.values())} {phase} ({', '.join(sorted(w for w in why if w))})"
            for phase, why in sorted(by_phase.items())
        ]
        advice = {self.queue.advises(reason) for reason in by_phase.get("waiting", ())} - {""}
        parts += [text.format(walltime=self.executor.walltime) for text in sorted(advice)]
        if self.refusal and self.refusals:
            parts.append(f"{self.queue.submit} refused the last one: {self.refusal}")
        if self.silence:
            parts.append(f"the queue does not answer: {self.silence}")
        return f"{self.executor.kind}: {'; '.join(parts) or 'no job'}"

    def tell(self, *, connected: int) -> None:
        """Announce how the jobs stand while none works; again when it changes, or is old."""
        age = time.monotonic() - self._told_at
        text = self.says()
        if connected or age < 20 or (text == self._told and age < 600):  # noqa: PLR2004  seconds
            return
        self._told, self._told_at = text, time.monotonic()
        which = f" in jobs of {self.size}" if self.size else ""
        self.announce(f"waiting for workers{which}: {text}")

    def despair(self, seconds: float) -> str:
        """Say why a step that is alone here since so many seconds will find no job, if so."""
        self.tell(connected=self.connected)
        if self.trouble() or self.connected or seconds < 60 * self.executor.queue_minutes:
            return self.trouble()
        return f"found no job for it in {self.executor.queue_minutes:g} minutes: {self.says()}"

    def overdue(self, retries: int) -> dict[str, str]:
        """Return tasks that the end of a worker's time moved too often, with the reason."""
        message = (
            f"was cut off {{}} times by the end of its job; executor.walltime "
            f"{self.executor.walltime} is too short for it"
        )
        many = {key: n for key, n in self.moved.items() if n > retries}
        return {key: message.format(n) for key, n in many.items()}


def _tells(line: str) -> bool:
    """Drop what the end of any worker prints."""
    return bool(line.strip()) and not _CHATTER.search(line)


def _words(text: str) -> str:
    """Reduce what a command printed to one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines)[:400] or "no reason given"


def refused(executor: Executor, text: str) -> RunError:
    """Return the error of a run whose first job was refused."""
    submit = QUEUES[executor.kind].submit
    asked = f"queue {executor.queue or 'default'}, account {executor.account or 'default'}"
    expected = f"a job that the queue takes ({asked}, {executor.cores} cores, memory "
    expected += f"{job_memory_gb(executor):g} GB, walltime {shlex.quote(executor.walltime)})"
    remedy = "Correct the section executor of the configuration."
    return RunError(fault(f"executor ({executor.kind})", f"{submit}: {text}", expected, remedy))
