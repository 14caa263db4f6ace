"""What the mismatches of fragments with HLA sequences cost.

The *loss* of a read and a sequence is by how much, in nats, it is less likely to be read from
it than from a sequence that it fits without a mismatch; that of a fragment is the sum over
its reads and the exons on which they lie.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.hla_blocks import Bench, Blocks, WordPlaces
from storiform.kernels.hla_placing import (
    base_loss,
    place_read,
    stretch_of,
    turn_read,
)
from storiform.kernels.records import Bytes, Int

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

_PER_COLUMN, _FURTHER, _FEW = 1.0, 3.0, 10
"""Loss of a column that a read has on the main block of the gene on which it lies best, but
not on the block at hand, nats; what is added for each after the first few. Genes differ by
a few columns; a read that lies beside an exon has no place there."""
_REACHES, _FITS, _UNTOLD = 12, 9, 4
"""Bases beside an exon by which a read of DNA is told from one that is spliced, how many of
them are the intron's, and from which code on a base is not told."""
_GOOD = 3.5
"""What a mismatch of a base costs, nats, that is read well enough to tell a new allele."""


class Reads(NamedTuple):
    """Reads by fragment: the bases of the k-th are [places[k], places[k + 1]).

    `codes` are 0 to 3, 4 for N; `costs` what a mismatch of each base costs, nats; the reads
    of the f-th fragment are [fragments[f], fragments[f + 1]).
    """

    codes: Bytes
    costs: Floats
    places: Ints
    fragments: Ints


class Exons(NamedTuple):
    """The exons, their words, and how many words a read shares at least with a diagonal."""

    blocks: Blocks
    words: WordPlaces
    least: int


class Alleles(NamedTuple):
    """Alleles of one gene: `sequences` int64 (exons, alleles), -1 where one has no exon."""

    gene: int
    sequences: Ints


@compiled
def lay_read(reads: Reads, number: Int, exons: Exons, bench: Bench) -> Int:
    """Lay one read on exons; return on how many."""
    first, last = reads.places[number], reads.places[number + 1]
    turn_read(reads.codes[first:last], reads.costs[first:last], bench)
    return place_read(bench, exons.blocks, exons.words, exons.least)


@compiled
def columns_of(bench: Bench, blocks: Blocks, block: Int) -> Int:
    """Return on how many columns of a block the read lies."""
    first, last = stretch_of(bench, blocks, block, bench.places[block])
    return max(np.int64(0), last - first)


@compiled
def main_columns(bench: Bench, blocks: Blocks, exon: Int) -> Int:
    """Return on how many columns a read lies of the gene's main block.

    An allele whose exon reaches into what is intron for all others has columns there that a
    read of DNA fits whatever its allele is; these do not count.
    """
    return columns_of(bench, blocks, blocks.mains[bench.anchors[exon]])


@compiled
def exon_columns(bench: Bench, blocks: Blocks, exon: Int) -> Int:
    """Return on how many columns a read lies of the gene's main block, without introns."""
    main = blocks.mains[bench.anchors[exon]]
    first, last = stretch_of(bench, blocks, main, bench.places[main])
    length = blocks.columns[main + 1] - blocks.columns[main]
    first = max(first, blocks.flank - bench.places[main])
    last = min(last, length - blocks.flank - bench.places[main])
    return np.int64(max(0, last - first))


@compiled
def lacking_loss(columns: Int) -> float:
    """Return the loss of so many columns that a read should have and does not, nats."""
    lost = max(np.int64(0), columns)
    return lost * _PER_COLUMN + max(np.int64(0), lost - _FEW) * _FURTHER


@compiled
def write_losses(bench: Bench, blocks: Blocks, block: Int, losses: Floats) -> None:
    """Write the loss of the read and each sequence of a block.

    `losses` (sequences,) has a place for each sequence of all blocks.
    """
    strand, diagonal = bench.state[3], bench.places[block]
    first, last = stretch_of(bench, blocks, block, diagonal)
    begin, end = blocks.sequences[block], blocks.sequences[block + 1]
    losses[begin:end] = 0.0
    total = 0.0
    for i in range(first, last):
        column = blocks.columns[block] + diagonal + i
        code, cost = bench.codes[strand, i], bench.costs[strand, i]
        usual = base_loss(code, cost, blocks.usual[column])
        total += usual
        for k in range(blocks.differences[column], blocks.differences[column + 1]):
            losses[blocks.others[k]] += base_loss(code, cost, blocks.bases[k]) - usual
    lacks = main_columns(bench, blocks, blocks.exons[block]) - max(np.int64(0), last - first)
    total += lacking_loss(lacks)
    for sequence in range(begin, end):
        losses[sequence] += total


@compiled
def add_least_losses(
    bench: Bench, exons: Exons, losses: Floats, least: Floats, exon: Int
) -> None:
    """Add to each gene the loss of its sequence of an exon that fits the read best.

    A gene without the exon loses each column.
    """
    blocks = exons.blocks
    columns = main_columns(bench, blocks, exon)
    block, last = blocks.of_exon[exon], blocks.of_exon[exon + 1]
    for gene in range(len(least)):
        best = lacking_loss(columns)
        is_first = True
        while block < last and blocks.genes[block] == gene:
            write_losses(bench, blocks, block, losses)
            for k in range(blocks.sequences[block], blocks.sequences[block + 1]):
                if is_first or losses[k] < best:
                    best = losses[k]
                is_first = False
            block += 1
        least[gene] += best


