"""How well each purity and ploidy explains the segments, their alleles and the mutations.

For one purity the alleles and the mutations of a segment weigh each state alike for every
ploidy: their part is made once, and the sum over the ploidies is left with a few additions
and multiplications a segment.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FARTHEST = 200.0
"""Squared deviations, in variances, beyond which a state explains nothing."""
DEGREES = 5.0
"""Degrees of freedom of the log ratio's Student t: heavy tails for what no model foresees."""
PEAK = 0.3796066898224944
"""Height of that density, times its scale."""
_SMALLEST = 1e-300
_LN2 = 0.6931471805599453


class SegmentEvidence(NamedTuple):
    """What is known of the segments.

    Parameters
    ----------
    ratios
        float64 (s,), log2 ratios, centred on the mean copies.
    variances
        float64 (s,), their variances.
    weights
        float64 (s,), how much each segment counts.
    normal
        float64 (s,), copies in normal cells.
    shares
        float64 (s, k), ln likelihood of the alleles, by share of the major allele from .5
        to 1 in equal steps.
    """

    ratios: Floats
    variances: Floats
    weights: Floats
    normal: Floats
    shares: Floats


class MutationEvidence(NamedTuple):
    """What is known of the mutations.

    Parameters
    ----------
    segments
        int64 (m,), the segment of each, sorted.
    likelihoods
        float64 (m, v), likelihood of its reads by the share of cells' copies that carry it,
        from 0 to 1 in equal steps.
    below
        float64 (m, v), mean of these likelihoods from 0 to there.
    strays
        float64 (m,), likelihood of its reads where it is no mutation of the tumour's.
    weight
        How much a mutation counts.
    """

    segments: Ints
    likelihoods: Floats
    below: Floats
    strays: Floats
    weight: float


class StateRules(NamedTuple):
    """Which states there are, and what is thought of them beforehand.

    Parameters
    ----------
    totals, minors
        int64 (q,), copies of each state; states of one total stand together, from 0 up.
    priors
        float64 (w, q), ln of their shares of the genome, by kind of genome.
    free
        ln of the density of a segment that no state explains.
    subclonal
        Share of mutations that only some cells carry.
    stray
        Share of mutations that are none.
    """

    totals: Ints
    minors: Ints
    priors: Floats
    free: float
    subclonal: float
    stray: float


@compiled
def value_at(row: Floats, place: float) -> float:
    """Return a row's value at a share from 0 to 1, by straight lines between its points."""
    last = row.size - 1
    scaled = min(max(place, 0.0), 1.0) * last
    left = min(int(scaled), last - 1)
    rest = scaled - left
    return float((1.0 - rest) * row[left] + rest * row[left + 1])


@compiled
def mutation_likelihood(
    likelihoods: Floats, below: Floats, purity: float, state: tuple[float, float, float],
    shares: tuple[float, float],
) -> float:  # fmt: skip
    """Return the likelihood of a mutation's reads on a segment of given copies.

    Half of the clonal mutations came after the last change of copies and sit on one of them;
    of those before it most sit on all copies of the allele that they hit.
    """
    total, minor, normal = state
    subclonal, stray = shares
    whole = purity * total + normal * (1.0 - purity)
    if total < 1.0 or whole <= 0.0:
        return stray
    single = purity / whole
    major = int(total - minor)
    alone = value_at(likelihoods, single)
    clonal = alone
    if major > 1:
        clonal = 0.5 * alone
        held = 0.4 if minor < 1.0 else 0.2
        clonal += held * value_at(likelihoods, major * single)
        if minor >= 1.0:
            clonal += 0.2 * value_at(likelihoods, minor * single)
        for copies in range(1, major + 1):
            clonal += 0.1 / major * value_at(likelihoods, copies * single)
    some = value_at(below, single)
    return (1.0 - subclonal - stray) * clonal + subclonal * some + stray


@compiled
def score_mutations(
    scores: Floats, mutations: MutationEvidence, states: StateRules, purity: float,
    normal: Floats,
) -> None:  # fmt: skip
    """Add the ln likelihood of each segment's mutations, by state, to `scores` (s, q)."""
    for state in range(states.totals.size):
        total, minor = float(states.totals[state]), float(states.minors[state])
        for mutation in range(mutations.segments.size):
            segment = mutations.segments[mutation]
            seen = mutation_likelihood(
                mutations.likelihoods[mutation], mutations.below[mutation], purity,
                (total, minor, normal[segment]),
                (states.subclonal, states.stray * mutations.strays[mutation]),
            )  # fmt: skip
            scores[segment, state] += mutations.weight * np.log(max(seen, _SMALLEST))


