"""Climbing a log likelihood, and what its profile tells: p and interval of each coefficient."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROUNDS = 60
_LONGEST_STEP = 2.0
"""Longest change of a patient's linear predictor by one term in one round."""
_SHORTEST_STEP = 1e-6
"""After it no step follows: the next would be shorter by many digits."""
_HALVINGS = 30
_ROUNDING = 1e-13
_DIFFERENCE = 1e-5
_WIDEST = 200.0
_EXACT = 1e-10


class Point(NamedTuple):
    """A log likelihood at some coefficients (p,): its slope (p,) and information (p, p).

    `curvature` (p, p) is that of the likelihood turned over; where it is not given it is
    taken from differences of the slope.
    """

    coefficient: Floats
    value: float
    slope: Floats
    information: Floats
    curvature: Floats | None = None


class Hill(NamedTuple):
    """A log likelihood, and how far apart its patients lie in each column (p,)."""

    at: Callable[[Floats], Point]
    spread: Floats


class Profile(NamedTuple):
    """p (k,) and ends of the intervals (k,) by likelihood ratios.

    An end at which odds or hazards would differ by exp(200) or more is infinite.
    """

    p: Floats
    lower: Floats
    upper: Floats


def climb(hill: Hill, start: Floats, free: Ints) -> Point:
    """Climb a log likelihood over the free coefficients, the others held.

    Newton steps. Where the curvature shows no summit, the information stands for it.

    Parameters
    ----------
    hill
        What is climbed.
    start
        Coefficients (p,) to begin at.
    free
        Places of those that move.
    """
    best = hill.at(start)
    if not len(free) or not np.isfinite(best.value):
        return best
    for _ in range(_ROUNDS):
        step = _uphill(hill, best, free)
        longest = float((np.abs(step) * hill.spread[free]).max())
        step *= min(1.0, _LONGEST_STEP / longest) if longest else 1.0
        found = _stepped(hill, best, (free, step))
        if found is None:
            break
        best = found
        if longest < _SHORTEST_STEP:
            break
    return best


def _stepped(hill: Hill, here: Point, path: tuple[Ints, Floats]) -> Point | None:
    """Return where a step, or the half of a half of it, leads up; None where none does."""
    free, step = path
    for halvings in range(_HALVINGS):
        there = here.coefficient.copy()
        there[free] += step / 2.0**halvings
        with np.errstate(all="ignore"):
            found = hill.at(there)
        if found.value >= here.value - _ROUNDING * abs(here.value):
            return found
    return None


def _uphill(hill: Hill, here: Point, free: Ints) -> Floats:
    if here.curvature is None:
        curvature = _differences(hill, here, free)
    else:
        curvature = here.curvature[np.ix_(free, free)]
    if here.curvature is not here.information and (
        not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] <= 0.0
    ):
        curvature = here.information[np.ix_(free, free)]
    return np.asarray(np.linalg.solve(curvature, here.slope[free]))


def _differences(hill: Hill, here: Point, free: Ints) -> Floats:
    curvature = np.empty((len(free), len(free)))
    for row, column in enumerate(free):
        ahead, behind = (here.coefficient.copy() for _ in range(2))
        ahead[column] += _DIFFERENCE
        behind[column] -= _DIFFERENCE
        slopes = [hill.at(place).slope[free] for place in (ahead, behind)]
        curvature[row] = (slopes[1] - slopes[0]) / (2.0 * _DIFFERENCE)
    return (curvature + curvature.T) / 2.0


def profile(hill: Hill, best: Point, places: Ints, confidence: float = 0.95) -> Profile:
    """Return p and interval of coefficients from how fast the likelihood falls with them.

    Parameters
    ----------
    hill
        The log likelihood.
    best
        Its summit.
    places
        Places of the coefficients (k,) that are asked for.
    confidence
        Coverage of the intervals.

    References
    ----------
    Venzon, Moolgavkar, Applied Statistics 37, 87-94 (1988), doi:10.2307/2347496.
    """
    critical = float(special.chdtri(1, 1.0 - confidence)) / 2.0
    reach = float(special.ndtri((1.0 + confidence) / 2.0)) * np.sqrt(
        np.diag(np.linalg.inv(best.information))
    )
    p, lower, upper = (np.empty(len(places)) for _ in range(3))
    for number, place in enumerate(places.tolist()):
        free = np.delete(np.arange(len(best.coefficient)), place)
        null = climb(hill, _along(best, place, free, 0.0), free)
        fall = best.value - _higher(hill, best, (place, free), null).value
        p[number] = special.chdtrc(1.0, max(2.0 * fall, 0.0))
        for ends, side in ((lower, -1), (upper, 1)):
            wanted = (side * float(reach[place]), critical)
            ends[number] = _end(hill, best, (place, free), wanted)
    return Profile(p, lower, upper)


def _higher(hill: Hill, best: Point, which: tuple[int, Ints], here: Point) -> Point:
    """Return the higher of two points where one coefficient has its value here.

    A penalised likelihood can have several summits there, in small samples: it is climbed
    once more, from the other coefficients of the summit of all.
    """
    place, free = which
    if best.curvature is best.information:
        return here
    start = best.coefficient.copy()
    start[place] = here.coefficient[place]
    other = climb(hill, start, free)
    return other if other.value > here.value + _EXACT else here


def _along(here: Point, place: int, free: Ints, value: float) -> Floats:
    """Return coefficients with one moved, the others as the curvature has them follow."""
    curvature = here.information if here.curvature is None else here.curvature
    there = here.coefficient.copy()
    if len(free):
        followed = np.linalg.solve(curvature[np.ix_(free, free)], curvature[free, place])
        there[free] -= followed * (value - here.coefficient[place])
    there[place] = value
    return there


def _end(
    hill: Hill, best: Point, which: tuple[int, Ints], wanted: tuple[float, float]
) -> float:
    """Return where the profile of one coefficient has fallen by the critical height.

    Newton steps on the square root of the fall, nearly a straight line; the slope of the
    profile is that of the likelihood. Steps that leave the bracket are not taken.
    """
    (place, free), (reach, critical) = which, wanted
    side = float(np.sign(reach))
    centre = float(best.coefficient[place])
    near, far, here = centre, side * np.inf, best
    value = centre + reach
    for _ in range(_ROUNDS):
        here = climb(hill, _along(here, place, free, value), free)
        if abs(best.value - here.value - critical) < _EXACT:
            lower, here = here, _higher(hill, best, which, here)
            if here is lower:
                return value
        fall = best.value - here.value
        near, far = (value, far) if fall < critical else (near, value)
        if abs(near - centre) * hill.spread[place] > _WIDEST:
            return side * np.inf
        value = _next(value, here.slope[place], fall, critical)
        furthest = far if np.isfinite(far) else near + 4.0 * (near - centre)
        if not side * near < side * value < side * furthest:
            value = (near + furthest) / 2.0
    return value


def _next(value: float, slope: float, fall: float, critical: float) -> float:
    """Return the Newton step to where the root of the fall is that of the critical one."""
    if not np.isfinite(fall) or fall <= 0.0 or slope == 0.0:
        return float("nan")
    return float(value + (np.sqrt(fall) - np.sqrt(critical)) * 2.0 * np.sqrt(fall) / slope)
