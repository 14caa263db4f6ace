"""Tables are written at the end of a run: by workers, and what these left by the driver."""

import time
from collections.abc import Callable, Container
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from storiform.engine.collect import GOOD, Export, drop_stale, exported_tables, exports
from storiform.engine.ending import Stop
from storiform.engine.graph import Node
from storiform.engine.results import DamagedError
from storiform.engine.session import Session
from storiform.model.errors import fault

if TYPE_CHECKING:
    from distributed import Client

_TURN_SECONDS = 0.05
_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 20.0
"""After so long without any worker the driver writes the tables itself."""


def write_by_workers(
    session: Session, client: "Client", stop: Stop, workers: Callable[["Client"], int]
) -> set[str]:
    """Let the workers write tables; return those that are written, by name.

    What fails here, with its worker or the scheduler, is written by the driver afterwards; so
    is what waits for workers that are no more.

    Parameters
    ----------
    session
        The finished graph.
    client
        Of the usual workers.
    stop
        Once it says so, nothing more is waited for.
    workers
        Counts those that are there.
    """
    written: set[str] = set()
    futures: dict[Any, str] = {}
    with suppress(Exception):
        for export in _old(session):
            future = client.submit(Export.write, export, pure=False)
            futures[future] = export.contract.name
        seen = time.monotonic()
        while futures and not stop:
            ended = [future for future in futures if future.done()]
            for future in ended:
                name = futures.pop(future)
                if future.status == "finished":
                    written.add(name)
            if ended:
                seen = time.monotonic()
                continue
            time.sleep(_TURN_SECONDS)
            waited = time.monotonic() - seen
            if waited > _LOOK_SECONDS and workers(client):
                seen = time.monotonic()
            elif waited > _PATIENCE_SECONDS:
                break
    with suppress(Exception):
        client.cancel(list(futures))  # type: ignore[no-untyped-call]
    return written


def write_rest(
    session: Session,
    written: Container[str],
    lost: Callable[[Node, str], None],
    heed: Callable[[], None] = lambda: None,
) -> None:
    """Write the tables that no worker wrote, those that were deleted, or all to verify.

    Parameters
    ----------
    session
        The finished graph.
    written
        Tables that need no writing, by name.
    lost
        Is told of each result that the disk changed, with a message. Its node has failed
        then, the tables are made without it, and the next run makes it again.
    heed
        Is called before each table; it raises where the run shall end.
    """
    while True:
        heed()  # before old tables are deleted
        try:
            for export in _old(session):
                if export.contract.name not in written:
                    heed()
                    export.write()
        except (DamagedError, FileNotFoundError):
            gone = [node for node in session.graph.nodes if _is_gone(session, node)]
            if not gone or not (session.results.root / "units").is_dir():
                raise
            for node in gone:
                _give_up(session, node, lost)
        else:
            return


def _old(session: Session) -> list[Export]:
    """Return the tables to be written.

    To verify, all: no mark tells of a bit that flipped. Nor does one tell that the code of a
    step changed, where results of other code are made again.
    """
    steps = session.graph.steps
    tables = exported_tables(steps, session.graph)
    found = exports(tables, session.graph, session.report.cohort, session.results)
    drop_stale(found, session.results)
    anew = session.check.verify or session.check.rerun_changed_code
    return [export for export in found if anew or not export.is_current()]


def _is_gone(session: Session, node: Node) -> bool:
    """Tell whether a result is no more: what is found damaged is moved away at once."""
    folder = session.results.at(node.step, node.unit, node.fingerprint)
    return node.state in GOOD and not folder.exists()


def _give_up(session: Session, node: Node, lost: Callable[[Node, str], None]) -> None:
    where, found = f"{node.unit} of {node.step}", "a result damaged on the disk"
    remedy = "Run again: it is made again. Look after the disk."
    message = fault(where, found, "what was written", remedy)
    record = {
        "step": node.step, "unit": node.unit, "fingerprint": node.fingerprint,
        "ending": "failed", "message": message, "details": "", "finished": time.time(),
    }  # fmt: skip
    session.results.write_failure(node.step, node.unit, record)
    lost(node, message)
    node.state = "failed"
