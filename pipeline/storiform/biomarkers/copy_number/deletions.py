"""Deletions of genes that are shorter than segments resolve."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from storiform.biomarkers.copy_number.places import Pairs
from storiform.biomarkers.copy_number.solutions import Solution
from storiform.model.copies import expected_log2

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_RESIDUE = 0.03
"""Copies' worth of reads that stay where no copy is left: misplaced ones, mosaic cells."""
_MOST_STATES = 9
_BESIDE = 6
"""Bins on either side by which a gene's run is made longer: deletions reach beyond it."""


class Runs(NamedTuple):
    """The bins of each gene, and what is next to them on its contig.

    `bins`, `means` (genes,) are of the gene alone; `sums` and `weights` (genes, 7, 7) those of
    the run with so many bins more before and behind it, weighted by the inverse variance.
    """

    bins: Ints
    means: Floats
    sums: Floats
    weights: Floats


def no_runs(genes: int) -> Runs:
    """Return runs of genes without any bin."""
    size = (genes, _BESIDE + 1, _BESIDE + 1)
    nothing = np.full(genes, np.nan)
    return Runs(np.zeros(genes, dtype=np.int64), nothing, np.zeros(size), np.zeros(size))


def gene_runs(pairs: Pairs, genes: int, bins: pd.DataFrame, values: Floats) -> Runs:
    """Sum the bins of each gene and of the runs around it.

    Parameters
    ----------
    pairs
        Genes and the bins that they overlap.
    genes
        Number of genes.
    bins
        Bins sorted by contig and start, with their `variance`.
    values
        Their log ratios.
    """
    weight = 1.0 / np.maximum(bins["variance"].to_numpy(np.float64), 1e-6)
    codes = pd.factorize(bins["contig"])[0]
    summed = np.concatenate([[0.0], np.cumsum(weight * values)])
    weighed = np.concatenate([[0.0], np.cumsum(weight)])
    first, last = np.full(genes, len(bins)), np.zeros(genes, dtype=np.int64)
    np.minimum.at(first, pairs.gene, pairs.row)
    np.maximum.at(last, pairs.gene, pairs.row + 1)
    number = np.bincount(pairs.gene, minlength=genes)
    has_bins = number > 0
    first, last = np.where(has_bins, first, 0), np.where(has_bins, last, 0)
    contig = codes[np.minimum(first, len(bins) - 1)]
    begins = np.searchsorted(codes, contig, side="left")
    ends = np.searchsorted(codes, contig, side="right")
    beside = np.arange(_BESIDE + 1)
    left = np.maximum(first[:, None] - beside, begins[:, None])[:, :, None]
    right = np.minimum(last[:, None] + beside, ends[:, None])[:, None, :]
    sums, weights = summed[right] - summed[left], weighed[right] - weighed[left]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(has_bins, sums[:, 0, 0] / weights[:, 0, 0], np.nan)
    return Runs(number, means, sums, weights)


def deletion_ratios(runs: Runs, normal: Floats, fit: Solution, wave: float) -> Floats:
    """Return ln of the likelihood of no copy against the best other number, gene by gene.

    It is the highest over the runs around the gene, if the gene's own bins alone speak for a
    deletion too; else that of its own bins.

    Parameters
    ----------
    runs
        Bins of the genes.
    normal
        (genes,) copies in normal cells.
    fit
        Purity and ploidy.
    wave
        SD of long-range noise, log2.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        means = runs.sums / runs.weights
        variance = 1.0 / runs.weights + np.nan_to_num(wave) ** 2
    usual = np.maximum(normal, 1.0)[:, None, None]
    floor = np.log2(_RESIDUE / (fit.purity * fit.ploidy + 2.0 * (1.0 - fit.purity)))

    def away(copies: int) -> Floats:
        expected = expected_log2(fit.purity, fit.ploidy, copies, usual)
        return np.asarray(means - np.maximum(expected, floor), dtype=np.float64)

    # Below what no copies predict, nothing speaks against them.
    none = np.maximum(away(0), 0.0) ** 2
    others = np.min([away(copies) ** 2 for copies in range(1, _MOST_STATES)], axis=0)
    ratios = (others - none) / (2.0 * variance)
    own = ratios[:, 0, 0]
    best = np.nan_to_num(ratios, nan=-np.inf).max(axis=(1, 2))
    found = np.where(own > 0, best, own)
    return np.where((runs.bins > 0) & (normal > 0), found, np.nan)


def weighed_ratios(
    runs: Runs, own: pd.DataFrame, errors: Floats, found: list[Solution], fewest: int
) -> tuple[Floats, Floats]:
    """Return for each gene ln of the likelihood ratio of no copy, and its probability.

    Parameters
    ----------
    runs
        Bins of the genes.
    own
        The segment of each gene, parallel to them: `normal_copies`.
    errors
        Standard errors of all segments; the lowest are the noise that no length averages out.
    found
        Solutions of the fit, the best first: the ratio is of the best, the probability of all.
    fewest
        Bins below which a gene has no ratio.
    """
    probability = np.zeros(len(runs.bins))
    if not found or not runs.bins.any():
        return np.full(len(runs.bins), np.nan), probability
    known = errors[~np.isnan(errors)]
    wave = float(np.quantile(known, 0.05)) if len(known) else 0.0
    normal = own["normal_copies"].to_numpy(np.float64)
    ratios = [deletion_ratios(runs, normal, one, wave) for one in found]
    for one, ratio in zip(found, ratios, strict=True):
        probability += one.weight * expit(np.nan_to_num(ratio, nan=-30.0))
    return np.where(runs.bins >= fewest, ratios[0], np.nan), probability
