"""A FASTA of proteins as one text, and files that are none."""

import gzip
from pathlib import Path

import pytest

from storiform.io.proteome import read_proteome
from storiform.io.resources import RESOURCES
from storiform.model.errors import InputError


def read(folder: Path, text: bytes, name: str = "proteins.fa") -> list[str]:
    path = folder / name
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    proteome = read_proteome(path)
    found = proteome.text.tobytes().decode().split("\n")
    assert len(proteome) == text.count(b">")
    return [protein for protein in found if protein]


@pytest.mark.parametrize("name", ["proteins.fa", "proteins.fa.gz"])
def test_lines_of_a_protein_are_joined_and_proteins_parted(tmp_path: Path, name: str) -> None:
    text = b">sp|P1| one\nMKTAY\nIAKQR\n\n>two\nmslw*\n"
    assert read(tmp_path, text, name) == ["MKTAYIAKQR", "MSLW"]
    assert read(tmp_path, text.replace(b"\n", b"\r\n"), name) == ["MKTAYIAKQR", "MSLW"]


def test_stop_within_a_sequence_parts_it(tmp_path: Path) -> None:
    assert read(tmp_path, b">one\nMKW*RST\n") == ["MKW", "RST"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"MKTAY\n>one\nMKT\n", "before the first header"),
        (b">one\n>two\n", "no residues"),
        (b"", "no residues"),
        (b">chr1\n" + b"ACGTNACGTA" * 9 + b"\n", "sequences of bases"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: bytes, found: str) -> None:
    with pytest.raises(InputError, match=found):
        read(tmp_path, text)


def test_resource_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "p.fa"
    path.write_text(">one\nMKTAYIAKQR\n")
    assert len(RESOURCES["proteome"].read(path)) == 1
