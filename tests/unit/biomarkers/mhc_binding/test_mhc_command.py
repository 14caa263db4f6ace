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
        ("GIL-FVFTL\n", ("--alleles", "A*02:01"), "line 1"),
    ],
)
def test_faults_are_told(call, text, options, told):
    result, _ = call(text, *options)
    assert isinstance(result.exception, InputError)
    assert told in str(result.exception)


def test_windows_are_distinct_and_in_order(tmp_path):
    path = tmp_path / "p.fa"
    path.write_text(">a\nAAAAAAAAAA\n")
    assert read_peptides(path, (8, 9)) == ["AAAAAAAA", "AAAAAAAAA"]
