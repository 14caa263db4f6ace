"""Logistic regression: the odds of an outcome, by maximum likelihood or Firth's penalty."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, special

from storiform.statistics.kruskal import ChiSquared
from storiform.statistics.profile_likelihood import Hill, Point, Profile, climb, profile

Floats = npt.NDArray[np.float64]

_DEVIANCE = 1e-8
"""R's criterion: the relative change of the deviance at which `glm` stops."""
_ROUNDS = 25
_FEWEST = 1e-9


class LogisticFit(NamedTuple):
    """Log odds ratios (k,) of a logistic regression and their standard errors (k,).

    Parameters
    ----------
    coefficient, se
        Of the covariates, without intercept.
    around
        p and intervals of the profile likelihood.
    log_likelihood
        At the estimate; of a penalised fit with its penalty.
    likelihood_ratio
        Of all covariates at once.
    """

    coefficient: Floats
    se: Floats
    around: Profile
    log_likelihood: float
    likelihood_ratio: ChiSquared


def fit_logistic(
    columns: Floats, outcome: Floats, confidence: float = 0.95, *, is_penalised: bool = False
) -> LogisticFit:
    """Regress an outcome on covariates as R's `glm` does, or with Firth's penalty.

    The penalty takes away the first-order bias and keeps every estimate finite, also where
    the covariates separate the outcomes, so that the likelihood itself has no maximum.

    Parameters
    ----------
    columns
        Covariates (n, k), none determined by the others or constant.
    outcome
        1 or 0 of each patient (n,), not all alike. Without the penalty the covariates must
        not separate them: see `is_separated`.
    confidence
        Coverage of the intervals.
    is_penalised
        Whether Firth's penalty is added, half the log determinant of the information.

    References
    ----------
    McCullagh, Nelder, Generalized Linear Models, 2nd ed. (1989),
    doi:10.1007/978-1-4899-3242-6.
    Firth, Biometrika 80, 27-38 (1993), doi:10.1093/biomet/80.1.27.
    Heinze, Schemper, Statistics in Medicine 21, 2409-2419 (2002), doi:10.1002/sim.1047.
    """
    scale = columns.std(axis=0)
    terms = np.column_stack([np.ones(len(outcome)), (columns - columns.mean(axis=0)) / scale])
    places = np.arange(1, terms.shape[1])
    hill = logistic_hill(terms, outcome, is_penalised=is_penalised)
    start = np.zeros(terms.shape[1])
    start[0] = special.logit((outcome.sum() + 0.5) / (len(outcome) + 1.0))
    null = climb(hill, start, places[:0] if not len(places) else np.array([0]))
    if is_penalised:
        best = climb(hill, start, np.arange(terms.shape[1]))
        coefficient = best.coefficient[1:] / scale
        se = np.sqrt(np.diag(linalg.inv(best.information))[1:]) / scale
    else:
        found, errors = fit_reweighted(np.column_stack([terms[:, 0], columns]), outcome)
        coefficient, se = found[1:], errors[1:]
        at = np.concatenate([[found[0] + columns.mean(axis=0) @ found[1:]], found[1:] * scale])
        best = climb(hill, at, np.arange(terms.shape[1]))
    return finished(hill, (best, null), places, (coefficient, se, scale), confidence)


def finished(
    hill: Hill,
    summit: tuple[Point, Point],
    places: npt.NDArray[np.int64],
    found: tuple[Floats, Floats, Floats],
    confidence: float,
) -> LogisticFit:
    """Add to an estimate what the profile of its likelihood tells.

    Parameters
    ----------
    hill
        The log likelihood of scaled covariates.
    summit
        Its highest point, and that where no covariate counts.
    places
        Places of the covariates among the coefficients.
    found
        Coefficients, standard errors and scale of the covariates (k,).
    confidence
        Coverage of the intervals.
    """
    best, null = summit
    coefficient, se, scale = found
    around = profile(hill, best, places, confidence)
    statistic = max(2.0 * (best.value - null.value), 0.0)
    p = float(special.chdtrc(len(places), statistic))
    return LogisticFit(
        coefficient, se, Profile(around.p, around.lower / scale, around.upper / scale),
        best.value, ChiSquared(statistic, len(places), p),
    )  # fmt: skip


