"""The index of a CRAM, held against the file: CRAM index (CRAI), specification of CRAM, 12."""

import gzip
import zlib
from pathlib import Path

from storiform.io.bam_index import is_older
from storiform.io.cram_blocks import Container, containers, passed_definition
from storiform.model.errors import InputError, fault

REINDEX = "Make the index again with samtools index."

_FIELDS = 6
_GZIP = b"\x1f\x8b"

_Line = tuple[int, int, int, int, int, int]


def check_crai(index: Path, path: Path) -> None:
    """Refuse an index that is not that of a CRAM.

    Where a container holds the reads of one contig, what the index tells of it is compared;
    where it holds those of several, its place alone.

    Raises
    ------
    InputError
        If the index is older than the file, damaged, or names slices that the file lacks, or
        lacks some that it has.
    """
    if is_older(index, path):
        found = f"its index {index.name} older than itself"
        raise InputError(fault(path.name, found, "one made from this file", REINDEX))
    lines = _read(index)
    with path.open("rb") as file:
        if not passed_definition(file):
            return
        try:
            held = list(containers(file, path.stat().st_size))[1:]  # the first is the header
        except (IndexError, ValueError):
            return  # the reading of the file will tell where it is damaged
    slices = {(c.place, at, end - at): c for c in held for at, end in _borders(c)}
    told = {line[3:] for line in lines}
    fits = told == set(slices) and all(_is_of(line, slices[line[3:]]) for line in lines)
    if not fits:
        raise InputError(fault(path.name, "the index of another file", "its own", REINDEX))


def _borders(container: Container) -> list[tuple[int, int]]:
    """Return where in the blocks each slice begins and ends."""
    starts = container.landmarks
    return list(zip(starts, (*starts[1:], container.length), strict=True)) if starts else []


def _is_of(line: _Line, container: Container) -> bool:
    """Tell whether a line of an index tells of a container what its header says."""
    reference, start, span, *_ = line
    if container.reference < 0:
        return container.reference != -1 or reference == -1
    if len(container.landmarks) > 1:
        return reference == container.reference
    return (reference, start, span) == (container.reference, container.start, container.span)


def _read(index: Path) -> list[_Line]:
    """Read the lines of an index, compressed or not.

    Raises
    ------
    InputError
        If it is damaged.
    """
    try:
        content = index.read_bytes()
        text = gzip.decompress(content) if content.startswith(_GZIP) else content
        lines = [tuple(map(int, line.split(b"\t"))) for line in text.splitlines()]
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(_damaged(index)) from error
    if any(len(line) != _FIELDS for line in lines):
        raise InputError(_damaged(index))
    return lines  # type: ignore[return-value]  # the length was asked


def _damaged(index: Path) -> str:
    return fault(index.name, "a damaged or truncated index", "a complete CRAI", REINDEX)
