"""A local cluster of Dask whose pauses and whose workers hold, whatever happens to them.

Pauses are counted by a clock that nobody sets.

Tornado and Dask's batches count them by the time of day: when that is set back by an hour,
messages between workers and scheduler wait for an hour. Importing this module makes both
count by the monotonic clock. It is imported before the first loop begins: here by the driver,
and in each worker with the class of worker that its nanny is told to start.
"""

import asyncio
import time
from typing import Any

from distributed import LocalCluster, Nanny, Worker, batched
from distributed.core import Status

_batched: Any = batched  # its names are not exported, among them Tornado's loop


_TICK_SECONDS = 1.0


def _monotonic(_loop: object = None) -> float:
    return time.monotonic()


def _make_steady() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        _batched.IOLoop.time = _monotonic
        _batched.time = _monotonic
    # Within a loop that runs already, such as a notebook's, its own pauses would go wrong.


_make_steady()


class SteadyWorker(Worker):
    """A worker whose process has imported this module."""


class SteadyNanny(Nanny):
    """A nanny of such workers."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  Dask's own
        options["worker_class"] = SteadyWorker
        super().__init__(*args, **options)


class SteadyCluster(LocalCluster):
    """A cluster of such workers that replaces also those which died as they started.

    Dask replaces a worker that its scheduler has seen; for another, `adapt` waits for ever.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  Dask's own
        # First of all, since what fails to begin is closed, too.
        self._looking: asyncio.Task[None] | None = None
        super().__init__(worker_class=SteadyNanny, **options)  # type: ignore[no-untyped-call]
        loop: Any = self.loop
        loop.add_callback(self._begin_looking)

    def _begin_looking(self) -> None:
        self._looking = asyncio.ensure_future(self._keep_looking())

    async def _keep_looking(self) -> None:
        while self.status == Status.running:
            await asyncio.sleep(_TICK_SECONDS)
            for name, nanny in list(self.workers.items()):
                if nanny.status in {Status.failed, Status.closed}:
                    del self.workers[name]  # what is wanted and not there, `adapt` starts

    async def _close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        await super()._close()  # type: ignore[no-untyped-call]
