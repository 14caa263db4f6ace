"""Regions of a BAM, found by its index and proved by the order of its records."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pysam
import pytest

from storiform.io.read_files import open_reads
from storiform.model.errors import InputError


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write reads on three of four contigs, in clusters 50,000 bases apart."""
    path = tmp_path_factory.mktemp("regions") / "tumour.bam"
    rng = np.random.default_rng(3)
    header = pysam.AlignmentHeader.from_dict({
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": f"chr{number}", "LN": 3_000_000} for number in (1, 2, 3, 4)],
    })  # fmt: skip
    places = [
        (number % 3, 50_000 * (number % 40) + int(rng.integers(0, 400)))
        for number in range(6_000)
    ]
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for number, (contig, start) in enumerate(sorted(places)):
            read = pysam.AlignedSegment(header)
            read.query_name, read.flag, read.mapping_quality = f"r{number}", 0, 60
            read.query_sequence = "".join(rng.choice(list("ACGT"), 100))
            read.cigarstring, read.reference_id, read.reference_start = "100M", contig, start
            file.write(read)
    return path


@pytest.fixture
def bam(sound: Path, tmp_path: Path) -> Path:
    path = tmp_path / sound.name
    path.write_bytes(sound.read_bytes())
    pysam.index(str(path))
    return path


@pytest.mark.parametrize("kind", ["bai", "csi"])
@pytest.mark.parametrize("reach", [400, 60_000, 1 << 20])
def test_a_region_holds_all_that_overlap_it_wherever_its_reading_begins(
    bam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, reach: int
):
    """Most windows of the index have no read, so that it names there the next one."""
    monkeypatch.setattr("storiform.io.bam._REACH", reach)
    index = tmp_path / f"made.{kind}"
    pysam.index(*(("-c",) if kind == "csi" else ()), str(bam), str(index))
    rng = np.random.default_rng(reach)
    some = 0
    with closing(open_reads(bam, index=index)) as file, pysam.AlignmentFile(str(bam)) as peer:
        for number in range(60):
            contig = f"chr{1 + number % 4}"
            start = int(50_000 * rng.integers(41) + rng.integers(-200, 500))
            end = start + int(rng.choice([1, 90, 120_000]))
            want = {(r.flag, r.reference_start) for r in peer.fetch(contig, max(start, 0), end)}
            batches = file.fetch(contig, start, end)
            got = {
                (int(f), int(s))
                for b in batches
                for f, s in zip(b.flags, b.starts, strict=True)
            }
            assert got == want
            some += len(want)
    assert some > 1_000


def test_a_region_of_a_file_out_of_order_is_refused(bam: Path, tmp_path: Path):
    path = tmp_path / "by_name.bam"
    pysam.sort("-n", "-o", str(path), str(bam))
    Path(f"{bam}.bai").touch()
    with (
        closing(open_reads(path, index=Path(f"{bam}.bai"))) as file,
        pytest.raises(InputError, match="found reads out of order, expected coordinate order"),
    ):
        next(file.fetch("chr1", 0, 100))
