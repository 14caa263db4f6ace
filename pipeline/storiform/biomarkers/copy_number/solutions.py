"""The solutions of a fit: the best one and the alternatives."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from storiform.model.copies import read_alternatives


class Solution(NamedTuple):
    """A purity and ploidy that explain the data, and their share of the likelihood."""

    purity: float
    ploidy: float
    weight: float


def solutions(fit: pd.Series) -> list[Solution]:
    """Return the solutions of a row of `copy_number_fit`, the best first; none without purity.

    Examples
    --------
    >>> row = pd.Series({"purity": 0.6, "ploidy": 2.1, "alternatives": "0.30/4.00 (0.0)"})
    >>> [(one.purity, one.weight) for one in solutions(row)]
    [(0.6, 0.5), (0.3, 0.5)]
    """
    if pd.isna(fit["purity"]) or pd.isna(fit["ploidy"]):
        return []
    found = [(float(fit["purity"]), float(fit["ploidy"]), 0.0), *read_alternatives(fit)]
    weights = np.exp([min(less, 0.0) for _, _, less in found])
    weights = weights / weights.sum()
    return [
        Solution(p, q, float(weight)) for (p, q, _), weight in zip(found, weights, strict=True)
    ]
