"""The five numbers of a box plot, and quartiles, by R's rules."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

REACH = 1.5
"""Whiskers reach to the last value within this many times the height of the box."""


class Box(NamedTuple):
    """Whiskers, hinges and median of one group, the values beyond the whiskers, and n."""

    whisker_low: float
    hinge_low: float
    median: float
    hinge_high: float
    whisker_high: float
    outliers: Floats
    n: int


def box(values: Floats) -> Box:
    """Summarise a group for a box plot.

    Hinges are Tukey's, the medians of both halves with the median in each where n is odd, as
    R draws them; quartiles by interpolation (`quartiles`) differ where n is small.

    Parameters
    ----------
    values
        Values (n,); missing ones are left out. NaN all over where none is left.

    Examples
    --------
    >>> box(np.array([1.0, 2.0, 3.0, 4.0, 20.0]))[:5]
    (1.0, 2.0, 3.0, 4.0, 4.0)

    References
    ----------
    Tukey, Exploratory Data Analysis, Addison-Wesley (1977), ch. 2.
    """
    ordered = np.sort(values[np.isfinite(values)])
    n = len(ordered)
    if n == 0:
        nan = float("nan")
        return Box(nan, nan, nan, nan, nan, ordered, 0)
    depth = ((n + 3) // 2) / 2.0
    places = np.array([depth, (n + 1) / 2.0, n + 1 - depth]) - 1.0
    inner = 0.5 * (ordered[np.floor(places).astype(int)] + ordered[np.ceil(places).astype(int)])
    reach = REACH * (inner[2] - inner[0])
    is_out = (ordered < inner[0] - reach) | (ordered > inner[2] + reach)
    within = ordered[~is_out]
    low, middle, high = inner.tolist()
    return Box(float(within[0]), low, middle, high, float(within[-1]), ordered[is_out], n)


def quartiles(values: Floats) -> tuple[float, float, float]:
    """Return both quartiles and the median by linear interpolation, R's default (type 7).

    References
    ----------
    Hyndman, Fan, The American Statistician 50, 361-365 (1996),
    doi:10.1080/00031305.1996.10473566.
    """
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return float("nan"), float("nan"), float("nan")
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75]).tolist()
    return low, middle, high
