"""How likely what two samples show is, of one person, of two, and of two that are mixed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import special

from storiform.biomarkers.identity.places import PRIOR_SHARE, Counts
from storiform.model.genotypes import (
    TWO_ALLELES,
    UNKNOWN,
    GenotypeRules,
    Genotypes,
    SampleSites,
)

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Weights = Callable[[Rows, Rows], Floats]

_CELLS_AT_ONCE = 8_000_000

_LOST: Mapping[str, tuple[float, ...]] = {
    "normal": (0.005, 0.02, 0.06),
    "tumour": (
        0.005, 0.02, 0.06, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 0.985, 0.995,
        0.999,
    ),
    "rna": (0.01, 0.05, 0.12, 0.2, 0.3, 0.45, 0.6, 0.75),
}  # fmt: skip
"""Shares of the person's places with two alleles that show one: chance, loss, silencing."""
_PRIVATE: Mapping[float, float] = {0.005: 1.0, 0.03: 1e-2, 0.1: 1e-4}
"""Places with two alleles that are nobody's, by those of the person; with their weight.

Mutations, editing of RNA, misplaced reads. An exome shows two alleles at some 800 places per
megabase, so that a tenth are 80 mutations per megabase.
"""
_FOREIGN: Mapping[float, float] = {0.03: 1e-2, 0.12: 1e-3}
"""Of the places of anybody else, those that a sample shows evenly too; with their weight."""
_MOST_LOST = 0.5
"""Loss up to which reads of anybody else are thought of: beyond, nothing is the person's."""
_SIBLINGS = 0.5
"""Of the places that strangers would not share, the part that siblings do."""
_FEWEST_PATIENTS = 5
_SPREAD = 0.25
_FLOOR = 1e-4
"""How well the cohort foretells what a sample lost: spread of its ln, least weight."""
_COINCIDENCE = 0.005
"""The same at places where other patients differ, which mutations hit by chance alone."""

