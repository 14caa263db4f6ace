"""Cox models of many features, against lifelines or statsmodels where these are installed.

Run ``python tests/benchmarks/bench_cox.py``; prints milliseconds per model and the ratio.
Each makes the coefficient, its error and p; the step makes the test of proportional
hazards, the concordance and the row of the table as well.
"""

import importlib
import importlib.util
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from storiform.statistics.cox import fit_cox
from storiform.statistics.hazards import HazardParams, hazards
from storiform.statistics.risk_sets import risk_sets

FEATURES = 100
SIZES = (50, 100, 500)
APART = 1e-3
"""lifelines stops some 1e-4 short of the summit; we are as R's coxph to ten digits."""


def cohort(patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times in months with ties, events, and values (patients, features)."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=(patients, FEATURES))
    months = np.ceil(generator.exponential(20 * np.exp(-0.3 * values[:, 0])))
    return months, generator.random(patients) < 0.6, values


def own(months: np.ndarray, event: np.ndarray, values: np.ndarray) -> list[float]:
    """Return our coefficients."""
    return [
        float(fit_cox(risk_sets(months, event), column[:, None]).coefficient[0])
        for column in values.T
    ]


def step(months: np.ndarray, event: np.ndarray, values: np.ndarray) -> list[float]:
    """Return the coefficients of the step, per standard deviation, undone."""
    names = np.array([f"P{number:03d}" for number in range(len(months))])
    features = np.array([f"genes.g{number:03d}" for number in range(FEATURES)])
    frame = pd.DataFrame({
        "patient": np.tile(names, FEATURES), "biopsy": "", "table": "genes",
        "feature": np.repeat(features, len(names)), "value": values.T.ravel(), "label": None,
        "kind": "number", "unit_of_measure": "", "description": "",
    })  # fmt: skip
    clinic = pd.DataFrame({
        "patient": names, "os_months": months, "os_event": pd.array(event, "boolean"),
        "age_years": np.nan, "sex": None, "histology": None, "arm": None,
    })  # fmt: skip
    table = hazards(frame, clinic, None, HazardParams(outcomes=("os",)))
    return list(table["coefficient"] / values.std(axis=0, ddof=1))


def lifelines(months: np.ndarray, event: np.ndarray, values: np.ndarray) -> list[float]:
    """Return the coefficients of lifelines."""
    fitter = importlib.import_module("lifelines").CoxPHFitter
    found = []
    for column in values.T:
        table = pd.DataFrame({"time": months, "event": event, "x": column})
        found.append(float(fitter().fit(table, "time", "event").params_["x"]))
    return found


def statsmodels(months: np.ndarray, event: np.ndarray, values: np.ndarray) -> list[float]:
    """Return the coefficients of statsmodels."""
    regression = importlib.import_module("statsmodels.duration.hazard_regression").PHReg
    models = (regression(months, column, status=event, ties="efron") for column in values.T)
    return [float(model.fit().params[0]) for model in models]


def seconds(
    fit: Callable[..., list[float]], data: tuple[np.ndarray, ...]
) -> tuple[float, list[float]]:
    """Return the best of three runs, and the coefficients."""
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        found = fit(*data)
        runs.append(time.perf_counter() - start)
    return min(runs), found


def main() -> None:
    """Measure cohorts of three sizes; coefficients must agree."""
    installed = [
        peer for peer in (lifelines, statsmodels) if importlib.util.find_spec(peer.__name__)
    ]
    if not installed:
        sys.stdout.write("neither lifelines nor statsmodels is installed: no peer\n")
    for patients in SIZES:
        data = cohort(patients)
        fitted, ours = seconds(own, data)
        whole, ours_too = seconds(step, data)
        np.testing.assert_allclose(ours_too, ours, rtol=1e-7)
        each = 1e3 / FEATURES
        line = f"{patients} patients: fit {fitted * each:.2f} ms, step {whole * each:.2f} ms"
        for peer in installed:
            other, theirs = seconds(peer, data)
            furthest = float(np.abs(np.subtract(ours, theirs)).max())
            if furthest > APART:
                message = f"{peer.__name__}: coefficients differ by {furthest:.1g}"
                raise SystemExit(message)
            line += f"; {peer.__name__} {other * each:.1f} ms, {other / fitted:.0f}x, "
            line += f"of the step {other / whole:.1f}x, coefficients within {furthest:.0e}"
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
