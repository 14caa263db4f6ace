"""Cox models where the data are few, alike, or separate."""

import numpy as np
import pytest

from storiform.statistics.concordance import concordance
from storiform.statistics.cox import aliased, fit_cox
from storiform.statistics.firth_cox import fit_firth
from storiform.statistics.kaplan_meier import kaplan_meier
from storiform.statistics.proportional_hazards import proportionality
from storiform.statistics.risk_sets import risk_sets


def patients(n: int = 60, seed: int = 4):
    """Return times, events and two covariates; the first raises the hazard."""
    generator = np.random.default_rng(seed)
    columns = np.column_stack([generator.normal(size=n), generator.random(n) < 0.4])
    time = np.ceil(generator.exponential(10 * np.exp(-0.7 * columns[:, 0])))
    return time, generator.random(n) < 0.7, columns.astype(float)


def test_without_effects_each_patient_at_risk_is_as_likely_to_die():
    """The first of three, then the first of two: a third and a half."""
    fit = fit_cox(
        risk_sets(np.array([1.0, 2.0, 3.0]), np.array([True, True, False])),
        np.array([[1.0], [2.0], [0.0]]),
    )
    assert fit.log_likelihood_null == pytest.approx(-np.log(3) - np.log(2), rel=1e-12)


def test_hazard_ratio_of_two_exponential_groups_is_found():
    generator = np.random.default_rng(0)
    group = np.arange(4000) % 2 == 1
    time = generator.exponential(np.where(group, 1.0, 2.0))
    fit = fit_cox(risk_sets(time, np.ones(4000, dtype=bool)), group[:, None].astype(float))
    assert fit.coefficient[0] == pytest.approx(np.log(2), abs=3.5 * fit.se[0])
    assert fit.se[0] < 0.05


def test_column_that_others_determine_has_no_coefficient():
    time, event, columns = patients()
    twice = np.column_stack([columns, columns[:, 0] - 2 * columns[:, 1], columns[:, 1]])
    fit, alone = (fit_cox(risk_sets(time, event), x) for x in (twice, columns))
    assert fit.is_aliased.tolist() == [False, False, True, True]
    np.testing.assert_allclose(fit.coefficient[:2], alone.coefficient, rtol=1e-9)
    assert np.isnan(fit.coefficient[2:]).all()
    assert fit.likelihood_ratio.df == 2
    assert fit.wald.p == pytest.approx(alone.wald.p, rel=1e-9)


@pytest.mark.parametrize("value", [0.1, 1e9 / 3, 0.0])
def test_constant_column_has_no_coefficient(value):
    time, event, _ = patients()
    fit = fit_cox(risk_sets(time, event), np.full((len(time), 1), value))
    assert fit.is_aliased.all()
    assert fit.log_likelihood == fit.log_likelihood_null
    assert np.isnan(fit.likelihood_ratio.p)


def test_group_that_left_before_the_first_event_has_no_coefficient():
    """What is left of its information are rounding errors."""
    time, event, _ = patients()
    group = np.zeros(len(time))
    group[time.argmin()] = 1.0
    early = np.where(group == 1.0, 0.01, time)
    fit = fit_cox(risk_sets(early, event & (group == 0.0)), group[:, None])
    assert fit.is_aliased.all()


def test_nearly_collinear_columns_are_both_kept():
    time, event, columns = patients()
    near = columns[:, 0] + 1e-4 * np.random.default_rng(1).normal(size=len(time))
    fit = fit_cox(risk_sets(time, event), np.column_stack([columns[:, 0], near]))
    assert not fit.is_aliased.any()
    assert aliased(np.array([[1.0, 1.0], [1.0, 1.0]]), 1).tolist() == [False, True]


def test_coefficient_grows_as_its_unit_does():
    time, event, columns = patients()
    fit = fit_cox(risk_sets(time, event), columns)
    scaled = fit_cox(risk_sets(time, event), columns * [1e6, 1e-6] + [1e6, 3.0])
    np.testing.assert_allclose(scaled.coefficient, fit.coefficient / [1e6, 1e-6], rtol=1e-8)
    np.testing.assert_allclose(scaled.p, fit.p, rtol=1e-8)


