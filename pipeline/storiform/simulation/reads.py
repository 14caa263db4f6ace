"""Sequence a library: fragments in, a sorted BAM with its index out."""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.io.bam_writer import BamWriter
from storiform.kernels.layout import read_alleles
from storiform.kernels.writing import write_records
from storiform.model.reads import DUPLICATE, READ2, SECONDARY, SUPPLEMENTARY, UNMAPPED
from storiform.simulation.fragments import Chains, Fragments
from storiform.simulation.fusion_library import PackedReads
from storiform.simulation.genome import Genome
from storiform.simulation.hla_bam import Records as HlaRecords
from storiform.simulation.hla_bam import append_records
from storiform.simulation.hla_patients import CONTIGS
from storiform.simulation.pairing import (
    CONTIG,
    FLAG,
    LENGTH,
    MAPPING,
    QUALITIES,
    SPAN,
    START,
    Records,
    Sequencer,
    make_records,
)
from storiform.simulation.people import Molecules

GOOD_QUALITY, GOOD_MAPPING = 20, 20
"""Least base and mapping quality of a read that a caller counts."""
_PIECE = 60_000
"""Records that are written at a time."""
_STEPS = np.cumsum(
    [[0.965, 0.015, 0.018, 0.002], [0.7, 0.15, 0.14, 0.01], [0.62, 0.12, 0.25, 0.01],
     [0.1, 0.1, 0.1, 0.7]], axis=1,
)  # fmt: skip
"""Chance of the next cycle's quality, summed, by that of this cycle."""
_UNPLACED = 0xFFFF
"""Number of no contig, in 16 bits."""
_PROFILES = 4096
_ERROR_UNITS = 2**23
_LEFT_OUT = DUPLICATE | SECONDARY | SUPPLEMENTARY | UNMAPPED


@dataclass(frozen=True)
class Questions:
    """Of what the reads shall be told: places (p,) on the joined genome, sorted.

    `sizes` and `inserted` (p, w) tell what is sought there: see
    `kernels.layout.read_alleles`.
    """

    positions: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]
    inserted: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Library:
    """One sample that is sequenced: its name, and the seed of all that goes wrong.

    `hla` are the reads of HLA genes, on contigs of their own; see `hla_patients`. `fused` are
    the reads of fusions and chimeras; see `fusion_library`.
    """

    sample: str
    seed: int
    is_rna: bool = False
    hla: HlaRecords | None = None
    fused: PackedReads = field(default_factory=PackedReads)


