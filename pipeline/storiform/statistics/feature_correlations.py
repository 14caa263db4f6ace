"""Which numbers go together over the patients, such as a score and a density."""

import warnings
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Params
from storiform.model.populations import population_field, population_of
from storiform.model.tables.outcomes import Features
from storiform.model.tables.trial_tables import CORRELATIONS, Correlations, PopulationMembers
from storiform.statistics.correlations import pearson, spearman
from storiform.statistics.gathered import measured
from storiform.statistics.multiplicity import adjust_within

Floats = npt.NDArray[np.float64]
Pair = tuple[str, str, str]
"""First feature, second feature, family."""
_FEWEST = 3


class FeatureCorrelationsParams(Params):
    """Which pairs of numbers are compared."""

    population: str = population_field("all", "compared")
    tables: tuple[tuple[str, str], ...] = Field(
        (("mcp_counter", "measurements"), ("mcp_counter", "biopsy_measurements")),
        description="two tables each: every number of the first against every one of the "
        "second; a table with itself: all its pairs",
    )
    pairs: tuple[tuple[str, str], ...] = Field(
        (), description="further pairs as TABLE.COLUMN, in a family of their own"
    )


def correlations(
    features: Features,
    params: FeatureCorrelationsParams,
    members: PopulationMembers | None = None,
) -> Correlations:
    """Correlate numbers over the patients: Pearson with interval, and Spearman.

    Parameters
    ----------
    features
        One row per patient and feature.
    members
        Who belongs to which analysis population.

    Returns
    -------
    Correlations
        One row per pair; the family of a pair is its two tables, or ``pairs``.

    Warnings
    --------
    Over patients of several histologies a correlation may be one between the histologies.

    References
    ----------
    Fisher, Biometrika 10, 507-521 (1915), doi:10.1093/biomet/10.4.507.
    Best, Roberts, Applied Statistics 24, 377-379 (1975), doi:10.2307/2347111.
    """
    chosen = population_of(members, params.population)
    features = chosen.rows(features)
    patients = pd.Index(sorted(set(features["patient"].astype(str))), dtype=object)
    spread = measured(features, patients)
    is_number = (spread.known["kind"] == "number").to_numpy(dtype=bool)
    known = spread.known[is_number].reset_index(drop=True)
    values = dict(zip(known["name"].astype(str), spread.matrix[is_number], strict=True))
    rows = [_row(values, pair) for pair in _pairs(known, values, params)]
    if not rows:
        return CORRELATIONS.empty()
    table = pd.DataFrame(rows).assign(population=chosen.name)
    table["q"] = adjust_within(table["pearson_p"], table["family"])
    return table


def _pairs(
    known: pd.DataFrame, values: dict[str, Floats], params: FeatureCorrelationsParams
) -> Iterator[Pair]:
    seen: set[frozenset[str]] = set()
    for first, second in params.pairs:
        missing = [name for name in (first, second) if name not in values]
        if missing:
            message = f"pair {first}, {second}: no number {' or '.join(missing)}: not compared"
            warnings.warn(message, DataWarning, stacklevel=4)
        elif first != second and (key := frozenset((first, second))) not in seen:
            seen.add(key)
            yield first, second, "pairs"
    by_table = known.groupby(known["table"].astype(str))["name"].agg(sorted).to_dict()
    for left, right in params.tables:
        for first in by_table.get(left, []):
            for second in by_table.get(right, []):
                key = frozenset((first, second))
                if first != second and key not in seen:
                    seen.add(key)
                    yield first, second, f"{left} x {right}"


def _row(values: dict[str, Floats], pair: Pair) -> dict[str, object]:
    first, second, family = pair
    x, y = values[first], values[second]
    straight, ranked = pearson(x, y), spearman(x, y)
    return {
        "x": first, "y": second, "n": straight.n, "n_missing": len(x) - straight.n,
        "pearson": straight.estimate, "pearson_lower": straight.lower,
        "pearson_upper": straight.upper, "pearson_p": straight.p,
        "spearman": ranked.estimate, "spearman_p": ranked.p, "family": family,
        "note": _note(x, y, straight.n),
    }  # fmt: skip


def _note(x: Floats, y: Floats, n: int) -> str:
    if n < _FEWEST:
        return "fewer than three patients with both" if n else "no patient with both"
    both = np.isfinite(x) & np.isfinite(y)
    is_constant = np.ptp(x[both]) == 0.0 or np.ptp(y[both]) == 0.0
    return "one of them is constant" if is_constant else ""
