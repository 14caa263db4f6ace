"""What a step and the libraries below it say while it runs, kept with its result."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from storiform.model.errors import DataWarning

MOST_LINES = 1000


@dataclass
class Told:
    """`warnings` are doubtful data, for the report; `log` is everything else, line by line."""

    warnings: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Keep a line of the log, up to a limit."""
        if len(self.log) < MOST_LINES:
            self.log.append(line)


class _Keeper(logging.Handler):
    def __init__(self, told: Told) -> None:
        super().__init__(logging.INFO)
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record; the time is left out, the provenance has those of the step."""
        self._told.add(f"{record.levelname} {record.name}: {record.getMessage()}")


@contextmanager
def listening() -> Iterator[Told]:
    """Collect log records and warnings of the block; neither reaches the worker's output."""
    told = Told()
    root = logging.getLogger()
    keeper, level = _Keeper(told), root.level
    root.addHandler(keeper)
    root.setLevel(min(level, logging.INFO))
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                yield told
            finally:
                _sort(caught, told)
    finally:
        root.setLevel(level)
        root.removeHandler(keeper)


def _sort(caught: list[warnings.WarningMessage], told: Told) -> None:
    told.warnings += sorted(
        {str(w.message) for w in caught if issubclass(w.category, DataWarning)}
    )
    others = {f"{w.category.__name__}: {w.message}" for w in caught}
    data = {f"{w.category.__name__}: {w.message}" for w in caught
            if issubclass(w.category, DataWarning)}  # fmt: skip
    for line in sorted(others - data):
        told.add(line)
