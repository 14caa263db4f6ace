"""Batches of a BAM against a naive reading of the same file: any batch size, any chunks."""

import struct
import warnings
import zlib
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storiform.io.bgzf import EOF_BLOCK, BgzfFile
from storiform.io.read_files import open_reads
from storiform.model.errors import DataWarning, InputError
from storiform.model.reads import MIXED, UNPLACED, Chunk, RecordBatch

CONTIGS = {"chr1": 210_000, "chr2": 70_000, "chr3": 400, "chrX": 90_000}
SIZES = (1, 700, 5_000, 30_000, 200_000, 8 << 20)
CIGARS = ("60M", "5S50M5S", "20M3I37M", "30M4D30M", "20M9000N40M", "10H60M", "30M40000N30M")
UNPAIRABLE = 4 | 8 | 256 | 2048


@dataclass(frozen=True)
class Read:
    """A record as pysam tells it, and its bytes."""

    raw: bytes
    contig: int
    start: int
    end: int
    flag: int
    mapq: int
    name: str
    mate_start: int
    mate_contig: int


def bgzf(content: bytes, size: int) -> bytes:
    """Write blocks of so many bytes, so that even a small file has many."""
    blocks = []
    for at in range(0, len(content), size):
        part = content[at : at + size]
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        body = packer.compress(part) + packer.flush()
        head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0"
        foot = struct.pack("<II", zlib.crc32(part), len(part))
        blocks.append(head + struct.pack("<H", len(body) + 25) + body + foot)
    return b"".join(blocks) + EOF_BLOCK


def inflated(data: bytes) -> bytes:
    content = b""
    while data:
        block = zlib.decompressobj(31)
        content += block.decompress(data)
        data = block.unused_data
    return content


def naive_reads(path: Path) -> list[Read]:
    """Read a whole BAM with pysam, and the bytes of its records with struct."""
    content = inflated(path.read_bytes())
    at = 8 + struct.unpack_from("<i", content, 4)[0]
    contigs = struct.unpack_from("<i", content, at)[0]
    at += 4
    for _ in range(contigs):
        at += 8 + struct.unpack_from("<i", content, at)[0]
    reads = []
    with pysam.AlignmentFile(str(path), check_sq=False) as file:
        for r in file.fetch(until_eof=True):
            size = 4 + struct.unpack_from("<i", content, at)[0]
            end = r.reference_end if r.reference_end and not r.is_unmapped else None
            place = (r.reference_id, r.reference_start, end or r.reference_start + 1)
            rest = (r.flag, r.mapping_quality, r.query_name)
            mate = (r.next_reference_start, r.next_reference_id)
            reads.append(Read(content[at : at + size], *place, *rest, *mate))
            at += size
    assert at == len(content)
    return reads


def naive_mates(reads: list[Read]) -> list[int]:
    """Pair primary mates that overlap and of which the first says where the second begins."""
    mates = [-1] * len(reads)
    waiting: dict[tuple[str, int], list[int]] = {}
    for i, r in enumerate(reads):
        is_pairable = r.flag & 1 and not r.flag & UNPAIRABLE and r.flag & 192 in (64, 128)
        if not is_pairable or r.mate_contig != r.contig:
            continue
        namesakes = waiting.setdefault((r.name, r.contig), [])
        fits = [
            j for j in namesakes
            if mates[j] < 0 and r.mate_start <= r.start < reads[j].end
            and (r.flag ^ reads[j].flag) & 192 == 192
        ]  # fmt: skip
        agree = [
            j for j in fits if reads[j].mate_start == r.start and r.mate_start == reads[j].start
        ]
        if fits:
            j = (agree or fits)[0]
            mates[i], mates[j] = j, i
        elif r.start <= r.mate_start < r.end:
            namesakes.append(i)
    return mates


def read_of(
    header: pysam.AlignmentHeader, rng: np.random.Generator, kind: float, mate: int
) -> pysam.AlignedSegment:
    """Make a read of a pair: both mapped, only read 1, or none, by `kind`."""
    read = pysam.AlignedSegment(header)
    read.flag = [99, 147][mate] if kind < 0.9 else [73, 133][mate]
    if kind > 0.96:
        read.flag = [77, 141][mate]
    elif rng.random() < 0.05:
        read.flag |= int(rng.choice([256, 1024, 2048]))
    read.query_sequence = "".join(rng.choice(list("ACGT"), 60))
    if not read.flag & 4:
        read.cigarstring = str(rng.choice(CIGARS))
        read.mapping_quality = int(rng.integers(0, 61))
    return read


