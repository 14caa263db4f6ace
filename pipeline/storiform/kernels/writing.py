"""Assembly of raw BAM records from laid-out reads: bases, qualities, errors, tags.

A read is copied from the haplotype that its molecule came from; errors are put into it as
its qualities say, and all draws follow from the seed alone.
"""

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.layout import MAX_OPERATIONS
from storiform.kernels.records import (
    DELETION,
    INSERTION,
    MATCH,
    SKIP,
    SOFT_CLIP,
    Bytes,
    Int,
)

RECORD_BYTES = 36 + 64 + 4 * MAX_OPERATIONS
"""Upper bound of a record's bytes without bases, qualities and tags."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

_MASK = 0x7FFFFFFF
_NIBBLES = np.array([1, 2, 4, 8], dtype=np.uint8)


@compiled
def next_draw(state: Int) -> Int:
    """Return the next state of a 31-bit congruential generator; its high bits are random."""
    return (state * 1103515245 + 12345) & _MASK


@compiled
def first_draw(seed: Int, number: Int) -> Int:
    """Return a state that is far from those of neighbouring numbers."""
    state = (number * 2654435761 + seed * 40503) & _MASK
    for _ in range(2):
        state = ((state ^ (state >> 15)) * 73244475) & _MASK
    return state ^ (state >> 16)


@compiled
def put_number(data: Bytes, at: Int, value: Int) -> Int:
    """Write a 32-bit little-endian integer and return where the next byte goes."""
    data[at] = value & 255
    data[at + 1] = (value >> 8) & 255
    data[at + 2] = (value >> 16) & 255
    data[at + 3] = (value >> 24) & 255
    return at + 4


@compiled
def put_decimal(data: Bytes, at: Int, value: Int) -> Int:
    """Write a number above 0 in digits and return where the next byte goes."""
    digits = 0
    rest = value
    while rest > 0:
        rest //= 10
        digits += 1
    for digit in range(digits):
        data[at + digits - 1 - digit] = 48 + value % 10
        value //= 10
    return at + digits


@compiled
def put_bytes(data: Bytes, at: Int, text: Bytes) -> Int:
    """Write bytes and return where the next byte goes."""
    for number in range(len(text)):
        data[at + number] = text[number]
    return at + len(text)


@compiled
def bin_of(start: Int, end: Int) -> Int:
    """Return the bin of an interval, SAM specification, section 5.3."""
    last = end - 1
    shift, first = 14, 4681
    while shift < 29:  # noqa: PLR2004  the highest bin holds all bases
        if start >> shift == last >> shift:
            return first + (start >> shift)
        shift += 3
        first = (first - 1) // 8
    return 0


@compiled
def copy_bases(  # noqa: C901, PLR0913, PLR0917  a read's alignment and what it is copied from
    bases: Bytes, cigar: npt.NDArray[np.uint32], operations: Int, start: Int,
    haplotype: Bytes, inserted: Bytes, state: Int,
) -> Int:  # fmt: skip
    """Fill a read with the bases of its haplotype, 0 to 3; clipped bases are drawn."""
    at: Int = 0
    place: Int = start
    if operations == 0:
        for number in range(len(bases)):
            state = next_draw(state)
            bases[number] = state >> 20 & 3
        return state
    for number in range(operations):
        kind, length = cigar[number] & 15, np.int64(cigar[number] >> 4)
        if kind == MATCH:
            for step in range(length):
                bases[at + step] = haplotype[place + step]
            at += length
            place += length
        elif kind == INSERTION:
            for step in range(length):
                bases[at + step] = inserted[step]
            at += length
        elif kind == SOFT_CLIP:
            for step in range(length):
                state = next_draw(state)
                bases[at + step] = state >> 20 & 3
            at += length
        else:
            place += length
    return state


@compiled
def count_mismatches(
    bases: Bytes, cigar: npt.NDArray[np.uint32], operations: Int, start: Int, reference: Bytes
) -> Int:
    """Return the edit distance to the reference: mismatches, inserted and deleted bases."""
    at: Int = 0
    place: Int = start
    distance: Int = 0
    for number in range(operations):
        kind, length = cigar[number] & 15, np.int64(cigar[number] >> 4)
        if kind == MATCH:
            for step in range(length):
                if bases[at + step] != reference[place + step]:
                    distance += 1
            at += length
            place += length
        elif kind == INSERTION:
            at += length
            distance += length
        elif kind == DELETION:
            place += length
            distance += length
        elif kind == SKIP:
            place += length
        else:
            at += length
    return distance


@compiled
def write_records(  # noqa: PLR0913, PLR0915, PLR0917  the fields of a record
    numbers: Int32, fields: Int32, cigars: npt.NDArray[np.uint32], sizes: Int32,
    fragments: Int64, events: Int32, source: npt.NDArray[np.uint8], contig_first: Int64,
    haplotypes: Bytes, reference: Bytes, inserted: Bytes, profiles: Bytes,
    error_rates: Int64, prefix: Bytes, tags: Bytes, seed: Int,
) -> tuple[Bytes, Int64]:  # fmt: skip
    """Write raw BAM records, their `block_size` first.

    Parameters
    ----------
    numbers
        (m,) which records, in the order to write.
    fields
        (n, 9) contig, start, span on the reference, flag, mapping quality, contig and
        start of the mate, template length, number of hits (0: DNA, no such tag).
    cigars, sizes
        (n, MAX_OPERATIONS) operations and (n,) how many.
    fragments
        (n,) number of the fragment, at least 1; it makes the name.
    events
        (n,) row of `inserted`, or -1.
    source
        (n,) row of `haplotypes`.
    contig_first
        Where a contig begins on the joined genome.
    haplotypes, reference
        (s, g) and (g,) bases 0 to 3.
    inserted
        (v, w) inserted bases of an indel.
    profiles
        (p, length) qualities of a read in the order of its cycles.
    error_rates
        Chance of an error by quality, in units of 2^-23.
    prefix, tags
        Begin of all names; bytes of the tags that all records have.
    seed
        Of errors and qualities.

    Returns
    -------
    tuple
        The bytes, and (m + 1,) where each record begins.
    """
    length = profiles.shape[1]
    room = RECORD_BYTES + len(prefix) + length + (length + 1) // 2 + len(tags) + 16
    data = np.empty(len(numbers) * room, dtype=np.uint8)
    offsets = np.zeros(len(numbers) + 1, dtype=np.int64)
    bases = np.zeros(length + 1, dtype=np.uint8)
    nothing = np.zeros(1, dtype=np.uint8)
    out: Int = 0
    for place in range(len(numbers)):
        record = numbers[place]
        offsets[place] = out
        begin = out
        contig, start, flag = fields[record, 0], fields[record, 1], fields[record, 3]
        out = put_number(data, out, 0)
        out = put_number(data, out, contig)
        out = put_number(data, out, start)
        data[out + 1] = fields[record, 4]
        number = bin_of(start, start + max(fields[record, 2], 1)) if start >= 0 else 4680
        data[out + 2], data[out + 3] = number & 255, number >> 8
        data[out + 4], data[out + 5] = sizes[record], 0
        data[out + 6], data[out + 7] = flag & 255, flag >> 8
        name_at = out
        out = put_number(data, out + 8, length)
        out = put_number(data, out, fields[record, 5])
        out = put_number(data, out, fields[record, 6])
        out = put_number(data, out, fields[record, 7])
        named = out
        out = put_bytes(data, out, prefix)
        out = put_decimal(data, out, 1101 + fragments[record] // 900_000_000)
        data[out] = 58
        out = put_decimal(data, out + 1, 1000 + fragments[record] // 30_000 % 30_000)
        data[out] = 58
        out = put_decimal(data, out + 1, 1000 + fragments[record] % 30_000)
        data[out] = 0
        out += 1
        data[name_at] = out - named
        operations = sizes[record]
        for step in range(operations):
            out = put_number(data, out, np.int64(cigars[record, step]))
        state = first_draw(seed, fragments[record] * 8 + (flag >> 6 & 3) + (flag >> 8 & 1) * 4)
        first = contig_first[contig] + start if operations > 0 else 0
        extra = inserted[events[record]] if events[record] >= 0 else nothing
        state = copy_bases(
            bases[:length], cigars[record], operations, first, haplotypes[source[record]],
            extra, state,
        )  # fmt: skip
        state = next_draw(state)
        profile = profiles[(state >> 8) % len(profiles)]
        is_reverse = flag & 16 != 0
        quality_at = out + (length + 1) // 2
        for step in range(length):
            quality = profile[length - 1 - step] if is_reverse else profile[step]
            data[quality_at + step] = quality
            state = next_draw(state)
            if state >> 8 < error_rates[quality]:
                bases[step] = (bases[step] + 1 + (state >> 4) % 3) & 3
        for step in range(0, length, 2):
            second = _NIBBLES[bases[step + 1]] if step + 1 < length else 0
            data[out + step // 2] = _NIBBLES[bases[step]] << 4 | second
        out = quality_at + length
        if operations > 0:
            distance = count_mismatches(
                bases[:length], cigars[record], operations, first, reference
            )
            data[out], data[out + 1], data[out + 2], data[out + 3] = 78, 77, 67, distance
            out += 4
        hits = fields[record, 8]
        if hits > 0:
            data[out], data[out + 1], data[out + 2], data[out + 3] = 78, 72, 67, hits
            is_second = flag & 256 != 0
            out += 4
            data[out], data[out + 1], data[out + 2], data[out + 3] = 72, 73, 67, 1 + is_second
            out += 4
        out = put_bytes(data, out, tags)
        put_number(data, begin, out - begin - 4)
    offsets[len(numbers)] = out
    return data[:out], offsets
