"""Run benchmarks and keep what they told: one row a line, in records.tsv.

Run ``python tests/benchmarks/record.py [SCRIPT [WORDS]]``; without words, all that are here.
A figure says little without the machine: its cores and its load as the script began stand
beside it. Scripts compare with a peer in the same run, so that ratios outlast a machine.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent
RECORDS = FOLDER / "records.tsv"
COLUMNS = ("date", "commit", "python", "cores", "load", "benchmark", "told")


def commit() -> str:
    """Return the commit that is measured, with a plus where files differ from it."""
    found = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--", ":/", f":!{RECORDS.name}")
    return f"{found}{'+' if changed else ''}" if found else "unknown"


def _git(*words: str) -> str:
    command = ["git", *words]
    done = subprocess.run(command, cwd=FOLDER, check=False, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()


def keep(records: Path, benchmark: str, lines: Iterable[str], begun: Sequence[object]) -> None:
    """Append what a benchmark told; a new file begins with its header."""
    is_new = not records.exists()
    with records.open("a", encoding="utf-8") as file:
        if is_new:
            file.write("\t".join(COLUMNS) + "\n")
        for line in lines:
            told = " ".join(line.split())
            if any(letter.isdigit() for letter in told):
                file.write("\t".join(map(str, (*begun, benchmark, told))) + "\n")


def run(words: Sequence[str], records: Path = RECORDS) -> int:
    """Run a benchmark, show what it tells, and keep it if it ended well."""
    script, *more = words
    begun = (
        datetime.now(UTC).date().isoformat(),
        commit(),
        platform.python_version(),
        os.cpu_count(),
        f"{os.getloadavg()[0]:.1f}",
    )
    lines: list[str] = []
    command = [sys.executable, "-u", script, *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            lines.append(line)
    if process.returncode == 0:
        keep(records, " ".join([Path(script).stem, *more]), lines, begun)
    return process.returncode


def main() -> int:
    """Run what the command line names, or all; stop at the first that fails."""
    chosen = [sys.argv[1:]] if sys.argv[1:] else [[str(p)] for p in scripts()]
    return next((code for words in chosen if (code := run(words))), 0)


def scripts() -> list[Path]:
    """Return all benchmarks."""
    return sorted(FOLDER.glob("bench_*.py"))


if __name__ == "__main__":
    sys.exit(main())
