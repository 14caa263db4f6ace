"""How the dispersion of a gene depends on its mean: a / mean + b, as R fits it."""

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.model.errors import DataWarning

Floats = npt.NDArray[np.float64]

LEAST_DISPERSION = 1e-8
"""What DESeq2 holds for no dispersion."""
TRUSTED = 100.0 * LEAST_DISPERSION
"""Estimates above it make the trend and the prior."""
MOST_ROUNDS, SETTLED = 10, 1e-6
MOST_STEPS, DEVIANCE_TOLERANCE = 25, 1e-8
LEAST_RATIO, MOST_RATIO = 1e-4, 15.0
NEIGHBOURS, KNOTS = 0.7, 200


class Trend(NamedTuple):
    """The dispersion that a mean predicts.

    `coefficients` are (b, a) of a / mean + b; without them the trend runs through the knots
    (log mean, log dispersion).
    """

    coefficients: tuple[float, float] | None
    knots: Floats

    def at(self, means: Floats) -> Floats:
        """Return the predicted dispersion at means above 0."""
        if self.coefficients is not None:
            constant, slope = self.coefficients
            return constant + slope / means
        fitted: Floats = np.exp(np.interp(np.log(means), self.knots[0], self.knots[1]))
        return fitted


def dispersion_trend(means: Floats, dispersions: Floats) -> Trend:
    """Fit the trend of the estimates (n,) above `TRUSTED` over their means.

    A gamma regression with identity link is fitted again and again to those genes whose ratio
    to the last curve is between 1e-4 and 15; each round chooses among all genes. Where a
    coefficient is not positive or the rounds do not settle, a local regression of the
    logarithms takes its place, with a DataWarning.

    Parameters
    ----------
    means
        Mean counts over size factors (n,), above 0.
    dispersions
        Estimates of one gene each (n,).

    Returns
    -------
    Trend
        The curve.

    References
    ----------
    Anders and Huber, Genome Biology 11, R106 (2010), doi:10.1186/gb-2010-11-10-r106.
    Love et al., Genome Biology 15, 550 (2014), doi:10.1186/s13059-014-0550-8.
    """
    used = dispersions > TRUSTED
    if not used.any():
        message = (
            "no gene varies more than Poisson counts do: the dispersion is taken for "
            f"{10.0 * LEAST_DISPERSION:g}"
        )
        warnings.warn(message, DataWarning, stacklevel=2)
        return Trend(None, np.array([[0.0], [np.log(10.0 * LEAST_DISPERSION)]]))
    found = parametric_trend(means[used], dispersions[used])
    if found is not None:
        return Trend(found, np.empty((2, 0)))
    message = (
        "the dispersions do not follow a / mean + b: a local regression takes the place of "
        "the curve"
    )
    warnings.warn(message, DataWarning, stacklevel=2)
    return Trend(None, local_trend(means[used], dispersions[used]))


def parametric_trend(means: Floats, dispersions: Floats) -> tuple[float, float] | None:
    """Return the coefficients (b, a) of a / mean + b; None where they are not found."""
    coefficients = np.array([0.1, 1.0])
    for _ in range(MOST_ROUNDS + 1):
        ratios = dispersions / (coefficients[0] + coefficients[1] / means)
        good = (ratios > LEAST_RATIO) & (ratios < MOST_RATIO)
        if not good.any():
            return None
        fitted, has_settled = _gamma_fit(1.0 / means[good], dispersions[good], coefficients)
        if not (fitted > 0.0).all():
            return None
        change = float((np.log(fitted / coefficients) ** 2).sum())
        coefficients = fitted
        if change < SETTLED and has_settled:
            return float(coefficients[0]), float(coefficients[1])
    return None


def _gamma_fit(x: Floats, y: Floats, start: Floats) -> tuple[Floats, bool]:
    """Regress y on x by a gamma family with identity link, from a start, as R's glm."""
    coefficients, has_settled = start, False
    fitted = coefficients[0] + coefficients[1] * x
    deviance = _gamma_deviance(y, fitted)
    for _ in range(MOST_STEPS):
        design = np.column_stack([1.0 / fitted, x / fitted])
        proposed = np.linalg.lstsq(design, y / fitted, rcond=None)[0]
        proposed, fitted = _valid(proposed, coefficients, x)
        reached = _gamma_deviance(y, fitted)
        coefficients = proposed
        has_settled = abs(reached - deviance) / (abs(reached) + 0.1) < DEVIANCE_TOLERANCE
        deviance = reached
        if has_settled or not np.isfinite(deviance):
            break
    return coefficients, has_settled


def _valid(proposed: Floats, last: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Halve a step until all fitted values are positive, as R's glm does."""
    fitted = proposed[0] + proposed[1] * x
    for _ in range(MOST_STEPS):
        if (fitted > 0.0).all():
            break
        proposed = (proposed + last) / 2.0
        fitted = proposed[0] + proposed[1] * x
    return proposed, fitted


def _gamma_deviance(y: Floats, fitted: Floats) -> float:
    if not (fitted > 0.0).all():
        return np.inf
    return float(-2.0 * (np.log(y / fitted) - (y - fitted) / fitted).sum())


def local_trend(means: Floats, dispersions: Floats) -> Floats:
    """Return knots (2, k) of log dispersion over log mean, by local quadratic regression.

    Each knot sees the nearest 70 % of the genes, by tricube weights times their means.
    """
    order = np.argsort(means, kind="stable")
    x, y, weights = np.log(means[order]), np.log(dispersions[order]), means[order]
    knots = np.unique(np.quantile(x, np.linspace(0.0, 1.0, min(KNOTS, len(x)))))
    nearest = max(min(len(x), 3), int(NEIGHBOURS * len(x)))
    fitted = np.empty(len(knots))
    for number, knot in enumerate(knots):
        distance = np.abs(x - knot)
        width = np.partition(distance, nearest - 1)[nearest - 1]
        near = np.clip(1.0 - (distance / max(width, 1e-12)) ** 3, 0.0, 1.0) ** 3
        root = np.sqrt(near * weights)
        design = np.column_stack([np.ones(len(x)), x - knot, (x - knot) ** 2])
        solved = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0]
        fitted[number] = solved[0]
    return np.vstack([knots, fitted])
