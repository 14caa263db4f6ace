"""Patients who are high in two features at once, against all others."""

import warnings

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.near import near_names
from storiform.model.params import Params
from storiform.model.tables.outcomes import (
    FEATURE_COLUMNS,
    PAIRED_FEATURES,
    Features,
    PairedFeatures,
)

TABLE = "pairs"


class PairedFeaturesParams(Params):
    """Which features are looked at together."""

    pairs: tuple[tuple[str, str], ...] = Field(
        (),
        description="two features each, as TABLE.COLUMN, such as [measurements.CD20, "
        "measurements.CD31]; name them before you look at the outcome",
    )


def paired_features(features: Features, params: PairedFeaturesParams) -> PairedFeatures:
    """Divide the patients by two features at once, each at its median.

    High is at or above the median of the patients who have the feature; a patient who lacks
    one of the two is in no group. Each pair makes a flag (high in both, against the rest) and
    a category of four groups; both are tested against every outcome like other features, in a
    family of their own.

    Parameters
    ----------
    features
        One row per patient and feature.

    Returns
    -------
    PairedFeatures
        Rows in the form of gathered features.
    """
    parts: list[pd.DataFrame] = []
    for first, second in params.pairs:
        numbers = [_numbers(features, name) for name in (first, second)]
        missing = [n for n, s in zip((first, second), numbers, strict=True) if s.empty]
        if missing:
            known = features.loc[features["kind"] == "number", "feature"].astype(str)
            hint = near_names(missing[0], known)
            names = " or ".join(missing)
            message = f"pair {first}, {second}: no patient has a number for {names}{hint}"
            warnings.warn(message, DataWarning, stacklevel=2)
            continue
        parts.append(_groups((first, second), numbers, features))
    return pd.concat(parts, ignore_index=True) if parts else PAIRED_FEATURES.empty()


def with_pairs(features: pd.DataFrame, pairs: pd.DataFrame | None) -> pd.DataFrame:
    """Return the features with the groups of pairs below them."""
    if pairs is None or pairs.empty:
        return features
    rows = pairs[list(FEATURE_COLUMNS)].astype(features.dtypes[list(FEATURE_COLUMNS)].to_dict())
    return pd.concat([features, rows], ignore_index=True)


def _numbers(features: pd.DataFrame, name: str) -> pd.Series:
    """Return the values of a number by patient, without missing ones."""
    rows = features[(features["feature"] == name) & (features["kind"] == "number")]
    values = pd.Series(
        rows["value"].to_numpy(np.float64), index=rows["patient"].astype(str), dtype=np.float64
    )
    return values[np.isfinite(values)].sort_index()


def _groups(
    names: tuple[str, str], numbers: list[pd.Series], features: pd.DataFrame
) -> pd.DataFrame:
    cutoffs = [float(values.median()) for values in numbers]
    both = numbers[0].index.intersection(numbers[1].index).sort_values()
    high = [
        (values.reindex(both) >= cutoff).to_numpy()
        for values, cutoff in zip(numbers, cutoffs, strict=True)
    ]
    words = np.array(["low", "high"])
    label = [f"{words[int(a)]}/{words[int(b)]}" for a, b in zip(*high, strict=True)]
    rows = features[features["feature"] == names[0]]
    biopsies = rows.assign(patient=rows["patient"].astype(str)).set_index("patient")["biopsy"]
    told = " and ".join(
        f"{name} at or above {cutoff:g}" for name, cutoff in zip(names, cutoffs, strict=True)
    )
    short = "_and_".join(name.split(".", 1)[-1] for name in names)
    shared = {
        "patient": both,
        "biopsy": biopsies[~biopsies.index.duplicated()].reindex(both).to_numpy(),
        "table": TABLE,
        "unit_of_measure": "",
        "description": told,
    }
    flag = pd.DataFrame(shared).assign(
        feature=f"{TABLE}.{short}_high", kind="flag", label=None,
        value=(high[0] & high[1]).astype(np.float64),
    )  # fmt: skip
    four = pd.DataFrame(shared).assign(
        feature=f"{TABLE}.{short}", kind="category", label=label, value=np.nan
    )
    return pd.concat([flag, four], ignore_index=True)[list(FEATURE_COLUMNS)]
