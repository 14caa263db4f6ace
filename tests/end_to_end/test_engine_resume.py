"""The same tables for any number of workers, and after any kill and resume."""

import json
import os
import random
import signal
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import psutil
import pytest
from trials import Process, Toy, make_toy, run_here, storiform

DOSES = [1.0, 2.5, 3.0, 4.0, 5.5, 6.0, 7.0]
SLOW = "toy_workflow: {sleep_seconds: 0.05, draws: 20}\nrun: {retries: 2}\n"
Make = Callable[..., Toy]
Start = Callable[..., Process]


@cache
def undisturbed(folder: Path) -> tuple[dict[str, bytes], int]:
    """Return the tables of a run with one worker, and how many steps settled in it."""
    toy = make_toy(folder, DOSES, SLOW)
    done = storiform("run", toy.config, "--workers", 1, "--quiet")
    assert done.returncode == 0, done.stderr
    return toy.tables(), len(toy.steps())


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int]:
    """Return `undisturbed`, once for the whole suite."""
    return undisturbed(tmp_path_factory.getbasetemp() / "calm")


_GENERATOR = random.Random(20_240)  # noqa: S311  no secret
DRAWS = [_GENERATOR.random() for _ in range(10)]
"""The shares of a run's events after which something is killed."""
KILLS = [
    ("driver" if n % 2 else "worker", share, "process" if n < 4 else "here")
    for n, share in enumerate(DRAWS)
]
"""Who is killed, when, and where the run goes on: under Dask, or without it."""


def wait_gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return those processes that live on after so many seconds."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_tables_are_identical_for_one_and_four_workers(
    toy: Make, calm: tuple[dict[str, bytes], int]
) -> None:
    trial = toy(DOSES, SLOW)
    done = storiform("run", trial.config, "--workers", 4, "--quiet")
    assert done.returncode == 0, done.stderr
    assert trial.tables() == calm[0]


@pytest.mark.slow
@pytest.mark.parametrize("kill", KILLS, ids=[f"{v} {s:.2f}" for v, s, _ in KILLS])
def test_killed_run_resumes_to_the_same_tables(
    kill: tuple[str, float, str], toy: Make, start: Start, calm: tuple[dict[str, bytes], int]
) -> None:
    (victim, share, where), (tables, steps) = kill, calm
    k = 1 + int(share * (steps - 1))
    trial = toy(DOSES, SLOW)
    process = start("run", trial.config, "--workers", 2, "--quiet")
    process.wait_for_events(trial, k)
    workers = process.workers()
    if victim == "driver":
        process.kill()
    else:
        assert workers, "no worker was left to kill"
        workers[0].kill()
    process.end()
    if victim == "driver":
        assert process.returncode == -signal.SIGKILL
        assert wait_gone(workers, 15) == [], "orphaned workers must die by themselves"
        assert (trial.results / "run.lock").exists()
        done = sum(state == "done" for _, _, state in trial.steps())
        found, told = trial.events()[0]["counts"], storiform("status", trial.results).stdout
        assert f"results: {done} done, {found['todo'] - done} todo\n" in told
    else:
        assert process.returncode == 0, "the run outlives a worker"
        assert trial.tables() == tables
    before = {(step, unit) for step, unit, state in trial.steps() if state == "done"}
    if where == "here":
        assert run_here(trial.config).exit_code == 0
    else:
        again = storiform("run", trial.config, "--workers", 2, "--quiet")
        assert again.returncode == 0, again.stderr
    assert trial.tables() == tables
    after = {(step, unit) for step, unit, _ in trial.steps()}
    assert not after & before, "what was done before the kill is not done again"


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],  # HUP: a lost terminal
)
def test_signal_ends_the_run_in_good_order(
    number: int, code: int, toy: Make, start: Start
) -> None:
    trial = toy(DOSES, "toy_workflow: {sleep_seconds: 0.3}\n")
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
    try:
        process = start("run", trial.config, "--workers", 2)
    finally:
        signal.signal(signal.SIGHUP, before)
    process.wait_for_events(trial, 8)
    workers = process.workers()
    asked = time.monotonic()
    process.send_signal(number)
    _, errors = process.end()
    assert process.returncode == code, errors
    assert time.monotonic() - asked < 15
    assert "Traceback" not in errors
    assert f"signal {number}" in errors
    assert "Run again to go on" in errors
    assert wait_gone(workers, 5) == []
    assert not (trial.results / "run.lock").exists()
    assert trial.summary()["state"] == "stopped"
    assert trial.summary()["exit_code"] == code
    done = {(s, u) for s, u, state in trial.steps() if state == "done"}
    again = storiform("run", trial.config, "--workers", 2, "--quiet")
    assert again.returncode == 0, again.stderr
    assert not done & {(s, u) for s, u, _ in trial.steps()}
    assert len(trial.rows("doubled")) == len(DOSES)


