"""Exons as DNA has them, where a release tells what an allele's messenger has."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.model.hla_reference import GAP, MISSING, HlaReference

Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

_MOST_LACKING = 40
"""Columns of an exon that an allele may lack; of more, the exon is skipped in splicing."""
_BORDER, _LONG = 3, 5
"""Bases that may stand beyond a run at a border, since alignments end with a base, and the
length from which on a run is one of splicing."""


class GenomicExon(NamedTuple):
    """The distinct sequences (n, columns) of one exon of a gene, and the row of each allele."""

    exon: int
    columns: Bytes
    rows: Ints


def genomic_exons(reference: HlaReference, gene: str) -> list[GenomicExon]:
    """Return the exons of a gene between the usual borders.

    An allele whose splice site is lost has a longer or shorter exon in its coding sequence,
    with bases of the intron or without some of its own. In DNA these bases are where all
    other alleles have them: what reaches into the intron is cut off, what is lacking at a
    border is taken from the allele's genomic sequence; an exon of which much is skipped and
    that no genomic sequence tells is that of an allele of the same name but for a suffix, or
    else the usual one. Insertions and deletions within the exon stay.
    """
    names = [
        name for name, of in zip(reference.alleles, reference.genes, strict=True) if of == gene
    ]
    made = []
    for k, exon in enumerate(reference.exons[gene]):
        rows = reference.sequence_of[gene][:, k].astype(np.int64)
        usual = _usual(exon.columns, rows)
        recut: list[Bytes] = []
        own = rows.copy()
        for row in np.flatnonzero([_is_odd(sequence, usual) for sequence in exon.columns]):
            for allele in np.flatnonzero(rows == row):
                is_given = _is_given(reference, names[allele], k)
                if _lacks_much(exon.columns[row], usual) and not is_given:
                    own[allele] = _stand_in(names, int(allele), rows, exon.columns, usual)
                    continue
                flanks = _flanks(reference, names[allele], k)
                own[allele] = len(exon.columns) + len(recut)
                recut.append(_recut(exon.columns[row], usual, flanks))
        columns = np.concatenate([exon.columns, *(row[np.newaxis] for row in recut)])
        made.append(_distinct(exon.exon, columns, own))
    return made


def _distinct(exon: int, columns: Bytes, rows: Ints) -> GenomicExon:
    """Keep each sequence that an allele has once; -1 stays for alleles without the exon."""
    used = np.unique(rows[rows >= 0])
    distinct, inverse = np.unique(columns[used], axis=0, return_inverse=True)
    number = np.full(len(columns) + 1, -1, dtype=np.int64)
    number[used] = inverse.reshape(-1)
    return GenomicExon(exon, distinct, number[rows])


def _usual(columns: Bytes, rows: Ints) -> Flags:
    """Return the columns in which the sequence of most alleles has bases."""
    if not (rows >= 0).any():
        return np.ones(columns.shape[1], dtype=bool)
    weights = np.bincount(rows[rows >= 0], minlength=len(columns))
    patterns, inverse = np.unique(columns == GAP, axis=0, return_inverse=True)
    usual: Flags = ~patterns[np.bincount(inverse.reshape(-1), weights).argmax()]
    return usual


def _border_run(row: Bytes, usual: Flags) -> int:
    """Return where a long run of lacking or further bases at the end of an exon begins.

    Returns
    -------
    int
        Its first column, the number of columns where there is none.
    """
    has_base = row != GAP
    is_odd = has_base != usual
    odd = np.flatnonzero(is_odd)
    none = len(row)
    if not len(odd) or (usual & has_base)[odd[-1] + 1 :].sum() > _BORDER:
        return none
    is_even = usual & has_base
    even = np.flatnonzero(is_even[: odd[-1]])
    start = int(even[-1]) + 1 if len(even) else 0
    return start if is_odd[start:].sum() >= _LONG else none


def _is_odd(row: Bytes, usual: Flags) -> bool:
    """Tell whether a sequence begins or ends elsewhere than the usual ones."""
    turned = _border_run(row[::-1], usual[::-1])
    return _border_run(row, usual) < len(row) or turned < len(row)


def _lacks_much(row: Bytes, usual: Flags) -> bool:
    """Tell whether so much is lacking that it must be skipped in splicing."""
    return bool((row[usual] == GAP).sum() > _MOST_LACKING)


def _is_given(reference: HlaReference, name: str, exon: int) -> bool:
    """Tell whether a part of an exon is where the allele's genomic sequence tells it."""
    place = reference.exon_places.get(name)
    return place is not None and bool(place[exon, 0] < place[exon, 1])


def _flanks(reference: HlaReference, name: str, exon: int) -> tuple[Bytes, Bytes]:
    """Return what stands before and behind an exon in the allele's genomic sequence."""
    place = reference.exon_places.get(name)
    if place is None:
        return np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.uint8)
    genomic = reference.genomic[name]
    return genomic[: place[exon, 0]], genomic[place[exon, 1] :]


def _recut(row: Bytes, usual: Flags, flanks: tuple[Bytes, Bytes]) -> Bytes:
    """Let an exon begin and end where the usual ones do."""
    own = _with_usual_end(row, usual, flanks[1])
    turned = _with_usual_end(own[::-1], usual[::-1], flanks[0][::-1])
    return turned[::-1]


def _with_usual_end(row: Bytes, usual: Flags, behind: Bytes) -> Bytes:
    """Write the bases that follow into the usual columns from the odd run on."""
    start = _border_run(row, usual)
    rest = row[start:]
    follows = np.concatenate([rest[rest != GAP], behind])
    columns = start + np.flatnonzero(usual[start:])[: len(follows)]
    own = row.copy()
    own[start:] = GAP
    own[columns] = np.minimum(follows[: len(columns)], MISSING)
    return own


def _stand_in(names: list[str], allele: int, rows: Ints, columns: Bytes, usual: Flags) -> int:
    """Return the row of the nearest allele by name that has the usual columns."""
    is_usual = ((columns != GAP) == usual).all(axis=1)
    fit = np.flatnonzero((rows >= 0) & is_usual[rows])
    if not len(fit):
        return int(rows[allele])
    fields = names[allele].rstrip("NLSCAQ").split(":")
    for kept in range(len(fields), 0, -1):
        stem = fields[:kept]
        for other in fit:
            if names[other].rstrip("NLSCAQ").split(":")[:kept] == stem:
                return int(rows[other])
    return int(np.bincount(rows[fit]).argmax())
