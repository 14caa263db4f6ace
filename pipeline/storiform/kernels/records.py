"""Fields of one raw BAM record; `data` holds the bytes, `at` is where the record begins.

A batch holds only records of which the decoder has seen that all fields lie inside the
record, so nothing here checks bounds again. SAM specification, section 4.2.
"""

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Int = int | np.int64

_ONE, _TWO, _THREE = np.uint64(1), np.uint64(2), np.uint64(3)

FIXED = 36
"""Bytes from the begin of a record to the read's name."""

MATCH, INSERTION, DELETION, SKIP, SOFT_CLIP, HARD_CLIP, PADDING, EQUAL, DIFFERENT = range(9)
"""Codes of CIGAR operations."""

CODE_OF_NIBBLE = np.array([4, 0, 1, 4, 2, 4, 4, 4, 3, 4, 4, 4, 4, 4, 4, 4], dtype=np.uint8)
"""4-bit base of a BAM -> 0 A, 1 C, 2 G, 3 T, 4 any other."""


@compiled
def uint32_at(data: Bytes, at: Int) -> np.uint32:
    """Return the little-endian unsigned 32-bit integer at a place."""
    place = np.uint64(at)  # numba looks for negative places only if they have a sign
    low = np.uint32(data[place]) | np.uint32(data[place + _ONE]) << np.uint32(8)
    third, fourth = data[place + _TWO], data[place + _THREE]
    high = np.uint32(third) << np.uint32(16) | np.uint32(fourth) << np.uint32(24)
    return np.uint32(low | high)


@compiled
def int32_at(data: Bytes, at: Int) -> Int:
    """Return the little-endian signed 32-bit integer at a place."""
    return np.int64(np.int32(uint32_at(data, at)))


@compiled
def uint16_at(data: Bytes, at: Int) -> Int:
    """Return the little-endian unsigned 16-bit integer at a place."""
    place = np.uint64(at)
    return np.int64(data[place]) | np.int64(data[place + _ONE]) << 8


@compiled
def name_length(data: Bytes, at: Int) -> Int:
    """Return the length of the read's name without its closing zero."""
    return np.int64(data[at + 12]) - 1


@compiled
def cigar_at(data: Bytes, at: Int) -> Int:
    """Return where the CIGAR of a record begins."""
    return at + FIXED + np.int64(data[at + 12])


@compiled
def cigar_length(data: Bytes, at: Int) -> Int:
    """Return the number of CIGAR operations."""
    return uint16_at(data, at + 16)


@compiled
def read_length(data: Bytes, at: Int) -> Int:
    """Return the number of bases of the read."""
    return int32_at(data, at + 20)


@compiled
def mate_contig(data: Bytes, at: Int) -> Int:
    """Return the contig of the mate as an index, -1 for none."""
    return int32_at(data, at + 24)


@compiled
def mate_start(data: Bytes, at: Int) -> Int:
    """Return the start of the mate, 0-based."""
    return int32_at(data, at + 28)


@compiled
def template_length(data: Bytes, at: Int) -> Int:
    """Return the signed template length."""
    return int32_at(data, at + 32)
