"""Kaplan-Meier curves, their quantiles, and the log-rank test, as R's package survival."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
ConfType = Literal["log", "log-log", "plain"]

_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))
"""R's: times, and survival probabilities, that are this close are equal."""
_Z = float(special.ndtri(0.975))


class Curve(NamedTuple):
    """A Kaplan-Meier curve: one entry per distinct time (t,), with a 95 % interval."""

    time: Floats
    at_risk: Ints
    events: Ints
    censored: Ints
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats


class Quantile(NamedTuple):
    """A quantile of survival time with its 95 % interval, NaN where not reached."""

    time: float
    lower: float
    upper: float


class LogRank(NamedTuple):
    """The log-rank test: statistic, degrees of freedom, p, observed and expected (k,)."""

    chi2: float
    df: int
    p: float
    observed: Floats
    expected: Floats


def kaplan_meier(time: Floats, event: Bools, conf_type: ConfType = "log") -> Curve:
    """Estimate survival from times (n,) and whether each ended in an event (n,).

    Parameters
    ----------
    time
        Time to event or censoring, finite.
    event
        Whether the event was observed.
    conf_type
        Scale of the interval; `log` is R's default.

    Returns
    -------
    Curve
        `std_error` is that of log survival (Greenwood), infinite where survival is 0.

    References
    ----------
    Kaplan, Meier, JASA 53, 457-481 (1958), doi:10.1080/01621459.1958.10501452.
    """
    moments, index = distinct_times(time)
    total = np.bincount(index, minlength=len(moments)).astype(np.int64)
    events = np.bincount(index[event], minlength=len(moments)).astype(np.int64)
    at_risk = (len(index) - np.cumsum(total) + total).astype(np.int64)
    survival = np.asarray(np.cumprod((at_risk - events) / at_risk), dtype=np.float64)
    left = (at_risk - events).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard_variance = np.where(events > 0, events / (at_risk * left), 0.0)
        std_error: Floats = np.sqrt(np.cumsum(hazard_variance))
        lower, upper = _interval(survival, std_error, conf_type)
    return Curve(moments, at_risk, events, total - events, survival, std_error, lower, upper)


def reverse_kaplan_meier(time: Floats, event: Bools) -> Curve:
    """Estimate how long patients were followed: events and censorings change places.

    References
    ----------
    Schemper, Smith, Controlled Clinical Trials 17, 343-346 (1996),
    doi:10.1016/0197-2456(96)00075-X.
    """
    return kaplan_meier(time, ~event)


def quantile(curve: Curve, share: float) -> Quantile:
    """Return the time by which a share of patients had the event (`quantile.survfit`).

    Where survival runs level at exactly that share, the middle of the plateau is taken.
    """
    return Quantile(
        *(_crossing(curve, s, share) for s in (curve.survival, curve.lower, curve.upper))
    )


def median(curve: Curve) -> Quantile:
    """Return the median as R prints it.

    It is `quantile(curve, 0.5)`, but a plateau at one half that the curve never leaves
    gives its beginning (`survmean` of R's package survival).
    """
    curves = (curve.survival, curve.lower, curve.upper)
    return Quantile(*(_crossing(curve, s, 0.5, is_printed=True) for s in curves))


def survival_at(curve: Curve, moment: float) -> tuple[float, float, float]:
    """Return survival with its interval at a landmark, NaN after the last patient left."""
    if len(curve.time) == 0 or moment > curve.time[-1] * (1.0 + _TOLERANCE):
        return float("nan"), float("nan"), float("nan")
    place = int(np.searchsorted(curve.time, moment * (1.0 + _TOLERANCE), "right")) - 1
    if place < 0:
        return 1.0, 1.0, 1.0
    return float(curve.survival[place]), float(curve.lower[place]), float(curve.upper[place])


