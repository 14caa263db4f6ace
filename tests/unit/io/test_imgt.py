"""Releases of IPD-IMGT/HLA are read as they come, and odd files are told where they are odd."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from toy_hla import text_of, toy_gene, write_fasta

from storiform.io.imgt import read_imgt
from storiform.model.errors import DataWarning, InputError
from storiform.model.hla_reference import REFERENCE_GENES

ROOT = toy_gene(3)
ALLELES = {
    gene: {f"{gene}*01:01:01:01": ROOT, f"{gene}*02:01N": ROOT.changed(2, 7)}
    for gene in REFERENCE_GENES
}


def text(gene: str, kind: str) -> dict[str, str]:
    return {name: a.genomic if kind == "gen" else a.coding for name, a in ALLELES[gene].items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a release with a file for each gene and kind."""
    for gene in REFERENCE_GENES:
        for kind in ("gen", "nuc"):
            write_fasta(tmp_path / f"{gene}_{kind}.fasta", text(gene, kind))
    return tmp_path


def whole_release(folder: Path, genes: tuple[str, ...] = REFERENCE_GENES) -> Path:
    for kind in ("gen", "nuc"):
        every = {name: t for gene in genes for name, t in text(gene, kind).items()}
        write_fasta(folder / f"hla_{kind}.fasta", every | {"DRB1*01:01:01:01": "ACGTACGT"})
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_imgt(folder)
    return str(caught.value)


def test_every_allele_is_read_with_both_sequences(folder) -> None:
    found = read_imgt(folder)
    assert list(found.genomic) == [n for gene in REFERENCE_GENES for n in ALLELES[gene]]
    assert list(found.coding) == list(found.genomic)
    for gene in REFERENCE_GENES:
        for name, allele in ALLELES[gene].items():
            assert text_of(found.genomic[name]) == allele.genomic
            assert text_of(found.coding[name]) == allele.coding
    assert found.release == ""
    assert found.groups == {}


def test_all_forms_of_a_release_give_the_same(folder, tmp_path_factory) -> None:
    expected = read_imgt(folder)
    whole = whole_release(tmp_path_factory.mktemp("whole"))
    packed = tmp_path_factory.mktemp("packed") / "IMGTHLA"
    (packed / "fasta").mkdir(parents=True)
    for path in folder.iterdir():
        name = packed / "fasta" / f"imgt_{path.name.lower()}.gz"
        name.write_bytes(gzip.compress(path.read_bytes()))
    odd = tmp_path_factory.mktemp("odd")
    for gene in REFERENCE_GENES:
        for kind, end in (("gen", "\r"), ("nuc", "\r\n")):
            lower = {name: t.lower() for name, t in text(gene, kind).items()}
            write_fasta(odd / f"{gene}_{kind}.fa", lower, end)
    for place in (whole, packed, odd):
        found = read_imgt(place)
        for kind in ("genomic", "coding"):
            own, theirs = getattr(found, kind), getattr(expected, kind)
            assert list(own) == list(theirs)
            assert all(np.array_equal(own[name], theirs[name]) for name in own)
    assert read_imgt(packed).md5 == expected.md5
    assert read_imgt(whole).md5 != expected.md5


def test_files_of_a_gene_stand_before_those_of_all_genes(folder) -> None:
    whole_release(folder)
    changed = {"A*09:09": ROOT.changed(2, 3).genomic}
    write_fasta(folder / "A_gen.fasta", changed)
    found = read_imgt(folder)
    assert [name for name in found.genomic if name.startswith("A*")] == ["A*09:09"]
    for gene in ("H", "Y"):
        (folder / f"{gene}_nuc.fasta").unlink()
    assert list(read_imgt(folder).coding) == list(found.coding)


@pytest.mark.parametrize(
    ("where", "content", "release"),
    [
        ("release_version.txt", "# file: x\n# version: IPD-IMGT/HLA 3.58.0\n", "3.58.0"),
        ("../release_version.txt", "# version: IPD-IMGT/HLA 3.57.0\n", "3.57.0"),
    ],
)
def test_the_release_is_what_its_files_say(tmp_path, where, content, release) -> None:
    place = tmp_path / "fasta"
    place.mkdir()
    whole_release(place)
    (place / where).write_text(content)
    assert read_imgt(place).release == release
    assert read_imgt(place, "4.0.0").release == "4.0.0"


def test_the_release_may_stand_in_names(tmp_path) -> None:
    place = tmp_path / "IMGTHLA-3.56.0-alpha"
    place.mkdir()
    whole_release(place)
    assert read_imgt(place).release == "3.56.0"
    for kind in ("gen", "nuc"):
        (place / f"hla_{kind}.fasta").rename(place / f"imgt_3.55.0_hla_{kind}.fasta")
    assert read_imgt(place).release == "3.55.0"


