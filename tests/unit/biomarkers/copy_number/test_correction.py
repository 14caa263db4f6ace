"""Trends, variances and outliers of bins."""

import numpy as np
import pytest

from storiform.biomarkers.copy_number.correction import (
    Covariate,
    block_steps,
    fitted_variances,
    neighbour_noise,
    outliers,
    robust_sd,
    weighed_down,
    without_trends,
)


def test_trend_along_a_covariate_is_taken_off():
    rng = np.random.default_rng(1)
    gc = rng.uniform(0.3, 0.7, 4000)
    trend = 4 * (gc - 0.5) ** 2 + gc
    values = trend + rng.normal(0, 0.1, 4000)
    left = without_trends(values, np.zeros(4000), [Covariate(gc)])
    assert np.corrcoef(left, trend)[0, 1] == pytest.approx(0, abs=0.1)
    assert left.std() < 0.11


def test_copies_that_go_with_the_covariate_stay_where_their_segments_are_known():
    rng = np.random.default_rng(2)
    gc = np.concatenate([rng.normal(0.4, 0.04, 2000), rng.normal(0.6, 0.04, 2000)])
    base = np.repeat([0.0, 1.0], 2000)
    left = without_trends(base + rng.normal(0, 0.1, 4000), base, [Covariate(gc)])
    assert np.median(left[2000:]) - np.median(left[:2000]) == pytest.approx(1.0, abs=0.03)


def test_bins_without_the_covariate_keep_their_level():
    rng = np.random.default_rng(3)
    gc = np.where(np.arange(2000) % 4, rng.uniform(0.3, 0.7, 2000), np.nan)
    values = np.where(np.isnan(gc), 0.0, 3 * (np.nan_to_num(gc) - 0.5))
    left = without_trends(values, np.zeros(2000), [Covariate(gc)])
    assert np.median(left[np.isnan(gc)]) == pytest.approx(
        np.median(left[~np.isnan(gc)]), abs=0.05
    )


def test_few_bins_are_only_centred():
    values = np.arange(9.0)
    left = without_trends(values, np.zeros(9), [Covariate(values)])
    assert np.array_equal(left, values - 4.0)


def test_missing_values_stay_missing_and_count_for_nothing():
    values = np.array([np.nan, 1.0, 2.0, 3.0])
    left = without_trends(values, np.zeros(4), [Covariate(np.full(4, np.nan))])
    assert np.isnan(left[0])
    assert left[1:].tolist() == [-1.0, 0.0, 1.0]


def test_equal_covariates_have_one_trend():
    covariate = np.repeat([0.0, 1.0], 500)
    trend = Covariate(covariate).trend(np.repeat([0.0, 2.0], 500))
    assert len(np.unique(trend[:500])) == 1
    assert trend[-1] - trend[0] == pytest.approx(2.0, abs=0.3)


def test_variance_follows_its_causes_and_not_change_points():
    rng = np.random.default_rng(4)
    reads = rng.uniform(5, 200, 30_000)
    causes = np.column_stack([np.ones(30_000), 1 / reads])
    truth = 0.02 + 1.5 / reads
    steps = np.repeat(rng.normal(0, 2, 300), 100)
    found = fitted_variances(steps + rng.normal(0, np.sqrt(truth)), np.zeros(30_000), causes)
    assert np.median(np.abs(found / truth - 1)) < 0.1


def test_variance_of_few_bins_is_one_number():
    values = np.array([0.0, 1.0, 0.0, 1.0, 0.0])
    found = fitted_variances(values, np.zeros(5), np.ones((5, 1)))
    assert len(set(found.tolist())) == 1
    assert found[0] > 0


def test_lone_bins_are_weighed_down_and_runs_are_not():
    rng = np.random.default_rng(5)
    log2 = rng.normal(0, 0.1, 200)
    log2[50] += 3
    log2[100:110] += 3
    contigs, variances = np.zeros(200), np.full(200, 0.01)
    assert np.flatnonzero(outliers(log2, contigs, variances)).tolist() == [50]
    weighed = weighed_down(log2, contigs, variances)
    assert weighed[50] == pytest.approx(0.1)
    assert (np.delete(weighed, 50) == variances[0]).all()


def test_noise_is_that_of_neighbours_on_one_contig():
    rng = np.random.default_rng(6)
    log2 = rng.normal(0, 0.2, 20_000) + np.repeat([0.0, 5.0], 10_000)
    assert neighbour_noise(log2, np.repeat([0, 1], 10_000)) == pytest.approx(0.2, rel=0.05)
    assert np.isnan(neighbour_noise(np.array([1.0, 2.0]), np.array([0, 1])))
    assert np.isnan(robust_sd(np.zeros(0)))


def test_blocks_do_not_span_contigs():
    values = np.array([1.0, 3.0, 5.0, 7.0, 10.0, 10.0, 20.0, 20.0])
    contigs = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert block_steps(values, contigs, 2).tolist() == [4.0, 10.0]
    assert block_steps(values[:, None], contigs, 2).tolist() == [[4.0], [10.0]]
    assert len(block_steps(values[:3], contigs[:3], 2)) == 0
