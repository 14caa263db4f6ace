"""Chromosome arms that are gained, lost or without the minor allele."""

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.biomarkers.copy_number.places import overlaps
from storiform.model.copies import ChromosomeArms
from storiform.model.params import Fraction, Params
from storiform.model.tables.copy_calls import (
    CopyNumberArms,
    CopyNumberFit,
    CopyNumberSegments,
)


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
    loss of one allele at unchanged copies.
    """
    arms = chromosome_arms[chromosome_arms["arm"].isin(["p", "q"])].reset_index(drop=True)
    segments = copy_number_segments.sort_values(["contig", "start"], ignore_index=True)
    ploidy = copy_number_fit["ploidy"].iloc[0]
    states = _states(segments, 2.0 if pd.isna(ploidy) else float(ploidy), params)
    pairs = overlaps(arms, segments)
    rows = []
    for number in np.unique(pairs.gene).tolist():
        mine = pairs.gene == number
        row, bases = pairs.row[mine], pairs.bases[mine].astype(np.float64)
        whole = bases.sum()
        by_state = pd.Series(bases).groupby(states[row]).sum()
        best = str(by_state.idxmax())
        share = float(by_state[best] / whole)
        rows.append(
            {
                "contig": arms["contig"][number],
                "arm": arms["arm"][number],
                "call": best if share >= params.min_share else "mixed",
                "total": _prevailing(segments["total"].iloc[row], bases),
                "minor": _prevailing(segments["minor"].iloc[row], bases),
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
    segments: pd.DataFrame, ploidy: float, params: CopyNumberArmsParams
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    total = segments["total"].astype("float64").to_numpy()
    minor = segments["minor"].astype("float64").to_numpy()
    log2 = segments["log2"].to_numpy(np.float64)
    base = np.maximum(np.round(ploidy * segments["normal_copies"].to_numpy() / 2.0), 1.0)
    is_known = ~np.isnan(total)
    state = np.full(len(segments), "neutral", dtype=object)
    state[is_known & (minor == 0) & (total == base) & (base > 1)] = "loh"
    state[np.where(is_known, total > base, log2 >= params.gained_log2)] = "gain"
    state[np.where(is_known, total < base, log2 <= params.lost_log2)] = "loss"
    state[~is_known & np.isnan(log2)] = "unknown"
    return state


def _prevailing(
    copies: pd.Series, bases: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> object:
    """Return the copies of most bases, missing where none are known."""
    by_copies = (
        pd.Series(bases, index=copies.index)[copies.notna()].groupby(copies.dropna()).sum()
    )
    return pd.NA if by_copies.empty else by_copies.idxmax()
