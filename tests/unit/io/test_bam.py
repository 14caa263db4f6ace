"""Opening and reading a BAM: what is refused, with which words, and real files."""

import os
import shutil
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pysam
import pytest

from storiform.io.bam_header import says_unordered
from storiform.io.bgzf import EOF_BLOCK, BgzfFile
from storiform.io.read_files import inspect_reads, open_reads
from storiform.kernels import records
from storiform.model.errors import DataWarning, InputError
from storiform.model.genome import LENGTHS
from storiform.model.reads import MIXED, UNPLACED, Chunk

HEADER = {
    "HD": {"VN": "1.6", "SO": "coordinate"},
    "SQ": [{"SN": name, "LN": length} for name, length in LENGTHS["GRCh38"].items()],
    "RG": [{"ID": "1", "SM": "P01"}],
}
REMEDY = "samtools index"


def write(path: Path, header: dict[str, object] = HEADER, pairs: int = 3_000) -> Path:
    """Write pairs of reads on chr1 to chr3, one without a place, and the index."""
    rng = np.random.default_rng(3)
    made = pysam.AlignmentHeader.from_dict(header)
    reads = []
    for number in range(pairs):
        starts = sorted((50_000 * (number % 40) + rng.integers(0, 400, 2)).tolist())
        for mate in (0, 1):
            read = pysam.AlignedSegment(made)
            read.query_name, read.flag, read.mapping_quality = f"r{number}", [99, 147][mate], 60
            read.query_sequence = "".join(rng.choice(list("ACGT"), 100))
            read.query_qualities = rng.integers(2, 40, 100).astype(np.uint8)
            read.cigarstring = "100M"
            read.reference_id = read.next_reference_id = number % 3
            read.reference_start, read.next_reference_start = starts[mate], starts[1 - mate]
            reads.append(read)
    reads.sort(key=lambda read: (read.reference_id, read.reference_start))
    lost = pysam.AlignedSegment(made)
    lost.query_name, lost.flag, lost.query_sequence = "lost", 4, "ACGT"
    with pysam.AlignmentFile(str(path), "wb", header=made) as file:
        for read in [*reads, lost] if pairs else []:
            file.write(read)
    if header["HD"] == HEADER["HD"]:
        pysam.index(str(path))
    return path


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bam") / "tumour.bam")