def simulate(path: Path, seed: int, block: int) -> None:
    """Write a sorted and indexed BAM with all that may lie across a border."""
    rng = np.random.default_rng(seed)
    header = pysam.AlignmentHeader.from_dict({
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": length} for name, length in CONTIGS.items()],
    })  # fmt: skip
    reads = []
    used = rng.choice(4, size=int(rng.integers(1, 5)), replace=False)
    heaps = [(int(c), int(rng.integers(0, [*CONTIGS.values()][c] - 100))) for c in used] * 2
    for number in range(int(rng.integers(20, 400))):
        kind = rng.random()
        contig, middle = heaps[rng.integers(len(heaps))]
        length = [*CONTIGS.values()][contig]
        spread = int(rng.choice([1, 200, 60_000]))
        starts = sorted(np.clip(middle + rng.integers(0, spread, 2), 0, length - 80).tolist())
        starts[1] = starts[0] if rng.random() < 0.1 else starts[1]
        pair = [read_of(header, rng, kind, mate) for mate in (0, 1)]
        for mate, read in enumerate(pair) if kind <= 0.96 else ():
            own = mate if kind < 0.9 else 0
            read.reference_id = read.next_reference_id = contig
            read.reference_start, read.next_reference_start = starts[own], starts[own - mate]
            if kind < 0.9:
                wrong = 3 * (mate == 0 and rng.random() < 0.05)  # as some aligners have it
                read.next_reference_start = starts[1 - own] + wrong
        for read in pair:
            read.query_name = f"r{number}"
            reads += [read] * (2 if kind < 0.05 else 1)
    order = sorted(
        reads, key=lambda r: (r.reference_id < 0, r.reference_id, r.reference_start)
    )  # fmt: skip
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for read in order:
            file.write(read)
    path.write_bytes(bgzf(inflated(path.read_bytes()), block))
    pysam.index(str(path))


def raw(batch: RecordBatch, row: int) -> bytes:
    at = int(batch.offsets[row])
    size = 4 + int.from_bytes(batch.data[at : at + 4].tobytes(), "little")
    return batch.data[at : at + size].tobytes()


def check_batch(batch: RecordBatch, reads: list[Read], mates: list[int]) -> list[int]:
    """Check all columns of a batch; return which reads it owns."""
    if batch.contig == UNPLACED:
        rows = [i for i, r in enumerate(reads) if r.contig < 0]
        owned = rows
    else:
        a, b = batch.owned_start, batch.owned_end
        placed = [i for i, r in enumerate(reads) if r.contig == batch.contig]
        rows = [i for i in placed if reads[i].start < b and reads[i].end > a]
        owned = [i for i in rows if a <= reads[i].start < b]
    got = [raw(batch, k) for k in range(len(batch))]
    if batch.contig == UNPLACED:  # these are cut anywhere
        first = next(i for i in rows if reads[i].raw == got[0])
        rows = owned = list(range(first, first + len(got)))
    assert got == [reads[i].raw for i in rows]
    assert batch.is_owned.tolist() == [i in set(owned) for i in rows]
    for name in ("contig", "start", "end", "flag"):
        column = getattr(batch, f"{name}s")
        assert column.tolist() == [getattr(reads[i], name) for i in rows]
    assert batch.mapq.tolist() == [reads[i].mapq for i in rows]
    place = {i: k for k, i in enumerate(rows)}
    assert batch.mates.tolist() == [place.get(mates[i], -1) for i in rows]
    hashes = {}
    for k, i in enumerate(rows):
        assert hashes.setdefault(reads[i].name, batch.names[k]) == batch.names[k] != 0
    assert len(set(hashes.values())) == len(hashes)
    return owned


def check_file(
    path: Path, reads: list[Read], batch_bytes: int, pieces: int, index: Path | None = None
) -> int:
    """Check all batches of a file; return the number of chunks."""
    mates = naive_mates(reads)
    owned: list[int] = []
    with closing(open_reads(path, index=index, batch_bytes=batch_bytes)) as file:
        chunks = file.chunks(pieces)
        for chunk in chunks:
            tiles: dict[int, list[tuple[int, int]]] = {}
            for batch in file.batches(chunk):
                owned += check_batch(batch, reads, mates)
                tiles.setdefault(batch.contig, []).append((batch.owned_start, batch.owned_end))
            tiles.pop(UNPLACED, None)
            for contig, spans in tiles.items():
                length = file.header.lengths[contig]
                start, end = (0, length) if chunk.contig == MIXED else (chunk.start, chunk.end)
                assert (spans[0][0], spans[-1][1]) == (start, end)
                assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert owned == list(range(len(reads)))
    return len(chunks)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32), block=st.sampled_from((97, 400, 3_000, 60_000)))
def test_batches_hold_what_overlaps_for_any_cut(
    seed: int, block: int, tmp_path_factory: pytest.TempPathFactory
):
    path = tmp_path_factory.mktemp("batches") / "reads.bam"
    simulate(path, seed, block)
    reads = naive_reads(path)
    for size in SIZES:
        check_file(path, reads, size, 1)
    for pieces in (3, 1000):
        check_file(path, reads, 700, pieces)


@pytest.mark.parametrize("pieces", [2, 5, 17, 400])
def test_chunks_of_an_index_hold_each_read_once(pieces: int, tmp_path: Path):
    path = tmp_path / "reads.bam"
    simulate(path, 7, 400)
    assert check_file(path, naive_reads(path), 5_000, pieces) >= min(pieces, 5)


