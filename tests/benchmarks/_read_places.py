"""Where the reads of invented BAMs lie.

Everything about a fragment follows from its number by hashing, so nothing is stored but the
order of the records: both mates are placed again whenever one of them is written.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

LENGTH = 100
CONTIG, POS, FLAG, MAPQ, OPS, SOURCE, CIGAR = range(7)
"""Columns of a placed mate; the operations of its CIGAR follow from the last on."""
WIDTH = CIGAR + 12
COPIES = 8
"""Records that a pair may have: four placements of two mates."""


class World(NamedTuple):
    """What fragments are drawn from.

    `lengths` (contigs,), `numbers` the digits of their names; `weights` cumulative and
    scaled to 1, of the targets or genes; of each `contig`, `reverse`, and its exons
    [`first`, next `first`) among `starts` and `ends`. `steps` (states, states) are cumulative
    16-bit chances of the next quality, `qualities` their values, `errors` 32-bit chances.
    """

    pairs: int
    is_rna: bool
    lengths: Ints
    numbers: Ints
    weights: npt.NDArray[np.float64]
    contig: Ints
    reverse: npt.NDArray[np.bool_]
    first: Ints
    starts: Ints
    ends: Ints
    steps: Ints
    qualities: Bytes
    errors: Ints


@compiled
def mixed(number, salt):
    """Hash two integers to 64 bits (splitmix64)."""
    x = np.uint64(number) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt) * np.uint64(
        0xD1B54A32D192ED03
    )
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled
def uniform(number, salt):
    """Return a fraction in [0, 1) that follows from two integers."""
    return np.float64(mixed(number, salt) >> np.uint64(11)) / 9007199254740992.0


@compiled
def insert_size(number):
    """Draw the length of a fragment: nearly normal, by the sum of four fractions."""
    total = 0.0
    for salt in range(4):
        total += uniform(number, 20 + salt)
    return np.int64(min(max(230.0 + (total - 2.0) * 110.0, 102.0), 600.0))


@compiled
def anywhere(world, number, mate):
    """Set contig and position of a mate to a place in the genome."""
    place = uniform(number, 30) * world.lengths.sum()
    contig = 0
    while place >= world.lengths[contig]:
        place -= world.lengths[contig]
        contig += 1
    mate[CONTIG] = contig
    mate[POS] = min(max(np.int64(place), 1000), world.lengths[contig] - 5000)


@compiled
def draw_cigar(number, mate):
    """Give a mate an alignment of 100 bases, of which six in a hundred are not plain."""
    chance, size = uniform(number, 40), np.int64(uniform(number, 41) * 40)
    gap = 1 + np.int64(uniform(number, 42) * 5)
    mate[OPS], mate[CIGAR] = 1, LENGTH << 4
    if chance < 0.015:
        mate[OPS], mate[CIGAR], mate[CIGAR + 1] = 2, (size + 1) << 4 | 4, (99 - size) << 4
        mate[POS] += size + 1
    elif chance < 0.03:
        mate[OPS], mate[CIGAR], mate[CIGAR + 1] = 2, (99 - size) << 4, (size + 1) << 4 | 4
    elif chance < 0.045:
        mate[OPS], mate[CIGAR], mate[CIGAR + 1] = 3, (30 + size) << 4, gap << 4 | 2
        mate[CIGAR + 2] = (70 - size) << 4
    elif chance < 0.06:
        mate[OPS], mate[CIGAR], mate[CIGAR + 1] = 3, (30 + size) << 4, gap << 4 | 1
        mate[CIGAR + 2] = (70 - size - gap) << 4


@compiled
def draw_fate(world, number, mates):
    """Leave one mate or both unaligned, or send one elsewhere, in 1.5 pairs of a hundred."""
    left, right = mates[0], mates[1]
    chance = uniform(number, 50)
    if chance < 0.005:
        right[CONTIG], right[POS], right[OPS], right[MAPQ] = left[CONTIG], left[POS], 0, 0
        right[FLAG] = (right[FLAG] & ~(2 | 16)) | 4
        left[FLAG] = (left[FLAG] & ~(2 | 32)) | 8
    elif chance < 0.007:
        for mate in range(2):
            mates[mate, CONTIG] = mates[mate, POS] = -1
            mates[mate, OPS] = mates[mate, MAPQ] = 0
            mates[mate, FLAG] = 77 if mate == 0 else 141
    elif chance < 0.015:
        anywhere(world, number + 77, right)
        left[FLAG], right[FLAG] = left[FLAG] & ~2, right[FLAG] & ~2


@compiled
def place_exome(world, fragment, mates):
    """Place both mates of a pair: 65 in a hundred on targets, ten duplicates."""
    source, duplicate = fragment, uniform(fragment, 1) < 0.1
    if duplicate:
        source = np.int64(mixed(fragment, 2) % np.uint64(world.pairs))
    left, right = mates[0], mates[1]
    size = insert_size(source)
    anywhere(world, source, left)
    if uniform(source, 3) < 0.65:
        target = np.searchsorted(world.weights, uniform(source, 4), "right")
        span = world.ends[target] - world.starts[target]
        left[CONTIG] = world.contig[target]
        left[POS] = world.starts[target] - 80 - size // 2
        left[POS] += np.int64(uniform(source, 5) * (span + 160))
    right[CONTIG], right[POS] = left[CONTIG], left[POS] + size - LENGTH
    forward = uniform(source, 6) < 0.5
    left[FLAG], right[FLAG] = (99, 147) if forward else (163, 83)
    for which in range(2):
        mate = mates[which]
        mate[SOURCE] = source
        chance = uniform(2 * source + which, 7)
        mate[MAPQ] = 60 if chance > 0.1 else 0 if chance < 0.05 else np.int64(chance * 590)
        draw_cigar(2 * source + which, mate)
    draw_fate(world, source, mates)
    if left[OPS] == 1 and uniform(source, 51) < 0.01:
        left[OPS], left[CIGAR], left[CIGAR + 1] = 2, 60 << 4, 40 << 4 | 4
    if duplicate and left[CONTIG] >= 0:
        left[FLAG] |= 1024
        right[FLAG] |= 0 if right[FLAG] & 4 else 1024


@compiled
def splice(world, gene, offset, mate):
    """Align 100 bases from a place of a transcript on, over its introns."""
    exon, last = world.first[gene], world.first[gene + 1] - 1
    while exon < last and offset >= world.ends[exon] - world.starts[exon]:
        offset -= world.ends[exon] - world.starts[exon]
        exon += 1
    at, need, ops = world.starts[exon] + offset, LENGTH, 0
    mate[POS] = at
    while need > 0:
        room = world.ends[exon] - at
        if exon == last or room >= need or ops >= 8:
            room = need
        mate[CIGAR + ops] = room << 4
        ops, need = ops + 1, need - room
        if need > 0:
            mate[CIGAR + ops] = (world.starts[exon + 1] - world.ends[exon]) << 4 | 3
            ops, exon = ops + 1, exon + 1
            at = world.starts[exon]
    mate[OPS] = ops


@compiled
def placements(fragment):
    """Return at how many places the pair of an RNA fragment aligns."""
    if uniform(fragment, 8) >= 0.08:
        return 1
    return 2 + np.int64(uniform(fragment, 9) * 3)


@compiled
def is_single(fragment, copy):
    """Tell whether the right mate of an RNA pair was lost."""
    return uniform(fragment, 60 + copy) < 0.01


@compiled
def place_rna(world, fragment, copy, mates):
    """Place both mates of one alignment of a stranded RNA pair (dUTP: read 2 is sense)."""
    source = fragment
    if copy > 0:
        source = np.int64(mixed(fragment, 70 + copy) % np.uint64(world.pairs))
    left, right = mates[0], mates[1]
    gene = np.searchsorted(world.weights, uniform(source, 4), "right")
    begin, end = world.first[gene], world.first[gene + 1]
    bases = np.int64(0)
    for exon in range(begin, end):
        bases += world.ends[exon] - world.starts[exon]
    size, chance, share = insert_size(source), uniform(source, 10), uniform(source, 11)
    left[CONTIG] = right[CONTIG] = world.contig[gene]
    if chance < 0.12:
        low = world.starts[begin] if chance < 0.08 else 5000
        high = world.ends[end - 1] if chance < 0.08 else world.lengths[left[CONTIG]] - 5000
        left[POS] = low + np.int64(share * (high - low))
        right[POS] = left[POS] + size - LENGTH
        left[OPS] = right[OPS] = 1
        left[CIGAR] = right[CIGAR] = LENGTH << 4
    else:
        size = min(size, max(bases, LENGTH))
        offset = np.int64(share * max(bases - size, 1))
        splice(world, gene, offset, left)
        splice(world, gene, offset + size - LENGTH, right)
    forward = world.reverse[gene] != (uniform(source, 12) < 0.02)
    left[FLAG], right[FLAG] = (99, 147) if forward else (163, 83)
    hits = placements(fragment)
    left[MAPQ] = right[MAPQ] = 255 if hits == 1 else 3 if hits == 2 else 1
    left[SOURCE] = right[SOURCE] = source
    if copy > 0:
        left[FLAG], right[FLAG] = left[FLAG] | 256, right[FLAG] | 256
    if is_single(fragment, copy):
        left[FLAG] = (left[FLAG] & ~(2 | 32)) | 8


@compiled
def place(world, fragment, copy, mates):
    """Place both mates of one alignment; copy 1 of an exome is the supplementary record."""
    if world.is_rna:
        place_rna(world, fragment, copy, mates)
        return
    place_exome(world, fragment, mates)
    if copy == 1:
        left = mates[0]
        anywhere(world, left[SOURCE] + 99, left)
        left[FLAG] = (left[FLAG] | 2048) & ~2
        left[OPS], left[CIGAR], left[CIGAR + 1] = 2, 60 << 4 | 4, 40 << 4


@compiled
def is_chimeric(mates):
    """Tell whether the left mate was cut to make room for a supplementary record."""
    return mates[0, OPS] == 2 and mates[0, CIGAR] == 60 << 4 and mates[0, CIGAR + 1] >> 4 == 40


@compiled
def copies_of(world, fragment, mates):
    """Return how many alignments a fragment has, its mates placed."""
    if world.is_rna:
        return placements(fragment)
    return 2 if is_chimeric(mates) else 1


@compiled
def sort_keys(world, begin, end, bits):
    """Return for every record of some fragments a number that sorts it into the file.

    From the top: contig (3 bits), position (28), fragment, alignment and mate (`bits`).
    """
    keys = np.empty((end - begin) * COPIES, np.uint64)
    mates = np.zeros((2, WIDTH), np.int64)
    count = 0
    for fragment in range(begin, end):
        place(world, fragment, 0, mates)
        copies = copies_of(world, fragment, mates)
        for copy in range(copies):
            if copy > 0:
                place(world, fragment, copy, mates)
            for which in range(2):
                if which == 1 and lacks_right(world, fragment, copy):
                    continue
                contig = mates[which, CONTIG] if mates[which, CONTIG] >= 0 else 7
                key = (contig << 28 | (mates[which, POS] + 1)) << bits
                keys[count] = np.uint64(key | (fragment * COPIES + copy * 2 + which))
                count += 1
    return keys[:count].copy()


@compiled
def lacks_right(world, fragment, copy):
    """Tell whether an alignment has no record of its right mate."""
    return is_single(fragment, copy) if world.is_rna else copy == 1