def test_under_nohup_a_lost_terminal_ends_nothing(toy: Make, start: Start) -> None:
    trial = toy(DOSES[:3], "toy_workflow: {sleep_seconds: 0.3}\n")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; it is inherited
    try:
        process = start("run", trial.config, "--workers", 2)
    finally:
        signal.signal(signal.SIGHUP, before)
    process.wait_for_events(trial, 3)
    process.send_signal(signal.SIGHUP)
    _, errors = process.end()
    assert process.returncode == 0, errors


def test_a_signal_is_heard_while_the_report_is_written(
    toy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ten thousand biopsies that takes half an hour; a queue gives a job two minutes."""
    trial = toy(DOSES)
    written: list[str] = []

    def write(*_: object, listen: Callable[[str], None], **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        listen("page 1 of 10000")
        written.append("another page")

    with monkeypatch.context() as patch:
        patch.setattr("storiform.engine.run.write_report", write)
        ending = run_here(trial.config)
    assert ending.exit_code == 143
    assert written == []
    assert trial.summary()["state"] == "stopped"
    assert not (trial.results / "run.lock").exists()
    assert run_here(trial.config).exit_code == 0
    assert (trial.results / "report.html").exists()


def test_interrupt_from_the_terminal_reaches_workers_too_and_is_survived(
    toy: Make, start: Start
) -> None:
    trial = toy(DOSES, "toy_workflow: {sleep_seconds: 0.3}\n")
    process = start("run", trial.config, "--workers", 2)
    process.wait_for_events(trial, 8)
    for worker in process.workers():
        worker.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, errors = process.end()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert {state for _, _, state in trial.steps()} == {"done"}


def test_status_tells_of_a_run_while_it_goes_on_and_after(toy: Make, start: Start) -> None:
    trial = toy(DOSES, "toy_workflow: {sleep_seconds: 0.4}\n")
    process = start("run", trial.config, "--workers", 1, "--quiet")
    process.wait_for_events(trial, 9)
    during = storiform("status", trial.results)
    assert during.returncode == 0
    assert during.stdout.startswith("running; started")
    assert f"held by pid {process.pid} on" in during.stdout
    assert "provided_dose:" in during.stdout
    while process.poll() is None:  # both files can be read at any time
        assert json.loads((trial.results / "run.json").read_text())["state"]
        time.sleep(0.02)
    process.end()
    after = storiform("status", trial.results)
    assert after.stdout.startswith("finished; started")
    assert "held by" not in after.stdout
    assert f"doubled: {len(DOSES)} done" in after.stdout


def test_status_after_a_kill_says_interrupted(toy: Make, start: Start) -> None:
    trial = toy(DOSES, "toy_workflow: {sleep_seconds: 0.3}\n")
    process = start("run", trial.config, "--workers", 1, "--quiet")
    process.wait_for_events(trial, 3)
    process.kill()
    process.end()
    told = storiform("status", trial.results).stdout
    assert told.startswith("interrupted (its process is gone; run again to go on)")


def test_status_of_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    done = storiform("status", tmp_path)
    assert done.returncode == 2
    assert "no run.json" in done.stderr
