"""Names of genes that a spreadsheet turned into dates are told."""

import gzip
import re
import warnings
from pathlib import Path

import pytest

from storiform.io.expression import read_counts
from storiform.io.maf import read_maf
from storiform.io.resources import bundled
from storiform.io.spoilt_names import warn_of_dates
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning

DATES = (
    "1-Mar", "2-Sep", "01-Mar", "1-Mar-21", "Sep-02", "2023-09-01", "2001-03-01 00:00:00",
    "03/01/2023", "3/1/23", "01.03.2023", "1-Dec", "1. Mrz", "01. Sep", "2-Sept", "1 March",
)  # fmt: skip


@pytest.mark.parametrize("name", DATES)
def test_a_date_is_told_as_the_name_of_a_gene(name: str) -> None:
    with pytest.warns(DataWarning, match=r"found 1 gene name that a spreadsheet made a date"):
        warn_of_dates(["TP53", name], "m.csv")


def test_no_gene_of_the_gene_table_is_taken_for_a_date() -> None:
    table = gzip.decompress(bundled("reference/genome/gene_identifiers.tsv.gz").read_bytes())
    names = re.split(r"[\t,\n]", table.decode())
    assert "MARCHF1" in names
    symbols = ["OCT-4", "DEC1", "SEPT2", "MARCH1", "MAR1", "7157", "ENSG00000141510.18", "1.5"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_dates([*symbols, *names], "m.csv")


def test_a_matrix_from_a_spreadsheet_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("gene,S1\nTP53,3\n1-Mar,4\n2-Sep,5\n1-Mar,6\n")
    unit = SourceUnit("B1", "P1", {"counts": path}, {"tumour_rna": "S1"}, "GRCh38", {})
    with pytest.warns(DataWarning) as told:
        read_counts(unit)
    (message,) = [str(one.message) for one in told if "spreadsheet" in str(one.message)]
    assert message.startswith(
        "m.csv: found 2 gene names that a spreadsheet made a date (1-Mar, 2-Sep), expected"
    )


def test_a_maf_from_a_spreadsheet_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Hugo_Symbol,Chromosome,Start_Position,Variant_Classification,Reference_Allele,"
        "Tumor_Seq_Allele2\n2-Sep,2,241312412,Missense_Mutation,C,T\n"
    )
    expected = r"a\.csv, column Hugo_Symbol: found 1 gene name .*\(2-Sep\), expected"
    with pytest.warns(DataWarning, match=expected):
        read_maf(path, ("S1",), "GRCh38")
