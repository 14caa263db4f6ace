"""Cox regression under Firth's penalty: finite estimates where groups separate."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.statistics.cox import Z_95, ChiSquared, scale_columns
from storiform.statistics.risk_sets import (
    Moments,
    RiskSets,
    information,
    risk_moments,
    risk_sums,
    spread_over_patients,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CRITICAL = float(special.chdtri(1, 0.05)) / 2.0
"""How far the log likelihood falls at the bounds of a 95 % interval."""
_ROUNDS = 60
_LONGEST_STEP = 2.0
_SHORTEST_STEP = 1e-6
"""After it no step follows: the next would be shorter by many digits."""
_HALVINGS = 30
_ROUNDING = 1e-13
_DIFFERENCE = 1e-5
_WIDEST = 200.0
_EXACT = 1e-10


class FirthFit(NamedTuple):
    """Coefficients (p,) of a penalised Cox model, with profile-likelihood intervals.

    A bound at which hazards would differ by exp(200) or more is infinite.
    `covariance` (p, p) is the inverse of the information at the estimate. `p` (p,) and
    `likelihood_ratio`, of all coefficients at once, are of penalised likelihood ratios.
    """

    coefficient: Floats
    covariance: Floats
    interval: tuple[Floats, Floats]
    p: Floats
    log_likelihood: float
    likelihood_ratio: ChiSquared

    @property
    def se(self) -> Floats:
        """Standard errors (p,)."""
        return np.sqrt(np.diag(self.covariance))


def fit_firth(sets: RiskSets, columns: Floats) -> FirthFit:
    """Maximise the partial likelihood times the square root of its information.

    The penalty takes away the first-order bias and keeps every estimate finite, also where
    all events fall into one group. Intervals and p values are of the profile of the
    penalised likelihood, since near separation the likelihood is far from a parabola.

    Parameters
    ----------
    sets
        Patients by their times; at least one event.
    columns
        Covariates (n, p) of the patients as they were given, none determined by others.

    References
    ----------
    Heinze, Schemper, Biometrics 57, 114-119 (2001),
    doi:10.1111/j.0006-341X.2001.00114.x.
    Firth, Biometrika 80, 27-38 (1993), doi:10.1093/biomet/80.1.27.
    """
    scaled = scale_columns(sets, columns)
    number = len(scaled.scale)
    everything = np.arange(number)
    best = _climb(sets, scaled.columns, np.zeros(number), everything)
    null = penalised_likelihood(sets, scaled.columns, np.zeros(number)).value
    shift = np.log(scaled.scale).sum()  # of the determinant, whose columns were scaled
    covariance: Floats = np.asarray(np.linalg.inv(best.information), dtype=np.float64)
    bounds = np.empty((2, number))
    p = np.empty(number)
    for column in range(number):
        free = np.delete(everything, column)
        bounds[:, column] = [
            _bound(sets, scaled.columns, (best, covariance), column, side) for side in (-1, 1)
        ]
        start = best.coefficient.copy()
        start[column] = 0.0
        fall = best.value - _climb(sets, scaled.columns, start, free).value
        p[column] = special.chdtrc(1.0, max(2.0 * fall, 0.0))
    statistic = max(2.0 * (best.value - null), 0.0)
    return FirthFit(
        best.coefficient / scaled.scale, covariance / np.outer(scaled.scale, scaled.scale),
        (bounds[0] / scaled.scale, bounds[1] / scaled.scale), p, best.value + shift,
        ChiSquared(statistic, number, float(special.chdtrc(number, statistic))),
    )  # fmt: skip


class Penalised(NamedTuple):
    """The penalised log likelihood at some coefficients (p,), its slope and information."""

    coefficient: Floats
    value: float
    slope: Floats
    information: Floats


def penalised_likelihood(sets: RiskSets, columns: Floats, coefficient: Floats) -> Penalised:
    """Return log likelihood + log determinant of the information / 2, and its slope.

    Parameters
    ----------
    sets
        Patients by their times.
    columns
        Covariates (n, p) in the order of the sets, centred.
    coefficient
        Logarithms of hazard ratios (p,).

    Returns
    -------
    Penalised
        The value is minus infinity where the information is singular in floating point.
    """
    moments = risk_moments(sets, columns, coefficient)
    known = information(sets, columns, moments)
    sign, logarithm = np.linalg.slogdet(known)
    if not sign > 0.0 or not np.isfinite(moments.log_likelihood):
        return Penalised(coefficient, -np.inf, np.full(len(coefficient), np.nan), known)
    inverse: Floats = np.asarray(np.linalg.inv(known), dtype=np.float64)
    pull = _pull(sets, columns, moments, inverse)
    value = moments.log_likelihood + 0.5 * float(logarithm)
    return Penalised(coefficient, value, moments.score + pull, known)


def _pull(sets: RiskSets, columns: Floats, moments: Moments, inverse: Floats) -> Floats:
    """Return the slope (p,) of half the log determinant of the information.

    It is half the sum over events of E[(x - m)' V (x - m) (x - m)], V the inverse
    information, m the mean over the risk set: third central moments, written in raw ones.
    """
    mean = moments.mean
    turned = columns @ inverse
    square = (turned * columns).sum(axis=1)
    shares = spread_over_patients(sets, moments, np.column_stack([np.ones(len(mean)), mean]))
    third = (square * shares[:, 0]) @ columns
    cross = ((shares[:, 1:] * turned).sum(axis=1)) @ columns
    of_means = ((mean @ inverse) * mean).sum(axis=1)
    expected = _expected(sets, moments, square)
    return np.asarray(0.5 * (third - expected @ mean - 2.0 * (cross - of_means @ mean)))


def _expected(sets: RiskSets, moments: Moments, values: Floats) -> Floats:
    """Return the weighted mean (d,) over each risk set of a value (n,) of the patients."""
    found = risk_sums(sets, (moments.weight * values)[:, None])[:, 0]
    return np.asarray(found / moments.total)


def _climb(sets: RiskSets, columns: Floats, start: Floats, free: Ints) -> Penalised:
    """Climb the penalised likelihood over the free coefficients, the others held.

    Newton steps; the curvature is taken from differences of the slope, and is that of the
    likelihood without penalty where they show no summit.
    """
    best = penalised_likelihood(sets, columns, start)
    if not len(free) or not np.isfinite(best.value):
        return best
    reach = np.ptp(columns[:, free], axis=0)
    for _ in range(_ROUNDS):
        step = _uphill(sets, columns, best, free)
        longest = float((np.abs(step) * reach).max())
        step *= min(1.0, _LONGEST_STEP / longest) if longest else 1.0
        found = _stepped(sets, columns, best, (free, step))
        if found is None:
            break
        best = found
        if longest < _SHORTEST_STEP:
            break
    return best


def _stepped(
    sets: RiskSets, columns: Floats, here: Penalised, path: tuple[Ints, Floats]
) -> Penalised | None:
    """Return where a step, or the half of a half of it, leads up; None where none does."""
    free, step = path
    for halvings in range(_HALVINGS):
        there = here.coefficient.copy()
        there[free] += step / 2.0**halvings
        with np.errstate(all="ignore"):
            found = penalised_likelihood(sets, columns, there)
        if found.value >= here.value - _ROUNDING * abs(here.value):
            return found
    return None


def _uphill(sets: RiskSets, columns: Floats, here: Penalised, free: Ints) -> Floats:
    curvature = np.empty((len(free), len(free)))
    for row, column in enumerate(free):
        ahead, behind = (here.coefficient.copy() for _ in range(2))
        ahead[column] += _DIFFERENCE
        behind[column] -= _DIFFERENCE
        slopes = [penalised_likelihood(sets, columns, at).slope[free] for at in (ahead, behind)]
        curvature[row] = (slopes[1] - slopes[0]) / (2.0 * _DIFFERENCE)
    curvature = (curvature + curvature.T) / 2.0
    if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] <= 0.0:
        curvature = here.information[np.ix_(free, free)]
    return np.asarray(np.linalg.solve(curvature, here.slope[free]))


def _bound(
    sets: RiskSets, columns: Floats, summit: tuple[Penalised, Floats], column: int, side: int
) -> float:
    """Return where the profile of one coefficient has fallen by half a chi-squared.

    Newton steps on the square root of the fall, nearly a straight line; the slope of the
    profile is that of the penalised likelihood. Steps that leave the bracket are not taken.
    """
    best, covariance = summit
    free = np.delete(np.arange(len(best.coefficient)), column)
    centre, start = float(best.coefficient[column]), best.coefficient.copy()
    near, far = centre, side * np.inf
    value = centre + side * Z_95 * float(np.sqrt(covariance[column, column]))
    for _ in range(_ROUNDS):
        start[column] = value
        found = _climb(sets, columns, start, free)
        fall = best.value - found.value
        if abs(fall - _CRITICAL) < _EXACT:
            return value
        near, far = (value, far) if fall < _CRITICAL else (near, value)
        if abs(near - centre) * np.ptp(columns[:, column]) > _WIDEST:
            return side * np.inf
        value = _next(value, found.slope[column], fall)
        furthest = far if np.isfinite(far) else near + 4.0 * (near - centre)
        if not side * near < side * value < side * furthest:
            value = (near + furthest) / 2.0
        start = found.coefficient.copy()
    return value


def _next(value: float, slope: float, fall: float) -> float:
    """Return the Newton step to where the root of the fall is that of the critical one."""
    if not np.isfinite(fall) or fall <= 0.0 or slope == 0.0:
        return float("nan")
    return float(value + (np.sqrt(fall) - np.sqrt(_CRITICAL)) * 2.0 * np.sqrt(fall) / slope)
