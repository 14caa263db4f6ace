"""The share of tumour cells that carry each mutation, and the burden of clonal ones."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from scipy.special import betaln, gammaln

from storiform.biomarkers.copy_number.places import rows_at
from storiform.model.params import Fraction, Params
from storiform.model.tables.copy_calls import (
    ClonalBurden,
    Clonality,
    CopyNumberFit,
    CopyNumberSegments,
)
from storiform.model.tables.dna import SomaticVariants, TumourBurden

Floats = npt.NDArray[np.float64]

_FRACTIONS = np.linspace(0.01, 1.0, 100)
_SUBCLONAL = _FRACTIONS[:85]
"""Shares of cells of a subclone: more than .85 cannot be told from all."""
_MOST_COPIES = 12
_NEVER = -1e30
Probability = Annotated[float, Field(gt=0.0, lt=1.0)]


class CopyNumberClonalityParams(Params):
    """When a mutation is clonal."""

    prior_clonal: Probability = Field(
        0.7, description="share of mutations that are clonal before their reads are looked at"
    )
    min_probability: Fraction = Field(
        0.5, description="posterior probability from which a mutation is called clonal"
    )
    precision: float = Field(
        200.0,
        ge=10.0,
        le=1e6,
        description="of the beta-binomial: how much allele shares of an exome scatter beyond "
        "the chance of counting; as large as this many reads",
    )


def clonality(
    variants: SomaticVariants,
    copy_number_segments: CopyNumberSegments,
    copy_number_fit: CopyNumberFit,
    params: CopyNumberClonalityParams,
) -> Clonality:
    """Estimate the share of tumour cells that carry each eligible call.

    A call on u copies in a share f of the tumour cells is expected in
    ``p u f / (p n + c (1 - p))`` of the reads, with purity p, n copies in tumour cells and c
    in normal ones. Clonal: f = 1 and any u up to the copies of the major allele. Subclonal:
    u = 1 and any f up to .85. The reads are beta-binomial. `ccf` is that of the likeliest
    number of copies; its bounds are those of the posterior, whose clonal part lies at 1. All
    of these are missing for calls without read counts, without copies or without purity.

    Warnings
    --------
    Purity and copies are taken as known: where the fit is wrong, so are the shares of
    cells.

    References
    ----------
    Carter et al., Nat. Biotechnol. 30, 413 (2012), doi:10.1038/nbt.2203; McGranahan et al.,
    Sci. Transl. Med. 7, 283ra54 (2015), doi:10.1126/scitranslmed.aaa1408.
    """
    calls = variants[variants["is_eligible"] & variants["ref"].notna()]
    calls = calls[calls["alt"].notna()]
    calls = calls.drop_duplicates(["contig", "start", "end", "ref", "alt"], ignore_index=True)
    segments = copy_number_segments.sort_values(["contig", "start"], ignore_index=True)
    row = rows_at(
        segments, calls["contig"].to_numpy(dtype=object), calls["start"].to_numpy(np.int64)
    )
    own = segments[["total", "minor", "normal_copies"]].reindex(row)  # row -1: missing values
    total, minor, normal = (own[name].astype("float64").to_numpy() for name in own)
    table = calls[["contig", "start", "end", "ref", "alt", "gene", "is_nonsynonymous"]].copy()
    for name in ("tumour_depth", "tumour_alt_reads"):
        table[name] = calls[name].astype("Int64")
    table["total"] = pd.array(total, dtype="Float64").astype("Int64")
    table["minor"] = pd.array(minor, dtype="Float64").astype("Int64")
    purity = copy_number_fit["purity"].iloc[0]
    depth, alt = (
        table[name].to_numpy(np.float64, na_value=np.nan)
        for name in ("tumour_depth", "tumour_alt_reads")
    )
    # A call that cannot be told stays, so that the burden does not take it for absent.
    is_placed = (total > 0) & (depth > 0) & ~np.isnan(alt) & bool(pd.notna(purity))
    found = _posterior(
        np.where(is_placed, alt, 0.0),
        np.where(is_placed, depth, 1.0),
        np.where(is_placed, total, 2.0),
        np.where(np.isnan(minor), 0.0, minor),
        np.where(is_placed, np.maximum(normal, 0.0), 2.0),
        0.5 if pd.isna(purity) else float(purity),
        params,
    )
    for name, values in found.items():
        table[name] = np.where(is_placed, values, np.nan)
    table["multiplicity"] = table["multiplicity"].astype("Float64").astype("Int64")
    is_clonal = table["probability_clonal"] >= params.min_probability
    table["is_clonal"] = is_clonal.astype("boolean").mask(~is_placed)
    return table


def _posterior(  # noqa: PLR0913, PLR0917  the columns of a call
    alt: Floats,
    depth: Floats,
    total: Floats,
    minor: Floats,
    normal: Floats,
    purity: float,
    params: CopyNumberClonalityParams,
) -> dict[str, Floats]:
    """Return the multiplicity, the cell fraction with bounds and the clonal probability."""
    unit = purity / np.maximum(purity * total + normal * (1.0 - purity), 1e-9)
    major = np.clip(total - minor, 1.0, _MOST_COPIES).astype(np.int64)
    copies = np.arange(1, int(major.max(initial=1)) + 1)
    clonal = _log_likelihood(alt, depth, unit[:, None] * copies[None, :], params.precision)
    clonal = np.where(copies[None, :] <= major[:, None], clonal, _NEVER)
    clonal += np.log(params.prior_clonal) - np.log(major)[:, None]
    some = _log_likelihood(alt, depth, unit[:, None] * _SUBCLONAL, params.precision)
    subclonal = np.logaddexp.reduce(some, axis=1) - np.log(len(_SUBCLONAL))
    subclonal += np.log(1.0 - params.prior_clonal)
    of_clonal = np.logaddexp.reduce(clonal, axis=1)
    probability = 1.0 / (1.0 + np.exp(np.clip(subclonal - of_clonal, -700.0, 700.0)))
    multiplicity = copies[clonal.argmax(axis=1)].astype(np.float64)
    multiplicity[subclonal > of_clonal] = 1.0
    fraction = np.minimum(alt / depth / (unit * multiplicity), 1.0)
    mass = np.exp(some - some.max(axis=1, keepdims=True))
    mass *= (1.0 - probability)[:, None] / mass.sum(axis=1, keepdims=True)
    # All that is clonal lies at 1.
    summed = np.column_stack([np.cumsum(mass, axis=1), np.ones(len(alt))])
    places = np.append(_SUBCLONAL, 1.0)
    lower = places[np.argmax(summed >= 0.025, axis=1)]  # noqa: PLR2004  95 %
    upper = places[np.argmax(summed >= 0.975, axis=1)]  # noqa: PLR2004
    return {
        "multiplicity": multiplicity,
        "ccf": fraction,
        "ccf_lower": np.minimum(lower, fraction),
        "ccf_upper": np.maximum(upper, fraction),
        "probability_clonal": probability,
    }


def _log_likelihood(alt: Floats, depth: Floats, share: Floats, precision: float) -> Floats:
    """Return the beta-binomial log likelihood of each call (rows) at each share (columns)."""
    share = np.clip(share, 1e-4, 1.0 - 1e-4)
    a, n = alt[:, None], depth[:, None]
    one, two = share * precision, (1.0 - share) * precision
    chosen = gammaln(n + 1.0) - gammaln(a + 1.0) - gammaln(n - a + 1.0)
    found: Floats = chosen + betaln(a + one, n - a + two) - betaln(one, two)
    return found


def clonal_burden(clonality: Clonality, tmb: TumourBurden) -> ClonalBurden:
    """Count nonsynonymous calls by clonality, per megabase of the burden's denominator."""
    own = clonality[clonality["is_nonsynonymous"]]
    is_clonal = own["is_clonal"]
    clonal = int((is_clonal.fillna(value=False)).sum())
    subclonal = int((~is_clonal.fillna(value=True)).sum())
    unplaced = int(is_clonal.isna().sum())
    megabases = float(tmb["megabases"].iloc[0])
    is_known = megabases > 0 and unplaced < max(len(own), 1)
    return pd.DataFrame(
        {
            "mutations_clonal": [clonal],
            "mutations_subclonal": [subclonal],
            "mutations_unplaced": [unplaced],
            "tmb_clonal": [clonal / megabases if is_known else np.nan],
            "tmb_subclonal": [subclonal / megabases if is_known else np.nan],
        }
    )
