"""A run in jobs of a real Slurm: the same tables, whatever becomes of the jobs."""

import os
import re
import shutil
import signal
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest
from slurm_here import Slurm
from trials import HOARDED, Process, Toy, hoarding_trial, storiform

Make = Callable[..., Toy]
Start = Callable[..., Process]
Record = Callable[[str, object], None]
SLOW = "toy_workflow: {sleep_seconds: 3}\n"


def text_tables(tables: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return tables as text; those in Parquet tell by what settings they were made."""
    return {name: text for name, text in tables.items() if name.endswith(".tsv")}


def messages(toy: Toy) -> list[str]:
    """Return what was said of steps that ran again or failed."""
    return [e["message"] for e in toy.events() if e["event"] == "step" and e["message"]]


def listening(process: Process) -> set[str]:
    """Return the addresses at which a process waits for others."""
    connections = psutil.Process(process.pid).net_connections("inet")
    return {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}


def test_tables_of_jobs_are_those_of_this_machine_and_all_is_encrypted(
    toy: Make, start: Start, slurm: Slurm, local_tables: Mapping[str, bytes]
) -> None:
    trial = toy(settings=SLOW)
    run = start("run", trial.config)
    run.wait_for_events(trial, 8)
    slurm.wait(lambda: len(slurm.running()) == 2, 60, "two jobs")
    assert listening(run) == {"127.0.0.1"}
    keys = list((trial.results / "jobs").rglob("*.pem"))
    assert sorted(path.name for path in keys) == ["ca_file.pem", "cert.pem", "key.pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    assert stat.S_IMODE((trial.results / "jobs").stat().st_mode) == 0o700
    workers = [p for p in psutil.process_iter() if _is_worker_of(p, trial)]
    assert workers
    assert {c.laddr.ip for p in workers for c in _listens(p)} == {"127.0.0.1"}
    _, said = run.end()
    assert run.returncode == 0, said
    assert text_tables(trial.tables()) == text_tables(local_tables)
    assert messages(trial) == []
    assert slurm.wait_until_empty(20) < 20
    assert list((trial.results / "jobs").rglob("*.pem")) == []
    logs = "".join(file.read_text() for file in (trial.results / "jobs").glob("*.err"))
    assert re.search(r"tls://127\.0\.0\.1", logs)
    assert "tcp://" not in logs
    assert not re.search("P00[1-6]", " ".join(f.name for f in trial.results.glob("jobs/*")))


def _is_worker_of(process: psutil.Process, trial: Toy) -> bool:
    try:
        return str(trial.results / "jobs") in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _listens(process: psutil.Process) -> list[psutil._ntuples.pconn]:
    tree = [process, *process.children(recursive=True)]
    found = [c for p in tree for c in p.net_connections("inet")]
    return [c for c in found if c.status == psutil.CONN_LISTEN]


def test_loopback_may_do_without_encryption_and_workers_share_a_job(
    toy: Make, slurm: Slurm, local_tables: Mapping[str, bytes]
) -> None:
    trial = toy("tls: false, processes: 2, cores: 2")
    trial.config.write_text(trial.config.read_text().replace("jobs: 2", "jobs: 1"))
    done = storiform("run", trial.config)
    assert done.returncode == 0, done.stderr
    assert trial.tables() == local_tables
    (log,) = (trial.results / "jobs").glob("*.err")
    text = log.read_text()
    assert text.count("Registered to:      tcp://127.0.0.1") == 2
    slurm.wait_until_empty(30)


def test_jobs_that_slurm_ends_are_replaced_and_no_biopsy_is_blamed(
    toy: Make,
    start: Start,
    slurm: Slurm,
    local_tables: Mapping[str, bytes],
    record_property: Record,
) -> None:
    trial = toy(settings="toy_workflow: {sleep_seconds: 32}\n")
    run = start("run", trial.config)
    slurm.wait(lambda: len(slurm.running()) == 2, 90, "two jobs")
    expired, killed = slurm.running()
    slurm.do("scontrol", "update", f"JobId={expired}", "TimeLimit=1")
    run.wait_for_events(trial, 8)
    _wait_until_all_sleep(trial)
    slurm.do("scancel", "-s", "KILL", killed)
    slurm.wait(lambda: killed not in slurm.running(), 20, "a killed job")
    took = slurm.wait(lambda: len(slurm.running()) == 2, 60, "a job in place of the killed one")
    record_property("replaced_seconds", round(took, 1))
    _, said = run.end(380)
    assert run.returncode == 0, said
    assert text_tables(trial.tables()) == text_tables(local_tables)
    ended = {job: state for job, state, _ in slurm.queue("all")}
    assert (ended[expired], ended[killed]) == ("TIMEOUT", "CANCELLED")
    again = messages(trial)
    cause = "runs again: its job was ended from outside: "
    assert [m for m in again if not m.startswith(cause)] == []
    assert {m.removeprefix(cause).split()[0] for m in again} == {"TIMEOUT", "CANCELLED"}
    slurm.wait_until_empty(30)


def hungry(folder: Path, more: str) -> Path:
    """Write a trial of two patients of whom one takes 1.5 GB, in jobs of 0.8 GB."""
    workflow = Path(__file__).parents[1] / "end_to_end" / "hungry_workflow.py"
    (folder / "samples.csv").write_text("patient,sample,status\nP1,a,1\nP2,b,1\n")
    (folder / "clinical.csv").write_text("patient,response\nP1,PR\nP2,PD\n")
    config = folder / "hungry.yaml"
    config.write_text(
        f"workflow: {workflow}\ncohort: {{samples: samples.csv, clinical: clinical.csv}}\n"
        "executor: {kind: slurm, jobs: 2, memory_gb: 0.8, walltime: '0:10:00', interface: lo, "
        f"directives: [--oversubscribe], {more}}}\n"
    )
    return config


FED = "patient\tgb\nP1\t1.5\nP2\t0\n"


def test_step_without_memory_runs_again_in_a_job_with_more(
    tmp_path: Path, slurm: Slurm
) -> None:
    done = storiform("run", hungry(tmp_path, "rescue_memory_gb: 2.5"))
    assert done.returncode == 0, done.stderr
    assert "sizes of P1: runs again alone: its worker died" in done.stderr
    assert (tmp_path / "results" / "tables" / "sizes.tsv").read_text() == FED
    slurm.wait_until_empty(20)


def test_workers_that_stay_large_go_on(tmp_path: Path, start: Start, slurm: Slurm) -> None:
    """Dask would pause them above 80 % of their memory, until the walltime."""
    queue = "kind: slurm, jobs: 2, memory_gb: 1.0, walltime: '0:10:00', interface: lo"
    run = start("run", hoarding_trial(tmp_path, f"{queue}, directives: [--oversubscribe]"))
    _, said = run.end()
    assert run.returncode == 0, said
    assert "again" not in said
    assert (tmp_path / "results" / "tables" / "sizes.tsv").read_text() == HOARDED
    slurm.wait_until_empty(20)


def test_step_that_asks_for_more_has_jobs_of_its_own(tmp_path: Path, slurm: Slurm) -> None:
    needs = "{memory_gb: 2.5, walltime: '0:20:00', jobs: 1}"
    config = hungry(tmp_path, f"steps: {{sizes: {needs}}}")
    planned = storiform("plan", config)
    assert "    sizes: 1 of 1 core, 2.5 GB, 0:20:00" in planned.stdout
    done = storiform("run", config)
    assert done.returncode == 0, done.stderr
    assert "again" not in done.stderr
    assert (tmp_path / "results" / "tables" / "sizes.tsv").read_text() == FED
    asked = {slurm.asked(job) for job in _jobs_of(tmp_path / "results")}
    assert asked == {("763M", "10:00"), ("2385M", "20:00")}
    slurm.wait_until_empty(20)


def test_an_interrupt_ends_the_jobs_of_single_steps_too(
    tmp_path: Path, start: Start, slurm: Slurm
) -> None:
    needs = "{memory_gb: 1.9, walltime: '0:20:00'}"
    run = start("run", hungry(tmp_path, f"steps: {{sizes: {needs}}}"))
    slurm.wait(
        lambda: len(slurm.queue("PD,R")) >= 3, 90, "the jobs of the step beside the others"
    )
    run.send_signal(signal.SIGINT)
    _, said = run.end()
    assert run.returncode == 130, said
    assert "Traceback" not in said
    assert slurm.queue("PD,R") == []
    slurm.wait_until_empty(20)
    assert list((tmp_path / "results").rglob("*.pem")) == []


def test_signals_that_come_together_end_a_run_in_good_order(
    toy: Make, start: Start, slurm: Slurm
) -> None:
    """As ``timeout`` sends them, to the process and to its group."""
    run = start("run", waiting(toy()).config)
    slurm.wait(lambda: len(slurm.queue("PD")) == 2, 90, "two jobs that wait")
    run.send_signal(signal.SIGTERM)
    run.send_signal(signal.SIGTERM)
    _, said = run.end()
    assert run.returncode == 143
    assert "Run again to go on" in said
    assert slurm.queue() == []


def test_a_run_that_is_asked_twice_leaves_in_haste_and_no_job_stays(
    toy: Make, start: Start, slurm: Slurm, tmp_path: Path
) -> None:
    """Here the queue hangs when the run first cancels, and is well again."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "scancel"
    hung = tmp_path / "hung"
    cancel = shutil.which("scancel")
    lines = (f"[ -e {hung} ] || {{ touch {hung}; exec sleep 50; }}", f'exec {cancel} "$@"')
    script.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    script.chmod(0o755)
    path = f"{script.parent}:{os.environ['PATH']}"
    run = start("run", waiting(toy()).config, PATH=path)
    slurm.wait(lambda: len(slurm.queue("PD")) == 2, 90, "two jobs that wait")
    run.send_signal(signal.SIGTERM)
    slurm.wait(hung.exists, 30, "the run cancels")
    time.sleep(1.5)
    assert len(slurm.queue("PD")) == 2
    run.send_signal(signal.SIGTERM)
    run.end()
    assert run.returncode == 143
    slurm.wait_until_empty(20)


def waiting(trial: Toy) -> Toy:
    """Let the jobs of a trial wait in a partition that begins none."""
    text = trial.config.read_text()
    trial.config.write_text(text.replace("kind: slurm", "kind: slurm, queue: shut"))
    return trial


def test_worker_leaves_its_job_before_the_walltime_and_no_biopsy_is_blamed(
    toy: Make, start: Start, slurm: Slurm, local_tables: Mapping[str, bytes]
) -> None:
    trial = toy(settings="toy_workflow: {sleep_seconds: 18}\n")
    trial.config.write_text(trial.config.read_text().replace("0:10:00", "0:02:00"))
    run = start("run", trial.config)
    slurm.wait(lambda: len(slurm.running()) == 2, 90, "two jobs")
    first = slurm.running()
    _, said = run.end(380)
    assert run.returncode == 0, said
    assert text_tables(trial.tables()) == text_tables(local_tables)
    assert all("worker-lifetime-reached" in _log(trial, job) for job in first)
    own = _jobs_of(trial.results)
    ended = {job: state for job, state, _ in slurm.queue("all") if job in own}
    assert set(first) <= ended.keys()
    assert "TIMEOUT" not in ended.values()
    left = "runs again: its worker left before the walltime"
    assert [m for m in messages(trial) if not m.startswith(left)] == []
    slurm.wait_until_empty(30)


def _wait_until_all_sleep(trial: Toy) -> None:
    """Wait until no step has ended for some seconds: both jobs are inside a long one."""
    events = trial.results / "events.jsonl"
    deadline = time.monotonic() + 300
    size, since = -1, time.monotonic()
    while time.monotonic() - since < 6:
        if time.monotonic() > deadline:
            pytest.fail("steps keep ending for five minutes, none takes long")
        if (now := events.stat().st_size) != size:
            size, since = now, time.monotonic()
        time.sleep(0.2)


def _jobs_of(results: Path) -> set[str]:
    return {file.stem.rsplit("-", 1)[-1] for file in (results / "jobs").glob("*.err")}


def _log(trial: Toy, job: str) -> str:
    (file,) = (trial.results / "jobs").glob(f"*-{job}.err")
    return file.read_text()


def test_jobs_of_a_killed_driver_end_and_the_run_is_resumed(
    toy: Make,
    start: Start,
    slurm: Slurm,
    local_tables: Mapping[str, bytes],
    record_property: Record,
) -> None:
    trial = toy(settings=SLOW)
    run = start("run", trial.config)
    run.wait_for_events(trial, 10)
    slurm.wait(lambda: len(slurm.running()) == 2, 60, "two jobs")
    run.kill()
    run.communicate()
    record_property("orphans_gone_seconds", round(slurm.wait_until_empty(90), 1))
    done = storiform("status", trial.results)
    assert done.stdout.startswith("interrupted")
    done = storiform("run", trial.config)
    assert done.returncode == 0, done.stderr
    assert text_tables(trial.tables()) == text_tables(local_tables)
    cached = re.search(r"(\d+) cached", done.stdout)
    assert cached
    assert int(cached[1]) >= 10
    slurm.wait_until_empty(20)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_signal_ends_the_driver_and_all_its_jobs(
    toy: Make, start: Start, slurm: Slurm, name: str, code: int
) -> None:
    trial = toy(settings=SLOW)
    run = start("run", trial.config)
    run.wait_for_events(trial, 8)
    run.send_signal(getattr(signal, name))
    _, said = run.end()
    assert run.returncode == code
    assert "Traceback" not in said
    assert slurm.queue("PD,R") == []
    slurm.wait_until_empty(20)
    assert list(trial.results.rglob("*.pem")) == []
