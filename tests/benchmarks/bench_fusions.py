"""What the collector of fusions costs in the pass over an RNA BAM.

Run as ``python tests/benchmarks/bench_fusions.py [--fragments 100000] [--rounds 5] [--bam FILE
--gtf FILE]``. Without a file an RNA of ordinary fragments, 1 % chimeras and ten fusions is
drawn. In each round the records are decoded alone, and decoded and looked at, one after the
other, so that both have the same machine; printed are the medians of processor time.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from storiform.biomarkers.fusions.split_reads import FusionReadsParams, fusion_reads
from storiform.io.read_files import open_reads
from storiform.io.transcripts import read_transcript_models
from storiform.model.transcripts import TranscriptModels
from storiform.simulation.fusion_bam import write_bam
from storiform.simulation.fusion_genome import invent_genome
from storiform.simulation.fusion_rna import RnaSimulator


def passed(path: Path, annotation: TranscriptModels | None) -> tuple[float, float, int]:
    """Return the processor seconds of a pass and of the collector's end, and the records."""
    collector = None if annotation is None else fusion_reads(annotation, FusionReadsParams())
    file = open_reads(path, role="tumour", assay="rna")
    if collector is not None:
        collector.begin(file.header)
    started, records = time.process_time(), 0
    for chunk in file.chunks(1):
        for batch in file.batches(chunk):
            records += len(batch)
            if collector is not None:
                collector.take(batch)
    ended = time.process_time()
    file.close()
    if collector is not None:
        collector.tables()
    return ended - started, time.process_time() - ended, records


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fragments", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bam", type=Path)
    parser.add_argument("--gtf", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.bam:
            path, annotation = options.bam, read_transcript_models(options.gtf)
        else:
            genome = invent_genome(1)
            path, annotation = Path(folder) / "rna.bam", genome.annotation
            drawn = RnaSimulator(genome, 1).library(options.fragments, 10)
            write_bam(path, genome, drawn.fragments)
        passed(path, annotation)  # compiles
        bare, with_fusions, last, records = [], [], [], 0
        for _ in range(options.rounds):
            bare.append(passed(path, None)[0])
            taken, ended, records = passed(path, annotation)
            with_fusions.append(taken)
            last.append(ended)
    one, other = median(bare), median(with_fusions)
    sys.stdout.write(
        f"{records} records: decoded in {one:.3f} s, with fusions {other:.3f} s (ratio "
        f"{other / one:.2f}, {(other - one) / records * 1e6:.2f} us a record); junctions of "
        f"all evidence {median(last):.3f} s\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
