"""Indexes of a BAM, BAI and CSI: where in the file the reads of a window begin.

An index is believed only as far as the reading proves it, see `read_batches.Seam`.
SAM specification, section 5, and the specification of CSI.
"""

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storiform.io.bgzf import MAGIC, BgzfFile
from storiform.model.errors import InputError, fault
from storiform.model.reads import MIXED, UNPLACED, Chunk

REINDEX = "Make the index again with samtools index."

_META = 37450
_SHIFT = 14
_DEEPEST = 10
_AFTER = (0, 8)  # bytes of the number of reads without a place, which may be missing


@dataclass(frozen=True)
class Landmarks:
    """Places of one contig at which reading may begin.

    Parameters
    ----------
    starts
        int64 (n,), bases, ascending.
    offsets
        int64 (n,), the virtual offset at or before the first record that overlaps bases
        from `starts` on; ascending.
    end
        Virtual offset behind the contig's records, 0 if unknown.
    """

    starts: NDArray[np.int64]
    offsets: NDArray[np.int64]
    end: int

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.starts)


def find_index(path: Path, given: Path | None) -> Path | None:
    """Return the index of a file of reads: the one given, or the one beside it."""
    if given is not None:
        return given
    beside = (Path(f"{path}.bai"), path.with_suffix(".bai"), Path(f"{path}.csi"))
    return next((candidate for candidate in beside if candidate.is_file()), None)


def is_older(index: Path, path: Path) -> bool:
    """Tell whether an index is older than its file, in whole seconds."""
    return int(index.stat().st_mtime) < int(path.stat().st_mtime)


def read_index(path: Path) -> tuple[Landmarks, ...]:
    """Read a BAI or CSI.

    Returns
    -------
    tuple of Landmarks
        One for each contig of the header.

    Raises
    ------
    InputError
        If the file cannot be read or is damaged.
    """
    try:
        content = path.read_bytes()
        if content.startswith(MAGIC):
            content = _inflated(path)
        readers = {b"BAI\x01": _read_bai, b"CSI\x01": _read_csi}
        if content[:4] in readers:
            cursor = _Cursor(content, 4)
            landmarks = readers[content[:4]](cursor)
            if len(content) - cursor.at not in _AFTER:
                raise ValueError  # noqa: TRY301  told below as all damage
            return landmarks
    except (struct.error, OSError, ValueError, OverflowError) as error:
        found = "a damaged or truncated index"
        raise InputError(fault(path.name, found, "a complete BAI or CSI", REINDEX)) from error
    raise InputError(fault(path.name, "no index", "a BAI or CSI", REINDEX))


def _inflated(path: Path) -> bytes:
    with BgzfFile(path) as file:
        try:
            file.check_end()
            return b"".join(block for _, block in file.blocks())
        except InputError as error:
            raise ValueError from error  # told as damage of an index, which is made anew


class _Cursor:
    """Reads numbers one after the other; `struct.error` at the end."""

    def __init__(self, content: bytes, at: int) -> None:
        self.content = content
        self.at = at

    def take(self, layout: struct.Struct) -> tuple[int, ...]:
        values = layout.unpack_from(self.content, self.at)
        self.at += layout.size
        return values

    def count(self, size: int) -> int:
        """Read the number of entries of so many bytes that follow."""
        (number,) = self.take(_INT)
        if number < 0 or number * size > len(self.content) - self.at:
            raise struct.error
        return number

    def offsets(self, number: int) -> NDArray[np.int64]:
        """Read virtual offsets; those of 2^63 and more become negative."""
        values = np.frombuffer(self.content, "<i8", number, self.at)
        self.at += 8 * number
        return values.astype(np.int64)


_INT = struct.Struct("<i")
_BIN = struct.Struct("<I")
_CSI_HEAD = struct.Struct("<iii")
_CSI_BIN = struct.Struct("<Iq")


def _read_bai(cursor: _Cursor) -> tuple[Landmarks, ...]:
    return tuple(_bai_contig(cursor) for _ in range(cursor.count(8)))


