"""Names of other files that the cohort lacks: when a known one is proposed, and when not."""

from pathlib import Path

import pytest

from storiform.io.names import nearest
from storiform.io.sheets import read_sheets
from storiform.io.trial_files import TrialFiles, with_trial_files

LESION = "patient,lesion,role,site,day,diameter_mm,perpendicular_mm,is_node,status\n"


def test_no_name_is_guessed_where_the_clinical_table_is_empty(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("patient,sample,status\nP10,S1,1\n")
    (tmp_path / "clinical.csv").write_text("patient,response\n")
    (tmp_path / "lesions.csv").write_text(
        LESION + "P1,A,target,,7,30,,,\nP10,A,target,,7,30,,,\n"
    )
    found = read_sheets(tmp_path / "samples.csv", tmp_path / "clinical.csv", "GRCh38")
    found = with_trial_files(found, TrialFiles({"lesions": tmp_path / "lesions.csv"}))
    assert len(found.faults) == 1
    assert found.report.doubts == ("lesions.csv: 1 patient not of the cohort, left out: P1",)


def test_a_patient_of_a_faulty_row_of_the_sheet_is_not_taken_for_another(
    tmp_path: Path,
) -> None:
    (tmp_path / "samples.csv").write_text("patient,sample,status\nP10,S1,1\nP1,S 2,1\n")
    (tmp_path / "clinical.csv").write_text("patient,response\nP10,PD\n")
    (tmp_path / "lesions.csv").write_text(
        LESION + "".join(f"{name},A,target,,7,30,,,\n" for name in ("P1", "P10", "P10x"))
    )
    found = read_sheets(tmp_path / "samples.csv", tmp_path / "clinical.csv", "GRCh38")
    found = with_trial_files(found, TrialFiles({"lesions": tmp_path / "lesions.csv"}))
    told = "lesions.csv: 2 patients not of the cohort, left out: P1, P10x (did you mean P10?)"
    assert told in found.report.doubts


@pytest.mark.parametrize(
    ("name", "meant"), [("P1", "P01"), ("p-12", "P12"), ("P_001", "P01"), ("P10", "P10")]
)
def test_name_written_with_other_zeros_or_marks_goes_before_one_that_is_near(
    name: str, meant: str
) -> None:
    assert nearest(name, ["P12", "P10", "P01", "P11"]) == meant
    assert nearest("Q7", ["P12", "P01"]) == ""
