"""Gathered features and outcomes as matrices, one column per patient."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


class Measured(NamedTuple):
    """Features (f,), what is known of them, and their values (f, patients)."""

    known: pd.DataFrame
    matrix: Floats


def patients_of(features: pd.DataFrame, clinic: pd.DataFrame) -> pd.Index:
    """Return all patients of the cohort, sorted: of the clinic or with a feature."""
    names = set(clinic["patient"].astype(str)) | set(features["patient"].astype(str))
    return pd.Index(sorted(names), dtype=object)


def outcome_of(clinic: pd.DataFrame, column: str, patients: pd.Index) -> Floats:
    """Return one column of the clinic for each patient as a float, NaN where missing."""
    values = pd.to_numeric(clinic[column], errors="coerce").astype("Float64")
    by_patient = pd.Series(
        values.to_numpy(dtype=np.float64, na_value=np.nan), index=clinic["patient"].astype(str)
    )
    of_patients = by_patient[~by_patient.index.duplicated()].reindex(patients)
    return np.asarray(of_patients, dtype=np.float64)


def response_of(
    clinic: pd.DataFrame, outcome: str, patients: pd.Index, benefit_months: float
) -> Floats:
    """Return who had an outcome of response: 1 or 0 of each patient, NaN where not known.

    Parameters
    ----------
    clinic
        One row per patient.
    outcome
        `responded`, `disease_control` or `clinical_benefit`.
    patients
        The patients who are asked for, in this order.
    benefit_months
        As in `benefit_of`.
    """
    if outcome == "clinical_benefit":
        return benefit_of(clinic, patients, benefit_months)
    return outcome_of(clinic, outcome, patients)


def best_responses(clinic: pd.DataFrame, patients: pd.Index) -> pd.Series:
    """Return the best response of each patient as the clinic states it, missing where none."""
    names = clinic["patient"].astype(str)
    responses = pd.Series(clinic["response"].to_numpy(dtype=object), index=names)
    return responses[~responses.index.duplicated()].reindex(patients)


def benefit_of(clinic: pd.DataFrame, patients: pd.Index, months: float) -> Floats:
    """Tell who had clinical benefit: CR, PR, or SD that lasted; NaN where it is not known.

    SD that progressed earlier is none; SD whose follow-up ended earlier is not known. Where
    nobody has a time of progression it is known of no one: CR and PR against PD is no benefit.
    """
    of_patients = best_responses(clinic, patients)
    free = outcome_of(clinic, "pfs_months", patients)
    has_event = outcome_of(clinic, "pfs_event", patients) == 1.0
    benefit = np.full(len(patients), np.nan)
    if np.isnan(free).all():
        return benefit
    benefit[of_patients.isin(["CR", "PR"]).to_numpy()] = 1.0
    benefit[(of_patients == "PD").to_numpy()] = 0.0
    is_stable = (of_patients == "SD").to_numpy()
    benefit[is_stable & (free >= months)] = 1.0
    benefit[is_stable & (free < months) & has_event] = 0.0
    return benefit


def measured(features: pd.DataFrame, patients: pd.Index) -> Measured:
    """Spread the numbers and flags of the long frame over the patients.

    Infinite values are missing values.
    """
    rows = features[features["kind"] != "category"]
    names = rows["feature"].astype(str).to_numpy(dtype=object)
    codes, found = pd.factorize(names, sort=True)
    columns = patients.get_indexer(pd.Index(rows["patient"].astype(str)))
    values = np.full((len(found), len(patients)), np.nan)
    values[codes, columns] = rows["value"].to_numpy(dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    first = rows.iloc[np.sort(np.unique(codes, return_index=True)[1])]
    known = first.set_index(first["feature"].astype(str)).loc[list(found), ["table", "kind"]]
    return Measured(known.rename_axis("name").reset_index(), values)


def labelled(features: pd.DataFrame, patients: pd.Index) -> dict[tuple[str, str], pd.Series]:
    """Return (table, feature) -> the label of each patient, missing where there is none."""
    rows = features[features["kind"] == "category"]
    result: dict[tuple[str, str], pd.Series] = {}
    for (table, feature), group in rows.groupby(["table", "feature"], sort=True):
        labels = pd.Series(
            group["label"].to_numpy(dtype=object), index=group["patient"].astype(str)
        )
        labels = labels[~labels.index.duplicated()].reindex(patients)
        result[str(table), str(feature)] = labels.where(labels.notna() & (labels != ""))
    return result
