"""The results folder: locked, full, or not to be written."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from trials import Process, Toy, storiform

from storiform.engine.collect import Export
from storiform.engine.driver import Driver
from storiform.engine.explain import Check
from storiform.engine.lock import RunLock
from storiform.engine.results import Results
from storiform.engine.run import Ending, run
from storiform.engine.session import Session, open_session
from storiform.model.errors import RunError

Make = Callable[..., Toy]
Here = Callable[..., tuple[Session, Ending]]
Start = Callable[..., Process]


def test_second_run_in_the_same_folder_is_refused(toy: Make, start: Start) -> None:
    trial = toy([1, 2, 3], "toy_workflow: {sleep_seconds: 20}\n")
    first = start("run", trial.config, "--workers", 1, "--quiet")
    first.wait_for_events(trial, 2)
    second = storiform("run", trial.config)
    assert second.returncode == 2
    assert (
        f"run.lock: found a run by pid {first.pid} on {socket.gethostname()}" in second.stderr
    )
    assert "expected no other run in this results folder" in second.stderr
    assert first.poll() is None, "the first run is not disturbed"
    assert (trial.results / "run.lock").exists()
    first.terminate()
    first.end()
    assert first.returncode == 143
    assert not (trial.results / "run.lock").exists()


def foreign_lock(toy: Toy, age_seconds: float) -> Path:
    """Write the lock of a run on another machine, last refreshed so long ago."""
    toy.results.mkdir()
    lock = toy.results / "run.lock"
    record = {"pid": 1, "started": time.time(), "host": "elsewhere", "token": "other"}
    lock.write_text(json.dumps(record))
    os.utime(lock, (time.time() - age_seconds,) * 2)
    return lock


def test_lock_of_another_machine_counts_while_its_heart_beats(toy: Make) -> None:
    trial = toy([1])
    foreign_lock(trial, 60)
    done = storiform("run", trial.config)
    assert done.returncode == 2
    assert "a run by pid 1 on elsewhere" in done.stderr


def test_silent_lock_of_another_machine_is_taken_over(toy: Make) -> None:
    trial = toy([1])
    lock = foreign_lock(trial, 3600)
    assert storiform("run", trial.config, "--workers", 1, "--quiet").returncode == 0
    assert not lock.exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Return a maker of small file systems; it needs root, or a namespace (see below)."""
    mounted: list[Path] = []

    def mount(kilobytes: int, options: str = "rw") -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,{options}", "toy", folder]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            pytest.skip(f"no right to mount a small file system: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)  # noqa: S603, S607  our own mount


def whole(toy: Toy) -> int:
    """Count the published results; each must be whole to the byte."""
    results = Results(toy.results)
    folders = [file.parent for file in (toy.results / "units").glob("*/*/*/provenance.json")]
    published = [f for f in (toy.results / "units").glob("*/*/*") if f.is_dir()]
    assert sorted(folders) == sorted(published), "nothing is half-published"
    for folder in folders:
        assert results.damage(folder, verify=True) is None
    return len(folders)


def test_full_disk_ends_the_run_cleanly_and_more_room_completes_it(
    toy: Make, small_disk: Callable[..., Path]
) -> None:
    disk = small_disk(1500)
    trial = toy([1, 2, 3, 4, 5, 6], "toy_workflow: {draws: 40000}\n", output=disk / "results")
    done = storiform("run", trial.config, "--workers", 2)
    assert done.returncode == 1, done.stderr
    assert "no space left in the results folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert 0 < whole(trial) < 40
    assert not [step for step in trial.steps() if step[2] == "failed"]
    assert not (trial.results / "run.lock").exists()
    assert not list((trial.results / "parts").glob("*"))
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)  # noqa: S603, S607
    before = {(step, unit) for step, unit, state in trial.steps() if state == "done"}
    again = storiform("run", trial.config, "--workers", 2, "--quiet")
    assert again.returncode == 0, again.stderr
    assert not before & {(step, unit) for step, unit, _ in trial.steps()}
    assert len(trial.rows("share")) == 6
    assert len(trial.rows("noise")) == 240_000


