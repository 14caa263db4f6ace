"""CPU time and memory of the pass over reads against mosdepth and featureCounts.

Run as ``python tests/benchmarks/bench_reads.py [--reads 16000000] [--rounds 5]
[--only NAME]``; prints one line of JSON for each comparison. Files are invented
(`read_files`) and kept in $STORIFORM_BENCH_DATA. Ours runs on one thread of a warm worker, a
process of its own that has loaded its kernels and passed over a small file; the peer starts
afresh, as it always does, on one thread. Both take turns, `--rounds` times; the ratio is the
median of ours / peer in CPU seconds (user and system), reading of BED or GTF included.
Memory is the peak of the worker, all libraries included: `peak_mb` where the kernels come
from the cache that the engine gives its workers, `compiling_peak_mb` of the first worker,
which fills that cache. `growth` is the peak during the pass over that of a file of a
quarter of the reads.

Goals: the whole DNA pass at most 1.15 of mosdepth, fast depth .8 of ``mosdepth -x``, gene
counting .7 of featureCounts, 400 MB, growth 1.15.
"""

import argparse
import ctypes.util
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import read_files

WARM_UP = 100_000
WORKER = Path(__file__).with_name("_read_worker.py")
_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
ONE_THREAD = dict.fromkeys(_POOLS, "1")
MEMORY_GOAL_MB, GROWTH_GOAL = 400, 1.15


@dataclass(frozen=True)
class Comparison:
    """A job of ours, the command that does the same, and the ratio not to be exceeded."""

    name: str
    assay: str
    peer: tuple[str, ...]
    goal: float | None = None

    def file(self, reads: int) -> Path:
        """Return the BAM of so many reads."""
        return read_files.exome(reads) if self.assay == "exome" else read_files.rna(reads)

    def command(self, path: Path, out: Path) -> list[str]:
        """Return the peer's command."""
        places = {
            "BAM": str(path),
            "BED": str(read_files.targets()),
            "GTF": str(read_files.annotation()),
            "OUT": str(out / "out"),
        }
        return [places.get(word, word) for word in self.peer]


_MOSDEPTH = ("mosdepth", "-n", "-t", "0")
_COUNTING = ("featureCounts", "-T", "1", "-p", "--countReadPairs", "-s", "2")
COMPARISONS = (
    Comparison("dna_pass", "exome", (*_MOSDEPTH, "--by", "BED", "OUT", "BAM"), 1.15),
    Comparison("depth", "exome", (*_MOSDEPTH, "--by", "BED", "OUT", "BAM")),
    Comparison("fast_depth", "exome", (*_MOSDEPTH, "-x", "--by", "BED", "OUT", "BAM"), 0.8),
    Comparison("gene_counting", "rna", (*_COUNTING, "-a", "GTF", "-o", "OUT", "BAM"), 0.7),
)


