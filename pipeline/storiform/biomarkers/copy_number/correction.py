"""What log ratios owe to GC content and to chance: corrections, and variances of bins."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage, optimize

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LEAST_VARIANCE = 1e-4
"""log2^2, below which no bin's variance is believed."""

_KNOTS = 48
_FEWEST = 50
_FEWEST_IN_WINDOW = 300
_MOST_IN_WINDOW = 2000
_MOST_STEPS = 20_000
_LARGEST = 9.0
_ROUNDS = 6
_NEIGHBOURS = 5
_FAR = 5.0
_OUTLIER_FACTOR = 10.0


def robust_sd(values: Floats) -> float:
    """Return 1.4826 times the median absolute deviation; missing without values."""
    if not len(values):
        return float("nan")
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def neighbour_noise(log2: Floats, contigs: Ints) -> float:
    """Return the robust SD of differences of neighbouring bins by root 2; missing if few.

    Change points are too rare to touch it.
    """
    steps = np.diff(log2)[np.diff(contigs) == 0]
    return robust_sd(steps) / np.sqrt(2.0) if len(steps) else float("nan")


def block_steps(values: Floats, contigs: Ints, length: int) -> Floats:
    """Return the steps between means of neighbouring blocks of `length` bins.

    Parameters
    ----------
    values
        (n,) or (n, k) along the genome.
    contigs
        (n,) codes of their contigs; no block spans two.

    Returns
    -------
    Floats
        (steps,) or (steps, k). Copies change in few of them, so that robust statistics of
        steps see noise alone.
    """
    edges = np.concatenate([[0], np.flatnonzero(np.diff(contigs)) + 1, [len(contigs)]])
    steps = [np.zeros((0, *values.shape[1:]))]
    for first, last in pairwise(edges):
        blocks = (last - first) // length
        if blocks > 1:
            cut = values[first : first + blocks * length]
            means = cut.reshape(blocks, length, *values.shape[1:]).mean(axis=1)
            steps.append(np.diff(means, axis=0))
    return np.concatenate(steps)


class Covariate:
    """Something on which depth depends, such as GC content: values sorted once, used often.

    Parameters
    ----------
    values
        (n,), missing where depth does not depend on it.
    """

    def __init__(self, values: Floats) -> None:
        known = np.flatnonzero(np.isfinite(values))
        self._order = known[np.argsort(values[known], kind="stable")]
        self._sorted = values[self._order]

    def trend(self, values: Floats) -> Floats:
        """Return the rolling median of values (n,) along the covariate, at each bin.

        Medians of the fortieth of the bins (300 to 2000) about each of 48 quantiles of the
        covariate, smoothed over five of them, with straight lines between; flat beyond the
        ends. 0 where there is no covariate, and everywhere with too few bins; so is its median.
        """
        found = np.zeros(len(values))
        along = values[self._order]
        seen = np.isfinite(along)
        if seen.sum() < _FEWEST:
            return found
        heights, knots = _rolling_medians(along[seen], self._sorted[seen])
        trend = np.interp(self._sorted, knots, heights)
        found[self._order] = trend - np.median(trend[seen])
        return found


