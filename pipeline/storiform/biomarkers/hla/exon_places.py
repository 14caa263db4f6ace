"""The exons of HLA genes: where they lie, and which base of an allele stands where in them.

The files of a release tell no exons. They follow from the genomic and the coding sequence of
one allele of the gene; all others are aligned to its coding sequence, and where their genomic
sequence is known it decides.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.kernels.exon_alignment import align_banded, place_exons
from storiform.model.hla_reference import MISSING

Bases = NDArray[np.uint8]
Places = NDArray[np.int32]

_WORD = 12
_MARGIN = 12
_FEWEST_WORDS = 5
_DEAR = 0.5
_HOLE = 30
"""Cost of exons that are not known between others that are."""
_SHORT = 12
_LONG_GAP = 20
_AG = bytes((0, 2))


class Template(NamedTuple):
    """The allele of a gene to which all others are aligned.

    `bounds` (n_exons + 1,) are the exons' ends in its coding sequence, `introns`
    (n_exons - 1,) the lengths (bp) between them; `words` (m,) are the stretches of 12 bases
    that occur once in it, as numbers in order, and `word_places` (m,) where they begin.
    """

    allele: str
    coding: Bases
    bounds: NDArray[np.int64]
    introns: NDArray[np.int64]
    words: NDArray[np.int64]
    word_places: NDArray[np.int64]

    @property
    def exons(self) -> int:
        """The number of exons."""
        return len(self.bounds) - 1


class Placed(NamedTuple):
    """Where the bases of a coding sequence stand in the exons of its gene.

    All are (n,) long. `exon` counts from 0; `place` is that in the template's coding
    sequence, of an inserted base that of the next template base; `rank` is 0, for inserted
    bases 1, 2, ... within one insertion. `cost` is that of the alignment.
    """

    exon: NDArray[np.int64]
    place: NDArray[np.int64]
    rank: NDArray[np.int64]
    cost: int


def choose_template(
    genomic: Mapping[str, Bases], coding: Mapping[str, Bases]
) -> Template | None:
    """Choose the first allele of usual length of which both sequences are known.

    Returns
    -------
    Template or None
        None if no allele has both, one within the other.
    """
    both = [allele for allele in coding if allele in genomic]
    lengths = Counter(len(coding[allele]) for allele in both if allele[-1].isdigit())
    order = {length: rank for rank, (length, _) in enumerate(lengths.most_common())}
    both.sort(key=lambda allele: order.get(len(coding[allele]), len(order)))
    for allele in both:
        bases = coding[allele]
        places = np.empty(len(bases), np.int32)
        if not len(bases) or place_exons(genomic[allele], bases, places) < 0:
            continue
        breaks = np.flatnonzero(np.diff(places) != 1) + 1
        bounds = np.concatenate([[0], breaks, [len(bases)]])
        introns = (places[breaks] - places[breaks - 1] - 1).astype(np.int64)
        return Template(allele, bases, bounds, introns, *_single_words(bases))
    return None


def place_coding(template: Template, bases: Bases) -> Placed:
    """Align a coding sequence, whole or a part, to the template of its gene."""
    places = np.empty(len(bases), np.int32)
    low, high = _diagonals(template, bases)
    band = low - _MARGIN, high + _MARGIN
    if len(bases) > len(template.coding):  # bases at its end may be those that it has more
        band = min(low, len(template.coding) - len(bases)) - _MARGIN, band[1]
    cost = align_banded(template.coding, bases, *band, places)
    if cost < 0 or cost > _DEAR * len(bases):  # the words tell too little: no band
        whole = -len(bases), len(template.coding)
        cost = align_banded(template.coding, bases, *whole, places)
    if cost > _HOLE:
        cost = _try_holes(template, bases, (low, high), cost, places)
    _slide_gaps(template, bases, places)
    return _placed(template, places, cost)


def _try_holes(
    template: Template, bases: Bases, diagonals: tuple[int, int], cost: int, places: Places
) -> int:
    """Align as if exons within the sequence were not known, where this is cheaper.

    A gap as long as an exon costs more than to take what stands behind it for inserted. The
    diagonals of shared words tell how long what is not known would be.
    """
    low, high = diagonals
    for left in range(1, template.exons):
        for right in range(left + 1, template.exons):
            start, end = template.bounds[[left, right]].tolist()
            if abs(end - start - (high - low)) > _MARGIN:
                continue
            rest = np.concatenate([template.coding[:start], template.coding[end:]])
            found = np.empty_like(places)
            band = low - _MARGIN, low + 2 * _MARGIN
            own = align_banded(rest, bases, *band, found)
            if own >= 0 and own + _HOLE < cost:
                found[found >= start] += end - start
                found[found < -1 - start] -= end - start
                cost, places[:] = own + _HOLE, found
    return cost


def _slide_gaps(template: Template, bases: Bases, places: Places) -> None:
    """Let long gaps hold whole exons where the bases beside them allow it.

    Exons that end alike leave open which end is which: the alignment's gaps lie far left.
    """
    bounds = set(template.bounds.tolist())
    for at in np.flatnonzero((np.diff(places) > _LONG_GAP) & (places[:-1] >= 0)).tolist():
        start, end, moved = int(places[at]) + 1, int(places[at + 1]), at + 1
        while not {start, end} <= bounds:
            if (
                moved == len(places)
                or places[moved] != end
                or bases[moved] != template.coding[start]
            ):
                break
            start, end, moved = start + 1, end + 1, moved + 1
        else:
            places[at + 1 : moved] = np.arange(int(places[at]) + 1, start)


def _placed(template: Template, places: Places, cost: int) -> Placed:
    """Split what the alignment tells; an insertion belongs to the exon of the base before."""
    is_inserted = places < 0
    place = np.where(is_inserted, -1 - places, places).astype(np.int64)
    number = np.arange(len(places))
    last = np.maximum.accumulate(np.where(is_inserted, -1, number))
    rank = np.where(is_inserted, number - last, 0)
    before = np.where(is_inserted & (last >= 0), place - 1, place)
    exon = np.searchsorted(template.bounds, before, side="right") - 1
    return Placed(np.clip(exon, 0, template.exons - 1), place, rank, cost)


def settle_exons(
    template: Template, genomic: Bases, bases: Bases, placed: Placed
) -> tuple[Placed, Places] | None:
    """Find an allele's exons in its gene, and correct by them where its bases stand.

    Returns
    -------
    tuple or None
        Where the bases stand, and int32 (n_exons, 2), start and end of each exon in the
        gene. None if the gene does not hold the coding sequence.
    """
    edges = np.searchsorted(placed.exon, np.arange(template.exons + 1))
    found = _find_pieces(template, genomic.tobytes(), bases.tobytes(), edges)
    if found is not None:
        return placed, found
    places = np.empty(len(bases), np.int32)
    if place_exons(genomic, bases, places) < 0:
        return None
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    if len(breaks) == len(template.introns):
        edges = np.concatenate([[0], breaks, [len(bases)]])
        placed = _align_pieces(template, bases, edges)
    return placed, _spans(places, edges)


def _find_pieces(
    template: Template, gene: bytes, coding: bytes, edges: NDArray[np.int64]
) -> Places | None:
    """Find pieces of a coding sequence one after another in the gene."""
    spans = np.zeros((template.exons, 2), np.int32)
    end = 0
    for exon, (start, stop) in enumerate(pairwise(edges.tolist())):
        piece = coding[start:stop]
        usual = end + int(template.introns[exon - 1]) if exon else 0
        begin = _find_nearest(gene, piece, end, usual) if piece else end
        if begin < 0:
            return None
        end = begin + len(piece)
        spans[exon] = begin, end
    return spans


def _find_nearest(gene: bytes, piece: bytes, start: int, usual: int) -> int:
    """Find a piece at or after a place, nearest to the usual one; -1 if it is not there.

    Of short pieces, which occur by chance, one after AG, where introns end, comes first.
    """
    best, best_key = -1, (2, 0)
    at = gene.find(piece, start)
    while at >= 0:
        is_spliced = len(piece) >= _SHORT or gene[at - 2 : at] == _AG
        key = (0 if is_spliced else 1, abs(at - usual))
        if key < best_key:
            best, best_key = at, key
        at = gene.find(piece, at + 1)
    return best


def _align_pieces(template: Template, bases: Bases, edges: NDArray[np.int64]) -> Placed:
    """Align each exon to the template's."""
    parts: list[Placed] = []
    for exon, (start, stop) in enumerate(pairwise(edges.tolist())):
        first, end = template.bounds[exon : exon + 2].tolist()
        piece, own = bases[start:stop], template.coding[first:end]
        places = np.empty(len(piece), np.int32)
        cost = align_banded(own, piece, -len(piece), len(own), places)
        placed = _placed(template, np.where(places < 0, places - first, places + first), cost)
        parts.append(placed._replace(exon=np.full(len(piece), exon, np.int64)))
    arrays = (np.concatenate(values) for values in zip(*(p[:3] for p in parts), strict=True))
    exons, places_, ranks = arrays
    return Placed(exons, places_, ranks, sum(part.cost for part in parts))


