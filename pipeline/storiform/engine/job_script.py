"""The job that one worker, or a few, run in: what a queue is asked for, and its script.

dask-jobqueue writes the script. What it is told here is what all four queues need (cores,
memory, walltime), and what it leaves open: no step of two at once in a worker, no memory
above what the job has, a worker that goes before its job is ended.
"""

import math
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from storiform import __version__
from storiform.engine.sections import Executor, walltime_seconds
from storiform.model.errors import RunError, fault

DEFAULT_MEMORY_GB = 8.0
RESCUE_FACTOR = 4.0
_NANNY_GB = 0.2
"""Memory of the process that starts a worker and watches over it."""
_SCRATCH = "STORIFORM_SCRATCH"
_HOST = "STORIFORM_HOST"
_START = "storiform.engine.job_start"
KEYS = "keys-"
"""What the folder of a run's TLS keys begins with."""


def lifetime_seconds(walltime: int) -> tuple[int, int]:
    """Return when a worker leaves a job of `walltime` s, and by how much that may vary, in s.

    Staggered, so that the jobs which began together do not all end together; before the
    queue ends the job, since what it ends looks like a step that killed its worker.

    Examples
    --------
    >>> lifetime_seconds(12 * 3600)
    (42300, 300)
    """
    stagger = min(300, walltime // 20)
    margin = min(600, 60 + walltime // 20)
    return walltime - margin - stagger, stagger


def job_memory_gb(executor: Executor) -> float:
    """Return the memory of a job, in 1e9 bytes."""
    return executor.memory_gb or DEFAULT_MEMORY_GB


def rescue(executor: Executor, tries: int = 1) -> Executor:
    """Return an executor of one job with more memory, for a step whose worker died.

    Parameters
    ----------
    executor
        What the step had. What is configured for the rescue is never exceeded, unless the
        step asks for more than that itself.
    tries
        How often the step was tried: twice as much each time after the first.
    """
    share = job_memory_gb(executor) / executor.processes
    memory = executor.rescue_memory_gb or RESCUE_FACTOR * share * 2 ** (tries - 1)
    update = {"jobs": 1, "processes": 1, "memory_gb": max(memory, share)}
    return executor.model_copy(update=update)


def job_options(executor: Executor, name: str, host: str) -> dict[str, Any]:
    """Return what dask-jobqueue is told about a job.

    Parameters
    ----------
    executor
        With the folder of logs filled in.
    name
        Of the jobs; it tells nothing of patients.
    host
        Address of the driver's scheduler, to which the workers' network leads.

    Raises
    ------
    RunError
        If a path has blanks or signs that shells or queues read as their own.
    """
    walltime = walltime_seconds(executor.walltime)
    for field in ("logs", "shared"):
        path = str(getattr(executor, field))
        if odd := re.search(r"[^\w./+=,@:~%-]", path):
            remedy = f"Set executor.{field} to a folder whose path has none of these."
            expected = f"a path without {odd[0]!r}, which a shell or a queue reads as its own"
            raise RunError(fault(f"executor.{field}", path, expected, remedy))
    lifetime, stagger = lifetime_seconds(walltime)
    memory = job_memory_gb(executor)
    usable = max(0.5 * memory, memory - _NANNY_GB * executor.processes)
    told = [
        *("--lifetime", f"{lifetime}s", "--lifetime-stagger", f"{stagger}s"),
        *("--dashboard-address", "127.0.0.1:0"),
    ]
    if executor.worker_interface is None:
        told += ["--host", f'"${_HOST}"']
    return {
        "job_name": name,
        "queue": executor.queue,
        "cores": executor.processes,  # one thread each: a worker runs one step at a time
        "processes": executor.processes,
        "memory": f"{int(usable * 1e9)}B",
        "death_timeout": executor.death_timeout_seconds,
        "local_directory": f'"${_SCRATCH}"',
        "python": _python(executor),
        "interface": executor.worker_interface,
        "log_directory": str(executor.logs),
        "shebang": "#!/usr/bin/env bash",
        "worker_extra_args": told,
        "job_script_prologue": prologue(executor, host),
        "job_directives_skip": [],
        "job_extra_directives": list(executor.directives),
        **_DIALECTS[executor.kind](executor, walltime, memory),
    }


_NO_PAUSE = ("TARGET", "SPILL", "PAUSE")
"""What a worker would do when its memory grows, see `cluster`; its nanny ends it in time."""


def _python(executor: Executor) -> str:
    own = "python3" if executor.command else shlex.quote(sys.executable)
    return f"{executor.command} {executor.python or own}".strip()


def prologue(executor: Executor, host: str) -> list[str]:
    """Return the lines of shell that stand before the worker.

    Scratch files and compiled kernels, which are pickles, lie in a new folder of the node
    that belongs to the user alone and goes with the job.
    """
    base = executor.scratch or "${TMPDIR:-/tmp}"
    return [
        "umask 077",
        *executor.prologue,
        f'{_SCRATCH}="$(mktemp -d "{base}/storiform-XXXXXXXX")" || exit 1',
        f"trap 'rm -rf \"${_SCRATCH}\"' EXIT",
        f'export {_SCRATCH} TMPDIR="${_SCRATCH}" NUMBA_CACHE_DIR="${_SCRATCH}/kernels"',
        "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1",
        "export NUMEXPR_NUM_THREADS=1 PYTHONUNBUFFERED=1",
        "export DASK_DISTRIBUTED__WORKER__DAEMON=False",
        *(f"export DASK_DISTRIBUTED__WORKER__MEMORY__{what}=False" for what in _NO_PAUSE),
        f"{_HOST}=$({_python(executor)} -m {_START} {host} {__version__}) || exit 1",
    ]


def _clock(seconds: int, *, with_seconds: bool = True) -> str:
    minutes = seconds // 60 if with_seconds else math.ceil(seconds / 60)
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{clock}:{seconds % 60:02d}" if with_seconds else clock


def _mib(memory_gb: float) -> int:
    return math.ceil(memory_gb * 1e9 / 2**20)


def _has(executor: Executor, *words: str) -> bool:
    return any(word in line for line in executor.directives for word in words)


def _slurm(executor: Executor, walltime: int, memory: float) -> dict[str, Any]:
    # A job that is put back comes from us: Slurm would start it beside the one in its place.
    directives = ["--no-requeue", *executor.directives]
    return {
        "account": executor.account,
        "walltime": _clock(walltime),
        "job_cpu": executor.cores,
        "job_mem": f"{_mib(memory)}M",
        "job_extra_directives": directives,
    }


def _pbs(executor: Executor, walltime: int, memory: float) -> dict[str, Any]:
    return {
        "account": executor.account,
        "walltime": _clock(walltime),
        "resource_spec": f"select=1:ncpus={executor.cores}:mem={_mib(memory)}mb",
        "job_directives_skip": ["select=1:"] if _has(executor, "select=", "nodes=") else [],
        "job_extra_directives": ["-r n", *executor.directives],
    }


def _sge(executor: Executor, walltime: int, memory: float) -> dict[str, Any]:
    parallel = executor.cores > 1 and not _has(executor, "-pe ")
    return {
        "project": executor.account,
        "walltime": _clock(walltime),
        # h_vmem would count mapped files and what numba reserves, and end sound jobs.
        "resource_spec": None
        if _has(executor, "mem_free=", "h_vmem=", "h_rss=", "m_mem_free=")
        else f"mem_free={_mib(memory)}M",
        "job_extra_directives": [
            *("-r n", "-S /bin/bash"),
            *([f"-pe smp {executor.cores}"] if parallel else []),
            *executor.directives,
        ],
    }


def _lsf(executor: Executor, walltime: int, memory: float) -> dict[str, Any]:
    reserve = [] if _has(executor, "rusage[") else [f'-R "rusage[mem={_mib(memory)}MB]"']
    return {
        "project": executor.account,
        "walltime": _clock(walltime, with_seconds=False),
        "ncpus": executor.cores,
        "mem": int(memory * 1e9),
        "job_extra_directives": ["-rn", *reserve, *executor.directives],
    }


_DIALECTS: Mapping[str, Callable[[Executor, int, float], dict[str, Any]]] = {
    "slurm": _slurm,
    "pbs": _pbs,
    "sge": _sge,
    "lsf": _lsf,
}


def placed(executor: Executor, results: Path, folder: Path) -> Executor:
    """Fill in the folders of logs and keys: `jobs` in the results, or relative to `folder`."""
    logs = executor.logs or results / "jobs"
    shared = executor.shared or results / "jobs"
    return executor.model_copy(update={"logs": folder / logs, "shared": folder / shared})


def sweep(executor: Executor, results: Path) -> None:
    """Remove keys and logs that earlier runs left in the results folder.

    Only there: the lock of the run says that nobody else uses them.
    """
    for folder in {executor.logs, executor.shared}:
        if folder is None or not folder.resolve().is_relative_to(results.resolve()):
            continue  # by a link, too, it may be somebody else's
        for path in folder.glob("*"):
            if path.is_dir() and path.name.startswith(KEYS):
                shutil.rmtree(path, ignore_errors=True)
            elif path.is_file() and path.name.startswith("storiform-"):
                path.unlink(missing_ok=True)
