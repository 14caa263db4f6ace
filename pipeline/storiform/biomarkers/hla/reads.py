"""Reads of a sample that look like those of HLA genes, gathered in the pass over its file."""

from copy import copy
from functools import lru_cache
from typing import Annotated, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.kernels.hla_words import (
    LENGTH,
    NO_WORD,
    Records,
    Texts,
    WordSet,
    add_words,
    list_strandless_words,
    sieve_records,
    write_reads,
)
from storiform.model.hla_reference import GAP, HlaAlleles, HlaReference
from storiform.model.params import Params
from storiform.model.reads import (
    DUPLICATE,
    QC_FAILED,
    READ1,
    READ2,
    SECONDARY,
    SUPPLEMENTARY,
    Collector,
    ReadHeader,
    RecordBatch,
    Scan,
)
from storiform.model.table import TEXT
from storiform.model.tables.hla import HLA_READS, HLA_SEQUENCES

Ints = NDArray[np.int64]

REGION = (28_500_000, 33_500_000)
"""Bases of chr6 with the genes of HLA, alike in both builds."""
_LEFT_OUT = SECONDARY | SUPPLEMENTARY | DUPLICATE | QC_FAILED
_ALTERNATIVES = ("HLA-", "HLA:", "HLA", "chr6_", "6_", "HSCHR6_")
_ACCESSIONS = tuple(f"GL00025{number}" for number in range(7))
"""Alternative contigs of the MHC, as both builds name them by accession."""
_ELSEWHERE, _REGION, _OTHER, _UNALIGNED = range(4)
_FEWEST_SLOTS = 1 << 16
_STIR, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)
_TOO_MANY = 2
"""Reads are thinned when there are so many times those that may be kept."""


class HlaReadsParams(Params):
    """Which reads are kept for HLA typing and HLA loss."""

    min_shared_words: int = Field(
        3,
        ge=1,
        le=100,
        description="words of 16 bases that a read shares with any allele, on either strand",
    )
    max_fragments: int = Field(
        200_000,
        ge=1_000,
        le=5_000_000,
        description="fragments kept of a sample; of more, those whose names have the lowest "
        "hashes, which bounds the memory that RNA with much HLA takes",
    )


def hla_sequences(
    hla_reference: HlaAlleles, params: HlaReadsParams
) -> Annotated[
    Collector, Scan(HLA_SEQUENCES, HLA_READS, assays=("exome", "rna"), needs_order=False)
]:
    """Gather the reads of a sample that share words with alleles of HLA genes.

    Looked at are primary records without the flags duplicate and failed: of chr6:28.5-33.5 Mb,
    of contigs of HLA alleles and of alternative ones of chromosome 6, and those without a
    place. A read of a fragment is kept or not whatever its mate is.

    Parameters
    ----------
    hla_reference
        Alleles of HLA genes and pseudogenes.
    params
        Which reads are kept.

    Returns
    -------
    Collector
        Makes `hla_sequences`, the reads, and `hla_reads`, how many were looked at.
    """
    return _HlaSequences(hla_reference, params)


class _Found(NamedTuple):
    """Reads: hash of the name, mate, and bytes of bases and qualities by `places`."""

    fragments: NDArray[np.uint64]
    mates: NDArray[np.int8]
    texts: Texts

    def taken(self, rows: Ints) -> "_Found":
        """Return some of the reads."""
        lengths = np.diff(self.texts.places)[rows]
        places = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        shift = np.repeat(self.texts.places[rows] - places[:-1], lengths)
        bytes_of = shift + np.arange(len(shift))
        texts = Texts(places, self.texts.bases[bytes_of], self.texts.qualities[bytes_of])
        return _Found(self.fragments[rows], self.mates[rows], texts)


