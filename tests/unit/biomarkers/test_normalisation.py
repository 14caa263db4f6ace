"""Library sizes and CPM where no peer's value is needed."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.normalisation import (
    NormalisationParams,
    cpm,
    library_sizes,
    tmm_factors,
)
from storiform.model.errors import DataWarning, InputError
from storiform.model.tables.rna import CPM, LIBRARY_SIZES, LOG_CPM

PARAMS = NormalisationParams()


def cohort(**columns):
    frames = [
        pd.DataFrame(
            {
                "patient": f"P{name}",
                "biopsy": name,
                "gene": list(values),
                "count": values.values(),
            }
        )
        for name, values in columns.items()
    ]
    return pd.concat(frames, ignore_index=True).astype({"count": float})


def test_a_library_twice_as_deep_has_the_same_factor():
    values = {f"G{i}": float(i + 1) for i in range(50)}
    counts = cohort(A=values, B={gene: 2 * value for gene, value in values.items()})
    sizes = LIBRARY_SIZES.conform(library_sizes(counts, PARAMS))
    assert sizes["tmm_factor"].tolist() == [1.0, 1.0]
    assert sizes["library_size"].tolist() == [1275.0, 2550.0]
    made = cpm(counts, sizes, PARAMS)
    wide = CPM.conform(made.cpm).set_index("gene")
    assert wide.sum().tolist() == pytest.approx([1e6, 1e6])
    assert (wide["A"] - wide["B"]).abs().max() < 1e-9
    # the prior is in proportion to the library: logarithms agree too
    logs = LOG_CPM.conform(made.log_cpm).set_index("gene")
    assert (logs["A"] - logs["B"]).abs().max() < 1e-12


def test_one_loud_gene_does_not_move_the_others():
    rng = np.random.default_rng(0)
    quiet = rng.integers(50, 500, size=300).astype(float)
    loud = quiet.copy()
    loud[7] = 1e6
    counts = np.column_stack([quiet, loud])
    sizes = counts.sum(axis=0)
    effective = sizes * tmm_factors(counts, sizes)
    shares = counts / effective
    assert shares[8, 0] / shares[8, 1] == pytest.approx(1.0, rel=1e-3)


def test_a_cohort_of_one_has_factor_one():
    sizes = library_sizes(cohort(A={"G1": 5, "G2": 0}), PARAMS)
    assert sizes["tmm_factor"].tolist() == [1.0]
    assert sizes["genes_detected"].tolist() == [1]


def test_genes_that_a_biopsy_lacks_are_left_out_of_tmm_and_told():
    counts = cohort(A={"G1": 5, "G2": 3, "G3": 8}, B={"G1": 4, "G2": 9})
    with pytest.warns(DataWarning, match="1 of 3 genes"):
        sizes = library_sizes(counts, PARAMS)
    assert sizes["library_size"].tolist() == [16.0, 13.0]
    apart = cohort(A={"G1": 5}, B={"G2": 9})
    with pytest.raises(InputError, match="genes that all biopsies share"):
        library_sizes(apart, PARAMS)
