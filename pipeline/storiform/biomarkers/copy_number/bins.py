"""Reads in bins, on the targets and between them."""

from collections.abc import Mapping
from copy import copy
from typing import Annotated, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.kernels.bins import Bins, Spans, count_middles
from storiform.model.genome import CHROMOSOMES
from storiform.model.intervals import Intervals, Targets
from storiform.model.params import Params
from storiform.model.reads import Collector, ReadHeader, RecordBatch, Scan
from storiform.model.resources import Reference, Sequence, shared_contigs
from storiform.model.tables.copies import BIN_COVERAGE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CONTIGS = frozenset(CHROMOSOMES) - {"chrM"}
_PIECES, _PIECE = 8, 500
"""GC between targets is read off so many pieces of so many bases of a bin."""
_GC = np.zeros(256, dtype=np.float64)
_GC[[ord("G"), ord("C")]] = 1.0
_KNOWN = np.zeros(256, dtype=np.float64)
_KNOWN[[ord(base) for base in "ACGT"]] = 1.0


class CopyNumberBinsParams(Params):
    """How the genome is cut into bins, and which reads count."""

    target_bases: int = Field(
        267,
        ge=50,
        le=100_000,
        description="bases of a bin on target: targets are cut into equal parts of about so "
        "many",
    )
    off_target_bases: int = Field(
        150_000, ge=1_000, le=50_000_000, description="bases of a bin between targets"
    )
    min_off_target_bases: int = Field(
        20_000,
        ge=500,
        le=10_000_000,
        description="shortest bin between targets; a gap below it has none",
    )
    flank_bases: int = Field(
        500,
        ge=0,
        le=100_000,
        description="bases beside a target that belong to no bin: fragments reach out of it",
    )
    use_off_target: bool = Field(
        default=True,
        description="whether reads between targets count; amplicon panels have none",
    )
    min_mapq: int = Field(
        20, ge=0, le=255, description="least mapping quality (phred) of a read that counts"
    )


class Layout(NamedTuple):
    """The bins of one contig, sorted by place."""

    starts: Ints
    ends: Ints
    is_target: NDArray[np.bool_]


def lay_bins(
    targets: Intervals, lengths: Mapping[str, int], params: CopyNumberBinsParams
) -> dict[str, Layout]:
    """Cut targets, and the stretches between them, into bins.

    Parameters
    ----------
    targets
        The captured bases.
    lengths
        Contigs of the reads and their lengths; bins lie on chromosomes 1 to 22, X and Y.
    params
        Lengths of bins, bp.
    """
    found = {}
    for contig, length in lengths.items():
        if contig not in _CONTIGS or contig not in targets.bounds:
            continue
        starts, ends = targets.bounds[contig]
        on = _cut(starts, ends, params.target_bases)
        parts = [(*on, np.ones(len(on[0]), dtype=bool))]
        if params.use_off_target:
            low = np.concatenate([[0], ends + params.flank_bases])
            high = np.concatenate([starts - params.flank_bases, [length]])
            is_wide = high - low >= params.min_off_target_bases
            off = _cut(low[is_wide], high[is_wide], params.off_target_bases)
            parts.append((*off, np.zeros(len(off[0]), dtype=bool)))
        begin, end, is_target = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(begin, kind="stable")
        found[contig] = Layout(begin[order], end[order], is_target[order])
    return found


def _cut(starts: Ints, ends: Ints, size: int) -> tuple[Ints, Ints]:
    """Cut each interval into equal parts of about `size` bases."""
    length = ends - starts
    number = np.maximum(1, np.round(length / size)).astype(np.int64)
    interval = np.repeat(np.arange(len(starts)), number)
    part = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    begin = starts[interval] + length[interval] * part // number[interval]
    end = starts[interval] + length[interval] * (part + 1) // number[interval]
    return begin.astype(np.int64), end.astype(np.int64)


def bin_coverage(
    targets: Targets, reference: Reference | None, params: CopyNumberBinsParams
) -> Annotated[Collector, Scan(BIN_COVERAGE, assays=("exome",))]:
    """Count reads by the bin in which their middle lies.

    Duplicates, secondary, supplementary and failed records, and those of low mapping quality
    do not count. A read counts once, so that the counts of neighbouring bins do not share
    reads. `depth` is reads times their mean span by the length of the bin.

    Parameters
    ----------
    targets
        The captured bases.
    reference
        The genome, for the GC content of bins; without it GC is missing, and what hangs on
        it is left to the normal.
    params
        Lengths of bins.
    """
    return _BinCoverage(targets, reference, params)


