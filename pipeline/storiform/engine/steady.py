"""Dask's pauses counted by a clock that nobody sets.

Tornado and Dask's batches count them by the time of day: when that is set back by an hour,
messages between workers and scheduler wait for an hour. Importing this module makes both
count by the monotonic clock. It is imported before the first loop begins: here by the driver,
and in each worker with the class of worker that its nanny is told to start.
"""

import asyncio
import time
from typing import Any

from distributed import Nanny, Worker, batched

_batched: Any = batched  # its names are not exported, among them Tornado's loop


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
