"""The writer's BAM and BAI against htslib, which reads them and indexes the BAM itself."""

import shutil
import struct

import numpy as np
import pysam
import pytest

from storiform.io.bam_writer import BamWriter

CONTIGS = [("chr6", 3_000_000), ("chr9", 50_000), ("chr12", 900_000)]
HEADER = "@HD\tVN:1.6\tSO:coordinate\n" + "".join(
    f"@SQ\tSN:{name}\tLN:{length}\n" for name, length in CONTIGS
)
END_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def record(name, contig, start, flag, span):
    """Return the bytes of a record of 40 bases; `span` on the reference, 0: no alignment."""
    operations = []
    if span:
        operations = [40 << 4] if span == 40 else [20 << 4, (span - 40) << 4 | 3, 20 << 4]
    named = name.encode() + b"\0"
    first, last = max(start, 0), max(start, 0) + max(span, 1)
    bin_number = pysam_bin(first, last)
    body = struct.pack(
        "<iiBBHHHiiii", contig, start, len(named), 60, bin_number, len(operations), flag, 40,
        -1, -1, 0,
    )  # fmt: skip
    body += named + struct.pack(f"<{len(operations)}I", *operations)
    body += bytes([0x12] * 20) + bytes([30] * 40)
    return struct.pack("<i", len(body)) + body


def pysam_bin(start, end):
    for shift, first in ((14, 4681), (17, 585), (20, 73), (23, 9), (26, 1)):
        if start >> shift == (end - 1) >> shift:
            return first + (start >> shift)
    return 0


def drawn(count, seed):
    """Return sorted rows (contig, start, span, flag): gaps, long introns, unmapped mates."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        contig = int(rng.choice([0, 0, 0, 2]))
        cluster = int(rng.choice([5, 16_000, 16_384, 131_000, 700_000]))
        start = cluster + int(rng.integers(0, 900))
        span = int(rng.choice([40, 40, 40, 300, 90_000]))
        flag = 4 if rng.uniform() < 0.03 else 0
        rows.append((contig, start, 0 if flag else span, flag))
    rows.sort(key=lambda row: row[:2])
    return rows + [(-1, -1, 0, 4)] * 7


def write(path, rows, *, pieces=3):
    with BamWriter(path, HEADER, CONTIGS) as bam:
        for part in np.array_split(np.arange(len(rows)), pieces):
            chosen = [rows[number] for number in part]
            texts = [
                record(f"read{number}", contig, start, flag, span)
                for number, (contig, start, span, flag) in zip(part, chosen, strict=True)
            ]
            offsets = np.cumsum([0, *map(len, texts)])[:-1]
            places = [
                (contig, start, start + span, flag) for contig, start, span, flag in chosen
            ]
            data = np.frombuffer(b"".join(texts), dtype=np.uint8)
            bam.write(data, offsets, np.array(places, dtype=np.int64).reshape(-1, 4))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("bam") / "a.bam"
    rows = drawn(4_000, 3)
    write(path, rows)
    return path, rows


def test_htslib_reads_back_what_was_written(written):
    path, rows = written
    with pysam.AlignmentFile(str(path)) as bam:
        found = [
            (r.reference_id, r.reference_start, r.reference_length or 0, r.flag, r.query_name)
            for r in bam.fetch(until_eof=True)
        ]
    assert found == [(*row, f"read{number}") for number, row in enumerate(rows)]


def test_file_ends_with_the_end_block(written):
    assert written[0].read_bytes().endswith(END_BLOCK)


def names(bam, contig, start, end):
    return [read.query_name for read in bam.fetch(contig, start, end)]


def test_index_finds_what_htslib_own_index_finds(written, tmp_path):
    path, rows = written
    other = tmp_path / "b.bam"
    shutil.copyfile(path, other)
    pysam.index(str(other))
    rng = np.random.default_rng(8)
    with pysam.AlignmentFile(str(path)) as mine, pysam.AlignmentFile(str(other)) as theirs:
        assert mine.get_index_statistics() == theirs.get_index_statistics()
        assert mine.nocoordinate == theirs.nocoordinate == 7
        seen = 0
        for _ in range(300):
            contig, length = CONTIGS[int(rng.integers(0, 3))]
            centre = int(rng.choice([0, 16_000, 16_384, 60_000, 131_072, 220_000, 700_000]))
            start = min(max(centre + int(rng.integers(-2000, 2000)), 0), length - 1)
            end = min(start + int(rng.choice([1, 50, 20_000])), length)
            found = names(mine, contig, start, end)
            assert found == names(theirs, contig, start, end)
            number = [name for name, _ in CONTIGS].index(contig)
            naive = [
                f"read{n}"
                for n, (c, s, span, _) in enumerate(rows)
                if c == number and s < end and s + max(span, 1) > start
            ]
            assert found == naive
            seen += len(found)
    assert seen > 1000


def test_pieces_do_not_change_the_bytes(written, tmp_path):
    path, rows = written
    write(tmp_path / "c.bam", rows, pieces=11)
    assert (tmp_path / "c.bam").read_bytes() == path.read_bytes()
    assert (tmp_path / "c.bam.bai").read_bytes() == path.with_name("a.bam.bai").read_bytes()


def test_empty_file_is_whole(tmp_path):
    write(tmp_path / "e.bam", [], pieces=1)
    with pysam.AlignmentFile(str(tmp_path / "e.bam")) as bam:
        assert list(bam.fetch("chr6")) == []
        assert bam.references == ("chr6", "chr9", "chr12")


def test_writer_that_fails_leaves_no_whole_file(tmp_path):
    path = tmp_path / "f.bam"

    def fail():
        with BamWriter(path, HEADER, CONTIGS):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not path.read_bytes().endswith(END_BLOCK)
    assert not path.with_name("f.bam.bai").exists()
