"""What single cells of the sample sheet mean."""

from pathlib import Path

import pytest

from storiform.io.cells import read_cell
from storiform.io.paths import Fault
from storiform.io.sheets import read_cohort
from storiform.model.errors import SheetError

HEADER = "patient,sample,status,sex"


@pytest.mark.parametrize(
    ("column", "text", "remedy"),
    [
        ("purity", "65%", "Give a share: 0.65 for 65 %."),
        ("purity", "65 %", "Give a share: 0.65 for 65 %."),
        ("purity", "65", "Give a share: 0.65 for 65 %."),
        ("purity", "65,5", "Give a share: 0.65 for 65 %."),
        ("purity", "650", "Correct it or leave it empty."),
        ("purity", "high", "Correct it or leave it empty."),
        ("ploidy", "65", "Correct it or leave it empty."),
    ],
)
def test_a_percentage_is_told_as_such(column: str, text: str, remedy: str) -> None:
    found = read_cell(column, text, Path())
    assert isinstance(found, Fault)
    assert (found.found, found.remedy) == (repr(text), remedy)


def sexes(folder: Path, rows: list[str], clinical: str | None) -> dict[str, object]:
    """Return the sex of each patient's clinical record; no entry without a record."""
    sheet, table = folder / "samples.csv", folder / "clinical.csv"
    sheet.write_text("\n".join([HEADER, *rows]) + "\n")
    table.write_text(clinical or "")
    cohort = read_cohort(sheet, table if clinical else None, "GRCh38").cohort
    return {p.name: p.clinic["sex"] for p in cohort.patients if p.clinic}


def test_the_sheet_s_sex_completes_the_clinical_record(tmp_path: Path) -> None:
    rows = ["P1,T1,1,", "P1,N1,0,M", "P2,T2,1,", "P3,T3,1,F", "P4,T4,1,F"]
    clinical = "patient,sex,response\nP1,,PR\nP2,,PR\nP3,female,PR\n"
    known = sexes(tmp_path, rows, clinical)
    assert known == {"P1": "male", "P2": None, "P3": "female"}
    assert sexes(tmp_path, rows, "patient,response\nP1,PR\nP2,SD\n")["P1"] == "male"
    assert sexes(tmp_path, rows, None) == {}


def test_two_sexes_of_a_patient_are_a_fault(tmp_path: Path) -> None:
    rows = ["P1,T1,1,F", "P1,N1,0,M"]
    told = "row 3, column sex: found male, expected female, as in row 2"
    with pytest.raises(SheetError, match=told):
        sexes(tmp_path, rows, "patient,response\nP1,PR\n")
