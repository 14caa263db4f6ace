"""How often each stretch of the genome is altered in the cohort."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.biomarkers.copy_number.places import rows_at
from storiform.model.params import Params
from storiform.model.tables.copy_calls import (
    CopyNumberFit,
    CopyNumberFrequency,
    CopyNumberSegments,
)

Floats = npt.NDArray[np.float64]

_KINDS = ("gain", "loss", "amplified", "homozygous_deletion", "loh")
_FEWEST_WINDOWS = 200


class CopyNumberFrequencyParams(Params):
    """How the genome is cut up."""

    window_mb: float = Field(1.0, ge=0.01, le=50.0, description="length of a stretch, Mb")
    amplified_copies: float = Field(
        6.0, ge=3.0, le=100.0, description="fewest copies of an amplification"
    )
    amplified_above_ploidy: float = Field(
        4.0, ge=1.0, le=50.0, description="and as many more than the ploidy"
    )


def copy_number_frequency(
    copy_number_segments: CopyNumberSegments,
    copy_number_fit: CopyNumberFit,
    params: CopyNumberFrequencyParams,
) -> CopyNumberFrequency:
    """Share of patients altered in each stretch, by the copies at its middle.

    Gain and loss are against the rounded ploidy of each biopsy; several biopsies of a patient
    are averaged, so that each patient counts once. Biopsies without a purity are left out.
    `loh` is the share of the patients whose minor copies are known, missing without any. A
    genome of less than 200 stretches is cut finer.
    """
    known = copy_number_segments[copy_number_segments["total"].notna()]
    windows = _windows(known, params.window_mb * 1e6)
    if windows.empty:
        empty = windows.assign(patients=pd.Series([], dtype="int64"))
        return empty.assign(**{kind: pd.Series([], dtype="float64") for kind in _KINDS})
    ploidy = copy_number_fit.set_index("biopsy")["ploidy"]
    middle = (windows["start"] + windows["end"]).to_numpy(np.int64) // 2
    sums = {kind: np.zeros(len(windows)) for kind in _KINDS}
    weights = {kind: np.zeros(len(windows)) for kind in _KINDS}
    biopsies = known[["patient", "biopsy"]].drop_duplicates()
    of_patient = biopsies.groupby("patient")["biopsy"].transform("size").to_numpy(np.float64)
    patients = {name: np.zeros(len(windows), dtype=bool) for name in biopsies["patient"]}
    for patient, biopsy, several in zip(
        biopsies["patient"], biopsies["biopsy"], of_patient, strict=True
    ):
        own = known[known["biopsy"] == biopsy].sort_values(["contig", "start"])
        row = rows_at(own, windows["contig"].to_numpy(dtype=object), middle)
        is_covered = row >= 0
        at = own.iloc[np.maximum(row, 0)]
        flags = _flags(at, float(ploidy[biopsy]), params)
        is_told = is_covered & at["minor"].notna().to_numpy()
        patients[patient] |= is_covered
        for kind in _KINDS:
            is_counted = is_told if kind == "loh" else is_covered
            weights[kind] += is_counted / several
            sums[kind] += (flags[kind] & is_counted) / several
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = {kind: sums[kind] / weights[kind] for kind in _KINDS}
    counted = np.sum(list(patients.values()), axis=0)
    table = windows.assign(patients=counted, **shares)
    return table[table["patients"] > 0].reset_index(drop=True)


def _windows(segments: pd.DataFrame, window: float) -> pd.DataFrame:
    """Cut each contig from its first to its last base with copies."""
    extent = segments.groupby("contig", sort=True).agg(
        start=("start", "min"), end=("end", "max")
    )
    whole = float((extent["end"] - extent["start"]).sum())
    step = max(min(window, whole / _FEWEST_WINDOWS), 1.0)
    frames = []
    for contig, low, high in zip(extent.index, extent["start"], extent["end"], strict=True):
        number = max(1, round((high - low) / step))
        edges = np.linspace(low, high, number + 1).astype(np.int64)
        frames.append(pd.DataFrame({"contig": contig, "start": edges[:-1], "end": edges[1:]}))
    if not frames:
        return pd.DataFrame({"contig": pd.Series([], dtype=object), "start": [], "end": []})
    return pd.concat(frames, ignore_index=True)


def _flags(
    rows: pd.DataFrame, ploidy: float, params: CopyNumberFrequencyParams
) -> dict[str, npt.NDArray[np.bool_]]:
    total = rows["total"].astype("float64").to_numpy()
    minor = rows["minor"].astype("float64").to_numpy()
    base = np.maximum(np.round(ploidy * rows["normal_copies"].to_numpy() / 2.0), 1.0)
    least = max(params.amplified_copies, ploidy + params.amplified_above_ploidy)
    return {
        "gain": total > base,
        "loss": total < base,
        "amplified": total >= least,
        "homozygous_deletion": total == 0,
        # One copy of the X is a man's, no loss.
        "loh": (minor == 0) & (rows["normal_copies"].to_numpy() > 1),
    }
