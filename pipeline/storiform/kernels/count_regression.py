"""Regression of counts on a design, gene by gene, by a negative binomial model.

The logarithm of the mean is linear in the columns of the design, the variance is mean +
dispersion * mean^2. Least squares are reweighted until the deviance settles.

References
----------
Love et al., Genome Biology 15, 550 (2014), doi:10.1186/s13059-014-0550-8.
"""

import math

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled_apart, compiled_within
from storiform.kernels.definite_matrices import add_information, factor_matrix, invert_factored

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ROUNDS = 100
LEAST_MEAN, STEEPEST, TOLERANCE = 0.5, 30.0, 1e-8
RIDGE_LOG2 = 1e-6
"""Ridge of a log2 coefficient."""
RIDGE = RIDGE_LOG2 / math.log(2.0) ** 2
WORST = 1e300


@compiled_apart
def log_density(count: float, mean: float, shape: float) -> float:
    """Return the logarithm of the negative binomial probability, without its constants."""
    return (
        math.lgamma(count + shape)
        - math.lgamma(shape)
        - math.lgamma(count + 1.0)
        - shape * math.log1p(mean / shape)
        + count * math.log(mean / (mean + shape))
    )


@compiled_within
def solve_weighted(
    design: Floats, weights: Floats, targets: Floats, room: Floats, beta: Floats
) -> None:
    """Put the ridge regression of targets (n,) on a design into `beta` (p,)."""
    samples, columns = design.shape
    information, inverse = room[:columns], room[columns : 2 * columns]
    add_information(design, weights, information)
    for j in range(columns):
        information[j, j] += RIDGE
    factor_matrix(information)
    invert_factored(information, inverse)
    for j in range(columns):
        beta[j] = 0.0
    for i in range(samples):
        for k in range(columns):
            part = design[i, k] * weights[i] * targets[i]
            for j in range(columns):
                beta[j] += inverse[k, j] * part


@compiled_within
def steepest(beta: Floats) -> float:
    """Return the largest size of coefficients; infinite where one is missing."""
    size = 0.0
    for j in range(len(beta)):
        size = max(size, abs(beta[j])) if beta[j] == beta[j] else np.inf
    return size


@compiled_within
def fit_gene(
    counts: Floats, sizes: Floats, design: Floats, alpha: float, beta: Floats, room: Floats
) -> int:
    """Improve the coefficients of one gene by reweighted least squares; return the rounds.

    `room` (2 p + 4, n or p, if that is more) is scratch. Rounds are `ROUNDS` where the fit did
    not settle, and one more where a coefficient grew beyond `STEEPEST`: then those before it
    stay.
    """
    samples, columns = design.shape
    weights, means = room[2 * columns], room[2 * columns + 1]
    targets, last = room[2 * columns + 2], room[2 * columns + 3]
    predict_means(design, sizes, beta, means)
    before = 0.0
    for round_number in range(ROUNDS):
        for i in range(samples):
            weights[i] = means[i] / (1.0 + alpha * means[i])
            targets[i] = math.log(means[i] / sizes[i]) + (counts[i] - means[i]) / means[i]
        for j in range(columns):
            last[j] = beta[j]
        solve_weighted(design, weights, targets, room, beta)
        if steepest(beta) > STEEPEST:
            for j in range(columns):
                beta[j] = last[j]
            return ROUNDS + 1
        predict_means(design, sizes, beta, means)
        deviance = 0.0
        for i in range(samples):
            deviance -= 2.0 * log_density(counts[i], means[i], 1.0 / alpha)
        change = abs(deviance - before) / (abs(deviance) + 0.1)
        if round_number > 0 and change < TOLERANCE:
            return round_number + 1
        before = deviance
    return ROUNDS


@compiled_apart
def predict_means(design: Floats, sizes: Floats, beta: Floats, means: Floats) -> None:
    """Put the expected fragments (n,) into `means`, none below `LEAST_MEAN`."""
    samples, columns = design.shape
    for i in range(samples):
        value = 0.0
        for j in range(columns):
            value += design[i, j] * beta[j]
        means[i] = max(sizes[i] * math.exp(value), LEAST_MEAN)


@compiled_apart
def fit_coefficients(
    counts: Floats, sizes: Floats, design: Floats, dispersions: Floats, starts: Floats
) -> tuple[Floats, Integers]:
    """Fit the coefficients of each gene.

    Parameters
    ----------
    counts
        Fragments (genes, samples).
    sizes
        Size factors (samples,).
    design
        One row per sample (samples, columns).
    dispersions
        Dispersion of each gene (genes,).
    starts
        Coefficients to start from (genes, columns), natural logarithms.

    Returns
    -------
    ndarray
        Coefficients (genes, columns), natural logarithms.
    ndarray
        Rounds (genes,); `ROUNDS` where the fit did not settle, one more where it went astray.
    """
    genes, samples = counts.shape
    columns = design.shape[1]
    room = np.empty((2 * columns + 4, max(samples, columns)))
    beta = starts.copy()
    rounds = np.empty(genes, dtype=np.int64)
    for gene in range(genes):
        rounds[gene] = fit_gene(
            counts[gene], sizes, design, dispersions[gene], beta[gene], room
        )
    return beta, rounds


@compiled_apart
def spread_coefficients(
    sizes: Floats, design: Floats, dispersions: Floats, beta: Floats
) -> tuple[Floats, Floats]:
    """Return variances of coefficients (genes, columns) and leverages (genes, samples).

    The variance is the sandwich of the ridge: (X'WX + r)^-1 X'WX (X'WX + r)^-1.
    """
    genes, columns = beta.shape
    samples = len(sizes)
    room, inverse = np.empty((columns, columns)), np.empty((columns, columns))
    means, weights = np.empty(samples), np.empty(samples)
    variances, leverages = np.empty((genes, columns)), np.empty((genes, samples))
    for gene in range(genes):
        predict_means(design, sizes, beta[gene], means)
        for i in range(samples):
            weights[i] = means[i] / (1.0 + dispersions[gene] * means[i])
        add_information(design, weights, room)
        for j in range(columns):
            room[j, j] += RIDGE
        factor_matrix(room)
        invert_factored(room, inverse)
        for j in range(columns):
            variances[gene, j] = 0.0
        for i in range(samples):
            leverages[gene, i] = 0.0
            for j in range(columns):
                reach = 0.0
                for k in range(columns):
                    reach += inverse[k, j] * design[i, k]
                leverages[gene, i] += weights[i] * design[i, j] * reach
                variances[gene, j] += weights[i] * reach * reach
    return variances, leverages


@compiled_apart
def weigh_coefficients(
    counts: Floats, sizes: Floats, design: Floats, dispersion: float, log2_beta: Floats
) -> float:
    """Return the negative log posterior of the log2 coefficients (p,) of one gene."""
    samples, columns = design.shape
    shape = 1.0 / dispersion
    total = 0.0
    for i in range(samples):
        value = 0.0
        for j in range(columns):
            value += design[i, j] * log2_beta[j]
        mean = sizes[i] * 2.0**value
        if mean > 0.0 or counts[i] > 0.0:
            total -= log_density(counts[i], mean, shape)
    for j in range(columns):
        total += 0.5 * RIDGE_LOG2 * log2_beta[j] ** 2
    return total if abs(total) < WORST else WORST
