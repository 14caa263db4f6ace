"""Segments, log ratios and fits of other programs, brought into the shape of ours."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.biomarkers.copy_number.evidence import (
    autosome_weights,
    normal_copies,
    shared_bases,
)
from storiform.model.copies import expected_log2, raw_copies

Floats = npt.NDArray[np.float64]

_WHOLE = 0.3
"""Copies further than this from a whole number are those of some cells only."""
_FAR_X = 0.5
"""Median log2 of X, by that of the autosomes, halfway to that against other copies."""


def imported_segments(
    given_segments: pd.DataFrame, purity: float, ploidy: float, sex: str
) -> pd.DataFrame:
    """Return segments of another program as `CopyNumberSegments`.

    Copies are the program's where it gives them. Log ratios alone become copies where a
    purity and ploidy are given beside them, and stay log ratios where none are.

    Parameters
    ----------
    given_segments
        Segments as their file gives them.
    purity, ploidy
        The program's; NaN where not given.
    sex
        ``female``, ``male`` or empty.
    """
    order = given_segments.sort_values(["contig", "start"], kind="stable")
    segments = order[~(order["contig"].eq("chrY") & (sex != "male"))].reset_index(drop=True)
    of_sex = normal_copies(segments, sex)
    normal = np.nan_to_num(of_sex, nan=2.0)
    log2 = centred(segments)
    given = segments["total"].to_numpy(dtype=np.float64)
    is_known = purity > 0.0 and np.isfinite(ploidy)
    if is_known:
        log2 = np.where(np.isnan(log2), expected_log2(purity, ploidy, given, normal), log2)
        given = np.where(np.isnan(given), raw_copies(log2, purity, ploidy, of_sex), given)
    total = np.rint(np.maximum(given, 0.0))
    minor = np.rint(np.maximum(segments["minor"].to_numpy(dtype=np.float64), 0.0))
    minor = np.minimum(minor, np.floor(total / 2.0))
    minor = np.where(np.isnan(minor) & ((total < 2) | (normal < 2)), 0.0 * total, minor)  # noqa: PLR2004
    missing = np.full(len(segments), np.nan)
    return pd.DataFrame(
        {
            "contig": segments["contig"],
            "start": segments["start"],
            "end": segments["end"],
            "bins": segments["bins"].astype("Int64"),
            "snps": pd.array([pd.NA] * len(segments), dtype="Int64"),
            "log2": log2,
            "log2_se": missing,
            "major_share": missing,
            "total": pd.array(total, dtype="Float64").astype("Int64"),
            "minor": pd.array(minor, dtype="Float64").astype("Int64"),
            "total_raw": np.maximum(given, 0.0),
            "total_lower": missing,
            "total_upper": missing,
            "normal_copies": normal.astype(np.int64),
            "probability": missing,
            "is_subclonal": np.abs(given - total) > _WHOLE,
        }
    )


def usual_x(table: pd.DataFrame, sex: str) -> tuple[pd.DataFrame, list[str]]:
    """Put X of given log ratios where 0 is the copies of normal cells; and what to say of it.

    CNVkit compares a female's X with one copy on demand, which moves it to 1, and a male's
    with two copies by default, which moves it to -1. Y is dropped unless it is a male's.

    Parameters
    ----------
    table
        Bins or segments with `contig, start, end, log2`, centred on the autosomes.
    sex
        ``female``, ``male`` or empty; where it is not known X is moved either way.

    Returns
    -------
    tuple[pd.DataFrame, list[str]]
        The rows with `log2` as it should be, and a limit in words where it was moved.
    """
    kept = table[~(table["contig"].eq("chrY") & (sex != "male"))]
    log2 = kept["log2"].to_numpy(dtype=np.float64, copy=True)
    start, end = (kept[name].to_numpy(dtype=np.int64) for name in ("start", "end"))
    on = kept["contig"].eq("chrX").to_numpy(dtype=bool) & np.isfinite(log2)
    shared = on & (2 * shared_bases("chrX", start, end) > end - start)
    level = _weighted_median(log2[on & ~shared], end[on & ~shared] - start[on & ~shared])
    if level > _FAR_X and sex != "male":
        move, against = -1.0, "one copy"
    elif level < -_FAR_X and sex != "female":
        move, against = 1.0, "two copies"
    else:
        return kept, []
    log2[on & ~shared] += move
    # What X and Y share has two copies in a male too: it moves only where it lies off as well.
    of_shared = _weighted_median(log2[shared], end[shared] - start[shared])
    if -move * of_shared > _FAR_X:
        log2[shared] += move
    said = f"X of the given log ratios was against {against}: moved by {move:+.0f}"
    return kept.assign(log2=log2), [said]


def _weighted_median(values: Floats, weights: npt.NDArray[np.int64]) -> float:
    """Return the value at which half of the weight is reached; NaN without values."""
    if not len(values):
        return float("nan")
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2.0)])


def centred(segments: pd.DataFrame) -> Floats:
    """Return log ratios whose linear mean over the autosomes, by length, is 1."""
    log2 = segments["log2"].to_numpy(dtype=np.float64)
    weight = np.where(np.isnan(log2), 0.0, autosome_weights(segments))
    if weight.sum() > 0.0:
        log2 = log2 - np.log2(np.average(np.exp2(np.nan_to_num(log2)), weights=weight))
    return np.asarray(log2)


def mean_copies(segments: pd.DataFrame) -> float:
    """Return the mean copies of the autosomes by length; NaN where none are known."""
    raw = segments["total_raw"].to_numpy(dtype=np.float64)
    weight = np.where(np.isnan(raw), 0.0, autosome_weights(segments))
    return float(np.average(np.nan_to_num(raw), weights=weight)) if weight.sum() else np.nan
