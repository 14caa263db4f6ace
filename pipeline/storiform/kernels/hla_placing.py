"""Where reads lie on the exons of HLA genes.

The sequences of one exon of one gene that have bases in the same columns make a *block*: no
gap stands between them, so a read lies on all of them alike, on a *diagonal*, the column of its
first base. An allele with an insertion or deletion has a block of its own there. Blocks are
numbered by exon, then by gene; sequences by their block.
"""

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.hla_blocks import (
    ANYTHING,
    DIAGONALS,
    NOWHERE,
    Bench,
    Blocks,
    WordPlaces,
)
from storiform.kernels.hla_words import LENGTH, NO_WORD, find_word
from storiform.kernels.records import Bytes, Int

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_OVERLAP, _OWN_WORDS = 8, 3
_EARNED = 2.5
"""Nats; a column of another gene or allele loses half a nat, one of anything else five."""
_INSIDE = 8
"""Bases of an exon that a read has at least to be compared beside it."""
_UNKNOWN = 4
_COMPLEMENT = np.array([3, 2, 1, 0, 4], dtype=np.uint8)


@compiled
def turn_read(codes: Bytes, costs: Floats, bench: Bench) -> None:
    """Write a read and its reverse complement into the room."""
    length = len(codes)
    bench.state[2] = length
    for i in range(length):
        bench.codes[0, i], bench.costs[0, i] = codes[i], costs[i]
        bench.codes[1, length - 1 - i] = _COMPLEMENT[codes[i]]
        bench.costs[1, length - 1 - i] = costs[i]


@compiled
def add_vote(bench: Bench, strand: Int, block: Int, diagonal: Int) -> None:
    """Count one word for a diagonal; after the first few, further ones are not looked at."""
    number = bench.tried[strand, block]
    for k in range(number):
        if bench.diagonals[strand, block, k] == diagonal:
            bench.votes[strand, block, k] += 1
            return
    if number == 0:
        bench.touched[strand, bench.state[strand]] = block
        bench.state[strand] += 1
    if number < DIAGONALS:
        bench.diagonals[strand, block, number] = diagonal
        bench.votes[strand, block, number] = 1
        bench.tried[strand, block] = number + 1


@compiled
def count_votes(bench: Bench, strand: Int, places: WordPlaces) -> Int:
    """Count the words of one strand of a read by block and diagonal; return the most."""
    for k in range(bench.state[strand]):
        bench.tried[strand, bench.touched[strand, k]] = 0
    bench.state[strand] = 0
    word, known = np.int64(0), 0
    for i in range(bench.state[2]):
        code = bench.codes[strand, i]
        known = known + 1 if code < _UNKNOWN else 0
        word = (word << 2 | np.int64(code & 3)) & ((1 << 2 * LENGTH) - 1)
        row = find_word(word, places.words) if known >= LENGTH else np.int64(NO_WORD)
        if row < 0:
            continue
        for k in range(places.first[row], places.first[row + 1]):
            diagonal = places.columns[k] - (i - LENGTH + 1)
            add_vote(bench, strand, np.int64(places.blocks[k]), diagonal)
    most = np.int64(0)
    for k in range(bench.state[strand]):
        block = bench.touched[strand, k]
        for x in range(bench.tried[strand, block]):
            most = max(most, bench.votes[strand, block, x])
    return most


@compiled
def reaches_exon(bench: Bench, blocks: Blocks, block: Int, diagonal: Int) -> bool:
    """Tell whether a read has more than a few bases of the exon itself.

    One that lies in the intron alone has no base from which that is counted: beyond a deletion
    of a single allele it would lie as this one has it, and fit no other.
    """
    end = blocks.columns[block + 1] - blocks.columns[block] - blocks.flank
    inside = min(end, diagonal + bench.state[2]) - max(blocks.flank, diagonal)
    return bool(inside >= min(_INSIDE, end - blocks.flank))


