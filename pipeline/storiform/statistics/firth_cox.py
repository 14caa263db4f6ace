"""Cox regression under Firth's penalty: finite estimates where groups separate."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.statistics.cox import ChiSquared, scale_columns
from storiform.statistics.profile_likelihood import Hill, Point, climb, profile
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

    def at(coefficient: Floats) -> Point:
        return penalised_likelihood(sets, scaled.columns, coefficient)

    hill = Hill(at, np.ptp(scaled.columns, axis=0))
    best = climb(hill, np.zeros(number), everything)
    null = at(np.zeros(number)).value
    shift = np.log(scaled.scale).sum()  # of the determinant, whose columns were scaled
    covariance: Floats = np.asarray(np.linalg.inv(best.information), dtype=np.float64)
    around = profile(hill, best, everything)
    statistic = max(2.0 * (best.value - null), 0.0)
    return FirthFit(
        best.coefficient / scaled.scale, covariance / np.outer(scaled.scale, scaled.scale),
        (around.lower / scaled.scale, around.upper / scaled.scale), around.p,
        best.value + shift,
        ChiSquared(statistic, number, float(special.chdtrc(number, statistic))),
    )  # fmt: skip


def penalised_likelihood(sets: RiskSets, columns: Floats, coefficient: Floats) -> Point:
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
    Point
        The value is minus infinity where the information is singular in floating point.
    """
    moments = risk_moments(sets, columns, coefficient)
    known = information(sets, columns, moments)
    sign, logarithm = np.linalg.slogdet(known)
    if not sign > 0.0 or not np.isfinite(moments.log_likelihood):
        return Point(coefficient, -np.inf, np.full(len(coefficient), np.nan), known)
    inverse: Floats = np.asarray(np.linalg.inv(known), dtype=np.float64)
    pull = _pull(sets, columns, moments, inverse)
    value = moments.log_likelihood + 0.5 * float(logarithm)
    return Point(coefficient, value, moments.score + pull, known)


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
