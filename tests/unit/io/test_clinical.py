"""The clinical table: columns, units, words, and what is refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.io.clinical import Clinical, read_clinical
from storiform.model.tables.clinic import CLINIC

DAYS_PER_MONTH = 30.4375


def read(
    folder: Path, text: str, columns: Mapping[str, str] | None = None, patients: str = "P1 P2"
) -> Clinical:
    path = folder / "clinical.csv"
    path.write_text(text)
    return read_clinical(path, columns or {}, patients.split())


def record_of(folder: Path, header: str, row: str) -> dict[str, object]:
    clinical = read(folder, f"patient,{header}\nP1,{row}\n")
    assert clinical.faults == []
    return clinical.records["P1"]


def test_record_has_exactly_the_columns_of_the_contract(tmp_path: Path) -> None:
    assert list(record_of(tmp_path, "response", "PR")) == list(CLINIC.columns)


@pytest.mark.parametrize(
    ("word", "response", "responded", "disease_control"),
    [
        ("CR", "CR", True, True),
        ("Partial Response", "PR", True, True),
        ("stable disease", "SD", False, True),
        ("PROGRESSION", "PD", False, False),
        ("iCPD", "PD", False, False),
        ("not evaluable", "NE", None, None),
        ("PRCR", None, True, True),
        ("CR/PR", None, True, True),
        ("R", None, True, True),
        ("NR", None, False, None),
        ("non-responder", None, False, None),
        ("NA", None, None, None),
        ("", None, None, None),
    ],
)
def test_words_of_response(
    tmp_path: Path,
    word: str,
    response: str | None,
    responded: bool | None,  # noqa: FBT001  a table of cases
    disease_control: bool | None,  # noqa: FBT001  a table of cases
) -> None:
    record = record_of(tmp_path, "BOR", word)
    assert record["response"] == response
    assert record["responded"] is responded
    assert record["disease_control"] is disease_control


@pytest.mark.parametrize(
    ("column", "value", "months"),
    [
        ("pfs_months", "12", 12.0),
        ("PFS (months)", '"5,4"', 5.4),
        ("PFS_days", "304.375", 10.0),
        ("progression_free_survival_weeks", "52", 364 / DAYS_PER_MONTH),
        ("pfs_years", "2", 24.0),
        ("pfs_months", "0", 0.0),
    ],
)
def test_times_come_out_in_months(
    tmp_path: Path, column: str, value: str, months: float
) -> None:
    # 1e-12: one multiplication and one division of doubles
    assert record_of(tmp_path, column, value)["pfs_months"] == pytest.approx(months, rel=1e-12)


@pytest.mark.parametrize(
    ("column", "value", "event"),
    [
        ("os_event", "1", True),
        ("os_event", "0.0", False),
        ("vital_status", "Dead", True),
        ("vital_status", "alive", False),
        ("OS_STATUS", "1:DECEASED", True),
        ("OS_STATUS", "0:LIVING", False),
        ("os_event", "yes", True),
        ("os_event", "FALSE", False),
        ("os_censored", "1", False),
        ("os_censored", "0", True),
        ("OS_CNSR", "no", True),
        ("os_event", "NaN", None),
        ("os_event", "Event occurred", True),
    ],
)
def test_events_and_censoring(
    tmp_path: Path,
    column: str,
    value: str,
    event: bool | None,  # noqa: FBT001  a table of cases
) -> None:
    record = record_of(tmp_path, f"os_months,{column}", f"3,{value}")
    assert record["os_event"] is event


@pytest.mark.parametrize(
    ("header", "row", "told"),
    [
        ("response", "XX", "row 2, column response: found 'XX', expected CR, PR, SD, PD or NE"),
        ("pfs_months", "-2", "row 2, column pfs_months: found '-2', expected a number from 0"),
        ("PFS_days", "-60", "row 2, column PFS_days: found '-60'"),
        ("pfs_months", "ten", "found 'ten', no number"),
        ("os_days", '"1,234"', "a comma of decimals or of thousands"),
        ("os_months,os_event", "3,3", "column os_event: found '3', expected 1 or 0"),
        ("best_change_percent", "-140", "expected a number from -100"),
        ("age", "250", "column age: found '250'"),
        ("sex", "x", "column sex: found 'x', expected female or male"),
        ("response,responded", "PD,yes", "found 'yes', where the response is PD"),
        ("PFS,pfs_event", "54,1", "column PFS, expected a time with its unit"),
        ("BOR,RECIST", "PD,PD", "columns BOR and RECIST, expected one column for response"),
        ("os_days,os_weeks", "7,1", "columns os_days and os_weeks"),
    ],
)
def test_fault_names_row_column_and_remedy(
    tmp_path: Path, header: str, row: str, told: str
) -> None:
    clinical = read(tmp_path, f"patient,{header}\nP1,{row}\n")
    assert len(clinical.faults) == 1
    assert told in clinical.faults[0]
    assert clinical.faults[0].startswith("clinical.csv, row ")


@pytest.mark.parametrize("time", ["", "-Inf", "Inf"])
def test_event_without_a_time_is_told_and_not_used(tmp_path: Path, time: str) -> None:
    clinical = read(tmp_path, f"patient,os_days,os_event\nP1,{time},1\nP2,30,0\n")
    assert clinical.faults == []
    assert clinical.records["P1"]["os_months"] is None
    told = "clinical.csv: 1 patient with an event but no time, not used for survival: P1"
    assert told in clinical.notes


@pytest.mark.parametrize("number", ["inf", "-Inf", "Inf"])
def test_an_infinite_number_that_is_read_as_missing_is_doubted(
    tmp_path: Path, number: str
) -> None:
    rows = f"P1,{number},0,50\nP2,3,0,{number}\n"
    clinical = read(tmp_path, f"patient,pfs_months,pfs_event,age_years\n{rows}")
    assert clinical.faults == []
    assert clinical.records["P1"]["pfs_months"] is None
    told = [
        "clinical.csv: 1 patient with an infinite pfs_months, read as missing: P1",
        "clinical.csv: 1 patient with an infinite age_years, read as missing: P2",
    ]
    assert [doubt for doubt in clinical.doubts if "infinite" in doubt] == told
    assert set(told) <= set(clinical.notes)


def test_two_rows_of_a_patient_are_both_named(tmp_path: Path) -> None:
    clinical = read(tmp_path, "patient,response\nP1,PD\nP2,SD\nP1,PR\n")
    (told,) = clinical.faults
    assert told.startswith(
        "clinical.csv, rows 2, 4: found patient P1 2 times, expected one row"
    )


def test_patient_in_other_case_is_refused(tmp_path: Path) -> None:
    (told,) = read(tmp_path, "patient,response\np1,PD\n").faults
    assert "found 'p1', expected 'P1' as written elsewhere" in told


def test_canonical_column_wins_over_an_alias(tmp_path: Path) -> None:
    record = record_of(tmp_path, "RECIST,response,PFS_mo,pfs_months", "PD,CR,99,7")
    assert (record["response"], record["pfs_months"]) == ("CR", 7.0)


def test_column_named_in_the_configuration_wins(tmp_path: Path) -> None:
    text = "patient,response,BOR,PFS\nP1,CR,SD,304.375\n"
    clinical = read(tmp_path, text, {"response": "BOR", "pfs_days": "PFS"})
    assert clinical.faults == []
    assert clinical.records["P1"]["response"] == "SD"
    assert clinical.records["P1"]["pfs_months"] == pytest.approx(10.0, rel=1e-12)


def test_unknown_names_of_the_configuration_are_faults(tmp_path: Path) -> None:
    clinical = read(tmp_path, "patient,BOR\nP1,PD\n", {"respons": "BOR", "pfs_days": "PSF"})
    assert "cohort.columns.respons: found an unknown name" in clinical.faults[0]
    assert "did you mean response?" in clinical.faults[0]
    assert "cohort.columns.pfs_days: found 'PSF'" in clinical.faults[1]


def test_strangers_and_unused_columns_are_noted(tmp_path: Path) -> None:
    clinical = read(tmp_path, "PatientID,BOR,shoe size\nP1,PD,43\nP9,SD,40\n")
    assert clinical.notes == [
        "clinical.csv: columns not used: shoe size",
        "clinical.csv: 1 patient without a sample: P9",
        "clinical.csv: 1 patient of the sample sheet without a clinical row: P2",
    ]
    assert set(clinical.records) == {"P1", "P9"}


def test_doubtful_times_are_noted(tmp_path: Path) -> None:
    text = "patient,pfs_months,pfs_event,os_months,os_event\nP1,300,1,12,0\nP2,3,,4,1\n"
    notes = "\n".join(read(tmp_path, text).notes)
    assert "1 patient with a PFS longer than the OS: P1" in notes
    assert "(are the units right? If days are meant, call the column pfs_days): P1" in notes
    assert "not used for survival: P2" in notes


ALIKE = "the OS of all 4 patients is 12 months"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("300,1,400,1", "3,1,4,1"), "call the columns pfs_days and os_days): P1"),
        (("9,1,4,1", "9,1,5,1"), "2 patients with a PFS longer than the OS: P1, P2"),
        (("3,1,12,1", "4,1,12,1", "5,1,12,0", "6,1,12,1"), ALIKE),
    ],
)
def test_times_that_are_likely_wrong_are_doubts(
    tmp_path: Path, rows: tuple[str, ...], words: str
) -> None:
    lines = [f"P{number},{row}" for number, row in enumerate(rows, 1)]
    text = "\n".join(["patient,pfs_months,pfs_event,os_months,os_event", *lines, ""])
    clinical = read(tmp_path, text)
    (doubt,) = clinical.doubts
    assert words in doubt
    assert doubt in clinical.notes


def test_one_slip_or_a_few_equal_times_are_no_doubt(tmp_path: Path) -> None:
    text = "patient,pfs_months,pfs_event,os_months,os_event\nP1,9,1,4,1\nP2,3,,4,1\n"
    clinical = read(tmp_path, text)
    assert "1 patient with a PFS longer than the OS: P1" in "\n".join(clinical.notes)
    assert clinical.doubts == []


def test_decimal_comma_of_a_semicolon_file_is_never_one_of_thousands(tmp_path: Path) -> None:
    clinical = read(tmp_path, "patient;pfs_months\nP1;1,234\n")
    assert clinical.records["P1"]["pfs_months"] == 1.234


@given(st.permutations(["P1,PD,3", "P2,SD,4", "P3,,5", "P4,NE,"]))
def test_order_of_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str]
) -> None:
    text = "\n".join(["patient,response,pfs_months", *rows])
    clinical = read(tmp_path_factory.getbasetemp(), text, patients="P1 P2 P3 P4")
    assert clinical.faults == []
    assert {name: clinical.records[name]["response"] for name in sorted(clinical.records)} == {
        "P1": "PD", "P2": "SD", "P3": None, "P4": "NE",
    }  # fmt: skip
    assert clinical.records["P3"]["pfs_months"] == 5.0


@pytest.mark.parametrize(
    ("word", "response"),
    [
        ("irPR", "PR"), ("ir CR", "CR"), ("Partial Response (PR)", "PR"),
        ("SD - stable disease", "SD"), ("Progressive Disease", "PD"),
        ("clinical progression", "PD"), ("Not Evaluated", "NE"),
    ],
)  # fmt: skip
def test_further_words_of_response(tmp_path: Path, word: str, response: str) -> None:
    assert record_of(tmp_path, "BOR", word)["response"] == response


def test_mixed_response_is_not_evaluable_and_told(tmp_path: Path) -> None:
    clinical = read(tmp_path, "patient,BOR\nP1,Mixed Response\nP2,PD\n")
    assert clinical.faults == []
    record = clinical.records["P1"]
    assert (record["response"], record["responded"]) == ("NE", None)
    told = "with a mixed response, which RECIST does not know: counted as not evaluable: P1"
    assert [note for note in clinical.notes if told in note]


@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("Relapse", True), ("Non-Relapse", False), ("1:Recurred/Progressed", True),
        ("0:DiseaseFree", False), ("1:PROGRESSION", True), ("0:CENSORED", False),
        ("lost to follow-up", False), ("Event", True), ("[Unknown]", None),
    ],
)  # fmt: skip
def test_further_words_of_an_event(
    tmp_path: Path,
    word: str,
    event: bool | None,  # noqa: FBT001  a table of cases
) -> None:
    assert record_of(tmp_path, "pfs_months,pfs_event", f"3,{word}")["pfs_event"] is event


@pytest.mark.parametrize(
    ("header", "row", "seen"),
    [
        ("OS,OS_days", "Event occurred,103", True),
        ("OS,OS_days", "Censored,103", False),
        ("OS,OS_days", "1,103", True),
        ("PFS_Survival Event,PFS_days,OS,OS_days", "Censored,47,Event occurred,103", True),
    ],
)
def test_column_called_as_an_outcome_beside_its_time_holds_events(
    tmp_path: Path,
    header: str,
    row: str,
    seen: bool,  # noqa: FBT001  a table of cases
) -> None:
    clinical = read(tmp_path, f"patient,{header}\nP1,{row}\n", patients="P1")
    assert clinical.faults == []
    assert clinical.records["P1"]["os_event"] is seen
    assert "clinical.csv: column OS is read as the events of OS" in clinical.notes


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("OS,OS_days", "P1,3.4,103\nP2,1,30"),  # months, beside days
        ("OS,OS_days,os_event", "P1,1,103,0\nP2,1,30,0"),
    ],
)
def test_column_called_as_an_outcome_is_not_always_its_events(
    tmp_path: Path, header: str, rows: str
) -> None:
    clinical = read(tmp_path, f"patient,{header}\n{rows}\n")
    assert clinical.records["P1"]["os_event"] is not True
    assert clinical.columns.get("os_event") != "OS"


def test_words_of_events_without_a_time_leave_the_time_in_doubt(tmp_path: Path) -> None:
    (told,) = read(tmp_path, "patient,OS\nP1,Censored\nP2,Event\n").faults
    assert "column OS, expected a time with its unit" in told


@pytest.mark.parametrize(("unit", "scale"), [("month", 1.0), ("days", 1 / DAYS_PER_MONTH)])
def test_column_of_the_unit_gives_it_to_times_without_one(
    tmp_path: Path, unit: str, scale: float
) -> None:
    header = "survival_time_os,event_occurred_os,survival_time_pfs,survival_unit"
    clinical = read(tmp_path, f"patient,{header}\nP1,12,1,NA,{unit}\nP2,3,0,NA,{unit}\n")
    assert clinical.faults == []
    record = clinical.records["P1"]
    assert record["os_months"] == pytest.approx(12 * scale, rel=1e-12)
    assert (record["os_event"], record["pfs_months"]) == (True, None)
    assert [note for note in clinical.notes if "column survival_unit" in note]


@pytest.mark.parametrize("units", [("month", "day"), ("", ""), ("moon", "moon")])
def test_time_whose_unit_is_not_told_is_refused(tmp_path: Path, units: tuple[str, str]) -> None:
    rows = "".join(f"P{n},12,{unit}\n" for n, unit in enumerate(units, 1))
    (told,) = read(tmp_path, f"patient,survival_time_os,survival_unit\n{rows}").faults
    assert "column survival_time_os, expected a time with its unit" in told


def test_column_with_codes_beside_that_of_responders_is_told(tmp_path: Path) -> None:
    text = "patient,response,recist\nP1,R,PR\nP2,NA,SD\n"
    notes = "\n".join(read(tmp_path, text).notes)
    assert "column response tells only who responded, but recist tells CR, PR, SD" in notes
    assert "only who responded" not in "\n".join(
        read(tmp_path, text.replace("P1,R", "P1,PR")).notes
    )


def test_times_in_days_are_not_told_to_be_called_days(tmp_path: Path) -> None:
    (doubt,) = read(tmp_path, "patient,os_days,os_event\nP1,9000,1\nP2,60,1\n").doubts
    assert doubt.endswith("above 240 months (are the units right?): P1")


def test_days_too_many_for_months_are_told_what_their_column_is_called(tmp_path: Path) -> None:
    clinical = read(tmp_path, "patient,pfs_months,pfs_event\nP1,1300,1\nP2,x,1\n")
    long, word = clinical.faults
    assert "call the column pfs_days if days are meant" in long
    assert "days" not in word
    assert not [note for note in clinical.notes if "not used for survival" in note]
