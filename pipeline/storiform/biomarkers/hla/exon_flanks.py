"""The bases of introns beside the exons of HLA genes.

An allele that a lost splice site silences differs from others by a base beside an exon, and
one with a further base close to an exon's end is told from others by the reads that go on
into the intron. A release tells the introns of some alleles alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.biomarkers.hla.genomic_exons import GenomicExon
from storiform.model.hla_reference import GAP, MISSING, HlaReference

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

FLANK = 40
"""Bases of an intron on either side of an exon; the shortest intron has more than twice so
many."""
ANY = 6
"""Code of a base of an intron of which a release does not tell whether it is one of several
that are known at its place."""
_FEWEST = 3
"""Alleles from which on they tell of others, and bases from which on a place is varied."""
_LONG = 20
"""Bases of an exon by which it is found in a gene."""


class FlankedExon(NamedTuple):
    """The sequences of one exon of a gene with the bases beside it.

    Parameters
    ----------
    exon
        Its number, from 1.
    columns
        uint8 (n, `FLANK` + columns + `FLANK`), distinct: 0 to 3, `MISSING`, `GAP`, `ANY`.
    rows
        int64 (alleles,), the sequence of each allele, -1 of none.
    open_rows
        int64 (alleles,), that of an allele with the same exon whose introns nobody has told.
    """

    exon: int
    columns: Bytes
    rows: Ints
    open_rows: Ints


def flanked_exons(
    reference: HlaReference, gene: str, exons: list[GenomicExon]
) -> list[FlankedExon]:
    """Lay the ends of introns beside the exons of a gene.

    Bases are counted from the exon on, without gaps, so a deletion in an intron shifts what
    lies beyond it. Where a release does not give an allele's intron, bases stand in which all
    alleles of its first field agree but for one or two, and `ANY` elsewhere.

    Parameters
    ----------
    reference
        The compiled alleles.
    gene
        The gene.
    exons
        Its exons, as DNA has them.
    """
    names = [
        name for name, of in zip(reference.alleles, reference.genes, strict=True) if of == gene
    ]
    return [_flanked(reference, names, number, exon) for number, exon in enumerate(exons)]


def _flanked(
    reference: HlaReference, names: list[str], number: int, exon: GenomicExon
) -> FlankedExon:
    told = np.full((len(names), 2 * FLANK), MISSING, dtype=np.uint8)
    for allele, (name, row) in enumerate(zip(names, exon.rows.tolist(), strict=True)):
        if row >= 0 and name in reference.exon_places:
            told[allele] = _ends(reference, name, number, exon.columns[row])
    usual = _usual_ends(told, names)
    both = np.concatenate([np.where(told == MISSING, usual, told), usual])
    rows = np.tile(exon.rows, 2)
    used = np.flatnonzero(rows >= 0)
    middle = exon.columns[rows[used]]
    whole = np.concatenate([both[used, :FLANK], middle, both[used, FLANK:]], axis=1)
    columns, inverse = np.unique(whole, axis=0, return_inverse=True)
    numbers = np.full(len(rows), -1, dtype=np.int64)
    numbers[used] = inverse.reshape(-1)
    return FlankedExon(exon.exon, columns, numbers[: len(names)], numbers[len(names) :])


def _ends(reference: HlaReference, name: str, number: int, row: Bytes) -> Bytes:
    """Return the bases before and behind an exon in an allele's genomic sequence."""
    ends = np.full(2 * FLANK, MISSING, dtype=np.uint8)
    genomic, bases = reference.genomic[name], row[row != GAP]
    start = _find(genomic, bases, reference.exon_places[name], number)
    if start < 0:
        return ends
    before = genomic[max(0, start - FLANK) : start]
    behind = genomic[start + len(bases) : start + len(bases) + FLANK]
    ends[FLANK - len(before) : FLANK] = before
    ends[FLANK : FLANK + len(behind)] = behind
    return ends


def _find(genomic: Bytes, bases: Bytes, places: NDArray[np.int32], number: int) -> int:
    """Return where an exon begins in a gene, -1 where it does not stand about its place.

    One that is skipped in splicing has no place; it stands between those beside it.
    """
    start, end = places[number].tolist()
    if np.array_equal(genomic[start:end], bases):
        return int(start)
    if len(bases) < _LONG:
        return -1
    first = int(places[number - 1, 1]) if number else 0
    last = int(places[number + 1, 0]) if number + 1 < len(places) else len(genomic)
    found = genomic[first:last].tobytes().find(bases.tobytes())
    return first + found if found >= 0 else -1


def _usual_ends(told: Bytes, names: list[str]) -> Bytes:
    """Return for each allele the bases that those of its first field have beside the exon.

    Of a field with few alleles whose introns are known, those of the whole gene.
    """
    is_known = (told != MISSING).any(axis=1) & np.array([n[-1].isdigit() for n in names])
    fields = np.unique([name.partition(":")[0] for name in names], return_inverse=True)[1]
    usual = np.broadcast_to(_consensus(told[is_known]), told.shape).copy()
    for field in range(int(fields.max(initial=-1)) + 1):
        own = is_known & (fields == field)
        if own.sum() >= _FEWEST:
            usual[fields == field] = _consensus(told[own])
    return usual


def _consensus(told: Bytes) -> Bytes:
    """Return the bases in which alleles agree, `ANY` where they do not."""
    counts = np.stack([(told == base).sum(axis=0) for base in range(4)])
    most, depth = counts.max(axis=0), counts.sum(axis=0)
    is_agreed = (most >= _FEWEST) & (depth - most <= np.minimum(_FEWEST - 1, most // _FEWEST))
    return np.where(is_agreed, counts.argmax(axis=0), ANY).astype(np.uint8)