class Piece(NamedTuple):
    """Some records: bytes, (n + 1,) where each begins, and columns as in `PackedReads`."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]


def write_reads(  # noqa: PLR0913, PLR0917  a sample: whose, of what, where to
    path: Path, library: Library, genome: Genome, chains: Chains, molecules: Molecules,
    fragments: Fragments, questions: Questions,
) -> pd.DataFrame:  # fmt: skip
    """Sequence a library and write the sorted BAM with its index.

    Parameters
    ----------
    path
        The BAM.
    library
        Its sample.
    genome, chains, molecules, fragments
        What is sequenced.
    questions
        Of what the reads shall be told.

    Returns
    -------
    pandas.DataFrame
        One row per place and fragment with a good read of it that is no duplicate:
        `site` (row of the questions) and `code` (see `kernels.layout.read_alleles`). Of two
        mates the better base speaks.
    """
    rng = np.random.default_rng([library.seed, 1])
    sequencer = Sequencer(genome, chains, molecules, library.is_rna, rng)
    records = make_records(sequencer, fragments)
    contigs = records.fields[:, CONTIG].astype(np.int64) & 0xFFFF
    places = contigs << 32 | (records.fields[:, START].astype(np.int64) + 1)
    order = np.argsort(places, kind="stable").astype(np.int32)
    profiles, rates = _profiles(), _error_rates()
    prefix = np.frombuffer(f"SIM:{library.seed % 997}:FC1:1:".encode(), dtype=np.uint8)
    tags = np.frombuffer(f"RGZ{library.sample}\0".encode(), dtype=np.uint8)
    lengths = [*genome.lengths.items(), *CONTIGS]
    shown: list[pd.DataFrame] = []
    fused = library.fused
    # What has no place stands behind the reads of HLA genes, whose contigs are the last.
    parts = np.split(order, [int((contigs != _UNPLACED).sum())])
    with BamWriter(path, _header(library, lengths), lengths) as bam:
        for part, hla in zip(parts, _halves(library.hla), strict=True):
            for begin in range(0, len(part), _PIECE):
                rows = part[begin : begin + _PIECE]
                data, offsets = write_records(
                    rows, records.fields, records.cigars, records.sizes, records.fragments,
                    records.events, records.source, genome.firsts, molecules.haplotypes,
                    genome.bases, molecules.inserted, profiles, rates, prefix, tags,
                    library.seed,
                )  # fmt: skip
                here, fused = fused.split(*_next_place(records, order, begin + _PIECE))
                piece = _between(Piece(data, offsets, _columns(records, rows)), here)
                bam.write(piece.data, piece.offsets[:-1], piece.columns[:, :4])
                shown.append(_shown(piece, genome.firsts, questions))
            if hla is not None:
                append_records(bam, hla, library.sample, is_rna=library.is_rna)
    return _fragment_alleles(pd.concat(shown, ignore_index=True))


def _halves(records: HlaRecords | None) -> tuple[HlaRecords | None, HlaRecords | None]:
    """Return the records with a place, and those without."""
    if records is None:
        return None, None
    is_placed = records.contigs >= 0
    return records.rows(np.flatnonzero(is_placed)), records.rows(np.flatnonzero(~is_placed))


def _next_place(records: Records, order: npt.NDArray[np.int32], number: int) -> tuple[int, int]:
    """Return contig and start of a record that is still to be written, or the end."""
    if number >= len(order) or records.fields[order[number], CONTIG] < 0:
        return _UNPLACED, 0
    contig, start = records.fields[order[number], [CONTIG, START]].tolist()
    return contig, start


def _columns(records: Records, rows: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    fields = records.fields[rows].astype(np.int64)
    ends = fields[:, START] + fields[:, SPAN]
    told = (fields[:, CONTIG], fields[:, START], ends, fields[:, FLAG], fields[:, MAPPING])
    return np.column_stack([*told, records.fragments[rows]])


def _between(piece: Piece, fused: PackedReads) -> Piece:
    """Put packed records between those of a piece, by their places."""
    if not fused.data:
        return piece
    places, others = (
        columns[:, 0] << 32 | columns[:, 1] for columns in (piece.columns, fused.columns)
    )
    at = np.searchsorted(places, others, side="right")
    edges = [0, *at.tolist(), len(places)]
    parts: list[npt.NDArray[np.uint8]] = []
    for number, (low, high) in enumerate(pairwise(edges)):
        parts.append(piece.data[piece.offsets[low] : piece.offsets[high]])
        if number < len(fused.data):
            parts.append(np.frombuffer(fused.data[number], dtype=np.uint8))
    sizes = np.insert(np.diff(piece.offsets), at, [len(one) for one in fused.data])
    columns = np.insert(piece.columns, at, fused.columns, axis=0)
    return Piece(np.concatenate(parts), np.cumsum([0, *sizes.tolist()]), columns)


def _shown(piece: Piece, firsts: npt.NDArray[np.int64], questions: Questions) -> pd.DataFrame:
    """Return what the good records of a piece show."""
    flags, mapping = piece.columns[:, 3], piece.columns[:, 4]
    kept = np.flatnonzero((flags & _LEFT_OUT == 0) & (mapping >= GOOD_MAPPING))
    begins = firsts[piece.columns[kept, 0]]
    starts, ends = begins + piece.columns[kept, 1], begins + piece.columns[kept, 2]
    longest = int((ends - starts).max(initial=0))
    sites, numbers, codes, qualities = read_alleles(
        piece.data, piece.offsets[kept], starts, ends, longest, questions.positions,
        questions.sizes, questions.inserted,
    )  # fmt: skip
    shown = pd.DataFrame(
        {
            "site": sites,
            "fragment": piece.columns[kept, 5][numbers],
            "code": codes,
            "quality": qualities,
            "is_second": flags[kept][numbers] & READ2 > 0,
        }
    )
    return shown[qualities >= GOOD_QUALITY]


def _fragment_alleles(shown: pd.DataFrame) -> pd.DataFrame:
    """Count mates once: the better base of the two, read 1's if they are as good."""
    order = ["site", "fragment", "quality", "is_second"]
    ranked = shown.sort_values(order, ascending=[True, True, False, True])
    return ranked.drop_duplicates(["site", "fragment"])[["site", "code"]]


def _header(library: Library, lengths: list[tuple[str, int]]) -> str:
    lines = ["@HD\tVN:1.6\tSO:coordinate"]
    lines += [f"@SQ\tSN:{name}\tLN:{length}" for name, length in lengths]
    name = library.sample
    lines.append(f"@RG\tID:{name}\tSM:{name}\tPL:ILLUMINA\tLB:{name}")
    lines.append("@PG\tID:storiform\tPN:storiform simulate")
    return "\n".join(lines) + "\n"


def _profiles() -> npt.NDArray[np.uint8]:
    """Return binned qualities (profiles, LENGTH) in the order of cycles, always the same."""
    rng = np.random.default_rng(12)
    state = (rng.uniform(size=_PROFILES) < 0.06).astype(np.int64)  # noqa: PLR2004  share
    states = np.empty((_PROFILES, LENGTH), dtype=np.int64)
    for cycle in range(LENGTH):
        drawn = rng.uniform(size=_PROFILES)
        state = (drawn[:, np.newaxis] >= _STEPS[state]).sum(axis=1).clip(max=3)
        states[:, cycle] = state
    return np.array(QUALITIES, dtype=np.uint8)[states]


def _error_rates() -> npt.NDArray[np.int64]:
    """Return the chance of an error by quality, in the kernel's units."""
    rates = np.zeros(64, dtype=np.int64)
    for quality in QUALITIES:
        rates[quality] = int(_ERROR_UNITS * min(10 ** (-quality / 10), 0.4))
    return rates
