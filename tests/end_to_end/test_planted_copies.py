"""A few simulated exomes through the steps of copy number, held to what was planted.

The bench `tests/benchmarks/validate_copy_number.py` does the same with hundreds; these are
kits with a quarter of the genes, so that they take seconds.
"""

from dataclasses import replace

import pandas as pd
import pytest
from _copy_cases import call, draw, exome_cases, gene_cases
from _copy_scores import score_exome, score_genes

SEED = 90
SCALE = 0.25


@pytest.fixture(scope="module")
def exomes():
    """Return scores of eight exomes, two of each kind, a quarter of them fixed."""
    rows = []
    for case in exome_cases(8, SEED):
        small = replace(case, scale=SCALE)
        made = draw(small)
        rows.append(score_exome(small, made, call(made)))
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def genes():
    """Return the calls of genes in twenty exomes."""
    parts = []
    for case in gene_cases(20, SEED, SCALE):
        made = draw(case)
        parts.append(score_genes(case, made, call(made)))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.slow
def test_purity_ploidy_and_copies_are_found(exomes):
    assert exomes["purity_right"].sum() >= 7
    assert exomes["ploidy_right"].sum() >= 7
    assert exomes["is_ambiguous"].sum() <= 2
    assert exomes.loc[exomes["is_ambiguous"], "truth_among"].all()
    assert exomes["sex_right"].all()
    assert exomes["genome_right"].mean() >= 0.9
    assert exomes["altered_right"].mean() >= 0.75


@pytest.mark.slow
def test_amplified_and_deleted_genes_are_told_from_their_neighbours(genes):
    wide = genes[genes["gene"] == "CDK4"]
    is_amplified = (wide["amplicon"] == "both") & (wide["purity"] >= 0.2)
    said = wide["coamplified"].astype(bool)
    assert is_amplified.sum() >= 6
    assert said[is_amplified].all()
    assert not said[wide["amplicon"] != "both"].any()
    lost = genes[genes["gene"] == "CDKN2A"]
    is_lost = (lost["truth"] == "HOMDEL") & (lost["purity"] >= 0.3)
    assert is_lost.sum() >= 5
    assert (lost["call"] == "HOMDEL")[is_lost].sum() >= is_lost.sum() - 1
    assert not (lost["call"] == "HOMDEL")[lost["truth"] != "HOMDEL"].any()
