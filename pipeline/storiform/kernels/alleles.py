"""Alleles of good reads at given places: single bases, and calls of any small kind.

Each record is asked on its own: what it has at a place, and whether its mate has something
better there. So a place where both mates of a pair stand counts once, whatever the order.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.depth import READ1, Bytes, Counts, Int, Ints, Reads, next_block
from storiform.kernels.pileup import (
    BASES,
    Rules,
    base_code,
    bases_at,
    is_good,
    qualities_at,
)
from storiform.kernels.records import SKIP, cigar_at, cigar_length, int32_at, read_length

PAIRED, REVERSE = 1, 16
REF, ALT, OTHER, UNCLEAR = range(4)
"""What a read has at a call; unclear: a base that is none of A, C, G, T."""
DEPTH, REF_READS, ALT_READS, FORWARD, REVERSED, F1R2, F2R1 = range(7)
"""Columns of the counts of a call."""

Evidence = tuple[Int, Int]


class Alleles(NamedTuple):
    """Calls of one contig, sorted by `first`.

    Parameters
    ----------
    first, last
        int64 (n,), places whose bases a read must have aligned to be asked: the first and
        last base of a substitution, the bases before and after an insertion or deletion.
    between
        bool (n,), whether the alleles lie between these two places and not on them.
    ref_lengths, alt_lengths
        int64 (n,), lengths of the alleles.
    codes
        uint8, the bases of all alleles, as 0 A to 3 T, reference then alternative.
    places
        int64 (n,), where the reference allele of a call begins in `codes`.
    """

    first: Ints
    last: Ints
    between: npt.NDArray[np.bool_]
    ref_lengths: Ints
    alt_lengths: Ints
    codes: Bytes
    places: Ints


@compiled
def base_at(data: Bytes, at: Int, start: Int, place: Int) -> Int:
    """Return the index of the base of a record that stands on a place, -1 for none."""
    operation, block, base, span = next_block(data, at, np.int64(0), start, np.int64(0))
    while span > 0 and block <= place:
        if place < block + span:
            index = base + place - block
            return index if index < read_length(data, at) else np.int64(-1)
        operation, block, base, span = next_block(
            data, at, operation, block + span, base + span
        )
    return np.int64(-1)


@compiled
def wins(reads: Reads, i: Int, quality: Int, mate_quality: Int) -> bool:
    """Tell whether a record speaks for its pair: by quality, then as read 1."""
    if quality != mate_quality:
        return bool(quality > mate_quality)
    return bool(np.int64(reads.flags[i]) & READ1)


@compiled
def first_site(places: Ints, site: Int, start: Int) -> Int:
    """Return the first of sorted places from `site` on that is not before `start`."""
    while site < len(places) and places[site] < start:
        site += 1
    return site


@compiled
def count_sites(reads: Reads, places: Ints, rules: Rules) -> Counts:
    """Count A, C, G and T of good reads at places.

    Parameters
    ----------
    reads
        Records of one contig, sorted.
    places
        int64 (n,), sorted.
    rules
        Which bases count.

    Returns
    -------
    numpy.ndarray
        int32 (n, 4).
    """
    counts = np.zeros((len(places), BASES), dtype=np.int32)
    site: Int = 0
    for i in range(len(reads.offsets)):
        site = first_site(places, site, np.int64(reads.starts[i]))
        if site == len(places):
            break
        if not is_good(reads, i, rules):
            continue
        k = site
        while k < len(places) and places[k] < np.int64(reads.ends[i]):
            code = base_for_pair(reads, i, places[k], rules)
            if code < BASES:
                counts[k, code] += 1
            k += 1
    return counts


@compiled
def base_for_pair(reads: Reads, i: Int, place: Int, rules: Rules) -> Int:
    """Return the base with which a record speaks for its pair at a place, 4 for none."""
    data, at = reads.data, reads.offsets[i]
    base = base_at(data, at, np.int64(reads.starts[i]), place)
    if base < 0:
        return np.int64(BASES)
    quality = np.int64(data[qualities_at(data, at) + base])
    if quality < rules.min_base_quality:
        return np.int64(BASES)
    mate = np.int64(reads.mates[i])
    if rules.mates_once and mate >= 0 and is_good(reads, mate, rules):
        other = reads.offsets[mate]
        its_base = base_at(data, other, np.int64(reads.starts[mate]), place)
        if its_base >= 0:
            its_quality = np.int64(data[qualities_at(data, other) + its_base])
            if not wins(reads, i, quality, its_quality):
                return np.int64(BASES)
    return base_code(data, bases_at(data, at), base)


@compiled
def has_skip(data: Bytes, at: Int, start: Int, first: Int, last: Int) -> bool:
    """Tell whether a record jumps over an intron between two places."""
    cigar, place = cigar_at(data, at), start
    for k in range(cigar_length(data, at)):
        word = int32_at(data, cigar + 4 * k)
        code, length = word & 15, (word >> 4) & 0xFFFFFFF
        if code == SKIP and first < place <= last:
            return True
        if code in (0, 2, 3, 7, 8):
            place += length
    return False


@compiled
def allele_of(reads: Reads, i: Int, alleles: Alleles, k: Int) -> Evidence:
    """Return what a record has at a call, and how good it is.

    Returns
    -------
    tuple
        `REF`, `ALT`, `OTHER`, `UNCLEAR` or -1 where the record does not reach from the
        first to the last place; the lowest quality of the bases that a substitution
        changes, or of the two beside an insertion or deletion.
    """
    data, at = reads.data, reads.offsets[i]
    start, first, last = np.int64(reads.starts[i]), alleles.first[k], alleles.last[k]
    one, two = base_at(data, at, start, first), base_at(data, at, start, last)
    if one < 0 or two < 0 or has_skip(data, at, start, first, last):
        return np.int64(-1), np.int64(0)
    qualities = qualities_at(data, at)
    quality = np.int64(min(data[qualities + one], data[qualities + two]))
    if alleles.between[k]:
        return named_allele(data, at, one + 1, two, alleles, k), quality
    for base in range(one + 1, two):
        quality = min(quality, np.int64(data[qualities + base]))
    return named_allele(data, at, one, two + 1, alleles, k), quality


@compiled
def named_allele(data: Bytes, at: Int, low: Int, high: Int, alleles: Alleles, k: Int) -> Int:
    """Compare the bases [low, high) of a record with the alleles of a call.

    Where an insertion or deletion is all that a call is, its reference allele is what has
    neither, whatever the bases.
    """
    ref, alt = alleles.ref_lengths[k], alleles.alt_lengths[k]
    bases, length = bases_at(data, at), high - low
    is_pure = alleles.between[k] and min(ref, alt) == 0
    if is_pure and length == ref:
        return np.int64(REF)
    for base in range(low, high):
        if base_code(data, bases, base) >= BASES:
            return np.int64(UNCLEAR)
    if length == ref and is_same(data, bases, low, alleles.codes, alleles.places[k], ref):
        return np.int64(REF)
    if length == alt and is_same(data, bases, low, alleles.codes, alleles.places[k] + ref, alt):
        return np.int64(ALT)
    return np.int64(OTHER)


@compiled
def is_same(data: Bytes, bases: Int, low: Int, codes: Bytes, place: Int, length: Int) -> bool:
    """Tell whether bases of a record from `low` on are those of an allele."""
    x = 0
    while x < length and base_code(data, bases, low + x) == codes[place + x]:
        x += 1
    return bool(x == length)


@compiled
def count_calls(reads: Reads, alleles: Alleles, rules: Rules) -> Ints:
    """Count the alleles of calls in good reads, pairs once.

    Parameters
    ----------
    reads
        Records of one contig, sorted.
    alleles
        Calls.
    rules
        Which reads count; base quality is that of `allele_of`.

    Returns
    -------
    numpy.ndarray
        int64 (n, 7), in the order of `DEPTH` to `F2R1`.
    """
    counts = np.zeros((len(alleles.first), 7), dtype=np.int64)
    call: Int = 0
    for i in range(len(reads.offsets)):
        call = first_site(alleles.first, call, np.int64(reads.starts[i]))
        if call == len(alleles.first):
            break
        if not is_good(reads, i, rules):
            continue
        k = call
        while k < len(alleles.first) and alleles.first[k] < np.int64(reads.ends[i]):
            add_call(counts, k, allele_for_pair(reads, i, alleles, k, rules), reads.flags[i])
            k += 1
    return counts


@compiled
def allele_for_pair(reads: Reads, i: Int, alleles: Alleles, k: Int, rules: Rules) -> Int:
    """Return the allele with which a record speaks for its pair at a call, -1 for none."""
    found, quality = allele_of(reads, i, alleles, k)
    if found < 0 or found == UNCLEAR or quality < rules.min_base_quality:
        return np.int64(-1)
    mate = np.int64(reads.mates[i])
    if rules.mates_once and mate >= 0 and is_good(reads, mate, rules):
        its, its_quality = allele_of(reads, mate, alleles, k)
        if its >= 0 and not wins(reads, i, quality, its_quality):
            return np.int64(-1)
    return found


@compiled
def add_call(counts: Ints, k: Int, found: Int, flags: Int) -> None:
    """Add one read's allele to the counts of a call."""
    if found < 0:
        return
    counts[k, DEPTH] += 1
    if found == REF:
        counts[k, REF_READS] += 1
    if found != ALT:
        return
    bits = np.int64(flags)
    is_reverse, is_first = (bits & REVERSE) != 0, (bits & READ1) != 0
    counts[k, ALT_READS] += 1
    counts[k, REVERSED if is_reverse else FORWARD] += 1
    if bits & PAIRED:
        counts[k, F1R2 if is_first != is_reverse else F2R1] += 1


