"""Which features differ between patients with and without an outcome."""

import warnings
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Months, Params
from storiform.model.populations import population_field, population_of
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import (
    ASSOCIATIONS,
    Associations,
    Features,
    PairedFeatures,
)
from storiform.model.tables.trial_tables import PopulationMembers
from storiform.statistics.fisher import fisher_2x2, fisher_2xc
from storiform.statistics.gathered import labelled, measured, patients_of, response_of
from storiform.statistics.multiplicity import adjust_within
from storiform.statistics.paired_features import with_pairs
from storiform.statistics.ranks import Ties, rank_sums

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FISHER = "Fisher exact"
FREEMAN_HALTON = "Fisher exact (Freeman-Halton)"
WILCOXON = "Wilcoxon rank sum"


class AssociationParams(Params):
    """How features are compared between patients with and without an outcome."""

    population: str = population_field("efficacy")
    outcomes: tuple[Literal["responded", "disease_control", "clinical_benefit"], ...] = Field(
        ("responded", "disease_control"),
        description="outcomes to compare by: CR or PR; CR, PR or SD; CR, PR or SD that lasts",
    )
    benefit_months: Months = Field(
        6.0,
        description="clinical_benefit: progression-free time that makes SD a benefit; who was "
        "followed for less without an event is left out",
    )
    family: Literal["table", "all"] = Field(
        "table",
        description="q is adjusted among the features of one table, or among all, "
        "for each outcome apart; a table is one question",
    )
    ties: Ties = Field(
        "normal",
        description="p where values are tied: R's normal approximation with continuity "
        "correction, or the exact conditional permutation p",
    )


