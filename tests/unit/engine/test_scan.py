"""One pass over a file for all collectors: who is fed, and whose failure is whose."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
import pytest

from storiform.engine import scan
from storiform.engine.results import Results
from storiform.engine.work import Task, work
from storiform.io.store import read_parquet
from storiform.model.errors import InputError
from storiform.model.reads import Chunk, Collector, ReadHeader, RecordBatch, Scan
from storiform.model.table import Column, Table

SUMS = Table(
    "sums", "sample", {"records": Column("int", "records"), "bases": Column("int", "b")}
)
BREAKS = Table("breaks", "sample", {"x": Column("int", "x")})


class Sum:
    """Adds up records and owned bases."""

    def __init__(self) -> None:
        self.seen = np.zeros(2, dtype=np.int64)

    def begin(self, header: ReadHeader) -> None:
        """Take any file."""
        self.header = header

    def fork(self) -> Self:
        """Return another."""
        return type(self)()

    def take(self, batch: RecordBatch) -> None:
        """Count."""
        self.seen += (int(batch.is_owned.sum()), batch.owned_end - batch.owned_start)

    def merge(self, other: Self) -> None:
        """Add."""
        self.seen += other.seen

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return the sums."""
        return (pd.DataFrame({"records": self.seen[:1], "bases": self.seen[1:]}),)


class Breaks(Sum):
    """Fails at its second batch."""

    def take(self, batch: RecordBatch) -> None:
        """Count, then fail."""
        super().take(batch)
        if batch.owned_start:
            raise InputError("a collector's own fault")


def sums() -> Annotated[Collector, Scan(SUMS, needs_order=False)]:
    """Add up."""
    return Sum()


def breaks() -> Annotated[Collector, Scan(BREAKS)]:
    """Fail."""
    return Breaks()


STEPS = (sums, breaks)


class File:
    """Ten batches of one record each, in up to four chunks."""

    opened = 0
    is_empty = False

    def check_whole(self) -> None:
        """Be whole."""

    def __init__(self, *, is_sorted: bool = True) -> None:
        type(self).opened += 1
        self.header = ReadHeader(("chr1",), (1000,), ("1",), is_sorted=is_sorted)
        self.read: list[int] = []

    def chunks(self, pieces: int) -> tuple[Chunk, ...]:
        """Cut the ten."""
        cuts = np.linspace(0, 10, min(pieces, 4) + 1).astype(int)
        return tuple(Chunk(0, int(a) * 100, int(b) * 100) for a, b in pairwise(cuts))

    def batches(self, chunk: Chunk) -> Iterator[RecordBatch]:
        """Give batches of 100 bases."""
        for start in range(chunk.start, chunk.end, 100):
            self.read.append(start)
            one = np.zeros(1, dtype=np.int32)
            yield RecordBatch(
                np.zeros(40, np.uint8), np.zeros(1, np.int64), one, one, one + 1,
                np.zeros(1, np.uint16), np.zeros(1, np.uint8), one - 1,
                np.ones(1, np.uint64), np.ones(1, bool), 0, start, start + 100,
            )  # fmt: skip

    def close(self) -> None:
        """Close."""


def task(root: Path, step: str, threads: int = 1) -> Task:
    """Return a task of this module's workflow."""
    payload = {
        "files": {"bam": "reads.bam"}, "index": "", "reference": "", "role": "tumour",
        "assay": "exome", "threads": threads, "resources": {},
    }  # fmt: skip
    return Task(
        __file__,
        str(root),
        step,
        "T1",
        "scan",
        f"{step}{threads:030d}",
        {"build": "GRCh38"},
        payload,
    )


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch) -> list[File]:
    """Replace the reader of files; return those that were opened."""
    opened: list[File] = []

    def open_reads(_path: Path, **_given: Any) -> File:
        opened.append(File())
        return opened[-1]

    monkeypatch.setattr(scan, "open_reads", open_reads)
    return opened


def table(root: Path, made: Task) -> dict[str, int]:
    """Return the published sums of a task."""
    folder = Results(root).at(made.step, made.unit, made.fingerprint)
    row = read_parquet(folder / "sums.parquet", SUMS).iloc[0]
    return {"records": int(row["records"]), "bases": int(row["bases"])}


def test_a_file_is_read_once_for_all_and_a_failure_is_its_own(
    tmp_path: Path, file: list[File]
) -> None:
    tasks = [task(tmp_path, "breaks"), task(tmp_path, "sums")]
    outcomes = work(tasks)
    assert [outcome.ending for outcome in outcomes] == ["failed", "done"]
    assert outcomes[0].message == "a collector's own fault"
    assert len(file) == 1
    assert file[0].read == list(range(0, 1000, 100))
    assert table(tmp_path, tasks[1]) == {"records": 10, "bases": 1000}


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_do_not_change_the_sums(tmp_path: Path, file: list[File], threads: int) -> None:
    made = task(tmp_path, "sums", threads)
    assert work([made])[0].ending == "done"
    assert sorted(file[0].read) == list(range(0, 1000, 100))
    assert table(tmp_path, made) == {"records": 10, "bases": 1000}


def test_published_collectors_are_not_fed_again(tmp_path: Path, file: list[File]) -> None:
    made = task(tmp_path, "sums")
    work([made])
    assert work([made])[0].ending == "done"
    assert len(file) == 1, "nothing was stale, so nothing was read"


def test_a_file_out_of_order_serves_only_those_that_need_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "open_reads", lambda _path, **_given: File(is_sorted=False))
    outcomes = work([task(tmp_path, "breaks"), task(tmp_path, "sums")])
    assert [outcome.ending for outcome in outcomes] == ["failed", "done"]
    assert "Sort the file: samtools sort" in outcomes[0].message


def test_the_reader_is_given_index_reference_and_what_the_reads_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def open_reads(_path: Path, **given: Any) -> File:
        asked.append(given)
        return File()

    monkeypatch.setattr(scan, "open_reads", open_reads)
    made = task(tmp_path, "sums")
    payload = {**made.payload, "index": "a.bai", "reference": "g.fa", "role": "normal"}
    work([replace(made, payload=payload)])
    expected = {"index": Path("a.bai"), "reference": Path("g.fa"), "role": "normal"}
    assert asked == [{**expected, "assay": "exome"}]


def test_a_file_of_another_build_is_refused_in_a_run_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_other_build(_path: Path, **_given: Any) -> File:
        opened = File()
        opened.header = replace(opened.header, lengths=(249_250_621,))
        return opened

    monkeypatch.setattr(scan, "open_reads", of_other_build)
    (outcome,) = work([task(tmp_path, "sums")])
    assert outcome.ending == "failed"
    assert "found contig lengths of GRCh37, expected GRCh38" in outcome.message


def test_a_file_that_cannot_be_read_fails_all_its_collectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(File):
        """Breaks in the middle."""

        def batches(self, chunk: Chunk) -> Iterator[RecordBatch]:
            """Give some, then fail."""
            for batch in super().batches(chunk):
                if batch.owned_start == 500:
                    raise InputError("reads.bam: found a broken block")
                yield batch

    monkeypatch.setattr(scan, "open_reads", lambda _path, **_given: Broken())
    made = [task(tmp_path, "sums"), task(tmp_path, "sums", threads=2)]
    for one in made:
        (outcome,) = work([one])
        assert (outcome.ending, outcome.message) == (
            "failed",
            "reads.bam: found a broken block",
        )
