"""Blocks of a BGZF file, inflated by libdeflate, sizes and checksums checked.

A virtual offset is the place of a block in the file times 65,536 plus a place in the
block's content. SAM specification, section 4.1.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from deflate import DeflateError, crc32, deflate_decompress

from storiform.model.errors import InputError, fault

EOF_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block with which every complete BGZF file ends."""

MAGIC = b"\x1f\x8b\x08\x04"
"""The first bytes of a block."""

LARGEST = 1 << 16
"""Bytes that one block may hold."""

DAMAGED = "Copy or download the file again, or write it anew."

_STANDARD = bytes.fromhex("060042430200")
_HEAD, _FOOT = 12, 8
_READ_AT_ONCE = 1 << 19


class BgzfFile:
    """A BGZF file that is open; its methods may be called by several threads at once."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._file = path.open("rb", buffering=0)
        self._descriptor = self._file.fileno()
        self.size = os.fstat(self._descriptor).st_size

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, offset: int, size: int) -> bytes:
        """Read compressed bytes; fewer at the end of the file."""
        try:
            return os.pread(self._descriptor, size, offset)
        except OSError as error:
            found = f"a read that failed ({error.strerror})"
            raise InputError(fault(self.where(offset), found, "a file", DAMAGED)) from error

    def where(self, offset: int) -> str:
        """Name a place of the file for a message."""
        return f"{self.name}, block at byte {offset}"

    def check_end(self) -> None:
        """Refuse a file without the block that marks its end."""
        if self.read(max(0, self.size - len(EOF_BLOCK)), len(EOF_BLOCK)) != EOF_BLOCK:
            found = "a truncated file: the block that marks its end is missing"
            expected = "a complete file"
            raise InputError(fault(self.name, found, expected, DAMAGED))

    def blocks(self, offset: int = 0) -> Iterator[tuple[int, bytearray]]:
        """Inflate block after block up to the end of the file.

        Parameters
        ----------
        offset
            Where to begin, a virtual offset.

        Yields
        ------
        tuple
            Where the block begins in the file, and its content; that of the first block
            from the virtual offset on.

        Raises
        ------
        InputError
            If a block is damaged or cut off, or the offset lies outside the first.
        """
        place, skip = offset >> 16, offset & 0xFFFF
        while place < self.size:
            raw = memoryview(self.read(place, _READ_AT_ONCE))
            at = 0
            while (size := self._size(raw, at, place + at)) > 0:
                content = self._inflate(raw[at : at + size], place + at)
                if skip > len(content):
                    found = f"{len(content)} bytes in the block"
                    expected = f"at least {skip}, as an index says"
                    remedy = "Make the index again with samtools index."
                    raise InputError(fault(self.where(place + at), found, expected, remedy))
                yield place + at, content[skip:] if skip else content
                at, skip = at + size, 0
            if at == 0:
                found = f"a truncated block of which {len(raw)} bytes are there"
                raise InputError(fault(self.where(place), found, "all of it", DAMAGED))
            place += at

    def _size(self, raw: memoryview, at: int, offset: int) -> int:
        """Return the size of a block, 0 if not all of it is there."""
        if len(raw) - at < _HEAD + len(_STANDARD):
            return 0
        if bytes(raw[at : at + 4]) != MAGIC:
            found = f"bytes {bytes(raw[at : at + 4]).hex()}"
            expected = "a BGZF block (1f8b0804)"
            raise InputError(fault(self.where(offset), found, expected, DAMAGED))
        extra = raw[at + 10] | raw[at + 11] << 8
        if len(raw) - at < _HEAD + extra:
            return 0
        if bytes(raw[at + 10 : at + 16]) == _STANDARD:
            size = (raw[at + 16] | raw[at + 17] << 8) + 1
        else:
            size = _size_in_extra(raw[at + _HEAD : at + _HEAD + extra])
        if size < _HEAD + extra + _FOOT:
            found = f"a block size of {size}"
            expected = f"at least {_HEAD + extra + _FOOT}"
            raise InputError(fault(self.where(offset), found, expected, DAMAGED))
        return size if at + size <= len(raw) else 0

    def _inflate(self, block: memoryview, offset: int) -> bytearray:
        checksum, size = struct.unpack_from("<II", block, len(block) - _FOOT)
        body = block[_HEAD + (block[10] | block[11] << 8) : len(block) - _FOOT]
        if size > LARGEST:
            found = f"a block of {size} bytes"
            raise InputError(fault(self.where(offset), found, f"at most {LARGEST}", DAMAGED))
        try:
            # Asked for nothing, libdeflate looks at nothing: a block that lost just as many
            # bytes as the mark of the end has would end with that mark's size, and be empty.
            content = deflate_decompress(body, size or LARGEST)
        except (DeflateError, ValueError) as error:
            found = "a damaged block that does not inflate"
            raise InputError(
                fault(self.where(offset), found, "a sound block", DAMAGED)
            ) from error
        if len(content) != size or crc32(content) != checksum:
            found = "a damaged block, its content does not fit its checksum"
            raise InputError(fault(self.where(offset), found, "a sound block", DAMAGED))
        return content


def _size_in_extra(extra: memoryview) -> int:
    """Return the size of a block from the fields of its head, 0 if it is not there."""
    at = 0
    while at + 6 <= len(extra):
        length = extra[at + 2] | extra[at + 3] << 8
        if bytes(extra[at : at + 2]) == b"BC" and length == 2:  # noqa: PLR2004  as specified
            return (extra[at + 4] | extra[at + 5] << 8) + 1
        at += 4 + length
    return 0
