"""The watch over the workers: a run without any must end with a reason, never in silence."""

import time
from typing import TYPE_CHECKING

from storiform.engine.blame import desk_of
from storiform.model.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from distributed import Client

_EVERY_SECONDS = 2.0
_MOST_NAMED = 3
QUIET_SECONDS = 300.0
"""After so long without an end of anything a person is told what is at work; then seldomer."""


class Watch:
    """Knows since when no worker was seen, and for how long that may be."""

    def __init__(
        self,
        workers: "Callable[[Client], int] | None",
        expected: int,
        limit_seconds: float,
        tell: "Callable[[str], None]" = lambda _text: None,
    ) -> None:
        self._workers = workers
        self._expected = expected
        self._limit = limit_seconds
        self._tell = tell
        self._seen = self._waited = self._ended = time.monotonic()
        self._quiet = QUIET_SECONDS

    def ended(self) -> None:
        """Take note of something that ended."""
        self._seen = self._ended = time.monotonic()
        self._quiet = QUIET_SECONDS

    def look(
        self,
        client: "Client",
        others: "Iterable[Client]" = (),
        at_work: "Callable[[], list[str]]" = list,
    ) -> bool:
        """Look after the workers, every few seconds; tell whether it was time to.

        Parameters
        ----------
        client
            Of the usual workers.
        others
            Of those that work beside them: while one of these does, nothing is given up.
        at_work
            Names what they have been given.

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
            self._seen = now
            self._tell_of_quiet(now, at_work)
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

    def _tell_of_quiet(self, now: float, at_work: "Callable[[], list[str]]") -> None:
        if now - self._ended > self._quiet and (given := at_work()):
            self._quiet *= 2
            self._tell(_quiet_told(now - self._ended, given))


def _quiet_told(seconds: float, given: "list[str]") -> str:
    """Say that nothing ended for some time: a long step looks like a run that stands still.

    Examples
    --------
    >>> _quiet_told(601.0, ["tmb of P1", "tmb of P2", "tpm of P1", "tpm of P2"])
    'nothing has ended for 10 minutes; workers have tmb of P1, tmb of P2, tpm of P1 and 1 more'
    """
    shown = ", ".join(given[:_MOST_NAMED])
    more = f" and {len(given) - _MOST_NAMED} more" if len(given) > _MOST_NAMED else ""
    return f"nothing has ended for {seconds / 60:.0f} minutes; workers have {shown}{more}"
