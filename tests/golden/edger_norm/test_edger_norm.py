"""TMM factors and log-CPM of edgeR 3.40.0; made by deseq2_golden.R (lines 30 and 31)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.normalisation import (
    NormalisationParams,
    cpm,
    library_sizes,
    log2_cpm,
    tmm_factors,
)

HERE = Path(__file__).parent


def read(name):
    return pd.read_csv(HERE / name, sep="\t", index_col=0)


@pytest.mark.parametrize("data", ["airway", "pasilla"])
def test_tmm_factors_are_those_of_edger(data):
    counts, golden = read(f"inputs/{data}_counts.tsv.gz"), read(f"{data}_TMM.tsv")
    sizes = counts.sum().to_numpy(float)
    assert sizes.tolist() == golden["lib.size"].tolist()
    factors = tmm_factors(counts.to_numpy(float), sizes)
    # R's values are stored with twelve digits
    np.testing.assert_allclose(factors, golden["norm.factors"], rtol=5e-12)


@pytest.mark.parametrize("data", ["airway", "pasilla"])
def test_log_cpm_is_that_of_edger(data):
    counts = read(f"inputs/{data}_counts.tsv.gz")
    golden = read(f"{data}_logcpm_prior2_first2000.tsv.gz")
    sizes = counts.sum().to_numpy(float)
    effective = sizes * tmm_factors(counts.to_numpy(float), sizes)
    logs = log2_cpm(counts.to_numpy(float), effective)[: len(golden)]
    # twelve digits of values up to 17
    np.testing.assert_allclose(logs, golden.to_numpy(), rtol=0, atol=1e-10)


def test_the_steps_give_edgers_values_of_a_cohort():
    counts = read("inputs/airway_counts.tsv.gz").rename_axis("gene")
    stacked = counts.reset_index().melt("gene", var_name="biopsy", value_name="count")
    stacked["patient"] = "P" + stacked["biopsy"]
    params = NormalisationParams()
    sizes = library_sizes(stacked, params)
    golden = read("airway_TMM.tsv")
    np.testing.assert_allclose(sizes["tmm_factor"], golden["norm.factors"], rtol=5e-12)
    assert sizes["genes_detected"].tolist() == (counts > 0).sum().tolist()
    made = cpm(stacked, sizes, params)
    expected = read("airway_logcpm_prior2_first2000.tsv.gz")
    ours = made.log_cpm.set_index("gene").loc[expected.index, expected.columns]
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-10)
    per_million = counts / (golden["lib.size"] * golden["norm.factors"]) * 1e6
    ours = made.cpm.set_index("gene").loc[counts.index, counts.columns]
    np.testing.assert_allclose(ours, per_million, rtol=1e-10)