_MIXED = (0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
"""Shares of the other person's reads in a mixture."""
_MOST_LOST_MIXED = 0.75
"""Share of its own places that a mixture can have lost: more, and none tells whose it is."""
_STRAY_BETWEEN = (0.01, 0.1, 0.3)
"""Of another's places, those where a person of one allele shows a little of a second."""
_ARTEFACTS = 0.02
"""Places of two alleles where the other sample is near to two as well, by chance."""
_MIXTURES = 0.01
"""How often one sample holds another's reads, by how often not."""
_CERTAINTY = 30.0
"""Places after which a share of a beta is as certain as it gets."""
_DEPTHS = np.array([16, 30, 60, 120])
_UNEVEN = np.array([0.7, 1.0, 1.4])
"""Depths, and factors by which mixtures vary over the genome, that shares are averaged over."""


@dataclass(frozen=True, eq=False)
class Likelihoods:
    """Natural logarithms of likelihood ratios, each (n, n).

    `strangers` and `siblings` are of one person against two, symmetric. `mixture` is of one
    person against two of whom the second is in the first sample too, `told` of that against
    two that are apart; `share` is the likeliest share of that mixture.
    """

    strangers: Floats
    siblings: Floats
    mixture: Floats
    told: Floats
    share: Floats


def likelihoods(
    cohort: Genotypes, counts: Counts, rules: GenotypeRules, seen: Floats | None = None
) -> Likelihoods:
    """Compare all pairs of samples.

    Parameters
    ----------
    cohort
        What each sample shows.
    counts
        Places of all pairs by kind.
    rules
        When a place has one allele, and when two.
    seen
        For each sample (n,) its places with two alleles by those that its person ought to
        have, NaN where not known; None: what the cohort foretells.
    """
    kinds = np.array([_kind(sample) for sample in cohort.samples], dtype=object)
    seen = _seen_shares(cohort) if seen is None else seen
    size = (len(kinds), len(kinds))
    strangers, siblings, mixture, told = (np.zeros(size) for _ in range(4))
    share = np.zeros(size)
    for kind_1, kind_2 in product(_LOST, _LOST):
        is_meant = (kinds[:, None] == kind_1) & (kinds[None, :] == kind_2)
        np.fill_diagonal(is_meant, val=False)
        pairs = _where(np.triu(is_meant))
        if len(pairs[0]):
            apart = _Apart(kind_1, kind_2, counts, seen)
            for i, j in _portions(pairs, apart.size):
                strangers[i, j], siblings[i, j] = apart.ratios(i, j)
        pairs = _where(is_meant)
        if len(pairs[0]):
            mixed = _Mixed(kind_1, kind_2, counts, seen, rules)
            for i, j in _portions(pairs, mixed.size):
                mixture[i, j], told[i, j], share[i, j] = mixed.ratios(i, j)
    return Likelihoods(strangers + strangers.T, siblings + siblings.T, mixture, told, share)


def _where(flags: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    rows, columns = np.nonzero(flags)
    return rows, columns


def _portions(pairs: tuple[Rows, Rows], size: int) -> Iterator[tuple[Rows, Rows]]:
    """Cut pairs so that a table of them by a grid stays small."""
    step = max(1, _CELLS_AT_ONCE // size)
    for first in range(0, len(pairs[0]), step):
        yield pairs[0][first : first + step], pairs[1][first : first + step]


def _kind(sample: SampleSites) -> str:
    return "rna" if sample.assay == "rna" else sample.role


def _seen_shares(of: Genotypes) -> Floats:
    """Return for each sample (n,) its places with two alleles by what the cohort foretells.

    NaN where the cohort is too small to tell.
    """
    shares = np.full(len(of.samples), np.nan)
    for number, sample in enumerate(of.samples):
        own = of.by_patient[sample.patient]
        told = of.told - (own != UNKNOWN)
        with_two = of.with_two - (own == TWO_ALLELES)
        states = of.states[number]
        is_counted = (told >= _FEWEST_PATIENTS - 1) & (states != UNKNOWN) & (of.with_two > 0)
        expected = (with_two[is_counted] / told[is_counted]).sum()
        if expected > 0:
            shares[number] = (states[is_counted] == TWO_ALLELES).sum() / expected
    return shares


def _weights(foretold: Floats, share: Floats) -> Floats:
    """Return ln of the weights (samples, grid) of what each point of a grid foretells.

    `share` (samples,) is what was seen; where it is NaN, all points weigh the same.
    """
    seen = np.clip(share, foretold.min(), foretold.max())[:, None]
    weight = np.exp(-0.5 * ((np.log(foretold) - np.log(seen)) / _SPREAD) ** 2) + _FLOOR
    return np.where(np.isnan(seen), 0.0, np.log(weight))


def _grid(*axes: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return every combination of points; the columns of one axis go together."""
    sizes = [len(next(iter(axis.values()))) for axis in axes]
    points = np.unravel_index(np.arange(np.prod(sizes)), sizes)
    return {
        name: values[rows]
        for axis, rows in zip(axes, points, strict=True)
        for name, values in axis.items()
    }


def _axis(
    number: str, kind: str, foreign: Mapping[float, float], most_lost: float = 1.0
) -> dict[str, Floats]:
    """Return what a sample can have lost and gained, and ln of the weight of each point."""
    points = [
        (1.0 - lost, private, 0.0, weight)
        for lost, (private, weight) in product(_LOST[kind], _PRIVATE.items())
        if lost <= most_lost
    ]
    points += [
        (1.0 - lost, 0.01, part, weight)
        for lost, (part, weight) in product(_LOST[kind], foreign.items())
        if lost <= _MOST_LOST
    ]
    kept, private, of_others, weight = np.array(points).T
    return {
        f"kept_{number}": kept, f"private_{number}": private, f"foreign_{number}": of_others,
        f"weight_{number}": np.log(weight),
    }  # fmt: skip


class _Apart:
    """One person against two that have nothing of each other."""

    def __init__(self, kind_1: str, kind_2: str, counts: Counts, seen: Floats) -> None:
        self._grid = _grid(_axis("1", kind_1, _FOREIGN), _axis("2", kind_2, _FOREIGN))
        self._counts, self._seen = counts, seen
        self.size = len(self._grid["kept_1"])
        h = counts.shares
        self._tables = [
            self._log_rates(s) for s in (np.ones_like(h), h, h + (1 - h) * _SIBLINGS)
        ]

    def _log_rates(self, shares: Floats) -> Floats:
        """Return ln of the shares (3 bins, grid) of the three kinds of places, bin by bin."""
        grid, h = self._grid, shares[:, None]
        kept_1, kept_2 = grid["kept_1"], grid["kept_2"]
        rates = np.stack(
            [
                h * kept_1 * kept_2,
                kept_1 * (1.0 - h * kept_2) + _gained(grid, "1", self._counts),
                kept_2 * (1.0 - h * kept_1) + _gained(grid, "2", self._counts),
            ]
        )
        log_rates: Floats = np.log(rates / rates.sum(axis=0))
        return log_rates.reshape(3 * len(shares), -1)

    def ratios(self, i: Rows, j: Rows) -> tuple[Floats, Floats]:
        """Return ln of the ratios (pairs,) against strangers and against siblings."""
        counts, grid = self._counts, self._grid
        places = (counts.both[:, i, j], counts.first_even[:, i, j], counts.first_even[:, j, i])
        shown = np.concatenate(places).T
        weight = (
            grid["weight_1"]
            + grid["weight_2"]
            + _weights(grid["kept_1"], self._seen[i])
            + _weights(grid["kept_2"], self._seen[j])
        )
        one, two, kin = (
            special.logsumexp(shown @ table + weight, axis=1) for table in self._tables
        )
        return one - two, one - kin


def _gained(grid: Mapping[str, Floats], number: str, counts: Counts) -> Floats:
    """Return the rates (bins, grid) of places that are not the person's."""
    # What mutates falls on places of nobody else: all of it into the first bin.
    is_private = (np.arange(len(counts.shares)) == 0)[:, None]
    mutated = np.where(is_private, grid[f"private_{number}"] / counts.private, _COINCIDENCE)
    rates: Floats = mutated + grid[f"foreign_{number}"] * (1.0 - counts.shares[:, None])
    return rates


class _Mixed:
    """One person, against two of whom the second is in the first's sample too.

    Where the second person has two alleles and the first has one, a mixture shows the second
    allele in half the share of the mixture. So places between one and two alleles count too:
    a sample that lost them may have any part of its losses between, a mixture has the part
    that its share foretells.
    """

    def __init__(
        self, kind_1: str, kind_2: str, counts: Counts, seen: Floats, rules: GenotypeRules
    ) -> None:
        self._counts, self._seen = counts, seen
        self._one = _grid(_axis("1", kind_1, _FOREIGN), _axis("2", kind_2, _FOREIGN))
        of_other = _shown_of_other(rules, is_normal=kind_1 == "normal")
        self._two = _grid(
            _axis("1", kind_1, {}, _MOST_LOST_MIXED), _axis("2", kind_2, {}), of_other
        )
        self.size = len(self._two["kept_1"])
        self._one_table = self._log_rates(self._one, np.ones_like(counts.shares))
        self._two_table = self._log_rates(self._two, counts.shares)

    def _log_rates(self, grid: Mapping[str, Floats], shares: Floats) -> Floats:
        h = shares[:, None]
        kept_1, kept_2 = grid["kept_1"], grid["kept_2"]
        shown, twice = grid.get("shown", 0.0), grid.get("shown_twice", 0.0)
        seen_1 = h * kept_1 + (1.0 - h * kept_1) * shown
        rates = np.stack(
            [
                kept_2 * seen_1,
                kept_1 * (1.0 - h * kept_2)
                + twice * h / 2.0
                + _gained(grid, "1", self._counts)
                + _ARTEFACTS,
                kept_2 * (1.0 - seen_1) + _gained(grid, "2", self._counts) + _ARTEFACTS,
            ]
        )
        log_rates: Floats = np.log(rates / rates.sum(axis=0))
        return log_rates.reshape(3 * len(shares), -1)

    def ratios(self, i: Rows, j: Rows) -> tuple[Floats, Floats, Floats]:
        """Return ln of the ratios against a mixture, of one against none, and its share."""
        counts = self._counts
        alone_1, alone_2 = counts.first_even[:, i, j], counts.first_even[:, j, i]
        between_2, between_1 = counts.second_between[:, i, j], counts.second_between[:, j, i]
        missing_1 = alone_2 + between_1
        shown = np.concatenate([counts.both[:, i, j], alone_1 + between_2, missing_1]).T
        between, lacking = between_1.sum(axis=0), alone_2.sum(axis=0)
        one = shown @ self._one_table + self._log_prior(self._one, i, j)
        loss = special.betaln(between + 1.0, lacking + 1.0)
        two = shown @ self._two_table + self._log_prior(self._two, i, j)
        part = self._two["between"]
        a, b = _CERTAINTY * part, _CERTAINTY * (1.0 - part)
        two += special.betaln(between[:, None] + a, lacking[:, None] + b) - special.betaln(a, b)
        mixed = self._two["share"]
        by_share = np.stack(
            [
                special.logsumexp(two[:, mixed == s], axis=1) - np.log((mixed == s).sum())
                for s in (0.0, *_MIXED)
            ]
        )
        mixture = special.logsumexp(by_share[1:], axis=0) + np.log(_MIXTURES / len(_MIXED))
        same = special.logsumexp(one, axis=1) - np.log(one.shape[1]) + loss
        share = np.array(_MIXED)[np.argmax(by_share[1:], axis=0)]
        return same - mixture, mixture - by_share[0], share

    def _log_prior(self, grid: Mapping[str, Floats], i: Rows, j: Rows) -> Floats:
        usual = 1.0 - PRIOR_SHARE
        foretold = grid["kept_1"] + usual * grid.get("shown", 0.0)
        of_cohort = _weights(foretold, self._seen[i]) + _weights(grid["kept_2"], self._seen[j])
        log_prior: Floats = of_cohort + grid["weight_1"] + grid["weight_2"]
        return log_prior


def _shown_of_other(rules: GenotypeRules, *, is_normal: bool) -> dict[str, Floats]:
    """Return what samples show of another's places where they have one allele themselves.

    One point for each `share` of a mixture: the chance that it shows two alleles (`shown`)
    where the other has two, that it shows them evenly where the other has the second twice
    (`shown_twice`), and, where it does not show two, that it is between (`between`).
    """
    apart = len(_STRAY_BETWEEN)
    share = np.concatenate([np.zeros(apart), _MIXED])
    half, whole = (
        np.clip(share[:, None, None] * part * _UNEVEN[:, None], 1e-6, 0.999)
        for part in (0.5, 1.0)
    )
    even = np.ceil(rules.two * _DEPTHS) - 1.0
    enough = even if is_normal else np.ceil(rules.two_mixed * _DEPTHS) - 1.0
    few = np.maximum(np.floor(rules.one * _DEPTHS), 1.0)
    shown = (1.0 - special.bdtr(enough, _DEPTHS, half)).mean(axis=(1, 2))
    twice = (1.0 - special.bdtr(even, _DEPTHS, whole)).mean(axis=(1, 2))
    hidden = special.bdtr(few, _DEPTHS, half).mean(axis=(1, 2))
    between = (1.0 - shown - hidden) / (1.0 - shown)
    between[:apart] = _STRAY_BETWEEN
    return {
        "share": share, "shown": shown, "shown_twice": twice,
        "between": np.clip(between, 0.01, 0.97),
    }  # fmt: skip
