"""What a second run does: nothing, or what a change calls for, and why."""

import json
import os
import resource
from collections import Counter
from collections.abc import Callable

import pytest
from trials import Toy, storiform

from storiform.engine.explain import Check, plan_lines
from storiform.engine.reporting import write_report
from storiform.engine.run import Ending
from storiform.engine.session import Session, open_session

Make = Callable[..., Toy]
Here = Callable[..., tuple[Session, Ending]]


def reasons(toy: Toy) -> dict[str, dict[str, int]]:
    """Return for each step that would run, why and how often."""
    lines = plan_lines(open_session(toy.config).graph)
    return {line.step: dict(line.reasons) for line in lines if line.reasons}


def ran(toy: Toy) -> Counter[str]:
    """Count the nodes that the last run computed, by step."""
    return Counter(step for step, _, state in toy.steps() if state == "done")


def test_second_run_does_nothing_within_three_cpu_seconds(toy: Make) -> None:
    trial = toy([1, 2, 3])
    assert storiform("run", trial.config, "--workers", 2).returncode == 0
    before = trial.tables()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    again = storiform("run", trial.config)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert again.returncode == 0, again.stderr
    assert now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime <= 3.0
    assert trial.steps() == []
    assert trial.tables() == before
    assert "cached" in again.stdout
    assert "done" not in again.stdout


def test_changed_parameter_runs_only_what_depends_on_it(toy: Make, here: Here) -> None:
    trial = toy([1, 2, 3], "toy_workflow: {draws: 10}\n")
    here(trial)
    before = trial.tables()
    trial.settings("toy_workflow: {draws: 11}\n")
    told = reasons(trial)
    # one section of parameters belongs to three steps of the toy; `noise` alone reads `draws`
    assert told["noise"] == {"params draws: 10 -> 11": 3}
    assert "total" in told
    assert "provided_dose" not in told
    assert "read_clinic" not in told
    here(trial)
    assert ran(trial)["provided_dose"] == 0
    changed = {name for name, content in trial.tables().items() if content != before[name]}
    assert {"noise.tsv", "noise.parquet"} <= changed
    assert not {name for name in changed if name.endswith("tsv")} - {"noise.tsv"}


def test_parameter_set_back_finds_the_older_result(toy: Make, here: Here) -> None:
    trial = toy([1, 2], "toy_workflow: {factor: 2}\n")
    here(trial)
    trial.settings("toy_workflow: {factor: 3}\n")
    here(trial)
    trial.settings("toy_workflow: {factor: 2}\n")
    assert reasons(trial) == {}
    _, ending = here(trial)
    assert set(ending.counts) == {"cached"}
    assert trial.rows("doubled")[0]["twice"] == "2"


def test_results_beyond_those_kept_are_swept(toy: Make, here: Here) -> None:
    trial = toy([1, 2])
    for factor in (2, 3, 4):
        trial.settings(f"run: {{keep: 1}}\ntoy_workflow: {{factor: {factor}}}\n")
        here(trial)
    assert len(trial.folders("doubled", "P001")) == 2
    assert len(trial.folders("provided_dose", "P001")) == 1


def test_touched_file_runs_nothing(toy: Make, here: Here) -> None:
    trial = toy([1, 2])
    here(trial)
    dose = trial.config.parent / "dose.tsv"
    os.utime(dose, (1_000_000_000, 1_000_000_000))
    assert reasons(trial) == {}


def test_changed_row_runs_its_unit_and_what_follows(toy: Make, here: Here) -> None:
    trial = toy([1, 2, 3, 4])
    here(trial)
    trial.dose([1, 2, 30, 4])
    told = reasons(trial)
    assert told["provided_dose"] == {"rows dose: the content changed": 1}
    assert told["doubled"] == {"dose: 1 of 1 input tables change": 1}
    assert told["total"] == {"doubled: 1 of 4 input tables change": 1}
    here(trial)
    counts = ran(trial)
    assert (counts["provided_dose"], counts["doubled"], counts["noise"]) == (1, 1, 1)
    assert (counts["total"], counts["share"], counts["read_clinic"]) == (1, 4, 0)
    assert trial.rows("total")[0]["sum"] == "74"


