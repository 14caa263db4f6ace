"""The pair of alleles that is found is the best of all pairs, written out."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storiform.biomarkers.hla.mixture import Candidates, Rules, solve

RULES = Rules(cap=12.0, heterozygote_penalty=4.0, min_minor_share=0.0, min_fragments=1)


def written_out(
    chances: np.ndarray, decoys: np.ndarray, prior: np.ndarray, penalty: float = 4.0
) -> dict[tuple[int, int], float]:
    """Score every pair: the product over fragments, priors, and what a second one costs."""
    scores = {}
    for one, two in combinations_with_replacement(range(chances.shape[1]), 2):
        explained = decoys + np.exp(-12.0) + 0.5 * (chances[:, one] + chances[:, two])
        scores[one, two] = float(
            np.log(explained).sum() + prior[one] + prior[two] - penalty * (one != two)
        )
    return scores


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw fragments of two alleles among five, decoys that explain little, and priors."""
    rng = np.random.default_rng(seed)
    chances = np.exp(-rng.choice([0.0, 5.0, 7.0], (12, 5), p=[0.5, 0.3, 0.2]))
    decoys = rng.uniform(0.0, 0.01, 12)
    return chances.astype(np.float32), decoys, rng.normal(0.0, 5.0, 5)


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_the_best_of_all_pairs_is_found_with_its_score(seed: int) -> None:
    chances, decoys, prior = drawn(seed)
    expected = written_out(chances, decoys, prior)
    (found,) = solve([Candidates(np.arange(12), chances, prior)], decoys, RULES)
    assert found is not None
    best = max(expected.values())
    pair = (min(found.first, found.second), max(found.first, found.second))
    assert expected[pair] == pytest.approx(best)
    for (one, two), score in expected.items():
        place = np.searchsorted(found.pool, (one, two))
        assert found.scores[tuple(place)] == pytest.approx(score, abs=1e-4)


def found_of(columns: list[list[float]], decoys: float, prior: list[float]) -> list[int]:
    chances = np.array(columns, np.float32).T
    gene = Candidates(np.arange(len(chances)), chances, np.array(prior))
    (pairs,) = solve([gene], np.full(len(chances), decoys), RULES)
    assert pairs is not None
    return sorted((pairs.first, pairs.second))


def test_the_prior_decides_where_the_reads_do_not() -> None:
    alike = [[1.0] * 10, [1.0] * 10, [0.001] * 10]
    assert found_of(alike, 0.0, [0.0, 1.0, -10.0]) == [1, 1]
    assert found_of(alike, 0.0, [1.0, 0.0, 0.0]) == [0, 0]
    # As the second of two the third explains half of each fragment: 10 log 2 nats less.
    assert found_of(alike, 0.0, [1.0, 0.0, 11.8]) == [0, 0]
    assert found_of(alike, 0.0, [1.0, 0.0, 12.0]) == [0, 2]


def test_a_second_allele_must_explain_more_than_it_costs() -> None:
    def columns(chance: float) -> list[list[float]]:
        return [[1.0] * 10 + [chance] * 10, [chance] * 10 + [1.0] * 10]

    # Two explain 20 log((1 + chance) / 2), one alone 10 log(chance); 4 nats lie between them.
    assert found_of(columns(0.2), 0.0, [0.0, 0.0]) == [0, 1]
    assert found_of(columns(0.3), 0.0, [0.0, -0.1]) == [0, 0]
    scores = written_out(np.array(columns(0.3)).T, np.zeros(20), np.zeros(2), penalty=0.0)
    assert scores[0, 1] > scores[0, 0]


def test_what_a_decoy_explains_speaks_for_no_allele() -> None:
    """Ten fragments fit a decoy as well as the second allele: they tell nothing of it."""
    chances = np.array([[1.0] * 10 + [1e-5] * 10, [1e-5] * 10 + [1.0] * 10], np.float32).T
    gene = Candidates(np.arange(20), chances, np.zeros(2))
    decoys = np.concatenate([np.zeros(10), np.full(10, 0.5)])
    (with_decoys,) = solve([gene], decoys, RULES)
    (without,) = solve([gene], np.zeros(20), RULES)
    assert with_decoys is not None
    assert without is not None
    assert (with_decoys.first, with_decoys.second) == (0, 0)
    assert sorted((without.first, without.second)) == [0, 1]


def test_too_few_fragments_give_no_pair() -> None:
    chances = np.ones((3, 2), np.float32)
    rules = RULES._replace(min_fragments=4)
    assert solve([Candidates(np.arange(3), chances, np.zeros(2))], np.zeros(3), rules) == [None]
