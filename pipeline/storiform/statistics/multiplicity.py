"""Adjust p values for the number of tests in a declared family."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


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
    given = np.asarray(p, dtype=np.float64)
    adjusted = np.full(given.shape, np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(-given[known], kind="stable")]
    ranks = np.arange(len(order), 0, -1)
    scaled = len(order) / ranks * given[order]
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return adjusted


def adjust_within(p: pd.Series, family: pd.Series) -> pd.Series:
    """Adjust p values within each family, in the order in which they are given."""
    return p.groupby(family.to_numpy(), sort=False).transform(benjamini_hochberg)
