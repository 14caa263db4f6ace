"""Dispersions of a negative binomial model, gene by gene.

The variance of a count is mean + dispersion * mean^2. A dispersion is where the Cox-Reid
adjusted profile likelihood (with a log-normal prior, if any) is highest. It is climbed as
DESeq2 climbs it, with its starts, steps and stops, for the likelihood of few samples is flat
and a different stop is a different dispersion.

References
----------
Love et al., Genome Biology 15, 550 (2014), doi:10.1186/s13059-014-0550-8.
McCarthy et al., Nucleic Acids Research 40, 4288-4297 (2012), doi:10.1093/nar/gks042.
"""

import math

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled_apart, compiled_within
from storiform.kernels.definite_matrices import add_information, factor_matrix, invert_factored

Floats = npt.NDArray[np.float64]

LEAST_LOG, MOST_LOG = -30.0, 10.0
"""Bounds of a step of the logarithm of the dispersion."""
STOP_LOG = math.log(1e-9)
"""Below it a climb ends: a tenth of the least dispersion."""
STEPS, TOLERANCE, ARMIJO = 100, 1e-6, 1e-4
GRID = 20
_SERIES = 6.0


@compiled_apart
def digamma(x: float) -> float:
    """Return the derivative of the logarithm of the gamma function, x > 0."""
    shift = 0.0
    while x < _SERIES:
        shift -= 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    series = square * (
        1.0 / 12.0
        - square
        * (
            1.0 / 120.0
            - square
            * (
                1.0 / 252.0
                - square * (1.0 / 240.0 - square * (1.0 / 132.0 - square * 691.0 / 32760.0))
            )
        )
    )
    return shift + math.log(x) - 0.5 / x - series


@compiled_apart
def weigh_posterior(
    log_alpha: float, counts: Floats, means: Floats, design: Floats, prior: Floats, room: Floats
) -> float:
    """Return the log posterior of a log dispersion, without its constants.

    `prior` holds mean and variance of the log dispersion, `room` (2 p + 1, n or p, if that is
    more) is scratch: X'WX, its inverse, and the weights.
    """
    alpha = math.exp(log_alpha)
    shape = 1.0 / alpha
    base = math.lgamma(shape)
    columns = design.shape[1]
    weights = room[2 * columns]
    total = 0.0
    for i in range(len(counts)):
        total += (
            math.lgamma(counts[i] + shape)
            - base
            - counts[i] * math.log(means[i] + shape)
            - shape * math.log(1.0 + means[i] * alpha)
        )
        weights[i] = 1.0 / (1.0 / means[i] + alpha)
    add_information(design, weights, room[:columns])
    total -= 0.5 * factor_matrix(room[:columns])
    height: float = total - 0.5 * (log_alpha - prior[0]) ** 2 / prior[1]
    return height


@compiled_apart
def slope_of_posterior(
    log_alpha: float, counts: Floats, means: Floats, design: Floats, prior: Floats, room: Floats
) -> float:
    """Return the derivative of the log posterior by the log dispersion."""
    alpha = math.exp(log_alpha)
    shape = 1.0 / alpha
    base = digamma(shape)
    columns = design.shape[1]
    weights = room[2 * columns]
    total = 0.0
    for i in range(len(counts)):
        grown = 1.0 + means[i] * alpha
        total += (
            base
            + math.log(grown)
            - means[i] * alpha / grown
            - digamma(counts[i] + shape)
            + counts[i] / (means[i] + shape)
        )
        weights[i] = 1.0 / (1.0 / means[i] + alpha)
    information, inverse = room[:columns], room[columns : 2 * columns]
    add_information(design, weights, information)
    factor_matrix(information)
    invert_factored(information, inverse)
    adjustment = 0.0
    for i in range(len(counts)):
        for j in range(columns):
            for k in range(columns):
                adjustment += weights[i] ** 2 * design[i, j] * inverse[k, j] * design[i, k]
    slope = (total * shape * shape + 0.5 * adjustment) * alpha
    steepness: float = slope - (log_alpha - prior[0]) / prior[1]
    return steepness


@compiled_within
def climb_posterior(
    start: float, counts: Floats, means: Floats, design: Floats, prior: Floats, room: Floats
) -> tuple[float, float, float, float]:
    """Climb the log posterior of a log dispersion by steps along its slope.

    Returns the log dispersion, the number of steps, and the posterior before and after.
    """
    log_alpha = start
    height = weigh_posterior(log_alpha, counts, means, design, prior, room)
    slope = slope_of_posterior(log_alpha, counts, means, design, prior, room)
    first, length, accepted, steps = height, 1.0, 0, 0
    for _ in range(STEPS):
        steps += 1
        if log_alpha + length * slope < LEAST_LOG:
            length = (LEAST_LOG - log_alpha) / slope
        if log_alpha + length * slope > MOST_LOG:
            length = (MOST_LOG - log_alpha) / slope
        proposed = log_alpha + length * slope
        reached = weigh_posterior(proposed, counts, means, design, prior, room)
        if not reached >= height + length * ARMIJO * slope * slope:
            length /= 2.0
            continue
        accepted += 1
        gain = reached - height
        log_alpha, height = proposed, reached
        if gain < TOLERANCE or log_alpha < STOP_LOG:
            break
        slope = slope_of_posterior(log_alpha, counts, means, design, prior, room)
        length = min(length * 1.1, 1.0)
        if accepted % 5 == 0:
            length /= 2.0
    return log_alpha, float(steps), first, height


@compiled_apart
def fit_dispersions(
    counts: Floats, means: Floats, design: Floats, starts: Floats, priors: Floats
) -> Floats:
    """Climb to the dispersion of each gene.

    Parameters
    ----------
    counts, means
        Fragments and their expectation (genes, samples); means above 0.
    design
        One row per sample (samples, columns).
    starts
        Dispersion (genes,) from which each climb starts.
    priors
        Mean and variance of the log dispersion (genes, 2); an infinite variance is none.

    Returns
    -------
    ndarray
        (genes, 4): log dispersion, steps, log posterior before and after.
    """
    genes, samples = counts.shape
    columns = design.shape[1]
    room = np.empty((2 * columns + 1, max(samples, columns)))
    found = np.empty((genes, 4))
    for gene in range(genes):
        climbed = climb_posterior(
            math.log(starts[gene]), counts[gene], means[gene], design, priors[gene], room
        )
        found[gene, 0] = climbed[0]
        found[gene, 1] = climbed[1]
        found[gene, 2] = climbed[2]
        found[gene, 3] = climbed[3]
    return found


@compiled_apart
def search_dispersions(
    counts: Floats, means: Floats, design: Floats, priors: Floats, most: float
) -> Floats:
    """Find the log dispersion (genes,) of genes whose climb did not end, on two grids.

    The first goes from 1e-8 to `most`, the second between the neighbours of its best.
    """
    genes, samples = counts.shape
    columns = design.shape[1]
    room = np.empty((2 * columns + 1, max(samples, columns)))
    found = np.empty(genes)
    least = math.log(1e-8)
    step = (math.log(most) - least) / (GRID - 1)
    for gene in range(genes):
        best = least
        first, width = least, step
        for _ in range(2):
            highest = -np.inf
            for place in range(GRID):
                here = first + place * width
                height = weigh_posterior(
                    here, counts[gene], means[gene], design, priors[gene], room
                )
                if height > highest:
                    highest, best = height, here
            first, width = best - step, 2.0 * step / (GRID - 1)
        found[gene] = best
    return found
