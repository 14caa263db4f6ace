"""The reference genome and its index."""

from pathlib import Path

import pytest

from storiform.io.fasta import read_fasta
from storiform.model.errors import InputError


def genome(folder: Path, index: str | None = "1\t8\t3\t60\t61\nchrX\t4\t20\t60\t61\n") -> Path:
    """Write a FASTA of two contigs."""
    path = folder / "genome.fa"
    path.write_text(">1\nACGTACGT\n>chrX\nACGT\n")
    if index is not None:
        Path(f"{path}.fai").write_text(index)
    return path


def test_contigs_have_canonical_names_and_lengths(tmp_path: Path) -> None:
    assert read_fasta(genome(tmp_path)) == {"chr1": 8, "chrX": 4}


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (None, r"no index, expected genome.fa.fai beside it. Run: samtools faidx genome.fa"),
        ("", r"genome.fa.fai: found no contig"),
        ("1\teight\t3\t60\t61\n", r"genome.fa.fai, line 1: found '1\\teight"),
    ],
)
def test_missing_and_damaged_index_is_told(
    tmp_path: Path, index: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_fasta(genome(tmp_path, index))


def test_what_is_no_fasta_is_told(tmp_path: Path) -> None:
    path = tmp_path / "genome.fa"
    path.write_text("chr1\t1\t5\n")
    with pytest.raises(InputError, match="expected a FASTA"):
        read_fasta(path)
