"""The decoder: compiled and as plain Python, on records built by hand."""

import struct

import numpy as np
import pytest

from storiform.kernels import Kernel, decoding, mates, records
from storiform.kernels.decoding import Columns

LENGTHS = np.array([5_000, 800], np.int64)
FIELDS = ("contig", "start", "mapq", "flag", "mate_contig", "mate_start")


def record(name: str = "read", cigar: str = "10M", bases: int = 10, **fields: int) -> bytes:
    """Build a raw record; `cigar` is text, qualities are those of base 30."""
    at = {"contig": 0, "start": 100, "mapq": 60, "flag": 0, "mate_contig": -1, "mate_start": -1}
    at |= fields
    codes = "MIDNSHP=XB"
    words, number = [], ""
    for letter in cigar:
        if letter.isdigit():
            number += letter
        else:
            words.append(int(number) << 4 | codes.index(letter))
            number = ""
    body = struct.pack("<ii", at["contig"], at["start"])
    body += struct.pack("<BBHHHi", len(name) + 1, at["mapq"], 0, len(words), at["flag"], bases)
    body += struct.pack("<iii", at["mate_contig"], at["mate_start"], 0)
    body += name.encode() + b"\0" + struct.pack(f"<{len(words)}I", *words)
    body += b"\x11" * ((bases + 1) // 2) + b"\x1e" * bases
    return struct.pack("<i", len(body)) + body


def room(rows: int) -> Columns:
    kinds = (np.int64, np.int32, np.int32, np.int32, np.uint16, np.uint8, np.uint64)
    return Columns(*(np.zeros(rows, kind) for kind in kinds))


def walk(content: bytes, last: int = 0) -> tuple[Columns, int, int]:
    """Return the columns, where the walk stopped, and what was found there."""
    data = np.frombuffer(content, np.uint8).copy()
    columns = room(len(content) // decoding.SMALLEST + 1)
    span = (0, len(content), len(content))
    count, at, found, _ = decoding.walk_records(data, span, LENGTHS, last, columns)
    return Columns(*(column[:count] for column in columns)), int(at), int(found)


@pytest.fixture(params=["compiled", "python"])
def _twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with compiled kernels and with their plain Python functions."""
    if request.param == "compiled":
        return
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    for module in (decoding, mates, records):
        for value in vars(module).values():
            if isinstance(value, Kernel):
                monkeypatch.setattr(value, "_dispatcher", None)


pytestmark = pytest.mark.usefixtures("_twin")


def test_columns_are_those_of_the_records():
    content = record("a", "3S4M2D3M", 10, start=7, flag=99, mapq=13)
    content += record("bb", "", 0, start=7, flag=4) + record(
        "a", "5M1000N5M", contig=1, start=2
    )
    columns, at, found = walk(content)
    assert (at, found) == (len(content), decoding.SOUND)
    assert columns.starts.tolist() == [7, 7, 2]
    assert columns.ends.tolist() == [16, 8, 1_012]
    assert columns.contigs.tolist() == [0, 0, 1]
    assert columns.flags.tolist() == [99, 4, 0]
    assert columns.mapq.tolist() == [13, 60, 60]
    assert columns.names[0] == columns.names[2] != columns.names[1]


def test_an_unmapped_read_covers_one_base_whatever_its_cigar():
    columns, _, found = walk(record(flag=4) + record(cigar="10I"))
    assert found == decoding.SOUND
    assert (columns.ends - columns.starts).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (record()[:20], decoding.INCOMPLETE),
        (record()[:-1], decoding.INCOMPLETE),
        (struct.pack("<i", 20) + record()[4:], decoding.BAD_SIZE),
        (struct.pack("<i", -1) + record()[4:], decoding.BAD_SIZE),
        (struct.pack("<i", 1 << 30) + record()[4:], decoding.BAD_SIZE),
        (record()[:20] + struct.pack("<i", -5) + record()[24:], decoding.BAD_SIZE),
        (record()[:20] + struct.pack("<i", 1 << 30) + record()[24:], decoding.BAD_SIZE),
        (record()[:12] + b"\0" + record()[13:], decoding.BAD_NAME),
        (record().replace(b"read\0", b"reads"), decoding.BAD_NAME),
        (record(contig=2), decoding.BAD_PLACE),
        (record(contig=-2), decoding.BAD_PLACE),
        (record(mate_contig=2), decoding.BAD_PLACE),
        (record(start=5_000), decoding.BAD_PLACE),
        (record(start=-1), decoding.BAD_PLACE),
        (record(start=-2, flag=4), decoding.BAD_PLACE),
        (record(cigar="9M"), decoding.BAD_CIGAR),
        (record(cigar="5M5B5M"), decoding.BAD_CIGAR),
        (record(cigar="10M" + "268435455N" * 9), decoding.BAD_CIGAR),
    ],
)
def test_a_record_that_does_not_fit_stops_the_walk(content: bytes, found: int):
    columns, at, fault = walk(record() + content)
    assert fault == found
    assert at == len(record())
    assert len(columns.offsets) == 1


def test_a_cigar_in_a_tag_is_recognised():
    plain = record(cigar="10S100N")
    tags = b"NMC\x01" + b"MDZ10\0" + b"ZBBS\x02\0\0\0\1\0\2\0" + b"CGBI\x01\0\0\0\xa0\0\0\0"
    size = len(plain) - 4 + len(tags)
    assert walk(plain)[2] == decoding.SOUND
    assert walk(struct.pack("<i", size) + plain[4:] + tags)[2] == decoding.LONG_CIGAR
    others = tags[:-12] + b"XXBI\xff\xff\xff\xff"
    size = len(plain) - 4 + len(others)
    assert walk(struct.pack("<i", size) + plain[4:] + others)[2] == decoding.SOUND


def test_the_order_of_coordinates_is_watched():
    content = record(start=9) + record(start=8)
    assert walk(content)[2] == decoding.UNSORTED
    assert walk(content, decoding.UNORDERED)[2] == decoding.SOUND
    assert walk(record(contig=1) + record(contig=0))[2] == decoding.UNSORTED
    lost = record(contig=-1, start=-1, flag=4, cigar="")
    assert walk(record(contig=1) + lost + lost)[2] == decoding.SOUND
    assert walk(lost + record(contig=1))[2] == decoding.UNSORTED


def test_a_walk_stops_at_its_limit():
    content = record() * 3
    data = np.frombuffer(content, np.uint8).copy()
    with np.errstate(over="ignore"):
        count, at, found, _ = decoding.walk_records(
            data, (0, len(record()) + 1, len(content)), LENGTHS, 0, room(9)
        )
    assert (count, at, found) == (2, 2 * len(record()), decoding.SOUND)


def paired_rows(*content: bytes, is_sorted: bool = True) -> list[int]:
    joined = b"".join(content)
    columns, _, found = walk(joined, 0 if is_sorted else decoding.UNORDERED)
    assert found == decoding.SOUND
    pair = mates.pair_mates if is_sorted else mates.pair_neighbours
    return pair(np.frombuffer(joined, np.uint8).copy(), columns).tolist()


def mate(start: int, other: int, flag: int, name: str = "read") -> bytes:
    return record(name, start=start, mate_start=other, mate_contig=0, flag=flag)


@pytest.mark.parametrize("is_sorted", [True, False])
def test_mates_that_overlap_are_paired_and_no_others(*, is_sorted: bool):
    def paired(*content: bytes) -> list[int]:
        return paired_rows(*content, is_sorted=is_sorted)

    assert paired(mate(100, 105, 99), mate(105, 100, 147)) == [1, 0]
    assert paired(mate(100, 100, 99), mate(100, 100, 147)) == [1, 0]
    assert paired(mate(100, 110, 99), mate(110, 100, 147)) == [-1, -1]
    assert paired(mate(100, 105, 99), mate(105, 100, 147, "other")) == [-1, -1]
    assert paired(mate(100, 105, 99), mate(105, 100, 99)) == [-1, -1]
    for bit in (4, 8, 256, 2048):
        assert paired(mate(100, 105, 99), mate(105, 100, 147 | bit)) == [-1, -1]
    assert paired(mate(100, 105, 98), mate(105, 100, 147)) == [-1, -1]
    assert paired(mate(100, 105, 99 | 1024), mate(105, 100, 147 | 1024)) == [1, 0]
    away = record(start=105, mate_start=100, mate_contig=1, flag=147)
    assert paired(mate(100, 105, 99), away) == [-1, -1]


def test_of_several_records_of_a_name_those_that_agree_are_paired():
    first, second = mate(100, 107, 99), mate(101, 106, 99)
    assert paired_rows(first, second, mate(106, 101, 147), mate(107, 100, 147)) == [3, 2, 1, 0]
    assert paired_rows(first, mate(106, 100, 147)) == [1, 0]  # a mate whose place is another


def test_mates_find_each_other_among_many_names():
    names = [f"r{number}" for number in range(70)]
    content = [mate(100, 104, 99, name) for name in names]
    content += [mate(104, 100, 147, name) for name in reversed(names)]
    assert paired_rows(*content) == list(reversed(range(140)))


def test_records_that_reach_over_the_border_are_kept_in_order():
    content = record("a") + record("b", "10M90N", start=101) + record("c", start=108)
    columns, _, _ = walk(content)
    data = np.frombuffer(content, np.uint8).copy()
    size, kept = decoding.keep_records(data, columns, 0, 115)
    left, _, found = walk(data[:size].tobytes())
    assert (kept, found) == (2, decoding.SOUND)
    assert left.starts.tolist() == [101, 108]
    assert decoding.keep_records(data, columns, 3, 0) == (0, 0)
