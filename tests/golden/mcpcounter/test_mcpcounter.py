"""MCP-counter 1.2.0 on sarcomas; made by ssgsea_mcp_golden.R.

The expression matrices may not be committed: they lie beside the folder of real data.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.microenvironment import MicroenvironmentParams, mcp_counter
from storiform.io.genes import read_gene_names, read_mcp_markers
from storiform.io.resources import bundled
from storiform.model.tables.rna import POPULATIONS

HERE = Path(__file__).parent
MARKERS = read_mcp_markers(bundled("reference/signatures/mcp_counter.tsv"))
NAMES = read_gene_names(bundled("reference/genome/gene_identifiers.tsv.gz"))


class NoNames:
    """Knows no gene: symbols are compared as they are written, as R does."""

    def symbols(self, ids):
        """Return no symbol."""
        return ["" for _ in ids]


@pytest.fixture(scope="module")
def inputs(golden_inputs):
    return golden_inputs


def scores(logs, names, mcp_symbols):
    genes = [new or old for new, old in zip(names.symbols(logs.index), logs.index, strict=True)]
    params = MicroenvironmentParams(mcp_symbols=mcp_symbols)
    rows = []
    for sample in logs.columns:
        tpm = pd.DataFrame({"gene": genes, "log2_tpm": logs[sample].to_numpy(float)})
        rows.append(mcp_counter(tpm, MARKERS, names, params).assign(sample=sample))
    return pd.concat(rows).set_index("sample").T


def agree(ours, name):
    golden = pd.read_csv(HERE / name, sep="\t", index_col=0).rename(index=POPULATIONS)
    assert golden.shape == ours.shape
    ours = ours.loc[golden.index, golden.columns]
    # R's values are stored with twelve digits
    np.testing.assert_allclose(ours.to_numpy(float), golden.to_numpy(), rtol=5.1e-12)


def test_published_symbols_give_rs_scores_of_tcga_sarc(inputs):
    logs = pd.read_csv(inputs / "tcga_sarc_213_mcp_markers_log2.csv", index_col=0)
    agree(scores(logs, NoNames(), "as_published"), "tcga_sarc213_mcpcounter_asis_symbols.tsv")


def test_repaired_symbols_give_rs_scores_of_tcga_sarc_with_its_old_names(inputs):
    logs = pd.read_csv(inputs / "tcga_sarc_213_mcp_markers_log2.csv", index_col=0)
    agree(scores(logs, NAMES, "repaired"), "tcga_sarc213_mcpcounter_aliasfixed.tsv")


def test_published_symbols_give_rs_scores_of_synovial_sarcomas(inputs):
    logs = pd.read_csv(inputs / "treehouse_ss36_log2tpm1.tsv.gz", sep="\t", index_col=0)
    agree(scores(logs, NoNames(), "as_published"), "ss36_mcpcounter_asis_symbols.tsv")


def test_repair_moves_the_endothelial_score_by_a_quarter(inputs):
    logs = pd.read_csv(inputs / "tcga_sarc_213_mcp_markers_log2.csv", index_col=0)
    before, after = scores(logs, NoNames(), "as_published"), scores(logs, NAMES, "repaired")
    moved = (after - before).abs().max(axis=1)
    assert moved["endothelial_cells"] == pytest.approx(0.256, abs=5e-4)
    assert moved.drop("endothelial_cells").max() == 0