def logistic_hill(terms: Floats, outcome: Floats, *, is_penalised: bool) -> Hill:
    """Return the log likelihood of a logistic regression, with Firth's penalty or without.

    Parameters
    ----------
    terms
        Terms (n, k) with the intercept first, of full rank.
    outcome
        1 or 0 of each patient (n,).
    is_penalised
        Whether half the log determinant of the information is added.
    """
    number = terms.shape[1]
    sign = np.where(outcome > 0.0, 1.0, -1.0)
    products = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), number * number)

    def summed(weight: Floats) -> Floats:
        return np.asarray((weight @ products).reshape(number, number))

    def at(coefficient: Floats) -> Point:
        predictor = terms @ coefficient
        share = special.expit(predictor)
        weight = share * special.expit(-predictor)
        information = summed(weight)
        value = -float(np.logaddexp(0.0, -sign * predictor).sum())
        residual = outcome - share
        if not is_penalised:
            return Point(coefficient, value, residual @ terms, information, information)
        is_positive, logarithm = np.linalg.slogdet(information)
        if not is_positive > 0.0 or not np.isfinite(logarithm):
            unknown = np.full(number, np.nan)
            return Point(coefficient, -np.inf, unknown, information, information)
        inverse = np.linalg.inv(information)
        leverage = weight * (products @ inverse.ravel())
        lean = 1.0 - 2.0 * share
        slope = (residual + 0.5 * leverage * lean) @ terms
        # The derivative of the slope: that of the inverse information is in the last term.
        own = summed(weight * (1.0 + leverage) - 0.5 * leverage * lean**2)
        third = ((weight * lean)[:, None] * terms).T @ products
        turned = inverse @ third.reshape(number, number, number)
        flat = turned.reshape(number, -1) @ turned.transpose(0, 2, 1).reshape(number, -1).T
        value += float(logarithm) / 2.0
        return Point(coefficient, value, slope, information, own + 0.5 * flat)

    spread = np.ptp(terms, axis=0)
    spread[0] = 1.0
    return Hill(at, spread)


def fit_reweighted(design: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    """Fit by iteratively reweighted least squares; return coefficients and standard errors.

    Start, criterion and weights of the standard errors, those of the last round, are those
    of R's `glm`, so that its digits come out.

    Parameters
    ----------
    design
        Terms (n, k) with the intercept, of full rank; the outcomes are not separated.
    outcome
        1 or 0 of each patient (n,).
    """
    predictor = special.logit((outcome + 0.5) / 2.0)
    deviance = _deviance(predictor, outcome)
    coefficients: Floats = np.zeros(design.shape[1])
    triangle: Floats = np.eye(design.shape[1])
    for _ in range(_ROUNDS):
        share = special.expit(predictor)
        weight = np.maximum(share * special.expit(-predictor), np.finfo(np.float64).eps)
        root = np.sqrt(weight)
        target = predictor + (outcome - share) / weight
        orthogonal, upper = linalg.qr(root[:, None] * design, mode="economic")
        triangle = np.asarray(upper, dtype=np.float64)
        solved = linalg.solve_triangular(triangle, orthogonal.T @ (root * target))
        coefficients = np.asarray(solved, dtype=np.float64)
        predictor = design @ coefficients
        before, deviance = deviance, _deviance(predictor, outcome)
        if abs(deviance - before) / (abs(deviance) + 0.1) < _DEVIANCE:
            break
    inverse = linalg.solve_triangular(triangle, np.eye(len(coefficients)))
    return coefficients, np.sqrt(np.square(inverse).sum(axis=1))


def _deviance(predictor: Floats, outcome: Floats) -> float:
    sign = np.where(outcome > 0.0, 1.0, -1.0)
    return -2.0 * float(special.log_expit(sign * predictor).sum())


def is_separated(design: Floats, outcome: Floats) -> bool:
    """Tell whether a combination of terms parts the outcomes, wholly or but for ties.

    Parameters
    ----------
    design
        Terms (n, k) with the intercept, or with one for each stratum.
    outcome
        1 or 0 of each patient (n,).

    References
    ----------
    Albert, Anderson, Biometrika 71, 1-10 (1984), doi:10.1093/biomet/71.1.1.
    Konis, Linear programming algorithms for detecting separated data in binary logistic
    regression models, DPhil thesis, Oxford (2007).
    """
    scale = np.abs(design).max(axis=0)
    signed = np.where(outcome > 0.0, 1.0, -1.0)[:, None] * design / scale
    found = optimize.linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1.0, 1.0)
    )
    return bool(float(found.fun or 0.0) < -_FEWEST * len(signed))
