"""Dispersions of genes: from their own counts, and drawn towards the trend of all."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels.count_regression import LEAST_MEAN
from storiform.kernels.dispersion_climb import STEPS, fit_dispersions, search_dispersions
from storiform.statistics.coefficients import Counted, fitted_coefficients
from storiform.statistics.dispersion_prior import Prior
from storiform.statistics.dispersion_trend import LEAST_DISPERSION

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

OUTLYING = 2.0
"""Standard deviations above the trend from which a gene keeps its own dispersion."""
_IMPROVED = 1e-6
_NEAR = 0.1


class Own(NamedTuple):
    """Dispersion of each gene from its own counts, and the means that it rests on."""

    dispersions: Floats
    means: Floats


def most_dispersion(samples: int) -> float:
    """Return the highest dispersion that is considered."""
    return max(10.0, float(samples))


def own_dispersions(counted: Counted) -> Own:
    """Estimate the dispersion of each gene from its own counts.

    Parameters
    ----------
    counted
        Counts of genes with at least one fragment.

    Returns
    -------
    Own
        Cox-Reid adjusted maximum likelihood (genes,), and expected counts (genes, samples).

    References
    ----------
    Cox and Reid, J. Royal Statistical Society B 49, 1-39 (1987),
    doi:10.1111/j.2517-6161.1987.tb01422.x.
    """
    counts, design = counted.counts, counted.design
    samples, columns = design.shape
    most = most_dispersion(samples)
    starts = np.clip(_rough_dispersions(counted), LEAST_DISPERSION, most)
    if len(np.unique(design, axis=0)) == columns:
        means = _linear_means(counted) * counted.sizes
    else:
        means = fitted_coefficients(counted, starts).means
    means = np.maximum(means, LEAST_MEAN)
    priors = np.column_stack([np.zeros(len(counts)), np.full(len(counts), np.inf)])
    climbed = fit_dispersions(counts, means, design, starts, priors)
    first, last, steps = climbed[:, 2], climbed[:, 3], climbed[:, 1]
    found = np.minimum(np.exp(climbed[:, 0]), most)
    has_gained = last >= first + np.abs(first) * _IMPROVED
    found = np.where(has_gained, found, starts)
    is_open = ((steps >= STEPS) | (steps == 1)) & (found > 10.0 * LEAST_DISPERSION)
    if is_open.any():
        found[is_open] = np.exp(
            search_dispersions(counts[is_open], means[is_open], design, priors[is_open], most)
        )
    return Own(np.clip(found, LEAST_DISPERSION, most), means)


def shrunken_dispersions(
    counted: Counted, own: Own, fitted: Floats, prior: Prior
) -> tuple[Floats, Bools]:
    """Draw each dispersion towards the trend; one far above it stays as it is.

    Parameters
    ----------
    counted
        Counts of the genes.
    own
        Dispersions from their own counts.
    fitted
        The trend at their means (genes,).
    prior
        How far dispersions lie from the trend.

    Returns
    -------
    ndarray
        Dispersions (genes,): posterior modes, for outliers their own.
    ndarray
        Whether a gene is an outlier (genes,).
    """
    counts, design = counted.counts, counted.design
    most = most_dispersion(len(design))
    starts = np.where(own.dispersions > _NEAR * fitted, own.dispersions, fitted)
    priors = np.column_stack([np.log(fitted), np.full(len(counts), prior.variance)])
    climbed = fit_dispersions(counts, own.means, design, starts, priors)
    logs, is_open = climbed[:, 0], climbed[:, 1] >= STEPS
    if is_open.any():
        logs[is_open] = search_dispersions(
            counts[is_open], own.means[is_open], design, priors[is_open], most
        )
    modes = np.clip(np.exp(logs), LEAST_DISPERSION, most)
    limit = np.log(fitted) + OUTLYING * np.sqrt(prior.residual)
    is_outlier = np.log(own.dispersions) > limit
    return np.where(is_outlier, own.dispersions, modes), is_outlier


def _linear_means(counted: Counted) -> Floats:
    """Return normalised counts as a linear regression on the design expects them."""
    basis = np.linalg.qr(counted.design)[0]
    means: Floats = (counted.normalised() @ basis) @ basis.T
    return means


def _rough_dispersions(counted: Counted) -> Floats:
    """Return the lower of two estimates by moments (genes,), which may be negative."""
    normalised = counted.normalised()
    samples, columns = counted.design.shape
    means = np.maximum(_linear_means(counted), 1.0)
    rough = (((normalised - means) ** 2 - means) / means**2).sum(axis=1) / (samples - columns)
    base = normalised.mean(axis=1)
    noise = float((1.0 / counted.sizes).mean()) * base
    moments = (normalised.var(axis=1, ddof=1) - noise) / base**2
    lower: Floats = np.minimum(np.maximum(rough, 0.0), moments)
    return lower
