"""Associations of 30,000 features in 60 patients, against a loop over scipy.stats.

Run ``python tests/benchmarks/bench_statistics.py``; prints seconds and the ratio. The loop
makes p alone, we make p, the shift with its interval and the AUC with its interval.
"""

import sys
import time

import numpy as np
import pandas as pd
from scipy import stats

from storiform.statistics.association import AssociationParams, associations

FEATURES, PATIENTS, RESPONDERS = 30_000, 60, 20


def cohort(values: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the gathered frame and the clinic of values (features, patients)."""
    features, patients = values.shape
    names = np.array([f"P{number:03d}" for number in range(patients)])
    genes = np.array([f"expression.gene_{number:05d}" for number in range(features)])
    frame = pd.DataFrame({
        "patient": np.tile(names, features), "biopsy": np.tile(names, features),
        "table": "expression", "feature": np.repeat(genes, patients),
        "value": values.ravel(), "label": None, "kind": "number", "unit_of_measure": "log2",
        "description": "",
    })  # fmt: skip
    clinic = pd.DataFrame({
        "patient": names, "responded": pd.array(np.arange(patients) < RESPONDERS, "boolean"),
    })  # fmt: skip
    return frame, clinic


def measured(values: np.ndarray) -> tuple[float, float]:
    """Return the seconds of storiform and of scipy; the p values must agree."""
    frame, clinic = cohort(values)
    params = AssociationParams(outcomes=("responded",))
    start = time.perf_counter()
    ours = associations(frame, clinic, params)
    own = time.perf_counter() - start
    start = time.perf_counter()
    theirs = []
    for row in values:
        x, y = row[:RESPONDERS], row[RESPONDERS:]
        is_tied = len(np.unique(row)) < len(row)
        method = "asymptotic" if is_tied else "exact"
        theirs.append(stats.mannwhitneyu(x, y, method=method).pvalue)
    other = time.perf_counter() - start
    np.testing.assert_allclose(ours["p"], theirs, rtol=1e-9)
    return own, other


def main() -> None:
    """Measure features without ties, and counts that are tied."""
    generator = np.random.default_rng(0)
    cases = {
        "without ties": generator.normal(size=(FEATURES, PATIENTS)),
        "tied counts": generator.poisson(3.0, (FEATURES, PATIENTS)).astype(float),
    }
    for name, values in cases.items():
        own, other = measured(values)
        ratio = other / own
        sys.stdout.write(f"{name}: {own:.1f} s, scipy.stats loop {other:.1f} s, {ratio:.2f}x\n")


if __name__ == "__main__":
    main()
