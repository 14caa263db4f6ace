"""`storiform mhc` and the files that it reads."""

import pandas as pd
import pytest
from click.testing import CliRunner

from storiform.cli.mhc import mhc
from storiform.io.peptide_files import read_peptides
from storiform.model.errors import InputError


@pytest.fixture
def call(tmp_path):
    def run(text: str, *options: str):
        path, out = tmp_path / "asked.txt", tmp_path / "out.tsv"
        path.write_text(text)
        result = CliRunner().invoke(mhc, [str(path), "-o", str(out), *options])
        table = pd.read_csv(out, sep="\t") if out.exists() else None
        return result, table

    return run


def test_a_list_is_predicted_for_each_allele(call):
    result, table = call(
        "peptide\nGILGFVFTL\n\nNLVPMVATV extra\nSIINFEKU\n", "--alleles", "A0201,HLA-B*07:02,A2"
    )
    assert result.exit_code == 0, result.output
    assert table.shape == (6, 5)
    assert "a serological type" in result.output
    best = table.set_index(["peptide", "allele"])["rank_percent"]
    assert best["GILGFVFTL", "HLA-A*02:01"] < 0.5
    assert table["affinity_nm"].isna().sum() == 2


def test_a_fasta_gives_its_windows(call):
    fasta = ">one\nMGILGF\nVFTL*AAAAAAAA\n>two\nGILGFVFTL\n"
    result, table = call(fasta, "--alleles", "A*02:01", "--lengths", "9")
    assert result.exit_code == 0, result.output
    assert table["peptide"].tolist() == ["MGILGFVFT", "GILGFVFTL"]


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("GILGFVFTL\n", ("--alleles", "A*99:99"), "an allele that is known"),
        ("GILGFVFTL\n", ("--alleles", "A*02:01", "--lengths", "x"), "one or two numbers"),
        ("\n#\n", ("--alleles", "A*02:01"), "no peptide"),
        ("GILGFVFTL\n", ("--alleles", "A*02:01", "--lengths", "11-8"), "the smaller first"),
        ("GILGFVFTL\n", ("--alleles", "A*02:01", "--lengths", "0-9"), "the smaller first"),
        ("GILGFVFTL\n", ("--alleles", ""), "found nothing, expected an allele"),
        ("GILGFVFTL\n", ("--alleles", "A*02:01", "--model", "none.yaml"), "no such file"),
        ("GILGFVFTL\n", ("--alleles", "A*02:01", "--model", "none.npz"), "no such file"),
        ("GILGFVFTL\n", ("--alleles", "A*02:01", "-o", "none/x.tsv"), "no folder none"),
        ("GIL-FVFTL\n", ("--alleles", "A*02:01"), "line 1"),
    ],
)
def test_faults_are_told(call, text, options, told):
    result, _ = call(text, *options)
    assert isinstance(result.exception, InputError)
    assert told in str(result.exception)


def test_lines_that_are_no_peptide_are_told_and_all_others_predicted(call):
    result, table = call("GIL-FVFTL\nGILGFVFTL\n\n9\n", "--alleles", "A*02:01")
    assert result.exit_code == 1
    assert table["peptide"].tolist() == ["GILGFVFTL"]
    first, second = result.stderr.splitlines()
    assert first.startswith("error: asked.txt, line 1: found 'GIL-FVFTL', expected a peptide.")
    assert second.startswith("error: asked.txt, line 4: found '9', expected a peptide.")
    assert "Wrote 1 prediction" in result.stdout


def test_of_many_bad_lines_the_first_are_told(call):
    result, _ = call("GILGFVFTL\n" + "1\n" * 30, "--alleles", "A*02:01")
    *_, last = result.stderr.splitlines()
    assert last == "error: 10 further lines without a peptide"
    assert len(result.stderr.splitlines()) == 21


def test_columns_that_are_not_read_are_told(call):
    text = "peptide\tallele\nGILGFVFTL\tHLA-A*02:01\nNLVPMVATV\nGLCTLVAML\tHLA-B*07:02\n"
    result, table = call(text, "--alleles", "A*02:01")
    assert result.exit_code == 0
    assert len(table) == 3
    told = "only the first column is read, and lines 2, 4 had more; name alleles by --alleles"
    assert result.stderr.splitlines() == [f"warning: {told}"]


def test_windows_are_distinct_and_in_order(tmp_path):
    path = tmp_path / "p.fa"
    path.write_text(">a\nAAAAAAAAAA\n")
    assert read_peptides(path, (8, 9)).peptides == ["AAAAAAAA", "AAAAAAAAA"]


