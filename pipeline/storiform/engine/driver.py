"""The driver: it holds the graph, hands ready nodes to Dask and decides what failure means.

Only ready nodes are with the scheduler, about two for each worker. Small quick nodes travel
in bundles. When a worker dies Dask blames every task that it held, so all of them are run
again, each alone: the innocent finish and the guilty one is found. Where a queue says that it
ended the worker's job itself, nobody is blamed.
"""

import queue
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from storiform.engine.blame import desk_of, landed, overdue
from storiform.engine.ending import Stop
from storiform.engine.explain import Check
from storiform.engine.graph import LOST, SETTLED, Graph, Node, State, blocking
from storiform.engine.lanes import Lane, Lanes
from storiform.engine.lock import RunLock
from storiform.engine.results import Results
from storiform.engine.tasks import task_of
from storiform.engine.watch import Watch
from storiform.engine.work import Outcome, work
from storiform.model.cohort import Cohort
from storiform.model.errors import RunError, fault

if TYPE_CHECKING:
    from distributed import Client, Future

MAX_BUNDLE = 32
_GONE = fault(
    "workers", "a scheduler that is gone", "the one that this run began with",
    "See why it ended, then run again: what is done is kept.",
)  # fmt: skip
QUICK_SECONDS = 0.05
"""A step whose nodes take less than this on average travels in bundles."""


@dataclass(frozen=True)
class Rules:
    """How the driver behaves; values of the configuration's section `run`."""

    workflow: str
    retries: int = 2
    allow_partial_cohort: bool = True
    watchdog_seconds: float = 600.0
    check: Check = field(default_factory=Check)


Listener = Callable[[Node, str], None]


@dataclass(frozen=True)
class _Flight:
    """Nodes that were sent together; without a lane they run alone."""

    nodes: list[Node]
    future: "Future[Any]"
    client: "Client"
    lane: Lane | None


