"""What mosdepth's short cut takes off beyond the bases that a batch owns.

Of a pair whose later mate ends inside the earlier one, mosdepth takes off all bases up to the
end of the earlier one (see `DepthRules`). A batch that begins behind the later mate holds the
earlier one alone and cannot know. So the batch that owns the last base of the later mate
notes what is to be taken off behind its own bases, every batch keeps the depth of the first
of its bases, as far as such a stretch can reach, and in the end one is taken off the other.
"""

import numpy as np

from storiform.kernels import compiled
from storiform.kernels.depth import (
    PROPER,
    Counts,
    Int,
    Ints,
    Pieces,
    Reads,
    bases_before,
    follows_mate,
    has_depth,
    is_one_operation,
)


@compiled
def list_takings(reads: Reads, owned_end: int, min_mapq: int) -> Ints:
    """List the stretches behind the owned bases of a batch that pairs in it take off.

    Returns
    -------
    numpy.ndarray
        int64 (n, 2), start and end on the contig.
    """
    takings = np.empty((len(reads.offsets), 2), dtype=np.int64)
    found = 0
    for i in range(len(reads.offsets)):
        mate = np.int64(reads.mates[i])
        if mate < 0 or reads.ends[i] > owned_end or reads.ends[mate] <= owned_end:
            continue
        if not follows_mate(reads, i, min_mapq):
            continue
        if is_one_operation(reads, i) and is_one_operation(reads, mate):
            takings[found, 0], takings[found, 1] = owned_end, reads.ends[mate]
            found += 1
    return takings[:found].copy()


@compiled
def reach_of_edge(reads: Reads, owned_start: int, min_mapq: int) -> Int:
    """Find how far into a batch earlier ones may take off; `owned_start` if not at all."""
    reach: Int = np.int64(owned_start)
    for i in range(len(reads.offsets)):
        if reads.starts[i] >= owned_start:
            break
        is_proper = (np.int64(reads.flags[i]) & PROPER) != 0
        if is_proper and has_depth(reads, i, min_mapq) and is_one_operation(reads, i):
            reach = max(reach, np.int64(reads.ends[i]))
    return reach


def number_takings(reads: Reads, owned_end: int, starts: Ints, ends: Ints, first: int) -> Ints:
    """List the stretches of `list_takings` of all records as numbers of target bases.

    Parameters
    ----------
    reads, owned_end
        Records of one contig, and the end of the bases that their batch owns.
    starts, ends, first
        Targets of that contig, and the number of the first of their bases.

    Returns
    -------
    numpy.ndarray
        int64 (n, 2), first number and the one after the last.
    """
    return bases_before(list_takings(reads, owned_end, 0), starts, ends) + first


def number_edge(
    reads: Reads, owned_start: int, pieces: Pieces, depth: Counts, first: int
) -> Ints:
    """Keep the depth of the bases of a batch from which earlier ones may take off.

    Parameters
    ----------
    reads, owned_start
        Records of one contig, and the first base that their batch owns.
    pieces, depth, first
        Target bases of the batch, int32 (bases,) their depth, and the first one's number.

    Returns
    -------
    numpy.ndarray
        int64 (n, 2), number of a base, and its depth.
    """
    reach = int(reach_of_edge(reads, owned_start, 0))
    inside = np.clip(reach, pieces.starts, pieces.ends) - pieces.starts
    edge = int(inside.sum())
    return np.column_stack([np.arange(first, first + edge), depth[:edge]]).astype(np.int64)


def count_takings(numbers: Ints, takings: Ints) -> Ints:
    """Count for numbered target bases (n,) the stretches (m, 2) of numbers that hold each.

    Examples
    --------
    >>> count_takings(np.array([3, 4, 5, 6]), np.array([[4, 6], [5, 9]])).tolist()
    [0, 1, 2, 1]
    """
    begun = np.searchsorted(np.sort(takings[:, 0]), numbers, side="right")
    ended = np.searchsorted(np.sort(takings[:, 1]), numbers, side="right")
    return np.asarray(begun - ended, dtype=np.int64)


def settle_edges(
    edges: Ints, takings: Ints, places: Ints, sums: Ints, histogram: Ints
) -> tuple[Ints, Ints]:
    """Take off the depth of edges what pairs of other batches take off there.

    Parameters
    ----------
    edges, takings
        Of all batches, numbered through all targets.
    places
        Numbers of the first bases of all targets, and the number of all bases.
    sums, histogram
        int64 (targets,) sum of depth of each, int64 (bins,) bases by depth, as counted.

    Returns
    -------
    tuple
        The same, settled, in new arrays.
    """
    taken = count_takings(edges[:, 0], takings)
    rows = np.searchsorted(places, edges[:, 0], side="right") - 1
    sums, histogram = sums.copy(), histogram.copy()
    np.subtract.at(sums, rows, taken)
    for depth, step in ((edges[:, 1], -1), (edges[:, 1] - taken, 1)):
        np.add.at(histogram, np.clip(depth, 0, len(histogram) - 1), step)
    return sums, histogram
