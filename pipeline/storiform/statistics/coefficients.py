"""Fold changes of genes: coefficients of a negative binomial model and their errors."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from storiform.kernels.count_regression import (
    ROUNDS,
    fit_coefficients,
    spread_coefficients,
    weigh_coefficients,
)

Floats = npt.NDArray[np.float64]

LOG2 = float(np.log(2.0))
_BOUND = 30.0
_STEP = 1e-3


class Counted(NamedTuple):
    """Counts (genes, samples), size factors (samples,) and design (samples, columns)."""

    counts: Floats
    sizes: Floats
    design: Floats

    def normalised(self) -> Floats:
        """Return counts over size factors (genes, samples)."""
        return self.counts / self.sizes

    def of(self, genes: npt.NDArray[np.bool_]) -> "Counted":
        """Return the counts of some genes."""
        return self._replace(counts=self.counts[genes])


class Coefficients(NamedTuple):
    """Coefficients and errors (genes, columns), natural logarithms; leverages and means."""

    beta: Floats
    errors: Floats
    leverages: Floats
    means: Floats


def fitted_coefficients(counted: Counted, dispersions: Floats) -> Coefficients:
    """Fit the coefficients of each gene at its dispersion.

    Least squares are reweighted until the deviance settles. Where they do not, or a
    coefficient leaves +-30, the likelihood is climbed within +-30 doublings, as in R.

    Parameters
    ----------
    counted
        Counts of genes with at least one fragment.
    dispersions
        Dispersion of each gene (genes,).

    Returns
    -------
    Coefficients
        `leverages` and `means` are (genes, samples).
    """
    counts, sizes, design = counted
    basis, triangle = np.linalg.qr(design)
    logs = np.log(counted.normalised() + 0.1)
    starts = np.ascontiguousarray(np.linalg.solve(triangle, basis.T @ logs.T).T)
    beta, rounds = fit_coefficients(counts, sizes, design, dispersions, starts)
    _, leverages = spread_coefficients(sizes, design, dispersions, beta)
    for gene in np.flatnonzero((rounds >= ROUNDS) | np.isnan(beta).any(axis=1)):
        is_near = rounds[gene] == ROUNDS and bool((np.abs(beta[gene] / LOG2) < _BOUND).all())
        start = beta[gene] if is_near else starts[gene] * LOG2
        beta[gene] = _climbed(counted, int(gene), float(dispersions[gene]), start / LOG2)
    variances, _ = spread_coefficients(sizes, design, dispersions, beta)
    means = sizes * np.exp(beta @ design.T)
    return Coefficients(beta, np.sqrt(np.maximum(variances, 0.0)), leverages, means)


def _climbed(counted: Counted, gene: int, dispersion: float, start: Floats) -> Floats:
    """Return the coefficients of one gene, where least squares have failed."""
    counts, sizes, design = counted.counts[gene], counted.sizes, counted.design
    steps = np.eye(design.shape[1]) * _STEP

    def cost(beta: Floats) -> float:
        return weigh_coefficients(counts, sizes, design, dispersion, beta)

    def slope(beta: Floats) -> Floats:
        rises = [cost(beta + step) - cost(beta - step) for step in steps]
        return np.array(rises) / (2.0 * _STEP)

    found = minimize(
        cost, np.clip(start, -_BOUND, _BOUND), jac=slope, method="L-BFGS-B",
        bounds=[(-_BOUND, _BOUND)] * len(start),
        options={"maxcor": 5, "ftol": 1e7 * np.finfo(float).eps, "gtol": 0.0, "maxiter": 100},
    )  # fmt: skip
    climbed: Floats = np.asarray(found.x) * LOG2
    return climbed