@compiled
def mean_of_logs(row: Floats) -> float:
    """Return the ln of the mean of the exponentials of a row."""
    highest = row[0]
    for value in row:
        highest = max(highest, value)
    total = 0.0
    for value in row:
        total += np.exp(value - highest)
    return float(highest + np.log(total / row.size))


@compiled
def weigh_states(
    odds: Floats, free: Floats, segments: SegmentEvidence, states: StateRules,
    purity: float, of_mutations: Floats,
) -> None:  # fmt: skip
    """Set the odds (w, s, n) of each total against no state, before the log ratio.

    `free` (s,) becomes the ln likelihood where no state explains the segment.
    """
    odds[:] = 0.0
    kinds, count = states.priors.shape
    for segment in range(segments.ratios.size):
        normal, weight = segments.normal[segment], segments.weights[segment]
        row = segments.shares[segment]
        told = mean_of_logs(of_mutations[segment]) / weight
        free[segment] = states.free + mean_of_logs(row) + told
        for state in range(count):
            total = float(states.totals[state])
            whole = max(purity * total + normal * (1.0 - purity), 0.02)
            least = purity * states.minors[state] + 0.5 * normal * (1.0 - purity)
            share = max(1.0 - least / whole, 0.5)
            known = value_at(row, 2.0 * share - 1.0) + of_mutations[segment, state] / weight
            for kind in range(kinds):
                gain = known + states.priors[kind, state] - free[segment]
                odds[kind, segment, states.totals[state]] += np.exp(min(gain, 600.0))


@compiled
def score_ploidy(
    scores: Floats, odds: Floats, free: Floats, segments: SegmentEvidence,
    hypothesis: tuple[float, float],
) -> None:  # fmt: skip
    """Set the ln likelihood (w,) of one purity and ploidy, given the odds (w, s, n)."""
    purity, ploidy = hypothesis
    base = np.log(purity * ploidy + 2.0 * (1.0 - purity))
    scores[:] = 0.0
    explained = np.zeros(scores.size)
    for segment in range(segments.ratios.size):
        normal, variance = segments.normal[segment], segments.variances[segment]
        rest = normal * (1.0 - purity)
        height = PEAK / np.sqrt(variance)
        aim = segments.ratios[segment] * _LN2 + base + np.log(0.5 * normal)
        reach = np.exp(_LN2 * np.sqrt(FARTHEST * variance))
        first = max(0, int((np.exp(aim) / reach - rest) / purity))
        last = min(odds.shape[2], int((np.exp(aim) * reach - rest) / purity) + 2)
        explained[:] = 0.0
        for total in range(first, last):
            expected = np.log(max(purity * total + rest, 0.01 * normal))
            off = (aim - expected) / _LN2
            far = off * off / variance
            if far < FARTHEST:
                tail = 1.0 + far / DEGREES
                density = height / (tail * tail * tail)
                for kind in range(scores.size):
                    explained[kind] += odds[kind, segment, total] * density
        for kind in range(scores.size):
            score = free[segment] + np.log(1.0 + explained[kind])
            scores[kind] += segments.weights[segment] * score


@compiled
def score_hypotheses(
    segments: SegmentEvidence, mutations: MutationEvidence, states: StateRules,
    purities: Floats, ploidies: Floats,
) -> Floats:  # fmt: skip
    """Return the ln likelihood of each kind of genome, purity and ploidy.

    Parameters
    ----------
    segments, mutations, states
        What is known, and what may be.
    purities, ploidies
        float64 (g,) and (g, h): each purity has its own ploidies.

    Returns
    -------
    numpy.ndarray
        float64 (w, g, h).
    """
    kinds, count = states.priors.shape
    number = segments.ratios.size
    scores = np.zeros((purities.size, ploidies.shape[1], kinds))
    odds = np.zeros((kinds, number, states.totals[count - 1] + 1))
    free = np.zeros(number)
    for column in range(purities.size):
        purity = purities[column]
        told = np.zeros((number, count))
        score_mutations(told, mutations, states, purity, segments.normal)
        weigh_states(odds, free, segments, states, purity, told)
        for row in range(ploidies.shape[1]):
            hypothesis = (purity, ploidies[column, row])
            score_ploidy(scores[column, row], odds, free, segments, hypothesis)
    return np.ascontiguousarray(scores.transpose(2, 0, 1))
