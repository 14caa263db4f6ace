"""Raw BAM records -> columns; records that the next batch needs again.

`walk_records` is the only loop that meets bytes nobody has seen. It lets a record pass only
if its name, CIGAR, bases and qualities lie inside it and its CIGAR fits its bases, so that
all other kernels may read these fields without looking. SAM specification, section 4.2.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.records import (
    DIFFERENT,
    FIXED,
    SKIP,
    SOFT_CLIP,
    Bytes,
    Int,
    cigar_at,
    cigar_length,
    int32_at,
    mate_contig,
    name_length,
    read_length,
    uint16_at,
    uint32_at,
)

SMALLEST = FIXED + 1
"""Bytes of the shortest record: no CIGAR, no bases, and of its name only the closing zero."""

SOUND, INCOMPLETE = 0, 1
BAD_SIZE, BAD_NAME, BAD_PLACE, BAD_CIGAR, LONG_CIGAR, UNSORTED = -1, -2, -3, -4, -5, -6
"""What `walk_records` may say of the record at which it stopped."""

UNORDERED = -1
"""Stands for the order key of a record where the order does not matter."""

_LONGEST = 1 << 26
_LAST_PLACE = (1 << 31) - 1
_OF_LONG_CIGAR = 2
_ARRAY = 66
_CG = 67 | 71 << 8
_ON_REFERENCE = 0b110001101
_ON_READ = 0b110010011
_UNMAPPED = 4
_SEED = np.uint64(0x9E3779B97F4A7C15)
_STIR = np.uint64(0xFF51AFD7ED558CCD)
_CLOSE = np.uint64(0xC4CEB9FE1A85EC53)
_HALF = np.uint64(32)
_ONE = np.uint64(1)


class Columns(NamedTuple):
    """Columns of records, each of shape (n,); see `model.reads.RecordBatch`."""

    offsets: npt.NDArray[np.int64]
    contigs: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]
    flags: npt.NDArray[np.uint16]
    mapq: npt.NDArray[np.uint8]
    names: npt.NDArray[np.uint64]


@compiled
def hash_name(data: Bytes, at: Int) -> np.uint64:
    """Return a 64-bit hash of a record's name, never 0."""
    length = name_length(data, at)
    place, end = at + FIXED, at + FIXED + length
    value = _SEED ^ np.uint64(length)
    while place + 8 <= end:
        low, high = np.uint64(uint32_at(data, place)), np.uint64(uint32_at(data, place + 4))
        value = (value ^ (low | high << _HALF)) * _STIR
        value ^= value >> _HALF
        place += 8
    rest, shift = np.uint64(0), 0
    while place < end:
        rest |= np.uint64(data[place]) << np.uint64(shift)
        shift += 8
        place += 1
    value = (value ^ rest) * _STIR
    value ^= value >> _HALF
    value *= _CLOSE
    value ^= value >> _HALF
    return np.uint64(value | _ONE)


@compiled
def is_placed_well(data: Bytes, at: Int, lengths: npt.NDArray[np.int64]) -> bool:
    """Tell whether a record's contigs are in the header and its start in its contig."""
    contig, start = int32_at(data, at + 4), int32_at(data, at + 8)
    count, beyond = lengths.shape[0], mate_contig(data, at)
    if contig < -1 or contig >= count or beyond < -1 or beyond >= count or start < -1:
        return False
    if contig < 0:
        return True
    is_unmapped = uint16_at(data, at + 18) & _UNMAPPED != 0
    return bool(start < lengths[contig] and (start >= 0 or is_unmapped))


@compiled
def find_fault(data: Bytes, at: Int, end: Int, lengths: npt.NDArray[np.int64]) -> int:
    """Check one record, of which bytes before `end` are there, but for its CIGAR.

    Returns
    -------
    int
        `SOUND`, `INCOMPLETE` (as far as it is there it is sound), or a fault.
    """
    if at + FIXED > end:
        return INCOMPLETE
    size, bases = int32_at(data, at), read_length(data, at)
    name = np.int64(data[at + 12])
    body = FIXED - 4 + name + 4 * cigar_length(data, at) + (bases + 1) // 2 + bases
    if bases < 0 or body > size or size > _LONGEST:
        return BAD_SIZE
    if name == 0:
        return BAD_NAME
    if not is_placed_well(data, at, lengths):
        return BAD_PLACE
    if at + 4 + size > end:
        return INCOMPLETE
    return SOUND if data[at + FIXED + name - 1] == 0 else BAD_NAME


