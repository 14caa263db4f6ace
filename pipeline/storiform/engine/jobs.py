"""Workers in the jobs of a queue: Slurm, PBS, SGE and LSF, through dask-jobqueue.

Three things are ours. A refused or lost job is noticed by asking the queue, also where its
worker never connected; `adapt` then hands in another. All is encrypted. And the jobs end with
the driver: cancelled, or by themselves when they find no scheduler.
"""

import asyncio
import logging
import os
import secrets
import shlex
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from distributed import Client, Scheduler
from distributed.core import Status
from distributed.deploy.cluster import Cluster
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.security import Security
from distributed.utils import get_ip

from storiform.engine.desk import GRACE_SECONDS, Desk, command_output, refused
from storiform.engine.ending import even_at_once
from storiform.engine.job_script import KEYS, job_options
from storiform.engine.queues import JobState
from storiform.engine.sections import Executor
from storiform.model.errors import RunError, fault

# As it is imported, dask-jobqueue answers SIGINT by leaving at once, with code 0 and jobs left.
_set_signal = signal.signal
signal.signal = lambda *_: None
try:
    from dask_jobqueue.core import Job, JobQueueCluster
    from dask_jobqueue.lsf import LSFJob
    from dask_jobqueue.pbs import PBSJob
    from dask_jobqueue.sge import SGEJob
    from dask_jobqueue.slurm import SLURMJob
finally:
    signal.signal = _set_signal

_LOG = logging.getLogger(__name__)
_JOBS: dict[str, type[Job]] = {"slurm": SLURMJob, "pbs": PBSJob, "sge": SGEJob, "lsf": LSFJob}
_TICK_SECONDS = 3.0
_SELDOM_SECONDS = 60.0
_VERDICT_SECONDS = 10.0


class _BookedJob(Job):
    """A job that tells the desk what became of it, in place of an error that nobody sees."""

    desk: Desk

    async def start(self) -> None:
        if self.desk.is_closing:
            self.status = Status.running
            return
        try:
            await super().start()  # type: ignore[no-untyped-call]
        except (RuntimeError, OSError, ValueError, TimeoutError) as error:
            self.status = Status.running
            self.desk.refused(str(self.name), str(error))
        else:
            self.desk.accepted(str(self.name), str(self.job_id))

    async def close(self) -> None:
        # Noted first: while the queue is told, `adapt` may put another job in this place.
        self.desk.ended(str(self.name), str(self.job_id))
        with suppress(OSError, TimeoutError):
            await super().close()  # type: ignore[no-untyped-call]
        self.status = Status.closed
        self._event_finished.set()

    async def _submit_job(self, script_filename: str) -> str:
        if self.desk.executor.kind != "lsf":
            return str(await super()._submit_job(script_filename))  # type: ignore[no-untyped-call]
        # bsub reads directives from its input alone; dask-jobqueue would drop its complaints.
        words = shlex.split(self.submit_command)
        return str(await self._call(words, given=Path(script_filename)))

    @staticmethod
    async def _call(cmd: list[str], *, given: Path | None = None, **_: object) -> str:
        status, out, err = await command_output(cmd, given)
        if status:
            raise RuntimeError(err or out)
        return out