@compiled
def score_genes(
    reads: Reads, exons: Exons, bench: Bench, losses: Floats, least: Floats, columns: Ints
) -> None:
    """Find the least loss of each fragment among the alleles of each gene.

    Exons are looked at one by one, so it is that of the best mixture of a gene's sequences.

    Parameters
    ----------
    reads, exons
        Fragments, and what they are compared to.
    bench, losses
        Room: to place a read in, and float64 (sequences,).
    least
        float64 (fragments, genes), zeros, takes the losses, nats.
    columns
        int64 (fragments, 2), zeros, takes the number of columns of exons on which a fragment's
        reads lie, and that of these and of introns.
    """
    for fragment in range(len(columns)):
        for read in range(reads.fragments[fragment], reads.fragments[fragment + 1]):
            lay_read(reads, read, exons, bench)
            for exon in range(len(bench.anchors)):
                if bench.anchors[exon] >= 0:
                    add_least_losses(bench, exons, losses, least[fragment], exon)
                    columns[fragment, 0] += exon_columns(bench, exons.blocks, exon)
                    columns[fragment, 1] += main_columns(bench, exons.blocks, exon)


@compiled
def write_exon(
    bench: Bench, exons: Exons, alleles: Alleles, losses: Floats, exon: Int
) -> float:
    """Write the losses of a read and all sequences of one exon of one gene.

    Returns
    -------
    float
        What an allele without the exon loses.
    """
    blocks = exons.blocks
    for block in range(blocks.of_exon[exon], blocks.of_exon[exon + 1]):
        if blocks.genes[block] == alleles.gene:
            write_losses(bench, blocks, block, losses)
    return lacking_loss(main_columns(bench, blocks, exon))


@compiled
def score_alleles(
    reads: Reads, exons: Exons, alleles: Alleles, bench: Bench, losses: Floats, made: Singles
) -> None:
    """Find the loss of each fragment and each allele of a gene.

    Parameters
    ----------
    reads, exons
        Fragments, and what they are compared to.
    alleles
        The sequences of each allele.
    bench, losses
        Room: to place a read in, and float64 (sequences,).
    made
        float32 (fragments, alleles), zeros, takes the losses, nats.
    """
    for fragment in range(len(made)):
        for read in range(reads.fragments[fragment], reads.fragments[fragment + 1]):
            lay_read(reads, read, exons, bench)
            for exon in range(len(bench.anchors)):
                if bench.anchors[exon] < 0:
                    continue
                lacking = write_exon(bench, exons, alleles, losses, exon)
                for allele in range(alleles.sequences.shape[1]):
                    sequence = alleles.sequences[exon, allele]
                    made[fragment, allele] += losses[sequence] if sequence >= 0 else lacking


@compiled
def pile_fragments(
    reads: Reads, exons: Exons, sequences: Ints, blocks_of: Ints, bench: Bench, piles: Ints
) -> None:
    """Count the well read bases of fragments over the columns of one allele.

    Parameters
    ----------
    reads, exons
        Fragments of the allele, and what they are compared to.
    sequences, blocks_of
        int64 (exons,), the allele's sequence of each exon and its block, -1 for none.
    bench
        Room to place a read in.
    piles
        int64 (exons, longest exon, 4), zeros, takes the counts.
    """
    for read in range(reads.fragments[len(reads.fragments) - 1]):
        lay_read(reads, read, exons, bench)
        for exon in range(len(bench.anchors)):
            if bench.anchors[exon] < 0 or sequences[exon] < 0:
                continue
            block, strand = blocks_of[exon], bench.state[3]
            first, last = stretch_of(bench, exons.blocks, block, bench.places[block])
            for i in range(first, last):
                code = bench.codes[strand, i]
                if code <= 3 and bench.costs[strand, i] >= _GOOD:  # noqa: PLR2004  T
                    piles[exon, bench.places[block] + i, code] += 1


@compiled
def tell_side(bench: Bench, blocks: Blocks, block: Int, side: Int) -> Int:
    """Tell of a read whether it goes on into the intron on one side of an exon.

    Returns
    -------
    int
        1 if it does, 0 if it goes on elsewhere, -1 where it does not reach far enough.
    """
    place, strand = bench.places[block], bench.state[3]
    length = blocks.columns[block + 1] - blocks.columns[block]
    border = blocks.flank if side == 0 else length - blocks.flank
    inner, outer = place + bench.state[2] - border, border - place
    if side == 1:
        inner, outer = outer, inner
    if min(inner, outer) < _REACHES:
        return np.int64(-1)
    fits = 0
    for i in range(_REACHES):
        column = border - 1 - i if side == 0 else border + i
        base = blocks.usual[blocks.columns[block] + column]
        code = bench.codes[strand, column - place]
        fits += code == base or base >= _UNTOLD
    return np.int64(fits >= _FITS)


@compiled
def count_crossings(reads: Reads, exons: Exons, bench: Bench, counts: Ints) -> None:
    """Count how often reads leave an exon, and how often they go on into the intron.

    Parameters
    ----------
    reads, exons
        Fragments, and what they are compared to.
    bench
        Room to place a read in.
    counts
        int64 (2,), zeros: reads that go on elsewhere, and those that go on into the intron.
    """
    for read in range(reads.fragments[len(reads.fragments) - 1]):
        lay_read(reads, read, exons, bench)
        for exon in range(len(bench.anchors)):
            if bench.anchors[exon] < 0:
                continue
            for side in range(2):
                goes_on = tell_side(bench, exons.blocks, bench.anchors[exon], side)
                if goes_on >= 0:
                    counts[goes_on] += 1
