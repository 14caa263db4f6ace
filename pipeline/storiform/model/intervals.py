"""Sets of bases: sorted, merged, 0-based half-open intervals per contig."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.model.genome import merge_intervals
from storiform.model.shared_ends import shared_start
from storiform.model.table import Resource

Bounds = tuple[NDArray[np.int64], NDArray[np.int64]]
_EMPTY: Bounds = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Intervals:
    """A set of bases; `bounds` maps a contig to its sorted starts and ends, no overlaps."""

    bounds: Mapping[str, Bounds] = field(hash=False)

    @classmethod
    def of(cls, intervals: Iterable[tuple[str, int, int]]) -> "Intervals":
        """Build the union of intervals `(contig, start, end)` in any order.

        Examples
        --------
        >>> Intervals.of([("chr1", 5, 9), ("chr1", 0, 6)]).size_bp
        9
        """
        by_contig: dict[str, list[tuple[int, int]]] = {}
        for contig, start, end in intervals:
            by_contig.setdefault(contig, []).append((start, end))
        merged = {contig: merge_intervals(by_contig[contig]) for contig in sorted(by_contig)}
        return cls({contig: _arrays(pieces) for contig, pieces in merged.items()})

    @property
    def size_bp(self) -> int:
        """The number of bases."""
        return sum(int((ends - starts).sum()) for starts, ends in self.bounds.values())

    def __and__(self, other: "Intervals") -> "Intervals":
        """Return the bases that are in both sets."""
        shared = [contig for contig in self.bounds if contig in other.bounds]
        found = {c: _common(self.bounds[c], other.bounds[c]) for c in shared}
        return Intervals({c: bounds for c, bounds in found.items() if len(bounds[0])})

    def touches(self, places: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell for each row of `contig, start, end` whether it holds a base of the set."""
        contigs = places["contig"].to_numpy(dtype=object)
        starts = places["start"].to_numpy(dtype=np.int64)
        ends = places["end"].to_numpy(dtype=np.int64)
        inside = np.zeros(len(places), dtype=bool)
        for contig in dict.fromkeys(contigs):
            rows = contigs == contig
            lower, upper = self.bounds.get(contig, _EMPTY)
            first = np.searchsorted(upper, starts[rows], side="right")
            reach = np.append(lower, np.iinfo(np.int64).max)[first]
            inside[rows] = reach < ends[rows]
        return inside


def _arrays(pieces: list[tuple[int, int]]) -> Bounds:
    table = np.array(pieces, dtype=np.int64).reshape(-1, 2)
    return table[:, 0].copy(), table[:, 1].copy()


def _common(left: Bounds, right: Bounds) -> Bounds:
    """Intersect two sorted sets: every pair that overlaps gives one piece."""
    first = np.searchsorted(right[1], left[0], side="right")
    last = np.searchsorted(right[0], left[1], side="left")
    counts = np.maximum(last - first, 0)
    mine = np.repeat(np.arange(len(counts)), counts)
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    theirs = np.repeat(first, counts) + offsets
    return np.maximum(left[0][mine], right[0][theirs]), np.minimum(
        left[1][mine], right[1][theirs]
    )


def changed_bases(calls: pd.DataFrame) -> pd.DataFrame:
    """Return the bases that each call changes, as `contig, start, end`.

    Bases that reference and alternative share at either end are left out; an insertion
    stands for the two bases between which it lies. Calls without alleles keep their span.
    """
    spans = [
        _changed(int(start), int(end), ref, alt)
        for start, end, ref, alt in zip(
            calls["start"], calls["end"], calls["ref"], calls["alt"], strict=True
        )
    ]
    table = np.array(spans, dtype=np.int64).reshape(-1, 2)
    return pd.DataFrame(
        {"contig": calls["contig"].to_numpy(), "start": table[:, 0], "end": table[:, 1]}
    )


def _changed(start: int, end: int, ref: object, alt: object) -> tuple[int, int]:
    if not isinstance(ref, str) or not isinstance(alt, str) or "-" in (ref, alt):
        return start, end
    if not (ref.isalpha() and alt.isalpha()):
        return start, end
    tail = shared_start(ref[::-1], alt[::-1])
    tail = min(tail, len(ref) - 1, len(alt) - 1) if len(ref) == len(alt) else 0
    head = shared_start(ref, alt)
    left, right = start + min(head, len(ref)), end - tail
    if left >= right:
        return max(left - 1, 0), left + 1
    return left, right


_GENE_COLUMNS = ("gene_id", "gene", "biotype", "contig", "strand")
_PIECE_COLUMNS = ("gene_id", "contig", "start", "end")


def _frame(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True)
class GeneModel:
    """What a gene annotation says of the genome.

    Parameters
    ----------
    coding
        All CDS with 2 splice bases at introns.
    genes
        One row per gene in the order of the file: `gene_id` as written, `gene` (symbol, the
        id where there is none), `biotype` (empty where not told), `contig`, `strand` (+ or -).
    exons
        `gene_id, contig, start, end`: the union of the exons of each gene, merged, sorted;
        and `strand`, where it was read from a GTF.
    coding_exons
        The same columns: the union of the coding and splice bases of each gene.
    """

    coding: Intervals
    genes: pd.DataFrame = field(default_factory=lambda: _frame(_GENE_COLUMNS), hash=False)
    exons: pd.DataFrame = field(default_factory=lambda: _frame(_PIECE_COLUMNS), hash=False)
    coding_exons: pd.DataFrame = field(
        default_factory=lambda: _frame(_PIECE_COLUMNS), hash=False
    )


Targets = Annotated[Intervals, Resource("targets")]
"""The bases that the exome kit captures: a user's BED."""
Genes = Annotated[GeneModel, Resource("genes")]
"""A user's GTF or GFF3."""
