"""What fragments of two alleles, in tumour and normal, tell of the tumour's copies.

The states of a gene are whole copies of both alleles in a share of the tumour's cells; the
other cells have what they had before. The model is written out in docs/methods/hla-loss.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, chdtrc, gammaln, ndtr, ndtri, pdtr

from storiform.biomarkers.hla.loss_states import DEPTH_TAIL, LossRules, States, list_states

Floats = NDArray[np.float64]

_OFFSETS = np.linspace(-4.0, 4.0, 17)
_FEWEST_COPIES = 0.01
"""Of an allele in all cells: some reads of any allele are misread ones of the other."""
_DOUBLED = 3.0
"""Ploidy from which the usual state has two copies of each allele."""
_QUANTILES = np.linspace(0.0005, 0.9995, 1000)
_INTERVAL = (0.025, 0.5, 0.975)
_TOO_SHALLOW, _TOO_FEW = 4.0, 0.01
"""Standard deviations of depth by which a gene may lie below its normal cells, and the
probability of so few fragments at that depth."""


@dataclass(frozen=True, eq=False)
class GeneCounts:
    """Fragments of a gene, float64 (2,) each.

    Parameters
    ----------
    normal, tumour
        Of each allele.
    shared
        Of either allele, in normal and tumour: they tell of depth alone.
    """

    normal: Floats
    tumour: Floats
    shared: Floats = field(default_factory=lambda: np.zeros(2))

    @property
    def depths(self) -> tuple[float, float]:
        """Return all fragments of the gene in normal and tumour."""
        normal, tumour = self.shared.tolist()
        return float(self.normal.sum()) + normal, float(self.tumour.sum()) + tumour

    @property
    def fragments(self) -> float:
        """Return the harmonic mean of these."""
        normal, tumour = self.depths
        return 2.0 * normal * tumour / max(normal + tumour, 1.0)


@dataclass(frozen=True, eq=False)
class Sample:
    """What is known of the biopsy.

    Parameters
    ----------
    purities, weights
        float64 (k,), purities and the probability of each.
    ploidy
        Mean copies of tumour cells.
    library
        Fragments of the whole tumour library for each of the normal's; NaN where not known.
    """

    purities: Floats
    weights: Floats
    ploidy: float
    library: float

    @property
    def before(self) -> int:
        """Return the copies of each allele in cells whose gene is as most of the genome is."""
        return 2 if self.ploidy >= _DOUBLED else 1


@dataclass(frozen=True, eq=False)
class Posterior:
    """Probabilities (s,) of the states of one gene."""

    states: States
    chances: Floats

    @cached_property
    def loss(self) -> float:
        """Probability that one allele has no copy left, and the other has."""
        return float(self.chances[self.states.is_loss].sum())

    @cached_property
    def clonal_loss(self) -> float:
        """Probability that this is so in all cells of the tumour."""
        is_whole = self.states.share == 1.0
        return float(self.chances[self.states.is_loss & is_whole].sum())

    @cached_property
    def deletion(self) -> float:
        """Probability that neither has a copy left."""
        return float(self.chances[self.states.is_deletion].sum())

    @cached_property
    def imbalance(self) -> float:
        """Probability that both are left, in different numbers."""
        states = self.states
        is_uneven = (np.minimum(states.one, states.two) > 0) & (states.one != states.two)
        return float(self.chances[is_uneven].sum())

    @cached_property
    def lost(self) -> tuple[float, float]:
        """Probability of each allele that it alone has no copy left."""
        is_loss, one = self.states.is_loss, self.states.one == 0
        first = float(self.chances[is_loss & one].sum())
        return first, self.loss - first

    @cached_property
    def clonal_fraction(self) -> float:
        """Share of the tumour's cells with the likeliest state."""
        return float(self.states.share[self.chances.argmax()])


def share_variance(counts: GeneCounts, drift: float) -> float:
    """Return the variance, on the logit scale, of the share that the normal foretells.

    Of counting the normal's fragments, and of how the capture of alleles drifts between the
    two libraries.
    """
    return float(4.0 * drift**2 + (1.0 / (counts.normal + 0.5)).sum())


def imbalance_z(counts: GeneCounts, drift: float) -> float:
    """Return by how many standard errors the alleles' shares differ in tumour and normal."""
    odds = np.log(counts.tumour + 0.5) - np.log(counts.normal + 0.5)
    variance = share_variance(counts, drift) + (1.0 / (counts.tumour + 0.5)).sum()
    return float((odds[0] - odds[1]) / np.sqrt(variance))


