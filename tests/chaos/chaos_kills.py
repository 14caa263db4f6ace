"""kill -9 of the driver, a worker, a nanny or the scheduler, at a random moment."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from chaos_bench import TOO_LATE, Attempt, Bench, Ended, Moment, Run, finished
from trials import Toy

WATCHDOG_MINUTES = 0.15
CLUSTER_SECONDS = 60.0


def kill_driver(bench: Bench) -> Attempt:
    """Kill the driver anywhere between its start and the end of the report."""
    moment, attempt, toy, run = _begun(bench, "kill -9 of the driver")
    run.strike_at(toy, moment)
    killed(attempt, run.kill())
    bench.resume(attempt, toy)
    return attempt


def killed(attempt: Attempt, ended: Ended) -> None:
    """Note whether the kill found the driver at work."""
    attempt.breaches += ended.breaches((-9, 0))
    attempt.ending = "killed" if ended.code else TOO_LATE


def kill_worker(bench: Bench) -> Attempt:
    """Kill one of the workers; the run must end well without being started again."""
    moment, attempt, toy, run = _begun(bench, "kill -9 of a worker")
    run.strike_at(toy, moment)
    run.wait_for_worker()
    before = finished(toy.results)
    workers = run.process.workers()
    if workers and _kill(bench.draws.choice(workers)):
        attempt.ending = "killed"
    else:
        attempt.ending = TOO_LATE
    attempt.breaches += run.end().breaches((0,))
    bench.judge(attempt, toy, before)
    bench.resume(attempt, toy)
    return attempt


def kill_all(bench: Bench) -> Attempt:
    """Kill the driver and everything below it at once, as a machine does that loses power."""
    moment, attempt, toy, run = _begun(bench, "kill -9 of driver and workers at once")
    run.strike_at(toy, moment)
    ended = run.kill()
    for process in ended.left:
        _kill(process)
    killed(attempt, ended)
    bench.resume(attempt, toy)
    return attempt


def kill_nanny(bench: Bench) -> Attempt:
    """Kill one of two nannies of a Dask cluster that runs by itself."""
    attempt = Attempt("kill -9 of a nanny", "")
    with cluster(bench) as (address, scheduler, nannies):
        del scheduler
        toy = bench.trial()
        _connect(toy, address)
        run = bench.start(toy)
        moment = bench.moment()
        attempt.what = moment.told
        is_there = run.strike_at(toy, moment)
        before = finished(toy.results)
        victim = bench.draws.choice(nannies)
        below = psutil.Process(victim.pid).children(recursive=True)
        victim.kill()
        attempt.ending = "killed" if is_there else TOO_LATE
        attempt.breaches += run.end().breaches((0,))
        attempt.breaches += Ended(-9, "", below).breaches((-9,))
        bench.judge(attempt, toy, before)
    _disconnect(toy)
    bench.resume(attempt, toy)
    return attempt


def kill_scheduler(bench: Bench) -> Attempt:
    """Kill the scheduler of a Dask cluster; the run must say so and end."""
    attempt = Attempt("kill -9 of the scheduler", "")
    with cluster(bench) as (address, scheduler, _):
        toy = bench.trial()
        _connect(toy, address)
        run = bench.start(toy)
        moment = bench.moment()
        attempt.what = moment.told
        run.strike_at(toy, moment)
        scheduler.kill()
        attempt.struck = finished(toy.results)
        ended = run.end()
        attempt.ending = "told" if ended.code else TOO_LATE
        attempt.breaches += ended.breaches((0, 1, 2))
        if ended.code and "again" not in ended.told:
            attempt.breaches.append(f"no remedy: {ended.told.strip()[-300:]}")
    _disconnect(toy)
    bench.resume(attempt, toy)
    return attempt


def _begun(bench: Bench, fault: str) -> tuple[Moment, Attempt, Toy, Run]:
    """Draw a moment, and start the run that a process is killed in then."""
    moment = bench.moment()
    attempt = Attempt(fault, moment.told)
    toy = bench.trial()
    return moment, attempt, toy, bench.start(toy)


def _kill(process: psutil.Process) -> bool:
    """Kill a process; False if it had ended."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return False
    return True


def _connect(toy: Toy, address: str) -> None:
    text = toy.config.read_text().replace(
        "run: {", f"run: {{watchdog_minutes: {WATCHDOG_MINUTES}, "
    )
    toy.config.write_text(f"{text}executor: {{scheduler: '{address}'}}\n")


def _disconnect(toy: Toy) -> None:
    lines = toy.config.read_text().splitlines(keepends=True)
    toy.config.write_text("".join(line for line in lines if not line.startswith("executor:")))


Popen = subprocess.Popen[bytes]


@contextmanager
def cluster(bench: Bench) -> Iterator[tuple[str, Popen, list[Popen]]]:
    """Start a scheduler and two workers with their nannies; all are gone afterwards."""
    bench.made += 1
    folder = bench.folder / f"cluster{bench.made:04d}"
    folder.mkdir(parents=True)
    told = folder / "scheduler.json"
    scheduler = _dask(
        folder, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
        "--scheduler-file", told,
    )  # fmt: skip
    started = [scheduler]
    try:
        address = _address(told)
        options = ("--nanny", "--nthreads", "1", "--no-dashboard", "--death-timeout", "20")
        where = ("--local-directory", folder)
        started += [_dask(folder, "worker", address, *options, *where) for _ in range(2)]
        yield address, scheduler, started[1:]
    finally:
        below = [c for p in started if p.poll() is None
                 for c in psutil.Process(p.pid).children(recursive=True)]  # fmt: skip
        for process in started:
            process.kill()
            process.wait()
        for child in below:
            _kill(child)


def _dask(folder: Path, kind: str, *words: object) -> Popen:
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *map(str, words)]
    with (folder / f"{kind}.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)  # noqa: S603


def _address(told: Path) -> str:
    end = time.monotonic() + CLUSTER_SECONDS
    while time.monotonic() < end:
        try:
            return str(json.loads(told.read_text())["address"])
        except (OSError, ValueError, KeyError):
            time.sleep(0.05)
    message = f"no scheduler after {CLUSTER_SECONDS:g} s"
    raise SystemExit(message)
