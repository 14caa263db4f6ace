"""The sections of the configuration that belong to no room: who is analysed, where, and how."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from storiform.model.genome import BUILD_ALIASES, Build


def _build(value: object) -> object:
    return BUILD_ALIASES.get(str(value).lower(), value)


def _several(value: object) -> object:
    """Take one name for a list of it."""
    return [value] if isinstance(value, str) else value


class Section(BaseModel):
    """A section of the configuration that belongs to no room."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class CohortSection(Section):
    """Who is analysed."""

    samples: Path = Field(description="sample sheet, CSV or TSV")
    clinical: Path | None = Field(
        default=None, description="clinical table, CSV or TSV, if there is one"
    )
    genome: Annotated[Build, BeforeValidator(_build)] = Field(
        default="GRCh38", description="build of all files: GRCh38 (hg38) or GRCh37 (hg19, b37)"
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="columns of the clinical table, such as {response: BOR, pfs_days: PFS}",
    )
    baseline: tuple[str, ...] = Field(
        default=(),
        description="timepoints that count as baseline, the preferred first; "
        "empty: pre, baseline, screening and their like",
    )
    characteristics: Annotated[tuple[str, ...], BeforeValidator(_several)] = Field(
        default=(),
        description="further columns of the clinical table for the table of patient "
        "characteristics",
    )
    lesions: Path | None = Field(
        default=None,
        description="table of lesions by assessment, CSV or TSV: RECIST 1.1 and irRC",
    )
    doses: Path | None = Field(
        default=None, description="table of doses by drug and time, CSV or TSV"
    )
    adverse_events: Path | None = Field(
        default=None, description="table of adverse events by CTCAE grade, CSV or TSV"
    )
    laboratory: Path | None = Field(
        default=None, description="table of laboratory values by test and day, CSV or TSV"
    )
    measurements: Annotated[tuple[Path, ...], BeforeValidator(_several)] = Field(
        default=(),
        description="tables of what you measured yourself, one row per patient or biopsy and "
        "one column per feature: [ihc.csv]",
    )


Line = Annotated[str, Field(pattern=r"^[^\r\n]*$")]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.,@:/+=-]+$")]


SHORTEST_SECONDS = 120
"""A worker needs a minute to start and a minute to leave its job."""


def walltime_seconds(text: str) -> int:
    """Return a walltime in seconds.

    Examples
    --------
    >>> walltime_seconds("01:30"), walltime_seconds("1-00:00:30")
    (5400, 86430)
    """
    days, _, clock = text.rpartition("-")
    hours, minutes, *rest = (int(part) for part in clock.split(":"))
    return ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + (rest[0] if rest else 0)


def _long_enough(text: str) -> str:
    if walltime_seconds(text) < SHORTEST_SECONDS:
        message = "expected at least 0:02:00"
        raise ValueError(message)
    return text


Walltime = Annotated[
    str,
    Field(pattern=r"^(\d{1,2}-)?\d{1,3}:[0-5]\d(:[0-5]\d)?$"),
    AfterValidator(_long_enough),
]


class StepNeeds(Section):
    """What one step asks for, where that is not what the others do with."""

    cores: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="cores, most of use to a pass over reads; null: those of the others",
    )
    memory_gb: float | None = Field(
        default=None,
        gt=0.0,
        le=100_000.0,
        description="memory in 1e9 bytes; null: what the step says, mostly nothing",
    )
    walltime: Walltime | None = Field(
        default=None, description="time limit of its jobs; null: that of the others"
    )
    queue: Word | None = Field(
        default=None, description="queue or partition of its jobs; null: that of the others"
    )
    jobs: int | None = Field(
        default=None, ge=1, le=4096, description="how many such jobs at most; null: as executor"
    )


