"""What a person should know of the calls of a biopsy before trusting their number."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_FEW_CALLS = 20
_MOST = 0.8
"""A share of calls rejected by FILTER above which a file deserves a word."""
_FEW_GERMLINE, _MUCH_GERMLINE = 5, 0.5
"""Calls, and their share of those that pass all else, from which a germline filter does."""

_FEW_EXCHANGED, _EXCHANGED, _ODDS = 3, 0.05, 2
"""Calls that only the normal shows: how many, their share of all calls with counts of both,
and how many to one that only the tumour shows, from which the columns may be exchanged. Losses
and dropouts make some such calls in a good file."""
_SEEN = 2
"""Reads of the alternative allele that are no error of sequencing."""

_Flags = NDArray[np.bool_]


def doubts_of_calls(
    variants: pd.DataFrame, rejected: _Flags, germline: Mapping[str, _Flags]
) -> list[str]:
    """Tell what filters take that a person may not expect, each in a sentence.

    Parameters
    ----------
    variants
        The table `variants` of a biopsy.
    rejected
        Calls that FILTER rejects, bool (n,).
    germline
        Evidence in words -> the calls that it makes germline, bool (n,).

    Returns
    -------
    list of str
        Nothing where there is nothing to tell.
    """
    told = [
        doubt_of_columns(variants),
        _of_rejected(variants, rejected),
        _of_germline(variants, germline),
        _of_repeated(variants),
        _of_uncounted(variants),
    ]
    return [message for message in told if message]


def doubt_of_columns(calls: pd.DataFrame) -> str:
    """Tell where the normal has the reads that the tumour should have.

    Parameters
    ----------
    calls
        The table `calls` or `variants` of a biopsy, with read counts of both samples.

    Returns
    -------
    str
        A sentence; empty where the columns are as they should be, or nothing tells.
    """
    small = calls[calls["set_aside"].fillna("") == ""]
    both = small[["tumour_alt_reads", "normal_alt_reads"]].dropna()
    tumour, normal = (both[name].to_numpy(dtype=float) for name in both.columns)
    of_normal = int(((tumour == 0) & (normal >= _SEEN)).sum())
    of_tumour = int(((normal == 0) & (tumour >= _SEEN)).sum())
    is_much = of_normal >= max(_FEW_EXCHANGED, _EXCHANGED * len(both))
    if not is_much or of_normal <= _ODDS * of_tumour:
        return ""
    return (
        f"{of_normal} of {len(both)} calls have no read of the alternative allele in the "
        "tumour, but have some in the normal: are the columns of tumour and normal exchanged?"
    )


def _of_rejected(variants: pd.DataFrame, rejected: _Flags) -> str:
    """Tell where FILTER alone takes most calls: a burden of 0 may be the filter's."""
    if len(variants) < _FEW_CALLS or rejected.mean() <= _MOST:
        return ""
    words = variants.loc[rejected, "filter"].value_counts().index[:3]
    return (
        f"{int(rejected.sum())} of {len(variants)} calls are rejected by FILTER "
        f"({', '.join(words)}); accept more in variants.accepted_filters if they are good"
    )


def _of_germline(variants: pd.DataFrame, germline: Mapping[str, _Flags]) -> str:
    """Tell where the germline filter takes many calls that pass all others."""
    taken = variants["failed_filters"].eq("germline").to_numpy(dtype=bool)
    number, passing = int(taken.sum()), int(taken.sum() + variants["is_eligible"].sum())
    if number < _FEW_GERMLINE or number < _MUCH_GERMLINE * passing:
        return ""
    causes = ", ".join(
        f"{cause} {int((flags & taken).sum())}"
        for cause, flags in germline.items()
        if (flags & taken).any()
    )
    return (
        f"{number} of {passing} calls that pass all else are set aside as germline ({causes}). "
        "If the file should hold somatic calls alone, see whether tumour and normal are "
        "exchanged, or whether the normal holds tumour (variants.germline_normal_vaf)"
    )


def _of_repeated(variants: pd.DataFrame) -> str:
    """Tell of records that say what another says."""
    number = int(variants["failed_filters"].eq("duplicate").sum())
    return _agreed(
        number,
        "{} repeats an allele of another record, and does not count again",
        "{} repeat alleles of other records, and do not count again",
    )


def _of_uncounted(variants: pd.DataFrame) -> str:
    """Tell of eligible calls of which no read of the tumour is known, as with GT alone."""
    counts = ["tumour_depth", "tumour_alt_reads"]
    is_bare = variants["is_eligible"].astype(bool) & variants[counts].isna().all(axis="columns")
    number, eligible = int(is_bare.sum()), int(variants["is_eligible"].sum())
    return _agreed(
        number,
        f"{{}} of {eligible} eligible has no read counts of the tumour (as with GT alone): "
        "depth, reads and VAF do not filter it",
        f"{{}} of {eligible} eligible have no read counts of the tumour (as with GT alone): "
        "depth, reads and VAF filter none of them",
    )


def _agreed(number: int, one: str, many: str) -> str:
    """Put a number of calls into the sentence that agrees with it; empty for none."""
    if not number:
        return ""
    return one.format("1 call") if number == 1 else many.format(f"{number} calls")
