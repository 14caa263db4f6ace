"""Every figure has the tables that it shows beside it, however many rows they have."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from storiform.engine.fingerprint import content_id
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


def task_in(folder: Path) -> Task:
    return Task(
        workflow=str(folder / "flow.py"),
        root=str(folder / "out"),
        step="plot",
        unit="cohort",
        origin="step",
        fingerprint="f" * 32,
        recipe={},
        payload={"resources": {}},
        portions={
            "shares": (Portion("shares", {}, str(folder / "out/units/cohort/shares/f")),)
        },
    )


@pytest.mark.parametrize("rows", [3, SOURCE_ROWS, SOURCE_ROWS + 1])
def test_the_source_of_a_figure_is_gzipped_above_the_limit_and_never_left_out(
    tmp_path: Path, rows: int
) -> None:
    (tmp_path / "flow.py").write_text(WORKFLOW)
    write_table_in(tmp_path, rows)
    task = task_in(tmp_path)
    outcome = perform(task, make)
    assert outcome.ending == "done", outcome.message
    folder = Results(tmp_path / "out").at("plot", "cohort", task.fingerprint)
    (source,) = folder.glob("plot.shares.*")
    is_large = rows > SOURCE_ROWS
    assert source.name == ("plot.shares.tsv.gz" if is_large else "plot.shares.tsv")
    content = source.read_bytes()
    lines = (gzip.decompress(content) if is_large else content).decode().splitlines()
    assert lines == ["number", *map(str, range(rows))]


@pytest.mark.parametrize(
    ("module", "ending"), [("storiform.figures.plot", "done"), ("own", "failed")]
)
def test_dollar_signs_are_letters_in_our_own_figures_alone(
    tmp_path: Path, module: str, ending: str
) -> None:
    text = WORKFLOW.replace(
        "    return Figure()",
        "    made = Figure()\n    made.text(0.5, 0.5, '$x^$')\n    return made",
    )
    (tmp_path / "flow.py").write_text(text + f"plot.__module__ = {module!r}\n")
    write_table_in(tmp_path)
    assert perform(task_in(tmp_path), make).ending == ending


def write_table_in(folder: Path, rows: int = 3) -> None:
    published = folder / "out/units/cohort/shares/f"
    published.mkdir(parents=True)
    write_table(published, SHARES, pd.DataFrame({"number": range(rows)}), "mark")
    file = published / "shares.parquet"
    outputs = {file.name: {"size": file.stat().st_size, "id": content_id(file)}}
    record = {"outputs": outputs, "recipe": {}, "finished": 0.0}
    (published / "provenance.json").write_text(json.dumps(record))
