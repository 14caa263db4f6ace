"""What may have become of the alleles of a gene, and how probable each fate is beforehand.

A state is whole copies of both alleles in a share of the tumour's cells; the other cells have
what they had before. See docs/methods/hla-loss.md.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

DEPTH_TAIL = 8.0
"""Degrees of freedom of the offset of depth: a wrong ploidy or kit can be far off."""
_MOST_COPIES = 8
_SHARES = np.arange(3, 10) / 10
"""Shares of the tumour's cells of a subclone; of a smaller one too little is seen."""
_SUBCLONAL_GAINS = 0.1
_RARITY = 2.5
"""How fast states without loss become rarer with each copy more or less: one by the power."""
_MOST_LONE = 0.9
"""Highest probability of a loss of a gene apart."""


@dataclass(frozen=True)
class LossRules:
    """Priors and spreads; see `HlaLossParams`."""

    prior_loss: float = 0.15
    prior_deletion: float = 0.005
    prior_subclonal: float = 0.3
    prior_apart: float = 0.15
    prior_lone: float = 0.5
    drift: float = 0.04
    depth_sd: float = 0.065
    gene_depth_sd: float = 0.04

    @property
    def lone_loss(self) -> float:
        """Probability of a loss of a gene apart: never less than of any gene."""
        share = max(self.prior_lone, self.prior_apart)
        return min(share * self.prior_loss / self.prior_apart, _MOST_LONE)

    @property
    def followed_loss(self) -> float:
        """Probability of a loss of a haplotype; with that of genes apart, `prior_loss`."""
        apart = self.prior_apart
        if apart >= 1.0:
            return self.prior_loss
        return (self.prior_loss - apart * self.lone_loss) / (1.0 - apart)

    @property
    def offset_sd(self) -> float:
        """Standard deviation of the offset of depth, whose t distribution has this scale."""
        return self.depth_sd * float(np.sqrt(DEPTH_TAIL / (DEPTH_TAIL - 2.0)))

    def with_noise(self, noise: float) -> Self:
        """Return the rules for a biopsy whose depths have a standard deviation of `noise`.

        The same, if that is no more than what the rules allow for.
        """
        wider = noise / self.offset_sd
        return replace(self, depth_sd=self.depth_sd * wider) if wider > 1.0 else self


@dataclass(frozen=True, eq=False)
class States:
    """All states: `one` and `two` (s,) are the copies of both alleles in a share of cells.

    Parameters
    ----------
    one, two
        Copies of the alleles.
    share
        Of the tumour's cells that have them.
    before
        Copies of each allele in its other cells.
    prior
        Probability of each state of a haplotype, and so of a gene that follows it.
    lone
        The same of a gene that has a state of its own.
    flipped
        Number of the state with the alleles exchanged.
    """

    one: Floats
    two: Floats
    share: Floats
    before: int
    prior: Floats
    lone: Floats
    flipped: Ints

    @property
    def is_loss(self) -> Flags:
        """Whether one allele has no copy in the cells of the state, and the other has."""
        return np.asarray((np.minimum(self.one, self.two) == 0) & (self.one + self.two > 0))

    @property
    def is_deletion(self) -> Flags:
        """Whether neither allele has a copy."""
        return np.asarray(self.one + self.two == 0)

    def mean(self, copies: Floats) -> Floats:
        """Return the mean copies over all tumour cells."""
        return self.share * copies + (1.0 - self.share) * self.before


def list_states(before: int, rules: LossRules) -> States:
    """List all states with their prior probabilities.

    Parameters
    ----------
    before
        Copies of each allele in cells whose gene is as most of the genome is.
    rules
        How probable losses are.
    """
    whole = [(x, y) for x in range(_MOST_COPIES + 1) for y in range(_MOST_COPIES + 1 - x)]
    kept = (before, 2 * before)
    lost = [pair for k in kept for pair in ((k, 0), (0, k))]
    gained = [pair for k in kept for pair in ((before + k, before), (before, before + k))]
    part = [(*pair, share) for pair in lost + gained for share in _SHARES.tolist()]
    table = np.array([(*pair, 1.0) for pair in whole] + part)
    one, two, share = table.T
    is_loss = (np.minimum(one, two) == 0) & (one + two > 0)
    is_deletion, is_part = one + two == 0, share < 1.0
    away = np.abs(one - before) + np.abs(two - before)
    # A lone allele is what was there before, or twice that; any other number is rarer.
    most = one + two
    of_loss = np.select([most == before, most == 2 * before], [1.0, 0.6], 0.1 / (1.0 + most))
    weights = np.where(is_loss, of_loss, (1.0 + away) ** -_RARITY)
    masses = _Masses(is_loss, is_deletion, is_part, weights, rules)
    prior, lone = masses.of(rules.followed_loss), masses.of(rules.lone_loss)
    # Breaks between genes so near each other are rare, and only losses are selected for.
    lone[~is_loss & ~is_deletion & (away > 0)] *= rules.prior_apart
    lone[(away == 0) & ~is_part] += 1.0 - lone.sum()
    number = {state: row for row, state in enumerate(map(tuple, table.tolist()))}
    flipped = np.array([number[y, x, c] for x, y, c in table.tolist()], dtype=np.int64)
    return States(one, two, share, before, prior, lone, flipped)


@dataclass(frozen=True, eq=False)
class _Masses:
    """Which states are what, and how they weigh among their like."""

    is_loss: Flags
    is_deletion: Flags
    is_part: Flags
    weights: Floats
    rules: LossRules

    def of(self, loss: float) -> Floats:
        """Return the probabilities of the states, where that of a loss is `loss`."""
        rules, weights = self.rules, self.weights
        is_other = ~self.is_loss & ~self.is_deletion
        rest = 1.0 - loss - rules.prior_deletion
        prior = np.zeros(len(weights))
        for chosen, mass in (
            (self.is_deletion, rules.prior_deletion),
            (self.is_loss & ~self.is_part, loss * (1.0 - rules.prior_subclonal)),
            (self.is_loss & self.is_part, loss * rules.prior_subclonal),
            (is_other & ~self.is_part, rest * (1.0 - _SUBCLONAL_GAINS)),
            (is_other & self.is_part, rest * _SUBCLONAL_GAINS),
        ):
            prior[chosen] = mass * weights[chosen] / weights[chosen].sum()
        return prior
