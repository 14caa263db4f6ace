"""Pairs of reads against the few sequences of a person, and alleles against each other."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.hla_losses import Reads
from storiform.kernels.hla_words import LENGTH, WordSet, find_word
from storiform.kernels.records import Bytes, Int

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NEVER = 1e4
"""Loss of a read that lies nowhere on a sequence."""
_OVERHANG = 0.5
"""What a base costs that lies beside a sequence, or where its base is not known."""
_STEP = 3
"""Bases from one word that is looked up to the next."""
_SLACK = 30
"""Bases by which the reverse mate may begin before the other: adapters, short fragments."""
_UNKNOWN = 4
_MASK = (1 << 2 * LENGTH) - 1
_COMPLEMENT = np.array([3, 2, 1, 0, 4], dtype=np.uint8)
_MATCH, _MISMATCH, _GAP = -1, 2, 3
_DIAGONAL, _UP, _LEFT = 0, 1, 2


class PersonalGenes(NamedTuple):
    """The sequences to compare with, one after another.

    Parameters
    ----------
    bases
        uint8 (n,), 0 to 3 for A, C, G, T; 4 for one that is not known.
    firsts
        int64 (s + 1,), where each of them begins.
    is_trusted
        bool (n,), whether a mismatch there speaks against the allele.
    words
        All words of them; the w-th stands in `sequences` and `places` [first[w], first[w+1]).
    first, sequences, places
        int64 (w + 1,), and int32: where words stand.
    """

    bases: Bytes
    firsts: Ints
    is_trusted: npt.NDArray[np.bool_]
    words: WordSet
    first: Ints
    sequences: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]


class Scores(NamedTuple):
    """What fragments lose on sequences; each (fragments, sequences).

    Parameters
    ----------
    losses
        float64, mismatches, and half a one for each base beside the sequence; `NEVER` where
        the fragment does not lie on it.
    trusted
        float64, mismatches at trusted bases alone.
    middles
        int64, the base in the middle of the fragment.
    """

    losses: Floats
    trusted: Floats
    middles: Ints


class Desk(NamedTuple):
    """Room for one fragment; (4, sequences), a row for each mate and strand."""

    losses: Floats
    trusted: Floats
    places: Ints


@compiled
def code_of(reads: Reads, read: Int, strand: Int, i: Int) -> Int:
    """Return the i-th base of a read, or of its reverse complement on strand 1."""
    if strand == 0:
        return np.int64(reads.codes[reads.places[read] + i])
    return np.int64(_COMPLEMENT[reads.codes[reads.places[read + 1] - 1 - i]])


@compiled
def try_place(  # noqa: PLR0913, PLR0917  a read, its strand, and where it is tried
    reads: Reads, read: Int, strand: Int, genes: PersonalGenes, sequence: Int, place: Int,
    desk: Desk, row: Int,
) -> None:  # fmt: skip
    """Compare a read with one place of a sequence; keep it if no better one is known."""
    start = genes.firsts[sequence]
    size = genes.firsts[sequence + 1] - start
    best = desk.losses[row, sequence]
    loss, trusted = 0.0, 0.0
    for i in range(reads.places[read + 1] - reads.places[read]):
        at = place + i
        if at < 0 or at >= size or genes.bases[start + at] >= _UNKNOWN:
            loss += _OVERHANG
        else:
            code = code_of(reads, read, strand, i)
            if code < _UNKNOWN and code != genes.bases[start + at]:
                loss += 1.0
                if genes.is_trusted[start + at]:
                    trusted += 1.0
        if loss >= best:
            return
    desk.losses[row, sequence] = loss
    desk.trusted[row, sequence] = trusted
    desk.places[row, sequence] = place


@compiled
def place_strand(
    reads: Reads, read: Int, strand: Int, genes: PersonalGenes, desk: Desk, row: Int
) -> None:  # fmt: skip
    """Find the best place of one strand of a read on each sequence, by words they share."""
    for other in range(len(genes.firsts) - 1):
        desk.losses[row, other] = NEVER
        desk.places[row, other] = np.int64(-(1 << 30))
    word, known = np.int64(0), 0
    for i in range(reads.places[read + 1] - reads.places[read]):
        code = code_of(reads, read, strand, np.int64(i))
        known = known + 1 if code < _UNKNOWN else 0
        word = (word << 2 | code & 3) & _MASK
        if known < LENGTH or i % _STEP:
            continue
        found = find_word(word, genes.words)
        if found < 0:
            continue
        for k in range(genes.first[found], genes.first[found + 1]):
            sequence = np.int64(genes.sequences[k])
            place = np.int64(genes.places[k]) - (i - LENGTH + 1)
            if desk.places[row, sequence] != place:
                try_place(reads, read, strand, genes, sequence, place, desk, row)


@compiled
def join_mates(
    lengths: tuple[Int, Int], longest: Int, desk: Desk, scores: Scores, fragment: Int
) -> None:
    """Write what a pair loses on each sequence where its mates face each other."""
    for sequence in range(desk.losses.shape[1]):
        for turned in range(2):
            ahead, behind = 2 * turned, 2 * (1 - turned) + 1
            loss = desk.losses[ahead, sequence] + desk.losses[behind, sequence]
            if loss >= scores.losses[fragment, sequence]:
                continue
            begin = desk.places[ahead, sequence]
            end = desk.places[behind, sequence] + lengths[1 - turned]
            is_facing = end - lengths[1 - turned] >= begin - _SLACK
            if is_facing and end - begin <= longest:
                scores.losses[fragment, sequence] = loss
                scores.trusted[fragment, sequence] = (
                    desk.trusted[ahead, sequence] + desk.trusted[behind, sequence]
                )
                scores.middles[fragment, sequence] = (begin + end) // 2


@compiled
def keep_single(length: Int, desk: Desk, scores: Scores, fragment: Int) -> None:
    """Write what a read without a mate loses on each sequence, on its better strand."""
    for sequence in range(desk.losses.shape[1]):
        for row in range(2):
            if desk.losses[row, sequence] < scores.losses[fragment, sequence]:
                scores.losses[fragment, sequence] = desk.losses[row, sequence]
                scores.trusted[fragment, sequence] = desk.trusted[row, sequence]
                scores.middles[fragment, sequence] = desk.places[row, sequence] + length // 2


@compiled
def score_fragments(
    reads: Reads, genes: PersonalGenes, fewest: Int, longest: Int, desk: Desk, scores: Scores
) -> None:
    """Compare fragments with all sequences, ungapped, both mates of each together.

    Parameters
    ----------
    reads
        Bases of reads, and which of them are of one fragment.
    genes
        The sequences.
    fewest
        Reads that a fragment has at least: 2 for pairs, 1 for reads without mates.
    longest
        Bases of the longest fragment.
    desk
        Room.
    scores
        Takes the result; its losses are `NEVER` before.
    """
    for fragment in range(len(reads.fragments) - 1):
        first = reads.fragments[fragment]
        number = reads.fragments[fragment + 1] - first
        if number < fewest or number > 2:  # noqa: PLR2004  a pair
            continue
        for mate in range(number):
            place_strand(reads, first + mate, 0, genes, desk, 2 * mate)
            place_strand(reads, first + mate, 1, genes, desk, 2 * mate + 1)
        one = reads.places[first + 1] - reads.places[first]
        if number == 1:
            keep_single(one, desk, scores, fragment)
        else:
            two = reads.places[first + 2] - reads.places[first + 1]
            join_mates((one, two), longest, desk, scores, fragment)


@compiled
def align_alleles(one: Bytes, two: Bytes, costs: Ints, moves: Bytes, partners: Ints) -> None:
    """Align two alleles: a match earns 1, a mismatch costs 2, a base in a gap within 3.

    Parameters
    ----------
    one, two
        uint8 (n,) and (m,).
    costs
        int64 (2, m + 1), room.
    moves
        uint8 (n + 1, m + 1), room.
    partners
        int64 (n,), takes for each base of `one` the base of `two` beside it, -1 for a gap.
    """
    n, m = len(one), len(two)
    for j in range(m + 1):
        costs[0, j], moves[0, j] = 0, _LEFT
    for i in range(1, n + 1):
        now, before = i % 2, (i - 1) % 2
        costs[now, 0], moves[i, 0] = 0, _UP
        across = _GAP if i < n else 0
        for j in range(1, m + 1):
            cost = costs[before, j - 1] + (_MATCH if one[i - 1] == two[j - 1] else _MISMATCH)
            move = _DIAGONAL
            down = costs[before, j] + (_GAP if j < m else 0)
            if down < cost:
                cost, move = down, _UP
            if costs[now, j - 1] + across < cost:
                cost, move = costs[now, j - 1] + across, _LEFT
            costs[now, j], moves[i, j] = cost, move
    trace_moves(moves, partners)


@compiled
def trace_moves(moves: Bytes, partners: Ints) -> None:
    """Follow the moves of an alignment from its end."""
    i, j = moves.shape[0] - 1, moves.shape[1] - 1
    while i > 0 or j > 0:
        move = moves[i, j]
        if move == _LEFT:
            j -= 1
        else:
            i -= 1
            if move == _DIAGONAL:
                j -= 1
            partners[i] = j if move == _DIAGONAL else -1
