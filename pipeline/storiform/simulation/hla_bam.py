"""Reads of HLA genes as a sorted BAM of man's genome, or of any genome that holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from storiform.io.bam_writer import BamWriter
from storiform.model.genome import LENGTHS, Build
from storiform.model.reads import (
    DUPLICATE,
    MATE_REVERSE,
    MATE_UNMAPPED,
    PAIRED,
    PROPER,
    READ1,
    READ2,
    REVERSE,
    SECONDARY,
    UNMAPPED,
)
from storiform.simulation.genome import Codes
from storiform.simulation.hla_genes import HlaFamily
from storiform.simulation.hla_reads import HlaReads, Ints

GENES: Mapping[str, tuple[int, str]] = {
    "F": (29_722_775, "+"), "G": (29_826_967, "+"), "H": (29_887_752, "+"),
    "K": (29_926_459, "+"), "Y": (29_935_000, "+"), "A": (29_942_532, "+"),
    "J": (30_005_971, "+"), "L": (30_259_562, "+"), "E": (30_489_509, "+"),
    "C": (31_268_749, "-"), "B": (31_353_872, "-"),
}  # fmt: skip
"""Where each gene begins on chr6 of GRCh38, and its strand. Y is on other haplotypes only:
its reads go where those of A do, or nearly."""
OLDER = -32_223
"""What leads from there to GRCh37."""
ALTERNATIVE: Mapping[Build, tuple[str, int, int]] = {
    "GRCh38": ("chr6_GL000251v2_alt", 4_795_265, 28_734_408),
    "GRCh37": ("chr6_cox_hap2", 4_795_371, 28_477_797),
}
"""An alternative haplotype of chr6: its name, its length, and where on chr6 it begins."""
OWN = ("HLA-A*01:01:01:01", 3_503)
"""Name and length of a contig that holds an allele, as GRCh38DH has them."""
_NIBBLES = np.array([1, 2, 4, 8, 15], dtype=np.uint8)
_COMPLEMENT = np.array([3, 2, 1, 0, 4], dtype=np.uint8)
_MATCH = 0
_PLACED_QUALITY = 60
_NAME = 24
_QUALITY = 37


@dataclass(frozen=True)
class Placing:
    """Where the reads lie.

    Parameters
    ----------
    build, has_prefix
        Of the contigs; without prefix chr6 is called 6.
    share_unplaced, share_orphaned, share_elsewhere, share_repeated
        Of all pairs: without a place; with one mate that could not be aligned; on an
        alternative contig of chr6 or on one of an HLA allele; with a secondary alignment.
    background
        Pairs that are of no HLA gene: half of them on chr6.
    """

    build: Build = "GRCh38"
    has_prefix: bool = True
    share_unplaced: float = 0.03
    share_orphaned: float = 0.01
    share_elsewhere: float = 0.05
    share_repeated: float = 0.01
    background: int = 1_000


@dataclass(frozen=True, eq=False)
class Records:
    """Reads as records of a BAM, in any order; columns are (n,).

    `contigs` are -1 for no place. `bases` and `qualities` (n, read length) are those of the
    forward strand of the contig.
    """

    contigs: Ints
    starts: Ints
    flags: Ints
    next_contigs: Ints
    next_starts: Ints
    spans: Ints
    names: Ints
    bases: Codes
    qualities: Codes

    def rows(self, order: Ints) -> "Records":
        """Return some of the records."""
        return Records(**{name: column[order] for name, column in vars(self).items()})


def write_hla_bam(
    path: Path, reads: HlaReads, family: HlaFamily, sample: str, rng: np.random.Generator,
    placing: Placing | None = None,
) -> None:  # fmt: skip
    """Write the reads of HLA genes, and some of others, as a sorted BAM with its index.

    Parameters
    ----------
    path
        The BAM.
    reads, family
        What was sequenced, and the alleles that it is of.
    sample
        Name of the sample, for the read group.
    rng
        Source of chance for what is not aligned, or elsewhere.
    placing
        Build and names of contigs, and how many reads lie where.
    """
    placing = placing or Placing()
    primary = [
        (name if placing.has_prefix else name.removeprefix("chr"), length)
        for name, length in LENGTHS[placing.build].items()
    ]
    contigs = [*primary, ALTERNATIVE[placing.build][:2], OWN]
    six = list(LENGTHS[placing.build]).index("chr6")
    records = placed_records(reads, family, six, OLDER * (placing.build == "GRCh37"))
    begin = ALTERNATIVE[placing.build][2]
    records = scattered(records, len(primary), begin, placing, rng)
    records = joined([records, _background(reads, six, contigs, placing, rng)])
    write_records(path, records, contigs, sample)


def write_records(
    path: Path, records: Records, contigs: Sequence[tuple[str, int]], sample: str
) -> None:
    """Write records as a sorted BAM with its index."""
    lines = ["@HD\tVN:1.6\tSO:coordinate"]
    lines += [f"@SQ\tSN:{name}\tLN:{length}" for name, length in contigs]
    lines.append(f"@RG\tID:{sample}\tSM:{sample}\tPL:ILLUMINA\tLB:{sample}")
    with BamWriter(path, "\n".join(lines) + "\n", contigs) as bam:
        append_records(bam, records, sample)


def append_records(
    bam: BamWriter, records: Records, sample: str, *, is_rna: bool = False
) -> None:
    """Write records behind all that a BAM has; none may lie before what it has.

    Those of RNA tell that each was found in one place, as its aligners do.
    """
    tags = (b"NHC\1" if is_rna else b"") + f"RGZ{sample}\0".encode()
    order = np.lexsort(
        (records.starts, np.where(records.contigs < 0, 1 << 30, records.contigs))
    )
    ordered = records.rows(order)
    for is_aligned in (True, False):
        # What has no place stands last; what has one and is not aligned stays among others.
        chosen = np.flatnonzero((ordered.contigs >= 0) == is_aligned)
        if len(chosen):
            part = ordered.rows(chosen)
            data, offsets = _packed(part, tags)
            ends = part.starts + part.bases.shape[1]
            columns = (part.contigs, part.starts, ends, part.flags)
            bam.write(data, offsets, np.column_stack(columns))


def placed_records(reads: HlaReads, family: HlaFamily, contig: int, shift: int = 0) -> Records:
    """Return both mates of each pair where their gene lies, aligned without gaps.

    What is spliced out of RNA is not told by the alignment: only its bases are true.

    Parameters
    ----------
    reads, family
        The reads, and the alleles that they are of.
    contig
        Number of chr6, or of what stands for it.
    shift
        What is added to the places of `GENES`.
    """
    length = reads.bases.shape[2]
    genes = [family.alleles[name] for name in reads.alleles]
    begins = np.array([GENES[a.gene][0] for a in genes], dtype=np.int64)[reads.source] + shift
    sizes = np.array([len(a.genomic) for a in genes], dtype=np.int64)[reads.source]
    is_minus = np.array([GENES[a.gene][1] == "-" for a in genes], dtype=bool)[reads.source]
    is_left = np.stack([~reads.is_flipped, reads.is_flipped], axis=1)
    within = np.where(
        is_left, reads.starts[:, None], (reads.starts + reads.lengths)[:, None] - length
    )
    from_end = sizes[:, None] - within - length
    starts = begins[:, None] + np.where(is_minus[:, None], from_end, within)
    is_reverse = is_left == is_minus[:, None]
    flags = np.full(starts.shape, PAIRED | PROPER)
    flags += (
        np.array([READ1, READ2]) + REVERSE * is_reverse + MATE_REVERSE * is_reverse[:, ::-1]
    )
    flags += DUPLICATE * reads.is_duplicate[:, None]
    spans = np.where(is_reverse, -1, 1) * reads.lengths[:, None]
    bases = np.where(is_reverse[..., None], _COMPLEMENT[reads.bases[..., ::-1]], reads.bases)
    qualities = np.where(is_reverse[..., None], reads.qualities[..., ::-1], reads.qualities)
    contigs = np.full(starts.size, contig)
    return Records(
        contigs, starts.ravel(), flags.ravel(), contigs, starts[:, ::-1].ravel(), spans.ravel(),
        np.repeat(reads.names, 2), bases.reshape(-1, length), qualities.reshape(-1, length),
    )  # fmt: skip


def joined(parts: Sequence[Records]) -> Records:
    """Return all records of several parts."""
    columns = {
        name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])
    }
    return Records(**columns)


def unplaced(records: Records, chosen: npt.NDArray[np.bool_]) -> Records:
    """Take the place of some records away; both mates of a pair must be chosen."""
    turned = chosen & (records.flags & REVERSE > 0)
    flags = records.flags & ~(PROPER | REVERSE | MATE_REVERSE) | UNMAPPED | MATE_UNMAPPED
    return replace(
        _forward(records, turned),
        contigs=np.where(chosen, -1, records.contigs),
        starts=np.where(chosen, -1, records.starts),
        flags=np.where(chosen, flags, records.flags),
        next_contigs=np.where(chosen, -1, records.next_contigs),
        next_starts=np.where(chosen, -1, records.next_starts),
        spans=np.where(chosen, 0, records.spans),
    )


def _forward(records: Records, turned: npt.NDArray[np.bool_]) -> Records:
    """Turn the bases of some records round."""
    bases, qualities = records.bases.copy(), records.qualities.copy()
    bases[turned] = _COMPLEMENT[records.bases[turned, ::-1]]
    qualities[turned] = records.qualities[turned, ::-1]
    return replace(records, bases=bases, qualities=qualities)


def scattered(
    records: Records, other: int, begin: int, placing: Placing, rng: np.random.Generator
) -> Records:
    """Put pairs elsewhere, take the place of some or of one mate away, repeat some.

    Parameters
    ----------
    records
        Both mates of each pair, one after the other.
    other
        Number of the alternative contig; that of an allele follows.
    begin
        Where on the records' contig the alternative one begins.
    placing
        The shares.
    rng
        Source of chance.
    """
    shares = (placing.share_unplaced, placing.share_elsewhere, placing.share_orphaned,
              placing.share_repeated)  # fmt: skip
    drawn = np.repeat(rng.random(len(records.starts) // 2), 2)
    fate = np.searchsorted(np.cumsum(shares), drawn, side="right")
    is_elsewhere = fate == 1
    to = np.where(np.repeat(rng.random(len(drawn) // 2) < 0.5, 2), other, other + 1)  # noqa: PLR2004  half
    starts, next_starts = (
        np.where(is_elsewhere, np.where(to == other, column - begin, column % 3_000), column)
        for column in (records.starts, records.next_starts)
    )
    contigs = np.where(is_elsewhere, to, records.contigs)
    moved = replace(
        records, contigs=contigs, starts=starts, next_contigs=contigs, next_starts=next_starts
    )
    moved = _orphaned(unplaced(moved, fate == 0), fate == 2)  # noqa: PLR2004  the third share
    again = moved.rows(np.flatnonzero((fate == 3) & (moved.flags & READ1 > 0)))  # noqa: PLR2004  the last
    repeated = replace(again, flags=again.flags | SECONDARY, starts=again.starts + 40)
    return joined([moved, repeated])


def _orphaned(records: Records, chosen: npt.NDArray[np.bool_]) -> Records:
    """Leave mate 2 of some pairs unaligned, at the place of mate 1."""
    is_second = chosen & (records.flags & READ2 > 0)
    is_first = chosen & ~is_second
    turned = is_second & (records.flags & REVERSE > 0)
    flags = np.where(chosen, records.flags & ~PROPER, records.flags)
    flags = np.where(is_second, flags & ~REVERSE | UNMAPPED, flags)
    flags = np.where(is_first, flags & ~MATE_REVERSE | MATE_UNMAPPED, flags)
    return replace(
        _forward(records, turned), flags=flags,
        starts=np.where(is_second, records.next_starts, records.starts),
        next_starts=np.where(is_first, records.starts, records.next_starts),
        spans=np.where(chosen, 0, records.spans),
    )  # fmt: skip


def _background(
    reads: HlaReads, six: int, contigs: Sequence[tuple[str, int]], placing: Placing,
    rng: np.random.Generator,
) -> Records:  # fmt: skip
    """Draw pairs of no gene."""
    size, length = placing.background, reads.bases.shape[2]
    number = np.where(rng.random(size) < 0.5, six, rng.integers(0, 22, size=size))  # noqa: PLR2004  half
    room = np.array([contigs[n][1] for n in number.tolist()], dtype=np.int64)
    left = (rng.random(size) * (room - 1_000)).astype(np.int64)
    left = np.where(rng.random(size) < 0.5, left, 29_000_000 + left % 1_000_000)  # noqa: PLR2004  half
    starts = np.stack([left, left + length], axis=1)
    flags = np.array([READ1 | MATE_REVERSE, READ2 | REVERSE]) | PAIRED | PROPER
    spans = np.array([2 * length, -2 * length])
    twice = np.repeat(number, 2)
    return Records(
        twice, starts.ravel(), np.tile(flags, size), twice, starts[:, ::-1].ravel(),
        np.tile(spans, size), np.repeat(np.arange(size), 2),
        rng.integers(0, 4, size=(2 * size, length)).astype(np.uint8),
        np.full((2 * size, length), _QUALITY, dtype=np.uint8),
    )  # fmt: skip


def _packed(records: Records, written: bytes) -> tuple[npt.NDArray[np.uint8], Ints]:
    """Return the bytes of records, and where each begins; SAM specification, section 4.2."""
    size, length = records.bases.shape
    tags = np.frombuffer(written, dtype=np.uint8)
    is_aligned = records.flags & UNMAPPED == 0
    fields: list[Any] = [
        ("block", "<i4"), ("contig", "<i4"), ("start", "<i4"), ("name_size", "u1"),
        ("mapping", "u1"), ("bin", "<u2"), ("operations", "<u2"), ("flag", "<u2"),
        ("bases", "<i4"), ("next_contig", "<i4"), ("next_start", "<i4"), ("span", "<i4"),
        ("name", "u1", (_NAME,)), ("cigar", "<u4"), ("pairs", "u1", ((length + 1) // 2,)),
        ("qualities", "u1", (length,)), ("tags", "u1", (len(tags),)),
    ]  # fmt: skip
    made = np.zeros(size, dtype=np.dtype(fields))
    width = made.dtype.itemsize
    made["block"] = width - 4 - 4 * ~is_aligned
    made["contig"], made["start"] = records.contigs, records.starts
    made["name_size"], made["bases"] = _NAME, length
    made["mapping"] = _PLACED_QUALITY * is_aligned
    made["bin"] = _bins(records.starts, records.starts + np.where(is_aligned, length, 1))
    made["operations"], made["flag"] = is_aligned, records.flags
    made["next_contig"], made["next_start"] = records.next_contigs, records.next_starts
    made["span"] = records.spans
    made["name"][:, :4] = np.frombuffer(b"HLA:", dtype=np.uint8)
    powers = 10 ** np.arange(_NAME - 6, -1, -1, dtype=np.int64)
    made["name"][:, 4:-1] = records.names[:, np.newaxis] // powers % 10 + ord("0")
    made["cigar"] = length << 4 | _MATCH
    nibbles = np.pad(_NIBBLES[records.bases], ((0, 0), (0, length % 2)))
    made["pairs"] = nibbles[:, ::2] << 4 | nibbles[:, 1::2]
    made["qualities"], made["tags"] = records.qualities, tags
    data = made.view(np.uint8).reshape(size, width)
    # A record that is not aligned has no operations: their four bytes go.
    at = int(made.dtype.fields["cigar"][1]) if made.dtype.fields else 0
    kept = np.ones((size, width), dtype=bool)
    kept[~is_aligned, at : at + 4] = False
    offsets = np.cumsum(made["block"].astype(np.int64) + 4)
    return data[kept], np.append(0, offsets[:-1])


def _bins(starts: Ints, ends: Ints) -> Ints:
    """Return the bin of each record in the index; SAM specification, section 5.3."""
    bins = np.zeros(len(starts), dtype=np.int64)
    for shift, first in ((26, 1), (23, 9), (20, 73), (17, 585), (14, 4681)):
        fits = starts >> shift == (ends - 1) >> shift
        bins[fits] = first + (starts[fits] >> shift)
    bins[starts < 0] = 4680
    return bins
