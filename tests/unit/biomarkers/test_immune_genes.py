"""Checkpoint genes and immunoglobulins of one biopsy."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.immune_genes import checkpoints, immunoglobulins
from storiform.io.genes import read_gene_names
from storiform.io.resources import bundled
from storiform.model.tables.immune import (
    CHECKPOINT_GENES,
    CHECKPOINTS,
    IMMUNOGLOBULINS,
    ISOTYPES,
    KAPPA,
    LAMBDA,
)

HEAVY = {
    "IGHA1": 30.0, "IGHA2": 10, "IGHD": 0, "IGHE": 0, "IGHG1": 90, "IGHG2": 20, "IGHG3": 25,
    "IGHG4": 5, "IGHM": 20,
}  # fmt: skip
LIGHT = {"IGKC": 300.0, "IGLC1": 10, "IGLC2": 150, "IGLC3": 40, "IGLC6": 0, "IGLC7": 0}


def table(values):
    frame = pd.DataFrame({"gene": list(values), "tpm": np.array(list(values.values()), float)})
    return frame.assign(log2_tpm=np.log2(frame["tpm"] + 1))


def shares(values):
    return IMMUNOGLOBULINS.conform(immunoglobulins(table(values))).iloc[0]


def test_every_gene_bears_its_current_symbol():
    names = read_gene_names(bundled("reference/genome/gene_identifiers.tsv.gz"))
    genes = [*CHECKPOINT_GENES, *(g for own in ISOTYPES.values() for g in own), *KAPPA, *LAMBDA]
    assert names.symbols(genes) == genes


def test_checkpoints_are_logarithms_of_tpm_and_missing_ones_stay_missing():
    row = CHECKPOINTS.conform(
        checkpoints(table({"PDCD1": 7.0, "CD274": 0.0, "ACTB": 900}))
    ).iloc[0]
    assert (row["PDCD1"], row["CD274"]) == (3.0, 0.0)
    assert row.drop(["PDCD1", "CD274"]).isna().all()
    frame = CHECKPOINTS.conform(checkpoints(table({"PDCD1": 7.0})))
    assert CHECKPOINTS.features(frame) == list(CHECKPOINT_GENES)


def test_shares_are_of_all_heavy_and_of_all_light_chains():
    row = shares(HEAVY | LIGHT)
    assert row["igha_share"] == pytest.approx(40 / 200)
    assert row["ighg_share"] == pytest.approx(140 / 200)
    assert row["ighm_share"] == pytest.approx(20 / 200)
    assert row["ighd_share"] == row["ighe_share"] == 0
    assert row["kappa_share"] == pytest.approx(300 / 500)
    assert row["heavy_log2_tpm"] == pytest.approx(np.log2(201))
    assert row["light_log2_tpm"] == pytest.approx(np.log2(501))
    assert row["missing"] == ""


def test_an_isotype_that_was_not_measured_leaves_no_share_but_says_so():
    known = {gene: value for gene, value in (HEAVY | LIGHT).items() if gene != "IGHM"}
    row = shares(known)
    heavy = [f"{name}_share" for name in ISOTYPES]
    assert row[[*heavy, "heavy_log2_tpm"]].isna().all()
    assert row["kappa_share"] == pytest.approx(0.6)
    assert row["missing"] == "IGHM"
    rare = {gene: value for gene, value in (HEAVY | LIGHT).items() if gene != "IGHE"}
    row = shares(rare)
    assert row["igha_share"] == pytest.approx(0.2)
    assert np.isnan(row["ighe_share"])
    assert np.isnan(shares({"IGKC": 5.0})["kappa_share"])


def test_a_biopsy_without_b_cells_has_no_shares():
    row = shares(dict.fromkeys(HEAVY | LIGHT, 0.0))
    assert row[["igha_share", "kappa_share"]].isna().all()
    assert row["heavy_log2_tpm"] == 0
