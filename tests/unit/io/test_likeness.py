"""A clinical table whose ids are written otherwise, and rows below it that are no patient."""

from pathlib import Path

import pytest
from small_trial import CLINICAL, call, write_trial

from storiform.io.likeness import alike, is_summary
from storiform.io.names import bare, nearest


def test_ids_that_a_spreadsheet_changed_are_an_error_though_others_agree(
    tmp_path: Path,
) -> None:
    text = CLINICAL.replace("P1,", "P01,").replace("P2,", "P-2,")
    code, out, err = call("check", write_trial(tmp_path, {"clinical.csv": text}))
    assert code == 2
    told = "2 ids written otherwise than in the sample sheet: P-2 (P2 there), P01 (P1 there)"
    assert f"clinical.csv, column patient: found {told}" in out + err
    code, _, err = call("run", tmp_path / "trial.yaml")
    assert code == 2
    assert told in err


@pytest.mark.parametrize("name", ["Median", "mean", "TOTAL", "n", "Mittelwert"])
def test_a_row_of_a_summary_is_no_patient(tmp_path: Path, name: str) -> None:
    text = f"{CLINICAL}{name},,5.1,1,13.0,1\n"
    code, out, err = call("check", write_trial(tmp_path, {"clinical.csv": text}))
    assert code == 2
    told = f"clinical.csv, row 6, column patient: found '{name}', expected a patient, no row of"
    assert told in out + err
    assert "1 error found" in out


def test_a_further_patient_without_samples_is_none_of_these(tmp_path: Path) -> None:
    text = f"{CLINICAL}P10,PD,5.1,1,13.0,1\nP5,PD,5.1,1,13.0,1\n"
    code, out, err = call("check", write_trial(tmp_path, {"clinical.csv": text}))
    assert code == 0, out + err


@pytest.mark.parametrize(
    ("left", "right", "pairs"),
    [
        (["P1"], ["P10", "P11"], []),
        (["P1", "p01"], ["P001"], []),  # either could be meant
        (["1.12"], ["11.2", "112"], []),
        (["P_1-2"], ["P12"], []),
        (["0012"], ["12"], [("0012", "12")]),
        (["Pat 7"], ["pat-07"], [("Pat 7", "pat-07")]),
    ],
)
def test_names_are_alike_when_one_alone_can_be_meant(
    left: list[str], right: list[str], pairs: list[tuple[str, str]]
) -> None:
    assert alike(left, right) == pairs


def test_another_persons_name_is_never_proposed() -> None:
    assert nearest("P07", ["P08", "P17", "P70"]) == ""
    assert nearest("P02_pre_T.bam.bai", ["P04_pre_T.bam.bai"]) == ""
    assert nearest("pt94", ["Pt93", "Pt94"]) == "Pt94"
    assert nearest("P02_pre_T.bm", ["P02_pre_T.bam", "P03_pre_T.bm"]) == "P02_pre_T.bam"


def test_marks_between_numbers_are_kept_apart() -> None:
    assert bare("1-12") == bare("01.12") != bare("112") == bare("0112")
    assert not is_summary("N7")
