"""A CRAM, decoded by htslib and passed on as raw BAM records.

htslib writes it, piece by piece, into small BAMs without compression; from there on it is
read like any BAM. It is one stream: no reading can prove the index of a CRAM.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import pysam

from storiform.io.bam_header import RawHeader, contig_number, read_header, written_order
from storiform.io.bgzf import DAMAGED, BgzfFile
from storiform.io.cram_blocks import count_records
from storiform.io.cram_index import REINDEX, check_crai
from storiform.io.read_batches import cut_chunk, cut_file
from storiform.io.record_stream import BATCH_BYTES, RecordStream, look_at_first
from storiform.model.cohort import Assay, Role
from storiform.model.errors import InputError, fault
from storiform.model.reads import MIXED, Chunk, RecordBatch

_ENDS = (
    bytes.fromhex(
        "0f000000ffffffff0fe0454f4600000000010005bdd94f0001000606010001000100ee63014b"
    ),
    bytes.fromhex("0b000000ffffffff0fe0454f460000000001000001000606010001000100"),
)
_RECORDS = 8192


class CramFile:
    """A CRAM that is open.

    Parameters
    ----------
    path
        The CRAM.
    index
        Its CRAI; one that lies beside it is found. Only `check_index` looks at it.
    reference
        The FASTA with which it was written, unless it holds its own bases.
    role, assay
        What the reads are, for the header.
    batch_bytes
        Inflated bytes that are decoded at a time.

    Raises
    ------
    InputError
        If the file is no complete CRAM or its first records cannot be decoded.
    """

    def __init__(
        self,
        path: Path,
        *,
        index: Path | None = None,
        reference: Path | None = None,
        role: Role = "tumour",
        assay: Assay = "exome",
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self.path = path
        self._index = index
        self._reference = reference
        self._batch_bytes = batch_bytes
        if reference is not None and not reference.is_file():
            remedy = "Set resources.fasta to the FASTA with which the CRAM was written."
            raise InputError(fault(path.name, f"no file {reference}", "its reference", remedy))
        _check_end(path)
        with self._open() as file:
            raw = RawHeader(str(file.header), tuple(file.references), tuple(file.lengths))
        self._lengths = np.array(raw.lengths, np.int64)
        self.header = read_header(raw, path.name, role, assay)
        self._promised = count_records(path)
        first, is_ordered = look_at_first(self._stream(is_sorted=False))
        self.is_empty = first is None
        if not written_order(raw.text):
            self.header = replace(self.header, is_sorted=is_ordered)

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; nothing is left open between two readings."""

    def chunks(self, pieces: int) -> tuple[Chunk, ...]:
        """Return the whole file as one chunk, however many pieces are wanted."""
        del pieces
        return (Chunk(MIXED),)

    def batches(self, chunk: Chunk) -> Iterator[RecordBatch]:
        """Iterate over the batches of the file; one is valid until the next is asked for.

        Raises
        ------
        InputError
            If the file is damaged, out of order, or cannot be decoded.
        """
        del chunk
        is_sorted = self.header.is_sorted
        stream = self._stream(is_sorted=is_sorted)
        yield from cut_file(stream, self._lengths, is_sorted=is_sorted)

    def fetch(self, contig: str, start: int, end: int) -> Iterator[RecordBatch]:
        """Iterate over the batches of a region; see `BamFile.fetch`.

        The file is read up to the end of the region: nothing in a CRAM proves that the reads
        of a place are all where its index says.
        """
        number = contig_number(self.path.name, self.header, contig)
        region = Chunk(number, max(start, 0), min(end, self.header.lengths[number]))
        if region.start < region.end:
            stream = self._stream(is_sorted=True)
            yield from cut_chunk(stream, self._lengths, region)

    def check_whole(self) -> None:
        """Do nothing: the end of a CRAM was looked at when it was opened."""

    def check_index(self) -> None:
        """Refuse an index that is older than the file, damaged or of another file.

        None is needed: a CRAM is read as one stream, whatever its index says. But one that
        does not fit tells that files were mixed up.

        Raises
        ------
        InputError
            If so, or if the index that was named is not there.
        """
        index = self._index or Path(f"{self.path}.crai")
        if index.is_file():
            check_crai(index, self.path)
        elif self._index is not None:
            found = f"no file {index}"
            raise InputError(fault(self.path.name, found, "the index that was named", REINDEX))

    def _stream(self, *, is_sorted: bool) -> RecordStream:
        name, size = self.path.name, self._batch_bytes
        blocks, lengths = self._blocks(), self._lengths
        return RecordStream(name, blocks, lengths, is_sorted=is_sorted, batch_bytes=size)

    def _blocks(self) -> Iterator[tuple[int, bytearray]]:
        """Decode records and yield them as raw bytes; they have no offset in the file."""
        came = 0
        try:
            with self._open() as file:
                empty = len(_raw(file, []))
                records = file.fetch(until_eof=True)
                while piece := list(islice(records, _RECORDS)):
                    came += len(piece)
                    yield -1, _raw(file, piece)[empty:]
        except (OSError, ValueError) as error:
            raise InputError(self._undecoded(error)) from error
        if self._promised is not None and came != self._promised:
            found = f"{came} records where its containers promise {self._promised}"
            raise InputError(fault(self.path.name, found, "all of them", DAMAGED))

    def _open(self) -> Any:  # noqa: ANN401  pysam has no types
        _stay_local()
        try:
            return pysam.AlignmentFile(
                str(self.path),
                "rc",
                reference_filename=None if self._reference is None else str(self._reference),
                check_sq=False,
            )
        except (OSError, ValueError) as error:
            raise InputError(self._undecoded(error)) from error

    def _undecoded(self, error: Exception) -> str:
        given = "without a reference" if self._reference is None else "with this reference"
        told = str(error).replace("truncated file", "htslib gave up")
        found = f"records that cannot be decoded {given} ({told})"
        expected = "a sound CRAM and the FASTA with which it was written"
        remedy = "Set resources.fasta to that FASTA; if it is, copy the CRAM again."
        return fault(self.path.name, found, expected, remedy)


def _raw(file: Any, records: list[Any]) -> bytearray:  # noqa: ANN401  pysam has no types
    """Return a BAM of some records, inflated."""
    with tempfile.NamedTemporaryFile(suffix=".bam") as temporary:
        with pysam.AlignmentFile(temporary.name, "wbu", header=file.header) as written:
            for record in records:
                written.write(record)
        with BgzfFile(Path(temporary.name)) as bam:
            return bytearray().join(content for _, content in bam.blocks())


def _stay_local() -> None:
    """Keep htslib from fetching references over the network, and from writing to stderr."""
    pysam.set_verbosity(0)
    if "://" in os.environ.get("REF_PATH", "://"):
        os.environ["REF_PATH"] = os.devnull


def _check_end(path: Path) -> None:
    """Refuse a CRAM without the container that marks its end."""
    content = b""
    with path.open("rb") as file:
        version = file.read(6)[4:6]
        file.seek(max(0, path.stat().st_size - len(_ENDS[0])))
        content = file.read()
    if version >= b"\x02\x01" and not content.endswith(_ENDS):
        found = "a truncated file: the container that marks its end is missing"
        raise InputError(fault(path.name, found, "a complete CRAM", DAMAGED))
