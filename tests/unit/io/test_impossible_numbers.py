"""Numbers that nothing measured can be are faults, so that no mean or median is of them."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from storiform.io.expression import read_counts, read_log2_tpm, read_tpm
from storiform.io.laboratory_file import read_laboratory
from storiform.io.measured_columns import read_measurements
from storiform.io.patient_tables import People
from storiform.io.units import SourceUnit
from storiform.model.errors import InputError

PEOPLE = People(frozenset({"P1", "P2", "P3"}))
NOBODY = People(frozenset())


def measured(folder: Path, *cells: str) -> tuple[tuple[str, ...], list[object]]:
    path = folder / "stains.csv"
    rows = "".join(f"P{number},{cell}\n" for number, cell in enumerate(cells, start=1))
    path.write_text(f"patient,CD20 [cells/mm2]\n{rows}")
    _, given = read_measurements(path, PEOPLE, NOBODY)
    return given.faults, [row["value"] for rows in given.rows.values() for row in rows]


@pytest.mark.parametrize("cell", ["1e308", "-1e400", "1e16", "9" * 25])
def test_an_impossible_measurement_is_a_fault_of_its_cell(tmp_path: Path, cell: str) -> None:
    faults, _ = measured(tmp_path, "12", cell, "40")
    (told,) = faults
    assert told == (
        f"stains.csv, row 3, column CD20 [cells/mm2]: found {cell!r}, expected a number from "
        "-1e+15 to 1e+15. Correct it, leave it empty, or give the column in another unit."
    )


def test_a_column_of_impossible_numbers_becomes_no_category(tmp_path: Path) -> None:
    faults, _ = measured(tmp_path, "1e308", "1e309", "3")
    assert [told.split(":")[0] for told in faults] == [
        "stains.csv, row 2, column CD20 [cells/mm2]",
        "stains.csv, row 3, column CD20 [cells/mm2]",
    ]


def test_high_measurements_are_read(tmp_path: Path) -> None:
    assert measured(tmp_path, "1e15", "-2.5e12", "0") == ((), [1e15, -2.5e12, 0.0])


@pytest.mark.parametrize("value", ["< 1e400", "> 1e300", "1e300"])
def test_an_impossible_laboratory_value_is_a_fault(tmp_path: Path, value: str) -> None:
    path = tmp_path / "laboratory.csv"
    path.write_text(f"patient,test,day,value,unit\nP1,LDH,0,{value},U/l\n")
    (told,) = read_laboratory(path, PEOPLE).faults
    assert told.startswith(f"laboratory.csv, row 2, column value: found '{value}', expected")


@pytest.mark.parametrize(
    ("read", "column", "value", "expected"),
    [
        (read_counts, "counts", "1e300", "values from 0 to 2147483647"),
        (read_counts, "counts", "2147483648", "values from 0 to 2147483647"),
        (read_tpm, "tpm", "1e300", "values from 0 to 2000000"),
        (read_tpm, "tpm", "2000000.5", "values from 0 to 2000000"),
        (read_log2_tpm, "log2_tpm", "-1e300", "log2 values of at least -50"),
    ],
)
def test_an_impossible_expression_is_a_fault(
    tmp_path: Path,
    read: Callable[[SourceUnit], pd.DataFrame],
    column: str,
    value: str,
    expected: str,
) -> None:
    path = tmp_path / "m.csv"
    path.write_text(f"gene,S1\nTP53,30.5\nMDM2,{value}\nCD274,12\n")
    unit = SourceUnit("B1", "P1", {column: path}, {"tumour_rna": "S1"}, "GRCh38", {})
    with pytest.raises(InputError, match=rf"m\.csv, column S1: found the value .*{expected}"):
        read(unit)
