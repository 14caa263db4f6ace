"""Aligned reads as columns, and what learns from them.

A BAM is read once. `io` cuts its records into batches, `engine` shows every batch to all
collectors of the file, and each collector gives tables when all batches have been seen.

**A batch owns bases.** It holds every record of one contig that overlaps the bases
[`owned_start`, `owned_end`); the batches of a file tile the genome, with further ones for
reads without a place. What counts bases counts those that the batch owns; what counts
records counts those with `is_owned`, which is true in exactly one batch of the file.
So no collector carries anything from one batch to the next but sums, and results do not
depend on where batches are cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.model.cohort import Assay, Role
from storiform.model.genome import Build
from storiform.model.table import Table

UNPLACED = -1
"""`RecordBatch.contig` of reads without a place."""
MIXED = -2
"""`RecordBatch.contig` of a file that is not sorted by coordinate."""

PAIRED, PROPER, UNMAPPED, MATE_UNMAPPED, REVERSE, MATE_REVERSE = 1, 2, 4, 8, 16, 32
READ1, READ2, SECONDARY, QC_FAILED, DUPLICATE, SUPPLEMENTARY = 64, 128, 256, 512, 1024, 2048
"""Bits of a record's flag, SAM specification 1.4."""


@dataclass(frozen=True)
class ReadHeader:
    """What the header of a file of reads says, and whose file it is.

    `contigs` have canonical names (with the prefix chr), `written` those of the file;
    `lengths` are in bases. `samples` are the names in its read groups, sorted.
    `is_sorted` tells whether it claims to be sorted by coordinate.
    """

    contigs: tuple[str, ...]
    lengths: tuple[int, ...]
    written: tuple[str, ...]
    samples: tuple[str, ...] = ()
    is_sorted: bool = True
    build: Build | None = None
    role: Role = "tumour"
    assay: Assay = "exome"


@dataclass(frozen=True, slots=True, eq=False)
class RecordBatch:
    """Records as columns, each of shape (n,) but `data`; in the order of the file.

    Parameters
    ----------
    data
        Bytes (uint8) of the raw BAM records; kernels read names, CIGARs, bases, qualities
        and tags from it through `kernels.records`. Every record was checked to lie in it.
    offsets
        int64, where in `data` a record begins (its field block_size).
    contigs
        int32, index into `ReadHeader.contigs`, -1 for none.
    starts, ends
        int32, bases on the reference, 0-based half-open; `ends` is `starts` + 1 for a
        record without aligned bases.
    flags
        uint16, `mapq` uint8: as in the file.
    mates
        int32, index in this batch of the mate, where both are primary records of one pair
        that overlap on the reference; else -1. Symmetric.
    names
        uint64, a hash of the read's name, never 0.
    is_owned
        bool, whether the record belongs to this batch alone (it starts in its bases).
    contig
        Index of the one contig of all records, `UNPLACED` or `MIXED`.
    owned_start, owned_end
        The bases that the batch owns; meaningless for `UNPLACED` and `MIXED`.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    contigs: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    flags: NDArray[np.uint16]
    mapq: NDArray[np.uint8]
    mates: NDArray[np.int32]
    names: NDArray[np.uint64]
    is_owned: NDArray[np.bool_]
    contig: int
    owned_start: int
    owned_end: int

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.offsets)


@dataclass(frozen=True)
class Chunk:
    """A part of a file that one thread reads: the bases [start, end) of one contig.

    `contig` is an index into the header, `UNPLACED` or, for a whole file in its own order,
    `MIXED`.
    """

    contig: int
    start: int = 0
    end: int = 0


class ReadFile(Protocol):
    """A file of aligned reads that is open."""

    @property
    def header(self) -> ReadHeader:
        """The header of the file."""
        ...

    def chunks(self, pieces: int) -> tuple[Chunk, ...]:
        """Cut the file into about so many parts that together hold all of it."""
        ...

    def batches(self, chunk: Chunk) -> Iterator[RecordBatch]:
        """Iterate over the batches of a chunk, in order."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class Collector(Protocol):
    """Learns from the batches of one file; everything that it adds up is an integer."""

    def begin(self, header: ReadHeader) -> None:
        """Prepare for a file: lay targets and sites out on its contigs."""
        ...

    def fork(self) -> Self:
        """Return a collector that has seen nothing, prepared for the same file."""
        ...

    def take(self, batch: RecordBatch) -> None:
        """Learn from one batch."""
        ...

    def merge(self, other: Self) -> None:
        """Add what another collector of the same file has seen."""
        ...

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return the tables, in the order of the step's `Scan`."""
        ...


@dataclass(frozen=True, init=False)
class Scan:
    """Marks a step whose function returns a `Collector`: it is fed by the pass over a BAM.

    Parameters
    ----------
    tables
        What the collector makes; all of the grain ``sample``.
    assays, roles
        Of which samples.
    needs_order
        Whether the file must be sorted by coordinate.
    """

    tables: tuple[Table, ...]
    assays: tuple[Assay, ...]
    roles: tuple[Role, ...]
    needs_order: bool

    def __init__(
        self,
        *tables: Table,
        assays: Sequence[Assay] = ("exome",),
        roles: Sequence[Role] = ("tumour", "normal"),
        needs_order: bool = True,
    ) -> None:
        object.__setattr__(self, "tables", tables)
        object.__setattr__(self, "assays", tuple(assays))
        object.__setattr__(self, "roles", tuple(roles))
        object.__setattr__(self, "needs_order", needs_order)
