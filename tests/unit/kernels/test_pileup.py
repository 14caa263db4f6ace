"""Sums of bases by hand; the counts themselves are in tests/property and tests/golden."""

import numpy as np
import pytest

from storiform.kernels.depth import Pieces
from storiform.kernels.pileup import (
    HISTOGRAM,
    Thresholds,
    flanks,
    join_runs,
    rank_bases,
    sum_bases,
)

PIECES = Pieces(np.array([5, 20]), np.array([8, 22]), np.array([0, 3, 5]))
COUNTS = np.array(
    [[3, 0, 0, 0], [0, 2, 2, 0], [0, 0, 0, 0], [0, 0, 1, 5], [9, 0, 0, 1]], dtype=np.int32
)
DEPTH = np.array([4, 4, 0, 6, 6_000], dtype=np.int32)


def summed(limits):
    histogram = np.zeros(HISTOGRAM, dtype=np.int64)
    return sum_bases(PIECES, DEPTH, COUNTS, limits, histogram), histogram


def test_pieces_sum_depth_callable_called_and_gc_bases():
    (sums, majority, _, _), histogram = summed(Thresholds(4, 8, 2, 0.1))
    assert sums.tolist() == [[8, 1, 2, 1], [6_006, 2, 2, 0]]
    assert majority.tolist() == [1, 2, 0, 4, 1]
    assert {int(k): int(histogram[k]) for k in np.flatnonzero(histogram)} == {
        0: 1, 4: 2, 6: 1, 5_000: 1,
    }  # fmt: skip


def test_runs_end_where_a_piece_ends_or_depth_is_too_low():
    (_, _, runs, _), _ = summed(Thresholds(3, 8, 2, 0.1))
    assert runs.tolist() == [[0, 2, 7], [3, 5, 16]]


@pytest.mark.parametrize(
    ("depth", "reads", "share", "expected"),
    [(0, 1, 0.0, [1, 3, 4]), (5, 1, 0.0, [3, 4]), (0, 2, 0.0, [1]), (0, 0, 0.15, [1, 3])],
)
def test_sites_have_a_second_allele_of_enough_reads(depth, reads, share, expected):
    (_, _, _, sites), _ = summed(Thresholds(3, depth, reads, share))
    assert sites.tolist() == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [([1, 2, 3, 2], (2, 3, 2)), ([2, 2, 0, 0], (0, 2, 2)), ([0, 0, 0, 4], (3, 4, 0))],
)
def test_bases_are_ranked_the_first_at_a_tie(row, expected):
    assert rank_bases(np.array([row], dtype=np.int32), 0) == expected


def test_no_runs_and_no_sites_give_nothing():
    borders = np.array([0, 5])
    assert join_runs(np.empty((0, 3), dtype=np.int64), borders).shape == (0, 3)
    assert flanks(np.empty(0, dtype=np.int64), borders, np.zeros(5, dtype=np.uint8), 1) == []


def test_flanks_do_not_reach_over_the_end_of_a_target():
    majority = np.array([1, 2, 3, 4, 1, 2], dtype=np.uint8)
    found = flanks(np.array([0, 1, 2, 3, 4]), np.array([0, 3, 6]), majority, 1)
    assert found == ["", "AG", "", "", "TC"]
