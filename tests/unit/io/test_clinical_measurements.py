"""Other files call the patient as the clinical table does, which may be one of them itself."""

from pathlib import Path

import pytest

from storiform.io.sheets import Sheets, read_sheets
from storiform.io.trial_files import TrialFiles, with_trial_files

SHEET = "patient,sample,status\nP1,S1,1\nP2,S2,1\n"
OWN_NAMES = "SARC-ID,OS_days,OS_event,CD20,tumour site\nP1,30,1,4,arm\nP2,60,0,8,[Unknown]\n"


def rows(found: Sheets, table: str, unit: str) -> list[dict[str, object]]:
    assert found.faults == ()
    return [dict(row) for row in found.report.cohort.given[table][unit]]


def of_own_names(folder: Path, file: str, characteristics: tuple[str, ...] = ()) -> Sheets:
    """Read a cohort whose clinical table has a name of its own for the patient."""
    (folder / "samples.csv").write_text(SHEET)
    (folder / "clinical.csv").write_text(OWN_NAMES)
    (folder / "ihc.csv").write_text("sarc id,CD8\nP1,3\nP2,5\n")
    columns = {"patient": "SARC-ID"}
    found = read_sheets(
        folder / "samples.csv", folder / "clinical.csv", "GRCh38", columns,
        characteristics=characteristics,
    )  # fmt: skip
    return with_trial_files(found, TrialFiles(measurements=[folder / file]))


def test_patient_is_called_in_other_files_as_in_the_clinical_table(tmp_path: Path) -> None:
    (row,) = rows(of_own_names(tmp_path, "ihc.csv"), "measurements", "P2")
    assert (row["feature"], row["value"]) == ("CD8", 5.0)


@pytest.mark.parametrize(
    ("characteristics", "features"),
    [((), {"CD20", "tumour site"}), (("CD20",), {"CD20"})],
)
def test_clinical_table_as_measurements_is_not_compared_with_its_own_outcomes(
    tmp_path: Path, characteristics: tuple[str, ...], features: set[str]
) -> None:
    found = of_own_names(tmp_path, "clinical.csv", characteristics)
    assert {row["feature"] for row in rows(found, "measurements", "P1")} == features


def test_reason_in_brackets_is_a_missing_value(tmp_path: Path) -> None:
    told = rows(of_own_names(tmp_path, "clinical.csv"), "measurements", "P2")
    assert [row["label"] for row in told if row["feature"] == "tumour site"] == [None]
