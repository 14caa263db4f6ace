"""What became of each HLA allele of a patient, and whether a biopsy lost one."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from storiform.biomarkers.hla.loss import HlaLossParams
from storiform.model.tables.hla import HlaGeneLoh, HlaLoss
from storiform.model.tables.proteins import HLA_LOH, HlaLoh, HlaTypes

_LOST = ("LOH", "HOMDEL")
_JUDGED = (*_LOST, "LOH?", "IMBALANCE", "RETAINED")


def hla_loh(hla_gene_loh: HlaGeneLoh, hla_types: HlaTypes, params: HlaLossParams) -> HlaLoh:
    """Tell for each HLA allele of the patient whether the tumour has lost it.

    Lost are the lost allele of LOH and both of HOMDEL. Not lost is an allele whose probability
    to be lost is at most one less that of a call (0.2). In between, and where the gene could
    not be judged, it is missing. An allele on both haplotypes is lost with both alone: unless
    copy number shows that, it is not lost.

    Parameters
    ----------
    hla_gene_loh
        Calls of the genes.
    hla_types
        The patient's alleles.
    params
        Thresholds.

    Returns
    -------
    HlaLoh
        A row for each allele, of whatever class.
    """
    judged = {str(row["gene"]): row for row in hla_gene_loh.to_dict("records")}
    known = hla_types[hla_types["allele"].notna()]
    rows = []
    for (gene, allele), own in known.astype({"gene": str}).groupby(
        ["gene", "allele"], sort=True
    ):
        row = judged.get(str(gene))
        is_lost, chance = None, np.nan
        if row is not None:
            is_both = len(own) == int(known["gene"].eq(str(gene)).sum()) > 1
            is_lost, chance = _allele_fate(row, str(allele), params, is_both=is_both)
        rows.append({"allele": allele, "is_lost": is_lost, "probability": chance})
    return HLA_LOH.conform(pd.DataFrame(rows, columns=list(HLA_LOH.columns)))


def _allele_fate(
    row: Mapping[Hashable, Any], allele: str, params: HlaLossParams, *, is_both: bool
) -> tuple[bool | None, float]:
    """Return whether an allele is lost, and the probability of that."""
    if is_both:
        copies = row["segment_copies"]
        is_theirs = pd.isna(row["is_theirs"]) or bool(row["is_theirs"])
        if not is_theirs or (pd.notna(copies) and copies == 0):
            return None, float("nan")
        return False, params.prior_deletion
    if pd.isna(row["probability"]):
        return None, float("nan")
    is_first = allele == row["allele_1"]
    chance = float(row["lost_probability_1" if is_first else "lost_probability_2"])
    if row["call"] == "HOMDEL" or (row["call"] == "LOH" and allele == row["lost_allele"]):
        return True, chance
    return (False if chance <= 1.0 - params.min_probability else None), chance


def hla_loss(hla_gene_loh: HlaGeneLoh) -> HlaLoss:
    """Tell whether a biopsy lost an HLA allele of class I: LOH or HOMDEL of any gene.

    A doubtful loss (LOH?) makes the answer missing unless another gene has one, as does an
    imbalance without a purity, which may be a loss or a gain, and as do genes none of which
    could be judged.

    Warnings
    --------
    At low purity or depth losses go unseen: none called is not none there. The
    probabilities hold for cohorts in which losses are as frequent as the prior says.
    """
    calls = hla_gene_loh["call"].astype(str)
    judged = int(calls.isin(_JUDGED).sum())
    lost = int(calls.isin(_LOST).sum())
    is_either = calls.eq("IMBALANCE") & hla_gene_loh["purity"].isna()
    is_doubtful = bool((calls.eq("LOH?") | is_either).any())
    has_loss = None if judged == 0 or (lost == 0 and is_doubtful) else lost > 0
    is_counted = judged > 0 and not is_either.any()
    return pd.DataFrame(
        {
            "has_loss": pd.array([has_loss], dtype="boolean"),
            "genes_lost": pd.array([lost if is_counted else None], dtype="Int64"),
            "genes_judged": [judged],
        }
    )
