"""Welch's t test: the means of two groups whose variances may differ."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]


class WelchT(NamedTuple):
    """Difference of means (x minus y) with its interval, t, degrees of freedom, two-sided p."""

    difference: float
    lower: float
    upper: float
    statistic: float
    degrees: float
    p: float


def welch_t(x: Floats, y: Floats, confidence: float = 0.95) -> WelchT:
    """Compare the means of two groups.

    Parameters
    ----------
    x, y
        Values (n_x,) and (n_y,); missing ones are left out.
    confidence
        Coverage of the interval of the difference.

    Returns
    -------
    WelchT
        All but the difference are NaN where a group has fewer than two values or both are
        constant.

    Examples
    --------
    >>> result = welch_t(np.array([1.0, 2.0, 3.0]), np.array([4.0, 6.0, 8.0]))
    >>> round(result.statistic, 4), round(result.degrees, 4), round(result.p, 4)
    (-3.0984, 2.9412, 0.0548)

    References
    ----------
    Welch, Biometrika 34, 28-35 (1947), doi:10.1093/biomet/34.1-2.28.
    """
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    if min(len(x), len(y)) < 1:
        return WelchT(*[math.nan] * 6)
    difference = float(x.mean() - y.mean())
    if min(len(x), len(y)) < 2:  # noqa: PLR2004  one value has no variance
        return WelchT(difference, *[math.nan] * 5)
    part_x, part_y = float(x.var(ddof=1)) / len(x), float(y.var(ddof=1)) / len(y)
    error = math.sqrt(part_x + part_y)
    # R's guard: means that differ by rounding alone are not compared.
    if error < 10.0 * np.finfo(np.float64).eps * max(abs(x.mean()), abs(y.mean())):
        return WelchT(difference, *[math.nan] * 5)
    if error == 0.0:
        return WelchT(difference, *[math.nan] * 5)
    degrees = error**4 / (part_x**2 / (len(x) - 1) + part_y**2 / (len(y) - 1))
    statistic = difference / error
    p = float(special.betainc(degrees / 2.0, 0.5, degrees / (degrees + statistic**2)))
    reach = error * float(special.stdtrit(degrees, (1.0 + confidence) / 2.0))
    return WelchT(difference, difference - reach, difference + reach, statistic, degrees, p)
