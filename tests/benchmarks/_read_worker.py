"""A warm worker: passes over the files named on its input and tells what each pass took.

Run by ``bench_reads.py`` as ``_read_worker.py JOB ASSAY BED GTF``. It does what
`engine.scan` does in one thread: it opens the file, shows each batch to the collectors and
asks them for their tables; all parameters have their defaults.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from storiform.io.annotation import read_genes
from storiform.io.bgzf import BgzfFile
from storiform.io.intervals import read_targets
from storiform.io.read_files import open_reads
from storiform.kernels.depth import (
    DEPTH,
    FAST_DEPTH,
    DepthRules,
    Reads,
    clip_pieces,
    count_depth,
)
from storiform.model.cohort import Assay
from storiform.model.intervals import Intervals
from storiform.model.reads import ReadFile, ReadHeader, RecordBatch
from storiform.model.step import Argument, Step

ROOMS = "storiform.biomarkers"
JOBS: dict[str, tuple[str, ...]] = {
    "decode": (),
    "depth": ("depth",),
    "fast_depth": ("fast_depth",),
    "dna_pass": ("callability:pileup", "read_statistics:read_statistics"),
    "gene_counting": ("gene_counting:gene_counts",),
}
"""Collectors of each job: steps, as module:function, or depth and nothing else."""


class DepthOnly:
    """A collector of the depth of each target, as ``mosdepth --by`` makes it."""

    def __init__(self, targets: Intervals, mode: int) -> None:
        self._bounds, self._rules = targets.bounds, DepthRules(0, mode)
        self._sums: dict[str, np.ndarray] = {}

    def begin(self, header: ReadHeader) -> None:
        """Make room for the targets of each contig."""
        self._contigs = header.contigs
        known = self._bounds.items()
        self._sums = {contig: np.zeros(len(starts), np.int64) for contig, (starts, _) in known}

    def take(self, batch: RecordBatch) -> None:
        """Add the depth of the target bases that a batch owns."""
        contig = self._contigs[batch.contig] if batch.contig >= 0 else ""
        if contig not in self._bounds:
            return
        bounds = (*self._bounds[contig], batch.owned_start, batch.owned_end)
        row, pieces = clip_pieces(*bounds)
        if not len(pieces.starts):
            return
        columns = (batch.starts, batch.ends, batch.flags, batch.mapq, batch.mates)
        reads = Reads(batch.data, batch.offsets, *columns)
        depth = count_depth(reads, pieces, self._rules)
        sums = np.add.reduceat(depth, pieces.places[:-1], dtype=np.int64)
        self._sums[contig][row : row + len(sums)] += sums

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return the mean depth of each target."""
        parts = [
            pd.DataFrame(
                {"contig": contig, "start": starts, "end": ends, "sum": self._sums[contig]}
            )
            for contig, (starts, ends) in self._bounds.items()
        ]
        targets = pd.concat(parts)
        return (targets.assign(depth=targets["sum"] / (targets["end"] - targets["start"])),)


def clear_peak() -> None:
    """Let the kernel forget how much memory the process has held."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_since_cleared_mb() -> float:
    """Return the most memory that was held since, in MB of 1e6 bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    told = next(line for line in lines if line.startswith("VmHWM"))
    return int(told.split()[1]) * 1024 / 1e6


def inflate(path: Path) -> None:
    """Inflate a whole file and do nothing with it."""
    with BgzfFile(path) as file:
        for _ in file.blocks():
            pass


def filled(argument: Argument, readers: dict[str, Callable[[], Any]]):
    """Return the value of a step's argument: a resource, the default parameters, or nothing."""
    if argument.kind == "params":
        return argument.contract()  # type: ignore[operator]
    if argument.kind == "resource":
        name = argument.contract.name  # type: ignore[union-attr]
        if name in readers:
            return readers[name]()
    if argument.optional:
        return None
    raise LookupError(f"nothing fills the argument {argument.name}")


class Pass:
    """The collectors of a job over one file, and the CPU seconds of each."""

    def __init__(self, job: str, assay: Assay, bed: Path, gtf: Path) -> None:
        self._job, self._assay = job, assay
        self._peak_mb = 0.0
        self._readers = {"targets": lambda: read_targets(bed), "genes": lambda: read_genes(gtf)}

    def collectors(self) -> dict[str, Any]:
        """Make the collectors of the job, their resources read anew."""
        made: dict[str, Any] = {}
        read = {name: _once(reader) for name, reader in self._readers.items()}
        for place in JOBS[self._job]:
            if ":" not in place:
                mode = FAST_DEPTH if place == "fast_depth" else DEPTH
                made[place] = DepthOnly(read["targets"](), mode)
                continue
            module, name = place.split(":")
            step = Step.of(getattr(importlib.import_module(f"{ROOMS}.{module}"), name))
            made[name] = step.function(**{a.name: filled(a, read) for a in step.arguments})
        return made

    def run(self, path: Path) -> dict[str, Any]:
        """Pass over a file; return CPU seconds and peaks."""
        self._peak_mb = max(self._peak_mb, peak_since_cleared_mb())
        clear_peak()
        begin, wall = time.process_time(), time.perf_counter()
        resources, stages = 0.0, {}
        if self._job == "inflate":
            inflate(path)
        else:
            collectors = self.collectors()
            resources = time.process_time() - begin
            file = open_reads(
                path, index=None, reference=None, role="tumour", assay=self._assay
            )
            stages = _fed(file, collectors)
            file.close()
        peak_mb = peak_since_cleared_mb()
        return {
            "cpu_s": time.process_time() - begin,
            "wall_s": time.perf_counter() - wall,
            "resources_s": resources,
            "stages": stages,
            "pass_peak_mb": peak_mb,
            "peak_mb": max(self._peak_mb, peak_mb),
        }


def _once(reader: Callable[[], Any]) -> Callable[[], Any]:
    known: list[Any] = []

    def read() -> Any:
        if not known:
            known.append(reader())
        return known[0]

    return read


def _fed(file: ReadFile, collectors: dict[str, Any]) -> dict[str, float]:
    """Show a file to collectors; return the CPU seconds of reading and of each."""
    seconds = dict.fromkeys(("decode", *collectors, "tables"), 0.0)
    clock = time.process_time
    for name, collector in collectors.items():
        begin = clock()
        collector.begin(file.header)
        seconds[name] += clock() - begin
    last = clock()
    for chunk in file.chunks(1):
        for batch in file.batches(chunk):
            now = clock()
            seconds["decode"] += now - last
            for name, collector in collectors.items():
                last = now
                collector.take(batch)
                now = clock()
                seconds[name] += now - last
            last = now
    begin = clock()
    seconds["decode"] += begin - last
    for collector in collectors.values():
        collector.tables()
    seconds["tables"] = clock() - begin
    return {name: round(value, 3) for name, value in seconds.items()}


def main() -> None:
    """Pass over each file that is named on the input."""
    job, assay, bed, gtf = sys.argv[1:]
    work = Pass(job, assay, Path(bed), Path(gtf))  # type: ignore[arg-type]
    for line in sys.stdin:
        told = work.run(Path(line.strip()))
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
