"""Tables are written at the end of a run: by workers, and what these left by the driver."""

import time
from collections.abc import Callable, Container
from contextlib import suppress
from typing import TYPE_CHECKING

from storiform.engine.collect import GOOD, Export, drop_stale, exported_tables, exports
from storiform.engine.graph import Node
from storiform.engine.results import DamagedError
from storiform.engine.session import Session
from storiform.model.errors import fault

if TYPE_CHECKING:
    from distributed import Client


def write_by_workers(session: Session, client: "Client") -> set[str]:
    """Let the workers write tables; return those that are written, by name."""
    old = _old(session)
    written = set()
    # What fails here, with its worker or the scheduler, is written by the driver afterwards.
    with suppress(Exception):
        futures = [client.submit(Export.write, export, pure=False) for export in old]
        for export, future in zip(old, futures, strict=True):
            if future.exception() is None:  # type: ignore[no-untyped-call]
                written.add(export.contract.name)
    return written


def write_rest(
    session: Session, written: Container[str], lost: Callable[[Node, str], None]
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
    """
    while True:
        try:
            for export in _old(session):
                if export.contract.name not in written:
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
    """Return the tables to be written; to verify, all: no mark tells of a bit that flipped."""
    steps = session.graph.steps
    tables = exported_tables(steps, session.graph)
    found = exports(tables, session.graph, session.report.cohort, session.results)
    drop_stale(found, session.results)
    return [export for export in found if session.check.verify or not export.is_current()]


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
