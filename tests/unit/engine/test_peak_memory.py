"""The memory that a result tells is that of its worker."""

import subprocess
import sys

from storiform.engine.work import peak_memory_mb

MIB = 1024**2
ASK = "from storiform.engine.work import peak_memory_mb; print(peak_memory_mb())"


def test_what_the_starter_holds_is_not_counted_to_the_worker() -> None:
    held = b"x" * (700 * MIB)
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-c", ASK], capture_output=True, text=True, check=True
    )
    assert 20 < int(done.stdout) < 500 < len(held) // MIB <= peak_memory_mb()
