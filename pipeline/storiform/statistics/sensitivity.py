"""How far the associations rest on one patient, or on the mix of histologies."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from scipy import special

from storiform.kernels.enrichment import average_ranks
from storiform.model.params import Months, Params
from storiform.model.populations import population_of
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import (
    SENSITIVITY,
    Associations,
    Features,
    PairedFeatures,
    Sensitivity,
)
from storiform.model.tables.trial_tables import PopulationMembers
from storiform.statistics.association import compared
from storiform.statistics.gathered import measured, patients_of, response_of
from storiform.statistics.paired_features import with_pairs
from storiform.statistics.ranks import Ties

Floats = npt.NDArray[np.float64]


class SensitivityParams(Params):
    """Which associations are looked at again, and how."""

    features: int = Field(
        20, ge=1, le=500, description="features of each outcome, the smallest p first"
    )
    ties: Ties = Field("normal", description="as association.ties")
    benefit_months: Months = Field(6.0, description="as association.benefit_months")
    most_patients: int = Field(
        200,
        ge=2,
        le=2000,
        description="patients up to which each is left out in turn; of more, one alone "
        "hardly matters",
    )


class Stratified(NamedTuple):
    """A comparison within strata: two-sided p, patients and strata that tell something."""

    p: float
    patients: int
    strata: int


def sensitivity(
    features: Features,
    clinic: Clinic,
    associations: Associations,
    params: SensitivityParams,
    pairs: PairedFeatures | None = None,
    members: PopulationMembers | None = None,
) -> Sensitivity:
    """Test the strongest associations again, without each patient and within histologies.

    Parameters
    ----------
    features
        One row per patient and feature.
    clinic
        One row per patient.
    associations
        The comparisons that were made.
    pairs
        Groups by two features at once, which are compared like features.
    members
        Who belongs to which analysis population.

    Returns
    -------
    Sensitivity
        One row per outcome and feature. A category of more than two levels has no comparison
        within histologies.

    References
    ----------
    van Elteren, Bulletin of the International Statistical Institute 37, 351-361 (1960).
    """
    tested = associations[associations["p"].notna()]
    if tested.empty:
        return SENSITIVITY.empty()
    population = population_of(members, str(tested["population"].iloc[0]))
    features, clinic = population.rows(with_pairs(features, pairs)), population.rows(clinic)
    patients = patients_of(features, clinic)
    histology = _histologies(clinic, patients)
    rows: list[dict[str, object]] = []
    for outcome, group in tested.groupby("outcome", sort=True):
        chosen = group.sort_values(["p", "feature"], kind="stable").head(params.features)
        outcomes = response_of(clinic, str(outcome), patients, params.benefit_months)
        own = features[features["feature"].isin(chosen["feature"])]
        without = _without_each(own, patients, outcomes, params)
        values = _values(own, patients)
        for row in chosen.itertuples():
            feature = str(row.feature)
            made: dict[str, object] = {"outcome": outcome, "feature": feature}
            made |= {"n": int(str(row.n)), "p": float(str(row.p))}
            rows.append(
                made
                | _range(without, feature, patients)
                | _within(values.get(feature), outcomes, histology)
                | {"note": _note(values.get(feature), histology, len(without.columns))}
            )
    return pd.DataFrame(rows).assign(population=population.name)


def van_elteren(values: Floats, positive: Floats, strata: npt.NDArray[np.int64]) -> Stratified:
    """Compare values between two groups within strata, by van Elteren's rank test.

    Parameters
    ----------
    values
        One number of each patient, without missing ones.
    positive
        1 or 0 of each patient.
    strata
        Stratum of each patient.

    Returns
    -------
    Stratified
        p from the normal approximation, with mid-ranks and the variance corrected for ties;
        NaN where no stratum holds both groups.

    References
    ----------
    van Elteren, Bulletin of the International Statistical Institute 37, 351-361 (1960).
    Lehmann, Nonparametrics, Holden-Day (1975), section 3.3.
    """
    statistic = variance = 0.0
    people = told = 0
    for stratum in np.unique(strata):
        inside = strata == stratum
        n, m = int(inside.sum()), int(positive[inside].sum())
        if m in {0, n}:
            continue
        ranks = average_ranks(values[inside])
        weight = 1.0 / (n + 1.0)
        statistic += weight * float((ranks - (n + 1.0) / 2.0)[positive[inside] == 1.0].sum())
        variance += weight**2 * m * (n - m) / n * float(ranks.var(ddof=1))
        people, told = people + n, told + 1
    if variance <= 0.0:
        return Stratified(np.nan, people, told)
    z = abs(statistic) / np.sqrt(variance)
    return Stratified(float(2.0 * special.ndtr(-z)), people, told)


def _without_each(
    features: pd.DataFrame, patients: pd.Index, outcomes: Floats, params: SensitivityParams
) -> pd.DataFrame:
    """Return p by feature and the patient who is left out; no column for too many patients."""
    known = np.flatnonzero(~np.isnan(outcomes)).tolist()
    columns: dict[str, pd.Series] = {}
    if len(known) <= params.most_patients:
        for place in known:
            left = outcomes.copy()
            left[place] = np.nan
            made = pd.concat(compared(features, patients, left, params.ties))
            columns[str(patients[place])] = made.set_index("feature")["p"].astype(float)
    return pd.DataFrame(columns)


def _range(without: pd.DataFrame, feature: str, patients: pd.Index) -> dict[str, object]:
    nothing: dict[str, object] = {"p_smallest": np.nan, "p_largest": np.nan, "patient": None}
    if feature not in without.index:
        return nothing
    row = without.iloc[without.index.get_indexer(pd.Index([feature]))[0]]
    values = np.asarray(row.reindex(patients), dtype=np.float64)
    if np.isnan(values).all():
        return nothing
    return {
        "p_smallest": float(np.nanmin(values)),
        "p_largest": float(np.nanmax(values)),
        "patient": str(patients[int(np.nanargmax(values))]),
    }


def _values(features: pd.DataFrame, patients: pd.Index) -> dict[str, Floats]:
    """Return numbers and flags by name, each (patients,)."""
    spread = measured(features, patients)
    return dict(zip(spread.known["name"].astype(str), spread.matrix, strict=True))


def _within(
    values: Floats | None, outcomes: Floats, histology: npt.NDArray[np.int64]
) -> dict[str, object]:
    found = Stratified(np.nan, 0, 0)
    if values is not None:
        has = np.isfinite(values) & ~np.isnan(outcomes) & (histology >= 0)
        found = van_elteren(values[has], outcomes[has], histology[has])
    return {
        "p_within_histology": found.p,
        "n_within_histology": found.patients,
        "histologies": found.strata,
    }


def _histologies(clinic: pd.DataFrame, patients: pd.Index) -> npt.NDArray[np.int64]:
    """Return the number of each patient's histology, -1 where it is not stated."""
    stated = pd.Series(
        clinic["histology"].to_numpy(dtype=object), index=clinic["patient"].astype(str)
    )
    stated = stated[~stated.index.duplicated()].reindex(patients)
    codes, _ = pd.factorize(stated.where(stated != ""), sort=True)
    return np.asarray(codes, dtype=np.int64)


def _note(values: Floats | None, histology: npt.NDArray[np.int64], left_out: int) -> str:
    notes = []
    if not left_out:
        notes.append("too many patients to leave each out")
    if (histology < 0).all():
        notes.append("no histology is stated")
    elif values is None:
        notes.append("a category has no comparison within histologies")
    return "; ".join(notes)
