"""What the fragments of a sample say for the alleles that were found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storiform.biomarkers.hla.placed_reads import TYPED, PlacedReads

Ints = NDArray[np.int64]

_DECIDES = 3.0
_TIE = 0.01
_FEWEST_OTHERS, _LEAST_SHARE = 5, 0.3
"""Fragments with another base than both alleles, and their share, that tell of a new one."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for one copy of one gene.

    Parameters
    ----------
    fragments
        Fragments that fit the gene's two alleles better than all else.
    own_fragments
        Those of them that fit this copy better than the other.
    mismatch_rate
        Mismatches a well read base of the copy's fragments, NaN without any.
    new_places
        Bases of its exons at which its fragments have another one.
    """

    fragments: int
    own_fragments: int
    mismatch_rate: float
    new_places: int


def evidence(placed: PlacedReads, found: dict[int, Ints]) -> dict[int, tuple[Evidence, ...]]:
    """Count for the alleles of each gene the fragments that are theirs.

    Parameters
    ----------
    placed
        All fragments.
    found
        Number of a gene -> int64 (exons, 2), the sequences of its two alleles.

    Returns
    -------
    dict
        Number of a gene -> the evidence for its two copies.
    """
    every = np.arange(len(placed))
    losses = {gene: placed.losses(gene, every, sequences) for gene, sequences in found.items()}
    least = placed.least[:, :TYPED].copy()
    for gene, own in losses.items():
        least[:, gene] = own.min(axis=1)
    told = {}
    for gene, own in losses.items():
        others = np.delete(least, gene, axis=1).min(axis=1)
        is_gene = least[:, gene] < np.minimum(others, placed.decoy) - _TIE
        better = own[:, 1] - own[:, 0]
        is_one = bool((found[gene][:, 0] == found[gene][:, 1]).all())
        copies = []
        for copy, sign in enumerate((1.0, -1.0)):
            is_own = is_gene & (sign * better > _DECIDES)
            fits = is_gene & (sign * better >= -_DECIDES)
            rate, places = _misfits(placed, np.flatnonzero(fits), found[gene][:, copy])
            if is_one:
                is_own = is_gene
            copies.append(Evidence(int(is_gene.sum()), int(is_own.sum()), rate, places))
        told[gene] = tuple(copies)
    return told


def _misfits(placed: PlacedReads, rows: Ints, sequences: Ints) -> tuple[float, int]:
    """Return the rate of mismatches with an allele, and at how many places reads differ."""
    piles = placed.piled(rows, sequences)
    bases, mismatches, places = 0, 0, 0
    flank = placed.layouts.exons.blocks.flank
    for pile, sequence in zip(piles, sequences, strict=True):
        if sequence < 0:
            continue
        codes = placed.layouts.bases(int(sequence))
        is_known = codes < pile.shape[1]
        is_known[:flank] = is_known[len(codes) - flank :] = False
        counts = pile[: len(codes)][is_known]
        fits = counts[np.arange(len(counts)), codes[is_known]]
        depth = counts.sum(axis=1)
        others = counts.max(axis=1, initial=0, where=counts != fits[:, np.newaxis])
        differs = (others >= _FEWEST_OTHERS) & (others >= _LEAST_SHARE * depth)
        places += int(differs.sum())
        bases += int(depth.sum())
        mismatches += int((depth - fits).sum())
    return (mismatches / bases if bases else float("nan")), places