def test_alleles_that_are_left_out_are_told_with_the_reason(call):
    given = "A*02:01,A*24,Cw3,H2-Kb,DRB1*15:01,A*02:99,E*01:01,zzz"
    result, table = call("GILGFVFTL\n", "--alleles", given)
    assert result.exit_code == 0
    assert table["allele"].tolist() == ["HLA-A*02:01"]
    assert result.stderr.splitlines() == [
        "warning: A*24: one field only: left out",
        "warning: Cw3: a serological type, no allele: left out",
        "warning: H2-Kb: no human allele: left out",
        "warning: HLA-DRB1*15:01: of class II, unknown to storiform 1: left out",
        "warning: HLA-A*02:99: unknown to storiform 1: left out",
        "warning: HLA-E*01:01: no classical gene, unknown to storiform 1: left out",
        "warning: zzz: no name of an allele: left out",
    ]


def test_peptides_that_are_not_predicted_are_told_with_the_reason(call):
    result, table = call(
        "gilgfvftl\nGILGFVFXL\nGILG\nGILGFVFTLGILGFVFTL\nGILGFVFTL\n", "--alleles", "A*02:01"
    )
    assert result.exit_code == 0
    assert table["peptide"].tolist()[0] == "GILGFVFTL"
    assert len(table) == 4
    letters, lengths = result.stderr.splitlines()
    assert letters == (
        "warning: 1 peptide with letters other than those of the twenty amino acids, not "
        "predicted: GILGFVFXL"
    )
    assert lengths == (
        "warning: 2 peptides of other lengths than 8 to 14 residues, not predicted: GILG, "
        "GILGFVFTLGILGFVFTL"
    )
    assert "Wrote 1 prediction to" in result.stdout


def test_nothing_predicted_ends_with_2(call):
    result, table = call("GILG\n", "--alleles", "A*02:01")
    assert result.exit_code == 2
    assert table["rank_percent"].isna().all()
    assert "Nothing was predicted." in result.stderr


def test_the_known_alleles_are_listed_with_their_support():
    result = CliRunner().invoke(mhc, ["--list"])
    assert result.exit_code == 0
    header, *rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert header == ["allele", "support", "affinities", "ligands"]
    told = {row[0]: row[1:] for row in rows}
    assert len(told) > 100
    assert told["HLA-A*02:01"][0] == "good"
    assert int(told["HLA-A*02:01"][1]) > 1000
    assert {support for support, *_ in told.values()} <= {"good", "moderate", "weak"}


def test_what_is_needed_is_told_and_the_input_is_not_overwritten(call, tmp_path):
    lacking = CliRunner().invoke(mhc, ["--alleles", "A*02:01"])
    assert lacking.exit_code == 2
    assert "PEPTIDES, --alleles and --out are needed, or --list alone" in lacking.output
    path = tmp_path / "asked.txt"
    result, _ = call("GILGFVFTL\n", "--alleles", "A*02:01", "-o", str(path))
    assert "another file than the one that is read" in str(result.exception)
    assert path.read_text() == "GILGFVFTL\n"


def test_peptides_come_from_standard_input_and_go_to_standard_output():
    command = ["-", "--alleles", "A*02:01", "-o", "-"]
    result = CliRunner().invoke(mhc, command, input="GILGFVFTL\n")
    assert result.exit_code == 0, result.output
    header, row = result.stdout.splitlines()
    assert header.startswith("peptide\tallele\taffinity_nm")
    assert row.startswith("GILGFVFTL\tHLA-A*02:01\t")
    assert "Wrote 1 prediction to standard output" in result.stderr


@pytest.mark.parametrize("more", [["--alleles", "A0201"], ["-o", "-"], ["-"]])
def test_the_list_stands_alone(more):
    result = CliRunner().invoke(mhc, ["--list", *more])
    assert result.exit_code == 2
    assert "--list stands alone" in result.stderr
    assert not result.stdout


def test_bytes_that_are_no_text_reach_no_terminal(tmp_path):
    path = tmp_path / "bytes"
    path.write_bytes(b">\x1b]0;x\x07\nGILGFV\x1b[31m\x07\x9b\x01AAA\n")
    result = CliRunner().invoke(mhc, [str(path), "--alleles", "A*02:01", "-o", "-"])
    assert "not predicted: " in result.stderr
    assert "\\x1b[31" in result.stderr
    assert all(letter.isprintable() or letter == "\n" for letter in result.stderr)


def test_names_with_other_stars_are_read(call):
    result, table = call("GILGFVFTL\n", "--alleles", "A\u221702:01,B\uff0a07:02")
    assert result.exit_code == 0, result.output
    assert table["allele"].tolist() == ["HLA-A*02:01", "HLA-B*07:02"]
