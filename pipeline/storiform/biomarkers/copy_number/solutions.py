"""The solutions of a fit: the best one, and the alternatives as the table writes them."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

_WRITTEN = re.compile(r"([0-9.]+)/([0-9.]+) \((-?[0-9.]+)\)")


class Solution(NamedTuple):
    """A purity and ploidy that explain the data, and their share of the likelihood."""

    purity: float
    ploidy: float
    weight: float


def written(alternatives: Iterable[tuple[float, float, float]]) -> str:
    """Write alternatives (purity, ploidy, ln likelihood less the best) for the table.

    Examples
    --------
    >>> written([(0.45, 3.8, -2.13), (0.9, 1.9, -7.0)])
    '0.45/3.80 (-2.1); 0.90/1.90 (-7.0)'
    """
    return "; ".join(f"{p:.2f}/{ploidy:.2f} ({less:.1f})" for p, ploidy, less in alternatives)


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
    text = fit["alternatives"] if isinstance(fit["alternatives"], str) else ""
    found = [(float(fit["purity"]), float(fit["ploidy"]), 0.0)]
    found += [(float(p), float(q), float(less)) for p, q, less in _WRITTEN.findall(text)]
    weights = np.exp([min(less, 0.0) for _, _, less in found])
    weights = weights / weights.sum()
    return [
        Solution(p, q, float(weight)) for (p, q, _), weight in zip(found, weights, strict=True)
    ]