@compiled
def count_pairs(reads: Reads, alleles: Alleles, pairs: Ints, rules: Rules) -> Ints:
    """Count which alleles of two calls fragments show together.

    Parameters
    ----------
    reads
        Records of one contig, sorted.
    alleles
        Calls.
    pairs
        int64 (p, 2), rows of the calls, the first before the second, sorted by the first.
    rules
        Which reads count. Mates that overlap and both show a pair count once, as read 1.

    Returns
    -------
    numpy.ndarray
        int64 (p, 4): both alternative, the first alone, the second alone, neither.
    """
    counts = np.zeros((len(pairs), 4), dtype=np.int64)
    pair: Int = 0
    for i in range(len(reads.offsets)):
        while pair < len(pairs) and alleles.first[pairs[pair, 0]] < np.int64(reads.starts[i]):
            pair += 1
        if pair == len(pairs):
            break
        if not is_good(reads, i, rules):
            continue
        k = pair
        while k < len(pairs) and alleles.first[pairs[k, 0]] < np.int64(reads.ends[i]):
            column = shown_together(reads, i, alleles, pairs[k], rules)
            if column >= 0 and not is_told_by_mate(reads, i, alleles, pairs[k], rules):
                counts[k, column] += 1
            k += 1
    return counts


@compiled
def shown_together(reads: Reads, i: Int, alleles: Alleles, pair: Ints, rules: Rules) -> Int:
    """Return the column of `count_pairs` for a record, -1 where it does not show both."""
    column: Int = 0
    for side in range(2):
        found, quality = allele_of(reads, i, alleles, pair[side])
        if found < 0 or found == UNCLEAR or quality < rules.min_base_quality:
            return np.int64(-1)
        if found != ALT:
            column += 2 - side
    return column


@compiled
def is_told_by_mate(reads: Reads, i: Int, alleles: Alleles, pair: Ints, rules: Rules) -> bool:
    """Tell whether the mate, as read 1, speaks for the fragment."""
    mate = np.int64(reads.mates[i])
    if mate < 0 or np.int64(reads.flags[i]) & READ1 or not is_good(reads, mate, rules):
        return False
    return bool(shown_together(reads, mate, alleles, pair, rules) >= 0)
