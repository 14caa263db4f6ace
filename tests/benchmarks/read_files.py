"""Large BAMs to measure on: an exome and a stranded RNA, invented, the same on every run.

`exome` and `rna` return their paths; files are made once and kept in the folder
$STORIFORM_BENCH_DATA, or in one of that name among the temporary files. Seven chromosomes
of GRCh38's lengths carry 40,000 targets and 9,000 genes; sixteen million reads cover the
targets about forty times.

The exome has pairs of 2 x 100 bases, 65 % of them on targets, eight qualities, overlapping
mates, 10 % duplicates, clips, insertions, deletions, supplementary records, mates that are
not aligned or elsewhere, and bwa's tags. The RNA has spliced pairs, four qualities, 8 %
multi-mappers with secondary records, 1 % singletons, intronic and intergenic pairs, and
STAR's tags. Run ``python tests/benchmarks/read_files.py READS`` to make them beforehand.
"""

import itertools
import os
import struct
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import deflate
import numpy as np
import numpy.typing as npt
import pysam
from _read_bytes import LARGEST, write_records
from _read_places import COPIES, World, sort_keys

VERSION = 1
"""Part of the files' names; raise it when they change."""
CONTIGS = {
    "chr6": 170805979,
    "chr12": 133275309,
    "chr17": 83257441,
    "chr19": 58617616,
    "chr20": 64444167,
    "chr21": 46709983,
    "chr22": 50818468,
}
GENES, TARGETS = 9_000, 40_000
PORTION = 200_000
"""Records, or fragments, that are made at a time."""
LEVEL = 6
END_OF_FILE = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
EXOME_QUALITIES, RNA_QUALITIES = (40, 37, 32, 27, 22, 14, 8, 2), (37, 25, 11, 2)
EXOME_STEPS = (
    (0.90, 0.05, 0.02, 0.012, 0.008, 0.006, 0.003, 0.001),
    (0.55, 0.20, 0.12, 0.06, 0.04, 0.02, 0.008, 0.002),
    (0.45, 0.2, 0.15, 0.1, 0.05, 0.03, 0.015, 0.005),
    (0.3, 0.2, 0.2, 0.12, 0.08, 0.06, 0.03, 0.01),
    (0.25, 0.15, 0.2, 0.15, 0.12, 0.08, 0.04, 0.01),
    (0.25, 0.1, 0.15, 0.15, 0.15, 0.12, 0.06, 0.02),
    (0.2, 0.1, 0.1, 0.1, 0.15, 0.2, 0.13, 0.02),
    (0.02, 0.02, 0.02, 0.02, 0.02, 0.05, 0.05, 0.8),
)
RNA_STEPS = (
    (0.965, 0.015, 0.018, 0.002),
    (0.7, 0.15, 0.14, 0.01),
    (0.62, 0.12, 0.25, 0.01),
    (0.1, 0.1, 0.1, 0.7),
)


class Gene(NamedTuple):
    """An invented gene: index of its contig, strand, and exons as (start, end)."""

    contig: int
    is_reverse: bool
    exons: tuple[tuple[int, int], ...]


def folder() -> Path:
    """Return the folder of the files, made if need be."""
    default = Path(tempfile.gettempdir()) / "storiform-bench-data"
    kept = Path(os.environ.get("STORIFORM_BENCH_DATA", default))
    kept.mkdir(parents=True, exist_ok=True)
    return kept


def exome(reads: int) -> Path:
    """Return an exome BAM of so many reads, indexed."""
    return _made("exome", reads)


def rna(reads: int) -> Path:
    """Return an RNA BAM of so many reads, indexed."""
    return _made("rna", reads)


def targets() -> Path:
    """Return the BED of the exome's targets."""
    path = folder() / f"targets-v{VERSION}.bed"
    if not path.exists():
        names = list(CONTIGS)
        lines = [f"{names[contig]}\t{start}\t{end}\n" for contig, start, end in _targets()]
        _kept(path, "".join(lines).encode())
    return path


def annotation() -> Path:
    """Return the GTF of the genes: two transcripts of each, one without every other exon."""
    path = folder() / f"genes-v{VERSION}.gtf"
    if not path.exists():
        _kept(path, "".join(_gtf_lines()).encode())
    return path


def _gtf_lines() -> Iterator[str]:
    names = list(CONTIGS)
    for number, gene in enumerate(_genes()):
        contig, strand = names[gene.contig], "-" if gene.is_reverse else "+"
        named = (
            f'gene_id "ENSG{number:011d}"; gene_name "G{number}"; gene_type "protein_coding";'
        )
        place = f"{gene.exons[0][0] + 1}\t{gene.exons[-1][1]}\t.\t{strand}\t."
        yield f"{contig}\tinvented\tgene\t{place}\t{named}\n"
        for step in (1, 2):
            script = f'{named} transcript_id "ENST{2 * number + step:011d}";'
            exons = gene.exons[::step]
            place = f"{exons[0][0] + 1}\t{exons[-1][1]}\t.\t{strand}\t."
            yield f"{contig}\tinvented\ttranscript\t{place}\t{script}\n"
            for start, end in exons:
                place = f"{start + 1}\t{end}\t.\t{strand}"
                yield f"{contig}\tinvented\texon\t{place}\t.\t{script}\n"
                yield f"{contig}\tinvented\tCDS\t{place}\t0\t{script}\n"


