"""A terminal that is really lost: its master closes, as when a connection breaks."""

import os
import pty
import signal
import sys
import time
from collections.abc import Callable, Sequence
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


@pytest.mark.parametrize("words", [("--workers", "2"), ("--workers", "2", "--quiet")])
def test_a_lost_terminal_ends_a_run_in_good_order(
    toy: Callable[..., Toy], tmp_path: Path, words: Sequence[str]
) -> None:
    trial = toy(DOSES, "toy_workflow: {sleep_seconds: 2}\n")
    pid, master = on_terminal(["run", str(trial.config), *words], tmp_path / "faults")
    ended = 0
    try:
        end = time.monotonic() + 120
        while not (trial.results / "events.jsonl").exists() or len(trial.steps()) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
        os.close(master)
        while not ended:
            assert time.monotonic() < end
            ended, status = os.waitpid(pid, os.WNOHANG)
            time.sleep(0.05)
    finally:
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    assert trial.summary()["exit_code"] == 129
    assert trial.summary()["state"] == "stopped"
    assert not (trial.results / "run.lock").exists()
