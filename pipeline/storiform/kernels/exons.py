"""Exons of many genes, flattened into segments."""

import numpy as np
import numpy.typing as npt

from storiform.kernels.overlaps import (
    AFTER_INTRON,
    ALONG,
    END,
    FIRST_ENTRY,
    FORWARD,
    GENE_SHIFT,
    IS_RIBOSOMAL,
    ON_MINUS,
    ON_PLUS,
    REVERSE,
    START,
    UNSTRANDED,
    Int64s,
    Layout,
)

Int32s = npt.NDArray[np.int32]
Masks = npt.NDArray[np.int8]

_APART = 1 << 36
"""More than any place on a contig."""

PLUS, MINUS, NEITHER = range(3)
"""Strand of an exon."""

_OF_PLUS = np.array([FORWARD, REVERSE, REVERSE], dtype=np.int8) | UNSTRANDED
_OF_MINUS = np.array([REVERSE, FORWARD, REVERSE], dtype=np.int8) | UNSTRANDED
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
    bounds = (np.searchsorted(cuts, starts), np.searchsorted(cuts, ends))
    owner, place, masks = _entries(bounds, genes.astype(np.int32), strands)
    used, lists = np.unique(place, return_index=True)
    lower, upper = cuts[used], cuts[np.minimum(used + 1, len(cuts) - 1)]
    segments = np.zeros((len(used) + 1, 4), dtype=np.int64)
    segments[:-1, START] = lower % _APART
    segments[:-1, END] = (upper - 1) % _APART + 1
    segments[:, FIRST_ENTRY] = np.append(lists, len(owner))
    segments[:-1, AFTER_INTRON] = _after_introns(
        (starts, ends), spans[0], genes, (lower, upper)
    )
    sizes = (upper - lower)[np.searchsorted(used, place)]
    entries = np.empty((len(owner), 3), dtype=np.int64)
    entries[:, ALONG] = _bases_before(owner, sizes)
    lengths = np.bincount(owner, sizes, minlength=len(is_ribosomal)).astype(np.int64)
    words = owner.astype(np.int64) << GENE_SHIFT | np.where(
        is_ribosomal[owner], IS_RIBOSOMAL, 0
    )
    for column, mask in zip((ON_PLUS, ON_MINUS), masks, strict=True):
        entries[:, column] = words | mask
    offsets = np.searchsorted(lower, np.arange(contigs + 1) * _APART).astype(np.int64)
    return Layout(segments=segments, offsets=offsets, entries=entries, lengths=lengths)


def _after_introns(
    exons: tuple[Int64s, Int64s],
    contigs: Int64s,
    genes: Int64s,
    segments: tuple[Int64s, Int64s],
) -> npt.NDArray[np.bool_]:
    """Tell of each segment whether what lies between it and the one before is of a gene.

    A gene begins and ends with an exon, so that a stretch between two segments is of it as a
    whole or not at all. A gene on two contigs is one on each.
    """
    order = np.lexsort((contigs, genes))
    contig, gene = contigs[order], genes[order]
    is_first = np.append(True, (np.diff(contig) != 0) | (np.diff(gene) != 0))[: len(order)]
    heads = np.flatnonzero(is_first)
    if not len(heads):
        return np.zeros(len(segments[0]), dtype=np.bool_)
    first = np.minimum.reduceat(exons[0][order], heads)
    last = np.maximum.reduceat(exons[1][order], heads)
    depth = np.zeros(len(segments[0]) + 1, dtype=np.int64)
    np.add.at(depth, np.searchsorted(segments[0], first) + 1, 1)
    np.add.at(depth, np.searchsorted(segments[1], last) + 1, -1)
    return np.asarray(np.cumsum(depth)[:-1] > 0, dtype=np.bool_)


def _entries(
    bounds: tuple[Int64s, Int64s], genes: Int32s, strands: Int64s
) -> tuple[Int32s, Int32s, list[Masks]]:
    """Return gene and piece between cuts of each entry, sorted by piece, and its masks.

    ``bounds`` are the first cut of each exon and its last one. In 32 bits: a genome has
    hundreds of thousands of exons, and of these lists there are many.
    """
    sizes = bounds[1] - bounds[0]
    exon = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    before = (np.cumsum(sizes) - sizes - bounds[0]).astype(np.int32)
    segment = np.arange(len(exon), dtype=np.int32) - before[exon]
    order = np.lexsort((genes[exon], segment))
    exon, segment = exon[order], segment[order]
    owner = genes[exon]
    changes = (np.diff(segment) != 0) | (np.diff(owner) != 0)
    heads = np.flatnonzero(np.append(True, changes)) if len(exon) else np.empty(0, np.int64)
    masks = [
        np.bitwise_or.reduceat(of[strands[exon]], heads) if len(heads) else np.empty(0, np.int8)
        for of in (_OF_PLUS, _OF_MINUS)
    ]
    return owner[heads], segment[heads], masks


def _bases_before(owners: Int32s, sizes: Int64s) -> Int64s:
    """Return how many bases each gene has on the segments before, in their order."""
    order = np.argsort(owners, kind="stable")
    sums = np.cumsum(sizes[order]) - sizes[order]
    sorted_owners = owners[order]
    is_first = np.append(True, np.diff(sorted_owners) != 0)[: len(owners)]
    base = np.maximum.accumulate(np.where(is_first, sums, 0)) if len(owners) else sums
    before = np.empty(len(owners), dtype=np.int64)
    before[order] = sums - base
    return before