@compiled
def best_diagonal(bench: Bench, blocks: Blocks, block: Int) -> tuple[Int, Int]:
    """Return the diagonal on a block with the most votes, and these."""
    strand = bench.state[3]
    best, most = np.int64(NOWHERE), np.int64(0)
    for k in range(bench.tried[strand, block]):
        diagonal = bench.diagonals[strand, block, k]
        votes = bench.votes[strand, block, k]
        if votes > most and reaches_exon(bench, blocks, block, diagonal):
            best, most = diagonal, votes
    return best, most


@compiled
def stretch_of(bench: Bench, blocks: Blocks, block: Int, diagonal: Int) -> tuple[Int, Int]:
    """Return the bases of the read [first, last) that lie in a block."""
    length = blocks.columns[block + 1] - blocks.columns[block] - blocks.margin
    return max(np.int64(0), blocks.margin - diagonal), min(bench.state[2], length - diagonal)


@compiled
def anchor_exon(bench: Bench, blocks: Blocks, least: Int) -> bool:
    """Find the exon with the most votes beside those found; tell whether there was one.

    Only genes that are typed count: where reads lie on none of them they tell nothing.

    It may not claim bases of the read, but for a few, that an exon has which was found before.
    """
    best, most, at = np.int64(-1), np.int64(least - 1), np.int64(NOWHERE)
    strand = bench.state[3]
    for k in range(bench.state[strand]):
        block = bench.touched[strand, k]
        if bench.anchors[blocks.exons[block]] >= 0 or blocks.genes[block] >= blocks.typed:
            continue
        diagonal, votes = best_diagonal(bench, blocks, block)
        is_better = votes > most or (votes == most and block < best)
        if is_better and is_free(bench, blocks, block, diagonal):
            best, most, at = block, np.int64(votes), np.int64(diagonal)
    if best < 0:
        return False
    bench.anchors[blocks.exons[best]] = best
    bench.places[best] = at
    return True


@compiled
def is_free(bench: Bench, blocks: Blocks, block: Int, diagonal: Int) -> bool:
    """Tell whether no exon that was found has more than a few of the same bases."""
    first, last = stretch_of(bench, blocks, block, diagonal)
    for exon in range(len(bench.anchors)):
        anchor = bench.anchors[exon]
        if anchor >= 0:
            begin, end = stretch_of(bench, blocks, anchor, bench.places[anchor])
            if min(end, last) - max(begin, first) > _OVERLAP:
                return False
    return True


@compiled
def usual_loss(bench: Bench, blocks: Blocks, block: Int, diagonal: Int) -> float:
    """Return what the mismatches with the usual sequence of a block cost, nats."""
    strand, at = bench.state[3], blocks.columns[block] + diagonal
    first, last = stretch_of(bench, blocks, block, diagonal)
    loss = 0.0
    for i in range(first, last):
        loss += base_loss(bench.codes[strand, i], bench.costs[strand, i], blocks.usual[at + i])
    return loss


@compiled
def base_loss(code: Int, cost: float, base: Int) -> float:
    """Return what one base costs: nothing if it fits or is N, log 4 where nothing is known.

    Where it may be any, it costs what it does on average where it is known, that errors of
    reading do not speak for alleles of which less is known.
    """
    if code == base or code >= _UNKNOWN:
        return 0.0
    if base == ANYTHING:
        return float(3.0 * np.exp(-cost) * cost)
    return min(cost, 1.3862943611198906) if base >= _UNKNOWN else cost


@compiled
def find_column(blocks: Blocks, block: Int, common: Int) -> Int:
    """Return the first column of a block that is not before a column of the gene's exon."""
    low, high = blocks.columns[block], blocks.columns[block + 1]
    while low < high:
        middle = (low + high) // 2
        if blocks.commons[middle] < common:
            low = middle + 1
        else:
            high = middle
    return np.int64(low - blocks.columns[block])


@compiled
def carry_begin(bench: Bench, blocks: Blocks, source: Int, target: Int) -> Int:
    """Carry the first column of a read over to another block of the gene: its diagonal there.

    Columns that the other block lacks are passed over.
    """
    diagonal = bench.places[source]
    first, last = stretch_of(bench, blocks, source, diagonal)
    if last <= first:
        return np.int64(NOWHERE)
    begin, other = blocks.columns[source], blocks.columns[target]
    column = find_column(blocks, target, blocks.commons[begin + diagonal + first])
    if other + column == blocks.columns[target + 1]:
        return np.int64(NOWHERE)
    back = find_column(blocks, source, blocks.commons[other + column])
    return np.int64(column - (back - diagonal))