def _bai_contig(cursor: _Cursor) -> Landmarks:
    first, end = 0, 0
    for _ in range(cursor.count(8)):
        (number,) = cursor.take(_BIN)
        spans = cursor.offsets(2 * cursor.count(16))
        if number != _META and len(spans):
            first = min(first, int(spans[0])) if first else int(spans[0])
            end = max(end, int(spans[-1]))
    linear = cursor.offsets(cursor.count(8))
    known = np.flatnonzero(linear)
    return _landmarks(known << _SHIFT, linear[known], first, end)


def _read_csi(cursor: _Cursor) -> tuple[Landmarks, ...]:
    shift, depth, extra = cursor.take(_CSI_HEAD)
    if not (0 < shift <= 31 and 0 < depth <= _DEEPEST) or extra < 0:  # noqa: PLR2004  bits
        raise struct.error
    cursor.at += extra
    return tuple(_csi_contig(cursor, shift, depth) for _ in range(cursor.count(4)))


def _csi_contig(cursor: _Cursor, shift: int, depth: int) -> Landmarks:
    first, end = 0, 0
    smallest, behind = ((1 << 3 * depth) - 1) // 7, ((1 << 3 * depth + 3) - 1) // 7
    leaves: dict[int, int] = {}
    for _ in range(cursor.count(16)):
        number, offset = cursor.take(_CSI_BIN)
        spans = cursor.offsets(2 * cursor.count(16))
        if number < behind and len(spans):
            first = min(first, int(spans[0])) if first else int(spans[0])
            end = max(end, int(spans[-1]))
            if number >= smallest:
                leaves[number - smallest] = offset
    windows = np.array(sorted(leaves), np.int64)
    offsets = np.array([leaves[int(window)] for window in windows], np.int64)
    return _landmarks(windows << shift, offsets, first, end)


def _landmarks(
    starts: NDArray[np.int64], offsets: NDArray[np.int64], first: int, end: int
) -> Landmarks:
    """Put the begin of the contig before the other places."""
    if first == 0:
        return Landmarks(np.zeros(0, np.int64), np.zeros(0, np.int64), 0)
    first = min(first, int(offsets.min(initial=first)))
    later = (starts > 0) & (offsets >= first)
    starts = np.concatenate(([0], starts[later]))
    offsets = np.concatenate(([first], offsets[later]))
    if offsets.min() < 0 or (np.diff(offsets) < 0).any():
        raise ValueError
    return Landmarks(starts, offsets, end)


def plan_chunks(
    landmarks: tuple[Landmarks, ...], lengths: tuple[int, ...], size: int, pieces: int
) -> list[tuple[Chunk, int]]:
    """Cut a file at landmarks into about so many chunks of equal size, at least one a contig.

    Parameters
    ----------
    landmarks, lengths
        Of each contig of the header.
    size
        Bytes of the file.
    pieces
        How many chunks are wanted.

    Returns
    -------
    list
        Chunks in order, the last for the reads without a place, and the virtual offset at
        which the reading of each begins; empty where the index knows no read.

    Raises
    ------
    InputError
        If the offsets do not ascend or lie outside the file.
    """
    cuts: list[tuple[int, int, int]] = []
    end = 0
    for contig, known in enumerate(landmarks):
        begins = known.offsets >> 16
        row = 0
        while row < len(known) and known.starts[row] < lengths[contig]:
            cuts.append((contig, int(known.starts[row]), int(known.offsets[row])))
            row = int(np.searchsorted(begins, begins[row] + max(size // pieces, 1)))
        end = max(end, known.end)
    if not cuts:
        return []
    cuts.append((UNPLACED, 0, end))
    offsets = [offset for _, _, offset in cuts]
    if offsets != sorted(offsets) or offsets[-1] >> 16 >= size:
        found = "offsets that do not ascend or lie outside the file"
        raise InputError(fault("its index", found, "those of this BAM", REINDEX))
    chunks = []
    for (contig, start, offset), (following, border, _) in pairwise([*cuts, (MIXED, 0, 0)]):
        is_cut = following == contig
        stop = border if is_cut else lengths[contig] if contig >= 0 else 0
        chunks.append((Chunk(contig, start, stop), offset))
    return chunks
