"""How much deeper one library was read than another: the median of ratios."""

import warnings

import numpy as np
import numpy.typing as npt

from storiform.model.errors import DataWarning, InputError, fault

Floats = npt.NDArray[np.float64]


def size_factors(counts: Floats) -> Floats:
    """Return the size factor of each sample, as DESeq2 finds it.

    The median, over the genes that all samples hold, of the ratio to the geometric mean of
    the gene. Where each gene lacks in some sample, genes with a zero are used as well, on a
    geometric mean for which a zero counts as a one (`poscounts`), with a DataWarning.

    Parameters
    ----------
    counts
        Fragments (genes, samples).

    Returns
    -------
    ndarray
        Factors (samples,).

    Raises
    ------
    InputError
        If a sample has no fragment.

    References
    ----------
    Anders and Huber, Genome Biology 11, R106 (2010), doi:10.1186/gb-2010-11-10-r106.
    """
    if not (counts > 0).any(axis=0).all():
        empty = int((~(counts > 0).any(axis=0)).sum())
        expected, remedy = "fragments in every biopsy", "Leave these biopsies out."
        raise InputError(fault("counts", f"{empty} biopsies without any", expected, remedy))
    logs = np.log(np.maximum(counts, 1.0))
    means = logs.mean(axis=1)
    is_held = (counts > 0).all(axis=1)
    if is_held.any():
        factors: Floats = np.exp(np.median(logs[is_held] - means[is_held, None], axis=0))
        return factors
    message = "no gene has fragments in all biopsies: size factors rest on the positive counts"
    warnings.warn(message, DataWarning, stacklevel=2)
    ratios = np.where(counts > 0, logs - means[:, None], np.nan)
    positive = np.exp(np.nanmedian(ratios, axis=0))
    scaled: Floats = positive / np.exp(np.log(positive).mean())
    return scaled
