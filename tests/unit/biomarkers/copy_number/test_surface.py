"""The surface of purity and ploidy: its edges, the interval, and what bounds it."""

import numpy as np
import pandas as pd
import pytest
from small_tumours import MB, genome, tumour
from test_fit import DOUBLED, QUIET, USUAL, fitted

from storiform.biomarkers.copy_number.evidence import gathered_evidence, mutation_evidence
from storiform.biomarkers.copy_number.states import state_rules
from storiform.biomarkers.copy_number.surface import (
    PURITIES,
    Deepest,
    Model,
    Optimum,
    Stated,
    Surface,
)
from storiform.kernels.purity import SegmentEvidence


@pytest.mark.parametrize("purity", [0.05, 0.06, 0.995, 1.0])
@pytest.mark.parametrize("pieces", [USUAL, DOUBLED, QUIET])
@pytest.mark.parametrize("mutations", [0, 40])
def test_tumours_at_the_edges_of_the_grid_are_answered(purity, pieces, mutations):
    found = fitted(tumour(pieces, purity, mutations=mutations), min_purity=0.0)
    fit = found.fit
    assert 0.0 <= fit["purity_lower"] <= fit["purity_upper"] <= 1.0
    if purity > 0.9 and mutations and pieces is not QUIET:
        assert fit["purity"] == pytest.approx(0.99, abs=0.04)
        assert fit["purity_upper"] > 0.97
    if np.isfinite(fit["purity"]):
        assert fit["purity"] <= PURITIES[-1]


def surface_of(purities: list[float], scores: list[float], best: float) -> Surface:
    profile = np.array([purities, scores])
    return Surface(np.zeros((1, 1)), (Optimum(best, 2.0, 0.0),), profile, np.full(4, 2.0))


def test_the_interval_ends_where_the_profile_leaves_it_and_holds_the_bias():
    drawn = surface_of([0.3, 0.4, 0.5, 0.6], [-10.0, -1.0, 0.0, -3.84], 0.5)
    crossing = 0.4 - 0.1 * (1.92 - 1.0) / 9.0
    assert drawn.interval == pytest.approx(
        (0.5 - np.hypot(0.5 - crossing, 0.01), 0.5 + np.hypot(0.05, 0.01))
    )
    edge = surface_of([0.02, 0.96, 0.98, 0.99], [0.0, -9.0, -1.0, -0.5], 0.99)
    assert edge.interval == pytest.approx((0.99 - np.hypot(0.97, 0.01), 1.0))
    assert edge.width == pytest.approx(0.0)
    assert surface_of([0.3, 0.4, 0.5, 0.6], [-1.0, 0.0, -1.0, -9.0], 0.4).width == (
        pytest.approx(0.2)
    )


def model(deepest: Deepest) -> Model:
    """Return a model of one segment that tells nothing but how low the deepest may lie."""
    planted = tumour(QUIET[:1], 0.5)
    evidence = gathered_evidence(planted.raw_segments, None, "female")
    segments = SegmentEvidence(
        evidence.log2, np.array([0.01]), np.array([1.0]), evidence.normal, evidence.shares
    )
    mutations = mutation_evidence(evidence, np.array([0]), None, (10, 0.5))
    return Model(segments, mutations, *state_rules(0.05), Stated(), deepest)


def test_the_deepest_segment_bounds_the_purity_from_below():
    purities, ploidies = np.array([0.3, 0.5, 0.7]), np.full((3, 1), 2.0)
    without = model(Deepest()).score(purities, ploidies)
    low = model(Deepest(-1.2, 0.1)).score(purities, ploidies)
    floor = np.log2(1.0 - purities)
    off = 0.5 * (np.maximum(floor + 1.2, 0.0) / 0.1) ** 2
    assert (without - low)[:, 0] == pytest.approx(np.minimum(off, 12.0))
    assert [round(float(part), 1) for part in (without - low)[:, 0]] == [12.0, 2.0, 0.0]


def test_a_lost_gene_too_short_to_be_fitted_bounds_the_purity_of_a_quiet_genome():
    whole = tumour(QUIET, 0.8)
    table = whole.raw_segments
    lost = table.iloc[[0]].assign(start=60 * MB, end=60 * MB + 100_000, bins=12, log2=-2.3)
    one = fitted(whole)
    other = fitted(whole._replace(raw_segments=pd.concat([table, lost], ignore_index=True)))
    assert one.fit["purity_lower"] < 0.3
    assert other.fit["purity_lower"] > 0.5


def test_copies_on_which_other_solutions_disagree_are_less_sure():
    planted = tumour(genome(*[(2, 1)] * 6, *[(1, 0)] * 6), 0.6)
    found = fitted(planted, snp_counts=None, max_interval=1.0)
    assert found.fit["alternatives"]
    sure = fitted(tumour(USUAL, 0.6, mutations=30))
    assert sure.segments["probability"].min() > 0.9
    assert found.segments["probability"].max() < 0.9
