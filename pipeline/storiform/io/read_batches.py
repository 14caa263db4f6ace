"""Cuts a stream of records into batches that own bases, and proves that none is lost.

A batch owns the bases up to the start of the last record that was decoded: all records
that begin before it have been seen. Those that reach over the border stay in the buffer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from storiform.io.record_stream import RecordStream, rows_of
from storiform.kernels.decoding import Columns
from storiform.kernels.mates import pair_mates, pair_neighbours
from storiform.model.errors import InputError, fault
from storiform.model.reads import MIXED, UNPLACED, Chunk, RecordBatch

REINDEX = "Make the index again with samtools index."

_BEHIND_ALL = 1 << 31
_LONGEST_RUN = 1000


@dataclass
class Seam:
    """Where the index says that the reading of the next chunk begins.

    The chunk before it reads past that place, so it can tell whether the place is the begin
    of a record and whether no read of the next chunk stands before it.

    Parameters
    ----------
    offset
        Virtual offset at which the next chunk's reading begins.
    skip
        Bytes of the block that are not in the stream of this chunk.
    chunk
        The next chunk.
    """

    offset: int
    skip: int
    chunk: Chunk
    is_record: bool = False
    needed: int | None = None
    next_contig: int | None = None

    def look(self, stream: RecordStream, chunk: Chunk) -> None:
        """Compare the records that were decoded last with what the index says."""
        places = stream.places()
        at = self._place(stream)
        if at is not None and not self.is_record:
            row = int(np.searchsorted(places, at))
            self.is_record = row < len(places) and int(places[row]) == at
        if self.needed is None:
            fresh = rows_of(stream.columns, slice(stream.kept, None))
            rows = np.flatnonzero(self._belongs(fresh, chunk))
            self.needed = int(places[rows[0]]) if len(rows) else None
        if self.next_contig is None:
            rows = np.flatnonzero(_is_behind(stream.columns.contigs, chunk.contig))
            self.next_contig = int(stream.columns.contigs[rows[0]]) if len(rows) else None

    def close(self, name: str, stream: RecordStream) -> None:
        """Refuse the index if the next chunk would miss a read.

        Raises
        ------
        InputError
            If it would, or its reading would begin inside a record.
        """
        at = self._place(stream)
        needed = stream.end if self.needed is None else self.needed
        is_end = stream.at_end and at == stream.end
        is_skipped = self.next_contig is not None and bool(
            _is_behind(np.array([self.chunk.contig], np.int32), self.next_contig)[0]
        )
        if is_skipped or at is None or at > needed or not (self.is_record or is_end):
            raise InputError(fault(name, "an index that does not fit it", "its own", REINDEX))

    def _belongs(self, records: Columns, chunk: Chunk) -> NDArray[np.bool_]:
        """Tell which records are of the next chunk, or of a place between the two."""
        outside = _is_behind(records.contigs, chunk.contig)
        if self.chunk.contig == chunk.contig:
            outside |= records.ends > self.chunk.start
        return outside

    def _place(self, stream: RecordStream) -> int | None:
        if stream.watched is None:
            return None
        return stream.watched + (self.offset & 0xFFFF) - self.skip


def _is_behind(contigs: NDArray[np.int32], contig: int) -> NDArray[np.bool_]:
    """Tell which contigs come behind a contig; reads without one come last."""
    if contig < 0:
        return np.zeros(len(contigs), np.bool_)
    return np.asarray((contigs > contig) | (contigs < 0))


def cut_file(
    stream: RecordStream, lengths: NDArray[np.int64], *, is_sorted: bool
) -> Iterator[RecordBatch]:
    """Cut a whole file: contig after contig, then the reads without a place.

    A file that is not sorted is cut anywhere, but neighbours of one name stay together if
    they are not too many.
    """
    if is_sorted:
        yield from _Cutter(stream, lengths, None).batches()
    else:
        yield from _cut_unsorted(stream)


def cut_chunk(
    stream: RecordStream, lengths: NDArray[np.int64], chunk: Chunk, seam: Seam | None = None
) -> Iterator[RecordBatch]:
    """Cut what a chunk owns out of a stream that begins at or before its first record."""
    cutter = _Cutter(stream, lengths, chunk)
    cutter.seam = seam
    yield from cutter.batches()


def _cut_unsorted(stream: RecordStream) -> Iterator[RecordBatch]:
    while True:
        stream.advance()
        names = stream.columns.names
        last = len(names)
        if not stream.at_end:
            others = np.flatnonzero(names != names[-1]) if last else names
            whole = last if last > _LONGEST_RUN else 0
            last = int(others[-1]) + 1 if len(others) else whole
        if last:
            columns = rows_of(stream.columns, slice(last))
            mates = pair_neighbours(stream.data, columns)
            is_owned = np.ones(last, np.bool_)
            yield _batch(stream, columns, mates, is_owned, Chunk(MIXED))
        if stream.at_end:
            return
        stream.keep(last, -1 - _BEHIND_ALL)


class _Cutter:
    """The borders of batches along a stream of sorted records."""

    def __init__(
        self, stream: RecordStream, lengths: NDArray[np.int64], chunk: Chunk | None
    ) -> None:
        self.stream = stream
        self.lengths = lengths
        self.chunk = chunk
        self.seam: Seam | None = None
        self.contig = MIXED
        self.owned_from = 0
        self.is_done = False

    def batches(self) -> Iterator[RecordBatch]:
        while not self.is_done:
            self.stream.advance()
            if self.seam is not None and self.chunk is not None:
                self.seam.look(self.stream, self.chunk)
            keep = (len(self.stream.columns.offsets), _BEHIND_ALL)
            for contig, first, last in _runs(self.stream.columns.contigs):
                batch, cut = self._take(contig, first, last)
                keep = (first, cut)
                if batch is not None:
                    yield batch
            self.is_done |= self.stream.at_end
            if not self.is_done:
                self.stream.keep(*keep)
        if self.seam is not None:
            self.seam.close(self.stream.name, self.stream)

    def _take(self, contig: int, first: int, last: int) -> tuple[RecordBatch | None, int]:
        """Cut a batch out of the records [first, last), all of those decoded on a contig.

        Returns
        -------
        tuple
            The batch, if there is one, and the end that a record must exceed to be kept.
        """
        chunk = self._scope(contig)
        if chunk is None:
            return None, _BEHIND_ALL
        if contig != self.contig:
            self.contig, self.owned_from = contig, chunk.start
        if contig == UNPLACED:
            return self._batch(first, last, chunk), _BEHIND_ALL
        stream = self.stream
        starts = stream.columns.starts[first:last]
        behind = int(np.searchsorted(starts, chunk.end))
        is_last = stream.at_end or last < len(stream.columns.offsets)
        if self.chunk is not None and behind < len(starts):
            self.is_done = True
        if is_last or self.is_done:
            cut = chunk.end
        else:
            cut = max(int(starts[-1]), self.owned_from)
            behind = int(np.searchsorted(starts, cut))
        batch = None
        if cut > self.owned_from:
            batch = self._batch(first, first + behind, Chunk(contig, self.owned_from, cut))
        if batch is not None:
            self.owned_from = cut
        return batch, cut

    def _scope(self, contig: int) -> Chunk | None:
        """Return the bases of a contig that are wanted, None for none."""
        if self.chunk is None:
            return Chunk(contig, 0, int(self.lengths[contig]) if contig >= 0 else 0)
        if contig == self.chunk.contig:
            return self.chunk
        self.is_done = contig == UNPLACED or 0 <= self.chunk.contig < contig
        return None

    def _batch(self, first: int, last: int, owned: Chunk) -> RecordBatch | None:
        columns = rows_of(self.stream.columns, slice(first, last))
        is_placed = owned.contig != UNPLACED
        if is_placed and len(columns.offsets) and columns.starts[0] < owned.start:
            reaching = columns.ends > owned.start
            if not reaching.all():
                columns = rows_of(columns, reaching)
        if not len(columns.offsets):
            return None
        if is_placed:
            mates = pair_mates(self.stream.data, columns)
        else:
            mates = np.full(len(columns.offsets), -1, np.int32)
        is_owned = np.asarray(columns.starts >= owned.start) | (not is_placed)
        return _batch(self.stream, columns, mates, is_owned, owned)


def _runs(contigs: NDArray[np.int32]) -> list[tuple[int, int, int]]:
    """Return contig, first and behind-last row of each run of one contig."""
    borders = np.flatnonzero(np.diff(contigs)) + 1
    edges = [0, *borders.tolist(), len(contigs)] if len(contigs) else []
    return [(int(contigs[first]), first, last) for first, last in pairwise(edges)]


def _batch(
    stream: RecordStream,
    columns: Columns,
    mates: NDArray[np.int32],
    is_owned: NDArray[np.bool_],
    owned: Chunk,
) -> RecordBatch:
    return RecordBatch(
        data=stream.data,
        mates=mates,
        is_owned=is_owned,
        contig=owned.contig,
        owned_start=owned.start,
        owned_end=owned.end,
        **columns._asdict(),
    )
