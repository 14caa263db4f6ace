"""Files of a whole cohort: lesions, doses, adverse events, laboratory, measurements."""

from pathlib import Path

import pytest

from storiform.io.sheets import Sheets, read_sheets
from storiform.io.trial_files import TrialFiles, with_trial_files
from storiform.model.tables.trial import ADVERSE_EVENTS, DOSES, LABORATORY, LESIONS

SHEET = "patient,sample,status,biopsy\nP1,S1,1,B1\nP1,S2,1,B2\nP2,S3,1,\nP3,S4,1,\n"
CLINICAL = "patient,start_date,ECOG,Kind\nP1,2021-01-01,1,a\nP2,2021-02-01,0,b\nP3,,,\n"


def sheets(
    folder: Path,
    text: str | bytes = "",
    entry: str = "lesions",
    clinical: str = CLINICAL,
    characteristics: tuple[str, ...] = (),
) -> Sheets:
    """Read a small cohort with one file more."""
    (folder / "samples.csv").write_text(SHEET)
    (folder / "clinical.csv").write_text(clinical)
    path = folder / f"{entry}.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read_sheets(
        folder / "samples.csv",
        folder / "clinical.csv",
        "GRCh38",
        characteristics=characteristics,
    )
    assert found.faults == ()
    if not text:
        return found
    given = (
        TrialFiles(measurements=[path])
        if entry == "measurements"
        else TrialFiles({entry: path})
    )
    return with_trial_files(found, given)


def rows(found: Sheets, table: str, unit: str) -> list[dict[str, object]]:
    assert found.faults == ()
    return [dict(row) for row in found.report.cohort.given[table][unit]]


LESION = "patient,lesion,role,site,day,diameter_mm,perpendicular_mm,is_node,status\n"


def test_lesions_as_the_contract_names_them(tmp_path: Path) -> None:
    found = sheets(tmp_path, LESION + "P1,L1,target,lung,-7,20,10.5,no,\n")
    (row,) = rows(found, "lesions", "P1")
    assert row == {
        "lesion": "L1", "role": "target", "site": "lung", "day": -7.0, "diameter_mm": 20.0,
        "perpendicular_mm": 10.5, "is_node": False, "status": None,
    }  # fmt: skip
    assert list(row) == list(LESIONS.columns)


def test_other_headers_and_words_of_lesions(tmp_path: Path) -> None:
    text = (
        "Subject ID;Lesion ID;Lesion type;Organ;Week;Longest diameter (cm);Assessment\r"
        "P1;1;Target;Lymph node;0;1,6;\r"
        "P1;2;NT;bone;4;;non-CR/non-PD\r"
        "P1;3;New lesion;liver;8;too small;\r"
        "P1;2;NT;bone;8;;Unequivocal progression\r"
        "P1;2;NT;bone;12;;NE\r"
    )
    found = sheets(tmp_path, b"\xef\xbb\xbf" + text.encode())
    told = rows(found, "lesions", "P1")
    assert [r["role"] for r in told] == [
        "target", "non-target", "new", "non-target", "non-target",
    ]  # fmt: skip
    assert [r["day"] for r in told] == [0, 28, 56, 56, 84]
    assert told[0]["diameter_mm"] == pytest.approx(16.0, rel=1e-12)
    assert [r["status"] for r in told] == [None, "non-CR/non-PD", "too small", "PD", "NE"]
    assert [r["is_node"] for r in told] == [True, False, False, False, False]


def test_target_too_small_to_measure(tmp_path: Path) -> None:
    text = "".join(f"P1,L{n},target,lung,7,{t},,,\n" for n, t in enumerate(("<5", "TSTM", "5")))
    told = rows(sheets(tmp_path, LESION + text), "lesions", "P1")
    assert [(r["diameter_mm"], r["status"]) for r in told] == [
        (None, "too small"), (None, "too small"), (5.0, None),
    ]  # fmt: skip


def test_dates_count_from_the_first_dose(tmp_path: Path) -> None:
    text = "patient,lesion,role,date,diameter_mm\nP1,A,target,2021-02-26,9\n"
    assert rows(sheets(tmp_path, text), "lesions", "P1")[0]["day"] == 56
    own = text.replace("date,", "date,first_dose_date,").replace("26,9", "26,2021-02-16,9")
    without = CLINICAL.replace("2021-01-01", "")
    found = sheets(tmp_path, own, clinical=without)
    assert rows(found, "lesions", "P1")[0]["day"] == 10


