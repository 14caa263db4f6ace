"""Positive definite matrices of a few rows: their factors, inverses and weighted products.

A matrix of p rows may be wider than p, and a vector longer than what is asked of it: then
matrices and vectors can be rows of one scratch array. All are contiguous, so that each kernel
is compiled once.
"""

import math

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled_apart

Floats = npt.NDArray[np.float64]


@compiled_apart
def factor_matrix(matrix: Floats) -> float:
    """Put the Cholesky factor into the lower half of a matrix (p, p); return log det.

    The logarithm is -inf where the matrix is not positive definite.
    """
    logarithm = 0.0
    for j in range(len(matrix)):
        for i in range(j, len(matrix)):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i > j:
                matrix[i, j] = total / matrix[j, j]
            elif total <= 0.0:
                return -np.inf
            else:
                matrix[j, j] = math.sqrt(total)
                logarithm += math.log(total)
    return logarithm


@compiled_apart
def solve_factored(factor: Floats, target: Floats, solution: Floats) -> None:
    """Put the solution (p,) for a target into `solution`, of a matrix's Cholesky factor."""
    size = len(factor)
    for i in range(size):
        total = target[i]
        for k in range(i):
            total -= factor[i, k] * solution[k]
        solution[i] = total / factor[i, i]
    for i in range(size - 1, -1, -1):
        total = solution[i]
        for k in range(i + 1, size):
            total -= factor[k, i] * solution[k]
        solution[i] = total / factor[i, i]


@compiled_apart
def invert_factored(factor: Floats, inverse: Floats) -> None:
    """Put the columns of the inverse of a matrix into rows of `inverse`, of its factor."""
    for column in range(len(factor)):
        for i in range(len(factor)):
            inverse[column, i] = 1.0 if i == column else 0.0
        solve_factored(factor, inverse[column], inverse[column])


@compiled_apart
def add_information(design: Floats, weights: Floats, total: Floats) -> None:
    """Put X'WX (p, p) of a design (n, p) and weights (n,) into `total`."""
    samples, columns = design.shape
    for j in range(columns):
        for k in range(j + 1):
            value = 0.0
            for i in range(samples):
                value += design[i, j] * weights[i] * design[i, k]
            total[j, k] = value
            total[k, j] = value
