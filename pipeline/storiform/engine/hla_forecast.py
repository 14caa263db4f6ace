"""What will become of the HLA alleles of a biopsy, told before anything is predicted."""

import warnings
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from storiform.biomarkers.mhc_binding import MhcBindingParams, mhc_binding
from storiform.io.names import listed
from storiform.model.errors import DataWarning
from storiform.model.hla import CLASS_I
from storiform.model.mhc import Predictor
from storiform.model.tables.proteins import PEPTIDES

_CLASS_II = ("DR", "DQ", "DP")
_WHICH = "the predictor"
_SHOWN = 12


class Forecast(NamedTuple):
    """A sentence for each allele that is left out; those of class II, which many have."""

    told: list[str]
    class_ii: tuple[str, ...] = ()


def forecast_alleles(
    hla_types: pd.DataFrame, model: Predictor, params: MhcBindingParams
) -> Forecast:
    """Tell which alleles of a biopsy nothing will be predicted for, and why.

    The step that predicts is asked, without peptides. Of the alleles of class I that the
    predictor does not know, and of a biopsy without any that it can use, is warned.

    Parameters
    ----------
    hla_types
        Alleles of one biopsy.
    model, params
        What the step will be given.

    Returns
    -------
    Forecast
        What is told of each other allele that will be left out; those of class II that the
        predictor does not know are told of all biopsies together, by `class_ii_left_out`.
    """
    alleles = mhc_binding(PEPTIDES.empty(), hla_types, model, params).alleles
    used = alleles[alleles["reason"] == ""]
    has_class_i = used["allele"].map(_gene).isin(CLASS_I).any()
    is_warned = alleles["allele"].map(_gene).isin(CLASS_I) & (alleles["support"] == "none")
    if len(hla_types) and not has_class_i and not is_warned.any():
        message = "no HLA allele of class I that is usable: there is no burden of neoantigens"
        warnings.warn(message, DataWarning, stacklevel=2)
    rest = alleles[(alleles["reason"] != "") & ~is_warned]
    of_class_ii = rest["allele"].map(_gene).str.startswith(_CLASS_II)
    named = rest[~(of_class_ii & (rest["support"] == "none"))]
    told = [
        f"{allele}: {reason.replace(_WHICH, f'{_WHICH} {predictor}')}: no peptide is predicted "
        "for it"
        for allele, reason, predictor in zip(
            named["allele"], named["reason"], named["predictor"], strict=True
        )
    ]
    return Forecast(told, tuple(rest["allele"][of_class_ii & (rest["support"] == "none")]))


def class_ii_left_out(alleles: Iterable[str], model: Predictor) -> str:
    """Tell in one sentence of the alleles of class II that a predictor does not know."""
    return (
        f"HLA alleles of class II that {_WHICH} {model.name} {model.version} does not know: "
        f"{listed(sorted(set(alleles)), _SHOWN)}: no peptide is predicted for them, and the "
        "burden counts class I"
    )


def _gene(allele: object) -> str:
    return str(allele).removeprefix("HLA-").partition("*")[0]
