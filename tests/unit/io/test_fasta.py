"""The reference genome, its index, and the bases that it gives."""

import gzip
import os
import re
from pathlib import Path

import numpy as np
import pysam
import pytest

from storiform.io.fasta import read_fasta
from storiform.model.errors import InputError
from storiform.model.reads import ReadHeader
from storiform.model.resources import shared_contigs

SOUND = "1\t8\t3\t60\t61\nchrX\t4\t18\t60\t61\n"


def genome(folder: Path, index: str | None = SOUND) -> Path:
    """Write a FASTA of two contigs."""
    path = folder / "genome.fa"
    path.write_text(">1\nACGTACGT\n>chrX\nACGT\n")
    if index is not None:
        Path(f"{path}.fai").write_text(index)
    return path


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write a FASTA of all letters, plain and packed in several blocks, and index both."""
    folder = tmp_path_factory.mktemp("long")
    plain, packed = folder / "long.fa", folder / "packed.fa.gz"
    rng = np.random.default_rng(1)
    lines = []
    for name, length in (("1 first", 700_000), ("chrX", 61), ("MT", 60), ("GL000220.1", 1)):
        text = "".join(rng.choice(list("ACGTacgtNnRYkmSWu"), length))
        lines += [f">{name}", *(text[at : at + 60] for at in range(0, length, 60))]
    plain.write_text("\n".join(lines) + "\n")
    pysam.tabix_compress(str(plain), str(packed))
    for path in (plain, packed):
        pysam.faidx(str(path))
    return {"plain": plain, "packed": packed}


def test_contigs_have_canonical_names_and_lengths(tmp_path: Path) -> None:
    assert read_fasta(genome(tmp_path)).contigs == {"chr1": 8, "chrX": 4}


@pytest.mark.parametrize("kind", ["plain", "packed"])
def test_bases_are_those_of_samtools_in_upper_case(long: dict[str, Path], kind: str) -> None:
    opened = read_fasta(long[kind])
    names = {"chr1": "1", "chrX": "chrX", "chrM": "MT", "GL000220.1": "GL000220.1"}
    assert list(opened.contigs) == list(names)
    rng = np.random.default_rng(2)
    with pysam.FastaFile(str(long["plain"])) as file:
        for name, written in names.items():
            text = re.sub("[^ACGT]", "N", file.fetch(written).upper())
            whole = opened.bases(name, 0, len(text))
            assert whole.dtype == np.uint8
            assert bytes(whole).decode() == text
            starts = np.sort(rng.integers(0, len(text) + 1, 40))
            ends = np.minimum(starts + rng.integers(0, 200, 40), len(text))
            parts = [text[a:b] for a, b in zip(starts, ends, strict=True)]
            assert bytes(opened.pieces(name, starts, ends)).decode() == "".join(parts)
    nothing = np.empty(0, dtype=np.int64)
    assert len(opened.pieces("chr1", nothing, nothing)) == 0


@pytest.mark.parametrize(
    ("contig", "end", "message"),
    [
        ("chr2", 5, r"genome.fa: found no contig chr2, expected one of its 2 contigs"),
        ("chr1", 9, r"genome.fa: found bases asked for up to chr1:9, expected up to 8"),
    ],
)
def test_bases_that_the_genome_does_not_have_are_told(
    tmp_path: Path, contig: str, end: int, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_fasta(genome(tmp_path)).bases(contig, 0, end)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (None, r"no index, expected genome.fa.fai beside it. Run: samtools faidx genome.fa"),
        ("", r"genome.fa.fai: found no contig"),
        ("1\teight\t3\t60\t61\n", r"genome.fa.fai, line 1: found '1\\teight"),
        ("1\t8\t3\t61\t60\n", r"genome.fa.fai, line 1"),
        (f"{SOUND}chr1\t8\t3\t60\t61\n", r"found 1 and chr1, expected one contig chr1"),
        # of another file: other names, shifted, longer, shorter, beyond the end
        ("2\t8\t3\t60\t61\n", r"an index that does not lead to contig 2.*samtools faidx"),
        ("1\t7\t4\t60\t61\n", r"does not lead to contig 1"),
        ("1\t9\t3\t60\t61\n", r"does not lead to contig 1"),
        ("1\t7\t3\t60\t61\n", r"does not lead to contig 1"),
        ("1\t8\t300\t60\t61\n", r"does not lead to contig 1"),
        ("1\t0\t3\t60\t61\n", r"does not lead to contig 1"),
    ],
)
def test_missing_damaged_and_foreign_index_is_told(
    tmp_path: Path, index: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_fasta(genome(tmp_path, index))


def test_lines_that_the_index_does_not_know_are_told_when_they_are_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "genome.fa"
    path.write_text(">1\nACG\nTA\nCGTA\n")  # the second line is too short
    Path(f"{path}.fai").write_text("1\t10\t3\t3\t4\n")
    with pytest.raises(InputError, match="does not lead to contig 1"):
        read_fasta(path).bases("chr1", 0, 10)


@pytest.mark.parametrize("kept", [0, 1], ids=["chrX cut off", "1 left out"])
def test_an_index_without_one_of_the_contigs_is_told(tmp_path: Path, kept: int) -> None:
    path = genome(tmp_path, SOUND.splitlines(keepends=True)[kept])
    with pytest.raises(InputError, match=r"genome.fa: found an index .* Run: samtools faidx"):
        read_fasta(path)


def test_a_line_more_in_the_last_contig_than_the_index_knows_is_told(tmp_path: Path) -> None:
    path = tmp_path / "genome.fa"
    path.write_text(">1\nACGTACGT\n>chrX\nACGT\nACGT\n")
    pysam.faidx(str(path))
    assert read_fasta(path).contigs["chrX"] == 8
    path.write_text(path.read_text().replace("chrX\n", "chrX\nTTTT\n"))
    with pytest.raises(InputError, match=r"contig chrX, expected its own index"):
        read_fasta(path)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n"])
def test_the_end_of_a_fasta_may_have_any_line_ends(tmp_path: Path, end: str) -> None:
    path = tmp_path / "genome.fa"
    path.write_bytes(f">1\nACGTACGT\n>chrX\nACGT{end}".encode())
    Path(f"{path}.fai").write_text(SOUND)
    assert read_fasta(path).bases("chrX", 0, 4).tobytes() == b"ACGT"


def test_a_contig_without_bases_is_one(tmp_path: Path) -> None:
    path = tmp_path / "genome.fa"
    path.write_text(">1\n>2\nAC\n")
    Path(f"{path}.fai").write_text("1\t0\t3\t0\t0\n2\t2\t6\t2\t3\n")
    assert read_fasta(path).contigs == {"chr1": 0, "chr2": 2}
    assert bytes(read_fasta(path).bases("chr2", 0, 2)) == b"AC"


def test_what_is_no_fasta_is_told(tmp_path: Path) -> None:
    path = tmp_path / "genome.fa"
    path.write_text("chr1\t1\t5\n")
    with pytest.raises(InputError, match="expected a FASTA"):
        read_fasta(path)
    path.write_bytes(gzip.compress(b">1\nACGT\n"))
    Path(f"{path}.fai").write_text("1\t4\t3\t4\t5\n")
    with pytest.raises(InputError, match=r"compressed by gzip.*compress it by bgzip"):
        read_fasta(path)


def test_a_packed_genome_without_or_with_a_damaged_index_of_blocks_is_told(
    long: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "packed.fa.gz"
    path.write_bytes(long["packed"].read_bytes())
    Path(f"{path}.fai").write_bytes(Path(f"{long['packed']}.fai").read_bytes())
    with pytest.raises(InputError, match=r"no index of its blocks, expected packed.fa.gz.gzi"):
        read_fasta(path)
    blocks = Path(f"{long['packed']}.gzi").read_bytes()
    for damaged in (b"", blocks[:-3], blocks[:-16], blocks[:8] + blocks[:7:-1]):
        Path(f"{path}.gzi").write_bytes(damaged)
        with pytest.raises(InputError, match=r"packed.fa.gz.gzi: found a damaged index"):
            read_fasta(path)
    Path(f"{path}.gzi").write_bytes(blocks)
    os.truncate(path, path.stat().st_size - 40)
    with pytest.raises(InputError, match="truncated"):
        read_fasta(path)


def test_contigs_are_shared_by_name_and_length_and_another_genome_is_refused(
    tmp_path: Path,
) -> None:
    opened = read_fasta(genome(tmp_path))

    def header(**lengths: int) -> ReadHeader:
        return ReadHeader(tuple(lengths), tuple(lengths.values()), tuple(lengths))

    assert shared_contigs(opened, header(chr1=8, chr2=5, HLA=9)) == {"chr1"}
    with pytest.raises(InputError, match=r"resources.fasta: found chrX of 4 bases, expected 5"):
        shared_contigs(opened, header(chr1=8, chrX=5))
    with pytest.raises(InputError, match=r"found contigs such as chr1.*reads, such as chr2"):
        shared_contigs(opened, header(chr2=5))
