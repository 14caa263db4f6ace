"""One bad unit harms no other: its message, what it blocks, and how a repair goes on."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from trials import Process, Toy, kill_worker, storiform

from storiform.engine.run import Ending
from storiform.engine.session import Session

Make = Callable[..., Toy]
Here = Callable[..., tuple[Session, Ending]]


def states(session: Session) -> dict[tuple[str, str], str]:
    """Return the state of each node."""
    return {(node.step, node.unit): node.state for node in session.graph.nodes}


def test_bad_unit_fails_with_its_message_and_the_rest_goes_on(toy: Make) -> None:
    trial = toy([1, -2, 3, 0])
    done = storiform("run", trial.config, "--workers", 2)
    assert done.returncode == 1
    assert "failed: doubled of P002: dose: found -2.0, expected 0 or more." in done.stderr
    assert trial.rows("total") == [{"sum": "8", "biopsies": "3"}]
    assert [row["biopsy"] for row in trial.rows("share")] == ["P001", "P003", "P004"]
    assert [row["biopsy"] for row in trial.rows("noise")[::50]] == [
        *("P001", "P002", "P003", "P004")
    ]
    assert ("share", "P002", "blocked") in trial.steps()
    report = trial.report()
    assert "dose: found -2.0, expected 0 or more." in report
    assert "doubled of P002 failed" in report, "the report says what blocks whom"
    assert "the dose is zero" in report, "the report repeats warnings"
    told = storiform("status", trial.results).stdout
    assert "failed: doubled of P002: dose: found -2.0" in told
    assert (
        "runs 1: it failed before: dose: found -2.0" in storiform("plan", trial.config).stdout
    )


def test_worker_that_dies_as_it_starts_is_replaced(
    toy: Make, start: Callable[..., Process]
) -> None:
    """Dask's own cluster would wait for ever for one that its scheduler has never seen."""
    trial = toy([1, 2, 3])
    run = start("run", trial.config, "--workers", 1, "--quiet")
    deadline = time.monotonic() + 300
    while not (workers := run.workers()) and time.monotonic() < deadline:
        assert run.poll() is None
        time.sleep(0.005)
    assert workers
    for worker in workers:
        kill_worker(worker)
    assert run.poll() is None
    _, said = run.end()
    assert run.returncode == 0, said
    assert "Traceback" not in said
    assert trial.rows("total") == [{"sum": "12", "biopsies": "3"}]


def test_repaired_unit_runs_with_what_needs_it(toy: Make, here: Here) -> None:
    trial = toy([1, -2, 3])
    assert here(trial)[1].exit_code == 1
    trial.dose([1, 2, 3])
    session, ending = here(trial)
    assert ending.exit_code == 0
    made = {(step, unit) for step, unit, state in trial.steps() if state == "done"}
    expected = {(step, "P002") for step in ("provided_dose", "doubled", "noise")}
    expected |= {("share", unit) for unit in ("P001", "P002", "P003")}
    expected |= {(step, "cohort") for step in ("total", "ranks", "bars", "summary")}
    assert made == expected
    assert session.results.failure("doubled", "P002") is None
    assert "found -2.0" not in trial.report()


def test_run_with_the_same_bad_unit_repeats_only_its_failure(toy: Make, here: Here) -> None:
    trial = toy([1, -2, 3])
    here(trial)
    before = trial.tables()
    assert here(trial)[1].exit_code == 1
    assert [step for step in trial.steps() if step[2] == "done"] == []
    assert ("doubled", "P002", "failed") in trial.steps()
    assert trial.tables() == before


def test_cohort_steps_wait_for_all_where_the_cohort_may_not_be_partial(
    toy: Make, here: Here
) -> None:
    trial = toy([1, -2, 3], "run: {allow_partial_cohort: false}\n")
    session, ending = here(trial)
    assert ending.exit_code == 1
    found = states(session)
    assert found["total", "cohort"] == "blocked"
    assert found["share", "P001"] == "blocked"
    assert found["doubled", "P003"] == "done"
    assert not (trial.results / "tables" / "total.tsv").exists()
    node = session.graph.find("total", "cohort")
    assert node is not None
    assert node.why == "doubled of P002 failed"


def test_all_units_failing_blocks_the_rest_by_name(toy: Make, here: Here) -> None:
    trial = toy([-1, -2])
    session, _ = here(trial)
    node = session.graph.find("total", "cohort")
    assert node is not None
    assert (node.state, node.why) == ("blocked", "doubled of P001 and 1 more failed")


