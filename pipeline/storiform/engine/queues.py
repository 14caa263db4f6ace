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
    "TERM_LOAD|TERM_FORCE|job killed by (owner|user)|\\bdeleted\\b"
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
        reason = "deleted" if "d" in state else "see qstat -j" if "E" in state else ""
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


_SLURM_ADVICE: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"PartitionTimeLimit|^(QOS|Assoc)\w*(Wall|TimeLimit)"),
        (
            "executor.walltime {walltime} is above what the partition or account gives to a "
            "job (`sinfo -o '%P %l'`, `sacctmgr show qos`): ask for less, or name another "
            "executor.queue"
        ),
    ),
    (
        re.compile(r"PartitionDown|PartitionInactive"),
        (
            "the partition begins no jobs now (`sinfo -s`): name another executor.queue or "
            "wait until it opens"
        ),
    ),
    (
        re.compile(r"PartitionNodeLimit|PartitionConfig|BadConstraints|MaxMemPerLimit"),
        (
            "the partition has no node as asked for (`sinfo -o '%P %c %m'`): ask for less "
            "executor.cores or memory_gb, or name another executor.queue"
        ),
    ),
    (
        re.compile(r"InvalidAccount|InvalidQOS|(Account|QOS)NotAllowed"),
        (
            "executor.account, or the QOS in executor.directives, may not be used there "
            "(`sacctmgr show associations user=$USER`)"
        ),
    ),
    (
        re.compile(r"^(QOS|Assoc|MaxCpuPer|MaxJobsPer)"),
        (
            "a limit of the account or QOS is reached (`sacctmgr show qos`): jobs begin as "
            "others end; if none ever does, ask for less executor.cores, memory_gb or jobs"
        ),
    ),
    (
        re.compile(r"ReqNodeNotAvail|Nodes required for job|^Reservation"),
        (
            "nodes are down or reserved (`sinfo -R`, `scontrol show reservation`): before a "
            "maintenance only jobs begin whose executor.walltime ends before it"
        ),
    ),
    (
        re.compile(r"JobHeld|launch failed"),
        "the job is held and does not begin by itself (`scontrol release`)",
    ),
)
"""What to do about a reason for which jobs may wait for ever; the others pass by themselves."""


@dataclass(frozen=True)
class Queue:
    """The commands of one queue; `ask` makes that which tells of jobs by ids and name.

    `advice` has patterns of reasons for which a job waits, the first that fits first.
    """

    submit: str
    ask: Callable[[Sequence[str], str], list[str]]
    read: Callable[[str], dict[str, JobState]]
    cancel: Callable[[Sequence[str], str], list[list[str]]]
    advice: tuple[tuple[re.Pattern[str], str], ...] = ()

    def advises(self, reason: str) -> str:
        """Say what to do where jobs wait for a reason; empty where waiting is all."""
        return next((text for known, text in self.advice if known.search(reason)), "")


def _by_id(command: str) -> Callable[[Sequence[str], str], list[list[str]]]:
    return lambda ids, _name: [[command, *ids]] if ids else []


QUEUES: Mapping[str, Queue] = {
    "slurm": Queue(
        "sbatch",
        lambda _ids, name: ["squeue", "-h", "-t", "all", "-n", name, "-o", "%i|%T|%r"],
        _slurm,
        # By name too: one that was taken just as its submission broke off has no id here.
        lambda _ids, name: [["scancel", "-Q", "-n", name, "-u", getpass.getuser()]],
        _SLURM_ADVICE,
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
