"""Reads by the bin in which their middle lies."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.kernels import compiled
from storiform.kernels.records import Int

_LEFT_OUT = 4 | 256 | 512 | 1024 | 2048
"""Flags of what does not count: unaligned, secondary, failed, duplicate, supplementary."""


class Spans(NamedTuple):
    """Records: int32 `starts` and `ends`, uint16 `flags`, uint8 `mapq`, bool `is_owned`."""

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    flags: NDArray[np.uint16]
    mapq: NDArray[np.uint8]
    is_owned: NDArray[np.bool_]


class Bins(NamedTuple):
    """Bins of one contig: int64 (n,) `starts` and `ends`, sorted, without overlaps."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


@compiled
def count_middles(spans: Spans, bins: Bins, min_mapq: int, counts: NDArray[np.int64]) -> Int:
    """Add each record to the bin that holds its middle base.

    Parameters
    ----------
    spans
        Records of one contig, in any order; sorted ones are quick.
    bins
        Bins of that contig.
    min_mapq
        Least mapping quality of a record that counts.
    counts
        int64 (n,), added to.

    Returns
    -------
    int64
        Sum of the reference bases that the counted records span.
    """
    spanned: Int = np.int64(0)
    last = len(bins.starts) - 1
    if last < 0:
        return spanned
    at = np.int64(0)
    for i in range(len(spans.starts)):
        if not spans.is_owned[i] or (np.int64(spans.flags[i]) & _LEFT_OUT) != 0:
            continue
        if np.int64(spans.mapq[i]) < min_mapq:
            continue
        middle = (np.int64(spans.starts[i]) + np.int64(spans.ends[i])) // 2
        if i == 0 or bins.starts[at] > middle:
            at = np.int64(np.searchsorted(bins.starts, middle, side="right")) - 1
            at = max(at, np.int64(0))
        while at < last and bins.starts[at + 1] <= middle:
            at += 1
        if bins.starts[at] <= middle < bins.ends[at]:
            counts[at] += 1
            spanned += np.int64(spans.ends[i]) - np.int64(spans.starts[i])
    return spanned
