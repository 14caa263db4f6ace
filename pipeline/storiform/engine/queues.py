"""What the four queues say about jobs, in one set of words."""

import getpass
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Phase = Literal["waiting", "running", "ended"]


@dataclass(frozen=True)
class JobState:
    """Where a job stands; `told` is the queue's own word, `reason` why, if it says so."""

    phase: Phase
    told: str = ""
    reason: str = ""

    @property
    def is_ended_by_queue(self) -> bool:
        """Whether the queue, its keeper or a broken node ended it, and no step."""
        return self.phase == "ended" and bool(
            _FROM_OUTSIDE.search(f"{self.told} {self.reason}")
        )

    @property
    def lacked_memory(self) -> bool:
        """Whether the queue ended it for memory."""
        return bool(_MEMORY.search(f"{self.told} {self.reason}"))

    def __str__(self) -> str:
        return f"{self.told} ({self.reason})" if self.reason else self.told or self.phase


_FROM_OUTSIDE = re.compile(
    "TIMEOUT|TimeLimit|CANCELLED|PREEMPTED|NODE_FAIL|BOOT_FAIL|DEADLINE|REVOKED|"
    "TERM_RUNLIMIT|TERM_OWNER|TERM_ADMIN|TERM_PREEMPT|TERM_BUCKET|TERM_DEADLINE|TERM_WINDOW|"
    "TERM_LOAD|TERM_FORCE|job killed by (owner|user)"
)
_MEMORY = re.compile("OUT_OF_MEMORY|OutOfMemory|TERM_MEMLIMIT|TERM_SWAP")


def _slurm(text: str) -> dict[str, JobState]:
    found = {}
    for line in text.splitlines():
        job, state, reason = (*line.strip().split("|", 2), "", "")[:3]
        why = "" if reason in {"None", ""} else reason.strip("() ")
        found[job] = JobState(_SLURM_PHASES.get(state, "ended"), state, why)
    return found


_SLURM_PHASES: Mapping[str, Phase] = {
    **dict.fromkeys(
        ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD",
         "SPECIAL_EXIT", "SUSPENDED", "STOPPED"), "waiting"),
    **dict.fromkeys(("RUNNING", "RESIZING", "SIGNALING", "STAGE_OUT"), "running"),
}  # fmt: skip


def _pbs(text: str) -> dict[str, JobState]:
    """Read `qstat -f`: one paragraph a job, long values go on in lines with a tab."""
    found = {}
    text = re.sub(r"\n\t+", "", text)
    for paragraph in re.split(r"(?m)^Job Id: *", text)[1:]:
        job, _, rest = paragraph.partition("\n")
        fields = dict(re.findall(r"(?m)^ +(\S+) = (.*)$", rest))
        state = fields.get("job_state", "")
        phase: Phase = (
            "waiting" if state in "QHWTSU" else "running" if state in "RB" else "ended"
        )
        found[job.strip().partition(".")[0]] = JobState(phase, state, fields.get("comment", ""))
    return found


def _sge(text: str) -> dict[str, JobState]:
    """Read the table of `qstat -u`: number, priority, name, user, state, ..."""
    found = {}
    for line in text.splitlines():
        cells = line.split()
        if len(cells) < 5 or not cells[0].isdigit():  # noqa: PLR2004  the state is the fifth
            continue
        state = cells[4]
        phase: Phase = "waiting" if "w" in state else "ended" if "d" in state else "running"
        reason = "see qstat -j" if "E" in state else ""
        found[cells[0]] = JobState(phase, state, reason)
    return found


def _lsf(text: str) -> dict[str, JobState]:
    found = {}
    phases: dict[str, Phase] = {
        **dict.fromkeys(("PEND", "PSUSP", "WAIT", "PROV"), "waiting"),
        **dict.fromkeys(("RUN", "USUSP", "SSUSP", "UNKWN"), "running"),
    }
    for line in text.splitlines():
        if "|" not in line:  # a remark of bjobs
            continue
        job, state, *reasons = (cell.strip() for cell in line.split("|"))
        why = "; ".join(reason for reason in reasons if reason not in {"", "-"})
        found[job] = JobState(phases.get(state, "ended"), state, why)
    return found


@dataclass(frozen=True)
class Queue:
    """The commands of one queue; `ask` makes that which tells of jobs by ids and name."""

    submit: str
    ask: Callable[[Sequence[str], str], list[str]]
    read: Callable[[str], dict[str, JobState]]
    cancel: Callable[[Sequence[str], str], list[list[str]]]


def _by_id(command: str) -> Callable[[Sequence[str], str], list[list[str]]]:
    return lambda ids, _name: [[command, *ids]] if ids else []


QUEUES: Mapping[str, Queue] = {
    "slurm": Queue(
        "sbatch",
        lambda _ids, name: ["squeue", "-h", "-t", "all", "-n", name, "-o", "%i|%T|%r"],
        _slurm,
        # By name too: one that was taken just as its submission broke off has no id here.
        lambda _ids, name: [["scancel", "-Q", "-n", name, "-u", getpass.getuser()]],
    ),
    "pbs": Queue("qsub", lambda ids, _name: ["qstat", "-f", *ids], _pbs, _by_id("qdel")),
    "sge": Queue(
        "qsub", lambda _ids, _name: ["qstat", "-u", getpass.getuser()], _sge, _by_id("qdel")
    ),
    "lsf": Queue(
        "bsub",
        lambda ids, _name: [
            *("bjobs", "-a", "-noheader", "-o"),
            "jobid stat exit_reason pend_reason delimiter='|'",
            *ids,
        ],
        _lsf,
        _by_id("bkill"),
    ),
}
