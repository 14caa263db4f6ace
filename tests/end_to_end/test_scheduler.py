"""A run on a Dask scheduler that goes on already."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster
from trials import Toy, starter, storiform


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Give the address of a scheduler with one worker, on this machine."""
    with LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def test_run_uses_a_scheduler_that_goes_on_already(
    toy: Callable[..., Toy], scheduler: str
) -> None:
    there = toy([1, 2, 3], f'executor: {{scheduler: "{scheduler}"}}\n', name="there")
    done = storiform("run", there.config, "--quiet")
    assert done.returncode == 0, done.stderr
    here = toy([1, 2, 3], name="here")
    assert storiform("run", here.config, "--quiet").returncode == 0
    assert there.tables() == here.tables()


def test_a_scheduler_that_stands_still_counts_as_one_without_workers(
    toy: Callable[..., Toy], tmp_path: Path
) -> None:
    """It takes messages and answers none, as one whose machine has no memory left."""
    told = tmp_path / "scheduler.json"
    words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", told]
    frozen = subprocess.Popen(  # noqa: S603  our own command
        [sys.executable, "-m", "distributed.cli.dask_scheduler", *map(str, words)],
        stderr=subprocess.DEVNULL,
    )
    try:
        address = address_in(told)
        settings = f'executor: {{scheduler: "{address}"}}\nrun: {{watchdog_minutes: .05}}\n'
        trial = toy([1, 2, 3], settings)
        with starter() as start:
            run = start("run", trial.config, "--quiet")
            while not (trial.results / "run.lock").exists():
                assert run.poll() is None
                time.sleep(0.05)
            time.sleep(1.0)
            frozen.send_signal(signal.SIGSTOP)
            _, err = run.end()
    finally:
        frozen.kill()
        frozen.wait()
    assert run.returncode == 2, err
    assert "Traceback" not in err
    assert "again" in err
    assert not (trial.results / "run.lock").exists()


def address_in(told: Path) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            return str(json.loads(told.read_text())["address"])
        except (OSError, ValueError, KeyError):
            time.sleep(0.05)
    pytest.fail("no scheduler after a minute")


def test_scheduler_elsewhere_without_tls_is_refused(toy: Callable[..., Toy]) -> None:
    trial = toy([1, 2, 3], 'executor: {scheduler: "tcp://192.0.2.1:8786"}\n')
    done = storiform("run", trial.config, "--quiet")
    assert done.returncode == 2
    assert "expected TLS to another machine" in done.stderr
    assert "Traceback" not in done.stderr