class _HlaSequences:
    """The collector of `hla_sequences`: a list of reads, thinned when it grows too long."""

    def __init__(self, reference: HlaReference, params: HlaReadsParams) -> None:
        self._reference, self._params = reference, params
        self.forget()

    def forget(self) -> None:
        """Set all numbers to nothing, and drop the reads."""
        self._seen = np.zeros(4, dtype=np.int64)
        self._kept = 0
        self._found: list[_Found] = []
        self._held = 0

    def begin(self, header: ReadHeader) -> None:
        """Find the contigs to look at, and all words of the alleles."""
        self._kinds = np.array(
            [*(_kind(name) for name in header.contigs), _UNALIGNED], dtype=np.int64
        )
        self._words = words_of(self._reference)

    def fork(self) -> Self:
        """Return a collector that has seen nothing."""
        twin = copy(self)
        twin.forget()
        return twin

    def take(self, batch: RecordBatch) -> None:
        """Keep what looks like HLA among the records that belong to a batch."""
        if not len(batch) or self._is_elsewhere(batch):
            return
        kinds = self._kinds[batch.contigs]
        is_far = (batch.starts < REGION[0]) | (batch.starts >= REGION[1])
        kinds[(kinds == _REGION) & is_far] = _ELSEWHERE
        is_read = batch.is_owned & ((batch.flags & _LEFT_OUT) == 0)
        rows = np.flatnonzero(is_read & (kinds != _ELSEWHERE))
        self._seen += np.bincount(kinds[rows], minlength=4)
        records = Records(batch.data, batch.offsets, batch.flags)
        is_kept = np.zeros(len(rows), dtype=bool)
        sieve_records(records, rows, self._words, self._params.min_shared_words, is_kept)
        rows = rows[is_kept]
        if len(rows):
            self._kept += len(rows)
            self._add(_copied(records, batch.names, rows))

    def _is_elsewhere(self, batch: RecordBatch) -> bool:
        """Tell without a look at its records that a batch holds nothing to look at."""
        if batch.contig < 0:
            return False
        kind = self._kinds[batch.contig]
        is_beside = batch.owned_end <= REGION[0] or batch.owned_start >= REGION[1]
        return bool(kind == _ELSEWHERE or (kind == _REGION and is_beside))

    def _add(self, found: _Found) -> None:
        self._found.append(found)
        self._held += len(found.mates)
        if self._held > 2 * _TOO_MANY * self._params.max_fragments:
            self._found = [_thinned(_joined(self._found), self._params.max_fragments)]
            self._held = len(self._found[0].mates)

    def merge(self, other: Self) -> None:
        """Add the reads that another collector of the same file has kept."""
        self._seen += other._seen
        self._kept += other._kept
        for found in other._found:
            self._add(found)

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return the reads, and their numbers."""
        found = _thinned(_joined(self._found), self._params.max_fragments)
        row = {
            "region_reads": self._seen[_REGION],
            "other_contig_reads": self._seen[_OTHER],
            "unaligned_reads": self._seen[_UNALIGNED],
            "hla_reads": self._kept,
        }
        return _table(found), pd.DataFrame([row], columns=list(HLA_READS.columns))


def _kind(contig: str) -> int:
    if contig == "chr6":
        return _REGION
    is_other = contig.startswith(_ALTERNATIVES) or contig.partition(".")[0] in _ACCESSIONS
    return _OTHER if is_other else _ELSEWHERE


@lru_cache(maxsize=1)
def words_of(reference: HlaReference) -> WordSet:
    """Return all words of a reference, of either strand; the last one is remembered."""
    sequences = [*reference.genomic.values()]
    for exons in reference.exons.values():
        sequences += [row[row != GAP] for exon in exons for row in exon.columns]
    made, number = _empty_set(_FEWEST_SLOTS), np.int64(0)
    for codes in sequences:
        if len(codes) < LENGTH:
            continue
        words = np.empty(len(codes) - LENGTH + 1, dtype=np.int64)
        list_strandless_words(codes, words)
        while 2 * (number + len(words)) > len(made.keys):
            larger = _empty_set(2 * len(made.keys))
            add_words(made.keys[made.keys != NO_WORD], larger, 0)
            made = larger
        number = np.int64(add_words(words, made, number))
    return made


def _empty_set(slots: int) -> WordSet:
    return WordSet(np.full(slots, NO_WORD, dtype=np.int64), np.full(slots, -1, dtype=np.int32))


def _copied(records: Records, names: NDArray[np.uint64], rows: Ints) -> _Found:
    at = records.offsets[rows, np.newaxis] + np.arange(20, 24)
    lengths = records.data[at].view("<i4")[:, 0]
    places = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    texts = Texts(
        places, np.empty(places[-1], dtype=np.uint8), np.empty(places[-1], dtype=np.uint8)
    )
    write_reads(records, rows, texts)
    flags = records.flags[rows]
    is_first, is_second = (flags & READ1) != 0, (flags & READ2) != 0
    mates = np.where(is_first == is_second, 0, np.where(is_first, 1, 2)).astype(np.int8)
    return _Found(names[rows], mates, texts)


def _joined(found: list[_Found]) -> _Found:
    lengths = [np.diff(part.texts.places) for part in found]
    none = np.empty(0, dtype=np.uint8)
    texts = Texts(
        np.concatenate([[0], np.cumsum(np.concatenate([np.empty(0, np.int64), *lengths]))]),
        np.concatenate([none, *(part.texts.bases for part in found)]),
        np.concatenate([none, *(part.texts.qualities for part in found)]),
    )
    return _Found(
        np.concatenate([np.empty(0, np.uint64), *(part.fragments for part in found)]),
        np.concatenate([np.empty(0, np.int8), *(part.mates for part in found)]),
        texts,
    )


def _thinned(found: _Found, most: int) -> _Found:
    """Keep so many fragments, those with the lowest ranks: the same in whatever order."""
    ranks = _ranks(found.fragments)
    distinct = np.unique(ranks)
    if len(distinct) <= most:
        return found
    return found.taken(np.flatnonzero(ranks <= distinct[most - 1]))


def _ranks(fragments: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Stir the hashes of names once more: a rank that no name can be made to have."""
    stirred = fragments * _STIR
    return (stirred ^ stirred >> _SHIFT) * _STIR


def _table(found: _Found) -> pd.DataFrame:
    """Return reads as a table; of several of one fragment and mate the first by its bases."""
    bases, qualities = (part.tobytes().decode("ascii") for part in found.texts[1:])
    spans = list(zip(found.texts.places[:-1], found.texts.places[1:], strict=True))
    table = pd.DataFrame(
        {
            "fragment": found.fragments.view(np.int64),
            "mate": found.mates.astype(np.int64),
            "bases": pd.Series([bases[a:b] for a, b in spans], dtype=TEXT),
            "qualities": pd.Series(
                ["" if qualities[a:b].startswith("\0") else qualities[a:b] for a, b in spans],
                dtype=TEXT,
            ),
        }
    )
    table = table.sort_values(list(HLA_SEQUENCES.columns), kind="stable", ignore_index=True)
    return table.drop_duplicates(["fragment", "mate"], ignore_index=True)
