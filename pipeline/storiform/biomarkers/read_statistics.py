"""What flags and alignments say of the records of a sample."""

from copy import copy
from typing import Annotated, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.kernels.depth import SUPPLEMENTARY, Reads
from storiform.kernels.tallies import (
    SECONDARY,
    UNMAPPED,
    Landing,
    Owners,
    Tallies,
    tally_records,
)
from storiform.model.intervals import Intervals, Targets
from storiform.model.params import Params
from storiform.model.reads import Collector, ReadHeader, RecordBatch, Scan
from storiform.model.tables.reads import READ_STATISTICS

_SUMS = (
    *("reads", "mapped", "duplicates", "properly_paired", "paired", "qc_failed", "low_mapq"),
    *("secondary", "supplementary", "on_target", "mitochondrial", "aligned_bases"),
)
_LONGEST = 1 << 16
"""Lengths above, in bases, stand in one bin: a median is at most this."""
_LEAST_SPAN, _LEAST_INTRON = 300, 100
"""Reference bases above which a read can be spliced, and above those of the read's own is."""
_LENGTH_AT = np.arange(20, 24)
"""Where the length of its sequence stands in a BAM record, an int32."""
_EMPTY = np.empty(0, dtype=np.int64)


class ReadStatisticsParams(Params):
    """What is told apart among the records of a sample."""

    low_mapq: int = Field(
        20,
        ge=0,
        le=255,
        description="mapping quality (phred) below which a read is doubtful",
    )


def read_statistics(
    targets: Targets | None, params: ReadStatisticsParams
) -> Annotated[Collector, Scan(READ_STATISTICS, assays=("exome", "rna"), needs_order=False)]:
    """Count the records of a sample by flags, places and lengths.

    Parameters
    ----------
    targets
        The captured bases, or None: then nothing is told of them.
    params
        What is told apart.

    Returns
    -------
    Collector
        Of `READ_STATISTICS`. Medians are lower medians: of two middle values the smaller.
    """
    return _ReadStatistics(targets, params)


class _ReadStatistics:
    """Sums and two histograms of lengths; they need no order of the file."""

    def __init__(self, targets: Intervals | None, params: ReadStatisticsParams) -> None:
        self._targets, self._params = targets, params
        self.forget()

    def forget(self) -> None:
        """Set all sums to nothing, in arrays of its own."""
        self._tallies = Tallies(
            np.zeros(len(_SUMS), dtype=np.int64),
            np.zeros(_LONGEST + 1, dtype=np.int64),
            np.zeros(_LONGEST + 1, dtype=np.int64),
        )
        self._spliced = 0

    def begin(self, header: ReadHeader) -> None:
        """Lay the targets out in the order of the file's contigs."""
        bounds = {} if self._targets is None else self._targets.bounds
        found = [bounds.get(contig, (_EMPTY, _EMPTY)) for contig in header.contigs]
        is_known = "chrM" in header.contigs
        self._landing = Landing(
            np.concatenate([_EMPTY, *(starts for starts, _ in found)]),
            np.concatenate([_EMPTY, *(ends for _, ends in found)]),
            np.cumsum([0, *(len(starts) for starts, _ in found)], dtype=np.int64),
            self._params.low_mapq,
            header.contigs.index("chrM") if is_known else -2,
        )

    def fork(self) -> Self:
        """Return a collector that has seen nothing."""
        twin = copy(self)
        twin.forget()
        return twin

    def take(self, batch: RecordBatch) -> None:
        """Count the records that belong to a batch."""
        if not len(batch):
            return
        reads = Reads(
            batch.data, batch.offsets, batch.starts, batch.ends, batch.flags, batch.mapq,
            batch.mates,
        )  # fmt: skip
        owners = Owners(batch.contigs, batch.is_owned)
        tally_records(reads, owners, self._landing, self._tallies)
        self._spliced += _count_spliced(batch)

    def merge(self, other: Self) -> None:
        """Add what another collector has counted."""
        for mine, theirs in zip(self._tallies, other._tallies, strict=True):
            np.add(mine, theirs, out=mine)
        self._spliced += other._spliced

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return the one row of a sample."""
        sums = dict(zip(_SUMS, self._tallies.sums.tolist(), strict=True))
        insert_size, deviation = _median(self._tallies.template_lengths)
        row = {
            **sums,
            "on_target": None if self._targets is None else sums["on_target"],
            "spliced": self._spliced,
            "read_length": _median(self._tallies.read_lengths)[0],
            "insert_size": insert_size,
            "insert_size_mad": deviation,
        }
        return (pd.DataFrame([row], columns=list(READ_STATISTICS.columns)),)


def _count_spliced(batch: RecordBatch) -> int:
    """Count the aligned primary records that span many more bases than they have."""
    spans = batch.ends - batch.starts
    is_read = (batch.flags & (UNMAPPED | SECONDARY | SUPPLEMENTARY)) == 0
    rows = np.flatnonzero(batch.is_owned & is_read & (spans > _LEAST_SPAN))
    fields = batch.data[batch.offsets[rows, np.newaxis] + _LENGTH_AT]
    lengths = fields.view("<i4")[:, 0]
    return int(np.count_nonzero((lengths > 0) & (spans[rows] - lengths > _LEAST_INTRON)))


def _median(histogram: NDArray[np.int64]) -> tuple[int | None, int | None]:
    """Return lower median and lower median absolute deviation; None of nothing."""
    if not histogram.any():
        return None, None
    middle = _lower_median(histogram)
    below, above = histogram[: middle + 1][::-1], histogram[middle:]
    deviations = np.zeros(max(len(below), len(above)), dtype=np.int64)
    deviations[: len(below)] += below
    deviations[1 : len(above)] += above[1:]
    return middle, _lower_median(deviations)


def _lower_median(histogram: NDArray[np.int64]) -> int:
    half = (int(histogram.sum()) + 1) // 2
    return int(np.searchsorted(np.cumsum(histogram), half))