def test_times_that_differ_by_rounding_are_tied():
    time, event, columns = patients()
    noisy = time * (1 + 1e-13 * np.random.default_rng(2).normal(size=len(time)))
    fit, other = (fit_cox(risk_sets(t, event), columns) for t in (time, noisy))
    np.testing.assert_array_equal(fit.coefficient, other.coefficient)


def test_patients_of_two_strata_are_never_compared():
    """Where each stratum has one patient, nothing is known; two strata add up."""
    time, event, columns = patients()
    stratum = np.arange(len(time)) % 3
    fit = fit_cox(risk_sets(time, event, stratum), columns)
    moved = time + 1000.0 * (stratum == 1)
    np.testing.assert_allclose(
        fit_cox(risk_sets(moved, event, stratum), columns).coefficient,
        fit.coefficient,
        rtol=1e-12,
    )
    apart = fit_cox(risk_sets(time, event, np.arange(len(time))), columns)
    assert apart.is_aliased.all()
    halves = [fit_cox(risk_sets(time[c], event[c]), columns[c]) for c in _parts(stratum)]
    total = sum(half.log_likelihood_null for half in halves)
    assert fit.log_likelihood_null == pytest.approx(total, rel=1e-12)


def _parts(stratum):
    return [stratum == number for number in np.unique(stratum)]


def test_group_without_events_diverges_and_firth_is_finite():
    time, event, columns = patients()
    event &= columns[:, 1] == 0
    sets = risk_sets(time, event)
    fit = fit_cox(sets, columns)
    assert fit.is_diverging.tolist() == [False, True]
    firth = fit_firth(sets, columns)
    assert np.isfinite(firth.coefficient).all()
    assert firth.coefficient[1] < 0
    lower, upper = firth.interval
    assert (lower < firth.coefficient).all()
    assert (firth.coefficient < upper).all()
    assert firth.likelihood_ratio.df == 2


def test_perfect_order_diverges_though_the_likelihood_goes_to_one():
    time = np.arange(1.0, 21.0)
    fit = fit_cox(risk_sets(time, np.ones(20, dtype=bool)), -time[:, None])
    assert fit.is_diverging.all()


def test_penalty_vanishes_among_many_patients():
    time, event, columns = patients(2000)
    sets = risk_sets(time, event)
    fit, firth = fit_cox(sets, columns), fit_firth(sets, columns)
    np.testing.assert_allclose(firth.coefficient, fit.coefficient, atol=0.05 * fit.se.min())
    np.testing.assert_allclose(firth.interval, fit.interval, atol=0.05)
    np.testing.assert_allclose(firth.se, fit.se, rtol=0.01)


def test_one_event_has_a_finite_penalised_ratio():
    time, event = np.arange(1.0, 11.0), np.zeros(10, dtype=bool)
    event[2] = True
    firth = fit_firth(risk_sets(time, event), (np.arange(10.0) % 3)[:, None])
    assert np.isfinite([*firth.coefficient, *firth.interval[0], *firth.interval[1]]).all()
    assert 0.05 < firth.p[0] <= 1.0


def test_effect_that_turns_round_is_not_proportional():
    generator = np.random.default_rng(3)
    group = np.arange(300) % 2 == 1
    shape = np.where(group, 3.0, 0.6)
    time, event = generator.weibull(shape) * 10, np.ones(300, dtype=bool)
    sets, columns = risk_sets(time, event), group[:, None].astype(float)
    fit, curve = fit_cox(sets, columns), kaplan_meier(time, event)
    (test,) = proportionality(sets, columns, fit.coefficient, curve, [[0]])
    assert test.p < 1e-6


def test_proportionality_is_unknown_where_all_events_fall_on_one_time():
    time = np.repeat([5.0, 9.0], 10)
    event, columns = time == 5.0, (np.arange(20.0) % 4)[:, None]
    sets = risk_sets(time, event)
    fit, curve = fit_cox(sets, columns), kaplan_meier(time, event)
    (test,) = proportionality(sets, columns, fit.coefficient, curve, [[0]])
    assert np.isnan(test.p)


def test_concordance_of_perfect_order_and_of_a_constant():
    time, event = np.arange(1.0, 9.0), np.ones(8, dtype=bool)
    assert concordance(time, event, -time) == (1.0, 0.0)
    assert concordance(time, event, np.zeros(8)) == (0.5, 0.0)
    assert np.isnan(concordance(time, ~event, -time)).all()
