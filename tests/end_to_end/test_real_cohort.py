"""A published cohort as its authors left it: Riaz et al., doi:10.1016/j.cell.2017.09.028."""

import csv
import gzip
from collections import Counter
from pathlib import Path

import pytest

from storiform.io.sheets import CohortReport, read_cohort
from storiform.model.errors import SheetError

COLUMNS = {
    "patient": "PatientID", "response": "BOR",
    "pfs_days": "PFS", "pfs_censored": "PFS_SOR",
    "os_days": "OS", "os_censored": "OS_SOR",
}  # fmt: skip
"""`PFS_SOR` and `OS_SOR` are indicators of censoring: 1 is censored, 0 an event.

The file does not say so. Three things do: all 31 patients with progression as best response
and all 3 who died before the first assessment have `PFS_SOR` 0; the 4 responders whose PFS
is as long as their OS have 1; and a second release of the same cohort (`Riaz.clin.tsv`) has
`event_occurred_os` 1 where `OS_SOR` is 0, in all 23 patients that it holds: the last test.
"""


def rows_of(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=delimiter))


@pytest.fixture
def sheet(real_data: Path, tmp_path: Path) -> Path:
    """Write the sample sheet of the count matrix; Pt109 has two libraries on treatment."""
    matrix = real_data / "cohort" / "riaz_GSE91061_raw_counts.csv.gz"
    with gzip.open(matrix, "rt", encoding="utf-8") as lines:
        columns = next(csv.reader(lines))[1:]
    rows = ["patient,sample,timepoint,counts"]
    for column in columns:
        patient, timepoint, _ = column.split("_", 2)
        rows.append(f"{patient},{column},{timepoint},{matrix}")
    path = tmp_path / "samples.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def read(real_data: Path, sheet: Path) -> CohortReport:
    lines = [
        line for line in sheet.read_text().split("\n") if "Pt109_On_AE527955-6" not in line
    ]
    sheet.write_text("\n".join(lines))
    clinical = real_data / "cohort" / "riaz_bms038_clinical.csv"
    return read_cohort(sheet, clinical, "GRCh37", COLUMNS)


def test_second_library_of_one_biopsy_is_a_fault(real_data: Path, sheet: Path) -> None:
    clinical = real_data / "cohort" / "riaz_bms038_clinical.csv"
    with pytest.raises(SheetError, match="second row of status 2 for biopsy Pt109"):
        read_cohort(sheet, clinical, "GRCh37", COLUMNS)


def test_pretreatment_biopsies_and_responses(real_data: Path, sheet: Path) -> None:
    cohort = read(real_data, sheet).cohort
    baseline = [biopsy for biopsy in cohort.biopsies if biopsy.is_baseline]
    assert len(baseline) == 51
    clinics = [cohort.patient(biopsy.patient).clinic or {} for biopsy in baseline]
    assert Counter(clinic["responded"] for clinic in clinics) == {False: 39, True: 10, None: 2}
    assert Counter(clinic["response"] for clinic in clinics)["NE"] == 2


def test_patients_of_one_file_alone_are_kept_and_listed(real_data: Path, sheet: Path) -> None:
    report = read(real_data, sheet)
    notes = "\n".join(report.notes)
    assert "15 patients without a sample" in notes
    assert "7 patients of the sample sheet without a clinical row" in notes
    assert len(report.cohort.patients) == 58 + 15 + 7


def test_weeks_are_taken_where_days_name_no_unit(real_data: Path, sheet: Path) -> None:
    explicit = read(real_data, sheet).cohort
    clinical = real_data / "cohort" / "riaz_bms038_clinical.csv"
    report = read_cohort(sheet, clinical, "GRCh37")
    assert any("not used for survival" in note for note in report.notes)
    for patient in explicit.patients:
        theirs = report.cohort.patient(patient.name).clinic
        if patient.clinic is not None:
            assert theirs is not None
            assert theirs["response"] == patient.clinic["response"]
            # 1e-8: the weeks are printed with ten digits
            expected = pytest.approx(patient.clinic["pfs_months"], rel=1e-8)
            assert theirs["pfs_months"] == expected
            assert theirs["pfs_event"] is None


def test_censoring_indicator_means_what_a_second_release_says(
    real_data: Path, sheet: Path
) -> None:
    cohort = read(real_data, sheet).cohort
    theirs = rows_of(real_data / "cohort" / "Riaz.clin.tsv", "\t")
    compared = 0
    known = {patient.name: patient.clinic for patient in cohort.patients if patient.clinic}
    for row in theirs:
        clinic = known.get(row["patientid"])
        if clinic is None or row["event_occurred_os"] == "NA":
            continue
        compared += 1
        assert clinic["os_event"] == (row["event_occurred_os"] == "1"), row["patientid"]
        months = clinic["os_months"]
        assert isinstance(months, float)
        # their months have 28 days; 1e-6: they print ten digits
        assert months * 30.4375 / 28 == pytest.approx(float(row["survival_time_os"]), rel=1e-6)
    assert compared == 23
