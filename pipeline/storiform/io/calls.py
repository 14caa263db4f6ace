"""Calls of a biopsy from whichever file the sample sheet names: a VCF or a MAF."""

import warnings

import pandas as pd

from storiform.io.maf import read_maf
from storiform.io.names import counted
from storiform.io.units import SourceUnit
from storiform.io.vcf import read_vcf
from storiform.model.errors import DataWarning, InputError, fault


def read_calls(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `calls` of one biopsy; a VCF is taken before a MAF."""
    if "vcf" in unit.files:
        calls = read_vcf(unit.files["vcf"], unit.samples, unit.build)
        _refuse_without_consequences(unit.files["vcf"].name, calls)
        return calls
    sample = unit.samples.get("tumour_exome", "")
    names = tuple(dict.fromkeys(n for n in (sample, unit.unit, unit.patient) if n))
    return read_maf(unit.files["maf"], names, unit.build)


def _refuse_without_consequences(name: str, calls: pd.DataFrame) -> None:
    """Refuse calls of which no protein change is known: their burden would be a false 0."""
    small = calls[calls["set_aside"].fillna("") == ""]
    unknown = int((small["annotation"] == "none").sum())
    if not unknown:
        return
    if unknown == len(small):
        found = f"{counted(unknown, 'call')} without consequence"
        expected = "CSQ, ANN, BCSQ or FUNCOTATION in INFO and in the header"
        remedy = "Annotate the calls with VEP, SnpEff, bcftools csq or Funcotator."
        raise InputError(fault(name, found, expected, remedy))
    if (small["annotation"] == "BCSQ").any():
        return  # bcftools csq writes nothing outside genes
    message = f"{name}: {unknown} of {counted(len(small), 'call')} without consequence"
    warnings.warn(f"{message}; they count in no burden", DataWarning, stacklevel=2)
