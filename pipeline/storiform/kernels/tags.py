"""Integer tags of one raw BAM record. SAM specification, sections 1.5 and 4.2.4."""

import numpy as np

from storiform.kernels import compiled
from storiform.kernels.records import Bytes, Int, cigar_at, cigar_length, int32_at, read_length

DAMAGED = -2
"""Instead of a value: the tags of the record run beyond its end, or are of no known type."""

_N, _H, _I = ord("N"), ord("H"), ord("I")
_A, _C, _S, _F, _Z, _B = ord("A"), ord("C"), ord("S"), ord("F"), ord("Z"), ord("B")
_TO_UPPER = 0xDF


@compiled
def width_of_type(kind: Int) -> Int:
    """Return the bytes of a value of a type (an upper-case letter), 0 for other types."""
    if kind in (_A, _C):
        return np.int64(1)
    if kind == _S:
        return np.int64(2)
    if kind in (_I, _F):
        return np.int64(4)
    return np.int64(0)


@compiled
def width_of_value(data: Bytes, at: Int, end: Int, kind: Int) -> Int:
    """Return the bytes of the text or array at a place, 0 where it is damaged or neither.

    ``kind`` is the letter of its type in upper case, ``end`` where the record ends.
    """
    if kind in (_Z, _H):
        stop = at
        while stop < end and data[stop] != 0:
            stop += 1
        return stop + 1 - at
    if kind == _B:
        if at + 5 > end:
            return np.int64(0)
        item = width_of_type(np.int64(data[at]) & _TO_UPPER)
        length = int32_at(data, at + 1)
        return 5 + item * length if item and length >= 0 else np.int64(0)
    return np.int64(0)


@compiled
def integer_at(data: Bytes, at: Int, kind: Int) -> Int:
    """Return the integer at a place; ``kind`` is the letter of its type as written."""
    width = width_of_type(kind & _TO_UPPER)
    if width == 4:  # noqa: PLR2004  bytes
        value = int32_at(data, at)
        return value & 0xFFFFFFFF if kind == _I else value
    value = np.int64(data[at])
    if width == 2:  # noqa: PLR2004  bytes
        value |= np.int64(data[at + 1]) << 8
    half = np.int64(1) << (8 * width - 1)
    if kind & 0x20 and value >= half:
        value -= 2 * half
    return value


@compiled
def read_hits(data: Bytes, at: Int) -> tuple[Int, Int]:
    """Return the tags NH (1 where it is missing) and HI (-1) of the record at a place.

    NH is `DAMAGED` where the tags are.
    """
    end = at + 4 + int32_at(data, at)
    bases = read_length(data, at)
    place = cigar_at(data, at) + 4 * cigar_length(data, at) + (bases + 1) // 2 + bases
    hits: Int = np.int64(1)
    index: Int = np.int64(-1)
    missing = 2
    while place + 3 <= end and missing > 0:
        one, two, kind = data[place], data[place + 1], np.int64(data[place + 2])
        is_name = (two == _H and one == _N) or (one == _H and two == _I)
        width = width_of_type(kind & _TO_UPPER)
        if width == 0:
            width = width_of_value(data, place + 3, end, kind & _TO_UPPER)
        if width == 0 or place + 3 + width > end:
            return np.int64(DAMAGED), index
        if is_name and kind & _TO_UPPER in (_C, _S, _I):
            value, missing = integer_at(data, place + 3, kind), missing - 1
            hits, index = (value, index) if one == _N else (hits, value)
        place += 3 + width
    return hits, index
