"""Calls for the tests of the rooms that read them."""

from collections.abc import Callable

import pandas as pd
import pytest

from storiform.biomarkers.variants import VariantParams, variants
from storiform.model.tables.dna import CALLS, VARIANTS

GOOD = {
    "record": 0, "allele": 0, "contig": "chr1", "start": 99, "end": 100, "ref": "G",
    "alt": "C", "filter": "PASS", "set_aside": "", "gene": "TP53", "gene_id": "G1",
    "transcript": "T1", "consequence": "missense_variant", "hgvsc": "c.1G>C",
    "hgvsp": "p.Arg1Pro", "annotation": "CSQ", "tumour_depth": 100, "tumour_ref_reads": 60,
    "tumour_alt_reads": 40, "tumour_alt_f1r2": 20, "tumour_alt_f2r1": 20,
    "normal_depth": 50, "normal_ref_reads": 50, "normal_alt_reads": 0, "rna_depth": None,
    "rna_alt_reads": None, "population_af": None, "in_panel_of_normals": False,
}  # fmt: skip

Maker = Callable[..., pd.DataFrame]


@pytest.fixture
def make_calls() -> Maker:
    """Return a maker of calls that pass every filter, each with some cells changed."""

    def make(*changes: dict[str, object]) -> pd.DataFrame:
        rows = [
            {**GOOD, "record": i, "start": 99 + 10 * i, "end": 100 + 10 * i, **change}
            for i, change in enumerate(changes)
        ]
        return CALLS.conform(pd.DataFrame(rows, columns=list(CALLS.columns)))

    return make


@pytest.fixture
def make_variants(make_calls: Maker) -> Maker:
    """Return a maker of the table `variants` from such calls."""

    def make(*changes: dict[str, object]) -> pd.DataFrame:
        return VARIANTS.conform(variants(make_calls(*changes), None, VariantParams()))

    return make