def test_changed_clinical_value_is_named(toy: Make, here: Here) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    clinical = trial.config.parent / "clinical.csv"
    clinical.write_text(clinical.read_text().replace("P002,PD", "P002,SD"))
    told = reasons(trial)
    assert "clinical value response changed" in next(iter(told["read_clinic"]))
    assert set(told) == {"read_clinic", "summary"}


@pytest.mark.parametrize("harm", ["truncate", "delete table", "delete provenance", "rubbish"])
def test_damaged_result_is_found_and_made_again(harm: str, toy: Make, here: Here) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    before = trial.tables()
    (folder,) = trial.folders("doubled", "P002")
    table = folder / "doubled.parquet"
    if harm == "truncate":
        os.truncate(table, table.stat().st_size - 7)
    elif harm == "delete table":
        table.unlink()
    elif harm == "delete provenance":
        (folder / "provenance.json").unlink()
    else:
        (folder / "provenance.json").write_text('{"outputs"')
    told = reasons(trial)
    assert list(told) == ["doubled"]
    assert next(iter(told["doubled"])).startswith("the result is damaged")
    here(trial)
    assert ran(trial) == {"doubled": 1}
    assert reasons(trial) == {}
    assert trial.tables() == before


def test_flipped_byte_is_found_by_verify_alone(toy: Make, here: Here) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    (folder,) = trial.folders("doubled", "P002")
    table = folder / "doubled.parquet"
    whole = table.read_bytes()
    table.write_bytes(whole[:20] + bytes([whole[20] ^ 255]) + whole[21:])
    assert reasons(trial) == {}
    here(trial, check=Check(verify=True))
    assert ran(trial) == {"doubled": 1}
    assert table.read_bytes() == whole


