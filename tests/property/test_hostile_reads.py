"""A thousand damaged files of reads: refused in plain words, or read as if they were sound.

Nothing else may happen: no other exception, no hang, no reading outside a record, no record
lost or changed without a word. The damage is drawn from fixed seeds. The last test runs
those of records once more with all places in arrays checked.
"""

import gzip
import os
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from contextlib import closing
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
    content = inflated(data)
    blocks = bgzf(content, min(4_000, len(content) // 4))
    one, other = rng.choice(len(blocks) - 1, 2, replace=False)
    blocks[one], blocks[other] = blocks[other], blocks[one]
    return b"".join(blocks)


def fill(data: bytes, rng: Random) -> bytes:
    """Set some bytes to ff."""
    at = int(rng.integers(len(data)))
    size = min(int(rng.integers(1, 17)), len(data) - at)
    return data[:at] + b"\xff" * size + data[at + size :]


def beyond(data: bytes, rng: Random) -> bytes:
    """Put an offset behind the end of any file of these tests."""
    at = int(rng.integers(len(data) - 8))
    return (
        data[:at]
        + struct.pack("<q", int(rng.integers(1 << 20, 1 << 40)) << 16)
        + data[at + 8 :]
    )


DAMAGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(flip, overwrite, blank, cut, cut_and_close, insert, leave_out, big_number, swap),
    *(fill, beyond),
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


REGIONS = (
    *(("chr1", 0, 100), ("chr1", 20_000, 40_000), ("chr1", 72_050, 72_060)),
    *(("chr1", 280_000, 300_000), ("chr2", 0, 90_000), ("chr2", 48_100, 60_050)),
)


def overlapping(rows: list[Row], region: tuple[str, int, int]) -> set[bytes]:
    name, start, end = region
    contig = list(LENGTHS).index(name)
    return {record for c, s, e, _, record in rows if c == contig and s < end and e > start}


def fetched(path: Path, region: tuple[str, int, int], **options: object) -> set[bytes] | str:
    """Return the records of a region, or why it was refused."""
    found: set[bytes] = set()
    with closing(open_reads(path, batch_bytes=3_000, **options)) as file:
        try:
            for batch in file.fetch(*region):
                data = batch.data.tobytes()
                for at in batch.offsets.tolist():
                    found.add(data[at + 4 : at + 4 + struct.unpack_from("<i", data, at)[0]])
        except InputError as error:
            return str(error)
    return found


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reading of a region begin on its own contig, though that is short."""
    monkeypatch.setattr("storiform.io.bam._REACH", 20_000)


def indexes(folder: Path, kind: str) -> list[bytes]:
    """Return damaged indexes of a BAM, and those of another file with the same contigs."""
    whole, other = folder / "sound.bam", folder / "other.bam"
    with pysam.AlignmentFile(str(whole)) as source:
        header, reads = source.header, list(source.fetch(until_eof=True))
    with pysam.AlignmentFile(str(other), "wb", header=header) as file:
        for number, read in enumerate(reads):
            if number % 3:
                file.write(read)
    made = []
    for path in (whole, other):
        index = folder / f"made.{kind[:3]}"
        pysam.index(*(("-c", "-m", "12") if kind != "bai" else ()), str(path), str(index))
        made.append(index.read_bytes())
    if kind == "bai":
        return [made[1], *damaged(made[0], 330, 3)]
    content = inflated(made[0])
    if kind == "csi":
        return [made[1], *damaged(b"".join(bgzf(content, 90)), 170, 5)]
    return [b"".join(bgzf(part)) for part in damaged(content, 170, 6)]


@pytest.mark.parametrize("kind", ["bai", "csi", "csi of damaged content"])
@pytest.mark.usefixtures("near")
def test_damaged_indexes_never_lose_or_repeat_a_read(folder: Path, tmp_path: Path, kind: str):
    sound = owned(folder / "sound.bam", 1)
    index = tmp_path / f"damaged.{kind[:3]}"
    found, regions = [], []
    for number, changed in enumerate(indexes(folder, kind)):
        index.write_bytes(changed)
        found.append(outcome(folder / "sound.bam", 6, index=index))
        region = REGIONS[number % len(REGIONS)]
        records = fetched(folder / "sound.bam", region, index=index)
        regions.append(records if isinstance(records, str) else "sound")
        assert isinstance(records, str) or records == overlapping(sound, region), changed
    assert all(f == sound or "samtools index" in f for f in found)
    assert all(r == "sound" or "samtools index" in r for r in regions)
    assert sum(r != "sound" for r in regions) > len(regions) / 2


@pytest.mark.usefixtures("near")
@pytest.mark.parametrize("kind", ["bai", "csi"])
def test_regions_by_a_sound_index_hold_all_that_overlap_them(
    folder: Path, tmp_path: Path, kind: str
):
    sound = owned(folder / "sound.bam", 1)
    index = tmp_path / f"sound.{kind}"
    options = ("-c", "-m", "12") if kind == "csi" else ()
    pysam.index(*options, str(folder / "sound.bam"), str(index))
    for region in REGIONS:
        assert fetched(folder / "sound.bam", region, index=index) == overlapping(sound, region)
    assert sum(len(overlapping(sound, region)) for region in REGIONS) > 150
    assert owned(folder / "sound.bam", 6, index=index) == sound


def test_damaged_indexes_of_a_cram_are_told_and_change_no_read(folder: Path, tmp_path: Path):
    fasta, path = folder / "reference.fa", tmp_path / "sound.cram"
    path.write_bytes((folder / "sound.cram").read_bytes())
    pysam.index(str(path))
    index = Path(f"{path}.crai")
    content = index.read_bytes()
    text = gzip.decompress(content)
    with closing(open_reads(path, reference=fasta)) as file:
        file.check_index()
    sound = owned(path, 1, reference=fasta)
    changed = damaged(content, 50, 7) + [gzip.compress(c) for c in damaged(text, 50, 8)]
    told = []
    for number, damage in enumerate(changed):
        index.write_bytes(damage)
        assert owned(path, 1 + number % 2, reference=fasta) == sound
        region = REGIONS[number % len(REGIONS)]
        assert fetched(path, region, reference=fasta) == overlapping(sound, region)
        with closing(open_reads(path, reference=fasta)) as file:
            try:
                file.check_index()
            except InputError as error:
                told.append(str(error))
    assert all("samtools index" in message for message in told)
    assert len(told) > 85


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


@pytest.mark.slow
def test_no_place_outside_of_an_array_is_read():
    environment = {n: value for n, value in os.environ.items() if n != "NUMBA_CACHE_DIR"}
    environment |= {"NUMBA_BOUNDSCHECK": "1", "PYTEST_ADDOPTS": "-p no:xdist"}
    chosen = "damaged_records or damaged_files"
    command = [sys.executable, "-m", "pytest", "-q", __file__, "-k", chosen]
    done = subprocess.run(  # noqa: S603  our own tests
        command, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3_000:]
