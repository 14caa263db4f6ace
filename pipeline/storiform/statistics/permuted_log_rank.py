"""The log-rank test by permutation of patients, where groups are small."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels.log_rank import (
    EventTimes,
    Labels,
    compare_groups,
    list_arrangements,
    shuffle_labels,
)
from storiform.statistics.kaplan_meier import Bools, Floats, Ints, distinct_times, log_rank

CHI_SQUARED, EXACT, MONTE_CARLO = "chi-squared", "exact", "Monte Carlo"
FEWEST_EXPECTED = 50.0
"""Events that each group expects, for each group but one, from which chi-squared serves."""
PERMUTATIONS = 99_999
ENOUGH = 400
"""Assignments as extreme as the observed one at which drawing ends: p is known to 5 %."""
_SLACK = 1e-7
"""Relative: statistics that differ by rounding alone are equal."""
_CELLS = 1 << 20
"""Labels that are worked on at a time."""


class SurvivalTest(NamedTuple):
    """A comparison of survival: statistic, p and how it was found.

    `chi2_p` is the p of the chi-squared distribution, whatever `p` is. `assignments` are
    those that were counted for p, 0 where none was.
    """

    chi2: float
    chi2_p: float
    p: float
    method: str
    assignments: int


class NullChoice(NamedTuple):
    """When p is that of permutations, and of how many; see `SurvivalParams`."""

    chi_squared_from: float = FEWEST_EXPECTED
    permutations: int = PERMUTATIONS
    seed: int = 1


def compare_survival(
    time: Floats,
    event: Bools,
    group: Ints,
    rho: float = 0.0,
    choice: NullChoice = NullChoice(),  # noqa: B008  a tuple, nobody can change it
) -> SurvivalTest:
    """Compare the survival of k groups by the log-rank test, also where they are small.

    The statistic is always that of `log_rank`. Its chi-squared distribution promises too
    much where a group expects few events; there p is the share of the assignments of the
    patients to groups of the same sizes whose statistic is as large: of all assignments
    where these are no more than `permutations`, else of random ones. Drawing ends when 400
    were as large (then p = 400 / drawn) or after `permutations` (p = (1 + as large) /
    (1 + drawn)); both are valid p values. The p depends on the patients and the seed alone,
    not on the order of patients, the names of groups or what else is tested.

    Parameters
    ----------
    time, event, group, rho
        As in `log_rank`.
    choice
        Which null distribution, how many permutations, seed.

    Returns
    -------
    SurvivalTest
        All numbers are NaN where fewer than two groups were at risk at an event.

    References
    ----------
    Neuhaus, Annals of Statistics 21, 1760-1779 (1993), doi:10.1214/aos/1176349396: why the
    statistic is divided by its own variance in each assignment.
    Besag, Clifford, Biometrika 78, 301-304 (1991), doi:10.1093/biomet/78.2.301.
    """
    found = log_rank(time, event, group, rho)
    if math.isnan(found.p):
        return SurvivalTest(found.chi2, found.p, found.p, CHI_SQUARED, 0)
    if expected_events(time, event, group).min() >= choice.chi_squared_from * found.df:
        return SurvivalTest(found.chi2, found.p, found.p, CHI_SQUARED, 0)
    times, order = event_times(time, event, rho)
    sizes = np.bincount(group)
    by_size = np.argsort(-sizes, kind="stable")
    number = np.empty(len(sizes), dtype=np.int16)
    number[by_size] = np.arange(len(sizes))
    observed = number[group[order]]
    statistic = float(compare_groups(observed[None], times, len(sizes))[0])
    limit = statistic - _SLACK * max(statistic, 1.0)  # one that is 0 may come out as 1e-31
    total = arrangements_of(sizes)
    labels = np.sort(observed)
    if total <= choice.permutations:
        hits = sum(
            int((compare_groups(some, times, len(sizes)) >= limit).sum())
            for some in _all_assignments(labels, total)
        )
        return SurvivalTest(found.chi2, found.p, hits / total, EXACT, total)
    p, drawn = _drawn_p(labels, times, limit, choice)
    return SurvivalTest(found.chi2, found.p, p, MONTE_CARLO, drawn)


def expected_events(time: Floats, event: Bools, group: Ints) -> Floats:
    """Return how many events each group expects if survival is the same in all (k,)."""
    return log_rank(time, event, group).expected


def arrangements_of(sizes: Ints) -> int:
    """Return in how many ways patients can be assigned to groups of these sizes."""
    total, left = 1, int(sizes.sum())
    for size in sizes.tolist():
        total *= math.comb(left, size)
        left -= size
    return total


def event_times(
    time: Floats, event: Bools, rho: float = 0.0
) -> tuple[EventTimes, npt.NDArray[np.intp]]:
    """Return the times with an event and the order in which the patients come to them.

    The weights are survival of all just before the event, to the power `rho`.
    """
    moments, index = distinct_times(time)
    order = np.lexsort((~event, index))
    first = np.searchsorted(index[order], np.arange(len(moments)))
    deaths = np.bincount(index[event], minlength=len(moments))
    has_event = deaths > 0
    first, deaths = first[has_event].astype(np.int64), deaths[has_event].astype(np.int64)
    at_risk = len(time) - first
    before = np.concatenate([[1.0], np.cumprod((at_risk - deaths) / at_risk)[:-1]])
    return EventTimes(first, deaths, before[: len(first)] ** rho), order


def _all_assignments(labels: Labels, total: int) -> Iterator[Labels]:
    labels = labels.copy()
    rows = np.empty((max(_CELLS // len(labels), 1), len(labels)), dtype=np.int16)
    while total:
        filled = min(list_arrangements(labels, rows), total)
        total -= filled
        yield rows[:filled]


def _drawn_p(
    labels: Labels, times: EventTimes, limit: float, choice: NullChoice
) -> tuple[float, int]:
    """Return p by random assignments and how many were drawn."""
    random = np.random.default_rng(choice.seed)
    hits = drawn = 0
    most = max(_CELLS // len(labels), 1)
    rows = min(2 * ENOUGH, most)
    while drawn < choice.permutations:
        rows = min(rows, choice.permutations - drawn)
        some = shuffle_labels(labels, random.random((rows, len(labels))))
        is_hit = compare_groups(some, times, int(labels[-1]) + 1) >= limit
        reached = hits + np.cumsum(is_hit)
        if reached[-1] >= ENOUGH:
            drawn += int(np.searchsorted(reached, ENOUGH)) + 1
            return ENOUGH / drawn, drawn
        hits, drawn = int(reached[-1]), drawn + rows
        rows = min(2 * rows, most)
    return (1 + hits) / (1 + drawn), drawn
