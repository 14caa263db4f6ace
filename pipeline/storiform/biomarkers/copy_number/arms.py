"""Chromosome arms that are gained, lost or without the minor allele."""

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.biomarkers.copy_number.places import are_unsexed, overlaps
from storiform.model.copies import ChromosomeArms
from storiform.model.params import Fraction, Params
from storiform.model.tables.copy_calls import (
    CopyNumberArms,
    CopyNumberFit,
    CopyNumberSegments,
)

_TOLD = 0.5


class CopyNumberArmsParams(Params):
    """When an arm as a whole is altered."""

    min_share: Fraction = Field(
        0.8, description="share of the arm's segments, by length, that must be alike"
    )
    gained_log2: float = Field(
        0.2, ge=0.01, le=5.0, description="gain where copies are missing"
    )
    lost_log2: float = Field(-0.25, ge=-5.0, le=-0.01, description="loss, likewise")


def copy_number_arms(
    copy_number_segments: CopyNumberSegments,
    copy_number_fit: CopyNumberFit,
    chromosome_arms: ChromosomeArms,
    params: CopyNumberArmsParams,
) -> CopyNumberArms:
    """Call each arm by the state of four fifths of it: gain, loss, loh, neutral or mixed.

    Copies are compared with the rounded ploidy (half of it on the X of a male). `loh` is the
    loss of one allele at unchanged copies. Without a sex, X and Y are `unknown`.
    """
    arms = chromosome_arms[chromosome_arms["arm"].isin(["p", "q"])].reset_index(drop=True)
    segments = copy_number_segments.sort_values(["contig", "start"], ignore_index=True)
    states = _states(segments, copy_number_fit.iloc[0], params)
    pairs = overlaps(arms, segments)
    rows = []
    for number in np.unique(pairs.gene).tolist():
        mine = pairs.gene == number
        row, bases = pairs.row[mine], pairs.bases[mine].astype(np.float64)
        whole = bases.sum()
        by_state = pd.Series(bases).groupby(states[row]).sum()
        best = str(by_state.idxmax())
        share = float(by_state[best] / whole)
        total, minor = _prevailing(segments.iloc[row], bases)
        rows.append(
            {
                "contig": arms["contig"][number],
                "arm": arms["arm"][number],
                "call": best if share >= params.min_share else "mixed",
                "total": total,
                "minor": minor,
                "share": share,
                "log2": float(
                    (segments["log2"].to_numpy(np.float64)[row] * bases).sum() / whole
                ),
            }
        )
    columns = ["contig", "arm", "call", "total", "minor", "share", "log2"]
    found = pd.DataFrame(rows, columns=columns)
    return found.astype({"total": "Int64", "minor": "Int64"})


def _states(
    segments: pd.DataFrame, fit: pd.Series, params: CopyNumberArmsParams
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    total = segments["total"].astype("float64").to_numpy()
    minor = segments["minor"].astype("float64").to_numpy()
    log2 = segments["log2"].to_numpy(np.float64)
    normal = segments["normal_copies"].to_numpy(np.float64)
    ploidy = 2.0 if pd.isna(fit["ploidy"]) else float(fit["ploidy"])
    base = np.maximum(np.round(ploidy * normal / 2.0), 1.0)
    is_known = ~np.isnan(total)
    state = np.full(len(segments), "neutral", dtype=object)
    has_two = (base > 1) & (normal > 1)
    state[is_known & (minor == 0) & (total == base) & has_two] = "loh"
    state[np.where(is_known, total > base, log2 >= params.gained_log2)] = "gain"
    state[np.where(is_known, total < base, log2 <= params.lost_log2)] = "loss"
    state[~is_known & np.isnan(log2)] = "unknown"
    state[are_unsexed(segments, fit["sex"])] = "unknown"
    return state


def _prevailing(
    segments: pd.DataFrame, bases: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> tuple[object, object]:
    """Return the copies of most bases, and of these the minor ones.

    Minor copies are missing unless half of the bases with these copies tell them: those of
    a few segments do not stand for an arm.
    """
    total = np.asarray(segments["total"].astype("float64"), dtype=np.float64)
    minor = np.asarray(segments["minor"].astype("float64"), dtype=np.float64)
    if np.isnan(total).all():
        return pd.NA, pd.NA
    best = _heaviest(total, bases)
    is_told = (total == best) & ~np.isnan(minor)
    if bases[is_told].sum() < _TOLD * bases[total == best].sum():
        return best, pd.NA
    return best, _heaviest(minor[is_told], bases[is_told])


def _heaviest(
    copies: np.ndarray[tuple[int], np.dtype[np.float64]],
    bases: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> float:
    by_copies = pd.Series(bases).groupby(copies).sum()
    return float(by_copies.index.to_numpy(np.float64)[by_copies.to_numpy().argmax()])
