"""Real BAMs of several aligners: every read once, mates as a naive twin, regions."""

import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import numpy as np
import pysam
import pytest

from storiform.io.read_files import inspect_reads, open_reads
from storiform.model.genome import Build
from storiform.model.reads import MIXED, Chunk

UNPAIRABLE = 4 | 8 | 256 | 2048
Row = tuple[str, int, int, int]


def real_bams(real_data: Path) -> list[Path]:
    folders = ("hcc1395", "osteosarcoma_cc0", "rna", "fusion")
    found = [path for folder in folders for path in sorted((real_data / folder).glob("*.bam"))]
    assert len(found) > 20
    return found


def read_all(
    path: Path, pieces: int, batch_bytes: int
) -> tuple[list[Row], set[frozenset[int]]]:
    """Return the reads that the batches own, and pairs of mates by their place in the file."""
    rows: list[Row] = []
    pairs: set[frozenset[int]] = set()
    file = open_reads(path, batch_bytes=batch_bytes)
    for chunk in file.chunks(pieces):
        for batch in file.batches(chunk):
            numbers = np.full(len(batch), -1)
            for row in np.flatnonzero(batch.is_owned):
                at = int(batch.offsets[row]) + 36
                name = batch.data[at : at + int(batch.data[at - 24]) - 1].tobytes().decode()
                numbers[row] = len(rows)
                place = (int(batch.starts[row]), int(batch.ends[row]))
                rows.append((name, int(batch.flags[row]), *place))
            assert (batch.mates[batch.mates[batch.mates >= 0]] >= 0).all()
            for row in np.flatnonzero((batch.mates >= 0) & batch.is_owned):
                mate = numbers[batch.mates[row]]
                pairs |= {frozenset((int(numbers[row]), int(mate)))} if mate >= 0 else set()
    file.close()
    return rows, pairs


def naive(path: Path) -> tuple[list[Row], set[frozenset[int]]]:
    """Return the same from pysam: a read waits for a mate that it says begins inside it."""
    rows: list[Row] = []
    pairs: set[frozenset[int]] = set()
    waiting: dict[tuple[str, int, int], int] = {}
    with pysam.AlignmentFile(str(path), check_sq=False) as file:
        for i, r in enumerate(file.fetch(until_eof=True)):
            end = r.reference_end if r.reference_end and not r.is_unmapped else None
            end = end or r.reference_start + 1
            rows.append((r.query_name, r.flag, r.reference_start, end))
            is_pairable = r.flag & 1 and not r.flag & UNPAIRABLE and r.flag & 192 in (64, 128)
            if not is_pairable or r.next_reference_id != r.reference_id:
                continue
            key = (r.query_name, r.reference_id, r.flag & 192)
            j = waiting.get((*key[:2], key[2] ^ 192), -1)
            if j >= 0 and r.next_reference_start <= r.reference_start < rows[j][3]:
                pairs.add(frozenset((waiting.pop((*key[:2], key[2] ^ 192)), i)))
            elif r.reference_start <= r.next_reference_start < end:
                waiting[key] = i
    return rows, pairs


def test_all_reads_of_real_files_come_once_with_their_mates(real_data: Path):
    pairs = 0
    for path in real_bams(real_data):
        rows, mates = naive(path)
        assert read_all(path, 1, 1 << 30) == (rows, mates), path.name
        in_parts, some_mates = read_all(path, 8, 20_000)
        assert in_parts == rows, path.name
        assert some_mates <= mates
        pairs += len(mates)
    assert pairs > 20_000


def test_regions_of_real_files_equal_those_of_samtools(real_data: Path):
    if shutil.which("samtools") is None:
        pytest.skip("samtools is not installed")
    rng = np.random.default_rng(1)
    for path in real_bams(real_data)[::3]:
        file = open_reads(path)
        batches = file.batches(Chunk(MIXED))
        places = [(b.contig, int(rng.choice(b.starts))) for b in batches if b.contig >= 0]
        for contig, start in places[:5]:
            name = file.header.written[contig]
            end = start + int(rng.integers(1, 500))
            command = ["samtools", "view", "-c", str(path), f"{name}:{start + 1}-{end}"]
            answer = subprocess.run(command, capture_output=True, check=True)  # noqa: S603  ours
            peer = int(answer.stdout)
            assert sum(len(batch) for batch in file.fetch(name, start, end)) == peer > 0
        file.close()


def test_real_files_pass_inspection_and_tell_their_build(real_data: Path):
    found = set()
    for path in real_bams(real_data):
        build = "GRCh37" if "grch37" in path.name else open_build(path)
        header = inspect_reads(path, index=None, reference=None, build=build)
        assert len(header.samples) <= 1
        found.add(header.build)
    assert found == {"GRCh37", "GRCh38"}


def open_build(path: Path) -> Build:
    with closing(open_reads(path)) as file:
        assert file.header.build is not None, path.name
        return file.header.build