def misled(path: Path, reads: list[Read], rng: np.random.Generator) -> bytes:
    """Return the index of a BAM in which some offsets are those of other records."""
    with BgzfFile(path) as file:
        blocks = [(offset, len(content)) for offset, content in file.blocks()]
    begins = np.cumsum([0] + [size for _, size in blocks])
    places = np.cumsum([0] + [len(r.raw) for r in reads])[:-1]
    places += begins[-1] - sum(len(r.raw) for r in reads)
    rows = np.searchsorted(begins, places, "right") - 1
    known = [blocks[k][0] << 16 | int(p - begins[k]) for k, p in zip(rows, places, strict=True)]
    index = bytearray(Path(f"{path}.bai").read_bytes())
    at = 8
    for _ in CONTIGS:
        bins = struct.unpack_from("<i", index, at)[0]
        at += 4
        for _ in range(bins):
            at += 8 + 16 * struct.unpack_from("<i", index, at + 4)[0]
        windows = struct.unpack_from("<i", index, at)[0]
        at += 4
        for _ in range(windows):
            if rng.random() < 0.15:
                old = struct.unpack_from("<Q", index, at)[0]
                row = int(np.searchsorted(known, old) + rng.integers(-6, 30))
                new = known[min(max(row, 0), len(known) - 1)]
                struct.pack_into("<Q", index, at, new)
            at += 8
    return bytes(index)


def test_an_index_that_misleads_is_seen_by_reading(tmp_path: Path):
    index, path = tmp_path / "misled.bai", tmp_path / "reads.bam"
    in_parts = refused = 0
    for seed in range(8):
        simulate(path, seed, 400)
        reads, rng = naive_reads(path), np.random.default_rng(seed)
        for _ in range(15):
            index.write_bytes(misled(path, reads, rng))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)
                try:
                    in_parts += check_file(path, reads, 3_000, 1000, index) > 1
                except InputError as error:
                    refused += "samtools index" in str(error)
    assert in_parts > 10
    assert refused > 5


def test_a_csi_cuts_like_a_bai(tmp_path: Path):
    path = tmp_path / "reads.bam"
    simulate(path, 7, 400)
    file = open_reads(path)
    by_bai = file.chunks(9)
    file.close()
    Path(f"{path}.bai").unlink()
    pysam.index("-c", str(path))
    assert check_file(path, naive_reads(path), 5_000, 9) > 4
    file = open_reads(path)
    assert {chunk.contig for chunk in file.chunks(9)} == {chunk.contig for chunk in by_bai}
    file.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_region_holds_the_reads_that_overlap_it(seed: int, tmp_path: Path):
    path = tmp_path / "reads.bam"
    simulate(path, seed, 400)
    reads = naive_reads(path)
    rng = np.random.default_rng(seed)
    with pysam.AlignmentFile(str(path)) as peer:
        file = open_reads(path, batch_bytes=900)
        for _ in range(40):
            name, length = list(CONTIGS.items())[rng.integers(4)]
            start, end = sorted(rng.integers(0, length + 1, 2).tolist())
            want = {
                (r.query_name, r.flag, r.reference_start) for r in peer.fetch(name, start, end)
            }
            got: set[tuple[str, int, int]] = set()
            for batch in file.fetch(name, start, end):
                check_batch(batch, reads, naive_mates(reads))
                rows = [raw(batch, k) for k in range(len(batch))]
                got |= {(r.name, r.flag, r.start) for r in reads if r.raw in rows}
            assert got == want
        file.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_file_sorted_by_name_gives_each_read_once_and_mates_together(
    size: int, tmp_path: Path
):
    path, by_name = tmp_path / "reads.bam", tmp_path / "by_name.bam"
    simulate(path, 7, 3_000)
    pysam.sort("-n", "-o", str(by_name), str(path))
    reads = naive_reads(by_name)
    file = open_reads(by_name, batch_bytes=size)
    assert not file.header.is_sorted
    got, pairs = [], set()
    for batch in file.batches(*file.chunks(4)):
        assert batch.contig == MIXED
        assert batch.is_owned.all()
        at = len(got)
        got += [raw(batch, k) for k in range(len(batch))]
        pairs |= {(at + k, at + int(m)) for k, m in enumerate(batch.mates) if m >= 0}
    file.close()
    assert got == [r.raw for r in reads]
    assert {(other, one) for one, other in pairs} == pairs
    assert len(pairs) > 20
    for one, other in pairs:
        assert reads[one].name == reads[other].name
        assert reads[one].contig == reads[other].contig
        assert reads[one].start < reads[other].end
    names = [r.name for r in reads]
    for i, r in enumerate(reads[:-1]):  # two primary records of one name that overlap
        mate = reads[i + 1]
        is_alone = names.count(r.name) == 2 and mate.name == r.name
        is_pair = not (r.flag | mate.flag) & UNPAIRABLE and r.contig == mate.contig
        if is_alone and is_pair and r.start < mate.end and mate.start < r.end:
            assert (i, i + 1) in pairs


def test_an_empty_chunk_of_a_contig_gives_no_batch(tmp_path: Path):
    path = tmp_path / "reads.bam"
    simulate(path, 7, 400)
    file = open_reads(path)
    assert all(isinstance(chunk, Chunk) for chunk in file.chunks(4))
    assert list(file.fetch("chr3", 0, 0)) == []
    file.close()
