"""Calls of a biopsy from whichever file the sample sheet names: a VCF or a MAF."""

import warnings

import pandas as pd

from storiform.io.maf import read_maf
from storiform.io.units import SourceUnit
from storiform.io.vcf import read_vcf
from storiform.model.errors import DataWarning


def read_calls(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `calls` of one biopsy; a VCF is taken before a MAF.

    Calls without consequence are read too: gene annotation and genome may tell of them. A
    file without any is told as doubtful: a caller that failed may have left it.
    """
    calls = _read(unit)
    if calls.empty:
        name = unit.files["vcf" if "vcf" in unit.files else "maf"].name
        message = f"{name}: no calls: the biopsy counts as one without mutations"
        warnings.warn(message, DataWarning, stacklevel=2)
    return calls


def _read(unit: SourceUnit) -> pd.DataFrame:
    if "vcf" in unit.files:
        path, by_name = unit.files["vcf"], "vcf" in unit.shared
        samples, known = unit.samples, unit.names
        return read_vcf(path, samples, unit.build, by_name=by_name, known=known)
    path, by_name = unit.files["maf"], "maf" in unit.shared
    return read_maf(path, unit.names, unit.build, by_name=by_name)