class _Moves(SchedulerPlugin):
    """Notes where workers are, and how often a task moved as its worker left its job."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_worker(self, scheduler: Scheduler, worker: str) -> None:
        """Note in which job a worker is: its name goes on to the next job, its address not."""
        self._desk.arrived(worker, str(scheduler.workers[worker].name))

    def transition(self, key: Any, start: Any, finish: Any, *_: Any, **__: Any) -> None:  # noqa: ANN401
        """Count what goes back to the start, forget what has ended."""
        if start == "processing" and finish == "released":
            self._desk.moved[key] += 1
        elif finish in {"memory", "erred", "forgotten"}:
            self._desk.moved.pop(key, None)


class QueueCluster(JobQueueCluster):
    """Jobs of a queue that are replaced when they end, whoever ended them."""

    def __init__(self, desk: Desk, scheduler: dict[str, Any], **options: Any) -> None:  # noqa: ANN401
        self.desk = desk
        self._asked = 0.0
        self._looking: asyncio.Task[None] | None = None
        base = _JOBS[desk.executor.kind]
        booked: Any = type("BookedJob", (_BookedJob, base), {"desk": desk})
        super().__init__(
            job_cls=booked, name=desk.name, silence_logs=50, scheduler_options=scheduler,
            config_name=desk.executor.kind, **options,
        )  # fmt: skip
        loop: Any = self.loop
        loop.add_callback(self._begin_looking)
        scheduler_here: Any = self.scheduler
        scheduler_here.add_plugin(_Moves(desk), name="storiform-moves")

    def first(self) -> None:
        """Hand in the first job.

        Raises
        ------
        RunError
            If the queue refuses it.
        """
        self.worker_spec.update(self.new_worker_spec())  # type: ignore[no-untyped-call]
        self.sync(self._correct_state)  # type: ignore[no-untyped-call]
        if self.desk.refusals:
            raise refused(self.desk.executor, self.desk.refusal)

    def keep(self, jobs: int) -> None:
        """Keep as many jobs as have something to do; the others go when they are idle."""
        adaptive: Any = self._adaptive
        adaptive.minimum = jobs

    def _names(self, job: str) -> set[str]:
        group = self.worker_spec.get(job, {}).get("group", [""])
        return {f"{job}{suffix}" for suffix in group}

    def _update_worker_status(self, op: str, msg: Any) -> None:  # noqa: ANN401
        # Not SpecCluster's: it would cancel a job whose nanny is about to start a worker.
        Cluster._update_worker_status(self, op, msg)  # type: ignore[no-untyped-call]  # noqa: SLF001

    def _begin_looking(self) -> None:
        self._looking = asyncio.ensure_future(self._keep_looking())

    async def _keep_looking(self) -> None:
        while self.status == Status.running:
            await asyncio.sleep(_TICK_SECONDS)
            try:
                await self._look()
            except Exception:  # noqa: BLE001  one odd answer must not end the watch
                _LOG.exception("looking after the jobs failed")

    async def _look(self) -> None:
        """See which jobs lack their worker, ask the queue, let `adapt` replace what ended."""
        present = {str(info["name"]) for info in self.scheduler_info["workers"].values()}
        self.desk.connected = len(present)
        absent = []
        for job in list(self.workers):
            if self._names(job) & present:
                self.desk.met(job)
            else:
                self.desk.missed(job)
                absent.append(job)
        if not absent:
            return
        now = time.monotonic()
        missed = [self.desk.entries[job] for job in absent if job in self.desk.entries]
        ages = [now - (entry.lost if entry.seen and entry.lost else entry.submitted)
                for entry in missed]  # fmt: skip
        # Soon after something happened often, while jobs wait for hours seldom.
        pause = min(_SELDOM_SECONDS, max(_TICK_SECONDS, 0.1 * min(ages, default=0.0)))
        if now - self._asked > pause:
            self._asked = now
            await self.desk.ask()
        for job in absent:
            if job in self.workers and self._is_over(job):
                lost = self.workers.pop(job)
                await lost.close()

    def _is_over(self, job: str) -> bool:
        entry = self.desk.entries.get(job)
        now = time.monotonic()
        if entry is None:  # refused: hand it in again, but not at once
            return now - self.desk.refused_at > self.desk.backoff()
        if self.desk.silence or now - entry.submitted < _TICK_SECONDS:
            return False
        state = self.desk.states.get(entry.job)
        if state is None or state.phase == "waiting":
            return False
        if state.phase == "ended":
            return True
        return entry.seen and entry.lost is not None and now - entry.lost > GRACE_SECONDS

    async def _verdict(self, address: str) -> JobState | None:
        job = self.desk.home(address)
        until = time.monotonic() + _VERDICT_SECONDS
        while job is not None:
            if not self.desk.is_hung():
                await self.desk.ask()
            state = self.desk.states.get(job)
            if state is None or state.told != "COMPLETING" or time.monotonic() > until:
                return state
            await asyncio.sleep(1.0)
        return None

    def verdict(self, address: str) -> JobState | None:
        """Say what the queue knows of the job of a worker that is gone; None if nothing."""
        found: JobState | None = self.sync(self._verdict, address)  # type: ignore[no-untyped-call]
        return found

    async def _close(self) -> None:
        if self.status == Status.running:
            self.desk.is_closing = True
            if self._looking is not None:
                self._looking.cancel()
            adaptive: Any = getattr(self, "_adaptive", None)
            if adaptive is not None:
                adaptive.stop()
            async with self._lock:  # what is being handed in gets its number first
                await self._cancel_all()
            for job in self._created:  # all were told to end; Dask asks each of them again
                job.status = Status.closed
        await super()._close()  # type: ignore[no-untyped-call]

    async def _cancel_all(self) -> None:
        jobs = [entry.job for entry in self.desk.entries.values()]
        for words in self.desk.queue.cancel(jobs, self.desk.name):
            try:
                status, _, err = await command_output(words)
            except (OSError, TimeoutError) as error:
                status, err = 1, str(error)
            if status and jobs:
                self.desk.announce(f"could not cancel jobs {' '.join(jobs)}: {err.strip()}")
        self.worker_spec.clear()
        self.workers.clear()


def _host(executor: Executor) -> str:
    """Return the address at which the scheduler listens: on one network, never on all.

    Raises
    ------
    RunError
        If the machine has no such interface, or would send in the clear over a network.
    """
    known = psutil.net_if_addrs()
    if executor.interface and executor.interface not in known:
        expected = f"a network interface of this machine: {', '.join(sorted(known))}"
        remedy = "Name the network that the nodes reach."
        raise RunError(fault("executor.interface", executor.interface, expected, remedy))
    addresses = [a.address for a in known.get(executor.interface or "", ())]
    host = next((a for a in addresses if "." in a), None) or get_ip()  # type: ignore[no-untyped-call]
    if not executor.tls and not host.startswith("127."):
        remedy = "Leave tls out; only a scheduler on loopback may do without."
        expected = "TLS to other machines: patients' data must not cross a network in the clear"
        raise RunError(fault("executor.tls", "false", expected, remedy))
    return str(host)


@contextmanager
def _keys(folder: Path) -> Iterator[Path]:
    """Give a folder for the keys of the workers that none but the user can read."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Path(tempfile.mkdtemp(prefix=KEYS, dir=folder))
    except OSError as error:
        remedy = "Set executor.shared to a folder that this machine and the nodes see."
        raise RunError(
            fault("executor.shared", f"{folder}: {error.strerror}", "a folder", remedy)
        ) from error
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _security(folder: Path) -> Security:
    """Make keys for one run; whoever has none of them can neither join nor listen."""
    made: Any = Security.temporary()  # type: ignore[no-untyped-call]
    paths = {}
    for part, text in (
        ("ca_file", made.tls_ca_file),
        ("key", made.tls_worker_key),
        ("cert", made.tls_worker_cert),
    ):
        paths[part] = folder / f"{part}.pem"
        handle = os.open(paths[part], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(text)
    roles = {
        f"tls_{role}_{part}": str(paths[part])
        for role in ("scheduler", "worker", "client")
        for part in ("key", "cert")
    }
    return Security(  # type: ignore[no-untyped-call]
        require_encryption=True, tls_ca_file=str(paths["ca_file"]), **roles
    )


@contextmanager
def job_client(executor: Executor, *, at_least: int | None = None) -> Iterator[Client]:
    """Give a client of workers in jobs; `at_least` of them are kept even if idle, or all.

    Raises
    ------
    RunError
        If this machine has no command of the queue, or the queue refuses the first job.
    """
    name = f"storiform-{secrets.token_hex(3)[:5]}"
    desk = Desk(executor, name)
    if shutil.which(desk.queue.submit) is None:
        found = f"{executor.kind}, but no command {desk.queue.submit} on this machine"
        expected = "a machine from which jobs can be handed in"
        remedy = "Run on a login node, or choose executor: local."
        raise RunError(fault("executor.kind", found, expected, remedy))
    host = _host(executor)
    options = job_options(executor, name, host)
    scheduler: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "host": host}
    with ExitStack() as stack:
        if executor.tls:
            folder = stack.enter_context(_keys(Path(str(executor.shared))))
            options |= {"security": _security(folder), "protocol": "tls://"}
        Path(str(executor.logs)).mkdir(parents=True, exist_ok=True, mode=0o700)
        cluster = QueueCluster(desk, scheduler, scheduler_cls=Scheduler, **options)
        stack.enter_context(even_at_once(desk.cancel_at_once))
        stack.enter_context(cluster)
        cluster.first()
        most = executor.jobs * executor.processes
        least = most if at_least is None else at_least
        cluster.adapt(minimum=least, maximum=most, interval="1s", wait_count=30)
        yield stack.enter_context(
            Client(cluster, set_as_default=False)  # type: ignore[no-untyped-call]
        )


@contextmanager
def rescue_client(executor: Executor) -> Iterator[Client | None]:
    """Give a client of the job in which steps run alone, None if the queue has no such job."""
    with ExitStack() as stack:
        try:
            client = stack.enter_context(job_client(executor, at_least=0))
        except RunError as error:
            _LOG.warning("no job of %g GB to run steps again in: %s", executor.memory_gb, error)
            yield None
            return
        yield client
