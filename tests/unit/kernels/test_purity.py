"""The score of purity and ploidy is the sum that its formula says, segment by segment."""

import numpy as np
import pytest

from storiform.kernels.purity import (
    MutationEvidence,
    SegmentEvidence,
    StateRules,
    mean_of_logs,
    mutation_likelihood,
    score_hypotheses,
    value_at,
)
from storiform.model.copies import expected_log2, expected_share

TOTALS = np.array([0, 1, 2, 2, 3, 3], dtype=np.int64)
MINORS = np.array([0, 0, 0, 1, 0, 1], dtype=np.int64)
FRACTIONS = np.linspace(0.0, 1.0, 101)


def states() -> StateRules:
    priors = np.log([[0.01, 0.1, 0.09, 0.6, 0.1, 0.1], [0.02, 0.2, 0.2, 0.2, 0.2, 0.18]])
    return StateRules(TOTALS, MINORS, priors, float(np.log(0.0125)), 0.3, 0.02)


def segments(rng: np.random.Generator) -> SegmentEvidence:
    return SegmentEvidence(
        rng.normal(0.0, 0.3, 5),
        rng.uniform(0.001, 0.01, 5),
        rng.uniform(0.2, 1.0, 5),
        np.array([2.0, 2.0, 2.0, 1.0, 2.0]),
        rng.normal(0.0, 2.0, (5, 11)),
    )


def mutations(rng: np.random.Generator, number: int) -> MutationEvidence:
    likelihoods = rng.uniform(0.0, 0.1, (number, 101))
    below = np.cumsum(likelihoods, axis=1) / np.arange(1, 102)
    rows = np.sort(rng.integers(0, 5, number)).astype(np.int64)
    return MutationEvidence(rows, likelihoods, below, np.full(number, 0.01), 0.5)


def naive_mutation(row, below, purity, state, shares) -> float:
    total, minor, normal = state
    if total == 0:
        return shares[1]
    one = purity / (purity * total + normal * (1 - purity))
    at = lambda copies: float(np.interp(copies * one, FRACTIONS, row))  # noqa: E731
    major = total - minor
    clonal = at(1)
    if major > 1:
        before = [0.4 * at(major)] if minor == 0 else [0.2 * at(major), 0.2 * at(minor)]
        anywhere = np.mean([at(copies) for copies in range(1, int(major) + 1)])
        clonal = 0.5 * at(1) + sum(before) + 0.1 * anywhere
    some = float(np.interp(one, FRACTIONS, below))
    return (1 - sum(shares)) * clonal + shares[0] * some + shares[1]


def naive_score(known: SegmentEvidence, calls: MutationEvidence, kind, purity, ploidy) -> float:
    rules, score, sixths = states(), 0.0, np.linspace(0.5, 1.0, 11)
    for row in range(5):
        normal, weight = known.normal[row], known.weights[row]
        told = np.zeros(len(TOTALS))
        for call in np.flatnonzero(calls.segments == row):
            for state in range(len(TOTALS)):
                copies = (TOTALS[state], MINORS[state], normal)
                shares = (rules.subclonal, rules.stray * calls.strays[call])
                pair = (calls.likelihoods[call], calls.below[call])
                told[state] += 0.5 * np.log(naive_mutation(*pair, purity, copies, shares))
        untold = np.exp(told).mean() ** (1 / weight)
        told /= weight
        sd = np.sqrt(known.variances[row])
        off = (known.ratios[row] - expected_log2(purity, ploidy, TOTALS, normal)) / sd
        density = 0.3796066898224944 / sd * (1 + off**2 / 5) ** -3
        if normal == 2:
            place = expected_share(purity, TOTALS, MINORS)
        else:
            whole = purity * TOTALS + normal * (1 - purity)
            place = np.maximum(1 - (purity * MINORS + normal * (1 - purity) / 2) / whole, 0.5)
        alleles = np.interp(place, sixths, known.shares[row])
        explained = np.exp(rules.priors[kind] + alleles + told) @ density
        free = np.exp(rules.free) * np.exp(known.shares[row]).mean() * untold
        score += weight * np.log(explained + free)
    return score


@pytest.mark.parametrize("number", [0, 7])
def test_scores_are_those_of_the_formula(number):
    rng = np.random.default_rng(5)
    known, calls = segments(rng), mutations(rng, number)
    purities = np.array([0.2, 0.55, 0.9])
    ploidies = np.array([[1.8, 2.0], [2.0, 2.6], [1.5, 3.0]])
    found = score_hypotheses(known, calls, states(), purities, ploidies)
    assert found.shape == (2, 3, 2)
    for kind in range(2):
        for row in range(3):
            for column in range(2):
                asked = (kind, purities[row], ploidies[row, column])
                expected = naive_score(known, calls, *asked)
                assert found[kind, row, column] == pytest.approx(expected, abs=2e-3)


def test_a_segment_that_no_state_explains_has_the_score_of_the_free_state():
    known = SegmentEvidence(
        np.array([9.0]), np.array([1e-4]), np.ones(1), np.full(1, 2.0), np.zeros((1, 11))
    )
    calls = mutations(np.random.default_rng(1), 0)
    found = score_hypotheses(known, calls, states(), np.array([0.5]), np.array([[2.0]]))
    assert found[:, 0, 0] == pytest.approx([np.log(0.0125)] * 2)


def test_values_between_points_lie_on_straight_lines_and_stay_within_the_row():
    row = np.array([0.0, 2.0, 6.0])
    found = [float(value_at(row, place)) for place in (-1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 2.0)]
    assert found == [0.0, 0.0, 1.0, 2.0, 4.0, 6.0, 6.0]


def test_a_mutation_on_no_copies_is_none():
    row = np.ones(101)
    assert mutation_likelihood(row, row, 0.5, (0.0, 0.0, 2.0), (0.3, 0.02)) == 0.02


@pytest.mark.parametrize("state", [(1.0, 0.0, 2.0), (2.0, 0.0, 2.0), (4.0, 2.0, 2.0)])
def test_weights_of_all_that_a_mutation_can_be_add_up_to_one(state):
    row = np.ones(101)
    found = mutation_likelihood(row, row, 0.5, state, (0.3, 0.02))
    assert found == pytest.approx(1.0)


def test_the_mean_of_logs_neither_overflows_nor_underflows():
    assert mean_of_logs(np.array([-2000.0, -2000.0])) == pytest.approx(-2000.0)
    assert mean_of_logs(np.array([900.0, -900.0])) == pytest.approx(900.0 - np.log(2.0))
