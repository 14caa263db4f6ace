"""Fragments of RNA, each base with its place -> records as STAR aligns them.

A mate that crosses from one gene to another aligns in two parts, the longer of which is the
primary record, if both have at least 12 bases; else the shorter is clipped. On one strand of
one contig, and not backwards, the way between both is a gap (N) if it is no longer than an
intron may be.
"""

import struct
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.io.bam_writer import BamWriter
from storiform.kernels.writing import bin_of
from storiform.model.reads import (
    DUPLICATE,
    MATE_REVERSE,
    PAIRED,
    PROPER,
    READ1,
    READ2,
    REVERSE,
    SUPPLEMENTARY,
)
from storiform.simulation.fusion_genome import FusionGenome

Int64s = npt.NDArray[np.int64]

READ_LENGTH = 90
LEAST_PART = 12
"""Bases of a read that align by themselves, at least."""
_LONGEST_PAIR = 100_000
_CODES = {"M": 0, "N": 3, "S": 4, "H": 5}
_NIBBLES = np.zeros(256, dtype=np.uint8)
_NIBBLES[np.frombuffer(b"ACGT", dtype=np.uint8)] = (1, 2, 4, 8)
_PAIRS = np.zeros(256, dtype=np.uint8)
_PAIRS[np.frombuffer(b"ACGT", dtype=np.uint8)] = np.frombuffer(b"TGCA", dtype=np.uint8)


class Fragment(NamedTuple):
    """A piece of a messenger, 5' to 3': contig (number), place and strand of each base, (n,).

    `hits` are the places to which it aligns.
    """

    contigs: Int64s
    places: Int64s
    strands: Int64s
    hits: int = 1
    is_duplicate: bool = False


class Layout(NamedTuple):
    """How pairs become records: names of contigs, lengths (bp), tags that all have."""

    names: tuple[str, ...]
    read_length: int = READ_LENGTH
    longest_gap: int = 500_000
    tags: bytes = b""


class _Part(NamedTuple):
    """The bases [first, last) of a mate that align together; `cigar` without clips."""

    first: int
    last: int
    contig: int
    start: int
    strand: int
    cigar: tuple[tuple[int, str], ...]


class Record(NamedTuple):
    """One record: place (0-based, half-open), flag, and its bytes with their size first."""

    contig: int
    start: int
    end: int
    flag: int
    data: bytes


def write_bam(path: Path, genome: FusionGenome, fragments: Iterable[Fragment]) -> int:
    """Write a sorted BAM of pairs with its index; return the number of records."""
    contigs = list(genome.contigs.items())
    layout = Layout(tuple(genome.contigs))
    records: list[Record] = []
    rng = np.random.default_rng(7)
    for number, fragment in enumerate(fragments):
        bases = _bases(genome, layout.names, fragment)
        is_turned = bool(rng.random() < 0.5)  # noqa: PLR2004  either mate is read 1
        records += pack_pair(f"F{number}", fragment, bases, layout, is_turned=is_turned)
    records.sort(key=lambda record: (record.contig, record.start))
    text = "@HD\tVN:1.6\tSO:coordinate\n" + "".join(
        f"@SQ\tSN:{name}\tLN:{length}\n" for name, length in contigs
    )
    with BamWriter(path, text, contigs) as bam:
        data = np.frombuffer(b"".join(record.data for record in records), dtype=np.uint8)
        offsets = np.cumsum([0, *(len(record.data) for record in records)])[:-1]
        places = np.array([record[:4] for record in records], dtype=np.int64).reshape(-1, 4)
        bam.write(data, offsets.astype(np.int64), places)
    return len(records)


def _bases(genome: FusionGenome, names: tuple[str, ...], fragment: Fragment) -> bytes:
    bases = np.zeros(len(fragment.places), dtype=np.uint8)
    for contig in np.unique(fragment.contigs).tolist():
        own = fragment.contigs == contig
        bases[own] = genome.texts[names[contig]][fragment.places[own]]
    return read_along(fragment, bases)


def read_along(fragment: Fragment, bases: npt.NDArray[np.uint8]) -> bytes:
    """Return a fragment's letters 5' to 3', given those of the forward strand, (n,) ASCII."""
    return np.where(fragment.strands == 1, _PAIRS[bases], bases).astype(np.uint8).tobytes()


def pack_pair(
    name: str, fragment: Fragment, bases: bytes, layout: Layout, *, is_turned: bool
) -> list[Record]:
    """Return the records of both mates of a fragment, each in one part or in two.

    Parameters
    ----------
    name
        Of the pair.
    fragment, bases
        Its places, and its letters 5' to 3'.
    layout
        Names of contigs, read length, tags.
    is_turned
        Whether read 2 runs along the messenger, as in libraries with dUTP.
    """
    size = len(fragment.places)
    length = min(layout.read_length, size)
    mates = [_parts(fragment, *span, layout) for span in ((0, length), (size - length, size))]
    mains = [max(parts, key=lambda part: part.last - part.first) for parts in mates]
    width = _template(mates)
    records = []
    for number, parts in enumerate(mates):
        main, other = mains[number], mains[1 - number]
        flag = PAIRED | (READ1 if (number == 0) != is_turned else READ2)
        flag |= MATE_REVERSE if _is_reverse(other, 1 - number) else 0
        flag |= DUPLICATE if fragment.is_duplicate else 0
        flag |= PROPER if width else 0
        read = bases[size - length :] if number else bases[:length]
        told = [_told(part, number, length, layout, fragment.hits) for part in parts]
        for part in parts:
            others = "".join(t for p, t in zip(parts, told, strict=True) if p is not part)
            own = flag | (0 if part is main else SUPPLEMENTARY)
            own |= REVERSE if _is_reverse(part, number) else 0
            away = -width if _is_reverse(part, number) else width
            tags = b"SAZ" + others.encode() + b"\0" if others else b""
            tags = b"NHC" + bytes([fragment.hits]) + tags + layout.tags
            records.append(_record(name, own, (part, other, away), read, tags))
    return records


