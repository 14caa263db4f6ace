"""Kernels of the count model are their textbook twins of ten lines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from scipy.optimize import minimize

from storiform.kernels.count_regression import (
    RIDGE,
    ROUNDS,
    fit_coefficients,
    spread_coefficients,
    weigh_coefficients,
)
from storiform.kernels.definite_matrices import factor_matrix, invert_factored
from storiform.kernels.dispersion_climb import (
    digamma,
    fit_dispersions,
    search_dispersions,
    slope_of_posterior,
    weigh_posterior,
)
from storiform.kernels.shrinkage import WIDE, shrink_coefficients

SEEDS = st.integers(0, 2**32 - 1)


def invented(seed: int):
    """Return counts (n,), means (n,), a design (n, p) with an outcome last, size factors."""
    generator = np.random.default_rng(seed)
    samples, columns = int(generator.integers(5, 12)), int(generator.integers(2, 4))
    outcome = (np.arange(samples) % 2).astype(float)
    others = generator.normal(0.0, 1.0, (samples, columns - 2))
    design = np.ascontiguousarray(np.column_stack([np.ones(samples), others, outcome]))
    sizes = generator.uniform(0.5, 2.0, samples)
    means = sizes * generator.uniform(5.0, 500.0)
    dispersion = generator.uniform(0.05, 1.0)
    counts = generator.negative_binomial(1.0 / dispersion, 1.0 / (1.0 + dispersion * means))
    counts = counts.astype(float)
    counts[:2] += 1.0
    return counts, means, design, sizes


def density(counts, means, dispersion):
    """Return the log likelihood by scipy's negative binomial."""
    share = 1.0 / (1.0 + dispersion * means)
    return stats.nbinom.logpmf(counts, 1.0 / dispersion, share).sum()


def adjusted(log_alpha, counts, means, design, prior):
    """Return the Cox-Reid adjusted log posterior."""
    alpha = np.exp(log_alpha)
    information = design.T @ (design * (1.0 / (1.0 / means + alpha))[:, None])
    height = density(counts, means, alpha) - 0.5 * np.linalg.slogdet(information)[1]
    return height - 0.5 * (log_alpha - prior[0]) ** 2 / prior[1]


def room_for(design):
    samples, columns = design.shape
    return np.empty((2 * columns + 1, max(samples, columns)))


@given(st.floats(1e-3, 1e9))
def test_digamma_is_scipys(x):
    assert digamma(x) == pytest.approx(special.digamma(x), rel=1e-10, abs=1e-10)


@given(SEEDS, st.integers(1, 6))
def test_inverse_and_determinant_are_numpys(seed, size):
    root = np.random.default_rng(seed).normal(0.0, 1.0, (size + 2, size))
    matrix = root.T @ root + 0.1 * np.eye(size)
    factor, inverse = matrix.copy(), np.empty((size, size))
    assert factor_matrix(factor) == pytest.approx(np.linalg.slogdet(matrix)[1], abs=1e-9)
    invert_factored(factor, inverse)
    np.testing.assert_allclose(inverse, np.linalg.inv(matrix), rtol=1e-7, atol=1e-9)


def test_rows_of_a_wider_scratch_are_a_matrix_all_the_same():
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    room = np.full((4, 5), np.nan)
    room[:2, :2] = matrix
    assert factor_matrix(room[:2]) == pytest.approx(np.linalg.slogdet(matrix)[1])
    invert_factored(room[:2], room[2:])
    np.testing.assert_allclose(room[2:, :2], np.linalg.inv(matrix))


def test_matrix_that_is_not_positive_has_no_factor():
    assert factor_matrix(np.array([[1.0, 2.0], [2.0, 1.0]])) == -np.inf


@given(SEEDS, st.floats(-4.0, 2.0), st.floats(-4.0, 2.0))
def test_posterior_of_a_dispersion_is_that_of_its_definition(seed, here, there):
    counts, means, design, _ = invented(seed)
    prior, room = np.array([-1.0, 0.7]), room_for(design)
    ours = [weigh_posterior(at, counts, means, design, prior, room) for at in (here, there)]
    twin = [adjusted(at, counts, means, design, prior) for at in (here, there)]
    assert ours[1] - ours[0] == pytest.approx(twin[1] - twin[0], abs=1e-7)


@given(SEEDS, st.floats(-4.0, 2.0))
def test_slope_is_the_rise_of_the_posterior(seed, here):
    counts, means, design, _ = invented(seed)
    prior, room = np.array([0.5, 2.0]), room_for(design)
    ends = [
        weigh_posterior(here + step, counts, means, design, prior, room)
        for step in (-1e-5, 1e-5)
    ]
    slope = slope_of_posterior(here, counts, means, design, prior, room)
    assert slope == pytest.approx((ends[1] - ends[0]) / 2e-5, abs=1e-4, rel=1e-4)


