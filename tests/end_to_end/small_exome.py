"""A small exome whose records are as odd as records may be, and the run of a collector."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysam

from storiform.io.read_files import open_reads
from storiform.kernels.depth import Reads
from storiform.model.genome import merge_intervals
from storiform.model.intervals import Intervals
from storiform.model.reads import Collector, RecordBatch

CONTIGS = {"chr1": 6_000, "chr2": 900, "chrM": 500}
TARGETS = Intervals.of(
    [("chr1", 100, 420), ("chr1", 421, 700), ("chr1", 1500, 1501), ("chr1", 1600, 2300),
     ("chr1", 5900, 6000), ("chr2", 0, 400), ("chr2", 860, 900)]
)  # fmt: skip
CIGARS = (
    "60M", "60M", "60M", "30M2D30M", "20M3I37M", "10S50M", "50M10S", "5H55M", "25=1X34=",
    "10M5D20M2I28M", "20M40N40M", "30M1P30M", "3S27M1I1D29M", "40M",
)  # fmt: skip
"""Alignments of reads; the bases of each are as many as it takes."""
_HEADER = {
    "HD": {"VN": "1.6", "SO": "coordinate"},
    "SQ": [{"SN": name, "LN": length} for name, length in CONTIGS.items()],
}


def bases_of(cigar: str, codes: str) -> int:
    """Return the bases that operations of a CIGAR take."""
    return sum(int(n) for n, code in re.findall(r"(\d+)([A-Z=])", cigar) if code in codes)


def write_exome(path: Path, seed: int = 0, pairs: int = 400) -> Path:
    """Write a sorted BAM with its index: pairs that overlap, and records of every flag."""
    rng = np.random.default_rng(seed)
    genome = {name: "".join(rng.choice(list("ACGT"), n)) for name, n in CONTIGS.items()}
    header = pysam.AlignmentHeader.from_dict(_HEADER)
    records = []
    for number in range(pairs):
        contig = str(rng.choice(list(CONTIGS), p=[0.7, 0.2, 0.1]))
        records += _pair(rng, header, genome, contig, f"r{number}")
    records.sort(key=lambda record: (record.reference_id, record.reference_start))
    lost = pysam.AlignedSegment(header)
    lost.query_name, lost.flag, lost.query_sequence = "lost", 4, "ACGTACGT"
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for record in [*records, lost]:
            file.write(record)
    pysam.index(str(path))
    return path


def _pair(rng, header, genome, contig, name):
    cigars = [str(cigar) for cigar in rng.choice(CIGARS, 2)]
    spans = [bases_of(cigar, "MDN=X") for cigar in cigars]
    length = len(genome[contig])
    starts = [int(rng.integers(0, length - spans[0] + 1)), 0]
    # every third mate starts where the first does, lies within it or is far away
    starts[1] = int(np.clip(starts[0] + rng.choice([0, 5, 30, 55, 200]), 0, length - spans[1]))
    shared = int(rng.choice([0, 0, 0, 1024, 512], p=[0.3, 0.3, 0.2, 0.1, 0.1]))
    proper = 2 if rng.random() < 0.8 else 0
    records = []
    for mate in (0, 1):
        flag = 1 | proper | shared | (64, 128)[mate] | (32, 16)[mate]
        if rng.random() < 0.05:
            flag |= int(rng.choice([1024, 512]))
        records.append(
            _record(rng, header, genome, contig, (name, flag, cigars[mate], starts, mate))
        )
    if rng.random() < 0.15:
        flag = records[0].flag | int(rng.choice([256, 2048]))
        place = [min(starts[0] + 7, length - 60), starts[1]]
        records.append(_record(rng, header, genome, contig, (name, flag, "60M", place, 0)))
    if rng.random() < 0.05:
        records[1].flag = (records[1].flag | 4) & ~2
        records[0].flag = (records[0].flag | 8) & ~2
    return records


def _record(rng, header, genome, contig, told):
    name, flag, cigar, starts, mate = told
    size = bases_of(cigar, "MIS=X")
    record = pysam.AlignedSegment(header)
    record.query_name, record.flag, record.cigarstring = name, flag, cigar
    bases = list((genome[contig][starts[mate] : starts[mate] + size] * 2 + "A" * size)[:size])
    for k in np.flatnonzero(rng.random(size) < 0.08):
        bases[k] = str(rng.choice(list("ACGTN")))
    record.query_sequence = "".join(bases)
    record.query_qualities = rng.choice([2, 11, 19, 20, 25, 37], size).astype(np.uint8).tolist()
    record.mapping_quality = int(rng.choice([0, 19, 20, 60], p=[0.05, 0.05, 0.1, 0.8]))
    record.reference_id = record.next_reference_id = list(CONTIGS).index(contig)
    record.reference_start, record.next_reference_start = starts[mate], starts[1 - mate]
    ends = max(starts) + 60 - min(starts)
    record.template_length = ends if starts[mate] <= starts[1 - mate] else -ends
    return record


def batches_of(path: Path, role: str = "tumour", assay: str = "exome") -> tuple:
    """Return the header of a BAM and its batches."""
    file = open_reads(path, role=role, assay=assay)
    try:
        found = [batch for chunk in file.chunks(1) for batch in file.batches(chunk)]
        return file.header, found
    finally:
        file.close()


def cut_again(batches: list[RecordBatch], size: int) -> Iterator[RecordBatch]:
    """Cut batches of placed records into ones that own `size` bases each."""
    for batch in batches:
        if batch.contig < 0:
            yield batch
            continue
        borders = [*range(batch.owned_start, batch.owned_end, size), batch.owned_end]
        for start, end in pairwise(borders):
            rows = np.flatnonzero((batch.starts < end) & (batch.ends > start))
            yield _part(batch, rows, start, end)


def _part(batch: RecordBatch, rows: np.ndarray, start: int, end: int) -> RecordBatch:
    renamed = np.full(len(batch) + 1, -1, dtype=np.int32)
    renamed[rows] = np.arange(len(rows))
    columns = {
        name: getattr(batch, name)[rows]
        for name in ("offsets", "contigs", "starts", "ends", "flags", "mapq", "names")
    }
    starts_here = (batch.starts[rows] >= start) & (batch.starts[rows] < end)
    return RecordBatch(
        data=batch.data, mates=renamed[batch.mates[rows]], contig=batch.contig,
        is_owned=batch.is_owned[rows] & starts_here, owned_start=start,
        owned_end=end, **columns,
    )  # fmt: skip


def run(collector: Collector, path: Path, size: int | None = None, **sample: str) -> tuple:
    """Return the tables of a collector that has seen a BAM, cut to `size` bases if told."""
    header, batches = batches_of(path, **sample)
    collector.begin(header)
    for batch in batches if size is None else cut_again(batches, size):
        collector.take(batch)
    return collector.tables()


def reads_of(batch: RecordBatch) -> Reads:
    """Return the columns that kernels take."""
    return Reads(
        batch.data, batch.offsets, batch.starts, batch.ends, batch.flags, batch.mapq,
        batch.mates,
    )  # fmt: skip


def covered(batch: RecordBatch) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of the stretches of a batch that have records."""
    spans = zip(batch.starts.tolist(), batch.ends.tolist(), strict=True)
    table = np.array(merge_intervals(spans), dtype=np.int64).reshape(-1, 2)
    return table[:, 0].copy(), table[:, 1].copy()
