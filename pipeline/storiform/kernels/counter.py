"""Counts of fragments by gene that grow, merge and end, whatever the order of the records."""

from typing import Self

import numpy as np
import numpy.typing as npt

from storiform.kernels.fragments import (
    DONE,
    EVENTS_FULL,
    GENES_FULL,
    HALVES_FULL,
    TABLE_FULL,
    TAGS_DAMAGED,
    Records,
    Sums,
    count_records,
    join_halves,
    join_waiting,
    settle_waiting,
)
from storiform.kernels.overlaps import Int64s, Layout
from storiform.kernels.votes import CLASSES, GENE_ROWS, HAPPENED, TOTALS, Rules
from storiform.kernels.waiting import FIRST_GENE, move_waiting

_SLOTS, _ROOM, _EVENTS = 1 << 11, 3, 1 << 14
_HITS_BITS = 32


class FragmentCounter:
    """Fragments of genes: `sums`, and the records whose mates have not come yet.

    Parameters
    ----------
    layout
        Flattened exons.
    rules
        How fragments are counted.
    genes
        How many genes there are.
    """

    def __init__(self, layout: Layout, rules: Rules, genes: int) -> None:
        self.layout, self.rules, self.genes = layout, rules, genes
        self.sums = Sums(
            by_gene=np.zeros((GENE_ROWS, genes), dtype=np.int64),
            totals=np.zeros(TOTALS, dtype=np.int64),
            events=np.empty((_EVENTS, 2), dtype=np.int64),
            used=np.zeros(2, dtype=np.int64),
            halves=np.zeros(_SLOTS, dtype=np.int64),
        )
        self._waiting = np.zeros((_SLOTS, FIRST_GENE + _ROOM), dtype=np.int64)
        self._weighted: tuple[Int64s, Int64s] = (np.empty(0, np.int64), np.empty(0, np.int64))

    def count(self, records: Records) -> int:
        """Count records; return the row of one with damaged tags, -1 if there is none."""
        row: int | np.int64 = 0
        why: int | np.int64 = EVENTS_FULL
        while why != DONE:
            row, why = count_records(
                records, self.layout, self.rules, self._waiting, self.sums, row
            )
            if why == TAGS_DAMAGED:
                return int(row)
            if why in {GENES_FULL, TABLE_FULL}:
                slots, room = len(self._waiting), self._room
                self._widen(slots << (why == TABLE_FULL), room << (why == GENES_FULL))
            if why == HALVES_FULL:
                self._make_room_for_halves(len(self.sums.halves))
            self.flush()
        return -1

    def merge(self, other: Self) -> None:
        """Add what another counter has seen; let mates of both meet."""
        self.flush()
        other.flush()
        theirs, waiting, weighted = other.state
        self.sums.by_gene[:] += theirs.by_gene
        self.sums.totals[:] += theirs.totals
        self._weigh(*weighted)
        needed = 2 * int(self.sums.used[0] + theirs.used[0])
        room = max(self._room, waiting.shape[1] - FIRST_GENE)
        self._widen(max(len(self._waiting), 1 << needed.bit_length()), room)
        self._make_room_for_halves(int(theirs.used[1]))
        join_halves(theirs.halves, self._waiting, self.sums)
        slot: int | np.int64 = 0
        why: int | np.int64 = EVENTS_FULL
        while why != DONE:
            slot, why = join_waiting(waiting, self.rules, self._waiting, self.sums, slot)
            self.flush()

    def end(self) -> None:
        """Settle the records whose mates have not come."""
        slot: int | np.int64 = 0
        why: int | np.int64 = EVENTS_FULL
        while why != DONE:
            slot, why = settle_waiting(self._waiting, self.rules, self.sums, slot)
            self.flush()
        self._waiting[:] = 0
        self.sums.halves[:] = 0
        self.sums.used[:] = 0

    @property
    def state(self) -> tuple[Sums, Int64s, tuple[Int64s, Int64s]]:
        """The sums, the records that wait, and the weighted fragments."""
        return self.sums, self._waiting, self._weighted

    @property
    def classes(self) -> Int64s:
        """Fragments (3, `CLASSES`) by strandedness and where they went."""
        return self.sums.totals[: 3 * CLASSES].reshape(3, CLASSES)

    def counts(self) -> npt.NDArray[np.float64]:
        """Return the fragments (3, genes) by strandedness, weighted by 1 / NH where so told."""
        keys, numbers = self._weighted
        genes, hits = keys >> _HITS_BITS, keys & ((1 << _HITS_BITS) - 1)
        shares = np.bincount(genes, numbers / hits, minlength=3 * self.genes)
        whole = self.sums.by_gene[:3].astype(np.float64)
        return whole + shares.reshape(3, self.genes).astype(np.float64)

    def flush(self) -> None:
        """Add up the fragments that are to be weighted."""
        happened = int(self.sums.totals[HAPPENED])
        if happened:
            events = self.sums.events[:happened]
            keys = events[:, 0] << _HITS_BITS | events[:, 1]
            self._weigh(keys, np.ones(happened, dtype=np.int64))
            self.sums.totals[HAPPENED] = 0

    @property
    def _room(self) -> int:
        return self._waiting.shape[1] - FIRST_GENE

    def _widen(self, slots: int, room: int) -> None:
        if (slots, room) != (len(self._waiting), self._room):
            wider = np.zeros((slots, FIRST_GENE + room), dtype=np.int64)
            move_waiting(self._waiting, wider)
            self._waiting = wider
        if len(self.sums.events) < 12 * room:
            self.flush()
            events = np.empty((24 * room, 2), dtype=np.int64)
            self.sums = self.sums._replace(events=events)

    def _make_room_for_halves(self, more: int) -> None:
        """Let there be room for so many keys more."""
        slots, needed = len(self.sums.halves), 2 * (int(self.sums.used[1]) + more)
        if needed >= slots:
            wider = self.sums._replace(halves=np.zeros(1 << needed.bit_length(), np.int64))
            wider.used[1] = 0
            join_halves(self.sums.halves, self._waiting, wider)
            self.sums = wider

    def _weigh(self, keys: Int64s, numbers: Int64s) -> None:
        everything = np.concatenate([self._weighted[0], keys])
        found, inverse = np.unique(everything, return_inverse=True)
        summed = np.zeros(len(found), dtype=np.int64)
        np.add.at(summed, inverse, np.concatenate([self._weighted[1], numbers]))
        self._weighted = (found, summed)
