"""Groups of patients in order of time -> log-rank statistics of many assignments to groups.

The patients lie in order of time, at one time those with an event first. Of event time j are
known `first[j]`, the first patient still at risk, `deaths[j]` and `weights[j]`. Only the labels
differ from one assignment to the next, so the rest is worked out once.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int16]

_SINGULAR = 1e-9
"""Share of its variance below which what a group adds to the others is rounding."""


class EventTimes(NamedTuple):
    """The distinct times with an event, rising: three arrays (m,)."""

    first: Ints
    deaths: Ints
    weights: Floats


@compiled
def compare_groups(labels: Labels, times: EventTimes, groups: int) -> Floats:
    """Return the log-rank statistic of each assignment of patients to groups.

    Parameters
    ----------
    labels
        Group, 0 ... groups - 1, of each patient in each assignment (assignments, n).
    times
        Event times.
    groups
        Number of groups.

    Returns
    -------
    Floats
        Statistics (assignments,), by a generalised inverse: a group that adds nothing to the
        others, such as one that nobody of was at risk at an event, counts nothing.
    """
    assignments, patients = labels.shape
    compared = groups - 1
    statistics = np.zeros(assignments, dtype=np.float64)
    at_risk = np.zeros(groups, dtype=np.float64)
    distance = np.zeros(groups, dtype=np.float64)
    variance = np.zeros((groups, groups), dtype=np.float64)
    for row in range(assignments):
        at_risk[:] = 0.0
        distance[:] = 0.0
        variance[:] = 0.0
        counted = patients
        for j in range(len(times.first) - 1, -1, -1):
            start, died, weight = times.first[j], times.deaths[j], times.weights[j]
            for i in range(start, counted):
                at_risk[labels[row, i]] += 1.0
            counted = start
            for i in range(start, start + died):
                distance[labels[row, i]] += weight
            total = patients - start
            part = 1.0 / total  # one division for all groups: a third of the time
            spread = weight * weight * died * (total - died) / max(total - 1.0, 1.0)
            for g in range(compared):
                share = at_risk[g] * part
                distance[g] -= weight * died * share
                variance[g, g] += spread * share
                for h in range(g + 1):
                    variance[g, h] -= spread * share * at_risk[h] * part
        statistics[row] = square_distance(distance, variance, compared)
    return statistics


@compiled
def square_distance(distance: Floats, variance: Floats, size: int) -> float:
    """Return d' V^- d of the first `size` entries; both arrays are written over.

    Where a pivot vanishes the distance does too: that group is skipped.
    """
    squared = 0.0
    for g in range(size):
        own = variance[g, g]
        pivot, rest = own, distance[g]
        for h in range(g):
            value = variance[g, h]
            for i in range(h):
                value -= variance[g, i] * variance[h, i]
            value = value / variance[h, h] if variance[h, h] > 0.0 else 0.0
            variance[g, h] = value
            pivot -= value * value
            rest -= value * distance[h]
        if pivot > _SINGULAR * own:
            root = math.sqrt(pivot)
            variance[g, g] = root
            distance[g] = rest / root
            squared += distance[g] * distance[g]
        else:
            variance[g, g] = 0.0
            distance[g] = 0.0
    return squared


@compiled
def list_arrangements(labels: Labels, arrangements: Labels) -> int:
    """Fill rows with the arrangements of labels (n,) that follow, in order of words.

    The first row is `labels` itself; afterwards `labels` is the arrangement after the last
    row. Begin with the labels sorted and every distinct arrangement comes once.

    Returns
    -------
    int
        Rows filled: fewer than there are if the arrangements ended.
    """
    size = len(labels)
    for row in range(len(arrangements)):
        for i in range(size):
            arrangements[row, i] = labels[i]
        left = size - 2
        while left >= 0 and labels[left] >= labels[left + 1]:
            left -= 1
        if left < 0:
            return row + 1
        right = size - 1
        while labels[right] <= labels[left]:
            right -= 1
        labels[left], labels[right] = labels[right], labels[left]
        low, high = left + 1, size - 1
        while low < high:
            labels[low], labels[high] = labels[high], labels[low]
            low, high = low + 1, high - 1
    return len(arrangements)


@compiled
def shuffle_labels(labels: Labels, draws: Floats) -> Labels:
    """Return random assignments: the labels (n,) in an order that each row of draws makes.

    Parameters
    ----------
    labels
        Group of each patient.
    draws
        Uniform random numbers in [0, 1), (assignments, n).

    References
    ----------
    Durstenfeld, Communications of the ACM 7, 420 (1964), doi:10.1145/364520.364540.
    """
    assignments, size = draws.shape
    shuffled = np.empty((assignments, size), dtype=np.int16)
    for row in range(assignments):
        for i in range(size):
            shuffled[row, i] = labels[i]
        for i in range(size - 1, 0, -1):
            j = int(draws[row, i] * (i + 1))
            shuffled[row, i], shuffled[row, j] = shuffled[row, j], shuffled[row, i]
    return shuffled
