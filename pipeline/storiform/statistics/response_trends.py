"""Which features rise or fall with best response, from PD over SD and PR to CR."""

import warnings
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Params, Seed
from storiform.model.populations import population_field, population_of
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import Features, PairedFeatures
from storiform.model.tables.trial_tables import (
    RESPONSE_TRENDS,
    PopulationMembers,
    ResponseTrends,
)
from storiform.statistics.gathered import best_responses, labelled, measured, patients_of
from storiform.statistics.kruskal import kruskal_wallis
from storiform.statistics.multiplicity import adjust_within
from storiform.statistics.ordered_groups import (
    DRAWS,
    Draws,
    differ_by_group,
    trend_of_flags,
    trend_of_numbers,
)
from storiform.statistics.paired_features import with_pairs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Row = dict[str, object]

OUTCOME = "best_response"
_ORDER = ("PD", "SD", "PR", "CR")
_MEDIANS = tuple(f"median_{name.lower()}" for name in _ORDER)
_NUMBERS = (*_MEDIANS, "effect", "effect_lower", "effect_upper", "p", "kruskal_p")


class ResponseTrendParams(Params):
    """How trends over best response are tested."""

    population: str = population_field("efficacy")
    family: Literal["table", "all"] = Field(
        "table",
        description="q is adjusted among the features of one table, or among all",
    )
    permutations: int = Field(
        DRAWS.permutations,
        ge=999,
        le=1_000_000,
        description="random orders of fewer than 50 patients, where values are tied or a "
        "feature is a category",
    )
    seed: Seed = Field(DRAWS.seed, description="of these, the same for each test")


def response_trends(
    features: Features,
    clinic: Clinic,
    params: ResponseTrendParams,
    pairs: PairedFeatures | None = None,
    members: PopulationMembers | None = None,
) -> ResponseTrends:
    """Test each feature over the order of best response: PD, SD, PR, CR.

    A number is tested by Jonckheere and Terpstra's test, a flag by Cochran and Armitage's.
    Of a category, which has no order, Kruskal and Wallis' test asks whether patients of some
    level have a better response. Who was not evaluable is left out.

    Parameters
    ----------
    features
        One row per patient and feature.
    clinic
        One row per patient.
    pairs
        Groups by two features at once, tested like features.
    members
        Who belongs to which analysis population.

    Returns
    -------
    ResponseTrends
        One row per feature; none where no patient has a best response.

    References
    ----------
    Jonckheere, Biometrika 41, 133-145 (1954), doi:10.1093/biomet/41.1-2.133.
    Armitage, Biometrics 11, 375-386 (1955), doi:10.2307/3001775.
    Kruskal, Wallis, J. American Statistical Association 47, 583-621 (1952),
    doi:10.1080/01621459.1952.10483441.
    """
    chosen = population_of(members, params.population)
    features, clinic = chosen.rows(with_pairs(features, pairs)), chosen.rows(clinic)
    patients = patients_of(features, clinic)
    stated = best_responses(clinic, patients)
    order = stated.map({name: float(place) for place, name in enumerate(_ORDER)})
    places = np.asarray(order, dtype=np.float64)
    if np.isnan(places).all():
        message = "no patient has a best response of CR, PR, SD or PD: no trend is tested"
        warnings.warn(message, DataWarning, stacklevel=2)
        return RESPONSE_TRENDS.empty()
    spread = measured(features, patients)
    draws = Draws(params.permutations, params.seed)
    rows: list[Row] = []
    for known, values in zip(spread.known.itertuples(), spread.matrix, strict=True):
        kind = "number" if known.kind == "number" else "flag"
        own = values if kind == "number" else np.where(np.isnan(values), values, values != 0.0)
        rows.append(
            {"feature": known.name, "family": known.table, **_row(own, places, kind, draws)}
        )
    for (table, feature), labels in labelled(features, patients).items():
        rows.append(
            {"feature": feature, "family": table, **_of_category(labels, places, draws)}
        )
    if not rows:
        return RESPONSE_TRENDS.empty()
    trends = pd.DataFrame(rows).assign(population=chosen.name)
    if params.family == "all":
        trends["family"] = "all"
    trends["family"] = f"{OUTCOME}/" + trends["family"].astype(str)
    trends["q"] = adjust_within(trends["p"], trends["family"])
    return trends.sort_values("feature", ignore_index=True)


def _of_category(labels: pd.Series, places: Floats, draws: Draws) -> Row:
    """Return the row of a category; one of two levels is a flag in other words."""
    has = labels.notna().to_numpy(dtype=bool)
    levels = sorted(labels[has & ~np.isnan(places)].unique())
    codes = np.full(len(labels), np.nan)
    codes[has] = pd.factorize(labels[has], sort=True)[0]
    if len(levels) != 2:  # noqa: PLR2004
        return _row(codes, places, "category", draws)
    own = np.where(has, (labels == levels[1]).to_numpy(dtype=np.float64), np.nan)
    row = _row(own, places, "flag", draws) | {"kind": "category"}
    return row | {"note": row["note"] or f"share of {levels[1]} against {levels[0]}"}


def _row(values: Floats, places: Floats, kind: str, draws: Draws) -> Row:
    """Return the row of one feature, of whose categories the values are codes."""
    has = np.isfinite(values) & ~np.isnan(places)
    own, order = values[has], places[has].astype(np.int64)
    counts = np.bincount(order, minlength=len(_ORDER))
    row: Row = {
        "kind": kind, "n": int(has.sum()), "n_missing": int((~has).sum()),
        **{f"n_{n.lower()}": int(c) for n, c in zip(_ORDER, counts, strict=True)},
        **dict.fromkeys(_NUMBERS, np.nan), "test": "", "note": _why_not(own, order),
    }  # fmt: skip
    if kind != "category":
        row |= {
            name: float(_middle(own[order == place], kind))
            for place, name in enumerate(_MEDIANS)
            if counts[place]
        }
    if row["note"]:
        return row
    if kind == "category":
        p, test = differ_by_group(order.astype(np.float64), own.astype(np.int64), draws)
        return row | {"p": p, "test": test, "note": f"{len(np.unique(own))} levels"}
    found = (
        trend_of_numbers(own, order, draws) if kind == "number" else trend_of_flags(own, order)
    )
    return row | {
        "effect": found.tau, "effect_lower": found.lower, "effect_upper": found.upper,
        "p": found.p, "test": found.test, "kruskal_p": kruskal_wallis(own, order).p,
    }  # fmt: skip


def _middle(values: Floats, kind: str) -> float:
    return float(np.median(values) if kind == "number" else values.mean())


def _why_not(values: Floats, order: Ints) -> str:
    if len(values) == 0:
        return "no patient with both feature and best response"
    if order.min() == order.max():
        return f"all have {_ORDER[int(order[0])]}"
    return "the feature is constant" if np.ptp(values) == 0.0 else ""
