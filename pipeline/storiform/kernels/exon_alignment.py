"""Coding sequences against others: where each base stands, where introns lie, how far apart."""

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.depth import Bytes

MISMATCH, GAP_OPEN, GAP_EXTEND = 4, 12, 1
"""Costs: a gap of n bases costs 12 + n, so that three mismatches in a row are dearer than a
gap of one base only where what follows fits after it."""
UNKNOWN, UNKNOWN_COST = 4, 1
"""Code of a base that is not known, and its cost against any base."""

_DIAGONAL, _INSERTED, _DELETED = 0, 1, 2
_INTRON, _NO_DONOR, _NO_ACCEPTOR, _SHORT_INTRON = 20, 10, 10, 15
_LEAST_INTRON = 60
_A, _G, _T = 0, 2, 3
_FAR = 1 << 29

Places = npt.NDArray[np.int32]
Costs = npt.NDArray[np.int64]


@compiled
def base_cost(one: int, other: int) -> int:
    """Return the cost of one base against another."""
    if one >= UNKNOWN or other >= UNKNOWN:
        return UNKNOWN_COST
    return 0 if one == other else MISMATCH


@compiled
def align_banded(template: Bytes, sequence: Bytes, low: int, high: int, places: Places) -> int:
    """Align a whole sequence within a template at the least cost, in a band of diagonals.

    The template's ends are free, the sequence's are not. Of alignments that cost the same
    the one whose gaps lie farthest left is taken. An insertion does not touch a deletion.

    Parameters
    ----------
    template, sequence
        uint8 (m,), (n,): 0 to 3 for A, C, G, T, 4 for unknown.
    low, high
        Least and largest place in the template less place in the sequence, both included.
    places
        int32 (n,), written: place of each base in the template, from 0; for a base that is
        inserted, -1 less the place of the next template base (-1 - m at the end).

    Returns
    -------
    int
        The cost; -1 if nothing fits the band.

    References
    ----------
    Gotoh, J Mol Biol 162, 705-708 (1982), doi:10.1016/0022-2836(82)90398-9.
    """
    m, n, width = len(template), len(sequence), high - low + 1
    costs = np.full((3, width), _FAR, dtype=np.int64)
    before = np.full((3, width), _FAR, dtype=np.int64)
    back = np.zeros((n + 1, width), dtype=np.uint8)
    for k in range(width):
        if 0 <= k + low <= m:
            costs[_DIAGONAL, k] = 0
    for s in range(1, n + 1):
        before, costs = costs, before
        fill_row(template, sequence[s - 1], (s, low), before, costs, back[s])
    state, k, cost = _DIAGONAL, -1, _FAR
    for kind in (_DIAGONAL, _INSERTED):
        for column in range(width):
            if 0 <= n + low + column <= m and costs[kind, column] < cost:
                state, k, cost = kind, column, costs[kind, column]
    if k < 0:
        return -1
    trace_back(back, state, k, low, places)
    return cost


@compiled
def fill_row(
    template: Bytes, base: int, at: tuple[int, int], before: Costs, costs: Costs, back: Bytes
) -> None:
    """Fill the costs of one base of the sequence, see `align_banded`.

    `back` holds for each diagonal what came before: of the base on the diagonal (bits 0,
    1), inserted (bit 2: was inserted before), deleted after it (bit 3: was deleted before).
    """
    s, low = at
    m, width = len(template), costs.shape[1]
    for k in range(width):
        t = s + low + k
        costs[_DIAGONAL, k] = costs[_INSERTED, k] = costs[_DELETED, k] = _FAR
        back[k] = 0
        if 0 < t <= m:
            state = cheapest_state(before, k)
            costs[_DIAGONAL, k] = before[state, k] + base_cost(template[t - 1], base)
            back[k] = state
        if 0 <= t <= m:
            fill_gaps(k, before, costs, back)


@compiled
def cheapest_state(costs: Costs, k: int) -> int:
    """Return the state of least cost on a diagonal; a base before gaps where they tie."""
    state = _DIAGONAL
    if costs[_DELETED, k] < costs[state, k]:
        state = _DELETED
    if costs[_INSERTED, k] < costs[state, k]:
        state = _INSERTED
    return state


@compiled
def fill_gaps(k: int, before: Costs, costs: Costs, back: Bytes) -> None:
    """Fill the costs of gaps on one diagonal, see `fill_row`."""
    if k + 1 < costs.shape[1]:
        opened = before[_DIAGONAL, k + 1] + GAP_OPEN + GAP_EXTEND
        longer = before[_INSERTED, k + 1] + GAP_EXTEND
        costs[_INSERTED, k] = min(opened, longer)
        if longer < opened:
            back[k] |= 4
    if k > 0:
        opened = costs[_DIAGONAL, k - 1] + GAP_OPEN + GAP_EXTEND
        longer = costs[_DELETED, k - 1] + GAP_EXTEND
        costs[_DELETED, k] = min(opened, longer)
        if longer < opened:
            back[k] |= 8


