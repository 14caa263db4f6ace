"""Sums over all ways to draw some patients of a stratum: the exact conditional likelihood."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Draws(NamedTuple):
    """What is known of the sum of covariates over the patients drawn, by how many are drawn.

    Parameters
    ----------
    log_total
        float64 (draws + 1,), logarithm of the weight of all ways to draw so many.
    mean, covariance, third
        float64 (draws + 1, p), (draws + 1, p, p), (draws + 1, p, p, p), central moments.
    """

    log_total: Floats
    mean: Floats
    covariance: Floats
    third: Floats


@compiled
def mix_draws(found: Draws, drawn: int, log_weight: float, values: Floats) -> None:
    """Take one more patient into account, who is among those drawn or is not.

    The draws of j patients become a mixture of those of j without and of j - 1 with the
    patient (Gail, Lubin and Rubinstein's recursion); moments of a mixture are exact, so that
    nothing cancels.

    Parameters
    ----------
    found
        Moments over the patients so far, changed in place.
    drawn
        How many are drawn, with this patient.
    log_weight
        Linear predictor of the patient.
    values
        Covariates (p,) of the patient.
    """
    number = len(values)
    totals = found.log_total
    before = totals[drawn - 1] + log_weight
    largest = max(totals[drawn], before)
    total = largest + np.log(np.exp(totals[drawn] - largest) + np.exp(before - largest))
    share = np.exp(before - total)
    totals[drawn] = total
    spread = share * (1.0 - share)
    mean, covariance, third = found.mean, found.covariance, found.third
    for a in range(number):
        gap_a = mean[drawn - 1, a] + values[a] - mean[drawn, a]
        for b in range(number):
            gap_b = mean[drawn - 1, b] + values[b] - mean[drawn, b]
            wider = covariance[drawn - 1, a, b] - covariance[drawn, a, b]
            for c in range(number):
                gap_c = mean[drawn - 1, c] + values[c] - mean[drawn, c]
                crossed = gap_c * wider
                crossed += gap_b * (covariance[drawn - 1, a, c] - covariance[drawn, a, c])
                crossed += gap_a * (covariance[drawn - 1, b, c] - covariance[drawn, b, c])
                crossed += (1.0 - 2.0 * share) * gap_a * gap_b * gap_c
                longer = third[drawn - 1, a, b, c] - third[drawn, a, b, c]
                third[drawn, a, b, c] += share * longer + spread * crossed
    for a in range(number):
        gap_a = mean[drawn - 1, a] + values[a] - mean[drawn, a]
        for b in range(number):
            gap_b = mean[drawn - 1, b] + values[b] - mean[drawn, b]
            wider = covariance[drawn - 1, a, b] - covariance[drawn, a, b]
            covariance[drawn, a, b] += share * wider + spread * gap_a * gap_b
    for a in range(number):
        mean[drawn, a] += share * (mean[drawn - 1, a] + values[a] - mean[drawn, a])


@compiled
def sum_over_draws(
    predictor: Floats, columns: Floats, first: Ints, draws: Ints, found: Draws
) -> float:
    """Add up log weight and moments of the draws of all strata.

    Parameters
    ----------
    predictor
        float64 (n,), linear predictor of each patient, those of a stratum together.
    columns
        float64 (n, p), covariates.
    first
        int64 (strata + 1,), where each stratum begins.
    draws
        int64 (strata,), how many of a stratum are drawn.
    found
        Room for one more than the most that are drawn; its last row holds the sums of mean,
        covariance and third moment when the kernel returns.

    Returns
    -------
    float
        Sum of the logarithms of the weights.
    """
    number = columns.shape[1]
    last = len(found.log_total) - 1
    value = 0.0
    found.mean[last] = 0.0
    found.covariance[last] = 0.0
    found.third[last] = 0.0
    for stratum in range(len(draws)):
        wanted, begin, end = draws[stratum], first[stratum], first[stratum + 1]
        for drawn in range(wanted + 1):
            found.log_total[drawn] = 0.0 if drawn == 0 else -np.inf
            found.mean[drawn] = 0.0
            found.covariance[drawn] = 0.0
            found.third[drawn] = 0.0
        for place in range(begin, end):
            most = min(place - begin + 1, wanted)
            for drawn in range(most, max(wanted - (end - place), 0), -1):
                mix_draws(found, drawn, predictor[place], columns[place])
        value += found.log_total[wanted]
        for a in range(number):
            found.mean[last, a] += found.mean[wanted, a]
            for b in range(number):
                found.covariance[last, a, b] += found.covariance[wanted, a, b]
                for c in range(number):
                    found.third[last, a, b, c] += found.third[wanted, a, b, c]
    return value