def test_groups_are_read_where_they_lie(folder) -> None:
    lines = "# file: hla_nom_g.txt\nA*;01:01:01:01/02:01N;01:01:01G\nA*;03:01;\n"
    (folder / "wmda").mkdir()
    (folder / "wmda" / "hla_nom_g.txt").write_text(lines)
    groups = {"A*01:01:01:01": "A*01:01:01G", "A*02:01N": "A*01:01:01G"}
    assert read_imgt(folder).groups == groups
    (folder / "wmda" / "hla_nom_g.txt").write_text(lines + "A*01:01\n")
    assert "hla_nom_g.txt, line 4: found 'A*01:01'" in refused(folder)


def test_missing_files_are_told_together(folder, tmp_path_factory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    assert "no FASTA of HLA genes" in refused(empty)
    assert "no such folder" in refused(empty / "none")
    for name in ("A_nuc.fasta", "C_gen.fasta"):
        (folder / name).unlink()
    assert "found no A_nuc.fasta, C_gen.fasta, expected genomic (gen)" in refused(folder)


def test_missing_decoys_are_warned_of(folder) -> None:
    for name in ("H_gen.fasta", "Y_gen.fasta", "Y_nuc.fasta"):
        (folder / name).unlink()
    with pytest.warns(DataWarning, match="no genomic or no coding .* H, Y: their reads"):
        found = read_imgt(folder)
    assert "H*01:01:01:01" in found.coding


def test_a_release_without_a_gene_is_refused(tmp_path) -> None:
    whole_release(tmp_path, tuple(gene for gene in REFERENCE_GENES if gene != "C"))
    assert "hla_gen.fasta: found none, expected alleles of C" in refused(tmp_path)


def test_two_files_of_one_kind_are_refused(folder) -> None:
    (folder / "B_gen.fasta.gz").write_bytes(gzip.compress(b">x B*01:01\nACGT\n"))
    assert "found B_gen.fasta and B_gen.fasta.gz, expected one file of B_gen" in refused(folder)


def test_two_releases_of_a_gene_are_refused(folder) -> None:
    (folder / "B_gen.fasta").rename(folder / "3.58.0_B_gen.fasta")
    (folder / "B_nuc.fasta").rename(folder / "3.32.0_B_nuc.fasta")
    assert "found releases 3.32.0, 3.58.0 of B, expected one release" in refused(folder)


def test_genes_of_different_releases_are_warned_of_with_their_names(folder) -> None:
    for gene, release in (("A", "3.32.0"), ("B", "3.32.0"), ("E", "3.58.0")):
        for kind in ("gen", "nuc"):
            name = f"{gene}_{kind}.fasta"
            (folder / name).rename(folder / f"imgt_{release}_{name}")
    with pytest.warns(DataWarning) as caught:
        read_imgt(folder)
    (told,) = [str(w.message) for w in caught]
    assert ": files of 2 releases, 3.32.0 (A, B); 3.58.0 (E): alleles that one" in told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "A_nuc.fasta: found no sequence"),
        (b"\n\n", "A_nuc.fasta: found no sequence"),
        (b">HLA:HLA1 B*01:01 4 bp\nACGT\n", "line 1: found the allele B*01:01"),
        (b">HLA:HLA1 A*01:01 8 bp\nACGT\n", "line 1: found 4 bases of A*01:01, expected 8"),
        (b">HLA:HLA1 A*01:01 4 bp\nMAVP\n", "line 1: found 'P' in A*01:01, expected bases"),
        (b">x A*01:01\nACGT\n>y A*01:01\nACCT\n", "line 3: found A*01:01 a second time"),
        (b">x unnamed\nACGT\n", "line 1: found '>x unnamed', expected a header such as"),
        (b"ACGT\n", "line 1: found 'ACGT', expected the header of an allele"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (gzip.compress(b">x A*01:01\nACGT\n" * 99, mtime=0)[:-20], "broken compression"),
    ],
)
def test_odd_files_are_refused_with_their_place(folder, content, message) -> None:
    (folder / "A_nuc.fasta").write_bytes(content)
    told = refused(folder)
    assert message in told
    assert "A_nuc.fasta" in told


def test_headers_may_be_bare_and_letters_unsure(folder) -> None:
    (folder / "A_nuc.fasta").write_text(">HLA-A*01:01:01:01\nACGTNRYK\n>A*02:01N\nACGT\n")
    found = read_imgt(folder)
    assert found.coding["A*01:01:01:01"].tolist() == [0, 1, 2, 3, 4, 4, 4, 4]
    (folder / "A_nuc.fasta").write_text(">A*02:01N\nACGT\n>A*02:01N\nACGT\n")
    assert found.coding.keys() - read_imgt(folder).coding.keys() == {"A*01:01:01:01"}