def smallest_excluded_loss(counts: GeneCounts, drift: float) -> float:
    """Return the share of all cells in which a loss of one allele would have shown.

    From the upper 95 % bound of the imbalance: a loss in a share q changes the odds of the
    alleles to 1 - q of what they were.
    """
    odds = np.log(counts.tumour + 0.5) - np.log(counts.normal + 0.5)
    variance = share_variance(counts, drift) + (1.0 / (counts.tumour + 0.5)).sum()
    return float(1.0 - np.exp(-abs(odds[0] - odds[1]) - ndtri(0.975) * np.sqrt(variance)))


def imbalance_p(z: Sequence[float]) -> float:
    """Return the p value, two-sided, that no gene is out of balance."""
    if len(z) == 1:
        return float(2.0 * ndtr(-abs(z[0])))
    return float(chdtrc(len(z), np.square(z).sum()))


def gene_likelihood(
    counts: GeneCounts, states: States, sample: Sample, rules: LossRules
) -> Floats:
    """Return the log likelihood of each state, by purity and offset of depth.

    Returns
    -------
    numpy.ndarray
        float64 (purities, offsets, states).
    """
    purity = sample.purities[:, np.newaxis]
    one = np.maximum(purity * states.mean(states.one) + 1.0 - purity, _FEWEST_COPIES)
    two = np.maximum(purity * states.mean(states.two) + 1.0 - purity, _FEWEST_COPIES)
    normal, tumour = counts.normal, counts.tumour
    bias = (normal[0] + 0.5) / (normal.sum() + 1.0)
    mixed = bias * one + (1.0 - bias) * two
    share = bias * one / mixed
    # The variance on the logit scale as that of a beta: v = rho / (f (1 - f)).
    correlation = share * (1.0 - share) * share_variance(counts, rules.drift)
    found = _beta_binomial(tumour[0], tumour.sum(), share, np.minimum(correlation, 0.5))
    found = np.broadcast_to(
        found[:, np.newaxis, :], (len(purity), len(_OFFSETS), len(states.one))
    )
    if np.isnan(sample.library):
        return found
    before, after = counts.depths
    ratio = np.log((after + 0.5) / (before + 0.5) / sample.library)
    depth = np.log(2.0 * mixed / (purity * sample.ploidy + 2.0 * (1.0 - purity)))
    counting = 1.0 / (before + 0.5) + 1.0 / (after + 0.5)
    spread = np.sqrt(rules.gene_depth_sd**2 + counting)
    offset = rules.depth_sd * _OFFSETS[np.newaxis, :, np.newaxis]
    away = (ratio - depth[:, np.newaxis, :] - offset) / spread
    return np.asarray(found - 0.5 * away**2, dtype=np.float64)


def _beta_binomial(hits: float, number: float, share: Floats, correlation: Floats) -> Floats:
    size = 1.0 / correlation - 1.0
    one, two = share * size, (1.0 - share) * size
    found: Floats = (
        gammaln(number + 1.0) - gammaln(hits + 1.0) - gammaln(number - hits + 1.0)
        + betaln(hits + one, number - hits + two) - betaln(one, two)
    )  # fmt: skip
    return found


def posteriors(
    genes: Sequence[GeneCounts], sample: Sample, rules: LossRules
) -> list[Posterior]:
    """Return the probabilities of the states of all genes of one biopsy.

    One haplotype has one state, and a gene either follows it or, with `prior_apart`, has a
    state of its own, which is a loss more often and a gain more seldom. Which alleles lie on
    one haplotype is not known: all ways count alike.
    Purity and the offset of depth are common to all genes.

    Parameters
    ----------
    genes
        Fragments of each, in any order.
    sample
        Purity, ploidy, libraries.
    rules
        Priors and spreads.
    """
    states = list_states(sample.before, rules)
    logs = [gene_likelihood(counts, states, sample, rules) for counts in genes]
    nodes = (1.0 + _OFFSETS**2 / DEPTH_TAIL) ** (-(DEPTH_TAIL + 1.0) / 2.0)
    weights = sample.weights[:, np.newaxis] * (nodes / nodes.sum())
    chances = [np.exp(log - log.max()) for log in logs]
    alone = [chance @ states.lone for chance in chances]
    sums = [np.zeros(len(states.prior)) for _ in genes]
    for turns in product((False, True), repeat=max(len(genes) - 1, 0)):
        turned = (False, *turns)
        _add_phase(chances, alone, turned, weights, states, rules.prior_apart, sums)
    return [Posterior(states, found / found.sum()) for found in sums]


