"""Every figure has the tables that it shows beside it, however many rows they have."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from storiform.engine.results import Results
from storiform.engine.work import SOURCE_ROWS, Portion, Task, make, perform, write_table
from storiform.model.table import Column, Table

WORKFLOW = '''"""A figure of a table."""

from typing import Annotated

import pandas as pd
from matplotlib.figure import Figure

from storiform.model.table import Column, Picture, Table

SHARES = Table(
    "shares", grain="cohort", key=("number",), description="Shares.",
    columns={"number": Column("int", "which")},
)


def plot(shares: Annotated[pd.DataFrame, SHARES]) -> Annotated[Figure, Picture("plot", "A.")]:
    """Draw."""
    return Figure()


STEPS = (plot,)
'''
SHARES = Table(
    "shares",
    grain="cohort",
    key=("number",),
    description="Shares.",
    columns={"number": Column("int", "which")},
)


@pytest.mark.parametrize("rows", [3, SOURCE_ROWS, SOURCE_ROWS + 1])
def test_the_source_of_a_figure_is_gzipped_above_the_limit_and_never_left_out(
    tmp_path: Path, rows: int
) -> None:
    (tmp_path / "flow.py").write_text(WORKFLOW)
    given = tmp_path / "given"
    given.mkdir()
    write_table(given, SHARES, pd.DataFrame({"number": range(rows)}), "mark")
    task = Task(
        workflow=str(tmp_path / "flow.py"),
        root=str(tmp_path / "out"),
        step="plot",
        unit="cohort",
        origin="step",
        fingerprint="f" * 32,
        recipe={},
        payload={"resources": {}},
        portions={"shares": (Portion("shares", {}, str(given)),)},
    )
    outcome = perform(task, make)
    assert outcome.ending == "done", outcome.message
    folder = Results(tmp_path / "out").at("plot", "cohort", task.fingerprint)
    (source,) = folder.glob("plot.shares.*")
    is_large = rows > SOURCE_ROWS
    assert source.name == ("plot.shares.tsv.gz" if is_large else "plot.shares.tsv")
    content = source.read_bytes()
    lines = (gzip.decompress(content) if is_large else content).decode().splitlines()
    assert lines == ["number", *map(str, range(rows))]
