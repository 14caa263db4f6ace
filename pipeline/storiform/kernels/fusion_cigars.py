"""Where the parts of a read lie that aligns in two: CIGARs, of records and of the tag SA.

A part is told by four numbers: bases clipped before it, bases aligned, bases clipped behind
it, and bases of the reference that it covers. SAM specification, sections 1.4 and 1.5, and
the optional fields' section 1.1.
"""

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.records import (
    CODE_OF_NIBBLE,
    HARD_CLIP,
    SOFT_CLIP,
    Bytes,
    Int,
    cigar_at,
    cigar_length,
    int32_at,
    read_length,
    uint32_at,
)
from storiform.kernels.tags import width_of_type, width_of_value

_ON_REFERENCE = 0b110001101
_ON_READ = 0b110010011
_S, _A, _Z = ord("S"), ord("A"), ord("Z")
_COMMA, _SEMICOLON, _PLUS = ord(","), ord(";"), ord("+")
_ZERO, _NINE = ord("0"), ord("9")
_LETTERS = np.zeros(256, dtype=np.int64) - 1
_LETTERS[np.frombuffer(b"MIDNSHP=X", dtype=np.uint8)] = np.arange(9)
_TO_UPPER = 0xDF
_MOST_ALIKE = 0.8


@compiled
def add_operation(part: npt.NDArray[np.int64], code: Int, length: Int) -> None:
    """Add one operation to the four numbers of a part."""
    if code in (SOFT_CLIP, HARD_CLIP):
        part[2 if part[1] > 0 else 0] += length
        return
    part[1] += length * (_ON_READ >> code & 1)
    part[3] += length * (_ON_REFERENCE >> code & 1)


@compiled
def measure_record(data: Bytes, at: Int, part: npt.NDArray[np.int64]) -> None:
    """Write the four numbers of a record's alignment."""
    part[:] = 0
    place = cigar_at(data, at)
    for _ in range(cigar_length(data, at)):
        word = np.int64(uint32_at(data, place))
        add_operation(part, word & 15, word >> 4)
        place += 4


@compiled
def find_other_places(data: Bytes, at: Int) -> tuple[Int, Int]:
    """Return where the text of the tag SA begins and ends, twice 0 where there is none."""
    end = at + 4 + int32_at(data, at)
    bases = read_length(data, at)
    place = cigar_at(data, at) + 4 * cigar_length(data, at) + (bases + 1) // 2 + bases
    while place + 3 <= end:
        kind = np.int64(data[place + 2])
        width = width_of_type(kind & _TO_UPPER)
        if width == 0:
            width = width_of_value(data, place + 3, end, kind & _TO_UPPER)
        if width == 0 or place + 3 + width > end:
            break
        if data[place] == _S and data[place + 1] == _A and kind == _Z:
            return place + 3, place + 2 + width
        place += 3 + width
    return np.int64(0), np.int64(0)


@compiled
def read_number(data: Bytes, place: Int, end: Int) -> tuple[Int, Int]:
    """Return the number written at a place, and where it ends."""
    value: Int = np.int64(0)
    while place < end and _ZERO <= data[place] <= _NINE:
        value = value * 10 + np.int64(data[place]) - _ZERO
        place += 1
    return value, place


@compiled
def find_comma(data: Bytes, place: Int, end: Int, mark: Int) -> Int:
    """Return the first place of a mark, the end where there is none."""
    while place < end and data[place] != mark:
        place += 1
    return place


@compiled
def find_contig(
    data: Bytes, start: Int, end: Int, letters: Bytes, firsts: npt.NDArray[np.int64]
) -> Int:
    """Return the number of the contig whose name is written in [start, end), -1 for none."""
    length = end - start
    for contig in range(firsts.shape[0] - 1):
        first = firsts[contig]
        if firsts[contig + 1] - first != length:
            continue
        k: Int = np.int64(0)
        while k < length and letters[first + k] == data[start + k]:
            k += 1
        if k == length:
            return np.int64(contig)
    return np.int64(-1)


@compiled
def read_other_place(
    data: Bytes,
    span: tuple[Int, Int],
    names: tuple[Bytes, npt.NDArray[np.int64]],
    part: npt.NDArray[np.int64],
) -> tuple[Int, Int, Int, Int, Int]:
    """Read one entry of the tag SA: rname, pos, strand, CIGAR, mapq, NM.

    Returns
    -------
    tuple
        Contig (-1: not known, or damaged), start (0-based), 1 if reverse, mapping quality, and
        where the next entry begins. ``part`` gets the four numbers.
    """
    place, end = span
    part[:] = 0
    stop = find_comma(data, place, end, _COMMA)
    contig = find_contig(data, place, stop, names[0], names[1])
    start, stop = read_number(data, stop + 1, end)
    is_reverse = np.int64(stop + 1 < end and data[stop + 1] != _PLUS)
    stop += 3
    while stop < end and data[stop] != _COMMA:
        length, letter = read_number(data, stop, end)
        code = np.int64(-1) if letter >= end else _LETTERS[data[letter]]
        if code < 0 or letter == stop:
            contig = np.int64(-1)
            break
        add_operation(part, code, length)
        stop = letter + 1
    quality, stop = read_number(data, stop + 1, end)
    return contig, start - 1, is_reverse, quality, find_comma(data, stop, end, _SEMICOLON) + 1


@compiled
def is_monotonous(data: Bytes, at: Int, first: Int, last: Int) -> bool:
    """Tell whether one base makes up most of the bases [first, last) of a record.

    A record without these bases is not.
    """
    if last > read_length(data, at) or first >= last:
        return False
    place = cigar_at(data, at) + 4 * cigar_length(data, at)
    counts = np.zeros(5, dtype=np.int64)
    for k in range(first, last):
        pair = np.int64(data[place + (k >> 1)])
        counts[CODE_OF_NIBBLE[pair >> (0 if k & 1 else 4) & 15]] += 1
    return bool(counts.max() >= _MOST_ALIKE * (last - first))
