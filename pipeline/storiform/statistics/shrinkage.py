"""Fold changes that may be ranked: drawn to nothing where the counts say little."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from storiform.kernels.shrinkage import shrink_coefficients
from storiform.statistics.coefficients import LOG2, Counted

Floats = npt.NDArray[np.float64]

_LEAST, _MOST = 1e-6, 400.0
_FAR = 10.0


def prior_scale(fold_changes: Floats, errors: Floats) -> float:
    """Return the scale of the prior that fold changes and their errors tell.

    It solves for the variance of a normal distribution of true changes; 1 at most.

    Parameters
    ----------
    fold_changes, errors
        Natural logarithms (genes,).

    References
    ----------
    Zhu et al., Bioinformatics 35, 2084-2092 (2019), doi:10.1093/bioinformatics/bty895.
    """
    known = np.isfinite(fold_changes) & np.isfinite(errors)
    squares, noise = fold_changes[known] ** 2, errors[known] ** 2

    def excess(variance: float) -> float:
        weights = 1.0 / (2.0 * (variance + noise) ** 2)
        return float(((squares - noise) * weights).sum() / weights.sum()) - variance

    if not known.any() or excess(_LEAST) < 0.0:
        return float(np.sqrt(_LEAST))
    if excess(_MOST) > 0.0:
        return 1.0
    return min(float(np.sqrt(brentq(excess, _LEAST, _MOST))), 1.0)


def shrunken_fold_changes(
    counted: Counted, dispersions: Floats, fold_changes: Floats, errors: Floats
) -> Floats:
    """Return posterior modes of log2 fold changes under a Cauchy prior, as apeglm's.

    Parameters
    ----------
    counted
        Counts of the genes; the last column of the design is the tested one.
    dispersions
        Dispersion of each gene (genes,).
    fold_changes, errors
        Without the prior, log2 (genes,).

    Returns
    -------
    ndarray
        log2 (genes,).

    References
    ----------
    Zhu et al., Bioinformatics 35, 2084-2092 (2019), doi:10.1093/bioinformatics/bty895.
    """
    counts, sizes, design = counted
    scale = prior_scale(fold_changes * LOG2, errors * LOG2)
    basis, triangle = np.linalg.qr(design)
    logs = np.log(counted.normalised() + 0.5)
    starts = np.ascontiguousarray(np.linalg.solve(triangle, basis.T @ logs.T).T)
    starts[:, -1] = np.clip(fold_changes * LOG2, -_FAR, _FAR)
    modes = shrink_coefficients(counts, np.log(sizes), design, dispersions, starts, scale)
    shrunken: Floats = modes / LOG2
    return shrunken
