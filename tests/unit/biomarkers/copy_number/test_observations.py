"""Reads of tumour, normal and panel in the same bins."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.copy_number.observations import (
    edge_effects,
    of_coverage,
    of_places,
    sorted_bins,
)
from storiform.model.tables.copies import BIN_COVERAGE, SNP_COUNTS


def coverage(role, reads, first=0, sample="", assay="exome"):
    """Return the coverage of one sample in bins of chr1."""
    start = first + np.arange(len(reads)) * 1000
    frame = BIN_COVERAGE.conform(
        pd.DataFrame(
            {
                "contig": "chr1", "start": start, "end": start + 200, "is_target": True,
                "reads": np.asarray(reads, dtype=float), "depth": np.asarray(reads) / 2.0,
                "gc": 0.5,
            }
        )
    )  # fmt: skip
    return frame.assign(patient="P", sample=sample or role, role=role, assay=assay)


def test_tumour_and_normal_stand_beside_one_another():
    cohort = pd.concat([coverage("normal", [5, 6, 7]), coverage("tumour", [1, 2, 3])])
    found = of_coverage(cohort, None, None, 0.5)
    assert found.tumour.tolist() == [1, 2, 3]
    assert found.normal.tolist() == [5, 6, 7]
    assert found.panel is None


def test_rna_is_no_exome_and_samples_of_a_role_add_up():
    cohort = pd.concat(
        [coverage("tumour", [1, 2]), coverage("tumour", [9, 9], sample="R", assay="rna"),
         coverage("normal", [5, 6], sample="A"), coverage("normal", [5, 5], sample="B")]
    )  # fmt: skip
    found = of_coverage(cohort, None, None, 0.5)
    assert found.tumour.tolist() == [1, 2]
    assert found.normal.tolist() == [10, 11]


def test_coverage_of_files_comes_first():
    found = of_coverage(coverage("tumour", [1, 2]), coverage("tumour", [7, 8]), None, 0.5)
    assert found.tumour.tolist() == [7, 8]
    assert found.normal is None


def test_without_reads_of_the_tumour_there_is_nothing():
    assert of_coverage(None, None, None, 0.5) is None
    assert of_coverage(coverage("normal", [1, 2]), None, None, 0.5) is None


def test_a_normal_in_other_bins_is_left_out_and_told():
    cohort = pd.concat([coverage("normal", [5] * 4, first=3000), coverage("tumour", [1] * 4)])
    found = of_coverage(cohort, None, None, 0.5)
    assert found.normal is None
    assert found.limits == ["the normal has but 25% of the tumour's bins: not used"]


def panel(first=0, bins=4, **columns):
    """Return a panel as CNVkit or this package writes it."""
    start = first + np.arange(bins) * 1000
    return pd.DataFrame(
        {
            "contig": "chr1", "start": start, "end": start + 200, "is_target": True, "gc": 0.4,
            "log2": np.arange(bins) / 10, "spread": 0.1, **columns,
        }
    )  # fmt: skip


def test_a_panel_of_another_kit_is_left_out_and_told():
    found = of_coverage(coverage("tumour", [1] * 4), None, panel(first=7), 0.5)
    assert found.panel is None
    assert found.limits == ["the panel has but 0% of the tumour's bins: not used"]


def test_bins_that_a_panel_lacks_are_missing_in_it():
    rows = panel(first=1000, **{"normal:A": 1.0, "rmask": 0.5})
    found = of_coverage(coverage("tumour", [1] * 4), None, rows, 0.5)
    assert np.isnan(found.panel[0])
    assert found.panel[1:].tolist() == [0.0, 0.1, 0.2]
    assert found.profiles.shape == (4, 1)
    assert found.limits == []


def test_gc_content_of_the_panel_fills_that_of_the_coverage():
    cohort = coverage("tumour", [1] * 4)
    cohort.loc[:1, "gc"] = np.nan
    found = of_coverage(cohort, None, panel(), 0.5)
    assert found.covariates["gc"].tolist() == [0.4, 0.4, 0.5, 0.5]


def test_places_within_a_fragment_make_one_window_with_their_mean_reads():
    rows = {
        "contig": ["chr1"] * 4 + ["chr2"], "start": [100, 200, 349, 350, 0],
        "normal_1": [10, 20, 30, 40, 5], "normal_2": 0, "tumour_1": [1, 2, 3, 4, 9],
        "tumour_2": [1, 1, 1, 1, 1], "is_reference_first": True, "is_usable": False,
    }  # fmt: skip
    found = of_places(SNP_COUNTS.conform(pd.DataFrame(rows)), 250)
    assert found.places["start"].tolist() == [100, 350, 0]
    assert found.places["end"].tolist() == [350, 351, 1]
    assert found.tumour.tolist() == [3.0, 5.0, 10.0]
    assert found.normal.tolist() == [20.0, 40.0, 5.0]


def test_places_without_a_normal_tell_no_depth_ratio():
    rows = {
        "contig": "chr1", "start": [100], "normal_1": 0, "normal_2": 0, "tumour_1": 9,
        "tumour_2": 9, "is_reference_first": True, "is_usable": True,
    }  # fmt: skip
    assert of_places(SNP_COUNTS.conform(pd.DataFrame(rows)), 250) is None
    assert of_places(None, 250) is None


def depth_by_fragments(targets, at):
    """Count where fragments that reach 250 bases, each centred on a base of a target, lie."""
    depth = np.zeros(4000)
    for start, end in targets:
        for centre in range(start, end):
            depth[max(centre - 250, 0) : centre + 250] += 1 / 500
    start, end = targets[at]
    return depth[start:end].mean()


@pytest.mark.parametrize("targets", [
    [(1000, 1100)], [(1000, 1800)], [(1000, 1300), (1300, 1600)], [(1000, 1300), (1400, 1900)],
    [(1000, 1120), (1300, 1600)], [(1000, 1200), (1900, 2100)],
])  # fmt: skip
def test_edge_effects_are_those_of_fragments_that_reach_over_edges(targets):
    starts, ends = np.array(targets, dtype=float).T
    found = edge_effects(np.zeros(len(targets), dtype=np.int64), starts, ends)
    expected = [depth_by_fragments(targets, at) - 1 for at in range(len(targets))]
    assert found == pytest.approx(expected, abs=0.01)


def test_targets_of_two_contigs_do_not_reach_each_other():
    alone = edge_effects(np.zeros(1, dtype=np.int64), np.array([0.0]), np.array([300.0]))
    both = edge_effects(np.array([0, 1]), np.array([0.0, 0.0]), np.array([300.0, 300.0]))
    assert both.tolist() == [alone[0], alone[0]]


def test_bins_are_sorted_only_where_they_are_not():
    bins = coverage("tumour", [1, 2, 3])
    pd.testing.assert_frame_equal(sorted_bins(bins), bins)
    pd.testing.assert_frame_equal(sorted_bins(bins[::-1]), bins)
    two = pd.concat([bins.assign(contig="chr2"), bins])
    assert sorted_bins(two)["contig"].tolist() == ["chr1"] * 3 + ["chr2"] * 3
