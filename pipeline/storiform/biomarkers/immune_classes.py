"""Sarcoma Immune Classes A to E: the nearest of five published centroids."""

import warnings

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.cohort_reference import Floats, SicCentroids
from storiform.model.errors import DataWarning
from storiform.model.params import Params
from storiform.model.tables.immune import (
    SIC_CLASSES,
    SIC_POPULATIONS,
    ImmuneClasses,
    OwnScaleClasses,
    ReferencePercentiles,
)
from storiform.model.tables.rna import McpCounter

METHOD = "sic4_nanostring"
_ENOUGH = 100
"""Biopsies from which a cohort's own mean and SD can stand for those of sarcomas."""


class ImmuneClassesParams(Params):
    """When a class is told, and whether the run's own scale is shown beside the reference's."""

    min_margin: float = Field(
        0.25,
        ge=0.0,
        le=5.0,
        description="distance to the second class less that to the first, in SDs of the "
        "reference, below which a class is called ambiguous; 24 % of TCGA's sarcomas are",
    )
    own_scale: bool = Field(
        default=False,
        description="also class by z scores over this run's biopsies, in own_scale_classes: a "
        "class then depends on who else is in the run",
    )


def immune_classes(
    reference_percentiles: ReferencePercentiles,
    sic_centroids: SicCentroids,
    params: ImmuneClassesParams,
) -> ImmuneClasses:
    """Class a biopsy by the nearest centroid of soft-tissue sarcomas, on a reference's scale.

    Centroids and the bundled reference are of soft-tissue sarcomas: in another tumour a class
    is a likeness to those, and has not been validated.

    Parameters
    ----------
    reference_percentiles
        z scores of the biopsy by the mean and SD of the reference.
    sic_centroids
        Published z scores of four populations in five classes.
    params
        The margin from which a class is unambiguous.

    Returns
    -------
    ImmuneClasses
        One row; no class where a population has no score. With a DataWarning where the
        reference has fewer than 100 biopsies.

    Warnings
    --------
    Outside soft-tissue sarcomas a class is a likeness to theirs, and has not been
    validated. Another platform or library shifts the scores; a class with a small margin
    may change with it.

    References
    ----------
    Petitprez et al., Nature 577, 556-560 (2020), doi:10.1038/s41586-019-1906-8.
    """
    own = reference_percentiles[reference_percentiles["method"] == "mcp_counter"]
    by_name = own.set_index("signature").reindex(list(SIC_POPULATIONS))
    z = by_name["z"].to_numpy(dtype=np.float64, na_value=np.nan)
    distances = centroid_distances(z[None, :], sic_centroids)[0]
    row: dict[str, object] = {
        f"z_{name}": value for name, value in zip(SIC_POPULATIONS, z, strict=True)
    }
    row |= {f"distance_{n.lower()}": d for n, d in zip(SIC_CLASSES, distances, strict=True)}
    row |= _first_two(distances, params.min_margin)
    stated = own.iloc[:1]
    row |= {
        "method": METHOD,
        "reference": stated["reference"].iloc[0] if len(stated) else None,
        "reference_n": stated["reference_n"].iloc[0] if len(stated) else None,
        "mapping": by_name["mapping"].dropna().iloc[0]
        if by_name["mapping"].notna().any()
        else None,
        "note": _note(by_name),
    }
    if row["immune_class"] and stated["reference_n"].iloc[0] < _ENOUGH:
        message = (
            f"immune classes stand on the {stated['reference_n'].iloc[0]} biopsies of "
            f"{row['reference']}, fewer than {_ENOUGH}; a small or selected cohort moves every "
            "class. Read them against tcga_sarc as well."
        )
        warnings.warn(message, DataWarning, stacklevel=2)
    return pd.DataFrame([row])


def centroid_distances(z: Floats, centroids: pd.DataFrame) -> Floats:
    """Return the Euclidean distances (n, 5) of z scores (n, 4) to the centroids A to E."""
    centres = centroids.loc[list(SIC_POPULATIONS), list(SIC_CLASSES)].to_numpy(float).T
    distances: Floats = np.sqrt(((z[:, None, :] - centres[None]) ** 2).sum(axis=2))
    return distances


def own_scale_classes(
    mcp_counter: McpCounter, sic_centroids: SicCentroids, params: ImmuneClassesParams
) -> OwnScaleClasses:
    """Class all biopsies by z scores over themselves, for comparison; off unless asked for.

    Parameters
    ----------
    mcp_counter
        Scores of all biopsies.
    sic_centroids
        Published z scores of four populations in five classes.
    params
        Whether it is asked for.

    Returns
    -------
    OwnScaleClasses
        One row per biopsy with all four scores, or none.
    """
    names = list(SIC_POPULATIONS)
    rows = mcp_counter.dropna(subset=names)
    spread = rows[names].std(ddof=1).to_numpy(float)
    if not params.own_scale or len(rows) < 2 or not (spread > 0).all():  # noqa: PLR2004  an SD
        columns = [
            "patient",
            "biopsy",
            "immune_class",
            "margin",
            *(f"z_{n}" for n in names),
            "n",
        ]
        return pd.DataFrame({name: [] for name in columns}).astype({"n": int})
    if len(rows) < _ENOUGH:
        message = (
            f"own_scale_classes: z scores over {len(rows)} biopsies, fewer than {_ENOUGH}; a "
            "small or selected cohort moves every class. Use immune_classes, which stands on "
            "the cohort of reference."
        )
        warnings.warn(message, DataWarning, stacklevel=2)
    z = (rows[names].to_numpy(float) - rows[names].mean().to_numpy(float)) / spread
    told = [_first_two(own, params.min_margin) for own in centroid_distances(z, sic_centroids)]
    result = rows[["patient", "biopsy"]].reset_index(drop=True)
    result["immune_class"] = [str(one["immune_class"]) for one in told]
    result["margin"] = np.array([one["margin"] for one in told], dtype=np.float64)
    for number, name in enumerate(names):
        result[f"z_{name}"] = z[:, number]
    return result.assign(n=len(rows))


def _first_two(distances: Floats, min_margin: float) -> dict[str, object]:
    if np.isnan(distances).any():
        return {"immune_class": None, "is_class_e": None, "is_ambiguous": None,
                "margin": np.nan, "second_class": None}  # fmt: skip
    first, second = np.argsort(distances, kind="stable")[:2]
    margin = float(distances[second] - distances[first])
    return {
        "immune_class": SIC_CLASSES[first],
        "is_class_e": SIC_CLASSES[first] == "E",
        "is_ambiguous": margin < min_margin,
        "margin": margin,
        "second_class": SIC_CLASSES[second],
    }


def _note(populations: pd.DataFrame) -> str:
    """Say which population has no score, or on how few markers a score rests."""
    lacking: dict[str, list[str]] = {}
    lines = []
    for name, row in populations.iterrows():
        if pd.isna(row["z"]):
            why = "the reference has no such score" if pd.isna(row["note"]) else row["note"]
            lacking.setdefault(str(why), []).append(str(name))
        elif row["note"]:
            lines.append(f"{name} {row['note']}")
    absent = [f"no score of {', '.join(names)}: {why}" for why, names in lacking.items()]
    return "; ".join([*absent, *lines])