def _rolling_medians(along: Floats, covariate: Floats) -> tuple[Floats, Floats]:
    """Return medians of values at knots of a sorted covariate, and the knots.

    They are smoothed, but for values of the covariate that very many bins have.
    """
    bins = len(along)
    ranks = np.rint(np.linspace(0.005, 0.995, _KNOTS) * (bins - 1)).astype(np.int64)
    half = min(max(_FEWEST_IN_WINDOW, min(bins // 40, _MOST_IN_WINDOW)), bins) // 2
    # Bins of one value have one trend: all of them, and no others where they are enough.
    alike = np.searchsorted(covariate, covariate[ranks], side="left")
    beyond = np.searchsorted(covariate, covariate[ranks], side="right")
    are_enough = beyond - alike >= 2 * half
    firsts = np.where(are_enough, alike, np.minimum(np.maximum(ranks - half, 0), alike))
    lasts = np.where(are_enough, beyond, np.maximum(np.minimum(ranks + half, bins), beyond))
    medians = [np.median(along[one:other]) for one, other in zip(firsts, lasts, strict=True)]
    smooth = np.convolve(np.pad(medians, 2, mode="edge"), np.full(5, 0.2), "valid")
    knots, places = np.unique(covariate[ranks], return_inverse=True)
    count = np.bincount(places)
    exact = np.bincount(places, weights=np.array(medians)) / count
    even = np.bincount(places, weights=smooth) / count
    return np.where(count > 1, exact, even), knots


def without_trends(values: Floats, base: Floats, covariates: Sequence[Covariate]) -> Floats:
    """Take the trends of `values - base` along covariates off the values, one after another.

    Then the median of what is left over `base` becomes 0. Missing values stay missing.
    """
    corrected = values - base
    for covariate in covariates:
        corrected -= covariate.trend(corrected)
    finite = np.isfinite(corrected)
    if finite.any():
        corrected -= np.median(corrected[finite])
    return np.asarray(corrected + base)


def fitted_variances(residuals: Floats, contigs: Ints, causes: Floats) -> Floats:
    """Fit the variance of bins as a sum of causes, each times a factor not below 0.

    Parameters
    ----------
    residuals
        (n,) log ratios of bins along the genome.
    contigs
        (n,) codes of their contigs.
    causes
        (n, k) what a variance may be made of, such as 1 and 1 / reads.

    Returns
    -------
    Floats
        (n,) variances. Half the squared step between neighbours is an estimate of the
        mean variance of both; large ones count as nine times what is expected, so that
        change points and outliers do not weigh.
    """
    inside = np.diff(contigs) == 0
    squares = (np.diff(residuals) ** 2 / 2.0)[inside]
    both = ((causes[1:] + causes[:-1]) / 2.0)[inside]
    spread = neighbour_noise(residuals, contigs)
    usual = max(spread**2, LEAST_VARIANCE) if np.isfinite(spread) else 1.0
    if len(squares) < _FEWEST:
        return np.full(len(residuals), usual)
    every = -(-len(squares) // _MOST_STEPS)  # enough to fit few factors
    squares, both = squares[::every], np.ascontiguousarray(both[::every])
    expected = np.full(len(squares), usual)
    for _ in range(_ROUNDS):
        bounded = np.minimum(squares, _LARGEST * expected)
        rows = both / expected[:, None]
        factors = _not_negative(rows, bounded / expected)
        expected = np.maximum(both @ factors, LEAST_VARIANCE)
    return np.maximum(causes @ factors, LEAST_VARIANCE)


def _not_negative(rows: Floats, values: Floats) -> Floats:
    """Solve least squares with factors >= 0 by the normal equations, which are small."""
    gram = rows.T @ rows
    root = np.linalg.cholesky(gram + 1e-12 * np.trace(gram) * np.eye(len(gram)))
    return np.asarray(optimize.nnls(root.T, np.linalg.solve(root, rows.T @ values))[0])


def outliers(log2: Floats, contigs: Ints, variances: Floats) -> Flags:
    """Tell which bins stand alone: five SD off the median of the five bins about them."""
    found = np.zeros(len(log2), dtype=bool)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(contigs)) + 1, [len(log2)]])
    for first, last in pairwise(edges):
        values = log2[first:last]
        if len(values) >= _NEIGHBOURS:
            about = ndimage.median_filter(values, size=_NEIGHBOURS, mode="nearest")
            found[first:last] = np.abs(values - about) > _FAR * np.sqrt(variances[first:last])
    return found


def weighed_down(log2: Floats, contigs: Ints, variances: Floats) -> Floats:
    """Return the variances, ten times as large for bins that stand alone."""
    alone = outliers(log2, contigs, variances)
    return np.where(alone, _OUTLIER_FACTOR * variances, variances)
