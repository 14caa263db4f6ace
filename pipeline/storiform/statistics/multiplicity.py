"""Adjust p values for the number of tests in a declared family."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Adjustment = Literal[
    "benjamini_hochberg", "benjamini_yekutieli", "bonferroni", "holm", "hochberg", "hommel"
]


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Return Benjamini-Hochberg adjusted p values; NaN stays NaN and does not count.

    References
    ----------
    Benjamini, Hochberg, J. Royal Statistical Society B 57, 289-300 (1995),
    doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> benjamini_hochberg([0.01, float("nan"), 0.04]).tolist()
    [0.02, nan, 0.04]
    """
    return adjusted(p, "benjamini_hochberg")


def adjusted(p: npt.ArrayLike, method: Adjustment) -> Floats:
    """Return adjusted p values of one family; NaN stays NaN and does not count.

    Parameters
    ----------
    p
        p values of any shape.
    method
        What is controlled: `benjamini_hochberg` the false discovery rate of tests that are
        independent or go the same way, `benjamini_yekutieli` of any; the others the
        probability of any false finding: `bonferroni` and `holm` of any tests, `hochberg`
        and `hommel` (never larger than hochberg) of such that go the same way.

    Examples
    --------
    >>> adjusted([0.01, 0.02, 0.5], "holm").tolist()
    [0.03, 0.04, 0.5]

    References
    ----------
    Benjamini, Yekutieli, Annals of Statistics 29, 1165-1188 (2001),
    doi:10.1214/aos/1013699998.
    Holm, Scandinavian J. Statistics 6, 65-70 (1979), https://www.jstor.org/stable/4615733.
    Hochberg, Biometrika 75, 800-802 (1988), doi:10.1093/biomet/75.4.800.
    Hommel, Biometrika 75, 383-386 (1988), doi:10.1093/biomet/75.2.383.
    """
    given = np.asarray(p, dtype=np.float64)
    result = np.full(given.shape, np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given.ravel()[known], kind="stable")]
    if len(order):
        result.ravel()[order] = _of_rising(given.ravel()[order], method)
    return result


def _of_rising(p: Floats, method: Adjustment) -> Floats:
    """Return the adjusted values of rising p (m,)."""
    m = len(p)
    ranks = np.arange(1, m + 1)
    if method == "hommel":
        return _hommel(p)
    if method == "holm":
        stepped: Floats = np.minimum(np.maximum.accumulate((m - ranks + 1) * p), 1.0)
        return stepped
    if method == "bonferroni":
        return np.asarray(np.minimum(m * p, 1.0))
    factors = {
        "benjamini_hochberg": m / ranks,
        "benjamini_yekutieli": float((1.0 / ranks).sum()) * m / ranks,
        "hochberg": m - ranks + 1.0,
    }
    scaled = (factors[method] * p)[::-1]
    result: Floats = np.minimum(np.minimum.accumulate(scaled), 1.0)[::-1]
    return result


def _hommel(p: Floats) -> Floats:
    """Return the largest of Simes' p over all sets of tests that hold a given one.

    A set of m tests is hardest to reject with the largest p values; so for each size the
    test at hand stands among the largest ones or before them.
    """
    total = len(p)
    if total == 1:
        return p.copy()
    result = np.full(total, (total * p / np.arange(1, total + 1)).min())
    for size in range(total - 1, 1, -1):
        begin = total - size + 1
        tail = float((size * p[begin:] / np.arange(2, size + 1)).min())
        low = np.minimum(size * p[:begin], tail)
        result = np.maximum(result, np.concatenate([low, np.full(size - 1, low[-1])]))
    largest: Floats = np.maximum(result, p)
    return largest


def adjust_within(p: pd.Series, family: pd.Series) -> pd.Series:
    """Adjust p values within each family, in the order in which they are given."""
    return p.groupby(family.to_numpy(), sort=False).transform(benjamini_hochberg)