def _add_phase(  # noqa: PLR0913, PLR0917  what the sum runs over
    chances: list[Floats], alone: list[Floats], turned: Sequence[bool], weights: Floats,
    states: States, apart: float, sums: list[Floats],
) -> None:  # fmt: skip
    """Add the weights of each gene's states under one way in which the alleles are linked."""
    own = [
        chance[..., states.flipped] if is_turned else chance
        for chance, is_turned in zip(chances, turned, strict=True)
    ]
    followed = [
        (1.0 - apart) * chance + apart * single[..., np.newaxis]
        for chance, single in zip(own, alone, strict=True)
    ]
    for gene, chance in enumerate(own):
        others = weights[..., np.newaxis] * states.prior
        for other, term in enumerate(followed):
            if other != gene:
                others = others * term
        shared = ((1.0 - apart) * others * chance).sum(axis=(0, 1))
        sums[gene] += shared[states.flipped] if turned[gene] else shared
        lone = others.sum(axis=2)[..., np.newaxis] * apart
        sums[gene] += (lone * chances[gene]).sum(axis=(0, 1)) * states.lone


def of_normal_cells(counts: GeneCounts, samples: Sequence[Sample]) -> float:
    """Return the fragments of a gene in the tumour that its normal cells alone should give.

    No state of the tumour's cells gives fewer. By the purity and ploidy by which they are
    fewest; NaN where the libraries are not known.
    """
    fewest = [
        2.0 * (1.0 - sample.purities) / (
            sample.purities * sample.ploidy + 2.0 * (1.0 - sample.purities)
        )
        for sample in samples
    ]  # fmt: skip
    share = float(np.concatenate(fewest).min())
    return (counts.depths[0] + 0.5) * samples[0].library * share


def is_too_shallow(counts: GeneCounts, expected: float, rules: LossRules) -> bool:
    """Tell whether a gene has fewer fragments in the tumour than any state explains.

    Even if depth is wrong by four standard deviations, that of all HLA genes and of the gene
    together, and with the chance of so few.

    Parameters
    ----------
    counts
        Fragments of the gene.
    expected
        In the tumour, by its normal cells alone, see `of_normal_cells`; NaN is never too many.
    rules
        Spreads of depth.
    """
    spread = np.hypot(rules.offset_sd, rules.gene_depth_sd)
    least = expected * np.exp(-_TOO_SHALLOW * spread)
    return bool(pdtr(counts.depths[1], least) < _TOO_FEW)


def copies_interval(
    counts: GeneCounts, side: int, sample: Sample, rules: LossRules
) -> tuple[float, float, float]:
    """Return the mean copies of an allele in tumour cells: lower 95 % bound, median, upper.

    From the allele's own fragments in tumour and normal, by libraries, purity and ploidy;
    none is negative. Missing where the libraries are not known.
    """
    if np.isnan(sample.library):
        return float("nan"), float("nan"), float("nan")
    tumour, normal = float(counts.tumour[side]), float(counts.normal[side])
    variance = rules.offset_sd**2 + rules.gene_depth_sd**2 + 2.0 * rules.drift**2
    variance += 1.0 / (tumour + 0.5) + 1.0 / (normal + 0.5)
    ratio = np.log((tumour + 0.25) / (normal + 0.25) / sample.library)
    ratios = np.exp(ratio + np.sqrt(variance) * ndtri(_QUANTILES))
    purity = sample.purities[:, np.newaxis]
    scale = (purity * sample.ploidy + 2.0 * (1.0 - purity)) / 2.0
    copies = np.maximum((ratios * scale - (1.0 - purity)) / purity, 0.0).ravel()
    weights = np.repeat(sample.weights, len(_QUANTILES))
    order = np.argsort(copies, kind="stable")
    below = np.cumsum(weights[order]) / weights.sum()
    at = np.minimum(np.searchsorted(below, _INTERVAL), len(order) - 1)
    low, middle, high = copies[order][at].tolist()
    return low, middle, high