@settings(max_examples=15)
@given(SEEDS)
def test_climb_ends_on_the_top_and_so_does_the_search(seed):
    counts, means, design, _ = invented(seed)
    priors = np.array([[-1.0, 1.0]])
    climbed = fit_dispersions(counts[None], means[None], design, np.array([0.1]), priors)[0]
    searched = search_dispersions(counts[None], means[None], design, priors, 10.0)[0]
    grid = np.linspace(np.log(1e-8), np.log(10.0), 1001)
    heights = [adjusted(at, counts, means, design, priors[0]) for at in grid]
    top = grid[np.argmax(heights)]
    assert abs(climbed[0] - top) < 0.03  # the grid of the twin has steps of .02
    assert abs(searched - top) < 0.12  # the finer grid has steps of .11
    assert climbed[3] >= climbed[2]


@given(SEEDS)
def test_coefficients_are_at_the_maximum_of_the_likelihood(seed):
    counts, _, design, sizes = invented(seed)
    counts += 20.0  # all means above the least one
    starts = np.zeros((1, design.shape[1]))
    starts[0, 0] = np.log((counts / sizes).mean())
    beta, rounds = fit_coefficients(counts[None], sizes, design, np.array([0.3]), starts)
    assert rounds[0] < ROUNDS

    def cost(at):
        return -density(counts, sizes * np.exp(design @ at), 0.3)

    found = minimize(
        cost, beta[0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11}
    )
    assert cost(beta[0]) <= found.fun + 1e-5
    np.testing.assert_allclose(beta[0], found.x, atol=1e-3)


@given(SEEDS)
def test_errors_and_leverages_are_those_of_the_weighted_design(seed):
    counts, _, design, sizes = invented(seed)
    beta = np.zeros((1, design.shape[1]))
    beta[0, 0] = np.log((counts / sizes).mean() + 1.0)
    variances, leverages = spread_coefficients(sizes, design, np.array([0.3]), beta)
    means = np.maximum(sizes * np.exp(design @ beta[0]), 0.5)
    weights = means / (1.0 + 0.3 * means)
    information = design.T @ (design * weights[:, None])
    inverse = np.linalg.inv(information + RIDGE * np.eye(design.shape[1]))
    sandwich = inverse @ information @ inverse
    np.testing.assert_allclose(variances[0], np.diag(sandwich), rtol=1e-7)
    hat = np.einsum("ij,jk,ik->i", design, inverse, design) * weights
    np.testing.assert_allclose(leverages[0], hat, rtol=1e-7, atol=1e-12)


@given(SEEDS)
def test_weight_of_log2_coefficients_is_the_likelihood_and_the_ridge(seed):
    counts, _, design, sizes = invented(seed)
    beta = np.full(design.shape[1], 0.4)
    ours = weigh_coefficients(counts, sizes, design, 0.3, beta)
    likelihood = density(counts, sizes * np.exp2(design @ beta), 0.3)
    assert ours == pytest.approx(-likelihood + 0.5e-6 * (beta**2).sum(), rel=1e-9)


@settings(max_examples=15)
@given(SEEDS, st.floats(0.05, 1.0))
def test_shrunken_coefficient_is_the_mode_of_the_posterior(seed, scale):
    counts, _, design, sizes = invented(seed)
    offsets = np.log(sizes)
    starts = np.zeros((1, design.shape[1]))
    starts[0, 0] = np.log((counts / sizes).mean())
    starts = fit_coefficients(counts[None], sizes, design, np.array([0.3]), starts)[0]

    def cost(at):
        prior = np.log1p((at[-1] / scale) ** 2) + 0.5 * ((at[:-1] / WIDE) ** 2).sum()
        return prior - density(counts, sizes * np.exp(design @ at), 0.3)

    mode = shrink_coefficients(counts[None], offsets, design, np.array([0.3]), starts, scale)[0]
    lowest = np.inf
    for tested in (0.0, 1.0, -1.0):
        start = np.append(starts[0, :-1], tested)
        found = minimize(
            cost, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10}
        )
        if found.fun < lowest - 1e-9:
            lowest, best = found.fun, found.x[-1]
    held = minimize(
        lambda rest: cost(np.append(rest, mode)), starts[0, :-1], method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-10},
    )  # fmt: skip
    assert held.fun <= lowest + 1e-5 or abs(mode - best) < 1e-3


def test_coefficient_that_goes_astray_is_told_and_stays_before_it():
    design = np.column_stack([np.ones(6), np.arange(6) % 2])
    counts = np.array([[0.0, 4e6, 0.0, 0.0, 0.0, 0.0]])
    starts = np.array([[0.0, 0.5]])
    beta, rounds = fit_coefficients(counts, np.ones(6), design, np.array([30.0]), starts)
    assert rounds[0] > ROUNDS
    assert np.abs(beta).max() <= 30.0
