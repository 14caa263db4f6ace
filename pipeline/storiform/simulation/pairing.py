"""Pairs of reads as records: flags, mates, further places, reads without a place."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storiform.kernels.layout import lay_reads
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
    SUPPLEMENTARY,
    UNMAPPED,
)
from storiform.simulation.fragments import Chains, Fragments
from storiform.simulation.genome import Genome
from storiform.simulation.people import Molecules

LENGTH = 100
"""Bases of a read."""
QUALITIES = (37, 25, 11, 2)
"""Base qualities that the sequencer tells apart."""
CONTIG, START, SPAN, FLAG, MAPPING, MATE_CONTIG, MATE_START, TEMPLATE, HITS = range(9)
"""Columns of `Records.fields`."""
_CHIMERIC_TAIL = 40
_NOISE = 0.015
"""Share of reads whose last bases are clipped."""
_CHIMERIC = 0.002
"""Share of reads of DNA whose last bases align elsewhere."""
_ONE_UNMAPPED, _BOTH_UNMAPPED = 0.004, 0.003
_DOUBTFUL = 0.03
"""Share of pairs of DNA that are placed with doubt."""

Int32 = npt.NDArray[np.int32]
Laid = tuple[npt.NDArray[np.int64], Int32, Int32, npt.NDArray[np.uint32], Int32]


@dataclass(frozen=True)
class Records:
    """Records as columns, as `kernels.writing.write_records` takes them."""

    fields: Int32
    cigars: npt.NDArray[np.uint32]
    sizes: Int32
    events: Int32
    fragments: npt.NDArray[np.int64]
    source: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sequencer:
    """What a library is aligned to, and the draws of what goes wrong."""

    genome: Genome
    chains: Chains
    molecules: Molecules
    is_rna: bool
    rng: np.random.Generator

    def lay(
        self, chain: Int32, offset: Int32, aligned: Int32, clips: Int32,
        source: npt.NDArray[np.uint8],
    ) -> Laid:  # fmt: skip
        """Align reads to the genome; see `kernels.layout.lay_reads`."""
        return lay_reads(
            self.chains.exons, self.chains.first, chain, offset, aligned, clips, source,
            self.molecules.event_first, self.molecules.event_at, self.molecules.event_size,
        )  # fmt: skip

    def fields(self, laid: Laid, flags: npt.NDArray[np.int64], mapq: Int32) -> Int32:
        """Return the fields of records, their mates not yet known."""
        starts, spans = laid[0], laid[1]
        fields = np.zeros((len(starts), 9), dtype=np.int32)
        firsts = self.genome.firsts
        fields[:, CONTIG] = np.searchsorted(firsts, starts, side="right") - 1
        fields[:, START] = starts - firsts[fields[:, CONTIG]]
        fields[:, SPAN], fields[:, FLAG], fields[:, MAPPING] = spans, flags, mapq
        return fields


def make_records(sequencer: Sequencer, fragments: Fragments) -> Records:
    """Read both ends of all fragments.

    Returns
    -------
    Records
        Rows 2k and 2k + 1 are the left and the right read of fragment k; behind them
        stand supplementary records of chimeric reads and, of RNA, secondary records.
    """
    rng, size = sequencer.rng, len(fragments.chain)
    chain, source = np.repeat(fragments.chain, 2), np.repeat(fragments.source, 2)
    inside = np.minimum(fragments.length, LENGTH)
    aligned = np.repeat(inside, 2)
    offset = np.repeat(fragments.offset, 2)
    offset[1::2] += fragments.length - inside
    clips = np.zeros((2 * size, 2), dtype=np.int32)
    clips[0::2, 1] = clips[1::2, 0] = LENGTH - inside
    noise = rng.uniform(size=2 * size) < _NOISE
    cut = np.where(noise, rng.integers(8, 40, size=2 * size), 0).astype(np.int32)
    share = 0.0 if sequencer.is_rna else _CHIMERIC
    chimeric = np.flatnonzero((rng.uniform(size=2 * size) < share) & (aligned == LENGTH))
    cut[chimeric] = _CHIMERIC_TAIL
    clips[0::2, 1] += cut[0::2]
    clips[1::2, 0] += cut[1::2]
    offset[1::2] += cut[1::2]
    laid = sequencer.lay(chain, offset, aligned - cut, clips, source)
    flags, mapq = _flags(fragments, sequencer)
    fields = sequencer.fields(laid, flags, mapq)
    fields[:, HITS] = np.repeat(fragments.hits, 2)
    _pair(fields)
    first = Records(
        fields, laid[3], laid[2], laid[4], np.repeat(np.arange(1, size + 1), 2), source
    )
    further = [first, _supplementary(first, chimeric, sequencer)]
    further.append(_secondary(first, np.flatnonzero(fragments.hits > 1), rng))
    columns = zip(*(vars(part).values() for part in further), strict=True)
    whole = Records(*(np.concatenate(column) for column in columns))
    is_plain = np.ones(size, dtype=bool)
    is_plain[chimeric // 2] = False
    is_plain &= fragments.hits <= 1
    _unmap(whole, np.flatnonzero(is_plain), rng)
    return whole


def _flags(fragments: Fragments, sequencer: Sequencer) -> tuple[npt.NDArray[np.int64], Int32]:
    size = len(fragments.chain)
    flags = np.full(2 * size, PAIRED | PROPER, dtype=np.int64)
    flags[0::2] |= MATE_REVERSE | np.where(fragments.is_flipped, READ2, READ1)
    flags[1::2] |= REVERSE | np.where(fragments.is_flipped, READ1, READ2)
    flags[np.repeat(fragments.is_duplicate, 2)] |= DUPLICATE
    if sequencer.is_rna:
        mapq = np.where(fragments.hits > 1, 3, 255)
    else:
        doubtful = sequencer.rng.uniform(size=size) < _DOUBTFUL
        mapq = np.where(doubtful, sequencer.rng.integers(0, 20, size=size), 60)
    return flags, np.repeat(mapq, 2).astype(np.int32)


def _pair(fields: Int32) -> None:
    """Tell left and right read of each another's place, and both the template's length."""
    left, right = fields[0::2], fields[1::2]
    for one, two in ((left, right), (right, left)):
        one[:, MATE_CONTIG], one[:, MATE_START] = two[:, CONTIG], two[:, START]
    begin = np.minimum(left[:, START], right[:, START])
    end = np.maximum(left[:, START] + left[:, SPAN], right[:, START] + right[:, SPAN])
    sign = np.where(left[:, START] <= right[:, START], 1, -1)
    left[:, TEMPLATE], right[:, TEMPLATE] = sign * (end - begin), -sign * (end - begin)


def _supplementary(first: Records, rows: npt.NDArray[np.intp], sequencer: Sequencer) -> Records:
    """Return the records of the tails of chimeric reads, which align anywhere."""
    size = len(rows)
    chain = sequencer.rng.integers(0, 3, size=size).astype(np.int32)
    room = sequencer.chains.sizes[chain] - 2 * LENGTH
    offset = (sequencer.rng.uniform(size=size) * room).astype(np.int32)
    clips = np.zeros((size, 2), dtype=np.int32)
    clips[:, 0] = LENGTH - _CHIMERIC_TAIL
    aligned = np.full(size, _CHIMERIC_TAIL, dtype=np.int32)
    laid = sequencer.lay(chain, offset, aligned, clips, first.source[rows])
    old = first.fields[rows]
    flags = (old[:, FLAG] | SUPPLEMENTARY) & ~PROPER
    fields = sequencer.fields(laid, flags.astype(np.int64), old[:, MAPPING])
    fields[:, [MATE_CONTIG, MATE_START]] = old[:, [MATE_CONTIG, MATE_START]]
    fragments, source = first.fragments[rows], first.source[rows]
    return Records(fields, laid[3], laid[2], laid[4], fragments, source)


def _secondary(first: Records, rows: npt.NDArray[np.intp], rng: np.random.Generator) -> Records:
    """Return a second place of pairs: that of another pair."""
    other = rng.integers(0, len(first.fields) // 2, size=len(rows))
    there = np.column_stack([2 * other, 2 * other + 1]).ravel()
    here = np.column_stack([2 * rows, 2 * rows + 1]).ravel()
    fields = first.fields[there].copy()
    fields[:, FLAG] |= SECONDARY
    fields[:, [MAPPING, HITS]] = first.fields[here][:, [MAPPING, HITS]]
    return Records(
        fields, first.cigars[there], first.sizes[there], first.events[there],
        first.fragments[here], first.source[there],
    )  # fmt: skip


def _unmap(records: Records, plain: npt.NDArray[np.intp], rng: np.random.Generator) -> None:
    """Take the alignment from one read of some pairs, and from both of others."""
    drawn = rng.uniform(size=len(plain))
    one = plain[drawn < _ONE_UNMAPPED]
    both = plain[drawn > 1 - _BOTH_UNMAPPED]
    left, right = records.fields[2 * one], records.fields[2 * one + 1]
    left[:, FLAG] = left[:, FLAG] & ~(PROPER | MATE_REVERSE) | MATE_UNMAPPED
    right[:, FLAG] = right[:, FLAG] & ~(PROPER | REVERSE) | UNMAPPED
    right[:, [CONTIG, START]] = left[:, [CONTIG, START]]
    right[:, [SPAN, MAPPING, HITS]] = 0
    right[:, [MATE_CONTIG, MATE_START]] = left[:, [CONTIG, START]]
    left[:, [MATE_CONTIG, MATE_START]] = left[:, [CONTIG, START]]
    left[:, TEMPLATE] = right[:, TEMPLATE] = 0
    records.fields[2 * one], records.fields[2 * one + 1] = left, right
    records.sizes[2 * one + 1] = 0
    for rows in (2 * both, 2 * both + 1):
        fields = records.fields[rows]
        fields[:, FLAG] &= ~(PROPER | REVERSE | MATE_REVERSE)
        fields[:, FLAG] |= UNMAPPED | MATE_UNMAPPED
        fields[:, [CONTIG, START, MATE_CONTIG, MATE_START]] = -1
        fields[:, [SPAN, MAPPING, TEMPLATE, HITS]] = 0
        records.fields[rows], records.sizes[rows] = fields, 0
