"""The alleles of one HLA gene in common columns, and what a release does not give of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.biomarkers.hla.exon_places import Bases, Placed, Template
from storiform.kernels.exon_alignment import count_differences
from storiform.model.hla_reference import GAP, MISSING, OTHER_FIELD

_LONG_GAP = 20
"""Columns. A shorter gap beside an exon's end is a deletion; a longer one in an allele whose
genomic sequence is not known may as well be an exon that nobody has sequenced."""
_BLOCK = 512

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Layout(NamedTuple):
    """The columns of a gene: those of the template, and those where alleles have more.

    Parameters
    ----------
    ordinary
        (m,): column of each base of the template's coding sequence.
    inserted
        (n_exons, m + 1): the first of the columns for bases inserted in an exon before a
        base of the template, or at the exon's end.
    bounds
        (n_exons + 1,): where the columns of each exon begin, and where the last ends.
    """

    ordinary: Ints
    inserted: Ints
    bounds: Ints

    def columns(self, placed: Placed) -> Ints:
        """Return the column of each base of a sequence."""
        last = len(self.ordinary) - 1
        own = self.ordinary[np.minimum(placed.place, last)]
        more = self.inserted[placed.exon, placed.place] + placed.rank - 1
        return np.where(placed.rank > 0, more, own)


def lay_out(template: Template, sequences: Sequence[Placed]) -> Layout:
    """Give every base that any of the sequences has a column."""
    length = len(template.coding)
    most = np.zeros((template.exons, length + 1), np.int64)
    for placed in sequences:
        more = placed.rank > 0
        if more.any():
            np.maximum.at(most, (placed.exon[more], placed.place[more]), placed.rank[more])
    ordinary, inserted = np.zeros(length, np.int64), np.zeros_like(most)
    bounds = np.zeros(template.exons + 1, np.int64)
    for exon in range(template.exons):
        first, end = template.bounds[exon : exon + 2].tolist()
        widths = most[exon, first : end + 1]
        begins = bounds[exon] + np.cumsum(widths) - widths + np.arange(end - first + 1)
        inserted[exon, first : end + 1] = begins
        ordinary[first:end] = (begins + widths)[:-1]
        bounds[exon + 1] = begins[-1] + widths[-1]
    return Layout(ordinary, inserted, bounds)


def known_share(template: Template, placed: Placed, exons: Sequence[int]) -> float:
    """Return the share of the template's bases in some exons that a sequence tells."""
    is_known = np.zeros(len(template.coding), bool)
    is_known[placed.place[0] : placed.place[-1] + 1] = True
    for start, stop in _unseen(template, placed):
        is_known[start:stop] = False
    spans = [template.bounds[exon : exon + 2].tolist() for exon in exons]
    return float(np.concatenate([is_known[start:stop] for start, stop in spans]).mean())


def _unseen(template: Template, placed: Placed) -> list[tuple[int, int]]:
    """Return long gaps that begin, end at or hold an exon's end, as places of the template."""
    places = placed.place[placed.rank == 0]
    gaps = np.flatnonzero(np.diff(places) > _LONG_GAP)
    spans = [(int(places[gap]) + 1, int(places[gap + 1])) for gap in gaps]
    inner = template.bounds[1:-1]
    return [(a, b) for a, b in spans if ((inner >= a) & (inner <= b)).any()]


def fill_row(
    template: Template,
    layout: Layout,
    bases: Bases,
    placed: Placed,
    reach: tuple[bool, bool] | None,
) -> Bases:
    """Write a sequence into the columns of its gene.

    Parameters
    ----------
    template, layout
        Of the gene.
    bases, placed
        The coding sequence, and where its bases stand.
    reach
        Whether the allele's genomic sequence is known beyond the begin, and beyond the end,
        of its coding sequence: it has no more bases there then. None where it is not known.

    Returns
    -------
    numpy.ndarray
        uint8 (n_columns,): 0 to 3, `MISSING` beside what is known, `GAP`.
    """
    row = np.full(int(layout.bounds[-1]), GAP, np.uint8)
    columns = layout.columns(placed)
    row[columns] = bases
    if not (reach and reach[0]):
        exon, place = int(placed.exon[0]), int(placed.place[0])
        row[: int(layout.inserted[exon, place])] = MISSING
    if not (reach and reach[1]):
        exon, end = int(placed.exon[-1]), int(columns[-1]) + 1
        is_exon_end = placed.place[-1] + 1 >= template.bounds[exon + 1]
        row[int(layout.bounds[exon + 1]) if is_exon_end else end :] = MISSING
    if reach is None:
        for start, stop in _unseen(template, placed):
            row[layout.ordinary[start] : layout.ordinary[stop - 1] + 1] = MISSING
    return row


def impute(names: Sequence[str], rows: Bases) -> Bools:
    """Fill what is missing of alleles with the bases of the nearest that is known whole.

    Parameters
    ----------
    names
        Of the alleles; those with a suffix (N, L, S, ...) lend no bases.
    rows
        uint8 (n_alleles, n_columns), completed in place. Where no allele is known whole,
        nothing is.

    Returns
    -------
    numpy.ndarray
        bool (n_alleles, n_columns): which bases were missing.
    """
    was_missing: Bools = np.asarray(rows == MISSING)
    is_partial: Bools = np.any(was_missing, axis=1)
    is_usual = np.array([name[-1].isdigit() for name in names], bool)
    lenders: Bools = np.logical_and(is_usual, ~is_partial)
    if not lenders.any():
        lenders = ~is_partial
    partial, donors = np.flatnonzero(is_partial), np.flatnonzero(lenders)
    if not len(donors):
        return was_missing
    # A column in which all donors agree makes none of them nearer.
    varied = (rows[donors] != rows[donors[0]]).any(axis=0)
    donated = np.ascontiguousarray(rows[np.ix_(donors, varied)])
    fields = np.unique([name.partition(":")[0] for name in names], return_inverse=True)[1]
    for start in range(0, len(partial), _BLOCK):
        block = partial[start : start + _BLOCK]
        distances = differences(rows[np.ix_(block, varied)], donated)
        distances += OTHER_FIELD * (fields[block][:, None] != fields[donors][None, :])
        nearest = rows[donors[distances.argmin(axis=1)]]
        rows[block] = np.where(was_missing[block], nearest, rows[block])
    return was_missing


def differences(rows: Bases, others: Bases) -> NDArray[np.int32]:
    """Count the known columns in which each row differs from each of others.

    Returns
    -------
    numpy.ndarray
        int32 (n_rows, n_others).
    """
    width = rows.shape[1]
    if not width:
        return np.zeros((len(rows), len(others)), np.int32)
    known = rows != MISSING
    starts = np.where(known.any(axis=1), known.argmax(axis=1), width)
    ends = np.where(known.any(axis=1), width - known[:, ::-1].argmax(axis=1), width)
    counts = np.empty((len(rows), len(others)), np.int32)
    spans = np.column_stack([starts, ends]).astype(np.int32)
    rows, others = np.ascontiguousarray(rows), np.ascontiguousarray(others)
    count_differences(rows, spans, others, counts)
    return counts
