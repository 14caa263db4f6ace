"""Whether hazard ratios change with time: the score test of R's cox.zph."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.statistics.cox import ChiSquared, scale_columns
from storiform.statistics.kaplan_meier import Curve
from storiform.statistics.risk_sets import RiskSets, information, risk_moments

Floats = npt.NDArray[np.float64]

_LEAST_RECIPROCAL_CONDITION = 1e-13


def proportionality(
    sets: RiskSets,
    columns: Floats,
    coefficient: Floats,
    curve: Curve,
    terms: Sequence[Sequence[int]],
) -> list[ChiSquared]:
    """Test of each term whether its effect rises or falls with time.

    To the model is added each covariate times g(t), one minus the Kaplan-Meier estimate of
    all patients just before t; the test is the score test of what is added.

    Parameters
    ----------
    sets
        Patients by their times.
    columns, coefficient
        Covariates (n, p) as they were given, and what a fit to these sets gave (p,).
    curve
        The Kaplan-Meier curve of all patients of the model.
    terms
        The columns of each term; all columns together are the global test.

    Returns
    -------
    list
        One test per term; NaN where the information matrix is singular, as it is where
        all events fall on one time.

    References
    ----------
    Grambsch, Therneau, Biometrika 81, 515-526 (1994), doi:10.1093/biomet/81.3.515.
    """
    scaled = scale_columns(sets, columns)
    moments = risk_moments(sets, scaled.columns, coefficient * scaled.scale)
    before = np.searchsorted(curve.time, sets.months, "left")
    transformed = 1.0 - np.append(1.0, curve.survival)[before]
    transformed -= transformed.mean()
    blocks = [
        information(sets, scaled.columns, moments, transformed**power) for power in range(3)
    ]
    matrix = np.block([[blocks[0], blocks[1]], [blocks[1], blocks[2]]])
    residuals = scaled.columns[sets.deaths] - moments.mean
    slope = transformed @ residuals
    return [_score_test(matrix, slope, list(term)) for term in terms]


def _score_test(matrix: Floats, slope: Floats, term: list[int]) -> ChiSquared:
    number = len(slope)
    kept = [*range(number), *(number + column for column in term)]
    tested = np.concatenate([np.zeros(number), slope[term]])
    part = matrix[np.ix_(kept, kept)]
    size = np.sqrt(np.diag(part)) if (np.diag(part) > 0.0).all() else np.zeros(len(part))
    with np.errstate(all="ignore"):
        correlation = part / np.outer(size, size)
    is_known = np.isfinite(correlation).all()
    if not is_known or 1.0 / np.linalg.cond(correlation) < _LEAST_RECIPROCAL_CONDITION:
        return ChiSquared(float("nan"), len(term), float("nan"))
    statistic = float(tested @ np.linalg.solve(part, tested))
    return ChiSquared(statistic, len(term), float(special.chdtrc(len(term), statistic)))
