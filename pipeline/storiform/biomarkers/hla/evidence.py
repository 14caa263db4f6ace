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
_FEWEST_ALL, _SEEN_SHARE = 20, 1 / 30
"""Fragments of a gene at a place, and the share of them that has an allele's base at least."""


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
        Bases of its exons at which its fragments have another one, or none of the gene has it.
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
            rows = (np.flatnonzero(fits), np.flatnonzero(is_gene))
            rate, places = _misfits(placed, rows, found[gene][:, copy])
            if is_one:
                is_own = is_gene
            copies.append(Evidence(int(is_gene.sum()), int(is_own.sum()), rate, places))
        told[gene] = tuple(copies)
    return told


def _misfits(
    placed: PlacedReads, rows: tuple[Ints, Ints], sequences: Ints
) -> tuple[float, int]:
    """Return the rate of mismatches with an allele, and at how many places reads differ.

    `rows` are the fragments that may be the allele's, and all of the gene.
    """
    own_piles, all_piles = (placed.piled(some, sequences) for some in rows)
    bases, mismatches, places = 0, 0, 0
    flank = placed.layouts.exons.blocks.flank
    for pile, whole, sequence in zip(own_piles, all_piles, sequences, strict=True):
        if sequence < 0:
            continue
        codes = placed.layouts.bases(int(sequence))
        is_known = codes < pile.shape[1]
        is_known[:flank] = is_known[len(codes) - flank :] = False
        counts, own = pile[: len(codes)][is_known], codes[is_known]
        is_new = is_another_base(counts, own)
        places += int((is_new | is_never_seen(whole[: len(codes)][is_known], own)).sum())
        bases += int(counts.sum())
        mismatches += int(counts.sum() - counts[np.arange(len(own)), own].sum())
    return (mismatches / bases if bases else float("nan")), places


def is_another_base(counts: Ints, codes: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Tell at which places the fragments of an allele have a base that is not its own.

    Parameters
    ----------
    counts
        int64 (n, 4), fragments with A, C, G and T at each place.
    codes
        (n,), the allele's base there, 0 to 3.

    Returns
    -------
    numpy.ndarray
        bool (n,): five fragments at least, and three in ten, have one and the same other base,
        however many have the allele's.
    """
    is_own = np.arange(counts.shape[1]) == codes[:, np.newaxis]
    others = counts.max(axis=1, initial=0, where=~is_own)
    is_enough = others >= np.maximum(_FEWEST_OTHERS, _LEAST_SHARE * counts.sum(axis=1))
    return np.asarray(is_enough, dtype=np.bool_)


def is_never_seen(counts: Ints, codes: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Tell at which places hardly a fragment of a gene has the base of one of its alleles.

    So it is where the true allele has the base of the gene's other one: then no fragment is
    the allele's own there, but all are the other's.

    Parameters
    ----------
    counts
        int64 (n, 4), fragments of the gene with A, C, G and T at each place.
    codes
        (n,), the allele's base there, 0 to 3.

    Returns
    -------
    numpy.ndarray
        bool (n,): of twenty fragments at least, less than one in thirty has the base.
    """
    depth = counts.sum(axis=1)
    own = counts[np.arange(len(codes)), codes]
    is_absent = (depth >= _FEWEST_ALL) & (own < _SEEN_SHARE * depth)
    return np.asarray(is_absent, dtype=np.bool_)