def _spans(places: Places, edges: NDArray[np.int64]) -> Places:
    """Return start and end of each exon in the gene."""
    spans = np.zeros((len(edges) - 1, 2), np.int32)
    end = 0
    for exon, (start, stop) in enumerate(pairwise(edges.tolist())):
        begin = int(places[start]) if stop > start else end
        end = int(places[stop - 1]) + 1 if stop > start else end
        spans[exon] = begin, end
    return spans


def _words(bases: Bases) -> NDArray[np.int64]:
    """Return every stretch of 12 bases as a number; -1 where a base is not known."""
    if len(bases) < _WORD:
        return np.empty(0, np.int64)
    letters = bases.astype(np.int64)
    pairs = 4 * letters[:-1] + letters[1:]
    fours = 16 * pairs[:-2] + pairs[2:]
    eights = 256 * fours[:-4] + fours[4:]
    words = 256 * eights[:-4] + fours[8:]
    if (bases >= MISSING).any():
        windows = np.lib.stride_tricks.sliding_window_view(bases, _WORD)
        words[(windows >= MISSING).any(axis=1)] = -1
    return words


def _single_words(bases: Bases) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    words, places, counts = np.unique(_words(bases), return_index=True, return_counts=True)
    is_single = (counts == 1) & (words >= 0)
    return words[is_single], places[is_single].astype(np.int64)


def _diagonals(template: Template, bases: Bases) -> tuple[int, int]:
    """Return the least and largest diagonal on which both share words.

    A diagonal is a place in the template less one in the sequence; without words all.
    """
    words = _words(bases)
    at = np.minimum(np.searchsorted(template.words, words), max(len(template.words) - 1, 0))
    shared = np.flatnonzero(template.words[at] == words) if len(template.words) else at[:0]
    if not len(shared):
        return -len(bases), len(template.coding)
    diagonals = template.word_places[at[shared]] - shared
    counts = np.bincount(diagonals + len(bases))
    kept = np.flatnonzero(counts >= min(_FEWEST_WORDS, counts.max())) - len(bases)
    return int(kept[0]), int(kept[-1])
