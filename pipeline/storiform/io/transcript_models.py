"""Transcripts kept in arrays; each is made when it is asked for."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from storiform.io.transcript_facts import Facts
from storiform.model.transcripts import Piece, Transcript

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

_KEPT = 1 << 14
"""Transcripts that are kept ready: calls come sorted, and neighbours ask for the same."""
_FAR = 1 << 36
"""More than any place on a contig: keeps the pieces of one group apart from the next's."""


class Groups(NamedTuple):
    """Intervals in groups: those of group i are ``offsets[i]`` to ``offsets[i + 1]``."""

    offsets: Int64s
    starts: Int32s
    ends: Int32s

    @property
    def counts(self) -> Int64s:
        """How many intervals each group has."""
        return np.diff(self.offsets)

    def at(self, group: int) -> tuple[Piece, ...]:
        """Return the intervals of one group."""
        part = slice(self.offsets[group], self.offsets[group + 1])
        return tuple(zip(self.starts[part].tolist(), self.ends[part].tolist(), strict=True))

    def of(self, groups: Int64s) -> "Groups":
        """Return some of the groups, in the order given, which must rise."""
        is_kept = np.zeros(len(self.offsets) - 1, dtype=bool)
        is_kept[groups] = True
        rows = np.repeat(is_kept, self.counts)
        offsets = np.concatenate([[0], np.cumsum(self.counts[is_kept])]).astype(np.int64)
        return Groups(offsets, self.starts[rows], self.ends[rows])


def groups_of(pieces: Int32s, count: int) -> Groups:
    """Sort intervals into groups, and merge those that overlap or touch.

    Parameters
    ----------
    pieces
        Group, start and end of each, int32 (3, n).
    count
        How many groups there are.
    """
    owner, start, end = (row.astype(np.int64) for row in pieces)
    order = np.lexsort((start, owner))
    shift = owner[order] * _FAR
    begins, ends = start[order] + shift, end[order] + shift
    reach = np.maximum.accumulate(ends) if len(ends) else ends
    first = np.flatnonzero(np.append(True, begins[1:] > reach[:-1])[: len(begins)])
    last = np.append(first[1:], len(order))[: len(first)] - 1
    owners = owner[order[first]]
    offsets = np.searchsorted(owners, np.arange(count + 1))
    merged = reach[last] - shift[first]
    return Groups(
        offsets.astype(np.int64), start[order[first]].astype(np.int32), merged.astype(np.int32)
    )


class Models:
    """Transcripts in the order of their file, see `storiform.model.transcripts`.

    Parameters
    ----------
    contigs
        Canonical name of the contig of each.
    is_forward
        Whether each lies on the forward strand, bool (n,).
    """

    def __init__(self, contigs: list[str], is_forward: NDArray[np.bool_]) -> None:
        self._contigs, self._is_forward = contigs, is_forward
        self._facts: list[Facts] = []
        self._proteins: list[str] = []
        self._selenocysteines: dict[int, tuple[int, ...]] = {}
        self.pieces: tuple[Groups, Groups]
        self.phases: Int32s
        self._places: dict[str, tuple[Int64s, Int64s, Int64s, Int64s]] = {}
        self._kept = lru_cache(maxsize=_KEPT)(self._made)

    def add(self, facts: Facts, protein: str, selenocysteines: tuple[int, ...]) -> None:
        """Add what is said of the next transcript."""
        if selenocysteines:
            self._selenocysteines[len(self._facts)] = selenocysteines
        self._facts.append(facts)
        self._proteins.append(protein)

    def sealed(self) -> Self:
        """Make the index of places, after which transcripts can be asked for."""
        exons, _ = self.pieces
        starts = exons.starts[exons.offsets[:-1]].astype(np.int64)
        ends = exons.ends[exons.offsets[1:] - 1].astype(np.int64)
        names = np.array([*self._contigs, ""], dtype=object)[:-1]
        for contig in dict.fromkeys(self._contigs):
            own = np.flatnonzero(names == contig)
            own = own[np.argsort(starts[own], kind="stable")]
            reach = np.maximum.accumulate(ends[own])
            self._places[contig] = (own, starts[own], ends[own], reach)
        return self

    @property
    def contigs(self) -> Sequence[str]:
        """Canonical names of the contigs that hold a transcript."""
        return tuple(self._places)

    def end_of(self, contig: str) -> int:
        """Return where the last transcript of a contig ends, bp."""
        found = self._places.get(contig)
        return int(found[3][-1]) if found else 0

    def overlapping(self, contig: str, start: int, end: int) -> Sequence[Transcript]:
        """Return the transcripts that share a base with [start, end), in the file's order."""
        found = self._places.get(contig)
        if found is None:
            return ()
        own, starts, ends, reach = found
        last = int(starts.searchsorted(end))
        first = int(reach.searchsorted(start, side="right"))
        if first >= last:
            return ()
        rows = own[first:last][ends[first:last] > start]
        rows.sort()
        return tuple(map(self._kept, rows.tolist()))

    def __iter__(self) -> Iterator[Transcript]:
        """Go through all transcripts in the order of the file."""
        return map(self._made, range(len(self)))

    def __len__(self) -> int:
        """Return the number of transcripts."""
        return len(self._facts)

    def _made(self, number: int) -> Transcript:
        facts, phase = self._facts[number], int(self.phases[number])
        exons, coding = self.pieces
        return Transcript(
            name=facts.name,
            gene=facts.gene,
            gene_id=facts.gene_id,
            contig=self._contigs[number],
            is_forward=bool(self._is_forward[number]),
            exons=exons.at(number),
            coding=coding.at(number),
            phase=phase,
            biotype=facts.biotype,
            protein=self._proteins[number],
            is_mane=facts.is_mane,
            is_canonical=facts.is_canonical,
            lacks_start=facts.lacks_start or phase > 0,
            lacks_end=facts.lacks_end,
            selenocysteines=self._selenocysteines.get(number, ()),
        )
