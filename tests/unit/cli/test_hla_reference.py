"""`storiform hla-reference`: from a folder of FASTA to a file, and what it tells."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from toy_hla import toy_gene, write_fasta

from storiform.cli.main import group
from storiform.cli.waiting import Waiting
from storiform.io.hla_reference_file import read_hla_reference
from storiform.model.errors import InputError

ROOT = toy_gene(11)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["hla-reference", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "release"
    place.mkdir()
    second = ROOT.changed(2, 7)
    for gene in "ABC":
        genomic = {f"{gene}*01:01": ROOT.genomic, f"{gene}*02:01": second.genomic}
        coding = {f"{gene}*01:01": ROOT.coding, f"{gene}*02:01": second.coding}
        coding |= {f"{gene}*02:02": "".join(second.exons[1:3])}
        write_fasta(place / f"{gene}_gen.fasta", genomic)
        write_fasta(place / f"{gene}_nuc.fasta", coding)
    return place


def test_a_release_is_compiled_and_told(folder, tmp_path) -> None:
    with (folder / "B_nuc.fasta").open("a") as stream:
        stream.write(f">HLA:HLA9 B*03:01 {len(ROOT.exons[1])} bp\n{ROOT.exons[1]}\n")
    out = tmp_path / "cache" / "hla.npz"
    result = run("--imgt", folder, "--out", out, "--release", "9.1.0")
    assert result.exit_code == 0, result.output
    assert (
        "A: 3 alleles, 2 with introns, 1 known in part; 6 exons, 7 different" in result.output
    )
    assert "left out: 1 (B*03:01): the release gives 49% of its exons" in result.output
    assert "warning: " in result.output
    assert "E, F, G, H, J, K, L, Y: their reads may be taken" in result.output
    found = read_hla_reference(out)
    assert f"release 9.1.0, md5 of its sequences {found.md5}" in result.output
    assert found.alleles == tuple(f"{g}*0{n}" for g in "ABC" for n in ("1:01", "2:01", "2:02"))


def test_the_date_alone_tells_two_compilations_apart(folder, tmp_path) -> None:
    for name in ("one.npz", "two.npz"):
        assert run("--imgt", folder, "--out", tmp_path / name).exit_code == 0
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_what_cannot_be_read_or_written_is_told(folder, tmp_path) -> None:
    result = run("--imgt", tmp_path / "none")
    assert isinstance(result.exception, InputError)
    assert "no such folder" in str(result.exception)
    (tmp_path / "file").write_text("")
    result = run("--imgt", folder, "--out", tmp_path / "file" / "hla.npz")
    assert isinstance(result.exception, InputError)
    assert "Name another with --out" in str(result.exception)


def test_text_that_only_looks_like_headers_is_refused_with_its_path(folder, tmp_path) -> None:
    out = tmp_path / "hla.npz"
    (folder / "A_nuc.fasta").write_text(">HLA:X A*01:01 hello\n" * 40)
    result = run("--imgt", folder, "--out", out)
    assert isinstance(result.exception, InputError)
    told = str(result.exception)
    assert told.startswith(f"{folder / 'A_nuc.fasta'}, line 1: found no bases of A*01:01")
    assert not out.exists()


@pytest.mark.parametrize("kept", [0, 1])
def test_a_release_of_which_most_is_left_out_is_refused(folder, tmp_path, kept) -> None:
    out = tmp_path / "hla.npz"
    strange = {f"B*09:0{n}": "ACGT" * (20 + n) for n in range(1, 4)}
    good = {"B*01:01": ROOT.coding} if kept else {}
    write_fasta(folder / "B_nuc.fasta", good | strange)
    write_fasta(folder / "B_gen.fasta", {"B*01:01": ROOT.genomic})
    result = run("--imgt", folder, "--out", out)
    assert isinstance(result.exception, InputError)
    told = str(result.exception)
    assert f"{folder}: found {kept} of {3 + 1 if kept else 4} alleles of B that can" in told
    assert not out.exists()


def test_who_waits_is_told_what_is_compiled_from_the_first_second(
    folder, tmp_path, monkeypatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(Waiting, "__call__", lambda _, what: told.append(what))
    assert run("--imgt", folder, "--out", tmp_path / "hla.npz").exit_code == 0
    assert told[0] == f"the sequences of {folder}"
    assert told[1:4] == [f"the alleles of {gene}" for gene in "ABC"]
