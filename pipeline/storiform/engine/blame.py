"""Why work came back without an outcome, and whether the step may be to blame."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storiform.engine.work import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from distributed import Client, Future

    from storiform.engine.desk import Desk

_FETCH_SECONDS = 60.0
_DIED = "its worker died (killed, out of memory or crashed)"


@dataclass(frozen=True)
class Loss:
    """Why there is no outcome; blameless is a step whose job was ended from outside."""

    reason: str = ""
    is_blameless: bool = False


def desk_of(client: "Client | None") -> "Desk | None":
    """Return the book of the jobs that a client's workers run in, None if they run in none."""
    return getattr(getattr(client, "cluster", None), "desk", None)


def overdue(clients: "Iterable[Client]", retries: int) -> dict[str, str]:
    """Return the tasks that ends of jobs cut off more than `retries` times, and why."""
    found: dict[str, str] = {}
    for desk in map(desk_of, clients):
        found |= desk.overdue(retries) if desk is not None else {}
    return found


def landed(future: "Future[Any]", client: "Client") -> tuple[list[Outcome], Loss]:
    """Return the outcomes of a future, none if they were lost, and why."""
    if future.status != "finished":
        return [], _loss(future, client)
    try:
        return future.result(timeout=_FETCH_SECONDS), Loss()
    except Exception as error:  # noqa: BLE001  the worker died with the outcomes: ask again
        return [], Loss(f"its worker died before it could tell ({type(error).__name__})")


def _loss(future: "Future[Any]", client: "Client") -> Loss:
    from distributed.scheduler import KilledWorker

    if future.status != "error":
        return Loss(f"its worker was {future.status}")
    error = future.exception()  # type: ignore[no-untyped-call]
    if not isinstance(error, KilledWorker):
        return Loss(f"{type(error).__name__}: {error}")
    return _in_job(str(error.last_worker.address), client)


def _in_job(address: str, client: "Client") -> Loss:
    """Ask the queue what became of the job of a worker that is gone."""
    desk = desk_of(client)
    if desk is None:
        return Loss(_DIED)
    cluster: Any = client.cluster
    state = cluster.verdict(address)
    if state is not None and state.lacked_memory:
        return Loss(f"its job was ended for memory: {state}")
    if desk.has_left(address):
        left = f"its worker left before the walltime of its job ({desk.executor.walltime})"
        return Loss(left, is_blameless=True)
    if state is None or state.phase != "ended":
        return Loss(_DIED)
    if state.is_ended_by_queue:
        return Loss(f"its job was ended from outside: {state}", is_blameless=True)
    return Loss(f"its job ended with it: {state}")
