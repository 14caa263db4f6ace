"""CPU time and peak memory from bins and allele counts to calls, of one whole exome.

``python tests/benchmarks/bench_copy_number.py`` draws an exome of some 215,000 bins and 24,000
places in a process of its own, and calls it in two others, of which the first compiles the
kernels; the second, warm as a worker is that finds them in the engine's cache, calls it twice
and prints what the second turn took. It fails beyond 3 s or 500 MB. What CNVkit takes for such
exomes is printed by ``validate_copy_number.py --cnvkit FILE``.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST_SECONDS, MOST_MB = 3.0, 500.0
_TABLES = ("coverage", "snps", "variants")
SEED = 5300


def draw(folder: Path) -> None:
    """Write the coverage, the allele counts and the calls of a simulated tumour."""
    from _copy_cases import draw as drawn  # noqa: PLC0415  heavy, and in its own process
    from _copy_cases import exome_cases  # noqa: PLC0415

    made = drawn(exome_cases(4, SEED)[2])
    from storiform.simulation.copies import cohort_coverage  # noqa: PLC0415

    frames = (cohort_coverage(made), made.snps, made.variants)
    for name, frame in zip(_TABLES, frames, strict=True):
        frame.to_parquet(folder / f"{name}.parquet")


def call(folder: Path) -> None:
    """Call the tumour twice and print CPU seconds and peak MB of the second turn."""
    import pandas as pd  # noqa: PLC0415
    from _copy_cases import call_tables  # noqa: PLC0415

    from storiform.model.table import UNIT_COLUMNS  # noqa: PLC0415
    from storiform.model.tables.copies import GIVEN_COVERAGE, GIVEN_SNPS  # noqa: PLC0415

    coverage, snps, variants = (pd.read_parquet(folder / f"{n}.parquet") for n in _TABLES)
    # As the engine hands them over: checked, text in Arrow's columns.
    coverage = GIVEN_COVERAGE.conform(coverage, UNIT_COLUMNS["sample"])
    snps = GIVEN_SNPS.conform(snps)
    call_tables(coverage, snps, variants)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    start = time.process_time()
    called = call_tables(coverage, snps, variants)
    seconds = time.process_time() - start
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024.0
    bins = len(called["log_ratios"])
    print(f"{seconds:.2f} s, {peak:.0f} MB, {bins:,} bins, {len(snps):,} places")  # noqa: T201


def main() -> int:
    """Run both processes; return 1 where a bar is missed."""
    with tempfile.TemporaryDirectory() as folder:
        # As the engine sets them for its workers.
        cache = Path(folder) / "kernels"
        cache.mkdir()
        settings = {"NUMBA_CACHE_DIR": str(cache), "MALLOC_TRIM_THRESHOLD_": "65536"}
        told = ""
        for word in ("draw", "call", "call"):
            command = [sys.executable, __file__, word, folder]
            done = subprocess.run(  # noqa: S603  ours
                command, capture_output=True, text=True, check=True, env=os.environ | settings
            )
            told = done.stdout.strip()
    seconds, peak = (float(value) for value in re.findall(r"([\d.]+) (?:s|MB),", told))
    print(f"bins and places to calls, warm: {told} (bars {MOST_SECONDS} s, {MOST_MB:.0f} MB)")  # noqa: T201
    return int(seconds > MOST_SECONDS or peak > MOST_MB)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        {"draw": draw, "call": call}[sys.argv[1]](Path(sys.argv[2]))
    else:
        sys.exit(main())
