"""The HLA alleles of a patient, from the calls of all samples."""

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.hla import read_hla_name
from storiform.model.params import Fraction, Params
from storiform.model.tables.hla import HlaCalls
from storiform.model.tables.proteins import HLA_TYPES, HlaTypes

_KINDS = ("normal exome", "tumour exome", "normal rna", "tumour rna")
"""Kinds of samples, the best first."""
_WORDS = {"normal rna": "normal RNA", "tumour rna": "tumour RNA"}
CALLED = ("normal exome", "tumour exome", "normal RNA", "tumour RNA")
"""What `source` says of alleles that a sample's reads tell."""
_LIMITS = {
    "tumour exome": "typed from the tumour: an allele that it lost may be missed",
    "normal rna": "typed from RNA: an allele that is hardly expressed may be missed",
    "tumour rna": "typed from tumour RNA: an allele that is lost or hardly expressed may be "
    "missed",
}


class HlaTypesParams(Params):
    """Which sample tells the alleles of a patient."""

    min_posterior: Fraction = Field(
        0.9,
        description="posterior that a call has at least; below it the next kind of sample "
        "speaks, if its call has it",
    )


def hla_types(hla_calls: HlaCalls, params: HlaTypesParams) -> HlaTypes:
    """Choose for each gene the sample that tells the patient's alleles.

    The normal exome speaks first, then the tumour's, then RNA. One that has but a part of the
    normal exome's alleles, which it may have lost or hardly express, does not speak for it,
    however confident. Alleles that the sheet gives stand in place of this table.

    Parameters
    ----------
    hla_calls
        Calls of the biopsy's samples and of the patient's normals.
    params
        When a call is good enough.

    Returns
    -------
    HlaTypes
        Two rows for each gene; without an allele, and with the reason, where no sample tells
        it or where no cell shows it.

    Warnings
    --------
    An allele that the compiled release lacks is taken for one that is near it.
    """
    rows: list[dict[str, object]] = []
    kinds = hla_calls["role"].astype(str) + " " + hla_calls["assay"].astype(str)
    calls = hla_calls.assign(kind=kinds)
    for gene, of_gene in calls.groupby("gene", sort=True):
        samples = [own for _, own in of_gene.groupby("sample", sort=True)]
        typed = [own for own in samples if own["allele"].notna().all()]
        if typed:
            rows += _told(str(gene), typed, params.min_posterior)
        else:
            rows += _untold(str(gene), samples)
    return pd.DataFrame(rows, columns=list(HLA_TYPES.columns))


def best_call(calls: pd.DataFrame, params: HlaTypesParams) -> pd.DataFrame | None:
    """Return the two rows of the sample that tells a gene best, None if none is confident.

    Parameters
    ----------
    calls
        Rows of `hla_calls` of one gene, of all samples.
    params
        When a call is confident.

    Returns
    -------
    pandas.DataFrame or None
        By copy, with the `kind` of the sample, as `source` of `hla_types` names it.
    """
    kinds = calls["role"].astype(str) + " " + calls["assay"].astype(str)
    samples = [own for _, own in calls.assign(kind=kinds).groupby("sample", sort=True)]
    sure = [
        own
        for own in samples
        if own["allele"].notna().all() and _is_sure(own, params.min_posterior)
    ]
    if not sure:
        return None
    best = min(sure, key=_rank).sort_values("copy")
    return best.assign(kind=best["kind"].replace(_WORDS))


def _told(gene: str, typed: list[pd.DataFrame], least: float) -> list[dict[str, object]]:
    """Return the rows of a gene that at least one sample tells."""
    ranked = sorted(typed, key=lambda own: (not _is_sure(own, least), _rank(own)))
    chosen = _whole(ranked[0], typed)
    kind = chosen["kind"].iloc[0]
    further = [_LIMITS[kind]] if kind in _LIMITS else []
    further += [_differs(own) for own in typed if _alleles(own) != _alleles(chosen)]
    rows = []
    for call in chosen.sort_values("copy").itertuples():
        name = read_hla_name(str(call.allele))
        own = [str(call.limits)] if call.limits else []
        rows.append(
            {
                "gene": gene,
                "copy": call.copy,
                "allele": name.allele or None,
                "written": call.full_name,
                "source": _WORDS.get(kind, kind),
                "reason": name.reason,
                "posterior": call.posterior,
                "limits": "; ".join([*own, *further]),
            }
        )
    return rows


def _whole(chosen: pd.DataFrame, typed: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the normal exome's call in place of one that has but a part of its alleles."""
    if chosen["kind"].iloc[0] == _KINDS[0]:
        return chosen
    normals = [own for own in typed if own["kind"].iloc[0] == _KINDS[0]]
    wider = [own for own in normals if set(_alleles(chosen)) < set(_alleles(own))]
    return max(wider, key=lambda own: own["posterior"].iloc[0], default=chosen)


def _untold(gene: str, samples: list[pd.DataFrame]) -> list[dict[str, object]]:
    """Return the rows of a gene that no sample tells, with the reason of the best one."""
    best = min(samples, key=_rank)
    kind = best["kind"].iloc[0]
    told = {
        "gene": gene, "allele": None, "written": "", "source": _WORDS.get(kind, kind),
        "reason": best["reason"].iloc[0], "posterior": np.nan, "limits": "",
    }  # fmt: skip
    return [{**told, "copy": copy} for copy in (1, 2)]


def _is_sure(own: pd.DataFrame, least: float) -> bool:
    return bool(own["posterior"].iloc[0] >= least)


def _rank(own: pd.DataFrame) -> tuple[int, str]:
    return _KINDS.index(own["kind"].iloc[0]), str(own["sample"].iloc[0])


def _alleles(own: pd.DataFrame) -> list[str]:
    return sorted(own["allele"])


def _differs(own: pd.DataFrame) -> str:
    kind = own["kind"].iloc[0]
    alleles = " and ".join(dict.fromkeys(_alleles(own)))
    return f"{own['sample'].iloc[0]} ({_WORDS.get(kind, kind)}) tells {alleles}"