@compiled
def carry_end(bench: Bench, blocks: Blocks, source: Int, target: Int) -> Int:
    """Carry the last column of a read over to another block of the gene; see `carry_begin`."""
    diagonal = bench.places[source]
    first, last = stretch_of(bench, blocks, source, diagonal)
    if last <= first:
        return np.int64(NOWHERE)
    begin, other = blocks.columns[source], blocks.columns[target]
    common = blocks.commons[begin + diagonal + last - 1]
    column = find_column(blocks, target, common + 1) - 1
    if column < 0:
        return np.int64(NOWHERE)
    back = find_column(blocks, source, blocks.commons[other + column] + 1) - 1
    return np.int64(column - (back - diagonal))


@compiled
def weigh_diagonal(bench: Bench, blocks: Blocks, block: Int, diagonal: Int) -> float:
    """Return the loss on a diagonal less what each column that the read has there earns.

    A column of which any base is as good earns nothing.
    """
    first, last = stretch_of(bench, blocks, block, diagonal)
    begin = blocks.columns[block] + diagonal
    told = 0
    for i in range(first, last):
        if blocks.usual[begin + i] != ANYTHING:
            told += 1
    return usual_loss(bench, blocks, block, diagonal) - _EARNED * told


@compiled
def choose_diagonal(bench: Bench, blocks: Blocks, block: Int, one: Int, two: Int) -> None:
    """Place a read in a block: on the better of two diagonals, or on that of its own words.

    A read that lies on none of them has no column there.
    """
    bench.places[block] = blocks.columns[block + 1] - blocks.columns[block]
    own, votes = best_diagonal(bench, blocks, block)
    own = own if votes >= _OWN_WORDS else np.int64(NOWHERE)
    best = 0.0
    for k in range(3):
        diagonal = one if k == 0 else (two if k == 1 else own)
        if diagonal == NOWHERE or (k == 1 and two == one):
            continue
        weight = weigh_diagonal(bench, blocks, block, diagonal)
        if weight < best:
            best, bench.places[block] = weight, diagonal


@compiled
def spread_exon(bench: Bench, blocks: Blocks, exon: Int) -> None:
    """Lay a read on all blocks of an exon, given that on which it has the most words.

    From there it is carried to the gene's main block, from that to those of other genes, by
    begin or end of the exon, and from each of these to the other blocks of its gene.
    """
    anchor = bench.anchors[exon]
    main = blocks.mains[anchor]
    if main != anchor:
        one = carry_begin(bench, blocks, anchor, main)
        choose_diagonal(bench, blocks, main, one, carry_end(bench, blocks, anchor, main))
    length = blocks.columns[main + 1] - blocks.columns[main]
    diagonal = bench.places[main]
    for block in range(blocks.of_exon[exon], blocks.of_exon[exon + 1]):
        own = blocks.mains[block]
        if block in (anchor, main):
            continue
        if block == own:
            longer = blocks.columns[block + 1] - blocks.columns[block] - length
            choose_diagonal(bench, blocks, block, diagonal, diagonal + longer)
        else:
            one = carry_begin(bench, blocks, own, block)
            choose_diagonal(bench, blocks, block, one, carry_end(bench, blocks, own, block))


@compiled
def place_read(bench: Bench, blocks: Blocks, places: WordPlaces, least: Int) -> Int:
    """Lay the read in the room on exons; return on how many.

    Parameters
    ----------
    bench
        Holds the read; `anchors` and `places` take the result.
    blocks, places
        The exons and their words.
    least
        Words that a read shares at least with one diagonal.
    """
    bench.anchors[:] = -1
    forward = count_votes(bench, 0, places)
    reverse = count_votes(bench, 1, places)
    bench.state[3] = 1 if reverse > forward else 0
    number = 0
    while anchor_exon(bench, blocks, least):
        number += 1
    for exon in range(len(bench.anchors)):
        if bench.anchors[exon] >= 0:
            spread_exon(bench, blocks, exon)
    return number