class _BinCoverage:
    """Counts of all bins of a file."""

    def __init__(
        self, targets: Intervals, reference: Sequence | None, params: CopyNumberBinsParams
    ) -> None:
        self._targets, self._reference, self._params = targets, reference, params

    def begin(self, header: ReadHeader) -> None:
        """Lay the bins out on the contigs of a file."""
        lengths = dict(zip(header.contigs, header.lengths, strict=True))
        self._layout = lay_bins(self._targets, lengths, self._params)
        self._numbers = {header.contigs.index(contig): contig for contig in self._layout}
        self._shared: frozenset[str] = frozenset()
        if self._reference is not None:
            self._shared = shared_contigs(self._reference, header)
        self.forget()

    def forget(self) -> None:
        """Set all counts to nothing, in arrays of its own."""
        self._counts = {
            contig: np.zeros(len(bins.starts), dtype=np.int64)
            for contig, bins in self._layout.items()
        }
        self._spanned = 0

    def fork(self) -> Self:
        """Return a collector that has seen nothing."""
        twin = copy(self)
        twin.forget()
        return twin

    def take(self, batch: RecordBatch) -> None:
        """Count the records that belong to a batch."""
        contig = self._numbers.get(batch.contig)
        if contig is None or not len(batch):
            return
        spans = Spans(batch.starts, batch.ends, batch.flags, batch.mapq, batch.is_owned)
        bins = Bins(self._layout[contig].starts, self._layout[contig].ends)
        self._spanned += int(
            count_middles(spans, bins, self._params.min_mapq, self._counts[contig])
        )

    def merge(self, other: Self) -> None:
        """Add what another collector has counted."""
        for contig, counts in self._counts.items():
            np.add(counts, other._counts[contig], out=counts)
        self._spanned += other._spanned

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return one row for each bin."""
        reads = sum(int(counts.sum()) for counts in self._counts.values())
        span = self._spanned / reads if reads else 0.0
        frames = []
        for contig, bins in self._layout.items():
            counts = self._counts[contig].astype(np.float64)
            frames.append(
                pd.DataFrame(
                    {
                        "contig": contig,
                        "start": bins.starts,
                        "end": bins.ends,
                        "is_target": bins.is_target,
                        "reads": counts,
                        "depth": counts * span / (bins.ends - bins.starts),
                        "gc": self._gc(contig, bins),
                    }
                )
            )
        if not frames:
            return (BIN_COVERAGE.empty(),)
        return (pd.concat(frames, ignore_index=True),)

    def _gc(self, contig: str, bins: Layout) -> Floats:
        if self._reference is None or contig not in self._shared:
            return np.full(len(bins.starts), np.nan)
        return _gc_of(self._reference, contig, bins)


def _gc_of(reference: Sequence, contig: str, bins: Layout) -> Floats:
    """Return the GC content of the bins of a contig; missing where no base is known."""
    gc = np.full(len(bins.starts), np.nan)
    on = bins.is_target
    gc[on] = _share(reference, contig, bins.starts[on], bins.ends[on])
    low, high = bins.starts[~on], bins.ends[~on]
    width = (high - low) // _PIECES
    begin = (low[:, np.newaxis] + width[:, np.newaxis] * np.arange(_PIECES)).ravel()
    end = begin + np.minimum(np.repeat(width, _PIECES), _PIECE)
    summed = _sums(reference, contig, begin, end).reshape(2, -1, _PIECES).sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        gc[~on] = summed[0] / summed[1]
    return gc


def _share(reference: Sequence, contig: str, starts: Ints, ends: Ints) -> Floats:
    sums = _sums(reference, contig, starts, ends)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[0] / sums[1], dtype=np.float64)


def _sums(reference: Sequence, contig: str, starts: Ints, ends: Ints) -> Floats:
    """Return (2, intervals): bases G or C, and known bases."""
    if not len(starts):
        return np.zeros((2, 0))
    bases = reference.pieces(contig, starts, ends)
    edges = np.concatenate([[0], np.cumsum(ends - starts)])
    totals = [np.concatenate([[0.0], np.cumsum(kind[bases])]) for kind in (_GC, _KNOWN)]
    return np.array([total[edges[1:]] - total[edges[:-1]] for total in totals])
