"""Who is compared with whom: one biopsy of each patient, the outcome and its covariates."""

import warnings
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.model.errors import DataWarning, InputError, fault
from storiform.statistics.gathered import outcome_of

Floats = npt.NDArray[np.float64]


class Comparison(NamedTuple):
    """Biopsies (n) in order, their design (n, columns) and the covariates that are in it.

    The first column of the design is 1, the last the outcome.
    """

    biopsies: list[str]
    design: Floats
    covariates: tuple[str, ...]

    @property
    def positive(self) -> npt.NDArray[np.bool_]:
        """Return which biopsies have the outcome (n,)."""
        has: npt.NDArray[np.bool_] = self.design[:, -1] == 1.0
        return has


class CountMatrix(NamedTuple):
    """Whole fragments (genes, biopsies) with their names."""

    genes: npt.NDArray[np.object_]
    biopsies: list[str]
    counts: Floats

    def of(self, biopsies: Iterable[str]) -> Floats:
        """Return the counts of some biopsies, in their order."""
        places = {name: place for place, name in enumerate(self.biopsies)}
        return np.ascontiguousarray(self.counts[:, [places[name] for name in biopsies]])


def count_matrix(counts: pd.DataFrame) -> CountMatrix:
    """Return the counts of the genes that all biopsies hold, rounded to whole fragments.

    A biopsy without any fragment is left out, with a DataWarning.

    Raises
    ------
    InputError
        If a count is below 0 or missing, or the biopsies share no gene.
    """
    values = counts["count"].to_numpy(np.float64)
    if not (values >= 0.0).all():
        expected, remedy = "counts of at least 0", "Give counts of fragments, no logarithms."
        raise InputError(fault("counts of the cohort", "a count below 0", expected, remedy))
    rows, genes = pd.factorize(counts["gene"].astype(object), sort=True)
    columns, biopsies = pd.factorize(counts["biopsy"].astype(object), sort=True)
    matrix = np.full((len(genes), len(biopsies)), np.nan)
    matrix[rows, columns] = values
    shared = ~np.isnan(matrix).any(axis=1)
    if not shared.any() and len(matrix):
        expected, remedy = "genes that all biopsies share", "Name the genes alike in all files."
        raise InputError(fault("counts of the cohort", "none", expected, remedy))
    if not shared.all():
        message = f"{(~shared).sum()} of {len(shared)} genes are not in all biopsies: left out"
        warnings.warn(message, DataWarning, stacklevel=3)
    kept = matrix[shared]
    whole = np.rint(kept)
    if (kept != whole).any():
        broken = int((kept != whole).any(axis=0).sum())
        message = f"counts of {broken} biopsies are estimates: rounded to whole fragments"
        warnings.warn(message, DataWarning, stacklevel=3)
    is_filled = np.asarray((whole > 0).any(axis=0), dtype=np.bool_)
    if not is_filled.all():
        message = f"no fragment is counted in {(~is_filled).sum()} biopsies: left out"
        warnings.warn(message, DataWarning, stacklevel=3)
    names = [str(name) for name in biopsies[is_filled]]
    filled = np.ascontiguousarray(whole[:, is_filled])
    return CountMatrix(np.asarray(genes, dtype=object)[shared], names, filled)


def speaking_biopsies(features: pd.DataFrame, counts: pd.DataFrame) -> dict[str, str]:
    """Return patient -> the biopsy that speaks for the patient, of those with counts.

    Gathered features are those of baseline biopsies; of several with counts it is the first
    by name.
    """
    pairs = counts[["patient", "biopsy"]].drop_duplicates().astype(str)
    speaks = pairs["biopsy"].isin(set(features["biopsy"].astype(str)))
    chosen = pairs[speaks].sort_values("biopsy").drop_duplicates("patient")
    silent = sorted(set(pairs["patient"]) - set(chosen["patient"]))
    if silent:
        shown = ", ".join(silent[:5]) + (" ..." if len(silent) > 5 else "")  # noqa: PLR2004  names
        message = f"{len(silent)} patients have counts of no baseline biopsy: {shown}"
        warnings.warn(message, DataWarning, stacklevel=3)
    return dict(zip(chosen["patient"], chosen["biopsy"], strict=True))


def comparison(
    clinic: pd.DataFrame, speaking: dict[str, str], outcome: str, covariates: tuple[str, ...]
) -> Comparison:
    """Design a comparison by an outcome, adjusted for covariates of the clinic.

    A covariate is left out, with a DataWarning, where it is the same in all patients, cannot
    be told from what is in the design, or leaves no biopsy to estimate dispersions; so is a
    patient without the outcome or a value of a covariate.

    Parameters
    ----------
    clinic
        One row per patient.
    speaking
        Patient -> biopsy.
    outcome
        Column of the clinic, true or false.
    covariates
        Columns of the clinic, categories or numbers.

    Returns
    -------
    Comparison
        Biopsies by name.
    """
    known = clinic.set_index(clinic["patient"].astype(str))
    known = known[~known.index.duplicated()].reindex(sorted(speaking))
    patients = pd.Index(sorted(speaking), dtype=object)
    outcomes = outcome_of(clinic, outcome, patients)
    usable = {name: known[name] for name in covariates if _is_stated(known[name], name)}
    has = ~np.isnan(outcomes)
    for name, values in usable.items():
        lacking = has & values.isna().to_numpy()
        if lacking.any():
            message = f"{outcome}: {lacking.sum()} patients without {name} are left out"
            warnings.warn(message, DataWarning, stacklevel=3)
        has &= ~lacking
    design = np.column_stack([np.ones(has.sum()), outcomes[has]])
    kept: list[str] = []
    for name, values in usable.items():
        columns = _columns_of(values[has])
        fault_found = _unfit(design, columns)
        if fault_found:
            message = f"{outcome}: not adjusted for {name}, which {fault_found}"
            warnings.warn(message, DataWarning, stacklevel=3)
            continue
        design = np.column_stack([design[:, :-1], columns, design[:, -1]])
        kept.append(name)
    biopsies = [speaking[patient] for patient in patients[has]]
    return Comparison(biopsies, np.ascontiguousarray(design), tuple(kept))


def _is_stated(values: pd.Series, name: str) -> bool:
    if values.notna().any():
        return True
    message = f"not adjusted for {name}, which no patient states"
    warnings.warn(message, DataWarning, stacklevel=4)
    return False


def _columns_of(values: pd.Series) -> Floats:
    """Return a number in standard deviations, or an indicator of each level but the first."""
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(np.float64)
        spread = float(numbers.std()) if len(numbers) else 0.0
        return (
            ((numbers - numbers.mean()) / spread)[:, None] if spread > 0.0 else _nothing(values)
        )
    codes, levels = pd.factorize(values.astype(str), sort=True)
    if len(levels) < 2:  # noqa: PLR2004  nothing to tell apart
        return _nothing(values)
    indicators: Floats = (codes[:, None] == np.arange(1, len(levels))).astype(np.float64)
    return indicators


def _nothing(values: pd.Series) -> Floats:
    return np.empty((len(values), 0))


def _unfit(design: Floats, columns: Floats) -> str:
    """Say why columns cannot be added to a design; empty where they can."""
    if columns.shape[1] == 0:
        return "is the same in all patients"
    joined = np.column_stack([design, columns])
    if joined.shape[0] <= joined.shape[1]:
        return f"has too many values for {joined.shape[0]} biopsies"
    if np.linalg.matrix_rank(joined) < joined.shape[1]:
        return "cannot be told from the outcome or the covariates before it"
    return ""