@pytest.mark.parametrize("name", ["doubled.parquet", "doubled.tsv"])
def test_a_bit_that_flips_in_a_table_makes_no_other_number_and_verify_mends_it(
    toy: Make, here: Here, name: str
) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    write_report(open_session(trial.config), force=True)  # all are cached now
    table = trial.results / "tables" / name
    whole, report = table.read_bytes(), trial.report()
    for at in [*range(4, len(whole), max(1, len(whole) // 40)), 40]:
        table.write_bytes(whole[:at] + bytes([whole[at] ^ 2]) + whole[at + 1 :])
        write_report(open_session(trial.config), force=True)
        assert trial.report() == report, f"byte {at}"
    (trial.results / "report.html").write_text(report.replace("doubled", "doublep", 1))
    here(trial)
    assert "doublep" in trial.report(), "nothing tells a usual run of it"
    here(trial, check=Check(verify=True))
    assert table.read_bytes() == whole
    assert trial.report() == report
    assert trial.steps() == []


def test_a_damaged_result_that_only_a_table_shows_is_told_and_made_again(
    toy: Make, here: Here
) -> None:
    """No step reads it in this run: the writing of the table meets it."""
    trial = toy([1, 2, 3])
    here(trial)
    before = trial.tables()
    for unit in ("P001", "P003"):
        (folder,) = trial.folders("doubled", unit)
        table = folder / "doubled.parquet"
        table.write_bytes(bytes(table.stat().st_size))
    (trial.results / "tables" / "doubled.tsv").unlink()
    _, ending = here(trial)
    assert ending.exit_code == 1
    assert [(step, unit) for step, unit, _ in ending.failures] == [
        ("doubled", "P001"),
        ("doubled", "P003"),
    ]
    assert "P001 of doubled: found a result damaged on the disk" in ending.failures[0][2]
    assert ending.counts["failed"] == 2
    assert [row["patient"] for row in trial.rows("doubled")] == ["P002"]
    assert json.loads((trial.results / "run.json").read_text())["counts"]["failed"] == 2
    _, ending = here(trial)
    assert ending.exit_code == 0
    assert ran(trial) == {"doubled": 2}
    assert trial.tables() == before


def test_deleted_table_is_written_again_from_results(toy: Make, here: Here) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    before = trial.tables()
    (trial.results / "tables" / "doubled.tsv").unlink()
    (trial.results / "report.html").unlink()
    here(trial)
    assert trial.steps() == []
    assert trial.tables() == before
    assert "doubled" in trial.report()


def own_workflow(trial: Toy, code: str) -> None:
    """Give a toy a workflow of its own."""
    (trial.config.parent / "flow.py").write_text(code)
    text = trial.config.read_text().splitlines()
    trial.config.write_text("\n".join(["workflow: flow.py", *text[1:]]) + "\n")


SIMPLE = '''"""Doses."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

COLUMN = {"dose": Column("float", "dose", "mg", feature=True)}
Dose = Annotated[pd.DataFrame, Table("dose", grain="biopsy", columns=COLUMN)]
More = Annotated[pd.DataFrame, Table("more", grain="biopsy", columns=COLUMN, version=1)]
Most = Annotated[pd.DataFrame, Table("most", grain="cohort", columns=COLUMN)]


def more(dose: Dose) -> More:
    """Add one."""
    return dose + 1


def most(more: More) -> Most:
    """Take the greatest."""
    return more[["dose"]].max().to_frame().T


STEPS = (more, most)
'''


def test_changed_code_runs_on_request_alone(
    toy: Make, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storiform.engine.session.step_code", lambda _file: "old")
    monkeypatch.setattr("storiform.engine.work.step_code", lambda _file: "old")
    trial = toy([1, 2])
    own_workflow(trial, SIMPLE)
    here(trial)
    monkeypatch.undo()
    assert reasons(trial) == {}
    plain = storiform("plan", trial.config).stdout
    assert "0 of 5 to run" in plain
    assert "3 cached results were made by other code" in plain
    strict = storiform("plan", trial.config, "--rerun-changed-code").stdout
    assert "runs 2: its code changed" in strict
    assert len(trial.folders("more", "P001")) == 1, "a plan must delete nothing"
    assert "0 of 5 to run" in storiform("plan", trial.config).stdout
    here(trial, check=Check(rerun_changed_code=True))
    assert ran(trial) == {"more": 2, "most": 1}
    assert open_session(trial.config).other_code == 0


def test_raised_version_runs_and_is_named(toy: Make, here: Here) -> None:
    trial = toy([1, 2])
    own_workflow(trial, SIMPLE)
    here(trial)
    own_workflow(
        trial, SIMPLE.replace("version=1", "version=2").replace("dose + 1", "dose + 10")
    )
    assert reasons(trial)["more"] == {"version of more: 1 -> 2": 2}
    here(trial)
    assert ran(trial) == {"more": 2, "most": 1}
    assert trial.rows("most") == [{"dose": "12"}]


def test_provenance_tells_how_a_result_was_made(toy: Make, here: Here) -> None:
    trial = toy([1, 0])
    here(trial)
    (folder,) = trial.folders("doubled", "P002")
    record = json.loads((folder / "provenance.json").read_text())
    assert record["recipe"]["params"]["factor"] == 2.0
    assert record["recipe"]["versions"] == {"doubled": 1}
    assert record["warnings"] == ["the dose is zero"]
    assert record["packages"]["pandas"]
    assert record["outputs"]["doubled.parquet"]["size"] > 0
    assert record["peak_memory_mb"] > 10


def test_plan_and_explain_tell_key_old_and_new_value(toy: Make, here: Here) -> None:
    trial = toy([1, 2])
    here(trial)
    trial.settings("toy_workflow: {factor: 4}\n")
    plan = storiform("plan", trial.config)
    assert plan.returncode == 0
    assert "runs 2: params factor: 2.0 -> 4.0" in plan.stdout
    assert "read_clinic (patient): 2 cached" in plan.stdout
    told = storiform("explain", trial.config, "share", "P001").stdout
    assert "share of P001: todo" in told
    assert "params factor = 4.0" in told
    assert "provided_dose of P001: cached" in told
    wrong = storiform("explain", trial.config, "shore", "P001")
    assert wrong.returncode == 2
    assert "a step of the workflow" in wrong.stderr
    assert "share" in wrong.stderr
    stranger = storiform("explain", trial.config, "share", "P009")
    assert stranger.returncode == 2
    assert "P001, P002" in stranger.stderr
