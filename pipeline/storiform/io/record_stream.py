"""The records of a stretch of a BAM in one buffer that is filled again and again."""

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from storiform.kernels import decoding
from storiform.kernels.decoding import Columns, keep_records, walk_records
from storiform.model.errors import InputError, fault

BATCH_BYTES = 8 << 20
"""Inflated bytes that are decoded at a time."""

Blocks = Iterator[tuple[int, bytearray]]
"""Where a block begins in the file, and what it holds."""

_REWRITE = "Copy or download the file again, or write it anew from the reads."
_SORT = "Sort it with samtools sort, then make its index with samtools index."
_FAULTS = {
    decoding.INCOMPLETE: ("a truncated record", "all of it", _REWRITE),
    decoding.BAD_SIZE: ("a record whose size does not fit its fields", "a sound one", _REWRITE),
    decoding.BAD_NAME: ("a record whose name does not end", "a sound one", _REWRITE),
    decoding.BAD_PLACE: (
        "a read whose place lies outside the contigs of the header",
        "a place on one of them",
        "Use the BAM as its aligner wrote it, with its own header.",
    ),
    decoding.BAD_CIGAR: (
        "a CIGAR that does not fit the read's bases",
        "operations MIDNSHP=X over all bases",
        _REWRITE,
    ),
    decoding.LONG_CIGAR: (
        "a CIGAR of more than 65,535 operations in the tag CG",
        "short reads",
        "Leave out such reads, which no short-read sequencer makes.",
    ),
    decoding.UNSORTED: (
        "a read that begins before the one before it",
        "coordinate order",
        _SORT,
    ),
}


class RecordStream:
    """Decodes records into one buffer; what it shows is valid until `keep` is called.

    `columns` are those of all records in `data`, of which the first `kept` were there
    before; `at_end` tells whether they are the last. `watched` is where in the stream the
    block at the byte `watch` of the file begins, once it was met. `is_whole` tells whether
    the stream begins with the first record of the file.

    Parameters
    ----------
    name
        The file, for messages.
    blocks
        Its inflated content from the begin of a record on.
    lengths
        Bases of each contig, int64.
    is_sorted
        Whether the records must be in the order of their coordinates.
    batch_bytes
        How many bytes to decode at a time; more where as many are kept from the last time,
        so that no record is decoded often.
    """

    def __init__(
        self,
        name: str,
        blocks: Blocks,
        lengths: NDArray[np.int64],
        *,
        is_sorted: bool,
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self.name = name
        self.data = np.empty(min(batch_bytes, BATCH_BYTES) + (1 << 17), np.uint8)
        self.columns = _room(0)
        self.kept = 0
        self.at_end = False
        self.watch = -1
        self.watched: int | None = None
        self.is_whole = True
        self._room = _room(0)
        self._blocks = blocks
        self._lengths = lengths
        self._batch_bytes = max(batch_bytes, 1)
        self._last = 0 if is_sorted else decoding.UNORDERED
        self._is_drained = False
        self._kept_end = self._walked_end = self._filled = 0
        self._position = 0
        self._records = 0
        self._places: list[int] = []
        self._offsets: list[int] = []

    @property
    def end(self) -> int:
        """Return how many bytes of the stream were decoded so far."""
        return self._position + self._walked_end - self._kept_end

    def places(self) -> NDArray[np.int64]:
        """Return where in the stream each record begins that was decoded by `advance`."""
        return self.columns.offsets[self.kept :] - self._kept_end + self._position

    def advance(self) -> None:
        """Decode further records behind those kept.

        Raises
        ------
        InputError
            If a block or a record is damaged, or out of order.
        """
        limit = self._kept_end + max(self._batch_bytes, self._kept_end)
        last = self._last
        while True:
            self._fill(limit)
            self._make_room(min(limit, self._filled))
            span = (0, min(limit, self._filled), self._filled)
            before = min(last, 0) if self.kept else last
            count, self._walked_end, found, after = walk_records(
                self.data, span, self._lengths, before, self._room
            )
            if found < 0 or (found and self._is_drained):
                self._refuse(count, found)
            if self._walked_end > self._kept_end or self._is_drained:
                break
            limit *= 2
        self._last = max(last, after)
        self.columns = rows_of(self._room, slice(count))
        self.at_end = self._is_drained and self._walked_end == self._filled

    def keep(self, first: int, cut: int) -> None:
        """Forget the records before row `first` and those that end at `cut` or before."""
        self._position = self.end
        self._records += len(self.columns.offsets) - self.kept
        end, self.kept = keep_records(self.data, self.columns, first, cut)
        rest = self._filled - self._walked_end
        self.data[end : end + rest] = self.data[self._walked_end : self._filled]
        self._kept_end, self._filled = end, end + rest
        gone = bisect_right(self._places, self._position) - 1
        if gone > 0:
            del self._places[:gone], self._offsets[:gone]

    def _fill(self, limit: int) -> None:
        while self._filled < limit and not self._is_drained:
            offset, content = next(self._blocks, (-1, None))
            if content is None:
                self._is_drained = True
                return
            end = self._filled + len(content)
            if end > len(self.data):
                self.data = np.concatenate((self.data, np.empty(end, np.uint8)))
            self.data[self._filled : end] = np.frombuffer(content, np.uint8)
            place = self._position + self._filled - self._kept_end
            self._places.append(place)
            self._offsets.append(offset)
            if offset == self.watch:
                self.watched = place
            self._filled = end

    def _make_room(self, size: int) -> None:
        rows = size // decoding.SMALLEST + 1
        if rows > len(self._room.offsets):
            self._room = _room(rows)

    def _refuse(self, row: int, found: int) -> None:
        """Raise what is wrong with the record behind the last that was decoded."""
        place = self.end
        block = self._offsets[max(0, bisect_right(self._places, place) - 1)]
        number = f"record {self._records + row - self.kept + 1}, " if self.is_whole else ""
        where = f"{self.name}, {number}block at byte {block}"
        raise InputError(fault(where, *_FAULTS[found]))


def look_at_first(stream: RecordStream) -> tuple[int | None, bool]:
    """Look at the first records of a file whose order is not known.

    Returns
    -------
    tuple
        The contig of the first, None if there is none, and whether they are in order.
    """
    stream.advance()
    contigs, starts = stream.columns.contigs, stream.columns.starts
    places = (contigs.astype(np.int64) & (1 << 31) - 1) << 32 | np.maximum(starts, 0)
    first = int(contigs[0]) if len(contigs) else None
    return first, not bool((np.diff(places) < 0).any())


def rows_of(columns: Columns, rows: slice | NDArray[np.bool_]) -> Columns:
    """Take some rows of all columns."""
    return Columns(
        columns.offsets[rows],
        columns.contigs[rows],
        columns.starts[rows],
        columns.ends[rows],
        columns.flags[rows],
        columns.mapq[rows],
        columns.names[rows],
    )


def _room(rows: int) -> Columns:
    return Columns(
        np.empty(rows, np.int64),
        np.empty(rows, np.int32),
        np.empty(rows, np.int32),
        np.empty(rows, np.int32),
        np.empty(rows, np.uint16),
        np.empty(rows, np.uint8),
        np.empty(rows, np.uint64),
    )