def associations(
    features: Features,
    clinic: Clinic,
    params: AssociationParams,
    pairs: PairedFeatures | None = None,
    members: PopulationMembers | None = None,
) -> Associations:
    """Compare every feature between the patients with and without each outcome.

    A number is compared by the Wilcoxon rank-sum test, a flag or a category of two levels
    by Fisher's exact test, a category of more levels by its Freeman-Halton extension. A
    feature that cannot be compared keeps its row: `p` is missing and `note` says why.

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
    Associations
        One row per outcome and feature; `effect` of a number is the Hodges-Lehmann shift
        in the unit of the feature, of a flag the conditional odds ratio.

    Warnings
    --------
    Each feature is tested alone, not adjusted for histology or for the others; q holds
    within its family and outcome. A large p with a wide interval does not show that there
    is no effect.

    References
    ----------
    Wilcoxon, Biometrics Bulletin 1, 80-83 (1945), doi:10.2307/3001968.
    Benjamini, Hochberg, J. Royal Statistical Society B 57, 289-300 (1995),
    doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    chosen = population_of(members, params.population)
    features, clinic = chosen.rows(with_pairs(features, pairs)), chosen.rows(clinic)
    patients = patients_of(features, clinic)
    parts: list[pd.DataFrame] = []
    for outcome in params.outcomes:
        outcomes = response_of(clinic, outcome, patients, params.benefit_months)
        if np.isnan(outcomes).all():
            message = f"no patient has the outcome {outcome} stated: nothing is compared"
            warnings.warn(message, DataWarning, stacklevel=2)
            continue
        part = pd.concat(compared(features, patients, outcomes, params.ties))
        part["outcome"] = outcome
        part["population"] = chosen.name
        parts.append(part)
    rows = sum(len(part) for part in parts)
    if rows == 0:
        return ASSOCIATIONS.empty()
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    tables = table.pop("table") if params.family == "table" else "all"
    table = table.drop(columns="table", errors="ignore")
    table["family"] = table["outcome"] + "/" + tables
    table["q"] = adjust_within(table["p"], table["family"])
    return table.sort_values(["outcome", "feature"], ignore_index=True)


def compared(
    features: pd.DataFrame, patients: pd.Index, outcomes: Floats, ties: Ties
) -> list[pd.DataFrame]:
    """Compare features by one outcome; without families, in parts by kind of feature.

    Parameters
    ----------
    features
        Gathered features.
    patients
        All patients, sorted.
    outcomes
        1 or 0 of each patient, NaN where it is not known.
    ties
        How p is found where values are tied.
    """
    spread = measured(features, patients)
    is_number = (spread.known["kind"] == "number").to_numpy(dtype=bool)
    known = spread.known.rename(columns={"name": "feature"})
    numbers = known[is_number].reset_index(drop=True)
    parts = [numbers.assign(**_numbers(spread.matrix[is_number], outcomes, ties))]
    rows = [
        {**known.loc[row].to_dict(), **_flag(spread.matrix[row], outcomes)}
        for row in np.flatnonzero(~is_number)
    ]
    rows += [
        {"feature": feature, "table": table, "kind": "category", **_category(labels, outcomes)}
        for (table, feature), labels in labelled(features, patients).items()
    ]
    return [part for part in (*parts, pd.DataFrame(rows)) if len(part)] or parts


def _numbers(
    values: Floats, outcomes: Floats, ties: Ties
) -> dict[str, npt.NDArray[np.generic]]:
    """Compare numbers (f, patients); features known in the same patients go together."""
    rows = len(values)
    has = np.isfinite(values) & ~np.isnan(outcomes)
    positive, negative = has & (outcomes == 1.0), has & (outcomes == 0.0)
    n_positive, n = positive.sum(axis=1), has.sum(axis=1)
    floats = {name: np.full(rows, np.nan) for name in _NUMBER_FIELDS}
    test = np.full(rows, WILCOXON, dtype=object)
    tested = np.flatnonzero((n_positive > 0) & (n_positive < n))
    _, pattern = np.unique(has[tested], axis=0, return_inverse=True)
    for number in range(pattern.max() + 1 if len(tested) else 0):
        chosen = tested[pattern.ravel() == number]
        x = values[np.ix_(chosen, np.flatnonzero(positive[chosen[0]]))]
        y = values[np.ix_(chosen, np.flatnonzero(negative[chosen[0]]))]
        found = rank_sums(x, y, ties)
        floats["median_positive"][chosen] = np.median(x, axis=1)
        floats["median_negative"][chosen] = np.median(y, axis=1)
        results = (
            found.shift, found.shift_lower, found.shift_upper,
            found.auc, found.auc_lower, found.auc_upper, found.p,
        )  # fmt: skip
        for name, result in zip(_NUMBER_FIELDS[2:], results, strict=True):
            floats[name][chosen] = result
        how = np.where(found.is_exact, ", exact", ", normal with continuity correction")
        conditional = found.is_exact & found.has_ties
        how = np.where(conditional, ", exact conditional on ties", how)
        test[chosen] = [WILCOXON + words for words in how]
    spread = np.where(has, values, -np.inf).max(axis=1, initial=-np.inf) - np.where(
        has, values, np.inf
    ).min(axis=1, initial=np.inf)
    note = np.full(rows, "", dtype=object)
    note[spread == 0.0] = "the feature is constant"
    floats["p"][spread == 0.0] = np.nan
    empty = _empty_group_notes(n_positive, n)
    note = np.where(empty != "", empty, note)
    return {
        **floats, "test": test, "note": note, "n": n, "n_positive": n_positive,
        "n_missing": values.shape[1] - n, "effect_name": np.full(rows, "shift", dtype=object),
    }  # fmt: skip


_NUMBER_FIELDS = (
    "median_positive", "median_negative", "effect", "effect_lower", "effect_upper", "auc",
    "auc_lower", "auc_upper", "p",
)  # fmt: skip


def _empty_group_notes(
    n_positive: npt.NDArray[np.int64], n: npt.NDArray[np.int64]
) -> npt.NDArray[np.object_]:
    notes = np.full(len(n), "", dtype=object)
    notes[n_positive == n] = "no patient without the outcome"
    notes[n_positive == 0] = "no patient with the outcome"
    notes[n == 0] = "no patient with both feature and outcome"
    return notes


def _row(has: Bools, outcomes: Floats, test: str) -> dict[str, object]:
    """Return the row of a comparison that has not been made yet."""
    n, n_positive = int(has.sum()), int((outcomes[has] == 1.0).sum())
    note = str(_empty_group_notes(np.array([n_positive]), np.array([n]))[0])
    return {
        **dict.fromkeys(_NUMBER_FIELDS, np.nan), "test": test, "note": note, "n": n,
        "n_positive": n_positive, "n_missing": len(has) - n, "effect_name": "",
    }  # fmt: skip


def _flag(values: Floats, outcomes: Floats) -> dict[str, object]:
    """Compare how often a flag is set."""
    has = np.isfinite(values) & ~np.isnan(outcomes)
    row = _row(has, outcomes, FISHER) | {"effect_name": "odds_ratio"}
    if row["note"]:
        return row
    flag, outcome = values[has] != 0.0, outcomes[has] == 1.0
    row["median_positive"] = float(flag[outcome].mean())
    row["median_negative"] = float(flag[~outcome].mean())
    if flag.all() or not flag.any():
        row["note"] = "the feature is constant"
        return row
    found = fisher_2x2(
        int((flag & outcome).sum()), int((~flag & outcome).sum()),
        int((flag & ~outcome).sum()), int((~flag & ~outcome).sum()),
    )  # fmt: skip
    row |= {"effect": found.odds_ratio, "effect_lower": found.lower}
    return row | {"effect_upper": found.upper, "p": found.p}


def _category(labels: pd.Series, outcomes: Floats) -> dict[str, object]:
    """Compare how patients are spread over the levels of a category."""
    has = labels.notna().to_numpy(dtype=bool) & ~np.isnan(outcomes)
    levels = sorted(labels[has].unique())
    if len(levels) == 2:  # noqa: PLR2004  a flag in other words
        row = _flag(np.where(has, (labels == levels[1]).to_numpy(), np.nan), outcomes)
        note = row["note"] or f"share and odds of {levels[1]} against {levels[0]}"
        return row | {"note": note}
    row = _row(has, outcomes, FREEMAN_HALTON)
    if not row["note"] and len(levels) == 1:
        row["note"] = "the feature is constant"
    if row["note"]:
        return row
    chosen, outcome = labels[has], outcomes[has] == 1.0
    counts = [
        np.array([(group == level).sum() for level in levels], dtype=np.int64)
        for group in (chosen[outcome], chosen[~outcome])
    ]
    p = fisher_2xc(counts[0], counts[1])
    note = "too many tables for an exact test" if np.isnan(p) else f"{len(levels)} levels"
    return row | {"p": p, "note": note}
