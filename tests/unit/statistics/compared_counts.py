"""An invented cohort of counts with planted changes, and its clinic and features."""

import numpy as np
import pandas as pd


def cohort(n: int = 12, genes: int = 600, seed: int = 1, **clinical) -> tuple:
    """Return counts, features and clinic; the first tenth of the genes goes up fourfold."""
    generator = np.random.default_rng(seed)
    has = np.arange(n) < n // 2
    base = generator.lognormal(4.0, 1.5, genes)
    change = np.where(np.arange(genes) < genes // 10, 2.0, 0.0)
    means = base[:, None] * np.exp2(change[:, None] * has) * generator.uniform(0.5, 2.0, n)
    dispersion = (0.05 + 2.0 / base)[:, None]
    matrix = generator.negative_binomial(1.0 / dispersion, 1.0 / (1.0 + means * dispersion))
    names = [f"P{number:02d}" for number in range(n)]
    clinic = pd.DataFrame(
        {
            "patient": names,
            "responded": pd.array(has, dtype="boolean"),
            "disease_control": pd.array(has, dtype="boolean"),
            "histology": np.where(np.arange(n) % 2 == 0, "UPS", "LMS"),
            "sex": np.where(np.arange(n) % 3 == 0, "female", "male"),
            "age_years": 40.0 + np.arange(n) % 5,
            "arm": "A",
            **clinical,
        }
    )
    return long(matrix, names), speaking(names), clinic


def long(matrix, names) -> pd.DataFrame:
    """Return a matrix (genes, biopsies) as the rows of counts of biopsies NAME-T."""
    genes = [f"G{number:04d}" for number in range(len(matrix))]
    return pd.DataFrame(
        {
            "patient": np.repeat(names, len(genes)),
            "biopsy": np.repeat([f"{name}-T" for name in names], len(genes)),
            "gene": np.tile(genes, len(names)),
            "count": np.asarray(matrix, dtype=float).T.ravel(),
            "length": np.nan,
        }
    )


def speaking(names) -> pd.DataFrame:
    """Return gathered features of the biopsies NAME-T."""
    return pd.DataFrame({"patient": names, "biopsy": [f"{name}-T" for name in names]})
