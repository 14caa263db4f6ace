"""What is known of biopsies, and how much of a component's variance goes with it."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.model.tables.expression_pca import BATCHES, EXPRESSION_COVARIATES

Floats = npt.NDArray[np.float64]

_OF_CLINIC = ("histology", "arm", "sex")
_FEWEST = 3


def covariates_of(
    owners: pd.DataFrame,
    rna_quality: pd.DataFrame | None,
    rna_library: pd.DataFrame | None,
    clinic: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the covariates of biopsies, words empty and numbers NaN where unknown.

    Parameters
    ----------
    owners
        `patient` and `biopsy`, one row per biopsy.
    rna_quality, rna_library, clinic
        Where covariates come from, those that there are.
    """
    rows = owners.copy()
    quality = _by(rna_quality, "biopsy", rows["biopsy"])
    library = _by(rna_library, "biopsy", rows["biopsy"])
    clinical = _by(clinic, "patient", rows["patient"])
    for name in BATCHES:
        rows[name] = _words(library, name)
    for name in _OF_CLINIC:
        rows[name] = _words(clinical, name)
    told, found = rows["sex"], _words(quality, "sex_found")
    rows["sex"] = told.where(told != "", found)
    rows["sex_source"] = np.where(told != "", "clinic", np.where(found != "", "rna", ""))
    sizes = _numbers(quality, "library_size")
    rows["log10_library_size"] = np.log10(np.where(sizes > 0.0, sizes, np.nan))
    of_reads = _numbers(quality, "mitochondrial_share")
    of_counts = _numbers(quality, "mitochondrial_count_share")
    # The two shares are of different wholes: one of them serves all biopsies.
    is_told = not (np.isnan(of_reads) & ~np.isnan(of_counts)).any()
    rows["mitochondrial_share"] = of_reads if is_told else of_counts
    for name in ("three_prime_bias", "intronic_share"):
        rows[name] = _numbers(quality, name)
    return rows


def _by(table: pd.DataFrame | None, unit: str, names: pd.Series) -> pd.DataFrame:
    """Return the rows of a table in the order of units, missing ones for those it lacks."""
    if table is None or table.empty:
        return pd.DataFrame(index=range(len(names)))
    unique = table.drop_duplicates(unit).set_index(unit)
    return unique.reindex(names.to_numpy()).reset_index(drop=True)


def _words(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows:
        return pd.Series([""] * len(rows), dtype=object)
    return rows[name].astype(object).where(rows[name].notna(), "").astype(str).str.strip()


def _numbers(rows: pd.DataFrame, name: str) -> Floats:
    if name not in rows:
        missing: Floats = np.full(len(rows), np.nan)
        return missing
    return np.asarray(rows[name].astype("Float64").to_numpy(np.float64, na_value=np.nan))


def shared_variance(
    rows: pd.DataFrame, scores: Floats, categories: tuple[str, ...], numbers: tuple[str, ...]
) -> pd.DataFrame:
    """Tell how much of the variance of each component goes with each covariate.

    Parameters
    ----------
    rows
        One row per biopsy (n) with the columns `categories` and `numbers`.
    scores
        Scores (n, k).

    Returns
    -------
    pandas.DataFrame
        `EXPRESSION_COVARIATES`; a covariate that is the same in all biopsies, known in fewer
        than three, or different in each has no row.
    """
    found = []
    for name in (*categories, *numbers):
        is_category = name in categories
        values = rows[name]
        is_known = (values != "" if is_category else values.notna()).to_numpy(dtype=bool)
        design = _levels(values[is_known]) if is_category else _slope(values[is_known])
        known, degrees = int(is_known.sum()), design.shape[1]
        if known < _FEWEST or not 0 < degrees < known - 1:
            continue
        for place in range(scores.shape[1]):
            row = (
                name, place + 1, "category" if is_category else "number", known,
                degrees + 1 if is_category else pd.NA,
                _explained(scores[is_known, place], design), degrees / (known - 1),
            )  # fmt: skip
            found.append(dict(zip(EXPRESSION_COVARIATES.columns, row, strict=True)))
    return pd.DataFrame(found, columns=list(EXPRESSION_COVARIATES.columns))


def _levels(values: pd.Series) -> Floats:
    """Return the columns (n, levels - 1) that part biopsies into levels."""
    codes, names = pd.factorize(values, sort=True)
    is_of: npt.NDArray[np.bool_] = codes[:, None] == np.arange(1, max(len(names), 1))
    return is_of.astype(np.float64)


def _slope(values: pd.Series) -> Floats:
    """Return a number as one column, none where it is the same in all."""
    numbers = values.to_numpy(dtype=np.float64)
    is_constant = not len(numbers) or float(np.ptp(numbers)) == 0.0
    columns: Floats = numbers[:, None]
    return columns[:, :0] if is_constant else columns


def _explained(scores: Floats, design: Floats) -> float:
    """Return the share of the variance of scores (n,) that columns (n, k) explain."""
    centred = scores - scores.mean()
    total = float(centred @ centred)
    if total == 0.0:
        return float("nan")
    columns = design - design.mean(axis=0)
    columns /= np.sqrt((columns**2).sum(axis=0))
    left = centred - columns @ np.linalg.lstsq(columns, centred, rcond=None)[0]
    return min(max(1.0 - float(left @ left) / total, 0.0), 1.0)
