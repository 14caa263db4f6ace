"""Library sizes of a cohort and counts per million, as edgeR makes them."""

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.kernels.enrichment import average_ranks
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.params import Params
from storiform.model.tables.rna import Counts, Cpm, LibrarySizes, LogCpm

Floats = npt.NDArray[np.float64]
_SAME = 1e-6


class NormalisationParams(Params):
    """edgeR's trimmed mean of M values and its moderated logarithm of CPM."""

    log_ratio_trim: float = Field(
        0.3, ge=0.0, lt=0.5, description="share of log-ratios trimmed at either end, as edgeR"
    )
    sum_trim: float = Field(
        0.05, ge=0.0, lt=0.5, description="share of intensities trimmed at either end, as edgeR"
    )
    prior_count: float = Field(
        2.0,
        gt=0.0,
        le=100.0,
        description="fragments added to each gene of a library of mean size",
    )


class CountsPerMillion(NamedTuple):
    """What `cpm` makes."""

    cpm: Cpm
    log_cpm: LogCpm


def library_sizes(counts: Counts, params: NormalisationParams) -> LibrarySizes:
    """Add up the fragments of each biopsy and find its TMM factor among the cohort.

    Parameters
    ----------
    counts
        Counts of all biopsies; TMM looks at the genes that all of them hold.
    params
        How much is trimmed.

    Returns
    -------
    LibrarySizes
        One row per biopsy.

    References
    ----------
    Robinson and Oshlack, Genome Biology 11, R25 (2010), doi:10.1186/gb-2010-11-3-r25.
    """
    matrix = _matrix(counts)
    grouped = counts.groupby("biopsy", sort=True)
    sizes = grouped["count"].sum().astype(float)
    size: Floats = np.asarray(sizes, dtype=np.float64)
    trims = (params.log_ratio_trim, params.sum_trim)
    is_empty = size == 0
    if is_empty.any():
        names = ", ".join(map(str, sizes.index[is_empty]))
        message = f"no fragment is counted in {names}: left out of TMM and CPM"
        warnings.warn(message, DataWarning, stacklevel=2)
    factors = np.full(len(size), np.nan)
    factors[~is_empty] = tmm_factors(
        matrix.to_numpy(float)[:, ~is_empty], size[~is_empty], *trims
    )
    rows = pd.DataFrame(
        {"patient": grouped["patient"].first(), "library_size": sizes, "tmm_factor": factors}
    )
    rows["effective_size"] = rows["library_size"] * rows["tmm_factor"]
    rows["genes_detected"] = (counts["count"] > 0).groupby(counts["biopsy"]).sum()
    return rows.rename_axis("biopsy").reset_index()


def cpm(
    counts: Counts, library_sizes: LibrarySizes, params: NormalisationParams
) -> CountsPerMillion:
    """Divide the counts of a cohort by the effective library sizes.

    Parameters
    ----------
    counts
        Counts of all biopsies; genes that one of them lacks are left out.
    library_sizes
        Size and TMM factor of each biopsy.
    params
        The prior count.

    Returns
    -------
    CountsPerMillion
        Genes by biopsies: CPM, and log2 of CPM with a prior count in proportion to the
        library, as ``edgeR::cpm(log = TRUE)``.
    """
    matrix = _matrix(counts)
    sizes = library_sizes.set_index("biopsy").loc[matrix.columns, "effective_size"].dropna()
    matrix = matrix[list(sizes.index)]
    values, size = matrix.to_numpy(float), sizes.to_numpy(float)
    logs = log2_cpm(values, size, params.prior_count)
    return CountsPerMillion(_wide(values / size * 1e6, matrix), _wide(logs, matrix))


def tmm_factors(
    counts: Floats, sizes: Floats, log_ratio_trim: float = 0.3, sum_trim: float = 0.05
) -> Floats:
    """Return edgeR's TMM factors (samples,) of counts (genes, samples).

    The reference is the sample whose upper quartile is nearest to the mean of all; the
    factors are scaled to a geometric mean of 1.
    """
    kept = counts[(counts > 0).any(axis=1)]
    if not len(kept) or counts.shape[1] < 2:  # noqa: PLR2004  nothing to compare
        return np.ones(counts.shape[1])
    quartiles = np.quantile(kept, 0.75, axis=0) / sizes
    if np.median(quartiles) < 1e-20:  # noqa: PLR2004  edgeR's own limit
        reference = int(np.argmax(np.sqrt(kept).sum(axis=0)))
    else:
        reference = int(np.argmin(np.abs(quartiles - quartiles.mean())))
    trims = (log_ratio_trim, sum_trim)
    columns = [(kept[:, i], float(sizes[i])) for i in range(len(sizes))]
    factors = np.array([_tmm(column, columns[reference], trims) for column in columns])
    scaled: Floats = factors / np.exp(np.log(factors).mean())
    return scaled


def log2_cpm(counts: Floats, sizes: Floats, prior_count: float = 2.0) -> Floats:
    """Return edgeR's moderated log2 CPM of counts (genes, samples)."""
    prior = sizes / sizes.mean() * prior_count
    logs: Floats = np.log2((counts + prior) / (sizes + 2.0 * prior) * 1e6)
    return logs


def _tmm(
    ours: tuple[Floats, float], reference: tuple[Floats, float], trims: tuple[float, float]
) -> float:
    """Return the factor of one sample (counts, size) against the reference.

    The operations stand in edgeR's order: another order breaks other ties between
    log-ratios, and moves the factors in the fourth digit.
    """
    counted = (ours[0] > 0) & (reference[0] > 0)
    observed, expected = ours[0][counted], reference[0][counted]
    share, share_expected = observed / ours[1], expected / reference[1]
    ratio = np.log2(share / share_expected)
    intensity = (np.log2(share) + np.log2(share_expected)) / 2.0
    variance = (ours[1] - observed) / ours[1] / observed
    variance += (reference[1] - expected) / reference[1] / expected
    if not len(ratio) or np.abs(ratio).max() < _SAME:
        return 1.0
    keep = np.ones(len(ratio), dtype=bool)
    for values, trim in ((ratio, trims[0]), (intensity, trims[1])):
        lowest = np.floor(len(ratio) * trim) + 1
        ranks = average_ranks(values)
        keep &= (ranks >= lowest) & (ranks <= len(ratio) + 1 - lowest)
    weights = 1.0 / variance[keep]
    mean = float((ratio[keep] * weights).sum() / weights.sum()) if keep.any() else 0.0
    return float(2.0**mean)


def _matrix(counts: pd.DataFrame) -> pd.DataFrame:
    """Return genes by biopsies, of the genes that all biopsies hold."""
    wide = counts.pivot_table(
        index="gene", columns="biopsy", values="count", aggfunc="first", sort=True
    )
    shared = wide.dropna()
    if shared.empty:
        expected, remedy = "genes that all biopsies share", "Name the genes alike in all files."
        raise InputError(fault("counts of the cohort", "none", expected, remedy))
    if len(shared) < len(wide):
        message = f"{len(wide) - len(shared)} of {len(wide)} genes are not in all biopsies."
        warnings.warn(message, DataWarning, stacklevel=3)
    return shared


def _wide(values: Floats, like: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame(values, index=like.index, columns=like.columns)
    return frame.rename_axis(columns=None).reset_index()
