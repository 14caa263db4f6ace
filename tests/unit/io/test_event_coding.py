"""Events of a clinical table: exchanged with times, coded as in R, or all of them censored."""

from pathlib import Path

import pytest

from storiform.io.clinical import Clinical, read_clinical


def read(folder: Path, text: str, patients: str = "P1 P2") -> Clinical:
    (folder / "clinical.csv").write_text(text)
    return read_clinical(folder / "clinical.csv", {}, patients.split())


@pytest.mark.parametrize(
    ("header", "rows", "names"),
    [
        ("pfs_months,pfs_event", "1,5.3 0,7 1,1", "pfs_months and pfs_event"),
        ("OS_days,vital_status", "alive,530 dead,12 1,99", "OS_days and vital_status"),
        ("os_months,os_censored", "1,5 0,7.5 0,9", "os_months and os_censored"),
    ],
)
def test_exchanged_times_and_events_are_one_fault(
    tmp_path: Path, header: str, rows: str, names: str
) -> None:
    lines = "".join(f"P{n},{row}\n" for n, row in enumerate(rows.split(), 1))
    clinical = read(tmp_path, f"patient,{header}\n{lines}", patients="P1 P2 P3")
    (told,) = clinical.faults
    assert f"columns {names} that look exchanged" in told
    assert clinical.notes == []


@pytest.mark.parametrize("rows", ["5,3 1,7 0,9", "1,x 0,w 1,z", "1,1 0,0 1,1"])
def test_other_faults_of_events_are_no_exchange(tmp_path: Path, rows: str) -> None:
    lines = "".join(f"P{n},{row}\n" for n, row in enumerate(rows.split(), 1))
    clinical = read(tmp_path, f"patient,pfs_months,pfs_event\n{lines}", patients="P1 P2 P3")
    assert "exchanged" not in "".join(clinical.faults)
    assert len(clinical.faults) == len({row[2] for row in rows.split()} - {"0", "1"})


def test_events_of_one_and_two_are_one_fault_that_tells_how_to_recode(tmp_path: Path) -> None:
    lines = "".join(f"P{n},{n},{1 + n % 2}\n" for n in range(1, 8))
    patients = " ".join(f"P{n}" for n in range(1, 8))
    clinical = read(tmp_path, f"patient,os_months,os_event\n{lines}", patients=patients)
    (told,) = clinical.faults
    assert "column os_event: found 1 and 2 in 7 cells" in told
    assert "Write 0 and 1: R's Surv reads 1 as censored (0) and 2 as the event (1)." in told
    assert clinical.notes == []


def test_events_of_zero_one_and_two_are_told_cell_by_cell(tmp_path: Path) -> None:
    clinical = read(tmp_path, "patient,os_months,os_event\nP1,3,2\nP2,4,0\n")
    assert "row 2, column os_event: found '2', expected 1 or 0" in clinical.faults[0]
    assert not [note for note in clinical.notes if "no event column" in note]


def test_progression_as_best_response_without_an_event_is_doubted(tmp_path: Path) -> None:
    rows = "P1,PD,3,0\nP2,PD,2,1\nP3,SD,9,0\nP4,PD,,\nP5,PD,2,0\n"
    clinical = read(
        tmp_path, f"patient,response,pfs_months,PFS_status\n{rows}", patients="P1 P2 P3 P4 P5"
    )
    (doubt,) = clinical.doubts
    assert doubt == (
        "clinical.csv: 2 patients with PD as best response and no progression event "
        "(PFS_status); is the coding of events right?: P1, P5"
    )
    assert doubt in clinical.notes
