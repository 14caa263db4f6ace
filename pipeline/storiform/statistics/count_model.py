"""A negative binomial model of the counts of a cohort, with outlying counts replaced."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import fdtri, ndtr

from storiform.statistics.coefficients import Coefficients, Counted, fitted_coefficients
from storiform.statistics.dispersion_prior import Prior, dispersion_prior
from storiform.statistics.dispersion_trend import Trend, dispersion_trend
from storiform.statistics.dispersions import Own, own_dispersions, shrunken_dispersions
from storiform.statistics.size_factors import size_factors

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CELL = 3
"""Samples alike in the design from which an outlier among them can be told."""
REPLACEABLE = 7
"""Samples alike in the design from which a count may be replaced."""
_TRIM = 0.2
_LEAST_VARIATION = 0.04
_OVERSHOT = 3
_TRIMS = ((3.5, 1.0 / 3.0, 2.04), (23.5, 1.0 / 4.0, 1.86), (np.inf, 1.0 / 8.0, 1.51))
"""Most samples of a cell, share trimmed at either end, and what makes up for it."""


class Fit(NamedTuple):
    """What is known of each gene (genes,) once the model is fitted; the last column is tested.

    `counted` holds the counts that were fitted, outliers replaced. Fold changes are log2.
    """

    counted: Counted
    base_mean: Floats
    own: Floats
    fitted: Floats
    dispersion: Floats
    fold_change: Floats
    error: Floats
    statistic: Floats
    p: Floats
    is_outlying: Bools
    trend: Trend
    prior: Prior


class _Parts(NamedTuple):
    own: Own
    fitted: Floats
    dispersions: Floats
    coefficients: Coefficients


def fitted_model(counts: Floats, design: Floats) -> Fit:
    """Fit the model and test the last column of its design, gene by gene.

    Parameters
    ----------
    counts
        Whole fragments (genes, samples); each gene has one at least.
    design
        One row per sample (samples, columns), of full rank, the first column ones.

    Returns
    -------
    Fit
        The Wald test of the last column; `is_outlying` where a count by Cook's distance
        makes it doubtful.

    References
    ----------
    Love et al., Genome Biology 15, 550 (2014), doi:10.1186/s13059-014-0550-8.
    """
    # whole numbers too: replaced ones are not, and kernels are compiled for each type anew
    counts = np.ascontiguousarray(counts, dtype=np.float64)
    counted = Counted(counts, size_factors(counts), design)
    own = own_dispersions(counted)
    base = counted.normalised().mean(axis=1)
    trend = dispersion_trend(base, own.dispersions)
    fitted = trend.at(base)
    degrees = design.shape[0] - design.shape[1]
    prior = dispersion_prior(own.dispersions, fitted, degrees)
    parts = _fitted_parts(counted, own, fitted, prior)
    cooks = _cooks_distances(counted, parts.coefficients)
    replaced, is_changed = _replaced(counted, cooks)
    is_empty = is_changed & ~(replaced > 0).any(axis=1)
    refitted = is_changed & ~is_empty
    if refitted.any():
        again = Counted(replaced[refitted], counted.sizes, design)
        base_again = again.normalised().mean(axis=1)
        own_again = own_dispersions(again)
        _put(parts, refitted, _fitted_parts(again, own_again, trend.at(base_again), prior))
    is_outlying = _outlying(counted, cooks, is_replaced=bool(refitted.any()))
    counted = counted._replace(counts=replaced)
    beta, errors = parts.coefficients.beta[:, -1], parts.coefficients.errors[:, -1]
    beta[is_empty], errors[is_empty] = 0.0, 0.0
    statistic = np.where(is_empty, 0.0, beta / np.where(is_empty, 1.0, errors))
    return Fit(
        counted, counted.normalised().mean(axis=1), parts.own.dispersions, parts.fitted,
        parts.dispersions, beta / np.log(2.0), errors / np.log(2.0), statistic,
        2.0 * ndtr(-np.abs(statistic)), is_outlying, trend, prior,
    )  # fmt: skip


def _fitted_parts(counted: Counted, own: Own, fitted: Floats, prior: Prior) -> _Parts:
    dispersions, _ = shrunken_dispersions(counted, own, fitted, prior)
    return _Parts(own, fitted, dispersions, fitted_coefficients(counted, dispersions))


def _put(parts: _Parts, genes: Bools, again: _Parts) -> None:
    """Put what is known of some genes, fitted once more, in its places."""
    parts.own.dispersions[genes] = again.own.dispersions
    parts.fitted[genes] = again.fitted
    parts.dispersions[genes] = again.dispersions
    parts.coefficients.beta[genes] = again.coefficients.beta
    parts.coefficients.errors[genes] = again.coefficients.errors


def cells_of(design: Floats) -> npt.NDArray[np.int64]:
    """Return the number of the cell of each sample: those alike in the design."""
    cells: npt.NDArray[np.int64] = np.unique(design, axis=0, return_inverse=True)[1].ravel()
    return cells


def is_in_cell_of(design: Floats, least: int) -> Bools:
    """Tell which samples have at least `least` in their cell, themselves counted."""
    cells = cells_of(design)
    enough: Bools = np.bincount(cells)[cells] >= least
    return enough


def cooks_limit(design: Floats) -> float:
    """Return the distance above which a count is an outlier: the .99 quantile of F."""
    samples, columns = design.shape
    return float(fdtri(columns, samples - columns, 0.99))


def _cooks_distances(counted: Counted, coefficients: Coefficients) -> Floats:
    """Return how far each count (genes, samples) moves the fit of its gene.

    References
    ----------
    Cook, Technometrics 19, 15-18 (1977), doi:10.1080/00401706.1977.10489493.
    """
    means, leverages = coefficients.means, coefficients.leverages
    variation = _robust_dispersions(counted)[:, None]
    variance = means + variation * means**2
    residuals = (counted.counts - means) ** 2 / variance
    columns = counted.design.shape[1]
    distances: Floats = residuals / columns * leverages / (1.0 - leverages) ** 2
    return distances


def _robust_dispersions(counted: Counted) -> Floats:
    """Return dispersions by trimmed moments, which no outlier moves (genes,)."""
    normalised = counted.normalised()
    cells, is_large = cells_of(counted.design), is_in_cell_of(counted.design, CELL)
    if is_large.any():
        parts = [
            _trimmed_variance(normalised[:, cells == cell]) for cell in set(cells[is_large])
        ]
        variance = np.max(parts, axis=0)
    else:
        centre = trimmed_mean(normalised, _TRIMS[2][1])
        variance = _TRIMS[2][2] * trimmed_mean(
            (normalised - centre[:, None]) ** 2, _TRIMS[2][1]
        )
    base = normalised.mean(axis=1)
    dispersions: Floats = np.maximum((variance - base) / base**2, _LEAST_VARIATION)
    return dispersions


def _trimmed_variance(values: Floats) -> Floats:
    """Return the trimmed variance of the samples of one cell (genes,)."""
    size = values.shape[1]
    _, trim, scale = next(row for row in _TRIMS if size <= row[0])
    centre = trimmed_mean(values, trim)
    return scale * trimmed_mean((values - centre[:, None]) ** 2, trim)


def trimmed_mean(values: Floats, trim: float) -> Floats:
    """Return the mean of each row without a share of its values at either end.

    Examples
    --------
    >>> trimmed_mean(np.array([[1.0, 2.0, 3.0, 4.0, 50.0]]), 0.2).tolist()
    [3.0]
    """
    size = values.shape[1]
    cut = int(size * trim)
    means: Floats = np.sort(values, axis=1)[:, cut : size - cut].mean(axis=1)
    return means


def _replaced(counted: Counted, cooks: Floats) -> tuple[Floats, Bools]:
    """Return counts with outliers replaced by the trimmed mean, and which genes have any.

    A count is replaced where enough samples are alike to tell what is usual.
    """
    is_replaceable = is_in_cell_of(counted.design, REPLACEABLE)
    if not is_replaceable.any():
        return counted.counts, np.zeros(len(cooks), dtype=bool)
    is_out = cooks > cooks_limit(counted.design)
    is_changed = np.asarray((is_out & is_replaceable).any(axis=1), dtype=np.bool_)
    usual = np.trunc(trimmed_mean(counted.normalised(), _TRIM)[:, None] * counted.sizes)
    return np.where(is_out & is_replaceable, usual, counted.counts), is_changed


def _outlying(counted: Counted, cooks: Floats, *, is_replaced: bool) -> Bools:
    """Tell the genes whose test rests on an outlying count that was not replaced.

    In a comparison of two groups without covariates a count is no outlier where three or more
    others of the gene are higher.
    """
    counts, design = counted.counts, counted.design
    is_judged = is_in_cell_of(design, CELL)
    if is_replaced:
        is_judged &= ~is_in_cell_of(design, REPLACEABLE)
    if not is_judged.any():
        return np.zeros(len(counts), dtype=bool)
    with np.errstate(invalid="ignore"):
        is_far = cooks[:, is_judged] > cooks_limit(design)
    is_outlying = np.asarray(is_far.any(axis=1), dtype=np.bool_)
    if design.shape[1] == 2:  # noqa: PLR2004  the intercept and the outcome
        known = np.where(np.isnan(cooks), -np.inf, cooks)
        furthest = counts[np.arange(len(counts)), known.argmax(axis=1)]
        is_outlying &= (counts > furthest[:, None]).sum(axis=1) < _OVERSHOT
    return is_outlying
