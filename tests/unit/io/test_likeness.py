"""A clinical table whose ids are written otherwise, and rows below it that are no patient."""

from pathlib import Path

import pytest
from small_trial import CLINICAL, COUNTS, SAMPLES, call, write_trial

from storiform.io.likeness import alike, is_summary
from storiform.io.names import bare, nearest, nearest_file, nearest_id


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


@pytest.mark.parametrize(
    ("below", "told"),
    [
        ("Median,,5.1,1,13.0,1\n", "'Median'"),
        ("TOTAL,,5.1,1,13.0,1\n", "'TOTAL'"),
        ("Mean,,5.1,1,13.0,1\nSD,,1.1,1,3.0,1\n", "'Mean', 'SD'"),
        ("P9,PD,5.1,1,13.0,1\nMittelwert,,5.1,1,13.0,1\n", "'Mittelwert'"),
    ],
)
def test_a_row_of_a_summary_is_no_patient(tmp_path: Path, below: str, told: str) -> None:
    config = write_trial(tmp_path, {"clinical.csv": CLINICAL + below})
    code, out, err = call("check", config)
    assert code == 2
    assert (
        f"clinical.csv, column patient: found {told} as the last patient, expected" in out + err
    )
    assert "1 error found" in out


@pytest.mark.parametrize("name", ["SD", "N", "Max"])
def test_a_patient_may_have_such_a_name(tmp_path: Path, name: str) -> None:
    """In the midst of the table, or with a sample."""
    header, *rows = CLINICAL.splitlines(keepends=True)
    text = "".join([header, f"{name},PD,5.1,1,13.0,1\n", *rows])
    assert call("check", write_trial(tmp_path, {"clinical.csv": text}))[0] == 0
    sheet = f"{SAMPLES}{name},{name}_R,2,pre,,,counts.csv\n"
    counts = "\n".join(
        f"{line},{name}_R" if not number else f"{line},7"
        for number, line in enumerate(COUNTS.splitlines())
    )
    text = "".join([header, *rows, f"{name},PD,5.1,1,13.0,1\n"])
    files = {"clinical.csv": text, "samples.csv": sheet, "counts.csv": counts + "\n"}
    code, out, err = call("check", write_trial(tmp_path, files))
    assert code == 0, out + err


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
    assert nearest_id("P07", ["P08", "P17", "P70", "P070"]) == ""
    assert nearest_id("KLM", ["KLN", "KLMN"]) == "KLMN"
    assert nearest_id("patA", ["patB"]) == ""
    assert nearest_file("P02_pre_T.bam.bai", ["P04_pre_T.bam.bai"]) == ""
    assert nearest_file("P02_pre_T.bm", ["P02_pre_T.bam", "P03_pre_T.bm"]) == "P02_pre_T.bam"
    assert nearest("log_tpm", ["tpm", "log2_tpm"]) == "log2_tpm"


def test_an_id_of_a_book_of_digits_is_like_any_other() -> None:
    """Python turns no text of more than 4,300 digits into a number."""
    assert bare("P" + 5_000 * "7") == "p" + 5_000 * "7"
    assert nearest_id(6_000 * "0" + "7", ["07"]) == "07"
    assert nearest_file("8" * 5_000, ["9" * 5_000]) == ""


def test_marks_between_numbers_are_kept_apart() -> None:
    assert bare("1-12") == bare("01.12") != bare("112") == bare("0112")
    assert not is_summary("N7")
