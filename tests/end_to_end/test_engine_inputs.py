"""Provided tables, several biopsies, optional inputs, and a biomarker from outside."""

from collections.abc import Callable
from pathlib import Path

import pytest
from trials import Toy, storiform

from storiform.engine.run import Ending
from storiform.engine.session import Session, open_session
from storiform.model.errors import ConfigError, InputError

Make = Callable[..., Toy]
Here = Callable[..., tuple[Session, Ending]]


def provide(toy: Toy, name: str, rows: str) -> None:
    """Give a toy one more table of the user's own."""
    (toy.config.parent / f"{name}.tsv").write_text(rows)
    text = toy.config.read_text()
    given = f"provided: {{dose: dose.tsv, {name}: {name}.tsv}}"
    toy.config.write_text(text.replace("provided: {dose: dose.tsv}", given))


def test_provided_table_replaces_the_step_unit_by_unit(toy: Make, here: Here) -> None:
    trial = toy([1, 2, 3])
    provide(trial, "doubled", "biopsy\ttwice\nP002\t40\n")
    session, ending = here(trial)
    assert ending.exit_code == 0
    assert session.graph.find("doubled", "P002") is None
    assert session.graph.find("provided_doubled", "P002") is not None
    assert [row["twice"] for row in trial.rows("doubled")] == ["2", "40", "6"]
    assert trial.rows("total")[0]["sum"] == "48"


def test_provided_table_of_an_unknown_unit_is_refused(toy: Make) -> None:
    trial = toy([1, 2])
    provide(trial, "doubled", "biopsy\ttwice\nP007\t40\n")
    with pytest.raises(InputError, match=r"doubled.tsv: found biopsy P007, expected biopsy"):
        open_session(trial.config)


def test_provided_table_without_its_unit_column_is_refused(toy: Make) -> None:
    trial = toy([1, 2])
    provide(trial, "doubled", "sample\ttwice\nP001\t40\n")
    with pytest.raises(InputError, match=r"expected a column biopsy. Add the column biopsy"):
        open_session(trial.config)


def test_provided_row_of_nobody_is_refused_by_number(toy: Make) -> None:
    trial = toy([1, 2])
    provide(trial, "doubled", "biopsy\ttwice\nP001\t40\n\t41\n")
    with pytest.raises(InputError, match=r"doubled.tsv, row 3: found no biopsy"):
        open_session(trial.config)


def test_provided_table_that_no_step_knows_is_refused(toy: Make) -> None:
    trial = toy([1, 2])
    provide(trial, "dubled", "biopsy\ttwice\nP001\t40\n")
    with pytest.raises(ConfigError, match=r"doubled"):
        open_session(trial.config)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("biopsy\tthrice\nP001\t40\n", "Missing: twice; unknown: thrice"),
        ("biopsy\ttwice\nP001\tforty\n", "doubled.tsv, twice: found 'forty', expected float"),
    ],
)
def test_provided_table_with_a_wrong_column_or_cell_fails_its_unit(
    rows: str, message: str, toy: Make, here: Here
) -> None:
    trial = toy([1, 2])
    provide(trial, "doubled", rows)
    _, ending = here(trial)
    assert ending.exit_code == 1
    ((step, unit, told),) = ending.failures
    assert (step, unit) == ("provided_doubled", "P001")
    assert message in told
    assert [row["biopsy"] for row in trial.rows("share")] == ["P002"]


def test_optional_table_is_none_where_nobody_gives_it(toy: Make, here: Here) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    assert {row["given"] for row in trial.rows("ranks")} == {"0"}
    provide(trial, "bonus", "biopsy\tpoints\nP001\t5\n")
    here(trial)
    assert [row["rank"] for row in trial.rows("ranks")] == ["1", "3", "2"]
    assert {row["given"] for row in trial.rows("ranks")} == {"1"}
    steps = {step for step, _, state in trial.steps() if state == "done"}
    assert steps == {"provided_bonus", "ranks"}


def test_optional_table_whose_maker_failed_blocks(toy: Make, here: Here) -> None:
    trial = toy([1, 2, 3])
    provide(trial, "bonus", "biopsy\tpoints\nP001\tmany\n")
    session, ending = here(trial)
    assert ending.exit_code == 1
    node = session.graph.find("ranks", "cohort")
    assert node is not None
    assert (node.state, node.why) == ("blocked", "provided_bonus of P001 failed")


