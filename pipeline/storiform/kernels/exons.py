"""Exons of many genes, flattened into segments."""

import numpy as np

from storiform.kernels.overlaps import (
    END,
    FIRST_ENTRY,
    FORWARD,
    GENE_SHIFT,
    IS_RIBOSOMAL,
    REVERSE,
    START,
    UNSTRANDED,
    Int64s,
    Layout,
)

_APART = 1 << 36
"""More than any place on a contig."""

PLUS, MINUS, NEITHER = range(3)
"""Strand of an exon."""

_OF_PLUS = np.array([FORWARD, REVERSE, REVERSE], dtype=np.int64) | UNSTRANDED
_OF_MINUS = np.array([REVERSE, FORWARD, REVERSE], dtype=np.int64) | UNSTRANDED
"""Masks of an exon by strand, for fragments on the forward and on the reverse strand."""


def flatten_exons(
    spans: tuple[Int64s, Int64s, Int64s], genes: Int64s, strands: Int64s,
    is_ribosomal: np.ndarray[tuple[int], np.dtype[np.bool_]], contigs: int,
) -> Layout:  # fmt: skip
    """Cut contigs into segments over whose bases the same genes have exons.

    Parameters
    ----------
    spans
        Contig (index), start and end of each exon, (n,) each, in any order; they may overlap.
    genes, strands
        Index of the gene and `PLUS`, `MINUS` or `NEITHER`, of each exon. As in featureCounts,
        an exon on neither strand counts as antisense.
    is_ribosomal
        Whether each gene is ribosomal RNA.
    contigs
        How many contigs there are.
    """
    base = spans[0] * _APART
    starts, ends = base + spans[1], base + spans[2]
    cuts = np.unique(np.concatenate([starts, ends]))
    first, last = np.searchsorted(cuts, starts), np.searchsorted(cuts, ends)
    sizes = last - first
    exon = np.repeat(np.arange(len(sizes)), sizes)
    segment = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes - first, sizes)
    order = np.lexsort((genes[exon], segment))
    exon, segment = exon[order], segment[order]
    changes = (np.diff(segment) != 0) | (np.diff(genes[exon]) != 0)
    heads = np.flatnonzero(np.append(True, changes)) if len(exon) else np.empty(0, np.int64)
    owner, place = genes[exon][heads], segment[heads]
    used, lists = np.unique(place, return_index=True)
    words = owner << GENE_SHIFT | np.where(is_ribosomal[owner], IS_RIBOSOMAL, 0)
    masks = [
        np.bitwise_or.reduceat(of[strands[exon]], heads) if len(heads) else heads
        for of in (_OF_PLUS, _OF_MINUS)
    ]
    lower, upper = cuts[used], cuts[np.minimum(used + 1, len(cuts) - 1)]
    segments = np.zeros((len(used) + 1, 3), dtype=np.int64)
    segments[:-1, START] = lower % _APART
    segments[:-1, END] = (upper - 1) % _APART + 1
    segments[:, FIRST_ENTRY] = np.append(lists, len(owner))
    along = _bases_before(owner, (upper - lower)[np.searchsorted(used, place)])
    return Layout(
        segments=segments,
        offsets=np.searchsorted(lower, np.arange(contigs + 1) * _APART).astype(np.int64),
        entries=np.column_stack([words | masks[0], words | masks[1], along]),
    )


def _bases_before(owners: Int64s, sizes: Int64s) -> Int64s:
    """Return how many bases each gene has on the segments before, in their order."""
    order = np.argsort(owners, kind="stable")
    sums = np.cumsum(sizes[order]) - sizes[order]
    sorted_owners = owners[order]
    is_first = np.append(True, np.diff(sorted_owners) != 0)[: len(owners)]
    base = np.maximum.accumulate(np.where(is_first, sums, 0)) if len(owners) else sums
    before = np.empty(len(owners), dtype=np.int64)
    before[order] = sums - base
    return before
