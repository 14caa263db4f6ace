"""Exact intervals of a proportion."""

from scipy import special


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
