"""Conditional logistic regression: odds within strata, each with an intercept of its own."""

import numpy as np
import numpy.typing as npt

from storiform.kernels.matched_sets import Draws, sum_over_draws
from storiform.statistics.logistic import LogisticFit, finished
from storiform.statistics.profile_likelihood import Hill, Point, climb

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def fit_conditional(
    columns: Floats,
    outcome: Floats,
    strata: Ints,
    confidence: float = 0.95,
    *,
    is_penalised: bool = False,
) -> LogisticFit:
    """Regress an outcome on covariates within strata, as R's `clogit` by its exact method.

    The likelihood is that of who has the outcome, given how many of each stratum have it:
    the strata's own odds cancel, which as parameters would bias the odds ratios of small
    strata away from 1.

    Parameters
    ----------
    columns
        Covariates (n, k), none determined by the others within the strata.
    outcome
        1 or 0 of each patient (n,).
    strata
        Stratum of each patient (n,). One in which all have the outcome or nobody tells
        nothing: see `is_informative`.
    confidence
        Coverage of the intervals.
    is_penalised
        Whether Firth's penalty is added, half the log determinant of the information.

    References
    ----------
    Gail, Lubin, Rubinstein, Biometrika 68, 703-707 (1981), doi:10.1093/biomet/68.3.703.
    Heinze, Puhr, Statistics in Medicine 29, 770-777 (2010), doi:10.1002/sim.3794.
    """
    told = is_informative(outcome, strata)
    centred = within_strata(columns[told], strata[told])
    scale = np.sqrt(np.square(centred).mean(axis=0))
    hill = conditional_hill(
        centred / scale, outcome[told], strata[told], is_penalised=is_penalised
    )
    places = np.arange(columns.shape[1])
    null = hill.at(np.zeros(len(places)))
    best = climb(hill, null.coefficient, places)
    se = np.sqrt(np.diag(np.linalg.inv(best.information))) / scale
    found = (best.coefficient / scale, se, scale)
    return finished(hill, (best, null), places, found, confidence)


def is_informative(outcome: Floats, strata: Ints) -> Bools:
    """Tell who (n,) is of a stratum in which some have the outcome and others do not."""
    _, codes, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    share = np.bincount(codes, weights=outcome) / sizes
    return np.asarray((share[codes] > 0.0) & (share[codes] < 1.0))


def within_strata(columns: Floats, strata: Ints) -> Floats:
    """Return columns (n, k) less their mean in the stratum of each patient."""
    _, codes, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(codes, weights=column) for column in columns.T], axis=1)
    return np.asarray(columns - (sums / sizes[:, None])[codes])


def conditional_hill(
    columns: Floats, outcome: Floats, strata: Ints, *, is_penalised: bool
) -> Hill:
    """Return the exact conditional log likelihood, with Firth's penalty or without.

    Parameters
    ----------
    columns
        Covariates (n, k), scaled.
    outcome
        1 or 0 of each patient (n,).
    strata
        Stratum of each patient (n,).
    is_penalised
        Whether half the log determinant of the information is added.
    """
    order = np.argsort(strata, kind="stable")
    values = np.ascontiguousarray(columns[order])
    _, first = np.unique(strata[order], return_index=True)
    bounds = np.append(first, len(order)).astype(np.int64)
    draws = np.add.reduceat(outcome[order], first).astype(np.int64)
    observed = outcome @ columns
    number, room = columns.shape[1], int(draws.max()) + 2
    found = Draws(
        np.zeros(room), np.zeros((room, number)), np.zeros((room, number, number)),
        np.zeros((room, number, number, number)),
    )  # fmt: skip

    def at(coefficient: Floats) -> Point:
        predictor = values @ coefficient
        total = sum_over_draws(predictor, values, bounds, draws, found)
        value = float(observed @ coefficient) - total
        slope = observed - found.mean[-1]
        information = found.covariance[-1].copy()
        if not is_penalised:
            return Point(coefficient, value, slope, information, information)
        is_positive, logarithm = np.linalg.slogdet(information)
        if not is_positive > 0.0 or not np.isfinite(logarithm):
            return Point(coefficient, -np.inf, np.full(number, np.nan), information)
        pull = np.linalg.inv(information).ravel() @ found.third[-1].reshape(-1, number)
        value += float(logarithm) / 2.0
        return Point(coefficient, value, slope + pull / 2.0, information)

    return Hill(at, np.ptp(columns, axis=0))
