"""Coefficients under a heavy-tailed prior, gene by gene.

The tested coefficient has a Cauchy prior, so that what the counts say loudly is hardly
shrunken and what they do not say is shrunken to nothing.

References
----------
Zhu et al., Bioinformatics 35, 2084-2092 (2019), doi:10.1093/bioinformatics/bty895.
"""

import math

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled_apart, compiled_within
from storiform.kernels.definite_matrices import factor_matrix, solve_factored

Floats = npt.NDArray[np.float64]

STEPS, HALVINGS, TOLERANCE = 200, 40, 1e-10
WIDE = 15.0
"""Standard deviation of the normal prior of the other coefficients, natural logarithm."""


@compiled_apart
def weigh_shrunken(
    counts: Floats, offsets: Floats, design: Floats, shape: float, scale: float, beta: Floats
) -> float:
    """Return the negative log posterior of coefficients (p,), the last one shrunken."""
    samples, columns = design.shape
    total = math.log1p((beta[columns - 1] / scale) ** 2)
    for j in range(columns - 1):
        total += 0.5 * (beta[j] / WIDE) ** 2
    for i in range(samples):
        value = offsets[i]
        for j in range(columns):
            value += design[i, j] * beta[j]
        # log(exp(value) + shape), without overflow
        most = max(value, math.log(shape))
        least = min(value, math.log(shape))
        total -= counts[i] * value - (counts[i] + shape) * (
            most + math.log1p(math.exp(least - most))
        )
    return total


@compiled_within
def differentiate_shrunken(
    counts: Floats, offsets: Floats, design: Floats, shape: float, scale: float, room: Floats
) -> None:
    """Put slope and curvature of the negative log posterior into `room` (2 p + 4, p).

    Rows up to p hold the curvature, then follow a scratch matrix, the coefficients, the
    slope, the step and the proposed coefficients.
    """
    samples, columns = design.shape
    beta, slope = room[2 * columns], room[2 * columns + 1]
    for j in range(columns):
        slope[j] = beta[j] / WIDE**2
        for k in range(columns):
            room[j, k] = 1.0 / WIDE**2 if j == k else 0.0
    tested = beta[columns - 1]
    spread = scale * scale + tested * tested
    slope[columns - 1] = 2.0 * tested / spread
    room[columns - 1, columns - 1] = 2.0 * (scale * scale - tested * tested) / spread**2
    for i in range(samples):
        value = offsets[i]
        for j in range(columns):
            value += design[i, j] * beta[j]
        share = 1.0 / (1.0 + shape * math.exp(-value))
        push = (counts[i] + shape) * share - counts[i]
        weight = (counts[i] + shape) * share * (1.0 - share)
        for j in range(columns):
            slope[j] += design[i, j] * push
            for k in range(columns):
                room[j, k] += design[i, j] * weight * design[i, k]


@compiled_within
def step_downhill(columns: int, scale: float, room: Floats) -> None:
    """Put the Newton step into `room`; where the curvature is not positive, a safe one.

    The prior's curvature 2 (s^2 - b^2) / (s^2 + b^2)^2 is then raised to 2 / (s^2 + b^2).
    """
    tested = room[2 * columns, columns - 1]
    spread = scale * scale + tested * tested
    factor = room[columns : 2 * columns]
    for attempt in range(2):
        for j in range(columns):
            for k in range(columns):
                factor[j, k] = room[j, k]
        if attempt == 1:
            excess = 2.0 / spread - 2.0 * (scale * scale - tested * tested) / spread**2
            factor[columns - 1, columns - 1] += excess
        if factor_matrix(factor) > -np.inf:
            break
    solve_factored(factor, room[2 * columns + 1], room[2 * columns + 2])


@compiled_within
def descend_shrunken(
    counts: Floats, offsets: Floats, design: Floats, shape: float, scale: float, room: Floats
) -> float:
    """Improve the coefficients in `room` until they settle; return the negative posterior."""
    columns = design.shape[1]
    beta, step = room[2 * columns], room[2 * columns + 2]
    proposed = room[2 * columns + 3]
    height = weigh_shrunken(counts, offsets, design, shape, scale, beta)
    for _ in range(STEPS):
        differentiate_shrunken(counts, offsets, design, shape, scale, room)
        step_downhill(columns, scale, room)
        length, gain = 1.0, -1.0
        for _halving in range(HALVINGS):
            for j in range(columns):
                proposed[j] = beta[j] - length * step[j]
            reached = weigh_shrunken(counts, offsets, design, shape, scale, proposed)
            gain = height - reached
            if gain >= 0.0:
                break
            length /= 2.0
        if not gain >= 0.0:
            break
        for j in range(columns):
            beta[j] = proposed[j]
        height -= gain
        if gain < TOLERANCE * (abs(height) + 1.0):
            break
    return height


@compiled_apart
def shrink_coefficients(
    counts: Floats,
    offsets: Floats,
    design: Floats,
    dispersions: Floats,
    starts: Floats,
    scale: float,
) -> Floats:
    """Find the posterior mode of the last coefficient of each gene.

    The posterior can have two modes, one near nothing and one near what the counts say: both
    are looked for, the higher one is taken.

    Parameters
    ----------
    counts
        Fragments (genes, samples).
    offsets
        Natural logarithms of the size factors (samples,).
    design
        One row per sample (samples, columns).
    dispersions
        Dispersion of each gene (genes,).
    starts
        Coefficients without a prior (genes, columns), natural logarithms.
    scale
        Scale of the Cauchy prior, natural logarithm.

    Returns
    -------
    ndarray
        The tested coefficient (genes,), natural logarithm.
    """
    genes = len(counts)
    columns = design.shape[1]
    room = np.empty((2 * columns + 4, columns))
    found = np.empty(genes)
    for gene in range(genes):
        lowest = np.inf
        for attempt in range(2):
            for j in range(columns):
                room[2 * columns, j] = starts[gene, j]
            if attempt == 0:
                room[2 * columns, columns - 1] = 0.0
            height = descend_shrunken(
                counts[gene], offsets, design, 1.0 / dispersions[gene], scale, room
            )
            if height < lowest or attempt == 0:
                lowest = height
                found[gene] = room[2 * columns, columns - 1]
    return found