def test_baseline_biopsy_speaks_and_all_biopsies_are_in_tables(toy: Make, here: Here) -> None:
    trial = toy([1, 2])
    folder = trial.config.parent
    (folder / "samples.csv").write_text(
        "patient,sample,status,timepoint\nP001,early,1,baseline\n"
        "P001,late,1,after progression\nP002,only,1,baseline\n"
    )
    text = "biopsy\tdose\n"
    (folder / "dose.tsv").write_text(text)
    session = open_session(trial.config)
    names = [biopsy.name for biopsy in session.report.cohort.biopsies]
    assert len(names) == 3
    text += "".join(f"{name}\t{10**n}\n" for n, name in enumerate(sorted(names)))
    (folder / "dose.tsv").write_text(text)
    session, ending = here(trial)
    assert ending.exit_code == 0
    baseline = {b.name for b in session.report.cohort.biopsies if b.is_baseline}
    assert len(baseline) == 2
    assert min(names) not in baseline, "the later biopsy is the first by name"
    rows = trial.rows("doubled")
    assert sorted(row["biopsy"] for row in rows) == sorted(names)
    spoken = [float(row["twice"]) for row in rows if row["biopsy"] in baseline]
    (told,) = [r for r in trial.rows("summary") if r["feature"] == "doubled.twice"]
    assert told["n"] == "2"
    assert float(told["mean"]) == pytest.approx(sum(spoken) / 2)


BIOMARKER = '''"""Tertiary lymphoid structures, a room from outside."""

from typing import Annotated

import pandas as pd
from pydantic import Field

from storiform.model.params import Params
from storiform.model.table import Column, Table
from storiform.model.tables.rna import Tpm


class TlsParams(Params):
    """Which genes count."""

    pseudocount: float = Field(1.0, gt=0.0, le=10.0, description="added to each TPM")


Structures = Annotated[
    pd.DataFrame,
    Table(
        "tls",
        grain="biopsy",
        columns={"tls": Column("float", "TPM of a gene", "TPM", feature=True)},
    ),
]


def tls(tpm: Tpm, params: TlsParams) -> Structures:
    """Add up one gene."""
    genes = tpm.loc[tpm["gene"] == "CD8A", "tpm"]
    return pd.DataFrame({"tls": [genes.sum() + params.pseudocount]})
'''
FLOW = '''"""A trial with one room more."""

from tls_outside import tls

from storiform.biomarkers.expression import counts, tpm
from storiform.statistics.association import associations

STEPS = (counts, tpm, tls, associations)
'''


def outside(folder: Path, section: str = "") -> Path:
    """Write a biomarker and a workflow outside the package, and a trial with TPM."""
    (folder / "tls_outside.py").write_text(BIOMARKER)
    (folder / "flow.py").write_text(FLOW)
    sheet = ["patient,sample,status,tpm"]
    clinical = ["patient,response"]
    for n in range(8):
        values = f"CD8A\t{1000 * n + 1}\nMS4A1\t{999_999 - 1000 * n}\n"
        (folder / f"t{n}.tsv").write_text(f"gene\tS{n}\n{values}")
        sheet.append(f"P{n},S{n},2,t{n}.tsv")
        clinical.append(f"P{n},{'PR' if n > 3 else 'PD'}")
    (folder / "samples.csv").write_text("\n".join(sheet) + "\n")
    (folder / "clinical.csv").write_text("\n".join(clinical) + "\n")
    config = folder / "trial.yaml"
    config.write_text(
        "workflow: flow.py\ncohort: {samples: samples.csv, clinical: clinical.csv}\n" + section
    )
    return config


def test_biomarker_is_added_by_one_file_and_one_line(tmp_path: Path) -> None:
    config = outside(tmp_path)
    done = storiform("run", config, "--workers", 2, "--quiet")
    assert done.returncode == 0, done.stderr
    toy = Toy(config, tmp_path / "results")
    assert len(toy.rows("tls")) == 8
    tested = {row["feature"]: row for row in toy.rows("associations")}
    assert "tls.tls" in tested
    assert float(tested["tls.tls"]["p"]) == pytest.approx(2 / 70, rel=1e-9), "exact Wilcoxon"
    assert "tls.tls" in toy.report()
    shown = storiform("config", "show", config).stdout
    assert "tls_outside:" in shown
    assert "pseudocount: 1.0" in shown
    assert "added to each TPM" in shown


def test_unknown_parameter_of_a_biomarker_from_outside_is_refused(tmp_path: Path) -> None:
    config = outside(tmp_path, "tls_outside:\n  pseudocout: 2\n")
    done = storiform("check", config)
    assert done.returncode == 2
    assert "trial.yaml:4:3: tls_outside.pseudocout: unknown" in done.stdout
    assert "did you mean pseudocount" in done.stdout
