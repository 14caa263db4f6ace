"""Who waits for a command is told what it does."""

import io
import os
import time

import pytest
from click.testing import CliRunner

from storiform.cli.main import group
from storiform.cli.waiting import Waiting


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def until(stream: io.StringIO, words: str) -> str:
    """Wait until something is told, five seconds at most."""
    for _ in range(500):
        if words in stream.getvalue():
            break
        time.sleep(0.01)
    return stream.getvalue()


def test_a_long_wait_is_told_in_lines_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with Waiting("Opening", every=0.02, stream=stream) as waiting:
        waiting("calls of P1")
        assert until(stream, "P1").startswith("Opening ")
        waiting("calls of P2")
        told = until(stream, "P2")
    assert "Opening calls of P1 (0 s)\n" in told
    assert "Opening calls of P2 (" in told


def test_a_short_wait_is_not_told() -> None:
    stream = io.StringIO()
    with Waiting("Opening", stream=stream) as waiting:
        waiting("calls of P1")
    assert stream.getvalue() == ""


def test_on_a_terminal_one_line_is_written_over_and_gone_at_the_end() -> None:
    stream = Terminal()
    with Waiting("Opening", stream=stream) as waiting:
        waiting("calls of P1")
        told = until(stream, "P1")
    assert "\n" not in told
    assert stream.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("command", ["check", "run"])
def test_kernels_that_look_into_inputs_are_not_compiled_each_time(
    command: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    CliRunner().invoke(group, [command, str(tmp_path / "none.yaml")])
    assert os.environ["NUMBA_CACHE_DIR"].startswith(str(tmp_path))
