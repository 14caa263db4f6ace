"""What is fused in an RNA library of a trial: a tumour's fusion, and chimeras of the library.

Such reads align in two parts, which the records of all others have no room for. So they are
packed apart, and go between the others by their places.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from storiform.simulation.fusion_bam import (
    LEAST_PART,
    Fragment,
    Layout,
    Record,
    pack_pair,
    read_along,
)
from storiform.simulation.fusion_rna import Molecule
from storiform.simulation.fusion_trial import Joint, fused_molecule, molecule_of
from storiform.simulation.genome import BASES, Genome
from storiform.simulation.pairing import LENGTH
from storiform.simulation.people import NORMAL, TUMOUR, Molecules

Int64s = npt.NDArray[np.int64]

SUPPORT = (14, 45)
"""Fragments that support a planted fusion, drawn evenly."""
CHIMERAS = 0.001
"""Chimeras of two molecules for each fragment of a library; one in ten is copied."""
_COPIED, _MOST_COPIES = 0.1, 4
_SIZES = (150, 330)
_LONGEST_GAP = 50_000
"""Bases of a contig that a read aligns over as an intron: contigs are short here."""
_FIRST_NUMBER = 1 << 40
"""Number of the first fragment, beyond those of all others."""
_LETTERS = np.frombuffer(BASES.encode(), dtype=np.uint8)
NUMBER_OF_COLUMNS = 6


@dataclass(frozen=True)
class PackedReads:
    """Records as bytes, sorted by place.

    `columns` (n, 6) are contig, start, end (0-based, half-open), flag, mapping quality, and
    the number of the fragment.
    """

    data: tuple[bytes, ...] = ()
    columns: Int64s = field(
        default_factory=lambda: np.zeros((0, NUMBER_OF_COLUMNS), dtype=np.int64)
    )

    def split(self, contig: int, start: int) -> "tuple[PackedReads, PackedReads]":
        """Return the records before a place, and those at it and behind."""
        places = self.columns[:, 0] << 32 | self.columns[:, 1]
        at = int(np.searchsorted(places, contig << 32 | start))
        return (
            PackedReads(self.data[:at], self.columns[:at]),
            PackedReads(self.data[at:], self.columns[at:]),
        )


@dataclass(frozen=True)
class FusedReads:
    """The packed reads of a library, and how many fragments they are.

    Of these `split` run over the tumour's junction, and `spanning` have a mate on either side.
    """

    reads: PackedReads
    fragments: int
    split: int = 0
    spanning: int = 0


def fused_reads(
    genome: Genome, cells: Molecules, joint: Joint | None,
    weights: npt.NDArray[np.float64], sample: tuple[str, int], rng: np.random.Generator,
) -> FusedReads:  # fmt: skip
    """Draw the fragments of a tumour's fusion and the chimeras of its library.

    Parameters
    ----------
    genome, cells
        The places of genes, and the haplotypes that bases are copied from.
    joint
        The fusion, if there is one.
    weights
        (genes,) share of each gene among the fragments.
    sample
        Its name, and the ordinary fragments of its library.
    rng
        Source of chance.
    """
    drawn: list[tuple[Fragment, int]] = []
    seen = (0, 0)
    if joint is not None:
        fused = fused_molecule(genome, joint)
        wanted = int(rng.integers(*SUPPORT))
        own, seen = _supporting(fused, joint.cut_5, wanted, rng)
        drawn += [(one, TUMOUR) for one in own]
    drawn += [(one, NORMAL) for one in _chimeras(genome, weights, sample[1], rng)]
    layout = Layout(
        genome.contigs, LENGTH, _LONGEST_GAP, b"HIC\1RGZ" + sample[0].encode() + b"\0"
    )
    records: list[tuple[Record, int]] = []
    for number, (fragment, row) in enumerate(drawn):
        side = int(rng.integers(2))
        bases = cells.haplotypes[row + side][_joined(genome, fragment)]
        pair = pack_pair(
            f"SIM:J:{number}", fragment, read_along(fragment, _LETTERS[bases]), layout,
            is_turned=True,
        )  # fmt: skip
        records += [(one, _FIRST_NUMBER + number) for one in pair]
    return FusedReads(_packed(records), len(drawn), *seen)


def _joined(genome: Genome, fragment: Fragment) -> Int64s:
    return np.asarray(genome.firsts[fragment.contigs] + fragment.places, dtype=np.int64)


def _packed(records: list[tuple[Record, int]]) -> PackedReads:
    records.sort(key=lambda one: (one[0].contig, one[0].start, one[1]))
    rows = [
        (one.contig, one.start, one.end, one.flag, one.data[_MAPPING_AT], number)
        for one, number in records
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, NUMBER_OF_COLUMNS)
    return PackedReads(tuple(one.data for one, _ in records), columns)


_MAPPING_AT = 13
"""Byte of a record that holds its mapping quality; SAM specification, section 4.2."""


def _supporting(
    fused: Molecule, cut: int, wanted: int, rng: np.random.Generator
) -> tuple[list[Fragment], tuple[int, int]]:
    """Draw fragments anywhere on a messenger until enough support its junction.

    Returns
    -------
    tuple
        The fragments; and how many have a mate over the junction, or one on either side.
    """
    drawn: list[Fragment] = []
    seen = [0, 0]
    while sum(seen) < wanted:
        fragment, start = _cut_anywhere(fused, rng)
        drawn.append(fragment)
        before, behind = cut - start, start + len(fragment.places) - cut
        near = [LEAST_PART <= side <= LENGTH - LEAST_PART for side in (before, behind)]
        if min(before, behind) >= LEAST_PART and any(near):
            seen[0] += 1
        elif min(before, behind) >= LENGTH:
            seen[1] += 1
    return drawn, (seen[0], seen[1])


def _cut_anywhere(whole: Molecule, rng: np.random.Generator) -> tuple[Fragment, int]:
    size = min(int(rng.integers(*_SIZES)), len(whole.places))
    start = int(rng.integers(0, len(whole.places) - size + 1))
    return whole.cut(start, start + size), start


def _chimeras(
    genome: Genome, weights: npt.NDArray[np.float64], fragments: int, rng: np.random.Generator
) -> list[Fragment]:
    """Draw chimeras of two molecules at any base; copies are not marked as such."""
    drawn: list[Fragment] = []
    for _ in range(round(CHIMERAS * fragments)):
        one, other = (
            molecule_of(genome, genome.genes[int(row)])
            for row in rng.choice(len(weights), size=2, p=weights)
        )
        cut = int(rng.integers(40, len(one.places) - 40))
        onwards = int(rng.integers(40, len(other.places) - 40))
        low, high = max(cut - LENGTH, 0), min(onwards + LENGTH, len(other.places))
        fused = one.part(low, cut).joined(other.part(onwards, high))
        fragment, _ = _cut_anywhere(fused, rng)
        copies = 1 + (rng.random() < _COPIED) * int(rng.integers(1, _MOST_COPIES + 1))
        drawn += [fragment] * copies
    return drawn
