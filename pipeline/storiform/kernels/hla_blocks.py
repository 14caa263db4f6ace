"""The exons of HLA genes as kernels take them, and room to place a read on them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels.hla_words import WordSet
from storiform.kernels.records import Bytes

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NOWHERE = -(1 << 30)
"""The diagonal of a read that does not lie there."""
DIAGONALS = 4
"""Diagonals of one read and block between which its words may choose."""
ANYTHING = 5
"""A base of which each is as good as another."""


class WordPlaces(NamedTuple):
    """Where words stand: the w-th in `blocks` and `columns` [first[w], first[w + 1])."""

    words: WordSet
    first: Ints
    blocks: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int32]


class Blocks(NamedTuple):
    """Sequences of exons without gaps, block by block.

    Parameters
    ----------
    genes, exons
        int64 (n,), numbers of each block's gene and exon, from 0.
    mains
        int64 (n,), the block of the same gene and exon with the commonest gaps.
    of_exon
        int64 (exons + 1,), the first block of each exon.
    columns
        int64 (n + 1,), the first column of each block; columns are numbered through.
    commons
        int32 (columns,), the column among those common to all of the gene's exon.
    sequences
        int64 (n + 1,), the first sequence of each block.
    usual
        uint8 (columns,), the commonest base of each column, 4 for one that is not known,
        `ANYTHING` for one that may be any.
    differences
        int64 (columns + 1,): at a column, `others` [differences[c], differences[c + 1]) are
        the sequences that have another base, `bases` which.
    typed
        Number of genes that are typed, the first ones.
    flank
        Columns of each block on either side that are of introns.
    margin
        Those of them on which reads are not compared: none of DNA, all of RNA.
    """

    genes: Ints
    exons: Ints
    mains: Ints
    of_exon: Ints
    columns: Ints
    commons: npt.NDArray[np.int32]
    sequences: Ints
    usual: Bytes
    differences: Ints
    others: npt.NDArray[np.int32]
    bases: Bytes
    typed: int
    flank: int
    margin: int


class Bench(NamedTuple):
    """Room to place one read in; two rows, one for each strand.

    `codes` (2, longest) and `costs` (2, longest) are the read as it may lie, what a mismatch
    of each base costs (nats); `words` (longest,); `diagonals` and `votes`
    (2, blocks, `DIAGONALS`) and how many of them there are, `tried` (2, blocks); `touched`
    (2, blocks) those blocks that have any, `state` (4,) their numbers by strand, then the
    length and strand of the read. `anchors` (exons,) and `places` (blocks,) are the result:
    the block and the diagonal of each exon by which the read lies on it, -1 where it does
    not, and its diagonal on each block of these exons.
    """

    codes: Bytes
    costs: Floats
    words: Ints
    diagonals: Ints
    votes: Ints
    tried: Ints
    touched: Ints
    state: Ints
    anchors: Ints
    places: Ints


def make_bench(blocks: Blocks, longest: int) -> Bench:
    """Return room for reads of up to so many bases."""
    number, exons = len(blocks.genes), len(blocks.of_exon) - 1
    return Bench(
        np.zeros((2, longest), dtype=np.uint8),
        np.zeros((2, longest)),
        np.zeros(longest, dtype=np.int64),
        np.zeros((2, number, DIAGONALS), dtype=np.int64),
        np.zeros((2, number, DIAGONALS), dtype=np.int64),
        np.zeros((2, number), dtype=np.int64),
        np.zeros((2, number), dtype=np.int64),
        np.zeros(4, dtype=np.int64),
        np.full(exons, -1, dtype=np.int64),
        np.full(number, NOWHERE, dtype=np.int64),
    )
