"""Which workers a step runs on: the usual ones, or jobs of its own if it asks for more.

What a step asks for it says itself (`costs`), and the configuration says it better
(`executor.steps`). A lane is a kind of worker and what waits for it. On a queue, steps that
ask for more than a usual worker has are given jobs of their own, handed in when the first of
them is ready and given back when none is; on this machine each of them runs while nothing
else does, with the memory of the whole machine.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from storiform.engine.blame import desk_of
from storiform.engine.cluster import slots, threads, worker_memory_gb
from storiform.engine.graph import Node
from storiform.engine.job_script import job_memory_gb, rescue
from storiform.engine.sections import Executor, StepNeeds, walltime_seconds
from storiform.model.errors import RunError
from storiform.model.step import Cost

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Ask:
    """What nodes that run together need: the most of each; empty where it does not matter."""

    cores: int = 1
    memory_gb: float = 0.0
    walltime: str = ""
    queue: str = ""
    jobs: int | None = None


def ask_of(nodes: Iterable[Node], steps: Mapping[str, StepNeeds]) -> Ask:
    """Return what nodes ask for: what is configured for their steps, else what these say.

    What a step takes that says nothing is no demand: workers may be smaller than that. Nor
    are cores that it says: with fewer it takes longer, which is no reason for another job.
    """
    asks = [(node, steps.get(node.step, StepNeeds())) for node in nodes]
    said = [node.memory_gb if node.memory_gb > Cost().memory_gb else 0.0 for node, _ in asks]
    queues = sorted({needs.queue for _, needs in asks if needs.queue})
    return Ask(
        cores=max((needs.cores or 1 for _, needs in asks), default=1),
        memory_gb=max(
            (needs.memory_gb or own for (_, needs), own in zip(asks, said, strict=True)),
            default=0.0,
        ),
        walltime=max(
            (needs.walltime for _, needs in asks if needs.walltime),
            key=walltime_seconds,
            default="",
        ),
        queue=queues[0] if queues else "",
        jobs=max((needs.jobs for _, needs in asks if needs.jobs), default=None),
    )


def own_jobs(ask: Ask, executor: Executor) -> Executor | None:
    """Return an executor of jobs for what asks so much, None if a usual worker will do."""
    share = job_memory_gb(executor) / executor.processes
    cores = max(1, executor.cores // executor.processes)
    usual = walltime_seconds(executor.walltime)
    is_longer = bool(ask.walltime) and walltime_seconds(ask.walltime) > usual
    is_elsewhere = bool(ask.queue) and ask.queue != executor.queue
    is_larger = ask.memory_gb > share or ask.cores > cores
    if not (is_larger or is_longer or is_elsewhere or ask.jobs):
        return None
    return executor.model_copy(
        update={
            "jobs": ask.jobs or executor.jobs,
            "processes": 1,
            "cores": max(ask.cores, cores),
            "memory_gb": max(ask.memory_gb, share),
            "walltime": ask.walltime or executor.walltime,
            "queue": ask.queue or executor.queue,
        }
    )


def jobs_told(nodes: Iterable[Node], executor: Executor) -> list[str]:
    """Describe the jobs in which the nodes that have work to do would run."""
    together: dict[str, list[Node]] = {}
    for node in nodes:
        if node.state == "todo":
            together.setdefault(node.group or node.step, []).append(node)
    if not together:
        return []
    if executor.scheduler:
        whose = f"On the workers of {executor.scheduler}"
        return [f"{whose}; executor.steps has no say over them" if executor.steps else whose]
    if executor.kind == "local":
        return []
    lines = {_told(executor): set[str]()}
    for group in together.values():
        own = own_jobs(ask_of(group, executor.steps), executor)
        lines.setdefault(_told(own or executor), set()).update(node.step for node in group)
    usual, *others = lines.items()
    start = f"In jobs of {executor.kind}: {usual[0]}"
    return [start, *(f"    {', '.join(sorted(s))}: {told}" for told, s in others)]


def size_told(executor: Executor) -> str:
    """Describe one job of an executor."""
    cores = f"{executor.cores} core{'s' if executor.cores > 1 else ''}"
    size = f"{cores}, {job_memory_gb(executor):g} GB, {executor.walltime}"
    where = f", {executor.queue}" if executor.queue else ""
    return f"{size}{where}"


def _told(executor: Executor) -> str:
    return f"{executor.jobs} of {size_told(executor)}"


@dataclass(eq=False)
class Lane:
    """Workers that are alike, and the nodes that wait for them.

    `open` gives their client, or raises `RunError` where they cannot be had; None stands for
    the usual workers. Nodes of a `solo` lane run one by one, while nothing else does.
    """

    slots: int
    threads: int = 1
    open: "Callable[[], Client] | None" = None
    is_solo: bool = False
    ready: deque[Node] = field(default_factory=deque)
    again: deque[list[Node]] = field(default_factory=deque)
    flying: int = 0
    client: "Client | None" = None
    lost: str = ""
    """Why it has no workers and never will."""
    waits_since: float = 0.0
    """Since when it has work and no worker, on the monotonic clock."""

    def has_work(self) -> bool:
        """Tell whether something waits."""
        return bool(self.again or self.ready)

    def has_room(self) -> bool:
        """Tell whether more should be sent: about two tasks for each worker."""
        return self.flying < 2 * self.slots

    def opened(self, usual: "Client") -> "Client | None":
        """Return the client of its workers, None where they cannot be had."""
        if self.lost:
            return None
        if self.open is None:
            return usual
        if self.client is None:
            try:
                self.client = self.open()
            except RunError as error:
                self.lost = str(error)
        return self.client

    def count(self, more: int) -> None:
        """Take note of tasks sent or back; its jobs are as many as have something to do."""
        if self.flying == 0:
            self.waits_since = time.monotonic()
        self.flying += more
        cluster: Any = getattr(self.client, "cluster", None)
        if cluster is not None:
            cluster.keep(min(self.flying, self.slots))

    def despairs(self) -> bool:
        """Tell whether what flies here will find no job, and keep why in `lost`."""
        desk = desk_of(self.client)
        if desk is not None and self.flying and not self.lost:
            if desk.connected:
                self.waits_since = time.monotonic()
            self.lost = desk.despair(time.monotonic() - self.waits_since)
        return bool(self.lost)


class Lanes:
    """The lanes of a run, made as nodes ask for them.

    `apart` tells whether what runs alone has a job of its own, so that others need not wait.

    `jobs` opens a client of jobs that an executor describes, `rescue` one of a single job in
    which steps run alone, None where the queue has no such job.
    """

    def __init__(
        self,
        executor: Executor,
        jobs: "Callable[[Executor], Client]",
        rescue: "Callable[[Executor], Client | None]",
    ) -> None:
        self.usual = Lane(slots(executor), threads(executor))
        self.solo = Lane(1, threads(executor), is_solo=True)
        self.all = [self.usual, self.solo]
        self.apart = executor.kind != "local"
        self._executor = executor
        self._open_jobs, self._open_rescue = jobs, rescue
        self._by_steps: dict[tuple[str, ...], Lane] = {}
        self._by_job: dict[tuple[object, ...], Lane] = {}
        self._rescues: dict[tuple[object, ...], Client | None] = {}

    def of(self, nodes: Sequence[Node]) -> Lane:
        """Return the lane of nodes that run together."""
        steps = tuple(sorted({node.step for node in nodes}))
        if steps not in self._by_steps:
            self._by_steps[steps] = self._made(nodes)
        return self._by_steps[steps]

    def desperate(self) -> list[Lane]:
        """Return the lanes for whose nodes there will be no job."""
        return [lane for lane in self.all if lane.despairs()]

    def _made(self, nodes: Sequence[Node]) -> Lane:
        if self._executor.scheduler:
            return self.usual  # its workers are not ours to choose
        if self._executor.kind == "local":
            needs = ask_of(nodes, self._executor.steps).memory_gb
            return self.solo if needs > worker_memory_gb(self._executor) else self.usual
        own = own_jobs(ask_of(nodes, self._executor.steps), self._executor)
        if own is None:
            return self.usual
        if _key(own) not in self._by_job:
            lane = Lane(own.jobs, threads(own), partial(self._open_jobs, own))
            self._by_job[_key(own)] = lane
            self.all.append(lane)
        return self._by_job[_key(own)]

    def alone(self, node: Node) -> "Client | None":
        """Return the client on which a suspect runs alone, with more memory at each try.

        Where the queue has no job so large, that of the try before; None if it has none.
        """
        own = own_jobs(ask_of([node], self._executor.steps), self._executor)
        for tries in range(max(1, node.tries), 0, -1):
            larger = rescue(own or self._executor, tries)
            if _key(larger) not in self._rescues:
                self._rescues[_key(larger)] = self._open_rescue(larger)
            client = self._rescues[_key(larger)]
            if client is not None:
                return client
        return None

    def without(self, client: "Client") -> bool:
        """Ask no more for the job of a rescue that never began; False if it is none."""
        for key, known in self._rescues.items():
            if known is client:
                self._rescues[key] = None
                return True
        return False


def _key(executor: Executor) -> tuple[object, ...]:
    """Return what tells jobs apart that one run hands in."""
    jobs = (executor.memory_gb, executor.cores, executor.walltime, executor.queue)
    return ("local",) if executor.kind == "local" else (*jobs, executor.jobs)