def log_rank(time: Floats, event: Bools, group: Ints, rho: float = 0.0) -> LogRank:
    """Compare the survival of k groups.

    Parameters
    ----------
    time, event
        As in `kaplan_meier`, (n,).
    group
        Number of each patient's group, 0 ... k - 1.
    rho
        Weight of Fleming and Harrington: survival just before the event to this power.
        0 is the log-rank test, 1 Peto's modification of the Gehan-Wilcoxon test.

    Returns
    -------
    LogRank
        `p` is NaN where fewer than two groups were at risk at an event.

    References
    ----------
    Harrington, Fleming, Biometrika 69, 553-566 (1982), doi:10.1093/biomet/69.3.553.
    """
    moments, index = distinct_times(time)
    groups = int(group.max()) + 1 if len(group) else 0
    leaving = np.zeros((len(moments), groups))
    deaths = np.zeros((len(moments), groups))
    np.add.at(leaving, (index, group), 1.0)
    np.add.at(deaths, (index[event], group[event]), 1.0)
    at_risk = leaving[::-1].cumsum(axis=0)[::-1]
    died = deaths.sum(axis=1) > 0
    deaths, at_risk = deaths[died], at_risk[died]
    d, n = deaths.sum(axis=1), at_risk.sum(axis=1)
    before = np.concatenate([[1.0], np.cumprod((n - d) / n)[:-1]]) if len(n) else n
    weight = before**rho
    observed = (weight[:, None] * deaths).sum(axis=0)
    expected = (weight[:, None] * at_risk * (d / n)[:, None]).sum(axis=0)
    spread = weight**2 * d * (n - d) / np.maximum(n - 1.0, 1.0)
    shares = at_risk / n[:, None]
    variance = np.diag((spread[:, None] * shares).sum(axis=0)) - (
        (spread[:, None] * shares).T @ shares
    )
    kept = np.flatnonzero(expected > 0.0)
    df = len(kept) - 1
    if df < 1:
        return LogRank(float("nan"), max(df, 0), float("nan"), observed, expected)
    kept = kept[1:]
    distance = (observed - expected)[kept]
    covariance = variance[np.ix_(kept, kept)]
    if np.linalg.matrix_rank(covariance) < df:
        return LogRank(float("nan"), df, float("nan"), observed, expected)
    chi2 = float(distance @ np.linalg.solve(covariance, distance))
    return LogRank(chi2, df, float(special.chdtrc(df, chi2)), observed, expected)


def distinct_times(time: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Return the distinct times and the index of each patient's (R's `aeqSurv`).

    Times that differ by rounding alone, as after a conversion from days, are one time.
    """
    moments, index = np.unique(time, return_inverse=True)
    if len(moments) < 2:  # noqa: PLR2004  nothing to be close to
        return moments, index
    gaps = np.diff(moments)
    is_new = (gaps > _TOLERANCE) & (gaps / np.abs(time).mean() > _TOLERANCE)
    number = np.concatenate([[0], np.cumsum(is_new)])
    first = np.concatenate([[True], is_new])
    return moments[first], number[index]


def _interval(
    survival: Floats, std_error: Floats, conf_type: ConfType
) -> tuple[Floats, Floats]:
    width = _Z * std_error
    if conf_type == "plain":
        half = width * survival
        return np.maximum(survival - half, 0.0), np.minimum(survival + half, 1.0)
    known = np.where(survival > 0.0, survival, np.nan)
    if conf_type == "log":
        log = np.log(known)
        return np.exp(log - width), np.minimum(np.exp(log + width), 1.0)
    known = np.where(survival < 1.0, known, np.nan)
    log = np.log(known)
    centre, half = np.log(-log), width / log
    return np.exp(-np.exp(centre - half)), np.exp(-np.exp(centre + half))


def _crossing(curve: Curve, level: Floats, share: float, *, is_printed: bool = False) -> float:
    """Return when a falling curve reaches 1 - share, the middle of a plateau there."""
    goal = 1.0 - share
    known = ~np.isnan(level)
    times, levels = curve.time[known], level[known]
    reached = np.flatnonzero(levels < goal + _TOLERANCE)
    if len(reached) == 0:
        return float("nan")
    start = int(reached[0])
    if abs(levels[start] - goal) >= _TOLERANCE:
        return float(times[start])
    beyond = np.flatnonzero(levels < levels[start] - (0.0 if is_printed else _TOLERANCE))
    if len(beyond):
        return float(times[start] + times[beyond[0]]) / 2.0
    return float(times[start]) if is_printed else float(times[start] + curve.time[-1]) / 2.0
