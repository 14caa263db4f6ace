"""What the report tells of units that went wrong, grouped so that it can be read."""

import re
from pathlib import Path

from click.testing import CliRunner

from storiform.cli.main import group
from storiform.engine.graph import LeftOut
from storiform.engine.reporting import left_out_of, warnings_of


def test_warnings_that_differ_in_numbers_alone_are_one_row() -> None:
    told = [("tpm", f"P{n}", f"{n} of 100 genes have no length") for n in range(1, 8)]
    told.append(("tpm", "P1", "another doubt"))
    rows = warnings_of(told)
    assert [(row.unit, row.message) for row in rows] == [
        (
            "P1, P2, P3, P4, P5 and 2 more",
            "1 of 100 genes have no length (and 6 more with other numbers)",
        ),
        ("P1", "another doubt"),
    ]


def test_steps_left_out_of_the_same_units_for_one_reason_are_one_row() -> None:
    gone = [LeftOut(step, unit, "no tpm") for step in ("mcp", "ssgsea") for unit in "AB"]
    gone.append(LeftOut("tmb", "A", "no variants"))
    rows = left_out_of(gone)
    assert [(row.step, row.unit, row.message) for row in rows] == [
        ("mcp, ssgsea", "A, B", "no tpm"),
        ("tmb", "A", "no variants"),
    ]


WORKFLOW = '''"""A table by patient that names biopsies which the cohort does not have."""

import pandas as pd

from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import PAIRED_FEATURES, PairedFeatures
from storiform.statistics.clinic import clinic


def paired_features(clinic: Clinic) -> PairedFeatures:
    """Make a row for each patient."""
    rows = pd.DataFrame({"patient": clinic["patient"], "feature": "pairs.a_and_b"})
    rows["biopsy"] = rows["patient"] + "-measured"
    return rows.reindex(columns=list(PAIRED_FEATURES.columns))


STEPS = (clinic, paired_features)
'''


def test_report_counts_a_table_by_patient_in_patients(tmp_path: Path) -> None:
    files = {
        "flow.py": WORKFLOW,
        "samples.csv": "patient,sample,status\nP1,T1,1\n",
        "clinic.csv": "patient,sex\nP1,female\nP2,male\nP3,male\n",
        "c.yaml": "workflow: flow.py\noutput: out\nexecutor:\n  workers: 1\n"
        "cohort:\n  samples: samples.csv\n  clinical: clinic.csv\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    run = CliRunner().invoke(group, ["run", str(tmp_path / "c.yaml"), "--quiet"])
    assert run.exit_code == 0, run.output
    page = re.sub(r"<[^>]+>|\s+", " ", (tmp_path / "out" / "report.html").read_text())
    assert re.search(r"paired_features\s+3 of 3 patients", page)
