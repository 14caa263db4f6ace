"""How well pairs of HLA alleles explain fragments.

`rest` is what else explains a fragment: other genes, decoys, and a floor. A pair of alleles
(a, b) is worth the sum over fragments of ``log(rest + P(a) / 2 + P(b) / 2)``. Factors are
multiplied and the logarithm is taken of their product, as long as it cannot vanish.
"""

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.records import Int

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

_FACTORS = 16
"""Factors between two logarithms: each is above e^-40."""


@compiled
def weigh_losses(losses: Singles, best: Floats, cap: float) -> None:
    """Turn losses into probabilities relative to the best one, in place; not below e^-cap."""
    for fragment in range(len(losses)):
        for allele in range(losses.shape[1]):
            loss = min(losses[fragment, allele] - best[fragment], cap)
            losses[fragment, allele] = np.exp(-loss)


@compiled
def gather_logs(products: Floats, sums: Floats) -> None:
    """Add the logarithms of products to sums; set the products to one."""
    for allele in range(len(sums)):
        sums[allele] += np.log(products[allele])
        products[allele] = 1.0


@compiled
def score_partners(
    chances: Singles, rest: Floats, share: float, products: Floats, sums: Floats
) -> None:
    """Score each allele beside what is there already.

    Parameters
    ----------
    chances
        float32 (fragments, alleles), probabilities relative to the best.
    rest
        float64 (fragments,), what explains them without the allele.
    share
        Share of the gene's fragments that are the allele's: 1 or 1/2.
    products
        Room, float64 (alleles,), ones.
    sums
        float64 (alleles,), zeros, takes the scores, nats.
    """
    for fragment in range(len(chances)):
        for allele in range(len(sums)):
            products[allele] *= rest[fragment] + share * chances[fragment, allele]
        if fragment % _FACTORS == _FACTORS - 1:
            gather_logs(products, sums)
    gather_logs(products, sums)


@compiled
def score_row(
    chances: Singles, rest: Floats, first: Int, products: Floats, sums: Floats
) -> None:
    """Score the pairs of one allele and all from it on; see `score_pairs`."""
    products[:] = 1.0
    for fragment in range(len(chances)):
        base = rest[fragment] + 0.5 * chances[fragment, first]
        for allele in range(first, len(sums)):
            products[allele] *= base + 0.5 * chances[fragment, allele]
        if fragment % _FACTORS == _FACTORS - 1:
            gather_logs(products, sums)
    gather_logs(products, sums)


@compiled
def score_pairs(chances: Singles, rest: Floats, products: Floats, sums: Floats) -> None:
    """Score all pairs of alleles.

    Parameters
    ----------
    chances
        float32 (fragments, alleles), probabilities relative to the best.
    rest
        float64 (fragments,), what explains them without the pair.
    products
        Room, float64 (alleles,).
    sums
        float64 (alleles, alleles), zeros; pairs (a, b) with a <= b take their scores, nats.
    """
    for first in range(len(sums)):
        score_row(chances, rest, first, products, sums[first])
