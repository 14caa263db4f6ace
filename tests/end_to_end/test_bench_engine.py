"""The benchmark of the engine looks into the driver, and must not be broken unseen."""

import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[1] / "benchmarks" / "bench_engine.py"


def test_the_benchmark_of_the_engine_runs_and_counts_its_steps() -> None:
    command = [sys.executable, str(BENCH), "2", "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert "2 patients, 24 steps, 1 workers: {'done': 24}" in done.stdout
    most = re.search(r"in flight at most: (\d+) tasks, (\d+) steps", done.stdout)
    assert most
    assert 0 < int(most[1]) <= 2
    assert int(most[2]) >= int(most[1])
