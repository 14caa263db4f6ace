"""The exons of a compiled reference, laid out so that reads can be placed on them."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from storiform.biomarkers.hla.exon_flanks import ANY, FLANK, FlankedExon, flanked_exons
from storiform.biomarkers.hla.genomic_exons import genomic_exons
from storiform.kernels.hla_blocks import ANYTHING, Blocks, WordPlaces
from storiform.kernels.hla_losses import Exons
from storiform.kernels.hla_words import LENGTH, NO_WORD, WordSet, fill_set
from storiform.model.hla import CLASS_I
from storiform.model.hla_reference import DECOYS, GAP, MISSING, HlaReference

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

GENES = (*CLASS_I, *DECOYS)
"""Genes by their number in kernels: those that are typed come first."""
_COLUMN_BITS = 16
_LEAST_WORDS = 3
_TOLD = np.array([0, 1, 2, 3, ANYTHING], dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Layouts:
    """Exons of all genes, with the ends of introns, as kernels take them.

    Parameters
    ----------
    exons
        Blocks and their words.
    sequence_of
        Gene -> int64 (n_exons, n_rows): the sequence of each distinct row of exons, -1 for
        none.
    row_of
        Gene -> int64 (n_alleles_of_gene,): the row of each of its alleles.
    open_row_of
        The same: the row with the allele's exons and introns that nobody has told.
    """

    exons: Exons
    sequence_of: dict[str, Ints]
    row_of: dict[str, Ints]
    open_row_of: dict[str, Ints]

    @property
    def sequences(self) -> int:
        """Number of sequences of all exons."""
        return int(self.exons.blocks.sequences[-1])

    def spliced(self) -> "Layouts":
        """Return the same exons for reads of RNA: introns are not compared."""
        blocks = self.exons.blocks._replace(margin=self.exons.blocks.flank)
        return replace(self, exons=self.exons._replace(blocks=blocks))

    def block_of(self, sequence: int) -> int:
        """Return the block of a sequence, -1 of none."""
        if sequence < 0:
            return -1
        return int(np.searchsorted(self.exons.blocks.sequences, sequence, side="right")) - 1

    def bases(self, sequence: int) -> Bytes:
        """Return the bases of a sequence, uint8, 0 to 5, with those of introns."""
        blocks, block = self.exons.blocks, self.block_of(sequence)
        first, last = blocks.columns[block], blocks.columns[block + 1]
        bases = blocks.usual[first:last].copy()
        begin, end = blocks.differences[first], blocks.differences[last]
        own = np.flatnonzero(blocks.others[begin:end] == sequence) + begin
        columns = np.searchsorted(blocks.differences, own, side="right") - 1
        bases[columns - first] = blocks.bases[own]
        return bases


@dataclass(frozen=True, eq=False)
class _Block:
    """Sequences (n, columns) of one exon of one gene that have no gap between them.

    `commons` (columns,) are the columns among those common to all sequences of the exon.
    """

    gene: int
    exon: int
    rows: Ints
    bases: Bytes
    commons: Ints


@lru_cache(maxsize=1)
def lay_out(reference: HlaReference) -> Layouts:
    """Lay out the exons of a reference; the last one is remembered."""
    exons = [
        (number, exon)
        for number, gene in enumerate(GENES)
        if gene in reference.exons
        for exon in flanked_exons(reference, gene, genomic_exons(reference, gene))
    ]
    exons.sort(key=lambda item: (item[1].exon, item[0]))
    blocks = [block for number, exon in exons for block in _parted(number, exon)]
    firsts = np.cumsum([0, *(len(block.rows) for block in blocks)])
    last = max((exon.exon for _, exon in exons), default=1)
    sequence_of, row_of, open_row_of = {}, {}, {}
    for number, gene in enumerate(GENES):
        own = [exon for of, exon in exons if of == number]
        if own:
            numbers = np.full((last, 2 * len(own[0].rows)), -1, dtype=np.int64)
            for exon in own:
                rows = np.concatenate([exon.rows, exon.open_rows])
                numbers[exon.exon - 1] = _numbers(number, exon, blocks, firsts)[rows]
            distinct, inverse = np.unique(numbers, axis=1, return_inverse=True)
            sequence_of[gene] = np.ascontiguousarray(distinct)
            row_of[gene], open_row_of[gene] = inverse.reshape(2, -1).astype(np.int64)
    made = Exons(_blocks(blocks, firsts, last), _words(blocks), _LEAST_WORDS)
    return Layouts(made, sequence_of, row_of, open_row_of)


def _parted(gene: int, exon: FlankedExon) -> list[_Block]:
    """Part the sequences of an exon by where they have gaps; those of most alleles first."""
    is_gap = exon.columns == GAP
    patterns, inverse = np.unique(is_gap, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    bearers = np.bincount(exon.rows[exon.rows >= 0], minlength=len(exon.columns))
    sizes = np.bincount(inverse, bearers, minlength=len(patterns))
    blocks = []
    for pattern in np.argsort(-sizes, kind="stable"):
        rows = np.flatnonzero(inverse == pattern)
        codes = exon.columns[rows][:, ~patterns[pattern]]
        bases = np.where(codes == ANY, ANYTHING, np.minimum(codes, MISSING)).astype(np.uint8)
        if bases.shape[1] > 2 * FLANK:
            commons = np.flatnonzero(~patterns[pattern])
            blocks.append(_Block(gene, exon.exon - 1, rows, bases, commons))
    return blocks


def _numbers(gene: int, exon: FlankedExon, blocks: list[_Block], firsts: Ints) -> Ints:
    """Return the number of each sequence of an exon; -1 for none, and at the end."""
    numbers = np.full(len(exon.columns) + 1, -1, dtype=np.int64)
    for block, first in zip(blocks, firsts, strict=False):
        if block.gene == gene and block.exon == exon.exon - 1:
            numbers[block.rows] = first + np.arange(len(block.rows))
    return numbers


def _blocks(blocks: list[_Block], firsts: Ints, exons: int) -> Blocks:
    usual, counts, others, bases = [], [], [], []
    for block, first in zip(blocks, firsts, strict=False):
        seen = np.stack([(block.bases == code).sum(axis=0) for code in _TOLD])
        commonest = np.where(seen.any(axis=0), _TOLD[seen.argmax(axis=0)], MISSING)
        columns, rows = np.nonzero(commonest[:, np.newaxis] != block.bases.T)
        usual.append(commonest.astype(np.uint8))
        counts.append(np.bincount(columns, minlength=len(commonest)))
        others.append((rows + first).astype(np.int32))
        bases.append(block.bases[rows, columns])
    genes = np.array([block.gene for block in blocks], dtype=np.int64)
    numbers = np.array([block.exon for block in blocks], dtype=np.int64)
    both, none = numbers * len(GENES) + genes, np.empty(0, dtype=np.int64)
    return Blocks(
        genes,
        numbers,
        np.searchsorted(both, both).astype(np.int64),
        np.searchsorted(numbers, np.arange(exons + 1)).astype(np.int64),
        np.cumsum([0, *(block.bases.shape[1] for block in blocks)], dtype=np.int64),
        np.concatenate([none, *(block.commons for block in blocks)]).astype(np.int32),
        firsts.astype(np.int64),
        np.concatenate([*usual, np.empty(0, dtype=np.uint8)]),
        np.concatenate([[0], np.cumsum(np.concatenate([*counts, [0]]))[:-1]]).astype(np.int64),
        np.concatenate([*others, np.empty(0, dtype=np.int32)]),
        np.concatenate([*bases, np.empty(0, dtype=np.uint8)]),
        len(CLASS_I),
        FLANK,
        0,
    )


def _words(blocks: list[_Block]) -> WordPlaces:
    """Index the words of all blocks."""
    words, owners, columns = [], [], []
    for number, block in enumerate(blocks):
        found = _words_of(block.bases)
        words.append(found >> _COLUMN_BITS)
        columns.append((found & ((1 << _COLUMN_BITS) - 1)).astype(np.int32))
        owners.append(np.full(len(found), number, dtype=np.int32))
    every = np.concatenate([*words, np.empty(0, dtype=np.int64)])
    order = np.argsort(every, kind="stable")
    distinct, first = np.unique(every[order], return_index=True)
    places = np.append(first, len(every)).astype(np.int64)
    none = np.empty(0, dtype=np.int32)
    return WordPlaces(
        _set_of(distinct),
        places,
        np.concatenate([*owners, none])[order],
        np.concatenate([*columns, none])[order],
    )


def _words_of(bases: Bytes) -> Ints:
    """Return the words of all sequences with their columns, each once: word, then column."""
    columns = bases.shape[1] - LENGTH + 1
    if columns < 1:
        return np.empty(0, dtype=np.int64)
    words = np.zeros((len(bases), columns), dtype=np.int64)
    is_known = np.ones((len(bases), columns), dtype=bool)
    for k in range(LENGTH):
        part = bases[:, k : k + columns]
        words = words << 2 | (part & 3)
        is_known &= part < MISSING
    placed = words << _COLUMN_BITS | np.arange(columns)
    return np.unique(placed[is_known])


def _set_of(words: Ints) -> WordSet:
    size = 1 << max(4, (2 * len(words)).bit_length())
    made = WordSet(np.full(size, NO_WORD, dtype=np.int64), np.full(size, -1, dtype=np.int32))
    fill_set(words, made)
    return made
