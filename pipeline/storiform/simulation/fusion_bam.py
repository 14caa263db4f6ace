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
from storiform.model.reads import (
    DUPLICATE,
    MATE_REVERSE,
    PAIRED,
    READ1,
    READ2,
    REVERSE,
    SUPPLEMENTARY,
)
from storiform.simulation.fusion_genome import FusionGenome

Int64s = npt.NDArray[np.int64]

READ_LENGTH = 90
_LEAST_PART, _LONGEST_GAP = 12, 500_000
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


class _Part(NamedTuple):
    """The bases [first, last) of a mate that align together; `cigar` without clips."""

    first: int
    last: int
    contig: int
    start: int
    strand: int
    cigar: tuple[tuple[int, str], ...]


class _Record(NamedTuple):
    contig: int
    start: int
    end: int
    flag: int
    data: bytes


def write_bam(path: Path, genome: FusionGenome, fragments: Iterable[Fragment]) -> int:
    """Write a sorted BAM of pairs with its index; return the number of records."""
    contigs = list(genome.contigs.items())
    names = [name for name, _ in contigs]
    records: list[_Record] = []
    rng = np.random.default_rng(7)
    for number, fragment in enumerate(fragments):
        bases = _bases(genome, names, fragment)
        is_turned = bool(rng.random() < 0.5)  # noqa: PLR2004  either mate is read 1
        records += _pair(f"F{number}", fragment, bases, names, is_turned=is_turned)
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


def _bases(genome: FusionGenome, names: list[str], fragment: Fragment) -> bytes:
    bases = np.zeros(len(fragment.places), dtype=np.uint8)
    for contig in np.unique(fragment.contigs).tolist():
        own = fragment.contigs == contig
        bases[own] = genome.texts[names[contig]][fragment.places[own]]
    return np.where(fragment.strands == 1, _PAIRS[bases], bases).astype(np.uint8).tobytes()


def _pair(
    name: str, fragment: Fragment, bases: bytes, names: list[str], *, is_turned: bool
) -> list[_Record]:
    size = len(fragment.places)
    spans = ((0, min(READ_LENGTH, size)), (max(size - READ_LENGTH, 0), size))
    mates = [_parts(fragment, *span) for span in spans]
    mains = [max(parts, key=lambda part: part.last - part.first) for parts in mates]
    records = []
    for number, (span, parts) in enumerate(zip(spans, mates, strict=True)):
        main, other = mains[number], mains[1 - number]
        flag = PAIRED | (READ1 if (number == 0) != is_turned else READ2)
        flag |= MATE_REVERSE if _is_reverse(other, 1 - number) else 0
        flag |= DUPLICATE if fragment.is_duplicate else 0
        read = bases[slice(*span)]
        told = [_told(part, number, len(read), names, fragment.hits) for part in parts]
        for part in parts:
            others = "".join(t for p, t in zip(parts, told, strict=True) if p is not part)
            own = flag | (0 if part is main else SUPPLEMENTARY)
            own |= REVERSE if _is_reverse(part, number) else 0
            records.append(_record(name, own, (part, other), read, (fragment.hits, others)))
    return records


def _is_reverse(part: _Part, number: int) -> bool:
    """Tell the strand: mate 0 is read along the messenger, mate 1 against it."""
    return (part.strand == 1) != (number == 1)


def _parts(fragment: Fragment, first: int, last: int) -> list[_Part]:
    """Return how a mate aligns: in one part, or in the two longest neighbours."""
    contigs, places, strands = (column[first:last] for column in fragment[:3])
    steps = np.where(strands[1:] == 0, np.diff(places), -np.diff(places))
    is_break = (np.diff(contigs) != 0) | (np.diff(strands) != 0)
    is_break |= (steps < 1) | (steps > _LONGEST_GAP)
    borders = [0, *(np.flatnonzero(is_break) + 1).tolist(), last - first]
    parts = [_part(contigs, places, strands, (low, high)) for low, high in pairwise(borders)]
    long = [part for part in parts if part.last - part.first >= _LEAST_PART]
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


def _told(part: _Part, number: int, size: int, names: list[str], hits: int) -> str:
    """Return an entry of the tag SA."""
    cigar = "".join(f"{length}{code}" for length, code in _clipped(part, size, "S"))
    strand = "-" if _is_reverse(part, number) else "+"
    quality = 255 if hits == 1 else 3
    return f"{names[part.contig]},{part.start + 1},{strand},{cigar},{quality},0;"


def _record(
    name: str, flag: int, parts: tuple[_Part, _Part], read: bytes, told: tuple[int, str]
) -> _Record:
    part, mate = parts
    hits, others = told
    is_main = not flag & SUPPLEMENTARY
    cigar = _clipped(part, len(read), "S" if is_main else "H")
    bases = read if is_main else read[part.first : part.last]
    codes = np.frombuffer(bases, dtype=np.uint8)
    codes = codes if part.strand == 0 else _PAIRS[codes][::-1]
    nibbles = np.append(_NIBBLES[codes], [0] * (len(codes) % 2)).astype(np.uint8)
    packed = (nibbles[::2] << 4 | nibbles[1::2]).tobytes()
    end = part.start + sum(length for length, code in part.cigar if code in "MN")
    body = name.encode() + b"\0"
    body += b"".join(struct.pack("<I", n << 4 | _CODES[code]) for n, code in cigar)
    body += packed + b"\x28" * len(codes) + b"NHC" + bytes([hits])
    body += b"SAZ" + others.encode() + b"\0" if others else b""
    fixed = struct.pack(
        "<iiBBHHHiiii", part.contig, part.start, len(name) + 1, 255 if hits == 1 else 3, 0,
        len(cigar), flag, len(codes), mate.contig, mate.start, 0,
    )  # fmt: skip
    data = struct.pack("<i", len(fixed) + len(body)) + fixed + body
    return _Record(part.contig, part.start, end, flag, data)
