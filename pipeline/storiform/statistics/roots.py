"""R's root finder, with R's tolerance, so that interval ends agree in every digit.

`wilcox.test` and `fisher.test` stop at a tolerance of about 1e-4; another root finder, or
a tighter tolerance, gives other digits from the fifth on.
"""

from collections.abc import Callable

TOLERANCE = 2.0**-13
"""R's default in `uniroot`: the fourth root of the spacing of doubles, 1.22e-4."""
_SPACING = 2.0**-52


def uniroot(
    function: Callable[[float], float],
    bracket: tuple[float, float],
    ends: tuple[float, float] | None = None,
    tolerance: float = TOLERANCE,
) -> float:
    """Find a root in a bracket as `stats::uniroot` of R does.

    Parameters
    ----------
    function
        A continuous or monotone step function.
    bracket
        Lower and upper end; the function must not have one sign at both.
    ends
        Values of the function at the ends, where they are known.
    tolerance
        Half the width at which the search stops.

    References
    ----------
    Brent, Algorithms for Minimization without Derivatives, Prentice-Hall (1973), ch. 4.

    Examples
    --------
    >>> round(uniroot(lambda x: x * x - 2.0, (0.0, 2.0), tolerance=1e-12), 9)
    1.414213562
    """
    a, b = bracket
    fa, fb = ends if ends is not None else (function(a), function(b))
    if fa == 0.0 or fb == 0.0:
        return a if fa == 0.0 else b
    c, fc = a, fa
    while True:
        previous = b - a
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        limit = 2.0 * _SPACING * abs(b) + tolerance / 2.0
        step = (c - b) / 2.0
        if abs(step) <= limit or fb == 0.0:
            return b
        if abs(previous) >= limit and abs(fa) > abs(fb):
            step = _interpolate((a, b, c), (fa, fb, fc), (previous, limit, step))
        if abs(step) < limit:
            step = limit if step > 0.0 else -limit
        a, fa = b, fb
        b += step
        fb = function(b)
        if (fb > 0.0 and fc > 0.0) or (fb < 0.0 and fc < 0.0):
            c, fc = a, fa


def _interpolate(
    points: tuple[float, float, float],
    values: tuple[float, float, float],
    sizes: tuple[float, float, float],
) -> float:
    """Take a secant or inverse quadratic step where it is safe, else bisect."""
    (a, b, c), (fa, fb, fc), (previous, limit, half) = points, values, sizes
    if a == c:
        ratio = fb / fa
        p, q = (c - b) * ratio, 1.0 - ratio
    else:
        q, ratio, slope = fa / fc, fb / fc, fb / fa
        p = slope * ((c - b) * q * (q - ratio) - (b - a) * (ratio - 1.0))
        q = (q - 1.0) * (ratio - 1.0) * (slope - 1.0)
    p, q = (p, -q) if p > 0.0 else (-p, q)
    is_inside = p < 0.75 * (c - b) * q - abs(limit * q) / 2.0
    return p / q if is_inside and p < abs(previous * q / 2.0) else half
