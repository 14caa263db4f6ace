"""Clones of T and B cells: how many, how uneven, of which isotype."""

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.params import Depth, Params
from storiform.model.tables.immune import ISOTYPES, GivenClonotypes, Repertoires

_TCR, _BCR = "TRB", "IGH"


class RepertoiresParams(Params):
    """Which clones count, and how many make a clonality."""

    productive_only: bool = Field(
        default=True,
        description="leave out sequences out of frame, with a stop or in part; they make no "
        "receptor",
    )
    min_count: Depth = Field(1, description="reads (or molecules) of a clone")
    min_clonotypes: int = Field(
        10,
        ge=2,
        le=10_000,
        description="clones of a chain from which its clonality is told; with two or three it "
        "says how deep the library is, not how the clones grew",
    )
    min_reads: Depth = Field(
        10, description="reads (or molecules) of a chain from which shares are told"
    )


def repertoires(given_clonotypes: GivenClonotypes, params: RepertoiresParams) -> Repertoires:
    """Count the clones of a biopsy's receptors, and tell their unevenness and isotypes.

    Parameters
    ----------
    given_clonotypes
        Receptors as MiXCR, TRUST4 or a file of AIRR format name them.
    params
        Which clones count.

    Returns
    -------
    Repertoires
        One row. A clone is a chain's nucleotide sequence of CDR3, whatever its isotype.
        Clonality is 1 - H / ln(n), H the Shannon entropy of the clones' shares, n their
        number; it depends on depth, so that libraries of very different size should not be
        compared by it. Where a file has no row of a chain, its numbers are missing unless the
        program looks for all chains at once: the chain was perhaps never amplified.

    References
    ----------
    Pollack et al., Cancer 123, 3291-3304 (2017), doi:10.1002/cncr.30726; clonality: Tumeh et
    al., Nature 515, 568-571 (2014), doi:10.1038/nature13954.
    """
    rows = given_clonotypes
    if params.productive_only:
        rows = rows[rows["is_productive"].fillna(value=False).astype(bool)]
    keys = [rows["chain"].astype(object), rows["cdr3"].astype(object)]
    clones = rows["count"].groupby(keys, sort=True).sum()
    clones = clones[(clones >= params.min_count) & (clones > 0)]
    known = set(clones.index.get_level_values("chain"))
    row: dict[str, object] = {}
    notes: list[str] = []
    for prefix, chain in (("tcr", _TCR), ("bcr", _BCR)):
        counts = clones.xs(chain).to_numpy(float) if chain in known else np.empty(0)
        unknown = "" if len(counts) else _unknown(given_clonotypes, chain, params)
        row[f"{prefix}_clonotypes"] = pd.NA if unknown else len(counts)
        row[f"{prefix}_reads"] = np.nan if unknown else float(counts.sum())
        row[f"{prefix}_clonality"] = np.nan
        if unknown:
            notes.append(unknown)
        elif len(counts) >= params.min_clonotypes:
            row[f"{prefix}_clonality"] = clonality_of(counts)
        else:
            notes.append(f"{len(counts)} clones of {chain}")
    pairs = pd.MultiIndex.from_arrays(keys)
    row |= _isotypes(rows[pairs.isin(clones.index)], params.min_reads, notes)
    row["note"] = "too little to tell: " + ", ".join(notes) if notes else ""
    return pd.DataFrame([row])


def _unknown(given: pd.DataFrame, chain: str, params: RepertoiresParams) -> str:
    """Say why a chain without a clone that counts is not known to have none; else nothing."""
    own = given[given["chain"] == chain]
    if own.empty and not given["seeks_all"].any():
        return f"no row of {chain}"
    if params.productive_only and own["is_productive"].isna().any():
        return f"{chain} of unknown productivity"
    return ""


def clonality_of(counts: np.ndarray) -> float:
    """Return 1 less the evenness of clones (n,): 0 where all are alike; NaN for one clone.

    Examples
    --------
    >>> round(clonality_of(np.array([98.0, 1.0, 1.0])), 3)
    0.898
    """
    if len(counts) < 2:  # noqa: PLR2004  the logarithm of one is no divisor
        return float("nan")
    shares = counts / counts.sum()
    entropy = -float((shares * np.log(shares)).sum())
    return max(0.0, 1.0 - entropy / float(np.log(len(counts))))


def _isotypes(rows: pd.DataFrame, min_reads: int, notes: list[str]) -> dict[str, float]:
    """Return the shares of isotypes and of kappa; missing where there are too few reads."""
    constant = rows["constant"].astype(object).where(rows["constant"].notna(), "")
    chain, counts = rows["chain"].astype(object), rows["count"]
    sums = {
        name: float(counts[(chain == _BCR) & constant.str.startswith(name.upper())].sum())
        for name in ISOTYPES
    }
    of_heavy = sum(sums.values())
    kappa, of_lambda = (float(counts[chain == name].sum()) for name in ("IGK", "IGL"))
    if of_heavy < min_reads:
        notes.append(f"{of_heavy:g} reads with an isotype")
    if kappa + of_lambda < min_reads:
        notes.append(f"{kappa + of_lambda:g} reads of light chains")
    shares = {
        f"{name}_share": value / of_heavy if of_heavy >= max(min_reads, 1) else np.nan
        for name, value in sums.items()
    }
    light = kappa + of_lambda
    return shares | {"kappa_share": kappa / light if light >= max(min_reads, 1) else np.nan}
