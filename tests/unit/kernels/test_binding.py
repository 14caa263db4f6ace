"""Kernels of the class I model against plain numpy."""

import numpy as np
import pytest

from storiform.kernels.binding import (
    NO_FEATURE,
    number_features,
    rank_scores,
    read_logits,
    score_network,
)


@pytest.fixture
def network():
    """Weights of a small network: 3 features a peptide of 30, 2 alleles."""
    rng = np.random.default_rng(3)
    shapes = {"table": (30, 13), "vectors": (2, 13), "dense": (14, 5), "last": (2, 6)}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def naive(network, rows):
    out = np.zeros((len(network["vectors"]), len(rows), 2))
    for a, vector in enumerate(network["vectors"]):
        for k, row in enumerate(rows):
            hidden = network["table"][row[row >= 0]].sum(0) + vector
            second = np.maximum(hidden, 0) @ network["dense"][:-1] + network["dense"][-1]
            last = network["last"]
            out[a, k] = last[:, :-1] @ np.maximum(second, 0) + last[:, -1]
    return out


def test_a_network_scores_as_plain_algebra_does(network):
    rows = np.random.default_rng(4).integers(0, 30, (40, 4)).astype(np.int16)
    rows[::3, 2:] = NO_FEATURE
    logits = np.ones((2, 40, 2), np.float32)
    score_network(**network, rows=rows, logits=logits)
    np.testing.assert_allclose(logits - 1, naive(network, rows), rtol=2e-4, atol=2e-5)


def test_a_peptide_without_active_units_gets_the_biases_alone(network):
    network["vectors"][:] = -1000
    logits = np.zeros((2, 1, 2), np.float32)
    score_network(**network, rows=np.zeros((1, 4), np.int16), logits=logits)
    second = np.maximum(network["dense"][-1], 0)
    bias = network["last"][:, :-1] @ second + network["last"][:, -1]
    np.testing.assert_allclose(logits[0, 0], bias, rtol=1e-5)


def test_features_name_ends_length_and_middle():
    codes = np.arange(14, dtype=np.int8)[None]
    row = number_features(codes, np.array([10]), (5, 4), 8, 14)[0].tolist()
    head = [0, 21, 42, 63, 84]
    tail = [100 + 6, 120 + 7, 140 + 8, 160 + 9]
    assert row == [*head, *tail, 180 + 2, 187 + 5, *[NO_FEATURE] * 4]


def test_features_of_the_shortest_and_longest_peptide_fit():
    codes = np.zeros((2, 14), np.int8)
    rows = number_features(codes, np.array([8, 14]), (5, 4), 8, 14)
    assert (rows[0] != NO_FEATURE).sum() == 10
    assert (rows[1] != NO_FEATURE).sum() == 15
    assert rows.max() < 20 * 9 + 7 + 20


def test_logits_become_nanomolar_and_shares():
    logits = np.array([[[0.0, 0.0], [2e3, -2e3]]], np.float32)
    affinity, presentation = np.empty((1, 2)), np.empty((1, 2))
    read_logits(logits, 2, 50_000.0, affinity, presentation)
    np.testing.assert_allclose(affinity[0], [50_000**0.5, 1.0])
    np.testing.assert_allclose(presentation[0], [0.5, 0.0], atol=1e-300)


def test_ranks_fall_between_their_quantiles():
    quantiles = np.array([3.0, 1.0, -1.0], np.float32)
    ranks = np.array([0.1, 1.0, 100.0], np.float32)
    scores = np.array([8.0, 6.0, 4.0, 2.0, 0.0, -2.0, -9.0], np.float32)
    result = np.empty(7)
    rank_scores(scores, 2, quantiles, ranks, result)
    np.testing.assert_allclose(result, [0.1, 0.1, 0.55, 1.0, 50.5, 100.0, 100.0], rtol=1e-6)
