"""What a person is told when the jobs of a run cannot be had."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from slurm_here import Slurm
from trials import Process, Toy, storiform

Make = Callable[..., Toy]
ALONE = """\
#!/usr/bin/env python3
import ctypes, fcntl, os, socket, struct, sys
CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP_RUNNING = 0x40000000, 0x8914, 0x41
ctypes.CDLL(None).unshare(CLONE_NEWNET)
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", IFF_UP_RUNNING, b""))
os.execvp(sys.argv[1], sys.argv[1:])
"""


def told(trial: Toy) -> str:
    """Run, expect exit code 2 without a traceback, return the message."""
    done = storiform("run", trial.config, "--quiet")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("queue: nowhere", "invalid partition specified: nowhere"),
        ("memory_gb: 9000", "Requested node configuration is not available"),
    ],
)
def test_refused_job_is_told_in_the_words_of_the_queue(
    toy: Make, slurm: Slurm, more: str, said: str
) -> None:
    trial = toy(more)
    if "memory_gb" in more:
        text = trial.config.read_text()
        trial.config.write_text(text.replace("memory_gb: 1.2, ", ""))
    message = told(trial)
    assert "executor (slurm): found sbatch: " in message
    assert said in message
    assert "Correct the section executor" in message
    assert slurm.queue() == []


def test_jobs_that_end_before_their_worker_connects_are_told_with_their_log(
    toy: Make, slurm: Slurm
) -> None:
    message = told(toy("python: /nowhere/python"))
    assert re.search("[3-9] jobs that ended before their worker met the driver", message)
    assert "/nowhere/python: No such file or directory" in message
    slurm.wait_until_empty(20)


def test_network_on_which_jobs_do_not_reach_the_driver_is_told(
    toy: Make, slurm: Slurm, tmp_path: Path
) -> None:
    # Each worker has a loopback of its own, so that nobody answers at the driver's address.
    wrapper = tmp_path / "alone"
    wrapper.write_text(ALONE)
    wrapper.chmod(0o755)
    trial = toy(f"command: {wrapper}, python: {sys.executable}")
    text = trial.config.read_text().replace("timeout_seconds: 20", "timeout_seconds: 10")
    trial.config.write_text(text.replace("jobs: 2", "jobs: 3"))
    message = told(trial)
    assert re.search("[3-9] jobs that ended before their worker met the driver", message)
    assert "Traceback" not in message
    assert "interface and worker_interface must be networks" in message
    slurm.wait_until_empty(20)


def test_jobs_that_wait_are_told_with_the_reason_of_the_queue_and_not_for_ever(
    toy: Make, start: Callable[..., Process], slurm: Slurm
) -> None:
    trial = toy("queue: shut, queue_minutes: 0.7")
    run = start("run", trial.config)
    slurm.wait(trial.results.joinpath("run.json").exists, 60, "a run")
    slurm.wait(
        lambda: "PartitionDown" in storiform("status", trial.results).stdout,
        60,
        "a status that names the reason of the queue",
    )
    _, said = run.end()
    assert run.returncode == 2
    assert re.search(r"waiting for workers: slurm: \d waiting \(PartitionDown\)", said)
    assert "workers: found none for 0.7 minutes" in said
    assert re.search(r"The queue says: slurm: \d waiting \(PartitionDown\)", said)
    assert "Traceback" not in said
    assert slurm.queue() == []
