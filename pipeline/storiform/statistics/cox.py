"""Cox regression as R's coxph: partial likelihood with Efron's or Breslow's ties."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.statistics.risk_sets import (
    Moments,
    RiskSets,
    information,
    risk_moments,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

Z_95 = float(special.ndtri(0.975))
_CONVERGED = 1e-9
_ROUNDS = 20
_ALIASED = float(np.finfo(np.float64).eps ** 0.75)
"""R's limits: change of the log likelihood, rounds, a pivot that is none."""
_STILL_MOVING = 0.1
_CONSTANT = 1e-12


class ChiSquared(NamedTuple):
    """A statistic that is chi-squared under the null, with its degrees of freedom and p."""

    statistic: float
    df: int
    p: float


class CoxFit(NamedTuple):
    """Coefficients (p,) of a Cox model, and how well they are known.

    A column that others determine `is_aliased`; its coefficient is NaN. A coefficient that
    still moves when the likelihood no longer does `is_diverging`: groups separate, the
    estimate is infinite and its standard error means nothing.
    """

    coefficient: Floats
    covariance: Floats
    log_likelihood_null: float
    log_likelihood: float
    score_statistic: float
    is_aliased: Bools
    is_diverging: Bools
    is_converged: bool

    @property
    def se(self) -> Floats:
        """Standard errors (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def p(self) -> Floats:
        """Two-sided p of each coefficient (p,), Wald's test."""
        return np.asarray(special.chdtrc(1.0, (self.coefficient / self.se) ** 2))

    @property
    def interval(self) -> tuple[Floats, Floats]:
        """Bounds of the 95 % interval of each coefficient, Wald's."""
        return self.coefficient - Z_95 * self.se, self.coefficient + Z_95 * self.se

    @property
    def likelihood_ratio(self) -> ChiSquared:
        """Test of all coefficients at once by the likelihood ratio."""
        return self._test(2.0 * (self.log_likelihood - self.log_likelihood_null))

    @property
    def wald(self) -> ChiSquared:
        """Test of all coefficients at once by their distance from zero."""
        kept = ~self.is_aliased
        known = self.coefficient[kept]
        return self._test(
            float(known @ np.linalg.solve(self.covariance[np.ix_(kept, kept)], known))
        )

    @property
    def score(self) -> ChiSquared:
        """Test of all coefficients at once by the slope at zero: the log-rank test."""
        return self._test(self.score_statistic)

    def _test(self, statistic: float) -> ChiSquared:
        df = int((~self.is_aliased).sum())
        p = float(special.chdtrc(df, statistic)) if df else float("nan")
        return ChiSquared(statistic, df, p)


class Scaled(NamedTuple):
    """Covariates (n, p) in the order of risk sets, centred and of standard deviation one."""

    columns: Floats
    scale: Floats


def fit_cox(sets: RiskSets, columns: Floats) -> CoxFit:
    """Fit a Cox model by the steps of R's coxph, from zero.

    Newton steps, halved where the likelihood falls, until it changes by less than one part
    in 1e9. The coefficients are those of R's to about ten digits.

    Parameters
    ----------
    sets
        Patients by their times; at least one event.
    columns
        Covariates (n, p) of the patients as they were given, no value missing.

    References
    ----------
    Cox, J. Royal Statistical Society B 34, 187-220 (1972),
    doi:10.1111/j.2517-6161.1972.tb00899.x.
    """
    scaled = scale_columns(sets, columns)
    null = risk_moments(sets, scaled.columns, np.zeros(len(scaled.scale)))
    is_aliased = aliased(information(sets, scaled.columns, null), len(sets.deaths))
    kept = np.flatnonzero(~is_aliased)
    with np.errstate(all="ignore"):  # a step too far is taken back
        path = _climb(sets, np.ascontiguousarray(scaled.columns[:, kept]))
    number = len(is_aliased)
    coefficient = np.full(number, np.nan)
    coefficient[kept] = path.coefficient / scaled.scale[kept]
    covariance = np.full((number, number), np.nan)
    covariance[np.ix_(kept, kept)] = path.covariance / np.outer(
        scaled.scale[kept], scaled.scale[kept]
    )
    is_diverging = np.zeros(number, dtype=bool)
    is_diverging[kept] = path.is_diverging
    return CoxFit(
        coefficient, covariance, null.log_likelihood, path.log_likelihood, path.score_statistic,
        is_aliased, is_diverging, path.is_converged,
    )  # fmt: skip


def scale_columns(sets: RiskSets, columns: Floats) -> Scaled:
    """Centre covariates (n, p), divide by their standard deviation, put them in order."""
    centred = columns - columns.mean(axis=0)
    scale = np.sqrt((centred**2).mean(axis=0))
    scale[scale <= _CONSTANT * np.abs(columns).max(axis=0, initial=0.0)] = 1.0
    return Scaled(sets.arranged(centred / scale), scale)


def aliased(matrix: Floats, size: float) -> Bools:
    """Tell which columns (p,) of an information matrix those before them determine.

    Parameters
    ----------
    matrix
        Information of scaled covariates (p, p).
    size
        What a diagonal is of the order of: the number of events. A column that is alike in
        all risk sets leaves a diagonal of rounding errors alone.
    """
    left = matrix.copy()
    smallest = _ALIASED * max(float(np.diag(matrix).max(initial=0.0)), size)
    result = np.zeros(len(matrix), dtype=bool)
    for column in range(len(matrix)):
        pivot = left[column, column]
        if pivot <= smallest:
            result[column] = True
            continue
        left -= np.outer(left[:, column], left[column] / pivot)
    return result


class _Path(NamedTuple):
    """Where the climb ended."""

    coefficient: Floats
    covariance: Floats
    log_likelihood: float
    score_statistic: float
    is_diverging: Bools
    is_converged: bool


def _climb(sets: RiskSets, columns: Floats) -> _Path:
    """Climb the partial likelihood of scaled covariates, as R's coxfit6 does."""
    coefficient = np.zeros(columns.shape[1])
    best = risk_moments(sets, columns, coefficient)
    step = _step(sets, columns, best)
    score_statistic = float(best.score @ step)
    here, halvings, is_converged = coefficient + step, 0, False
    log_likelihood = best.log_likelihood
    for _ in range(_ROUNDS):
        found = risk_moments(sets, columns, here)
        value = found.log_likelihood
        if _is_settled(log_likelihood, value) and halvings == 0:
            coefficient, best, is_converged = here, found, True
            break
        if not np.isfinite(value) or value < log_likelihood:
            halvings += 1
            here = (here + halvings * coefficient) / (halvings + 1.0)
            continue
        halvings, log_likelihood = 0, value
        coefficient, best = here, found
        here = coefficient + _step(sets, columns, best)
    left = np.abs(_step(sets, columns, best)) * np.ptp(columns, axis=0)
    is_diverging = ~(left <= _STILL_MOVING)
    return _Path(
        coefficient, _inverse(information(sets, columns, best)), best.log_likelihood,
        score_statistic, is_diverging, is_converged,
    )  # fmt: skip


def _is_settled(before: float, now: float) -> bool:
    return abs(now - before) <= _CONVERGED * abs(now)


def _step(sets: RiskSets, columns: Floats, moments: Moments) -> Floats:
    """Return the Newton step (p,), infinite where the likelihood is flat."""
    try:
        step = np.linalg.solve(information(sets, columns, moments), moments.score)
    except np.linalg.LinAlgError:
        return np.full(columns.shape[1], np.inf)
    return np.asarray(step, dtype=np.float64)


def _inverse(matrix: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full(matrix.shape, np.nan)
