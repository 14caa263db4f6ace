"""The reference pages say what the code says."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, Field

from storiform.model.params import Depth, Params
from storiform.model.step import Step
from storiform.model.table import Column, Picture, Table
from storiform.report.reference import configuration_page, tables_page

ROOT = Path(__file__).parents[3]
SCORE = Table(
    "score",
    grain="biopsy",
    version=3,
    description="One row per biopsy.",
    columns={"score": Column("float", "a | b", "log2", feature=True)},
)
READ = Table("read", grain="biopsy", columns={"reads": Column("int", "reads", "reads")})


class ScoreParams(Params):
    """How the score is made."""

    min_depth: Depth = Field(7, description="reads over a site")
    mode: Literal["raw", "scaled"] = Field("raw", description="which scale")
    names: tuple[str, ...] = Field(("a", "b"), description="names")


class Configuration(BaseModel):
    """A configuration of one section."""

    output: Path = Field(Path("results"), description="folder")
    score: ScoreParams = Field(default_factory=ScoreParams)


def score(
    read: Annotated[pd.DataFrame, READ], params: ScoreParams
) -> Annotated[pd.DataFrame, SCORE]:
    """Score a biopsy."""
    raise NotImplementedError


def plot(
    score: Annotated[pd.DataFrame, SCORE],
) -> Annotated[object, Picture("plot", "Scores of all.", grain="biopsy")]:
    """Draw the scores."""
    raise NotImplementedError


def test_every_parameter_stands_with_default_bound_and_meaning():
    page = configuration_page(Configuration, "toy")
    assert "| `output` | `results` | string | folder |" in page
    assert "## score\n\nHow the score is made." in page
    assert "| `score.min_depth` | `7` | ≥ 0; ≤ 1000000 | reads over a site |" in page
    assert "| `score.mode` | `raw` | `raw`, `scaled` | which scale |" in page
    assert "| `score.names` | `[a, b]` | array, string | names |" in page


def test_every_table_stands_with_maker_columns_and_figures():
    page = tables_page([Step.of(score), Step.of(plot)], [READ], "toy")
    assert "### score" in page
    assert "Made by `score`, version 3. Grain: biopsy" in page
    assert "| `score` ● | number or missing | log2 | a \\| b |" in page
    assert page.index("### score") < page.index("## Tables that your files fill")
    assert page.index("## Tables that your files fill") < page.index("### read")
    assert "| `plot` | `plot` | 1 | Scores of all. |" in page


def test_committed_pages_are_those_of_the_code():
    script = ROOT / "docs" / "generate_reference.py"
    command = [sys.executable, str(script), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  ours
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0
