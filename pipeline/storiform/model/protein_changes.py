"""Changes of proteins: how their calls are named, and which of them count."""

from typing import Literal, NamedTuple

import pandas as pd

from storiform.model.shared_ends import shared_start
from storiform.model.tables.proteins import FLANK

Frame = Literal["kept", "shifted", "ended"]


def variant_id(contig: str, start: int, end: int, ref: str, alt: str) -> str:
    """Name a call as the columns `variant_ids` do; 0-based, half-open.

    Examples
    --------
    >>> variant_id("chr17", 7673801, 7673802, "C", "T")
    'chr17-7673801-7673802-C-T'
    """
    return f"{contig}-{start}-{end}-{ref}-{alt}"


def eligible_ids(variants: pd.DataFrame) -> frozenset[str]:
    """Return the ids of the calls of the table `variants` that are eligible."""
    own = variants[variants["is_eligible"] & variants["ref"].notna() & variants["alt"].notna()]
    columns = [own[name].to_list() for name in ("contig", "start", "end", "ref", "alt")]
    return frozenset(variant_id(*call) for call in zip(*columns, strict=True))


def acting_changes(changes: pd.DataFrame, variants: pd.DataFrame) -> pd.DataFrame:
    """Return the changes whose calls are all eligible, calls that act together but once.

    Changes that a VCF carries stand there for calls together and for each of them alone,
    since eligibility is not known when it is read. Where a transcript has a row for several
    calls together, and all of them count, those of each of them alone are left out. Rows of
    other sources are what each copy of a transcript has, and all of them stay.

    Parameters
    ----------
    changes
        Rows of `protein_changes` or `given_protein_changes`.
    variants
        The table `variants` of the same biopsy.

    Returns
    -------
    pandas.DataFrame
        Some of the rows of `changes`, in their order.
    """
    eligible = eligible_ids(variants)
    calls = [frozenset(str(ids).split(";")) for ids in changes["variant_ids"]]
    counts = [ids <= eligible for ids in calls]
    owners = [
        str(transcript) if source == "CSQ" else ""
        for transcript, source in zip(changes["transcript"], changes["source"], strict=True)
    ]
    joint: dict[str, list[frozenset[str]]] = {}
    for ids, owner, is_whole in zip(calls, owners, counts, strict=True):
        if owner and is_whole and len(ids) > 1:
            joint.setdefault(owner, []).append(ids)
    kept = [
        is_whole and not any(ids < other for other in joint.get(owner, ()))
        for ids, owner, is_whole in zip(calls, owners, counts, strict=True)
    ]
    return changes[pd.Series(kept, index=changes.index, dtype=bool)]


class ChangedWindow(NamedTuple):
    """What is kept of a change: the columns of `protein_changes` that hold residues."""

    protein_position: int
    wild_type: str
    mutant: str
    changed_start: int
    changed_end: int


def changed_window(germline: str, mutant: str, frame: Frame) -> ChangedWindow | None:
    """Cut out what differs between two proteins, with `FLANK` residues about it.

    Parameters
    ----------
    germline, mutant
        Both proteins whole, without their stop.
    frame
        Behind the change the residues are those of the germline protein (`kept`), others
        (`shifted`), or there are none, since it ends with a stop (`ended`).

    Returns
    -------
    ChangedWindow or None
        None where the mutant protein has no residue and no junction that is new.

    Examples
    --------
    >>> changed_window("MAAKLV", "MAATLV", "kept")
    ChangedWindow(protein_position=4, wild_type='MAAKLV', mutant='MAATLV', changed_start=3, changed_end=4)
    """  # noqa: E501  the output of the example is one line
    first = shared_start(germline, mutant)
    if germline == mutant or (frame != "kept" and first == len(mutant)):
        return None
    begin = max(first - FLANK, 0)
    last, last_germline = len(mutant), len(germline)
    if frame == "kept":
        same = shared_start(germline[first:][::-1], mutant[first:][::-1])
        last, last_germline = last - same, last_germline - same
    elif frame == "ended":
        last_germline = min(last, last_germline)
    behind = FLANK if frame != "shifted" else len(germline)
    return ChangedWindow(
        first + 1,
        germline[begin : last_germline + behind],
        mutant[begin : last + FLANK],
        first - begin,
        last - begin,
    )
