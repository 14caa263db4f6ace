"""A thousand damaged files of reads: refused in plain words, or read as if they were sound.

Nothing else may happen: no other exception, no hang, no reading outside a record, no record
lost or changed without a word. The damage is drawn from fixed seeds. To look for reads
outside of arrays, run this file with NUMBA_BOUNDSCHECK=1.
"""

import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest

from storiform.io.bgzf import EOF_BLOCK
from storiform.io.read_files import open_reads
from storiform.model.errors import DataWarning, InputError
from storiform.model.reads import RecordBatch

Random = np.random.Generator
Row = tuple[int, int, int, int, bytes]
LENGTHS = {"chr1": 300_000, "chr2": 90_000}


def bgzf(content: bytes, size: int = 4_000) -> list[bytes]:
    """Return the blocks of a BGZF file, the closing one last."""
    blocks = []
    for at in range(0, len(content), size):
        part = content[at : at + size]
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        body = packer.compress(part) + packer.flush()
        head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0"
        foot = struct.pack("<II", zlib.crc32(part), len(part))
        blocks.append(head + struct.pack("<H", len(body) + 25) + body + foot)
    return [*blocks, EOF_BLOCK]


def inflated(data: bytes) -> bytes:
    content = b""
    while data:
        block = zlib.decompressobj(31)
        content += block.decompress(data)
        data = block.unused_data
    return content


def owned(path: Path, pieces: int, **options: object) -> list[Row]:
    """Read a file; every record is checked by hand on the way."""
    rows: list[Row] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        file = open_reads(path, batch_bytes=9_000, **options)
        try:
            for chunk in file.chunks(pieces):
                for batch in file.batches(chunk):
                    rows += owned_of(batch, len(file.header.contigs))
        finally:
            file.close()
    return rows


def owned_of(batch: RecordBatch, contigs: int) -> list[Row]:
    data, rows = batch.data.tobytes(), []
    for row in np.flatnonzero(batch.is_owned):
        at = int(batch.offsets[row])
        (size,) = struct.unpack_from("<i", data, at)
        record = data[at + 4 : at + 4 + size]
        check_record(record, contigs)
        place = (int(batch.contigs[row]), int(batch.starts[row]), int(batch.ends[row]))
        rows.append((*place, int(batch.flags[row]), record))
        mate = int(batch.mates[row])
        assert mate == -1 or int(batch.mates[mate]) == row
    return rows


def check_record(record: bytes, contigs: int) -> None:
    """Check by hand that all fields that kernels read lie in a record."""
    contig, _, name, _, _, operations, _, bases, mate = struct.unpack_from("<iiBBHHHii", record)
    assert -1 <= contig < contigs
    assert -1 <= mate < contigs
    assert name > 0
    assert bases >= 0
    assert 32 + name + 4 * operations + (bases + 1) // 2 + bases <= len(record)
    assert record[31 + name] == 0
    words = struct.unpack_from(f"<{operations}I", record, 32 + name)
    assert all(word & 15 <= 8 for word in words)
    if operations and bases:
        assert bases == sum(word >> 4 for word in words if word & 15 in (0, 1, 4, 7, 8))


def flip(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    for at in rng.integers(0, len(data), int(rng.integers(1, 4))):
        changed[at] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def overwrite(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    at = int(rng.integers(len(data)))
    changed[at] = int(rng.choice([0, 1, 127, 128, 254, 255]))
    return bytes(changed)


def blank(data: bytes, rng: Random) -> bytes:
    at = int(rng.integers(len(data)))
    size = min(int(rng.integers(1, 3_000)), len(data) - at)
    return data[:at] + bytes(size) + data[at + size :]


def cut(data: bytes, rng: Random) -> bytes:
    return data[: int(rng.integers(len(data)))]


def cut_and_close(data: bytes, rng: Random) -> bytes:
    return cut(data, rng) + EOF_BLOCK


def insert(data: bytes, rng: Random) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] + rng.bytes(int(rng.integers(1, 40))) + data[at:]


def leave_out(data: bytes, rng: Random) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] + data[at + int(rng.integers(1, 400)) :]


def big_number(data: bytes, rng: Random) -> bytes:
    at = int(rng.integers(len(data) - 4))
    number = int(rng.choice([-1, -(1 << 31), (1 << 31) - 1, 1 << 24, 65_535, 0]))
    return data[:at] + struct.pack("<i", number) + data[at + 4 :]


def swap(data: bytes, rng: Random) -> bytes:
    """Exchange two parts; in a BAM, two of its blocks."""
    if not data.startswith(b"\x1f\x8b"):
        a, b, c = sorted(rng.integers(0, len(data), 3).tolist())
        return data[:a] + data[b:c] + data[a:b] + data[c:]
    blocks = bgzf(inflated(data))
    one, other = rng.choice(len(blocks) - 1, 2, replace=False)
    blocks[one], blocks[other] = blocks[other], blocks[one]
    return b"".join(blocks)


DAMAGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(flip, overwrite, blank, cut, cut_and_close, insert, leave_out, big_number, swap),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small BAM of many blocks with its index, and a CRAM with its reference."""
    made = tmp_path_factory.mktemp("hostile")
    rng = np.random.default_rng(8)
    bases = {name: "".join(rng.choice(list("ACGT"), n)) for name, n in LENGTHS.items()}
    fasta = made / "reference.fa"
    fasta.write_text("".join(f">{name}\n{text}\n" for name, text in bases.items()))
    pysam.faidx(str(fasta))
    header = pysam.AlignmentHeader.from_dict({
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": length} for name, length in LENGTHS.items()],
    })  # fmt: skip
    reads = []
    for number in range(140):
        contig = number % 2
        starts = sorted(((number // 20) * 12_000 + rng.integers(0, 150, 2)).tolist())
        for mate in (0, 1):
            read = pysam.AlignedSegment(header)
            read.query_name, read.flag, read.mapping_quality = f"r{number}", [99, 147][mate], 60
            read.reference_id = read.next_reference_id = contig
            read.reference_start, read.next_reference_start = starts[mate], starts[1 - mate]
            text = bases[header.references[contig]][starts[mate] : starts[mate] + 70]
            read.query_sequence = text if number % 7 else text[:40] + "TTTTT" + text[40:65]
            read.query_qualities = rng.integers(2, 40, 70).astype(np.uint8)
            read.cigarstring = "70M" if number % 7 else "40M5I20M5S"
            read.set_tag("NM", 0)
            reads.append(read)
    reads.sort(key=lambda read: (read.reference_id, read.reference_start))
    for mate in (0, 1):
        read = pysam.AlignedSegment(header)
        read.query_name, read.flag, read.query_sequence = "lost", [77, 141][mate], "ACGTA"
        reads.append(read)
    path = made / "sound.bam"
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for read in reads:
            file.write(read)
    cram = str(made / "sound.cram")
    with pysam.AlignmentFile(cram, "wc", header=header, reference_filename=str(fasta)) as file:
        for read in reads:
            file.write(read)
    path.write_bytes(b"".join(bgzf(inflated(path.read_bytes()))))
    pysam.index(str(path))
    assert 20_000 < path.stat().st_size < 60_000
    return made


def damaged(data: bytes, count: int, seed: int) -> list[bytes]:
    """Damage a file in so many ways, each kind equally often."""
    rng = np.random.default_rng(seed)
    changed = [DAMAGES[number % len(DAMAGES)](data, rng) for number in range(count)]
    return [content for content in changed if content != data]


def outcome(path: Path, pieces: int, **options: object) -> list[Row] | str:
    """Return the records of a file, or why it was refused."""
    try:
        return owned(path, pieces, **options)
    except InputError as error:
        return str(error)


def test_damaged_files_are_refused_or_read_as_if_sound(folder: Path, tmp_path: Path):
    index, sound = folder / "sound.bam.bai", owned(folder / "sound.bam", 1)
    assert owned(folder / "sound.bam", 5) == sound
    path = tmp_path / "damaged.bam"
    found = []
    for number, content in enumerate(damaged((folder / "sound.bam").read_bytes(), 400, 1)):
        path.write_bytes(content)
        found.append(outcome(path, 1 + 4 * (number % 2), index=index))
    assert all(f == sound or "damaged.bam" in f for f in found)
    assert sum(isinstance(f, str) for f in found) > 350


def test_damaged_records_in_sound_blocks_are_refused_or_lie_in_the_file(
    folder: Path, tmp_path: Path
):
    content = inflated((folder / "sound.bam").read_bytes())
    path = tmp_path / "damaged.bam"
    found = []
    for changed in damaged(content, 300, 2):
        path.write_bytes(b"".join(bgzf(changed)))
        found.append(outcome(path, 1))
    assert all("damaged.bam" in f for f in found if isinstance(f, str))
    assert 100 < sum(isinstance(f, str) for f in found) < 290


def test_damaged_indexes_never_lose_or_repeat_a_read(folder: Path, tmp_path: Path):
    sound = owned(folder / "sound.bam", 1)
    index = tmp_path / "damaged.bai"
    found = []
    for changed in damaged((folder / "sound.bam.bai").read_bytes(), 200, 3):
        index.write_bytes(changed)
        found.append(outcome(folder / "sound.bam", 6, index=index))
    assert all(f == sound or "samtools index" in f for f in found)


def test_damaged_crams_are_refused_or_read_as_if_sound(folder: Path, tmp_path: Path):
    fasta, path = folder / "reference.fa", tmp_path / "damaged.cram"
    sound = owned(folder / "sound.cram", 1, reference=fasta)
    assert len(sound) == len(owned(folder / "sound.bam", 1))
    found = []
    for changed in damaged((folder / "sound.cram").read_bytes(), 150, 4):
        path.write_bytes(changed)
        found.append(outcome(path, 1, reference=fasta))
    assert all(f == sound or "damaged.cram" in f for f in found)
    assert sum(isinstance(f, str) for f in found) > 100
