"""Where the work is done: this machine, the jobs of a queue, a scheduler that runs already."""

import hashlib
import logging
import os
import platform
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from storiform.engine.config import Executor
from storiform.kernels import SOURCES
from storiform.model.errors import RunError, fault
from storiform.model.step import Cost

if TYPE_CHECKING:
    from distributed import Client

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
_ANSWER_SECONDS = 10.0
"""After so long a scheduler that was asked counts as one without workers."""
_SPARE = 0.9
"""Share of the machine's memory that workers may have."""


def machine_memory_gb() -> float:
    """Return the memory of this machine or of its cgroup, in 1e9 bytes."""
    limits = [psutil.virtual_memory().total]
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limits.append(int(Path(name).read_text()))
        except (OSError, ValueError):
            continue
    return float(min(limits)) / 1e9


def default_workers() -> int:
    """Return how many processors this process may use."""
    return (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )


def prepare_environment() -> None:
    """Set what workers inherit: one BLAS thread each, a private folder for compiled kernels.

    Solve and SVD differ in the last bits between one and two BLAS threads. The folder of
    compiled kernels is named by the content of all kernels, since numba does not notice an
    edited callee in another file; it holds pickles, so it belongs to one user alone. Copies of
    the kernels lie in it, so that all environments of the user share what was compiled.
    """
    for name in _ONE_THREAD:
        os.environ[name] = "1"
    if "NUMBA_CACHE_DIR" not in os.environ:
        folder = _kernel_cache()
        if folder is not None:
            os.environ["NUMBA_CACHE_DIR"] = str(folder)


def _kernel_cache() -> Path | None:
    kernels = Path(__file__).resolve().parents[1] / "kernels"
    blake = hashlib.blake2b(
        platform.processor().encode() + platform.machine().encode(), digest_size=8
    )
    for file in sorted(kernels.glob("*.py")):
        blake.update(file.read_bytes())
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    shared = Path(tempfile.gettempdir()) / f"storiform-{os.getuid()}"
    for root in (Path(base), shared):
        folder = root / "storiform" / f"kernels-{blake.hexdigest()}"
        try:
            # Whoever made a folder above ours could put pickles of his own in its place.
            if root == shared and not _taken(root):
                continue
            folder.parent.mkdir(parents=True, exist_ok=True)
            is_ours = _taken(folder)
        except OSError:
            continue
        if is_ours:
            _copy_sources(kernels, folder / SOURCES)
            return folder
    return None


