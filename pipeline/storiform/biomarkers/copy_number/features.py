"""Genes' states as features of a biopsy, and copies that speak against the diagnosis."""

import warnings
from collections.abc import Mapping
from typing import Final, Literal

import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.histology import histology_kind
from storiform.model.params import Params
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.copy_calls import (
    CopyNumberDiscordances,
    CopyNumberGenes,
    GeneCopyStates,
)

State = Literal["amp", "gain", "any_loss", "homdel", "loh"]

_CALLS: Final[Mapping[str, frozenset[str]]] = {
    "amp": frozenset({"AMP", "HIGH_AMP"}),
    "gain": frozenset({"GAIN", "AMP", "HIGH_AMP"}),
    "any_loss": frozenset({"HETLOSS", "HOMDEL"}),
    "homdel": frozenset({"HOMDEL"}),
}
_GENES: Final = (
    "CDK4", "MDM2", "HMGA2", "FRS2", "CDKN2A", "CDKN2B", "MTAP", "TP53", "RB1", "PTEN", "NF1",
    "ATRX", "MYC", "MYOCD", "JUN", "MAP3K5", "KIT", "PDGFRA", "TERT", "CCND1", "CCNE1", "VGLL3",
    "YAP1",
)  # fmt: skip
_PAIR: Final = ("CDK4", "MDM2")
_SUGGESTS: Final = (
    "dedifferentiated or well-differentiated liposarcoma; differential: intimal sarcoma, "
    "parosteal osteosarcoma. For review by a pathologist, no diagnosis."
)


class CopyNumberFeaturesParams(Params):
    """Which genes and states become features."""

    genes: tuple[str, ...] = Field(
        _GENES,
        description="genes of which each state is a feature; the default is what recurs in "
        "soft-tissue sarcomas",
    )
    states: tuple[State, ...] = Field(
        ("amp", "homdel", "any_loss"),
        description="amp, gain (amplified ones too), homdel, any_loss (homdel or hetloss), loh "
        "(no minor allele)",
    )


def gene_copy_states(
    copy_number_genes: CopyNumberGenes, params: CopyNumberFeaturesParams
) -> GeneCopyStates:
    """Flag for each gene and state whether a biopsy is in it; missing where it is unknown.

    `any_loss` joins heterozygous and homozygous deletion, as the association of CDKN2A with
    response was found; `homdel` stands beside it, for the two need not agree.
    """
    calls = copy_number_genes.drop_duplicates("gene").set_index("gene")
    flags = {
        f"{gene}_{state}": _is_in(calls, gene, state)
        for gene in params.genes
        for state in params.states
    }
    both = [_is_in(calls, gene, "amp") for gene in _PAIR]
    coamplified = pd.NA if any(flag is pd.NA for flag in both) else all(both)
    values = {"cdk4_mdm2_coamplified": coamplified, **flags}
    return pd.DataFrame(values, index=[0]).astype("boolean")


def _is_in(calls: pd.DataFrame, gene: str, state: str) -> object:
    if gene not in calls.index:
        return pd.NA
    row = calls.loc[[gene]].iloc[0]
    call, minor = str(row["call"]), row["minor"]
    if call == "UNKNOWN":
        return pd.NA
    if state == "loh":
        return pd.NA if pd.isna(minor) and call != "HOMDEL" else call == "HOMDEL" or minor == 0
    return call in _CALLS[state]


def copy_number_discordances(
    copy_number_genes: CopyNumberGenes, gene_copy_states: GeneCopyStates, clinic: Clinic
) -> CopyNumberDiscordances:
    """List biopsies with CDK4 and MDM2 amplified whose stated histology does not explain it.

    Only a soft-tissue sarcoma other than liposarcoma is listed: co-amplification is the mark
    of de- and well-differentiated liposarcoma, and occurs in other cancers (melanoma,
    glioblastoma), of whose diagnosis it says nothing.

    References
    ----------
    Binh et al., Am. J. Surg. Pathol. 29, 1340 (2005), doi:10.1097/01.pas.0000170343.09562.39.
    """
    stated = clinic.set_index("patient")["histology"]
    flagged = gene_copy_states[gene_copy_states["cdk4_mdm2_coamplified"].fillna(value=False)]
    rows = []
    for patient, biopsy in zip(flagged["patient"], flagged["biopsy"], strict=True):
        histology = stated.get(patient)
        if histology_kind(histology) != "soft_tissue_sarcoma":
            continue
        own = copy_number_genes[copy_number_genes["biopsy"] == biopsy].set_index("gene")
        finding = " and ".join(_told(own, gene) for gene in _PAIR) + " amplified"
        message = f"{biopsy}, stated as {histology}: {finding}. Review: {_SUGGESTS}"
        warnings.warn(message, DataWarning, stacklevel=2)
        rows.append(
            {
                "patient": patient,
                "biopsy": biopsy,
                "histology": histology,
                "finding": finding,
                "suggests": _SUGGESTS,
            }
        )
    return pd.DataFrame(rows, columns=["patient", "biopsy", "histology", "finding", "suggests"])


def _told(own: pd.DataFrame, gene: str) -> str:
    row = own.loc[[gene]].iloc[0]
    counted = f"{int(row['total'])} copies" if pd.notna(row["total"]) else "copies unknown"
    return f"{gene} ({counted}, log2 {float(row['log2']):+.2f})"
