"""Harrell's concordance of a risk score and survival, as R's concordance."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.statistics.kaplan_meier import distinct_times

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_CELLS = 1_000_000


class Concordance(NamedTuple):
    """Share of pairs in which the higher score dies first, and its standard error."""

    value: float
    se: float


def concordance(
    time: Floats, event: Bools, score: Floats, stratum: Ints | None = None
) -> Concordance:
    """Count in how many comparable pairs the patient of the higher score dies first.

    Two patients are comparable if they are of one stratum and the first to leave had the
    event; of two that leave at one time, if one of them alone had it. Equal scores count
    one half. The standard error is the infinitesimal jackknife's.

    Parameters
    ----------
    time, event
        Time (n,) to event or censoring, and whether the event was observed.
    score
        The higher, the sooner the event is expected (n,).
    stratum
        Number of each patient's stratum.

    Returns
    -------
    Concordance
        NaN where no pair is comparable.

    References
    ----------
    Harrell et al., Statistics in Medicine 15, 361-387 (1996),
    doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4.
    """
    _, moment = distinct_times(time)
    n = len(time)
    strata = np.zeros(n, dtype=np.int64) if stratum is None else stratum
    later = moment * 2 + ~event  # those censored at a time leave after its events
    order = np.lexsort((-later, strata))
    later, strata, score = later[order], strata[order], score[order]
    deaths = np.flatnonzero(event[order])
    # Comparable with a death are those between the start of its stratum and its time.
    start = np.searchsorted(strata, strata[deaths], "left")
    stop = _first_of_ties(strata, later)[deaths]
    twice, comparable = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    places = np.arange(n)
    rows = max(1, _CELLS // max(n, 1))
    for first in range(0, len(deaths), rows):
        part = slice(first, first + rows)
        is_pair = (places < stop[part, None]) & (places >= start[part, None])
        own = score[deaths[part], None]
        # Two points for a lower score, one for an equal one.
        points = ((own > score) & is_pair).view(np.int8) + ((own >= score) & is_pair)
        twice += points.sum(axis=0)
        twice[deaths[part]] += points.sum(axis=1)
        comparable += is_pair.sum(axis=0)
    comparable[deaths] += stop - start
    pairs = float((stop - start).sum())
    if pairs == 0.0:
        return Concordance(float("nan"), float("nan"))
    value = float(twice.sum()) / 4.0 / pairs
    influence = (twice / 2.0 - value * comparable) / pairs
    return Concordance(value, float(np.sqrt((influence**2).sum())))


def _first_of_ties(strata: Ints, later: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return the place of the first patient of the same stratum and time, (n,)."""
    is_new = np.ones(len(later), dtype=bool)
    is_new[1:] = (np.diff(later) != 0) | (np.diff(strata) != 0)
    return np.maximum.accumulate(np.where(is_new, np.arange(len(later)), 0))