def test_doses_tell_when_treatment_began_where_the_clinical_table_does_not(
    tmp_path: Path,
) -> None:
    doses = "patient,drug,start_date,dose\nP3,a,2021-03-10,1\nP3,a,2021-03-01,2\n"
    (tmp_path / "doses.csv").write_text(doses)
    text = "patient,lesion,role,date,diameter_mm\nP3,A,target,2021-03-31,9\n"
    found = sheets(tmp_path)
    (tmp_path / "lesions.csv").write_text(text)
    files = {name: tmp_path / f"{name}.csv" for name in ("lesions", "doses")}
    found = with_trial_files(found, TrialFiles(files))
    assert rows(found, "lesions", "P3")[0]["day"] == 30
    assert [(r["start_day"], r["end_day"]) for r in rows(found, "doses", "P3")] == [
        (9.0, None), (0.0, 8.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("P1,A,non-target,,7,-5,,,", "lesions.csv, row 2, column diameter_mm: found '-5'"),
        ("P1,A,target,,7,-3,,,", "lesions.csv, row 2, column diameter_mm: found '-3'"),
        ("P1,A,target,,7,big,,,", "found 'big', no number, expected a number from 0 to 1000"),
        ('P1,A,target,,7,"1,234",,,', "found '1,234', a comma of decimals or of thousands"),
        ("P1,A,main,,7,3,,,", "found 'main', expected target, non-target or new"),
        ("P1,A,,,7,3,,,", "column role: found an empty cell"),
        ("P1,,target,,7,3,,,", "column lesion: found an empty cell"),
        (",A,target,,7,3,,,", "column patient: found an empty cell"),
        ("p1,A,target,,7,3,,,", "found 'p1', expected 'P1' as written elsewhere"),
        ("P1,A,target,,,3,,,", "column day: found an empty cell"),
        ("P1,A,target,,3/5/2021,3,,,", "found '3/5/2021', expected a date as YYYY-MM-DD"),
        ("P1,A,target,,2021-02-30,3,,,", "expected a date of the calendar"),
        ("P1,A,target,,44317,3,,,", "expected a day counted from the first dose"),
        ("P3,A,target,,2021-02-03,3,,,", "Add a column start_date to the clinical table"),
        ("P1,A,target,,7,3,,maybe,", "found 'maybe', expected yes or no"),
        ("P1,A,non-target,,7,,,,bad", "found 'bad', expected CR, non-CR/non-PD, PD"),
        ("P1,A,target,,7,3,,,\nP1,A,target,,7,4,,,", "lesion A of P1 on day 7 again (row 2)"),
        ("P1,A,target,,7,3,,,\nP1,A,new,,9,4,,,", "lesion A of P1 as new and target"),
        ("X1,A,target,,7,3,,,", "no patient of the cohort, but names like X1"),
    ],
)
def test_faults_of_lesions_name_file_and_row(tmp_path: Path, text: str, message: str) -> None:
    (told,) = sheets(tmp_path, LESION + text + "\n").faults
    assert message in told
    assert told.startswith("lesions.csv")


def test_faults_are_told_together_and_once(tmp_path: Path) -> None:
    text = "P1,A,target,,7,-1,,,\nP2,B,main,,7,-1,,,\nP2,C,target,,x,1,,,\n"
    told = sheets(tmp_path, LESION + text).faults
    assert len(told) == 3
    assert "rows 2, 3, column diameter_mm: found '-1'" in told[0]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "patient,lesion,role,day,diameter",
            "found column diameter, expected it with its unit",
        ),
        ("patient,lesion,role,diameter_mm", "expected a column day or week or month or date"),
        (
            "patient,lesion,day,diameter_mm",
            "expected a column role. Add it: target, non-target",
        ),
        ("lesion,role,day,diameter_mm", "expected a column patient. Add it."),
        ("patient,subject id,lesion,role,day,size_mm", ""),
        ("PID,subject id,lesion,role,day,size_mm", "found columns PID and subject id"),
        ("patient,lesion,role,day,date,size_cm", ""),
    ],
)
def test_columns_that_are_missing_or_unclear(tmp_path: Path, header: str, message: str) -> None:
    cells = {"patient": "P1", "lesion": "A", "role": "new", "day": "3", "diameter_mm": "4"}
    row = ",".join(cells.get(name, "1") for name in header.split(","))
    faults = sheets(tmp_path, f"{header}\n{row}\n").faults
    assert len(faults) == bool(message)
    assert message in "".join(faults)


def test_strangers_are_left_out_with_a_guess(tmp_path: Path) -> None:
    text = LESION + "P1,A,target,,7,30,,,\nP1x,A,target,,7,30,,,\n"
    found = sheets(tmp_path, text)
    assert found.report.doubts == (
        "lesions.csv: 1 patient not of the cohort, left out: P1x (did you mean P1?)",
    )
    assert set(found.report.cohort.given["lesions"]) == {"P1"}
    assert "lesions.csv: 2 patients without a row: P2, P3" in found.report.notes


