"""Simulated exomes: contracts, the planted copies in the data, and noise as in real ones."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.copies import expected_log2, expected_share
from storiform.model.tables.copies import BIN_COVERAGE, GIVEN_SNPS
from storiform.model.tables.dna import VARIANTS
from storiform.simulation.copies import FIXED, FRESH, cohort_coverage, draw_exome, draw_normals
from storiform.simulation.exome import GENES, exome
from storiform.simulation.karyotypes import Plan, draw_karyotype, normal_copies

SMALL = ("chr9", "chr12", "chr17", "chrX", "chrY")


def draw(plan, purity=0.6, noise=FRESH, seed=5):
    rng = np.random.default_rng(seed)
    kit = exome(plan.contigs)
    return kit, draw_exome(kit, draw_karyotype(plan, rng), purity, rng, noise)


def test_frames_keep_their_contracts_and_a_seed_gives_the_same():
    plan = Plan("complex", amplicon="both", contigs=SMALL)
    (_, made), (_, again) = draw(plan), draw(plan)
    for frame, table in (
        (made.tumour, BIN_COVERAGE), (made.normal, BIN_COVERAGE), (made.snps, GIVEN_SNPS),
        (made.variants, VARIANTS),
    ):  # fmt: skip
        pd.testing.assert_frame_equal(frame, table.conform(frame))
    assert len(made.mutations) == len(made.variants) > 3
    pd.testing.assert_frame_equal(made.tumour, again.tumour)
    pd.testing.assert_frame_equal(made.snps, again.snps)
    units = ["patient", "sample", "role", "assay"]
    assert list(cohort_coverage(made))[:4] == units


def test_a_whole_kit_has_as_many_bins_as_an_exome_and_no_overlap():
    bins = exome().bins
    assert 180_000 < bins["is_target"].sum() < 200_000
    assert 20_000 < (~bins["is_target"]).sum() < 40_000
    same = bins["contig"].to_numpy()[1:] == bins["contig"].to_numpy()[:-1]
    assert (bins["start"].to_numpy()[1:] >= bins["end"].to_numpy()[:-1])[same].all()
    for gene, (contig, start, end, targets) in GENES.items():
        mine = bins[bins["gene"] == gene]
        assert len(mine) == targets
        assert (mine["contig"] == contig).all()
        assert mine["start"].min() >= start
        assert mine["end"].max() <= end


@pytest.mark.parametrize("sex", ["female", "male"])
def test_depth_and_alleles_follow_the_planted_copies(sex):
    plan = Plan("complex", amplicon="both", deletion="homozygous", sex=sex, contigs=SMALL)
    kit, made = draw(plan, purity=0.7)
    middle = ((kit.bins["start"] + kit.bins["end"]) // 2).to_numpy()
    rows = made.karyotype.rows_at(kit.bins["contig"], middle)
    normal = normal_copies(kit.bins["contig"], middle, sex)
    seen = np.log2((made.tumour["reads"] + 0.5) / (made.normal["reads"] + 0.5)).to_numpy()
    wanted = expected_log2(0.7, 2.0, made.karyotype.total[rows], np.maximum(normal, 1))
    usable = kit.bins["is_target"].to_numpy() & (normal > 0)
    gc = kit.bins["gc"].to_numpy()[usable]
    left = (seen - wanted)[usable]
    left -= np.polyval(np.polyfit(gc, left, 3), gc)
    gap = pd.Series(left).groupby(rows[usable]).agg(["median", "size"])
    gap = gap.loc[gap["size"] >= 40, "median"]
    assert len(gap) > 10
    assert (gap - gap.median()).abs().quantile(0.9) < 0.12
    snps = made.snps
    depth = snps["tumour_1"] + snps["tumour_2"]
    germline = snps["normal_2"] / (snps["normal_1"] + snps["normal_2"])
    mine = ((germline - 0.5).abs() < 0.2) & (depth >= 60)
    at = made.karyotype.rows_at(snps["contig"], snps["start"])
    share = (snps[["tumour_1", "tumour_2"]].max(axis=1) / depth)[mine]
    there = expected_share(0.7, made.karyotype.total[at], made.karyotype.minor[at])[mine]
    is_uneven = there > 0.65
    assert is_uneven.sum() > 50
    assert np.median(share[is_uneven] - there[is_uneven]) == pytest.approx(0, abs=0.03)


def test_noise_is_that_of_real_exomes_and_greater_in_formalin():
    spread = {}
    for name, noise in (("fresh", FRESH), ("fixed", FIXED)):
        values = []
        for seed in range(6):
            _, made = draw(Plan("quiet", contigs=SMALL[:3]), noise=noise, seed=seed)
            on = made.tumour["is_target"]
            ratio = (made.tumour["reads"] + 0.5) / (made.normal["reads"] + 0.5)
            step = np.diff(np.log2(ratio[on]))
            values.append(1.4826 * np.median(np.abs(step)) / np.sqrt(2))
        spread[name] = np.median(values)
    assert 0.17 < spread["fresh"] < 0.28
    assert spread["fixed"] > 1.2 * spread["fresh"]


def test_somatic_calls_have_the_frequencies_of_their_copies():
    plan = Plan("quiet", contigs=SMALL[:3])
    rng = np.random.default_rng(8)
    kit = exome(plan.contigs)
    made = draw_exome(kit, draw_karyotype(plan, rng), 0.6, rng, mutations=3000)
    single = (made.mutations["ccf"] == 1) & ~made.mutations["is_artefact"]
    at = made.karyotype.rows_at(made.variants["contig"], made.variants["start"])
    total = made.karyotype.total[at]
    multiplicity = made.mutations["multiplicity"].to_numpy()
    expected = 0.6 * multiplicity / (0.6 * total + 0.8)
    gap = (made.variants["tumour_vaf"] - expected)[single]
    assert len(gap) > 150
    assert gap.mean() == pytest.approx(0, abs=0.01)


def test_normals_of_a_panel_tell_the_sexes():
    kit = exome(("chr9", "chrX", "chrY"))
    her, his = draw_normals(kit, ("female", "male"), np.random.default_rng(3))
    on_y, on_x = (kit.bins["contig"] == name for name in ("chrY", "chrX"))
    assert her["reads"][on_y].sum() < 0.01 * his["reads"][on_y].sum()
    hers, his = (x["reads"][on_x].sum() / x["reads"][~on_x & ~on_y].sum() for x in (her, his))
    assert 1.6 < hers / his < 2.4
