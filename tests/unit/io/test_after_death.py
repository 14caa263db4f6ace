"""Records of the trial's files, held against the death that the clinical table tells."""

from pathlib import Path

import pytest

from storiform.io.sheets import read_sheets
from storiform.io.trial_files import TrialFiles, with_trial_files

SHEET = "patient,sample,status\n" + "".join(f"P{n},S{n},1\n" for n in range(1, 6))
CLINICAL = "patient,os_months,os_event\nP1,3.29,1\nP2,9.05,0\nP3,,1\nP4,12.5,\nP5,3.29,1\n"
"""P1 and P5 died on day 100."""
EVENTS = "patient,term,grade,day\n"
DOSES = "patient,drug,start_day,end_day,dose\n"


def doubts(
    folder: Path, text: str, entry: str = "adverse_events", clinical: str = CLINICAL
) -> list[str]:
    """Return what is doubtful of one file, each doubt without the name of the file."""
    (folder / "samples.csv").write_text(SHEET)
    (folder / "clinical.csv").write_text(clinical)
    (folder / f"{entry}.csv").write_text(text)
    found = read_sheets(folder / "samples.csv", folder / "clinical.csv", "GRCh38")
    found = with_trial_files(found, TrialFiles({entry: folder / f"{entry}.csv"}))
    assert found.faults == ()
    assert set(found.report.doubts) <= set(found.report.notes)
    return [doubt.removeprefix(f"{entry}.csv: ") for doubt in found.report.doubts]


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("adverse_events", f"{EVENTS}P1,Rash,1,104\n"),
        ("doses", f"{DOSES}P1,a,104,,1\n"),
        ("doses", f"{DOSES}P1,a,0,104,1\n"),
        ("lesions", "patient,lesion,role,day,diameter_mm\nP1,A,target,104,20\n"),
        ("laboratory", "patient,test,day,value\nP1,ALT,104,20\n"),
    ],
)
def test_record_behind_the_death_is_doubted(tmp_path: Path, entry: str, text: str) -> None:
    (told,) = doubts(tmp_path, text, entry)
    assert told == (
        "1 record of 1 patient after the death in clinical.csv (are days and outcomes right?): "
        "P1 (day 104, death on day 100)"
    )
    assert doubts(tmp_path, text.replace("104", "100"), entry) == []


def test_records_of_whoever_lives_or_died_on_an_unknown_day_are_not_doubted(
    tmp_path: Path,
) -> None:
    rows = "".join(f"{name},Rash,1,900\n" for name in ("P2", "P3", "P4"))
    assert doubts(tmp_path, EVENTS + rows + "P1,Rash,1,\n") == []


def test_many_records_are_counted_and_a_few_patients_named(tmp_path: Path) -> None:
    clinical = "patient,os_days,os_event\n" + "".join(f"P{n},{97 + n},1\n" for n in range(1, 6))
    rows = "".join(f"P{n},Rash,1,{day}\n" for n in range(1, 6) for day in (90, 110, 120))
    (told,) = doubts(tmp_path, EVENTS + rows, clinical=clinical)
    assert told.startswith("10 records of 5 patients after the death")
    assert told.endswith("P3 (day 120, death on day 100) and 2 more")


@pytest.mark.parametrize(
    ("times", "slack"),
    [
        ("os_days 100 200", 1),
        ("os_weeks 10 20", 7),
        ("os_months 3 4", 30),
        ("os_months 3 4.5", 3),
        ("os_months 3 4.513", 1),
        ("os_years 1 2", 365),
    ],
)
def test_a_time_tells_the_death_as_finely_as_it_is_written(
    tmp_path: Path, times: str, slack: int
) -> None:
    name, first, second = times.split()
    clinical = f"patient,{name},os_event\nP1,{first},1\nP2,{second},0\n"
    unit = {"days": 1, "weeks": 7, "months": 30.4375, "years": 365.25}[name[3:]]
    death = float(first) * unit
    for behind, is_told in ((slack - 0.1, False), (slack + 1.3, True)):
        text = f"{EVENTS}P1,Rash,1,{death + behind:.3f}\n"
        assert bool(doubts(tmp_path, text, clinical=clinical)) is is_told


def test_fatal_event_of_the_living_is_doubted(tmp_path: Path) -> None:
    rows = "P2,Sepsis,5,80\nP2,Sepsis,4,70\nP1,Sepsis,5,90\nP4,Sepsis,5,80\nP3,Sepsis,5,\n"
    (told,) = doubts(tmp_path, EVENTS + rows)
    assert told == (
        "1 patient with an adverse event of grade 5, which is death, but alive in "
        "clinical.csv: P2 (day 80)"
    )
    assert doubts(tmp_path, EVENTS + rows.replace("P2,Sepsis,5", "P2,Sepsis,4")) == []
