"""A deletion of a gene alone is told by its bins and those beside it."""

import warnings

import numpy as np
import pandas as pd
import pytest
from small_copies import bins

from storiform.biomarkers.copy_number.deletions import (
    deletion_ratios,
    gene_runs,
    no_runs,
    weighed_ratios,
)
from storiform.biomarkers.copy_number.places import Pairs
from storiform.biomarkers.copy_number.solutions import Solution
from storiform.model.copies import expected_log2

FIT = Solution(0.6, 2.0, 1.0)


def level(copies: int, fit: Solution = FIT) -> float:
    return float(expected_log2(fit.purity, fit.ploidy, copies, 2))


def ratio(
    values: list[float],
    gene: range,
    *,
    fit: Solution = FIT,
    variance: float = 0.04,
    wave: float = 0.0,
    contigs: list[str] | None = None,
) -> float:
    """Return the ratio of a gene over the bins of the range."""
    named = contigs or ["chr9"] * len(values)
    table = bins(
        [
            (c, n * 1000, n * 1000 + 300, v)
            for n, (c, v) in enumerate(zip(named, values, strict=True))
        ],
        variance,
    )
    row = np.array(gene)
    pairs = Pairs(np.zeros(len(row), dtype=np.int64), row, np.full(len(row), 300))
    runs = gene_runs(pairs, 1, table, np.array(values))
    return float(deletion_ratios(runs, np.array([2.0]), fit, wave)[0])


def alone(mean: float, variance: float, fit: Solution = FIT) -> float:
    """Return the ratio of bins with this mean, whose mean has this variance."""
    others = min((mean - level(n, fit)) ** 2 for n in range(1, 9))
    return (others - max(mean - level(0, fit), 0.0) ** 2) / (2.0 * variance)


@pytest.mark.parametrize("mean", [-1.1, -1.0, -0.4, 0.0])
def test_ratio_is_that_of_two_normals(mean: float) -> None:
    assert ratio([mean] * 4, range(4)) == pytest.approx(alone(mean, 0.01))


def test_nothing_is_too_low_for_no_copies() -> None:
    depths = [ratio([mean] * 4, range(4)) for mean in (-1.4, -2.0, -4.0)]
    assert depths == pytest.approx([alone(mean, 0.01) for mean in (-1.4, -2.0, -4.0)])
    assert depths == sorted(depths)


def test_variance_and_wave_weaken_it() -> None:
    assert ratio([-1.2] * 4, range(4), variance=0.08) == pytest.approx(alone(-1.2, 0.02))
    assert ratio([-1.2] * 4, range(4), wave=0.1) == pytest.approx(alone(-1.2, 0.02))
    assert ratio([-1.2] * 4, range(4), wave=np.nan) == pytest.approx(alone(-1.2, 0.01))


def test_ploidy_moves_what_is_expected() -> None:
    doubled = Solution(0.6, 4.0, 1.0)
    expected = alone(-1.0, 0.01, doubled)
    assert expected < 0 < alone(-1.0, 0.01), "one copy at ploidy 4 is as low"
    assert ratio([-1.0] * 4, range(4), fit=doubled) == pytest.approx(expected)


def test_best_run_around_the_gene_counts_if_its_own_bins_agree() -> None:
    usual, gone = level(1), level(0)
    values = [usual] * 10 + [gone] * 8 + [usual] * 10
    assert ratio(values, range(13, 15)) == pytest.approx(alone(gone, 0.04 / 8)), "all eight"
    kept = [usual] * 7 + [gone] * 6 + [usual] * 2 + [gone] * 6 + [usual] * 7
    assert ratio(kept, range(13, 15)) == pytest.approx(alone(usual, 0.02)), (
        "its own two are there"
    )


def test_run_stays_on_its_contig() -> None:
    usual, gone = level(1), level(0)
    contigs = ["chr1"] * 8 + ["chr2"] * 3 + ["chr3"] * 8
    values = [gone] * 8 + [usual, gone, gone] + [gone] * 8
    assert ratio(values, range(9, 11), contigs=contigs) == pytest.approx(alone(gone, 0.02))
    first = [gone] * 8 + [gone, gone, usual] + [gone] * 8
    assert ratio(first, range(8, 10), contigs=contigs) == pytest.approx(alone(gone, 0.02))


def test_genes_without_bins_and_segments_without_errors() -> None:
    own = pd.DataFrame({"normal_copies": [2]})
    nothing, probability = weighed_ratios(no_runs(1), own, np.array([0.1]), [FIT], 2)
    assert np.isnan(nothing).all()
    assert probability.tolist() == [0.0]
    pairs = Pairs(np.zeros(4, dtype=np.int64), np.arange(4), np.full(4, 300))
    table = bins([("chr9", n * 1000, n * 1000 + 300, -1.2) for n in range(4)])
    runs = gene_runs(pairs, 1, table, np.full(4, -1.2))
    two = [Solution(0.6, 2.0, 0.75), Solution(0.6, 4.0, 0.25)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, probability = weighed_ratios(runs, own, np.array([np.nan]), two, 2)
        few, _ = weighed_ratios(runs, own, np.array([np.nan]), two, 5)
    assert found[0] == pytest.approx(alone(-1.2, 0.01))
    assert np.isnan(few[0])
    both = [1 / (1 + np.exp(-alone(-1.2, 0.01, one))) for one in two]
    assert probability[0] == pytest.approx(0.75 * both[0] + 0.25 * both[1])


def test_waves_are_the_errors_of_the_best_measured_segments() -> None:
    own = pd.DataFrame({"normal_copies": [2]})
    pairs = Pairs(np.zeros(4, dtype=np.int64), np.arange(4), np.full(4, 300))
    table = bins([("chr9", n * 1000, n * 1000 + 300, -1.2) for n in range(4)])
    runs = gene_runs(pairs, 1, table, np.full(4, -1.2))
    found, _ = weighed_ratios(runs, own, np.array([0.1] * 10 + [0.5, np.nan]), [FIT], 2)
    assert found[0] == pytest.approx(alone(-1.2, 0.02))
