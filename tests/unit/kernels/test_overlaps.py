"""Flattened exons, searches in them, and integer tags."""

import struct
from itertools import pairwise

import numpy as np
import pytest

from storiform.kernels.exons import MINUS, NEITHER, PLUS, flatten_exons
from storiform.kernels.overlaps import (
    ALONG,
    END,
    FIRST_ENTRY,
    FORWARD,
    GENE_SHIFT,
    IS_RIBOSOMAL,
    MASK,
    ON_MINUS,
    ON_PLUS,
    REVERSE,
    START,
    UNSTRANDED,
    find_genes,
    gallop,
)
from storiform.kernels.tags import DAMAGED, read_hits


def layout(exons, contigs=2, ribosomal=()):
    """Flatten exons (contig, start, end, gene, strand)."""
    table = np.array(exons, dtype=np.int64).reshape(-1, 5)
    genes = int(table[:, 3].max(initial=0)) + 1
    is_ribosomal = np.isin(np.arange(genes), ribosomal)
    spans = (table[:, 0], table[:, 1], table[:, 2])
    return flatten_exons(spans, table[:, 3], table[:, 4], is_ribosomal, contigs)


def record(cigar, tags=b"", start=0, block_size=None):
    """Return the bytes of one raw record."""
    words = b"".join(struct.pack("<I", n << 4 | "MIDNSHP=X".index(c)) for n, c in cigar)
    fixed = struct.pack("<iiBBHHHiiii", 0, start, 2, 60, 0, len(cigar), 0, 0, -1, -1, 0)
    body = fixed + b"r\0" + words + tags
    size = len(body) if block_size is None else block_size
    return np.frombuffer(struct.pack("<i", size) + body, dtype=np.uint8)


def found(flat, cigar, start, room=8, column=ON_PLUS):
    genes = np.zeros(room, dtype=np.int64)
    where = (flat.offsets[0], flat.offsets[1], column)
    at = (record(cigar), np.int64(0), np.int64(start))
    told = find_genes(at, flat.segments, flat.entries, genes, where)
    return [int(g) >> GENE_SHIFT for g in genes[: max(told[1], 0)]], told


def test_overlapping_exons_become_segments_of_one_set_of_genes() -> None:
    flat = layout(
        [(0, 0, 10, 0, PLUS), (0, 5, 15, 1, MINUS), (0, 3, 8, 0, PLUS), (1, 5, 6, 0, PLUS)]
    )
    spans = flat.segments[:-1, [START, END]].tolist()
    assert spans == [[0, 3], [3, 5], [5, 8], [8, 10], [10, 15], [5, 6]]
    assert flat.offsets.tolist() == [0, 5, 6]
    first = flat.segments[:, FIRST_ENTRY]
    genes = [(flat.entries[a:b, 0] >> GENE_SHIFT).tolist() for a, b in pairwise(first)]
    assert genes == [[0], [0], [0, 1], [0, 1], [1], [0]]
    assert flat.entries[:, ALONG].tolist() == [0, 3, 5, 0, 8, 3, 5, 10]


@pytest.mark.parametrize(
    ("strand", "plus", "minus"),
    [(PLUS, FORWARD, REVERSE), (MINUS, REVERSE, FORWARD), (NEITHER, REVERSE, REVERSE)],
)
def test_an_entry_tells_under_which_strandedness_it_counts(strand, plus, minus) -> None:
    flat = layout([(0, 0, 10, 1, strand)], ribosomal=(1,))
    assert flat.entries[0, ON_PLUS] & MASK == plus | UNSTRANDED
    assert flat.entries[0, ON_MINUS] & MASK == minus | UNSTRANDED
    assert flat.entries[0, ON_PLUS] & IS_RIBOSOMAL


def test_no_exons_make_an_empty_layout() -> None:
    flat = layout([], contigs=3)
    assert flat.offsets.tolist() == [0, 0, 0, 0]
    assert len(flat.entries) == 0


def test_galloping_finds_what_a_plain_search_finds() -> None:
    flat = layout([(0, 10 * i, 10 * i + 4, i, PLUS) for i in range(37)])
    ends = flat.segments[:-1, END]
    for low in range(0, 37, 5):
        for place in range(0, 380, 3):
            expected = max(low, int(np.searchsorted(ends, place, side="right")))
            assert gallop(flat.segments, low, 37, place) == expected


def test_only_aligned_bases_touch_a_gene() -> None:
    flat = layout([(0, 0, 10, 0, PLUS), (0, 20, 30, 1, PLUS), (0, 40, 50, 2, PLUS)])
    assert found(flat, [(5, "M"), (20, "N"), (5, "M")], 5)[0] == [0]
    assert found(flat, [(4, "S"), (1, "="), (10, "D"), (1, "X")], 9)[0] == [0, 1]
    assert found(flat, [(3, "M"), (9, "I"), (3, "M")], 10)[0] == []
    assert found(flat, [(100, "M")], 0)[0] == [0, 1, 2]


def test_a_full_list_is_told_and_never_cut() -> None:
    flat = layout([(0, 0, 10, gene, PLUS) for gene in range(9)])
    assert found(flat, [(5, "M")], 0, room=8)[1][1] == -1
    assert found(flat, [(5, "M")], 0, room=9)[1][1] == 9


def test_the_place_along_the_exons_counts_their_bases_alone() -> None:
    flat = layout([(0, 100, 200, 0, PLUS), (0, 300, 400, 0, PLUS)])
    told = found(flat, [(50, "M"), (100, "N"), (25, "M")], 150)[1]
    assert told[2:] == (50, 125)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (b"", (1, -1)),
        (b"NHC\x03HIC\x02", (3, 2)),
        (b"XZZabc\0HIi\x07\0\0\0NHS\x2c\x01", (300, 7)),
        (b"B1Bc\x02\0\0\0\1\2BBBi\x01\0\0\0\1\2\3\4NHs\x02\0", (2, -1)),
        (b"NHc\xffHIc\xfe", (-1, -2)),
        (b"NHAxXAf\0\0\0\0NHI\x05\0\0\0", (5, -1)),
    ],
)
def test_tags_of_every_type_are_read_or_passed(tags, expected) -> None:
    assert read_hits(record([(5, "M")], tags), 0) == expected


@pytest.mark.parametrize(
    "tags",
    [
        b"XZZabc",
        b"NHi\x01\0",
        b"XX?\x01",
        b"B1Bc\xff\0\0\0\1",
        b"B1Bc\xff\xff\xff\xff\1",
        b"B1B",
    ],
)
def test_damaged_tags_are_told(tags) -> None:
    data = np.append(record([(5, "M")], tags), np.full(64, 1, dtype=np.uint8))
    assert read_hits(data, 0)[0] == DAMAGED
