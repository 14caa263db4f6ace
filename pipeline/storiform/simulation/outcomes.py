"""Response and survival that depend on the planted features and on none other."""

import numpy as np
import pandas as pd

from storiform.simulation.enrolment import BURDEN, Enrolment
from storiform.simulation.recipe import Recipe

HISTOLOGIES = (
    "leiomyosarcoma", "undifferentiated pleomorphic sarcoma", "dedifferentiated liposarcoma",
    "synovial sarcoma", "myxofibrosarcoma", "angiosarcoma", "alveolar soft part sarcoma",
    "malignant peripheral nerve sheath tumour",
)  # fmt: skip
_CHANGE = {
    "CR": (-100.0, -100.0),
    "PR": (-85.0, -31.0),
    "SD": (-29.0, 19.0),
    "PD": (21.0, 90.0),
}
_FIRST_SCAN = 1.8
"""Months to the first assessment: no progression before it, unless by death."""


def outcomes(enrolment: Enrolment, seed: int, recipe: Recipe) -> pd.DataFrame:
    """Draw the clinical table; rows are patients, in order of name."""
    rng = np.random.default_rng([seed, 2])
    baseline = enrolment.baseline()
    count = len(enrolment.patients)
    latent = [baseline[name].latent for name in enrolment.patients]
    b_lineage = np.array([values["b_lineage"] for values in latent])
    burden = np.array([values[BURDEN] for values in latent])
    propensity = recipe.weight_b * b_lineage + recipe.weight_burden * burden
    propensity = propensity + recipe.response_noise * rng.normal(size=count)
    response = _response(propensity, recipe)
    risk = np.exp(recipe.hazard_b * b_lineage + recipe.hazard_burden * burden)
    uniform = rng.uniform(size=count)
    draw = recipe.pfs_scale * (-np.log(uniform) / risk) ** (1 / recipe.pfs_shape)
    progression = _FIRST_SCAN + draw
    is_early = response == "PD"
    progression[is_early] = _FIRST_SCAN + rng.uniform(-0.3, 0.3, size=int(is_early.sum()))
    death = progression + rng.exponential(7.0, size=count) / np.sqrt(risk)
    follow_up = rng.uniform(9.0, 34.0, size=count)
    table = pd.DataFrame(
        {
            "patient": enrolment.patients,
            "response": response,
            "best_change_percent": _changes(response, rng),
            "pfs_months": np.minimum(progression, follow_up).round(2),
            "pfs_event": (progression <= follow_up).astype(int),
            "os_months": np.minimum(death, follow_up).round(2),
            "os_event": (death <= follow_up).astype(int),
            "histology": rng.choice(HISTOLOGIES, size=count),
            "sex": rng.choice(("female", "male"), size=count),
            "age": rng.integers(22, 80, size=count),
        }
    )
    unseen = table["patient"].isin(enrolment.not_evaluable)
    table.loc[unseen, "response"] = "NE"
    table.loc[unseen, "best_change_percent"] = np.nan
    return _with_gaps(
        table.astype({"age": "Int64", "pfs_event": "Int64", "os_event": "Int64"}), rng
    )


def _response(propensity: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Give the best responses to the highest propensities, so that the rates are fixed."""
    rank = (-propensity).argsort().argsort()
    share = (rank + 0.5) / len(propensity)
    rates = [0.05, recipe.response_rate, recipe.control_rate]
    return np.array(["CR", "PR", "SD", "PD"])[np.searchsorted(rates, share)]


def _changes(response: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    low, high = np.array([_CHANGE[name] for name in response]).T
    return np.asarray((low + (high - low) * rng.uniform(size=len(response))).round(1))


def _with_gaps(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Leave a few cells empty, as clinical tables have them."""
    gaps = (("response",), ("pfs_months", "pfs_event"), ("best_change_percent",), ("age",))
    if len(table) < 4 * len(gaps):
        return table
    evaluable = np.flatnonzero((table["response"] != "NE").to_numpy())
    rows = rng.choice(evaluable, size=len(gaps), replace=False)
    for row, columns in zip(rows, gaps, strict=True):
        table.loc[row, list(columns)] = pd.NA
    return table
