"""Conditional and unconditional logistic regression do what their definitions say."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from storiform.statistics.conditional_logistic import conditional_hill, fit_conditional
from storiform.statistics.logistic import fit_logistic, is_separated, logistic_hill

SEEDS = st.integers(0, 10_000)
HALF_CHI_SQUARED = stats.chi2.isf(0.05, 1) / 2


def cohort(seed: int, n: int = 15):
    """Return columns, outcomes and strata in which not all outcomes are alike."""
    generator = np.random.default_rng(seed)
    columns = generator.normal(size=(n, 2)).round(1)
    strata = np.repeat([4, 1, 2], [7, 5, n - 12])
    outcome = (generator.random(n) < 0.45).astype(float)
    outcome[:2], outcome[7:9] = (0.0, 1.0), (0.0, 1.0)
    return columns, outcome, strata


def counted(columns, outcome, strata, beta) -> float:
    """Return the conditional log likelihood from all ways to draw those with the outcome."""
    value = 0.0
    for stratum in np.unique(strata):
        score = columns[strata == stratum] @ beta
        has = outcome[strata == stratum] == 1.0
        ways = itertools.combinations(range(len(score)), int(has.sum()))
        value += score[has].sum() - np.log(sum(np.exp(score[list(way)].sum()) for way in ways))
    return float(value)


def differences(value, beta) -> np.ndarray:
    steps = 1e-5 * np.eye(len(beta))
    return np.array([(value(beta + step) - value(beta - step)) / 2e-5 for step in steps])


@settings(max_examples=25)
@given(SEEDS)
def test_conditional_likelihood_counts_all_ways_to_draw(seed):
    columns, outcome, strata = cohort(seed)
    beta = np.random.default_rng(seed + 1).normal(size=2)
    found = conditional_hill(columns, outcome, strata, is_penalised=False).at(beta)

    def value(at):
        return counted(columns, outcome, strata, at)

    assert found.value == pytest.approx(value(beta), rel=1e-11)
    np.testing.assert_allclose(found.slope, differences(value, beta), rtol=1e-6, atol=1e-7)
    curvature = -differences(lambda at: differences(value, at), beta)
    np.testing.assert_allclose(found.information, curvature, rtol=1e-3, atol=1e-4)


@settings(max_examples=25)
@given(SEEDS, st.booleans())
def test_slopes_and_curvatures_are_those_of_differences(seed, is_conditional):
    columns, outcome, strata = cohort(seed)
    if is_conditional:
        hill = conditional_hill(columns, outcome, strata, is_penalised=True)
    else:
        terms = np.column_stack([np.ones(len(columns)), columns])
        hill = logistic_hill(terms, outcome, is_penalised=True)
    beta = np.random.default_rng(seed + 1).normal(size=len(hill.spread)) / 2
    found = hill.at(beta)
    slope = differences(lambda at: hill.at(at).value, beta)
    np.testing.assert_allclose(found.slope, slope, rtol=1e-6, atol=1e-7)
    if not is_conditional:
        curvature = -differences(lambda at: hill.at(at).slope, beta)
        np.testing.assert_allclose(found.curvature, curvature, rtol=1e-6, atol=1e-7)


def test_many_draws_of_a_large_stratum_neither_overflow_nor_cancel():
    columns = np.random.default_rng(1).normal(size=(1200, 1))
    outcome = np.repeat([1.0, 0.0], 600)
    hill = conditional_hill(columns, outcome, np.zeros(1200, dtype=int), is_penalised=False)
    flat = hill.at(np.zeros(1))
    # Without an effect each way is as likely: the sum has the moments of a random sample.
    assert flat.information[0, 0] == pytest.approx(300 * columns.var(ddof=1), rel=1e-9)
    assert np.isfinite(hill.at(np.array([4.0])).value)


@settings(max_examples=15)
@given(SEEDS, st.booleans())
def test_p_and_interval_are_those_of_the_naive_profile(seed, is_conditional):
    columns, outcome, strata = cohort(seed, 18)
    codes = strata if is_conditional else np.zeros(len(strata), dtype=int)
    levels = (codes[:, None] == np.unique(codes)).astype(float)
    told = np.isin(codes, [c for c in np.unique(codes) if np.ptp(outcome[codes == c])])
    levels = levels[:, levels[told].any(axis=0)]
    if is_separated(np.column_stack([levels, columns])[told], outcome[told]):
        return
    if is_conditional:
        found = fit_conditional(columns, outcome, strata)
        hill = conditional_hill(columns, outcome, strata, is_penalised=False)
    else:
        found = fit_logistic(columns, outcome)
        terms = np.column_stack([np.ones(len(columns)), columns])
        hill = logistic_hill(terms, outcome, is_penalised=False)
    size = len(hill.spread)

    def height(value: float) -> float:
        free = np.arange(size - 1)

        def lowered(at):
            return -hill.at(np.append(at, value)).value

        return -float(optimize.minimize(lowered, np.zeros(len(free)), tol=1e-10).fun)

    best = height(float(found.coefficient[-1]))
    assert best == pytest.approx(found.log_likelihood, abs=1e-8)
    p = stats.chi2.sf(2 * (best - height(0.0)), 1)
    assert found.around.p[-1] == pytest.approx(p, rel=1e-4)
    for end in (found.around.lower[-1], found.around.upper[-1]):
        assert best - height(float(end)) == pytest.approx(HALF_CHI_SQUARED, rel=1e-4)
