"""Signals: the first ends a run in good order, the second at once."""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import time
from storiform.engine.ending import Stop, signals
stop = Stop()
with signals(stop):
    print("ready", flush=True)
    while not stop:
        time.sleep(0.01)
    print(stop.signal, flush=True)
    time.sleep({rest})
print("in good order", flush=True)
"""


def begun(rest: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT.format(rest=rest)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_the_run_end_and_the_second_does_not(number: int) -> None:
    process = begun(0.0)
    process.send_signal(number)
    assert process.communicate(timeout=60)[0] == f"{number:d}\nin good order\n"
    assert process.returncode == 0
    process = begun(60.0)
    process.send_signal(number)
    assert process.stdout is not None
    assert process.stdout.readline() == f"{number:d}\n"
    process.send_signal(number)
    assert process.communicate(timeout=30)[0] == ""
    assert process.returncode == 128 + number
