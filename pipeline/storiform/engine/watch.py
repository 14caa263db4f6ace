"""The watch over the workers: a run without any must end with a reason, never in silence."""

import time
from typing import TYPE_CHECKING

from storiform.engine.blame import desk_of
from storiform.model.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from distributed import Client

_EVERY_SECONDS = 2.0


class Watch:
    """Knows since when no worker was seen, and for how long that may be."""

    def __init__(
        self, workers: "Callable[[Client], int] | None", expected: int, limit_seconds: float
    ) -> None:
        self._workers = workers
        self._expected = expected
        self._limit = limit_seconds
        self._seen = self._waited = time.monotonic()

    def saw(self) -> None:
        """Take note of a sign of life."""
        self._seen = time.monotonic()

    def look(self, client: "Client", others: "Iterable[Client]" = ()) -> bool:
        """Look after the workers, every few seconds; tell whether it was time to.

        Parameters
        ----------
        client
            Of the usual workers.
        others
            Of those that work beside them: while one of these does, nothing is given up.

        Raises
        ------
        RunError
            If there was none for too long, or none will come, with what the queue says.
        """
        now = time.monotonic()
        if now - self._seen < min(_EVERY_SECONDS, self._limit):
            return False  # asking the scheduler costs a message
        desk = desk_of(client)
        present = 1 if self._workers is None else self._workers(client)
        if desk is not None:
            desk.tell(connected=present)
        if not present and self._workers is not None:
            present = sum(map(self._workers, others))
        if present:
            self.saw()
            return True
        if desk is not None and desk.trouble():
            raise RunError(desk.trouble())
        patience = desk.patience() if desk is not None else None
        if patience is not None:
            self._waited = now
        limit = patience if patience is not None else self._limit
        since = self._seen if patience is not None else max(self._seen, self._waited)
        if now - since > limit:
            told = f" The queue says: {desk.says()}." if desk is not None else ""
            message = (
                f"workers: found none for {limit / 60:g} minutes, expected {self._expected}."
                f"{told} See why they do not start (memory, queue, walltime), then run again: "
                f"what is done is kept."
            )
            raise RunError(message)
        return True
