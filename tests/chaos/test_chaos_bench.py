"""The bench of disturbed runs finds what is planted: work made again, remains, orphans."""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from chaos_bench import (
    HANG,
    TOO_LATE,
    Attempt,
    Bench,
    Ended,
    Run,
    finished,
    remains,
    wrong_tables,
)
from chaos_kills import killed
from chaos_page import write_page
from trials import Toy, make_toy, run_here

import chaos


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    toy = make_toy(tmp_path_factory.mktemp("bench"), (1.0, 2.0))
    assert run_here(toy.config).exit_code == 0
    return toy


@pytest.fixture
def bench(done: Toy, tmp_path: Path) -> Bench:
    return Bench(tmp_path, random.Random(0), calm=done.tables())  # noqa: S311  no secret


def judged(bench: Bench, toy: Toy, before: dict[str, int]) -> Attempt:
    attempt = Attempt("fault", "what")
    bench.judge(attempt, toy, before)
    return attempt


def test_what_holds_is_no_breach(bench: Bench, done: Toy) -> None:
    before = finished(done.results)
    attempt = judged(bench, done, before)
    assert (attempt.breaches, attempt.kept, attempt.redone) == ([], len(before), 0)
    assert len(before) > 4


def test_a_result_that_was_made_again_is_told(bench: Bench, done: Toy) -> None:
    before = finished(done.results)
    name = next(iter(before))
    proof = done.results / name / "provenance.json"
    stat = proof.stat()
    os.utime(proof, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    try:
        attempt = judged(bench, done, before)
    finally:
        os.utime(proof, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert attempt.breaches == [f"finished work made again: {name}"]
    assert attempt.redone == 1


def test_a_result_that_the_faulty_run_itself_lost_is_told(bench: Bench, done: Toy) -> None:
    """What stood there as the fault struck counts, though nothing was left of it at the end."""
    attempt = Attempt("fault", "what", struck={"units/P1/gone/0": 1})
    bench.judge(attempt, done, finished(done.results))
    assert attempt.breaches == ["finished work made again: units/P1/gone/0"]


def test_a_result_that_is_gone_or_damaged_is_told(bench: Bench, done: Toy) -> None:
    before = finished(done.results)
    file = min(done.results.glob("units/*/*/*/*.parquet"))
    content = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(content[:-1])
    try:
        assert judged(bench, done, before).redone == 1
    finally:
        file.write_bytes(content)
    assert judged(bench, done, before).redone == 0


def test_a_table_that_differs_is_absent_or_too_many_is_told(bench: Bench, done: Toy) -> None:
    name, content = next(iter(bench.calm.items()))
    assert wrong_tables(done, {**bench.calm, name: content + b"x"}) == [f"wrong result: {name}"]
    assert wrong_tables(done, {**bench.calm, "more.tsv": b""}) == ["wrong result: more.tsv"]
    less = {n: c for n, c in bench.calm.items() if n != name}
    assert wrong_tables(done, less) == [f"wrong result: {name}"]
    nowhere = Toy(done.config, done.results / "none")
    assert wrong_tables(nowhere, bench.calm) == ["wrong result: no tables"]


@pytest.mark.parametrize(
    "name",
    ["run.lock", ".run.lock.x", ".secret.0f", "parts/a", ".probe-1", "tables/.a.tsv.part"],
)
def test_what_a_run_may_not_leave_is_told(tmp_path: Path, name: str) -> None:
    assert remains(tmp_path) == []
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.touch()
    assert remains(tmp_path) == [f"left: {name}"]


class Command(Run):
    """Any program in place of ours."""

    def __init__(self, text: str) -> None:
        self.begun = time.monotonic()
        self.process = subprocess.Popen(  # type: ignore[assignment]  # noqa: S603
            [sys.executable, "-c", text], text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


SLEEPER = (
    "import subprocess, sys; n = subprocess.DEVNULL; "
    "subprocess.Popen(['sleep', '60'], stdout=n, stderr=n, stdin=n); "
)


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("chaos_bench.ORPHAN_SECONDS", 0.2)
    return


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("way", ["ended", "killed", "hung"])
def test_a_process_that_outlives_its_run_is_told_and_ended(way: str) -> None:
    run = Command(SLEEPER + ("" if way == "ended" else "import time; time.sleep(60)"))
    while way != "ended" and not run.below():
        time.sleep(0.01)
    ended = run.kill() if way == "killed" else run.end(0.5 if way == "hung" else 20.0)
    (sleeper,) = ended.left
    told = ended.breaches((0, -9))
    assert told == [HANG] * (way == "hung") + ["process left: sleep 60"]
    end = time.monotonic() + 20
    while is_alive(sleeper) and time.monotonic() < end:
        time.sleep(0.01)
    assert not is_alive(sleeper)


@pytest.mark.parametrize(
    ("code", "told", "breach"),
    [
        (0, "", None),
        (1, "", "exit code 1"),
        (0, "Traceback (most recent call last)\n x", "traceback"),
    ],
)
def test_how_a_command_may_end(code: int, told: str, breach: str | None) -> None:
    found = Ended(code, told).breaches((0,))
    assert [text.partition(":")[0] for text in found] == ([breach] if breach else [])


@pytest.mark.parametrize(("code", "ending"), [(-9, "killed"), (0, TOO_LATE), (1, "killed")])
def test_a_kill_that_came_too_late_is_none(code: int, ending: str) -> None:
    attempt = Attempt("x", "y")
    killed(attempt, Ended(code, ""))
    assert (attempt.ending, len(attempt.breaches)) == (ending, int(code == 1))


def options(**given: float) -> argparse.Namespace:
    wanted = dict.fromkeys(chaos.COUNTS, 0) | {"seed": 1, "minutes": 9.0} | given
    return argparse.Namespace(**wanted)


def test_each_kind_that_ci_asks_for_is_drawn_and_comes_first() -> None:
    drawn = list(chaos.trials(options(kills=8, clocks=3), Path()))
    random.Random(1).shuffle(drawn)  # noqa: S311  no secret
    ordered = chaos.one_of_each_first(drawn)
    kinds = [chaos.kind_of(trial) for trial in ordered]
    assert sorted(kinds) == sorted(map(chaos.kind_of, drawn))
    assert set(kinds[:8]) == {
        "kill_driver", "kill_worker", "kill_all", "kill_nanny", "kill_scheduler",
        "between_runs", "within_run", "second_run",
    }  # fmt: skip


def try_with(monkeypatch: pytest.MonkeyPatch, minutes: float, *kinds: str) -> list[str]:
    """Disturb nothing: each kind ends as its name says."""

    def trial(_: Bench, ending: str) -> Attempt:
        return Attempt("g", "w", ending.rstrip("2"))

    trials = [partial(trial, ending=kind) for kind in kinds]
    monkeypatch.setattr(chaos, "trials", lambda *_: trials)
    monkeypatch.setattr(Bench, "calibrate", lambda _: None)
    _, idle = chaos.disturb(options(minutes=minutes), Path("nowhere"))
    return idle


def test_a_fault_that_never_struck_a_run_at_work_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert try_with(monkeypatch, 9.0, "killed", "killed2") == []
    assert try_with(monkeypatch, 9.0, "killed", TOO_LATE) == [f"trial ending={TOO_LATE}"]
    told = try_with(monkeypatch, -1.0, "killed", "killed2")  # the time is up at once
    assert told == ["trial ending=killed", "trial ending=killed2"]


@pytest.mark.parametrize(
    ("ending", "breaches", "code"),
    [("killed", (), 0), (TOO_LATE, (), 1), ("killed", ("traceback: x",), 1)],
)
def test_the_bench_fails_where_something_broke_or_was_never_tried(
    monkeypatch: pytest.MonkeyPatch, ending: str, breaches: tuple[str, ...], code: int
) -> None:
    monkeypatch.setattr(
        chaos, "trials", lambda *_: [lambda _: Attempt("g", "w", ending, [*breaches])]
    )
    monkeypatch.setattr(Bench, "calibrate", lambda _: None)
    monkeypatch.setattr(chaos, "spoil", lambda *_: [])
    nothing = [f"--{name}=0" for name in chaos.COUNTS if name != "kills"]
    monkeypatch.setattr(sys, "argv", ["chaos.py", "--kills=1", *nothing])
    assert chaos.main() == code


def test_the_page_counts_each_breach_in_its_column() -> None:
    breaches = [
        "traceback: x", HANG, "wrong result: a.tsv", "finished work made again: x", "left: a",
        "process left: y", "exit code 3: z", "not told: z",
    ]  # fmt: skip
    attempts = [
        Attempt("g", "w", "killed", breaches, kept=9, redone=1),
        Attempt("g", "w", "told"),
    ]
    line = write_page(None, "Seed 1", attempts, []).splitlines()[-1]
    assert line == "| g | 2 | killed: 1, told: 1 | 9 | 1 | 1 | 1 | 1 | 2 | 2 |"


def test_a_stopped_driver_is_killed_with_its_children_known() -> None:
    run = Command(SLEEPER + "import time; time.sleep(60)")
    while not run.below():
        time.sleep(0.01)
    ended = run.kill()
    assert ended.code == -signal.SIGKILL
    for process in ended.left:
        process.kill()
    assert ended.breaches((-9,)) == []