@dataclass
class Driver:
    """Runs all nodes of a graph that have work to do.

    `listen` is called with each node that settles and the message that came with it,
    `announce` with what belongs to none; `lanes` are the workers that nodes ask for.
    """

    graph: Graph
    cohort: Cohort
    results: Results
    rules: Rules
    lock: RunLock
    listen: Listener
    lanes: Lanes
    stop: Stop = field(default_factory=Stop)
    workers: Callable[["Client"], int] | None = None
    announce: Callable[[str], None] = lambda _text: None

    _token: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    _numbers: "count[int]" = field(default_factory=count)
    _alone: deque[Node] = field(default_factory=deque)
    _groups: dict[str, list[Node]] = field(default_factory=dict)
    _held: dict[str, list[Node]] = field(default_factory=dict)
    _waiting: dict[Node, int] = field(default_factory=dict)
    _flying: dict[str, _Flight] = field(default_factory=dict)
    _cuts: Counter[Node] = field(default_factory=Counter)
    _lonely: str = ""
    _lonely_since: float = 0.0
    _landed: "queue.SimpleQueue[Future[Any]]" = field(default_factory=queue.SimpleQueue)
    _pace: dict[str, list[float]] = field(default_factory=dict)

    def run(self, client: "Client") -> None:
        """Run until every node has settled or the run must stop."""
        self._prepare()
        expected = self.lanes.usual.slots
        watch = Watch(self.workers, expected, self.rules.watchdog_seconds, self.announce)
        while self._flying or self._alone or any(lane.has_work() for lane in self.lanes.all):
            if self.stop:
                self._cancel()
                return
            self._submit(client)
            self.lock.beat()
            if not self._flying:
                continue
            try:
                future = self._landed.get(timeout=0.2)
            except queue.Empty:
                if watch.look(client, self._others(client), self._given):
                    self._ground(client)
                continue
            watch.ended()
            self._land(future)

    def _given(self) -> list[str]:
        firsts = [flight.nodes[0] for flight in self._flying.values()]
        return [f"{node.step} of {node.unit}" for node in firsts]

    def _prepare(self) -> None:
        for node in self.graph.nodes:
            if node.state in SETTLED:
                continue
            upstream = {id(feed.node): feed.node for feed in node.feeds()}
            open_nodes = [n for n in upstream.values() if n.state not in SETTLED]
            self._waiting[node] = len(open_nodes)
            if node.group:
                self._groups.setdefault(node.group, []).append(node)
        for node in [n for n, waiting in self._waiting.items() if not waiting]:
            self._arrive(node)

    def _arrive(self, node: Node) -> None:
        """Make a node ready; those of one pass over a file wait for each other."""
        if not node.group:
            self.lanes.of([node]).ready.append(node)
            return
        self._held.setdefault(node.group, []).append(node)
        self._release(node.group)

    def _release(self, group: str) -> None:
        """Let a pass begin once each of its nodes has its inputs, or never will."""
        held = self._held.get(group, [])
        waiting = [
            n for n in self._groups.get(group, []) if n.state == "todo" and n not in held
        ]
        if held and not waiting:
            self.lanes.of(held).ready.append(held[0])

    # -- submission ------------------------------------------------------------------

    def _submit(self, client: "Client") -> None:
        if self._alone and (not self._flying or (self.lanes.apart and not self._lonely)):
            node = self._alone.popleft()
            lone = self.lanes.alone(node) or self.lanes.of([node]).opened(client) or client
            self._fly_alone(lone, [node])
        if not self.lanes.apart and (self._alone or self._lonely):
            return  # suspects run alone: wait until nothing else flies
        for lane in list(self.lanes.all):
            if lane.is_solo:
                self._submit_solo(lane, client)
                continue
            while lane.has_work() and lane.has_room() and not self.stop:
                there = lane.opened(client)
                if there is None:
                    self._forsake(lane)
                elif bundle := self._next(lane):
                    self._send(there, bundle, lane)

    def _submit_solo(self, lane: Lane, client: "Client") -> None:
        """Send one that needs the memory of the whole machine, when nothing else flies."""
        while lane.has_work() and not self._flying and not self.stop:
            if bundle := self._next(lane):
                self._fly_alone(self.lanes.alone(bundle[0]) or client, bundle)

    def _fly_alone(self, client: "Client", nodes: list[Node]) -> None:
        self._lonely = self._send(client, nodes, None)
        self._lonely_since = time.monotonic()

    def _next(self, lane: Lane) -> list[Node]:
        return lane.again.popleft() if lane.again else self._bundle(lane)

    def _bundle(self, lane: Lane) -> list[Node]:
        first = lane.ready.popleft()
        if first.group:
            return [node for node in self._held.pop(first.group) if self._enter(node)]
        if not self._enter(first):
            return []
        bundle = [first]
        share = len(lane.ready) // (4 * lane.slots)
        while len(bundle) < min(MAX_BUNDLE, share) and self._is_quick(first.step):
            if not lane.ready or lane.ready[0].step != first.step or lane.ready[0].group:
                break
            node = lane.ready.popleft()
            if self._enter(node):
                bundle.append(node)
        return bundle

    def _is_quick(self, step: str) -> bool:
        pace = self._pace.get(step, [])
        return bool(pace) and sum(pace) / len(pace) < QUICK_SECONDS

    def _enter(self, node: Node) -> bool:
        """Fix the inputs of a node over what survived; False if it needs no run."""
        before = node.fingerprint
        if gone := node.forget_lost():
            self._settle(node, "blocked", blocking(gone))
            return False
        folder = self.results.at(node.step, node.unit, node.fingerprint)
        check = self.rules.check
        if node.fingerprint != before:
            record, damage = self.results.inspect(folder, verify=check.verify)
            if damage is None and not check.rerun_changed_code:
                node.doubts = tuple(record.get("warnings", ()))
                self._settle(node, "cached", "")
                return False
            self.results.discard(folder)
        return True

    def _send(self, client: "Client", nodes: list[Node], lane: Lane | None) -> str:
        threads = (lane or self.lanes.of(nodes)).threads
        tasks = [
            task_of(node, self.rules.workflow, self.results, self.cohort, threads)
            for node in nodes
        ]
        for node in nodes:
            node.state = "running"
            node.tries += 1
        # No patient's name in a key, and none twice: equal inputs have equal fingerprints.
        key = f"{nodes[0].step}-{self._token}-{next(self._numbers)}"
        try:
            future = client.submit(work, tasks, key=key, pure=False, retries=0)
        except Exception as error:
            if getattr(client, "status", "") not in {"closing", "closed"}:
                raise
            raise RunError(_GONE) from error
        self._flying[key] = _Flight(nodes, future, client, lane)
        if lane is not None:
            lane.count(1)
        future.add_done_callback(self._landed.put)  # type: ignore[no-untyped-call]
        return key

    # -- return ----------------------------------------------------------------------

    def _land(self, future: "Future[Any]") -> None:
        key = str(future.key)
        if key not in self._flying:
            return  # cancelled
        flight = self._settled(key)
        nodes = flight.nodes
        outcomes, loss = landed(future, flight.client)
        for node, outcome in zip(nodes, outcomes, strict=False):
            self._take(node, outcome)
        lost = nodes[len(outcomes) :]
        if loss.is_blameless and lost and self._may_repeat(lost):
            for node in lost:
                node.state = "todo"
                node.tries -= 1
                self.listen(node, f"runs again: {loss.reason}")
            if flight.lane is not None:
                flight.lane.again.append(lost)
            else:
                self._alone.extend(lost)
            return
        for node in lost:
            self._suspect(node, loss.reason)

    def _settled(self, key: str) -> _Flight:
        flight = self._flying.pop(key)
        if flight.lane is not None:
            flight.lane.count(-1)
        if key == self._lonely:
            self._lonely = ""
        return flight

    def _may_repeat(self, nodes: list[Node]) -> bool:
        """Count what was cut off without its fault; a step that always is outlasts its job."""
        self._cuts.update(nodes)
        return max(self._cuts[node] for node in nodes) <= self.rules.retries + 1

    def _take(self, node: Node, outcome: Outcome) -> None:
        node.seconds = outcome.seconds
        pace = self._pace.setdefault(node.step, [])
        if len(pace) < 100:  # noqa: PLR2004  enough for a mean
            pace.append(outcome.seconds)
        node.doubts = outcome.warnings
        if outcome.ending == "done":
            self._settle(node, "done", "")
        elif outcome.ending == "disk_full":
            self.stop.reason = f"no space left in the results folder ({outcome.message})"
            node.state = "todo"
        elif outcome.ending == "unwritable":
            self.stop.reason = f"the results folder cannot be written ({outcome.message})"
            node.state = "todo"
        elif outcome.ending == "memory":
            self._suspect(node, outcome.message)
        else:
            node.why = outcome.ending
            self._settle(node, "failed", outcome.message)

    def _suspect(self, node: Node, reason: str) -> None:
        """Run a node again, alone, or give it up after its last try."""
        if node.tries <= self.rules.retries and not self.stop:
            node.state = "todo"
            self._alone.append(node)
            self.listen(node, f"runs again alone: {reason}")
            return
        self._give_up(node, f"{reason}, {node.tries} times; alone the last time")

    def _give_up(self, node: Node, message: str) -> None:
        record = {
            "step": node.step, "unit": node.unit, "fingerprint": node.fingerprint,
            "ending": "killed", "message": message, "details": "", "finished": time.time(),
        }  # fmt: skip
        self.results.write_failure(node.step, node.unit, record)
        self._settle(node, "failed", message)

    def _settle(self, node: Node, state: State, message: str) -> None:
        node.state = state
        if state == "blocked":
            node.why = message
        self.listen(node, message)
        for child in node.needed_by:
            if child.state != "todo" or child not in self._waiting:
                continue
            self._waiting[child] -= 1
            partial = self.rules.allow_partial_cohort
            if state in LOST and not child.may_miss(node, partial=partial):
                self._settle(child, "blocked", blocking([node]))
            elif self._waiting[child] == 0:
                self._arrive(child)
        if node.group and state == "blocked":
            self._release(node.group)

    # -- trouble ---------------------------------------------------------------------

    def _others(self, client: "Client") -> list["Client"]:
        found = {id(flight.client): flight.client for flight in self._flying.values()}
        return [other for other in found.values() if other is not client]

    def _ground(self, client: "Client") -> None:
        """Give up what no job can finish: too long for any, or there will be none."""
        flights = self._flying.items()
        hopeless = overdue({f.client for _, f in flights}, self.rules.retries + 1)
        for lane in self.lanes.desperate():
            hopeless |= {key: lane.lost for key, flight in flights if flight.lane is lane}
        if self._lonely in self._flying:
            there = self._flying[self._lonely].client
            alone = desk_of(there)
            if alone is not None and alone is not desk_of(client):
                told = alone.despair(time.monotonic() - self._lonely_since)
                if told and self.lanes.without(there):
                    self._try_smaller(told)
                elif told:
                    hopeless |= {self._lonely: told}
        for key in sorted(hopeless.keys() & self._flying.keys()):
            flight = self._settled(key)
            flight.future.cancel()  # type: ignore[no-untyped-call]
            for node in flight.nodes:
                self._give_up(node, hopeless[key])

    def _try_smaller(self, reason: str) -> None:
        """Take a suspect back from a job that never began, and let it have a smaller one."""
        flight = self._settled(self._lonely)
        flight.future.cancel()  # type: ignore[no-untyped-call]
        for node in flight.nodes:
            node.state = "todo"
            node.tries -= 1
            self.listen(node, f"runs again alone, in a job like those before: {reason}")
        self._alone.extendleft(flight.nodes)

    def _forsake(self, lane: Lane) -> None:
        """Give up what waits for workers that cannot be had."""
        for node in self._next(lane):
            self._give_up(node, lane.lost)

    def _cancel(self) -> None:
        for flight in self._flying.values():
            flight.future.cancel()  # type: ignore[no-untyped-call]
            for node in flight.nodes:
                node.state = "todo"
        self._flying.clear()