def _taken(folder: Path) -> bool:
    """Make a folder and close it to all others; False if it is a link or another user's."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid():
        return False
    folder.chmod(0o700)
    return not folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _copy_sources(kernels: Path, folder: Path) -> None:
    """Copy the kernels once; another process may do the same at the same time."""
    if folder.exists():
        return
    part = folder.with_name(f".{folder.name}-{os.getpid()}")
    try:
        part.mkdir(mode=0o700)
        for file in kernels.glob("*.py"):
            shutil.copyfile(file, part / file.name)
        part.rename(folder)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)  # each environment compiles for itself


def slots(executor: Executor) -> int:
    """Return how many workers an executor has: here, as many as cores and memory allow."""
    if executor.kind != "local":
        return executor.jobs * executor.processes
    share = executor.memory_gb or Cost().memory_gb
    fit = max(1, int(_SPARE * machine_memory_gb() / share))
    return executor.workers or min(default_workers(), fit)


def worker_memory_gb(executor: Executor) -> float:
    """Return the memory of one worker of this machine, in 1e9 bytes."""
    return executor.memory_gb or _SPARE * machine_memory_gb() / slots(executor)


def threads(executor: Executor) -> int:
    """Return how many threads of a worker share a pass over one file of reads."""
    if executor.kind != "local":
        return executor.threads or max(1, executor.cores // executor.processes)
    return executor.threads or max(1, default_workers() // slots(executor))


def with_workers(executor: Executor, workers: int) -> Executor:
    """Return an executor of so many workers: processes here, or those of jobs."""
    jobs = -(-workers // executor.processes)
    return executor.model_copy(update={"workers": workers, "jobs": jobs})


@contextmanager
def connect(executor: Executor, *, at_least: int | None = None) -> Iterator["Client"]:
    """Give a Dask client, on a cluster of this machine or on the one configured.

    Parameters
    ----------
    executor
        Where.
    at_least
        How many workers in jobs are kept even if idle; all of them if not stated.

    Raises
    ------
    RunError
        If the configured scheduler is on another machine and does not speak TLS, or the
        queue takes no job.
    """
    import dask
    from distributed import Client

    prepare_environment()
    _hush()
    with dask.config.set(_settings()):
        if executor.scheduler:
            _refuse_open_network(executor.scheduler)
            try:
                client = Client(  # type: ignore[no-untyped-call]
                    executor.scheduler, set_as_default=False
                )
            except OSError as error:
                raise RunError(_unreached(executor.scheduler)) from error
            try:
                yield client
            finally:
                client.close(timeout=_ANSWER_SECONDS)  # type: ignore[no-untyped-call]
            return
        if executor.kind != "local":
            from storiform.engine.jobs import job_client

            with job_client(executor, at_least=at_least) as client:
                yield client
            return
        with _local(slots(executor), worker_memory_gb(executor)) as client:
            yield client


@contextmanager
def connect_alone(executor: Executor) -> Iterator["Client | None"]:
    """Give a client of one worker that may use the memory of the whole machine.

    For steps whose worker died: what lacked memory beside others gets all there is, on a
    queue the one job that `executor` describes. None where the workers are not ours to
    start, or the queue has no such job.
    """
    import dask

    if executor.scheduler:
        yield None
        return
    prepare_environment()
    if executor.kind != "local":
        from storiform.engine.jobs import rescue_client

        with dask.config.set(_settings()), rescue_client(executor) as client:
            yield client
        return
    with dask.config.set(_settings()), _local(1, _SPARE * machine_memory_gb()) as client:
        yield client


def _unreached(address: str) -> str:
    remedy = "Start it, or correct the address, then run again: what is done is kept."
    return fault("executor.scheduler", f"no answer from {address}", "a scheduler", remedy)


def _refuse_open_network(address: str) -> None:
    scheme, _, place = address.partition("://")
    host = place.rsplit(":", 1)[0].strip("[]")
    if scheme in {"tls", "wss"} or host in {"localhost", "::1"} or host.startswith("127."):
        return
    remedy = "Start the scheduler with TLS and give its address as tls://HOST:PORT."
    expected = "TLS to another machine: patients' data must not cross a network in the clear"
    raise RunError(fault("executor.scheduler", address, expected, remedy))


@contextmanager
def _local(count: int, memory_gb: float) -> Iterator["Client"]:
    """Start a cluster on this machine whose workers are replaced when they die.

    Never a plain LocalCluster: with a task that kills its worker it was seen to hang for
    ever without workers. `adapt` with equal bounds replaces what dies. Whoever speaks to a
    scheduler or a worker can let it do anything: other users of the machine reach its ports,
    so both ask for a certificate that is made for this run and never written down.
    """
    from distributed import Client
    from distributed.security import Security

    from storiform.engine.steady import SteadyCluster

    logging.getLogger("asyncio").addFilter(_is_news)
    with ExitStack() as stack:
        with _deaf_to_interrupts():
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="storiform-"))
            try:
                cluster = SteadyCluster(
                    n_workers=0,
                    threads_per_worker=1,
                    memory_limit=int(memory_gb * 1e9),
                    host="127.0.0.1",
                    protocol="tls://",
                    security=Security.temporary(),  # type: ignore[no-untyped-call]
                    dashboard_address=None,
                    # Any free port: 8787 is taken where another run goes on.
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                    local_directory=scratch,
                    silence_logs=50,
                )
            except (RuntimeError, OSError) as error:
                raise RunError(_not_begun(error)) from error
            stack.enter_context(cluster)
            cluster.adapt(minimum=count, maximum=count, interval="1s")
            client = stack.enter_context(
                Client(cluster, set_as_default=False)  # type: ignore[no-untyped-call]
            )
        yield client


def _not_begun(error: Exception) -> str:
    found = f"none that begins ({error})"
    remedy = f"Look for room in {tempfile.gettempdir()}, or name another folder by TMPDIR."
    return fault("workers of this machine", found, "a scheduler and its workers", remedy)


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether a record is not the end of a worker that died while it was started.

    `adapt` starts another one; asyncio would print the traceback of a task of Dask's.
    """
    error = record.exc_info[1] if record.exc_info else None
    return "Nanny failed to start" not in str(error)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Block SIGINT and SIGHUP in threads started meanwhile, and in workers that these start.

    Ctrl-C on a terminal, and its loss, go to all processes at once; the driver alone answers.
    """
    resource_tracker.ensure_running()  # or the first worker's start would unblock SIGINT
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settings() -> dict[str, Any]:
    return {
        # A task whose worker died comes back at once: the driver decides who is guilty.
        "distributed.scheduler.allowed-failures": 0,
        "distributed.worker.daemon": False,
        # A worker holds no results that could go to disk; compiled kernels and libraries stay.
        # Paused above a share of its memory it would never go on: its nanny ends it instead.
        **{f"distributed.worker.memory.{what}": False for what in ("target", "spill", "pause")},
        "distributed.comm.timeouts.connect": "30s",
        "distributed.deploy.lost-worker-timeout": "3s",
        "distributed.admin.log-format": "%(message)s",
        # Pages about tasks and workers, which ask nobody who he is.
        "distributed.scheduler.http.routes": ["distributed.http.health"],
        "distributed.worker.http.routes": ["distributed.http.health"],
        "distributed.logging": {"distributed": "critical"},
    }


def _hush() -> None:
    """Let nothing of Dask's own logs onto the terminal: what matters is told by us.

    Its loggers are set up as it is imported, and do not heed settings that come later.
    """
    for name in list(logging.root.manager.loggerDict):
        if name == "distributed" or name.startswith("distributed."):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def worker_count(client: "Client") -> int:
    """Return how many workers work or could; of a scheduler elsewhere some may be paused."""
    asked: Any = client
    try:
        ask = asked._update_scheduler_info  # noqa: SLF001  the public one waits for ever
        asked.sync(ask, n_workers=-1, callback_timeout=_ANSWER_SECONDS)
        workers = asked._scheduler_identity.get("workers", {})  # noqa: SLF001
        return sum(map(_can_work, workers.values()))
    except (OSError, TimeoutError):  # the scheduler itself does not answer
        return 0


def _can_work(worker: Mapping[str, Any]) -> bool:
    """Tell whether a worker is of use: a paused one ends what it does and begins nothing."""
    counts = worker.get("metrics", {}).get("task_counts", {})
    return worker.get("status") != "paused" or counts.get("executing", 0) > 0
