"""ssGSEA of GSVA 1.46.0 on 36 synovial sarcomas; made by ssgsea_mcp_golden.R.

The expression matrix may not be committed: it lies beside the folder of real data.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.kernels.enrichment import enrichment_scores, normalised_scores

HERE = Path(__file__).parent
MATRIX = "treehouse_ss36_log2tpm1.tsv.gz"


@pytest.fixture(scope="module")
def expression(golden_inputs):
    return pd.read_csv(golden_inputs / MATRIX, sep="\t", index_col=0)


def golden(name):
    return pd.read_csv(HERE / name, sep="\t", index_col=0)


def score(expression, names, mode):
    at = {gene: row for row, gene in enumerate(expression.index)}
    lines = (line.split("\t") for line in (HERE / "signatures.gmt").read_text().splitlines())
    members = {cells[0]: [at[gene] for gene in cells[2:] if gene in at] for cells in lines}
    sets = [np.array(members[name]) for name in names]
    return enrichment_scores(expression.to_numpy(float), sets, mode=mode)


def test_raw_scores_are_those_of_gsva(expression):
    expected = golden("gsva_ssgsea_raw.tsv")
    ours = score(expression[expected.columns], expected.index, "gsva")
    # R's values are stored with twelve digits
    np.testing.assert_allclose(ours, expected.to_numpy(), rtol=5.1e-12)


@pytest.mark.parametrize(
    "name",
    [
        "gsva_ssgsea_norm.tsv",
        "gsva_ssgsea_norm_minsz5.tsv",
        "gsva_ssgsea_norm_first5samples.tsv",
    ],
)
def test_normalised_scores_are_those_of_gsva(expression, name):
    expected = golden(name)
    ours = score(expression[expected.columns], expected.index, "gsva")
    # twelve digits of values up to 1
    np.testing.assert_allclose(normalised_scores(ours), expected.to_numpy(), atol=1e-12, rtol=0)


def test_midrank_correlates_with_gsva_in_every_set(expression):
    expected = golden("gsva_ssgsea_raw.tsv")
    ours = score(expression[expected.columns], expected.index, "midrank")
    pairs = zip(ours, expected.to_numpy(), strict=True)
    correlations = [np.corrcoef(mine, theirs)[0, 1] for mine, theirs in pairs]
    assert np.median(correlations) == pytest.approx(0.99994, abs=5e-6)
    assert min(correlations) == pytest.approx(0.989, abs=5e-4)


def test_gsva_mode_depends_on_the_order_of_rows_and_midrank_does_not(expression):
    names = golden("gsva_ssgsea_raw.tsv").index
    turned = expression.iloc[::-1]
    apart = [
        np.abs(score(expression, names, mode) - score(turned, names, mode)).max()
        for mode in ("gsva", "midrank")
    ]
    assert apart[0] > 100
    assert apart[1] < 1e-8


def test_stored_normalised_scores_are_the_stored_raw_scores_over_their_range():
    ours = normalised_scores(golden("gsva_ssgsea_raw.tsv").to_numpy())
    expected = golden("gsva_ssgsea_norm.tsv").to_numpy()
    np.testing.assert_allclose(ours, expected, atol=1e-11, rtol=0)
