"""Enrichment scores computed by hand, and those of gseapy."""

import numpy as np
import pandas as pd
import pytest

from storiform.kernels.enrichment import enrichment_scores, normalised_scores


def test_scores_of_four_genes_by_hand():
    matrix = np.array([[4.0], [3.0], [2.0], [1.0]])
    top, bottom = enrichment_scores(matrix, [np.array([0]), np.array([3])], alpha=1.0)[:, 0]
    # the top gene: 1 - 0, 1 - 1/3, 1 - 2/3, 1 - 1; the bottom one: -1/3, -2/3, -1, 0
    assert top == pytest.approx(2.0)
    assert bottom == pytest.approx(-2.0)


def test_weights_are_the_fourth_root_of_the_rank():
    matrix = np.array([[16.0], [1.0], [8.0]])
    score = enrichment_scores(matrix, [np.array([0, 1])])[0, 0]
    first, last = 3**0.25, 1.0
    expected = first / (first + last) + (first / (first + last) - 1) + 0.0
    assert score == pytest.approx(expected, rel=1e-12)


def test_tied_genes_share_rank_and_position_by_default_only():
    matrix = np.array([[0.0], [0.0], [5.0]])
    sets = [np.array([0]), np.array([1])]
    # ranks 1.5, 1.5, 3: d - (6 - d) / 2 with d = 1.5
    assert enrichment_scores(matrix, sets)[:, 0].tolist() == [-0.75, -0.75]
    assert enrichment_scores(matrix, sets, mode="gsva")[:, 0].tolist() == [0.0, -1.5]
    assert enrichment_scores(matrix, sets, mode="gseapy")[:, 0].tolist() == [-1.5, 0.0]


def test_a_set_without_genes_or_with_all_of_them_has_no_score():
    matrix = np.arange(6.0).reshape(3, 2)
    sets = [np.array([], dtype=np.intp), np.array([0, 1, 2]), np.array([1])]
    scores = enrichment_scores(matrix, sets)
    assert np.isnan(scores).all(axis=1).tolist() == [True, True, False]
    assert np.isnan(enrichment_scores(matrix, sets[:1])).all()


def test_normalised_scores_span_one():
    scores = normalised_scores(np.array([[3.0, -1.0], [np.nan, 7.0]]))
    assert scores[0].tolist() == [0.375, -0.125]
    assert scores[1, 1] == 0.875


def test_gseapy_mode_gives_the_raw_scores_of_gseapy():
    gseapy = pytest.importorskip("gseapy")
    rng = np.random.default_rng(1)
    genes = [f"G{i}" for i in range(400)]
    values = np.round(np.maximum(rng.normal(2, 2, size=(400, 6)), 0), 1)  # many ties
    matrix = pd.DataFrame(values, index=genes, columns=list("abcdef"))
    sets = {f"S{k}": list(rng.choice(genes, size=k, replace=False)) for k in (1, 5, 20, 60)}
    result = gseapy.ssgsea(
        data=matrix, gene_sets=sets, outdir=None, sample_norm_method="rank", min_size=1,
        max_size=500, threads=1, no_plot=True, weight=0.25,
    )  # fmt: skip
    theirs = result.res2d.pivot_table(
        index="Term", columns="Name", values="ES", aggfunc="first"
    )
    rows = [np.array([genes.index(gene) for gene in members]) for members in sets.values()]
    ours = enrichment_scores(values, rows, mode="gseapy")
    expected = theirs.loc[list(sets), list(matrix.columns)].to_numpy(float)
    # both sum 400 doubles in another order
    np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-9)
