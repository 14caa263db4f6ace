"""How mutant peptides and their counterparts bind to the HLA molecules of the patient."""

import warnings
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.hla import CLASS_I
from storiform.model.mhc import CountedPredictor, MhcModel, Predictor
from storiform.model.params import Params
from storiform.model.step import costs
from storiform.model.tables.proteins import (
    MHC_ALLELES,
    MHC_BINDING,
    HlaTypes,
    MhcAlleles,
    MhcBinding,
    Peptides,
)

_STRANGER = "unknown to the predictor"
_SUPPORTS = ("none", "weak", "moderate", "good", "unknown")
"""From least to most known; an outside program that does not tell is taken at its word."""


class MhcBindingParams(Params):
    """For which alleles binding is predicted."""

    min_support: Literal["weak", "moderate", "good"] = Field(
        "weak",
        description="how well the predictor must know an allele: good, at least 1,000 "
        "peptides of which 100 measured; moderate, 200 peptides; weak, any that it predicts",
    )


class MhcBindingTables(NamedTuple):
    """What the step makes."""

    binding: MhcBinding
    alleles: MhcAlleles


@costs(cores=2)
def mhc_binding(
    peptides: Peptides, hla_types: HlaTypes, model: MhcModel, params: MhcBindingParams
) -> MhcBindingTables:
    """Predict how peptides and their counterparts bind to each allele of the patient.

    Peptides of class I are asked of alleles of HLA-A, B and C, those of class II of alleles
    of HLA-DR, DQ and DP. An allele that the predictor does not know is left out with a
    reason; no relative takes its place. Those of class I are named in a warning, since the
    burden of neoantigens counts what class I binds.

    Parameters
    ----------
    peptides
        Mutant peptides and, where there are any, their counterparts in the germline protein.
    hla_types
        Alleles of the patient; those without two fields are passed over.
    model
        Our own predictor or an outside one.
    params
        How well an allele must be known.

    Returns
    -------
    MhcBindingTables
        `binding`: IC50 (nM), percentile rank (%) and presentation (0 to 1), missing where the
        predictor gives none; `alleles`: one row per allele.

    References
    ----------
    Nielsen et al., PLoS ONE 2, e796 (2007), doi:10.1371/journal.pone.0000796.
    O'Donnell et al., Cell Systems 11, 42-48 (2020), doi:10.1016/j.cels.2020.06.010.
    """
    names = sorted(set(hla_types["allele"].dropna()))
    alleles = pd.DataFrame(
        [_known(name, model, params) for name in names], columns=list(MHC_ALLELES.columns)
    )
    told = set(alleles.loc[alleles["reason"] == "", "allele"])
    _warn(alleles)
    parts = []
    for mhc_class in ("I", "II"):
        mine = [name for name in names if name in told and _class(name) == mhc_class]
        of_class = peptides["mhc_class"].str.split(";").map(set(mhc_class.split()).issubset)
        asked = peptides[of_class.astype(bool)]
        both = pd.concat([asked["peptide"], asked["wild_type_peptide"]])
        distinct = sorted(set(both.dropna()))
        if mine and distinct:
            parts.append(_predicted(distinct, mine, model))
    binding = pd.concat(parts, ignore_index=True) if parts else MHC_BINDING.empty()
    return MhcBindingTables(MHC_BINDING.conform(binding), MHC_ALLELES.conform(alleles))


def _class(allele: str) -> str:
    """Return the class of an allele, I or II; empty for genes that are not classical."""
    gene = allele.removeprefix("HLA-").partition("*")[0]
    if gene in CLASS_I:
        return "I"
    return "II" if gene.startswith(("DR", "DQ", "DP")) else ""


def _known(allele: str, model: Predictor, params: MhcBindingParams) -> dict[str, object]:
    """Say what the predictor knows of an allele, and why it is left out."""
    support = model.support(allele)
    affinities: int | None = None
    ligands: int | None = None
    if isinstance(model, CountedPredictor):
        affinities, ligands = model.learnt_from(allele)
    reason = ""
    if not _class(allele):
        reason = "no classical gene of HLA"
    elif support == "none":
        reason = _STRANGER
    elif _SUPPORTS.index(support) < _SUPPORTS.index(params.min_support):
        reason = f"support of the predictor is {support}"
    return {
        "allele": allele,
        "predictor": f"{model.name} {model.version}".strip(),
        "support": support,
        "affinities": affinities,
        "ligands": ligands,
        "reason": reason,
    }


def _warn(alleles: pd.DataFrame) -> None:
    """Name the alleles of class I that the predictor does not know."""
    reasons = dict(zip(alleles["allele"], alleles["reason"], strict=True))
    own = {str(name): why for name, why in reasons.items() if _class(str(name)) == "I"}
    strangers = sorted(name for name, why in own.items() if why == _STRANGER)
    if not strangers:
        return
    verb = "is" if len(strangers) == 1 else "are"
    is_any_left = "" in own.values()
    follows = "the burden is a lower bound" if is_any_left else "there is no burden"
    message = f"{', '.join(strangers)} {verb} {_STRANGER}: {follows}"
    warnings.warn(message, DataWarning, stacklevel=3)


def _predicted(peptides: list[str], alleles: list[str], model: Predictor) -> pd.DataFrame:
    affinity, rank, presentation = model.predict(peptides, alleles)
    return pd.DataFrame(
        {
            "peptide": np.tile(np.array(peptides, dtype=object), len(alleles)),
            "allele": np.repeat(np.array(alleles, dtype=object), len(peptides)),
            "affinity": affinity.ravel(),
            "rank": rank.ravel(),
            "presentation": presentation.ravel(),
        }
    )