@compiled
def size_of_tag(data: Bytes, at: Int, end: Int) -> int:
    """Return the bytes of the value of the tag at a place, -1 if it runs over `end`."""
    kind = data[at + 2]
    if kind in (65, 67, 99):  # A C c
        return 1
    if kind in (83, 115):  # S s
        return 2
    if kind in (73, 105, 102):  # I i f
        return 4
    place = at + 3
    if kind in (72, 90):  # H Z
        while place < end and data[place] != 0:
            place += 1
        return int(place - at - 2)
    if kind != _ARRAY or place + 5 > end:
        return -1
    width = 1 if data[place] in (67, 99) else 2 if data[place] in (83, 115) else 4
    return int(5 + width * np.int64(uint32_at(data, place + 1)))


@compiled
def has_long_cigar(data: Bytes, at: Int) -> bool:
    """Tell whether the CIGAR of a record stands in its tag CG (SAM 4.2.2)."""
    place, bases = cigar_at(data, at), read_length(data, at)
    first, second = uint32_at(data, place), uint32_at(data, place + 4)
    if first & 15 != SOFT_CLIP or second & 15 != SKIP or first >> 4 != bases:
        return False
    end = at + 4 + int32_at(data, at)
    place += 8 + (bases + 1) // 2 + bases
    while place + 4 <= end:
        if uint16_at(data, place) == _CG:
            return True
        size = size_of_tag(data, place, end)
        if size < 0:
            return False
        place += 3 + size
    return False


@compiled
def span_of_cigar(data: Bytes, at: Int) -> int:
    """Return the bases of the reference that a record covers, or a fault."""
    place, operations = cigar_at(data, at), cigar_length(data, at)
    bases = read_length(data, at)
    on_reference: Int = 0
    on_read: Int = 0
    for _ in range(operations):
        word = np.int64(uint32_at(data, place))
        code, length = word & 15, word >> 4
        if code > DIFFERENT:
            return BAD_CIGAR
        on_reference += length * (_ON_REFERENCE >> code & 1)
        on_read += length * (_ON_READ >> code & 1)
        place += 4
    if operations > 0 and 0 < bases != on_read:
        return BAD_CIGAR
    if int32_at(data, at + 8) + on_reference > _LAST_PLACE:
        return BAD_CIGAR
    if operations == _OF_LONG_CIGAR and has_long_cigar(data, at):
        return LONG_CIGAR
    return int(on_reference)


@compiled
def order_key(data: Bytes, at: Int) -> int:
    """Return a number that grows in the order of coordinates; reads without a place last."""
    contig = int32_at(data, at + 4)
    if contig < 0:
        return int(_LAST_PLACE << 32)
    return int(contig << 32 | int32_at(data, at + 8) + 1)


@compiled
def walk_records(
    data: Bytes,
    span: tuple[int, int, int],
    lengths: npt.NDArray[np.int64],
    last: int,
    columns: Columns,
) -> tuple[int, int, int, int]:
    """Check the records of a buffer and write their columns.

    Parameters
    ----------
    data
        The buffer.
    span
        Where the first record begins; where to stop, as soon as a record ends there or
        behind; and where the bytes end that are there.
    lengths
        Bases of each contig of the header.
    last
        Order key of the record before, or `UNORDERED`.
    columns
        Room for as many records as can lie in `span`.

    Returns
    -------
    tuple
        Number of records; where they end; `SOUND`, `INCOMPLETE` or the fault of the record
        that begins there; and the order key of the last.
    """
    at, limit, end = span
    offsets, contigs, starts, ends, flags, mapq, names = columns
    count, fault = 0, SOUND
    while at < limit:
        fault = find_fault(data, at, end, lengths)
        if fault != SOUND:
            break
        covered = span_of_cigar(data, at)
        if covered < 0:
            fault = covered
            break
        if last != UNORDERED:
            key = order_key(data, at)
            if key < last:
                fault = UNSORTED
                break
            last = key
        contig, start = int32_at(data, at + 4), int32_at(data, at + 8)
        start = max(start, 0) if contig >= 0 else start
        flag = uint16_at(data, at + 18)
        offsets[count], contigs[count], starts[count] = at, contig, start
        ends[count] = start + (1 if flag & _UNMAPPED else max(covered, 1))
        flags[count], mapq[count] = flag, data[at + 13]
        names[count] = hash_name(data, at)
        count += 1
        at += int(4 + int32_at(data, at))
    return count, at, fault, last


@compiled
def keep_records(data: Bytes, columns: Columns, first: int, cut: int) -> tuple[int, int]:
    """Move the records from `first` on that end behind `cut` to the front of the buffer.

    Returns
    -------
    tuple
        Their bytes and their number.
    """
    offsets, ends = columns.offsets, columns.ends
    front = kept = 0
    for row in range(first, offsets.shape[0]):
        if ends[row] > cut:
            at = offsets[row]
            size = 4 + int32_at(data, at)
            if at != front:
                for k in range(size):
                    data[front + k] = data[at + k]
            front += int(size)
            kept += 1
    return front, kept
