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


def quiet_but_for(gene, ours, theirs):
    """Return two biopsies of 20 genes that differ in one."""
    values = {f"G{i}": 100.0 * i for i in range(1, 21)}
    return cohort(A={**values, gene: ours}, B={**values, gene: theirs})


def of_trims(counts, log_ratio_trim, sum_trim):
    """Return how much larger the effective size of B is than that of A."""
    params = NormalisationParams(log_ratio_trim=log_ratio_trim, sum_trim=sum_trim)
    a, b = LIBRARY_SIZES.conform(library_sizes(counts, params))["effective_size"]
    return b / a


def test_trim_of_log_ratios_takes_the_gene_that_differs():
    """Nineteen genes are the same in both: without the twentieth so are the sizes."""
    counts = quiet_but_for("G10", 250.0, 4000.0)  # of middling intensity
    assert of_trims(counts, 0.3, 0.0) == pytest.approx(1.0, rel=1e-12)
    assert of_trims(counts, 0.05, 0.0) == pytest.approx(1.0, rel=1e-12)
    assert of_trims(counts, 0.0, 0.3) > 1.05
    assert of_trims(counts, 0.049, 0.0) > 1.05, "less than one gene of twenty"


def test_trim_of_intensities_takes_the_loudest_gene():
    counts = quiet_but_for("G20", 10_000.0, 40_000.0)
    assert of_trims(counts, 0.0, 0.05) == pytest.approx(1.0, rel=1e-12)
    assert of_trims(counts, 0.0, 0.049) > 1.05
    assert of_trims(counts, 0.0, 0.0) > 1.05


@pytest.mark.parametrize("prior", [2.0, 0.5, 10.0])
def test_prior_count_is_added_to_each_gene_and_twice_to_the_library(prior):
    counts, params = cohort(A={"G1": 3, "G2": 1}), NormalisationParams(prior_count=prior)
    made = cpm(counts, LIBRARY_SIZES.conform(library_sizes(counts, params)), params)
    expected = [np.log2((count + prior) / (4 + 2 * prior) * 1e6) for count in (3, 1)]
    assert made.log_cpm["A"].tolist() == pytest.approx(expected, rel=1e-12)
    assert made.cpm["A"].tolist() == pytest.approx([750_000, 250_000], rel=1e-12)


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


def test_a_library_without_fragments_is_left_out_and_moves_no_other():
    rng = np.random.default_rng(1)
    values = {
        name: {f"G{i}": float(n) for i, n in enumerate(rng.integers(5, 900, size=200))}
        for name in "ABC"
    }
    without = LIBRARY_SIZES.conform(library_sizes(cohort(**values), PARAMS))
    counts = cohort(**values, Z=dict.fromkeys(values["A"], 0.0))
    with pytest.warns(DataWarning, match="no fragment is counted in Z"):
        sizes = LIBRARY_SIZES.conform(library_sizes(counts, PARAMS))
    assert sizes["tmm_factor"].tolist()[:3] == without["tmm_factor"].tolist()
    assert np.isnan(sizes["tmm_factor"].tolist()[3])
    assert [*CPM.conform(cpm(counts, sizes, PARAMS).cpm)] == ["gene", "A", "B", "C"]
