"""Cox models against their definition, written as loops over events and patients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize
from scipy.stats import chi2

from storiform.statistics.concordance import concordance
from storiform.statistics.cox import fit_cox
from storiform.statistics.firth_cox import fit_firth, penalised_likelihood
from storiform.statistics.risk_sets import information, risk_moments, risk_sets

CRITICAL = 3.841458820694124


def naive(cohort, coefficient, ties="efron"):
    """Return the log likelihood and the information, event by event."""
    time, event, stratum, x = cohort
    log_likelihood, matrix = 0.0, np.zeros((x.shape[1], x.shape[1]))
    for moment, where in sorted(set(zip(time[event], stratum[event], strict=True))):
        tied = np.flatnonzero(event & (time == moment) & (stratum == where))
        at_risk = np.flatnonzero((time >= moment) & (stratum == where))
        for done, dead in enumerate(tied):
            weight = np.exp(x[at_risk] @ coefficient)
            if ties == "efron":
                weight[np.isin(at_risk, tied)] *= 1 - done / len(tied)
            share = weight / weight.sum()
            log_likelihood += x[dead] @ coefficient - np.log(weight.sum())
            from_mean = x[at_risk] - share @ x[at_risk]
            matrix += from_mean.T @ (from_mean * share[:, None])
    return log_likelihood, matrix


def penalised(cohort, coefficient, ties="efron"):
    log_likelihood, matrix = naive(cohort, np.asarray(coefficient), ties)
    sign, logarithm = np.linalg.slogdet(matrix)
    return log_likelihood + 0.5 * logarithm if sign > 0 else -np.inf


def is_separable(cohort) -> bool:
    """Tell by a linear program whether some direction never ranks a death too low."""
    time, event, stratum, x = cohort
    pairs = [
        x[dead] - x[other]
        for dead in np.flatnonzero(event)
        for other in np.flatnonzero((time >= time[dead]) & (stratum == stratum[dead]))
    ]
    gaps = np.array([gap for gap in pairs if gap.any()])
    if not len(gaps):
        return False
    found = optimize.linprog(
        -gaps.sum(axis=0), A_ub=-gaps, b_ub=np.zeros(len(gaps)), bounds=[(-1, 1)] * x.shape[1]
    )
    return -found.fun > 1e-9


def patients(seed: int, covariates: int = 2, *, strata: int = 1):
    """Return a small cohort with many ties."""
    generator = np.random.default_rng(seed)
    n = int(generator.integers(6, 22))
    columns = np.column_stack(
        [generator.integers(0, 2, n), generator.normal(size=n), generator.integers(0, 4, n)]
    )[:, :covariates].astype(float)
    time = generator.integers(1, generator.integers(3, 25), n).astype(float)
    event = generator.random(n) < generator.choice([0.3, 0.6, 0.9])
    event[generator.integers(n)] = True
    return time, event, generator.integers(0, strata, n), columns


def fitted(cohort, ties="efron"):
    time, event, stratum, columns = cohort
    sets = risk_sets(time, event, stratum, ties)
    return sets, fit_cox(sets, columns)


seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@given(seed=seeds, strata=st.integers(1, 3))
def test_likelihood_and_information_are_those_of_the_loops(ties, seed, strata):
    cohort = patients(seed, 3, strata=strata)
    time, event, stratum, columns = cohort
    coefficient = np.random.default_rng(seed).normal(size=3)
    sets = risk_sets(time, event, stratum, ties)
    arranged = sets.arranged(columns)
    moments = risk_moments(sets, arranged, coefficient)
    value, matrix = naive(cohort, coefficient, ties)
    assert moments.log_likelihood == pytest.approx(value, rel=1e-9, abs=1e-9)
    found = information(sets, arranged, moments)
    np.testing.assert_allclose(found, matrix, rtol=1e-8, atol=1e-8)
    steps = np.eye(3) * 1e-5
    ahead, behind = (
        [naive(cohort, coefficient + sign * step, ties)[0] for step in steps]
        for sign in (1, -1)
    )
    slope = np.subtract(ahead, behind)
    np.testing.assert_allclose(moments.score * 2e-5, slope, atol=1e-9)


@pytest.mark.parametrize("covariates", [1, 2, 3])
@given(seed=seeds, strata=st.integers(1, 2))
def test_diverging_means_that_a_direction_separates(covariates, seed, strata):
    cohort = patients(seed, covariates, strata=strata)
    fit = fitted(cohort)[1]
    assert fit.is_diverging.any() == is_separable(cohort)
    assert fit.is_converged or fit.is_diverging.any()


@given(seed=seeds, strata=st.integers(1, 4))
def test_aliased_are_as_many_columns_as_the_information_lacks_ranks(seed, strata):
    cohort = patients(seed, 3, strata=strata)
    twice = np.column_stack([cohort[3], cohort[3][:, 0] + cohort[3][:, 2]])
    fit = fitted((*cohort[:3], twice))[1]
    matrix = naive((*cohort[:3], twice), np.zeros(4))[1]
    assert (~fit.is_aliased).sum() == np.linalg.matrix_rank(matrix, tol=1e-9)


@given(seed=seeds)
def test_no_coefficient_near_the_estimate_is_likelier(seed):
    cohort = patients(seed)
    fit = fitted(cohort)[1]
    if fit.is_aliased.any() or fit.is_diverging.any():
        return
    best = naive(cohort, fit.coefficient)[0]
    for step in np.vstack([np.eye(2), -np.eye(2)]) * fit.se:
        assert naive(cohort, fit.coefficient + 0.01 * step)[0] < best


@given(seed=seeds)
def test_order_of_the_patients_is_irrelevant(seed):
    cohort = patients(seed, strata=2)
    turned = np.random.default_rng(seed).permutation(len(cohort[0]))
    fit, other = fitted(cohort)[1], fitted(tuple(part[turned] for part in cohort))[1]
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-9, abs=1e-9)
    if not fit.is_diverging.any():
        np.testing.assert_allclose(other.coefficient, fit.coefficient, rtol=1e-6, atol=1e-9)


@given(seed=seeds, strata=st.integers(1, 3))
def test_concordance_counts_the_pairs_of_the_loops(seed, strata):
    time, event, stratum, columns = patients(seed, 3, strata=strata)
    score, n = columns[:, 2], len(time)
    points, count = np.zeros(n), np.zeros(n)
    for one in range(n):
        for two in range(n):
            sooner = time[one] < time[two] or (time[one] == time[two] and not event[two])
            if one == two or not event[one] or not sooner or stratum[one] != stratum[two]:
                continue
            worth = 0.5 * (1 + np.sign(score[one] - score[two]))
            points[[one, two]] += worth
            count[[one, two]] += 1
    found = concordance(time, event, score, stratum)
    if not count.any():
        assert np.isnan(found.value)
        return
    value = points.sum() / count.sum()
    assert found.value == pytest.approx(value, rel=1e-12)
    spread = (points - value * count) / (count.sum() / 2)
    assert found.se == pytest.approx(np.sqrt((spread**2).sum()), rel=1e-9, abs=1e-12)


@given(seed=seeds)
def test_slope_of_the_penalised_likelihood_is_its_difference(seed):
    cohort = patients(seed, 3)
    coefficient = np.random.default_rng(seed).normal(size=3)
    sets = risk_sets(*cohort[:3])
    found = penalised_likelihood(sets, sets.arranged(cohort[3]), coefficient)
    if np.linalg.cond(found.information) > 1e4:
        return
    for place, step in enumerate(np.eye(3) * 1e-5):
        rise = penalised(cohort, coefficient + step) - penalised(cohort, coefficient - step)
        assert found.slope[place] == pytest.approx(rise / 2e-5, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("seed", [50, 51, 52, 54, 55, 56])
def test_penalised_estimate_interval_and_p_are_those_of_a_search(seed, ties):
    """The twin searches the naive likelihood without any derivative."""
    time, event, stratum, columns = patients(seed)
    event = event & (columns[:, 0] == 0)
    cohort = (time, event, stratum, columns)
    sets, fit = fitted(cohort, ties)
    assert fit.is_diverging[0]
    found = fit_firth(sets, columns)
    search = optimize.minimize(
        lambda at: -penalised(cohort, at, ties), np.zeros(2), method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-13, "maxfev": 5000, "maxiter": 5000},
    )  # fmt: skip
    np.testing.assert_allclose(found.coefficient, search.x, atol=1e-5)
    assert found.log_likelihood == pytest.approx(-search.fun, abs=1e-9)

    def profile(value: float) -> float:
        along = optimize.minimize_scalar(
            lambda other: -penalised(cohort, [value, other], ties), options={"xtol": 1e-10}
        )
        return 2 * (-search.fun + along.fun)

    for bound in (found.interval[0][0], found.interval[1][0]):
        assert profile(bound) == pytest.approx(CRITICAL, abs=1e-5)
    assert found.p[0] == pytest.approx(chi2.sf(profile(0.0), 1), abs=1e-6)
    whole = 2 * (-search.fun - penalised(cohort, np.zeros(2), ties))
    assert found.likelihood_ratio.p == pytest.approx(chi2.sf(whole, 2), abs=1e-6)