class Executor(Section):
    """Where the work is done."""

    kind: Literal["local", "slurm", "sge", "pbs", "lsf"] = Field(
        default="local",
        description="processes of this machine, or jobs of a queue; what stands below "
        "jobs holds for a queue alone",
    )
    workers: int | None = Field(
        default=None,
        ge=1,
        le=4096,
        description="processes; null: as many as cores and memory allow",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="threads of a process that share the pass over one BAM; null: its share "
        "of the cores",
    )
    memory_gb: float | None = Field(
        default=None,
        gt=0.0,
        le=10_000.0,
        description="memory of one worker, on a queue of one job, in 1e9 bytes; null: its "
        "share of the machine, 8 for a job",
    )
    scheduler: str | None = Field(
        default=None,
        pattern=r"^(tcp|tls|ucx|ws|wss)://\S+:\d+$",
        description="address of a Dask scheduler that runs already, such as tcp://host:8786",
    )
    jobs: int = Field(default=4, ge=1, le=4096, description="jobs that are kept in the queue")
    cores: int = Field(default=1, ge=1, le=1024, description="cores of a job")
    processes: int = Field(
        default=1, ge=1, le=1024, description="workers that share the cores and memory of a job"
    )
    walltime: Walltime = Field(
        default="12:00:00",
        description="time limit of a job, [days-]hours:minutes[:seconds], at least 2 minutes; "
        "a worker leaves its job before, and another job takes its place",
    )
    queue: Word | None = Field(default=None, description="queue, or partition of Slurm")
    account: Word | None = Field(
        default=None, description="account or project that pays for the jobs"
    )
    directives: Annotated[tuple[Line, ...], BeforeValidator(_several)] = Field(
        default=(), description="further options of a job: [--qos=long, --exclusive]"
    )
    prologue: Annotated[tuple[Line, ...], BeforeValidator(_several)] = Field(
        default=(), description="lines of shell before a worker starts: [module load apptainer]"
    )
    command: Line = Field(
        default="",
        description="what a worker is started by, such as apptainer exec storiform.sif",
    )
    python: Line | None = Field(
        default=None,
        description="Python of a worker; null: this one, or python3 behind a command",
    )
    interface: Word | None = Field(
        default=None,
        description="network interface of this machine that the jobs reach, such as ib0; "
        "null: that of its address",
    )
    worker_interface: Word | None = Field(
        default=None,
        description="network interface of the nodes; null: that which leads here",
    )
    tls: bool = Field(
        default=True,
        description="encrypt what goes between this machine and the jobs; only loopback may "
        "do without",
    )
    scratch: Line | None = Field(
        default=None,
        description="local folder of the nodes for scratch files; null: $TMPDIR, or /tmp",
    )
    logs: Path | None = Field(
        default=None, description="folder of the jobs' logs; null: jobs in the output"
    )
    shared: Path | None = Field(
        default=None,
        description="folder that this machine and the nodes see, for the keys of TLS; null: "
        "jobs in the output",
    )
    rescue_memory_gb: float | None = Field(
        default=None,
        gt=0.0,
        le=100_000.0,
        description="memory of the job in which a step runs again alone after its worker died, "
        "in 1e9 bytes; null: four times what it had, then eight times",
    )
    steps: dict[str, StepNeeds] = Field(
        default_factory=dict,
        description="steps that ask for more than a worker has: {hla_calls: {memory_gb: 32, "
        "walltime: '24:00:00'}}; on a queue they have jobs of their own, here each runs alone",
    )
    death_timeout_seconds: int = Field(
        default=60,
        ge=10,
        le=3600,
        description="a worker that finds no scheduler for so long ends its job",
    )
    queue_minutes: float = Field(
        default=1440.0,
        gt=0.0,
        le=43_200.0,
        description="minutes that jobs may wait in the queue, with no worker at all, before "
        "the run gives up",
    )


class Run(Section):
    """How the run behaves."""

    allow_partial_cohort: bool = Field(
        default=True,
        description="cohort steps go on without the units that failed, and the steps of an "
        "exome without its RNA",
    )
    speaker: Literal["baseline"] = Field(
        default="baseline", description="which biopsy speaks for a patient with several"
    )
    watchdog_minutes: float = Field(
        default=10.0,
        gt=0.0,
        le=1440.0,
        description="minutes without any worker before the run gives up",
    )
    retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="further tries of a task whose worker died or lacked memory",
    )
    keep: int = Field(
        default=1,
        ge=0,
        le=100,
        description="older results kept of each step and unit, to switch back",
    )