@compiled
def trace_back(back: Bytes, state: int, k: int, low: int, places: Places) -> None:
    """Write where each base stands, from the last to the first, see `align_banded`."""
    s = len(places)
    while s > 0:
        came = back[s, k]
        if state == _DIAGONAL:
            places[s - 1] = s + low + k - 1
            state = came & 3
            s -= 1
        elif state == _INSERTED:
            places[s - 1] = -1 - (s + low + k)
            state = _INSERTED if came & 4 else _DIAGONAL
            s -= 1
            k += 1
        else:
            state = _DELETED if came & 8 else _DIAGONAL
            k -= 1


@compiled
def place_exons(genomic: Bytes, coding: Bytes, places: Places) -> int:
    """Find the exons of a gene: its coding sequence in it, with introns, without mismatch.

    Introns are as few as can be, begin with GT and end with AG, and have 60 bases or more,
    where they can; of places that cost the same, the one farthest left is taken.

    Parameters
    ----------
    genomic, coding
        uint8 (m,), (n,): 0 to 3 for A, C, G, T. Unknown bases fit nothing.
    places
        int32 (n,), written: place of each coding base in the gene, from 0.

    Returns
    -------
    int
        The cost of the introns; -1 if the gene does not hold the coding sequence.
    """
    m, n = len(genomic), len(coding)
    donors = np.full((n, m), -1, dtype=np.int32)
    exon = np.zeros(m + 1, dtype=np.int64)
    before = np.zeros(m + 1, dtype=np.int64)
    for i in range(n):
        exon, before = before, exon
        place_base(genomic, coding[i], before, exon, donors[i])
    end = 0
    for j in range(1, m + 1):
        if exon[j] < exon[end]:
            end = j
    cost = int(exon[end])
    if cost >= _FAR:
        return -1
    for i in range(n - 1, -1, -1):
        places[i] = end - 1
        end = donors[i, end - 1] if donors[i, end - 1] >= 0 else end - 1
    return cost


@compiled
def place_base(genomic: Bytes, base: int, before: Costs, exon: Costs, donors: Places) -> None:
    """Place one more coding base, see `place_exons`.

    `before` (m + 1,) is the cost of all bases so far where the last stands before each place
    of the gene, `exon` the same with this base. `donors` (m,) gets the end of the exon
    before, where an intron ends before the base.
    """
    short, usual = (_FAR, -1), (_FAR, -1)
    exon[0] = _FAR
    for j in range(len(genomic)):
        if j > 0:
            short = cheaper_donor(genomic, j - 1, before, short)
        if j >= _LEAST_INTRON:
            usual = cheaper_donor(genomic, j - _LEAST_INTRON, before, usual)
        exon[j + 1] = _FAR
        if base < UNKNOWN and genomic[j] == base:
            cost, donor = short[0] + _SHORT_INTRON, short[1]
            if usual[0] <= cost:
                cost, donor = usual
            is_acceptor = j > 1 and genomic[j - 2] == _A and genomic[j - 1] == _G
            cost += 0 if is_acceptor else _NO_ACCEPTOR
            exon[j + 1] = min(cost, before[j])
            if cost < before[j]:
                donors[j] = donor


@compiled
def cheaper_donor(
    genomic: Bytes, place: int, before: Costs, best: tuple[int, int]
) -> tuple[int, int]:
    """Return cost and begin of the cheaper of two introns: the best so far, and one here."""
    is_donor = place + 1 < len(genomic) and genomic[place] == _G and genomic[place + 1] == _T
    cost = before[place] + _INTRON + (0 if is_donor else _NO_DONOR)
    if cost < best[0]:
        return cost, place
    return best


@compiled
def count_differences(rows: Bytes, spans: Places, others: Bytes, counts: Places) -> None:
    """Count the known columns in which rows differ from others, between two of each row.

    Parameters
    ----------
    rows, others
        uint8 (n, columns), (m, columns).
    spans
        int32 (n, 2): columns of each row that count, half-open.
    counts
        int32 (n, m), written.
    """
    for i in range(rows.shape[0]):
        start, end = spans[i, 0], spans[i, 1]
        row = rows[i]
        for k in range(others.shape[0]):
            other = others[k]
            different = 0
            for column in range(start, end):
                different += (row[column] != other[column]) & (row[column] != UNKNOWN)
            counts[i, k] = different
