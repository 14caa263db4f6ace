"""One pass over a file of reads for all collectors that want it.

The file is opened and decoded once. Each batch of records is shown to every collector;
with several threads each has its own part of the file and its own forks of the collectors,
which are merged at the end. Everything that they add up is an integer, so the tables do not
depend on the number of threads or on where the file was cut. What one collector does wrong
is its own failure: the others go on.
"""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from storiform.engine.logs import listening
from storiform.engine.results import Results
from storiform.engine.work import (
    Outcome,
    Task,
    arguments_of,
    loaded,
    perform,
    write_table,
)
from storiform.io.read_files import check_reads, open_reads
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.reads import Chunk, Collector, ReadFile
from storiform.model.step import Step
from storiform.model.table import Table

PIECES_PER_THREAD = 4
"""Parts of a file for each thread, so that none waits long for the last."""


@dataclass
class Seat:
    """A task that takes part in a pass: its collector, or why it has none."""

    task: Task
    step: Step
    tables: dict[str, Table]
    collector: Collector | None = None
    error: BaseException | None = None
    warnings: list[str] = field(default_factory=list)

    def attempt(self, work: Callable[[], None]) -> None:
        """Do something for this seat alone; a failure is kept and ends its part."""
        if self.error is not None:
            return
        with listening() as told:
            try:
                work()
            except Exception as error:  # noqa: BLE001  a collector is anybody's code
                self.error, self.collector = error, None
        self.warnings += told.warnings

    def write(self, task: Task, part: Path) -> None:
        """Write the tables of the collector, or raise what hindered it."""
        for message in self.warnings:
            warnings.warn(message, DataWarning, stacklevel=1)
        if self.error is not None:
            raise self.error
        if self.collector is None:
            return
        frames = self.collector.tables()
        for contract, frame in zip(self.step.products, frames, strict=True):
            if isinstance(contract, Table):
                write_table(part, contract, frame, task.fingerprint)


def scan_reads(tasks: Sequence[Task]) -> list[Outcome]:
    """Run all tasks of one file in one pass; return their outcomes in the same order."""
    seats = [_seat(task) for task in tasks]
    open_seats = [seat for seat in seats if not _is_published(seat.task)]
    if open_seats:
        _pass(open_seats)
    return [perform(seat.task, seat.write) for seat in seats]


def _seat(task: Task) -> Seat:
    _, steps, tables = loaded(task.workflow)
    return Seat(task, steps[task.step], tables)


def _is_published(task: Task) -> bool:
    results = Results(Path(task.root))
    return results.damage(results.at(task.step, task.unit, task.fingerprint)) is None


def _pass(seats: Sequence[Seat]) -> None:
    """Open the file and show its batches to the collectors of all seats."""
    payload = seats[0].task.payload
    path = Path(next(iter(payload["files"].values())))
    with listening() as told:
        try:
            file = open_reads(
                path,
                index=Path(payload["index"]) if payload["index"] else None,
                reference=Path(payload["reference"]) if payload["reference"] else None,
                role=payload["role"],
                assay=payload["assay"],
            )
            try:
                check_reads(path.name, file, seats[0].task.recipe["build"])
                _begin(seats, file, path)
                _feed(seats, file, int(payload["threads"]))
            finally:
                file.close()
        except Exception as error:  # noqa: BLE001  told as the failure of each seat
            for seat in seats:
                seat.error = seat.error or error
    seats[0].warnings += told.warnings


def _begin(seats: Sequence[Seat], file: ReadFile, path: Path) -> None:
    for seat in seats:
        scan = seat.step.scan
        if scan is not None and scan.needs_order and not file.header.is_sorted:
            found = "records that are not sorted by coordinate"
            expected = f"sorted ones, which {seat.step.name} needs"
            remedy = "Sort the file: samtools sort."
            seat.error = InputError(fault(path.name, found, expected, remedy))
        seat.attempt(lambda seat=seat: _make_collector(seat, file))  # type: ignore[misc]


def _make_collector(seat: Seat, file: ReadFile) -> None:
    values = arguments_of(seat.task, seat.step, seat.tables)
    collector: Collector = seat.step.function(**values)
    collector.begin(file.header)
    seat.collector = collector


def _feed(seats: Sequence[Seat], file: ReadFile, threads: int) -> None:
    chunks = file.chunks(PIECES_PER_THREAD * threads if threads > 1 else 1)
    if len(chunks) == 1 or threads == 1:
        crew = [(seat, seat.collector) for seat in seats if seat.collector is not None]
        _read(file, chunks, crew)
        return
    shares = [chunks[n::threads] for n in range(min(threads, len(chunks)))]
    crews = [
        [(seat, seat.collector.fork()) for seat in seats if seat.collector is not None]
        for _ in shares
    ]
    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(lambda pair: _read(file, *pair), zip(shares, crews, strict=True)))
    for crew in crews:
        for seat, fork in crew:
            if seat.collector is not None:
                seat.attempt(lambda seat=seat, fork=fork: seat.collector.merge(fork))  # type: ignore[misc]


def _read(
    file: ReadFile, chunks: Sequence[Chunk], crew: Sequence[tuple[Seat, Collector]]
) -> None:
    """Show the batches of some chunks to collectors that no other thread uses."""
    for chunk in chunks:
        for batch in file.batches(chunk):
            for seat, collector in crew:
                if seat.error is not None:
                    continue
                try:
                    collector.take(batch)
                except Exception as error:  # noqa: BLE001  a collector is anybody's code
                    seat.error = error