def fill(stream: FileIO) -> None:
    """Write until there is no room."""
    while True:
        stream.write(b"0" * 4096)


def test_disk_that_is_full_from_the_start_is_told(
    toy: Make, small_disk: Callable[..., Path]
) -> None:
    disk = small_disk(64)
    trial = toy([1, 2], output=disk / "results")
    with (
        (disk / "filler").open("wb", buffering=0) as stream,
        pytest.raises(OSError, match="No space"),
    ):
        fill(stream)
    done = storiform("run", trial.config, "--quiet")
    assert done.returncode == 2
    assert "no space left" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_disk_that_fills_while_tables_are_written_is_told(
    toy: Make, small_disk: Callable[..., Path]
) -> None:
    trial = toy([1, 2, 3], "toy_workflow: {draws: 20000}\n")
    assert storiform("run", trial.config, "--workers", 2, "--quiet").returncode == 0
    shutil.rmtree(trial.results / "tables")
    size = sum(file.stat().st_size for file in trial.results.rglob("*") if file.is_file())
    disk = small_disk(size // 1024 + 700)
    shutil.copytree(trial.results, disk / "results")
    text = trial.config.read_text().replace("output: results", f"output: {disk / 'results'}")
    trial.config.write_text(text)
    moved = Toy(trial.config, disk / "results")
    done = storiform("run", trial.config, "--quiet")
    assert done.returncode == 1, done.stdout
    assert "no space left in the results folder" in done.stderr
    assert moved.summary()["state"] == "stopped"
    left = [file.name for file in (disk / "results" / "tables").iterdir()]
    assert not [name for name in left if name.endswith(".part")]


def test_read_only_results_folder_is_told_at_once(
    toy: Make, small_disk: Callable[..., Path]
) -> None:
    disk = small_disk(64, "ro")
    trial = toy([1], output=disk)
    done = storiform("run", trial.config)
    assert done.returncode == 2
    assert f"results folder {disk}: found Read-only file system" in done.stderr
    assert "make this one writable" in done.stderr


def test_results_folder_below_a_file_is_told(toy: Make) -> None:
    trial = toy([1], output="samples.csv/results")
    done = storiform("run", trial.config)
    assert done.returncode == 2
    assert "results folder" in done.stderr
    assert "Traceback" not in done.stderr


LIGHT = """
import runpy, sys
sys.argv = ["storiform", *sys.argv[1:]]
try:
    runpy.run_module("storiform", run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code or 0
heavy = [name for name in ("distributed", "dask", "numba", "matplotlib.pyplot", "scipy.stats")
         if name in sys.modules]
print("HEAVY", code, *heavy)
"""


@pytest.mark.parametrize("command", ["--help", "check", "plan", "explain", "config show"])
def test_quick_commands_import_neither_scheduler_nor_compiler(command: str, toy: Make) -> None:
    trial = toy([1, 2])
    words = command.split()
    if command != "--help":
        words.append(str(trial.config))
    if command == "explain":
        words += ["share", "P001"]
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-c", LIGHT, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "HEAVY 0", done.stdout


def test_quick_commands_of_the_whole_trial_stay_light(tmp_path: Path) -> None:
    config = tmp_path / "trial.yaml"
    (tmp_path / "samples.csv").write_text("patient,sample,status\nP1,a,1\n")
    config.write_text("workflow: trial\ncohort: {samples: samples.csv}\n")
    for command in ("plan", "check"):
        done = subprocess.run(  # noqa: S603  our own command
            [sys.executable, "-c", LIGHT, command, config],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.splitlines()[-1].startswith("HEAVY"), done.stderr
        assert len(done.stdout.splitlines()[-1].split()) == 2, done.stdout


def test_tables_that_this_run_does_not_make_are_deleted(toy: Make, here: Here) -> None:
    trial = toy([1, 2])
    here(trial)
    before = set(trial.tables())
    assert {"share.tsv", "share.parquet", "total.tsv", "total.parquet"} <= before
    trial.dose([-1, -2])
    _, ending = here(trial)
    assert ending.exit_code == 1
    after = set(trial.tables())
    ends = ("tsv", "parquet")
    lost = {f"{name}.{end}" for name in ("doubled", "share", "total") for end in ends}
    assert before - after >= lost, "numbers of other doses would mislead"
    assert {"dose.tsv", "noise.tsv"} <= after
    assert {row["dose"] for row in trial.rows("dose")} == {"-1", "-2"}


class Silence(Future):  # type: ignore[type-arg]
    """An answer that never comes."""

    key = "silent"
    status = "pending"


@pytest.mark.usefixtures("here")  # gives back the mask of files that a run sets
def test_run_without_workers_gives_up_after_the_minutes_of_the_configuration(
    toy: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Idle:
        """Takes work and does none."""

        def submit(self, *_: object, **__: object) -> Silence:
            return Silence()

    @contextmanager
    def connected(_executor: object) -> Iterator[Idle]:
        yield Idle()

    monkeypatch.setattr("storiform.engine.cluster.connect", connected)
    monkeypatch.setattr("storiform.engine.cluster.worker_count", lambda _client: 0)
    monkeypatch.setattr(RunLock, "beat", limited(seconds=20))
    trial = toy([1, 2], "run: {watchdog_minutes: 0.01}\n")
    with pytest.raises(RunError, match=r"found none for 0.01 minutes"):
        run(open_session(trial.config), workers=2, quiet=True)
    assert trial.summary()["state"] == "stopped"
    assert not (trial.results / "run.lock").exists()


def limited(seconds: float) -> Callable[[RunLock], None]:
    """Return a heartbeat that fails a test which would otherwise wait for ever."""
    end = time.monotonic() + seconds

    def beat(_lock: RunLock) -> None:
        if time.monotonic() > end:
            pytest.fail("the watchdog is off")

    return beat


def test_results_that_somebody_removes_as_tables_are_written_are_not_called_damaged(
    toy: Make, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    (trial.results / "tables" / "doubled.tsv").unlink()
    write = Export.write

    def without_units(export: Export) -> None:
        shutil.rmtree(trial.results / "units", ignore_errors=True)
        write(export)

    monkeypatch.setattr(Export, "write", without_units)
    with pytest.raises(RunError, match="expected results that nobody removes while a run"):
        here(trial)


def test_each_table_is_written_once_by_a_run_that_verifies(
    toy: Make, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    written: list[str] = []
    write = Export.write

    def noted(export: Export) -> None:
        written.append(export.contract.name)
        write(export)

    monkeypatch.setattr(Export, "write", noted)
    (trial.folders("doubled", "P002")[0] / "doubled.parquet").unlink()
    here(trial, check=Check(verify=True))
    assert "doubled" in written
    assert sorted(written) == sorted(set(written))


def test_what_another_run_finished_between_plan_and_lock_is_taken_over(
    toy: Make, here: Here
) -> None:
    trial = toy([1, 2, 3])
    planned_before = open_session(trial.config)
    here(trial)
    proofs = sorted(trial.results.glob("units/*/*/*/provenance.json"))
    written = [proof.stat().st_mtime_ns for proof in proofs]
    ending = run(planned_before, workers=1, quiet=True)
    assert ending.exit_code == 0
    assert set(ending.counts) == {"cached"}
    assert [proof.stat().st_mtime_ns for proof in proofs] == written


def test_a_quiet_run_says_so_to_who_looks_and_to_its_record(
    toy: Make, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = toy([1])
    text = "nothing has ended for 5 minutes; workers have doubled of P001"
    drive = Driver.run

    def quiet(driver: Driver, client: Any) -> None:
        driver.announce(text)
        assert text in storiform("status", trial.results).stdout
        drive(driver, client)

    monkeypatch.setattr(Driver, "run", quiet)
    here(trial)
    (event,) = [event for event in trial.events() if event["event"] == "quiet"]
    assert event["message"] == text
    assert text not in storiform("status", trial.results).stdout
