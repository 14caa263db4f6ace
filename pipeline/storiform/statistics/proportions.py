"""Intervals of a proportion, and its exact test against a given one."""

import math
from typing import Literal

import numpy as np
from scipy import special

Side = Literal["two-sided", "greater", "less"]

_RELATIVE = 1.0 + 1e-7
"""R's slack: counts that are as likely as the observed one up to rounding belong to p."""


def clopper_pearson(
    successes: int, trials: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the exact binomial interval of a response rate, NaN without trials.

    References
    ----------
    Clopper, Pearson, Biometrika 26, 404-413 (1934), doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> tuple(round(end, 3) for end in clopper_pearson(14, 46))
    (0.177, 0.458)
    """
    if trials == 0:
        return float("nan"), float("nan")
    tail = (1.0 - confidence) / 2.0
    lower, upper = 0.0, 1.0
    if successes > 0:
        lower = float(special.betaincinv(successes, trials - successes + 1, tail))
    if successes < trials:
        upper = float(special.betaincinv(successes + 1, trials - successes, 1.0 - tail))
    return lower, upper


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a response rate, NaN without trials.

    It is shorter than the exact one and may cover a little less than it says.

    References
    ----------
    Wilson, J. American Statistical Association 22, 209-212 (1927),
    doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> tuple(round(end, 3) for end in wilson(14, 46))
    (0.191, 0.448)
    """
    if trials == 0:
        return math.nan, math.nan
    z = float(special.ndtri((1.0 + confidence) / 2.0))
    share, half = successes / trials, z * z / (2.0 * trials)
    reach = z * math.sqrt(share * (1.0 - share) / trials + half / (2.0 * trials))
    lower = (share + half - reach) / (1.0 + 2.0 * half) if successes else 0.0
    upper = (share + half + reach) / (1.0 + 2.0 * half) if successes < trials else 1.0
    return max(lower, 0.0), min(upper, 1.0)


def binomial_p(successes: int, trials: int, rate: float, side: Side = "two-sided") -> float:
    """Return the exact p of a response rate against a given one.

    Parameters
    ----------
    successes, trials
        Counts of patients.
    rate
        The rate under the null hypothesis, between 0 and 1.
    side
        `greater`, `less`, or `two-sided`: the probability of all counts that are no likelier
        than the observed one.

    References
    ----------
    Clopper, Pearson, Biometrika 26, 404-413 (1934), doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> round(binomial_p(9, 28, 0.05, "greater"), 9)
    5.647e-06
    """
    if side == "greater":
        return float(special.bdtrc(successes - 1, trials, rate)) if successes > 0 else 1.0
    if side == "less":
        return float(special.bdtr(successes, trials, rate))
    counts = np.arange(trials + 1)
    log_ways = special.gammaln(trials + 1) - special.gammaln(counts + 1.0)
    log_ways -= special.gammaln(trials - counts + 1.0)
    failures = special.xlog1py(trials - counts, -rate)
    density = np.exp(log_ways + special.xlogy(counts, rate) + failures)
    return min(float(density[density <= density[successes] * _RELATIVE].sum()), 1.0)
