"""Logistic regression: what goes with response, one feature or several at a time."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, special

from storiform.statistics.firth import fit_penalised, profile_penalised

Floats = npt.NDArray[np.float64]

WALD = "maximum likelihood, Wald"
FIRTH = "Firth's penalty, profile likelihood"
_DEVIANCE = 1e-8
"""R's criterion: the relative change of the deviance at which `glm` stops."""
_ROUNDS = 25
_FEWEST = 1e-9


class Logistic(NamedTuple):
    """A logistic regression; arrays (k + 1,), the intercept first.

    Parameters
    ----------
    coefficients, se
        Log odds ratios and their standard errors.
    z, p
        Wald's z and its two-sided p; with the penalty z is NaN and p that of the profile
        likelihood.
    lower, upper
        Ends of the intervals of the coefficients, of the same kind.
    method
        How it was fitted.
    n, events
        Patients, and how many of them responded.
    note
        Why there is no fit, or why it is penalised; else empty.
    """

    coefficients: Floats
    se: Floats
    z: Floats
    p: Floats
    lower: Floats
    upper: Floats
    method: str
    n: int
    events: int
    note: str


def logistic(
    covariates: Floats, responded: Floats, confidence: float = 0.95, *, firth: bool = False
) -> Logistic:
    """Regress an outcome on covariates as R's `glm` does, or with Firth's penalty.

    Where the covariates separate responders from others the likelihood has no maximum; the
    penalised one has, and is taken instead.

    Parameters
    ----------
    covariates
        Values (n, k) without the intercept; a patient with a missing one is left out.
    responded
        1 or 0 of each patient (n,), NaN where it is not known.
    confidence
        Coverage of the intervals.
    firth
        Penalise in any case.

    Returns
    -------
    Logistic
        NaN with a note where nobody or everybody responded, or covariates are collinear.

    References
    ----------
    McCullagh, Nelder, Generalized Linear Models, 2nd ed. (1989),
    doi:10.1007/978-1-4899-3242-6.
    Firth, Biometrika 80, 27-38 (1993), doi:10.1093/biomet/80.1.27.
    """
    known = np.isfinite(covariates).all(axis=1) & np.isfinite(responded)
    outcome = np.asarray(responded, dtype=np.float64)[known]
    design = np.column_stack([np.ones(len(outcome)), covariates[known]])
    fault = _why_not(design, outcome)
    if fault:
        missing = np.full(design.shape[1], np.nan)
        events = int(outcome.sum())
        return Logistic(
            missing, missing, missing, missing, missing, missing, WALD, len(outcome), events,
            fault,
        )  # fmt: skip
    if firth:
        return _with_penalty(design, outcome, confidence, "")
    if is_separated(design, outcome):
        note = "the covariates separate the outcomes: there is no maximum without the penalty"
        return _with_penalty(design, outcome, confidence, note)
    coefficients, se = fit_reweighted(design, outcome)
    z = coefficients / se
    reach = float(special.ndtri((1.0 + confidence) / 2.0)) * se
    p = 2.0 * special.ndtr(-np.abs(z))
    ends = (coefficients - reach, coefficients + reach)
    n, events = len(outcome), int(outcome.sum())
    return Logistic(coefficients, se, z, p, *ends, WALD, n, events, "")


def _why_not(design: Floats, outcome: Floats) -> str:
    if len(outcome) == 0:
        return "no patient with all covariates and the outcome"
    if outcome.min() == outcome.max():
        return "no patient with the outcome" if outcome[0] == 0.0 else "all have the outcome"
    scale = np.sqrt(np.square(design).mean(axis=0))
    if not scale.all() or np.linalg.matrix_rank(design / scale, tol=1e-7) < design.shape[1]:
        return "a covariate is constant, or follows from the others"
    return ""


def _with_penalty(design: Floats, outcome: Floats, confidence: float, note: str) -> Logistic:
    best = fit_penalised(design, outcome)
    around = profile_penalised(design, outcome, best, confidence)
    z = np.full(len(best.se), math.nan)
    return Logistic(
        best.coefficients, best.se, z, around.p, around.lower, around.upper, FIRTH,
        len(outcome), int(outcome.sum()), note,
    )  # fmt: skip


def fit_reweighted(design: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    """Fit by iteratively reweighted least squares; return coefficients and standard errors.

    Start, criterion and weights of the standard errors, those of the last round, are those
    of R's `glm`, so that its digits come out.

    Parameters
    ----------
    design
        Terms (n, k) with the intercept, of full rank; the outcomes are not separated.
    outcome
        1 or 0 of each patient (n,).
    """
    predictor = special.logit((outcome + 0.5) / 2.0)
    deviance = _deviance(predictor, outcome)
    coefficients: Floats = np.zeros(design.shape[1])
    triangle: Floats = np.eye(design.shape[1])
    for _ in range(_ROUNDS):
        share = special.expit(predictor)
        weight = np.maximum(share * special.expit(-predictor), np.finfo(np.float64).eps)
        root = np.sqrt(weight)
        target = predictor + (outcome - share) / weight
        orthogonal, upper = linalg.qr(root[:, None] * design, mode="economic")
        triangle = np.asarray(upper, dtype=np.float64)
        solved = linalg.solve_triangular(triangle, orthogonal.T @ (root * target))
        coefficients = np.asarray(solved, dtype=np.float64)
        predictor = design @ coefficients
        before, deviance = deviance, _deviance(predictor, outcome)
        if abs(deviance - before) / (abs(deviance) + 0.1) < _DEVIANCE:
            break
    inverse = linalg.solve_triangular(triangle, np.eye(len(coefficients)))
    return coefficients, np.sqrt(np.square(inverse).sum(axis=1))


def _deviance(predictor: Floats, outcome: Floats) -> float:
    sign = np.where(outcome > 0.0, 1.0, -1.0)
    return -2.0 * float(special.log_expit(sign * predictor).sum())


def is_separated(design: Floats, outcome: Floats) -> bool:
    """Tell whether a combination of terms parts the outcomes, wholly or but for ties.

    Parameters
    ----------
    design
        Terms (n, k) with the intercept.
    outcome
        1 or 0 of each patient (n,).

    References
    ----------
    Albert, Anderson, Biometrika 71, 1-10 (1984), doi:10.1093/biomet/71.1.1.
    Konis, Linear programming algorithms for detecting separated data in binary logistic
    regression models, DPhil thesis, Oxford (2007).
    """
    scale = np.abs(design).max(axis=0)
    signed = np.where(outcome > 0.0, 1.0, -1.0)[:, None] * design / scale
    found = optimize.linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1.0, 1.0)
    )
    return bool(float(found.fun or 0.0) < -_FEWEST * len(signed))