class Worker:
    """A process that has compiled its kernels and waits for files."""

    def __init__(self, job: str, assay: str, cache: Path) -> None:
        words = [
            str(WORKER),
            job,
            assay,
            str(read_files.targets()),
            str(read_files.annotation()),
        ]
        self._process = subprocess.Popen(  # noqa: S603  our own command
            [sys.executable, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | ONE_THREAD | {"NUMBA_CACHE_DIR": str(cache)},
        )

    def measure(self, path: Path) -> dict[str, Any]:
        """Let it pass over a file; return what it measured of itself."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline()
        if not told:
            raise RuntimeError(f"the worker died on {path}")
        return dict(json.loads(told))

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


@contextmanager
def warm_worker(comparison: Comparison, cache: Path) -> Iterator[tuple[Worker, float]]:
    """Start a worker and let it pass over a small file; its peak in MB stands beside it."""
    worker = Worker(comparison.name, comparison.assay, cache)
    try:
        told = worker.measure(comparison.file(WARM_UP))
        yield worker, told["peak_mb"]
    finally:
        worker.close()


def peer_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which Debian's mosdepth finds its library.

    It asks for libhts.so, which only the development package of htslib has.
    """
    found = ctypes.util.find_library("hts")
    environment = dict(os.environ)
    if found:
        link = folder / "libhts.so"
        if not link.is_symlink():
            link.symlink_to(found if "/" in found else _library_path(found))
        environment["LD_LIBRARY_PATH"] = f"{folder}:{environment.get('LD_LIBRARY_PATH', '')}"
    return environment


def _library_path(name: str) -> Path:
    told = subprocess.run(["ldconfig", "-p"], check=True, capture_output=True, text=True).stdout  # noqa: S607
    lines = [line for line in told.splitlines() if line.strip().startswith(name)]
    return Path(lines[0].rsplit("=> ", 1)[-1]).resolve()


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    """Return user and system seconds of a command.

    Raises
    ------
    RuntimeError
        If it fails, with what it said.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603  the peer
        command, check=False, capture_output=True, text=True, env=environment
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(comparison: Comparison, reads: int, rounds: int) -> dict[str, object]:
    """Let ours and the peer take turns; return the medians, the ratio and our memory."""
    large, small = comparison.file(reads), comparison.file(reads // 4)
    report: dict[str, object] = {"comparison": comparison.name, "reads": reads}
    peer = comparison.peer[0]
    is_there = shutil.which(peer) is not None
    if not is_there:
        report["missing"] = f"{peer.upper()} IS NOT INSTALLED: NO RATIO WAS MEASURED"
    ours: list[dict[str, Any]] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        environment, command = peer_environment(folder), comparison.command(large, folder)
        with warm_worker(comparison, folder) as (_, compiling_peak_mb):
            pass
        with warm_worker(comparison, folder) as (worker, _):
            quarter = worker.measure(small)
        with warm_worker(comparison, folder) as (worker, _):
            for _ in range(rounds):
                ours.append(worker.measure(large))
                if is_there:
                    theirs.append(cpu_seconds(command, environment))
    report["ours_cpu_s"] = _median([told["cpu_s"] for told in ours])
    stages = ours[0]["stages"]
    report["of_this_resources_s"] = _median([told["resources_s"] for told in ours])
    if theirs:
        report["peer"] = " ".join(comparison.peer)
        report["peer_cpu_s"] = _median(theirs)
        ratios = [told["cpu_s"] / seconds for told, seconds in zip(ours, theirs, strict=True)]
        report |= {"ratio": _median(ratios), "ratios": [round(ratio, 3) for ratio in ratios]}
        report["goal"] = comparison.goal
    whole = ours[0]["pass_peak_mb"]  # like the quarter, the second file of its worker
    return report | {
        "stages_s": {name: _median([told["stages"][name] for told in ours]) for name in stages},
        "peak_mb": round(max(told["peak_mb"] for told in ours)),
        "compiling_peak_mb": round(compiling_peak_mb),
        "peak_goal_mb": MEMORY_GOAL_MB,
        "growth": round(whole / quarter["pass_peak_mb"], 3),
        "growth_goal": GROWTH_GOAL,
    }


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 3)


def floor(reads: int, rounds: int) -> Iterator[dict[str, object]]:
    """Measure what inflating and decoding cost without any collector."""
    for assay in ("exome", "rna"):
        for job in ("inflate", "decode"):
            comparison = Comparison(job, assay, ())
            with (
                tempfile.TemporaryDirectory() as made,
                warm_worker(comparison, Path(made)) as (worker, _),
            ):
                path = comparison.file(reads)
                seconds = [worker.measure(path)["cpu_s"] for _ in range(rounds)]
            yield {"floor": job, "assay": assay, "reads": reads, "cpu_s": _median(seconds)}


def tell(report: dict[str, object]) -> None:
    """Print one line of JSON."""
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure the comparisons that were asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--reads", type=int, default=16_000_000, help="reads of the files")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each comparison")
    names = ["floor", *(comparison.name for comparison in COMPARISONS)]
    parser.add_argument("--only", action="append", choices=names, help="what to measure")
    options = parser.parse_args()
    wanted: Callable[[str], bool] = lambda name: not options.only or name in options.only  # noqa: E731
    if wanted("floor"):
        for report in floor(options.reads, options.rounds):
            tell(report)
    for comparison in COMPARISONS:
        if wanted(comparison.name):
            tell(compare(comparison, options.reads, options.rounds))


if __name__ == "__main__":
    main()
