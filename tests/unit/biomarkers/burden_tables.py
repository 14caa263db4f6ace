"""Small tables from which burdens of neoantigens are counted."""

import pandas as pd

from storiform.model.tables.proteins import (
    MHC_ALLELES,
    MHC_BINDING,
    NEOANTIGEN_BURDEN,
    NEOANTIGENS,
    PEPTIDES,
)

A2, B7 = "HLA-A*02:01", "HLA-B*07:02"
FEATURES = [name for name, column in NEOANTIGEN_BURDEN.columns.items() if column.feature]


def peptides(*ids: str) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"variant_ids": ids, "gene": "TP53", "length": 9, "change": range(len(ids)),
         "peptide": [f"P{number}" for number in range(len(ids))]}
    )  # fmt: skip
    return PEPTIDES.conform(frame.reindex(columns=list(PEPTIDES.columns)))


def alleles(**reasons: str) -> pd.DataFrame:
    names = {"A2": A2, "B7": B7, "DR": "HLA-DRB1*15:01"}
    rows = [{"allele": names[one], "reason": reason} for one, reason in reasons.items()]
    frame = pd.DataFrame(rows, columns=["allele", "reason"])
    return MHC_ALLELES.conform(frame.reindex(columns=list(MHC_ALLELES.columns)))


def bound(*changes: dict[str, object]) -> pd.DataFrame:
    plain = {
        "variant_ids": "a", "gene": "TP53", "peptide": "P0", "allele": A2, "length": 9,
        "mhc_class": "I", "is_binder": True, "is_strong_binder": False,
        "binds_by_affinity": False, "binds_strongly_by_affinity": False, "is_demoted": False,
    }  # fmt: skip
    rows = [{**plain, "priority": n, **change} for n, change in enumerate(changes, 1)]
    frame = pd.DataFrame(rows)
    return NEOANTIGENS.conform(frame.reindex(columns=list(NEOANTIGENS.columns)))


def binding(affinity: float | None = 1.0, rank: float | None = 1.0) -> pd.DataFrame:
    row = {"peptide": "P0", "allele": A2, "affinity": affinity, "rank": rank}
    return MHC_BINDING.conform(pd.DataFrame([row | {"presentation": None}]).astype(
        {"affinity": float, "rank": float, "presentation": float}))  # fmt: skip
