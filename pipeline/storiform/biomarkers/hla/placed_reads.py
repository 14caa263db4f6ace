"""Reads of HLA genes, compared to the exons of all alleles."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.biomarkers.hla.layouts import GENES, Layouts
from storiform.kernels.hla_blocks import make_bench
from storiform.kernels.hla_losses import (
    Alleles,
    Reads,
    count_crossings,
    pile_fragments,
    score_alleles,
    score_genes,
)
from storiform.model.hla import CLASS_I

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

TYPED = len(CLASS_I)
"""Genes that are typed; those after them are decoys."""
PER_MISMATCH = 6.0
"""Loss of a mismatch of usual quality, nats."""
_FEWEST_MISMATCHES = 1.5
_TOLD_BY = 3_000
"""Fragments by which reads of RNA are told from those of DNA."""
_FLOOR, _CEILING, _USUAL = 0.002, 0.5, 0.005
"""Least and greatest chance that a base is wrong, and that of one without a quality."""
_CODES = np.full(256, 4, dtype=np.uint8)
_CODES[np.frombuffer(b"ACGTacgt", dtype=np.uint8)] = [0, 1, 2, 3, 0, 1, 2, 3]
_STIR, _SHIFT = np.uint64(0xD6E8FEB86659FD93), np.uint64(32)


def _costs() -> Floats:
    """Return what a mismatch costs by the letter of its quality, phred + 33; nats."""
    phred = np.arange(256) - 33.0
    wrong = np.clip(10.0 ** (-phred / 10.0), _FLOOR, _CEILING)
    wrong[0] = _USUAL
    costs: Floats = np.log(1.0 - wrong) - np.log(wrong / 3.0)
    return costs


_COSTS = _costs()


@dataclass(frozen=True, eq=False)
class PlacedReads:
    """Fragments that lie on exons, with what each gene's best allele loses.

    Parameters
    ----------
    reads
        Their bases.
    least
        float64 (n, genes), least loss among the alleles of each gene, nats.
    columns
        int64 (n, 2), columns of exons on which a fragment's reads lie, and of these and
        introns.
    layouts
        The exons.
    """

    reads: Reads
    least: Floats
    columns: Ints
    layouts: Layouts

    def __len__(self) -> int:
        """Return the number of fragments."""
        return len(self.columns)

    @property
    def best(self) -> Floats:
        """The least loss among all genes, (n,)."""
        best: Floats = self.least.min(axis=1)
        return best

    @property
    def decoy(self) -> Floats:
        """The least loss among the decoys, (n,)."""
        decoy: Floats = self.least[:, TYPED:].min(axis=1)
        return decoy

    def taken(self, rows: Ints) -> "PlacedReads":
        """Return some of the fragments."""
        reads = take_fragments(self.reads, rows)
        return PlacedReads(reads, self.least[rows], self.columns[rows], self.layouts)

    def losses(self, gene: int, rows: Ints, sequences: Ints) -> Singles:
        """Return the losses, float32 (fragments, alleles), of some fragments and alleles.

        `sequences` (exons, alleles) are theirs of each exon.
        """
        reads = take_fragments(self.reads, rows)
        made = np.zeros((len(rows), sequences.shape[1]), dtype=np.float32)
        blocks = self.layouts.exons.blocks
        bench = make_bench(blocks, longest(reads))
        losses = np.zeros(self.layouts.sequences)
        alleles = Alleles(gene, np.ascontiguousarray(sequences))
        score_alleles(reads, self.layouts.exons, alleles, bench, losses, made)
        return made

    def piled(self, rows: Ints, sequences: Ints) -> Ints:
        """Return the well read bases of some fragments over one allele.

        Returns
        -------
        numpy.ndarray
            int64 (exons, longest exon, 4); `sequences` (exons,) are the allele's.
        """
        exons = self.layouts.exons
        blocks_of = np.array([self.layouts.block_of(int(s)) for s in sequences], dtype=np.int64)
        reads = take_fragments(self.reads, rows)
        longest_exon = int(np.diff(exons.blocks.columns).max(initial=1))
        piles = np.zeros((len(sequences), longest_exon, 4), dtype=np.int64)
        bench = make_bench(exons.blocks, longest(reads))
        pile_fragments(reads, exons, np.ascontiguousarray(sequences), blocks_of, bench, piles)
        return piles


def place_reads(
    hla_sequences: pd.DataFrame, layouts: Layouts, most: int, limits: tuple[int, float]
) -> PlacedReads:
    """Compare the reads of a sample to the exons of all alleles.

    Parameters
    ----------
    hla_sequences
        The reads; see the table of this name.
    layouts
        The exons.
    most
        Fragments that are looked at; of more, those with the lowest hashes.
    limits
        Columns of exons on which the reads of a fragment lie at least, and the mismatches
        with the best allele for each column at most; one and a half are always allowed.

    Returns
    -------
    PlacedReads
        Fragments within the limits.
    """
    reads = read_fragments(hla_sequences, most)
    number = len(reads.fragments) - 1
    least, columns = np.zeros((number, len(GENES))), np.zeros((number, 2), dtype=np.int64)
    if is_spliced(reads, layouts):
        layouts = layouts.spliced()
    bench = make_bench(layouts.exons.blocks, longest(reads))
    room = np.zeros(layouts.sequences)
    score_genes(reads, layouts.exons, bench, room, least, columns)
    placed = PlacedReads(reads, least, columns, layouts)
    allowed = np.maximum(_FEWEST_MISMATCHES, limits[1] * columns[:, 1])
    is_good = (columns[:, 0] >= limits[0]) & (placed.best <= PER_MISMATCH * allowed)
    return placed.taken(np.flatnonzero(is_good))


def is_spliced(reads: Reads, layouts: Layouts) -> bool:
    """Tell whether reads are of RNA: most that leave an exon do not go on into the intron."""
    first = take_fragments(reads, np.arange(min(len(reads.fragments) - 1, _TOLD_BY)))
    counts = np.zeros(2, dtype=np.int64)
    bench = make_bench(layouts.exons.blocks, longest(first))
    count_crossings(first, layouts.exons, bench, counts)
    return bool(counts[0] > counts[1])


def read_fragments(hla_sequences: pd.DataFrame, most: int) -> Reads:
    """Turn a table of reads into arrays, fragment by fragment, at most so many of these.

    Fragments are in an order that has nothing to do with where they lie, so that the first
    of them are a fair sample.
    """
    names = hla_sequences["fragment"].to_numpy(dtype=np.int64).view(np.uint64)
    stirred = names * _STIR
    ranks = stirred ^ stirred >> _SHIFT
    order = np.lexsort((hla_sequences["mate"].to_numpy(), names, ranks))
    starts = np.flatnonzero(np.diff(names[order], prepend=~names[order][:1]))
    if len(starts) > most:
        order, starts = order[: starts[most]], starts[:most]
    bases = [str(text) for text in hla_sequences["bases"].to_numpy()[order]]
    qualities = [
        text if isinstance(text, str) and len(text) == len(read) else "\0" * len(read)
        for text, read in zip(hla_sequences["qualities"].to_numpy()[order], bases, strict=True)
    ]
    codes = _CODES[np.frombuffer("".join(bases).encode("latin-1"), dtype=np.uint8)]
    costs = _COSTS[np.frombuffer("".join(qualities).encode("latin-1"), dtype=np.uint8)]
    places = np.cumsum([0, *(len(text) for text in bases)], dtype=np.int64)
    return Reads(codes, costs, places, np.append(starts, len(order)).astype(np.int64))


def take_fragments(reads: Reads, rows: Ints) -> Reads:
    """Return some fragments, in the order asked for."""
    first, last = reads.fragments[rows], reads.fragments[rows + 1]
    own = _ranges(first, last)
    places = reads.places
    bases = _ranges(places[own], places[own + 1])
    return Reads(
        reads.codes[bases],
        reads.costs[bases],
        np.concatenate([[0], np.cumsum(places[own + 1] - places[own])]).astype(np.int64),
        np.concatenate([[0], np.cumsum(last - first)]).astype(np.int64),
    )


def longest(reads: Reads) -> int:
    """Return the length of the longest read, 1 of none."""
    return int(np.diff(reads.places).max(initial=1))


def _ranges(first: Ints, last: Ints) -> Ints:
    """Return the numbers of all ranges [first, last), one range after another."""
    lengths = last - first
    ends = np.cumsum(lengths)
    return np.repeat(last - ends, lengths) + np.arange(ends[-1] if len(ends) else 0)