def test_centimetres_called_millimetres_are_doubted(tmp_path: Path) -> None:
    text = LESION + "".join(f"P1,L{n},target,,0,{n + 1}.5,,,\n" for n in range(5))
    (doubt,) = sheets(tmp_path, text).report.doubts
    assert doubt.endswith("the median of 5 target diameters is 3.5 mm; are they in cm?")


def test_unused_columns_are_told(tmp_path: Path) -> None:
    text = "patient,lesion,role,day,size_mm,reader\nP1,A,target,0,20,JD\n"
    assert "lesions.csv: columns not used: reader" in sheets(tmp_path, text).report.notes


def test_doses(tmp_path: Path) -> None:
    text = (
        "patient,drug,start_day,end_day,dose,planned_dose,unit,reason\n"
        "P1,x,0,27,800,800,mg/day,\nP1,x,28,,600,800,mg/day,adverse event\n"
        "P1,y,0,0,1500,1500,mg/4 weeks,\n"
    )
    told = rows(sheets(tmp_path, text, "doses"), "doses", "P1")
    assert list(told[0]) == list(DOSES.columns)
    assert [r["end_day"] for r in told] == [27, None, 0]
    assert [r["reason"] for r in told] == [None, "adverse event", None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("P1,x,5,3,1", "found an end on day 3, a start on day 5"),
        ("P1,x,0,9,1\nP1,x,8,20,2", "found x from day 8, in the time of row 2"),
        ("P1,x,0,9,1\nP1,x,0,20,2", "found x from day 0 again (row 2)"),
        ("P1,x,0,9,-1", "found '-1'"),
        ("P1,x,0,9,", "found an empty cell, expected the dose. Fill it in; 0 while it is held"),
        ("P1,,0,9,1", "expected the name of the drug"),
    ],
)
def test_faults_of_doses(tmp_path: Path, text: str, message: str) -> None:
    header = "patient,drug,start_day,end_day,dose\n"
    (told,) = sheets(tmp_path, f"{header}{text}\n", "doses").faults
    assert message in told


def test_adverse_events(tmp_path: Path) -> None:
    text = (
        "patient,adverse event,CTCAE grade,related,day\nP1,Fatigue,Grade 2,possible,3\n"
        "P1,Fatigue,G3,no,\nP1,Rash,1.0,,\nP2,Rash,IV,yes,9\n"
    )
    found = sheets(tmp_path, text, "adverse_events")
    told = rows(found, "adverse_events", "P1") + rows(found, "adverse_events", "P2")
    assert list(told[0]) == list(ADVERSE_EVENTS.columns)
    assert [(r["row"], r["grade"], r["is_related"], r["day"]) for r in told] == [
        (2, 2, True, 3.0), (3, 3, False, None), (4, 1, None, None), (5, 4, True, 9.0),
    ]  # fmt: skip
    assert not any("without a row" in note for note in found.report.notes)


@pytest.mark.parametrize("grade", ["0", "6", "mild", "2.5", ""])
def test_grades_are_one_to_five(tmp_path: Path, grade: str) -> None:
    text = f"patient,term,grade\nP1,Rash,{grade}\n"
    (told,) = sheets(tmp_path, text, "adverse_events").faults
    assert "column grade" in told
    assert "expected a grade from 1 to 5" in told


def test_laboratory_values(tmp_path: Path) -> None:
    text = (
        "patient,test,day,value,unit,LLN,ULN\nP1,AST,0,20,U/L,0,40\nP1,AST,0,25,U/L,0,40\n"
        "P1,CRP,0,<0.3,mg/dL,,\nP2,CRP,0,4,mg/L,,\n"
    )
    found = sheets(tmp_path, text, "laboratory")
    told = rows(found, "laboratory", "P1")
    assert list(told[0]) == list(LABORATORY.columns)
    assert [(r["test"], r["value"]) for r in told] == [("AST", 20), ("CRP", 0.3)]
    assert found.report.doubts == (
        (
            "laboratory.csv: 1 value of a test and day that has one already, left out: "
            "P1 AST (row 3)"
        ),
        "laboratory.csv: 1 value with < or > taken as the number behind it",
        "laboratory.csv: a test in several units, not made one: CRP (mg/L, mg/dL)",
    )
    (fault,) = sheets(
        tmp_path, text.replace("0,40\nP1,CRP", "50,40\nP1,CRP"), "laboratory"
    ).faults
    assert "found limits 50 and 40, expected the upper above the lower" in fault


