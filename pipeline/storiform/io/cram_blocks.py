"""Checksums of a CRAM, which htslib does not ask of every block.

A byte changed in the header of a slice can halve the records that htslib decodes, without a
word. So the containers and blocks are walked here first, and every checksum is asked; how
many records the containers promise is told, to be compared with how many came.

References
----------
Bonfield, Bioinformatics 38, 1497-1503 (2022), doi:10.1093/bioinformatics/btac010, and the
CRAM format specification 3.1, sections 7 and 8.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from storiform.io.bgzf import DAMAGED
from storiform.model.errors import InputError, fault

UNPLACED, SEVERAL = -1, -2
"""Numbers of contigs: of reads without a place, and of a container with reads of several."""

_FILE_DEFINITION = 26
_WITH_CHECKSUMS = 3
_LONGEST_HEADER = 1 << 16


@dataclass(frozen=True)
class Container:
    """The header of a container.

    Parameters
    ----------
    place
        Byte of the file at which it begins.
    reference, start, span
        Number of the contig, first base (1-based) and bases of its records; the contig is
        `UNPLACED` or `SEVERAL`.
    records, blocks
        How many it holds.
    content, length
        Byte at which the blocks begin, and their bytes.
    landmarks
        Where in the blocks each slice begins.
    """

    place: int
    reference: int
    start: int
    span: int
    records: int
    blocks: int
    content: int
    length: int
    landmarks: tuple[int, ...]


def containers(file: BinaryIO, size: int) -> Iterator[Container]:
    """Read the header of each container, from where the file stands on.

    Raises
    ------
    ValueError, IndexError
        If one is damaged.
    """
    while (place := file.tell()) < size:
        head = file.read(_LONGEST_HEADER)
        length = int.from_bytes(head[:4], "little", signed=True)
        at = 4
        reference, at = _itf8(head, at)
        start, at = _itf8(head, at)
        span, at = _itf8(head, at)
        records, at = _itf8(head, at)
        for _ in range(2):  # record counter, bases
            at = _after_ltf8(head, at)
        blocks, at = _itf8(head, at)
        slices, at = _itf8(head, at)
        landmarks = []
        for _ in range(slices):
            landmark, at = _itf8(head, at)
            landmarks.append(landmark)
        _check(head[:at], head[at : at + 4])
        if length < 0:
            message = "a negative length"
            raise ValueError(message)
        content = place + at + 4
        yield Container(
            place=place,
            reference=reference,
            start=start,
            span=span,
            records=records,
            blocks=blocks,
            content=content,
            length=length,
            landmarks=tuple(landmarks),
        )
        file.seek(content + length)


def count_records(path: Path) -> int | None:
    """Check every container and block, and return how many records they hold.

    Returns
    -------
    int or None
        None for a version of the format without checksums.

    Raises
    ------
    InputError
        If a checksum does not fit, or a container or block does not lie in the file.
    """
    with path.open("rb") as file:
        if not passed_definition(file):
            return None
        total, place = 0, file.tell()
        try:
            for container in containers(file, path.stat().st_size):
                place = container.place
                _check_blocks(file, container)
                place = container.content + container.length
                total += container.records
        except (IndexError, ValueError) as error:
            found = f"a damaged container at byte {place} ({error})"
            raise InputError(fault(path.name, found, "a sound CRAM", DAMAGED)) from error
    return total


def passed_definition(file: BinaryIO) -> bool:
    """Pass over the definition of the file; tell whether its containers have checksums."""
    return file.read(_FILE_DEFINITION)[4] == _WITH_CHECKSUMS


def _check_blocks(file: BinaryIO, container: Container) -> None:
    file.seek(container.content)
    content = file.read(container.length)
    end = 0
    for _ in range(container.blocks):
        end = _block(content, end)
    # The header of the file may leave room for growth.
    if any(content[end:]) or len(content) != container.length:
        message = "more than its blocks"
        raise ValueError(message)


def _block(content: bytes, begin: int) -> int:
    """Check one block; return where the next begins."""
    at = begin + 2  # method, content type
    _, at = _itf8(content, at)
    size, at = _itf8(content, at)
    _, at = _itf8(content, at)
    end = at + size
    if size < 0 or end + 4 > len(content):
        message = "a block that is cut"
        raise ValueError(message)
    _check(content[begin:end], content[end : end + 4])
    return end + 4


def _check(content: bytes, checksum: bytes) -> None:
    if zlib.crc32(content) != int.from_bytes(checksum, "little"):
        message = "a wrong checksum"
        raise ValueError(message)


def _itf8(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of 1 to 5 bytes; return it and the place after it."""
    first = data[at]
    if first < 0x80:  # noqa: PLR2004  the leading ones count the bytes that follow
        return first, at + 1
    if first < 0xC0:  # noqa: PLR2004
        return (first & 0x7F) << 8 | data[at + 1], at + 2
    if first < 0xE0:  # noqa: PLR2004
        return (first & 0x3F) << 16 | data[at + 1] << 8 | data[at + 2], at + 3
    if first < 0xF0:  # noqa: PLR2004
        value = (first & 0x1F) << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]
        return value, at + 4
    rest = int.from_bytes(data[at + 1 : at + 4], "big")
    value = (first & 0x0F) << 28 | rest << 4 | data[at + 4] & 0x0F
    return value - (1 << 32) if value >= 1 << 31 else value, at + 5


def _after_ltf8(data: bytes, at: int) -> int:
    """Return the place after a number of 1 to 9 bytes."""
    first = data[at]
    following = 8 - (first ^ 0xFF).bit_length()
    if at + following >= len(data):
        message = "a header that is cut"
        raise ValueError(message)
    return at + 1 + following
