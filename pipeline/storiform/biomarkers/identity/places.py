"""Places of every pair of samples, by what both show there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storiform.model.genotypes import ONE_ALLELE, TWO_ALLELES, Genotypes

Floats = NDArray[np.float64]

_PRIOR_PATIENTS = 4.0
PRIOR_SHARE = 0.3
"""Two strangers share about three tenths of their places with two alleles."""
_BINS = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4])
_SITES_AT_ONCE = 8192
_MOST_WEIGHT = 2.0
"""Weight of a place with two even alleles, where half of a sample's are not."""


@dataclass(frozen=True, eq=False)
class Counts:
    """Places by kind and bin, each (bins, n, n).

    `both` are with two alleles in both samples, `first_alone` in the first while the second
    has one. `first_even` are those of them that are even in the first, `second_between` the
    same while the second is between one and two alleles; both weighted by how many of the
    first's places of two alleles are even: so they stand for all that are its person's.
    The first bin holds places at which at most one patient has two alleles. `shares` (bins,)
    are the mean share of other persons with two, `private` the part of a patient's places in
    the first bin.
    """

    both: Floats
    first_alone: Floats
    first_even: Floats
    second_between: Floats
    shares: Floats
    private: float

    @classmethod
    def of(cls, cohort: Genotypes) -> "Counts":
        """Count the places of every pair by how many patients differ there."""
        share = (cohort.with_two + _PRIOR_PATIENTS * PRIOR_SHARE - 1.0) / (
            cohort.told + _PRIOR_PATIENTS - 1.0
        )
        share = np.clip(share, 1e-3, 0.999)
        is_private = cohort.with_two <= 1
        bins = np.where(is_private, 0, 1 + np.searchsorted(_BINS, share, side="right"))
        size, number_of_bins = len(cohort.samples), len(_BINS) + 2
        sums = np.zeros((4, number_of_bins, size, size))
        shares = np.full(number_of_bins, 0.5)
        for number in range(number_of_bins):
            members = np.flatnonzero(bins == number)
            if len(members):
                shares[number] = share[members].mean()
            for first in range(0, len(members), _SITES_AT_ONCE):
                part = members[first : first + _SITES_AT_ONCE]
                sums[:, number] += _pairs_at(cohort, part)
        has_two = (cohort.states == TWO_ALLELES).sum(axis=1)
        weight = np.clip(has_two / np.maximum(cohort.is_even.sum(axis=1), 1), 1.0, _MOST_WEIGHT)
        sums[2:] *= weight[:, None]
        own = cohort.with_two[is_private].sum() + 1.0
        both, alone, even, between = sums
        return cls(both, alone, even, between, shares, own / (cohort.with_two.sum() + 1.0))


def _pairs_at(cohort: Genotypes, places: NDArray[np.intp]) -> Floats:
    """Count some places of every pair (4, n, n) by what both show."""
    states = cohort.states[:, places]
    two, one, between, even = (
        flags.astype(np.float32)
        for flags in (
            states == TWO_ALLELES,
            states == ONE_ALLELE,
            cohort.is_between[:, places],
            cohort.is_even[:, places],
        )
    )
    return np.stack([two @ two.T, two @ one.T, even @ one.T, even @ between.T])
