"""Logistic regression with Firth's penalty: finite where groups separate."""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, special

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_ROUNDS = 200
_LONGEST = 5.0
"""Longest step of the linear predictor's terms in one round."""
_GRADIENT = 1e-10
_FARTHEST = 60
"""Doublings of the reach within which the end of an interval is looked for."""


class Penalised(NamedTuple):
    """Coefficients (k,), their standard errors (k,) and the penalised log-likelihood."""

    coefficients: Floats
    se: Floats
    log_likelihood: float


class Profile(NamedTuple):
    """p (k,) and ends of the interval (k,) by the profile penalised likelihood."""

    p: Floats
    lower: Floats
    upper: Floats


def fit_penalised(
    design: Floats, responded: Floats, fixed: dict[int, float] | None = None,
    start: Floats | None = None,
) -> Penalised:  # fmt: skip
    """Maximise the log-likelihood plus half the log determinant of the information.

    Parameters
    ----------
    design
        Terms (n, k) with the intercept, of full rank.
    responded
        1 or 0 of each patient (n,).
    fixed
        Coefficients that are held at a value, by their place; the penalty stays that of all.
    start
        Coefficients (k,) to begin at; 0 where not given.

    References
    ----------
    Firth, Biometrika 80, 27-38 (1993), doi:10.1093/biomet/80.1.27.
    Heinze, Schemper, Statistics in Medicine 21, 2409-2419 (2002), doi:10.1002/sim.1047.
    """
    held = fixed or {}
    scale = np.sqrt(np.square(design).mean(axis=0))
    terms = design / scale
    beta = np.zeros(design.shape[1]) if start is None else start * scale
    for place, value in held.items():
        beta[place] = value * scale[place]
    free = np.array([place for place in range(len(beta)) if place not in held], dtype=np.intp)
    height, gradient, information = _penalised(terms, responded, beta)
    for _ in range(_ROUNDS):
        if len(free) == 0 or np.abs(gradient[free]).max() < _GRADIENT:
            break
        step = np.zeros_like(beta)
        step[free] = linalg.solve(
            information[np.ix_(free, free)], gradient[free], assume_a="pos"
        )
        step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
        risen = _climb(terms, responded, (beta, step, height))
        if risen is None:
            break
        beta = risen
        height, gradient, information = _penalised(terms, responded, beta)
    se = np.sqrt(np.diag(linalg.inv(information))) / scale
    # The information of the terms as given is that of the scaled ones, times both scales.
    return Penalised(beta / scale, se, height + float(np.log(scale).sum()))


def _climb(
    terms: Floats, responded: Floats, place: tuple[Floats, Floats, float]
) -> Floats | None:
    """Return the first point along a step, halved again and again, that is no lower."""
    beta, step, height = place
    for _ in range(30):
        there = beta + step
        if _penalised(terms, responded, there)[0] >= height - 1e-13 * abs(height):
            return there
        step = step / 2.0
    return None


def _penalised(terms: Floats, responded: Floats, beta: Floats) -> tuple[float, Floats, Floats]:
    """Return the penalised log-likelihood, its gradient (k,) and the information (k, k)."""
    predictor = terms @ beta
    share = special.expit(predictor)
    weight = share * special.expit(-predictor)
    information = terms.T @ (weight[:, None] * terms)
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0.0 or not math.isfinite(log_determinant):
        return -math.inf, np.zeros_like(beta), information
    log_likelihood = float(
        special.log_expit(np.where(responded > 0.0, 1.0, -1.0) * predictor).sum()
    )
    leverage = weight * (terms * linalg.solve(information, terms.T, assume_a="pos").T).sum(
        axis=1
    )
    gradient = terms.T @ (responded - share + leverage * (0.5 - share))
    return log_likelihood + log_determinant / 2.0, gradient, information


def profile_penalised(
    design: Floats, responded: Floats, best: Penalised, confidence: float = 0.95
) -> Profile:
    """Return p and intervals from how fast the penalised likelihood falls with a coefficient.

    Parameters
    ----------
    design, responded
        As in `fit_penalised`.
    best
        The fit.
    confidence
        Coverage of the intervals.

    References
    ----------
    Heinze, Schemper, Statistics in Medicine 21, 2409-2419 (2002), doi:10.1002/sim.1047.
    """
    limit = float(special.chdtri(1, 1.0 - confidence))

    def fall(place: int, value: float) -> float:
        start = best.coefficients.copy()
        at = fit_penalised(design, responded, {place: value}, start)
        return 2.0 * (best.log_likelihood - at.log_likelihood)

    def excess(place: int, value: float) -> float:
        return fall(place, value) - limit

    p, lower, upper = (np.full(len(best.se), np.nan) for _ in range(3))
    for place in range(len(best.se)):
        p[place] = special.chdtrc(1, max(fall(place, 0.0), 0.0))
        middle, reach = float(best.coefficients[place]), float(best.se[place])
        lower[place] = _end(functools.partial(excess, place), middle, -reach)
        upper[place] = _end(functools.partial(excess, place), middle, reach)
    return Profile(p, lower, upper)


def _end(excess: Callable[[float], float], middle: float, reach: float) -> float:
    """Return where an excess that is negative in the middle becomes 0; infinity if nowhere."""
    for _ in range(_FARTHEST):
        if excess(middle + reach) > 0.0:
            return float(
                optimize.brentq(excess, middle, middle + reach, xtol=1e-11, rtol=1e-12)
            )
        reach *= 2.0
    return math.copysign(math.inf, reach)