@pytest.fixture
def bam(sound: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may spoil."""
    for suffix in ("", ".bai"):
        shutil.copy2(f"{sound}{suffix}", f"{tmp_path / sound.name}{suffix}")
    return tmp_path / sound.name


def read_all(path: Path, pieces: int = 1, **options: object) -> list[tuple[str, int, int]]:
    """Return name, flag and start of all reads that the batches own."""
    file = open_reads(path, **options)
    found = []
    try:
        for chunk in file.chunks(pieces):
            for batch in file.batches(chunk):
                for row in np.flatnonzero(batch.is_owned):
                    at = int(batch.offsets[row]) + records.FIXED
                    name = batch.data[at : at + int(batch.data[at - 24]) - 1].tobytes().decode()
                    found.append((name, int(batch.flags[row]), int(batch.starts[row])))
    finally:
        file.close()
    return found


def pysam_reads(path: Path) -> list[tuple[str, int, int]]:
    with pysam.AlignmentFile(str(path), check_sq=False) as file:
        reads = file.fetch(until_eof=True)
        return [(r.query_name, r.flag, r.reference_start) for r in reads]


def block_offsets(path: Path) -> list[int]:
    with BgzfFile(path) as file:
        return [offset for offset, _ in file.blocks()]


def test_the_header_is_told_in_canonical_names(bam: Path):
    file = open_reads(bam, role="normal", assay="rna")
    header = file.header
    file.close()
    assert header.contigs[:2] == ("chr1", "chr2")
    assert header.lengths[0] == LENGTHS["GRCh38"]["chr1"]
    assert header.samples == ("P01",)
    assert (header.build, header.role, header.assay) == ("GRCh38", "normal", "rna")
    assert header.is_sorted


def test_contigs_without_prefix_get_it_and_a_second_chrm_keeps_its_name(tmp_path: Path):
    names = ("1", "chrM", "MT", "GL1")
    header = {"HD": HEADER["HD"], "SQ": [{"SN": name, "LN": 2_100_000} for name in names]}
    file = open_reads(write(tmp_path / "x.bam", header))
    assert file.header.contigs == ("chr1", "chrM", "MT", "GL1")
    assert file.header.written == names
    file.close()


def test_all_reads_come_once_for_any_number_of_chunks(bam: Path):
    want = pysam_reads(bam)
    for pieces in (1, 2, 7):
        assert read_all(bam, pieces) == want
    file = open_reads(bam)
    assert file.chunks(1) == (Chunk(MIXED),)
    chunks = file.chunks(6)
    file.close()
    assert len(chunks) >= 6
    assert chunks[-1].contig == UNPLACED


def test_threads_may_read_chunks_at_once(bam: Path):
    with closing(open_reads(bam, batch_bytes=20_000)) as file:

        def count(chunk: Chunk) -> int:
            return sum(int(batch.is_owned.sum()) for batch in file.batches(chunk))

        with ThreadPoolExecutor(4) as pool:
            counts = list(pool.map(count, file.chunks(12)))
    assert sum(counts) == len(pysam_reads(bam))


def test_a_missing_end_block_is_a_truncated_file(bam: Path):
    bam.write_bytes(bam.read_bytes()[: -len(EOF_BLOCK)])
    with pytest.raises(InputError, match=r"tumour\.bam: found a truncated file"):
        open_reads(bam)


def test_a_file_cut_in_a_block_is_refused_with_and_without_end_block(bam: Path):
    content = bam.read_bytes()
    cut = content[: len(content) // 2]
    bam.write_bytes(cut)
    with pytest.raises(InputError, match="truncated"):
        open_reads(bam)
    bam.write_bytes(cut + EOF_BLOCK)
    with pytest.raises(InputError, match=r"tumour.bam, block at byte \d+: found"):
        read_all(bam)


def rewrite(source: Path, path: Path, change: Callable[[bytes], bytes]) -> Path:
    """Write a BAM whose blocks and checksums are sound, but its content is not."""
    with BgzfFile(source) as file:
        content = b"".join(bytes(part) for _, part in file.blocks())
    with pysam.BGZFile(str(path), "w") as changed:
        changed.write(change(content))
    return path


def test_a_file_that_ends_within_a_record_is_refused(bam: Path, tmp_path: Path):
    for cut in (1, 40, 200, 3_000):
        path = rewrite(bam, tmp_path / "cut.bam", lambda content, cut=cut: content[:-cut])
        with pytest.raises(InputError, match="found a truncated record"):
            read_all(path)


def test_an_index_behind_the_end_of_the_file_tells_of_a_cut(bam: Path):
    content, offsets = bam.read_bytes(), block_offsets(bam)
    bam.write_bytes(content[: offsets[len(offsets) // 2]] + EOF_BLOCK)
    os.utime(f"{bam}.bai")
    with pytest.raises(InputError, match=r"behind the end of the file.*Copy the file again"):
        inspect_reads(bam, index=None, reference=None, build="GRCh38")


@pytest.mark.parametrize("place", ["head", "body", "checksum", "size"])
def test_a_flipped_byte_is_named_with_its_block(place: str, bam: Path):
    content = bytearray(bam.read_bytes())
    offsets = block_offsets(bam)
    block, following = offsets[3], offsets[4]
    at = {"head": block + 2, "body": block + 999, "checksum": following - 6,
          "size": following - 2}[place]  # fmt: skip
    content[at] ^= 0x11
    bam.write_bytes(content)
    with pytest.raises(InputError, match=f"tumour.bam, block at byte {block}: found"):
        read_all(bam)


def test_a_zeroed_block_is_refused(bam: Path):
    content = bytearray(bam.read_bytes())
    first, last = block_offsets(bam)[2:4]
    content[first:last] = bytes(last - first)
    bam.write_bytes(content)
    with pytest.raises(InputError, match=f"block at byte {first}: found bytes 00000000"):
        read_all(bam)


def test_an_unsorted_file_that_claims_to_be_sorted_names_the_record(tmp_path: Path):
    path = tmp_path / "wrong.bam"
    made = pysam.AlignmentHeader.from_dict(HEADER)
    with pysam.AlignmentFile(str(path), "wb", header=made) as file:
        for number, start in enumerate((100, 200, 300, 250, 400)):
            read = pysam.AlignedSegment(made)
            read.query_name, read.query_sequence, read.cigarstring = f"r{number}", "ACGT", "4M"
            read.flag, read.reference_id, read.reference_start = 0, 0, start
            file.write(read)
    with pytest.raises(InputError, match=r"record 4, block.*begins before.*samtools sort"):
        read_all(path)


def test_a_file_without_a_stated_order_is_judged_by_its_first_reads(bam: Path, tmp_path: Path):
    header = {**HEADER, "HD": {"VN": "1.6"}}
    path = tmp_path / "silent.bam"
    with pysam.AlignmentFile(str(bam)) as source:
        reads = list(source.fetch(until_eof=True))
    for order, is_sorted in ((reads, True), (reads[::-1], False)):
        with pysam.AlignmentFile(str(path), "wb", header=header) as file:
            for read in order:
                file.write(read)
        file = open_reads(path)
        assert file.header.is_sorted is is_sorted
        file.close()
        assert read_all(path, 3 * (not is_sorted)) == pysam_reads(path)


def test_a_missing_index_means_one_stream_and_a_warning(bam: Path):
    Path(f"{bam}.bai").unlink()
    file = open_reads(bam)
    assert file.chunks(1) == (Chunk(MIXED),)
    with pytest.warns(DataWarning, match=f"one thread.*no index.*{REMEDY}"):
        assert file.chunks(4) == (Chunk(MIXED),)
    with pytest.raises(InputError, match=f"no index.*{REMEDY}"):
        next(file.fetch("chr1", 0, 100))
    file.close()


def test_an_older_index_is_not_used(bam: Path):
    index = Path(f"{bam}.bai")
    os.utime(index, (index.stat().st_atime, bam.stat().st_mtime - 60))
    file = open_reads(bam)
    with pytest.warns(DataWarning, match=r"tumour.bam.bai older than itself"):
        assert file.chunks(4) == (Chunk(MIXED),)
    with pytest.raises(InputError, match="older"):
        next(file.fetch("chr1", 0, 100))
    file.close()


def test_an_index_may_lie_anywhere_if_it_is_named(bam: Path, tmp_path: Path):
    Path(f"{bam}.bai").rename(tmp_path / "elsewhere.bai")
    file = open_reads(bam, index=tmp_path / "elsewhere.bai")
    assert len(file.chunks(4)) > 3
    file.close()


def test_an_index_of_other_contigs_is_not_used(bam: Path, tmp_path: Path):
    header = {**HEADER, "SQ": HEADER["SQ"][:5]}
    other = write(tmp_path / "other.bam", header)
    file = open_reads(bam, index=Path(f"{other}.bai"))
    with pytest.warns(DataWarning, match="5 contigs, expected 24 as in its header"):
        assert file.chunks(4) == (Chunk(MIXED),)
    file.close()


def test_an_index_of_another_file_never_loses_reads(bam: Path, tmp_path: Path):
    want = pysam_reads(bam)
    refused = 0
    for pairs in (40, 1_500, 2_990, 3_001, 6_000):
        other = write(tmp_path / "other.bam", pairs=pairs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            try:
                found = read_all(bam, 6, index=Path(f"{other}.bai"))
            except InputError as error:
                found, refused = want, refused + (REMEDY in str(error))
            assert found == want
    assert refused < 5


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "negative"])
def test_a_damaged_index_is_not_used(damage: str, bam: Path):
    index = Path(f"{bam}.bai")
    content = index.read_bytes()
    index.write_bytes({
        "cut": content[: len(content) // 2], "text": b"no index at all", "empty": b"",
        "negative": content[:4] + b"\xff" * 8 + content[12:],
    }[damage])  # fmt: skip
    file = open_reads(bam)
    with pytest.warns(DataWarning, match=r"tumour\.bam\.bai: found .*index"):
        assert file.chunks(4) == (Chunk(MIXED),)
    file.close()
    assert read_all(bam) == pysam_reads(bam)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:9\n", "SAM text.*samtools view -b"),
        (b"@read1\nACGT\n+\nIIII\n", "FASTQ.*Align"),
        (b">chr1\nACGT\n", "FASTA"),
        (b"", "empty file"),
        (b"BAM\x01\0\0", "without BGZF.*samtools view -b"),
        (b"sample,patient\n", "begins with b'sample,p'"),
    ],
)
def test_another_format_is_named(content: bytes, words: str, tmp_path: Path):
    path = tmp_path / "reads.bam"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        open_reads(path)
    if content:
        packer = zlib.compressobj(wbits=31)
        path.write_bytes(packer.compress(content) + packer.flush())
        with pytest.raises(InputError, match=r"found .*(compressed|in blocks)"):
            open_reads(path)


def test_a_compressed_vcf_is_no_bam(tmp_path: Path):
    path = tmp_path / "calls.vcf.gz"
    with pysam.BGZFile(str(path), "w") as file:
        file.write(b"##fileformat=VCFv4.2\n")
    with pytest.raises(InputError, match="begins with b'##filefo'"):
        open_reads(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path):
    with pytest.raises(InputError, match="found no file"):
        open_reads(tmp_path / "nowhere.bam")
    with pytest.raises(InputError, match="folder"):
        open_reads(tmp_path)


def test_inspection_passes_a_sound_file_and_tells_its_samples(bam: Path):
    header = inspect_reads(bam, index=None, reference=None, build="GRCh38")
    assert header.samples == ("P01",)


def test_inspection_refuses_another_build(bam: Path):
    with pytest.raises(InputError, match="contig lengths of GRCh38, expected GRCh37"):
        inspect_reads(bam, index=None, reference=None, build="GRCh37")


def test_inspection_refuses_the_reads_of_two_samples(tmp_path: Path):
    header = {**HEADER, "RG": [{"ID": "1", "SM": "P01"}, {"ID": "2", "SM": "P02"}]}
    path = write(tmp_path / "two.bam", header)
    with pytest.raises(InputError, match=r"two.bam, header: .*of 2 samples: P01, P02"):
        inspect_reads(path, index=None, reference=None, build="GRCh38")


def test_inspection_refuses_a_file_without_reads_or_human_contigs(tmp_path: Path):
    path = write(tmp_path / "empty.bam", pairs=0)
    assert read_all(path, 4) == []
    with pytest.raises(InputError, match="found no reads"):
        inspect_reads(path, index=None, reference=None, build="GRCh38")
    header = {**HEADER, "SQ": [{"SN": f"phage{n}", "LN": 3_000_000} for n in range(9)]}
    path = write(tmp_path / "phage.bam", header)
    with pytest.raises(InputError, match=r"contigs phage0, phage1.*at least one of chr1"):
        inspect_reads(path, index=None, reference=None, build="GRCh38")


def test_inspection_warns_without_an_index(bam: Path):
    Path(f"{bam}.bai").unlink()
    with pytest.warns(DataWarning, match="will be read by one thread"):
        inspect_reads(bam, index=None, reference=None, build="GRCh38")


def test_an_unknown_contig_of_a_region_is_named(bam: Path):
    file = open_reads(bam)
    with pytest.raises(InputError, match="no contig chr77"):
        next(file.fetch("chr77", 0, 10))
    file.close()


def test_the_same_contig_twice_in_a_header_is_refused(bam: Path, tmp_path: Path):
    path = rewrite(bam, tmp_path / "twice.bam", lambda c: c.replace(b"chr2\0", b"chr1\0", 1))
    with pytest.raises(InputError, match="two contigs chr1"):
        open_reads(path)


@pytest.mark.parametrize(
    ("order", "is_unordered"), [("coordinate", False), ("queryname", True), ("unsorted", True)]
)
def test_a_header_says_whether_its_records_are_out_of_order(
    tmp_path: Path, order: str, is_unordered
):
    path = tmp_path / "some.bam"
    header = {"HD": {"VN": "1.6", "SO": order}, "SQ": [{"SN": "chr1", "LN": 1000}]}
    pysam.AlignmentFile(str(path), "wb", header=header).close()
    assert says_unordered(path) is is_unordered
    path.write_bytes(b"no BAM")
    assert says_unordered(path) is False
