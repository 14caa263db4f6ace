"""Calls of a biopsy from whichever file the sample sheet names: a VCF or a MAF."""

import pandas as pd

from storiform.io.maf import read_maf
from storiform.io.units import SourceUnit
from storiform.io.vcf import read_vcf


def read_calls(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `calls` of one biopsy; a VCF is taken before a MAF.

    Calls without consequence are read too: gene annotation and genome may tell of them.
    """
    if "vcf" in unit.files:
        return read_vcf(unit.files["vcf"], unit.samples, unit.build)
    sample = unit.samples.get("tumour_exome", "")
    names = tuple(dict.fromkeys(n for n in (sample, unit.unit, unit.patient) if n))
    return read_maf(unit.files["maf"], names, unit.build)
