"""Numbers and descriptions of the genes that a GTF names."""

import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.kernels.gene_lines import (
    AT,
    BIOTYPE_AT,
    BIOTYPE_STOP,
    CODING,
    CONTIG_RUN,
    EXON,
    FEATURE,
    GENE_RUN,
    IS_GENE,
    STOP,
    STRAND,
    SYMBOL_AT,
    SYMBOL_STOP,
)

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]
Objects = NDArray[np.object_]

STRANDS = np.array(["+", "-", "."], dtype=object)
_NOWHERE, _PLACED = -1, -2


class GeneNames:
    """Genes: symbol and biotype, contig and strand of the first exon or else coding piece.

    A gene has a number from the first line that names it. What lines of genes tell of symbol
    and biotype goes before what other lines tell.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._symbols: tuple[list[str], list[str]] = ([], [])
        self._biotypes: tuple[list[str], list[str]] = ([], [])
        self._homes: tuple[list[int], list[int]] = ([], [])
        self._order: list[int] = []

    def take(self, text: bytes, runs: Int64s) -> Int64s:
        """Learn what runs of lines tell of their genes; return the number of each run."""
        numbers = []
        for run in runs.tolist():
            name = written(text, run[AT], run[STOP])
            number = self._numbers.setdefault(name, len(self._numbers))
            numbers.append(number)
            if number == len(self._homes[0]):
                for texts in (*self._symbols, *self._biotypes):
                    texts.append("")
                for homes in self._homes:
                    homes.append(_NOWHERE)
            symbols, biotypes = self._symbols[run[IS_GENE]], self._biotypes[run[IS_GENE]]
            if not symbols[number] and not self._symbols[True][number]:
                symbols[number] = written(text, run[SYMBOL_AT], run[SYMBOL_STOP])
            if not biotypes[number] and not self._biotypes[True][number]:
                told = written(text, run[BIOTYPE_AT], run[BIOTYPE_STOP])
                biotypes[number] = sys.intern(told)
        return np.array(numbers, dtype=np.int64)

    def place(self, rows: Int64s) -> None:
        """Note contig and strand of the first piece of each gene, and the order of genes.

        ``rows`` are those of `Lines`, with numbers of contigs and genes for their runs.
        """
        for gene, _ in _heads(rows):
            if self._homes[0][gene] == self._homes[1][gene] == _NOWHERE:
                self._order.append(gene)
                self._homes[0][gene] = _PLACED
        for homes, kind in zip(self._homes, (CODING, EXON), strict=True):
            for gene, code in _heads(rows[rows[:, FEATURE] == kind]):
                if homes[gene] < 0:
                    homes[gene] = code

    def table(self, contigs: Objects) -> tuple[pd.DataFrame, Int32s]:
        """Return the genes that have pieces, by their first one, and the row of each number."""
        names, order = list(self._numbers), self._order
        ids = [names[gene] for gene in order]
        symbols = [_first(self._symbols, gene) or names[gene] for gene in order]
        codes = [self._homes[1][gene] for gene in order]
        codes = [
            self._homes[0][gene] if code < 0 else code
            for gene, code in zip(order, codes, strict=True)
        ]
        homes, rows = np.array(codes, dtype=np.int64), np.full(len(names), -1, dtype=np.int32)
        rows[order] = np.arange(len(order), dtype=np.int32)
        columns = {
            "gene_id": _objects(ids),
            "gene": _objects(symbols),
            "biotype": _objects([_first(self._biotypes, gene) for gene in order]),
            "contig": contigs[homes // len(STRANDS)],
            "strand": STRANDS[homes % len(STRANDS)],
        }
        return pd.DataFrame(columns), rows


def _heads(rows: Int64s) -> Iterator[tuple[int, int]]:
    """Return gene, and contig and strand as one number, wherever another gene begins."""
    heads = rows[np.flatnonzero(np.diff(rows[:, GENE_RUN], prepend=-1))]
    codes = heads[:, CONTIG_RUN] * len(STRANDS) + heads[:, STRAND]
    return zip(heads[:, GENE_RUN].tolist(), codes.tolist(), strict=True)


def _first(texts: tuple[list[str], list[str]], gene: int) -> str:
    return texts[True][gene] or texts[False][gene]


def _objects(texts: list[str]) -> Objects:
    return np.array([*texts, ""], dtype=object)[:-1]


def written(text: bytes, at: int, end: int) -> str:
    """Return a part of a text; bytes that are no text become marks."""
    return text[at:end].decode(errors="replace")
