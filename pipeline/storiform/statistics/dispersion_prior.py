"""How far dispersions lie from their trend: the variance of their log-normal prior."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicHermiteSpline
from scipy.special import gammainc, gammaln, ndtr, polygamma

from storiform.statistics.dispersion_trend import TRUSTED

Floats = npt.NDArray[np.float64]

LEAST_VARIANCE = 0.25
MAD = 1.4826
"""Median absolute deviation to standard deviation, with the digits that R has."""
FEW_DEGREES = 3
_WIDTH, _DRAWS = 0.5, 10_000
_EDGES = np.arange(-20, 21) * _WIDTH
_VARIANCES = np.linspace(0.0, 8.0, 200)
_FINE = np.linspace(0.0, 8.0, 1000)
_SPAN, _CELL, _MARGIN = 40, 8, 0.04
_STEP = 0.02


class Prior(NamedTuple):
    """Variance of the log residuals, and of the prior: what sampling leaves of it."""

    residual: float
    variance: float


def dispersion_prior(dispersions: Floats, fitted: Floats, degrees: int) -> Prior:
    """Estimate the variance of log dispersions around their trend.

    Parameters
    ----------
    dispersions
        Estimates of one gene each (n,).
    fitted
        The trend at their means (n,).
    degrees
        Samples less columns of the design.

    Returns
    -------
    Prior
        With more than three degrees of freedom the squared MAD of the log residuals less the
        sampling variance of a log chi-square, with three or fewer the variance for which the
        sum of a log chi-square and a normal comes nearest to the residuals; .25 at least.

    References
    ----------
    Love et al., Genome Biology 15, 550 (2014), doi:10.1186/s13059-014-0550-8.
    """
    trusted = dispersions >= TRUSTED
    if not trusted.any():
        return Prior(LEAST_VARIANCE, LEAST_VARIANCE)
    residuals = np.log(dispersions[trusted]) - np.log(fitted[trusted])
    spread = MAD * np.median(np.abs(residuals - np.median(residuals)))
    residual = float(spread**2)
    if degrees <= FEW_DEGREES:
        return Prior(residual, max(_nearest_variance(residuals, degrees), LEAST_VARIANCE))
    sampling = float(polygamma(1, degrees / 2.0))
    return Prior(residual, max(residual - sampling, LEAST_VARIANCE))


def _nearest_variance(residuals: Floats, degrees: int) -> float:
    """Return the variance whose expected histogram is nearest to that of the residuals.

    R draws 10,000 numbers for each variance; here the histogram is their expectation, so it
    depends on no seed. As in R, the divergences are smoothed before the least is taken.
    """
    inside = residuals[(residuals > _EDGES[0]) & (residuals < _EDGES[-1])]
    if not len(inside):
        return LEAST_VARIANCE
    observed = np.histogram(inside, _EDGES)[0] / (len(inside) * _WIDTH)
    divergences = [
        _divergence(observed, _histogram(degrees, float(variance))) for variance in _VARIANCES
    ]
    return float(_FINE[np.argmin(_smoothed(np.array(divergences)))])


def _divergence(observed: Floats, expected: Floats) -> float:
    """Return the Kullback-Leibler divergence of two densities over the bins.

    As in R the least density is added to both; of R's draws the least is one in a bin.
    """
    small = min(float(observed[observed > 0.0].min()), 1.0 / (_DRAWS * _WIDTH))
    return float((observed * (np.log(observed + small) - np.log(expected + small))).sum())


def _histogram(degrees: int, variance: float) -> Floats:
    """Return the density in each bin of log(chi2 / degrees) plus a normal of a variance."""
    half = degrees / 2.0
    if variance == 0.0:
        below = gammainc(half, half * np.exp(_EDGES))
    else:
        logs = np.arange(-40.0, 5.0, _STEP) + _STEP / 2.0
        logged = half * (logs + np.log(half)) - half * np.exp(logs) - gammaln(half)
        mass = np.exp(logged) * _STEP
        below = ndtr((_EDGES[:, None] - logs) / np.sqrt(variance)) @ mass
    shares = np.diff(below)
    density: Floats = shares / shares.sum() / _WIDTH
    return density


def _smoothed(divergences: Floats) -> Floats:
    """Return divergences on the fine grid, by local quadratic regression of the 40 nearest.

    As in R's loess the regression is made at few places, and a cubic joins their heights and
    slopes: that moves the least by more than the noise of R's draws.
    """
    places = np.array([-_MARGIN, *_cuts(0, len(_VARIANCES) - 1), 8.0 + _MARGIN])
    heights, slopes = np.empty(len(places)), np.empty(len(places))
    for number, place in enumerate(places):
        offset = _VARIANCES - place
        distance = np.abs(offset)
        near = np.argsort(distance, kind="stable")[:_SPAN]
        share = distance[near] / distance[near].max()
        root = np.sqrt((1.0 - share**3) ** 3)
        design = np.vander(offset[near], 3, increasing=True)
        solved = np.linalg.lstsq(design * root[:, None], divergences[near] * root, rcond=None)
        heights[number], slopes[number] = solved[0][:2]
    smoothed: Floats = CubicHermiteSpline(places, heights, slopes)(_FINE)
    return smoothed


def _cuts(first: int, last: int) -> list[float]:
    """Return the variances that halve a range until no part holds more than eight."""
    if last - first < _CELL:
        return []
    middle = (first + last) // 2
    return [*_cuts(first, middle), float(_VARIANCES[middle]), *_cuts(middle + 1, last)]
