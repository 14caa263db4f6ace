"""What the page of a biopsy is told of its patient, from a run of a few seconds."""

from pathlib import Path

from storiform.engine.run import run
from storiform.engine.session import open_session

WORKFLOW = '''"""A workflow of one biopsy's picture."""

from typing import Annotated

import pandas as pd
from matplotlib.figure import Figure

from storiform.model.table import Column, Picture, Table
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import Features
from storiform.statistics.clinic import clinic

ONE = Table("one", grain="biopsy", columns={"n": Column("int", "rows")})


def one(clinic: Clinic) -> Annotated[pd.DataFrame, ONE]:
    """Count the rows."""
    return pd.DataFrame({"n": [len(clinic)]})


def dot(one: Annotated[pd.DataFrame, ONE]) -> Annotated[
    Figure, Picture("dot", grain="biopsy", caption="A dot.")
]:
    """Draw a dot."""
    return Figure()


def total(features: Features) -> Annotated[
    pd.DataFrame, Table("total", grain="cohort", columns={"n": Column("int", "features")})
]:
    """Count the features."""
    return pd.DataFrame({"n": [len(features)]})


STEPS = (clinic, one, total, dot)
'''


def test_measurements_that_are_only_read_stand_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "small.py").write_text(WORKFLOW)
    (tmp_path / "samples.csv").write_text("patient,sample,status\nP1,S1,1\nP2,S2,1\n")
    (tmp_path / "clinical.csv").write_text("patient,response\nP1,PR\nP2,SD\n")
    (tmp_path / "ihc.csv").write_text("patient,CD20 [cells/mm2]\nP1,123\nP2,456\n")
    path = tmp_path / "trial.yaml"
    path.write_text(
        "workflow: small.py\noutput: results\ncohort:\n  samples: samples.csv\n"
        "  clinical: clinical.csv\n  measurements: [ihc.csv]\n"
    )
    run(open_session(path), workers=1, quiet=True)
    page = (tmp_path / "results" / "biopsies" / "P1.html").read_text()
    assert "Measurements of the patient" in page
    assert "123" in page
    assert "456" not in page
