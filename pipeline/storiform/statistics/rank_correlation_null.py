"""The null distributions of Spearman's and Kendall's correlations without ties."""

import itertools
import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

EXACT_SPEARMAN_TO = 9
"""R counts all orders of up to this many patients."""
EDGEWORTH_TO = 1290
"""R takes Edgeworth's series up to this many patients, Student's t beyond."""
EDGEWORTH = "Edgeworth (AS 89)"
_CHUNK = 40_320


def spearman_p(squares: float, n: int) -> tuple[float, str]:
    """Return the two-sided p of a Spearman correlation without ties, and how it was found.

    Parameters
    ----------
    squares
        Sum of the squared differences of the ranks.
    n
        Patients.

    References
    ----------
    Best, Roberts, Applied Statistics 24, 377-379 (1975), doi:10.2307/2347111 (AS 89).
    """
    squares = float(round(squares))
    is_high = squares > (n**3 - n) / 6.0
    if n > EDGEWORTH_TO:
        return _student_p(squares, n), "t"
    # A sum of squares is even: the lower tail is what the tail from two further on leaves.
    upper = squares if is_high else squares + 2.0
    if n > EXACT_SPEARMAN_TO:
        tail = _edgeworth(upper, n, 1.0 if is_high else -1.0)
        # Far out the series falls below zero, where R says that p is 0: it is not.
        return (
            (min(2.0 * tail, 1.0), EDGEWORTH) if tail > 0.0 else (_student_p(squares, n), "t")
        )
    tail = float(_square_tails(n)[int(upper) // 2])
    return min(2.0 * (tail if is_high else 1.0 - tail), 1.0), "exact"


def _student_p(squares: float, n: int) -> float:
    r = 1.0 - 6.0 * squares / (n * (n * n - 1.0))
    return float(special.betainc(n / 2.0 - 1.0, 0.5, 1.0 - r * r))


@lru_cache(maxsize=16)
def _square_tails(n: int) -> Floats:
    """Return P(sum of squares >= 2 i) of all i, over all orders of n ranks."""
    ranks = np.arange(n)
    most = n * (n * n - 1) // 6
    counts = np.zeros(most + 2)
    places = itertools.permutations(range(n))
    while orders := list(itertools.islice(places, _CHUNK)):
        squares = np.square(np.array(orders) - ranks).sum(axis=1)
        counts += np.bincount(squares // 2, minlength=most + 2)
    tails: Floats = counts[::-1].cumsum()[::-1] / math.factorial(n)
    return tails


def _edgeworth(squares: float, n: int, side: float) -> float:
    """Return P(sum of squares >= squares), or below it on the side -1, by AS 89."""
    b = 1.0 / n
    x = (6.0 * (squares - 1.0) * b / (n * n - 1.0) - 1.0) * math.sqrt(n - 1.0)
    y = x * x
    outer = 0.0879 + 0.0151 * b - y * (0.0072 - 0.0831 * b + y * b * (0.0131 - 4.6e-4 * y))
    inner = -0.0758 + b * (0.1033 + 0.3932 * b) - y * b * outer
    series = x * b * (0.2274 + b * (0.2531 + 0.1745 * b) + y * inner)
    return side * series * math.exp(-y / 2.0) + float(special.ndtr(-side * x))


def kendall_p(concordant: int, n: int) -> float:
    """Return the exact two-sided p of a number of concordant pairs without ties.

    References
    ----------
    Kendall, Biometrika 30, 81-93 (1938), doi:10.1093/biomet/30.1-2.81.
    """
    weights = _inversions(n)
    lower = min(concordant, len(weights) - 1 - concordant)
    return min(2.0 * float(weights[: lower + 1].sum()), 1.0)


@lru_cache(maxsize=64)
def _inversions(n: int) -> Floats:
    """Return the probability of each number of concordant pairs of n patients."""
    weights = np.ones(1)
    for size in range(2, n + 1):
        weights = np.convolve(weights, np.full(size, 1.0 / size))
    return weights
