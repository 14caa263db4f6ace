"""Counts on a scale on which genes vary alike, whatever their expression."""

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.model.errors import DataWarning
from storiform.model.tables.differential import VST, Vst
from storiform.model.tables.rna import Counts
from storiform.statistics.coefficients import Counted
from storiform.statistics.comparison import count_matrix
from storiform.statistics.dispersion_trend import Trend, dispersion_trend
from storiform.statistics.dispersions import own_dispersions
from storiform.statistics.size_factors import size_factors

Floats = npt.NDArray[np.float64]

_SUBSET, _EXPRESSED = 1000, 5.0
_KNOTS = 1000
_FEWEST = 3


def vst(counts: Counts) -> Vst:
    """Transform counts so that their variance does not depend on their mean.

    The trend of the dispersions is found without any outcome (blind), as `vst` of DESeq2: on
    1,000 genes spread over the means above 5, or on all genes where there are fewer. For heat
    maps, principal components and clustering, not for tests.

    Parameters
    ----------
    counts
        Counts of all biopsies; genes that one of them lacks are left out.

    Returns
    -------
    Vst
        Genes by biopsies, log2; no row, with a DataWarning, for fewer than three biopsies.

    Raises
    ------
    InputError
        If counts are below 0, or the biopsies share no gene.

    References
    ----------
    Anders and Huber, Genome Biology 11, R106 (2010), doi:10.1186/gb-2010-11-10-r106.
    """
    matrix = count_matrix(counts)
    if len(matrix.biopsies) < _FEWEST:
        message = f"biopsies with counts: {len(matrix.biopsies)}, {_FEWEST} needed for vst"
        warnings.warn(message, DataWarning, stacklevel=2)
        return VST.empty()
    transformed = stabilised(matrix.counts)
    return pd.DataFrame(transformed, columns=matrix.biopsies).assign(gene=matrix.genes)


def stabilised(counts: Floats) -> Floats:
    """Return variance-stabilised counts (genes, samples), log2.

    Parameters
    ----------
    counts
        Whole fragments (genes, samples).
    """
    sizes = size_factors(counts)
    normalised = counts / sizes
    chosen = _chosen_genes(normalised.mean(axis=1))
    counted = Counted(np.ascontiguousarray(counts[chosen]), sizes, np.ones((len(sizes), 1)))
    trend = dispersion_trend(
        normalised[chosen].mean(axis=1), own_dispersions(counted).dispersions
    )
    if trend.coefficients is None:
        return _integrated(normalised, sizes, trend)
    constant, slope = trend.coefficients
    root = np.sqrt(constant * normalised * (1.0 + slope + constant * normalised))
    inner = 1.0 + slope + 2.0 * constant * normalised + 2.0 * root
    transformed: Floats = np.log2(inner / (4.0 * constant))
    return transformed


def _chosen_genes(means: Floats) -> npt.NDArray[np.intp]:
    """Return the genes on which the trend rests: expressed ones, spread over the means."""
    expressed = np.flatnonzero(means > _EXPRESSED)
    if len(expressed) < _SUBSET:
        return np.flatnonzero(means > 0.0)
    order = expressed[np.argsort(means[expressed], kind="stable")]
    return order[np.rint(np.linspace(1.0, len(order), _SUBSET)).astype(np.intp) - 1]


def _integrated(normalised: Floats, sizes: Floats, trend: Trend) -> Floats:
    """Integrate 1 / standard deviation along a trend that has no formula.

    Two quantiles of the means are set to their log2, which fixes scale and origin.
    """
    grid = np.sinh(np.linspace(0.0, np.arcsinh(normalised.max()), _KNOTS))[1:]
    variance = trend.at(grid) * grid**2 + float((1.0 / sizes).mean()) * grid
    heights = 1.0 / np.sqrt(variance)
    areas = np.cumsum(np.diff(grid) * (heights[1:] + heights[:-1]) / 2.0)
    places = np.arcsinh((grid[1:] + grid[:-1]) / 2.0)
    low, high = np.quantile(normalised.mean(axis=1), [0.95, 0.999])
    at_low, at_high = np.interp(np.arcsinh([low, high]), places, areas)
    scale = (np.log2(high) - np.log2(low)) / (at_high - at_low)
    spread = np.interp(np.arcsinh(normalised), places, areas)
    transformed: Floats = scale * (spread - at_low) + np.log2(low)
    return transformed