def test_measurements_tell_their_kind_and_unit(tmp_path: Path) -> None:
    text = (
        "patient,CD20 [cells/mm2],PD-L1 CPS,inflamed,pattern,none\n"
        'P1,"10,5",1,yes,brisk,\nP2,200,,no,absent,\n'
    )
    found = sheets(tmp_path, text, "measurements")
    told = {str(r["feature"]): r for r in rows(found, "measurements", "P2")}
    assert told["CD20"] == {
        "feature": "CD20", "kind": "number", "value": 200.0, "label": None,
        "unit_of_measure": "cells/mm2",
    }  # fmt: skip
    assert told["PD-L1 CPS"]["value"] is None
    assert (told["inflamed"]["kind"], told["inflamed"]["value"]) == ("flag", 0.0)
    assert (told["pattern"]["kind"], told["pattern"]["label"]) == ("category", "absent")
    assert set(told) == {"CD20", "PD-L1 CPS", "inflamed", "pattern"}
    assert "1 column without a value, left out: none" in found.report.doubts[0]


def test_measurements_of_biopsies(tmp_path: Path) -> None:
    text = "patient,biopsy,CD3\nP1,B1,4\nP1,B2,5\n"
    found = sheets(tmp_path, text, "measurements")
    assert rows(found, "biopsy_measurements", "B2")[0]["value"] == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patient,CD3\nP1,4\nP2,5\nP3,low", "column CD3: found 'low', expected a number"),
        ("patient,CD3\nP1,4\nP2,5\nP3,> 500", "most rows. Write 500, and note that it is a"),
        ("patient,CD3\nP1,4\nP2,5\nP3,>high", "Correct it or leave it empty."),
        ("patient,x\nP1,yes\nP2,no\nP3,>5", "yes or no, as in most rows. Correct it or leave"),
        ("patient,x\nP1,yes\nP2,no\nP3,perhaps", "found 'perhaps', expected yes or no"),
        ("patient,CD3\nP1,4\nP1,5", "patient P1 2 times, expected one row per patient"),
        ("patient,CD3 [a],CD3 [b]\nP1,4,5", "columns CD3 in several units"),
        ("patient\nP1", "no further column"),
        ("sample,CD3\nS1,4", "expected a column patient"),
    ],
)
def test_faults_of_measurements(tmp_path: Path, text: str, message: str) -> None:
    (told,) = sheets(tmp_path, f"{text}\n", "measurements").faults
    assert message in told


def test_one_feature_in_two_tables_is_a_fault(tmp_path: Path) -> None:
    found = sheets(tmp_path)
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path in paths:
        path.write_text("patient,CD3\nP1,4\n")
    (told,) = with_trial_files(found, TrialFiles(measurements=paths)).faults
    assert told.startswith("b.csv: found column CD3, which a.csv has too")


def test_columns_of_zero_and_one_are_doubted(tmp_path: Path) -> None:
    found = sheets(tmp_path, "patient,x\nP1,0\nP2,1\n", "measurements")
    assert "write yes and no for a flag): x" in found.report.doubts[0]


def test_characteristics_come_from_the_clinical_table(tmp_path: Path) -> None:
    found = with_trial_files(sheets(tmp_path, characteristics=("ECOG", "Kind")), TrialFiles())
    facts = rows(found, "patient_facts", "P1")
    assert facts == [
        {"variable": "ECOG", "kind": "number", "value": 1.0, "label": None},
        {"variable": "Kind", "kind": "category", "value": None, "label": "a"},
    ]
    assert [f["value"] for f in rows(found, "patient_facts", "P3")] == [None, None]
    assert not any("columns not used" in note for note in found.report.notes)


def test_unknown_characteristic_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text(SHEET)
    (tmp_path / "clinical.csv").write_text(CLINICAL)
    paths = (tmp_path / "samples.csv", tmp_path / "clinical.csv")
    (told,) = read_sheets(*paths, "GRCh38", characteristics=("ECOGG",)).faults
    assert told == (
        "cohort.characteristics: found 'ECOGG', expected a column of clinical.csv. "
        "Correct it; did you mean ECOG?"
    )


def test_characteristics_without_a_clinical_table_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text(SHEET)
    (told,) = read_sheets(
        tmp_path / "samples.csv", None, "GRCh38", characteristics=("ECOG",)
    ).faults
    assert told.startswith("cohort.characteristics: found ECOG, expected columns of a clinical")


def test_a_start_that_is_no_date_is_told_and_not_used(tmp_path: Path) -> None:
    found = sheets(tmp_path, clinical=CLINICAL.replace("2021-01-01", "1/1/21"))
    assert "clinical.csv: start_date: '1/1/21' (row 2) is no date as YYYY-MM-DD, not used" in (
        found.report.notes
    )
    assert set(found.clinical.starts) == {"P2"}


def test_file_that_is_none_is_one_fault(tmp_path: Path) -> None:
    (told,) = sheets(tmp_path, b"PK\x03\x04 workbook", "lesions").faults
    assert "an Excel workbook" in told


def test_without_such_files_a_cohort_is_as_before(tmp_path: Path) -> None:
    found = sheets(tmp_path)
    same = with_trial_files(found, TrialFiles())
    assert same == found
