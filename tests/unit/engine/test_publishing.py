"""Tables are written by workers while there are any, and nobody is waited for in vain."""

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from storiform.engine import publishing
from storiform.engine.ending import Stop
from storiform.engine.publishing import write_by_workers

if TYPE_CHECKING:
    from collections.abc import Iterator


def table(name: str) -> SimpleNamespace:
    """Stand for a table to be written."""
    return SimpleNamespace(contract=SimpleNamespace(name=name))


class Future:
    """Stands for what Dask returns."""

    def __init__(self, status: str) -> None:
        self.status = status

    def done(self) -> bool:
        """Tell whether it has ended."""
        return self.status != "pending"


class Client:
    """Stands for Dask: each table ends as its turn says."""

    def __init__(self, *states: str) -> None:
        self.states: Iterator[str] = iter(states)
        self.cancelled: list[Any] = []

    def submit(self, *_: object, **__: object) -> Future:
        """Return the next future."""
        return Future(next(self.states))

    def cancel(self, futures: list[Any]) -> None:
        """Take note."""
        self.cancelled += futures


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_old", lambda _: [table("a"), table("b")])
    monkeypatch.setattr(publishing, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(publishing, "_PATIENCE_SECONDS", 0.3)


def written(client: Client, stop: Stop, workers: int) -> set[str]:
    begun = time.monotonic()
    found = write_by_workers(None, client, stop, lambda _: workers)  # type: ignore[arg-type]
    assert time.monotonic() - begun < 20
    return found


def test_what_the_workers_wrote_is_named() -> None:
    assert written(Client("finished", "finished"), Stop(), 1) == {"a", "b"}
    assert written(Client("finished", "error"), Stop(), 1) == {"a"}
    assert written(Client("lost", "cancelled"), Stop(), 1) == set()


def test_nobody_waits_for_workers_that_are_no_more() -> None:
    client = Client("finished", "pending")
    assert written(client, Stop(), 0) == {"a"}
    assert [future.status for future in client.cancelled] == ["pending"]


def test_a_signal_is_heard_while_workers_write() -> None:
    client = Client("pending", "pending")
    assert written(client, Stop(signal=15), 1) == set()
    assert len(client.cancelled) == 2


def test_workers_that_live_are_waited_for() -> None:
    client = Client("pending", "finished")
    looks: list[int] = []

    def workers(_: object) -> int:
        looks.append(1)
        if len(looks) == 12:  # longer than the patience with none
            futures[0].status = "finished"
        return 1

    futures = [Future("pending"), Future("finished")]
    turn = iter(futures)
    client.submit = lambda *_, **__: next(turn)  # type: ignore[method-assign,assignment]
    assert write_by_workers(None, client, Stop(), workers) == {"a", "b"}  # type: ignore[arg-type]
    assert len(looks) == 12
