"""Small-sample tests count what their naive twins count one by one."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from storiform.statistics.chi_squared import trend_of_shares
from storiform.statistics.correlations import kendall, spearman
from storiform.statistics.kruskal import kruskal_wallis
from storiform.statistics.logistic import fit_logistic, is_separated, logistic_hill
from storiform.statistics.multiplicity import adjusted
from storiform.statistics.profile_likelihood import climb
from storiform.statistics.proportions import binomial_p, wilson
from storiform.statistics.signed_rank import signed_rank

ORDERS = st.integers(3, 7).flatmap(lambda n: st.permutations(range(n)))
PATIENTS = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=4, max_size=14)


@settings(max_examples=20)
@given(ORDERS)
def test_rank_correlations_are_as_far_out_as_the_share_of_orders(order):
    n, y = len(order), np.array(order, dtype=float)
    x = np.arange(float(n))
    every = [np.array(other) for other in itertools.permutations(range(n))]
    squares = np.array([np.square(other - x).sum() for other in every])
    mine, middle = np.square(y - x).sum(), n * (n * n - 1) / 6
    side = squares >= mine if mine > middle else squares <= mine
    assert spearman(x, y).p == pytest.approx(min(2 * side.mean(), 1.0))
    pairs = list(itertools.combinations(range(n), 2))
    concordant = np.array([sum(o[a] < o[b] for a, b in pairs) for o in every])
    mine = sum(y[a] < y[b] for a, b in pairs)
    side = concordant >= mine if mine > len(pairs) / 2 else concordant <= mine
    assert kendall(x, y).p == pytest.approx(min(2 * side.mean(), 1.0))


@given(st.lists(st.booleans(), min_size=1, max_size=9))
def test_signed_rank_is_as_far_out_as_the_share_of_signs(signs):
    sizes = np.arange(1.0, len(signs) + 1) ** 1.1
    found = signed_rank(np.zeros(len(signs)), np.where(signs, sizes, -sizes))
    ranks = np.arange(1, len(signs) + 1)
    sums = np.array(
        [(ranks * np.array(s)).sum() for s in itertools.product((0, 1), repeat=len(signs))]
    )
    low = min(found.statistic, ranks.sum() - found.statistic)
    assert found.is_exact
    assert found.p == pytest.approx(min(2 * (sums <= low).mean(), 1.0))


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=15))
def test_signed_rank_of_the_other_direction_is_the_same(changes):
    zeros, values = np.zeros(len(changes)), np.array(changes, dtype=float)
    one, other = signed_rank(zeros, values), signed_rank(values, zeros)
    assert one.p == pytest.approx(other.p, nan_ok=True)
    assert one.n == np.count_nonzero(values)
    assert math.isnan(one.p) == (one.n == 0)


@given(PATIENTS, st.integers(2, 3))
def test_kruskal_wallis_is_that_of_scipy(patients, groups):
    values = np.array([value for value, _ in patients], dtype=float)
    numbers = np.arange(len(values)) % groups
    found = kruskal_wallis(values, numbers)
    if np.ptp(values) == 0:
        assert math.isnan(found.p)
        return
    expected = stats.kruskal(*[values[numbers == group] for group in range(groups)])
    assert (found.statistic, found.p) == pytest.approx(tuple(expected), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=5))
def test_trend_is_n_times_the_squared_correlation_with_the_score(groups):
    hits = np.array([hit for hit, _ in groups])
    trials = hits + [miss for _, miss in groups]
    found = trend_of_shares(hits, trials)
    scores = np.repeat(np.arange(len(groups)), trials)
    outcome = np.concatenate([[1.0] * hit + [0.0] * miss for hit, miss in groups])
    if len(scores) == 0 or np.ptp(scores) == 0 or np.ptp(outcome) == 0:
        assert math.isnan(found.p)
        return
    r = np.corrcoef(scores, outcome)[0, 1]
    assert found.statistic == pytest.approx(len(scores) * r * r, abs=1e-9)


@given(st.integers(0, 20), st.integers(1, 20), st.floats(0.01, 0.99))
def test_binomial_p_is_that_of_scipy_and_wilson_inverts_the_score(successes, trials, rate):
    successes = min(successes, trials)
    for side in ("two-sided", "greater", "less"):
        expected = stats.binomtest(successes, trials, rate, side).pvalue
        assert binomial_p(successes, trials, rate, side) == pytest.approx(expected, abs=1e-12)
    lower, upper = wilson(successes, trials)
    for end in (lower, upper):
        if 0.0 < end < 1.0:
            z = (successes / trials - end) / math.sqrt(end * (1 - end) / trials)
            assert abs(z) == pytest.approx(1.959963984540054, rel=1e-7)


@given(st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.04, 0.3, 1.0]), max_size=6))
def test_hommel_is_the_hardest_of_all_sets_that_hold_the_test(p):
    found = adjusted(p, "hommel")
    for place in range(len(p)):
        others = [number for number in range(len(p)) if number != place]
        sets = itertools.chain.from_iterable(
            itertools.combinations(others, size) for size in range(len(p))
        )
        hardest = max(simes([p[place], *(p[number] for number in chosen)]) for chosen in sets)
        assert found[place] == pytest.approx(hardest)
    assert (found <= adjusted(p, "hochberg") + 1e-12).all()
    assert (adjusted(p, "holm") <= adjusted(p, "bonferroni") + 1e-12).all()


def simes(p: list[float]) -> float:
    ordered = np.sort(p)
    return float((len(p) * ordered / np.arange(1, len(p) + 1)).min())


def lowered(terms: np.ndarray, outcome: np.ndarray, beta: np.ndarray) -> float:
    """Return minus the penalised log-likelihood, from its definition."""
    share = 1 / (1 + np.exp(-np.clip(terms @ beta, -300, 300)))
    share = np.clip(share, 1e-300, 1 - 1e-16)
    information = terms.T @ np.diag(share * (1 - share)) @ terms
    likely = np.where(outcome > 0, np.log(share), np.log1p(-share)).sum()
    return -float(likely + np.linalg.slogdet(information)[1] / 2)


@settings(max_examples=25)
@given(PATIENTS)
def test_firth_is_the_maximum_of_the_penalised_likelihood(patients):
    x, y = (np.array(column, dtype=float) for column in zip(*patients, strict=True))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return
    terms = np.column_stack([np.ones(len(x)), x])
    hill = logistic_hill(terms, y, is_penalised=True)
    best = climb(hill, np.zeros(2), np.arange(2))
    naive = optimize.minimize(
        lambda beta: lowered(terms, y, beta), [0.0, 0.0], method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20000},
    )  # fmt: skip
    assert best.value >= -naive.fun - 1e-9
    assert best.value == pytest.approx(-lowered(terms, y, best.coefficient))
    assert best.coefficient == pytest.approx(naive.x, rel=1e-4, abs=1e-4)


@settings(max_examples=15)
@given(PATIENTS)
@example([(0, True), (0, True), (1, True), (3, False)])
def test_profile_p_is_that_of_the_naive_maxima(patients):
    x, y = (np.array(column, dtype=float) for column in zip(*patients, strict=True))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return
    found = fit_logistic(x[:, None], y, is_penalised=True)
    terms = np.column_stack([np.ones(len(x)), x])

    def lowest(slope: float) -> float:
        def at(start: float) -> float:
            return lowered(terms, y, np.array([start, slope]))

        # With the slope held there may be several summits: the highest counts.
        near = min(np.linspace(-40.0, 40.0, 161), key=at)
        bounds = (near - 0.5, near + 0.5)
        found = optimize.minimize_scalar(
            at, bounds=bounds, method="bounded", options={"xatol": 1e-9}
        )
        return float(found.fun)

    best = lowest(found.coefficient[0])
    fall = 2 * (lowest(0.0) - best)
    assert found.around.p[0] == pytest.approx(stats.chi2.sf(fall, 1), rel=1e-5, abs=1e-9)
    assert found.likelihood_ratio.p == pytest.approx(found.around.p[0], rel=1e-6)
    for end in (found.around.lower[0], found.around.upper[0]):
        assert 2 * (lowest(end) - best) == pytest.approx(3.841458820694124, rel=1e-4)


@given(PATIENTS)
def test_one_number_separates_when_its_ranges_do_not_overlap(patients):
    x, y = (np.array(column, dtype=float) for column in zip(*patients, strict=True))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return
    low, high = x[y == 0], x[y == 1]
    apart = low.max() <= high.min() or high.max() <= low.min()
    assert is_separated(np.column_stack([np.ones(len(x)), x]), y) == apart