def _genes() -> list[Gene]:
    rng = np.random.default_rng(7)
    lengths = list(CONTIGS.values())
    genes = []
    for contig, length in enumerate(lengths):
        count = length * GENES // sum(lengths)
        for start in np.sort(rng.integers(20_000, length - 500_000, count)):
            at, exons = int(start), []
            for _ in range(max(1, rng.poisson(7))):
                size = int(np.clip(rng.lognormal(5.0, 0.6), 40, 3_000))
                exons.append((at, at + size))
                at += size + int(np.clip(rng.lognormal(7, 1), 80, 15_000))
            last = exons[-1]
            exons[-1] = (last[0], last[1] + int(rng.integers(200, 2_500)))
            genes.append(Gene(contig, bool(rng.integers(0, 2)), tuple(exons)))
    return genes


def _targets() -> list[tuple[int, int, int]]:
    exons = sorted((gene.contig, *exon) for gene in _genes() for exon in gene.exons)
    chosen = np.sort(np.random.default_rng(8).permutation(len(exons))[:TARGETS])
    kept: list[tuple[int, int, int]] = []
    for contig, start, end in (exons[index] for index in chosen):
        free = max(start, kept[-1][2]) if kept and kept[-1][0] == contig else start
        if end - free >= 20:
            kept.append((contig, free, end))
    return kept


def _world(assay: str, pairs: int) -> World:
    is_rna = assay == "rna"
    if is_rna:
        genes = _genes()
        abundance = np.random.default_rng(5).lognormal(0, 2.2, len(genes))
        weights = abundance * [sum(end - start for start, end in g.exons) for g in genes]
    else:
        genes = [
            Gene(contig, is_reverse=False, exons=((start, end),))
            for contig, start, end in _targets()
        ]
        efficiency = np.random.default_rng(6).lognormal(0, 0.5, len(genes))
        weights = efficiency * [g.exons[0][1] - g.exons[0][0] + 150 for g in genes]
    exons = np.array([exon for gene in genes for exon in gene.exons], dtype=np.int64)
    counts = [len(gene.exons) for gene in genes]
    qualities = RNA_QUALITIES if is_rna else EXOME_QUALITIES
    chances = np.cumsum(RNA_STEPS if is_rna else EXOME_STEPS, axis=1)
    chances[:, -1] = 1.0
    errors = 10.0 ** (-np.array(qualities) / 10)
    cumulative = np.cumsum(weights) / np.sum(weights)
    cumulative[-1] = 1.0
    return World(
        pairs=pairs,
        is_rna=is_rna,
        lengths=np.array(list(CONTIGS.values()), dtype=np.int64),
        numbers=np.array([int(name[3:]) for name in CONTIGS], dtype=np.int64),
        weights=cumulative,
        contig=np.array([gene.contig for gene in genes], dtype=np.int64),
        reverse=np.array([gene.is_reverse for gene in genes]),
        first=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        starts=exons[:, 0].copy(),
        ends=exons[:, 1].copy(),
        steps=np.round(chances * 65_536).astype(np.int64),
        qualities=np.array(qualities, dtype=np.uint8),
        errors=np.round(np.minimum(errors, 0.5) * 2**32).astype(np.int64),
    )


def _header(is_rna: bool) -> bytes:  # noqa: FBT001  private
    group = "" if is_rna else "@RG\tID:tumour.L1\tSM:tumour\tPL:ILLUMINA\n"
    lines = "".join(f"@SQ\tSN:{name}\tLN:{length}\n" for name, length in CONTIGS.items())
    text = f"@HD\tVN:1.6\tSO:coordinate\n{lines}{group}".encode()
    parts = [b"BAM\1", struct.pack("<i", len(text)), text, struct.pack("<i", len(CONTIGS))]
    for name, length in CONTIGS.items():
        written = name.encode() + b"\0"
        parts += [struct.pack("<i", len(written)), written, struct.pack("<i", length)]
    return b"".join(parts)


def _block(raw: bytes | memoryview) -> bytes:
    packed = deflate.deflate_compress(raw, LEVEL)
    head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0"
    tail = struct.pack("<II", deflate.crc32(raw), len(raw))
    return head + struct.pack("<H", len(packed) + 25) + bytes(packed) + tail


def _sorted_keys(world: World, bits: int) -> npt.NDArray[np.uint64]:
    portions = range(0, world.pairs, PORTION)
    keys = [sort_keys(world, at, min(at + PORTION, world.pairs), bits) for at in portions]
    joined = np.concatenate(keys)
    joined.sort()
    return joined


def _made(assay: str, reads: int) -> Path:
    path = folder() / f"{assay}-{reads}-v{VERSION}.bam"
    if not path.with_suffix(".bam.bai").exists():
        partial = path.with_suffix(".partial")
        _write(partial, _world(assay, reads // 2))
        partial.replace(path)
        pysam.index(str(path))
    return path


def _write(path: Path, world: World) -> None:
    bits = int(world.pairs * COPIES).bit_length()
    keys = _sorted_keys(world, bits)
    out = np.empty(PORTION * LARGEST, dtype=np.uint8)
    cuts = np.empty(PORTION, dtype=np.int64)
    with path.open("wb") as file, ThreadPoolExecutor(os.cpu_count()) as pool:
        file.write(_block(_header(world.is_rna)))
        for at in range(0, len(keys), PORTION):
            blocks = write_records(world, keys[at : at + PORTION], bits, out, cuts)
            edges = [0, *cuts[:blocks].tolist()]
            views = [out[a:b].data for a, b in itertools.pairwise(edges)]
            file.writelines(pool.map(_block, views))
        file.write(END_OF_FILE)


def _kept(path: Path, content: bytes) -> None:
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)


def main() -> None:
    """Make both files of the given number of reads, and name them."""
    if len(sys.argv) > 1:
        reads = int(sys.argv[1])
        for path in (exome(reads), rna(reads), targets(), annotation()):
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