def test_nothing_done_at_all_exits_with_two(toy: Make, here: Here) -> None:
    trial = toy([1])
    (trial.config.parent / "dose.tsv").write_text("biopsy\tdose\nP001\tmuch\n")
    text = trial.config.read_text().replace(", clinical: clinical.csv", "")
    trial.config.write_text(text)
    session, ending = here(trial)
    assert ending.exit_code == 2
    assert set(states(session).values()) == {"failed", "blocked"}
    assert "dose.tsv, dose: found 'much', expected float" in ending.failures[0][2]


def test_broken_contract_exits_with_seventy(toy: Make) -> None:
    trial = toy([1, 2, 3], "toy_workflow: {broken_dose: 2}\n")
    done = storiform("run", trial.config, "--workers", 1)
    assert done.returncode == 70
    assert "table doubled: missing columns ['twice'], unknown ['thrice']" in done.stderr
    assert trial.rows("total") == [{"sum": "8", "biopsies": "2"}]


def test_figure_with_nothing_to_show_is_left_out_and_not_tried_again(
    toy: Make, here: Here
) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    assert (trial.results / "figures" / "bars.svg").exists()
    trial.settings("toy_workflow: {blank: true}\n")
    _, ending = here(trial)
    assert ending.exit_code == 0
    assert not list((trial.results / "figures").iterdir())
    assert "the doses are not to be shown" in trial.report()
    here(trial)
    assert trial.steps() == []


@pytest.mark.parametrize("kills", [1, 99])
def test_death_of_a_worker_is_blamed_on_the_guilty_alone(
    kills: int, toy: Make, here: Here
) -> None:
    trial = toy([1, 2, 3, 4, 5, 6], "run: {retries: 2}\n")
    session, ending = here(trial, kill={"P003": kills})
    found = states(session)
    if kills == 1:
        assert ending.exit_code == 0
        assert set(found.values()) == {"done"}
        return
    bad = {key for key, state in found.items() if state != "done"}
    steps = ("provided_dose", "read_clinic", "doubled", "noise", "share")
    assert bad == {(step, "P003") for step in steps}
    assert ending.exit_code == 1


def test_log_of_a_failure_keeps_the_traceback(toy: Make, here: Here) -> None:
    trial = toy([-1, 2])
    session, _ = here(trial)
    record = session.results.failure("doubled", "P001")
    assert record is not None
    assert "InputError" in record["details"]
    assert "toy_workflow.py" in record["details"]


def marks(folder: Path) -> str:
    """Make a folder for the marks of a poison that kills once."""
    folder.mkdir()
    return str(folder)


POISONS = [
    (0, 2, 6), (5, 1, 6), (3, 4, 8), (4, 3, 9), (6, 2, 12), (11, 2, 12),
]  # fmt: skip
"""Where the poison is, how many workers there are, how many biopsies."""


@pytest.mark.slow
@pytest.mark.parametrize(("position", "workers", "count"), POISONS)
def test_poison_fails_only_the_guilty_biopsy(
    position: int, workers: int, count: int, toy: Make
) -> None:
    doses = [float(n + 1) for n in range(count)]
    poison = doses[position]
    settings = f"toy_workflow: {{poison_dose: {poison}}}\nrun: {{retries: 1}}\n"
    trial = toy(doses, settings)
    done = storiform("run", trial.config, "--workers", workers, "--quiet")
    guilty = f"P{position + 1:03d}"
    assert done.returncode == 1, done.stderr
    failed = {(step, unit) for step, unit, state in trial.steps() if state == "failed"}
    assert failed == {("doubled", guilty)}
    assert f"failed: doubled of {guilty}: its worker died" in done.stderr
    blocked = {(step, unit) for step, unit, state in trial.steps() if state == "blocked"}
    assert blocked == {("share", guilty)}
    assert len(trial.rows("share")) == count - 1


def test_worker_killed_once_harms_nobody(toy: Make, tmp_path: Path) -> None:
    folder = marks(tmp_path / "marks")
    poison = f"toy_workflow: {{poison_dose: 3, kill_always: false, marks: {folder}}}\n"
    trial = toy([1, 2, 3, 4, 5], poison)
    done = storiform("run", trial.config, "--workers", 2)
    assert done.returncode == 0, done.stderr
    # what the worker had done and not yet told dies with it, and is blamed first
    blamed = re.findall(r"(\w+) of P003: runs again alone: its worker died", done.stderr)
    assert blamed
    assert set(blamed) <= {"noise", "doubled"}
    assert len(trial.rows("share")) == 5
