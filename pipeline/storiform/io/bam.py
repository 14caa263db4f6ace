"""A BAM: its chunks, and the batches of each.

The reading of a sorted file needs no index: it is one stream. With an index that fits, the
file is cut into chunks for several threads; what one chunk reads proves that the next one
begins where it must, so that a wrong index is an error and never a wrong number.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np

from storiform.io.bam_header import contig_number, read_header, read_raw_header, written_order
from storiform.io.bam_index import (
    REINDEX,
    Landmarks,
    find_index,
    is_older,
    plan_chunks,
    read_index,
)
from storiform.io.bgzf import BgzfFile
from storiform.io.read_batches import Seam, cut_chunk, cut_file
from storiform.io.record_stream import BATCH_BYTES, RecordStream, look_at_first
from storiform.model.cohort import Assay, Role
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.reads import MIXED, UNPLACED, Chunk, RecordBatch

_GLANCE_BYTES = 1 << 16
_REACH = 1 << 20  # bases


class _BeyondEndError(InputError):
    """An index has reads behind the end of the file."""


class BamFile:
    """A BAM that is open; several threads may read chunks of it at once.

    Parameters
    ----------
    path
        The BAM.
    index
        Its BAI or CSI; one that lies beside it is found.
    role, assay
        What the reads are, for the header.
    batch_bytes
        Inflated bytes that are decoded at a time.

    Raises
    ------
    InputError
        If the file is no complete BAM or its first records are damaged.
    """

    def __init__(
        self,
        path: Path,
        *,
        index: Path | None = None,
        role: Role = "tumour",
        assay: Assay = "exome",
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self.path = path
        self._index = index
        self._batch_bytes = batch_bytes
        self._landmarks: tuple[Landmarks, ...] | None = None
        self._plan: dict[Chunk, tuple[int, tuple[int, int, Chunk] | None]] = {}
        self._file = BgzfFile(path)
        try:
            self._file.check_end()
            self._raw = read_raw_header(self._file)
            self._lengths = np.array(self._raw.lengths, np.int64)
            self.header = read_header(self._raw, path.name, role, assay)
            first, is_ordered = look_at_first(self._stream(self._raw.first, is_glance=True))
        except InputError:
            self._file.close()
            raise
        self._first_contig = first
        self.is_empty = first is None
        if not written_order(self._raw.text):
            self.header = replace(self.header, is_sorted=is_ordered)

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def chunks(self, pieces: int) -> tuple[Chunk, ...]:
        """Cut the file into about so many parts that together hold all of it.

        One piece, a file that is not sorted and one without an index that fits are read as
        one stream; for the last a `DataWarning` tells why.
        """
        if pieces <= 1 or not self.header.is_sorted or self.is_empty:
            return (Chunk(MIXED),)
        try:
            index = self._fitting_index()
            plan = plan_chunks(index, self.header.lengths, self._file.size, pieces)
            self._check_plan(plan)
        except InputError as error:
            message = f"{self.path.name} is read by one thread: {error}"
            warnings.warn(message, DataWarning, stacklevel=2)
            return (Chunk(MIXED),)
        first = self._raw.first
        plan = [(plan[0][0], first), *plan[1:]]
        self._plan = {}
        for (chunk, offset), (following, after) in pairwise([*plan, (Chunk(MIXED), 0)]):
            skip = offset & 0xFFFF if offset >> 16 == after >> 16 else 0
            is_last = chunk.contig == UNPLACED
            seam = None if is_last else (after, skip, following)
            self._plan[chunk] = (offset, seam)
        return tuple(self._plan)

    def batches(self, chunk: Chunk) -> Iterator[RecordBatch]:
        """Iterate over the batches of a chunk that `chunks` returned, in order.

        A batch is valid until the next one is asked for: they share their memory.

        Raises
        ------
        InputError
            If the file is damaged, out of order, or does not fit the index.
        """
        if chunk.contig == MIXED:
            stream = self._stream(self._raw.first)
            is_sorted = self.header.is_sorted
            yield from cut_file(stream, self._lengths, is_sorted=is_sorted)
            return
        offset, border = self._plan[chunk]
        seam = None if border is None else Seam(*border)
        stream = self._stream(offset)
        stream.is_whole = offset == self._raw.first
        stream.watch = -1 if seam is None else seam.offset >> 16
        yield from cut_chunk(stream, self._lengths, chunk, seam)

    def fetch(self, contig: str, start: int, end: int) -> Iterator[RecordBatch]:
        """Iterate over the batches of a region, found by the index.

        Parameters
        ----------
        contig
            Its name in the file, or the canonical one.
        start, end
            Bases, 0-based half-open.

        Raises
        ------
        InputError
            If there is no index that fits, the contig is unknown, the file is not sorted or
            is damaged.

        Notes
        -----
        Reading begins at a record so far before the region that the order of the records
        proves that none is missed, whatever the index says of the region itself; 2^20 bases
        are further than an aligner lets a read reach.
        """
        number = contig_number(self.path.name, self.header, contig)
        index = self._fitting_index()
        if not self.header.is_sorted:
            found, expected = "reads out of order", "coordinate order"
            raise InputError(fault(self.path.name, found, expected, f"Sort it. {REINDEX}"))
        region = Chunk(number, max(start, 0), min(end, self.header.lengths[number]))
        if region.start >= region.end:
            return
        offset = self._safe_begin(index, region)
        stream = self._stream(offset)
        stream.is_whole = offset == self._raw.first
        yield from cut_chunk(stream, self._lengths, region)

    def check_index(self) -> None:
        """Refuse an index that is missing, damaged, older, or of other contigs.

        Raises
        ------
        InputError
            If so.
        """
        self._fitting_index()

    def check_whole(self) -> None:
        """Refuse a file that is shorter than its index says.

        Raises
        ------
        InputError
            If its own index, or what is taken for it, has reads behind the end of the file.
        """
        try:
            self._fitting_index()
        except _BeyondEndError:
            raise
        except InputError:
            return  # an index that is missing or does not fit says nothing

    def _stream(self, offset: int, *, is_glance: bool = False) -> RecordStream:
        return RecordStream(
            self.path.name,
            self._file.blocks(offset),
            self._lengths,
            is_sorted=self.header.is_sorted and not is_glance,
            batch_bytes=_GLANCE_BYTES if is_glance else self._batch_bytes,
        )

    def _fitting_index(self) -> tuple[Landmarks, ...]:
        """Return the index.

        Raises
        ------
        InputError
            If it is missing, damaged, older than the file, or of other contigs.
        """
        if self._landmarks is not None:
            return self._landmarks
        name = self.path.name
        index = find_index(self.path, self._index)
        if index is None or not index.is_file():
            shown = f"no index {index.name}" if index is not None else "no index"
            raise InputError(fault(name, shown, "a BAI or CSI beside it", REINDEX))
        if is_older(index, self.path):
            found = f"its index {index.name} older than itself"
            raise InputError(fault(name, found, "one made from this file", REINDEX))
        landmarks = read_index(index)
        if len(landmarks) != len(self.header.contigs):
            found = f"its index {index.name} with {len(landmarks)} contigs"
            expected = f"{len(self.header.contigs)} as in its header"
            raise InputError(fault(name, found, expected, REINDEX))
        if max((known.end >> 16 for known in landmarks), default=0) >= self._file.size:
            found = f"its index {index.name} with reads behind the end of the file"
            expected = "the whole file, or the index made from it"
            remedy = f"Copy the file again: it may be cut. If it is complete: {REINDEX}"
            raise _BeyondEndError(fault(name, found, expected, remedy))
        self._landmarks = landmarks
        return landmarks

    def _safe_begin(self, index: tuple[Landmarks, ...], region: Chunk) -> int:
        """Return a virtual offset before all records that overlap a region.

        The record there lies `_REACH` bases before the region, or on a contig before it.

        Raises
        ------
        InputError
            If the record lies elsewhere, so that the index is not that of the file.
        """
        known = index[region.contig]
        before = region.start - _REACH
        # One landmark earlier than needed: its window ends where the next one begins. If no
        # read overlaps that window it names the next read, and the landmark before it is asked.
        row = int(np.searchsorted(known.starts, before, "right")) - 2
        for _ in range(2):
            if row <= 0 or known.offsets[row] == known.offsets[0]:
                break
            offset = int(known.offsets[row])
            place = self._first_at(offset)
            if place is None or place[0] != region.contig:
                raise InputError(self._misfit())
            if place[1] <= before:
                return offset
            row = int(np.searchsorted(known.offsets, offset)) - 1
        else:
            raise InputError(self._misfit())
        contigs = [n for n in range(region.contig) if len(index[n])]
        if not contigs:
            return self._raw.first
        offset = int(index[contigs[-1]].offsets[-1])
        place = self._first_at(offset)
        if place is None or place[0] != contigs[-1]:
            raise InputError(self._misfit())
        return offset

    def _check_plan(self, plan: list[tuple[Chunk, int]]) -> None:
        """Refuse offsets at which no record of the chunk's contig begins."""
        if not plan or plan[0][0].contig != self._first_contig:
            raise InputError(self._misfit())
        for chunk, offset in plan:
            place = self._first_at(offset)
            is_end = place is None and chunk.contig == UNPLACED
            if not is_end and (place is None or place[0] != chunk.contig):
                raise InputError(self._misfit())

    def _first_at(self, offset: int) -> tuple[int, int] | None:
        """Return contig and start of the record at a virtual offset, None at the end."""
        stream = self._stream(offset, is_glance=True)
        try:
            stream.advance()
        except InputError as error:
            raise InputError(self._misfit()) from error
        columns = stream.columns
        if not len(columns.contigs):
            return None
        return int(columns.contigs[0]), int(columns.starts[0])

    def _misfit(self) -> str:
        return fault(self.path.name, "the index of another file", "its own", REINDEX)
