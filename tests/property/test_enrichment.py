"""Enrichment scores equal a running sum that is really run; the order of rows is irrelevant."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from storiform.kernels.enrichment import (
    BLOCK,
    FEW,
    average_ranks,
    enrichment_scores,
    stable_places,
)

TIED = hnp.arrays(float, st.integers(4, 30), elements=st.integers(0, 6).map(float))


def naive_ranks(values):
    return np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])


def walk(values, members, mode, alpha):
    """Run the sum gene by gene, from the highest to the lowest."""
    ranks = naive_ranks(values)
    if mode == "gsva":
        ranks = np.floor(ranks)
    rows = range(len(values)) if mode == "gsva" else range(len(values) - 1, -1, -1)
    order = sorted(rows, key=lambda i: -values[i])
    inside = sum(ranks[i] ** alpha for i in members)
    score, hit, miss = 0.0, 0.0, 0.0
    for i in order:
        hit += ranks[i] ** alpha / inside if i in members else 0.0
        miss += 0.0 if i in members else 1.0 / (len(values) - len(members))
        score += hit - miss
    return score


@pytest.mark.parametrize("mode", ["gsva", "gseapy"])
@given(values=TIED, seed=st.integers(0, 1000), alpha=st.sampled_from([0.0, 0.25, 0.7, 1.0]))
def test_score_is_the_area_between_two_running_sums(mode, values, seed, alpha):
    rng = np.random.default_rng(seed)
    members = rng.choice(len(values), size=rng.integers(1, len(values)), replace=False)
    score = enrichment_scores(values[:, None], [members], alpha, mode)[0, 0]
    expected = walk(values, set(members.tolist()), mode, alpha)
    assert score == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(values=TIED, seed=st.integers(0, 1000))
def test_midrank_does_not_depend_on_the_order_of_rows(values, seed):
    rng = np.random.default_rng(seed)
    members = rng.choice(len(values), size=rng.integers(1, len(values)), replace=False)
    order = rng.permutation(len(values))
    moved = np.flatnonzero(np.isin(order, members))
    before = enrichment_scores(values[:, None], [members])
    after = enrichment_scores(values[order][:, None], [moved])
    assert after == pytest.approx(before, rel=1e-12, abs=1e-9)


@given(values=TIED, seed=st.integers(0, 1000))
def test_midrank_gives_tied_genes_the_same_part_in_the_score(values, seed):
    rng = np.random.default_rng(seed)
    first, second = rng.choice(len(values), size=2, replace=False)
    values[second] = values[first]
    scores = enrichment_scores(values[:, None], [np.array([first]), np.array([second])])
    assert scores[0, 0] == scores[1, 0]


@given(seed=st.integers(0, 1000))
def test_without_ties_midrank_and_gsva_are_the_same(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.permutation(50).astype(float)[:, None]
    members = [rng.choice(50, size=7, replace=False)]
    midrank = enrichment_scores(matrix, members)
    assert enrichment_scores(matrix, members, mode="gsva") == pytest.approx(midrank, rel=1e-12)
    assert midrank[0, 0] == pytest.approx(walk(matrix[:, 0], set(members[0]), "gsva", 0.25))


@given(values=TIED)
def test_average_ranks_are_those_of_counting(values):
    assert average_ranks(values).tolist() == naive_ranks(values).tolist()


def test_a_sample_scores_alone_as_in_a_cohort():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(40, 2 * BLOCK + 3))
    sets = [rng.choice(40, size=5, replace=False), rng.choice(40, size=9, replace=False)]
    together = enrichment_scores(matrix, sets)
    for column in (0, BLOCK - 1, BLOCK, 2 * BLOCK + 2):
        alone = enrichment_scores(matrix[:, [column]], sets)[:, 0]
        assert alone.tolist() == together[:, column].tolist()


@given(values=TIED)
def test_stable_places_are_those_of_a_stable_sort(values):
    by_value = sorted(range(len(values)), key=values.__getitem__)
    assert stable_places(values)[by_value].tolist() == list(range(len(values)))


@pytest.mark.parametrize("mode", ["gsva", "gseapy"])
@pytest.mark.parametrize("levels", [1, FEW, FEW + 1, 40, 70_000])
def test_ties_at_few_values_and_at_many_are_broken_by_the_same_rule(mode, levels):
    rng = np.random.default_rng(levels)
    genes = 200 if levels <= 40 else 70_000
    values = np.floor(rng.random(genes) * levels)
    members = rng.choice(genes, size=30, replace=False)
    score = enrichment_scores(values[:, None], [members], mode=mode)[0, 0]
    expected = walk(values, set(members.tolist()), mode, 0.25) if genes == 200 else None
    if expected is None:  # the twin would walk for minutes: the same ranks without a tie
        order = np.lexsort((np.arange(genes) * (-1 if mode == "gsva" else 1), values))
        assert score == pytest.approx(_of_places(values, order, members, mode), rel=1e-9)
    else:
        assert score == pytest.approx(expected, rel=1e-9, abs=1e-9)


def _of_places(values, order, members, mode):
    """Score one set from the places of its genes in a given order, as the formula has it."""
    place = np.empty(len(values))
    place[order] = np.arange(1, len(values) + 1)
    ranks = average_ranks(values)[members]
    weights = (np.floor(ranks) if mode == "gsva" else ranks) ** 0.25
    steps = place[members]
    rest = len(values) * (len(values) + 1) / 2 - steps.sum()
    return (weights * steps).sum() / weights.sum() - rest / (len(values) - len(members))
