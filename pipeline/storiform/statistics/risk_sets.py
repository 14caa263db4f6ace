"""Patients arranged by who is at risk at each event, and the moments of their covariates."""

from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.statistics.kaplan_meier import distinct_times

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Ties = Literal["efron", "breslow"]


class RiskSets(NamedTuple):
    """Patients (n,) in an order in which risk sets grow: by stratum, the last time first.

    Whoever is at risk at an event (d,) stands between the beginning of the stratum and the
    place `end` of the event. Events of one stratum and time are tied, `tie` numbers them.
    """

    order: Ints
    spans: tuple[tuple[int, int], ...]
    deaths: Ints
    end: Ints
    first: Ints
    tie: Ints
    share: Floats
    months: Floats

    def arranged(self, columns: Floats) -> Floats:
        """Return covariates (n, p) of patients as they were given, in the order of the sets."""
        return np.ascontiguousarray(columns[self.order])


class Moments(NamedTuple):
    """What the partial likelihood takes from the risk sets at given coefficients.

    `weight` (n,) is proportional to each patient's hazard, `total` (d,) its sum over the
    risk set of an event, `mean` (d, p) the weighted mean of the covariates there.
    """

    log_likelihood: float
    score: Floats
    weight: Floats
    total: Floats
    mean: Floats


def risk_sets(
    time: Floats, event: Bools, stratum: Ints | None = None, ties: Ties = "efron"
) -> RiskSets:
    """Arrange patients (n,) by their times.

    Parameters
    ----------
    time
        Time to event or censoring, finite; times that differ by rounding alone are one.
    event
        Whether the event was observed.
    stratum
        Number of each patient's stratum; patients of two strata are never compared.
    ties
        `efron` takes from the risk set the part of the tied events that is over, on
        average; `breslow` takes nothing.

    References
    ----------
    Efron, JASA 72, 557-565 (1977), doi:10.1080/01621459.1977.10480613.
    Breslow, Biometrics 30, 89-99 (1974), doi:10.2307/2529620.
    """
    moments, index = distinct_times(time)
    strata = np.zeros(len(time), dtype=np.int64) if stratum is None else stratum
    order = np.lexsort((-index, strata)).astype(np.int64)
    moment, strata, died = index[order], strata[order], event[order]
    changes = np.flatnonzero(np.diff(strata)) + 1
    borders = [0, *changes.tolist(), len(order)]
    is_last = np.append((np.diff(moment) != 0) | (np.diff(strata) != 0), np.ones(1, bool))
    lasts = np.flatnonzero(is_last[: len(order)])
    deaths = np.flatnonzero(died).astype(np.int64)
    end = lasts[np.searchsorted(lasts, deaths)].astype(np.int64)
    _, first, tie, tied = np.unique(
        end, return_index=True, return_inverse=True, return_counts=True
    )
    share = np.zeros(len(deaths))
    if ties == "efron":
        share = (np.arange(len(deaths)) - first[tie]) / tied[tie]
    return RiskSets(
        order, tuple(pairwise(borders)), deaths, end,
        first.astype(np.int64), tie.astype(np.int64), share, moments[moment[deaths]],
    )  # fmt: skip


def risk_moments(sets: RiskSets, columns: Floats, coefficient: Floats) -> Moments:
    """Return the partial likelihood and its parts at given coefficients (p,).

    Parameters
    ----------
    sets
        Patients by their times.
    columns
        Covariates (n, p) in the order of the sets, best centred.
    coefficient
        Logarithms of hazard ratios.
    """
    predictor = columns @ coefficient
    predictor -= predictor.max(initial=-np.inf)
    weight = np.exp(predictor)
    weighted = np.column_stack([weight, weight[:, None] * columns])
    sums = risk_sums(sets, weighted)
    total = sums[:, 0]
    mean = sums[:, 1:] / total[:, None]
    log_likelihood = float(predictor[sets.deaths].sum() - np.log(total).sum())
    score = columns[sets.deaths].sum(axis=0) - mean.sum(axis=0)
    return Moments(log_likelihood, score, weight, total, mean)


def risk_sums(sets: RiskSets, values: Floats) -> Floats:
    """Return the sums (d, k) of values (n, k) over those at risk at each event.

    Of tied events, the part that is over does not count.
    """
    sums = _accumulated(values, sets.spans)[sets.end]
    return sums - sets.share[:, None] * _of_ties(sets, values[sets.deaths])


def spread_over_patients(sets: RiskSets, moments: Moments, amounts: Floats) -> Floats:
    """Share out amounts (d, k) of the events to those at risk, as they were likely to die.

    Parameters
    ----------
    sets
        Patients by their times.
    moments
        Of these sets.
    amounts
        One row per event.

    Returns
    -------
    numpy.ndarray
        The sum of each patient's shares (n, k), in the order of the sets.
    """
    gain = amounts / moments.total[:, None]
    jump = np.zeros((len(sets.order), amounts.shape[1]))
    jump[sets.end[sets.first]] = np.add.reduceat(gain, sets.first, axis=0)
    shares = _accumulated(jump[::-1], _mirrored(sets))[::-1]
    shares[sets.deaths] -= _of_ties(sets, gain * sets.share[:, None])
    return np.asarray(shares * moments.weight[:, None], dtype=np.float64)


def information(
    sets: RiskSets, columns: Floats, moments: Moments, amount: Floats | None = None
) -> Floats:
    """Return the sum over events of the covariance of covariates at risk (p, p).

    Parameters
    ----------
    sets, columns, moments
        As in `risk_moments`.
    amount
        How often each event (d,) counts; once each gives the observed information.
    """
    counted = np.ones(len(sets.deaths)) if amount is None else amount
    shares = spread_over_patients(sets, moments, counted[:, None])
    squares = (columns * shares).T @ columns
    return squares - (moments.mean * counted[:, None]).T @ moments.mean


def _accumulated(values: Floats, spans: tuple[tuple[int, int], ...]) -> Floats:
    """Return running sums (n, k) that begin anew with each stratum."""
    if len(spans) == 1:
        return values.cumsum(axis=0)
    sums = np.empty_like(values)
    for start, stop in spans:
        np.cumsum(values[start:stop], axis=0, out=sums[start:stop])
    return sums


def _mirrored(sets: RiskSets) -> tuple[tuple[int, int], ...]:
    n = len(sets.order)
    return tuple((n - stop, n - start) for start, stop in reversed(sets.spans))


def _of_ties(sets: RiskSets, of_deaths: Floats) -> Floats:
    """Return the sum over all events tied with each, (d, k)."""
    return np.asarray(np.add.reduceat(of_deaths, sets.first, axis=0)[sets.tie])
