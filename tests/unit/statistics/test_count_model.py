"""Size factors, trend, prior, filter and transformation on counts whose answer is known."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import f

from storiform.kernels.count_regression import fit_coefficients
from storiform.kernels.dispersion_climb import fit_dispersions
from storiform.kernels.shrinkage import shrink_coefficients
from storiform.model.errors import DataWarning, InputError
from storiform.model.step import Step
from storiform.model.tables.differential import VST
from storiform.statistics.coefficients import Counted
from storiform.statistics.count_model import cooks_limit, fitted_model, trimmed_mean
from storiform.statistics.dispersion_prior import LEAST_VARIANCE, dispersion_prior
from storiform.statistics.dispersion_trend import dispersion_trend, parametric_trend
from storiform.statistics.dispersions import own_dispersions
from storiform.statistics.independent_filtering import filtered_q
from storiform.statistics.multiplicity import benjamini_hochberg
from storiform.statistics.shrinkage import prior_scale, shrunken_fold_changes
from storiform.statistics.size_factors import size_factors
from storiform.statistics.variance_stabilisation import stabilised, vst

PLACE = Path(__file__).with_name("compared_counts.py")
SPECIFICATION = importlib.util.spec_from_file_location("compared_counts", PLACE)
INVENTED = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(INVENTED)


def simulated(samples=8, genes=2000, seed=1, dispersion=None):
    generator = np.random.default_rng(seed)
    base = generator.lognormal(4.0, 1.5, genes)
    alpha = (0.05 + 2.0 / base if dispersion is None else np.full(genes, dispersion))[:, None]
    means = base[:, None] * generator.uniform(0.5, 2.0, samples)
    counts = generator.negative_binomial(1.0 / alpha, 1.0 / (1.0 + means * alpha))
    counts = counts[counts.sum(axis=1) > 0]
    return np.ascontiguousarray(counts.astype(float))


def test_size_factors_are_the_planted_depths():
    base = np.random.default_rng(2).lognormal(6.0, 1.0, 500)
    counts = np.rint(base[:, None] * np.array([1.0, 2.0, 0.5]))
    factors = size_factors(counts)
    np.testing.assert_allclose(factors / factors[0], [1.0, 2.0, 0.5], rtol=1e-2)


def test_without_a_gene_in_all_samples_positive_counts_make_the_factors():
    generator = np.random.default_rng(2)
    base = generator.lognormal(6.0, 0.2, 900)
    counts = np.rint(base[:, None] * np.array([1.0, 2.0, 0.5]))
    counts[np.arange(900), np.arange(900) % 3] = 0.0
    with pytest.warns(DataWarning, match="no gene has fragments in all biopsies"):
        factors = size_factors(counts)
    assert factors.prod() == pytest.approx(1.0)
    assert factors[1] > factors[0] > factors[2]


def test_sample_without_fragments_has_no_size():
    with pytest.raises(InputError, match="1 biopsies without any"):
        size_factors(np.array([[0.0, 5.0], [0.0, 2.0]]))


def test_planted_trend_is_found():
    generator = np.random.default_rng(3)
    means = generator.lognormal(5.0, 1.5, 5000)
    fitted = 0.08 + 3.0 / means
    found = parametric_trend(means, fitted * generator.gamma(4.0, 0.25, 5000))
    np.testing.assert_allclose(found, (0.08, 3.0), rtol=0.06)


def test_gene_far_above_comes_back_once_the_curve_has_moved():
    # outliers are chosen anew among all genes each time, as in R
    means = np.geomspace(1.0, 1e4, 400)
    dispersions = 0.02 + 40.0 / means
    found = parametric_trend(means, dispersions)
    np.testing.assert_allclose(found, (0.02, 40.0), rtol=1e-6)


def test_falling_trend_is_local_and_it_is_said():
    means = np.geomspace(1.0, 1e4, 500)
    dispersions = 1e-3 * means**0.5
    with pytest.warns(DataWarning, match="local regression takes the place"):
        trend = dispersion_trend(means, dispersions)
    assert trend.coefficients is None
    np.testing.assert_allclose(trend.at(means), dispersions, rtol=0.05)


def test_counts_without_any_dispersion_are_taken_for_poisson():
    with pytest.warns(DataWarning, match="no gene varies more than Poisson"):
        trend = dispersion_trend(np.array([10.0, 20.0]), np.array([1e-8, 1e-8]))
    assert trend.at(np.array([15.0])) == pytest.approx(1e-7)


@pytest.mark.parametrize("degrees", [1, 2, 3, 8, 20])
@pytest.mark.parametrize("variance", [0.6, 2.0])
def test_prior_is_the_planted_variance(degrees, variance):
    generator = np.random.default_rng(degrees)
    draws = np.log(generator.chisquare(degrees, 20_000) / degrees)
    draws += generator.normal(0.0, np.sqrt(variance), 20_000)
    prior = dispersion_prior(np.exp(draws), np.ones(20_000), degrees)
    # the skew of a log chi-square and the bins of .5 leave R's rule some bias
    assert prior.variance == pytest.approx(variance, rel=0.35)


def test_prior_has_a_floor_and_no_chance():
    residuals = np.exp(np.random.default_rng(1).normal(0.0, 0.1, 500))
    assert dispersion_prior(residuals, np.ones(500), 20).variance == LEAST_VARIANCE
    assert dispersion_prior(np.full(5, 1e-8), np.ones(5), 20).variance == LEAST_VARIANCE
    assert dispersion_prior(np.full(5, 1e9), np.ones(5), 2).variance == LEAST_VARIANCE
    wide = np.exp(np.random.default_rng(2).normal(0.0, 1.5, 500))
    once, again = (dispersion_prior(wide, np.ones(500), 3) for _ in range(2))
    assert once == again


def test_p_of_counts_without_change_is_uniform():
    counts = simulated(samples=10)
    design = np.column_stack([np.ones(10), np.arange(10) % 2])
    p = fitted_model(counts, design.astype(float)).p
    assert abs(np.nanmean(p < 0.05) - 0.05) < 0.025
    assert abs(np.nanmedian(p) - 0.5) < 0.06


def test_dispersion_is_the_planted_one():
    counts = simulated(samples=40, dispersion=0.3)
    design = np.column_stack([np.ones(40), np.arange(40) % 2]).astype(float)
    fit = fitted_model(counts, design)
    strong = fit.base_mean > 30
    assert np.median(fit.dispersion[strong]) == pytest.approx(0.3, rel=0.08)


def test_filter_takes_weak_genes_out_and_looks_at_no_p_of_one_gene():
    generator = np.random.default_rng(7)
    means = generator.lognormal(3.0, 2.0, 3000)
    p = generator.uniform(0.0, 1.0, 3000)
    strong = means > np.quantile(means, 0.7)
    p[strong] = generator.beta(0.15, 3.0, strong.sum())
    q, threshold = filtered_q(p, means, 0.05)
    assert threshold > np.quantile(means, 0.1)
    assert np.isnan(q[means < threshold]).all()
    assert (q < 0.05).sum() > (benjamini_hochberg(p) < 0.05).sum()


def test_few_rejections_filter_nothing():
    p = np.linspace(0.2, 1.0, 100)
    q, threshold = filtered_q(p, np.arange(1.0, 101.0), 0.05)
    assert threshold == 1.0
    np.testing.assert_allclose(q, benjamini_hochberg(p))


def test_trimmed_mean_feels_no_outlier():
    values = np.array([[1.0, 2.0, 3.0, 4.0, 1e9]])
    assert trimmed_mean(values, 0.2)[0] == 3.0
    assert trimmed_mean(values, 0.1)[0] > 1e8


def test_prior_of_changes_is_their_planted_spread():
    generator = np.random.default_rng(9)
    errors = generator.uniform(0.05, 0.2, 4000)
    changes = generator.normal(0.0, 0.3, 4000) + generator.normal(0.0, errors)
    assert prior_scale(changes, errors) == pytest.approx(0.3, rel=0.05)
    assert prior_scale(changes * 0.0, errors) == pytest.approx(1e-3)
    assert prior_scale(changes * 50.0, errors) == 1.0
    assert prior_scale(np.array([np.nan]), np.array([1.0])) == pytest.approx(1e-3)


def test_transformed_counts_vary_alike_at_all_means():
    counts = simulated(samples=40)
    transformed = stabilised(counts)
    means = counts.mean(axis=1)
    weak = transformed[(means > 20) & (means < 60)].std(axis=1)
    strong = transformed[means > 300].std(axis=1)
    assert np.median(weak) == pytest.approx(np.median(strong), rel=0.2)
    logs = np.log2(counts + 1e-3)
    assert (
        logs[(means > 20) & (means < 60)].std(axis=1).mean()
        > 1.2 * logs[means > 300].std(axis=1).mean()
    )


def test_large_counts_are_near_their_logarithm():
    counts = simulated(samples=8)
    transformed = stabilised(counts)
    normalised = counts / size_factors(counts)
    largest = normalised > 2e4
    np.testing.assert_allclose(transformed[largest], np.log2(normalised[largest]), atol=0.05)


def test_transformation_of_a_local_trend_rises_with_the_counts():
    generator = np.random.default_rng(3)
    base = np.geomspace(2.0, 1e5, 400)
    alpha = (2e-3 * base**0.6)[:, None]
    counts = generator.negative_binomial(
        1.0 / alpha, 1.0 / (1.0 + base[:, None] * np.ones(12) * alpha)
    ).astype(float)
    counts = counts[counts.sum(axis=1) > 0]
    with pytest.warns(DataWarning, match="local regression"):
        transformed = stabilised(counts)
    order = np.argsort(counts[:, 0] / size_factors(counts)[0], kind="stable")
    assert (np.diff(transformed[order, 0]) >= -1e-9).all()


def test_vst_step_has_a_column_for_each_biopsy():
    counts = simulated(samples=4, genes=300)
    table = VST.conform(vst(INVENTED.long(counts, ["A", "B", "C", "D"])))
    assert list(table.columns) == ["gene", "A-T", "B-T", "C-T", "D-T"]
    assert len(table) == len(counts)
    assert Step.of(vst).products[0].name == "vst"


def test_vst_of_two_biopsies_is_empty_and_told():
    counts = simulated(samples=2, genes=300)
    with pytest.warns(DataWarning, match="biopsies with counts: 2, 3 needed"):
        assert VST.conform(vst(INVENTED.long(counts, ["A", "B"]))).empty


@pytest.mark.parametrize(("samples", "columns"), [(8, 2), (49, 2), (21, 4)])
def test_an_outlier_is_beyond_the_quantile_of_f(samples, columns):
    expected = f.ppf(0.99, columns, samples - columns)
    assert cooks_limit(np.ones((samples, columns))) == pytest.approx(expected)


def test_whole_and_replaced_counts_take_the_same_compiled_kernels():
    counts = simulated(samples=16, genes=300).astype(np.int64)
    counts[5, 3] = 100 * counts.max()
    design = np.column_stack([np.ones(16), np.repeat([0.0, 1.0], 8)])
    fit = fitted_model(counts, design)
    assert fit.counted.counts[5, 3] < counts[5, 3], "the outlier was replaced"
    shrunken_fold_changes(fit.counted, fit.dispersion, fit.fold_change, fit.error)
    for kernel in (fit_dispersions, fit_coefficients, shrink_coefficients):
        assert {sig[0].dtype.name for sig in kernel.dispatcher().signatures} == {"float64"}


@pytest.mark.parametrize(("samples", "bound"), [(4, 10.0), (10, 10.0), (16, 16.0)])
def test_dispersions_end_at_ten_or_at_the_number_of_samples(samples, bound):
    counts = simulated(samples=samples, genes=50)
    counts[0] = 0.0
    counts[0, 0] = 5000.0  # as dispersed as can be
    design = np.column_stack([np.ones(samples), np.repeat([0.0, 1.0], samples // 2)])
    own = own_dispersions(Counted(counts, np.ones(samples), design))
    assert own.dispersions[0] == pytest.approx(bound)
    assert own.dispersions.max() <= bound
