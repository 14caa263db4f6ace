"""Outside programs: started in a folder of their own, and told what went wrong with them."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from storiform.model.errors import InputError, fault

LONGEST_S = 6 * 3600.0
"""Seconds after which a program is taken for hung."""
_LAST_LINES = 5
_LONGEST_LINE = 160


@dataclass(frozen=True)
class Output:
    """What a program wrote."""

    out: str
    err: str

    @property
    def last_lines(self) -> str:
        """The last lines of both streams, on one line."""
        texts = (self.out, self.err)
        lines = [line.strip()[:_LONGEST_LINE] for text in texts for line in text.splitlines()]
        return " | ".join([line for line in lines if line][-_LAST_LINES:]) or "nothing"


def find_program(name: str, where: str) -> str:
    """Return the path of a program, given by its path or by a name on the PATH.

    Raises
    ------
    InputError
        If there is none, or it cannot be executed.
    """
    found = shutil.which(name)
    if found is None:
        is_there = Path(name).exists()
        what = f"{name}, which is not executable" if is_there else f"no program {name}"
        remedy = "Correct its name, or make it executable (chmod +x)."
        raise InputError(fault(where, what, "a program, by its path or on the PATH", remedy))
    return found


def run_program(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    may_fail: bool = False,
) -> Output:
    """Run a program in a folder and wait for its end.

    Parameters
    ----------
    command
        The program and its arguments.
    folder
        Its working folder, which is also its ``TMPDIR``.
    environment
        Variables beside those of this process.
    may_fail
        Whether an exit status other than 0 is for the caller to judge.

    Raises
    ------
    InputError
        If it cannot be started, does not end, or fails: with its last lines.
    """
    name = Path(command[0]).name
    variables = {**os.environ, "TMPDIR": str(folder), **(environment or {})}
    try:
        done = subprocess.run(  # noqa: S603  the program that the user named, no shell
            list(command), cwd=folder, env=variables, capture_output=True, check=False,
            stdin=subprocess.DEVNULL, timeout=LONGEST_S,
        )  # fmt: skip
    except OSError as error:
        found = f"{error.strerror or error} when it was started"
        remedy = "Try the program by hand, then run again."
        raise InputError(fault(name, found, "a program that runs", remedy)) from error
    except subprocess.TimeoutExpired as error:
        found = f"no end after {LONGEST_S / 3600.0:g} hours"
        remedy = "Try the program by hand, then run again."
        raise InputError(fault(name, found, "an answer", remedy)) from error
    output = Output(*(text.decode(errors="replace") for text in (done.stdout, done.stderr)))
    if done.returncode != 0 and not may_fail:
        found = f"exit status {done.returncode}; its last lines: {output.last_lines}"
        remedy = "Try the program by hand, then run again."
        raise InputError(fault(name, found, "exit status 0", remedy))
    return output