def _template(mates: list[list[_Part]]) -> int:
    """Return the length of the template where both mates align properly, else 0."""
    one, other = (parts[0] for parts in mates)
    if len(mates[0]) + len(mates[1]) > 2:  # noqa: PLR2004  mates, each in one part
        return 0
    left, right = (other, one) if one.strand else (one, other)
    width = _end_of(right) - left.start
    is_near = one.contig == other.contig and one.strand == other.strand
    return width if is_near and left.start <= right.start and width < _LONGEST_PAIR else 0


def _end_of(part: _Part) -> int:
    return part.start + sum(length for length, code in part.cigar if code in "MN")


def _is_reverse(part: _Part, number: int) -> bool:
    """Tell the strand: mate 0 is read along the messenger, mate 1 against it."""
    return (part.strand == 1) != (number == 1)


def _parts(fragment: Fragment, first: int, last: int, layout: Layout) -> list[_Part]:
    """Return how a mate aligns: in one part, or in the two longest neighbours."""
    contigs, places, strands = (column[first:last] for column in fragment[:3])
    steps = np.where(strands[1:] == 0, np.diff(places), -np.diff(places))
    is_break = (np.diff(contigs) != 0) | (np.diff(strands) != 0)
    is_break |= (steps < 1) | (steps > layout.longest_gap)
    borders = [0, *(np.flatnonzero(is_break) + 1).tolist(), last - first]
    parts = [_part(contigs, places, strands, (low, high)) for low, high in pairwise(borders)]
    long = [part for part in parts if part.last - part.first >= LEAST_PART]
    long = long or [max(parts, key=lambda part: part.last - part.first)]
    if len(long) > 2:  # noqa: PLR2004  parts
        long.sort(key=lambda part: part.first - part.last)
    return long[:2]


def _part(contigs: Int64s, places: Int64s, strands: Int64s, span: tuple[int, int]) -> _Part:
    low, high = span
    own = places[low:high]
    own = own if strands[low] == 0 else own[::-1]
    cigar: list[tuple[int, str]] = []
    jumps = np.flatnonzero(np.diff(own) != 1)
    edges = [0, *(jumps + 1).tolist(), len(own)]
    for begin, end in pairwise(edges):
        if begin:
            cigar.append((int(own[begin] - own[begin - 1] - 1), "N"))
        cigar.append((end - begin, "M"))
    return _Part(low, high, int(contigs[low]), int(own[0]), int(strands[low]), tuple(cigar))


def _clipped(part: _Part, size: int, clip: str) -> list[tuple[int, str]]:
    lead, trail = part.first, size - part.last
    if part.strand == 1:
        lead, trail = trail, lead
    whole = [(lead, clip), *part.cigar, (trail, clip)]
    return [(length, code) for length, code in whole if length]


def _told(part: _Part, number: int, size: int, layout: Layout, hits: int) -> str:
    """Return an entry of the tag SA."""
    cigar = "".join(f"{length}{code}" for length, code in _clipped(part, size, "S"))
    strand = "-" if _is_reverse(part, number) else "+"
    quality = 255 if hits == 1 else 3
    return f"{layout.names[part.contig]},{part.start + 1},{strand},{cigar},{quality},0;"


def _record(
    name: str, flag: int, placed: tuple[_Part, _Part, int], read: bytes, tags: bytes
) -> Record:
    """Return a record; `placed` is its part, its mate's, and the length of the template."""
    part, mate, width = placed
    is_main = not flag & SUPPLEMENTARY
    cigar = _clipped(part, len(read), "S" if is_main else "H")
    bases = read if is_main else read[part.first : part.last]
    codes = np.frombuffer(bases, dtype=np.uint8)
    codes = codes if part.strand == 0 else _PAIRS[codes][::-1]
    nibbles = np.append(_NIBBLES[codes], [0] * (len(codes) % 2)).astype(np.uint8)
    packed = (nibbles[::2] << 4 | nibbles[1::2]).tobytes()
    end = _end_of(part)
    body = name.encode() + b"\0"
    body += b"".join(struct.pack("<I", n << 4 | _CODES[code]) for n, code in cigar)
    body += packed + b"\x25" * len(codes) + tags
    quality = 255 if tags[3] == 1 else 3
    fixed = struct.pack(
        "<iiBBHHHiiii", part.contig, part.start, len(name) + 1, quality,
        bin_of(part.start, end), len(cigar), flag, len(codes), mate.contig, mate.start, width,
    )  # fmt: skip
    data = struct.pack("<i", len(fixed) + len(body)) + fixed + body
    return Record(part.contig, part.start, end, flag, data)
