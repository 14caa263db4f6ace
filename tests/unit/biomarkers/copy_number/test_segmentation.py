"""Change points where log ratios or shares of alleles change, and nowhere else."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.copy_number.alleles import AllelesParams, snp_counts
from storiform.biomarkers.copy_number.segmentation import SegmentationParams, raw_segments
from storiform.model.tables.copies import GIVEN_SNPS, LOG_RATIOS

PARAMS = SegmentationParams()
SPACING = 3000


def bins(levels, contigs=("chr1",), noise=0.2, seed=1, wave=0.0):
    """Return bins of a genome: each contig has the levels (log2, number of bins)."""
    rng = np.random.default_rng(seed)
    mean = np.concatenate([np.full(count, level) for level, count in levels])
    frames = []
    for contig in contigs:
        start = np.arange(len(mean)) * SPACING
        slow = wave * np.sin(np.arange(len(mean)) / 90.0)
        frames.append(
            pd.DataFrame(
                {
                    "contig": contig, "start": start, "end": start + 267, "is_target": True,
                    "log2": mean + slow + rng.normal(0, noise, len(mean)),
                    "variance": noise**2,
                }
            )
        )  # fmt: skip
    return LOG_RATIOS.conform(pd.concat(frames))


def snps(shares, contig="chr1", depth=90, seed=2):
    """Return heterozygous places: (share of the major allele, places), one in five bins."""
    rng = np.random.default_rng(seed)
    share = np.concatenate([np.full(count, one) for one, count in shares])
    first = np.where(rng.random(len(share)) < 0.5, share, 1 - share)
    tumour = rng.binomial(depth, rng.beta(150 * first, 150 * (1 - first)))
    normal = rng.binomial(80, 0.5, len(share))
    frame = pd.DataFrame(
        {
            "contig": contig, "start": np.arange(len(share)) * 5 * SPACING + 100,
            "normal_1": normal, "normal_2": 80 - normal,
            "tumour_1": tumour, "tumour_2": depth - tumour, "is_reference_first": True,
        }
    )  # fmt: skip
    return snp_counts(GIVEN_SNPS.conform(frame), None, None, AllelesParams())


def test_planted_steps_are_found_to_the_bin():
    ratios = bins([(0.0, 700), (0.6, 40), (0.0, 500), (-0.8, 300)], noise=0.15)
    found = raw_segments(ratios, None, PARAMS)
    assert found["bins"].to_numpy() == pytest.approx([700, 40, 500, 300], abs=2)
    assert found["log2"].to_numpy() == pytest.approx([0.0, 0.6, 0.0, -0.8], abs=0.06)
    assert found["log2_se"].to_numpy() == pytest.approx(
        0.15 / np.sqrt(found["bins"].to_numpy()), rel=1e-6
    )


def test_a_quiet_genome_has_one_segment_a_contig():
    contigs = ("chr1", "chr2", "chr3", "chr4")
    found = raw_segments(bins([(0.0, 2000)], contigs), None, PARAMS)
    assert found["contig"].tolist() == list(contigs)


def test_false_change_points_are_rare_over_many_seeds():
    cuts = [
        len(raw_segments(bins([(0.0, 3000)], seed=seed), None, PARAMS)) - 1
        for seed in range(20)
    ]
    assert sum(cuts) <= 1


def test_loss_of_an_allele_without_change_of_depth_is_cut_by_shares_alone():
    ratios = bins([(0.0, 1500)])
    found = raw_segments(ratios, snps([(0.5, 150), (0.8, 150)]), PARAMS)
    assert len(found) == 2
    assert found["major_share"].to_numpy() == pytest.approx([0.5, 0.8], abs=0.04)
    assert found["start"].iloc[1] == pytest.approx(750 * SPACING, abs=30 * SPACING)
    assert found["snps"].sum() == 300
    assert len(raw_segments(ratios, None, PARAMS)) == 1


def test_unusable_places_are_not_asked():
    places = snps([(0.5, 150), (0.8, 150)])
    found = raw_segments(bins([(0.0, 1500)]), places.assign(is_usable=False), PARAMS)
    assert len(found) == 1
    assert found["snps"].tolist() == [0]
    assert found["major_share"].isna().all()


def test_segments_of_a_contig_touch_halfway_between_bins():
    ratios = bins([(0.0, 200), (1.0, 200)], ("chr1", "chr2"))
    found = raw_segments(ratios, None, PARAMS)
    first = found[found["contig"] == "chr1"]
    assert first["end"].iloc[0] == first["start"].iloc[1]
    cut = int(first["bins"].iloc[0])
    assert first["end"].iloc[0] == ((cut - 1) * SPACING + 267 + cut * SPACING) // 2
    assert first["start"].iloc[0] == 0
    assert first["end"].iloc[1] == 399 * SPACING + 267


def test_slow_waves_are_measured_and_make_no_segments():
    contigs = tuple(f"chr{n}" for n in range(1, 9))
    found = raw_segments(bins([(0.0, 3000)], contigs, wave=0.03), None, PARAMS)
    assert len(found) <= len(contigs) + 2
    assert 0.01 < found["wave_sd"].iloc[0] < 0.05


def test_a_lone_outlier_of_small_weight_is_no_segment():
    ratios = bins([(0.0, 1000)])
    ratios.loc[500, "log2"] += 2.5
    ratios.loc[500, "variance"] *= 10
    assert len(raw_segments(ratios, None, PARAMS)) == 1


def test_order_of_rows_and_other_contigs_change_nothing():
    ratios = bins([(0.0, 300), (0.7, 300)], ("chr1", "chr2"))
    places = snps([(0.5, 60), (0.7, 60)])
    expected = raw_segments(ratios, places, PARAMS)
    shuffled = raw_segments(
        ratios.sample(frac=1, random_state=3), places.sample(frac=1, random_state=4), PARAMS
    )
    pd.testing.assert_frame_equal(expected, shuffled)


def test_few_bins_and_none_are_no_failure():
    assert raw_segments(bins([(0.0, 0)]), None, PARAMS).empty
    found = raw_segments(bins([(0.0, 1)]), snps([(0.5, 3)]), PARAMS)
    assert found["bins"].tolist() == [1]
    assert found["snps"].tolist() == [3]


def test_bins_without_log_ratio_are_left_out():
    ratios = bins([(0.0, 100)])
    ratios.loc[:9, "log2"] = np.nan
    assert raw_segments(ratios, None, PARAMS)["bins"].tolist() == [90]


def test_a_high_penalty_leaves_only_large_changes():
    ratios = bins([(0.0, 300), (0.15, 300), (2.0, 300)])
    strict = SegmentationParams(penalty=20.0, merge=200.0)
    assert len(raw_segments(ratios, None, PARAMS)) == 3
    assert len(raw_segments(ratios, None, strict)) == 2


def test_bins_that_overlap_make_segments_that_do_not():
    ratios = bins([(0.0, 200), (1.5, 3), (0.0, 200)], noise=0.1)
    ratios.loc[199:201, "end"] += 4 * SPACING
    found = raw_segments(ratios, snps([(0.5, 80)]), PARAMS)
    assert len(found) == 3
    assert (found["end"] > found["start"]).all()
    assert (found["start"].to_numpy()[1:] == found["end"].to_numpy()[:-1]).all()
    assert found["snps"].sum() == 80
