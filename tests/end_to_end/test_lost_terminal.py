"""A terminal that is really lost: its master closes, as when a connection breaks."""

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from trials import Toy

DOSES = (1.0, 2.0, 3.0, 4.0)


def on_terminal(words: Sequence[str], errors: Path) -> tuple[int, int]:
    """Start a command that leads a terminal of its own; return its pid and the terminal."""
    pid, master = pty.fork()
    if pid == 0:  # in the child: nothing of the test may go on
        try:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
            code = f"import faulthandler; faulthandler.enable(open({str(errors)!r}, 'w'))"
            start = f"{code}; from storiform.cli.main import main; main()"
            os.execv(sys.executable, [sys.executable, "-c", start, *words])  # noqa: S606
        finally:
            os._exit(99)
    return pid, master


def drained(master: int, seconds: float) -> None:
    """Read what a terminal shows, as one does that is looked at: else who writes must wait."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([master], [], [], left)[0]:
            with suppress(OSError):  # the last that has it open is gone
                os.read(master, 1 << 16)


@pytest.mark.parametrize(
    ("words", "first", "pause"),
    [
        ((), 0, 0.0),
        (("--quiet",), 0, 0.0),
        ((), signal.SIGTERM, 0.2),  # as when a session is ended
    ],
)
def test_a_lost_terminal_ends_a_run_in_good_order(
    toy: Callable[..., Toy], tmp_path: Path, words: Sequence[str], first: int, pause: float
) -> None:
    trial = toy(DOSES, "toy_workflow: {sleep_seconds: 2}\n")
    command = ["run", str(trial.config), "--workers", "2", *words]
    pid, master = on_terminal(command, tmp_path / "faults")
    ended = 0
    try:
        end = time.monotonic() + 120
        while not (trial.results / "events.jsonl").exists() or len(trial.steps()) < 2:
            assert time.monotonic() < end
            drained(master, 0.05)
        if first:
            os.kill(pid, first)
            drained(master, pause)
        os.close(master)
        while not ended:
            assert time.monotonic() < end
            ended, status = os.waitpid(pid, os.WNOHANG)
            time.sleep(0.05)
    finally:
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    code = 128 + (first or signal.SIGHUP)
    assert os.waitstatus_to_exitcode(status) == code
    assert trial.summary()["exit_code"] == code
    assert trial.summary()["state"] == "stopped"
    assert not (trial.results / "run.lock").exists()
